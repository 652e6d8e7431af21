// SPDX-License-Identifier: BSL-1.0

// Our own exponential and logarithm against the library's in extended precision, within the error that they state.

#include <costexpr/core/math.hpp>

#include <check.hpp>

#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace cx = costexpr;

namespace {

/// The distance in units in the last place of the exact value.
double ulps(double found, long double exact) {
    double const rounded = static_cast<double>(exact);
    double const unit = std::nextafter(std::fabs(rounded), std::numeric_limits<double>::infinity()) - std::fabs(rounded);
    return static_cast<double>(std::fabs(static_cast<long double>(found) - exact) / static_cast<long double>(unit));
}

TEST(exp_of_negative, is_within_two_ulps) {
    double worst = 0;
    for (int i = 1; i <= 708'000; ++i) {
        double const x = -0.000999 * i;
        worst = std::fmax(worst, ulps(cx::exp_of_negative(x), std::exp(static_cast<long double>(x))));
    }
    for (double x = -1e-300; x > -0.5; x *= 1.25) worst = std::fmax(worst, ulps(cx::exp_of_negative(x), std::exp(static_cast<long double>(x))));
    EXPECT_LE(worst, 2.0);
}

TEST(log_of_complement, is_within_four_ulps) {
    double worst = 0;
    for (int i = 1; i < 1'000'000; ++i) {
        double const x = 1e-6 * i;
        worst = std::fmax(worst, ulps(cx::log_of_complement(x), std::log1p(-static_cast<long double>(x))));
    }
    for (double x = 1e-300; x < 0.5; x *= 1.25) worst = std::fmax(worst, ulps(cx::log_of_complement(x), std::log1p(-static_cast<long double>(x))));
    for (int experts = 1; experts <= 512; ++experts)
        for (int k = 1; k < experts; k += 1 + k / 8) {
            double const x = static_cast<double>(k) / experts;
            worst = std::fmax(worst, ulps(cx::log_of_complement(x), std::log1p(-static_cast<long double>(x))));
        }
    EXPECT_LE(worst, 4.0);
}

constexpr bool ends_are_exact() {
    return cx::exp_of_negative(launder(0.0)) == 1.0 && cx::exp_of_negative(launder(-0.0)) == 1.0 && cx::exp_of_negative(launder(-709.0)) == 0.0 &&
           cx::exp_of_negative(launder(-1e300)) == 0.0 && cx::log_of_complement(launder(0.0)) == 0.0;
}
CHECK_TWICE(ends_are_exact)

// Both times give the same bits.
constexpr int points = 300;
struct values {
    std::array<std::uint64_t, points> exponentials{};
    std::array<std::uint64_t, points> logarithms{};
};
constexpr values evaluate() {
    values v{};
    for (int i = 0; i != points; ++i) {
        v.exponentials[static_cast<std::size_t>(i)] = std::bit_cast<std::uint64_t>(cx::exp_of_negative(launder(-0.0173 * i * i / 7.0)));
        v.logarithms[static_cast<std::size_t>(i)] = std::bit_cast<std::uint64_t>(cx::log_of_complement(launder(i / 301.0)));
    }
    return v;
}
constexpr values compiled = evaluate();
TEST(math, gives_the_same_bits_at_both_times) {
    values const run = evaluate();
    EXPECT_EQ(run.exponentials, compiled.exponentials);
    EXPECT_EQ(run.logarithms, compiled.logarithms);
}

constexpr bool divides_upwards() {
    return cx::ceil_div(launder(cx::count{0}), 7) == 0 && cx::ceil_div(launder(cx::count{1}), 7) == 1 && cx::ceil_div(launder(cx::count{7}), 7) == 1 &&
           cx::ceil_div(launder(cx::count{8}), 7) == 2;
}
CHECK_TWICE(divides_upwards)

constexpr bool products_are_held() {
    cx::count const huge = launder(cx::count{1} << 40);
    return cx::bounded_product(huge, huge) == cx::most_bytes && cx::bounded_product(huge, 0) == 0 && cx::bounded_product(0, huge) == 0 &&
           cx::bounded_product(huge, 3) == 3 * huge && cx::bounded_product(cx::most_bytes, 1) == cx::most_bytes;
}
CHECK_TWICE(products_are_held)

}  // namespace
