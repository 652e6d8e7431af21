// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/family/backbone.hpp>
#include <costexpr/family/feed_forward.hpp>
#include <costexpr/layer/mla.hpp>

namespace costexpr {

/// Multi-head latent attention as configs describe it. A part of the families' configs.
struct latent_attention {
    count hidden = 0;
    count heads = 0;
    count q_latent = 0;
    count latent = 0;
    count nope_dim = 0;
    count rope_dim = 0;
    count v_head_dim = 0;
    bool bias = false;

    static constexpr auto json() {
        using f = latent_attention;
        return std::array{
            key(&f::hidden, "hidden_size"),
            key(&f::heads, "num_attention_heads"),
            key(&f::q_latent, "q_lora_rank").optional(),
            key(&f::latent, "kv_lora_rank"),
            key(&f::nope_dim, "qk_nope_head_dim"),
            key(&f::rope_dim, "qk_rope_head_dim"),
            key(&f::v_head_dim, "v_head_dim").or_else([](f const& c) { return c.hidden / c.heads; }),
            key(&f::bias, "attention_bias").optional(),
        };
    }
    [[nodiscard]] constexpr mla layer() const {
        return {.hidden = hidden, .heads = heads, .q_latent = q_latent, .latent = latent, .nope_dim = nope_dim, .rope_dim = rope_dim,
                .v_head_dim = v_head_dim, .bias = bias};
    }
};

/// Decoders of multi-head latent attention, dense or with experts: DeepSeek V2, V3 and R1 (arXiv:2405.04434, arXiv:2412.19437), Kimi K2,
/// GLM-4.7-Flash, MiniCPM3 and their kin.
struct mla_decoder {
    backbone base{};
    latent_attention attention{};
    feed_forward network{};  ///< of the layers without experts
    mixture experts{};

    static constexpr std::string_view family = "mla";
    static constexpr auto parts() {
        using f = mla_decoder;
        return hana::make_tuple(&f::base, &f::attention, &f::network, &f::experts);
    }

    static constexpr auto architectures() {
        return std::array{
            arch{"DeepseekV2ForCausalLM", "deepseek_v2"},
            arch{"DeepseekV3ForCausalLM", "deepseek_v3"},
            arch{"DeepseekV3ForCausalLM", "kimi_k2"},
            arch{"KimiK25ForConditionalGeneration", ""},
            arch{"Kimi_K25ForConditionalGeneration", ""},
            arch{"KimiVLForConditionalGeneration", ""},
            arch{"Glm4MoeLiteForCausalLM", "glm4_moe_lite"},
            arch{"MiniCPM3ForCausalLM", "minicpm3", {.tied = true}},
            arch{"Mistral4ForCausalLM", "mistral4"},
            arch{"YoutuForCausalLM", "youtu", {.tied = true}},
        };
    }
    constexpr void apply(traits const& is) {
        base.apply(is);
        network.apply(is);
        experts.apply(is);
    }
    constexpr void settle(schema::checker& check) {
        network.settle(check);
        experts.settle(check, base.layers, false);
    }

    COSTEXPR_INLINE constexpr auto layers() const {
        return costexpr::layers(times(1, base.input()),
                                times(base.all_norms(), base.layer_norm()),
                                times(base.layers, attention.layer()),
                                times(experts.dense_count(), network.layer()),
                                times(experts.moe_layers(), experts.layer()),
                                times(1, base.output()));
    }
};

}  // namespace costexpr
