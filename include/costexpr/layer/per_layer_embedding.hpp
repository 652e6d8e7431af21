// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/op/embedding.hpp>
#include <costexpr/op/gemm.hpp>
#include <costexpr/op/graph.hpp>
#include <costexpr/op/norm.hpp>

namespace costexpr {

/// The table of embeddings for each layer of Gemma 3n and 4, and the projection of the ordinary embedding that is added to it.
///   parameters  vocab layers width + hidden layers width + width
struct per_layer_table {
    count hidden = 0;
    count layers = 0;
    count width = 0;
    count vocab = 0;

    static constexpr std::string_view type = "per_layer_table";
    COSTEXPR_INLINE constexpr auto ops(deployment const& x) const {
        return costexpr::ops(gather{vocab, layers * width, x.precision.embedding, role::per_layer_embedding},
                             gemm{.outer = layers * width, .inner = hidden, .weights = x.precision.weights, .part = role::per_layer_embedding},
                             elementwise{.bytes_per_token = pass::merged(layers * width), .weights = width, .part = role::per_layer_embedding});
    }
};

/// What each layer does with its embedding: a gate, a product, a projection back, a norm.
///   parameters  2 hidden width + hidden
struct per_layer_input {
    count hidden = 0;
    count width = 0;

    static constexpr std::string_view type = "per_layer_input";
    COSTEXPR_INLINE constexpr auto ops(deployment const& x) const {
        dtype const w = x.precision.weights;
        return costexpr::ops(gemm{.outer = width, .inner = hidden, .weights = w, .part = role::per_layer_embedding},
                             elementwise{.bytes_per_token = pass::gated(width), .part = role::per_layer_embedding},
                             gemm{.outer = hidden, .inner = width, .weights = w, .part = role::per_layer_embedding},
                             elementwise{.bytes_per_token = pass::norm(hidden), .weights = hidden, .part = role::norm});
    }
};

}  // namespace costexpr
