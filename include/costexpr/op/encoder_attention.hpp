// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/op/gemm.hpp>
#include <costexpr/op/op.hpp>

namespace costexpr {

/// The rows that a layer of a tower computes for each sequence: patches of an image or frames of a recording, more or fewer where it widens
/// or merges them (`tokens fan / per`), or a fixed number of learned queries.
struct encoder_rows {
    count per = 1;
    count fan = 1;
    count fixed = 0;

    template <class T>
    [[nodiscard]] constexpr T of(T sequences, T tokens) const {
        return fixed != 0 ? sequences * T(static_cast<double>(fixed)) : tokens * T(static_cast<double>(fan) / static_cast<double>(per));
    }
};

/// A linear layer of a tower, on the rows that it sees.
/// encoder_gemm{{.outer = 4096, .inner = 4096}, {.per = 4}}: a merger of 2 x 2 patches costs 8,589,934,592 FLOPs on an image of 1,024.
struct encoder_gemm {
    gemm matrix{};
    encoder_rows rows{};

    static constexpr std::string_view kind = "gemm";
    [[nodiscard]] constexpr role purpose() const { return matrix.part; }
    [[nodiscard]] constexpr bool idle() const { return matrix.idle(); }
    template <class N = count>
    [[nodiscard]] constexpr N parameters() const {
        return matrix.parameters<N>();
    }
    [[nodiscard]] constexpr count weight_bytes() const { return matrix.weight_bytes(); }
    template <class T>
    [[nodiscard]] constexpr work<T> operator()(load<T> const& l) const {
        return matrix.on(rows.of(l.sequences, l.tokens));
    }
};

/// Attention without a mask over all tokens of a sequence (the patches of an image), without a cache. Within windows each token sees those
/// of its window; learned queries see all tokens, and themselves where `with_queries`.
///   flops  4 heads head_dim per pair, tokens^2 pairs per sequence
/// encoder_attention{.heads = 16, .head_dim = 72}: one image of 1,024 patches costs 4,831,838,208 FLOPs, in windows of 64 a sixteenth of it.
struct encoder_attention {
    count heads = 0;
    count head_dim = 0;
    encoder_rows queries{};
    count window = 0;           ///< keys that a query sees at most; 0 all
    bool with_queries = false;

    static constexpr std::string_view kind = "encoder_attention";
    [[nodiscard]] constexpr role purpose() const { return role::attention; }
    [[nodiscard]] constexpr bool idle() const { return heads == 0; }
    template <class N = count>
    [[nodiscard]] constexpr N parameters() const {
        return N(0);
    }
    [[nodiscard]] constexpr count weight_bytes() const { return 0; }
    template <class T>
    [[nodiscard]] constexpr work<T> operator()(basic_group<T> const& g) const {
        double const width = static_cast<double>(heads) * static_cast<double>(head_dim);
        T const rows = queries.of(g.sequences, g.sequences * g.new_tokens);
        T const all = queries.fixed != 0 ? g.new_tokens + T(with_queries ? static_cast<double>(queries.fixed) : 0.0) : queries.of(T(1), g.new_tokens);
        T const keys = window != 0 ? min(all, T(static_cast<double>(window))) : all;
        return {.flops = rows * keys * T(4 * width), .activation_bytes = rows * T(8 * width)};
    }
};

}  // namespace costexpr
