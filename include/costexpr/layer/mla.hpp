// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/core/result.hpp>
#include <costexpr/op/collective.hpp>
#include <costexpr/op/gemm.hpp>
#include <costexpr/op/graph.hpp>
#include <costexpr/op/mla.hpp>
#include <costexpr/op/norm.hpp>

namespace costexpr {

/// Multi-head latent attention (DeepSeek-V2, arXiv:2405.04434): keys and values of all heads come from one latent vector per token.
///   parameters  q_latent: hidden q + q + q heads (nope + rope), else hidden heads (nope + rope);
///               hidden (latent + rope) + latent + latent heads (nope + v) + heads v hidden (+ biases q, latent + rope, hidden)
///   cache       latent + rope elements per token, on every tensor-parallel rank
/// mla{.hidden = 7168, .heads = 128, .q_latent = 1536, .latent = 512, .nope_dim = 128, .rope_dim = 64, .v_head_dim = 128} (DeepSeek-V3)
/// has 187,107,328 parameters and keeps 576 elements per token.
struct mla {
    count hidden = 0;
    count heads = 0;
    count q_latent = 0;  ///< 0: queries are projected directly
    count latent = 0;
    count nope_dim = 0;
    count rope_dim = 0;
    count v_head_dim = 0;
    bool bias = false;

    static constexpr std::string_view type = "mla";
    template <class Sink>
    COSTEXPR_INLINE constexpr void legal(layout const& l, Sink& p) const {
        if (heads % l.tp != 0)
            p.add({.code = errc::illegal_layout, .key = "tp", .expected = heads, .found = l.tp, .hint = "a divisor of the attention heads"});
    }
    COSTEXPR_INLINE constexpr auto ops(deployment const& x) const {
        count const h = ceil_div(heads, x.layout.tp);
        dtype const w = x.precision.weights;
        double const cached = static_cast<double>(latent + rope_dim);
        return costexpr::ops(
            gemm{.outer = q_latent + latent + rope_dim, .inner = hidden, .weights = w, .part = role::mla_down, .bias = bias},
            elementwise{.bytes_per_token = 4.0 * static_cast<double>(q_latent + latent + rope_dim),
                        .weights = q_latent + latent,
                        .part = role::mla_norm,
                        .state_bytes_per_token = cached * weight_width(x.precision.kv_cache)},
            gemm{.outer = h * (nope_dim + rope_dim), .inner = q_latent != 0 ? q_latent : hidden, .weights = w, .part = role::mla_query_up},
            mla_up{.heads = h, .nope_dim = nope_dim, .v_head_dim = v_head_dim, .latent = latent, .weights = w},
            mla_attention{.heads = h, .nope_dim = nope_dim, .rope_dim = rope_dim, .v_head_dim = v_head_dim, .latent = latent,
                          .arithmetic = x.precision.attention, .cached = x.precision.kv_cache},
            gemm{.outer = hidden, .inner = h * v_head_dim, .weights = w, .part = role::attention_output, .bias = bias},
            collective{.part = role::attention_all_reduce, .width = static_cast<double>(hidden), .devices = x.layout.tp});
    }
};

}  // namespace costexpr
