// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/cost/forms/device.hpp>
#include <costexpr/op/attention.hpp>

#include <array>

namespace costexpr::forms {

/// What the entries of prefill, decode and encoder attention have in common: which slice they are.
struct attention_slice {
    dtype arithmetic = dtype::bf16;
    dtype cached = dtype::bf16;
    short_string arithmetic_name{};
    short_string cached_name{};
    short_string kernel{};   ///< empty: the framework has one
    count head_dim = 0;      ///< chosen for this head dimension alone; 0: any
    count least_group = 0;   ///< chosen from this many query heads per KV head
    count most_group = 0;    ///< up to this many; 0: any
    bool windowed = false;   ///< over a window of keys, from measurements with windows

    static constexpr auto json(auto...) {
        using f = attention_slice;
        return std::array{key(&f::arithmetic_name, "arithmetic"), key(&f::cached_name, "cached"),
                          key(&f::kernel, "kernel").optional(), key(&f::head_dim, "head_dim").optional(),
                          key(&f::least_group, "least_group").optional(), key(&f::most_group, "most_group").optional(),
                          key(&f::windowed, "windowed").optional()};
    }
    constexpr void settle(auto& check) {
        if (!parse_dtype(arithmetic_name.view(), arithmetic)) check.fail(errc::unknown_name, "arithmetic", 0, 0, "a dtype of attention arithmetic");
        if (!parse_dtype(cached_name.view(), cached)) check.fail(errc::unknown_name, "cached", 0, 0, "a dtype of the KV cache");
    }

    /// The head dimension that counts where queries and values differ.
    [[nodiscard]] static constexpr double dim(attention_shape const& s) { return 0.5 * static_cast<double>(s.head_dim + s.v_head_dim); }
    /// Whether the entry is for this shape.
    [[nodiscard]] constexpr bool takes(attention_shape const& s, bool has_window) const {
        return arithmetic == s.arithmetic && cached == s.cached && windowed == has_window && suits(s);
    }
    /// Whether the entry is for these heads.
    [[nodiscard]] constexpr bool suits(attention_shape const& s) const {
        return (head_dim == 0 || head_dim == s.head_dim) && s.heads >= least_group * s.kv_heads && (most_group == 0 || s.heads <= most_group * s.kv_heads);
    }
};

/// Attention of a prompt, full or windowed (pairs and keys cut to the window), with or without a past; and of an encoder, whose pairs are not
/// halved by a mask.
///   math    4 heads (dim + softmax_dims + narrow_dims max(0, 128 - dim)) (walked + tile_keys tokens) / (math_efficiency peak): exponentials
///           beside the products, tiles of 128 that a narrow head does not fill, tiles on the diagonal;
///           walked = pairs + masked (causal - pairs): some kernels walk over the keys before a window to find them masked;
///           times 1 - wave + wave ceil(w) / v: the last wave of query tiles leaves multiprocessors idle,
///           w = sequences heads ceil(tokens / sequences / query_tile) / multiprocessors, v = heads tokens / (query_tile multiprocessors)
///   memory  ((4 heads dim tokens + 2 kv_heads dim cached context) / memory_efficiency + cache_passes 2 kv_heads dim (2 + cached) tokens) / bandwidth
///   time    launch + key_ns walked / tokens + head_ns sequences heads + max(math, memory) + exposed min(math, memory)
/// Fitted to 1 to 256 prompts of 16 to 16,384 tokens, 1 to 96 heads of 64 to 512, without a past; a mean stands for ragged prompts in
/// pairs / tokens and tokens / sequences alone.
/// With launch_us = 10, both efficiencies 0.5 and all else zero, one prompt of 4,096 tokens with 32 heads, 8 KV heads of 128 takes 287.891 us
/// at 989.4 TFLOP/s and 4.8 TB/s.
struct prefill_attention_form {
    attention_slice slice{};
    double launch_us = 0;
    double key_ns = 0;          ///< per key of a query, one after another
    double head_ns = 0;         ///< per sequence and head
    double math_efficiency = 1;
    double softmax_dims = 0;    ///< what a score costs beside its products, as head dimensions
    double narrow_dims = 0;
    double tile_keys = 0;       ///< keys per query that are computed and masked
    double masked = 0;          ///< what a pair before the window costs, of one inside it
    double memory_efficiency = 1;
    double cache_passes = 0;    ///< passes over new keys and values
    double exposed = 0;
    double wave = 0;            ///< share of the idle rest of the last wave that is paid
    count query_tile = 128;
    fit_error error{};

