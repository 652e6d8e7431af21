// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/op/graph.hpp>
#include <costexpr/op/norm.hpp>

namespace costexpr {

/// Layer normalisation with its residual addition, fused into one pass as every serving framework does.
///   parameters  gains hidden: 1 for RMSNorm (arXiv:1910.07467), 2 for LayerNorm with bias, 0 for one without weights (OLMo)
/// norm{.hidden = 4096} has 4,096 parameters and moves 32,768 bytes a token.
struct norm {
    count hidden = 0;
    count gains = 1;

    static constexpr std::string_view type = "norm";
    COSTEXPR_INLINE constexpr auto ops(deployment const&) const {
        return costexpr::ops(elementwise{.bytes_per_token = pass::norm(hidden), .weights = gains * hidden, .part = role::norm});
    }
};

}  // namespace costexpr
