// SPDX-License-Identifier: BSL-1.0

// Memory per device: pipeline stages as frameworks deal them, activations alive at once, nothing counted twice.

#include <costexpr/costexpr.hpp>

#include <check.hpp>

#include <string>
#include <string_view>

namespace cx = costexpr;
using cx::count;

namespace {

constexpr std::string_view llama_text = R"({"architectures": ["LlamaForCausalLM"], "hidden_size": 4096, "num_hidden_layers": 32, "num_attention_heads": 32,
    "num_key_value_heads": 8, "intermediate_size": 14336, "vocab_size": 128256})";
constexpr std::string_view tied_text = R"({"architectures": ["Qwen3ForCausalLM"], "hidden_size": 2560, "num_hidden_layers": 36, "num_attention_heads": 32,
    "num_key_value_heads": 8, "head_dim": 128, "intermediate_size": 9728, "vocab_size": 151936, "tie_word_embeddings": true})";
constexpr std::string_view experts_text = R"({"architectures": ["Qwen3MoeForCausalLM"], "hidden_size": 2048, "num_hidden_layers": 48, "num_attention_heads": 32,
    "num_key_value_heads": 4, "head_dim": 128, "moe_intermediate_size": 768, "num_experts": 128, "num_experts_per_tok": 8, "vocab_size": 151936})";
// three dense layers, then experts: the first stages are the light ones
constexpr std::string_view latent_text = R"({"architectures": ["DeepseekV3ForCausalLM"], "hidden_size": 7168, "num_hidden_layers": 61, "num_attention_heads": 128,
    "q_lora_rank": 1536, "kv_lora_rank": 512, "qk_nope_head_dim": 128, "qk_rope_head_dim": 64, "v_head_dim": 128, "intermediate_size": 18432, "n_routed_experts": 256,
    "num_experts_per_tok": 8, "moe_intermediate_size": 2048, "n_shared_experts": 1, "first_k_dense_replace": 3, "vocab_size": 129280})";
// a Mamba-2 layer, a network, attention, experts: every layer another
constexpr std::string_view hybrid_text = R"({"architectures": ["NemotronHForCausalLM"], "hidden_size": 2688, "hybrid_override_pattern": "MEMEM*EMEMEM*EMEMEMEM*", "vocab_size": 131072,
    "num_attention_heads": 32, "num_key_value_heads": 2, "head_dim": 128, "intermediate_size": 1856, "mamba_num_heads": 64, "mamba_head_dim": 64, "n_groups": 8,
    "ssm_state_size": 128, "conv_kernel": 4, "n_routed_experts": 128, "num_experts_per_tok": 6, "moe_intermediate_size": 1856, "n_shared_experts": 1,
    "moe_shared_expert_intermediate_size": 3712})";

constexpr auto llama = cx::known_model<[] { return llama_text; }>;
constexpr auto tied = cx::known_model<[] { return tied_text; }>;
constexpr auto routed = cx::known_model<[] { return experts_text; }>;
constexpr auto latent = cx::known_model<[] { return latent_text; }>;
constexpr auto hybrid = cx::known_model<[] { return hybrid_text; }>;
constexpr auto& h200 = cx::system<"h200_sxm">;

constexpr bool layers_are_dealt_as_frameworks_do() {
    auto const sizes = [](count layers, count pp, cx::framework f, std::initializer_list<count> expected) {
        count stage = 0;
        count begin = 0;
        for (count n : expected) {
            cx::stage_layers const s = cx::layers_of_stage(launder(layers), pp, stage++, f);
            if (s.begin != begin || s.end != begin + n) return false;
            begin = s.end;
        }
        return begin == layers && stage == pp;
    };
    using enum cx::framework;
    return sizes(62, 4, trtllm, {16, 16, 15, 15}) && sizes(62, 4, vllm, {15, 16, 16, 15}) && sizes(62, 4, sglang, {15, 15, 16, 16}) && sizes(63, 4, vllm, {16, 16, 16, 15}) &&
           sizes(61, 2, trtllm, {31, 30}) && sizes(61, 2, vllm, {31, 30}) && sizes(61, 2, sglang, {30, 31}) && sizes(64, 1, vllm, {64}) && sizes(3, 3, sglang, {1, 1, 1});
}
CHECK_TWICE(layers_are_dealt_as_frameworks_do);

// Llama-3.1-8B on four stages of 8 layers: attention 41,943,040, network 176,160,768 and two norms of 4,096 each; the last has the head and
// a norm besides: (8 x 218,112,000 + 525,336,576 + 4,096) x 2 bytes. State: 8 layers x 8 heads x 256 x 2 bytes a token.
constexpr bool the_last_stage_of_a_uniform_model_is_the_fullest() {
    cx::device_memory const d = cx::memory(llama, {.layout = {.pp = launder(count{4})}}, h200, {.sequences = 3, .context = 1000});
    return d.stage == 3 && d.weights == 4'540'473'344 && d.state == 3 * 1000 * 32'768;
}
CHECK_TWICE(the_last_stage_of_a_uniform_model_is_the_fullest);

