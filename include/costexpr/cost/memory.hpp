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

namespace detail {

struct layer_bytes {
    count weights = 0;
    count state = 0;        ///< of one sequence
    double activations = 0;
};
template <class L>
COSTEXPR_COLD constexpr layer_bytes bytes_of(L const& layer, deployment const& x, residency const& held) {
    layer_bytes b{};
    group const largest[] = {{.sequences = 1, .new_tokens = held.step_tokens, .phase = phase::prefill}};
    measured_step<double, count> const s{std::span<group const>(largest)};
    for_each_op(layer.ops(x), [&](auto const& o) {
        b.weights += o.weight_bytes();
        b.state += cache_of(o).bytes(held.context);
        for_each_kernel(o, s, [&](work<double> const& w) { b.activations = max(b.activations, w.activation_bytes); });
    });
    return b;
}

}  // namespace detail

/// Memory per device: weights by dtype and shard, state of the sequences held, activations, buffers. Of pipeline stages the fullest
/// counts: its share of every kind of layer, and what stands before or after all layers (embedding, head), whichever is larger.
template <composition M>
[[nodiscard]] constexpr device_memory memory(M const& m, deployment const& x, system_spec const& s, residency const& held) {
    device_memory d{};
    count const pp = x.layout.pp;
    count edges = 0;
    count widest_edge = 0;
    double activations = 0;
    for_each_layer(m.layers(), [&](auto const& r) {
        detail::layer_bytes const b = detail::bytes_of(r.layer, x, held);
        activations = max(activations, b.activations);
        d.state += held.sequences * ceil_div(r.times, pp) * b.state;
        if (r.times > 1) {
            d.weights += ceil_div(r.copies, pp) * b.weights;
        } else {
            edges += b.weights;
            widest_edge = max(widest_edge, b.weights);
        }
    });
    d.weights += pp == 1 ? edges : widest_edge;
    d.activations = static_cast<count>(activations);
    d.communication = x.layout.devices() > 1 ? s.communication_bytes : 0;
    d.reserved = s.reserved_bytes;
    d.capacity = s.device.memory_bytes;
    return d;
}

}  // namespace costexpr
