// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace costexpr::embedded {

/// A JSON text in the library and its name; a model's quantization file where it has one, else null.
struct entry {
    std::string_view name;
    char const* text;
    std::uint32_t size;
    char const* quantization;
    std::uint32_t quantization_size;

    [[nodiscard]] constexpr std::string_view config() const { return {text, size}; }
    /// Empty where the model has none.
    [[nodiscard]] constexpr std::string_view hf_quant_config() const { return quantization != nullptr ? std::string_view(quantization, quantization_size) : std::string_view(); }
};

/// Where the entry of this name stands in a list; `absent` where there is none.
inline constexpr std::size_t absent = static_cast<std::size_t>(-1);
template <std::size_t N>
[[nodiscard]] constexpr std::size_t index_of(entry const (&list)[N], std::string_view name) {
    for (std::size_t i = 0; i != N; ++i)
        if (list[i].text != nullptr && list[i].name == name) return i;
    return absent;
}
/// Its text; empty where there is none.
template <std::size_t N>
[[nodiscard]] constexpr std::string_view text_of(entry const (&list)[N], std::string_view name) {
    std::size_t const i = index_of(list, name);
    return i == absent ? std::string_view() : list[i].config();
}

}  // namespace costexpr::embedded