/// Weights and state of all stages together.
template <class M>
constexpr cx::device_memory all_stages(M const& m, cx::deployment const& x, count tokens) {
    cx::device_memory sum{};
    cx::detail::for_each_stage(m, x, h200, cx::no_predictions{}, [&](cx::memory_terms const& t, count) {
        cx::device_memory const d = t.at({.sequences = 1, .context = tokens});
        sum.weights += d.weights;
        sum.state += d.state;
    });
    return sum;
}

// A tied head on another device than the embedding holds a table of its own: 151,936 x 2,560 x 2 bytes.
constexpr bool a_tied_head_has_its_own_table_on_the_last_stage() {
    count const one = all_stages(tied, {.layout = {.pp = launder(count{1})}}, 1).weights;
    count const two = all_stages(tied, {.layout = {.pp = launder(count{2})}}, 1).weights;
    return two - one == 777'912'320 && cx::memory(tied, {.layout = {.pp = 2}}, h200, {}).stage == 1;
}
CHECK_TWICE(a_tied_head_has_its_own_table_on_the_last_stage);

// 31 layers of which 3 are dense, or 30 with experts in each: (experts 11,318,329,344 a layer)
constexpr bool dense_layers_in_front_make_the_first_stage_light() {
    cx::deployment const x{.layout = {.pp = launder(count{2})}};
    count each[2]{};
    cx::detail::for_each_stage(latent, x, h200, cx::no_predictions{}, [&](cx::memory_terms const& t, count stage) { each[stage] = t.at({}).weights; });
    // attention 187,107,328, norms 14,336, dense 396,361,728, routed 256 and shared 1 expert of 44,040,192 with a router of 1,835,008 and its bias of 256
    count const attention = 187'107'328 + 14'336;
    count const experts = 257 * count{44'040'192} + 1'835'008;
    count const table = 129'280 * count{7168};
    count const first = 31 * attention + 3 * count{396'361'728} + 28 * experts + table;
    count const last = 30 * attention + 30 * experts + 7168 + table;
    count const bias = each[0] / 2 - first;  // of 28 routers, where the model has one
    return each[1] > each[0] && each[0] == 2 * first + 2 * bias && bias >= 0 && bias <= 28 * 256 && each[1] - 2 * last >= 0 && each[1] - 2 * last <= 2 * 30 * 256;
}
CHECK_TWICE(dense_layers_in_front_make_the_first_stage_light);

// "MEMEM*EMEMEM*EMEMEMEM*" in two stages of 11: attention stands in layers 5, 12 and 21, so that one layer of 512 elements keeps state per token
// in the first stage and two in the second; Mamba-2 in 5 and 5 of them.
constexpr bool stages_of_a_hybrid_are_uneven() {
    cx::deployment const x{.layout = {.pp = launder(count{2})}};
    count grown[2]{};
    count fixed[2]{};
    cx::detail::for_each_stage(hybrid, x, h200, cx::no_predictions{}, [&](cx::memory_terms const& t, count stage) {
        fixed[stage] = t.state_of(0);
        grown[stage] = t.state_of(1000) - fixed[stage];
    });
    count const mamba = 64 * 64 * count{128} * 4 + (64 * 64 + 2 * 8 * 128) * count{3} * 2;
    return grown[0] == 1000 * 2 * 2 * 128 * 2 && grown[1] == 2 * grown[0] && fixed[0] == 5 * mamba && fixed[1] == 5 * mamba;
}
CHECK_TWICE(stages_of_a_hybrid_are_uneven);

