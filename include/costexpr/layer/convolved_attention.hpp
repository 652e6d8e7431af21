// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/core/result.hpp>
#include <costexpr/layer/gqa.hpp>
#include <costexpr/op/recurrent.hpp>

namespace costexpr {

/// Grouped-query attention with short convolutions (Inkling): over keys and values behind their projections, and over what attention and
/// feed-forward network give to the residual. Positions are learned biases: `relative_dim` values per head, times a table of `extent` distances.
///   parameters  as gqa + hidden heads relative_dim + relative_dim extent + (2 kv_heads d + 2 hidden) kernel
///               (+ heads (d + relative_dim) of clipped norms, + hidden heads of sinks, + 2 hidden kv_heads kernel of input-dependent kernels)
///   cache       as gqa;  state  (2 kv_heads d + 2 hidden)(kernel - 1) columns
/// Heads of {.hidden = 6144, .heads = 64, .kv_heads = 8, .head_dim = 128, .qk_norm = per_head}, kernel 4, 16 values per head and 1,024 distances
/// (Inkling) have 119,611,648 parameters and keep 43,008 elements of columns.
struct convolved_attention {
    gqa heads{};
    count kernel = 0;
    count relative_dim = 0;
    count extent = 0;
    bool clipped = false;          ///< queries and positions are scaled per head and clipped (Inkling 2)
    bool projected_sinks = false;  ///< the logit of a head's sink is a function of the token (Inkling 2)
    bool dynamic_kernels = false;  ///< the kernels over keys and values depend on the token

    static constexpr std::string_view type = "convolved_attention";
    template <class Sink>
    COSTEXPR_INLINE constexpr void legal(layout const& l, Sink& p) const {
        heads.legal(l, p);
    }
    template <op Attention>
    COSTEXPR_INLINE constexpr auto ops_around(Attention const& attend, deployment const& x) const {
        count const tp = x.layout.tp;
        count const q = ceil_div(heads.heads, tp);
        count const kv = ceil_div(heads.kv_heads, tp);
        count const keys = kv * heads.head_dim;
        count const values = kv * heads.value_dim();
        count const queries = q * heads.head_dim;
        count const gains = heads.qk_norm == qk_norm::none ? 0 : heads.qk_norm == qk_norm::per_head ? 2 * heads.head_dim : queries + keys;
        dtype const w = x.precision.weights;
        return costexpr::ops(
            gemm{.outer = (heads.gated ? 2 : 1) * queries + keys + values + q * relative_dim + (projected_sinks ? q : 0), .inner = heads.hidden, .weights = w,
                 .part = role::qkv, .bias = heads.qkv_bias},
            gemm{.outer = dynamic_kernels ? 2 * kv * kernel : 0, .inner = heads.hidden, .weights = w, .part = role::mixer_parameters},
            convolution{.channels = keys + values, .kernel = kernel},
            elementwise{.bytes_per_token = 4.0 * static_cast<double>(queries + keys) + 2.0 * static_cast<double>(values),
                        .weights = gains + relative_dim * extent + (clipped ? q * (heads.head_dim + relative_dim) : 0),
                        .part = role::qk_norm_rope_cache,
                        .state_bytes_per_token = static_cast<double>(keys + values) * weight_width(x.precision.kv_cache)},
            attend,
            gemm{.outer = heads.hidden, .inner = q * heads.value_dim(), .weights = w, .part = role::attention_output, .bias = heads.output_bias},
            attention_sum(x, heads.hidden),
            convolution{.channels = 2 * heads.hidden, .kernel = kernel});
    }
    COSTEXPR_INLINE constexpr auto ops(deployment const& x) const { return ops_around(attention{heads.shape(x)}, x); }
};

/// The same over a sliding window.
struct sliding_convolved_attention {
    convolved_attention layer{};
    count window = 0;

    static constexpr std::string_view type = "sliding_convolved_attention";
    template <class Sink>
    COSTEXPR_INLINE constexpr void legal(layout const& l, Sink& p) const {
        layer.legal(l, p);
    }
    COSTEXPR_INLINE constexpr auto ops(deployment const& x) const { return layer.ops_around(windowed_attention{layer.heads.shape(x), window}, x); }
};

}  // namespace costexpr
