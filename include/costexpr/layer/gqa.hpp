// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/core/result.hpp>
#include <costexpr/op/attention.hpp>
#include <costexpr/op/collective.hpp>
#include <costexpr/op/gemm.hpp>
#include <costexpr/op/graph.hpp>
#include <costexpr/op/norm.hpp>

namespace costexpr {

/// What queries and keys are normalised with before attention.
enum class qk_norm : unsigned char {
    none,
    per_head,    ///< one gain vector of head_dim each for queries and keys
    all_heads,   ///< gains for every head: heads head_dim + kv_heads head_dim
};

/// Grouped-query attention (arXiv:2305.13245); multi-head (kv_heads = heads) and multi-query (kv_heads = 1) are its cases.
///   parameters  hidden (heads d (2 if gated) + kv_heads (d + dv)) + heads dv hidden (+ hidden heads with gated heads, biases, query and key norms, one sink per head)
///               with a query latent: hidden q + q + q heads d instead of hidden heads d (multi-matrix factorisation attention, arXiv:2412.19255)
///   cache       kv_heads (d + dv) elements per token
/// gqa{.hidden = 4096, .heads = 32, .kv_heads = 8, .head_dim = 128} (Llama-3.1-8B) has 41,943,040 parameters;
/// gqa{.hidden = 7168, .heads = 64, .kv_heads = 1, .head_dim = 256, .q_latent = 2048} (Step3) has 169,347,072.
struct gqa {
    count hidden = 0;
    count heads = 0;
    count kv_heads = 0;
    count head_dim = 0;
    count v_head_dim = 0;  ///< 0: head_dim
    costexpr::qk_norm qk_norm = qk_norm::none;
    bool qkv_bias = false;
    bool output_bias = false;
    count qk_gains = 1;  ///< 1 RMSNorm, 2 LayerNorm with bias (Persimmon, Phi)
    bool gated = false;  ///< queries carry an output gate of their own size
    bool gated_heads = false;  ///< an output gate of one value per head
    bool inner_norm = false;  ///< a norm in front of the output projection (BitNet)
    bool masks = false;       ///< a learned mask from the values, one per KV head (dynamic mask attention, arXiv:2508.02124)
    count q_latent = 0;       ///< width that queries are projected through, with a norm in it; 0: directly
    bool sinks = false;  ///< one learned logit per head (gpt-oss)
    count vectors = 0;           ///< learned vectors of head_dim beside the projections (differential attention has 4)
    bool borrowed = false;       ///< keys and values are those of an earlier layer: neither projected nor kept (Gemma 3n, Gemma 4)
    count input = 0;             ///< width of what is projected to queries, keys and values; 0: hidden (a shared block of Zamba reads twice that)
    bool values_are_keys = false;  ///< one projection serves both (Gemma 4)

    static constexpr std::string_view type = "gqa";

    [[nodiscard]] constexpr count value_dim() const { return v_head_dim != 0 ? v_head_dim : head_dim; }

