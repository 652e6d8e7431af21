// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/config.hpp>
#include <costexpr/cost/pricing.hpp>
#include <costexpr/model/family.hpp>
#include <costexpr/model/op_graph.hpp>

#include <span>

namespace costexpr {

/// A step with its moments taken: what ops are evaluated on. Of several context-parallel ranks it is what one of them computes.
template <class T, class N>
struct measured_step {
    std::span<basic_group<N> const> groups;
    loads<T> by_phase;
    load<T> total;
    T all_tokens;  ///< of all ranks together: what experts see, where they are spread over them

    COSTEXPR_INLINE constexpr explicit measured_step(std::span<basic_group<N> const> g, count ranks = 1) : measured_step(g, moments<T>(g), ranks) {}
    COSTEXPR_INLINE constexpr measured_step(std::span<basic_group<N> const> g, loads<T> const& all, count ranks)
        : groups(g), by_phase(all.on_rank(ranks)), total(by_phase.total()), all_tokens(ranks == 1 ? total.tokens : plus(all.prefill.tokens, all.decode.tokens)) {}

    /// The load of an op on all tokens of a step.
    template <op_on_totals O>
    [[nodiscard]] COSTEXPR_INLINE constexpr load<T> total_of(O const& o) const {
        load<T> l = total;
        if constexpr (requires { o.on_all_ranks; })
            if (o.on_all_ranks) l.tokens = all_tokens;
        return l;
    }
};

namespace detail {

template <class T, class N>
COSTEXPR_INLINE constexpr basic_group<T> as(basic_group<N> const& g) {
    return {T(g.sequences), T(g.new_tokens), T(g.past_tokens), g.phase};
}

/// The work of an op in one phase of a step.
template <class T, class N, op O>
COSTEXPR_INLINE constexpr work<T> phase_work(O const& o, measured_step<T, N> const& s, phase p) {
    if constexpr (op_on_phase<O>) {
        return o(s.by_phase.of(p), p);
    } else if constexpr (op_on_attended<O>) {
        attended<T> sum{};
        for (auto const& g : s.groups)
            if (g.phase == p) sum = sum + o.of(as<T>(g));
        return o.on(sum, p);
    } else {
        work<T> sum{};
        for (auto const& g : s.groups)
            if (g.phase == p) sum = sum + o(as<T>(g));
        return sum;
    }
}

}  // namespace detail

/// Calls f(work, load, phase) for each kernel that an op starts in a step: one for both phases together (called prefill where any prompt is
/// read), or one per phase that is there.
template <class T, class N, op O, class F>
COSTEXPR_INLINE constexpr void for_each_kernel(O const& o, measured_step<T, N> const& s, F const& f) {
    if (o.idle()) return;
    if constexpr (op_on_totals<O>) {
        auto const& l = s.total_of(o);
        f(o(l), l, s.by_phase.prefill.tokens > T(0) ? phase::prefill : phase::decode);
    } else {
        if (s.by_phase.prefill.tokens > T(0)) f(detail::phase_work(o, s, phase::prefill), s.by_phase.prefill, phase::prefill);
        if (s.by_phase.decode.tokens > T(0)) f(detail::phase_work(o, s, phase::decode), s.by_phase.decode, phase::decode);
    }
}

/// Seconds of one op in a step.
template <class T, class N, op O, class Price>
COSTEXPR_INLINE constexpr T seconds(O const& o, measured_step<T, N> const& s, Price const& price) {
    if constexpr (op_on_totals<O> && pricing_without_work<Price, O>) {
        return o.idle() ? T(0) : price(o, s.total_of(o));
    } else {
        T sum = T(0);
        for_each_kernel(o, s, [&](work<T> const& w, load<T> const& l, phase p) COSTEXPR_INLINE_LAMBDA { sum = plus(sum, kernel_seconds(price, o, w, l, p)); });
        return sum;
    }
}

namespace detail {

/// Where a checkpoint stores single modules otherwise, every op may stand for several dtypes: too much code to force inline for the rest.
template <composition M, class N, class Price>
COSTEXPR_COLD constexpr auto seconds_with_exceptions(M const& m, deployment const& x, std::span<basic_group<N> const> groups, Price const& price) {
    using T = typename Price::number;
    measured_step<T, N> const s(groups, x.layout.cp);
    T sum = T(0);
    for_each_op_of(m, x, [&](auto const& o, op_place const& at) { sum = plus(sum, T(static_cast<double>(at.times)) * seconds(o, s, price)); });
    return sum;
}

}  // namespace detail

/// Seconds of a step: the sum over the layers of a composition and their ops. Forced inline; a known model folds to straight-line code.
template <composition M, class N, class Price>
COSTEXPR_INLINE constexpr auto seconds(M const& m, deployment const& x, std::span<basic_group<N> const> groups, Price const& price) {
    using T = typename Price::number;
    if (x.precision.exceptions.size() != 0) {
        // a copy: a deployment whose address leaves is not folded, by g++ least of all
        deployment const copy = x;
        return detail::seconds_with_exceptions(m, copy, groups, price);
    }
    measured_step<T, N> const s(groups, x.layout.cp);
    T sum = T(0);
    for_each_layer(m.layers(), [&](auto const& r) COSTEXPR_INLINE_LAMBDA {
        T layer = T(0);
        for_each_op(r.layer.ops(x), [&](auto const& o) COSTEXPR_INLINE_LAMBDA { layer = plus(layer, seconds(o, s, price)); });
        sum = plus(sum, T(static_cast<double>(r.times)) * layer);
    });
    return sum;
}

}  // namespace costexpr
