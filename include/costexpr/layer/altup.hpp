// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/op/gemm.hpp>
#include <costexpr/op/graph.hpp>
#include <costexpr/op/norm.hpp>

namespace costexpr {

/// Alternating updates (AltUp, arXiv:2301.13310; Gemma 3n): of `inputs` streams a layer computes on one and predicts and corrects the others.
///   parameters  inputs hidden (router) + hidden (its norm) + inputs^3 (prediction) + inputs^2 (correction) + hidden (scale)
/// altup{.hidden = 2048, .inputs = 4} (Gemma 3n E4B) has 12,368 parameters.
struct altup {
    count hidden = 0;
    count inputs = 0;

    static constexpr std::string_view type = "altup";
    COSTEXPR_INLINE constexpr auto ops(deployment const&) const {
        // prediction reads and writes all streams, correction reads them and the layer's output and writes them
        double const moved = static_cast<double>((4 * inputs + 1) * hidden);
        return costexpr::ops(gemm{.outer = inputs, .inner = hidden, .weights = dtype::bf16, .part = role::hyper_connection},
                             gemm{.outer = inputs * inputs + inputs, .inner = inputs, .weights = dtype::bf16, .part = role::hyper_connection},
                             elementwise{.bytes_per_token = 2 * moved, .weights = 2 * hidden, .part = role::hyper_connection});
    }
};

}  // namespace costexpr
