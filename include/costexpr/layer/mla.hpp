// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/core/result.hpp>
#include <costexpr/op/collective.hpp>
#include <costexpr/op/compressed.hpp>
#include <costexpr/op/gemm.hpp>
#include <costexpr/op/graph.hpp>
#include <costexpr/op/mla.hpp>
#include <costexpr/op/norm.hpp>

namespace costexpr {

/// Multi-head latent attention (DeepSeek-V2, arXiv:2405.04434): keys and values of all heads come from one latent vector per token.
///   parameters  q_latent: hidden q + q + q heads (nope + rope), else hidden heads (nope + rope);
///               hidden (latent + rope) + latent + latent heads (nope + v) + heads v hidden (+ biases q, latent + rope, hidden;
///               + hidden heads gate_dim, or where the gate comes with the queries 2 q heads (nope + rope + v) for both)
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
    count gate_dim = 0;  ///< of an output gate, per head: 1 (Bailing) or v_head_dim (Kimi K3)
    bool gate_with_queries = false;  ///< a gate of the width of the values, projected with the queries from their latent before and after its norm (A.X-K2)
    count head_vectors = 0;  ///< learned values per head: 1 sinks (Hy 4), 2 scale and bias of the logits (Mistral Large 4)
    bool rope_norm = false;  ///< a norm on the key's rotated part (Dots 3)
    bool borrowed = false;   ///< the latent is that of an earlier layer: neither projected nor kept

    static constexpr std::string_view type = "mla";
    template <class Sink>
    COSTEXPR_INLINE constexpr void legal(layout const& l, Sink& p) const {
        if (!l.deals(heads))
            p.add({.code = errc::illegal_layout, .key = "tp", .expected = heads, .found = l.tp, .hint = "a divisor of the # attention heads"});
    }
    /// The projections around any kernel over the latent cache. `absorbs`: prefill works on the latent too, as sparse kernels do.
    template <op Attention>
    COSTEXPR_INLINE constexpr auto ops_around(Attention const& kernel, deployment const& x, bool absorbs, context_exchange const& exchange) const {
        count const h = ceil_div(heads, x.layout.tp);
        dtype const w = x.precision.weights;
        count const kept = borrowed ? 0 : latent + rope_dim;
        bool const together = gate_with_queries;
        return costexpr::ops(
            gemm{.outer = q_latent + kept + h * gate_dim, .inner = hidden, .weights = w, .part = role::mla_down, .bias = bias && gate_dim == 0},
            elementwise{.bytes_per_token = pass::plain_norm(q_latent + kept),
                        .weights = q_latent + (borrowed ? 0 : latent + (rope_norm ? rope_dim : 0)) + head_vectors * h +
                                   (bias && gate_dim != 0 ? q_latent + kept : 0),  // the gate has none
                        .part = role::mla_norm,
                        .state_bytes_per_token = static_cast<double>(kept) * weight_width(x.precision.kv_cache)},
            exchange,
            gemm{.outer = h * (nope_dim + rope_dim + (together ? v_head_dim : 0)), .inner = q_latent != 0 ? (together ? 2 : 1) * q_latent : hidden, .weights = w,
                 .part = role::mla_query_up},
            mla_up{.heads = h, .nope_dim = nope_dim, .v_head_dim = v_head_dim, .latent = latent, .weights = w, .absorbs = absorbs},
            kernel,
            gemm{.outer = hidden, .inner = h * v_head_dim, .weights = w, .part = role::attention_output, .bias = bias},
            attention_sum(x, hidden));
    }
    [[nodiscard]] COSTEXPR_INLINE constexpr mla_attention kernel(deployment const& x) const {
        return {.heads = ceil_div(heads, x.layout.tp), .nope_dim = nope_dim, .rope_dim = rope_dim, .v_head_dim = v_head_dim, .latent = latent,
                .arithmetic = x.precision.attention, .cached = x.precision.kv_cache, .borrowed = borrowed, .ranks = x.layout.cp};
    }
    COSTEXPR_INLINE constexpr auto ops(deployment const& x) const { return ops_around(kernel(x), x, false, kernel(x).exchange(x.layout, 0, 0)); }
};

/// The indexer of sparse attention (DeepSeek-V3.2): light heads score every key of the context, attention then reads the best alone.
///   parameters  q_latent heads dim + hidden dim + 2 dim (LayerNorm on keys; MiniMax-M3 RMSNorm on queries and keys)
///               + hidden heads where the heads are weighted by the token (+ what stands beside: Mistral Large 4 norms its input, 2 hidden,
///               and scales the logits, 2 heads; + hidden dim + pool dim where keys are pooled)
///   cache       dim elements per token (per `pool` tokens) in fp8, with one fp32 scale per 128
/// indexer{.hidden = 6144, .q_latent = 6144, .heads = 4, .dim = 128, .weighted = false} (MiniMax-M3) has 3,932,416 parameters.
struct indexer {
    count hidden = 0;
    count q_latent = 0;  ///< what queries are projected from: the latent of the attention's queries, or hidden
    count heads = 0;
    count dim = 0;
    count pool = 0;  ///< tokens whose keys are pooled with learned weights into one (GLM-5 Next); 0: a key per token
    bool weighted = true;
    count extra = 0;  ///< weights beside the projections

    static constexpr std::string_view type = "indexer";
    COSTEXPR_INLINE constexpr auto ops(deployment const& x) const {
        dtype const w = x.precision.weights;
        return costexpr::ops(gemm{.outer = heads * dim, .inner = q_latent, .weights = w, .part = role::index_projection},
                             gemm{.outer = (pool != 0 ? 2 : 1) * dim, .inner = hidden, .weights = w, .part = role::index_projection},
                             gemm{.outer = weighted ? heads : 0, .inner = hidden, .weights = dtype::bf16, .part = role::index_projection},
                             elementwise{.bytes_per_token = pass::rotated(heads * dim + dim, 0), .weights = 2 * dim + extra, .part = role::index_projection,
                                         .state_bytes_per_token = pool != 0 ? 0.0 : static_cast<double>(dim)},
                             compressed_cache{.width = dim, .ratio = pool, .weights = pool * dim, .holds = cache::kind::index, .cached = dtype::fp8,
                                              .ranks = x.layout.cp},
                             context_exchange{.kept = static_cast<double>(dim + 4 * ceil_div(dim, 128)) / static_cast<double>(2 * max(pool, count{1})),
                                              .devices = x.layout.cp, .span = x.layout.tp * x.layout.cp},
                             index_scores{.heads = heads, .dim = dim, .ratio = pool, .ranks = x.layout.cp, .rate = x.precision.rate(math::fp8)});
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
        return heads.ops_around(sparse_mla_attention{kernel, top_k}, x, true, kernel.exchange(x.layout, 0, top_k));
    }
};

/// Latent attention over a sliding window (Dots 3): layers with dimensions of their own between those over the whole context.
///   parameters  as mla;  cache  as mla, for the last `window` tokens alone
struct sliding_mla {
    mla heads{};
    count window = 0;

    static constexpr std::string_view type = "sliding_mla";
    template <class Sink>
    COSTEXPR_INLINE constexpr void legal(layout const& l, Sink& p) const {
        heads.legal(l, p);
    }
    COSTEXPR_INLINE constexpr auto ops(deployment const& x) const {
        return heads.ops_around(sparse_mla_attention{.dense = heads.kernel(x), .top_k = window, .slides = true}, x, true,
                                heads.kernel(x).exchange(x.layout, window, 0));
    }
};

}  // namespace costexpr
