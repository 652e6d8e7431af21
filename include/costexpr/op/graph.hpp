// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/config.hpp>
#include <costexpr/core/inplace_vector.hpp>
#include <costexpr/op/op.hpp>

#include <boost/hana/at.hpp>
#include <boost/hana/basic_tuple.hpp>

#include <cstddef>
#include <type_traits>
#include <utility>

namespace costexpr {

namespace hana = boost::hana;

namespace detail {

// One requirement a line, so that the first message says what to write.
template <class O>
consteval bool check_op() {
    if constexpr (!op<O>) {
        static_assert(requires { { O::kind } -> std::convertible_to<std::string_view>; },
                      "costexpr: an op needs a kind: `static constexpr std::string_view kind = \"...\";`");
        static_assert(requires(O const& o) { { o.purpose() } -> std::same_as<role>; },
                      "costexpr: an op says what it is for: `constexpr costexpr::role purpose() const { return costexpr::role::attention; }`");
        static_assert(requires(O const& o) { { o.template parameters<count>() } -> std::same_as<count>; },
                      "costexpr: an op counts the parameters that it owns: `template <class N = costexpr::count> constexpr N parameters() const { return N(0); }`");
        static_assert(requires(O const& o) { { o.weight_bytes() } -> std::same_as<count>; },
                      "costexpr: an op counts the bytes of its weights: `constexpr costexpr::count weight_bytes() const { return 0; }`");
        static_assert(requires(O const& o) { { o.idle() } -> std::same_as<bool>; },
                      "costexpr: an op says whether it does nothing: `constexpr bool idle() const { return false; }`");
        static_assert(op_on_totals<O> || op_on_phase<O> || op_on_groups<O>,
                      "costexpr: an op returns its work on a load, a load and a phase, or a group: "
                      "`template <class T> constexpr costexpr::work<T> operator()(costexpr::load<T> const& l) const`");
    }
    return true;
}

}  // namespace detail

/// The ops of a layer, in the order in which they run.
template <class... O>
COSTEXPR_INLINE constexpr auto ops(O... o) {
    static_assert(sizeof...(O) != 0, "costexpr: a layer type needs at least one op: return costexpr::ops(gemm{...}, ...)");
    static_assert((detail::check_op<O>() && ...));
    return hana::basic_tuple<O...>{o...};
}

/// What can stand in the composition of a family: it says its ops for a deployment, and its name.
template <class L>
concept layer_type = requires(L const& layer, deployment const& x) {
    { L::type } -> std::convertible_to<std::string_view>;
    layer.ops(x);
};

/// A layer type with how often it runs in a forward pass, and how many copies of its weights are stored.
template <layer_type L>
struct run {
    using layer_t = L;
    static constexpr std::size_t most = 1;  ///< entries of a composition that it can stand for
    count times = 0;
    L layer{};
    count copies = 0;
};

/// `n` layers of this type, each with weights of its own.
template <layer_type L>
COSTEXPR_INLINE constexpr run<L> times(count n, L const& layer) {
    return {n, layer, n};
}
/// `n` runs of `copies` stored blocks (a block that is shared between places of the model).
template <layer_type L>
COSTEXPR_INLINE constexpr run<L> times(count n, L const& layer, count copies) {
    return {n, layer, copies};
}

/// One of a list of dimensions that are known at run time alone, with the number of layers that have them.
template <class T>
struct counted {
    count times = 0;
    T what{};
    friend constexpr bool operator==(counted const&, counted const&) = default;
};

/// Layers of one type whose dimensions differ from place to place: the distinct ones, each with how often it stands in the model.
/// They are made one at a time while the composition is walked: an array of layers would have to be filled first.
template <class T, std::size_t Most, class F>
struct run_list {
    using layer_t = std::remove_cvref_t<decltype(std::declval<F const&>()(std::declval<T const&>()))>;
    static constexpr std::size_t most = Most;
    inplace_vector<counted<T>, Most> list;
    F make;
};

/// One layer f(what) for each distinct entry of a bounded list (per-block search, per-layer lists of sizes).
template <class T, std::size_t Most, class F>
constexpr auto each(inplace_vector<counted<T>, Most> const& list, F const& f) {
    return run_list<T, Most, F>{list, f};
}
/// Adds one to the entry of `what`, or makes one, and says whether there was room.
template <class T, std::size_t Most>
constexpr bool add_one(inplace_vector<counted<T>, Most>& list, T const& what) {
    for (counted<T>& c : list)
        if (c.what == what) return ++c.times, true;
    return list.try_push_back({1, what});
}

namespace detail {

template <class>
inline constexpr bool is_entry = false;
template <class L>
inline constexpr bool is_entry<run<L>> = true;
template <class T, std::size_t Most, class F>
inline constexpr bool is_entry<run_list<T, Most, F>> = true;

template <class L, class F>
COSTEXPR_INLINE constexpr void visit_entry(run<L> const& r, F const& f) {
    if (r.times != 0) f(r);
}
template <class T, std::size_t Most, class Make, class F>
COSTEXPR_INLINE constexpr void visit_entry(run_list<T, Most, Make> const& entry, F const& f) {
    for (counted<T> const& c : entry.list)
        if (c.times != 0) f(times(c.times, entry.make(c.what)));
}

}  // namespace detail

/// The composition of a family, in the order of the model's definition: what `times` and `each` give.
template <class... Entry>
    requires(detail::is_entry<Entry> && ...)
COSTEXPR_INLINE constexpr auto layers(Entry const&... e) {
    static_assert(sizeof...(Entry) != 0, "costexpr: a family needs at least one layer: return costexpr::layers(times(n, gqa{...}), ...)");
    return hana::basic_tuple<Entry...>{e...};
}

/// How many elements a tuple of layers or ops has.
template <class Tuple>
inline constexpr std::size_t length_of = 0;
template <class Tuple>
inline constexpr std::size_t length_of<Tuple const> = length_of<Tuple>;
template <class... T>
inline constexpr std::size_t length_of<hana::basic_tuple<T...>> = sizeof...(T);

/// Calls f(run) for every entry of a composition that runs at all: a hybrid without MoE layers must not divide by its zero experts.
template <class Tuple, class F>
COSTEXPR_INLINE constexpr void for_each_layer(Tuple const& composition, F const& f) {
    [&]<std::size_t... I>(std::index_sequence<I...>) COSTEXPR_INLINE_LAMBDA {
        (detail::visit_entry(hana::at_c<I>(composition), f), ...);
    }(std::make_index_sequence<length_of<Tuple>>{});
}

/// Calls f(op) for every op of a layer.
template <class Tuple, class F>
COSTEXPR_INLINE constexpr void for_each_op(Tuple const& list, F const& f) {
    [&]<std::size_t... I>(std::index_sequence<I...>) COSTEXPR_INLINE_LAMBDA { (f(hana::at_c<I>(list)), ...); }(
        std::make_index_sequence<length_of<Tuple>>{});
}

}  // namespace costexpr
