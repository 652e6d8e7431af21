// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/core/result.hpp>
#include <costexpr/layer/moe.hpp>
#include <costexpr/op/attention.hpp>

namespace costexpr {

/// A mixture of attention heads (arXiv:2210.05144, JetMoE arXiv:2404.07413): every expert projects queries for all KV heads, and the output
/// back; keys and values are shared, and kept once.
///   parameters  hidden experts (router) + experts 2 hidden kv_heads d + 2 hidden kv_heads d (keys, values) + hidden (a bias)
///   active      top_k of the experts, all the rest;  cache  2 kv_heads d elements per token
/// attention_experts{.hidden = 2048, .kv_heads = 16, .head_dim = 128, .experts = 8, .top_k = 2} (JetMoE-8B) has 75,515,904 parameters,
/// 25,184,256 of them active.
struct attention_experts {
    count hidden = 0;
    count kv_heads = 0;
    count head_dim = 0;
    count experts = 0;
    count top_k = 0;

    static constexpr std::string_view type = "attention_experts";
    template <class Sink>
    COSTEXPR_INLINE constexpr void legal(layout const& l, Sink& p) const {
        if (kv_heads % l.tp != 0) p.add({.code = errc::illegal_layout, .key = "tp", .expected = kv_heads, .found = l.tp, .hint = "a divisor of the # KV heads"});
    }
    COSTEXPR_INLINE constexpr auto ops(deployment const& x) const {
        count const tp = x.layout.tp;
        count const kv = ceil_div(kv_heads, tp);
        count const width = kv * head_dim;
        dtype const w = x.precision.weights;
        attention_shape const shape{.heads = kv * top_k, .kv_heads = kv, .head_dim = head_dim, .v_head_dim = head_dim, .arithmetic = x.precision.attention,
                                    .cached = x.precision.kv_cache, .ranks = x.layout.cp};
        costexpr::experts const projection{.local = experts, .top_k = top_k, .all = experts, .hidden = hidden, .inner = width, .matrices = 1, .weights = x.precision.experts,
                                           .log_not_chosen = moe::log_chance_not_chosen(top_k, experts)};
        return costexpr::ops(
            gemm{.outer = experts, .inner = hidden, .weights = x.precision.router, .part = role::router},
            gemm{.outer = 2 * width, .inner = hidden, .weights = w, .part = role::qkv},
            projection,
            elementwise{.bytes_per_token = 4.0 * static_cast<double>((top_k + 1) * width) + 2.0 * static_cast<double>(width),
                        .weights = hidden,
                        .part = role::qk_norm_rope_cache,
                        .state_bytes_per_token = 2.0 * static_cast<double>(width) * weight_width(x.precision.kv_cache)},
            shape.exchange(x.layout),
            attention{shape},
            projection,
            attention_sum(x, hidden));
    }
};

}  // namespace costexpr
