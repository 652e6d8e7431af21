// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/op/op.hpp>

namespace costexpr {

/// Attention without a mask over all tokens of a sequence (the patches of an image), without a cache.
///   flops  4 heads head_dim per pair, tokens^2 pairs per sequence
/// encoder_attention{.heads = 16, .head_dim = 72}: one image of 1,024 patches costs 4,831,838,208 FLOPs.
struct encoder_attention {
    count heads = 0;
    count head_dim = 0;

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
        T const tokens = g.sequences * g.new_tokens;
        return {.flops = tokens * g.new_tokens * T(4 * width), .activation_bytes = tokens * T(8 * width)};
    }
};

}  // namespace costexpr
