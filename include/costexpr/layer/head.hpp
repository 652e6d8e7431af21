// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/op/collective.hpp>
#include <costexpr/op/gemm.hpp>
#include <costexpr/op/graph.hpp>

namespace costexpr {

/// The output projection to logits, its rows spread over tensor-parallel ranks and gathered.
///   parameters  vocab hidden (+ vocab with a bias), or none of its own where it is tied to the embedding
///               (+ hidden width where a projection stands in front of it)
/// head{.vocab = 128256, .hidden = 4096} (Llama-3.1-8B) has 525,336,576 parameters; 16 rows of logits cost 16,810,770,432 FLOPs.
struct head {
    count vocab = 0;
    count hidden = 0;
    bool tied = false;
    bool bias = false;
    count width = 0;  ///< of the model, where a projection leads to that of the table (OPT-350m)
    bool transform = false;  ///< a projection though both are equal (ModernBERT)

    static constexpr std::string_view type = "head";
    COSTEXPR_INLINE constexpr auto ops(deployment const& x) const {
        count const tp = x.layout.tp;
        bool const projected = width != 0 && (transform || width != hidden);
        return costexpr::ops(logits{{.outer = projected ? hidden : 0, .inner = projected ? width : 0, .weights = x.precision.weights,
                                     .part = role::head_projection}},
                             logits{{.outer = ceil_div(vocab, tp), .inner = hidden, .weights = tied ? x.precision.embedding : x.precision.head,
                                     .part = role::head, .bias = bias, .tied = tied}},
                             collective{.shape = collective::pattern::all_gather, .part = role::logits_gather, .width = static_cast<double>(vocab),
                                        .devices = tp, .on_rows = true});
    }
};

}  // namespace costexpr
