// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/core/fixed_string.hpp>
#include <costexpr/embedded/systems.hpp>
#include <costexpr/system/system.hpp>

#include <string_view>

namespace costexpr {

template <fixed_string Name, bool Known>
struct system_name {
    static_assert(Known, "costexpr: no embedded system has this name; `costexpr systems` lists them, costexpr::read_system reads a JSON of your own");
};

namespace detail {

template <fixed_string Name>
consteval system_spec named_system() {
    constexpr auto find = [] {
        std::size_t i = 0;
        while (i != embedded::system_count && embedded::systems[i].name != Name.view()) ++i;
        return i;
    };
    constexpr std::size_t index = find();
    (void)system_name<Name, index != embedded::system_count>{};
    if constexpr (index == embedded::system_count)
        return {};
    else
        return *read_system({embedded::systems[index].text, embedded::systems[index].size});
}

}  // namespace detail

/// A system named at compile time: `costexpr::system<"h200_sxm">`.
template <fixed_string Name>
inline constexpr system_spec system = detail::named_system<Name>();

}  // namespace costexpr
