// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/config.hpp>

#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace costexpr {

/// A list of types.
template <class... T>
struct types {
    static constexpr std::size_t size = sizeof...(T);
};

namespace detail {

template <class T>
struct type {};

// types<A, B> + type<C> is the list with C, once. The results are declared, not deduced: no body is compiled for them.
template <class... T, class U>
constexpr auto operator+(types<T...>, type<U>) -> std::conditional_t<(std::is_same_v<T, U> || ...), types<T...>, types<T..., U>> {
    return {};
}
template <class... T, class... U>
constexpr auto operator+(types<T...>, types<U...>) -> decltype((types<T...>{} + ... + type<U>{})) {
    return {};
}

template <class... T>
union stored {
    char nothing;
    constexpr stored() : nothing() {}
};
template <class Head, class... Tail>
union stored<Head, Tail...> {
    Head head;
    stored<Tail...> tail;

    constexpr stored() : tail() {}
    constexpr explicit stored(Head const& value) : head(value) {}
    template <class T>
    constexpr explicit stored(T const& value) : tail(value) {}

    // One comparison of the same number per type: compilers make a jump table of them. Four types a call, as every call that is inlined copies
    // all that was inlined into it. `This` is the union, const or not.
    template <class R, std::uint8_t Here = 0, class This, class F>
    COSTEXPR_INLINE static constexpr R visit(This& u, std::uint8_t index, F const& f) {
        constexpr std::size_t others = sizeof...(Tail);
        if constexpr (others > 0)
            if (index != Here) {
                if constexpr (others > 1)
                    if (index != Here + 1) {
                        if constexpr (others > 2)
                            if (index != Here + 2) {
                                if constexpr (others > 3)
                                    if (index != Here + 3) return std::remove_cvref_t<decltype(u.tail.tail.tail.tail)>::template visit<R, Here + 4>(u.tail.tail.tail.tail, index, f);
                                return f(u.tail.tail.tail.head);
                            }
                        return f(u.tail.tail.head);
                    }
                return f(u.tail.head);
            }
        return f(u.head);
    }
};

}  // namespace detail

/// One value of the types of a list. Unlike std::variant it can be assigned in constant evaluation on every supported compiler; all of its
/// types are trivially copyable.
template <class List>
class one_of;
template <class... T>
class one_of<types<T...>> {
    static_assert((std::is_trivially_copyable_v<T> && ...), "costexpr: ops are trivially copyable aggregates");

  public:
    constexpr one_of() = default;
    template <class U>
    constexpr explicit one_of(U const& value) : value_(value), index_(index_of<U>()) {}

    template <class U>
    static constexpr std::uint8_t index_of() {
        std::uint8_t i = 0;
        (void)((std::is_same_v<T, U> || (++i, false)) || ...);
        return i;
    }
    /// Calls f with the value; R is what it returns for every type.
    template <class R, class F>
    COSTEXPR_INLINE constexpr R visit(F const& f) const {
        return detail::stored<T...>::template visit<R>(value_, index_, f);
    }
    template <class R, class F>
    COSTEXPR_INLINE constexpr R visit(F const& f) {
        return detail::stored<T...>::template visit<R>(value_, index_, f);
    }

  private:
    detail::stored<T...> value_{};
    std::uint8_t index_ = 0;
};

}  // namespace costexpr
