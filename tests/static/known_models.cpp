// SPDX-License-Identifier: BSL-1.0

// Models, systems and plans as constants, within the compilers' own limits of constant evaluation. Compiling is passing.

#include <costexpr/costexpr.hpp>

#include <string_view>

namespace cx = costexpr;

namespace {

constexpr auto llama_8b = cx::known_model<[] {
    return std::string_view(R"({
  "architectures": ["LlamaForCausalLM"],
  "model_type": "llama",
  "hidden_size": 4096,
  "num_hidden_layers": 32,
  "num_attention_heads": 32,
  "num_key_value_heads": 8,
  "intermediate_size": 14336,
  "max_position_embeddings": 131072,
  "vocab_size": 128256,
  "tie_word_embeddings": false
})");
}>;
static_assert(llama_8b.parameters() == 8'030'261'248);
static_assert(llama_8b.active_parameters() == 8'030'261'248);
static_assert(llama_8b.state_bytes(1) == 131'072);
static_assert(llama_8b.config.family == "dense" && llama_8b.config.architecture == "LlamaForCausalLM");
static_assert(llama_8b.config.founded == cx::provenance::specification);

constexpr auto qwen_30b = cx::known_model<[] {
    return std::string_view(R"({"architectures": ["Qwen3MoeForCausalLM"], "hidden_size": 2048, "num_hidden_layers": 48, "num_attention_heads": 32, "num_key_value_heads": 4,
        "head_dim": 128, "moe_intermediate_size": 768, "num_experts": 128, "num_experts_per_tok": 8, "intermediate_size": 6144, "vocab_size": 151936})");
}>;
static_assert(qwen_30b.parameters() == 30'532'122'624);
static_assert(qwen_30b.active_parameters() == 3'353'032'704);

constexpr auto deepseek_v3 = cx::known_model<[] {
    return std::string_view(R"({"architectures": ["DeepseekV3ForCausalLM"], "hidden_size": 7168, "num_hidden_layers": 61, "num_attention_heads": 128, "q_lora_rank": 1536,
        "kv_lora_rank": 512, "qk_nope_head_dim": 128, "qk_rope_head_dim": 64, "v_head_dim": 128, "intermediate_size": 18432, "n_routed_experts": 256, "num_experts_per_tok": 8,
        "moe_intermediate_size": 2048, "n_shared_experts": 1, "first_k_dense_replace": 3, "vocab_size": 129280,
        "quantization_config": {"quant_method": "fp8", "weight_block_size": [128, 128]}})");
}>;
static_assert(deepseek_v3.parameters() == 671'026'404'352);
static_assert(deepseek_v3.state_bytes(1) == 61 * 576 * 2);
static_assert(deepseek_v3.config.stored.experts == cx::dtype::fp8_block && deepseek_v3.config.stored.kv_cache == cx::dtype::bf16);

// A step is bounded below by its weights and above by doing everything twice as slowly.
constexpr auto& h200 = cx::system<"h200_sxm">;
constexpr auto step = cx::decode(llama_8b, {.tp = 1}, h200, {.sequences = 1, .past = 4096});
static_assert(step && step.seconds > 2 * 7.5e9 / h200.device.memory_bytes_per_second && step.seconds < 4 * 8.1e9 / h200.device.memory_bytes_per_second);

// Plans.
static_assert(cx::fits(llama_8b, cx::layout{.tp = 1}, h200, {.sequences = 64, .context = 8192}));
static_assert(!cx::fits(deepseek_v3, cx::layout{.tp = 1}, h200, {}));
static_assert(cx::fits(deepseek_v3, cx::layout{.tp = 8, .ep = 8}, h200, {}));

// What is refused says why, in constant evaluation too.
constexpr auto refused = cx::decode(llama_8b, {.tp = 3}, h200, {});
static_assert(!refused && refused.refusal.code == cx::errc::illegal_layout && refused.refusal.key == "tp" && refused.seconds != refused.seconds);
constexpr auto no_fp4 = cx::decode(llama_8b, cx::deployment{.precision = {.weights = cx::dtype::nvfp4}}, h200, {});
static_assert(!no_fp4 && no_fp4.refusal.code == cx::errc::missing_math_rate && no_fp4.refusal.hint == "fp4");

// A system of one's own without links prices what crosses none.
constexpr cx::system_spec lone{.device = {.memory_bytes = 80'000'000'000, .memory_bytes_per_second = 3e12, .flops_per_second = {0, 1e15}}};
static_assert(cx::decode(llama_8b, {.tp = 1}, lone, {.sequences = 1}).seconds > 0);
constexpr auto no_links = cx::decode(llama_8b, {.tp = 2}, lone, {.sequences = 1});
static_assert(!no_links && cx::describe(no_links.refusal, {}).message.view() ==
                               R"(the system has no rate "bytes_per_second" for the links that the layout crosses (expected a positive rate, found none))");

constexpr std::string_view broken = R"({
  "architectures": ["LlamaForCausalLM"],
  "num_hidden_layers": 2,
  "num_attention_heads": 4,
  "vocab_size": 1000,
  "intermediate_size": [256, 512]
})";
constexpr auto read = cx::read_model(broken);
static_assert(!read && read.error().size() == 2);
static_assert(cx::describe(read.error().list[0], broken).message.view() == R"(the key "hidden_size" is missing (expected an integer, found nothing))");
static_assert(cx::describe(read.error().list[1], broken).pointer.view() == "/intermediate_size/1");
static_assert(cx::describe(read.error().list[1], broken).at == cx::json::location{6, 30});

}  // namespace
