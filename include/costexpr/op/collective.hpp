// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/op/op.hpp>

namespace costexpr {

/// Communication of `width` bf16 elements per token (or per row of logits) among `devices`. What one device sends:
///   all_reduce, halves         2 (n - 1) / n of the tokens' bytes (a ring: reduce-scatter, then all-gather; as halves with a norm between)
///   all_gather, reduce_scatter (n - 1) / n of the bytes of all n shards together
///   all_to_all                 the bytes once: its width counts those that leave the device
///   point_to_point             the bytes once per hop
/// collective{.shape = all_reduce, .width = 8192, .devices = 8}: 16 tokens put 458,752 bytes on the wire of each device.
/// As all_gather or reduce_scatter of that width it is 229,376 bytes, all_to_all or point_to_point over one hop 262,144.
struct collective {
    enum class pattern : unsigned char { all_reduce, halves, all_gather, reduce_scatter, all_to_all, point_to_point };

    pattern shape = pattern::all_reduce;
    role part = role::attention_all_reduce;
    double width = 0;    ///< elements per token
    count devices = 1;
    count span = 0;      ///< devices that the links run across; 0: as many as take part
    count hops = 1;      ///< how often in a step (pipeline boundaries; 1 where all send to all)
    bool on_rows = false;  ///< counts rows of logits instead of tokens
    bool on_all_ranks = false;  ///< counts the tokens of all context-parallel ranks

    static constexpr std::string_view kind = "collective";
    [[nodiscard]] constexpr role purpose() const { return part; }
    [[nodiscard]] constexpr bool idle() const { return devices <= 1 || hops == 0 || width == 0; }
    [[nodiscard]] static constexpr bool sees_lengths(bool) { return false; }
    template <class N = count>
    [[nodiscard]] constexpr N parameters() const {
        return N(0);
    }
    [[nodiscard]] constexpr count weight_bytes() const { return 0; }

    /// Bytes that one device sends for one token.
    [[nodiscard]] COSTEXPR_INLINE constexpr double bytes_per_token() const {
        double const n = static_cast<double>(devices);
        double const ring = (n - 1) / n;
        double const share = shape <= pattern::halves ? 2 * ring : shape >= pattern::all_to_all ? static_cast<double>(hops) : ring;
        return 2.0 * width * share;
    }
    /// The patterns are the ways of travelling, in the same order.
    [[nodiscard]] COSTEXPR_INLINE constexpr wire route() const { return static_cast<wire>(shape); }
    template <class T>
    [[nodiscard]] COSTEXPR_INLINE constexpr work<T> operator()(load<T> const& l) const {
        return {.wire_bytes = (on_rows ? l.rows : l.tokens) * T(bytes_per_token()), .span = span != 0 ? span : devices, .route = route()};
    }
};

/// The sum over tensor-parallel ranks behind a block, `width` elements per token.
[[nodiscard]] COSTEXPR_INLINE constexpr collective tensor_sum(deployment const& x, role part, count width) {
    return {.shape = x.residual == residual::scattered ? collective::pattern::halves : collective::pattern::all_reduce,
            .part = part,
            .width = static_cast<double>(width),
            .devices = x.layout.tp};
}
/// The same behind attention, of which the next block may want a share per rank alone.
[[nodiscard]] COSTEXPR_INLINE constexpr collective attention_sum(deployment const& x, count width) {
    collective sum = tensor_sum(x, role::attention_all_reduce, width);
    if (x.hands_over_shares()) sum.shape = collective::pattern::reduce_scatter;
    return sum;
}

/// What context-parallel ranks exchange around attention. A prompt: keys and values of the context, which every rank computed a share of and
/// all need (an all-gather; a ring pass sends the same). Decoding: the partial outputs on each rank's keys, with their maxima and sums; where
/// keys are chosen, the best of each rank first. Sources: vLLM RFC 25749 (KV gathered over the prefill ranks; outputs corrected by their
/// log-sum-exp and summed, cp_lse_ag_out_ar), SGLang prefill context parallelism (all-gather of KV, of index keys where there are some).
///   prefill  (n - 1) / n of the bytes of keys and values of min(past + new, window + new - 1) tokens
///   decode   2 (n - 1) / n of the bytes of partial outputs per token, and (n - 1) of `offered` scores and places
/// context_exchange{.kept = 2048, .partial = 4224, .devices = 4}: a prompt of 1,000 tokens puts 3,072,000 bytes on the wire of each device, a
/// decoded token 12,672.
struct context_exchange {
    double kept = 0;     ///< of keys and values, in elements of bf16 per token
    double partial = 0;  ///< of outputs, maxima and sums, in elements of bf16 per token
    count window = 0;    ///< tokens of the context that are needed; 0: all of them
    count offered = 0;   ///< keys that each rank offers, where the best of all are chosen
    count devices = 1;   ///< context-parallel ranks
    count span = 1;      ///< devices that the links run across

    static constexpr std::string_view kind = "context_exchange";
    [[nodiscard]] constexpr role purpose() const { return role::context_exchange; }
    [[nodiscard]] constexpr bool idle() const { return devices <= 1; }
    template <class N = count>
    [[nodiscard]] constexpr N parameters() const {
        return N(0);
    }
    [[nodiscard]] constexpr count weight_bytes() const { return 0; }
    template <class T>
    [[nodiscard]] COSTEXPR_INLINE constexpr work<T> operator()(basic_group<T> const& g) const {
        T const end = g.past_tokens + g.new_tokens;
        T const context = window == 0 ? end : min(end, T(static_cast<double>(window)) + g.new_tokens - T(1));
        double const others = static_cast<double>(devices - 1);
        double const gathered = collective{.shape = collective::pattern::all_gather, .width = kept, .devices = devices}.bytes_per_token();
        double const combined = collective{.shape = collective::pattern::all_reduce, .width = partial, .devices = devices}.bytes_per_token() + 8.0 * others * static_cast<double>(offered);
        // the slowest link bounds a ring: where ranks stand in several nodes, that between them
        return {.wire_bytes = g.sequences * (g.phase == phase::prefill ? context * T(gathered) : g.new_tokens * T(combined)), .span = span, .route = wire::message};
    }
};

}  // namespace costexpr
