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
///   parameters  hidden (heads d (2 if gated) + kv_heads (d + dv)) + heads dv hidden (+ biases, query and key norms, one sink per head)
///   cache       kv_heads (d + dv) elements per token
/// gqa{.hidden = 4096, .heads = 32, .kv_heads = 8, .head_dim = 128} (Llama-3.1-8B) has 41,943,040 parameters.
struct gqa {
    count hidden = 0;
    count heads = 0;
    count kv_heads = 0;
    count head_dim = 0;
    count v_head_dim = 0;  ///< 0: head_dim
    costexpr::qk_norm qk_norm = qk_norm::none;
    bool qkv_bias = false;
    bool output_bias = false;
    bool gated = false;  ///< queries carry an output gate of their own size
    bool sinks = false;  ///< one learned logit per head (gpt-oss)
    count vectors = 0;           ///< learned vectors of head_dim beside the projections (differential attention has 4)
    bool borrowed = false;       ///< keys and values are those of an earlier layer: neither projected nor kept (Gemma 3n, Gemma 4)
    bool values_are_keys = false;  ///< one projection serves both (Gemma 4)

    static constexpr std::string_view type = "gqa";

    [[nodiscard]] constexpr count value_dim() const { return v_head_dim != 0 ? v_head_dim : head_dim; }

    /// Tells the sink why these degrees are impossible.
    template <class Sink>
    COSTEXPR_INLINE constexpr void legal(layout const& l, Sink& p) const {
        if (heads % l.tp != 0)
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
                .borrowed = borrowed};
    }
    /// The projections around any kernel over these heads.
    template <op Attention>
    COSTEXPR_INLINE constexpr auto ops_around(Attention const& kernel, deployment const& x) const {
        count const tp = x.layout.tp;
        count const q = ceil_div(heads, tp);
        count const kv = ceil_div(kv_heads, tp);
        count const keys = borrowed ? 0 : kv * head_dim;
        count const values = borrowed ? 0 : kv * value_dim();
        count const gains = qk_norm == qk_norm::none ? 0 : qk_norm == qk_norm::per_head ? (borrowed ? 1 : 2) * head_dim : q * head_dim + keys;
        dtype const w = x.precision.weights;
        return costexpr::ops(
            gemm{.outer = (gated ? 2 : 1) * q * head_dim + keys + (values_are_keys ? 0 : values), .inner = hidden, .weights = w, .part = role::qkv, .bias = qkv_bias},
            elementwise{.bytes_per_token = pass::rotated(q * head_dim + keys, values),
                        .weights = gains + vectors * head_dim,
                        .part = role::qk_norm_rope_cache,
                        .state_bytes_per_token = static_cast<double>(keys + values) * weight_width(x.precision.kv_cache)},
            kernel,
            gemm{.outer = hidden, .inner = q * value_dim(), .weights = w, .part = role::attention_output, .bias = output_bias},
            collective{.part = role::attention_all_reduce, .width = static_cast<double>(hidden), .devices = tp});
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
        return heads.ops_around(windowed_attention{heads.shape(x), window, chunked}, x);
    }
};

}  // namespace costexpr
