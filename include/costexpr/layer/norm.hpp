// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/op/gemm.hpp>
#include <costexpr/op/graph.hpp>
#include <costexpr/op/norm.hpp>

namespace costexpr {

/// Layer normalisation with its residual addition, fused into one pass as every serving framework does.
///   parameters  gains hidden: 1 for RMSNorm (arXiv:1910.07467), 2 for LayerNorm with bias, 0 for one without weights (OLMo)
///               with a gate of low rank behind it (A.X-K2) 2 hidden gate_rank more
/// norm{.hidden = 4096} has 4,096 parameters and moves 32,768 bytes a token.
struct norm {
    count hidden = 0;
    count gains = 1;
    count gate_rank = 0;

    static constexpr std::string_view type = "norm";
    COSTEXPR_INLINE constexpr auto ops(deployment const& x) const {
        dtype const w = x.precision.activations;
        return costexpr::ops(elementwise{.bytes_per_token = 8.0 * static_cast<double>(hidden), .weights = gains * hidden, .part = role::norm},
                             gemm{.outer = gate_rank, .inner = hidden, .weights = w, .part = role::norm},
                             gemm{.outer = hidden, .inner = gate_rank, .weights = w, .part = role::norm});
    }
};

}  // namespace costexpr
