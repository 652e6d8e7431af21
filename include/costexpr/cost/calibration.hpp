// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/core/inplace_vector.hpp>
#include <costexpr/cost/forms/device.hpp>
#include <costexpr/embedded/calibrations.hpp>
#include <costexpr/schema/read.hpp>

#include <string_view>

namespace costexpr {

namespace forms {

/// A kernel without a form of its own: the roofline at the efficiencies that kernels of its kind reach.
struct typical_form {
    double compute = 0.6;    ///< part of the peak of the tensor units
    double memory = 0.75;    ///< part of the bandwidth of the memory
    double wire = 0.7;       ///< part of the bandwidth of a link
    double launch_us = 2;    ///< beside the work

    static constexpr auto json(auto...) {
        using f = typical_form;
        return std::array{key(&f::compute, "compute").optional(), key(&f::memory, "memory").optional(), key(&f::wire, "wire").optional(), key(&f::launch_us, "launch_us").optional()};
    }
};

}  // namespace forms

/// The constants of a system under a framework, read from systems/<gpu>.<framework>.json or a file of the same keys.
struct calibration {
    short_string system{};
    short_string framework{};
    short_string version{};
    double multiprocessors = 0;
    forms::typical_form typical{};

    static constexpr auto json(auto...) {
        using c = calibration;
        return std::array{key(&c::system, "system"), key(&c::framework, "framework").optional(), key(&c::version, "version").optional(),
                          key(&c::multiprocessors, "multiprocessors").optional()};
    }
};

/// Reads constants; all problems are reported together.
template <class Calibration = calibration>
[[nodiscard]] constexpr result<Calibration> read_calibration(std::string_view text) {
    result<Calibration> c = costexpr::read<Calibration>(text);
    if (!c) return c;
    return c;
}

/// The embedded constants of a system under a framework; an empty text where there are none.
[[nodiscard]] constexpr std::string_view calibration_text(std::string_view system, std::string_view framework) {
    for (std::size_t i = 0; i != embedded::calibration_count; ++i) {
        std::string_view const name = embedded::calibrations[i].name;
        if (name.size() == system.size() + 1 + framework.size() && name.substr(0, system.size()) == system && name[system.size()] == '.' &&
            name.substr(system.size() + 1) == framework)
            return embedded::calibrations[i].config();
    }
    return {};
}

}  // namespace costexpr
