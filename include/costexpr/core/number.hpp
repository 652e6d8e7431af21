// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/config.hpp>
#include <costexpr/core/math.hpp>

#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>

// Number types that a step can be evaluated in besides double: ops, moments and prices are generic in theirs.

namespace costexpr {

template <class T>
concept arithmetic = std::integral<T> || std::floating_point<T>;

/// A value with its exact derivatives in N directions (forward-mode differentiation). Where two terms of a maximum are equal, the
/// derivative is that of one of them.
///   dual<1> x(3, {1}); (x * x).slope[0] == 6
template <std::size_t N>
struct dual {
    double value = 0;
    std::array<double, N> slope{};

    constexpr dual() = default;
    template <arithmetic Number>
    COSTEXPR_INLINE constexpr explicit dual(Number v) : value(static_cast<double>(v)) {}
    COSTEXPR_INLINE constexpr dual(double v, std::array<double, N> const& s) : value(v), slope(s) {}

    /// The variable of a direction.
    [[nodiscard]] static constexpr dual variable(double v, std::size_t direction, double slope = 1) {
        dual x(v);
        x.slope[direction] = slope;
        return x;
    }

    COSTEXPR_INLINE friend constexpr dual operator+(dual const& a, dual const& b) {
        return make(plus(a.value, b.value), [&](std::size_t i) COSTEXPR_INLINE_LAMBDA { return plus(a.slope[i], b.slope[i]); });
    }
    COSTEXPR_INLINE friend constexpr dual operator-(dual const& a, dual const& b) {
        return make(a.value - b.value, [&](std::size_t i) COSTEXPR_INLINE_LAMBDA { return known_zero(b.slope[i]) ? a.slope[i] : a.slope[i] - b.slope[i]; });
    }
    COSTEXPR_INLINE friend constexpr dual operator*(dual const& a, dual const& b) {
        return make(a.value * b.value, [&](std::size_t i) COSTEXPR_INLINE_LAMBDA { return plus(times(a.slope[i], b.value), times(b.slope[i], a.value)); });
    }
    COSTEXPR_INLINE friend constexpr dual operator/(dual const& a, dual const& b) {
        double const ratio = a.value / b.value;
        double const each = 1 / b.value;
        return make(ratio, [&](std::size_t i) COSTEXPR_INLINE_LAMBDA { return known_zero(b.slope[i]) ? times(a.slope[i], each) : (a.slope[i] - ratio * b.slope[i]) * each; });
    }
    COSTEXPR_INLINE friend constexpr bool operator<(dual const& a, dual const& b) { return a.value < b.value; }
    COSTEXPR_INLINE friend constexpr bool operator>(dual const& a, dual const& b) { return b.value < a.value; }
    COSTEXPR_INLINE friend constexpr dual max(dual const& a, dual const& b) { return choose(a.value < b.value, b, a); }
    COSTEXPR_INLINE friend constexpr dual min(dual const& a, dual const& b) { return choose(b.value < a.value, b, a); }
    COSTEXPR_INLINE friend constexpr dual whole_part(dual const& x) { return dual(costexpr::whole_part(x.value)); }
    COSTEXPR_INLINE friend constexpr dual exp_of_negative(dual const& x) {
        double const e = costexpr::exp_of_negative(x.value);
        return make(e, [&](std::size_t i) COSTEXPR_INLINE_LAMBDA { return times(x.slope[i], e); });
    }
    /// At zero, where the slope has no bound, it is taken as zero.
    COSTEXPR_INLINE friend constexpr dual square_root(dual const& x) {
        double const root = costexpr::square_root(x.value);
        double const each = root > 0 ? 0.5 / root : 0.0;
        return make(root, [&](std::size_t i) COSTEXPR_INLINE_LAMBDA { return times(x.slope[i], each); });
    }

