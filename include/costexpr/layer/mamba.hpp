// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/core/result.hpp>
#include <costexpr/op/collective.hpp>
#include <costexpr/op/gemm.hpp>
#include <costexpr/op/graph.hpp>
#include <costexpr/op/norm.hpp>
#include <costexpr/op/recurrent.hpp>

namespace costexpr {

/// A selective state space (Mamba, arXiv:2312.00752) of width D = inner.
///   parameters  2 hidden D + D kernel (+ D) + D (rank + 2 state) + rank D + D + D state + D + D hidden (+ rank + 2 state with inner norms)
///   state       D (kernel - 1) columns of the convolution, D state recurrent
struct mamba {
    count hidden = 0;
    count inner = 0;
    count state = 0;
    count rank = 0;  ///< of the projection to the time step
    count kernel = 0;
    bool conv_bias = true;
    bool bias = false;
    bool inner_norms = false;  ///< on time step, B and C (Jamba)
    dtype state_type = dtype::fp32;

    static constexpr std::string_view type = "mamba";
    COSTEXPR_INLINE constexpr auto ops(deployment const& x) const {
        count const d = ceil_div(inner, x.layout.tp);
        count const selected = rank + 2 * state;
        dtype const w = x.precision.weights;
        double const scan = static_cast<double>(d) * static_cast<double>(state);
        return costexpr::ops(
            gemm{.outer = 2 * d, .inner = hidden, .weights = w, .part = role::mixer_in, .bias = bias},
            convolution{.channels = d, .kernel = kernel, .bias = conv_bias},
            gemm{.outer = selected, .inner = d, .weights = w, .part = role::mixer_parameters},
            gemm{.outer = d, .inner = rank, .weights = w, .part = role::mixer_parameters, .bias = true},
            elementwise{.bytes_per_token = inner_norms ? pass::plain_norm(selected) : 0.0, .weights = inner_norms ? selected : 0, .part = role::mixer_norm},
            recurrence{.elements = d * state, .weights = d * state + d, .decode_flops = 7 * scan, .prefill_flops = 7 * scan,
                       .bytes_per_token = 2.0 * static_cast<double>(4 * d + 2 * state), .kept = state_type},
            gemm{.outer = hidden, .inner = d, .weights = w, .part = role::mixer_out, .bias = bias},
            tensor_sum(x, role::attention_all_reduce, hidden));
    }
};

/// A state space with scalar decay per head (Mamba-2, arXiv:2405.21060) of width D = heads head_dim.
///   parameters  hidden (D + C + heads) + C kernel (+ C) + 3 heads + D + D hidden with C = D + 2 groups state convolved channels
///   state       C (kernel - 1) columns, heads head_dim state recurrent
///   flops       decode 6 per state element and token; prefill 4, and 2 chunk (groups state + D) / 2 inside the chunks
///   bytes       prefill 12 per state element and chunk: chunk states written and read in fp32, passed on and read again in bf16
///               (mamba_chunk_scan_combined of mamba_ssm, which vLLM, SGLang and TensorRT-LLM run)
struct mamba2 {
    count hidden = 0;
    count heads = 0;
    count head_dim = 0;
    count groups = 0;
    count state = 0;
    count kernel = 0;
    count chunk = 256;
    bool conv_bias = true;
    bool bias = false;
    bool gated_norm = true;
    dtype state_type = dtype::fp32;

    static constexpr std::string_view type = "mamba2";
    template <class Sink>
    COSTEXPR_INLINE constexpr void legal(layout const& l, Sink& p) const {
        if (!l.deals(heads)) p.add({.code = errc::illegal_layout, .key = "tp", .expected = heads, .found = l.tp, .hint = "a divisor of the state-space heads"});
    }
    COSTEXPR_INLINE constexpr auto ops(deployment const& x) const {
        count const h = ceil_div(heads, x.layout.tp);
        count const g = ceil_div(groups, x.layout.tp);
        count const d = h * head_dim;
        count const convolved = d + 2 * g * state;
        dtype const w = x.precision.weights;
        double const elements = static_cast<double>(d) * static_cast<double>(state);
        double const in_chunk = static_cast<double>(chunk) * static_cast<double>(g * state + d);
        return costexpr::ops(
            gemm{.outer = d + convolved + h, .inner = hidden, .weights = w, .part = role::mixer_in, .bias = bias},
            convolution{.channels = convolved, .kernel = kernel, .bias = conv_bias},
            recurrence{.elements = d * state, .weights = 3 * h, .decode_flops = 6 * elements, .prefill_flops = 4 * elements + in_chunk,
                       .bytes_per_token = 2.0 * static_cast<double>(2 * d + 2 * g * state + h),
                       .chunk_bytes_per_token = chunk > 0 ? 12.0 * elements / static_cast<double>(chunk) : 0.0, .kept = state_type, .rule = recurrence::update::state_space},
            elementwise{.bytes_per_token = pass::gated(d), .weights = gated_norm ? d : 0, .part = role::mixer_norm},
            gemm{.outer = hidden, .inner = d, .weights = w, .part = role::mixer_out, .bias = bias},
            tensor_sum(x, role::attention_all_reduce, hidden));
    }
};

}  // namespace costexpr
