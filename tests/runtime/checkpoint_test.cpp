// SPDX-License-Identifier: BSL-1.0

// What quantized checkpoints say of single modules: exclude lists, groups, mixed precision. The bytes are worked out by hand.

#include <costexpr/cost/lower.hpp>
#include <costexpr/cost/roofline.hpp>
#include <costexpr/model/registry.hpp>

#include <check.hpp>

#include <chrono>
#include <string>

namespace cx = costexpr;
using cx::count;
using cx::dtype;

namespace {

constexpr bool patterns_fit_names() {
    count steps = 100'000;
    auto const fits = [&](std::string_view pattern, std::string_view name) { return cx::modules::name_pattern(pattern).fits(name, steps); };
    bool const globs = fits("*.attn.*", "model.layers.0.attn.wq_a") && !fits("*.attn.*", "model.layers.0.self_attn.q_proj") && fits("mlp.shared_expert*", "mlp.shared_experts.up_proj") &&
                       !fits("mlp.shared_expert*", "mlp.experts") && fits("?lp.gate", "mlp.gate") && !fits("?lp.gate", "mlp.gate_proj") && fits("*", "");
    bool const expressions = fits("re:.*self_attn.*", "model.layers.3.self_attn.o_proj") && fits(R"(re:.*mlp\.(gate|up|gate_up|down)_proj.*)", "model.layers.0.mlp.up_proj") &&
                             !fits(R"(re:.*mlp\.(gate|up|gate_up|down)_proj.*)", "model.layers.0.mlp.experts") && fits(R"(re:model\.layers\.\d+\.mlp)", "model.layers.12.mlp.gate") &&
                             !fits("re:vision_tower.*", "model.layers.0.mlp.gate") && fits("re:.*lm_head$", "lm_head") && !fits("re:.*lm_head$", "lm_head.weight");
    // repetition without end is given up, not followed
    count few = 1000;
    bool const bounded = !cx::modules::name_pattern("re:.*.*.*.*.*.*.*.*x").fits("model.layers.0.self_attn.q_proj", few) && few <= 0;
    return globs && expressions && bounded && !cx::modules::name_pattern("re:(?!lm_head).*").understood() && !cx::modules::name_pattern("re:layers.[0-3]").understood();
}
CHECK_TWICE(patterns_fit_names);

/// A model of 4 layers, of which the first has no experts. Parameters of one layer: attention 256 x (256 + 2 x 128) + 256 x 256 = 196,608, of
/// these 65,536 in the output; dense 3 x 256 x 512 = 393,216; experts 8 x 3 x 256 x 128 = 786,432, router 2,048; norms 512.
std::string config(std::string const& quantization) {
    return R"({"architectures":["Qwen3MoeForCausalLM"],"hidden_size":256,"num_hidden_layers":4,"num_attention_heads":4,"num_key_value_heads":2,"head_dim":64,"vocab_size":1000,
      "intermediate_size":512,"moe_intermediate_size":128,"num_experts":8,"num_experts_per_tok":2,"mlp_only_layers":[0],"tie_word_embeddings":false,"quantization_config":)" +
           quantization + "}";
}
constexpr count tables = 2 * 2 * 1000 * 256;                              // embedding and head in bf16
constexpr count gains = 2 * (9 * 256 + 4 * 2 * 64) + 2 * 3 * 2048;        // norms, query and key norms, routers in bf16
constexpr count attention = 4 * 196'608, output = 4 * 65'536, dense = 393'216, experts = 3 * 786'432;

count weight_bytes(cx::any_model const& m) { return cx::weight_bytes(m.ops()); }
cx::any_model read(std::string const& quantization, std::string const& beside = {}) {
    auto const m = cx::read_model(config(quantization), beside);
    EXPECT_TRUE(m.has_value());
    return m ? *m : cx::any_model{};
}
bool has(cx::any_model const& m, cx::remark r) {
    for (cx::remark const& found : m.config.remarks)
        if (found == r) return true;
    return false;
}

