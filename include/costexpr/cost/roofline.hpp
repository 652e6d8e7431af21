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
        return w.wire_bytes * (w.span <= node_devices ? seconds_per_wire_byte[0] : w.span <= rack_devices ? seconds_per_wire_byte[1] : seconds_per_wire_byte[2]);
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

}  // namespace costexpr
