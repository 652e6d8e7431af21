// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/core/result.hpp>
#include <costexpr/op/collective.hpp>
#include <costexpr/op/gemm.hpp>
#include <costexpr/op/graph.hpp>
#include <costexpr/op/norm.hpp>
#include <costexpr/op/recurrent.hpp>

namespace costexpr {

/// A gated delta net (arXiv:2412.06464; Qwen3-Next, Qwen3.5): K = key_heads key_dim, V = value_heads value_dim.
///   parameters  hidden (2 K + 2 V) + 2 hidden value_heads + (2 K + V) kernel + 2 value_heads + value_dim + V hidden
///   state       (2 K + V)(kernel - 1) columns, value_heads key_dim value_dim recurrent
///   flops       decode 8 per state element and token; prefill 6, and chunk (2 K + 2 V) inside chunks of 64
///   bytes       prefill 4 per state element and chunk: the states between chunks leave one kernel in bf16 and enter the next
///               (chunk_gated_delta_rule of flash-linear-attention, which vLLM and SGLang run)
struct gated_delta {
    count hidden = 0;
    count key_heads = 0;
    count value_heads = 0;
    count key_dim = 0;
    count value_dim = 0;
    count kernel = 0;
    dtype state_type = dtype::fp32;

    static constexpr std::string_view type = "gated_delta";
    static constexpr count chunk = 64;
    template <class Sink>
    COSTEXPR_INLINE constexpr void legal(layout const& l, Sink& p) const {
        if (!l.deals(value_heads))
            p.add({.code = errc::illegal_layout, .key = "tp", .expected = value_heads, .found = l.tp, .hint = "a divisor of the linear-attention value heads"});
    }
    COSTEXPR_INLINE constexpr auto ops(deployment const& x) const {
        count const heads = ceil_div(value_heads, x.layout.tp);
        count const k = ceil_div(key_heads, x.layout.tp) * key_dim;
        count const v = heads * value_dim;
        dtype const w = x.precision.weights;
        double const elements = static_cast<double>(v) * static_cast<double>(key_dim);
        return costexpr::ops(
            gemm{.outer = 2 * k + 2 * v, .inner = hidden, .weights = w, .part = role::mixer_in},
            gemm{.outer = 2 * heads, .inner = hidden, .weights = w, .part = role::mixer_parameters},
            convolution{.channels = 2 * k + v, .kernel = kernel},
            recurrence{.elements = v * key_dim, .weights = 2 * heads, .decode_flops = 8 * elements,
                       .prefill_flops = 6 * elements + static_cast<double>(chunk * (2 * k + 2 * v)),
                       .bytes_per_token = 2.0 * static_cast<double>(2 * k + 2 * v + 2 * heads),
                       .chunk_bytes_per_token = 4.0 * elements / static_cast<double>(chunk), .kept = state_type, .rule = recurrence::update::gated_delta},
            elementwise{.bytes_per_token = pass::gated(v), .weights = value_dim, .part = role::mixer_norm},
            gemm{.outer = hidden, .inner = v, .weights = w, .part = role::mixer_out},
            attention_sum(x, hidden));
    }
};

/// Kimi delta attention (arXiv:2510.26692): a delta rule whose decay is a vector per head; P = heads head_dim.
///   parameters  3 hidden P + 3 P kernel + hidden head_dim + head_dim P (decay) + hidden heads (beta)
///               + hidden head_dim + head_dim P (gate) + P (dt bias) + heads (A) + head_dim + P hidden; decay and gate of full rank: hidden P
///   state       3 P (kernel - 1) columns, heads head_dim^2 recurrent
///   bytes       prefill 4 per state element and chunk of 64, as in a gated delta net
struct kimi_delta {
    count hidden = 0;
    count heads = 0;
    count head_dim = 0;
    count kernel = 0;
    bool full_rank_gate = false;
    bool full_rank_decay = false;
    dtype state_type = dtype::fp32;

    static constexpr std::string_view type = "kimi_delta";
    static constexpr count chunk = 64;
    template <class Sink>
    COSTEXPR_INLINE constexpr void legal(layout const& l, Sink& p) const {
        if (!l.deals(heads)) p.add({.code = errc::illegal_layout, .key = "tp", .expected = heads, .found = l.tp, .hint = "a divisor of the linear-attention heads"});
    }
    COSTEXPR_INLINE constexpr auto ops(deployment const& x) const {
        count const n = ceil_div(heads, x.layout.tp);
        count const width = n * head_dim;
        dtype const w = x.precision.weights;
        double const elements = static_cast<double>(width) * static_cast<double>(head_dim);
        return costexpr::ops(
            gemm{.outer = 3 * width, .inner = hidden, .weights = w, .part = role::mixer_in},
            convolution{.channels = 3 * width, .kernel = kernel},
            gemm{.outer = (full_rank_gate ? 0 : head_dim) + (full_rank_decay ? 0 : head_dim) + n, .inner = hidden, .weights = w, .part = role::mixer_parameters},
            gemm{.outer = width, .inner = full_rank_decay ? hidden : head_dim, .weights = w, .part = role::mixer_parameters},
            gemm{.outer = width, .inner = full_rank_gate ? hidden : head_dim, .weights = w, .part = role::mixer_gate},
            recurrence{.elements = width * head_dim, .weights = width + n, .decode_flops = 9 * elements,
                       .prefill_flops = 7 * elements + static_cast<double>(chunk * 4 * width),
                       .bytes_per_token = 2.0 * static_cast<double>(5 * width + n),
                       .chunk_bytes_per_token = 4.0 * elements / static_cast<double>(chunk), .kept = state_type, .rule = recurrence::update::kimi_delta},
            elementwise{.bytes_per_token = pass::gated(width), .weights = head_dim, .part = role::mixer_norm},
            gemm{.outer = hidden, .inner = width, .weights = w, .part = role::mixer_out},
            attention_sum(x, hidden));
    }
};

}  // namespace costexpr
