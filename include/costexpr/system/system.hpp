// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/core/fixed_string.hpp>
#include <costexpr/schema/read.hpp>
#include <costexpr/system/device.hpp>
#include <costexpr/system/link.hpp>

#include <string_view>

namespace costexpr {

/// A device with the links around it: nodes, racks where links span them, and the network between. Read from systems/*.json, from a
/// user's own JSON of the same keys, or written in C++.
struct system_spec {
    short_string name{};
    short_string vendor{};
    short_string generation{};
    costexpr::device device{};
    link_tier node{};     ///< NVLink or PCIe inside a node
    link_tier rack{};     ///< NVLink across nodes; none where its devices are 0
    link_tier cluster{};  ///< the network
    count reserved_bytes = 0;       ///< kept by context, graphs and framework
    count communication_bytes = 0;  ///< buffers of the collective library

    /// The tier that communication among this many devices crosses.
    [[nodiscard]] constexpr link_tier const& tier(count devices) const {
        return devices <= node.devices ? node : devices <= rack.devices ? rack : cluster;
    }

    friend constexpr bool operator==(system_spec const&, system_spec const&) = default;
};

namespace detail {

/// The keys of a system file; system_spec groups them.
struct system_keys {
    short_string name{};
    short_string vendor{};
    short_string generation{};
    count memory_bytes = 0;
    double memory_rate = 0;
    double fp32 = 0;
    double bf16 = 0;
    double int8 = 0;
    double fp8 = 0;
    double fp4 = 0;
    count node_devices = 0;
    double node_rate = 0;
    double node_latency = 0;
    count rack_devices = 0;
    double rack_rate = 0;
    double rack_latency = 0;
    double cluster_rate = 0;
    double cluster_latency = 0;
    count reserved_bytes = 0;
    count communication_bytes = 0;

    template <class s = system_keys>
    static constexpr auto json() {
        constexpr count most_bytes = count{1} << 50;
        return std::array{
            key(&s::name, "name"),
            key(&s::vendor, "vendor").optional(),
            key(&s::generation, "generation").optional(),
            key(&s::memory_bytes, "memory_bytes").at_most(most_bytes),
            key(&s::memory_rate, "memory_bytes_per_second"),
            key(&s::fp32, "flops_per_second.fp32").optional(),
            key(&s::bf16, "flops_per_second.bf16", "flops_per_second.fp16"),
            key(&s::int8, "flops_per_second.int8").optional(),
            key(&s::fp8, "flops_per_second.fp8").optional(),
            key(&s::fp4, "flops_per_second.fp4").optional(),
            key(&s::node_devices, "node.devices"),
            key(&s::node_rate, "node.bytes_per_second"),
            key(&s::node_latency, "node.latency_seconds").optional(),
            key(&s::rack_devices, "rack.devices").optional(),
            key(&s::rack_rate, "rack.bytes_per_second").optional(),
            key(&s::rack_latency, "rack.latency_seconds").optional(),
            key(&s::cluster_rate, "cluster.bytes_per_second").or_else([](s const& c) { return c.node_rate; }),
            key(&s::cluster_latency, "cluster.latency_seconds").optional(),
            key(&s::reserved_bytes, "reserved_bytes").optional().at_most(most_bytes),
            key(&s::communication_bytes, "communication_bytes").optional().at_most(most_bytes),
        };
    }
    constexpr void settle(auto& check) {
        if (rack_devices != 0 && rack_rate == 0) check.fail(errc::missing_key, "rack.bytes_per_second", 0, 0, "the rate of the links that span the rack");
    }
};

}  // namespace detail

/// Reads a system description (the keys of systems/*.json); all problems are reported together.
template <class Keys = detail::system_keys>  // a template, so that it is compiled only where it is used
[[nodiscard]] constexpr result<system_spec> read_system(std::string_view text) {
    result<Keys> const read = costexpr::read<Keys>(text);
    if (!read) return read.error();
    Keys const& k = *read;
    return system_spec{.name = k.name,
                       .vendor = k.vendor,
                       .generation = k.generation,
                       .device = {k.memory_bytes, k.memory_rate, {k.fp32, k.bf16, k.int8, k.fp8, k.fp4}},
                       .node = {k.node_devices, k.node_rate, k.node_latency},
                       .rack = {k.rack_devices, k.rack_rate, k.rack_latency},
                       .cluster = {0, k.cluster_rate, k.cluster_latency},
                       .reserved_bytes = k.reserved_bytes,
                       .communication_bytes = k.communication_bytes};
}

}  // namespace costexpr
