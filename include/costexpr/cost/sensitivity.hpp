// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/core/number.hpp>
#include <costexpr/cost/inverse.hpp>

#include <span>

namespace costexpr {

/// By how many per cent the seconds of a step change where one of its inputs grows by one per cent: d ln(seconds) / d ln(input), exact.
/// The derivative itself is elasticity x seconds / input. Seconds of a roofline without constants halve where all rates double, so that
/// those of the rates sum to -1.
struct elasticity {
    double seconds = 0;           ///< not a number where the deployment is refused
    double memory_bandwidth = 0;
    double flops = 0;             ///< all classes of arithmetic together
    double links = 0;             ///< all tiers together
    double batch = 0;             ///< sequences of every group
    double context = 0;           ///< past tokens of every group

    [[nodiscard]] constexpr double rates() const { return memory_bandwidth + flops + links; }
};

namespace detail {

enum class direction : std::size_t { memory, flops, links, batch, context };
using five = dual<5>;

/// x with its derivative by its own logarithm.
constexpr five logarithmic(double x, direction d, double sign = 1) { return five::variable(x, static_cast<std::size_t>(d), sign * x); }
constexpr basic_group<five> seeded(group const& g) {
    return {logarithmic(static_cast<double>(g.sequences), direction::batch), five(g.new_tokens), logarithmic(static_cast<double>(g.past_tokens), direction::context), g.phase};
}
constexpr roofline<five> seeded(system_spec const& s) {
    roofline<five> price(s);
    // a rate that grows takes less time
    price.seconds_per_byte = logarithmic(price.seconds_per_byte.value, direction::memory, -1);
    for (five& t : price.seconds_per_flop) t = logarithmic(t.value, direction::flops, -1);
    for (five& t : price.seconds_per_wire_byte) t = logarithmic(t.value, direction::links, -1);
    return price;
}

/// Seconds of one op in a step of any number of groups, which get their derivatives one by one.
template <op O>
COSTEXPR_COLD constexpr five seeded_seconds(O const& o, measured_step<five, count> const& s, roofline<five> const& price) {
    if (o.idle()) return five(0);
    if constexpr (op_on_totals<O>) {
        return price(o, o(s.total_of(o)));
    } else {
        five sum(0);
        for (phase const p : {phase::prefill, phase::decode}) {
            if (!(s.by_phase.of(p).tokens.value > 0)) continue;
            if constexpr (op_on_phase<O>) {
                sum = sum + price(o, o(s.by_phase.of(p), p));
            } else {
                work<five> all{};
                for (group const& g : s.groups)
                    if (g.phase == p) all = all + o(seeded(g));
                sum = sum + price(o, all);
            }
        }
        return sum;
    }
}

}  // namespace detail

/// The elasticities of a step, priced by the roofline.
template <class M>
[[nodiscard]] constexpr elasticity elasticities(M const& m, deployment const& x, system_spec const& s, step groups) {
    elasticity const refused{.seconds = __builtin_nan("")};
    return detail::on_ops(m, x, refused, [&](auto const& ops) {
        using detail::five;
        roofline<five> const price = detail::seeded(s);
        loads<five> by_phase{};
        for (group const& g : groups) {
            load<five> const l = moments<five>(detail::seeded(g));
            load<five>& sum = g.phase == phase::prefill ? by_phase.prefill : by_phase.decode;
            sum = sum + l;
        }
        measured_step<five, count> const measured(groups, by_phase, x.layout.cp);
        five t(0);
        for_each_op_of(ops, x, [&](auto const& o, op_place const& at) { t = t + five(at.times) * detail::seeded_seconds(o, measured, price); });
        if (!is_priced(t.value) || !(t.value > 0)) return refused;
        return elasticity{t.value, t.slope[0] / t.value, t.slope[1] / t.value, t.slope[2] / t.value, t.slope[3] / t.value, t.slope[4] / t.value};
    });
}
/// The same in the precision of the model's checkpoint.
template <class M>
[[nodiscard]] constexpr elasticity elasticities(M const& m, layout const& l, system_spec const& s, step groups) {
    return elasticities(m, deployment{.layout = l, .precision = detail::stored_precision(m)}, s, groups);
}

/// The roofline of a machine whose rates lie anywhere between those of two systems.
[[nodiscard]] constexpr roofline<interval> roofline_between(system_spec const& a, system_spec const& b) {
    roofline<interval> price(a);
    roofline<interval> const other(b);
    auto const hull = [](interval& x, interval const& y) { x = {min(x.low, y.low), max(x.high, y.high)}; };
    hull(price.seconds_per_byte, other.seconds_per_byte);
    for (std::size_t i = 0; i != price.seconds_per_flop.size(); ++i) hull(price.seconds_per_flop[i], other.seconds_per_flop[i]);
    for (std::size_t i = 0; i != price.seconds_per_wire_byte.size(); ++i) hull(price.seconds_per_wire_byte[i], other.seconds_per_wire_byte[i]);
    return price;
}
/// Bounds of the seconds of a step on such a machine, for groups of any numbers (ranges of sequences or tokens too). Every group has at
/// least one sequence and one new token.
template <class M, class N>
[[nodiscard]] constexpr interval seconds_between(M const& m, deployment const& x, system_spec const& a, system_spec const& b, std::span<basic_group<N> const> groups) {
    return detail::on_ops(m, x, interval(without_rate), [&](auto const& ops) {
        roofline<interval> const price = roofline_between(a, b);
        measured_step<interval, N> const s(groups, x.layout.cp);
        interval t(0);
        for_each_op_of(ops, x, [&](auto const& o, op_place const& at) { t = t + interval(at.times) * seconds(o, s, price); });
        return t;
    });
}

}  // namespace costexpr
