// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/core/math.hpp>
#include <costexpr/schema/pattern.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

namespace costexpr {

/// What a field holds, and so what it accepts in JSON.
enum class field_kind : std::uint8_t { integer, real, boolean, text, pattern, indices };

/// A sign of a per-layer list, a letter of a text or an entry of a list: `{"G", full}` reads "GSGS", `{"128", pooled}` reads [4, 128].
struct layer_sign {
    std::string_view text;
    layer_kind kind;
};

namespace schema {

/// A literal as a view; the constructor of std::string_view looks for its end a function call at a time where the compiler evaluates it.
constexpr std::string_view view_of(char const* literal) { return {literal, __builtin_strlen(literal)}; }
constexpr std::string_view view_of(std::string_view text) { return text; }

inline constexpr std::size_t most_aliases = 12;
inline constexpr std::size_t most_signs = 8;

/// Where the value of a field goes: the pointer of its kind. It makes the filling of a field the same function for every struct.
union destination {
    count* integer;
    double* real;
    bool* boolean;
    short_string* text;
    costexpr::pattern* order;
    index_set* indices;
};

/// What the reader needs to know of a field: everything but the member itself. The same for every struct, so one parser serves all.
struct field_facts {
    std::array<std::string_view, most_aliases> names{};
    std::array<layer_sign, most_signs> signs{};
    std::uint8_t name_count = 0;
    std::uint8_t sign_count = 0;
    field_kind kind = field_kind::integer;
    bool required = true;
    bool zero_is_absent = false;   ///< a zero says the same as a missing key
    bool skips_lists = false;      ///< a list under this key is meant for another field
    bool skips_texts = false;      ///< a text under this key is meant for another field
    bool skips_numbers = false;    ///< a number (or true, or false) under this key is meant for another field
    bool takes_pairs = false;      ///< of a list of two numbers the first is meant, the second is another field's
    bool takes_texts = false;      ///< a list of numbers may be a text, "3,4,5"
    bool outermost_wins = false;   ///< a wrapper's own key beats that of its text_config
    count smallest = 1;
    count largest = largest_dimension;
    double fallback = 0;

    std::uint8_t asked = 0;        ///< which name to ask for when none is there

    [[nodiscard]] constexpr std::string_view name() const { return names[asked]; }
};

}  // namespace schema

/// One entry of a struct's field table: the member, the keys that fill it (in the order of their priority), and what happens when none is there.
template <class C>
struct field : schema::field_facts {
    union {
        count C::* integer;
        double C::* real;
        bool C::* boolean;
        short_string C::* text;
        costexpr::pattern C::* order;
        index_set C::* indices;
    };
    void (*derive)(C&, field const&) = nullptr;

    template <class M, class... Names>
    constexpr explicit field(M C::* member, Names... keys) : integer(nullptr) {
        static_assert(sizeof...(Names) >= 1 && sizeof...(Names) <= schema::most_aliases, "costexpr: key(member, names...) takes 1 to 12 names");
        ((names[name_count++] = keys), ...);
        point_at(member);
    }

    /// The value when no key is there: a constant, or a function of the struct (which sees every key already read).
    template <class Fallback>
    constexpr field or_else(Fallback) const
        requires std::is_empty_v<Fallback>
    {
        field f = *this;
        f.required = false;
        f.derive = [](C& c, field const& self) {
            if (self.is_unset(c)) self.store(c, Fallback{}(static_cast<C const&>(c)));
        };
        return f;
    }
    template <class Constant>
    constexpr field or_else(Constant value) const
        requires std::is_arithmetic_v<Constant>
    {
        field f = *this;
        f.required = false;
        f.fallback = static_cast<double>(value);
        f.derive = [](C& c, field const& self) {
            if (self.is_unset(c)) self.store(c, self.fallback);
        };
        return f;
    }
    /// The key may be missing or zero: the member keeps the value that the architecture or the member's initialiser gives it.
    [[nodiscard]] constexpr field optional() const {
        field f = *this;
        f.required = false;
        f.smallest = 0;
        return f;
    }
    /// A value below this is an error (1 unless the field is optional).
    [[nodiscard]] constexpr field at_least(count least) const {
        field f = *this;
        f.smallest = least;
        return f;
    }
    /// A zero under this key says the same as no key.
    [[nodiscard]] constexpr field zero_means_absent() const { return with(&field::zero_is_absent, true); }
    /// Under this key a list (a text, a number) is meant for another field, and is no error here.
    [[nodiscard]] constexpr field not_lists() const { return with(&field::skips_lists, true); }
    [[nodiscard]] constexpr field not_texts() const { return with(&field::skips_texts, true); }
    [[nodiscard]] constexpr field not_numbers() const { return with(&field::skips_numbers, true); }
    /// Of a list of two numbers the first is meant; another field reads the second (`name.1`).
    [[nodiscard]] constexpr field pairs() const { return with(&field::takes_pairs, true); }
    /// A list of numbers may be a text: "3,4,5".
    [[nodiscard]] constexpr field or_texts() const { return with(&field::takes_texts, true); }
    /// A wrapper's own key beats that of its text_config.
    [[nodiscard]] constexpr field outermost() const { return with(&field::outermost_wins, true); }
    [[nodiscard]] constexpr field at_most(count most) const {
        field f = *this;
        f.largest = most;
        return f;
    }
    /// The name to ask for when none is there, where it is not the first.
    [[nodiscard]] constexpr field asked_as(std::string_view which) const {
        field f = *this;
        for (std::uint8_t i = 0; i != name_count; ++i)
            if (names[i] == which) f.asked = i;
        return f;
    }
    /// How the signs of a per-layer list read.
    template <class... L>
    [[nodiscard]] constexpr field spelled(L... sign) const {
        field f = *this;
        ((f.signs[f.sign_count++] = sign), ...);
        return f;
    }

