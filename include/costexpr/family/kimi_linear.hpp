// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/family/backbone.hpp>
#include <costexpr/family/feed_forward.hpp>
#include <costexpr/family/mixers.hpp>
#include <costexpr/family/mla.hpp>
#include <costexpr/family/resemblance.hpp>
#include <costexpr/layer/attention_residual.hpp>
#include <costexpr/layer/compressed.hpp>
#include <costexpr/layer/lightning_attention.hpp>

namespace costexpr {

/// Kimi delta attention with latent attention in every few layers, and experts: Kimi-Linear (arXiv:2510.26692); with attention over depth
/// Kimi K3; with gates of full rank, or lightning
/// attention instead, the Bailing models; with an indexer and several residual streams GLM-5 Next.
struct kimi_linear_decoder {
    backbone base{};
    mixer_schedule mixers{};
    latent_attention attention{};
    kimi_delta_shape delta{};
    feed_forward network{};
    mixture experts{};
    sparse_index index{};
    count depth_block = 0;  ///< layers per group of the attention over depth
    count copies = 0;       ///< residual streams
    bool lightning = false; ///< lightning attention in the place of the delta rule
    bool qk_normed = false;
    bool last_full = false; ///< layers behind the last whole group have latent attention too
    short_string gate{};    ///< of the latent attention: head_wise, element_wise or none
    count sparse = 0;       ///< attention layers that read what an indexer chose, and those with an indexer of their own; counted while settling
    count indexers = 0;

    static constexpr std::string_view family = "kimi_linear";
    using parts = part_list<&kimi_linear_decoder::base, &kimi_linear_decoder::mixers, &kimi_linear_decoder::attention, &kimi_linear_decoder::delta,
                            &kimi_linear_decoder::network, &kimi_linear_decoder::experts, &kimi_linear_decoder::index>;
    template <class f = kimi_linear_decoder>
    static constexpr auto json() {
        return std::array{
            key(&f::depth_block, "attn_res_block_size").optional(),
            key(&f::copies, "hc_mult").optional(),
            key(&f::qk_normed, "use_qk_norm").optional(),
            key(&f::gate, "gated_attention_proj_granularity_type").optional(),
        };
    }
    static constexpr auto architectures() {
        return std::array{
            arch{"KimiLinearForCausalLM", "kimi_linear"},
            arch{"KimiK3ForConditionalGeneration", "kimi_k3"},
            arch{"BailingHybridForCausalLM", "bailing_hybrid", {.gated_heads = true, .full_rank_mixer = true}},
            arch{"BailingMoeV3ForCausalLM", "bailing_moe_v3", {.full_rank_mixer = true, .full_remainder = true}},
            arch{"BailingMoeV2_5ForCausalLM", "", {.lightning = true}},
            arch{"Glm5NextForConditionalGeneration", "glm5_next_text"},
            arch{"Glm5NextForCausalLM", "glm5_next"},
        };
    }
    /// Whether the keys of a config of no registered architecture describe this family.
    static constexpr bool resembles(schema::document const& d) { return detail::has_any(d, "linear_attn_config") && describes_latent_attention(d); }
    constexpr void apply(traits const& is) {
        base.apply(is);
        attention.apply(is);
        delta.apply(is);
        lightning = is.lightning;
        last_full = is.full_remainder;
        network.apply(is);
        experts.apply(is);
    }
    COSTEXPR_ONCE constexpr void settle(auto& check) {
        using enum layer_kind;
        if (delta.layers.size() > base.layers)
            check.fail(&kimi_delta_shape::layers, errc::length_mismatch, base.layers, delta.layers.size());
        if (mixers.order.empty() && !delta.layers.empty())
            for (count i = 1; i <= base.layers; ++i) mixers.order.push_back(delta.layers.contains(i) ? linear : full);
        if (mixers.order.empty() && mixers.interval == 0)
            check.fail(errc::missing_key, "linear_attn_config.kda_layers", 0, 0, "the list of layers with Kimi delta attention, or layer_types, or layer_group_size");
        if (gate == "head_wise") attention.gated_heads = true;
        if (gate == "element_wise") attention.gated = true;
        if (mixers.order.empty() && mixers.interval > 0 && last_full)
            for (count i = 0; i < base.layers; ++i) {
                bool const behind = i >= base.layers / mixers.interval * mixers.interval;
                mixers.order.push_back((i + 1) % mixers.interval == 0 || behind ? full : linear);
            }
        mixers.settle(check, base.layers, linear, "full_attention, indexed_attention or linear_attention", full, linear);
        experts.settle(check, base.layers, false);
        network.settle(check, experts.dense_count());
        index.settle(check, base.layers);
        if (index.top_k != 0 && check.clean())
            for (count i = 0; i < base.layers; ++i)
                if (mixers.order[i] == full) ++sparse, indexers += index.order[i] == full ? 1 : 0;
    }

    COSTEXPR_INLINE constexpr auto layers() const {
        return costexpr::layers(times(1, base.input()),
                                times(base.all_norms(), base.layer_norm(copies == 0)),
                                times(copies != 0 ? base.layers : 0, hyper_connection{base.hidden, copies}),
                                times(mixers.attention() - sparse, attention.layer()),
                                times(sparse, sparse_mla{attention.layer(), index.top_k}),
                                times(indexers, index.layer(base.hidden, attention.q_latent)),
                                times(lightning ? 0 : mixers.recurrent(), delta.layer()),
                                times(lightning ? mixers.recurrent() : 0, lightning_attention{base.hidden, delta.heads, delta.head_dim, qk_normed}),
                                times(depth_block != 0 ? 2 * base.layers + 1 : 0,
                                      attention_residual{base.hidden, 2, attention_residual::mean_sources(base.layers, depth_block)}),
                                times(experts.dense_count(), network.layer()),
                                times(experts.moe_layers(), experts.layer()),
                                times(1, base.output()));
    }
};

}  // namespace costexpr
