// SPDX-License-Identifier: BSL-1.0
#pragma once

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

}  // namespace costexpr::embedded
