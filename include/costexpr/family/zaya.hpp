// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/family/backbone.hpp>
#include <costexpr/family/feed_forward.hpp>
#include <costexpr/family/grouped_attention.hpp>
#include <costexpr/layer/compressed_convolution.hpp>

namespace costexpr {

/// Compressed convolutional attention with experts behind a router of its own width, and learned scales on both sides of every residual
/// addition: ZAYA1 (Zyphra).
struct zaya_decoder {
    backbone base{};
    grouped_attention attention{};
    mixture experts{};
    count kernel = 0;
    count head_kernel = 0;

    static constexpr std::string_view family = "zaya";
    using parts = part_list<&zaya_decoder::base, &zaya_decoder::attention, &zaya_decoder::experts>;
    template <class f = zaya_decoder>
    static constexpr auto json() {
        return std::array{
            key(&f::kernel, "cca_time0"),
            key(&f::head_kernel, "cca_time1"),
        };
    }
    static constexpr auto architectures() { return std::array{arch{"ZayaForCausalLM", "zaya", {.tied = true}}}; }
    constexpr void apply(traits const& is) {
        base.apply(is);
        attention.apply(is);
        experts.apply(is);
    }
    COSTEXPR_ONCE constexpr void settle(auto& check) {
        check.schedule(attention, &grouped_attention::order, base.layers, "hybrid", layer_kind::hybrid);
        attention.settle_heads(check);
        check.needed(experts, &mixture::router_hidden, "router_hidden_size", "the width of the router");
        experts.zero_experts = 1;  // a token may pass all experts by
        experts.settle(check, base.layers, true);
    }

    [[nodiscard]] COSTEXPR_INLINE constexpr convolved_gqa attention_layer() const {
        return {.hidden = base.hidden, .heads = attention.heads, .kv_heads = attention.kv_heads, .head_dim = attention.head_dim, .kernel = kernel, .head_kernel = head_kernel,
                .bias = attention.qkv_bias};
    }
    /// Scales and biases of residual and block, twice per layer and once behind the input table; a scale of the router's state of the layer before.
    [[nodiscard]] COSTEXPR_INLINE constexpr learned_vector scales() const {
        return {(8 * base.layers + 2) * base.hidden + (base.layers - 1) * experts.router_hidden};
    }
    COSTEXPR_INLINE constexpr auto layers() const {
        return costexpr::layers(times(1, base.input()),
                                times(base.all_norms(), base.layer_norm()),
                                times(1, scales()),
                                times(base.layers, attention_layer()),
                                times(experts.moe_layers(), router_network{base.hidden, experts.router_hidden}),
                                times(experts.moe_layers(), experts.layer()),
                                times(1, base.output()));
    }
};

}  // namespace costexpr
