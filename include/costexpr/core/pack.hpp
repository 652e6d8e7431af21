// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/core/number.hpp>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>

// A number type that is several numbers at once, for machines that compute on vectors: what a sweep is evaluated in (cost/sweep.hpp).

namespace costexpr {

namespace detail {

/// Bytes of a vector register of the machine that is compiled for. Part of the type's name: units of other flags have another type.
#if defined(__AVX512F__)
inline constexpr std::size_t register_bytes = 64;
#elif defined(__AVX__)
inline constexpr std::size_t register_bytes = 32;
#else
inline constexpr std::size_t register_bytes = 16;
#endif

template <std::size_t Bytes>
struct vector_of {
    typedef double number __attribute__((vector_size(Bytes)));
    typedef std::int64_t mask __attribute__((vector_size(Bytes)));  ///< of what a comparison gives: all bits of a lane, or none
    typedef std::uint64_t bits __attribute__((vector_size(Bytes)));
};

}  // namespace detail

/// Registers of values side by side, each operation on all of them; the same bits as one by one. Not for constant evaluation.
/// A comparison gives one answer a lane; where one answer is wanted for all (`if (tokens > T(0))`), it is that of any lane: what a step consists
/// of must be the same in all lanes, and sweep() sees to that.
template <std::size_t Registers = 2, std::size_t Bytes = detail::register_bytes>
struct pack {
    using vector = typename detail::vector_of<Bytes>::number;
    using mask_vector = typename detail::vector_of<Bytes>::mask;
    static constexpr std::size_t lanes_in_register = Bytes / sizeof(double);
    static constexpr std::size_t lanes = Registers * lanes_in_register;

    /// Which lanes something holds for. Its `and` and `or` are written as those of bool, so that one code serves both.
    struct mask {
        mask_vector held[Registers];

        COSTEXPR_INLINE friend mask operator&&(mask const& a, mask const& b) {
            return on_registers([&](std::size_t r) COSTEXPR_INLINE_LAMBDA { return a.held[r] & b.held[r]; });
        }
        COSTEXPR_INLINE friend mask operator||(mask const& a, mask const& b) {
            return on_registers([&](std::size_t r) COSTEXPR_INLINE_LAMBDA { return a.held[r] | b.held[r]; });
        }
        COSTEXPR_INLINE friend mask operator!(mask const& a) {
            return on_registers([&](std::size_t r) COSTEXPR_INLINE_LAMBDA { return ~a.held[r]; });
        }
        [[nodiscard]] COSTEXPR_INLINE friend bool any(mask const& m) {
            mask_vector all = m.held[0];
            for (std::size_t r = 1; r != Registers; ++r) all = all | m.held[r];
            std::int64_t sum = 0;
            for (std::size_t i = 0; i != lanes_in_register; ++i) sum |= all[i];
            return sum != 0;
        }
        [[nodiscard]] COSTEXPR_INLINE friend bool all(mask const& m) { return !any(!m); }
        COSTEXPR_INLINE explicit operator bool() const { return any(*this); }

        template <class F>
        COSTEXPR_INLINE static mask on_registers(F const& f) {
            return [&]<std::size_t... R>(std::index_sequence<R...>) COSTEXPR_INLINE_LAMBDA { return mask{{f(R)...}}; }(std::make_index_sequence<Registers>{});
        }
    };

    vector value[Registers];

    COSTEXPR_INLINE pack() : pack(0.0) {}
    template <arithmetic Number>
    COSTEXPR_INLINE explicit pack(Number every) : pack(each([&](std::size_t) COSTEXPR_INLINE_LAMBDA { return vector{} + static_cast<double>(every); })) {}

    /// The first `lanes` numbers of an array.
    [[nodiscard]] COSTEXPR_INLINE static pack load(double const* from) {
        pack p;
        std::memcpy(p.value, from, sizeof p.value);
        return p;
    }
    COSTEXPR_INLINE void store(double* to) const { std::memcpy(to, value, sizeof value); }