TEST(checkpoint, whole_methods) {
    EXPECT_EQ(weight_bytes(read(R"({"quant_method":"none"})")), tables + gains + 2 * (attention + dense + experts));
    EXPECT_TRUE(has(read(R"({"quant_method":"none"})"), cx::remark::unknown_quantization));
    EXPECT_EQ(weight_bytes(read(R"({"quant_method":"fp8"})")), tables + gains + attention + dense + experts);
    // one fp32 scale per 128 x 128: 12 a layer of attention, 24 of the dense network, 2 a matrix of an expert
    EXPECT_EQ(weight_bytes(read(R"({"quant_method":"fp8","weight_block_size":[128,128]})")), tables + gains + attention + dense + experts + 4 * (4 * 12 + 24 + 3 * 8 * 3 * 2));
    EXPECT_EQ(weight_bytes(read(R"({"quant_method":"awq","bits":4,"group_size":128})")), tables + gains + (attention + dense + experts) * 133 / 256);
    EXPECT_EQ(weight_bytes(read(R"({"quant_method":"mxfp4"})")), tables + gains + 2 * (attention + dense) + experts * 17 / 32);
    EXPECT_EQ(weight_bytes(read(R"({"quant_method":"compressed-tensors","config_groups":{"group_0":{"targets":["Linear"],"weights":{"num_bits":4,"type":"int","group_size":32}}}})")),
              tables + gains + (attention + dense + experts) * 9 / 16);
}

TEST(checkpoint, modules_left_out) {
    count const nvfp4 = (dense + experts) * 9 / 16;
    auto const m = read(R"({"quant_method":"modelopt","quant_algo":"NVFP4","ignore":["lm_head","model.layers.*.self_attn*"]})");
    EXPECT_EQ(weight_bytes(m), tables + gains + 2 * attention + nvfp4);
    EXPECT_EQ(m.config.stored.experts, dtype::nvfp4);
    EXPECT_TRUE(m.config.remarks.empty());
    // the same in other spellings
    for (char const* list : {R"(["model.layers.0.self_attn","model.layers.1.self_attn","model.layers.2.self_attn","model.layers.3.self_attn"])", R"(["re:.*self_attn.*"])", R"(["self_attn"])",
                             R"(["*self_attn*"])", R"(["re:model\\.layers\\.\\d+\\.self_attn\\.(q|k|v|o)_proj"])", R"(["language_model.model.layers.*.self_attn.*"])"})
        EXPECT_EQ(weight_bytes(read(std::string(R"({"quant_algo":"NVFP4","exclude_modules":)") + list + "}")), tables + gains + 2 * attention + nvfp4) << list;
    // the output projection alone, and of single layers
    EXPECT_EQ(weight_bytes(read(R"({"quant_algo":"FP8","exclude_modules":["model.layers.*.self_attn.o_proj"]})")), tables + gains + attention + output + dense + experts);
    EXPECT_EQ(weight_bytes(read(R"({"quant_algo":"FP8","exclude_modules":["model.layers.1.self_attn.o_proj","model.layers.3.self_attn.o_proj"]})")),
              tables + gains + attention + output / 2 + dense + experts);
    // whole layers: the first has the dense network, and no experts that could be left out
    EXPECT_EQ(weight_bytes(read(R"({"quant_algo":"FP8","exclude_modules":["model.layers.0*"]})")), tables + gains + attention + attention / 4 + 2 * dense + experts);
    EXPECT_EQ(weight_bytes(read(R"({"quant_algo":"FP8","exclude_modules":["model.layers.2.*"]})")), tables + gains + attention + attention / 4 + dense + experts + experts / 3);
    // what belongs to multi-token prediction or to a tower is not the decoder's
    EXPECT_EQ(weight_bytes(read(R"({"quant_algo":"FP8","exclude_modules":["mtp.layers.0*","visual.layers.1.mlp","model.layers.4.self_attn*","gate","e_score_correction_bias"]})")),
              tables + gains + attention + dense + experts);
}

