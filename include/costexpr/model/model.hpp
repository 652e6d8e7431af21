// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/core/fixed_string.hpp>
#include <costexpr/embedded/models.hpp>
#include <costexpr/model/registry.hpp>

#include <string_view>
#include <utility>
#include <variant>

namespace costexpr {

// Compile-time errors carry what is wrong in the name of a type, so that every compiler prints it in its first line.

/// A config that cannot be read in constant evaluation: the code of its first problem, and the key.
template <errc Code, fixed_string Key>
struct config_error {
    static constexpr bool ok = false;
};
/// A name that no embedded config has.
template <fixed_string Name>
struct unknown_name {
    static constexpr bool ok = false;
};
template <class Error>
struct rejected {
    static_assert(Error::ok, "costexpr: this config cannot be read; the type above names the problem and the key. Use costexpr::read_model at run time for all of them");
};
template <class Error>
struct unknown_model {
    static_assert(Error::ok, "costexpr: no embedded model has this name; `costexpr models` lists them, costexpr::read_model reads a config.json of your own");
};

namespace detail {

/// The embedded entry of this name, or the number of entries.
template <std::size_t N>
constexpr std::size_t find_entry(embedded::entry const (&entries)[N], std::size_t size, std::string_view name) {
    for (std::size_t i = 0; i != size; ++i)
        if (entries[i].name == name) return i;
    return size;
}

/// The known<F> of what `Source` reads: a type with a static constexpr result.
template <class Source>
consteval auto make_known() {
    constexpr auto const& read = Source::read;
    if constexpr (read.has_value()) {
        using F = std::variant_alternative_t<read->text.index(), decltype(read->text)>;
        return known<F>{std::get<F>(read->text), read->config};
    } else {
        constexpr problem why = read.error().front();
        (void)rejected<config_error<why.code, fixed_string<why.key.size() + 1>(why.key)>>{};
        return 0;
    }
}

template <std::size_t Index, class Registry>
struct embedded_config {
    static constexpr embedded::entry const& e = embedded::models[Index];
    static constexpr auto read =
        Registry::read({e.text, e.size}, e.quantization == nullptr ? std::string_view{} : std::string_view(e.quantization, e.quantization_size));
};
template <auto Text, class Registry>
struct given_config {
    static constexpr auto read = Registry::read(Text());
};

template <fixed_string Name, class Registry>
consteval auto named_model() {
    constexpr std::size_t index = find_entry(embedded::models, embedded::model_count, Name.view());
    if constexpr (index == embedded::model_count) {
        (void)unknown_model<unknown_name<Name>>{};
        return 0;
    } else {
        return make_known<embedded_config<index, Registry>>();
    }
}

}  // namespace detail

/// A model named at compile time: `constexpr auto qwen = costexpr::model<"Qwen/Qwen3-32B">;` is a known<F> of its family F.
/// An unknown name, or a config that cannot be read, is a compile error that says which.
template <fixed_string Name, class Registry = builtin>
inline constexpr auto model = detail::named_model<Name, Registry>();

/// A config of one's own, read in constant evaluation: `costexpr::known_model<[] { return std::string_view(R"({...})"); }>`.
template <auto Text, class Registry = builtin>
inline constexpr auto known_model = detail::make_known<detail::given_config<Text, Registry>>();

}  // namespace costexpr
