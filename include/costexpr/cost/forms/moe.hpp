// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/cost/forms/device.hpp>
#include <costexpr/schema/read.hpp>

#include <array>

namespace costexpr::forms {

/// What the routed experts of one rank get of a step.
template <class T = double>
struct moe_load {
    T tokens{};   ///< of all sources: those that the rank sees before it picks its own
    T choices{};  ///< tokens times the experts that each chooses, on all ranks
    T rows{};     ///< choices that reach this rank
    T active{};   ///< experts of this rank that are chosen at all
};

/// The routed experts of a mixture on one expert-parallel rank: two grouped GEMMs, the activation between them, routing and reduction.
///   seconds  launch + expert active + chain (hidden + inner) + (passes of activations, tokens and choices) / bandwidth
///            + smooth_max(2 padded matrices hidden inner / (efficiency rate), active matrices hidden inner width / (efficiency bandwidth))
///   padded   sqrt(rows^2 + (active tile)^2), tile = tile_rows seen / (tile_rows + seen), seen = choices / local: an expert computes whole tiles, and
///            their size is chosen from the choices of all ranks over the experts of this one
///   passes   activations: 4 hidden + 2 matrices inner bytes a row; tokens: 4 hidden bytes; choices: 2 hidden bytes
/// Fitted to the `moe` tables of aiconfigurator-core 0.12.0 for 2 and more experts a rank, shards of 128 and more, up to 64 ranks, balanced and
/// with power-law routing, whose rows and active experts on the fullest rank are drawn as the tables' collector draws them; without DeepSeek-V3
/// with expert parallelism on SGLang and vLLM, where the tables' routing was not the balanced one that they name. The error of a kernel stands
/// beside its constants. What no form of these shapes meets: TensorRT-LLM's CUTLASS kernel in bf16 and fp8 is 2 to 6 times slower in a ninth of
/// its series on Hopper, under one routing and not under another; SGLang's Triton kernel is up to 2.4 times as fast where a file of tiles was tuned.
/// The first entry of a list whose conditions hold is the kernel that the framework takes.
/// With launch_us = 20, expert_us = 0.2, tile_rows = 16, efficiencies of 0.5 and 0.8 and sharpness 2, 64 tokens that choose 8 of 128 experts of
/// 4096 x 1536 in bf16 take 1,304.9 us at 989.4 TFLOP/s and 4.8 TB/s.
struct moe_form {
    dtype weights = dtype::bf16;
    short_string weights_name{};
    short_string kernel{};
    count matrices = 0;     ///< 2 or 3: only experts of so many matrices; 0: any
    count biased = 0;       ///< 1: only experts with biases
    count least_ranks = 0;  ///< only with as many expert-parallel ranks
    count most_ranks = 0;   ///< 0: any number
    count most_tokens = 0;  ///< 0: any number
    count most_tokens_per_expert = 0;  ///< so many times the experts of the rank, where tiles are chosen by that; 0: any number
    double launch_us = 0;
    double expert_us = 0;   ///< per active expert
    double chain_ns = 0;    ///< per element of the dimensions that are summed over one after the other
    double tile_rows = 0;
    double math_efficiency = 1;
    double memory_efficiency = 1;
    double activation_passes = 0;
    double token_passes = 0;
    double choice_passes = 0;
    count sharpness = 1;
    fit_error error{};

    using parts = part_list<&moe_form::error>;
    static constexpr auto json(auto...) {
        using f = moe_form;
        return std::array{
            key(&f::weights_name, "weights"),
            key(&f::kernel, "kernel").optional(),
            key(&f::matrices, "matrices").optional(),
            key(&f::biased, "biased").optional(),
            key(&f::least_ranks, "least_ranks").optional(),
            key(&f::most_ranks, "most_ranks").optional(),
            key(&f::most_tokens, "most_tokens").optional(),
            key(&f::most_tokens_per_expert, "most_tokens_per_expert").optional(),
            key(&f::launch_us, "launch_us").optional(),
            key(&f::expert_us, "expert_us").optional(),
            key(&f::chain_ns, "chain_ns").optional(),
            key(&f::tile_rows, "tile_rows").optional(),
            key(&f::math_efficiency, "math_efficiency"),
            key(&f::memory_efficiency, "memory_efficiency"),
            key(&f::activation_passes, "activation_passes").optional(),
            key(&f::token_passes, "token_passes").optional(),
            key(&f::choice_passes, "choice_passes").optional(),
            key(&f::sharpness, "sharpness"),
        };
    }
    constexpr void settle(auto& check) {
        if (!parse_dtype(weights_name.view(), weights)) check.fail(errc::unknown_name, "weights", 0, 0, "a dtype of weights");
    }

    /// Whether the framework takes this kernel for such experts, and
    [[nodiscard]] constexpr bool takes(count its_matrices, bool its_bias, count ranks) const {
        return (matrices == 0 || matrices == its_matrices) && (biased == 0 || its_bias) && ranks >= least_ranks && (most_ranks == 0 || ranks <= most_ranks);
    }

    /// for how many tokens of all sources at most, with so many experts on the rank; 0: any number.
    [[nodiscard]] constexpr count most(count local) const {
        count const by_experts = most_tokens_per_expert * local;
        return most_tokens == 0 || by_experts == 0 ? most_tokens + by_experts : min(most_tokens, by_experts);
    }

    /// Seconds for weights of a dtype that the constants may have been fitted to or not.
    template <class T>
    [[nodiscard]] COSTEXPR_INLINE constexpr T seconds(device_rates<T> const& d, moe_load<T> const& l, double local, double hidden, double inner,
                                                      double its_matrices, dtype stored) const {
        double const each = its_matrices * hidden * inner;
        T const tile = l.active * T(tile_rows) * l.choices / (l.choices + T(tile_rows * local));
        T const math = square_root(l.rows * l.rows + tile * tile) * T(2 * each / math_efficiency) * d.of(math_of(stored));
        T const memory = l.active * T(each * weight_width(stored) / memory_efficiency) * d.seconds_per_byte;
        T const moved = l.rows * T(activation_passes * (4 * hidden + 2 * its_matrices * inner)) + l.tokens * T(4 * hidden * token_passes) +
                        l.choices * T(2 * hidden * choice_passes);
        return T(1e-6 * launch_us + 1e-9 * chain_ns * (hidden + inner)) + l.active * T(1e-6 * expert_us) + moved * d.seconds_per_byte +
               smooth_max(math, memory, sharpness);
    }
};

}  // namespace costexpr::forms
