// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/config.hpp>
#include <costexpr/core/math.hpp>
#include <costexpr/op/dtype.hpp>

namespace costexpr {

/// The element-wise passes that serving engines fuse, in bytes read and written per token; activations between ops are bf16.
/// Sources: the kernels that vLLM, SGLang and TensorRT-LLM run (fused_add_rms_norm, silu_and_mul with and without quantization, rotary embedding
/// with the write into the cache, sigmoid gates, the sum of shared and routed experts).
namespace pass {

/// A norm with its residual addition: x and the residual read, both written. norm(4096) is 32,768 bytes.
[[nodiscard]] COSTEXPR_INLINE constexpr double norm(count width) { return 8.0 * static_cast<double>(width); }

/// A norm alone: read and written. plain_norm(576) is 2,304 bytes.
[[nodiscard]] COSTEXPR_INLINE constexpr double plain_norm(count width) { return 4.0 * static_cast<double>(width); }

/// An activation function: `up` projections read, their product written in the width that the next multiplication reads.
/// activation(14336, 2, bf16) is 86,016 bytes, in fp8 71,680.
[[nodiscard]] COSTEXPR_INLINE constexpr double activation(count inner, count up, dtype next) {
    return static_cast<double>(inner) * (2.0 * static_cast<double>(up) + activation_width(next));
}

/// A product with a gate: both read, one written. gated(4096) is 24,576 bytes, as is merged(4096).
[[nodiscard]] COSTEXPR_INLINE constexpr double gated(count width) { return 6.0 * static_cast<double>(width); }

/// The sum of two branches: both read, one written.
[[nodiscard]] COSTEXPR_INLINE constexpr double merged(count width) { return 6.0 * static_cast<double>(width); }

/// A gate of one number per token: x read for it, x read again and written scaled. scalar_gate(3072) is 18,432 bytes.
[[nodiscard]] COSTEXPR_INLINE constexpr double scalar_gate(count width) { return 6.0 * static_cast<double>(width); }

/// Queries and keys normalised and rotated in place, values read on their way into the cache. rotated(5120, 1024) is 22,528 bytes.
[[nodiscard]] COSTEXPR_INLINE constexpr double rotated(count queries_and_keys, count values) {
    return 4.0 * static_cast<double>(queries_and_keys) + 2.0 * static_cast<double>(values);
}

}  // namespace pass

}  // namespace costexpr
