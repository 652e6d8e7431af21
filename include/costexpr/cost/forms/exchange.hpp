// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/cost/forms/device.hpp>
#include <costexpr/schema/read.hpp>

#include <array>

namespace costexpr::forms {

/// One direction of a mixture's all-to-all inside one switch.
///   seconds  token tokens + smooth_max(launch, tokens copies hidden width / (efficiency link))
///   copies   to other ranks, per token: one for every rank that holds one of its experts, (ranks - 1)(1 - (1 - 1 / ranks)^top_k), or, where
///            `per_choice`, one for every choice, top_k (ranks - 1) / ranks
/// Fitted to `moe_a2a`, `wideep_deepep_normal` (20 multiprocessors), `wideep_deepep_ll` and `trtllm_alltoall` of aiconfigurator-core 0.12.0: 2 to
/// 64 ranks, one node or one rack. Median error 1 to 22 % a kernel. Those with a copy for every choice:
/// 4 experts and more a rank; fewer leave the device idle.
/// With launch_us = 40 and an efficiency of 0.5, 128 tokens of 7,168 elements in fp8 to 4.594727 other ranks take 58.74 us at 450 GB/s.
struct exchange_form {
    dtype element = dtype::bf16;  ///< that is sent
    short_string element_name{};
    short_string backend{};       ///< deepep_ht, deepep_ll, NVLinkOneSided, NVLinkTwoSided
    short_string phase{};         ///< dispatch or combine
    count per_choice = 0;
    double launch_us = 0;
    double token_ns = 0;
    double link_efficiency = 1;
    count sharpness = 1;
    fit_error error{};

    using parts = part_list<&exchange_form::error>;
    static constexpr auto json(auto...) {
        using f = exchange_form;
        return std::array{
            key(&f::element_name, "element"),
            key(&f::backend, "backend"),
            key(&f::phase, "phase"),
            key(&f::per_choice, "per_choice").optional(),
            key(&f::launch_us, "launch_us").optional(),
            key(&f::token_ns, "token_ns").optional(),
            key(&f::link_efficiency, "link_efficiency"),
            key(&f::sharpness, "sharpness"),
        };
    }
    constexpr void settle(auto& check) {
        if (!parse_dtype(element_name.view(), element)) check.fail(errc::unknown_name, "element", 0, 0, "a dtype");
    }

    /// With the tokens of one rank.
    template <class T>
    [[nodiscard]] COSTEXPR_INLINE constexpr T seconds(device_rates<T> const& d, T const& tokens, double copies, double hidden) const {
        T const sent = tokens * T(copies * hidden * activation_width(element) / link_efficiency) * d.seconds_per_node_byte;
        return tokens * T(1e-9 * token_ns) + smooth_max(T(1e-6 * launch_us), sent, sharpness);
    }
};

}  // namespace costexpr::forms
