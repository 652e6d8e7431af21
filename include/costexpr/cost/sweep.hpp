// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/core/pack.hpp>
#include <costexpr/cost/evaluate.hpp>
#include <costexpr/cost/lower.hpp>

#include <array>
#include <concepts>
#include <cstddef>
#include <span>

namespace costexpr {

/// One quantity at every point of a sweep: a column of numbers, or the same number throughout.
class column {
  public:
    constexpr column(double every) : every_(every) {}
    template <class Numbers>
        requires std::convertible_to<Numbers const&, std::span<double const>>
    constexpr column(Numbers const& one_a_point) : points_(one_a_point), constant_(false) {}

    [[nodiscard]] constexpr bool is_constant() const { return constant_; }
    [[nodiscard]] constexpr std::size_t size() const { return points_.size(); }
    [[nodiscard]] constexpr double operator[](std::size_t i) const { return is_constant() ? every_ : points_[i]; }
    [[nodiscard]] constexpr double const* from(std::size_t i) const { return points_.data() + i; }

  private:
    double every_ = 0;
    std::span<double const> points_{};
    bool constant_ = true;
};

/// Equal sequences of the steps of a sweep, as `group` has those of one step.
struct swept_group {
    column sequences = 1.0;
    column new_tokens = 1.0;   ///< per sequence, computed in the step
    column past_tokens = 0.0;  ///< per sequence, already in its state
    costexpr::phase phase = phase::decode;

    [[nodiscard]] constexpr bool has(std::size_t points) const {
        auto const right = [&](column const& c) { return c.is_constant() || c.size() == points; };
        return right(sequences) && right(new_tokens) && right(past_tokens);
    }
};

/// Groups that a step of a sweep may consist of.
inline constexpr std::size_t most_swept_groups = 4;

namespace detail {

template <class>
inline constexpr bool is_pack = false;
template <std::size_t Registers, std::size_t Bytes>
inline constexpr bool is_pack<pack<Registers, Bytes>> = true;

/// The values of a column at the points from `first` on, as many as a pack has lanes; behind the last one its value again.
template <class Pack>
[[nodiscard]] Pack lanes_of(column const& c, std::size_t first, std::size_t points) {
    if (c.is_constant()) return Pack(c[first]);
    if (first + Pack::lanes <= points) return Pack::load(c.from(first));
    std::array<double, Pack::lanes> held;
    for (std::size_t i = 0; i != Pack::lanes; ++i) held[i] = c[min(first + i, points - 1)];
    return Pack::load(held.data());
}

/// Calls f(groups, first, count) for blocks of points whose groups are there in all of them or in none, which is what a pack takes.
template <class Pack, class F>
void for_each_block(std::span<swept_group const> groups, std::size_t points, F const& f) {
    std::array<basic_group<Pack>, most_swept_groups> block;
    std::span<basic_group<Pack> const> const used(block.data(), groups.size());
    for (std::size_t first = 0; first < points; first += Pack::lanes) {
        std::size_t const here = min(Pack::lanes, points - first);
        bool same_groups = true;
        for (std::size_t g = 0; g != groups.size(); ++g) {
            block[g] = {lanes_of<Pack>(groups[g].sequences, first, points), lanes_of<Pack>(groups[g].new_tokens, first, points),
                        lanes_of<Pack>(groups[g].past_tokens, first, points), groups[g].phase};
            auto const there = block[g].sequences * block[g].new_tokens > Pack(0);
            same_groups = same_groups && (all(there) || !any(there));
        }
        if (same_groups) {
            f(used, first, here);
            continue;
        }
        for (std::size_t i = first; i != first + here; ++i) {
            for (std::size_t g = 0; g != groups.size(); ++g)
                block[g] = {Pack(groups[g].sequences[i]), Pack(groups[g].new_tokens[i]), Pack(groups[g].past_tokens[i]), groups[g].phase};
            f(used, i, 1);
        }
    }
}
/// The seconds of blocks of steps, one after the other. Most ops see the tokens of a step and not how long its sequences are: what they took is
/// kept for the blocks that follow with the same tokens.
template <walkable M, class Price>
class swept_steps {
  public:
    using points = typename Price::number;
    static_assert(is_pack<points>, "costexpr: a sweep is priced on packs of points: sweep(graph, groups, roofline<pack<>>(system), seconds)");

