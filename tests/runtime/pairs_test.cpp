// SPDX-License-Identifier: BSL-1.0

// (query, key) pairs under windows, counted one by one.

#include <costexpr/op/step.hpp>

#include "check.hpp"

namespace cx = costexpr;

namespace {

constexpr double counted(int past, int fresh, int window) {
    double sum = 0;
    for (int i = past + 1; i <= past + fresh; ++i) sum += i < window ? i : window;
    return sum;
}
constexpr bool windowed_pairs_are_counted() {
    if (cx::windowed_pairs(launder(0.0), 200.0, 128.0) != 17'472 || cx::windowed_pairs(100.0, 100.0, 128.0) != 12'422) return false;
    for (int const window : {1, 7, 128})
        for (int const past : {0, 1, 6, 7, 100, 127, 128, 300})
            for (int const fresh : {0, 1, 2, 28, 500})
                if (cx::windowed_pairs<double>(launder(past), fresh, window) != counted(past, fresh, window)) return false;
    // far out, where a difference of two sums would have lost the last digits
    return cx::windowed_pairs(4e15, 3.0, 8192.0) == 3 * 8192.0;
}
CHECK_TWICE(windowed_pairs_are_counted)

}  // namespace
