// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/cost/evaluate.hpp>
#include <costexpr/model/registry.hpp>
#include <costexpr/system/system.hpp>

namespace costexpr {

/// What a deployment holds at once: sequences per attention-DP rank, each with this context, and the largest step it computes.
struct residency {
    count sequences = 1;
    count context = 4096;      ///< tokens per sequence
    count step_tokens = 8192;  ///< tokens of the largest step (a chunk of prefill)
};

/// Bytes on the fullest device.
struct device_memory {
    count weights = 0;
    count state = 0;
    count activations = 0;    ///< of the op with the largest, not their sum
    count communication = 0;  ///< buffers of the collective library
    count reserved = 0;       ///< context, graphs and framework
    count capacity = 0;

    [[nodiscard]] constexpr count total() const { return weights + state + activations + communication + reserved; }
    [[nodiscard]] constexpr bool fits() const { return total() <= capacity; }
    [[nodiscard]] constexpr explicit operator bool() const { return fits(); }
};

/// Memory per device: weights by dtype and shard, state of the sequences held, activations, buffers. Of pipeline stages the fullest
/// counts: its share of every kind of layer, and what stands before or after all layers (embedding, head), whichever is larger.
template <walkable M>
[[nodiscard]] constexpr device_memory memory(M const& m, deployment const& x, system_spec const& s, residency const& held) {
    device_memory d{};
    count const pp = x.layout.pp;
    group const largest[] = {{.sequences = 1, .new_tokens = held.step_tokens, .phase = phase::prefill}};
    measured_step<double, count> const chunk{std::span<group const>(largest)};
    struct {
        count run = -1;
        count weights = 0;
    } edge;  // a layer that stands once
    count edges = 0;
    count widest_edge = 0;
    double activations = 0;
    for_each_op_of(m, x, [&](auto const& o, op_place const& at) {
        d.state = min(most_bytes, d.state + bounded_product(held.sequences * ceil_div(at.times, pp), cache_of(o).bytes(held.context)));
        for_each_kernel(o, chunk, [&](work<double> const& w) { activations = max(activations, w.activation_bytes); });
        if (at.times > 1) {
            d.weights += ceil_div(at.copies, pp) * o.weight_bytes();
            return;
        }
        if (at.run != edge.run) edge = {at.run, 0};
        edge.weights += o.weight_bytes();
        edges += o.weight_bytes();
        widest_edge = max(widest_edge, edge.weights);
    });
    d.weights += pp == 1 ? edges : widest_edge;
    d.activations = static_cast<count>(activations);
    d.communication = x.layout.devices() > 1 ? s.communication_bytes : 0;
    d.reserved = s.reserved_bytes;
    d.capacity = s.device.memory_bytes;
    return d;
}

}  // namespace costexpr
