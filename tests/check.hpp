// SPDX-License-Identifier: BSL-1.0
#pragma once

// Checks that hold in constant evaluation and at run time. A test body is a function
//     constexpr bool name() { return twice(launder(21)) == 42; }
// and CHECK_TWICE(name) is a static_assert on it and a GoogleTest that calls it again.
// CHECK_STATIC and CHECK_RUNTIME are the halves, for bodies that one of the two cannot take.

#include <gtest/gtest.h>

#include <type_traits>

#define CHECK_STATIC(name) static_assert(name(), "costexpr test: " #name " in constant evaluation")
#define CHECK_RUNTIME(name) \
    TEST(run_time, name) { EXPECT_TRUE(name()); }
#define CHECK_TWICE(name) \
    CHECK_STATIC(name);   \
    CHECK_RUNTIME(name)

/// Returns x; at run time the optimiser no longer knows its value, so what follows is computed and not folded.
/// Inputs of a CHECK_TWICE body go through it.
template <class T>
constexpr T launder(T x) {
    if (!std::is_constant_evaluated()) asm volatile("" : : "r"(&x) : "memory");
    return x;
}
