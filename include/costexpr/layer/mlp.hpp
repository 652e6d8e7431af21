// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/op/collective.hpp>
#include <costexpr/op/gemm.hpp>
#include <costexpr/op/graph.hpp>
#include <costexpr/op/norm.hpp>

namespace costexpr {

/// A feed-forward network: gated (gate and up projection, SwiGLU and its kin, arXiv:2002.05202) or plain (one projection up).
///   parameters  3 hidden inner gated, 2 hidden inner plain (+ (up projections) inner + hidden with biases)
/// mlp{.hidden = 4096, .inner = 14336} (Llama-3.1-8B) has 176,160,768 parameters.
struct mlp {
    count hidden = 0;
    count inner = 0;
    bool gated = true;
    bool bias = false;
    bool down_bias = false;  ///< on the projection down alone
    count activation_weights = 0;  ///< learned scalars of the activation function
    bool inner_norm = false;       ///< a norm in front of the projection down (BitNet)

    static constexpr std::string_view type = "mlp";
    COSTEXPR_INLINE constexpr auto ops(deployment const& x) const {
        count const shard = ceil_div(inner, x.layout.tp);
        count const up = gated ? 2 : 1;
        dtype const w = x.precision.weights;
        // where attention handed over shares, they are gathered first
        return costexpr::ops(collective{.shape = collective::pattern::all_gather, .part = role::mlp_all_reduce,
                                        .width = x.hands_over_shares() ? static_cast<double>(hidden) : 0.0, .devices = x.layout.tp},
                             gemm{.outer = up * shard, .inner = hidden, .weights = w, .part = role::gate_up, .bias = bias},
                             elementwise{.bytes_per_token = pass::activation(shard, up, w),
                                         .weights = activation_weights + (inner_norm ? shard : 0),
                                         .part = role::activation},
                             gemm{.outer = hidden, .inner = shard, .weights = w, .part = role::down, .bias = bias || down_bias},
                             tensor_sum(x, role::mlp_all_reduce, hidden));
    }
};

}  // namespace costexpr
