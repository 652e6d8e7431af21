// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/core/math.hpp>
#include <costexpr/core/result.hpp>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>

// Exact conversion of decimal numbers, with the same bits in constant evaluation and at run time: a number as configs hold them takes
// one exact multiplication or division of doubles, any other one division of big integers. Whatever the text says, time and space are
// bounded by its length and by a constant.

namespace costexpr::json {

namespace detail {

/// A number read as ±0.ddd… × 10^point, with its first 19 significant digits as an integer.
struct decimal {
    bool negative = false;
    std::uint64_t digits = 0;  ///< the first significant digits, without zeros at the end
    count taken = 0;           ///< how many are in `digits`
    count significant = 0;     ///< how many there are, from the first to the last other than zero; 0: the number is zero
    count point = 0;           ///< where the decimal point stands, counted from the first significant digit
};

/// The exponent behind the `e`, capped where no text can be long enough to make up for it.
[[nodiscard]] constexpr count read_exponent(std::string_view digits) {
    constexpr count cap = count{1} << 56;
    bool const negative = digits.front() == '-';
    if (negative || digits.front() == '+') digits.remove_prefix(1);
    count exponent = 0;
    for (char const c : digits)
        if (exponent < cap) exponent = exponent * 10 + (c - '0');
    return negative ? -exponent : exponent;
}

[[nodiscard]] constexpr decimal read_decimal(std::string_view number) {
    constexpr count most = 19;  // so many digits fit into 64 bits
    decimal read;
    count exponent = 0;
    count seen = 0;  // digits
    count first = 0;
    count before_point = -1;
    for (std::size_t at = 0; at != number.size(); ++at) {
        char const c = number[at];
        if (c == '-') {
            read.negative = true;
        } else if (c == '.') {
            before_point = seen;
        } else if (c == 'e' || c == 'E') {
            exponent = read_exponent(number.substr(at + 1));
            break;
        } else {
            if (c != '0') {
                if (read.significant == 0) first = seen;
                read.significant = seen - first + 1;
            }
            if (read.significant != 0 && read.taken != most) {
                read.digits = read.digits * 10 + static_cast<std::uint64_t>(c - '0');
                ++read.taken;
            }
            ++seen;
        }
    }
    for (; read.taken > read.significant; --read.taken) read.digits /= 10;
    read.point = (before_point < 0 ? seen : before_point) - first + exponent;
    return read;
}

/// A natural number of fixed capacity: 780 decimal digits or 5^1103, and what it takes to divide them by each other.
struct big {
    static constexpr int capacity = 84;
    std::uint32_t limb[capacity]{};
    int size = 0;

    constexpr big() = default;
    constexpr explicit big(std::uint64_t value)
        : limb{static_cast<std::uint32_t>(value), static_cast<std::uint32_t>(value >> 32)} {
        size = limb[1] != 0 ? 2 : limb[0] != 0 ? 1 : 0;
    }

    constexpr void multiply_add(std::uint32_t factor, std::uint32_t summand) {
        std::uint64_t carry = summand;
        for (int i = 0; i != size; ++i) {
            carry += std::uint64_t{limb[i]} * factor;
            limb[i] = static_cast<std::uint32_t>(carry);
            carry >>= 32;
        }
        if (carry != 0) limb[size++] = static_cast<std::uint32_t>(carry);
    }

