// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/core/result.hpp>
#include <costexpr/op/collective.hpp>
#include <costexpr/op/gemm.hpp>
#include <costexpr/op/graph.hpp>
#include <costexpr/op/norm.hpp>
#include <costexpr/op/recurrent.hpp>

namespace costexpr {

/// A long short-term memory with a matrix for a cell (mLSTM of xLSTM-7B, arXiv:2405.04517, arXiv:2503.13427): Q and V are the widths of all
/// queries and values together.
///   parameters  hidden (2 Q + 2 V) + 2 heads (hidden + 1) + V (norm) + V hidden (+ biases 2 Q + 3 V + hidden)
///   state       Q V / heads (memory) + Q (normaliser) + heads (maximum) recurrent
///   flops       decode 5 per state element and token; prefill 4, and chunk (Q + V) inside the chunks
/// mlstm{.hidden = 4096, .heads = 8, .query_width = 2048, .value_width = 4096} (xLSTM-7B) has 67,178,512 parameters and keeps 1,050,632 elements.
struct mlstm {
    count hidden = 0;
    count heads = 0;
    count query_width = 0;
    count value_width = 0;
    count chunk = 64;
    bool bias = false;
    dtype state_type = dtype::fp32;

    static constexpr std::string_view type = "mlstm";
    template <class Sink>
    COSTEXPR_INLINE constexpr void legal(layout const& l, Sink& p) const {
        if (!l.deals(heads)) p.add({.code = errc::illegal_layout, .key = "tp", .expected = heads, .found = l.tp, .hint = "a divisor of the # heads of the memory"});
    }
    COSTEXPR_INLINE constexpr auto ops(deployment const& x) const {
        count const n = ceil_div(heads, x.layout.tp);
        count const q = ceil_div(query_width, x.layout.tp);
        count const v = ceil_div(value_width, x.layout.tp);
        count const memory = heads != 0 ? q * (value_width / heads) : 0;
        dtype const w = x.precision.weights;
        double const elements = static_cast<double>(memory);
        return costexpr::ops(
            gemm{.outer = 2 * q + 2 * v, .inner = hidden, .weights = w, .part = role::mixer_in, .bias = bias},
            gemm{.outer = 2 * n, .inner = hidden, .weights = w, .part = role::mixer_parameters, .bias = true},
            recurrence{.elements = memory + q + n, .decode_flops = 5 * elements, .prefill_flops = 4 * elements + static_cast<double>(chunk * (q + v)),
                       .bytes_per_token = 2.0 * static_cast<double>(2 * q + 2 * v + 2 * n), .kept = state_type},
            elementwise{.bytes_per_token = 6.0 * static_cast<double>(v), .weights = (bias ? 2 : 1) * v, .part = role::mixer_norm},
            gemm{.outer = hidden, .inner = v, .weights = w, .part = role::mixer_out, .bias = bias},
            tensor_sum(x, role::attention_all_reduce, hidden));
    }
};

}  // namespace costexpr
