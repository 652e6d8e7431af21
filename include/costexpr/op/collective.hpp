// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/op/op.hpp>

namespace costexpr {

/// Communication of `width` bf16 elements per token (or per row of logits) among `devices`. What one device sends:
///   all_reduce                 2 (n - 1) / n of the tokens' bytes (a ring: reduce-scatter, then all-gather)
///   all_gather, reduce_scatter (n - 1) / n of the bytes of all n shards together
///   all_to_all                 the bytes once: its width counts those that leave the device
///   point_to_point             the bytes once per hop
/// collective{.shape = all_reduce, .width = 8192, .devices = 8}: 16 tokens put 458,752 bytes on the wire of each device.
/// As all_gather or reduce_scatter of that width it is 229,376 bytes, all_to_all or point_to_point over one hop 262,144.
struct collective {
    enum class pattern : unsigned char { all_reduce, all_gather, reduce_scatter, all_to_all, point_to_point };

    pattern shape = pattern::all_reduce;
    role part = role::attention_all_reduce;
    double width = 0;    ///< elements per token
    count devices = 1;
    count span = 0;      ///< devices that the links run across; 0: as many as take part
    count hops = 1;      ///< how often in a step (pipeline boundaries)
    bool on_rows = false;  ///< counts rows of logits instead of tokens

    static constexpr std::string_view kind = "collective";
    [[nodiscard]] constexpr role purpose() const { return part; }
    [[nodiscard]] constexpr bool idle() const { return devices <= 1 || hops == 0 || width == 0; }
    template <class N = count>
    [[nodiscard]] constexpr N parameters() const {
        return N(0);
    }
    [[nodiscard]] constexpr count weight_bytes() const { return 0; }

    /// Bytes that one device sends for one token.
    [[nodiscard]] COSTEXPR_INLINE constexpr double bytes_per_token() const {
        double const n = static_cast<double>(devices);
        double const ring = (n - 1) / n;
        double const share = shape == pattern::all_reduce ? 2 * ring
                             : shape == pattern::point_to_point ? static_cast<double>(hops)
                             : shape == pattern::all_to_all ? 1.0 : ring;
        return 2.0 * width * share;
    }
    [[nodiscard]] COSTEXPR_INLINE constexpr wire route() const {
        return shape == pattern::all_reduce ? wire::all_reduce : shape == pattern::point_to_point ? wire::message
               : shape == pattern::all_to_all ? wire::exchange : wire::gather;
    }
    template <class T>
    [[nodiscard]] COSTEXPR_INLINE constexpr work<T> operator()(load<T> const& l) const {
        return {.wire_bytes = (on_rows ? l.rows : l.tokens) * T(bytes_per_token()), .span = span != 0 ? span : devices, .route = route()};
    }
};

}  // namespace costexpr
