// SPDX-License-Identifier: BSL-1.0
#pragma once

// What the tests of ops and layers ask them for.

#include <costexpr/op/graph.hpp>
#include <costexpr/op/step.hpp>

#include "check.hpp"

constexpr costexpr::load<double> load_of(costexpr::group const& g) { return costexpr::moments<double>(g); }
/// The load of this many decoded tokens without a past.
constexpr costexpr::load<double> tokens(costexpr::count n) {
    return load_of({.sequences = launder(n), .new_tokens = 1, .past_tokens = 0, .phase = costexpr::phase::decode});
}
constexpr costexpr::basic_group<double> real(costexpr::group const& g) {
    return {static_cast<double>(g.sequences), static_cast<double>(g.new_tokens), static_cast<double>(g.past_tokens), g.phase};
}
constexpr bool close(double a, double b, double tolerance = 1e-12) { return (a < b ? b - a : a - b) <= tolerance * (a < 0 ? -a : a); }

/// The parameters that one layer owns on a device of a layout.
template <class L>
constexpr costexpr::count parameters(L const& layer, costexpr::layout const& l = {}) {
    costexpr::count sum = 0;
    costexpr::for_each_op(layer.ops(costexpr::deployment{.layout = l}), [&](auto const& o) { sum += o.template parameters<costexpr::count>(); });
    return sum;
}
