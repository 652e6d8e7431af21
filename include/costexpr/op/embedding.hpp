// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/op/op.hpp>

namespace costexpr {

/// The input table: one row gathered per token.
///   parameters  rows width;  weights read  tokens width at the table's width;  activations  tokens width written in bf16
/// gather{.rows = 151936, .width = 5120} has 777,912,320 parameters; a step of 4 tokens reads 40,960 bytes of it.
struct gather {
    count rows = 0;
    count width = 0;
    dtype weights = dtype::bf16;
    role part = role::embedding;

    static constexpr std::string_view kind = "embedding";
    [[nodiscard]] constexpr role purpose() const { return part; }
    [[nodiscard]] constexpr bool idle() const { return width == 0; }
    [[nodiscard]] static constexpr bool sees_lengths(bool) { return false; }

    template <class N = count>
    [[nodiscard]] constexpr N parameters() const {
        return N(rows) * N(width);
    }
    [[nodiscard]] constexpr count weight_bytes() const { return storage_bytes(weights, rows * width); }
    template <class T>
    [[nodiscard]] COSTEXPR_INLINE constexpr work<T> operator()(load<T> const& l) const {
        double const row = static_cast<double>(width);
        return {.weight_bytes = l.tokens * T(row * weight_width(weights)), .activation_bytes = l.tokens * T(2.0 * row)};
    }
};

}  // namespace costexpr
