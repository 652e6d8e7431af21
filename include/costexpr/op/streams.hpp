// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/op/op.hpp>

namespace costexpr {

/// What stands around the blocks of a layer with several residual streams (hyper-connections): before a block the streams are mixed into its
/// input, as values computed from the streams say; behind it its output is written into the streams. Engines run each as one kernel.
///   parameters  sites (values copies hidden + scales)
///   flops       2 sites values copies hidden per token
///   bytes       before, per site and token: the streams read for the values and again for the input, which is written: 2 (2 copies + 1) hidden;
///               behind: streams and output read, streams written: 2 (2 copies + 1) hidden
/// stream_mixing{.hidden = 4096, .copies = 4, .values = 24, .scales = 27, .sites = 2} has 786,486 parameters; a token costs 1,572,864 FLOPs and moves
/// 294,912 bytes beside them.
struct stream_mixing {
    count hidden = 0;
    count copies = 0;    ///< residual streams
    count values = 0;    ///< per site: weights of the mixture
    count scales = 0;    ///< per site, beside the matrix: biases and gains
    count sites = 2;     ///< of a layer: its blocks
    bool writes = true;  ///< into the streams behind the block; the end of a model only reads

    static constexpr std::string_view kind = "stream_mixing";
    [[nodiscard]] constexpr role purpose() const { return role::hyper_connection; }
    [[nodiscard]] constexpr bool idle() const { return copies == 0; }
    [[nodiscard]] static constexpr bool sees_lengths(bool) { return false; }

    template <class N = count>
    [[nodiscard]] constexpr N parameters() const {
        return N(sites) * (N(values) * N(copies) * N(hidden) + N(scales));
    }
    [[nodiscard]] constexpr count weight_bytes() const { return storage_bytes(dtype::bf16, parameters<count>()); }
    /// Bytes of all streams of a token, in bf16.
    [[nodiscard]] constexpr double stream_bytes() const { return 2.0 * static_cast<double>(copies) * static_cast<double>(hidden); }
    [[nodiscard]] constexpr double vector_bytes() const { return 2.0 * static_cast<double>(hidden); }

    template <class T>
    [[nodiscard]] COSTEXPR_INLINE constexpr work<T> operator()(load<T> const& l) const {
        double const matrix = static_cast<double>(values) * static_cast<double>(copies) * static_cast<double>(hidden);
        double const all = static_cast<double>(sites);
        return {.flops = l.tokens * T(2 * all * matrix),
                .weight_bytes = T(2 * all * matrix),
                .activation_bytes = l.tokens * T(all * (writes ? 2.0 : 1.0) * (2 * stream_bytes() + vector_bytes()))};
    }
};

}  // namespace costexpr
