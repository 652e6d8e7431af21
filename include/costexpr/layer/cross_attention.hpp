// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/core/result.hpp>
#include <costexpr/op/collective.hpp>
#include <costexpr/op/gemm.hpp>
#include <costexpr/op/graph.hpp>
#include <costexpr/op/norm.hpp>

namespace costexpr {

/// A gated cross-attention block between the layers of a decoder (Flamingo, arXiv:2204.14198; Idefics; Llama 3.2 Vision, arXiv:2407.21783):
/// queries of the text, keys and values of an image, a feed-forward network, and a learned gate behind each. Its projections are priced; keys and values of the image are
/// projected once per image and not kept here.
///   parameters  2 hidden^2 + 2 source K + 3 hidden inner + 2 hidden (norms) + 2 (gates) (+ 2 head_dim of query and key norms), where K is the
///               width of all keys, hidden unless there are fewer KV heads
/// cross_attention{.hidden = 4096, .source = 4096, .inner = 14336, .kv_width = 1024, .normed_dim = 128} (Llama 3.2 Vision) has 218,112,258 parameters.
struct cross_attention {
    count hidden = 0;
    count source = 0;  ///< width of what comes from the image
    count inner = 0;
    count kv_width = 0;    ///< of all keys; 0: hidden
    count normed_dim = 0;  ///< of query and key norms

    static constexpr std::string_view type = "cross_attention";
    COSTEXPR_INLINE constexpr auto ops(deployment const& x) const {
        count const tp = x.layout.tp;
        count const shard = ceil_div(hidden, tp);
        count const wide = ceil_div(inner, tp);
        dtype const w = x.precision.weights;
        double const width = static_cast<double>(hidden);
        return costexpr::ops(elementwise{.bytes_per_token = 16 * width, .weights = 2 * hidden + 2 + 2 * normed_dim, .part = role::norm},
                             gemm{.outer = shard, .inner = hidden, .weights = w, .part = role::qkv},
                             gemm{.outer = 2 * (kv_width != 0 ? ceil_div(kv_width, tp) : shard), .inner = source, .weights = w, .part = role::qkv},
                             gemm{.outer = hidden, .inner = shard, .weights = w, .part = role::attention_output},
                             tensor_sum(x, role::attention_all_reduce, hidden),
                             gemm{.outer = 2 * wide, .inner = hidden, .weights = w, .part = role::gate_up},
                             gemm{.outer = hidden, .inner = wide, .weights = w, .part = role::down},
                             tensor_sum(x, role::mlp_all_reduce, hidden));
    }
};

}  // namespace costexpr
