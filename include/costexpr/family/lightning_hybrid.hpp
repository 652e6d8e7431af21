// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/family/backbone.hpp>
#include <costexpr/family/feed_forward.hpp>
#include <costexpr/family/grouped_attention.hpp>
#include <costexpr/family/mixers.hpp>
#include <costexpr/layer/lightning_attention.hpp>

namespace costexpr {

/// Lightning attention with softmax attention in every few layers, and experts: MiniMax-Text-01 and MiniMax-M1 (arXiv:2501.08313).
struct lightning_hybrid_decoder {
    backbone base{};
    mixer_schedule mixers{};
    grouped_attention attention{};
    feed_forward network{};
    mixture experts{};

    static constexpr std::string_view family = "lightning_hybrid";
    using parts = part_list<&lightning_hybrid_decoder::base, &lightning_hybrid_decoder::mixers, &lightning_hybrid_decoder::attention,
                            &lightning_hybrid_decoder::network, &lightning_hybrid_decoder::experts>;
    static constexpr auto architectures() {
        return std::array{
            arch{"MiniMaxForCausalLM", "minimax"},
            arch{"MiniMaxText01ForCausalLM", "minimax_text_01"},
            arch{"MiniMaxM1ForCausalLM", "minimax_m1"},
        };
    }
    constexpr void apply(traits const& is) {
        base.apply(is);
        attention.apply(is);
        network.apply(is);
        experts.apply(is);
    }
    COSTEXPR_ONCE constexpr void settle(auto& check) {
        using enum layer_kind;
        // left out, every second layer is linear, from the second on
        if (mixers.order.empty() && mixers.interval == 0 && mixers.period == 0) mixers.period = 2;
        mixers.settle(check, base.layers, linear, "full_attention or linear_attention", full, linear);
        attention.settle_heads(check);
        experts.settle(check, base.layers, true);
        network.settle(check, experts.dense_count());
    }

    COSTEXPR_INLINE constexpr auto layers() const {
        return costexpr::layers(times(1, base.input()),
                                times(base.all_norms(), base.layer_norm()),
                                times(mixers.attention(), attention.full_layer()),
                                times(mixers.recurrent(), lightning_attention{.hidden = base.hidden, .heads = attention.heads, .head_dim = attention.head_dim}),
                                times(experts.dense_count(), network.layer()),
                                times(experts.moe_layers(), experts.layer()),
                                times(1, base.output()));
    }
};

}  // namespace costexpr
