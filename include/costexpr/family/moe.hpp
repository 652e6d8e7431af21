// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/family/backbone.hpp>
#include <costexpr/family/feed_forward.hpp>
#include <costexpr/family/grouped_attention.hpp>
#include <costexpr/family/resemblance.hpp>

namespace costexpr {

/// Decoders of grouped-query attention with experts on all or some layers: Mixtral (arXiv:2401.04088), Qwen3-MoE, gpt-oss, GLM-4.5,
/// MiniMax-M2, MiMo-V2-Flash and their kin.
struct moe_decoder {
    backbone base{};
    grouped_attention attention{};
    feed_forward network{};  ///< of the layers without experts, and beside the experts where `residual`
    mixture experts{};
    bool residual = false;

    static constexpr std::string_view family = "moe";
    using parts = part_list<&moe_decoder::base, &moe_decoder::attention, &moe_decoder::network, &moe_decoder::experts>;

    static constexpr auto architectures() {
        // its use_qk_norm is a norm without weights
        constexpr traits llama4{.qk_norm = qk_norm::none, .window_period = 4, .shared_experts = 1};
        constexpr traits qwen3{.qk_normed = true, .windowed = false};
        return std::array{
            arch{"MixtralForCausalLM", "mixtral"},
            arch{"Qwen2MoeForCausalLM", "qwen2_moe", {.qkv_bias = true, .bias_on_output = false, .windowed = false, .shared_gate = true}},
            arch{"Qwen3MoeForCausalLM", "qwen3_moe", qwen3},
            arch{"Qwen3VLMoeForConditionalGeneration", "qwen3_vl_moe_text", qwen3},
            arch{"Qwen3OmniMoeForConditionalGeneration", "qwen3_omni_moe_text", qwen3},
            arch{"GptOssForCausalLM", "gpt_oss", {.qkv_bias = true, .sinks = true, .router_bias = 1, .expert_bias = true}},
            arch{"MiniMaxM2ForCausalLM", "minimax_m2", {.qk_norm = qk_norm::all_heads, .qk_normed = true}},
            arch{"Glm4MoeForCausalLM", "glm4_moe", {.bias_on_output = false}},
            arch{"Glm4vMoeForConditionalGeneration", "glm4v_moe_text", {.qkv_bias = true, .bias_on_output = false}},
            arch{"MiMoV2FlashForCausalLM", "mimo_v2_flash", {.sliding_sinks = true, .sliding_kv_heads = 8}},
            arch{"OlmoeForCausalLM", "olmoe", {.qk_norm = qk_norm::all_heads, .qk_normed = true}},
            arch{"Ernie4_5_MoeForCausalLM", "ernie4_5_moe", {.router_bias = 1, .tied = true}},
            arch{"DbrxForCausalLM", "dbrx", {.norm_gains = 1}},
            arch{"PhiMoEForCausalLM", "phimoe", {.norm_gains = 2}},
            arch{"PhimoeForCausalLM", "", {.norm_gains = 2}},
            arch{"ArcticForCausalLM", "arctic", {.norms = 3, .dense_residual = true}},
            arch{"GraniteMoeForCausalLM", "granitemoe", {.tied = true}},
            arch{"GraniteMoeSharedForCausalLM", "granitemoeshared", {.tied = true}},
            arch{"GraniteMoeSWAForCausalLM", "granitemoe_swa", {.sinks = true}},
            arch{"Dots1ForCausalLM", "dots1", {.qk_normed = true}},
            arch{"SolarOpenForCausalLM", "solar_open"},
            arch{"HunYuanMoEV1ForCausalLM", "hunyuan_v1_moe", {.tied = true}},
            arch{"AfmoeForCausalLM", "afmoe", {.qk_normed = true, .gated_attention = true, .norms = 4, .router_bias = 1}},
            arch{"ExaoneMoeForCausalLM", "exaone_moe", {.qk_normed = true}},
            arch{"ExaoneMoEForCausalLM", "", {.qk_normed = true}},
            arch{"FlexOlmoForCausalLM", "flex_olmo", {.qk_norm = qk_norm::all_heads, .qk_normed = true}},
            arch{"AriaForConditionalGeneration", "aria_text"},
            arch{"AriaTextForCausalLM", "", {}},
            arch{"DeepseekForCausalLM", "deepseek"},
            arch{"DeepSeekForCausalLM", ""},
            arch{"UnlimitedOcrForConditionalGeneration", "unlimited_ocr_text"},
            arch{"FlintForCausalLM", "flint", {.qk_normed = true, .sinks = true}},
            arch{"Llama4ForConditionalGeneration", "llama4_text", llama4},
            arch{"Llama4ForCausalLM", "", llama4},
        };
    }
    /// Whether the keys of a config of no registered architecture describe this family.
    static constexpr bool resembles(schema::document const& d) { return describes_decoder(d) && !describes_latent_attention(d) && describes_experts(d); }
    static constexpr traits likely(schema::document const& d) { return likely_traits(d); }
    constexpr void apply(traits const& is) {
        base.apply(is);
        attention.apply(is);
        network.apply(is);
        experts.apply(is);
        residual = is.dense_residual;
    }
    constexpr void settle(auto& check) {
        attention.settle(check, base.layers, base.max_context);
        experts.settle(check, base.layers, true);
        if (residual) network.inner = base.hidden;
        network.settle(check, experts.dense_count());
    }

    COSTEXPR_INLINE constexpr auto layers() const {
        return costexpr::layers(times(1, base.input()),
                                times(base.all_norms(), base.layer_norm()),
                                times(attention.full_layers(), attention.full_layer()),
                                times(attention.sliding_layers(), attention.sliding_layer()),
                                times(residual ? base.layers : experts.dense_count(), network.layer()),
                                times(experts.moe_layers(), experts.layer()),
                                times(1, base.output()));
    }
    /// The modules of multi-token prediction, which hold a layer each, of the kind that the last one is.
    COSTEXPR_INLINE constexpr auto prediction() const {
        count const n = base.predictions();
        bool const sparse = !experts.order.empty() && experts.order[experts.order.size() - 1] == layer_kind::moe;
        return costexpr::layers(times(n, base.prediction()),
                                times(n * base.norms_per_layer(), base.layer_norm()),
                                times(n, attention.full_layer()),
                                times(sparse && !residual ? 0 : n, network.layer()),
                                times(sparse ? n : 0, experts.layer()));
    }
};

}  // namespace costexpr
