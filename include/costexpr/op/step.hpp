// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/core/math.hpp>

#include <cstdint>
#include <span>

namespace costexpr {

/// Whether tokens are a prompt being read or one being written: attention kernels differ.
enum class phase : std::uint8_t { prefill, decode };

/// Equal sequences of one step. N is count, or a number type with derivatives.
template <class N = count>
struct basic_group {
    N sequences = N(1);
    N new_tokens = N(1);   ///< per sequence, computed in this step
    N past_tokens = N(0);  ///< per sequence, already in its state
    costexpr::phase phase = phase::decode;
};
using group = basic_group<count>;

/// One forward pass of a batch: uniform prefill or decode is one group, a mixed batch two, a ragged batch one per sequence.
using step = std::span<group const>;

/// The moments of the groups of a step in which nearly every op is linear.
template <class T = double>
struct load {
    T sequences{};
    T tokens{};   ///< new tokens
    T pairs{};    ///< (query, key) pairs under a causal mask: n p + n (n + 1) / 2 per sequence with n new and p past tokens
    T context{};  ///< keys that the new tokens see: n + p per sequence
    T rows{};     ///< rows of logits: one per prefilling sequence, one per decoded token

    COSTEXPR_INLINE friend constexpr load operator+(load const& a, load const& b) {
        return {plus(a.sequences, b.sequences), plus(a.tokens, b.tokens), plus(a.pairs, b.pairs), plus(a.context, b.context), plus(a.rows, b.rows)};
    }
};

/// The loads of a step by phase. Dense ops see their sum (one kernel), attention each for itself.
template <class T = double>
struct loads {
    load<T> prefill{};
    load<T> decode{};

    [[nodiscard]] COSTEXPR_INLINE constexpr load<T> total() const { return prefill + decode; }
    [[nodiscard]] constexpr load<T> const& of(phase p) const { return p == phase::prefill ? prefill : decode; }

    /// What one of `ranks` context-parallel ranks computes. A prompt of n tokens is cut into 2 ranks chunks, of which rank i takes the i-th
    /// from the front and the i-th from the back: n / ranks new tokens and equally many pairs on every rank, on keys that are gathered. A
    /// decoded token is computed by all ranks, each on its share of the context.
    /// A prompt of 4,096 tokens on 4 ranks is 1,024 tokens and 2,097,664 pairs on 4,096 keys; a token at 4,095 past ones has 1,024 pairs on each.
    [[nodiscard]] COSTEXPR_INLINE constexpr loads on_rank(count ranks) const {
        if (ranks == 1) return *this;
        T const share = T(1 / static_cast<double>(ranks));
        return {{prefill.sequences, prefill.tokens * share, prefill.pairs * share, prefill.context, prefill.rows},
                {decode.sequences, decode.tokens, decode.pairs * share, decode.context * share, decode.rows}};
    }
};

/// What an op whose work bends with the length of each sequence is linear in: summed over the groups of a phase before anything is multiplied.
template <class T = double>
struct attended {
    T tokens{};  ///< new tokens
    T pairs{};   ///< (query, key) pairs
    T keys{};    ///< keys read

    COSTEXPR_INLINE friend constexpr attended operator+(attended const& a, attended const& b) { return {plus(a.tokens, b.tokens), plus(a.pairs, b.pairs), plus(a.keys, b.keys)}; }
};

template <class T, class N>
[[nodiscard]] COSTEXPR_INLINE constexpr load<T> moments(basic_group<N> const& g) {
    T const s = T(g.sequences);
    T const n = T(g.new_tokens);
    T const p = T(g.past_tokens);
    return {s, s * n, s * n * (p + T(0.5) * (n + T(1))), s * (p + n), g.phase == phase::prefill ? s : s * n};
}

/// Sums the groups of a step, once per phase.
template <class T = double, class N>
[[nodiscard]] COSTEXPR_INLINE constexpr loads<T> moments(std::span<basic_group<N> const> groups) {
    loads<T> sum{};
    for (auto const& g : groups) {
        load<T> const l = moments<T>(g);
        if (g.phase == phase::prefill)
            sum.prefill = sum.prefill + l;
        else
            sum.decode = sum.decode + l;
    }
    return sum;
}

/// (query, key) pairs of `fresh` positions behind `past` ones where each sees at most the last `window` keys: a ramp, then flat.
///   sum of min(position, window) = (b - a)(a + b + 1) / 2 + (fresh - (b - a)) window with a = min(past, window), b = min(past + fresh, window)
/// A window of 128: 200 positions have 17,472 pairs, 100 behind 100 others 12,422.
template <class T>
[[nodiscard]] COSTEXPR_INLINE constexpr T windowed_pairs(T past, T fresh, T window) {
    T const before = min(past, window);
    T const after = min(past + fresh, window);
    T const ramp = after - before;
    return T(0.5) * ramp * (before + after + T(1)) + (fresh - ramp) * window;
}

/// (query, key) pairs of the positions 1 .. x where `ratio` tokens share one key and each position sees those that are full, at most `limit`
/// of them (0: all): steps, then flat.
///   sum of min(floor(position / ratio), limit) = ratio q (q - 1) / 2 + q (r - q ratio + 1) + (x - r) limit
///   with r = min(x, limit ratio) and q = floor(r / ratio)
/// 10 positions with ratio 4 see 0 0 0 1 1 1 1 2 2 2 = 10 keys, with limit 1 seven.
template <class T>
[[nodiscard]] COSTEXPR_INLINE constexpr T compressed_pairs(T x, count ratio, count limit) {
    T const each = T(static_cast<double>(ratio));
    T const most = T(static_cast<double>(limit));
    T const stairs = limit != 0 ? min(x, most * each) : x;
    T const full = whole_part(stairs * T(1 / static_cast<double>(ratio)) + T(0.5 / static_cast<double>(ratio)));
    return full * (T(0.5) * each * (full - T(1)) + stairs - full * each + T(1)) + (x - stairs) * most;
}

}  // namespace costexpr
