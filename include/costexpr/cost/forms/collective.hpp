// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/cost/forms/device.hpp>

#include <array>

namespace costexpr::forms {

/// Communication inside a node, by the framework's own kernel (all-reduce) or the collective library.
///   time  launch + device_us devices + min(wire devices / (2 direct_efficiency), wire / link_efficiency + switch_us wire / (wire + switch_wire_us)),
///         wire = bytes sent / link rate: small messages go whole to all devices at once, large ones in shares and pieces, with a latency of
///         their own; among 8 devices and more no longer than summing_us + wire / summing_efficiency, where the switch adds up what it passes
///         on and fewer bytes are sent than are counted
/// Fitted to messages of 256 bytes to 1 GiB among the devices of a node. Bytes are those that one device sends (work::wire_bytes).
/// With launch_us = 5, device_us = 1, both efficiencies 0.75 and all else zero, 8 devices that send 7,340,032 bytes each at 450 GB/s take 34.748 us;
/// with summing_us = 10 and summing_efficiency = 1.5 as well, 33.874 us.
struct collective_form {
    short_string pattern{};  ///< all_reduce, all_gather, reduce_scatter or all_to_all
    short_string kernel{};
    double launch_us = 0;
    double device_us = 0;
    double link_efficiency = 1;
    double direct_efficiency = 1;
    double switch_us = 0;
    double switch_wire_us = 1;
    double summing_us = 0;
    double summing_efficiency = 0;  ///< 0: the switch only passes on
    fit_error error{};

    using parts = part_list<&collective_form::error>;
    static constexpr auto json(auto...) {
        using f = collective_form;
        return std::array{
            key(&f::pattern, "pattern"),
            key(&f::kernel, "kernel").optional(),
            key(&f::launch_us, "launch_us").optional(),
            key(&f::device_us, "device_us").optional(),
            key(&f::link_efficiency, "link_efficiency"),
            key(&f::direct_efficiency, "direct_efficiency"),
            key(&f::switch_us, "switch_us").optional(),
            key(&f::switch_wire_us, "switch_wire_us"),
            key(&f::summing_us, "summing_us").optional(),
            key(&f::summing_efficiency, "summing_efficiency").optional(),
        };
    }

    template <class T>
    [[nodiscard]] COSTEXPR_INLINE constexpr T seconds(device_rates<T> const& d, T const& wire_bytes, double devices) const {
        T const wire = wire_bytes * d.seconds_per_node_byte;
        T const direct = wire * T(devices / (2 * direct_efficiency));
        T shared = wire * T(1 / link_efficiency) + T(1e-6 * switch_us) * wire / (wire + T(1e-6 * switch_wire_us));
        if (summing_efficiency > 0 && devices >= 8) shared = min(shared, T(1e-6 * summing_us) + wire * T(1 / summing_efficiency));
        return T(1e-6 * (launch_us + device_us * devices)) + min(direct, shared);
    }
};

}  // namespace costexpr::forms
