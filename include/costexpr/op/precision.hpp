// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/core/math.hpp>
#include <costexpr/core/one_of.hpp>
#include <costexpr/op/dtype.hpp>
#include <costexpr/op/role.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>

namespace costexpr {

/// Weights that a checkpoint stores in another dtype than their component: those of ops of one purpose, in `layers` of the `of` layers
/// that have them. A checkpoint that leaves attention unquantized has one such exception per projection.
struct dtype_exception {
    role part{};
    dtype type = dtype::bf16;
    std::uint16_t layers = 0;
    std::uint16_t of = 0;

    /// How many of a run of layers it holds for: exact where the run has all layers of its purpose, else its share, rounded.
    [[nodiscard]] constexpr count among(count run) const { return of == 0 ? 0 : (2 * run * layers + of) / (2 * count{of}); }

    friend constexpr bool operator==(dtype_exception const&, dtype_exception const&) = default;
};

inline constexpr std::size_t most_exceptions = 24;

/// The exceptions of a checkpoint, seen where its model keeps them: a view, so that a deployment stays small enough to be folded.
struct exception_list {
    dtype_exception const* items = nullptr;
    std::size_t length = 0;

    [[nodiscard]] constexpr dtype_exception const* begin() const { return items; }
    [[nodiscard]] constexpr dtype_exception const* end() const { return items + length; }
    [[nodiscard]] constexpr std::size_t size() const { return length; }

    friend constexpr bool operator==(exception_list const& a, exception_list const& b) {
        if (a.length != b.length) return false;
        for (std::size_t i = 0; i != a.length; ++i)
            if (!(a.items[i] == b.items[i])) return false;
        return true;
    }
};

/// The dtype of each component of a model. A checkpoint's own precision is read from its config; everything is bf16 where it says nothing.
struct precision {
    dtype weights = dtype::bf16;      ///< linear layers outside the experts
    dtype experts = dtype::bf16;      ///< routed experts
    dtype attention = dtype::bf16;    ///< attention arithmetic: bf16 or fp8
    dtype kv_cache = dtype::bf16;     ///< what a sequence keeps
    dtype activations = dtype::bf16;  ///< between operators, and norms and biases
    dtype embedding = dtype::bf16;    ///< the input table
    dtype head = dtype::bf16;         ///< the output projection
    dtype router = dtype::bf16;
    exception_list exceptions{};      ///< what a checkpoint stores otherwise
    std::uint8_t lacking = 0;         ///< classes of arithmetic that the device has not, a bit each: weights are unpacked for a wider one

    /// At which rate the device does what is meant for this one: its own, or that of bf16.
    [[nodiscard]] constexpr costexpr::math rate(costexpr::math meant) const { return (lacking >> static_cast<unsigned>(meant) & 1u) != 0 ? math::bf16 : meant; }
    /// In which dtype weights of this one are multiplied.
    [[nodiscard]] constexpr dtype multiplied(dtype stored) const { return rate(math_of(stored)) == math_of(stored) ? stored : weights_only(stored); }

    /// The dtype of the component that an op's weights belong to.
    [[nodiscard]] constexpr dtype component(role part) const { return part == role::experts ? experts : part == role::head ? head : weights; }

    friend constexpr bool operator==(precision const&, precision const&) = default;
};

namespace detail {

template <class O>
concept has_weights_type = requires(O& o) { { (o.weights) } -> std::same_as<dtype&>; };
template <class O>
concept has_matrix = requires(O& o) { { (o.matrix.weights) } -> std::same_as<dtype&>; };

/// The dtype of an op's weights; none where it has no weights of a dtype of their own.
template <class O>
COSTEXPR_INLINE constexpr dtype* weights_type(O& o) {
    if constexpr (has_weights_type<O>)
        return &o.weights;
    else if constexpr (has_matrix<O>)
        return &o.matrix.weights;
    else
        return nullptr;
}
template <class O>
COSTEXPR_INLINE constexpr role purpose_of(O const& o) {
    return o.purpose();
}
// The same of any op of a list of types.
template <class List>
constexpr dtype* weights_type(one_of<List>& any) {
    return any.template visit<dtype*>([](auto& o) { return weights_type(o); });
}
template <class List>
constexpr role purpose_of(one_of<List> const& any) {
    return any.template visit<role>([](auto const& o) { return o.purpose(); });
}

}  // namespace detail

/// Calls f(op, layers) for an op of a run of layers: once for all of them, or once for each dtype in which the checkpoint stores its weights.
/// Ops whose dtype is not that of their component (a router, an indexer's gate) are as their layer says.
template <class O, class F>
COSTEXPR_INLINE constexpr void for_each_dtype(O const& o, count layers, precision const& p, F const& f) {
    count rest = layers;
    for (dtype_exception const& e : p.exceptions) {
        if (e.part != detail::purpose_of(o)) continue;
        O other = o;
        dtype* const stored = detail::weights_type(other);
        if (stored == nullptr || *stored != p.component(e.part)) continue;
        *stored = p.multiplied(e.type);
        count const n = min(rest, e.among(layers));
        if (n != 0) f(other, n);
        rest -= n;
    }
    if (rest != 0) f(o, rest);
}

}  // namespace costexpr
