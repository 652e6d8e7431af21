// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/op/graph.hpp>
#include <costexpr/op/norm.hpp>

namespace costexpr {

/// Layer normalisation with its residual addition, fused into one pass as every serving framework does.
///   parameters  gains hidden: 1 for RMSNorm (arXiv:1910.07467), 2 for LayerNorm with bias, 0 for one without weights (OLMo)
/// norm{.hidden = 4096} has 4,096 parameters and moves 32,768 bytes a token; without an addition to the residual stream (behind a block, or where
/// hyper-connections add) 16,384. Where the residual stream is scattered, a rank does this for its share of the tokens.
struct norm {
    count hidden = 0;
    count gains = 1;
    bool adds = true;  ///< the output of the block before it to the residual stream

    static constexpr std::string_view type = "norm";
    COSTEXPR_INLINE constexpr auto ops(deployment const& x) const {
        double const bytes = adds ? pass::norm(hidden) : pass::plain_norm(hidden);
        bool const shared = x.residual == residual::scattered;  // by tensor-parallel ranks, each on its tokens
        return costexpr::ops(elementwise{.bytes_per_token = shared ? bytes / static_cast<double>(x.layout.tp) : bytes, .weights = gains * hidden, .part = role::norm});
    }
};

}  // namespace costexpr
