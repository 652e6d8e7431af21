// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <string_view>

namespace costexpr {

/// A string literal as a template argument: `model<"Qwen/Qwen3-32B">`.
template <std::size_t N>
struct fixed_string {
    char chars[N]{};

    constexpr fixed_string(char const (&text)[N]) {
        for (std::size_t i = 0; i != N; ++i) chars[i] = text[i];
    }
    constexpr explicit fixed_string(std::string_view text) {
        for (std::size_t i = 0; i != text.size() && i + 1 < N; ++i) chars[i] = text[i];
    }
    [[nodiscard]] constexpr std::string_view view() const { return {chars, N - 1}; }
    [[nodiscard]] static constexpr std::size_t size() { return N - 1; }
    friend constexpr bool operator==(fixed_string const&, fixed_string const&) = default;
};

}  // namespace costexpr
