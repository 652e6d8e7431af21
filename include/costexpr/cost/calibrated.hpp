// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/cost/calibration.hpp>
#include <costexpr/cost/roofline.hpp>
#include <costexpr/op/attention.hpp>
#include <costexpr/op/collective.hpp>
#include <costexpr/op/gemm.hpp>
#include <costexpr/op/mla.hpp>
#include <costexpr/op/moe.hpp>
#include <costexpr/op/recurrent.hpp>

namespace costexpr {

/// Prices every op by the closed form of its kernel, with constants fitted to measurements of the system under a framework
/// (systems/<gpu>.<framework>.json). An op without a form, a user's own among them, takes the roofline at the typical efficiencies of the system.
template <class T = double>
struct calibrated {
    using number = T;
    static constexpr provenance founded = provenance::calibrated;

    roofline_with_latency<T> limits{};
    forms::device_rates<T> device{};
    calibration const* constants = nullptr;  ///< they must outlive the pricing

    constexpr calibrated() = default;
    constexpr calibrated(system_spec const& s, calibration const& c) : limits(s), constants(&c) {
        device.seconds_per_flop = limits.seconds_per_flop;
        device.seconds_per_byte = limits.seconds_per_byte;
        device.seconds_per_node_byte = limits.seconds_per_wire_byte[0];
        device.multiprocessors = c.multiprocessors;
    }

    template <class O>
    [[nodiscard]] constexpr T operator()(O const& o, work<T> const& w, load<T> const& l, phase p) const {
        (void)o, (void)l, (void)p;
        return typical(w);
    }
    template <class O>
    [[nodiscard]] constexpr T operator()(O const&, work<T> const& w) const {
        return typical(w);
    }
    [[nodiscard]] constexpr bound bound_of(work<T> const& w) const { return limits.bound_of(w); }

  private:
    [[nodiscard]] constexpr T typical(work<T> const& w) const {
        forms::typical_form const& f = constants->typical;
        T const busy = forms::smooth_max(limits.compute_seconds(w) * T(1 / f.compute), limits.memory_seconds(w) * T(1 / f.memory), 2);
        return busy + T(f.launch_us * 1e-6) + (w.wire_bytes > T(0) ? limits.wire_seconds(w) * T(1 / f.wire) : T(0));
    }
};

}  // namespace costexpr
