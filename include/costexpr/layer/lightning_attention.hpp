// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/core/result.hpp>
#include <costexpr/op/collective.hpp>
#include <costexpr/op/gemm.hpp>
#include <costexpr/op/graph.hpp>
#include <costexpr/op/norm.hpp>
#include <costexpr/op/recurrent.hpp>

namespace costexpr {

/// Lightning attention (arXiv:2401.04658; MiniMax-01, arXiv:2501.08313; Ring 2.5): linear attention with a fixed decay per head, a norm and an
/// output gate; P = heads head_dim.
///   parameters  3 hidden P + hidden P (gate) + P (norm) + P hidden (+ 2 head_dim with query and key norms)
///   state       heads head_dim^2 recurrent
///   flops       decode 5 per state element and token; prefill 4, and 2 chunk P inside chunks of 256
/// lightning_attention{.hidden = 6144, .heads = 64, .head_dim = 128} (MiniMax-Text-01) has 251,666,432 parameters and keeps 1,048,576 elements.
struct lightning_attention {
    count hidden = 0;
    count heads = 0;
    count head_dim = 0;
    bool qk_normed = false;
    dtype state_type = dtype::fp32;

    static constexpr std::string_view type = "lightning_attention";
    static constexpr count chunk = 256;
    template <class Sink>
    COSTEXPR_INLINE constexpr void legal(layout const& l, Sink& p) const {
        if (!l.deals(heads)) p.add({.code = errc::illegal_layout, .key = "tp", .expected = heads, .found = l.tp, .hint = "a divisor of the # linear-attention heads"});
    }
    COSTEXPR_INLINE constexpr auto ops(deployment const& x) const {
        count const width = ceil_div(heads, x.layout.tp) * head_dim;
        dtype const w = x.precision.weights;
        double const elements = static_cast<double>(width) * static_cast<double>(head_dim);
        return costexpr::ops(
            gemm{.outer = 4 * width, .inner = hidden, .weights = w, .part = role::mixer_in},
            recurrence{.elements = width * head_dim, .weights = qk_normed ? 2 * head_dim : 0, .decode_flops = 5 * elements,
                       .prefill_flops = 4 * elements + 2.0 * static_cast<double>(chunk * width), .bytes_per_token = 8.0 * static_cast<double>(width),
                       .kept = state_type},
            elementwise{.bytes_per_token = 6.0 * static_cast<double>(width), .weights = width, .part = role::mixer_norm},
            gemm{.outer = hidden, .inner = width, .weights = w, .part = role::mixer_out},
            attention_sum(x, hidden));
    }
};

}  // namespace costexpr
