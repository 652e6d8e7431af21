// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/version.hpp>

// COSTEXPR_INLINE marks the few functions on the path from a model to seconds: without it g++ 12 and every clang leave calls
// between the ops of a known model. Define COSTEXPR_NO_FORCE_INLINE for small unoptimised builds.
#if defined(COSTEXPR_NO_FORCE_INLINE)
#define COSTEXPR_INLINE inline
#define COSTEXPR_INLINE_LAMBDA
#else
#define COSTEXPR_INLINE [[gnu::always_inline]] inline
#define COSTEXPR_INLINE_LAMBDA __attribute__((always_inline))
#endif

// COSTEXPR_COLD marks totals, breakdowns and parsing: never worth inlining, and inlining them would dominate compile time.
#define COSTEXPR_COLD [[gnu::noinline]] inline

// COSTEXPR_ONCE marks what runs once per model, not once per step: reading, settling, laying out. Made for size, which compiles fastest.
#define COSTEXPR_ONCE [[gnu::noinline, gnu::cold]] inline
