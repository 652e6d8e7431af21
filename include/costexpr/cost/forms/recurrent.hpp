// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/cost/forms/device.hpp>
#include <costexpr/op/step.hpp>
#include <costexpr/schema/field.hpp>

#include <array>

namespace costexpr::forms {

/// A recurrence over time, or the short convolution in front of it: gated delta nets, Kimi delta attention, Mamba-2.
///   seconds  launch + smooth_max(chain tokens / sequences, (padded token_bytes / efficiency + sequences state_bytes / efficiency) / bandwidth)
///   padded   sqrt(tokens^2 + (sequences tile_tokens)^2): a prompt shorter than a kernel's tile takes the tile's time
/// Fitted to `gdn`, `kda` and `mamba2` of aiconfigurator-core 0.12.0, up to 65,536 tokens, prompts of 64 and more; Mamba-2 has its convolution
/// measured alone. Median error 2 to 9 % a kernel on Hopper and Blackwell.
/// With launch_us = 20, chain_ns = 30, efficiencies of 0.5 and sharpness 2, a prompt of 4,096 tokens of 90,112 bytes with a state of 8 MiB takes
/// 219.6 us at 4.8 TB/s.
struct recurrent_form {
    short_string part{};    ///< convolution or recurrence
    short_string phase{};   ///< prefill, decode, or verify: a few tokens a sequence, as speculation checks them
    short_string kernel{};
    double launch_us = 0;
    double chain_ns = 0;    ///< per token of a sequence: what follows one after the other
    double tile_tokens = 0;
    double token_efficiency = 1;
    double state_efficiency = 1;
    count sharpness = 1;
    fit_error error{};

    using parts = part_list<&recurrent_form::error>;
    static constexpr auto json(auto...) {
        using f = recurrent_form;
        return std::array{
            key(&f::part, "part"),
            key(&f::phase, "phase"),
            key(&f::kernel, "kernel").optional(),
            key(&f::launch_us, "launch_us").optional(),
            key(&f::chain_ns, "chain_ns").optional(),
            key(&f::tile_tokens, "tile_tokens").optional(),
            key(&f::token_efficiency, "token_efficiency"),
            key(&f::state_efficiency, "state_efficiency"),
            key(&f::sharpness, "sharpness"),
        };
    }

    /// With the bytes that a token and the state of a sequence move, as the op counts them (prefill: states between chunks included).
    template <class T>
    [[nodiscard]] COSTEXPR_INLINE constexpr T seconds(device_rates<T> const& d, load<T> const& l, double token_bytes, double state_bytes) const {
        T const tile = l.sequences * T(tile_tokens);
        T const padded = square_root(l.tokens * l.tokens + tile * tile);
        T const moved = padded * T(token_bytes / token_efficiency) + l.sequences * T(state_bytes / state_efficiency);
        return T(1e-6 * launch_us) + smooth_max(l.tokens / l.sequences * T(1e-9 * chain_ns), moved * d.seconds_per_byte, sharpness);
    }
};

}  // namespace costexpr::forms