TEST(checkpoint, mixed_precision) {
    auto const m = read("null", R"({"quantization":{"quant_algo":"MIXED_PRECISION","kv_cache_quant_algo":"FP8","quantized_layers":{
      "model.layers.0.mlp.gate_proj":{"quant_algo":"W4A16_NVFP4"},"model.layers.0.mlp.up_proj":{"quant_algo":"W4A16_NVFP4"},"model.layers.0.mlp.down_proj":{"quant_algo":"W4A16_NVFP4"},
      "model.layers.1.mlp.experts.0.up_proj":{"quant_algo":"NVFP4"},"model.layers.2.mlp.experts":{"quant_algo":"NVFP4"},"model.layers.3.mlp.experts.7.up_proj":{"quant_algo":"NVFP4"},
      "model.layers.2.self_attn.o_proj":{"quant_algo":"FP8"},"lm_head":{"quant_algo":"FP8"}}}})");
    EXPECT_EQ(m.config.stored.kv_cache, dtype::fp8);
    EXPECT_EQ(m.config.stored.head, dtype::fp8);
    EXPECT_EQ(weight_bytes(m), tables - 256'000 + gains + 2 * attention - output / 4 + (dense + experts) * 9 / 16);
    // two groups of compressed-tensors say the same kind of thing
    EXPECT_EQ(weight_bytes(read(R"({"quant_method":"compressed-tensors","config_groups":{"group_0":{"targets":["re:.*self_attn.*"],"weights":{"num_bits":8,"type":"float"},
      "input_activations":{"num_bits":8}},"group_1":{"targets":["re:.*mlp.*"],"weights":{"num_bits":4,"type":"float","group_size":16},"input_activations":{"num_bits":4}}},"ignore":["re:.*mlp.gate$"]})")),
              tables + gains + attention + (dense + experts) * 9 / 16);
}

// What was fp8 before and is quantized further: modules that are left out stay fp8, the head was never quantized.
TEST(checkpoint, quantized_twice) {
    EXPECT_EQ(weight_bytes(read(R"({"quant_method":"fp8","quant_algo":"MIXED_PRECISION","quantized_layers":{"layers.1.mlp.experts":{"quant_algo":"NVFP4"},
      "layers.2.mlp.experts":{"quant_algo":"NVFP4"},"layers.3.mlp.experts":{"quant_algo":"NVFP4"}},"ignore":["*.attn.*","lm_head"]})")),
              tables + gains + attention + dense + experts * 9 / 16);
}

TEST(checkpoint, what_is_not_understood_is_said) {
    auto const m = read(R"({"quant_algo":"FP8","exclude_modules":["re:(?!lm_head).*"]})");
    EXPECT_TRUE(has(m, cx::remark::unread_exclusion));
    EXPECT_TRUE(has(read(R"({"quant_method":"quark"})"), cx::remark::unknown_quantization));
    EXPECT_TRUE(has(read("null", "[1]"), cx::remark::unknown_quantization));
}

// Every step costs the same laid out and visited, and a long list costs no more than reading it.
TEST(checkpoint, priced_alike_and_read_fast) {
    auto const m = read(R"({"quant_algo":"FP8","exclude_modules":["model.layers.1.self_attn.o_proj","model.layers.0*"]})");
    cx::deployment const x{.layout = {.tp = 2}, .precision = m.config.precision()};
    cx::system_spec s{};
    s.device.memory_bytes_per_second = 1e12;
    s.device.flops_per_second[static_cast<std::size_t>(cx::math::bf16)] = 1e15;
    s.device.flops_per_second[static_cast<std::size_t>(cx::math::fp8)] = 2e15;
    s.node = {.devices = 8, .bytes_per_second = 1e11};
    cx::roofline<> const price(s);
    cx::group const groups[] = {{.sequences = 2, .new_tokens = 100, .phase = cx::phase::prefill}, {.sequences = 3, .past_tokens = 50}};
    auto const graph = cx::lower(m, x);
    ASSERT_TRUE(graph);
    double const laid_out = cx::seconds(*graph, cx::step(groups), price);
    double const visited = cx::visit([&](auto const& f) { return cx::seconds(f, x, cx::step(groups), price); }, m);
    EXPECT_NEAR(laid_out, visited, 1e-12 * visited);

    std::string list = "\"lm_head\"";
    for (int layer = 0; layer != 4; ++layer)
        for (int expert = 0; list.size() < 750'000u * static_cast<unsigned>(layer + 1); ++expert)
            list += ",\"model.layers." + std::to_string(layer) + ".mlp.experts." + std::to_string(expert) + ".gate_proj\"";
    auto const start = std::chrono::steady_clock::now();
    auto const big = read(R"({"quant_algo":"FP8","exclude_modules":[)" + list + "]}");
    double const seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    EXPECT_EQ(weight_bytes(big), tables + gains + attention + dense + 2 * experts);
    EXPECT_LT(seconds, 1.0);
    std::cout << list.size() << " bytes of module names: " << seconds * 1e3 << " ms\n";
}

}  // namespace
