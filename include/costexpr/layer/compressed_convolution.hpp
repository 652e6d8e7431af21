// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/core/result.hpp>
#include <costexpr/op/attention.hpp>
#include <costexpr/op/collective.hpp>
#include <costexpr/op/gemm.hpp>
#include <costexpr/op/graph.hpp>
#include <costexpr/op/norm.hpp>
#include <costexpr/op/recurrent.hpp>

namespace costexpr {

/// Compressed convolutional attention (arXiv:2510.04476, ZAYA1): queries and keys of few heads pass a convolution by channel and one by head
/// over the last tokens; half of every value is that of the token before.
///   parameters  c = (heads + kv_heads) d: hidden (c + kv_heads d) + c kernel + c + c d head_kernel + c + kv_heads + heads d hidden
///   cache       2 kv_heads d elements per token;  state  c (kernel + head_kernel - 2) + kv_heads d / 2
/// convolved_gqa{.hidden = 2048, .heads = 8, .kv_heads = 2, .head_dim = 128, .kernel = 2, .head_kernel = 2} (ZAYA1-8B) has 5,575,682 parameters.
struct convolved_gqa {
    count hidden = 0;
    count heads = 0;
    count kv_heads = 0;
    count head_dim = 0;
    count kernel = 0;
    count head_kernel = 0;
    bool bias = false;

    static constexpr std::string_view type = "convolved_gqa";
    template <class Sink>
    COSTEXPR_INLINE constexpr void legal(layout const& l, Sink& p) const {
        if (!l.deals(heads) || kv_heads % l.tp != 0)
            p.add({.code = errc::illegal_layout, .key = "tp", .expected = kv_heads, .found = l.tp, .hint = "a divisor of the # KV heads"});
    }
    COSTEXPR_INLINE constexpr auto ops(deployment const& x) const {
        count const tp = x.layout.tp;
        count const q = ceil_div(heads, tp);
        count const kv = ceil_div(kv_heads, tp);
        count const channels = (q + kv) * head_dim;
        count const values = kv * head_dim;
        dtype const w = x.precision.weights;
        attention_shape const shape{.heads = q, .kv_heads = kv, .head_dim = head_dim, .v_head_dim = head_dim, .arithmetic = x.precision.attention,
                                    .cached = x.precision.kv_cache};
        return costexpr::ops(
            gemm{.outer = channels + values, .inner = hidden, .weights = w, .part = role::qkv, .bias = bias},
            convolution{.channels = channels, .kernel = kernel, .bias = true},
            // by head: what a channel takes from itself is a convolution by channel, what it takes from the others of its head a matrix
            convolution{.channels = channels, .kernel = head_kernel, .bias = true},
            gemm{.outer = channels, .inner = (head_dim - 1) * head_kernel, .weights = w, .part = role::convolution},
            recurrence{.elements = values / 2, .weights = kv, .bytes_per_token = 2.0 * static_cast<double>(values), .kept = dtype::bf16},
            elementwise{.bytes_per_token = 4.0 * static_cast<double>(channels) + 2.0 * static_cast<double>(values),
                        .part = role::qk_norm_rope_cache,
                        .state_bytes_per_token = 2.0 * static_cast<double>(values) * weight_width(x.precision.kv_cache)},
            attention{shape},
            gemm{.outer = hidden, .inner = q * head_dim, .weights = w, .part = role::attention_output, .bias = bias},
            attention_sum(x, hidden));
    }
};

}  // namespace costexpr
