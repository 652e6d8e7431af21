// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/core/number.hpp>
#include <costexpr/cost/cost.hpp>
#include <costexpr/cost/layouts.hpp>
#include <costexpr/cost/memory.hpp>

#include <limits>
#include <span>

// What a budget allows: the inverses of memory and seconds. Each is exact, f(x) <= y < f(x + 1): what is linear is divided, the rest is
// followed by secants, which need a few evaluations since costs are piecewise close to linear.

namespace costexpr {

/// The largest x in [1, high] with f(x) <= y, or 0 where f(1) > y, for f that never falls. Secants through the last two points, kept
/// between the largest x that is known to hold and the smallest that is known not to; halved where they gain little.
template <class Y, class F>
[[nodiscard]] constexpr count largest_within(Y y, count high, F const& f, count guess = 0) {
    count good = 0;
    count bad = high + 1;  // never evaluated
    count x = 1;
    count last = 0;
    Y last_value{};
    int poor = 0;
    bool guessed = false;
    while (bad - good > 1) {
        count const width = bad - good;
        Y const value = f(x);
        (value <= y ? good : bad) = x;
        if (good == 0 || bad - good <= 1) break;
        // where the line through this point and the last one, or through the origin at first, meets y
        double const rise = last != 0 ? static_cast<double>(value - last_value) / static_cast<double>(x - last) : static_cast<double>(value) / static_cast<double>(x);
        double const aim = rise > 0 ? static_cast<double>(x) + static_cast<double>(y - value) / rise : static_cast<double>(x) * 16;
        bool const gains = bad > high ? value > y || x > 2 * last : 2 * (bad - good) <= width;
        poor = gains ? 0 : poor + 1;
        last = x;
        last_value = value;
        if (!guessed && guess > 1) {
            x = guess;
            guessed = true;
        } else if (poor >= 3) {
            x = bad > high && good < high / 8 ? 8 * good : good + (bad - good) / 2;
            poor = 0;
        } else {
            x = aim >= static_cast<double>(bad) ? bad - 1 : aim <= static_cast<double>(good) ? good + 1 : static_cast<count>(aim);
        }
        x = max(good + 1, min(x, bad - 1));
    }
    return good;
}

/// Whether weights, the state of the sequences held, activations and buffers fit on every device: true or false, with the bytes of each.
template <class M, class P = no_predictions>
[[nodiscard]] constexpr device_memory fits(M const& m, deployment const& x, system_spec const& s, residency const& held, P const& predictions = {}) {
    return memory(m, x, s, held, predictions);
}
template <class M>
[[nodiscard]] constexpr device_memory fits(M const& m, layout const& l, system_spec const& s, residency const& held) {
    return memory(m, deployment{.layout = l, .precision = detail::stored_precision(m)}, s, held);
}

/// The most sequences of so many tokens of context that fit beside the largest step.
[[nodiscard]] constexpr count most_sequences(memory_terms const& t, residency const& held) {
    count const each = t.state_of(held.context);
    count const rows = bounded_product(held.rows, t.row_bytes());
    count const beside_step = t.room() - t.activations(held.step_tokens, 0);
    if (beside_step < 0) return 0;
    // the rows of logits take the place of the step's activations where they are more
    count n = largest_dimension;
    if (each != 0) n = min(n, beside_step / each);
    if (each + rows != 0) n = min(n, t.room() / (each + rows));
    return n;
}
/// The longest context, up to 2^40 tokens, that fits for so many sequences; 0 where not one token does.
[[nodiscard]] constexpr count longest_context(memory_terms const& t, residency const& held) {
    if (held.sequences < 1) return 0;
    constexpr count longest = count{1} << 40;  // models without state fit them all
    count const room = t.room() - t.activations(held.step_tokens, bounded_product(held.sequences, held.rows));
    if (room < 0) return 0;
    count const each = room / held.sequences;
    memory_terms::growth const g = t.growth_of_state();
    if (g.most > each && g.least > each) return 0;
    double const guess = g.per_token > 0 ? static_cast<double>(each - g.most) / g.per_token : 0.0;
    return largest_within(each, longest, [&](count tokens) { return t.state_of(tokens); }, guess < 1 ? 1 : guess < static_cast<double>(longest) ? static_cast<count>(guess) : longest);
}
/// The most tokens of a step that fit beside the sequences held.
[[nodiscard]] constexpr count largest_step(memory_terms const& t, residency const& held) {
    count const rows = bounded_product(held.sequences, held.rows);
    count const room = t.room() - bounded_product(held.sequences, t.state_of(held.context));
    if (room < 0) return 0;
    return largest_within(room, largest_dimension, [&](count tokens) { return t.activations(tokens, rows); });
}

namespace detail {

/// The smallest of an inverse over all pipeline stages; 0 where the layout is not possible.
template <class M, class P, class F>
constexpr count least_of_stages(M const& m, deployment const& x, system_spec const& s, P const& predictions, F const& f) {
    count least = std::numeric_limits<count>::max();
    bool const possible = for_each_stage(m, x, s, predictions, [&](memory_terms const& t, count) { least = min(least, f(t)); });
    return possible ? least : 0;
}

}  // namespace detail

/// The most sequences of `held.context` tokens per attention-DP rank that fit; 0 where not even the weights do.
template <class M, class P = no_predictions>
[[nodiscard]] constexpr count most_sequences(M const& m, deployment const& x, system_spec const& s, residency const& held, P const& predictions = {}) {
    return detail::least_of_stages(m, x, s, predictions, [&](memory_terms const& t) { return most_sequences(t, held); });
}
/// The longest context that fits for `held.sequences` sequences per attention-DP rank; 0 where none does.
template <class M, class P = no_predictions>
[[nodiscard]] constexpr count longest_context(M const& m, deployment const& x, system_spec const& s, residency const& held, P const& predictions = {}) {
    return detail::least_of_stages(m, x, s, predictions, [&](memory_terms const& t) { return longest_context(t, held); });
}
/// The most tokens of one step (the largest chunk of prefill) that fit beside the sequences held; 0 where none do.
template <class M, class P = no_predictions>
[[nodiscard]] constexpr count largest_step(M const& m, deployment const& x, system_spec const& s, residency const& held, P const& predictions = {}) {
    return detail::least_of_stages(m, x, s, predictions, [&](memory_terms const& t) { return largest_step(t, held); });
}

namespace detail {

/// Seconds of a step of one group; infinite where the layout or the arithmetic is not possible.
template <composition M>
COSTEXPR_INLINE constexpr double seconds_or_never(M const& m, deployment const& x, system_spec const&, roofline<double> const& price, group const& g) {
    group const one[] = {g};
    return seconds(m, x, step(one), price);
}
template <class Registry>
COSTEXPR_INLINE constexpr double seconds_or_never(op_graph<Registry> const& m, deployment const&, system_spec const&, roofline<double> const& price, group const& g) {
    group const one[] = {g};
    return seconds(m, step(one), price);
}

/// Calls f(model) with what steps are priced on: the composition itself, or the ops of a model that was read at run time. The value of a
/// layout that is not possible is `never`.
template <composition M, class R, class F>
constexpr R on_ops(M const& m, deployment const& x, R never, F const& f) {
    any_problem illegal{};
    check_layout(m, x.layout, illegal);
    return illegal.found ? never : f(m);
}
template <class Registry, class R, class F>
constexpr R on_ops(op_graph<Registry> const& g, deployment const&, R never, F const& f) {
    return g.size() == 0 ? never : f(g);
}
template <class... G, class R, class F>
constexpr R on_ops(basic_model<G...> const& m, deployment const& x, R never, F const& f) {
    problems why{};
    op_graph<registry<G...>> const g = m.ops(x, why);
    return why.empty() ? f(g) : never;
}

}  // namespace detail

/// The most new tokens per sequence that a prefill step reads within so many seconds; 0 where not one.
template <class M>
[[nodiscard]] constexpr count largest_prefill_chunk(M const& m, deployment const& x, system_spec const& s, double budget, prefill_batch b = {}) {
    return detail::on_ops(m, x, count{0}, [&](auto const& ops) {
        roofline<double> const price(s);
        return largest_within(budget, largest_dimension, [&](count tokens) {
            b.tokens = tokens;
            return detail::seconds_or_never(ops, x, s, price, b.as_group());
        });
    });
}
/// The most sequences per attention-DP rank whose decode step takes so many seconds at most (a TPOT); 0 where not one's does.
template <class M>
[[nodiscard]] constexpr count most_sequences_within(M const& m, deployment const& x, system_spec const& s, double budget, decode_batch b = {}) {
    return detail::on_ops(m, x, count{0}, [&](auto const& ops) {
        roofline<double> const price(s);
        return largest_within(budget, largest_dimension, [&](count sequences) {
            b.sequences = sequences;
            return detail::seconds_or_never(ops, x, s, price, b.as_group());
        });
    });
}
/// The longest context whose decode step takes so many seconds at most; 0 where not one token's does.
template <class M>
[[nodiscard]] constexpr count longest_context_within(M const& m, deployment const& x, system_spec const& s, double budget, decode_batch b = {}) {
    return detail::on_ops(m, x, count{0}, [&](auto const& ops) {
        roofline<double> const price(s);
        return largest_within(budget, count{1} << 40, [&](count past) {
            b.past = past;
            return detail::seconds_or_never(ops, x, s, price, b.as_group());
        });
    });
}

namespace detail {

template <composition M, class Price>
constexpr auto step_in(M const& m, deployment const& x, Price const& price, step groups) {
    return seconds(m, x, groups, price);
}
template <class Registry, class Price>
constexpr auto step_in(op_graph<Registry> const& g, deployment const&, Price const& price, step groups) {
    return seconds(g, groups, price);
}

}  // namespace detail

namespace detail {

/// The rate of so many seconds per unit, its last few bits rounded to the side that keeps the budget; infinite where that is none.
template <class F>
constexpr double rate_within(double budget, double each, double seconds, F const& at) {
    for (int i = 0; i != 64 && seconds > budget; ++i) {
        each *= 1 - 2e-16 * static_cast<double>(count{1} << min(i, 40));
        seconds = at(each).value;
    }
    return seconds <= budget ? 1 / each : std::numeric_limits<double>::infinity();
}

}  // namespace detail

/// The smallest memory bandwidth, in bytes per second, at which a step takes so many seconds at most; infinite where arithmetic and links
/// alone take longer. Seconds are convex and piecewise linear in the time of a byte, so that Newton's method ends after a few tangents.
template <class M>
[[nodiscard]] constexpr double least_memory_bandwidth(M const& m, deployment const& x, system_spec const& s, double budget, step groups) {
    constexpr double infinite = std::numeric_limits<double>::infinity();
    return detail::on_ops(m, x, infinite, [&](auto const& ops) {
        roofline<dual<1>> price(s);
        auto const at = [&](double seconds_per_byte) {
            price.seconds_per_byte = dual<1>::variable(seconds_per_byte, 0);
            return detail::step_in(ops, x, price, groups);
        };
        // From the right of the answer every tangent ends on its right, or on it. One byte a nanosecond is slower than any memory.
        double each = 1e-9;
        dual<1> t = at(each);
        if (!is_priced(t.value)) return infinite;
        if (t.value <= budget) return 1 / each;
        for (int i = 0; i != 64 && t.value > budget; ++i) {
            if (!(t.slope[0] > 0)) return infinite;
            double const next = each + (budget - t.value) / t.slope[0];
            if (!(next > 0)) return infinite;
            if (!(next < each)) break;
            each = next;
            t = at(each);
        }
        return detail::rate_within(budget, each, t.value, at);
    });
}
/// The same for the decode step of a batch: the bandwidth that a TPOT needs.
template <class M>
[[nodiscard]] constexpr double least_memory_bandwidth(M const& m, deployment const& x, system_spec const& s, double budget, decode_batch const& b) {
    group const one[] = {b.as_group()};
    return least_memory_bandwidth(m, x, s, budget, step(one));
}

/// Links by what they span.
enum class link_span : unsigned char { node, rack, cluster };

/// The smallest bandwidth of the links of one span, in bytes per second, at which a step takes so many seconds at most, all else as the system
/// says: 0 where no byte crosses them, infinite where the step takes longer without their time. Seconds of a roofline are linear in the time of
/// a byte on a link, so that one division solves it.
template <class M>
[[nodiscard]] constexpr double least_link_bandwidth(M const& m, deployment const& x, system_spec const& s, double budget, step groups, link_span which = link_span::node) {
    constexpr double infinite = std::numeric_limits<double>::infinity();
    return detail::on_ops(m, x, infinite, [&](auto const& ops) {
        roofline<dual<1>> price(s);
        auto const at = [&](double seconds_per_byte) {
            price.seconds_per_wire_byte[static_cast<std::size_t>(which)] = dual<1>::variable(seconds_per_byte, 0);
            return detail::step_in(ops, x, price, groups);
        };
        dual<1> const without = at(0);
        if (!is_priced(without.value) || without.value > budget) return infinite;
        if (!(without.slope[0] > 0)) return 0.0;
        double const each = (budget - without.value) / without.slope[0];
        return each > 0 ? detail::rate_within(budget, each, at(each).value, at) : infinite;
    });
}
/// The same for the decode step of a batch: the bandwidth that a TPOT needs.
template <class M>
[[nodiscard]] constexpr double least_link_bandwidth(M const& m, deployment const& x, system_spec const& s, double budget, decode_batch const& b, link_span which = link_span::node) {
    group const one[] = {b.as_group()};
    return least_link_bandwidth(m, x, s, budget, step(one), which);
}

/// The fewest devices of a system that hold a model, and how.
struct device_plan {
    count devices = 0;  ///< 0: not even the most that were tried
    costexpr::layout layout{};
    device_memory memory{};

    [[nodiscard]] constexpr explicit operator bool() const { return devices != 0; }
};
/// The fewest devices on which `held.sequences` sequences in all fit, over the legal layouts in their order; the sequences are shared by the
/// attention-DP ranks. Tries up to `most` devices.
template <class M>
[[nodiscard]] constexpr device_plan fewest_devices(M const& m, deployment x, system_spec const& s, residency const& held, count most = 512) {
    count const whole = [&] {
        deployment one = x;
        one.layout = {};
        count bytes = 0;
        detail::for_each_stage(m, one, s, no_predictions{}, [&](memory_terms const& t, count) { bytes = t.at(held).weights; });
        return bytes;
    }();
    // shards hold the whole at least
    count const first = s.device.memory_bytes > 0 ? max(count{1}, ceil_div(whole, s.device.memory_bytes)) : most + 1;
    for (count n = first; n <= most; ++n) {
        for (layout const& l : layouts(m, s, n).legal) {
            x.layout = l;
            residency share = held;
            share.sequences = ceil_div(held.sequences, l.dp);
            device_memory const d = memory(m, x, s, share);
            if (d.fits()) return {n, l, d};
        }
    }
    return {};
}

}  // namespace costexpr
