// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/family/backbone.hpp>
#include <costexpr/family/feed_forward.hpp>
#include <costexpr/family/grouped_attention.hpp>
#include <costexpr/family/mixers.hpp>
#include <costexpr/family/resemblance.hpp>

namespace costexpr {

/// State spaces with attention in some layers and a feed-forward network in each: Jamba (arXiv:2403.19887), Bamba, Granite 4,
/// and Falcon-H1, which runs both mixers in every layer.
struct mamba_hybrid_decoder {
    backbone base{};
    mixer_schedule mixers{};
    grouped_attention attention{};
    state_space_shape space{};
    feed_forward network{};
    mixture experts{};
    bool second_generation = true;
    bool parallel = false;

    static constexpr std::string_view family = "mamba_hybrid";
    using parts = part_list<&mamba_hybrid_decoder::base, &mamba_hybrid_decoder::mixers, &mamba_hybrid_decoder::attention,
                            &mamba_hybrid_decoder::space, &mamba_hybrid_decoder::network, &mamba_hybrid_decoder::experts>;
    static constexpr auto architectures() {
        return std::array{
            arch{"JambaForCausalLM", "jamba", {.second_generation = false, .mixer_inner_norms = true}},
            arch{"BambaForCausalLM", "bamba"},
            arch{"GraniteMoeHybridForCausalLM", "granitemoehybrid", {.tied = true}},
            arch{"FalconH1ForCausalLM", "falcon_h1", {.gated_mixer_norm = false, .parallel_mixers = true}},
        };
    }
    /// Whether the keys of a config of no registered architecture describe this family.
    static constexpr bool resembles(schema::document const& d) {
        return detail::has_any(d, "mamba_d_state") && detail::has_any(d, "num_attention_heads") && detail::has_any(d, "attn_layer_period", "attn_layer_indices", "layer_types", "mamba_d_ssm");
    }
    static constexpr traits likely(schema::document const& d) {
        if (detail::has_any(d, "mamba_d_ssm")) return {.gated_mixer_norm = false, .parallel_mixers = true};
        if (!detail::has_any(d, "mamba_n_heads", "mamba_d_head")) return {.second_generation = false, .mixer_inner_norms = true};
        return {};
    }
    constexpr void apply(traits const& is) {
        base.apply(is);
        attention.apply(is);
        space.apply(is);
        network.apply(is);
        experts.apply(is);
        second_generation = is.second_generation;
        parallel = is.parallel_mixers;
    }
    COSTEXPR_ONCE constexpr void settle(auto& check) {
        using enum layer_kind;
        mixers.settle(check, base.layers, parallel ? hybrid : mamba, "attention, mamba or hybrid", full, mamba, linear, hybrid);
        attention.settle_heads(check);
        space.settle(check, mixers.recurrent(), second_generation);
        // Jamba with one expert has no router
        if (experts.experts == 1 && !second_generation) experts.experts = 0;
        experts.settle(check, base.layers, false);
        // Granite 4 calls its dense network the shared expert
        if (experts.experts == 0 && experts.shared_inner != 0) network.inner = experts.shared_inner;
        network.settle(check, experts.dense_count());
    }

    COSTEXPR_INLINE constexpr auto layers() const {
        return costexpr::layers(times(1, base.input()),
                                times(base.all_norms(), base.layer_norm()),
                                times(mixers.attention(), attention.full_layer()),
                                times(second_generation ? 0 : mixers.recurrent(), space.first_generation()),
                                times(second_generation ? mixers.recurrent() : 0, space.second_generation()),
                                times(experts.dense_count(), network.layer()),
                                times(experts.moe_layers(), experts.layer()),
                                times(1, base.output()));
    }
};

}  // namespace costexpr
