// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/cost/forms/device.hpp>
#include <costexpr/op/step.hpp>
#include <costexpr/schema/read.hpp>

#include <array>

namespace costexpr::forms {

/// Prefill of multi-head latent attention on expanded keys and values.
///   seconds  launch + chain (tokens / sequences) + token tokens
///            + smooth_max(2 heads expanded (pairs + tile_keys tokens) / (efficiency rate), 2 heads expanded (tokens + context) / (efficiency bandwidth))
///   expanded nope + rope + v
/// Fitted to `context_mla` of aiconfigurator-core 0.12.0 (DeepSeek-V3, 1 to 128 heads, no prefix), or to `mla_context_module` without its linear
/// layers where a framework has no other table. Median error 3 to 7 %, 90 % within 30 %.
/// With launch_us = 10, efficiencies of 0.5 and sharpness 4, a prompt of 4,096 tokens on 128 heads takes 1,400.0 us at 989.4 TFLOP/s, 4.8 TB/s.
struct mla_prefill_form {
    dtype arithmetic = dtype::bf16;
    dtype cache = dtype::bf16;
    short_string arithmetic_name{};
    short_string cache_name{};
    double launch_us = 0;
    double chain_ns = 0;        ///< per token of a prompt: what runs one after the other
    double token_ns = 0;        ///< per token, whatever the heads
    double tile_keys = 0;       ///< keys of a tile that the causal mask leaves unused, per query
    double math_efficiency = 1;
    double memory_efficiency = 1;
    count sharpness = 1;
    fit_error error{};

    using parts = part_list<&mla_prefill_form::error>;
    static constexpr auto json(auto...) {
        using f = mla_prefill_form;
        return std::array{
            key(&f::arithmetic_name, "arithmetic"),
            key(&f::cache_name, "cache"),
            key(&f::launch_us, "launch_us").optional(),
            key(&f::chain_ns, "chain_ns").optional(),
            key(&f::token_ns, "token_ns").optional(),
            key(&f::tile_keys, "tile_keys").optional(),
            key(&f::math_efficiency, "math_efficiency"),
            key(&f::memory_efficiency, "memory_efficiency"),
            key(&f::sharpness, "sharpness"),
        };
    }
    constexpr void settle(auto& check) {
        if (!parse_dtype(arithmetic_name.view(), arithmetic)) check.fail(errc::unknown_name, "arithmetic", 0, 0, "a dtype");
        if (!parse_dtype(cache_name.view(), cache)) check.fail(errc::unknown_name, "cache", 0, 0, "a dtype");
    }

    template <class T>
    [[nodiscard]] COSTEXPR_INLINE constexpr T seconds(device_rates<T> const& d, load<T> const& l, double heads, double expanded) const {
        T const math = (l.pairs + l.tokens * T(tile_keys)) * T(2 * heads * expanded / math_efficiency) * d.of(math_of(arithmetic));
        T const memory = (l.tokens + l.context) * T(2 * heads * expanded / memory_efficiency) * d.seconds_per_byte;
        return T(1e-6 * launch_us) + l.tokens / l.sequences * T(1e-9 * chain_ns) + l.tokens * T(1e-9 * token_ns) + smooth_max(math, memory, sharpness);
    }
};

/// Decode of multi-head latent attention on the latent cache.
///   seconds  smooth_max(floor, smooth_max_4(2 padded absorbed (pairs + tile_keys tokens) / (efficiency rate),
///                       (key (context + tile_keys sequences) + 2 tokens heads absorbed) / (efficiency bandwidth)))
///   floor    launch + split length / (length + split_keys) + sequence sequences: a long context is split over the device and summed up again
///   absorbed 2 latent + rope; key: (latent + rope) bytes of the cache's dtype; padded: max(heads, tile_heads); length: context / sequences
/// The mean length stands for all: for lengths spread evenly from 0 to twice the mean the floor is up to a quarter of `split` too high.
/// Fitted to `generation_mla` of aiconfigurator-core 0.12.0, or to `mla_generation_module` as above, by the heads that share a tile of queries. Median
/// error 2 to 7 % a slice on Hopper and Blackwell, 90 % within 25 %.
/// With launch_us = 10, split_us = 8, split_keys = 4096, efficiencies of 0.6 and 0.8, 8 sequences of 4,096 tokens on 128 heads take 30.13 us.
struct mla_decode_form {
    dtype arithmetic = dtype::bf16;
    dtype cache = dtype::bf16;
    short_string arithmetic_name{};
    short_string cache_name{};
    count least_heads = 0;  ///< for so many heads and more
    count most_heads = 0;   ///< up to so many; 0: any number
    double launch_us = 0;
    double sequence_ns = 0;
    double split_us = 0;
    double split_keys = 1;
    double tile_keys = 0;
    double tile_heads = 1;
    double math_efficiency = 1;
    double memory_efficiency = 1;
    count sharpness = 1;
    fit_error error{};

