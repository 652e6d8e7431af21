// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/op/graph.hpp>
#include <costexpr/op/norm.hpp>

namespace costexpr {

/// Attention over depth instead of a residual sum (Kimi K3, arXiv:2607.24653; Inkling 2): the input of a block is a weighted mean of the
/// outputs of earlier groups of layers, weighted by a learned query. Nothing of it outlives a forward pass.
///   parameters  vectors hidden: queries, and the gains of a norm on the keys where it has some;  activations  one vector per group and token
/// attention_residual{.hidden = 7168, .vectors = 2, .sources = 5} has 14,336 parameters and moves 86,016 bytes a token.
struct attention_residual {
    count hidden = 0;
    count vectors = 1;
    count sources = 1;  ///< groups read, in the mean over the depth

    static constexpr std::string_view type = "attention_residual";
    /// Groups that a layer reads in the mean, the running one included, where each holds `block` layers.
    static constexpr count mean_sources(count layers, count block) { return block != 0 ? ceil_div(layers, block) / 2 + 1 : 1; }
    COSTEXPR_INLINE constexpr auto ops(deployment const&) const {
        return costexpr::ops(elementwise{.bytes_per_token = 2.0 * static_cast<double>((sources + 1) * hidden), .weights = vectors * hidden, .part = role::norm});
    }
};

}  // namespace costexpr
