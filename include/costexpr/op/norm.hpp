// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/op/op.hpp>
#include <costexpr/op/passes.hpp>

namespace costexpr {

/// A pass over activations that engines fuse into one kernel: a norm with its residual addition, an activation function, rotary
/// embedding with the write into the cache. It reads and writes `bytes_per_token` and owns the gains of a norm.
///   parameters  weights;  activations  tokens bytes_per_token
/// elementwise{.bytes_per_token = 8 * 4096, .weights = 4096}: a fused RMSNorm of 4,096 values reads x and the residual and writes both,
/// 524,288 bytes for 16 tokens.
struct elementwise {
    double bytes_per_token = 0;
    count weights = 0;
    role part = role::norm;
    double state_bytes_per_token = 0;  ///< written into a cache

    static constexpr std::string_view kind = "elementwise";
    [[nodiscard]] constexpr role purpose() const { return part; }
    [[nodiscard]] constexpr bool idle() const { return bytes_per_token == 0 && state_bytes_per_token == 0; }
    [[nodiscard]] static constexpr bool sees_lengths(bool) { return false; }

    template <class N = count>
    [[nodiscard]] constexpr N parameters() const {
        return N(weights);
    }
    [[nodiscard]] constexpr count weight_bytes() const { return storage_bytes(dtype::bf16, weights); }
    template <class T>
    [[nodiscard]] COSTEXPR_INLINE constexpr work<T> operator()(load<T> const& l) const {
        return {.activation_bytes = l.tokens * T(bytes_per_token), .state_bytes = l.tokens * T(state_bytes_per_token)};
    }
};

}  // namespace costexpr
