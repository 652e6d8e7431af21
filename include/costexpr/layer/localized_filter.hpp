// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/op/gemm.hpp>
#include <costexpr/op/graph.hpp>
#include <costexpr/op/norm.hpp>
#include <costexpr/op/recurrent.hpp>

namespace costexpr {

/// Localized filtering in front of attention (Yuan 2.0, arXiv:2311.15786): two convolutions over two tokens each, to half the width and back,
/// with a norm behind the residual addition; queries and keys are projected from what they give.
///   parameters  hidden^2 + hidden / 2 + hidden^2 + hidden + hidden (norm);  state  the last 2 tokens, 2 hidden elements
/// localized_filter{.hidden = 2048} (Yuan2-2B) has 8,393,728 parameters.
struct localized_filter {
    count hidden = 0;

    static constexpr std::string_view type = "localized_filter";
    COSTEXPR_INLINE constexpr auto ops(deployment const& x) const {
        dtype const w = x.precision.activations;
        double const width = static_cast<double>(hidden);
        return costexpr::ops(recurrence{.elements = 2 * hidden, .bytes_per_token = 4 * width, .kept = dtype::bf16},
                             gemm{.outer = hidden / 2, .inner = 2 * hidden, .weights = w, .part = role::convolution, .bias = true},
                             gemm{.outer = hidden, .inner = hidden / 2 * 2, .weights = w, .part = role::convolution, .bias = true},
                             elementwise{.bytes_per_token = 8 * width, .weights = hidden, .part = role::norm});
    }
};

}  // namespace costexpr
