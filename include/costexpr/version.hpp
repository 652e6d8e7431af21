// SPDX-License-Identifier: BSL-1.0
#pragma once

// The one place that says the version; CMakeLists.txt reads it from here.
#define COSTEXPR_VERSION_MAJOR 0
#define COSTEXPR_VERSION_MINOR 1
#define COSTEXPR_VERSION_PATCH 0
