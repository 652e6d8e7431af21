// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/model/checkpoint.hpp>
#include <costexpr/model/op_graph.hpp>

namespace costexpr {

// Sums over the ops of a model, each formula once for compositions and for lists of ops. They are cold: never forced inline.

/// All parameters of the decoder, tied weights once: the sum over its ops on a single device.
template <class N = count, walkable M>
[[nodiscard]] constexpr N parameters(M const& m) {
    N sum = N(0);
    for_each_op_of(m, {}, [&](auto const& o, op_place const& at) { sum = sum + N(at.copies) * o.template parameters<N>(); });
    return sum;
}

/// Parameters that one token uses: routed experts by top-k, everything else whole.
template <walkable M>
[[nodiscard]] constexpr count active_parameters(M const& m) {
    count sum = 0;
    for_each_op_of(m, {}, [&](auto const& o, op_place const& at) { sum += at.copies * active_parameters_of<decltype(o), count>(o); });
    return sum;
}

/// Parameters of the input table alone.
template <walkable M>
[[nodiscard]] constexpr count embedding_parameters(M const& m) {
    count sum = 0;
    for_each_op_of(m, {}, [&](auto const& o, op_place const& at) {
        if (o.purpose() == role::embedding) sum += at.copies * o.template parameters<count>();
    });
    return sum;
}

/// Bytes of all weights as stored, scales included: on a single device for a composition, on one device of its deployment for a list of ops.
template <walkable M>
[[nodiscard]] constexpr count weight_bytes(M const& m, deployment const& x = {}) {
    count sum = 0;
    for_each_op_of(m, x, [&](auto const& o, op_place const& at) { sum += at.copies * o.weight_bytes(); });
    return sum;
}

/// The weights of a model by the purpose of their ops.
template <walkable M>
[[nodiscard]] constexpr weights_by_role weights_by_role_of(M const& m) {
    weights_by_role w{};
    for_each_op_of(m, {}, [&](auto const& o, op_place const& at) {
        std::size_t const r = static_cast<std::size_t>(o.purpose());
        w.parameters[r] += static_cast<double>(at.copies) * o.template parameters<double>();
        ++w.ops[r];
    });
    return w;
}

/// Whether a model has routed experts.
template <walkable M>
[[nodiscard]] constexpr bool has_experts(M const& m) {
    bool found = false;
    for_each_op_of(m, {}, [&](auto const& o, op_place const&) { found = found || o.purpose() == role::experts; });
    return found;
}

/// What one sequence keeps on one device (of a deployment; whole without one), by kind, all layers together. Elements and bytes.
struct sequence_state {
    count elements_per_token = 0;           ///< of layers over the whole context, without indexers
    count bytes_per_token = 0;
    count windowed_elements_per_token = 0;  ///< of windowed layers, until their window is full
    count windowed_bytes_per_token = 0;
    count window = 0;                       ///< tokens; the largest window where layers differ
    count index_elements_per_token = 0;
    count index_bytes_per_token = 0;
    count convolution_elements = 0;
    count recurrent_elements = 0;
    count fixed_bytes = 0;
};

/// The state of one sequence by kind.
template <walkable M>
[[nodiscard]] constexpr sequence_state state_of(M const& m, deployment const& x = {}) {
    sequence_state s{};
    for_each_op_of(m, x, [&](auto const& o, op_place const& at) {
        cache const c = cache_of(o);
        if (c.holds == cache::kind::none) return;
        count const bytes = at.times * (storage_bytes(c.type, c.per_token) + c.scale_bytes) / (c.every * c.ranks);
        count const elements = at.times * c.per_token / (c.every * c.ranks);
        if (c.holds == cache::kind::convolution) s.convolution_elements += at.times * c.fixed;
        if (c.holds == cache::kind::recurrent) s.recurrent_elements += at.times * c.fixed;
        s.fixed_bytes += at.times * (storage_bytes(c.type, c.fixed) + c.fixed_bytes);
        if (c.holds == cache::kind::index)
            s.index_elements_per_token += elements, s.index_bytes_per_token += bytes;
        else if (c.window != 0)
            s.windowed_elements_per_token += elements, s.windowed_bytes_per_token += bytes, s.window = max(s.window, c.window);
        else
            s.elements_per_token += elements, s.bytes_per_token += bytes;
    });
    return s;
}

/// Bytes that one sequence of this many tokens keeps: KV cache (windows capped), latent cache, indexer keys, recurrent state.
template <walkable M>
[[nodiscard]] constexpr count state_bytes(M const& m, count tokens, deployment const& x = {}) {
    count sum = 0;
    for_each_op_of(m, x, [&](auto const& o, op_place const& at) { sum = min(most_bytes, sum + bounded_product(at.times, cache_of(o).bytes(tokens))); });
    return sum;
}

}  // namespace costexpr
