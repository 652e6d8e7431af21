// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/op/op.hpp>

namespace costexpr {

/// A short causal convolution over time, channel by channel. It keeps the last kernel - 1 columns of every sequence.
///   parameters  channels kernel (+ channels with a bias);  flops  2 channels kernel per token
///   state       channels (kernel - 1) elements, read and written once per sequence and step
/// convolution{.channels = 8192, .kernel = 4} has 32,768 parameters and keeps 24,576 elements.
struct convolution {
    count channels = 0;
    count kernel = 0;
    bool bias = false;
    dtype kept = dtype::bf16;

    static constexpr std::string_view kind = "convolution";
    static constexpr bool in_order = true;  ///< the columns of the tokens before are needed
    [[nodiscard]] constexpr role purpose() const { return role::convolution; }
    [[nodiscard]] constexpr bool idle() const { return channels == 0; }
    [[nodiscard]] static constexpr bool sees_lengths(bool) { return false; }
    template <class N = count>
    [[nodiscard]] constexpr N parameters() const {
        return N(channels) * N(kernel) + (bias ? N(channels) : N(0));
    }
    [[nodiscard]] constexpr count weight_bytes() const { return storage_bytes(dtype::bf16, parameters<count>()); }
    [[nodiscard]] constexpr cache state() const { return {.holds = cache::kind::convolution, .fixed = channels * (kernel - 1), .type = kept}; }
    /// Inputs read and outputs written, per token.
    [[nodiscard]] COSTEXPR_INLINE constexpr double token_bytes() const { return 4 * static_cast<double>(channels); }
    /// The state read and written, per sequence.
    [[nodiscard]] COSTEXPR_INLINE constexpr double moved_state_bytes() const {
        return 2 * static_cast<double>(channels) * (static_cast<double>(kernel) - 1) * weight_width(kept);
    }
    template <class T>
    [[nodiscard]] COSTEXPR_INLINE constexpr work<T> operator()(load<T> const& l) const {
        double const c = static_cast<double>(channels);
        double const k = static_cast<double>(kernel);
        return {.flops = l.tokens * T(2 * c * k),
                .weight_bytes = T(2 * c * k),
                .activation_bytes = l.tokens * T(token_bytes()),
                .state_bytes = l.sequences * T(moved_state_bytes())};
    }
};

/// A recurrence over time with a matrix-valued state per head: state spaces (Mamba), gated delta rule, decayed linear attention. Decoding
/// updates the state token by token; prefill works in chunks, and reads and writes the state once per sequence.
///   parameters  weights;  flops  per token as the layer type says for each phase
///   state       elements, in the checkpoint's state dtype, fp32 where it says nothing
struct recurrence {
    /// The kernels that serving engines have for it.
    enum class update : unsigned char { other, state_space, gated_delta, kimi_delta };

    count elements = 0;
    count weights = 0;
    double decode_flops = 0;     ///< per token
    double prefill_flops = 0;    ///< per token
    double bytes_per_token = 0;  ///< inputs read and outputs written
    double chunk_bytes_per_token = 0;  ///< in prefill: the states between chunks, written by one kernel and read by the next
    dtype kept = dtype::fp32;
    update rule = update::other;

    static constexpr std::string_view kind = "recurrence";
    static constexpr bool in_order = true;  ///< the state of the token before is needed
    [[nodiscard]] constexpr role purpose() const { return role::recurrence; }
    [[nodiscard]] constexpr bool idle() const { return elements == 0; }
    [[nodiscard]] static constexpr bool sees_lengths(bool) { return false; }
    template <class N = count>
    [[nodiscard]] constexpr N parameters() const {
        return N(weights);
    }
    [[nodiscard]] constexpr count weight_bytes() const { return storage_bytes(dtype::bf16, weights); }
    [[nodiscard]] constexpr cache state() const { return {.holds = cache::kind::recurrent, .fixed = elements, .type = kept}; }
    /// Inputs read and outputs written, and in prefill the states between chunks, per token.
    [[nodiscard]] COSTEXPR_INLINE constexpr double token_bytes(phase p) const { return p == phase::prefill ? bytes_per_token + chunk_bytes_per_token : bytes_per_token; }
    /// The state read and written, per sequence.
    [[nodiscard]] COSTEXPR_INLINE constexpr double moved_state_bytes() const { return 2 * static_cast<double>(elements) * weight_width(kept); }
    template <class T>
    [[nodiscard]] COSTEXPR_INLINE constexpr work<T> operator()(load<T> const& l, phase p) const {
        return {.flops = l.tokens * T(p == phase::prefill ? prefill_flops : decode_flops),
                .activation_bytes = l.tokens * T(token_bytes(p)),
                .state_bytes = l.sequences * T(moved_state_bytes())};
    }
};

}  // namespace costexpr