  private:
    // Written out and not looped over: g++ keeps arrays that a loop goes through in memory.
    template <class F>
    COSTEXPR_INLINE static constexpr dual make(double v, F const& f) {
        return [&]<std::size_t... I>(std::index_sequence<I...>) COSTEXPR_INLINE_LAMBDA { return dual(v, {f(I)...}); }(std::make_index_sequence<N>{});
    }
    /// A slope that the compiler knows to be zero costs nothing.
    COSTEXPR_INLINE static constexpr double times(double slope, double by) { return known_zero(slope) ? 0.0 : slope * by; }
    COSTEXPR_INLINE static constexpr dual choose(bool first, dual const& a, dual const& b) {
        return make(first ? a.value : b.value, [&](std::size_t i) COSTEXPR_INLINE_LAMBDA { return first ? a.slope[i] : b.slope[i]; });
    }
};

/// All values between two bounds. Every operation rounds outwards, so that the result holds what any choice of values inside its
/// operands gives, rounding included. A comparison holds where it may hold.
///   interval(1, 2) * interval(3, 4) holds 3 to 8
struct interval {
    double low = 0;
    double high = 0;

    constexpr interval() = default;
    template <arithmetic Number>
    constexpr explicit interval(Number v) : low(static_cast<double>(v)), high(low) {}
    constexpr interval(double l, double h) : low(l), high(h) {}

    [[nodiscard]] constexpr bool contains(double x) const { return low <= x && x <= high; }

    friend constexpr interval operator+(interval const& a, interval const& b) { return outward(a.low + b.low, a.high + b.high); }
    friend constexpr interval operator-(interval const& a, interval const& b) { return outward(a.low - b.high, a.high - b.low); }
    friend constexpr interval operator*(interval const& a, interval const& b) {
        if (a.low >= 0 && b.low >= 0) return outward(a.low * b.low, a.high * b.high);
        double const p[] = {a.low * b.low, a.low * b.high, a.high * b.low, a.high * b.high};
        return outward(costexpr::min(costexpr::min(p[0], p[1]), costexpr::min(p[2], p[3])), costexpr::max(costexpr::max(p[0], p[1]), costexpr::max(p[2], p[3])));
    }
    /// All numbers where the divisor may be zero.
    friend constexpr interval operator/(interval const& a, interval const& b) {
        constexpr double infinity = std::numeric_limits<double>::infinity();
        if (b.low <= 0 && b.high >= 0) return {-infinity, infinity};
        double const p[] = {a.low / b.low, a.low / b.high, a.high / b.low, a.high / b.high};
        return outward(costexpr::min(costexpr::min(p[0], p[1]), costexpr::min(p[2], p[3])), costexpr::max(costexpr::max(p[0], p[1]), costexpr::max(p[2], p[3])));
    }
    friend constexpr bool operator<(interval const& a, interval const& b) { return a.low < b.high; }
    friend constexpr bool operator>(interval const& a, interval const& b) { return b < a; }
    friend constexpr interval max(interval const& a, interval const& b) { return {costexpr::max(a.low, b.low), costexpr::max(a.high, b.high)}; }
    friend constexpr interval min(interval const& a, interval const& b) { return {costexpr::min(a.low, b.low), costexpr::min(a.high, b.high)}; }
    friend constexpr interval whole_part(interval const& x) { return {costexpr::whole_part(x.low), costexpr::whole_part(x.high)}; }
    /// The exponential is good to 2 units in the last place: twice that outwards, for both ends and for what lies between.
    friend constexpr interval exp_of_negative(interval const& x) {
        interval e{costexpr::exp_of_negative(x.low), costexpr::exp_of_negative(x.high)};
        for (int i = 0; i != 4; ++i) e = outward(e.low, e.high);
        return {costexpr::max(e.low, 0.0), e.high};
    }

    friend constexpr interval square_root(interval const& x) { return outward(costexpr::square_root(x.low), costexpr::square_root(x.high)); }

  private:
    /// The next number up (or down): the bits of a positive double are ordered like integers, those of a negative one in reverse.
    static constexpr double next(double x, bool up) {
        if (!(x - x == 0)) return x;  // infinite, or not a number
        if (x == 0) return up ? std::numeric_limits<double>::denorm_min() : -std::numeric_limits<double>::denorm_min();
        auto const bits = std::bit_cast<std::int64_t>(x);
        return std::bit_cast<double>(bits + ((x > 0) == up ? 1 : -1));
    }
    // an exact zero stays: nothing that is not there is given an amount
    static constexpr interval outward(double l, double h) { return {l == 0 ? 0.0 : next(l, false), h == 0 ? 0.0 : next(h, true)}; }
};

}  // namespace costexpr
