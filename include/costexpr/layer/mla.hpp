// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/core/result.hpp>
#include <costexpr/op/collective.hpp>
#include <costexpr/op/gemm.hpp>
#include <costexpr/op/graph.hpp>
#include <costexpr/op/mla.hpp>
#include <costexpr/op/norm.hpp>

namespace costexpr {

/// Multi-head latent attention (DeepSeek-V2, arXiv:2405.04434): keys and values of all heads come from one latent vector per token.
///   parameters  q_latent: hidden q + q + q heads (nope + rope), else hidden heads (nope + rope);
///               hidden (latent + rope) + latent + latent heads (nope + v) + heads v hidden (+ biases q, latent + rope, hidden)
///   cache       latent + rope elements per token, on every tensor-parallel rank
/// mla{.hidden = 7168, .heads = 128, .q_latent = 1536, .latent = 512, .nope_dim = 128, .rope_dim = 64, .v_head_dim = 128} (DeepSeek-V3)
/// has 187,107,328 parameters and keeps 576 elements per token.
struct mla {
    count hidden = 0;
    count heads = 0;
    count q_latent = 0;  ///< 0: queries are projected directly
    count latent = 0;
    count nope_dim = 0;
    count rope_dim = 0;
    count v_head_dim = 0;
    bool bias = false;

    static constexpr std::string_view type = "mla";
    template <class Sink>
    COSTEXPR_INLINE constexpr void legal(layout const& l, Sink& p) const {
        if (heads % l.tp != 0)
            p.add({.code = errc::illegal_layout, .key = "tp", .expected = heads, .found = l.tp, .hint = "a divisor of the # attention heads"});
    }
    /// The projections around any kernel over the latent cache. `absorbs`: prefill works on the latent too, as sparse kernels do.
    template <op Attention>
    COSTEXPR_INLINE constexpr auto ops_around(Attention const& kernel, deployment const& x, bool absorbs) const {
        count const h = ceil_div(heads, x.layout.tp);
        dtype const w = x.precision.weights;
        double const cached = static_cast<double>(latent + rope_dim);
        return costexpr::ops(
            gemm{.outer = q_latent + latent + rope_dim, .inner = hidden, .weights = w, .part = role::mla_down, .bias = bias},
            elementwise{.bytes_per_token = pass::plain_norm(q_latent + latent + rope_dim),
                        .weights = q_latent + latent,
                        .part = role::mla_norm,
                        .state_bytes_per_token = cached * weight_width(x.precision.kv_cache)},
            gemm{.outer = h * (nope_dim + rope_dim), .inner = q_latent != 0 ? q_latent : hidden, .weights = w, .part = role::mla_query_up},
            mla_up{.heads = h, .nope_dim = nope_dim, .v_head_dim = v_head_dim, .latent = latent, .weights = w, .absorbs = absorbs},
            kernel,
            gemm{.outer = hidden, .inner = h * v_head_dim, .weights = w, .part = role::attention_output, .bias = bias},
            collective{.part = role::attention_all_reduce, .width = static_cast<double>(hidden), .devices = x.layout.tp});
    }
    [[nodiscard]] COSTEXPR_INLINE constexpr mla_attention kernel(deployment const& x) const {
        return {.heads = ceil_div(heads, x.layout.tp), .nope_dim = nope_dim, .rope_dim = rope_dim, .v_head_dim = v_head_dim, .latent = latent,
                .arithmetic = x.precision.attention, .cached = x.precision.kv_cache};
    }
    COSTEXPR_INLINE constexpr auto ops(deployment const& x) const { return ops_around(kernel(x), x, false); }
};

/// The indexer of sparse attention (DeepSeek-V3.2): light heads score every key of the context, attention then reads the best alone.
///   parameters  q_latent heads dim + hidden dim + 2 dim (LayerNorm) + hidden heads
///   cache       dim elements per token in fp8, with one fp32 scale per 128
struct indexer {
    count hidden = 0;
    count q_latent = 0;
    count heads = 0;
    count dim = 0;

    static constexpr std::string_view type = "indexer";
    COSTEXPR_INLINE constexpr auto ops(deployment const& x) const {
        dtype const w = x.precision.weights;
        return costexpr::ops(gemm{.outer = heads * dim, .inner = q_latent, .weights = w, .part = role::index_projection},
                             gemm{.outer = dim, .inner = hidden, .weights = w, .part = role::index_projection},
                             gemm{.outer = heads, .inner = hidden, .weights = dtype::bf16, .part = role::index_projection},
                             elementwise{.bytes_per_token = pass::rotated(heads * dim + dim, 0), .weights = 2 * dim, .part = role::index_projection,
                                         .state_bytes_per_token = static_cast<double>(dim)},
                             index_scores{.heads = heads, .dim = dim});
    }
};

/// Latent attention over the `top_k` keys that an indexer chose (DeepSeek-V3.2, GLM-5).
///   parameters, cache  as mla;  pairs  sum over new positions of min(position, top_k)
///   cache in fp8       vLLM and SGLang keep the rotary part in bf16 and one fp32 scale per 128 of the latent: 656 bytes per token
///                      (fp8_ds_mla, the layout of FlashMLA); TensorRT-LLM keeps 576
struct sparse_mla {
    mla heads{};
    count top_k = 0;

    static constexpr std::string_view type = "sparse_mla";
    template <class Sink>
    COSTEXPR_INLINE constexpr void legal(layout const& l, Sink& p) const {
        heads.legal(l, p);
    }
    COSTEXPR_INLINE constexpr auto ops(deployment const& x) const {
        mla_attention kernel = heads.kernel(x);
        bool const narrow = x.precision.kv_cache == dtype::fp8 && x.framework != framework::trtllm;
        kernel.extra_bytes = narrow ? heads.rope_dim + 4 * ceil_div(heads.latent, 128) : 0;
        return heads.ops_around(sparse_mla_attention{kernel, top_k}, x, true);
    }
};

}  // namespace costexpr
