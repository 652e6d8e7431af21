// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/family/backbone.hpp>
#include <costexpr/family/feed_forward.hpp>
#include <costexpr/family/grouped_attention.hpp>
#include <costexpr/family/mixers.hpp>
#include <costexpr/family/resemblance.hpp>

namespace costexpr {

/// Gated delta nets with attention in every few layers, dense or with experts: Qwen3-Next, Qwen3.5 and 3.6.
struct linear_hybrid_decoder {
    backbone base{};
    mixer_schedule mixers{};
    grouped_attention attention{};
    delta_shape delta{};
    feed_forward network{};
    mixture experts{};

    static constexpr std::string_view family = "linear_hybrid";
    using parts = part_list<&linear_hybrid_decoder::base, &linear_hybrid_decoder::mixers, &linear_hybrid_decoder::attention,
                            &linear_hybrid_decoder::delta, &linear_hybrid_decoder::network, &linear_hybrid_decoder::experts>;
    static constexpr auto architectures() {
        constexpr traits qwen{.qk_normed = true, .gated_attention = true, .shared_gate = true};
        return std::array{
            arch{"Qwen3NextForCausalLM", "qwen3_next", qwen},
            arch{"Qwen3_5ForConditionalGeneration", "qwen3_5_text", qwen},
            arch{"Qwen3_5ForCausalLM", "qwen3_5", qwen},
            arch{"Qwen3_5MoeForConditionalGeneration", "qwen3_5_moe_text", qwen},
            arch{"Qwen3_5MoeForCausalLM", "qwen3_5_moe", qwen},
            // wrappers of Qwen3.5
            arch{"MiniCPMV4_6ForConditionalGeneration", "minicpmv4_6", qwen},
            arch{"MiniCPMV4_7ForConditionalGeneration", "minicpmv4_7", qwen},
            arch{"MiniCPMOcrForConditionalGeneration", "minicpm_ocr", qwen},
            arch{"OlmoHybridForCausalLM", "olmo_hybrid", {.qk_norm = qk_norm::all_heads, .qk_normed = true}},
        };
    }
    /// Whether the keys of a config of no registered architecture describe this family.
    static constexpr bool resembles(schema::document const& d) { return detail::has_any(d, "linear_num_value_heads") && detail::has_any(d, "num_attention_heads"); }
    static constexpr traits likely(schema::document const&) {
        constexpr auto rows = architectures();
        return rows[0].is;
    }
    constexpr void apply(traits const& is) {
        base.apply(is);
        attention.apply(is);
        network.apply(is);
        experts.apply(is);
    }
    COSTEXPR_ONCE constexpr void settle(auto& check) {
        if (mixers.order.empty() && mixers.attention_at.empty() && mixers.interval == 0 && mixers.period == 0) mixers.interval = 4;
        mixers.settle(check, base.layers, layer_kind::linear, "full_attention or linear_attention", layer_kind::full, layer_kind::linear);
        attention.settle_heads(check);
        experts.settle(check, base.layers, false);
        network.settle(check, experts.dense_count());
    }

    COSTEXPR_INLINE constexpr auto layers() const {
        return costexpr::layers(times(1, base.input()),
                                times(base.all_norms(), base.layer_norm()),
                                times(mixers.attention(), attention.full_layer()),
                                times(mixers.recurrent(), delta.layer()),
                                times(experts.dense_count(), network.layer()),
                                times(experts.moe_layers(), experts.layer()),
                                times(1, base.output()));
    }
    /// The modules of multi-token prediction, which hold a layer with attention each.
    COSTEXPR_INLINE constexpr auto prediction() const {
        count const n = base.predictions();
        bool const sparse = experts.moe_layers() != 0;
        return costexpr::layers(times(n, base.prediction()),
                                times(n * base.norms_per_layer(), base.layer_norm()),
                                times(n, attention.full_layer()),
                                times(sparse ? 0 : n, network.layer()),
                                times(sparse ? n : 0, experts.layer()));
    }
};

}  // namespace costexpr
