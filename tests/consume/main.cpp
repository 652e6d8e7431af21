// SPDX-License-Identifier: BSL-1.0
#include <costexpr/costexpr.hpp>

static_assert(COSTEXPR_VERSION_MAJOR == 0);

int main() {}
