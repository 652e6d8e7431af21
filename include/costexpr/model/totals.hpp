// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/model/family.hpp>

namespace costexpr {

// Sums over the ops of a composition. They are cold: never forced inline, and shared by all compositions of the same layer types.

namespace detail {

template <class N, class L>
COSTEXPR_COLD constexpr N layer_parameters(L const& layer, deployment const& x) {
    N sum = N(0);
    for_each_op(layer.ops(x), [&](auto const& o) { sum = sum + o.template parameters<N>(); });
    return sum;
}
template <class N, class L>
COSTEXPR_COLD constexpr N layer_active(L const& layer, deployment const& x) {
    N sum = N(0);
    for_each_op(layer.ops(x), [&](auto const& o) { sum = sum + active_parameters_of<decltype(o), N>(o); });
    return sum;
}

}  // namespace detail

/// All parameters of the decoder, tied weights once: the sum over its ops on a single device.
template <class N = count, composition M>
[[nodiscard]] constexpr N parameters(M const& m) {
    N sum = N(0);
    for_each_layer(m.layers(), [&](auto const& r) { sum = sum + N(r.copies) * detail::layer_parameters<N>(r.layer, {}); });
    return sum;
}

/// Parameters that one token uses: routed experts by top-k, everything else whole.
template <composition M>
[[nodiscard]] constexpr count active_parameters(M const& m) {
    count sum = 0;
    for_each_layer(m.layers(), [&](auto const& r) { sum += r.copies * detail::layer_active<count>(r.layer, {}); });
    return sum;
}

/// Parameters of the input table alone.
template <composition M>
[[nodiscard]] constexpr count embedding_parameters(M const& m) {
    count sum = 0;
    for_each_layer(m.layers(), [&](auto const& r) {
        for_each_op(r.layer.ops(deployment{}), [&](auto const& o) {
            if (o.purpose() == role::embedding) sum += r.copies * o.template parameters<count>();
        });
    });
    return sum;
}

/// Bytes of all weights as stored on a single device, scales included.
template <composition M>
[[nodiscard]] constexpr count weight_bytes(M const& m, deployment const& x = {}) {
    count sum = 0;
    for_each_layer(m.layers(), [&](auto const& r) {
        for_each_op(r.layer.ops(x), [&](auto const& o) { sum += r.copies * o.weight_bytes(); });
    });
    return sum;
}

/// Whether a model runs a layer of this type.
template <class Layer, composition M>
[[nodiscard]] constexpr bool has_layer(M const& m) {
    bool found = false;
    for_each_layer(m.layers(), [&]<class L>(run<L> const&) { found = found || std::is_same_v<L, Layer>; });
    return found;
}

/// What one sequence keeps on the devices of one tensor-parallel group, by kind, all layers together. Elements and bytes.
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

namespace detail {

template <class L>
COSTEXPR_COLD constexpr void add_state(sequence_state& s, L const& layer, count times, deployment const& x) {
    for_each_op(layer.ops(x), [&](auto const& o) {
        cache const c = cache_of(o);
        if (c.holds == cache::kind::none) return;
        count const grown = times * storage_bytes(c.type, c.per_token);
        count const elements = times * c.per_token;
        if (c.holds == cache::kind::convolution) s.convolution_elements += times * c.fixed;
        if (c.holds == cache::kind::recurrent) s.recurrent_elements += times * c.fixed;
        s.fixed_bytes += times * storage_bytes(c.type, c.fixed);
        if (c.holds == cache::kind::index)
            s.index_elements_per_token += elements, s.index_bytes_per_token += grown;
        else if (c.window != 0)
            s.windowed_elements_per_token += elements, s.windowed_bytes_per_token += grown, s.window = max(s.window, c.window);
        else
            s.elements_per_token += elements, s.bytes_per_token += grown;
    });
}
template <class L>
COSTEXPR_COLD constexpr count layer_state_bytes(L const& layer, count tokens, deployment const& x) {
    count sum = 0;
    for_each_op(layer.ops(x), [&](auto const& o) { sum += cache_of(o).bytes(tokens); });
    return sum;
}

}  // namespace detail

/// The state of one sequence by kind.
template <composition M>
[[nodiscard]] constexpr sequence_state state_of(M const& m, deployment const& x = {}) {
    sequence_state s{};
    for_each_layer(m.layers(), [&](auto const& r) { detail::add_state(s, r.layer, r.times, x); });
    return s;
}

/// Bytes that one sequence of this many tokens keeps: KV cache (windows capped), latent cache, indexer keys, recurrent state.
template <composition M>
[[nodiscard]] constexpr count state_bytes(M const& m, count tokens, deployment const& x = {}) {
    count sum = 0;
    for_each_layer(m.layers(), [&](auto const& r) { sum += r.times * detail::layer_state_bytes(r.layer, tokens, x); });
    return sum;
}

}  // namespace costexpr
