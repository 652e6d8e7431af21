// SPDX-License-Identifier: BSL-1.0

// The bandwidth that links need for a budget: exact, and what it says where none does or none is needed.

#include <costexpr/costexpr.hpp>

#include <check.hpp>

#include <limits>
#include <utility>

namespace cx = costexpr;
using cx::count;

namespace {

constexpr auto& h200 = cx::system<"h200_sxm">;
constexpr auto& qwen = cx::model<"Qwen/Qwen3-32B">;
constexpr double infinite = std::numeric_limits<double>::infinity();

constexpr cx::system_spec with(cx::link_span which, double rate) {
    cx::system_spec s = h200;
    (which == cx::link_span::node ? s.node : which == cx::link_span::rack ? s.rack : s.cluster).bytes_per_second = rate;
    return s;
}

// The step takes the budget at that bandwidth, and more at a bit less.
constexpr bool the_least_bandwidth_keeps_the_budget() {
    cx::decode_batch const b{.sequences = launder(count{32}), .past = 4096};
    for (auto const& [l, which] : {std::pair{cx::layout{.tp = 8}, cx::link_span::node}, std::pair{cx::layout{.tp = 2, .cp = 2}, cx::link_span::node},
                                   std::pair{cx::layout{.tp = 8, .pp = 4}, cx::link_span::cluster}}) {
        cx::deployment const x{.layout = l, .precision = qwen.config.precision()};
        double const now = cx::decode(qwen, x, h200, b).seconds;
        for (double const factor : {0.95, 1.0, 1.5, 30.0}) {
            double const rate = cx::least_link_bandwidth(qwen, x, h200, factor * now, b, which);
            if (rate == infinite && factor < 1) continue;
            if (cx::decode(qwen, x, with(which, rate), b).seconds > factor * now * (1 + 1e-13)) return false;
            if (!(cx::decode(qwen, x, with(which, rate * (1 - 1e-6)), b).seconds > factor * now)) return false;
        }
    }
    return true;
}
CHECK_TWICE(the_least_bandwidth_keeps_the_budget);

constexpr bool none_is_enough_or_none_is_needed() {
    cx::decode_batch const b{.sequences = launder(count{32}), .past = 4096};
    cx::deployment const one{.layout = {}, .precision = qwen.config.precision()};
    cx::deployment const eight{.layout = {.tp = 8}, .precision = qwen.config.precision()};
    cx::deployment const impossible{.layout = {.tp = 3}};
    double const now = cx::decode(qwen, eight, h200, b).seconds;
    return cx::least_link_bandwidth(qwen, one, h200, 1, b) == 0 && cx::least_link_bandwidth(qwen, eight, h200, 1, b, cx::link_span::cluster) == 0 &&
           cx::least_link_bandwidth(qwen, eight, h200, now / 10, b) == infinite && cx::least_link_bandwidth(qwen, impossible, h200, 1, b) == infinite;
}
CHECK_TWICE(none_is_enough_or_none_is_needed);

}  // namespace
