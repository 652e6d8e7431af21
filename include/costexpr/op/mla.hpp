// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/op/op.hpp>

namespace costexpr {

/// The up-projection of the latent of multi-head latent attention to keys and values, [latent] -> heads (nope + v).
/// Prefill expands the latent of every key in the context; decode absorbs the matrix into query and output instead, which costs the same
/// per new token (DeepSeek-V2, arXiv:2405.04434, section 2.1).
///   parameters  heads (nope + v) latent;  flops  2 heads (nope + v) latent per expanded token
struct mla_up {
    count heads = 0;
    count nope_dim = 0;
    count v_head_dim = 0;
    count latent = 0;
    dtype weights = dtype::bf16;

    static constexpr std::string_view kind = "gemm";
    [[nodiscard]] constexpr role purpose() const { return role::mla_key_value_up; }
    [[nodiscard]] constexpr bool idle() const { return heads == 0; }
    [[nodiscard]] constexpr count outer() const { return heads * (nope_dim + v_head_dim); }
    template <class N = count>
    [[nodiscard]] constexpr N parameters() const {
        return N(outer()) * N(latent);
    }
    [[nodiscard]] constexpr count weight_bytes() const { return storage_bytes(weights, outer() * latent); }
    template <class T>
    [[nodiscard]] constexpr work<T> operator()(load<T> const& l, phase p) const {
        bool const expands = p == phase::prefill;
        T const rows = expands ? l.context : l.tokens;
        double const matrix = static_cast<double>(outer()) * static_cast<double>(latent);
        // absorbed: queries [heads, nope] -> [heads, latent], outputs [heads, latent] -> [heads, v]
        double const absorbed = static_cast<double>(heads) * (static_cast<double>(nope_dim + v_head_dim) + 2.0 * static_cast<double>(latent));
        double const expanded = static_cast<double>(latent) + static_cast<double>(outer());
        return {.flops = rows * T(2 * matrix),
                .weight_bytes = rows > T(0) ? T(matrix * weight_width(weights)) : T(0),
                .activation_bytes = rows * T(2.0 * (expands ? expanded : absorbed)),
                .math = math_of(weights)};
    }
};

/// Multi-head latent attention after its projections. Owns the latent cache: latent + rope elements per token, the same on every
/// tensor-parallel rank.
///   prefill (expanded)  2 heads (nope + rope + v) per pair, keys and values of the context read in bf16
///   decode (absorbed)   2 heads (2 latent + rope) per pair, the latent cache of the context read
struct mla_attention {
    count heads = 0;
    count nope_dim = 0;
    count rope_dim = 0;
    count v_head_dim = 0;
    count latent = 0;
    dtype arithmetic = dtype::bf16;
    dtype cached = dtype::bf16;

    static constexpr std::string_view kind = "mla_attention";
    [[nodiscard]] constexpr role purpose() const { return role::attention; }
    [[nodiscard]] constexpr bool idle() const { return heads == 0; }
    template <class N = count>
    [[nodiscard]] constexpr N parameters() const {
        return N(0);
    }
    [[nodiscard]] constexpr count weight_bytes() const { return 0; }
    [[nodiscard]] constexpr cache state() const {
        return {.holds = cache::kind::kv, .per_token = latent + rope_dim, .type = cached};
    }
    template <class T>
    [[nodiscard]] constexpr work<T> operator()(load<T> const& l, phase p) const {
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

}  // namespace costexpr