    using parts = part_list<&prefill_attention_form::slice, &prefill_attention_form::error>;
    static constexpr auto json(auto...) {
        using f = prefill_attention_form;
        return std::array{
            key(&f::launch_us, "launch_us").optional(),
            key(&f::key_ns, "key_ns").optional(),
            key(&f::head_ns, "head_ns").optional(),
            key(&f::math_efficiency, "math_efficiency"),
            key(&f::softmax_dims, "softmax_dims").optional(),
            key(&f::narrow_dims, "narrow_dims").optional(),
            key(&f::tile_keys, "tile_keys").optional(),
            key(&f::masked, "masked").optional(),
            key(&f::memory_efficiency, "memory_efficiency"),
            key(&f::cache_passes, "cache_passes").optional(),
            key(&f::exposed, "exposed").optional(),
            key(&f::wave, "wave").optional(),
            key(&f::query_tile, "query_tile"),
        };
    }
    constexpr void settle(auto& check) { slice.settle(check); }

    /// Seconds for a load whose pairs and context are those of the window where there is one, `causal` those of the whole context, in the dtypes of
    /// the shape; its tokens must not be zero.
    template <class T>
    [[nodiscard]] COSTEXPR_INLINE constexpr T seconds(device_rates<T> const& d, load<T> const& l, attention_shape const& s, T const& causal) const {
        double const heads = static_cast<double>(s.heads);
        double const dim = attention_slice::dim(s);
        double const keys_and_values = 2 * static_cast<double>(s.kv_heads) * dim;
        T const walked = l.pairs + (causal - l.pairs) * T(masked);
        double const cached = weight_width(s.cached);
        double const dims = dim + softmax_dims + narrow_dims * max(0.0, 128 - dim);
        double const per_tile = 1 / static_cast<double>(query_tile);
        T const blocks = l.sequences * whole_above(l.tokens / l.sequences * T(per_tile)) * T(heads / d.multiprocessors);
        T const waves = T(1 - wave) + T(wave) * whole_above(blocks) / (l.tokens * T(heads * per_tile / d.multiprocessors));
        T const math = (walked + T(tile_keys) * l.tokens) * d.of(math_of(s.arithmetic)) * T(4 * heads * dims / math_efficiency) * waves;
        T const memory = l.tokens * T(4 * heads * dim / memory_efficiency + cache_passes * keys_and_values * (2 + cached)) +
                         l.context * T(keys_and_values * cached / memory_efficiency);
        T const fixed = T(1e-6 * launch_us) + walked / l.tokens * T(1e-9 * key_ns) + l.sequences * T(1e-9 * head_ns * heads);
        return fixed + busy(math, memory * d.seconds_per_byte, exposed);
    }
    template <class T>
    [[nodiscard]] COSTEXPR_INLINE constexpr T seconds(device_rates<T> const& d, load<T> const& l, attention_shape const& s) const {
        return seconds(d, l, s, l.pairs);
    }
};

/// Attention of decoded tokens, full or windowed (pairs and keys cut to the window).
///   memory  (2 kv_heads dim cached (context + tile_keys sequences) + 4 heads dim tokens) / (memory_efficiency bandwidth)
///   math    4 max(heads, group_heads kv_heads) dim (pairs + tile_keys tokens) / (math_efficiency peak): a tile has room for group_heads queries
///   issue   (sequence_ns + head_ns kv_heads + query_ns heads) sequences (1 + issue_dims (dim / 128 - 1)): starting the blocks
///   chain   key_ns k / (1 + k / key_bend) (1 + key_dims (dim / 128 - 1)), k = whole / sequences: one key after another, a long sum is split;
///           plus ramp_us r / (r + ramp_memory_us), r = 2 kv_heads dim cached whole / bandwidth: joining what was split, outside a window too;
///           both over 1 + (fade w)^2, w = sequences kv_heads / multiprocessors: many blocks hide each other's latency
///   work    max(math, memory) + exposed min(math, memory)
///   time    launch + chain + max(work, issue) + issue_exposed min(work, issue)
/// Fitted to 1 to 2,048 sequences of 1 to 131,072 tokens, 1 to 128 heads of 64 to 512; a mean stands for ragged contexts in the chain alone.
/// With launch_us = 10, memory_efficiency 0.8 and all else zero, 8 sequences at 4,096 keys with 32 heads, 8 KV heads of 128 take 44.987 us
/// at 4.8 TB/s.
struct decode_attention_form {
    attention_slice slice{};
    double launch_us = 0;
    double sequence_ns = 0;
    double head_ns = 0;         ///< per sequence and KV head
    double query_ns = 0;        ///< per sequence and query head
    double issue_dims = 0;
    double key_ns = 0;
    double key_bend = 1;
    double key_dims = 0;
    double fade = 0;
    double ramp_us = 0;
    double ramp_memory_us = 1;
    double memory_efficiency = 1;
    double math_efficiency = 1;
    double tile_keys = 0;
    double group_heads = 0;
    double exposed = 0;
    double issue_exposed = 0;
    fit_error error{};