    COSTEXPR_INLINE friend pack operator+(pack const& a, pack const& b) {
        return each([&](std::size_t r) COSTEXPR_INLINE_LAMBDA { return a.value[r] + b.value[r]; });
    }
    COSTEXPR_INLINE friend pack operator-(pack const& a, pack const& b) {
        return each([&](std::size_t r) COSTEXPR_INLINE_LAMBDA { return a.value[r] - b.value[r]; });
    }
    COSTEXPR_INLINE friend pack operator*(pack const& a, pack const& b) {
        return each([&](std::size_t r) COSTEXPR_INLINE_LAMBDA { return a.value[r] * b.value[r]; });
    }
    COSTEXPR_INLINE friend pack operator/(pack const& a, pack const& b) {
        return each([&](std::size_t r) COSTEXPR_INLINE_LAMBDA { return a.value[r] / b.value[r]; });
    }
    COSTEXPR_INLINE friend mask operator<(pack const& a, pack const& b) {
        return mask::on_registers([&](std::size_t r) COSTEXPR_INLINE_LAMBDA { return mask_vector(a.value[r] < b.value[r]); });
    }
    COSTEXPR_INLINE friend mask operator>(pack const& a, pack const& b) { return b < a; }
    COSTEXPR_INLINE friend pack select(mask const& m, pack const& a, pack const& b) {
        return each([&](std::size_t r) COSTEXPR_INLINE_LAMBDA { return m.held[r] ? a.value[r] : b.value[r]; });
    }
    COSTEXPR_INLINE friend pack max(pack const& a, pack const& b) {
        return each([&](std::size_t r) COSTEXPR_INLINE_LAMBDA { return a.value[r] < b.value[r] ? b.value[r] : a.value[r]; });
    }
    COSTEXPR_INLINE friend pack min(pack const& a, pack const& b) {
        return each([&](std::size_t r) COSTEXPR_INLINE_LAMBDA { return b.value[r] < a.value[r] ? b.value[r] : a.value[r]; });
    }
    COSTEXPR_INLINE friend pack whole_part(pack const& x) {
        return each([&](std::size_t r) COSTEXPR_INLINE_LAMBDA { return whole(x.value[r]); });
    }
    COSTEXPR_INLINE friend pack square_root(pack const& x) {
        return each([&](std::size_t r) COSTEXPR_INLINE_LAMBDA {
            vector const positive = x.value[r] > 0.0 ? x.value[r] : vector{};
            vector root;
            for (std::size_t i = 0; i != lanes_in_register; ++i) root[i] = __builtin_sqrt(positive[i]);
            return root;
        });
    }
    /// The steps of costexpr::exp_of_negative(double).
    COSTEXPR_INLINE friend pack exp_of_negative(pack const& x) {
        return each([&](std::size_t r) COSTEXPR_INLINE_LAMBDA { return exponential(x.value[r]); });
    }

  private:
    // Written out and not looped over: g++ keeps arrays that a loop goes through in memory.
    template <class F>
    COSTEXPR_INLINE static pack each(F const& f) {
        return [&]<std::size_t... R>(std::index_sequence<R...>) COSTEXPR_INLINE_LAMBDA { return pack(std::in_place, f(R)...); }(std::make_index_sequence<Registers>{});
    }
    template <class... V>
    COSTEXPR_INLINE explicit pack(std::in_place_t, V const&... v) : value{v...} {}

    /// x >= 0 without its fraction. Adding 2^52 leaves no room for one; from there on there is none.
    COSTEXPR_INLINE static vector whole(vector const& x) {
        vector const near = (x + 0x1p52) - 0x1p52;
        vector const below = near > x ? near - 1.0 : near;
        return x < 0x1p52 ? below : x;
    }
    COSTEXPR_INLINE static vector exponential(vector const& x) {
        using bits = typename detail::vector_of<Bytes>::bits;
        vector const n = -whole(0.5 - x * exp_terms::per_ln2);
        vector const r = (x - n * exp_terms::ln2_high) - n * exp_terms::ln2_low;
        vector const r2 = r * r;
        vector p = vector{} + exp_terms::even[0];
        vector q = vector{} + exp_terms::odd[0];
        for (std::size_t i = 1; i != exp_terms::even.size(); ++i) p = p * r2 + exp_terms::even[i], q = q * r2 + exp_terms::odd[i];
        // 2^n: n + 1023 in the last bits of a number near 2^52, moved to the exponent
        vector const shifted = n + (0x1p52 + 1023);
        bits const exponent = std::bit_cast<bits>(shifted) << 52;
        vector const e = (1.0 + (r + r2 * (p + r * q))) * std::bit_cast<vector>(exponent);
        return x > -708.0 ? e : vector{};
    }
};

}  // namespace costexpr
