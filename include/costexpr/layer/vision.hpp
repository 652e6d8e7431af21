// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/op/encoder_attention.hpp>
#include <costexpr/op/gemm.hpp>
#include <costexpr/op/graph.hpp>
#include <costexpr/op/norm.hpp>

namespace costexpr {

/// A linear layer of a tower: a patch embedding (a convolution whose stride is its size), a merger, a projector.
///   parameters  outer inner (+ outer with a bias);  flops  2 outer inner per `joined` patches
/// projection{.inner = 4608, .outer = 4096, .joined = 4} (the merger of Qwen3-VL-8B) has 18,878,464 parameters; an image of 1,024 patches costs
/// 9,663,676,416 FLOPs.
struct projection {
    count inner = 0;
    count outer = 0;
    bool bias = true;
    count joined = 1;  ///< patches that one row takes
    bool activated = false;  ///< an activation function follows

    static constexpr std::string_view type = "projection";
    COSTEXPR_INLINE constexpr auto ops(deployment const& x) const {
        return costexpr::ops(merged_gemm{{.outer = outer, .inner = inner, .weights = x.precision.activations, .part = role::projection, .bias = bias}, joined},
                             elementwise{.bytes_per_token = activated && joined != 0 ? pass::activation(outer, 1, x.precision.activations) / static_cast<double>(joined) : 0.0,
                                         .part = role::activation});
    }
};

/// Learned vectors of a tower that are added or multiplied: positions, norms, gains.
///   parameters  elements
struct learned_vector {
    count elements = 0;

    static constexpr std::string_view type = "learned_vector";
    COSTEXPR_INLINE constexpr auto ops(deployment const&) const {
        return costexpr::ops(elementwise{.weights = elements, .part = role::projection});
    }
};

/// A block of a vision transformer (arXiv:2010.11929): attention over all patches, and a feed-forward network, each behind a norm.
///   parameters  2 gains hidden + 4 hidden^2 (+ 4 hidden) + 2 hidden inner (+ inner + hidden), 3 hidden inner when gated
/// encoder_block{.hidden = 1152, .heads = 16, .inner = 4304} (Qwen3-VL-8B) has 15,239,504 parameters; an image of 1,024 patches costs
/// 36,012,294,144 FLOPs.
struct encoder_block {
    count hidden = 0;
    count heads = 0;
    count inner = 0;
    count norm_gains = 2;      ///< 2 LayerNorm with bias, 1 RMSNorm
    bool attention_bias = true;
    bool gated = false;
    bool mlp_bias = true;
    bool rotary = false;       ///< queries and keys are rotated, a pass of its own

    static constexpr std::string_view type = "encoder_block";
    COSTEXPR_INLINE constexpr auto ops(deployment const& x) const {
        dtype const w = x.precision.activations;
        count const up = gated ? 2 : 1;
        return costexpr::ops(elementwise{.bytes_per_token = 2 * pass::norm(hidden), .weights = 2 * norm_gains * hidden, .part = role::norm},
                             gemm{.outer = 3 * hidden, .inner = hidden, .weights = w, .part = role::qkv, .bias = attention_bias},
                             elementwise{.bytes_per_token = rotary ? pass::rotated(2 * hidden, 0) : 0.0, .part = role::qk_norm_rope_cache},
                             encoder_attention{heads, heads != 0 ? hidden / heads : 0},
                             gemm{.outer = hidden, .inner = hidden, .weights = w, .part = role::attention_output, .bias = attention_bias},
                             gemm{.outer = up * inner, .inner = hidden, .weights = w, .part = role::gate_up, .bias = mlp_bias},
                             elementwise{.bytes_per_token = pass::activation(inner, up, w), .part = role::activation},
                             gemm{.outer = hidden, .inner = inner, .weights = w, .part = role::down, .bias = mlp_bias});
    }
};

}  // namespace costexpr
