// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>

namespace costexpr {

/// A vector of at most `Capacity` elements, stored in place: no allocation, and a structural type when T is one.
template <class T, std::size_t Capacity>
struct inplace_vector {
    T items[Capacity]{};
    std::size_t length = 0;

    using value_type = T;
    [[nodiscard]] static constexpr std::size_t capacity() { return Capacity; }
    [[nodiscard]] constexpr std::size_t size() const { return length; }
    [[nodiscard]] constexpr bool empty() const { return length == 0; }
    [[nodiscard]] constexpr bool full() const { return length == Capacity; }
    [[nodiscard]] constexpr T const* data() const { return items; }
    [[nodiscard]] constexpr T const* begin() const { return items; }
    [[nodiscard]] constexpr T const* end() const { return items + length; }
    [[nodiscard]] constexpr T* begin() { return items; }
    [[nodiscard]] constexpr T* end() { return items + length; }
    [[nodiscard]] constexpr T const& operator[](std::size_t i) const { return items[i]; }
    [[nodiscard]] constexpr T& operator[](std::size_t i) { return items[i]; }

    /// Appends and says whether there was room.
    constexpr bool try_push_back(T const& value) {
        if (full()) return false;
        items[length++] = value;
        return true;
    }
    constexpr void clear() { length = 0; }

    friend constexpr bool operator==(inplace_vector const& a, inplace_vector const& b) {
        if (a.length != b.length) return false;
        for (std::size_t i = 0; i != a.length; ++i)
            if (!(a.items[i] == b.items[i])) return false;
        return true;
    }
};

}  // namespace costexpr
