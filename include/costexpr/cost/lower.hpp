// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/cost/evaluate.hpp>
#include <costexpr/model/op_graph.hpp>
#include <costexpr/model/registry.hpp>

#include <span>

namespace costexpr {

template <class Registry = builtin>
class op_graph;

/// Lays a model out for a deployment: its ops as a flat list, or every reason why that is impossible.
template <class Registry = builtin, composition M>
[[nodiscard]] constexpr result<op_graph<Registry>> lower(M const& m, deployment const& x) {
    problems p{};
    op_graph<Registry> const g = lay_out<Registry>(m, x, p);
    if (!p.empty()) return p;
    return g;
}
template <class... F>
[[nodiscard]] constexpr result<op_graph<registry<F...>>> lower(basic_model<F...> const& m, deployment const& x) {
    problems p{};
    op_graph<registry<F...>> const g = m.ops(x, p);
    if (!p.empty()) return p;
    return g;
}
/// The same in the precision of the model's checkpoint.
template <class... F>
[[nodiscard]] constexpr result<op_graph<registry<F...>>> lower(basic_model<F...> const& m, layout const& l) {
    return lower(m, deployment{.layout = l, .precision = m.config.precision()});
}

/// Seconds of a step of a model that was laid out; equal to those of its family to 1e-12.
template <class Registry, class N, class Price>
[[nodiscard]] constexpr auto seconds(op_graph<Registry> const& g, std::span<basic_group<N> const> groups, Price const& price) {
    using T = typename Price::number;
    measured_step<T, N> const s(groups, g.context_ranks());
    T sum = T(0);
    for (auto const& e : g) {
        if (e.idle) continue;
        sum = sum + T(static_cast<double>(e.at.times)) * e.op.template visit<T>([&](auto const& o) COSTEXPR_INLINE_LAMBDA {
            if (o.idle()) __builtin_unreachable();
            return seconds(o, s, price);
        });
    }
    return sum;
}

}  // namespace costexpr
