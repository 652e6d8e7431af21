// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/cost/forms/device.hpp>
#include <costexpr/schema/read.hpp>

#include <array>

namespace costexpr::forms {

/// A pass over activations.
///   seconds  smooth_max(launch, bytes / (efficiency bandwidth))
/// An entry is for the op whose role its part names (norm, activation, ...): measurements of your own. The public tables hold one pass by itself,
/// `quantize` (bf16 read, fp8 written: `scale_matrix` of aiconfigurator-core 0.12.0, median error 3 to 8 %), which no op is: the kernel before does
/// it, or the multiplication was measured with it. `pre` and `post` are the hyper-connections of both blocks of a layer, fitted to `mhc_module`:
/// the streams and one vector of hidden elements, and the streams twice and one vector, in bf16; median error 3 to 12 %.
/// With launch_us = 2 and an efficiency of 0.8, 50,331,648 bytes take 15.11 us at 4.8 TB/s.
struct pass_form {
    short_string part{};
    double launch_us = 0;
    double memory_efficiency = 1;
    count sharpness = 1;
    fit_error error{};

    using parts = part_list<&pass_form::error>;
    static constexpr auto json(auto...) {
        using f = pass_form;
        return std::array{
            key(&f::part, "part"),
            key(&f::launch_us, "launch_us").optional(),
            key(&f::memory_efficiency, "memory_efficiency"),
            key(&f::sharpness, "sharpness"),
        };
    }

    template <class T>
    [[nodiscard]] COSTEXPR_INLINE constexpr T seconds(device_rates<T> const& d, T const& bytes) const {
        return smooth_max(T(1e-6 * launch_us), bytes * T(1 / memory_efficiency) * d.seconds_per_byte, sharpness);
    }
};

}  // namespace costexpr::forms
