// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/op/collective.hpp>
#include <costexpr/op/op.hpp>

namespace costexpr {

/// The up-projection of the latent of multi-head latent attention to keys and values, [latent] -> heads (nope + v).
/// Prefill expands the latent of every key in the context; decode absorbs the matrix into query and output instead, which costs the same
/// per new token (DeepSeek-V2, arXiv:2405.04434, section 2.1).
///   parameters  heads (nope + v) latent;  flops  2 heads (nope + v) latent per expanded token
/// mla_up{.heads = 128, .nope_dim = 128, .v_head_dim = 128, .latent = 512} has 16,777,216 parameters and costs 33,554,432 FLOPs a token.
struct mla_up {
    count heads = 0;
    count nope_dim = 0;
    count v_head_dim = 0;
    count latent = 0;
    dtype weights = dtype::bf16;
    bool absorbs = false;  ///< prefill too

    static constexpr std::string_view kind = "gemm";
    [[nodiscard]] constexpr role purpose() const { return role::mla_key_value_up; }
    [[nodiscard]] constexpr bool idle() const { return heads == 0; }
    [[nodiscard]] constexpr bool sees_lengths(bool reads_prompts) const { return reads_prompts && !absorbs; }
    [[nodiscard]] constexpr count outer() const { return heads * (nope_dim + v_head_dim); }
    template <class N = count>
    [[nodiscard]] constexpr N parameters() const {
        return N(outer()) * N(latent);
    }
    [[nodiscard]] constexpr count weight_bytes() const { return storage_bytes(weights, outer(), latent); }
    template <class T>
    [[nodiscard]] COSTEXPR_INLINE constexpr work<T> operator()(load<T> const& l, phase p) const {
        bool const expands = p == phase::prefill && !absorbs;
        T const rows = expands ? l.context : l.tokens;
        double const matrix = static_cast<double>(outer()) * static_cast<double>(latent);
        // absorbed: queries [heads, nope] -> [heads, latent], outputs [heads, latent] -> [heads, v]
        double const absorbed = static_cast<double>(heads) * (static_cast<double>(nope_dim + v_head_dim) + 2.0 * static_cast<double>(latent));
        double const expanded = static_cast<double>(latent) + static_cast<double>(outer());
        return {.flops = rows * T(2 * matrix),
                .weight_bytes = select(rows > T(0), T(matrix * weight_width(weights)), T(0)),
                .activation_bytes = rows * T(2.0 * (expands ? expanded : absorbed)),
                .math = math_of(weights)};
    }
};

/// Multi-head latent attention after its projections. Owns the latent cache: latent + rope elements per token, the same on every
/// tensor-parallel rank.
///   prefill (expanded)  2 heads (nope + rope + v) per pair, keys and values of the context read in bf16
///   decode (absorbed)   2 heads (2 latent + rope) per pair, the latent cache of the context read
/// 128 heads of DeepSeek-V3 decoding at 4,096 past tokens: 1,141,129,216 FLOPs and 4,719,744 bytes of bf16 cache; 81,920 FLOPs a pair in prefill.
struct mla_attention {
    count heads = 0;
    count nope_dim = 0;
    count rope_dim = 0;
    count v_head_dim = 0;
    count latent = 0;
    dtype arithmetic = dtype::bf16;
    dtype cached = dtype::bf16;
    count extra_bytes = 0;  ///< per token of the cache: scales, and what is kept wider
    bool borrowed = false;  ///< reads the cache of another layer and keeps none of its own
    count ranks = 1;        ///< context-parallel ranks

    static constexpr std::string_view kind = "mla_attention";
    [[nodiscard]] constexpr role purpose() const { return role::attention; }
    [[nodiscard]] constexpr bool idle() const { return heads == 0; }
    template <class N = count>
    [[nodiscard]] constexpr N parameters() const {
        return N(0);
    }
    [[nodiscard]] constexpr count weight_bytes() const { return 0; }
    [[nodiscard]] constexpr cache state() const {
        return {.holds = cache::kind::kv, .per_token = borrowed ? 0 : latent + rope_dim, .type = cached, .scale_bytes = borrowed ? 0 : extra_bytes,
                .ranks = ranks};
    }
    /// As attention_shape::exchange: the latent of a prompt, outputs in the latent.
    [[nodiscard]] COSTEXPR_INLINE constexpr context_exchange exchange(layout const& l, count window, count offered) const {
        if (ranks == 1) return {};
        return {.kept = static_cast<double>(state().per_token) * weight_width(cached) / 2 + static_cast<double>(state().scale_bytes) / 2,
                .partial = static_cast<double>(heads) * (static_cast<double>(latent) + 4.0),
                .window = window,
                .offered = offered,
                .devices = ranks,
                .span = l.tp * ranks};
    }
    template <class T>
    [[nodiscard]] COSTEXPR_INLINE constexpr work<T> operator()(load<T> const& l, phase p) const {
        double const h = static_cast<double>(heads);
        double const expanded = h * static_cast<double>(nope_dim + rope_dim + v_head_dim);
        double const absorbed = h * static_cast<double>(2 * latent + rope_dim);
        bool const expands = p == phase::prefill;
        double const per_pair = expands ? expanded : absorbed;
        return {.flops = l.pairs * T(2 * per_pair),
                .activation_bytes = l.tokens * T(2 * per_pair) + (expands ? l.context * T(2 * expanded) : T(0)),
                .state_bytes = l.context * T(static_cast<double>(latent + rope_dim) * weight_width(cached)),
                .math = math_of(arithmetic)};
    }
};

/// Latent attention over the top_k keys that an indexer chose, absorbed in both phases. Owns the latent cache of the whole context, or where
/// it `slides` over the last top_k tokens the cache of these.
///   2 heads (2 latent + rope) per pair; pairs: sum over new positions of min(position, top_k); each query reads its own keys
struct sparse_mla_attention {
    mla_attention dense{};
    count top_k = 0;
    bool slides = false;