    /// Whether this entry is the one of that member.
    [[nodiscard]] constexpr bool fills(count C::* m) const { return kind == field_kind::integer && integer == m; }
    [[nodiscard]] constexpr bool fills(costexpr::pattern C::* m) const { return kind == field_kind::pattern && order == m; }
    [[nodiscard]] constexpr bool fills(index_set C::* m) const { return kind == field_kind::indices && indices == m; }

    template <class V>
    constexpr void store(C& c, V value) const {
        if constexpr (std::is_arithmetic_v<V>) {
            if (kind == field_kind::integer) c.*integer = static_cast<count>(value);
            if (kind == field_kind::real) c.*real = static_cast<double>(value);
            if (kind == field_kind::boolean) c.*boolean = value != V{};
        }
    }
    [[nodiscard]] constexpr schema::destination in(C& c) const {
        switch (kind) {
            case field_kind::real: return {.real = &(c.*real)};
            case field_kind::boolean: return {.boolean = &(c.*boolean)};
            case field_kind::text: return {.text = &(c.*text)};
            case field_kind::pattern: return {.order = &(c.*order)};
            case field_kind::indices: return {.indices = &(c.*indices)};
            case field_kind::integer: break;
        }
        return {.integer = &(c.*integer)};
    }
    [[nodiscard]] constexpr bool is_unset(C const& c) const {
        switch (kind) {
            case field_kind::integer: return c.*integer == 0;
            case field_kind::real: return c.*real == 0.0;
            case field_kind::boolean: return !(c.*boolean);
            case field_kind::text: return (c.*text).empty();
            case field_kind::pattern: return (c.*order).empty();
            case field_kind::indices: return (c.*indices).empty();
        }
        return false;
    }

  private:
    template <class V>
    constexpr field with(V field::* which, V value) const {
        field f = *this;
        f.*which = value;
        return f;
    }
    constexpr field with(bool schema::field_facts::* which, bool value) const {
        field f = *this;
        f.*which = value;
        return f;
    }
    constexpr void point_at(count C::* m) { integer = m, kind = field_kind::integer; }
    constexpr void point_at(double C::* m) { real = m, kind = field_kind::real; }
    constexpr void point_at(bool C::* m) { boolean = m, kind = field_kind::boolean; }
    constexpr void point_at(short_string C::* m) { text = m, kind = field_kind::text; }
    constexpr void point_at(costexpr::pattern C::* m) { order = m, kind = field_kind::pattern; }
    constexpr void point_at(index_set C::* m) { indices = m, kind = field_kind::indices; }
};

/// An entry of a field table: `key(&dense::heads, "num_attention_heads", "n_head")`. Without `or_else` or `optional` it is required.
template <class C, class M, class... Names>
constexpr field<C> key(M C::* member, Names... names) {
    return field<C>(member, schema::view_of(names)...);
}

/// A struct with a field table: `static constexpr auto json()` returns a std::array of `key(...)`. Written as a template of the struct,
/// `template <class f = dense> static constexpr auto json()` with `key(&f::heads, ...)`, a program that reads no such struct does not pay for its table.
template <class C>
concept described = requires { C::json().size(); };

/// The described members that a struct is composed of, as a list of member pointers. A list of values rather than a tuple of them: naming a
/// family then instantiates nothing.
template <auto... Member>
struct part_list {};

/// A struct that is read as a composition of described members: `using parts = costexpr::part_list<&my::base, &my::attention>;`
template <class C>
concept composed = requires { typename C::parts; };

namespace schema {

/// The field table of a struct, built once.
template <described C>
inline constexpr auto table = C::json();

}  // namespace schema

}  // namespace costexpr
