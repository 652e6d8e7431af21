// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/core/math.hpp>
#include <costexpr/op/dtype.hpp>

#include <array>

namespace costexpr {

/// One accelerator: its memory and the dense peak of its tensor units per class of arithmetic.
struct device {
    count memory_bytes = 0;
    double memory_bytes_per_second = 0;
    std::array<double, math_classes> flops_per_second{};  ///< by class of arithmetic; 0: the device has none

    [[nodiscard]] constexpr double rate(math m) const { return flops_per_second[static_cast<std::size_t>(m)]; }
    [[nodiscard]] constexpr bool has(math m) const { return rate(m) > 0; }

    friend constexpr bool operator==(device const&, device const&) = default;
};

}  // namespace costexpr
