// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/family/backbone.hpp>
#include <costexpr/family/feed_forward.hpp>
#include <costexpr/family/grouped_attention.hpp>

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
    static constexpr auto parts() {
        using f = moe_decoder;
        return hana::make_tuple(&f::base, &f::attention, &f::network, &f::experts);
    }

    static constexpr auto architectures() {
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
            arch{"MiMoV2FlashForCausalLM", "mimo_v2_flash"},
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
            arch{"AfmoeForCausalLM", "afmoe", {.qk_normed = true, .gated_attention = true, .norms = 4}},
            arch{"ExaoneMoeForCausalLM", "exaone_moe", {.qk_normed = true}},
            arch{"ExaoneMoEForCausalLM", "", {.qk_normed = true}},
            arch{"FlexOlmoForCausalLM", "flex_olmo", {.qk_norm = qk_norm::all_heads, .qk_normed = true}},
            arch{"AriaForConditionalGeneration", "aria_text"},
            arch{"AriaTextForCausalLM", "", {}},
            arch{"DeepseekForCausalLM", "deepseek"},
            arch{"DeepSeekForCausalLM", ""},
            arch{"Llama4ForConditionalGeneration", "llama4_text", {.window_period = 4, .shared_experts = 1}},
            arch{"Llama4ForCausalLM", "", {.window_period = 4, .shared_experts = 1}},
        };
    }
    constexpr void apply(traits const& is) {
        base.apply(is);
        attention.apply(is);
        network.apply(is);
        experts.apply(is);
        residual = is.dense_residual;
    }
    constexpr void settle(schema::checker& check) {
        attention.settle(check, base.layers, base.max_context);
        network.settle(check);
        experts.settle(check, base.layers, true);
        if (residual) network.inner = base.hidden;
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
};

}  // namespace costexpr