    constexpr void multiply_by_power_of_5(count exponent) {
        constexpr count step = 13;  // 5^13 is the largest power that fits into a limb
        for (; exponent >= step; exponent -= step) multiply_add(1'220'703'125, 0);
        std::uint32_t rest = 1;
        for (; exponent > 0; --exponent) rest *= 5;
        multiply_add(rest, 0);
    }

    [[nodiscard]] constexpr int bits() const { return 32 * size - std::countl_zero(limb[size - 1]); }

    constexpr void shift_left(int by) {
        int const limbs = by / 32;
        int const rest = by % 32;
        for (int i = size; i >= 0; --i) {
            std::uint64_t const high = i == size ? 0 : limb[i];
            std::uint64_t const low = i == 0 ? 0 : limb[i - 1];
            limb[i + limbs] = static_cast<std::uint32_t>((high << 32 | low) << rest >> 32);
        }
        for (int i = 0; i != limbs; ++i) limb[i] = 0;
        size += limbs + 1;
        while (limb[size - 1] == 0) --size;
    }
};

/// A quotient's upper bits: quotient × 2^exponent, and whether that is short of the whole.
struct scaled {
    std::uint64_t quotient = 0;  ///< at least 2^62
    count exponent = 0;
    bool inexact = false;
};

/// Takes `divisor` × `digit` × 2^(32 × place) off, and returns the digit that was right: `digit`, or one less.
[[nodiscard]] constexpr std::uint64_t subtract_multiple(big& from, big const& divisor, std::uint64_t digit, int place) {
    std::uint64_t carry = 0;
    std::uint64_t borrow = 0;
    int const n = divisor.size;
    for (int i = 0; i != n; ++i) {
        carry += digit * divisor.limb[i];
        std::uint64_t const difference = from.limb[place + i] - (carry & 0xFFFF'FFFF) - borrow;
        from.limb[place + i] = static_cast<std::uint32_t>(difference);
        borrow = difference >> 63;
        carry >>= 32;
    }
    std::uint64_t const top = from.limb[place + n] - carry - borrow;
    from.limb[place + n] = static_cast<std::uint32_t>(top);
    if (top >> 63 == 0) return digit;
    carry = 0;
    for (int i = 0; i != n; ++i) {
        carry += std::uint64_t{from.limb[place + i]} + divisor.limb[i];
        from.limb[place + i] = static_cast<std::uint32_t>(carry);
        carry >>= 32;
    }
    from.limb[place + n] += static_cast<std::uint32_t>(carry);
    return digit - 1;
}

/// Divides by the schoolbook (Knuth's algorithm D), both numbers shifted so that the quotient has two limbs and 63 or 64 bits.
[[nodiscard]] constexpr scaled divide(big dividend, big divisor) {
    int const n = max(max(2, divisor.size), (dividend.bits() - 63 + 31) / 32);
    int const up = 32 * n + 63 - dividend.bits();
    int const down = 32 * n - divisor.bits();
    dividend.shift_left(up);
    divisor.shift_left(down);

    scaled result{0, down - up, false};
    std::uint64_t const first = divisor.limb[n - 1];
    std::uint64_t const second = divisor.limb[n - 2];
    for (int place = 1; place >= 0; --place) {
        std::uint64_t const upper = std::uint64_t{dividend.limb[place + n]} << 32 | dividend.limb[place + n - 1];
        std::uint64_t digit = upper / first;
        std::uint64_t rest = upper % first;
        while (digit >> 32 != 0 || digit * second > (rest << 32 | dividend.limb[place + n - 2])) {
            --digit;
            rest += first;
            if (rest >> 32 != 0) break;
        }
        result.quotient = result.quotient << 32 | subtract_multiple(dividend, divisor, digit, place);
    }
    for (int i = 0; i != n; ++i) result.inexact = result.inexact || dividend.limb[i] != 0;
    return result;
}

/// Rounds to the nearest double, ties to even, into the bits of a positive double; the bits of infinity where it is too large.
[[nodiscard]] constexpr std::uint64_t round_to_double(scaled value) {
    if (value.quotient >> 63 == 0) {
        value.quotient <<= 1;
        --value.exponent;
    }
    constexpr std::uint64_t infinity = 0x7FF0'0000'0000'0000;
    count const biased = value.exponent + 63 + 1023;
    if (biased >= 2047) return infinity;
    // Bits that a double has no place for: 64 - 53, and more of them below the normal range.
    count const excess = biased > 0 ? 11 : 12 - biased;
    if (excess > 64) return 0;
    std::uint64_t const kept = excess == 64 ? 0 : value.quotient >> excess;
    std::uint64_t const lost = excess == 64 ? value.quotient : value.quotient & ((std::uint64_t{1} << excess) - 1);
    std::uint64_t const half = std::uint64_t{1} << (excess - 1);
    bool const up = lost > half || (lost == half && (value.inexact || (kept & 1) != 0));
    // The leading bit of `kept` counts as one step of the exponent, and a carry into it as another.
    return (static_cast<std::uint64_t>(max(biased, count{1}) - 1) << 52) + kept + (up ? 1 : 0);
}

/// The digits of the number as one integer, all of them or the first 780: no two doubles have a middle with more.
[[nodiscard]] constexpr big read_big(std::string_view number, decimal const& read, count& digits) {
    if (read.taken == read.significant) {
        digits = read.taken;
        return big(read.digits);
    }
    big result;
    digits = min(read.significant, count{780});
    count left = digits;
    for (std::size_t at = 0; left != 0; ++at) {
        char const c = number[at];
        bool const digit = c >= '0' && c <= '9';
        if (!digit || (c == '0' && left == digits && result.size == 0)) continue;
        result.multiply_add(10, static_cast<std::uint32_t>(c - '0'));
        --left;
    }
    return result;
}

inline constexpr double power_of_10[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                         1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/// The bits of the double nearest to a number other than zero, its sign left out.
[[nodiscard]] constexpr std::uint64_t nearest_double(std::string_view number, decimal const& read) {
    if (read.point > 309) return 0x7FF0'0000'0000'0000;  // 1e309 and more
    if (read.point < -323) return 0;                     // below 1e-324, less than half of the smallest double
    count digits = 0;
    big dividend = read_big(number, read, digits);
    big divisor(1);
    count const exponent = read.point - digits;
    (exponent < 0 ? divisor : dividend).multiply_by_power_of_5(exponent < 0 ? -exponent : exponent);
    scaled value = divide(dividend, divisor);
    value.exponent += exponent;  // 10^e = 5^e × 2^e
    value.inexact = value.inexact || digits != read.significant;
    return round_to_double(value);
}

[[nodiscard]] constexpr bool is_nonfinite(std::string_view number) {
    char const last = number.back();  // of NaN or Infinity
    return last == 'N' || last == 'y';
}

}  // namespace detail

/// The double nearest to a JSON number (ties to even, subnormals, the sign of zero), or what NaN, Infinity and -Infinity name.
/// The token must be one that the reader passed. Error: number_out_of_range where the nearest double is infinite.
[[nodiscard]] constexpr errc to_double(std::string_view number, double& out) {
    if (detail::is_nonfinite(number)) {
        out = number.front() == 'N'   ? std::numeric_limits<double>::quiet_NaN()
              : number.front() == 'I' ? std::numeric_limits<double>::infinity()
                                      : -std::numeric_limits<double>::infinity();
        return errc::none;
    }
    detail::decimal const read = detail::read_decimal(number);
    count const exponent = read.point - read.taken;
    double value = 0;
    if (read.significant == read.taken && read.digits <= std::uint64_t{1} << 53 && exponent >= -22 && exponent <= 22) {
        // Both factors are exact doubles, so there is just the one rounding of the operation.
        value = static_cast<double>(read.digits);
        value = exponent < 0 ? value / detail::power_of_10[-exponent] : value * detail::power_of_10[exponent];
    } else if (read.significant != 0) {
        value = std::bit_cast<double>(detail::nearest_double(number, read));
        if (value > std::numeric_limits<double>::max()) return errc::number_out_of_range;
    }
    out = read.negative ? -value : value;
    return errc::none;
}

/// The integer that a JSON number is, however it is written: 12, 1.0, 1e6, 10000000.0.
/// The token must be one that the reader passed. Errors: not_an_integer; out_of_range where it does not fit 64 bits.
[[nodiscard]] constexpr errc to_integer(std::string_view number, count& out) {
    if (detail::is_nonfinite(number)) return errc::not_an_integer;
    detail::decimal const read = detail::read_decimal(number);
    if (read.significant == 0) {
        out = 0;
        return errc::none;
    }
    if (read.point < read.significant) return errc::not_an_integer;
    if (read.point > 19) return errc::out_of_range;
    std::uint64_t value = read.digits;
    for (count i = read.taken; i != read.point; ++i) value *= 10;
    std::uint64_t const largest = (std::uint64_t{1} << 63) - (read.negative ? 0 : 1);
    if (value > largest) return errc::out_of_range;
    out = static_cast<count>(read.negative ? 0 - value : value);
    return errc::none;
}

}  // namespace costexpr::json
