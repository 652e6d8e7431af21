// SPDX-License-Identifier: BSL-1.0
#pragma once

// Every struct with a field table as a boost::hana::Struct, its members under the names of their keys.
//     hana::at_key(model.attention, BOOST_HANA_STRING("num_attention_heads")), hana::keys(part), hana::equal(a, b), hana::for_each(part, f)
// It is optional: nothing in costexpr needs it, and it costs nothing unless it is included.

#if !defined(COSTEXPR_SINGLE_INCLUDE)
#include <costexpr/schema/field.hpp>
#include <costexpr/schema/read.hpp>
#endif

#include <boost/hana/accessors.hpp>
#include <boost/hana/at_key.hpp>
#include <boost/hana/concat.hpp>
#include <boost/hana/concept/struct.hpp>
#include <boost/hana/core/when.hpp>
#include <boost/hana/equal.hpp>
#include <boost/hana/keys.hpp>
#include <boost/hana/members.hpp>
#include <boost/hana/pair.hpp>
#include <boost/hana/string.hpp>
#include <boost/hana/tuple.hpp>

#include <cstddef>
#include <utility>

namespace costexpr::detail {

/// Reads the member of one entry of a field table, reached through the members of the structs that hold it.
template <class C, std::size_t I>
struct member_of_entry {
    template <class S>
    constexpr decltype(auto) operator()(S&& s) const {
        constexpr auto const& f = schema::table<C>[I];
        if constexpr (f.kind == field_kind::integer)
            return (std::forward<S>(s).*f.integer);
        else if constexpr (f.kind == field_kind::real)
            return (std::forward<S>(s).*f.real);
        else if constexpr (f.kind == field_kind::boolean)
            return (std::forward<S>(s).*f.boolean);
        else if constexpr (f.kind == field_kind::text)
            return (std::forward<S>(s).*f.text);
        else if constexpr (f.kind == field_kind::pattern)
            return (std::forward<S>(s).*f.order);
        else
            return (std::forward<S>(s).*f.indices);
    }
};

template <class C, std::size_t I, std::size_t... J>
constexpr auto entry_name(std::index_sequence<J...>) {
    return boost::hana::string_c<schema::table<C>[I].names[0][J]...>;
}

template <class C, std::size_t... I>
constexpr auto entries(std::index_sequence<I...>) {
    return boost::hana::make_tuple(
        boost::hana::make_pair(entry_name<C, I>(std::make_index_sequence<schema::table<C>[I].names[0].size()>{}), member_of_entry<C, I>{})...);
}

}  // namespace costexpr::detail

template <class C>
struct boost::hana::accessors_impl<C, boost::hana::when<costexpr::described<C>>> {
    static constexpr auto apply() { return costexpr::detail::entries<C>(std::make_index_sequence<costexpr::schema::table<C>.size()>{}); }
};
