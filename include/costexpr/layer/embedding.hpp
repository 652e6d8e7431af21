// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/op/collective.hpp>
#include <costexpr/op/embedding.hpp>
#include <costexpr/op/gemm.hpp>
#include <costexpr/op/graph.hpp>

namespace costexpr {

/// The input embedding, its rows spread over tensor-parallel ranks, and the hand-over of hidden states from one pipeline stage to the next.
///   parameters  vocab hidden (+ hidden width where a projection widens it, as in OPT-350m)
/// embedding{.vocab = 128256, .hidden = 4096} (Llama-3.1-8B) has 525,336,576 parameters.
struct embedding {
    count vocab = 0;
    count hidden = 0;
    count width = 0;  ///< of the model, where it differs

    static constexpr std::string_view type = "embedding";
    COSTEXPR_INLINE constexpr auto ops(deployment const& x) const {
        layout const& l = x.layout;
        bool const projected = width != 0 && width != hidden;
        return costexpr::ops(gather{ceil_div(vocab, l.tp), hidden, x.precision.embedding},
                             tensor_sum(x, role::embedding, hidden),
                             gemm{.outer = projected ? width : 0, .inner = projected ? hidden : 0, .weights = x.precision.weights, .part = role::embedding_projection},
                             collective{.shape = collective::pattern::point_to_point, .part = role::pipeline,
                                        .width = static_cast<double>(projected ? width : hidden), .devices = 2,
                                        .span = 2 * l.stage(), .hops = l.pp - 1});
    }
};

/// A table of learned positions, one row added to the embedding of each token.
///   parameters  rows hidden
struct positions {
    count rows = 0;
    count hidden = 0;

    static constexpr std::string_view type = "positions";
    COSTEXPR_INLINE constexpr auto ops(deployment const& x) const {
        return costexpr::ops(gather{rows, hidden, x.precision.embedding, role::positions});
    }
};

}  // namespace costexpr
