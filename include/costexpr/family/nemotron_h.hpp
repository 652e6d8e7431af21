// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/family/backbone.hpp>
#include <costexpr/family/feed_forward.hpp>
#include <costexpr/family/grouped_attention.hpp>
#include <costexpr/family/mixers.hpp>
#include <costexpr/family/resemblance.hpp>

namespace costexpr {

/// Nemotron-H (arXiv:2504.03624) and Nemotron 3: every layer is one of Mamba-2, attention, a feed-forward network or experts, behind one norm.
struct nemotron_h_decoder {
    backbone base{};
    mixer_schedule blocks{};
    grouped_attention attention{};
    state_space_shape space{};
    feed_forward network{};
    mixture experts{};
    pattern predicted{};  ///< of a multi-token prediction module

    static constexpr std::string_view family = "nemotron_h";
    using parts = part_list<&nemotron_h_decoder::base, &nemotron_h_decoder::blocks, &nemotron_h_decoder::attention,
                            &nemotron_h_decoder::space, &nemotron_h_decoder::network, &nemotron_h_decoder::experts>;
    static constexpr auto json(auto...) {
        using f = nemotron_h_decoder;
        using enum layer_kind;
        return std::array{
            key(&f::predicted, "mtp_layers_block_type", "mtp_hybrid_override_pattern")
                .spelled(layer_sign{"M", mamba}, layer_sign{"*", full}, layer_sign{"-", dense}, layer_sign{"E", moe}, layer_sign{"T", full})
                .optional(),
        };
    }
    static constexpr auto architectures() { return std::array{arch{"NemotronHForCausalLM", "nemotron_h", {.norms = 1, .gated = false}}}; }
    /// Whether the keys of a config of no registered architecture describe this family.
    static constexpr bool resembles(schema::document const& d) { return detail::has_any(d, "hybrid_override_pattern"); }
    constexpr void apply(traits const& is) {
        base.apply(is);
        attention.apply(is);
        space.apply(is);
        network.apply(is);
        experts.apply(is);
    }
    /// Some files leave the number of layers to the length of the pattern.
    constexpr void prepare(schema::document const& d) {
        base.layers = max(schema::entries(d, "hybrid_override_pattern"), schema::entries(d, "layers_block_type"));
    }
    constexpr void settle(auto& check) {
        using enum layer_kind;
        blocks.settle(check, base.layers, mamba, "mamba, attention, mlp or moe", full, mamba, linear, dense, moe);
        attention.settle_heads(check);
        space.settle(check);
        // configs name experts even where no layer has any
        if (blocks.of(moe) == 0) experts.experts = 0;
        experts.settle(check, blocks.of(moe), false);
        network.settle(check, blocks.of(dense));
    }

    COSTEXPR_INLINE constexpr auto layers() const {
        using enum layer_kind;
        return costexpr::layers(times(1, base.input()),
                                times(base.all_norms(), base.layer_norm()),
                                times(blocks.of(mamba) + blocks.of(linear), space.second_generation()),
                                times(blocks.of(full), attention.full_layer()),
                                times(blocks.of(dense), network.layer()),
                                times(blocks.of(moe), experts.layer()),
                                times(1, base.output()));
    }
    /// The modules of multi-token prediction, which hold the layers of a pattern of their own.
    COSTEXPR_INLINE constexpr auto prediction() const {
        count const n = base.predictions();
        using enum layer_kind;
        return costexpr::layers(times(n, base.prediction()),
                                times(n * predicted.size(), base.layer_norm()),
                                times(n * predicted.of(mamba), space.second_generation()),
                                times(n * predicted.of(full), attention.full_layer()),
                                times(n * predicted.of(dense), network.layer()),
                                times(n * predicted.of(moe), experts.layer()));
    }
};

}  // namespace costexpr
