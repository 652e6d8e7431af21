// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/cost/evaluate.hpp>

#include <string_view>

namespace costexpr {

/// One op of a step with what it does and costs on one device, over all its layers.
struct op_cost {
    role name{};
    std::string_view op{};     ///< its kind: gemm, attention, moe, …
    std::string_view layer{};  ///< the layer type that it belongs to
    count times = 0;           ///< layers that run it
    work<double> total{};
    double seconds = 0;
    bound by = bound::memory;
    provenance founded = provenance::specification;
};

/// Calls f(op_cost) for every op of a step, in the order of the composition. Their seconds sum to those of the step.
template <walkable M, class N, class Price, class F>
constexpr void breakdown(M const& m, deployment const& x, std::span<basic_group<N> const> groups, Price const& price, F const& f) {
    measured_step<double, N> const s(groups, x.layout.cp);
    for_each_op_of(m, x, [&]<class O>(O const& o, op_place const& at) {
        op_cost c{.name = o.purpose(), .op = O::kind, .layer = at.layer, .times = at.times};
        work<double> once{};
        for_each_kernel(o, s, [&](work<double> const& w, load<double> const& l, phase p) {
            once = once + w;
            c.seconds += kernel_seconds(price, o, w, l, p);
            c.founded = max(c.founded, kernel_provenance(price, o, w, l, p));
        });
        double const n = static_cast<double>(at.times);
        c.by = price.bound_of(once);
        c.total = {n * once.flops, n * once.weight_bytes, n * once.activation_bytes, n * once.state_bytes, n * once.wire_bytes, once.math, once.span, once.route};
        c.seconds *= n;
        f(c);
    });
}

}  // namespace costexpr
