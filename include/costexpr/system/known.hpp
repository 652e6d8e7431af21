// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/core/fixed_string.hpp>
#include <costexpr/embedded/systems.hpp>
#include <costexpr/system/system.hpp>

#include <string_view>

namespace costexpr {

/// A name that no embedded system has; never defined, so that the first line of a compile error prints it.
template <fixed_string Name>
struct no_embedded_system_is_named;

namespace detail {

template <fixed_string Name, class Keys = system_keys>
consteval system_spec named_system() {
    constexpr std::size_t index = embedded::index_of(embedded::systems, Name.view());
    if constexpr (index == embedded::absent) {
        (void)sizeof(no_embedded_system_is_named<Name>);
        static_assert(index != embedded::absent,
                      "costexpr: no embedded system has this name; `costexpr systems` lists them, costexpr::read_system reads a JSON of your own");
    } else {
        return *read_system<Keys>(embedded::systems[index].config());
    }
}

}  // namespace detail

/// A system named at compile time: `costexpr::system<"h200_sxm">`.
template <fixed_string Name>
inline constexpr system_spec system = detail::named_system<Name>();

}  // namespace costexpr