    using parts = part_list<&mla_decode_form::error>;
    static constexpr auto json(auto...) {
        using f = mla_decode_form;
        return std::array{
            key(&f::arithmetic_name, "arithmetic"),
            key(&f::cache_name, "cache"),
            key(&f::least_heads, "least_heads").optional(),
            key(&f::most_heads, "most_heads").optional(),
            key(&f::launch_us, "launch_us").optional(),
            key(&f::sequence_ns, "sequence_ns").optional(),
            key(&f::split_us, "split_us").optional(),
            key(&f::split_keys, "split_keys"),
            key(&f::tile_keys, "tile_keys").optional(),
            key(&f::tile_heads, "tile_heads").optional(),
            key(&f::math_efficiency, "math_efficiency"),
            key(&f::memory_efficiency, "memory_efficiency"),
            key(&f::sharpness, "sharpness"),
        };
    }
    constexpr void settle(auto& check) {
        if (!parse_dtype(arithmetic_name.view(), arithmetic)) check.fail(errc::unknown_name, "arithmetic", 0, 0, "a dtype");
        if (!parse_dtype(cache_name.view(), cache)) check.fail(errc::unknown_name, "cache", 0, 0, "a dtype");
    }

    /// Whether the kernel is taken for so many heads.
    [[nodiscard]] constexpr bool suits(count heads) const { return heads >= least_heads && (most_heads == 0 || heads <= most_heads); }

    template <class T>
    [[nodiscard]] COSTEXPR_INLINE constexpr T seconds(device_rates<T> const& d, load<T> const& l, double heads, double latent, double rope) const {
        double const absorbed = 2 * latent + rope;
        T const length = l.context / l.sequences;
        T const math = (l.pairs + l.tokens * T(tile_keys)) * T(2 * max(heads, tile_heads) * absorbed / math_efficiency) * d.of(math_of(arithmetic));
        T const memory = ((l.context + l.sequences * T(tile_keys)) * T((latent + rope) * weight_width(cache) / memory_efficiency) +
                          l.tokens * T(2 * heads * absorbed / memory_efficiency)) * d.seconds_per_byte;
        T const floor = T(1e-6 * launch_us) + length / (length + T(split_keys)) * T(1e-6 * split_us) + l.sequences * T(1e-9 * sequence_ns);
        return smooth_max(floor, smooth_max(math, memory, 4), sharpness);
    }
};

/// One of the two batched products of absorbed latent attention, per head [inner] -> [outer]: queries into the latent space, outputs out of it.
///   seconds  launch + passes rows heads inner (2 + width) / bandwidth
///            + smooth_max(2 rows heads outer inner / (efficiency rate), heads (weights + rows (activations + 2 outer)) / (efficiency bandwidth))
/// Fitted to `mla_bmm` of aiconfigurator-core 0.12.0, to sizes beyond the cache of the device and to launches: what the cache holds between repeated
/// measurements is displaced in a model. Median error 2 to 13 %, 90 % within 31 %.
/// With launch_us = 4, efficiencies of 0.5 and 0.8 and sharpness 4, 64 rows of 128 heads from 128 to 512 elements take 11.12 us in bf16.
struct mla_bmm_form {
    dtype weights = dtype::bf16;
    short_string weights_name{};
    double launch_us = 0;
    double math_efficiency = 1;
    double memory_efficiency = 1;
    double quantize_passes = 0;
    count sharpness = 1;
    fit_error error{};

    using parts = part_list<&mla_bmm_form::error>;
    static constexpr auto json(auto...) {
        using f = mla_bmm_form;
        return std::array{
            key(&f::weights_name, "weights"),
            key(&f::launch_us, "launch_us").optional(),
            key(&f::math_efficiency, "math_efficiency"),
            key(&f::memory_efficiency, "memory_efficiency"),
            key(&f::quantize_passes, "quantize_passes").optional(),
            key(&f::sharpness, "sharpness"),
        };
    }
    constexpr void settle(auto& check) {
        if (!parse_dtype(weights_name.view(), weights)) check.fail(errc::unknown_name, "weights", 0, 0, "a dtype");
    }

    /// Seconds for weights of a dtype that the constants may have been fitted to or not.
    template <class T>
    [[nodiscard]] COSTEXPR_INLINE constexpr T seconds(device_rates<T> const& d, T const& rows, double heads, double outer, double inner, dtype stored) const {
        double const in = activation_width(stored);
        T const math = rows * T(2 * heads * outer * inner / math_efficiency) * d.of(math_of(stored));
        T const memory = (T(heads * weight_width(stored) * outer * inner / memory_efficiency) + rows * T(heads * (in * inner + 2 * outer) / memory_efficiency)) *
                         d.seconds_per_byte;
        return T(1e-6 * launch_us) + rows * T(quantize_passes * heads * inner * (2 + in)) * d.seconds_per_byte + smooth_max(math, memory, sharpness);
    }
};

}  // namespace costexpr::forms
