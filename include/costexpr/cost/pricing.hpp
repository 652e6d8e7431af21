// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/model/registry.hpp>
#include <costexpr/op/op.hpp>

#include <array>
#include <concepts>
#include <cstdint>
#include <string_view>

namespace costexpr {

/// What bounds the time of an op.
enum class bound : std::uint8_t { compute, memory, wire, latency };
inline constexpr std::array<std::string_view, 4> bound_names{"compute", "memory", "wire", "latency"};

/// Turns an op and its work into seconds of the number type T. It may know the op; a user's own op is priced by its work alone. A pricing
/// whose kernels depend on more than the work (how many sequences share it, in which phase) also takes (op, work, load, phase).
template <class P, class T = typename P::number>
concept pricing = requires(P const& p, work<T> const& w) {
    { p(0, w) } -> std::convertible_to<T>;
    { p.bound_of(w) } -> std::same_as<bound>;
    { P::founded } -> std::convertible_to<provenance>;
};

/// A pricing that knows what its kernels run on.
template <class P, class O, class T = typename P::number>
concept pricing_by_load = requires(P const& p, O const& o, work<T> const& w, load<T> const& l) {
    { p(o, w, l, phase::decode) } -> std::convertible_to<T>;
};

/// A pricing that takes an op on all tokens of a step by its load alone: the work need not be computed.
template <class P, class O, class T = typename P::number>
concept pricing_without_work = requires(P const& p, O const& o, load<T> const& l) {
    { p(o, l) } -> std::convertible_to<T>;
};

/// A pricing whose single answers say what they are founded on.
template <class P, class O, class T = typename P::number>
concept pricing_with_provenance = requires(P const& p, O const& o, work<T> const& w, load<T> const& l) {
    { p.timing_of(o, w, l, phase::decode).founded } -> std::convertible_to<provenance>;
};

/// Seconds of one kernel of an op: its work on a load in a phase.
template <class Price, class O, class T>
[[nodiscard]] COSTEXPR_INLINE constexpr T kernel_seconds(Price const& price, O const& o, work<T> const& w, load<T> const& l, phase p) {
    if constexpr (pricing_by_load<Price, O>)
        return price(o, w, l, p);
    else
        return price(o, w);
}
/// What they are founded on.
template <class Price, class O, class T>
[[nodiscard]] constexpr provenance kernel_provenance(Price const& price, O const& o, work<T> const& w, load<T> const& l, phase p) {
    if constexpr (pricing_with_provenance<Price, O>)
        return price.timing_of(o, w, l, p).founded;
    else
        return Price::founded;
}

}  // namespace costexpr
