// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/cost/forms/device.hpp>
#include <costexpr/op/step.hpp>
#include <costexpr/schema/read.hpp>

#include <array>

namespace costexpr::forms {

/// Attention over the keys that an indexer chose (DeepSeek-V3.2, GLM-5, MiniMax-M3) or that are compressed (DeepSeek-V4), and the indexer: scores
/// of all keys and the choice of the best.
///   attention  launch + token tokens + smooth_max(2 padded products pairs / (efficiency rate), pairs key / (efficiency bandwidth))
///   index      launch + token tokens + chain context / sequences + pairs (2 heads dim / (efficiency fp8 rate) + 4 passes / bandwidth)
///   products   per head and pair: 2 latent + rope, or twice the dimension of a head;  padded  max(heads, tile_heads)
///   key        latent + rope elements of the cache's dtype; those of a head where it is its own value, of all keys and values of the KV heads else
/// An efficiency of memory above 1 says that the keys of a prompt come from the cache of the device. Where a framework launches faster than the
/// device works only for long prompts, a layer takes no less than host_us (and index_host_us with an indexer).
/// Fitted to `dsa_...`, `dsv4_csa_...`, `dsv4_hca_...` and `msa_..._module` of aiconfigurator-core 0.12.0 without their linear layers, which their own
/// form prices: up to 65,536 tokens, 131,072 tokens of context, prompts of 64 new tokens and more. Median error of a module 2 to 10 %.
/// With launch_us = 10, index_launch_us = 5, index_chain_ns = 0.5, efficiencies of 0.5 and 0.3 and 4 passes, 8 sequences of 4,096 tokens that read
/// 2,048 keys each on 128 heads take 27.09 us, 64 index heads of 128 elements 8.062 us at 989.4 TFLOP/s (1,978.9 in fp8) and 4.8 TB/s.
struct sparse_form {
    dtype arithmetic = dtype::bf16;
    dtype cache = dtype::bf16;
    short_string arithmetic_name{};
    short_string cache_name{};
    count least_heads = 0;  ///< for so many heads and more
    count most_heads = 0;   ///< up to so many; 0: any number
    double host_us = 0;
    double index_host_us = 0;
    double launch_us = 0;
    double token_ns = 0;
    double tile_heads = 1;
    double math_efficiency = 1;
    double memory_efficiency = 1;
    double index_launch_us = 0;
    double index_token_ns = 0;
    double index_chain_ns = 0;   ///< per token of a context: one block chooses the best of a query
    double index_efficiency = 1;
    double select_passes = 0;    ///< passes over the scores, fp32
    count sharpness = 1;
    fit_error error{};

    using parts = part_list<&sparse_form::error>;
    static constexpr auto json(auto...) {
        using f = sparse_form;
        return std::array{
            key(&f::arithmetic_name, "arithmetic"),
            key(&f::cache_name, "cache"),
            key(&f::least_heads, "least_heads").optional(),
            key(&f::most_heads, "most_heads").optional(),
            key(&f::host_us, "host_us").optional(),
            key(&f::index_host_us, "index_host_us").optional(),
            key(&f::launch_us, "launch_us").optional(),
            key(&f::token_ns, "token_ns").optional(),
            key(&f::tile_heads, "tile_heads").optional(),
            key(&f::math_efficiency, "math_efficiency"),
            key(&f::memory_efficiency, "memory_efficiency"),
            key(&f::index_launch_us, "index_launch_us").optional(),
            key(&f::index_token_ns, "index_token_ns").optional(),
            key(&f::index_chain_ns, "index_chain_ns").optional(),
            key(&f::index_efficiency, "index_efficiency"),
            key(&f::select_passes, "select_passes").optional(),
            key(&f::sharpness, "sharpness"),
        };
    }
    constexpr void settle(auto& check) {
        if (!parse_dtype(arithmetic_name.view(), arithmetic)) check.fail(errc::unknown_name, "arithmetic", 0, 0, "a dtype");
        if (!parse_dtype(cache_name.view(), cache)) check.fail(errc::unknown_name, "cache", 0, 0, "a dtype");
    }

    /// Whether the kernel is taken for so many heads.
    [[nodiscard]] constexpr bool suits(count heads) const { return heads >= least_heads && (most_heads == 0 || heads <= most_heads); }

    /// With the pairs that are left of the causal triangle: chosen keys, window and compressed keys together.
    template <class T>
    [[nodiscard]] COSTEXPR_INLINE constexpr T attention_seconds(device_rates<T> const& d, T const& pairs, T const& tokens, double heads, double products,
                                                                double key_elements) const {
        T const math = pairs * T(2 * max(heads, tile_heads) * products / math_efficiency) * d.of(math_of(arithmetic));
        T const memory = pairs * T(key_elements * weight_width(cache) / memory_efficiency) * d.seconds_per_byte;
        return T(1e-6 * launch_us) + tokens * T(1e-9 * token_ns) + smooth_max(math, memory, sharpness);
    }
    /// With all pairs of the causal triangle, or of queries and compressed keys.
    template <class T>
    [[nodiscard]] COSTEXPR_INLINE constexpr T index_seconds(device_rates<T> const& d, load<T> const& l, double heads, double dim) const {
        T const pair = T(2 * heads * dim / index_efficiency) * d.of(math::fp8) + T(4 * select_passes) * d.seconds_per_byte;
        return T(1e-6 * index_launch_us) + l.tokens * T(1e-9 * index_token_ns) + l.context / l.sequences * T(1e-9 * index_chain_ns) + l.pairs * pair;
    }
};

}  // namespace costexpr::forms
