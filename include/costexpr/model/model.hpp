// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/core/fixed_string.hpp>
#include <costexpr/embedded/models.hpp>
#include <costexpr/model/registry.hpp>

#include <string_view>
#include <utility>
#include <variant>

namespace costexpr {

// Compile-time errors carry what is wrong in the name of a type that is never defined: the first line of every compiler prints it.

/// A config that cannot be read in constant evaluation: the code of its first problem, and the key.
template <errc Code, fixed_string Key>
struct config_cannot_be_read;
/// A name that no embedded config has.
template <fixed_string Name>
struct no_embedded_model_is_named;

namespace detail {

/// The known<F> of what `Source` reads: a type with a static constexpr result.
template <class Source>
consteval auto make_known() {
    constexpr auto const& read = Source::read;
    if constexpr (read.has_value()) {
        using F = std::variant_alternative_t<read->text.index(), decltype(read->text)>;
        return known<F>{std::get<F>(read->text), read->config};
    } else {
        constexpr problem why = read.error().front();
        (void)sizeof(config_cannot_be_read<why.code, fixed_string<why.key.size() + 1>(why.key)>);
        static_assert(Source::read.has_value(),
                      "costexpr: this config cannot be read; the error above names the problem and the key, costexpr::read_model tells all of them at run time");
    }
}

template <std::size_t Index, class Registry>
struct embedded_config {
    static constexpr embedded::entry const& e = embedded::models[Index];
    static constexpr auto read = Registry::read(e.config(), e.hf_quant_config());
};
template <auto Text, class Registry>
struct given_config {
    static constexpr auto read = Registry::read(Text());
};

template <fixed_string Name, class Registry>
consteval auto named_model() {
    constexpr std::size_t index = embedded::index_of(embedded::models, Name.view());
    if constexpr (index == embedded::absent) {
        (void)sizeof(no_embedded_model_is_named<Name>);
        static_assert(index != embedded::absent,
                      "costexpr: no embedded model has this name; `costexpr models` lists them, costexpr::read_model reads a config.json of your own");
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
