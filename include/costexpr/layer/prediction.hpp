// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/op/gemm.hpp>
#include <costexpr/op/graph.hpp>
#include <costexpr/op/norm.hpp>

namespace costexpr {

/// What a module of multi-token prediction (DeepSeek-V3, arXiv:2412.19437, section 2.2) has around its decoder layer: norms of the hidden
/// state, of the next token's embedding and of the output, and the projection of the first two together. Embedding and head are the model's.
///   parameters  2 hidden^2 + 3 gains hidden
/// prediction_module{.hidden = 7168} (DeepSeek-V3) has 102,781,952 parameters.
struct prediction_module {
    count hidden = 0;
    count norm_gains = 1;

    static constexpr std::string_view type = "prediction_module";
    COSTEXPR_INLINE constexpr auto ops(deployment const& x) const {
        return costexpr::ops(elementwise{.bytes_per_token = 12.0 * static_cast<double>(hidden), .weights = 3 * norm_gains * hidden, .part = role::norm},
                             gemm{.outer = hidden, .inner = 2 * hidden, .weights = x.precision.activations, .part = role::projection});
    }
};

}  // namespace costexpr
