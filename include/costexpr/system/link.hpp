// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/core/math.hpp>

namespace costexpr {

/// One tier of links: what a device sends per second in one direction, and what a message takes at least.
struct link_tier {
    count devices = 0;  ///< that it connects; 0: as many as there are
    double bytes_per_second = 0;
    double latency_seconds = 0;

    friend constexpr bool operator==(link_tier const&, link_tier const&) = default;
};

}  // namespace costexpr