    /// Tells the sink why these degrees are impossible.
    template <class Sink>
    COSTEXPR_INLINE constexpr void legal(layout const& l, Sink& p) const {
        if (!l.deals(heads))
            p.add({.code = errc::illegal_layout, .key = "tp", .expected = heads, .found = l.tp, .hint = "a divisor of the # attention heads"});
        else if (kv_heads % l.tp != 0 && l.tp % kv_heads != 0)
            p.add({.code = errc::illegal_layout, .key = "tp", .expected = kv_heads, .found = l.tp, .hint = "a divisor or a multiple of the # KV heads"});
    }
    /// The dimensions of one tensor-parallel shard; KV heads are replicated where there are more ranks than heads.
    [[nodiscard]] COSTEXPR_INLINE constexpr attention_shape shape(deployment const& x) const {
        return {.heads = ceil_div(heads, x.layout.tp),
                .kv_heads = ceil_div(kv_heads, x.layout.tp),
                .head_dim = head_dim,
                .v_head_dim = value_dim(),
                .arithmetic = x.precision.attention,
                .cached = x.precision.kv_cache,
                .sinks = sinks,
                .borrowed = borrowed,
                .ranks = x.layout.cp};
    }
    /// The projections around any kernel over these heads, and what context-parallel ranks exchange for it: all keys or those of a window, and
    /// the best that each offers where they are chosen.
    template <op Attention>
    COSTEXPR_INLINE constexpr auto ops_around(Attention const& kernel, deployment const& x, count window = 0, count offered = 0) const {
        count const tp = x.layout.tp;
        count const q = ceil_div(heads, tp);
        count const kv = ceil_div(kv_heads, tp);
        count const keys = borrowed ? 0 : kv * head_dim;
        count const values = borrowed ? 0 : kv * value_dim();
        count const gains = qk_norm == qk_norm::none ? 0 : qk_gains * (qk_norm == qk_norm::per_head ? (borrowed ? 1 : 2) * head_dim : q * head_dim + keys);
        count const queries = q_latent != 0 ? q_latent : (gated ? 2 : 1) * q * head_dim;
        dtype const w = x.precision.weights;
        return costexpr::ops(
            gemm{.outer = queries + (gated_heads ? q : 0) + keys + (values_are_keys ? 0 : values), .inner = input != 0 ? input : hidden, .weights = w,
                 .part = role::qkv, .bias = qkv_bias && !gated_heads},
            gemm{.outer = q_latent != 0 ? q * head_dim : masks ? kv : 0, .inner = q_latent != 0 ? q_latent : values, .weights = w, .part = role::mla_query_up},
            elementwise{.bytes_per_token = pass::rotated(q * head_dim + keys, values) + (inner_norm ? pass::plain_norm(q * value_dim()) : 0.0),
                        .weights = gains + vectors * head_dim + q_latent + (inner_norm ? q * value_dim() : 0) + (masks ? kv : 0) +
                                   (qkv_bias && gated_heads ? queries + keys + values : 0),  // the gate has none
                        .part = role::qk_norm_rope_cache,
                        .state_bytes_per_token = static_cast<double>(keys + values) * weight_width(x.precision.kv_cache)},
            shape(x).exchange(x.layout, window, offered),
            kernel,
            gemm{.outer = hidden, .inner = q * value_dim(), .weights = w, .part = role::attention_output, .bias = output_bias},
            attention_sum(x, hidden));
    }
    COSTEXPR_INLINE constexpr auto ops(deployment const& x) const { return ops_around(attention{shape(x)}, x); }
};

/// Grouped-query attention over a sliding window (arXiv:2310.06825), or over blocks of that size where `chunked` (Llama 4).
///   parameters  as gqa;  cache  as gqa, for the last `window` tokens alone
/// 64 heads and 8 KV heads of 64 over a window of 128 (gpt-oss) keep 131,072 elements from the 128th token on.
struct sliding_gqa {
    gqa heads{};
    count window = 0;
    bool chunked = false;

    static constexpr std::string_view type = "sliding_gqa";
    template <class Sink>
    COSTEXPR_INLINE constexpr void legal(layout const& l, Sink& p) const { heads.legal(l, p); }
    COSTEXPR_INLINE constexpr auto ops(deployment const& x) const {
        return heads.ops_around(windowed_attention{heads.shape(x), window, chunked}, x, window);
    }
};

/// Grouped-query attention over the `top_k` keys that an indexer chose (MiniMax-M3: blocks of keys, per KV head). The cache keeps them all.
///   parameters, cache  as gqa;  pairs  sum over new positions of min(position, top_k)
/// 64 heads and 4 KV heads of 128 over 2,048 keys keep 1,024 elements a token; a token decoded at 8,191 past ones costs 67,108,864 FLOPs.
struct sparse_gqa {
    gqa heads{};
    count top_k = 0;

    static constexpr std::string_view type = "sparse_gqa";
    template <class Sink>
    COSTEXPR_INLINE constexpr void legal(layout const& l, Sink& p) const { heads.legal(l, p); }
    COSTEXPR_INLINE constexpr auto ops(deployment const& x) const {
        return heads.ops_around(windowed_attention{.shape = heads.shape(x), .window = top_k, .chosen = true}, x, 0, top_k);
    }
};

}  // namespace costexpr
