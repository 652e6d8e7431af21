// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/core/one_of.hpp>
#include <costexpr/model/family.hpp>
#include <costexpr/model/legal.hpp>
#include <costexpr/model/stages.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>
#include <utility>

namespace costexpr {

template <class... F>
struct registry;

namespace detail {

template <class Ops>
struct op_types;
template <class... O>
struct op_types<hana::basic_tuple<O...>> {
    using list = decltype((types<>{} + ... + type<O>{}));
};
template <class Layers>
struct layer_op_types;
template <class... Entry>
struct layer_op_types<hana::basic_tuple<Entry...>> {
    template <class Layer>
    using ops_of = decltype(std::declval<Layer const&>().ops(std::declval<deployment const&>()));

    using list = decltype((types<>{} + ... + typename op_types<ops_of<typename Entry::layer_t>>::list{}));
    static constexpr std::size_t size = ((Entry::most * length_of<ops_of<typename Entry::layer_t>>) + ...);
    static constexpr std::size_t runs = (Entry::most + ...);
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
    static constexpr std::size_t runs = [] {
        std::size_t most = 0;
        ((most = most < family_ops<F>::runs ? family_ops<F>::runs : most), ...);
        return most;
    }();
};

}  // namespace detail

/// Where an op stands in a model: how often it runs in a forward pass, how many copies of its weights are stored, and in which layer type
/// (the how-manieth entry of the composition).
struct op_place {
    count times = 0;
    count copies = 0;
    std::string_view layer{};
    count run = 0;

    /// The same for some of its layers.
    [[nodiscard]] constexpr op_place of(count layers) const { return {layers, times == layers ? copies : copies * layers / times, layer, run}; }
};

/// The ops of a model for one deployment as a flat list: what a scheduler keeps to price many steps. No allocation; the types and the
/// number of its ops are those of the registry's families, with room for the exceptions of a precision, so that it holds every model of them. Totals, memory and prices of a list are
/// compiled once, for all families.
template <class Registry>
class op_graph {
  public:
    using op_list = typename detail::registry_ops<Registry>::list;
    struct entry {
        op_place at{};
        one_of<op_list> op{};
        bool idle = false;  ///< has weights, but nothing to do
    };

    /// Appends an op in each dtype that its weights are stored in; one that does nothing is left out unless it has weights.
    template <op O>
    constexpr void push_back(op_place const& at, O const& o, precision const& p, problems& why) {
        push_back(at, one_of<op_list>(o), p, why);
    }
    // One function for all types of ops.
    COSTEXPR_COLD constexpr void push_back(op_place const& at, one_of<op_list> const& any, precision const& p, problems& why) {
        bool const idle = any.template visit<bool>([](auto const& o) { return o.idle(); });
        if (idle && any.template visit<count>([](auto const& o) { return o.template parameters<count>(); }) == 0) return;
        if (p.exceptions.size() == 0) return add(at, any, idle, why);
        for_each_dtype(any, at.times, p, [&](one_of<op_list> const& variant, count layers) { add(at.of(layers), variant, idle, why); });
    }
    constexpr op_graph() {}  // not defaulted: `op_graph g{}` would write zeros first
    // What is not used is neither written nor copied: a list has room for the longest model of all families.
    constexpr op_graph(op_graph const& other) : size_(other.size_), context_ranks_(other.context_ranks_) { take(other); }
    constexpr op_graph& operator=(op_graph const& other) {
        size_ = other.size_;
        context_ranks_ = other.context_ranks_;
        take(other);
        return *this;
    }
    /// Ranks that share the tokens of each sequence.
    [[nodiscard]] constexpr count context_ranks() const { return context_ranks_; }
    constexpr void set_context_ranks(count ranks) { context_ranks_ = ranks; }

    [[nodiscard]] constexpr std::size_t size() const { return size_; }
    [[nodiscard]] static constexpr std::size_t capacity() { return detail::registry_ops<Registry>::size + most_exceptions; }
    [[nodiscard]] constexpr auto begin() const { return iterator{slots_}; }
    [[nodiscard]] constexpr auto end() const { return iterator{slots_ + size_}; }
    /// Which pipeline stage holds what; empty where there is but one.
    using stage_list = stage_plan<detail::registry_ops<Registry>::runs>;
    [[nodiscard]] constexpr stage_list const& stages() const { return staged_ ? stages_.used : no_stages<detail::registry_ops<Registry>::runs>; }
    constexpr void begin_stages() {
        stages_ = held_stages(stage_list{});
        staged_ = true;
    }
    constexpr void set_times(count run, count times) {
        if (staged_) stages_.used.set_times(run, times);
    }
    COSTEXPR_ONCE constexpr void set_stages(detail::layer_lists const& lists, framework f) {
        std::array<detail::run_nature, detail::registry_ops<Registry>::runs> natures{};
        for (entry const& e : *this)
            if (!e.idle) natures[static_cast<std::size_t>(e.at.run)].look(detail::purpose_of(e.op), e.op.template visit<cache>([](auto const& o) { return cache_of(o); }));
        stages_.used.place(lists, natures, f);
    }

