// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/op/collective.hpp>
#include <costexpr/op/embedding.hpp>
#include <costexpr/op/graph.hpp>

namespace costexpr {

/// The input embedding, its rows spread over tensor-parallel ranks, and the hand-over of hidden states from one pipeline stage to the next.
///   parameters  vocab hidden
struct embedding {
    count vocab = 0;
    count hidden = 0;

    static constexpr std::string_view type = "embedding";
    COSTEXPR_INLINE constexpr auto ops(deployment const& x) const {
        layout const& l = x.layout;
        double const width = static_cast<double>(hidden);
        return costexpr::ops(gather{ceil_div(vocab, l.tp), hidden, x.precision.embedding},
                             collective{.shape = collective::pattern::all_reduce, .part = role::embedding, .width = width, .devices = l.tp},
                             collective{.shape = collective::pattern::point_to_point, .part = role::pipeline, .width = width, .devices = 2,
                                        .span = 2 * l.stage(), .hops = l.pp - 1});
    }
};

}  // namespace costexpr