    swept_steps(M const& m, deployment const& x, count ranks, Price const& price) : model_(m), x_(x), ranks_(ranks), price_(price) {}

    [[nodiscard]] points operator()(std::span<basic_group<points> const> groups) {
        measured_step<points, points> const s(groups, ranks_);
        bool const reads = any(s.by_phase.prefill.tokens > points(0));
        if (!known_ || differ(s.by_phase.prefill, seen_.prefill) || differ(s.by_phase.decode, seen_.decode)) {
            of_tokens_ = sum(s, [&](auto const& o) COSTEXPR_INLINE_LAMBDA { return !sees_lengths(o, reads); });
            seen_ = s.by_phase;
            known_ = true;
        }
        return of_tokens_ + sum(s, [&](auto const& o) COSTEXPR_INLINE_LAMBDA { return sees_lengths(o, reads); });
    }

  private:
    template <class F>
    [[nodiscard]] points sum(measured_step<points, points> const& s, F const& chosen) const {
        points t(0);
        for_each_op_of(model_, x_, [&](auto const& o, op_place const& at) {
            if (chosen(o)) t = t + points(at.times) * seconds(o, s, price_);
        });
        return t;
    }
    [[nodiscard]] static bool differ(load<points> const& a, load<points> const& b) {
        auto const unequal = [](points const& x, points const& y) { return any((x < y) || (y < x)); };
        return unequal(a.tokens, b.tokens) || unequal(a.sequences, b.sequences);
    }

    M const& model_;
    deployment const& x_;
    count ranks_;
    Price const& price_;
    points of_tokens_{};
    loads<points> seen_{};
    bool known_ = false;
};

template <walkable M, class Price>
[[nodiscard]] bool sweep(M const& m, deployment const& x, count ranks, std::span<swept_group const> groups, Price const& price, std::span<double> out) {
    if (groups.size() > most_swept_groups) return false;
    for (swept_group const& g : groups)
        if (!g.has(out.size())) return false;
    using points = typename Price::number;
    swept_steps<M, Price> seconds_of(m, x, ranks, price);
    for_each_block<points>(groups, out.size(), [&](std::span<basic_group<points> const> block, std::size_t first, std::size_t count) {
        points const t = seconds_of(block);
        if (count == points::lanes) return t.store(&out[first]);
        std::array<double, points::lanes> some;
        t.store(some.data());
        for (std::size_t i = 0; i != count; ++i) out[first + i] = some[i];
    });
    return true;
}

}  // namespace detail

/// The seconds of many steps of a model that was laid out, one for each point: what seconds(graph, step, price) gives, to 1e-14, but computed a
/// pack of points at a time. The pricing is one on packs: roofline<pack<>>(system), calibrated<pack<>>(system, constants).
/// Points with the same tokens should follow each other (batches outside, lengths inside): what does not depend on lengths is computed once for
/// them. Compile with -O3 -march=native -ffp-contract=off -fno-math-errno: without the last, square roots are computed one by one.
/// False, and nothing written, where a column has another length than `out`, or where there are more than most_swept_groups groups.
///   swept_group const decode[]{{.sequences = 64, .past_tokens = lengths}};
///   sweep(graph, decode, calibrated<pack<>>(system, constants), seconds)
template <class Registry, class Price>
[[nodiscard]] bool sweep(op_graph<Registry> const& g, std::span<swept_group const> groups, Price const& price, std::span<double> out) {
    return detail::sweep(g, deployment{}, g.context_ranks(), groups, price, out);
}
/// The same for a composition, such as a model named at compile time.
template <composition M, class Price>
[[nodiscard]] bool sweep(M const& m, deployment const& x, std::span<swept_group const> groups, Price const& price, std::span<double> out) {
    return detail::sweep(m, x, x.layout.cp, groups, price, out);
}

}  // namespace costexpr