  private:
    union slot {
        entry used;
        constexpr slot() {}
        constexpr explicit slot(entry const& e) : used(e) {}
    };
    union held_stages {
        stage_list used;
        constexpr held_stages() {}
        constexpr explicit held_stages(stage_list const& s) : used(s) {}
    };
    struct iterator {
        slot const* at;
        constexpr entry const& operator*() const { return at->used; }
        constexpr iterator& operator++() { return ++at, *this; }
        friend constexpr bool operator==(iterator const&, iterator const&) = default;
    };
    COSTEXPR_COLD constexpr void add(op_place const& at, one_of<op_list> const& any, bool idle, problems& why) {
        if (size_ == capacity())
            why.add({.code = errc::list_too_long, .key = "precision.exceptions", .expected = static_cast<count>(capacity())});
        else
            slots_[size_++] = slot({at, any, idle});
    }
    constexpr void take(op_graph const& other) {
        for (std::size_t i = 0; i != size_; ++i) slots_[i] = slot(other.slots_[i].used);
        staged_ = other.staged_;
        if (staged_) stages_ = held_stages(other.stages_.used);
    }

    slot slots_[capacity()];
    std::size_t size_ = 0;
    count context_ranks_ = 1;
    held_stages stages_;
    bool staged_ = false;
};

/// A model whose ops can be walked for a deployment: a composition, or a list of ops that was laid out for one.
template <class M>
concept walkable = composition<M> || requires(M const& m) { typename M::op_list; m.begin(); };

/// Calls f(op, place) for every op of a model under a deployment.
template <composition M, class F>
constexpr void for_each_op_of(M const& m, deployment const& x, F const& f) {
    count index = 0;
    for_each_layer(m.layers(), [&]<class L>(run<L> const& r) {
        op_place const at{r.times, r.copies, L::type, index++};
        for_each_op(r.layer.ops(x), [&](auto const& o) {
            for_each_dtype(o, at.times, x.precision, [&](auto const& variant, count layers) { f(variant, at.of(layers)); });
        });
    });
}
/// The same for a list of ops, which is laid out already.
template <class Registry, class F>
constexpr void for_each_op_of(op_graph<Registry> const& g, deployment const&, F const& f) {
    for (auto const& e : g) e.op.template visit<void>([&](auto const& o) { f(o, e.at); });
}

namespace detail {

/// A model being laid out: what is known before its layers, and what they add up to.
template <class Registry>
struct laying_out {
    op_graph<Registry>& graph;
    deployment const& x;
    problems& why;
    stage_counter stages{};
    count index = 0;

    /// The place of the ops of the next entry; false where it cannot stand in this layout.
    COSTEXPR_ONCE constexpr bool enter(op_place& at) {
        at.run = index++;
        if (!why.empty()) return false;  // dimensions of shards that cannot be
        graph.set_times(at.run, at.times);
        return true;
    }
};

// One function per layer type, shared by all families.
template <class Registry, class L>
COSTEXPR_ONCE constexpr void append(laying_out<Registry>& to, run<L> const& r) {
    op_place at{r.times, r.copies, L::type, 0};
    to.stages.add(r);
    check_layer(r.layer, to.x.layout, to.why);
    if (to.enter(at)) for_each_op(r.layer.ops(to.x), [&](auto const& o) { to.graph.push_back(at, o, to.x.precision, to.why); });
}

}  // namespace detail

/// Lays a model out: its ops for this deployment, and every reason why that is impossible. Ops that do nothing there are left out.
template <class Registry, composition M>
COSTEXPR_ONCE constexpr op_graph<Registry> lay_out(M const& m, deployment const& x, problems& p) {
    op_graph<Registry> g{};
    if (!detail::check_degrees(x.layout, p)) return g;
    g.set_context_ranks(x.layout.cp);
    if (x.layout.pp != 1) g.begin_stages();
    detail::laying_out<Registry> to{g, x, p};
    for_each_layer(m.layers(), [&](auto const& r) { detail::append(to, r); });
    if (g.size() == 0 && p.empty())
        p.add({.code = errc::empty_graph, .key = "layers"});
    else
        to.stages.check(x.layout, p);
    if (x.layout.pp != 1 && p.empty()) g.set_stages(detail::lists_of(m), x.framework);
    return g;
}

}  // namespace costexpr
