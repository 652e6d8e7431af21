// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/op/dtype.hpp>

namespace costexpr {

/// The dtype of each component of a model. A checkpoint's own precision is read from its config; everything is bf16 where it says nothing.
struct precision {
    dtype weights = dtype::bf16;      ///< linear layers outside the experts
    dtype experts = dtype::bf16;      ///< routed experts
    dtype attention = dtype::bf16;    ///< attention arithmetic: bf16 or fp8
    dtype kv_cache = dtype::bf16;     ///< what a sequence keeps
    dtype activations = dtype::bf16;  ///< between operators, and norms and biases
    dtype embedding = dtype::bf16;    ///< the input table
    dtype head = dtype::bf16;         ///< the output projection
    dtype router = dtype::bf16;

    friend constexpr bool operator==(precision const&, precision const&) = default;
};

}  // namespace costexpr
