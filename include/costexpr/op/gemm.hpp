// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/op/op.hpp>

namespace costexpr {

/// A linear layer: [tokens, inner] x [inner, outer].
///   parameters  outer inner (+ outer with a bias), or none where the weight is another's (a tied head)
///   flops       2 tokens outer inner
///   weights     outer inner at the width of their dtype; activations: inner read at the dtype's activation width, outer written in bf16
/// With groups each sums its share of the inputs, [tokens, inner / groups] x [inner / groups, outer], to outputs of its own: groups outer are written.
/// gemm{.outer = 6144, .inner = 4096} has 25,165,824 parameters; 16 tokens cost 805,306,368 FLOPs and read 50,331,648 weight bytes.
struct gemm {
    count outer = 0;
    count inner = 0;
    dtype weights = dtype::bf16;
    role part = role::qkv;
    bool bias = false;
    bool tied = false;  ///< reads a weight that another op owns
    count groups = 1;

    static constexpr std::string_view kind = "gemm";
    [[nodiscard]] constexpr role purpose() const { return part; }
    [[nodiscard]] constexpr bool idle() const { return outer == 0 || inner == 0; }
    [[nodiscard]] static constexpr bool sees_lengths(bool) { return false; }

    template <class N = count>
    [[nodiscard]] constexpr N parameters() const {
        return (tied ? N(0) : N(outer) * N(inner)) + (bias ? N(outer) : N(0));
    }
    [[nodiscard]] constexpr count weight_bytes() const {
        return (tied ? 0 : storage_bytes(weights, outer, inner)) + (bias ? storage_bytes(dtype::bf16, outer) : 0);
    }
    /// Over how many inputs each output sums; a division takes longer than all else that is asked of a dimension.
    [[nodiscard]] constexpr count sum_length() const { return groups == 1 ? inner : inner / groups; }
    /// The work on this many rows.
    template <class T>
    [[nodiscard]] COSTEXPR_INLINE constexpr work<T> on(T rows) const {
        double const matrix = static_cast<double>(outer) * static_cast<double>(inner);
        return {.flops = rows * T(2 * matrix),
                .weight_bytes = T(matrix * weight_width(weights)),
                .activation_bytes = rows * T(static_cast<double>(inner) * activation_width(weights) + 2.0 * static_cast<double>(groups * outer)),
                .math = math_of(weights)};
    }
    template <class T>
    [[nodiscard]] COSTEXPR_INLINE constexpr work<T> operator()(load<T> const& l) const {
        return on(l.tokens);
    }
};

/// The output projection: a linear layer on the rows that need logits alone, one per prefilling sequence and one per decoded token.
/// logits{{.outer = 128256, .inner = 4096}}: a prompt of 512 tokens costs 1,050,673,152 FLOPs, as does one decoded token.
struct logits {
    gemm matrix{};

    static constexpr std::string_view kind = "gemm";
    [[nodiscard]] constexpr role purpose() const { return matrix.part; }
    [[nodiscard]] constexpr bool idle() const { return matrix.idle(); }
    [[nodiscard]] static constexpr bool sees_lengths(bool) { return false; }
    template <class N = count>
    [[nodiscard]] constexpr N parameters() const {
        return matrix.parameters<N>();
    }
    [[nodiscard]] constexpr count weight_bytes() const { return matrix.weight_bytes(); }
    template <class T>
    [[nodiscard]] COSTEXPR_INLINE constexpr work<T> operator()(load<T> const& l) const {
        return matrix.on(l.rows);
    }
};

}  // namespace costexpr
