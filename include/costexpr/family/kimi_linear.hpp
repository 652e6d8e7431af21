// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/family/backbone.hpp>
#include <costexpr/family/feed_forward.hpp>
#include <costexpr/family/mixers.hpp>
#include <costexpr/family/mla.hpp>
#include <costexpr/family/resemblance.hpp>

namespace costexpr {

/// Kimi delta attention with latent attention in every few layers, and experts: Kimi-Linear (arXiv:2510.26692).
struct kimi_linear_decoder {
    backbone base{};
    latent_attention attention{};
    kimi_delta_shape delta{};
    feed_forward network{};
    mixture experts{};

    static constexpr std::string_view family = "kimi_linear";
    using parts = part_list<&kimi_linear_decoder::base, &kimi_linear_decoder::attention, &kimi_linear_decoder::delta,
                            &kimi_linear_decoder::network, &kimi_linear_decoder::experts>;
    static constexpr auto architectures() { return std::array{arch{"KimiLinearForCausalLM", "kimi_linear"}}; }
    /// Whether the keys of a config of no registered architecture describe this family.
    static constexpr bool resembles(schema::document const& d) { return detail::has_any(d, "linear_attn_config") && describes_latent_attention(d); }
    constexpr void apply(traits const& is) {
        base.apply(is);
        network.apply(is);
        experts.apply(is);
    }
    constexpr void settle(auto& check) {
        if (delta.layers.size() > base.layers)
            check.fail(&kimi_delta_shape::layers, errc::length_mismatch, base.layers, delta.layers.size());
        experts.settle(check, base.layers, false);
        network.settle(check, experts.dense_count());
    }

    COSTEXPR_INLINE constexpr auto layers() const {
        return costexpr::layers(times(1, base.input()),
                                times(base.all_norms(), base.layer_norm()),
                                times(base.layers - delta.layers.size(), attention.layer()),
                                times(delta.layers.size(), delta.layer()),
                                times(experts.dense_count(), network.layer()),
                                times(experts.moe_layers(), experts.layer()),
                                times(1, base.output()));
    }
};

}  // namespace costexpr
