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

/// Turns an op and its work into seconds of the number type T. It may know the op; a user's own op is priced by its work alone.
template <class P, class T = typename P::number>
concept pricing = requires(P const& p, work<T> const& w) {
    { p(0, w) } -> std::convertible_to<T>;
    { p.bound_of(w) } -> std::same_as<bound>;
    { P::founded } -> std::convertible_to<provenance>;
};

}  // namespace costexpr
