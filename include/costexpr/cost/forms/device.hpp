// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/config.hpp>
#include <costexpr/core/math.hpp>
#include <costexpr/op/dtype.hpp>
#include <costexpr/schema/error.hpp>
#include <costexpr/schema/field.hpp>

#include <array>
#include <cstddef>

// Closed forms for the time of one kernel. Their constants are fitted to measurements by systems/calibrate.py, one set per slice (kernel, dtype)
// of a framework on a system; systems/forms/ holds each form a second time, as what is fitted, and a test keeps the two equal.

namespace costexpr::forms {

/// What a form reads of the device, as reciprocals.
template <class T = double>
struct device_rates {
    std::array<T, math_classes> seconds_per_flop{};
    T seconds_per_byte{};
    T seconds_per_node_byte{};  ///< link inside a node, one direction
    double multiprocessors = 0;

    [[nodiscard]] COSTEXPR_INLINE constexpr T const& of(math m) const { return seconds_per_flop[static_cast<std::size_t>(m)]; }
};

/// How well a form met the measurements that it was not fitted to: of |predicted / measured - 1| the median and the 90th percentile, of
/// predicted / measured - 1 the median, and how many rows that were.
struct fit_error {
    double median = 0;
    double p90 = 0;
    double bias = 0;
    count rows = 0;
    count steps = 0;  ///< of the ladder down which it was found: 1 on this device under another framework, 2 on another device of its generation

    /// The keys as they stand in a form's entry, of which it is a part.
    static constexpr auto json(auto...) {
        using e = fit_error;
        return std::array{key(&e::median, "error.median").optional(), key(&e::p90, "error.p90").optional(), key(&e::bias, "error.bias").optional().at_least(-1),
                          key(&e::rows, "error.rows").optional()};
    }
};

/// (a^p + b^p)^(1/p) for the sharpness p in {1, 2, 4}: two resources of which the busier one sets the pace, the more so the sharper.
/// smooth_max(3, 4, p) is 7, 5 and 4.284...
template <class T>
[[nodiscard]] COSTEXPR_INLINE constexpr T smooth_max(T const& a, T const& b, count sharpness) {
    if (sharpness <= 1) return a + b;
    T const a2 = a * a;
    T const b2 = b * b;
    return square_root(sharpness <= 2 ? a2 + b2 : square_root(a2 * a2 + b2 * b2));
}

/// Two resources that work at the same time: the longer time, and the share of the shorter that it does not hide.
/// busy(3, 4, 0.5) is 5.5.
template <class T>
[[nodiscard]] COSTEXPR_INLINE constexpr T busy(T const& a, T const& b, double exposed) {
    return max(a, b) + T(exposed) * min(a, b);
}

/// The smallest whole number that is no less than x, for 0 <= x < 2^32 whose fraction is 0 or at least 2^-20, as tiles are counted.
template <class T>
[[nodiscard]] COSTEXPR_INLINE constexpr T whole_above(T const& x) {
    return whole_part(x + T(1 - 0x1p-20));
}

}  // namespace costexpr::forms
