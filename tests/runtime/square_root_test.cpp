// SPDX-License-Identifier: BSL-1.0

// Our own square root against the machine's, bit by bit, and what else the forms of operator time share.

#include <costexpr/core/math.hpp>
#include <costexpr/core/number.hpp>
#include <costexpr/cost/forms/device.hpp>

#include <check.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>

namespace cx = costexpr;

namespace {

TEST(square_root, has_the_bits_of_the_machine) {
    std::uint64_t random = 1;
    for (int i = 0; i != 1'000'000; ++i) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        double const x = std::ldexp(static_cast<double>(random >> 11), static_cast<int>(random % 1600u) - 800);
        if (x > 0) {
            ASSERT_EQ(cx::detail::newton_square_root(x), std::sqrt(x)) << x;
        }
    }
    for (double const x : {1.0, 2.0, 4.0, 0x1.fffffffffffffp1, 0x1p-1022, 0x1p-1074, 0x1.fffffffffffffp1023})
        EXPECT_EQ(cx::detail::newton_square_root(x), std::sqrt(x));
}

constexpr bool roots() {
    return cx::square_root(launder(2.0)) == 1.4142135623730951 && cx::square_root(launder(0.0)) == 0 && cx::square_root(launder(-1.0)) == 0 &&
           cx::square_root(launder(1e300)) == 1e150;
}
CHECK_TWICE(roots);

constexpr bool sharper_is_closer_to_the_maximum() {
    using cx::forms::smooth_max;
    double const a = launder(3.0);
    return smooth_max(a, 4.0, 1) == 7 && smooth_max(a, 4.0, 2) == 5 && smooth_max(a, 4.0, 4) > 4.284 && smooth_max(a, 4.0, 4) < 4.285;
}
CHECK_TWICE(sharper_is_closer_to_the_maximum);

constexpr bool other_number_types() {
    cx::dual<1> const d = cx::forms::smooth_max(cx::dual<1>(3), cx::dual<1>(launder(4.0), {1}), 2);
    cx::interval const i = cx::forms::smooth_max(cx::interval(3), cx::interval(launder(4.0), 5), 2);
    return d.value == 5 && d.slope[0] > 0.79999999 && d.slope[0] < 0.80000001 && i.contains(5) && i.contains(5.8);
}
CHECK_TWICE(other_number_types);

constexpr bool tiles_are_counted_upwards() {
    using cx::forms::whole_above;
    return whole_above(launder(0.0)) == 0 && whole_above(1.0 / 128) == 1 && whole_above(1.0) == 1 && whole_above(8191.0 + 1.0 / 256) == 8192;
}
CHECK_TWICE(tiles_are_counted_upwards);

}  // namespace
