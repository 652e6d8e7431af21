// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/core/math.hpp>
#include <costexpr/op/dtype.hpp>
#include <costexpr/op/step.hpp>

namespace costexpr {

/// How a message travels, which decides what part of it leaves a node, and in how many rounds.
enum class wire : unsigned char {
    all_reduce,  ///< every device ends with the sum; of a ring over nodes one step in so many leaves a node
    halves,      ///< the same in two halves, with work between them
    gather,      ///< every device ends with all shards
    scatter,     ///< every device starts with all shards and ends with the sum of one
    exchange,    ///< every device sends another part to each other device (all-to-all)
    message,     ///< one device sends to one other
};

/// What one op does in one step on one device.
template <class T = double>
struct work {
    T flops{};             ///< multiplications and additions, 2 per multiply-add
    T weight_bytes{};      ///< weights read
    T activation_bytes{};  ///< activations read and written
    T state_bytes{};       ///< KV cache and recurrent state read and written
    T wire_bytes{};        ///< sent over a link by this device
    costexpr::math math = math::bf16;  ///< the rate of the multiplications
    count span = 1;        ///< devices that the communication covers: which link it crosses
    costexpr::wire route = wire::message;  ///< how it travels

    [[nodiscard]] COSTEXPR_INLINE constexpr T memory_bytes() const { return plus(plus(weight_bytes, activation_bytes), state_bytes); }

    /// Work of the same kernel for more sequences.
    friend constexpr work operator+(work const& a, work const& b) {
        return {plus(a.flops, b.flops),
                plus(a.weight_bytes, b.weight_bytes),
                plus(a.activation_bytes, b.activation_bytes),
                plus(a.state_bytes, b.state_bytes),
                plus(a.wire_bytes, b.wire_bytes),
                b.math,
                b.span,
                b.route};
    }
    /// What one of `ranks` context-parallel ranks does of an op on (query, key) pairs, as loads::on_rank says: its share of the queries of a
    /// prompt, or of the keys that a decoded token sees.
    [[nodiscard]] COSTEXPR_INLINE constexpr work on_rank(phase p, count ranks) const {
        if (ranks == 1) return *this;
        T const share = T(1 / static_cast<double>(ranks));
        work w = *this;
        w.flops = flops * share;
        (p == phase::prefill ? w.activation_bytes : w.state_bytes) = (p == phase::prefill ? activation_bytes : state_bytes) * share;
        return w;
    }
};

/// What a sequence keeps on the device in one op: `per_token` elements for every token of its context (of the last `window` tokens
/// where a window is set), and `fixed` elements whatever its length.
struct cache {
    enum class kind : unsigned char { none, kv, index, convolution, recurrent };

    kind holds = kind::none;
    count per_token = 0;  ///< elements
    count window = 0;     ///< tokens; 0: all of them
    count every = 1;      ///< tokens that share one entry (compressed caches)
    count fixed = 0;      ///< elements
    dtype type = dtype::bf16;
    count scale_bytes = 0;  ///< of quantization scales, and of what is kept wider, per token
    count fixed_bytes = 0;  ///< in a dtype of its own, whatever the length
    count ranks = 1;        ///< context-parallel ranks that share the entries

    /// Elements after this many tokens.
    [[nodiscard]] constexpr count elements(count tokens) const { return fixed + bounded_product(per_token, entries(tokens)); }
    [[nodiscard]] COSTEXPR_COLD constexpr count bytes(count tokens) const {
        return storage_bytes(type, elements(tokens)) + bounded_product(scale_bytes, entries(tokens)) + fixed_bytes;
    }
    /// Entries after this many tokens, on the rank that holds the most.
    [[nodiscard]] constexpr count entries(count tokens) const { return ceil_div((window != 0 && tokens > window ? window : tokens) / every, ranks); }
};

}  // namespace costexpr
