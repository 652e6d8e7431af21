// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/op/collective.hpp>
#include <costexpr/op/op.hpp>

namespace costexpr {

/// The dimensions that full and windowed attention share (of one shard), with the formulas both use.
struct attention_shape {
    count heads = 0;
    count kv_heads = 0;
    count head_dim = 0;    ///< of queries and keys
    count v_head_dim = 0;  ///< of values
    dtype arithmetic = dtype::bf16;
    dtype cached = dtype::bf16;
    bool sinks = false;      ///< one learned logit per head
    bool borrowed = false;   ///< reads the cache of another layer and keeps none of its own
    count ranks = 1;         ///< context-parallel ranks

    /// The sinks.
    template <class N>
    [[nodiscard]] constexpr N parameters() const {
        return sinks ? N(heads) : N(0);
    }
    [[nodiscard]] constexpr count cached_elements() const { return borrowed ? 0 : kv_heads * (head_dim + v_head_dim); }

    /// Scores and their products with the values for `pairs`, keys and values of `keys` tokens read, queries in and outputs out.
    template <class T>
    [[nodiscard]] COSTEXPR_INLINE constexpr work<T> on(T tokens, T pairs, T keys) const {
        double const per_head = static_cast<double>(head_dim + v_head_dim);
        double const all_heads = static_cast<double>(heads) * per_head;
        return {.flops = pairs * T(2 * all_heads),
                .activation_bytes = tokens * T(2 * all_heads),
                .state_bytes = keys * T(static_cast<double>(kv_heads) * per_head * weight_width(cached)),
                .math = math_of(arithmetic)};
    }
    /// What context-parallel ranks exchange around it: keys and values of a prompt; of a decoded token the output of each head with its maximum
    /// and its sum in fp32.
    [[nodiscard]] COSTEXPR_INLINE constexpr context_exchange exchange(layout const& l, count window = 0, count offered = 0) const {
        if (ranks == 1) return {};
        return {.kept = static_cast<double>(cached_elements()) * weight_width(cached) / 2,
                .partial = static_cast<double>(heads) * (static_cast<double>(v_head_dim) + 4.0),
                .window = window,
                .offered = offered,
                .devices = ranks,
                .span = l.tp * ranks};
    }
};

/// Causal attention over the whole context (multi-head, grouped-query and multi-query are its cases). Owns the KV cache.
///   flops   2 heads (d + dv) per (query, key) pair;  state read  kv_heads (d + dv) per key of the context
///   cache   kv_heads (d + dv) elements per token
/// 8 sequences decoding at 4,096 past tokens with 32 heads, 8 KV heads of 128: 537,001,984 FLOPs, 134,250,496 bytes of bf16 cache read.
struct attention {
    attention_shape shape{};

    static constexpr std::string_view kind = "attention";
    [[nodiscard]] constexpr role purpose() const { return role::attention; }
    [[nodiscard]] constexpr bool idle() const { return shape.heads == 0; }
    template <class N = count>
    [[nodiscard]] constexpr N parameters() const {
        return shape.parameters<N>();
    }
    [[nodiscard]] constexpr count weight_bytes() const { return storage_bytes(dtype::bf16, parameters<count>()); }
    [[nodiscard]] constexpr cache state() const {
        return {.holds = cache::kind::kv, .per_token = shape.cached_elements(), .type = shape.cached, .ranks = shape.ranks};
    }
    template <class T>
    [[nodiscard]] COSTEXPR_INLINE constexpr work<T> operator()(load<T> const& l, phase) const {
        return shape.on(l.tokens, l.pairs, l.context);
    }
};

/// Causal attention over the last `window` tokens (Mistral, gpt-oss, MiMo-V2), over the current block of `window` tokens where `chunked`
/// (Llama 4), or over as many `chosen` tokens of the whole context (MiniMax-M3). Its cache stops growing at the window unless they are chosen.
///   pairs  sum over new positions of min(position, window), ramp included; chunked: of the position within its block
///   keys   min(past + new, window + new - 1); chunked: from the block of the first new token on
///   on context-parallel ranks  pairs / ranks, the mean: where a ramp falls into one chunk the fullest rank has up to window^2 / (2 ranks) more
/// 32 heads of 128 over a window of 128: a prompt of 200 tokens has 17,472 pairs and costs 286,261,248 FLOPs (10,884 pairs where chunked).
struct windowed_attention {
    attention_shape shape{};
    count window = 0;
    bool chunked = false;
    bool chosen = false;  ///< by an indexer, anywhere in the context

    static constexpr std::string_view kind = "windowed_attention";
    [[nodiscard]] constexpr role purpose() const { return role::attention; }
    [[nodiscard]] constexpr bool idle() const { return shape.heads == 0; }
    template <class N = count>
    [[nodiscard]] constexpr N parameters() const {
        return shape.parameters<N>();
    }
    [[nodiscard]] constexpr count weight_bytes() const { return storage_bytes(dtype::bf16, parameters<count>()); }
    [[nodiscard]] constexpr cache state() const {
        return {.holds = cache::kind::kv, .per_token = shape.cached_elements(), .window = chosen ? 0 : window, .type = shape.cached, .ranks = shape.ranks};
    }
    template <class T>
    [[nodiscard]] COSTEXPR_INLINE constexpr attended<T> of(basic_group<T> const& g) const {
        T const w = T(static_cast<double>(window));
        T const n = g.new_tokens;
        T const end = g.past_tokens + n;
        if (!chunked) {
            T const pairs = g.sequences * windowed_pairs(g.past_tokens, n, w);
            // two chunks of a prompt, each with the window in front of it
            T const near = shape.ranks == 1 || g.phase == phase::decode ? w + n - T(1) : T(2) * w - T(2) + n * T(1 / static_cast<double>(shape.ranks));
            // a decoding query reads the keys that are chosen for it; the queries of a prompt share the context, which is read at least once
            return {g.sequences * n, pairs, !chosen ? g.sequences * min(end, near) : g.phase == phase::decode ? pairs : g.sequences * end};
        }
        auto const block = [&](T x) { return whole_part(x / w); };
        auto const up_to = [&](T x) {
            T const full = block(x);
            T const rest = x - full * w;
            return full * (T(0.5) * w * (w + T(1))) + T(0.5) * rest * (rest + T(1));
        };
        return {g.sequences * n, g.sequences * (up_to(end) - up_to(g.past_tokens)), g.sequences * (end - block(g.past_tokens) * w)};
    }
    template <class T>
    [[nodiscard]] COSTEXPR_INLINE constexpr work<T> on(attended<T> const& a, phase p) const {
        return shape.on(a.tokens, a.pairs, a.keys).on_rank(p, shape.ranks);
    }
    template <class T>
    [[nodiscard]] COSTEXPR_INLINE constexpr work<T> operator()(basic_group<T> const& g) const {
        return on(of(g), g.phase);
    }
};

}  // namespace costexpr
