// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/family/traits.hpp>
#include <costexpr/op/graph.hpp>
#include <costexpr/schema/read.hpp>

#include <concepts>
#include <string_view>

namespace costexpr {

/// A composition of layer types: what prices, counts and measures. Nothing else is asked of a model that is written in C++.
template <class M>
concept composition = requires(M const& m) { m.layers(); };

/// A composition that configs are read into: it has a name, the architectures that it serves, and a field table (its own or its parts').
template <class F>
concept family = composition<F> && (composed<F> || described<F>) && requires(F& f) {
    { F::family } -> std::convertible_to<std::string_view>;
    F::architectures().size();
};

/// A family that says what its modules of multi-token prediction are made of.
template <class F>
concept has_prediction = requires(F const& f) { f.prediction(); };

/// Those modules as a composition, so that everything that holds for models holds for them.
template <has_prediction F>
struct prediction_of {
    F const& model;
    COSTEXPR_INLINE constexpr auto layers() const { return model.prediction(); }
};

namespace detail {

// One requirement a line, checked before anything else uses the family, so that the first message says what to write.
template <class F>
consteval bool check_family() {
    static_assert(requires { { F::family } -> std::convertible_to<std::string_view>; },
                  "costexpr: a family needs a name: `static constexpr std::string_view family = \"...\";`");
    static_assert(requires { F::architectures().size(); },
                  "costexpr: a family needs its architectures: `static constexpr auto architectures() { return std::array{costexpr::arch{\"MyForCausalLM\", "
                  "\"my\"}}; }`");
    static_assert(requires { F::json().size(); } || requires { typename F::parts; },
                  "costexpr: a family needs a field table: `static constexpr auto json() { return std::array{costexpr::key(&F::hidden, \"hidden_size\")}; }`");
    static_assert(requires(F const& f) { f.layers(); },
                  "costexpr: a family needs its composition: `constexpr auto layers() const { return costexpr::layers(costexpr::times(n, costexpr::gqa{...})); }`");
    return true;
}

}  // namespace detail

}  // namespace costexpr
