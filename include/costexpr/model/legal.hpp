// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/core/result.hpp>
#include <costexpr/model/family.hpp>

namespace costexpr {

namespace detail {

/// Takes problems and keeps only whether there were any: what the hot path asks.
struct any_problem {
    bool found = false;
    COSTEXPR_INLINE constexpr void add(problem const&) { found = true; }
};

template <class Sink>
COSTEXPR_INLINE constexpr void check_degrees(layout const& l, Sink& p) {
    auto const degree = [&](count n, std::string_view key) COSTEXPR_INLINE_LAMBDA {
        bool const good = n >= 1 && n <= largest_dimension;
        if (!good) p.add({.code = errc::illegal_layout, .key = key, .expected = 1, .found = n, .hint = "a degree of at least 1"});
        return good;
    };
    bool all = degree(l.tp, "tp");
    all = degree(l.pp, "pp") && all;
    all = degree(l.dp, "dp") && all;
    all = degree(l.ep, "ep") && all;
    all = degree(l.cp, "cp") && all;
    if (l.moe_tp != 0) all = degree(l.moe_tp, "moe_tp") && all;
    if (!all) return;
    count const devices = l.tp * l.dp;
    if (l.ep != 1 && devices % l.ep != 0)
        p.add({.code = errc::illegal_layout, .key = "ep", .expected = devices, .found = l.ep, .hint = "a divisor of tp x dp"});
    else if (l.moe_tp != 0 && l.moe_tp * l.ep != devices)
        p.add({.code = errc::illegal_layout, .key = "moe_tp", .expected = devices / l.ep, .found = l.moe_tp, .hint = "moe_tp x ep = tp x dp"});
    if (l.cp != 1) p.add({.code = errc::illegal_layout, .key = "cp", .expected = 1, .found = l.cp, .hint = "context parallelism is not priced yet"});
}

/// Tells the sink everything that stands against a layout.
template <composition M, class Sink>
COSTEXPR_INLINE constexpr void check_layout(M const& m, layout const& l, Sink& p) {
    any_problem degrees{};
    check_degrees(l, degrees);
    if (degrees.found) return check_degrees(l, p);
    count stages = 0;
    for_each_layer(m.layers(), [&](auto const& r) COSTEXPR_INLINE_LAMBDA {
        if constexpr (requires { r.layer.legal(l, p); }) r.layer.legal(l, p);
        stages = max(stages, r.times);
    });
    if (l.pp > stages) p.add({.code = errc::illegal_layout, .key = "pp", .expected = stages, .found = l.pp, .hint = "at most one stage per layer"});
}

}  // namespace detail

/// Whether a model can be laid out like this; every reason against it, with the dimension and the degree.
template <composition M>
[[nodiscard]] constexpr result<void> legal(M const& m, layout const& l) {
    problems p{};
    detail::check_layout(m, l, p);
    if (!p.empty()) return p;
    return {};
}

}  // namespace costexpr
