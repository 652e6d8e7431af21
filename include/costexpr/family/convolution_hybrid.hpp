// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/family/backbone.hpp>
#include <costexpr/family/feed_forward.hpp>
#include <costexpr/family/grouped_attention.hpp>
#include <costexpr/family/mixers.hpp>
#include <costexpr/family/resemblance.hpp>

namespace costexpr {

/// Short convolutions with attention in some layers, dense or with experts: LFM2 and LFM3 (Liquid AI).
struct convolution_hybrid_decoder {
    backbone base{};
    mixer_schedule mixers{};
    grouped_attention attention{};
    short_convolution_shape convolution{};
    feed_forward network{};
    mixture experts{};
    bool adjusts = false;       ///< the inner size is two thirds of what the config says, rounded up
    count multiple = 256;
    double multiplier = 1;
    bool sandwiched = false;  ///< norms behind the blocks too

    static constexpr std::string_view family = "convolution_hybrid";
    using parts = part_list<&convolution_hybrid_decoder::base, &convolution_hybrid_decoder::mixers, &convolution_hybrid_decoder::attention,
                            &convolution_hybrid_decoder::convolution, &convolution_hybrid_decoder::network, &convolution_hybrid_decoder::experts>;
    template <class f = convolution_hybrid_decoder>
    static constexpr auto json() {
        return std::array{
            key(&f::adjusts, "block_auto_adjust_ff_dim").optional(),
            key(&f::multiple, "block_multiple_of").optional(),
            key(&f::multiplier, "block_ffn_dim_multiplier").optional(),
            key(&f::sandwiched, "use_sandwich_norm").optional(),
        };
    }
    static constexpr auto architectures() {
        constexpr traits lfm2{.qk_normed = true, .adjusted_inner = true, .tied = true};
        constexpr traits lfm2_moe{.qk_normed = true, .tied = true};
        constexpr traits lfm3{.qk_normed = true, .gated_heads = true, .tied = true};
        return std::array{
            arch{"Lfm2ForCausalLM", "lfm2", lfm2},
            arch{"Lfm2MoeForCausalLM", "lfm2_moe", lfm2_moe},
            arch{"Lfm2VlForConditionalGeneration", "lfm2_vl", lfm2},
            arch{"Lfm2VLForConditionalGeneration", "", lfm2},
            arch{"Lfm3ForCausalLM", "lfm3", lfm3},
            arch{"Lfm3VlForConditionalGeneration", "lfm3_vl", lfm3},
        };
    }
    /// Whether the keys of a config of no registered architecture describe this family.
    static constexpr bool resembles(schema::document const& d) { return detail::has_any(d, "conv_L_cache") && detail::has_any(d, "num_attention_heads"); }
    static constexpr traits likely(schema::document const&) {
        constexpr auto rows = architectures();
        return rows[0].is;
    }
    constexpr void apply(traits const& is) {
        base.apply(is);
        attention.apply(is);
        network.apply(is);
        experts.apply(is);
        adjusts = is.adjusted_inner;
    }
    COSTEXPR_ONCE constexpr void settle(auto& check) {
        using enum layer_kind;
        // files that list no layers have attention in all
        if (mixers.order.empty() && mixers.attention_at.empty()) mixers.order = pattern::uniform(full, base.layers);
        mixers.settle(check, base.layers, layer_kind::convolution, "conv, full_attention or sliding_attention", full, sliding, layer_kind::convolution);
        attention.settle_heads(check);
        if (sandwiched) base.norms = 4;
        if (mixers.of(sliding) != 0) check.needed(attention, &grouped_attention::window, "sliding_window", "the window of the sliding layers");
        experts.settle(check, base.layers, false);
        network.settle(check, experts.dense_count());
        if (adjusts && multiple > 0) {
            double const adjusted = multiplier * static_cast<double>(2 * network.inner / 3);
            if (!(adjusted <= static_cast<double>(largest_dimension)))
                return check.fail(errc::out_of_range, "block_ffn_dim_multiplier", 1, 0, "a factor that keeps the inner size below 2^24");
            network.inner = ceil_div(static_cast<count>(adjusted), multiple) * multiple;
        }
    }

    COSTEXPR_INLINE constexpr auto layers() const {
        return costexpr::layers(times(1, base.input()),
                                times(base.all_norms(), base.layer_norm()),
                                times(mixers.attention(), attention.full_layer()),
                                times(mixers.of(layer_kind::sliding), attention.sliding_layer()),
                                times(mixers.of(layer_kind::convolution), convolution.layer()),
                                times(experts.dense_count(), network.layer()),
                                times(experts.moe_layers(), experts.layer()),
                                times(1, base.output()));
    }
};

}  // namespace costexpr