    using parts = part_list<&decode_attention_form::slice, &decode_attention_form::error>;
    static constexpr auto json(auto...) {
        using f = decode_attention_form;
        return std::array{
            key(&f::launch_us, "launch_us").optional(),
            key(&f::sequence_ns, "sequence_ns").optional(),
            key(&f::head_ns, "head_ns").optional(),
            key(&f::query_ns, "query_ns").optional(),
            key(&f::issue_dims, "issue_dims").optional(),
            key(&f::key_ns, "key_ns").optional(),
            key(&f::key_bend, "key_bend"),
            key(&f::key_dims, "key_dims").optional(),
            key(&f::fade, "fade").optional(),
            key(&f::ramp_us, "ramp_us").optional(),
            key(&f::ramp_memory_us, "ramp_memory_us").or_else(1),
            key(&f::memory_efficiency, "memory_efficiency"),
            key(&f::math_efficiency, "math_efficiency"),
            key(&f::tile_keys, "tile_keys").optional(),
            key(&f::group_heads, "group_heads").optional(),
            key(&f::exposed, "exposed").optional(),
            key(&f::issue_exposed, "issue_exposed").optional(),
        };
    }
    constexpr void settle(auto& check) { slice.settle(check); }

    /// Seconds without a window, in the dtypes of the shape.
    template <class T>
    [[nodiscard]] COSTEXPR_INLINE constexpr T seconds(device_rates<T> const& d, load<T> const& l, attention_shape const& s) const {
        return seconds(d, l, s, l.context);
    }
    /// Seconds for a load whose pairs and context are those of the window where there is one, of `whole` keys; its sequences must not be zero.
    template <class T>
    [[nodiscard]] COSTEXPR_INLINE constexpr T seconds(device_rates<T> const& d, load<T> const& l, attention_shape const& s, T const& whole) const {
        double const heads = static_cast<double>(s.heads);
        double const kv_heads = static_cast<double>(s.kv_heads);
        double const dim = attention_slice::dim(s);
        double const cached = weight_width(s.cached);
        T const memory = ((l.context + T(tile_keys) * l.sequences) * T(2 * kv_heads * dim * cached) + l.tokens * T(4 * heads * dim)) * T(1 / memory_efficiency);
        T const math = (l.pairs + T(tile_keys) * l.tokens) * d.of(math_of(s.arithmetic)) * T(4 * max(heads, group_heads * kv_heads) * dim / math_efficiency);
        double const wider = dim / 128 - 1;
        T const issue = l.sequences * T(1e-9 * (sequence_ns + head_ns * kv_heads + query_ns * heads) * (1 + issue_dims * wider));
        T const read = whole * d.seconds_per_byte * T(2 * kv_heads * dim * cached);
        T const waves = l.sequences * T(fade * kv_heads / d.multiprocessors);
        // (a k / (bend + k) + b r / (r + c)) / (1 + w^2) with k = whole / sequences, over one divisor
        T const long_sum = whole + l.sequences * T(key_bend);
        T const ramp = read + T(1e-6 * ramp_memory_us);
        T const chain = (whole * ramp * T(1e-9 * key_ns * key_bend * (1 + key_dims * wider)) + read * long_sum * T(1e-6 * ramp_us)) /
                        (long_sum * ramp * (T(1) + waves * waves));
        return T(1e-6 * launch_us) + chain + busy(busy(math, memory * d.seconds_per_byte, exposed), issue, issue_exposed);
    }
};

}  // namespace costexpr::forms
