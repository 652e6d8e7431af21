// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/op/collective.hpp>
#include <costexpr/op/gemm.hpp>
#include <costexpr/op/graph.hpp>
#include <costexpr/op/norm.hpp>
#include <costexpr/op/recurrent.hpp>

namespace costexpr {

/// The time mixing of RWKV-4 (arXiv:2305.13048): receptance, key, value and output projections around a decayed sum over time.
///   parameters  4 hidden W + 2 W (decay, bonus) + 3 hidden (mixes);  state  numerator, denominator, maximum and last token: 3 W + hidden
struct rwkv_time_mix {
    count hidden = 0;
    count width = 0;  ///< W: of receptance, key and value

    static constexpr std::string_view type = "rwkv_time_mix";
    COSTEXPR_INLINE constexpr auto ops(deployment const& x) const {
        count const shard = ceil_div(width, x.layout.tp);
        dtype const w = x.precision.weights;
        double const values = static_cast<double>(shard);
        return costexpr::ops(elementwise{.bytes_per_token = 8.0 * static_cast<double>(hidden), .weights = 3 * hidden, .part = role::mixer_parameters},
                             gemm{.outer = 3 * shard, .inner = hidden, .weights = w, .part = role::mixer_in},
                             recurrence{.elements = 3 * shard + hidden, .weights = 2 * shard, .decode_flops = 12 * values, .prefill_flops = 12 * values, .bytes_per_token = 8 * values},
                             gemm{.outer = hidden, .inner = shard, .weights = w, .part = role::mixer_out},
                             collective{.part = role::attention_all_reduce, .width = static_cast<double>(hidden), .devices = x.layout.tp});
    }
};

/// The channel mixing of RWKV-4: a squared ReLU network behind a receptance gate, on a mix with the last token.
///   parameters  2 hidden inner + hidden^2 + 2 hidden;  state  the last token: hidden
struct rwkv_channel_mix {
    count hidden = 0;
    count inner = 0;

    static constexpr std::string_view type = "rwkv_channel_mix";
    COSTEXPR_INLINE constexpr auto ops(deployment const& x) const {
        count const shard = ceil_div(inner, x.layout.tp);
        dtype const w = x.precision.weights;
        double const width = static_cast<double>(hidden);
        return costexpr::ops(recurrence{.elements = hidden, .weights = 2 * hidden, .decode_flops = 4 * width, .prefill_flops = 4 * width, .bytes_per_token = 6 * width},
                             gemm{.outer = shard, .inner = hidden, .weights = w, .part = role::gate_up},
                             gemm{.outer = hidden, .inner = hidden, .weights = w, .part = role::mixer_gate},
                             elementwise{.bytes_per_token = 4.0 * static_cast<double>(shard), .part = role::activation},
                             gemm{.outer = hidden, .inner = shard, .weights = w, .part = role::down},
                             collective{.part = role::mlp_all_reduce, .width = width, .devices = x.layout.tp});
    }
};

}  // namespace costexpr
