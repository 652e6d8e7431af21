// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/config.hpp>

#include <array>
#include <bit>
#include <cstddef>
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

/// a where a condition holds, else b; and whether it holds at all, or for all. A number type that is many numbers at once brings its own, whose
/// conditions are one a lane.
template <class T>
[[nodiscard]] COSTEXPR_INLINE constexpr T select(bool condition, T const& a, T const& b) { return condition ? a : b; }
[[nodiscard]] constexpr bool any(bool condition) { return condition; }
[[nodiscard]] constexpr bool all(bool condition) { return condition; }

/// Whether the compiler knows, once everything is inlined, that a number is zero.
template <class T>
[[nodiscard]] COSTEXPR_INLINE constexpr bool known_zero(T const& x) {
    if constexpr (std::is_same_v<T, double>)
        return __builtin_constant_p(x) && x == 0.0;
    else
        return false;
}
/// a + b. Compilers must keep x + 0.0, which makes 0.0 of -0.0; no sum here has a -0.0, and a term that is known to be zero costs nothing.
template <class T>
[[nodiscard]] COSTEXPR_INLINE constexpr T plus(T const& a, T const& b) {
    return known_zero(a) ? b : known_zero(b) ? a : a + b;
}

/// x without its fraction, for 0 <= x < 2^63.
[[nodiscard]] constexpr double whole_part(double x) { return static_cast<double>(static_cast<count>(x)); }

/// What e^x is made of for x <= 0: x = k ln 2 + r with |r| <= ln 2 / 2, e^x = 2^k (1 + r + r^2 (even(r^2) + r odd(r^2))), a Taylor polynomial of
/// degree 13 whose even and odd powers stand apart: two chains of half the length.
struct exp_terms {
    static constexpr double per_ln2 = 1.44269504088896338700;
    static constexpr double ln2_high = 6.93147180369123816490e-01;
    static constexpr double ln2_low = 1.90821492927058770002e-10;
    static constexpr std::array even{1.0 / 479001600.0, 1.0 / 3628800.0, 1.0 / 40320.0, 1.0 / 720.0, 1.0 / 24.0, 1.0 / 2.0};
    static constexpr std::array odd{1.0 / 6227020800.0, 1.0 / 39916800.0, 1.0 / 362880.0, 1.0 / 5040.0, 1.0 / 120.0, 1.0 / 6.0};
};

/// e^x for x <= 0, to 2 units in the last place, the same bits in constant evaluation and at run time. Below -708 the result is 0.
[[nodiscard]] COSTEXPR_INLINE constexpr double exp_of_negative(double x) {
    if (!(x > -708.0)) return 0.0;
    std::int64_t const k = static_cast<std::int64_t>(x * exp_terms::per_ln2 - 0.5);
    double const n = static_cast<double>(k);
    double const r = (x - n * exp_terms::ln2_high) - n * exp_terms::ln2_low;
    double const r2 = r * r;
    double p = exp_terms::even[0];
    double q = exp_terms::odd[0];
    for (std::size_t i = 1; i != exp_terms::even.size(); ++i) p = p * r2 + exp_terms::even[i], q = q * r2 + exp_terms::odd[i];
    return (1.0 + (r + r2 * (p + r * q))) * std::bit_cast<double>(static_cast<std::uint64_t>(k + 1023) << 52);
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

namespace detail {

/// The square root of a positive finite x, exactly rounded: Newton's method on x scaled by a power of four into [1, 4), and one step by the
/// exact remainder.
[[nodiscard]] COSTEXPR_COLD constexpr double newton_square_root(double x) {
    double power = 1.0;
    while (x >= 0x1p64) x *= 0x1p-64, power *= 0x1p32;
    while (x < 0x1p-64) x *= 0x1p64, power *= 0x1p-32;
    while (x >= 4) x *= 0.25, power *= 2;
    while (x < 1) x *= 4, power *= 0.5;
    double y = 1.0 + (x - 1.0) * (1.0 / 3.0);
    for (int i = 0; i != 4; ++i) y = 0.5 * (y + x / y);
    // x - y y without rounding: y is the sum of two halves whose products are exact
    double const high = y * 134217729.0 - (y * 134217729.0 - y);
    double const low = y - high;
    double const remainder = ((x - high * high) - 2.0 * high * low) - low * low;
    constexpr double unit = 0x1p-52;
    if (remainder > y * unit) y += unit;
    if (remainder <= -y * unit) y -= unit;
    return y * power;
}

}  // namespace detail

/// The square root of x >= 0, exactly rounded, as the machine's own is; 0 for what is below 0.
[[nodiscard]] COSTEXPR_INLINE constexpr double square_root(double x) {
    if (!(x > 0)) return 0.0;
    if (!std::is_constant_evaluated()) return __builtin_sqrt(x);
    return x - x == 0 ? detail::newton_square_root(x) : x;
}

/// The largest dimension that a field accepts; products of two stay far inside 64 bits.
inline constexpr count largest_dimension = count{1} << 24;

/// Byte counts that would be larger are held at this, so that sums of a few of them stay inside 64 bits.
inline constexpr count most_bytes = count{1} << 60;

/// a b, or most_bytes where the product is larger, for a, b >= 0.
[[nodiscard]] COSTEXPR_COLD constexpr count bounded_product(count a, count b) { return b != 0 && a > most_bytes / b ? most_bytes : min(a * b, most_bytes); }

/// The largest parameter count that is accepted: beyond it a config is certainly wrong, and 64-bit byte counts stay exact below it.
inline constexpr double largest_total = 1e15;

}  // namespace costexpr
