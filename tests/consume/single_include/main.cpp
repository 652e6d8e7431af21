// SPDX-License-Identifier: BSL-1.0
#include <costexpr.hpp>

int other();

int main() { return other() - COSTEXPR_VERSION_MINOR; }
