// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/op/op.hpp>

namespace costexpr {

/// The attention of DeepSeek-V4: every head shares one key that is its own value; the last `window` tokens are read as they are, older ones
/// as one compressed key per `ratio` tokens, of which an indexer may choose the `top_k` best.
///   flops    4 heads head_dim per (query, key) pair, window and compressed keys together
///   pairs    sum over new positions of min(position, window) + min(floor(position / ratio), top_k)
///   caches   head_dim elements for the last `window` tokens
/// compressed_attention{.heads = 64, .head_dim = 512, .window = 128, .ratio = 4, .top_k = 512} (DeepSeek-V4-Flash): a prompt of 1,003 tokens has
/// 120,256 pairs in the window and 125,500 compressed ones, 32,211,730,432 FLOPs.
struct compressed_attention {
    count heads = 0;
    count head_dim = 0;
    count window = 0;
    count ratio = 0;  ///< tokens per compressed key; 0: the window alone
    count top_k = 0;  ///< compressed keys per query; 0: all of them
    dtype arithmetic = dtype::bf16;
    dtype cached = dtype::bf16;
    count ranks = 1;  ///< context-parallel ranks

    static constexpr std::string_view kind = "compressed_attention";
    [[nodiscard]] constexpr role purpose() const { return role::attention; }
    [[nodiscard]] constexpr bool idle() const { return heads == 0; }
    template <class N = count>
    [[nodiscard]] constexpr N parameters() const {
        return N(heads);  // sinks
    }
    [[nodiscard]] constexpr count weight_bytes() const { return storage_bytes(dtype::bf16, heads); }
    [[nodiscard]] constexpr cache state() const { return {.holds = cache::kind::kv, .per_token = head_dim, .window = window, .type = cached, .ranks = ranks}; }

    template <class T>
    [[nodiscard]] COSTEXPR_INLINE constexpr attended<T> of(basic_group<T> const& g) const {
        T const w = T(static_cast<double>(window));
        T const end = g.past_tokens + g.new_tokens;
        T pairs = windowed_pairs(g.past_tokens, g.new_tokens, w);
        T keys = min(end, w + g.new_tokens - T(1));
        if (ratio != 0) {
            pairs = pairs + compressed_pairs(end, ratio, top_k) - compressed_pairs(g.past_tokens, ratio, top_k);
            keys = keys + end * T(1 / static_cast<double>(ratio));
        }
        if (g.phase == phase::decode) keys = pairs;  // every query reads its own
        return {g.sequences * g.new_tokens, g.sequences * pairs, g.sequences * keys};
    }
    template <class T>
    [[nodiscard]] COSTEXPR_INLINE constexpr work<T> on(attended<T> const& a, phase p) const {
        double const all = static_cast<double>(heads) * static_cast<double>(head_dim);
        return work<T>{.flops = a.pairs * T(4 * all),
                       .activation_bytes = a.tokens * T(4 * all),
                       .state_bytes = a.keys * T(static_cast<double>(head_dim) * weight_width(cached)),
                       .math = math_of(arithmetic)}
            .on_rank(p, ranks);
    }
    template <class T>
    [[nodiscard]] COSTEXPR_INLINE constexpr work<T> operator()(basic_group<T> const& g) const {
        return on(of(g), g.phase);
    }
};

/// A compressed cache: one entry of `width` elements per `ratio` tokens, pooled with learned weights. Owns the positional weights and the
/// norm of the pooling; the projections into it are linear layers beside it. Tokens that are not pooled yet wait in fp32 with their scores,
/// those of two windows where windows overlap.
///   state  2 (windows ratio)(windows width) fp32 numbers beside the entries
/// compressed_cache{.width = 512, .ratio = 4, .windows = 2}: 65,536 bytes wait, 256 entries of bf16 after 1,024 tokens are 262,144.
struct compressed_cache {
    count width = 0;
    count ratio = 0;
    count weights = 0;
    count windows = 1;  ///< that overlap
    cache::kind holds = cache::kind::kv;
    dtype cached = dtype::bf16;
    count ranks = 1;  ///< context-parallel ranks

    static constexpr std::string_view kind = "elementwise";
    [[nodiscard]] constexpr role purpose() const { return role::compressor; }
    [[nodiscard]] constexpr bool idle() const { return ratio == 0; }
    [[nodiscard]] static constexpr bool sees_lengths(bool) { return false; }
    template <class N = count>
    [[nodiscard]] constexpr N parameters() const {
        return N(weights);
    }
    [[nodiscard]] constexpr count weight_bytes() const { return storage_bytes(dtype::bf16, weights); }
    [[nodiscard]] constexpr cache state() const {
        if (ratio == 0) return {};
        return {.holds = holds, .per_token = width, .every = ratio, .type = cached, .fixed_bytes = 8 * windows * windows * ratio * width, .ranks = ranks};
    }
    template <class T>
    [[nodiscard]] COSTEXPR_INLINE constexpr work<T> operator()(load<T> const& l) const {
        double const w = static_cast<double>(width);
        return {.activation_bytes = l.tokens * T(8 * w),
                .state_bytes = l.tokens * T(ratio != 0 ? w * weight_width(cached) / static_cast<double>(ratio) : 0.0)};
    }
};

}  // namespace costexpr
