// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/op/gemm.hpp>
#include <costexpr/op/graph.hpp>

namespace costexpr {

/// A linear layer of its own between blocks, held whole on every tensor-parallel rank: what stands for a whole block in per-block search
/// (arXiv:2411.19146), behind the shared block of Zamba, around the streams of Gemma 3n.
///   parameters  outer inner
/// linear{.inner = 8192, .outer = 8192} has 67,108,864 parameters.
struct linear {
    count inner = 0;
    count outer = 0;
    role part = role::projection;

    static constexpr std::string_view type = "linear";
    COSTEXPR_INLINE constexpr auto ops(deployment const& x) const {
        return costexpr::ops(gemm{.outer = outer, .inner = inner, .weights = x.precision.weights, .part = part});
    }
};

/// A low-rank pair of linear layers beside another one (LoRA, arXiv:2106.09685): the adapters of Zamba 2 (arXiv:2411.15242), LAuReL
/// (arXiv:2411.07501) in Gemma 3n.
///   parameters  rank (inner + outer)
/// low_rank{.inner = 2048, .rank = 64, .outer = 2048} has 262,144 parameters.
struct low_rank {
    count inner = 0;
    count rank = 0;
    count outer = 0;

    static constexpr std::string_view type = "low_rank";
    COSTEXPR_INLINE constexpr auto ops(deployment const& x) const {
        dtype const w = x.precision.weights;
        return costexpr::ops(gemm{.outer = rank, .inner = inner, .weights = w, .part = role::projection},
                             gemm{.outer = outer, .inner = rank, .weights = w, .part = role::projection});
    }
};

}  // namespace costexpr
