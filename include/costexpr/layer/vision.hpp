// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/op/encoder_attention.hpp>
#include <costexpr/op/gemm.hpp>
#include <costexpr/op/graph.hpp>
#include <costexpr/op/norm.hpp>

namespace costexpr {

/// A linear layer of a tower: a patch embedding (a convolution whose stride is its size), a convolution as the product that it is, a merger,
/// a projector.
///   parameters  outer inner (+ outer with a bias)
/// projection{.inner = 588, .outer = 1152}: patches of 14 x 14 pixels into 1,152 values, 678,528 parameters.
struct projection {
    count inner = 0;
    count outer = 0;
    bool bias = true;
    encoder_rows rows{};

    static constexpr std::string_view type = "projection";
    COSTEXPR_INLINE constexpr auto ops(deployment const& x) const {
        return costexpr::ops(encoder_gemm{{.outer = outer, .inner = inner, .weights = x.precision.activations, .part = role::projection, .bias = bias}, rows});
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

/// A block of a vision transformer (arXiv:2010.11929), of an audio encoder (Whisper, arXiv:2212.04356) or of a resampler with learned queries
/// (Perceiver, arXiv:2103.03206): attention, and a feed-forward network, each behind a norm.
///   parameters  norms norm_gains hidden + vectors + q (hidden + 1) + 2 kv (source + 1) + (q + 1) hidden + (inner + 1) hidden + (hidden + 1) inner
///               with q = heads head_dim, kv = kv_heads head_dim; a gated network has hidden inner more; each "+ 1" is a bias
/// encoder_block{.hidden = 1152, .heads = 16, .inner = 4304} of SigLIP has 15,239,504 parameters.
struct encoder_block {
    count hidden = 0;
    count heads = 0;
    count inner = 0;           ///< 0 attention alone
    count kv_heads = 0;        ///< 0 as many as heads
    count head_dim = 0;        ///< 0 hidden / heads
    count source = 0;          ///< width of what keys and values are made of; 0 hidden
    count norms = 2;
    count norm_gains = 2;      ///< 2 LayerNorm with bias, 1 RMSNorm
    count vectors = 0;         ///< further learned values: scales of the residual, norms of queries and keys, gates, tables of relative positions
    bool qkv_bias = true;
    bool output_bias = true;
    bool gated = false;
    bool mlp_bias = true;
    encoder_rows rows{};       ///< of the queries
    count window = 0;          ///< tokens that see each other; 0 all
    bool sees_queries = false; ///< learned queries are keys too

    static constexpr std::string_view type = "encoder_block";
    [[nodiscard]] constexpr count dim() const { return head_dim != 0 ? head_dim : heads != 0 ? hidden / heads : 0; }
    COSTEXPR_INLINE constexpr auto ops(deployment const& x) const {
        dtype const w = x.precision.activations;
        count const up = gated ? 2 : 1;
        count const keys = kv_heads != 0 ? kv_heads : heads;
        count const from = source != 0 ? source : hidden;
        encoder_rows const seen = rows.fixed != 0 ? encoder_rows{} : rows;
        // what a norm and an activation move per token of the tower; a handful of learned queries is left out
        double const share = rows.fixed != 0 ? 0.0 : static_cast<double>(rows.fan) / static_cast<double>(rows.per);
        return costexpr::ops(elementwise{.bytes_per_token = 8 * share * static_cast<double>(norms) * static_cast<double>(hidden), .weights = norms * norm_gains * hidden + vectors, .part = role::norm},
                             encoder_gemm{{.outer = heads * dim(), .inner = hidden, .weights = w, .part = role::qkv, .bias = qkv_bias}, rows},
                             encoder_gemm{{.outer = 2 * keys * dim(), .inner = from, .weights = w, .part = role::qkv, .bias = qkv_bias}, seen},
                             encoder_attention{heads, dim(), rows, window, sees_queries},
                             encoder_gemm{{.outer = hidden, .inner = heads * dim(), .weights = w, .part = role::attention_output, .bias = output_bias}, rows},
                             encoder_gemm{{.outer = up * inner, .inner = hidden, .weights = w, .part = role::gate_up, .bias = mlp_bias}, rows},
                             elementwise{.bytes_per_token = share * static_cast<double>(inner) * (2.0 * static_cast<double>(up) + 2.0), .part = role::activation},
                             encoder_gemm{{.outer = hidden, .inner = inner, .weights = w, .part = role::down, .bias = mlp_bias}, rows});
    }
};

}  // namespace costexpr
