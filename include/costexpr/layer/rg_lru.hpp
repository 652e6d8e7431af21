// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/core/result.hpp>
#include <costexpr/op/collective.hpp>
#include <costexpr/op/gemm.hpp>
#include <costexpr/op/graph.hpp>
#include <costexpr/op/norm.hpp>
#include <costexpr/op/recurrent.hpp>

namespace costexpr {

/// A gated linear recurrence of width D with a short convolution (RG-LRU of Griffin, arXiv:2402.19427; RecurrentGemma): its two gates are
/// block-diagonal, one block per head.
///   parameters  2 (hidden D + D) + D kernel + D + 2 (D^2 / heads + D) + D (decay) + D hidden + hidden
///   state       D (kernel - 1) columns, D recurrent
/// rg_lru{.hidden = 2560, .width = 2560, .heads = 10, .kernel = 4} (RecurrentGemma-2B) has 20,999,680 parameters and keeps 2,560 elements.
struct rg_lru {
    count hidden = 0;
    count width = 0;
    count heads = 0;
    count kernel = 0;

    static constexpr std::string_view type = "rg_lru";
    template <class Sink>
    COSTEXPR_INLINE constexpr void legal(layout const& l, Sink& p) const {
        if (!l.deals(heads)) p.add({.code = errc::illegal_layout, .key = "tp", .expected = heads, .found = l.tp, .hint = "a divisor of the # blocks of the gates"});
    }
    COSTEXPR_INLINE constexpr auto ops(deployment const& x) const {
        count const d = ceil_div(width, x.layout.tp);
        count const block = heads != 0 ? width / heads : 0;
        dtype const w = x.precision.weights;
        double const elements = static_cast<double>(d);
        return costexpr::ops(
            gemm{.outer = 2 * d, .inner = hidden, .weights = w, .part = role::mixer_in, .bias = true},
            convolution{.channels = d, .kernel = kernel, .bias = true},
            gemm{.outer = 2 * block, .inner = d, .weights = w, .part = role::mixer_parameters},
            recurrence{.elements = d, .weights = 3 * d, .decode_flops = 8 * elements, .prefill_flops = 8 * elements, .bytes_per_token = 10 * elements},
            elementwise{.bytes_per_token = 6 * elements, .part = role::mixer_gate},
            gemm{.outer = hidden, .inner = d, .weights = w, .part = role::mixer_out, .bias = true},
            attention_sum(x, hidden));
    }
};

}  // namespace costexpr
