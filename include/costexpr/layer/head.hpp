// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/op/collective.hpp>
#include <costexpr/op/gemm.hpp>
#include <costexpr/op/graph.hpp>

namespace costexpr {

/// The output projection to logits, its rows spread over tensor-parallel ranks and gathered.
///   parameters  vocab hidden (+ vocab with a bias), or none of its own where it is tied to the embedding
struct head {
    count vocab = 0;
    count hidden = 0;
    bool tied = false;
    bool bias = false;

    static constexpr std::string_view type = "head";
    COSTEXPR_INLINE constexpr auto ops(deployment const& x) const {
        count const tp = x.layout.tp;
        return costexpr::ops(logits{{.outer = ceil_div(vocab, tp), .inner = hidden, .weights = tied ? x.precision.embedding : x.precision.head,
                                     .part = role::head, .bias = bias, .tied = tied}},
                             collective{.shape = collective::pattern::all_gather, .part = role::logits_gather, .width = static_cast<double>(vocab),
                                        .devices = tp, .on_rows = true});
    }
};

}  // namespace costexpr
