// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/op/op.hpp>

namespace costexpr {

/// The routed experts of a mixture, as the grouped GEMMs that one expert-parallel rank runs.
///   parameters  local matrices hidden inner (+ biases), active: top_k experts of them
///   rows        tokens of all attention-DP ranks, top_k each, spread evenly over the expert-parallel ranks
///   read        the experts that at least one token chose: local (1 - (1 - top_k / experts)^tokens) of them under balanced routing
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
    double log_not_chosen = 0;  ///< ln(1 - top_k / all), see chosen_by()
    double computed = 1;        ///< part of the choices that cost anything: less with zero-computation experts, 0 for another modality's experts

    static constexpr std::string_view kind = "moe";
    [[nodiscard]] constexpr role purpose() const { return role::experts; }
    [[nodiscard]] constexpr bool idle() const { return local == 0; }

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
    /// Experts on this rank that a step of `tokens` tokens (of all sources) reads, expected under balanced routing.
    template <class T>
    [[nodiscard]] COSTEXPR_INLINE constexpr T chosen_by(T tokens) const {
        if (top_k >= all) return T(static_cast<double>(local));
        return T(static_cast<double>(local)) * (T(1) - exp_of_negative(tokens * T(log_not_chosen)));
    }
    template <class T>
    [[nodiscard]] COSTEXPR_INLINE constexpr work<T> operator()(load<T> const& l) const {
        T const tokens = l.tokens * T(static_cast<double>(sources));
        if (computed == 0) return {};
        T const rows = tokens * T(computed * static_cast<double>(top_k) / static_cast<double>(ranks));
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
};

}  // namespace costexpr
