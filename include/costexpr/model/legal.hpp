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
    bool good = degree(l.tp, "tp");
    good = degree(l.pp, "pp") && good;
    good = degree(l.dp, "dp") && good;
    good = degree(l.ep, "ep") && good;
    good = degree(l.cp, "cp") && good;
    if (l.moe_tp != 0) good = degree(l.moe_tp, "moe_tp") && good;
    if (!good) return false;
    if (l.cp > 1 && l.tp * l.dp > largest_dimension / l.cp) {
        p.add({.code = errc::illegal_layout, .key = "cp", .expected = largest_dimension, .found = l.cp, .hint = "at most # devices in all"});
        return false;
    }
    count const devices = l.tp * l.dp;
    count const all = devices * l.cp;  // experts stand on those of one context-parallel rank, or of all
    if (l.ep != 1 && all % l.ep != 0)
        p.add({.code = errc::illegal_layout, .key = "ep", .expected = all, .found = l.ep, .hint = l.cp != 1 ? "a divisor of tp x dp x cp = #" : "a divisor of tp x dp = #"});
    else if (l.moe_tp != 0 && l.moe_tp * l.ep != devices && l.moe_tp * l.ep != all)
        p.add({.code = errc::illegal_layout, .key = "moe_tp", .expected = all / l.ep, .found = l.moe_tp,
               .hint = l.cp != 1 ? "#, so that moe_tp x ep = tp x dp x cp, or tp x dp" : "#, so that moe_tp x ep = tp x dp"});
    return true;
}

/// The same where reasons are wanted: not hot, and compiled once.
COSTEXPR_ONCE constexpr bool check_degrees(layout const& l, problems& p) { return check_degrees<problems>(l, p); }

/// Whether one of these ops keeps state.
template <class Ops>
inline constexpr bool keeps_state = requires(Ops const& o) { o.state(); };
template <class... O>
inline constexpr bool keeps_state<hana::basic_tuple<O...>> = (keeps_state<O> || ...);

/// Whether one of these ops takes every token after the one before it: such a layer cannot share the tokens of a sequence.
template <class Ops>
inline constexpr bool in_order = requires { Ops::in_order; };
template <class... O>
inline constexpr bool in_order<hana::basic_tuple<O...>> = (in_order<O> || ...);

/// Tells the sink why a layer cannot stand in a layout.
template <class L, class Sink>
COSTEXPR_INLINE constexpr void check_layer(L const& layer, layout const& l, Sink& p) {
    if constexpr (requires { layer.legal(l, p); }) layer.legal(l, p);
    if constexpr (in_order<decltype(layer.ops(deployment{}))>)
        if (l.cp != 1)
            p.add({.code = errc::illegal_layout, .key = "cp", .expected = 1, .found = l.cp, .hint = "1, as a state passes from each token to the next in some layers"});
}

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
    COSTEXPR_ONCE constexpr void check(layout const& l, problems& p) const { check<problems>(l, p); }
};

/// Tells the sink everything that stands against a layout.
template <composition M, class Sink>
COSTEXPR_INLINE constexpr void check_layout(M const& m, layout const& l, Sink& p) {
    if (!check_degrees(l, p)) return;  // layers divide by them
    stage_counter stages{};
    for_each_layer(m.layers(), [&](auto const& r) COSTEXPR_INLINE_LAMBDA {
        check_layer(r.layer, l, p);
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
