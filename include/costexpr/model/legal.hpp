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
COSTEXPR_INLINE constexpr bool check_degrees(layout const& l, Sink& p) {
    auto const degree = [&](count n, std::string_view key) COSTEXPR_INLINE_LAMBDA {
        bool const good = n >= 1 && n <= largest_dimension;
        if (!good) p.add({.code = errc::illegal_layout, .key = key, .expected = n < 1 ? count{1} : largest_dimension, .found = n, .hint = n < 1 ? "at least #" : "at most #"});
        return good;
    };
    bool all = degree(l.tp, "tp");
    all = degree(l.pp, "pp") && all;
    all = degree(l.dp, "dp") && all;
    all = degree(l.ep, "ep") && all;
    all = degree(l.cp, "cp") && all;
    if (l.moe_tp != 0) all = degree(l.moe_tp, "moe_tp") && all;
    if (!all) return false;
    count const devices = l.tp * l.dp;
    if (l.ep != 1 && devices % l.ep != 0)
        p.add({.code = errc::illegal_layout, .key = "ep", .expected = devices, .found = l.ep, .hint = "a divisor of tp x dp = #"});
    else if (l.moe_tp != 0 && l.moe_tp * l.ep != devices)
        p.add({.code = errc::illegal_layout, .key = "moe_tp", .expected = devices / l.ep, .found = l.moe_tp, .hint = "#, so that moe_tp x ep = tp x dp"});
    if (l.cp != 1) p.add({.code = errc::illegal_layout, .key = "cp", .expected = 1, .found = l.cp, .hint = "1, as context parallelism is not priced yet"});
    return true;
}

/// The same where reasons are wanted: not hot, and compiled once.
COSTEXPR_COLD constexpr bool check_degrees(layout const& l, problems& p) { return check_degrees<problems>(l, p); }

/// Whether one of these ops keeps state.
template <class Ops>
inline constexpr bool keeps_state = requires(Ops const& o) { o.state(); };
template <class... O>
inline constexpr bool keeps_state<sequence<O...>> = (keeps_state<O> || ...);

/// How many pipeline stages the layers of a model allow: what keeps state stands once in every layer of a decoder; norms stand there more often.
struct stage_counter {
    count mixers = 0;
    count most = 0;

    template <class L>
    COSTEXPR_INLINE constexpr void add(run<L> const& r) {
        if constexpr (keeps_state<decltype(r.layer.ops(deployment{}))>) mixers += r.times;
        most = max(most, r.times);
    }
    template <class Sink>
    COSTEXPR_INLINE constexpr void check(layout const& l, Sink& p) const {
        count const stages = mixers != 0 ? mixers : most;
        if (l.pp > stages) p.add({.code = errc::illegal_layout, .key = "pp", .expected = stages, .found = l.pp, .hint = "at most #, one stage per layer"});
    }
    COSTEXPR_COLD constexpr void check(layout const& l, problems& p) const { check<problems>(l, p); }
};

/// Tells the sink everything that stands against a layout.
template <composition M, class Sink>
COSTEXPR_INLINE constexpr void check_layout(M const& m, layout const& l, Sink& p) {
    if (!check_degrees(l, p)) return;  // layers divide by them
    stage_counter stages{};
    for_each_layer(m.layers(), [&](auto const& r) COSTEXPR_INLINE_LAMBDA {
        if constexpr (requires { r.layer.legal(l, p); }) r.layer.legal(l, p);
        stages.add(r);
    });
    stages.check(l, p);
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
