// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/core/result.hpp>
#include <costexpr/op/collective.hpp>
#include <costexpr/op/compressed.hpp>
#include <costexpr/op/gemm.hpp>
#include <costexpr/op/graph.hpp>
#include <costexpr/op/mla.hpp>
#include <costexpr/op/norm.hpp>
#include <costexpr/op/streams.hpp>

namespace costexpr {

/// The attention of DeepSeek-V4 with its projections, its compressor (ratio 4 or 128) and, at ratio 4, its indexer.
///   parameters  hidden q + q + q heads d + hidden d + d + heads (sinks) + o heads d + groups o hidden
///               ratio 4: 8 d + 4 hidden d + d, indexer 8 i + 4 hidden i + i + q index_heads i + index_heads hidden
///               ratio 128: 128 d + 2 hidden d + d
struct compressed_mqa {
    count hidden = 0;
    count heads = 0;
    count head_dim = 0;
    count q_latent = 0;
    count o_latent = 0;
    count o_groups = 0;
    count window = 0;
    count ratio = 0;
    count index_heads = 0;  ///< 0: no indexer
    count index_dim = 0;
    count top_k = 0;

    static constexpr std::string_view type = "compressed_mqa";
    template <class Sink>
    COSTEXPR_INLINE constexpr void legal(layout const& l, Sink& p) const {
        if (!l.deals(heads)) p.add({.code = errc::illegal_layout, .key = "tp", .expected = heads, .found = l.tp, .hint = "a divisor of the # attention heads"});
    }
    COSTEXPR_INLINE constexpr auto ops(deployment const& x) const {
        count const n = ceil_div(heads, x.layout.tp);
        count const groups = ceil_div(o_groups, x.layout.tp);
        count const cp = x.layout.cp;
        dtype const w = x.precision.weights;
        bool const compresses = ratio != 0;
        bool const indexes = index_heads != 0 && compresses;
        // overlapping windows (ratio 4) pool with two projections of twice the width
        count const overlap = indexes ? 2 : 1;
        count const pooled = compresses ? 2 * overlap * head_dim : 0;
        count const index_pooled = indexes ? 2 * overlap * index_dim : 0;
        count const projected = pooled + index_pooled;
        return costexpr::ops(
            gemm{.outer = q_latent + head_dim, .inner = hidden, .weights = w, .part = role::mla_down},
            elementwise{.bytes_per_token = pass::plain_norm(q_latent + head_dim), .weights = q_latent + head_dim, .part = role::mla_norm,
                        .state_bytes_per_token = static_cast<double>(head_dim) * weight_width(x.precision.kv_cache)},
            gemm{.outer = n * head_dim, .inner = q_latent, .weights = w, .part = role::mla_query_up},
            gemm{.outer = projected, .inner = compresses ? hidden : 0, .weights = dtype::bf16, .part = role::compressor},  // never quantized
            compressed_cache{.width = head_dim, .ratio = ratio, .weights = compresses ? overlap * ratio * head_dim + head_dim : 0, .windows = overlap,
                             .cached = x.precision.kv_cache, .ranks = cp},
            compressed_cache{.width = index_dim, .ratio = indexes ? ratio : 0, .weights = indexes ? overlap * ratio * index_dim + index_dim : 0,
                             .windows = overlap, .holds = cache::kind::index, .cached = x.precision.kv_cache, .ranks = cp},
            gemm{.outer = indexes ? index_heads * index_dim : 0, .inner = indexes ? q_latent : 0, .weights = w, .part = role::index_projection},
            gemm{.outer = indexes ? index_heads : 0, .inner = indexes ? hidden : 0, .weights = dtype::bf16, .part = role::index_projection},
            index_scores{.heads = indexes ? index_heads : 0, .dim = index_dim, .ratio = ratio, .ranks = cp, .rate = x.precision.rate(math::fp8)},
            context_exchange{.kept = static_cast<double>(head_dim + (indexes ? index_dim : 0)) * weight_width(x.precision.kv_cache) / static_cast<double>(2 * max(ratio, count{1})),
                             .partial = static_cast<double>(n) * (static_cast<double>(head_dim) + 4.0), .window = compresses ? 0 : window,
                             .offered = indexes ? top_k : 0, .devices = cp, .span = x.layout.tp * cp},
            compressed_attention{.heads = n, .head_dim = head_dim, .window = window, .ratio = ratio, .top_k = indexes ? top_k : 0,
                                 .arithmetic = x.precision.attention, .cached = x.precision.kv_cache, .ranks = cp},
            gemm{.outer = o_latent, .inner = n * head_dim, .weights = w, .part = role::attention_output, .groups = groups},
            gemm{.outer = hidden, .inner = groups * o_latent, .weights = w, .part = role::attention_output},
            attention_sum(x, hidden));
    }
};

/// Manifold-constrained hyper-connections (arXiv:2512.24880; DeepSeek-V4): `copies` residual streams, mixed before and after each of the two
/// blocks of a layer, as weights computed from the streams themselves say.
///   parameters  of a layer 2 ((2 c + c^2) c hidden + (2 c + c^2) + 3); of the model c c hidden + c + 1
///   flops       2 (2 c + c^2) c hidden per site and token for the weights
///   bytes       per site and token: the streams read for the weights, read again for the input of the block, which is written; streams and the
///               output of the block read, streams written: 8 c hidden + 4 hidden
///               where the streams are not mixed with each other (Hy 4): of a layer 2 (2 c c hidden + 2 c + 2)
struct hyper_connection {
    count hidden = 0;
    count copies = 0;
    bool at_the_end = false;  ///< the one that leads to the head
    bool mixes = true;        ///< the streams with each other

    static constexpr std::string_view type = "hyper_connection";
    COSTEXPR_INLINE constexpr auto ops(deployment const&) const {
        count const values = at_the_end ? copies : 2 * copies + (mixes ? copies * copies : 0);
        return costexpr::ops(stream_mixing{.hidden = hidden, .copies = copies, .values = values, .scales = values + (at_the_end ? 1 : mixes ? 3 : 2),
                                           .sites = at_the_end ? 1 : 2, .writes = !at_the_end});
    }
};

}  // namespace costexpr
