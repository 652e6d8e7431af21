// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/op/collective.hpp>
#include <costexpr/op/gemm.hpp>
#include <costexpr/op/graph.hpp>
#include <costexpr/op/norm.hpp>
#include <costexpr/op/recurrent.hpp>

namespace costexpr {

/// A gated short convolution (LFM2): B, C and x from one projection, x B convolved over a few tokens, times C, projected back.
///   parameters  3 hidden^2 + hidden kernel + hidden^2 (+ biases);  state  hidden (kernel - 1) columns
struct short_convolution {
    count hidden = 0;
    count kernel = 0;
    bool bias = false;

    static constexpr std::string_view type = "short_convolution";
    COSTEXPR_INLINE constexpr auto ops(deployment const& x) const {
        count const width = ceil_div(hidden, x.layout.tp);
        dtype const w = x.precision.weights;
        return costexpr::ops(gemm{.outer = 3 * width, .inner = hidden, .weights = w, .part = role::mixer_in, .bias = bias},
                             convolution{.channels = width, .kernel = kernel, .bias = bias},
                             elementwise{.bytes_per_token = 10.0 * static_cast<double>(width), .part = role::mixer_gate},
                             gemm{.outer = hidden, .inner = width, .weights = w, .part = role::mixer_out, .bias = bias},
                             tensor_sum(x, role::attention_all_reduce, hidden));
    }
};

}  // namespace costexpr
