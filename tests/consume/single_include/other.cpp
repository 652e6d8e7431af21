// SPDX-License-Identifier: BSL-1.0
#include <costexpr.hpp>

int other() { return COSTEXPR_VERSION_MINOR; }
