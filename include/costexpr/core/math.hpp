// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <bit>
#include <cstdint>
#include <type_traits>

namespace costexpr {

/// Parameters, heads, tokens, layers and bytes of storage are exact integers.
using count = std::int64_t;

/// The smallest integer that is no less than a / b, for a >= 0 and b > 0.
[[nodiscard]] constexpr count ceil_div(count a, count b) { return (a + b - 1) / b; }

/// The larger of two numbers. A number type of its own (dual, interval) brings its own by argument-dependent lookup.
template <class T>
[[nodiscard]] constexpr T max(T a, T b) { return a < b ? b : a; }

/// The smaller of two numbers.
template <class T>
[[nodiscard]] constexpr T min(T a, T b) { return b < a ? b : a; }

/// e^x for x <= 0, to 2 units in the last place, the same bits in constant evaluation and at run time: x = k ln 2 + r with |r| <= ln 2 / 2,
/// a Taylor polynomial of degree 13 in r, and k halvings. Below -708 the result is 0.
[[nodiscard]] constexpr double exp_of_negative(double x) {
    if (!(x > -708.0)) return 0.0;
    constexpr double ln2_high = 6.93147180369123816490e-01;
    constexpr double ln2_low = 1.90821492927058770002e-10;
    std::int64_t const k = static_cast<std::int64_t>(x * 1.44269504088896338700 - 0.5);
    double const n = static_cast<double>(k);
    double const r = (x - n * ln2_high) - n * ln2_low;
    double p = 1.0 / 6227020800.0;
    constexpr double factorials[] = {479001600.0, 39916800.0, 3628800.0, 362880.0, 40320.0, 5040.0, 720.0, 120.0, 24.0, 6.0, 2.0, 1.0, 1.0};
    for (double f : factorials) p = p * r + 1.0 / f;
    return p * std::bit_cast<double>(static_cast<std::uint64_t>(k + 1023) << 52);
}

/// ln(1 - x) for 0 <= x < 1, to 4 units in the last place: ln((1 - a) / (1 + a)) as an odd series after halving towards 1.
[[nodiscard]] constexpr double log_of_complement(double x) {
    double y = 1.0 - x;
    double lost = (1.0 - y) - x;  // what the subtraction rounded away
    int halvings = 0;
    while (y < 0.70710678118654752440) y *= 2.0, lost *= 2.0, ++halvings;
    double const a = halvings == 0 ? -x / (2.0 - x) : (y - 1.0) / (y + 1.0);
    double const a2 = a * a;
    double sum = 0.0;
    for (int i = 41; i > 0; i -= 2) sum = sum * a2 + 1.0 / i;
    return 2.0 * a * sum + (halvings == 0 ? 0.0 : lost / y) - halvings * 6.93147180559945286227e-01;
}

/// The largest dimension that a field accepts; products of two stay far inside 64 bits.
inline constexpr count largest_dimension = count{1} << 24;

/// The largest parameter count that is accepted: beyond it a config is certainly wrong, and 64-bit byte counts stay exact below it.
inline constexpr double largest_total = 1e15;

}  // namespace costexpr
