// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/op/op.hpp>

namespace costexpr {

/// How often the experts of a layer are chosen where the j-th most popular is chosen in proportion to j^-skew, at most by every token:
///   q_j = min(1, c j^-skew) with sum of q_j = top_k
/// Experts are dealt to ranks in order of popularity, so that the fullest rank, which a step waits for, holds the 1st, the (ranks + 1)-th, ...
/// popularity::of(8, 4, 1): every token chooses the first expert; c = 3 / (1 / 2 + ... + 1 / 8), so that 0.873 of them choose the second.
struct popularity {
    count all = 0;
    count top_k = 0;
    double skew = 0;
    double scale = 0;   ///< c
    count certain = 0;  ///< experts that every token chooses

    [[nodiscard]] static constexpr popularity of(count all, count top_k, double skew) {
        popularity p{.all = all, .top_k = min(top_k, all), .skew = skew};
        double rest = 0;
        for (count j = 1; j <= all; ++j) rest += p.weight(j);
        for (;; rest -= p.weight(++p.certain)) {
            if (p.certain == p.top_k || !(rest > 0)) return p.scale = 0, p;
            p.scale = static_cast<double>(p.top_k - p.certain) / rest;
            if (p.scale * p.weight(p.certain + 1) <= 1) return p;
        }
    }
    /// j^-skew
    [[nodiscard]] constexpr double weight(count j) const {
        return exp_of_negative(skew * log_of_complement(1 - 1 / static_cast<double>(j)));
    }
    /// The chance that a token chooses the j-th most popular expert.
    [[nodiscard]] constexpr double chance(count j) const { return j <= certain ? 1.0 : scale * weight(j); }

    /// Calls f(chance) for every expert of the fullest of these ranks.
    template <class F>
    constexpr void for_each_on_fullest(count ranks, F const& f) const {
        for (count j = 1; j <= all; j += ranks) f(chance(j));
    }
    /// Choices per token that reach the fullest rank; top_k / ranks where all experts are alike.
    [[nodiscard]] constexpr double choices_on_fullest(count ranks) const {
        double sum = 0;
        for_each_on_fullest(ranks, [&](double q) { sum += q; });
        return sum;
    }
    /// Experts of the fullest rank that at least one of `tokens` tokens chooses, expected.
    template <class T>
    [[nodiscard]] constexpr T chosen_on_fullest(count ranks, T tokens) const {
        T sum = T(0);
        for_each_on_fullest(ranks, [&](double q) {
            sum = sum + (q < 1 ? T(1) - exp_of_negative(tokens * T(log_of_complement(q))) : T(1));
        });
        return sum;
    }
};

/// The routed experts of a mixture, as the grouped GEMMs that one expert-parallel rank runs.
///   parameters  local matrices hidden inner (+ biases), active: top_k experts of them
///   rows        tokens of all attention-DP ranks, top_k each, spread evenly over the expert-parallel ranks
///   read        the experts that at least one token chose: local (1 - (1 - top_k / experts)^tokens) of them under balanced routing
///               rows and experts of the fullest rank where some experts are more popular than others (a skew: see popularity)
///   flops       2 matrices hidden inner per row; activations per row: the input, the inner products (written, read, activated, read), the output
/// experts{.local = 8, .top_k = 2, .all = 8, .hidden = 4096, .inner = 14336} has 1,409,286,144 parameters, 352,321,536 of them active.
/// 2 tokens read 3.5 of them on average and cost 1,409,286,144 FLOPs.
struct experts {
    count local = 0;     ///< experts on this rank
    count top_k = 0;
    count all = 0;       ///< experts of the layer
    count hidden = 0;
    count inner = 0;     ///< of one shard of an expert
    count matrices = 3;  ///< 3 gated, 2 plain
    count ranks = 1;     ///< expert-parallel ranks
    count sources = 1;   ///< attention data-parallel ranks that send tokens
    dtype weights = dtype::bf16;
    bool bias = false;
    bool on_all_ranks = false;  ///< sees the tokens of all context-parallel ranks
    double log_not_chosen = 0;  ///< ln(1 - top_k / all), see chosen_by()
    double skew = 0;            ///< exponent of the popularity of experts; 0: balanced routing
    double choices = 0;         ///< of a token that reach this rank where there is a skew, see choices_with()
    double computed = 1;        ///< part of the choices that cost anything: less with zero-computation experts, 0 for another modality's experts

    static constexpr std::string_view kind = "moe";
    [[nodiscard]] constexpr role purpose() const { return role::experts; }
    [[nodiscard]] constexpr bool idle() const { return local == 0; }
    [[nodiscard]] static constexpr bool sees_lengths(bool) { return false; }

    template <class N = count>
    [[nodiscard]] constexpr N each() const {
        return N(matrices) * N(hidden) * N(inner) + (bias ? N(matrices - 1) * N(inner) + N(hidden) : N(0));
    }
    template <class N = count>
    [[nodiscard]] constexpr N parameters() const {
        return N(local) * each<N>();
    }
    template <class N = count>
    [[nodiscard]] constexpr N active_parameters() const {
        return N(min(top_k, local)) * each<N>();
    }
    [[nodiscard]] constexpr count weight_bytes() const {
        count const biases = bias ? storage_bytes(dtype::bf16, (matrices - 1) * inner + hidden) : 0;
        return local * (matrices * storage_bytes(weights, inner, hidden) + biases);
    }
    /// Choices of a token that reach the fullest of these ranks; 0 where routing is balanced.
    [[nodiscard]] COSTEXPR_INLINE static constexpr double choices_with(double skew, count all, count top_k, count ranks) {
        return skew > 0 ? popularity::of(all, top_k, skew).choices_on_fullest(ranks) : 0.0;
    }
    /// Experts on this rank that a step of `tokens` tokens (of all sources) reads, expected.
    template <class T>
    [[nodiscard]] COSTEXPR_INLINE constexpr T chosen_by(T tokens) const {
        if (top_k >= all) return T(static_cast<double>(local));
        if (skew > 0) return chosen_of(all, top_k, skew, ranks, tokens);
        return T(static_cast<double>(local)) * (T(1) - exp_of_negative(tokens * T(log_not_chosen)));
    }
    template <class T>
    [[nodiscard]] COSTEXPR_INLINE constexpr work<T> operator()(load<T> const& l) const {
        T const tokens = l.tokens * T(static_cast<double>(sources));
        if (computed == 0) return {};
        T const rows = tokens * T(computed * (skew > 0 ? choices : static_cast<double>(top_k) / static_cast<double>(ranks)));
        double const h = static_cast<double>(hidden);
        double const i = static_cast<double>(inner);
        double const m = static_cast<double>(matrices);
        double const in = activation_width(weights);
        double const up = m - 1;  // projections into the inner dimension
        return {.flops = rows * T(2 * m * h * i),
                .weight_bytes = chosen_by(tokens) * T(m * h * i * weight_width(weights)),
                .activation_bytes = rows * T(h * (in + 2.0) + i * (4.0 * up + 2.0 * in)),
                .math = math_of(weights)};
    }

  private:
    template <class T>
    COSTEXPR_COLD static constexpr T chosen_of(count all, count top_k, double skew, count ranks, T tokens) {
        return popularity::of(all, top_k, skew).chosen_on_fullest(ranks, tokens);
    }
};

}  // namespace costexpr