    static constexpr std::string_view kind = "sparse_mla_attention";
    [[nodiscard]] constexpr role purpose() const { return role::attention; }
    [[nodiscard]] constexpr bool idle() const { return dense.idle(); }
    template <class N = count>
    [[nodiscard]] constexpr N parameters() const {
        return N(0);
    }
    [[nodiscard]] constexpr count weight_bytes() const { return 0; }
    [[nodiscard]] constexpr cache state() const {
        cache c = dense.state();
        if (slides) c.window = top_k;
        return c;
    }
    template <class T>
    [[nodiscard]] COSTEXPR_INLINE constexpr attended<T> of(basic_group<T> const& g) const {
        T const limit = T(static_cast<double>(top_k));
        T const pairs = g.sequences * windowed_pairs(g.past_tokens, g.new_tokens, limit);
        // a decoding query reads its keys; the queries of a prompt share the context, which is read at least once
        T const end = g.past_tokens + g.new_tokens;
        return {g.sequences * g.new_tokens, pairs, g.phase == phase::decode ? pairs : g.sequences * (slides ? min(end, limit + g.new_tokens - T(1)) : end)};
    }
    template <class T>
    [[nodiscard]] COSTEXPR_INLINE constexpr work<T> on(attended<T> const& a, phase p) const {
        double const absorbed = static_cast<double>(dense.heads) * static_cast<double>(2 * dense.latent + dense.rope_dim);
        double const key = static_cast<double>(dense.latent + dense.rope_dim) * weight_width(dense.cached) + static_cast<double>(dense.extra_bytes);
        return work<T>{.flops = a.pairs * T(2 * absorbed),
                       .activation_bytes = a.tokens * T(2 * absorbed),
                       .state_bytes = a.keys * T(key),
                       .math = math_of(dense.arithmetic)}
            .on_rank(p, dense.ranks);
    }
    template <class T>
    [[nodiscard]] COSTEXPR_INLINE constexpr work<T> operator()(basic_group<T> const& g) const {
        return on(of(g), g.phase);
    }
};

/// The scores of an indexer: every new token against every key of its context, in fp8. Owns the cache of index keys.
///   flops  2 heads dim per pair;  state read  dim bytes and the scales per key
///   pairs  all of the causal triangle; sum over new positions of floor(position / ratio) where keys are compressed
/// index_scores{.heads = 64, .dim = 128} (DeepSeek-V3.2): a token that decodes at 4,095 past tokens costs 67,108,864 FLOPs, reads 540,672 bytes.
struct index_scores {
    count heads = 0;
    count dim = 0;
    count ratio = 0;  ///< tokens per index key where another op keeps compressed keys; 0: a key per token, kept here
    count ranks = 1;  ///< context-parallel ranks
    costexpr::math rate = math::fp8;  ///< of the products; a wider one where a device has no fp8

    static constexpr std::string_view kind = "index_scores";
    [[nodiscard]] constexpr role purpose() const { return role::index_scores; }
    [[nodiscard]] constexpr bool idle() const { return heads == 0; }
    template <class N = count>
    [[nodiscard]] constexpr N parameters() const {
        return N(0);
    }
    [[nodiscard]] constexpr count weight_bytes() const { return 0; }
    [[nodiscard]] constexpr count scales() const { return 4 * ceil_div(dim, 128); }
    [[nodiscard]] constexpr cache state() const {
        if (ratio != 0) return {};
        return {.holds = cache::kind::index, .per_token = dim, .type = dtype::fp8, .scale_bytes = scales(), .ranks = ranks};
    }
    template <class T>
    [[nodiscard]] COSTEXPR_INLINE constexpr attended<T> of(basic_group<T> const& g) const {
        count const each = ratio != 0 ? ratio : 1;
        T const end = g.past_tokens + g.new_tokens;
        return {g.sequences * g.new_tokens, g.sequences * (compressed_pairs(end, each, 0) - compressed_pairs(g.past_tokens, each, 0)), g.sequences * end};
    }
    template <class T>
    [[nodiscard]] COSTEXPR_INLINE constexpr work<T> on(attended<T> const& a, phase p) const {
        return work<T>{.flops = a.pairs * T(2 * static_cast<double>(heads) * static_cast<double>(dim)),
                       .activation_bytes = a.tokens * T(static_cast<double>(heads * dim)),
                       .state_bytes = a.keys * T(static_cast<double>(dim + scales()) / static_cast<double>(ratio != 0 ? ratio : 1)),
                       .math = rate}
            .on_rank(p, ranks);
    }
    template <class T>
    [[nodiscard]] COSTEXPR_INLINE constexpr work<T> operator()(basic_group<T> const& g) const {
        return on(of(g), g.phase);
    }
};

}  // namespace costexpr
