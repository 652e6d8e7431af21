// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/op/layout.hpp>
#include <costexpr/op/role.hpp>
#include <costexpr/op/step.hpp>
#include <costexpr/op/work.hpp>

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace costexpr {

/// An op whose work depends on all new tokens of a step together: one kernel for prefill and decode.
template <class O>
concept op_on_totals = requires(O const& o, load<double> const& l) {
    { o(l) } -> std::same_as<work<double>>;
};
/// An op that runs once per phase, and whose work is linear in the moments of the phase's groups.
template <class O>
concept op_on_phase = requires(O const& o, load<double> const& l, phase p) {
    { o(l, p) } -> std::same_as<work<double>>;
};
/// An op whose work bends with the length of each sequence (windows, top-k): it sees every group of the phase.
template <class O>
concept op_on_groups = requires(O const& o, basic_group<double> const& g) {
    { o(g) } -> std::same_as<work<double>>;
};

/// One of these that says what it is linear in, so that a ragged batch is summed first: its work on a group is on(of(group), phase).
template <class O>
concept op_on_attended = op_on_groups<O> && requires(O const& o, basic_group<double> const& g, phase p) {
    { o.of(g) } -> std::same_as<attended<double>>;
    { o.on(o.of(g), p) } -> std::same_as<work<double>>;
};

/// What one operator does in one step on one device. Its dimensions are already those of one shard. It says its kind and purpose, the
/// parameters that it owns and the bytes they take, whether it does anything at all in its deployment, and, called, its work.
template <class O>
concept op = requires(O const& o) {
    { O::kind } -> std::convertible_to<std::string_view>;
    { o.purpose() } -> std::same_as<role>;
    { o.template parameters<count>() } -> std::same_as<count>;
    { o.weight_bytes() } -> std::same_as<count>;
    { o.idle() } -> std::same_as<bool>;
} && (op_on_totals<O> || op_on_phase<O> || op_on_groups<O>);

/// Whether the work of an op depends on how long the sequences of a step are (its pairs and its context), beside its tokens; an op that does not
/// say so is taken to. It may depend on whether prompts are read.
template <class O>
[[nodiscard]] constexpr bool sees_lengths(O const& o, bool reads_prompts) {
    if constexpr (requires { o.sees_lengths(reads_prompts); })
        return o.sees_lengths(reads_prompts);
    else
        return true;
}

/// Parameters that one token uses: all that an op owns, or reads of another's, unless the op says otherwise (experts).
template <class O, class N = count>
[[nodiscard]] constexpr N active_parameters_of(O const& o) {
    if constexpr (requires { o.template active_parameters<N>(); })
        return o.template active_parameters<N>();
    else
        return o.template parameters<N>();
}

/// The state that an op keeps per sequence, if it keeps any.
template <class O>
[[nodiscard]] constexpr cache cache_of(O const& o) {
    if constexpr (requires { o.state(); })
        return o.state();
    else
        return {};
}

}  // namespace costexpr
