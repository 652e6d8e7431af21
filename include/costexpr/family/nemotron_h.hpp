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

    static constexpr std::string_view family = "nemotron_h";
    using parts = part_list<&nemotron_h_decoder::base, &nemotron_h_decoder::blocks, &nemotron_h_decoder::attention,
                            &nemotron_h_decoder::space, &nemotron_h_decoder::network, &nemotron_h_decoder::experts>;
    static constexpr auto architectures() { return std::array{arch{"NemotronHForCausalLM", "nemotron_h", {.norms = 1, .gated = false}}}; }
    /// Whether the keys of a config of no registered architecture describe this family.
    static constexpr bool resembles(schema::document const& d) { return detail::has_any(d, "hybrid_override_pattern") || (detail::has_any(d, "layers_block_type") && detail::has_any(d, "ssm_state_size")); }
    static constexpr traits likely(schema::document const&) { return architectures()[0].is; }
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
};

}  // namespace costexpr
