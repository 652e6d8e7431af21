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
                             recurrence{.elements = 3 * shard + hidden, .weights = 2 * shard, .decode_flops = 12 * values, .prefill_flops = 12 * values,
                                        .bytes_per_token = 8 * values},
                             gemm{.outer = hidden, .inner = shard, .weights = w, .part = role::mixer_out},
                             tensor_sum(x, role::attention_all_reduce, hidden));
    }
};

/// The channel mixing of RWKV-4, a squared ReLU network behind a receptance gate, on a mix with the last token; RWKV-7 leaves the gate out.
///   parameters  2 hidden inner + hidden^2 + 2 hidden, without the gate 2 hidden inner + hidden;  state  the last token: hidden
struct rwkv_channel_mix {
    count hidden = 0;
    count inner = 0;
    bool receptance = true;

    static constexpr std::string_view type = "rwkv_channel_mix";
    COSTEXPR_INLINE constexpr auto ops(deployment const& x) const {
        count const shard = ceil_div(inner, x.layout.tp);
        dtype const w = x.precision.weights;
        double const width = static_cast<double>(hidden);
        count const mixes = receptance ? 2 : 1;
        double const mixed = 2.0 * static_cast<double>(mixes) * width;
        return costexpr::ops(recurrence{.elements = hidden, .weights = mixes * hidden, .decode_flops = mixed, .prefill_flops = mixed, .bytes_per_token = 6 * width},
                             gemm{.outer = shard, .inner = hidden, .weights = w, .part = role::gate_up},
                             gemm{.outer = receptance ? hidden : 0, .inner = hidden, .weights = w, .part = role::mixer_gate},
                             elementwise{.bytes_per_token = 4.0 * static_cast<double>(shard), .part = role::activation},
                             gemm{.outer = hidden, .inner = shard, .weights = w, .part = role::down},
                             tensor_sum(x, role::mlp_all_reduce, hidden));
    }
};

/// The time mixing of RWKV-7 (arXiv:2503.14456): a delta rule with a matrix-valued state per head, whose decay, learning rate, gate and share of
/// the first layer's values come from low-rank networks.
///   parameters  4 hidden^2 + 9 hidden (mixes, key weights, bonus) + 2 hidden (decay + rate + gate + value rank) + 2 hidden (biases; 3 with a value rank)
///               + 2 hidden (norm)
///   state       hidden head_dim recurrent, and the last token: hidden
///   flops       decode 9 per state element and token; prefill 7, and 4 chunk hidden inside chunks of 64
/// rwkv7_time_mix{.hidden = 2048, .head_dim = 64, .decay_rank = 96, .rate_rank = 96, .gate_rank = 256, .value_rank = 64} (RWKV-7 1.5B) has
/// 18,903,040 parameters and keeps 133,120 elements.
struct rwkv7_time_mix {
    count hidden = 0;
    count head_dim = 0;
    count decay_rank = 0;
    count rate_rank = 0;
    count gate_rank = 0;
    count value_rank = 0;  ///< 0: in the first layer

    static constexpr std::string_view type = "rwkv7_time_mix";
    static constexpr count chunk = 64;
    COSTEXPR_INLINE constexpr auto ops(deployment const& x) const {
        count const shard = ceil_div(hidden, x.layout.tp);
        dtype const w = x.precision.weights;
        double const values = static_cast<double>(shard);
        double const elements = values * static_cast<double>(head_dim);
        count const ranks = decay_rank + rate_rank + gate_rank + value_rank;
        return costexpr::ops(elementwise{.bytes_per_token = 14.0 * static_cast<double>(hidden), .weights = 6 * hidden, .part = role::mixer_parameters},
                             gemm{.outer = 3 * shard, .inner = hidden, .weights = w, .part = role::mixer_in},
                             gemm{.outer = ranks, .inner = hidden, .weights = w, .part = role::mixer_parameters},
                             gemm{.outer = shard, .inner = ranks, .weights = w, .part = role::mixer_gate},
                             recurrence{.elements = shard * head_dim + hidden, .weights = (value_rank != 0 ? 6 : 5) * shard, .decode_flops = 9 * elements,
                                        .prefill_flops = 7 * elements + static_cast<double>(chunk * 4 * shard), .bytes_per_token = 14 * values},
                             elementwise{.bytes_per_token = 6 * values, .weights = 2 * shard, .part = role::mixer_norm},
                             gemm{.outer = hidden, .inner = shard, .weights = w, .part = role::mixer_out},
                             tensor_sum(x, role::attention_all_reduce, hidden));
    }
};

}  // namespace costexpr
