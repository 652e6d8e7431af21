// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/config.hpp>
#include <costexpr/cost/pricing.hpp>
#include <costexpr/system/system.hpp>

#include <array>
#include <cstddef>
#include <utility>

namespace costexpr {

/// Seconds per unit at a rate that the system lacks: a price is then beyond the life of the universe, never a figure that looks right; and
/// no units still cost nothing, which infinity would make not a number.
inline constexpr double without_rate = 1e200;
/// Whether no work met a rate that the system lacks.
[[nodiscard]] COSTEXPR_INLINE constexpr bool is_priced(double seconds) { return seconds < 1e100; }

/// The roofline (Williams, Waterman, Patterson, CACM 2009): an op takes max(flops / peak, bytes / bandwidth), plus wire bytes / link.
/// A lower bound from data-sheet figures alone. Rates are kept as reciprocals, so that a step costs no division.
/// Wire bytes that stay inside a node take its rate. Of n devices in k nodes, all-reduce, all-gather and reduce-scatter send (k - 1) / (n - 1) of
/// their bytes out of the node (reduced or gathered inside first, every device with its own adapter), all-to-all the share of devices that are
/// outside, a message all.
template <class T = double>
struct roofline {
    using number = T;
    static constexpr provenance founded = provenance::specification;

    std::array<T, math_classes> seconds_per_flop{};
    T seconds_per_byte{};
    std::array<T, 3> seconds_per_wire_byte{};  ///< node, rack, cluster
    count node_devices = 1;
    count rack_devices = 0;

    constexpr roofline() = default;
    COSTEXPR_INLINE constexpr explicit roofline(system_spec const& s)
        : seconds_per_flop(reciprocals(s.device.flops_per_second, std::make_index_sequence<math_classes>{})),
          seconds_per_byte(reciprocal(s.device.memory_bytes_per_second)),
          seconds_per_wire_byte{reciprocal(s.node.bytes_per_second), reciprocal(s.rack.bytes_per_second), reciprocal(s.cluster.bytes_per_second)},
          node_devices(s.node.devices),
          rack_devices(s.rack.devices) {}

    [[nodiscard]] COSTEXPR_INLINE constexpr T wire_seconds(work<T> const& w) const {
        T const inside = seconds_per_wire_byte[0];
        if (w.span <= node_devices) return w.wire_bytes * inside;
        // no call here: a path that is never taken would cost every op its registers
        T const outside = seconds_per_wire_byte[w.span <= rack_devices ? 1 : 2];
        count const others = w.span - 1;
        count const leaving = w.route == wire::message ? others : w.route == wire::exchange ? w.span - node_devices : node_devices > 0 ? others / node_devices : others;
        return w.wire_bytes * (inside + T(static_cast<double>(leaving) / static_cast<double>(others)) * (outside - inside));
    }
    [[nodiscard]] COSTEXPR_INLINE constexpr T compute_seconds(work<T> const& w) const {
        return w.flops * seconds_per_flop[static_cast<std::size_t>(w.math)];
    }
    [[nodiscard]] COSTEXPR_INLINE constexpr T memory_seconds(work<T> const& w) const { return w.memory_bytes() * seconds_per_byte; }

    template <class O>
    [[nodiscard]] COSTEXPR_INLINE constexpr T operator()(O const&, work<T> const& w) const {
        T const memory = memory_seconds(w);
        T const busy = known_zero(w.flops) ? memory : max(compute_seconds(w), memory);
        return known_zero(w.wire_bytes) ? busy : plus(busy, wire_seconds(w));
    }
    [[nodiscard]] constexpr bound bound_of(work<T> const& w) const {
        T const math = compute_seconds(w);
        T const memory = memory_seconds(w);
        T const wire = wire_seconds(w);
        if (wire > max(math, memory)) return bound::wire;
        return math > memory ? bound::compute : bound::memory;
    }

  private:
    COSTEXPR_INLINE static constexpr T reciprocal(double rate) { return T(rate > 0 ? 1 / rate : without_rate); }
    template <std::size_t... I>
    COSTEXPR_INLINE static constexpr std::array<T, sizeof...(I)> reciprocals(std::array<double, sizeof...(I)> const& rates, std::index_sequence<I...>) {
        return {reciprocal(rates[I])...};
    }
};

/// The roofline with the time that messages take whatever their size. Rounds follow each other: an all-reduce inside one switch takes one round
/// where every device reads all others (one-shot), two where each sums a share (two-shot); a ring over nodes takes n - 1 rounds for each of its
/// two halves. The cheapest that is possible counts. Gathers take one round inside a switch, n - 1 as a ring; all-to-all and messages one.
/// An all-reduce of 16 KiB in bf16 over 8 devices at 450 GB/s and 3.4 us takes 3.65 us one-shot; of 1 MiB 10.9 us two-shot.
template <class T = double>
struct roofline_with_latency : roofline<T> {
    std::array<T, 3> seconds_per_round{};  ///< node, rack, cluster

    constexpr roofline_with_latency() = default;
    COSTEXPR_INLINE constexpr explicit roofline_with_latency(system_spec const& s)
        : roofline<T>(s), seconds_per_round{T(s.node.latency_seconds), T(s.rack.latency_seconds), T(s.cluster.latency_seconds)} {}

    [[nodiscard]] constexpr T wire_seconds(work<T> const& w) const {
        T const sent = roofline<T>::wire_seconds(w);
        if (!(w.wire_bytes > T(0)) || w.span <= 1) return sent;
        bool const one_switch = w.span <= this->node_devices || w.span <= this->rack_devices;
        T const round = seconds_per_round[w.span <= this->node_devices ? 0 : w.span <= this->rack_devices ? 1 : 2];
        double const others = static_cast<double>(w.span - 1);
        if (w.route == wire::all_reduce) {
            if (!one_switch) return sent + T(2 * others) * round;
            // every device reads the whole of all others: n / 2 times the bytes
            return min(sent * T(0.5 * static_cast<double>(w.span)) + round, sent + T(2) * round);
        }
        if (w.route == wire::halves) return sent + T(one_switch ? 2 : 2 * others) * round;
        return sent + (w.route <= wire::scatter && !one_switch ? T(others) * round : round);
    }
    template <class O>
    [[nodiscard]] constexpr T operator()(O const&, work<T> const& w) const {
        return max(this->compute_seconds(w), this->memory_seconds(w)) + wire_seconds(w);
    }
    [[nodiscard]] constexpr bound bound_of(work<T> const& w) const {
        T const sent = roofline<T>::wire_seconds(w);
        T const all = wire_seconds(w);
        if (!(all > max(this->compute_seconds(w), this->memory_seconds(w)))) return roofline<T>::bound_of(w);
        return all - sent > sent ? bound::latency : bound::wire;
    }
};

}  // namespace costexpr
