// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/core/one_of.hpp>
#include <costexpr/cost/evaluate.hpp>
#include <costexpr/cost/roofline.hpp>
#include <costexpr/model/legal.hpp>
#include <costexpr/model/registry.hpp>

#include <array>
#include <cstddef>
#include <span>
#include <utility>

namespace costexpr {

namespace detail {

template <class Ops>
struct op_types;
template <class... O>
struct op_types<hana::tuple<O...>> {
    using list = decltype((types<>{} + ... + type<O>{}));
};
template <class Layers>
struct layer_op_types;
template <class... L>
struct layer_op_types<hana::tuple<run<L>...>> {
    template <class Layer>
    using ops_of = decltype(std::declval<Layer const&>().ops(std::declval<deployment const&>()));

    using list = decltype((types<>{} + ... + typename op_types<ops_of<L>>::list{}));
    static constexpr std::size_t size = (length_of<ops_of<L>> + ...);
};
template <class F>
using family_ops = layer_op_types<decltype(std::declval<F const&>().layers())>;

template <class Registry>
struct registry_ops;
template <class... F>
struct registry_ops<registry<F...>> {
    using list = decltype((types<>{} + ... + typename family_ops<F>::list{}));
    static constexpr std::size_t size = [] {
        std::size_t most = 0;
        ((most = most < family_ops<F>::size ? family_ops<F>::size : most), ...);
        return most;
    }();
};

}  // namespace detail

/// The ops of a model for one deployment as a flat list: what a scheduler keeps to price many steps. No allocation; the types and the
/// number of its ops are those of the registry's families, so that it holds every model of them. One evaluation serves all families.
template <class Registry = builtin>
class op_graph {
  public:
    using op_list = typename detail::registry_ops<Registry>::list;
    struct entry {
        double times = 0;
        one_of<op_list> op{};
    };

    template <op O>
    constexpr void push_back(double times, O const& o) {
        entries_[size_++] = {times, one_of<op_list>(o)};
    }
    [[nodiscard]] constexpr std::size_t size() const { return size_; }
    [[nodiscard]] static constexpr std::size_t capacity() { return detail::registry_ops<Registry>::size; }
    [[nodiscard]] constexpr entry const* begin() const { return entries_.data(); }
    [[nodiscard]] constexpr entry const* end() const { return entries_.data() + size_; }

    provenance founded = provenance::specification;

  private:
    std::array<entry, detail::registry_ops<Registry>::size> entries_{};
    std::size_t size_ = 0;
};

/// Lays a model out: its ops for this deployment, or every reason why that is impossible. Ops that do nothing there are left out.
template <class Registry = builtin, composition M>
[[nodiscard]] constexpr result<op_graph<Registry>> lower(M const& m, deployment const& x) {
    result<void> const possible = legal(m, x.layout);
    if (!possible) return possible.error();
    op_graph<Registry> g{};
    for_each_layer(m.layers(), [&](auto const& r) {
        for_each_op(r.layer.ops(x), [&](auto const& o) {
            if (!o.idle()) g.push_back(static_cast<double>(r.times), o);
        });
    });
    return g;
}
template <class... F>
[[nodiscard]] constexpr result<op_graph<registry<F...>>> lower(basic_model<F...> const& m, deployment const& x) {
    return visit(
        [&](auto const& family) {
            auto g = lower<registry<F...>>(family, x);
            if (g) g->founded = m.config.founded;
            return g;
        },
        m);
}
/// The same in the precision of the model's checkpoint.
template <class... F>
[[nodiscard]] constexpr result<op_graph<registry<F...>>> lower(basic_model<F...> const& m, layout const& l) {
    return lower(m, deployment{.layout = l, .precision = m.config.stored});
}

/// Seconds of a step of a lowered model; equal to those of its family to 1e-12.
template <class Registry, class N, class Price>
[[nodiscard]] constexpr auto seconds(op_graph<Registry> const& g, std::span<basic_group<N> const> groups, Price const& price) {
    using T = typename Price::number;
    measured_step<T, N> const s(groups);
    T sum = T(0);
    for (auto const& e : g)
        sum = sum + T(e.times) * e.op.template visit<T>([&](auto const& o) COSTEXPR_INLINE_LAMBDA { return seconds(o, s, price); });
    return sum;
}

}  // namespace costexpr