// Alive at once: the residual of 2 x 4,096 bytes a token, and gate, up and product of the activation, 3 x 2 x 14,336 bytes.
constexpr bool activations_are_those_of_the_widest_op() {
    cx::device_memory const d = cx::memory(llama, cx::deployment{}, h200, {.sequences = 1, .context = 100, .step_tokens = launder(count{8192})});
    return d.activations == 8192 * (8192 + 86'016);
}
CHECK_TWICE(activations_are_those_of_the_widest_op);

// Experts: residual, input and output, 3 x 2 x 2,048 bytes a token, and a workspace for 8 rows a token. TensorRT-LLM: inputs of both matrices in
// one buffer, outputs in another, 8 x 2 (2,048 + 2,048); vLLM: the activated 768, and outputs of 2,048, for 16 Ki tokens at most; SGLang for 64 Ki.
constexpr bool experts_have_a_workspace_by_framework() {
    auto const activations = [](cx::framework f, count tokens) {
        return cx::memory(routed, {.framework = f}, h200, {.sequences = 1, .context = 1, .step_tokens = launder(tokens)}).activations;
    };
    using enum cx::framework;
    return activations(trtllm, 8192) == 8192 * count{12'288 + 65'536} && activations(vllm, 8192) == 8192 * count{12'288 + 45'056} &&
           activations(vllm, 65'536) == 65'536 * count{12'288} + 16'384 * count{45'056} && activations(sglang, 65'536) == 65'536 * count{12'288 + 45'056};
}
CHECK_TWICE(experts_have_a_workspace_by_framework);

// 2,048 rows of logits of 128,256 in 16 and in 32 bits are more than a step of 2,048 tokens.
constexpr bool rows_of_logits_count_where_they_are_more() {
    cx::residency const held{.sequences = launder(count{2048}), .context = 1, .step_tokens = 2048};
    return cx::memory(llama, cx::deployment{}, h200, held).activations == 2048 * count{6} * 128'256;
}
CHECK_TWICE(rows_of_logits_count_where_they_are_more);

constexpr bool buffers_are_there_once() {
    cx::device_memory const one = cx::memory(llama, cx::deployment{}, h200, {});
    cx::device_memory const two = cx::memory(llama, {.layout = {.tp = launder(count{2})}}, h200, {});
    return one.communication == 0 && two.communication == h200.communication_bytes && one.reserved == h200.reserved_bytes && one.total() == one.weights + one.state + one.activations + one.reserved;
}
CHECK_TWICE(buffers_are_there_once);

constexpr bool what_is_not_possible_fits_nowhere() {
    return !cx::fits(llama, {.tp = launder(count{3})}, h200, {}) && !cx::fits(llama, {.pp = launder(count{33})}, h200, {}) && !cx::fits(llama, {.pp = launder(count{0})}, h200, {}) &&
           !cx::fits(llama, {.tp = -1}, h200, {});
}
CHECK_TWICE(what_is_not_possible_fits_nowhere);

/// What a family does not list is spread evenly; the whole is there all the same.
struct unlisted {
    COSTEXPR_INLINE constexpr auto layers() const {
        return cx::layers(cx::times(1, cx::embedding{.vocab = 1000, .hidden = 256}), cx::times(10, cx::gqa{.hidden = 256, .heads = 4, .kv_heads = 2, .head_dim = 64}),
                          cx::times(7, cx::mlp{.hidden = 256, .inner = 1024}), cx::times(1, cx::head{.vocab = 1000, .hidden = 256}));
    }
};
constexpr bool a_composition_without_lists_has_stages_too() {
    for (count pp : {1, 2, 3, 4, 7, 10}) {
        cx::device_memory const d = all_stages(unlisted{}, {.layout = {.pp = launder(pp)}}, 100);
        if (d.weights != cx::weight_bytes(unlisted{}) || d.state != cx::state_bytes(unlisted{}, 100)) return false;
    }
    return true;
}
CHECK_TWICE(a_composition_without_lists_has_stages_too);

// Every embedded model, on any number of stages of any framework: all stages together hold the whole once (and a tied table twice), and no
// family leaves open where its layers stand.
TEST(stages, of_all_models_hold_the_whole_once) {
    for (std::size_t i = 0; i != cx::embedded::model_count; ++i) {
        cx::embedded::entry const& e = cx::embedded::models[i];
        auto const m = cx::read_model(e.config(), e.hf_quant_config());
        ASSERT_TRUE(m) << e.name;
        for (count pp : {2, 3, 4, 7, 8})
            for (cx::framework f : {cx::framework::trtllm, cx::framework::vllm, cx::framework::sglang}) {
                cx::deployment const x{.layout = {.pp = pp}, .precision = m->config.precision(), .framework = f};
                auto const g = cx::lower(*m, x);
                ASSERT_TRUE(g) << e.name;
                count table = 0;
                for (auto const& entry : *g) {
                    EXPECT_EQ(g->stages()[entry.at.run].spread == 0 || entry.at.layer == "cross_attention", true) << e.name << " " << entry.at.layer;
                    entry.op.template visit<void>([&](auto const& o) {
                        if constexpr (requires { o.matrix.tied; })
                            if (o.matrix.tied) table += cx::storage_bytes(o.matrix.weights, o.matrix.outer, o.matrix.inner);
                    });
                }
                cx::device_memory const sum = all_stages(*g, x, 5000);
                EXPECT_EQ(sum.weights, cx::weight_bytes(*g) + table) << e.name << " " << pp;
                EXPECT_EQ(sum.state, cx::state_bytes(*g, 5000)) << e.name << " " << pp;
            }
    }
}

}  // namespace
