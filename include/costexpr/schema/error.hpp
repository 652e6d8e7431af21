// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/core/result.hpp>
#include <costexpr/json/locate.hpp>

#include <cstddef>
#include <string_view>

namespace costexpr {

/// The spelling of a code in machine-readable output.
[[nodiscard]] constexpr std::string_view name(errc code) {
    switch (code) {
        case errc::none: return "none";
        case errc::unexpected_end: return "unexpected_end";
        case errc::unexpected_character: return "unexpected_character";
        case errc::trailing_content: return "trailing_content";
        case errc::byte_order_mark: return "byte_order_mark";
        case errc::control_character: return "control_character";
        case errc::invalid_escape: return "invalid_escape";
        case errc::invalid_utf8: return "invalid_utf8";
        case errc::lone_surrogate: return "lone_surrogate";
        case errc::invalid_number: return "invalid_number";
        case errc::number_out_of_range: return "number_out_of_range";
        case errc::nonfinite_number: return "nonfinite_number";
        case errc::depth_exceeded: return "depth_exceeded";
        case errc::not_an_object: return "not_an_object";
        case errc::wrong_type: return "wrong_type";
        case errc::not_an_integer: return "not_an_integer";
        case errc::out_of_range: return "out_of_range";
        case errc::duplicate_key: return "duplicate_key";
        case errc::missing_key: return "missing_key";
        case errc::list_too_long: return "list_too_long";
        case errc::unknown_name: return "unknown_name";
        case errc::not_divisible: return "not_divisible";
        case errc::length_mismatch: return "length_mismatch";
        case errc::contradiction: return "contradiction";
        case errc::too_large: return "too_large";
        case errc::unknown_architecture: return "unknown_architecture";
        case errc::missing_architecture: return "missing_architecture";
        case errc::missing_inner_config: return "missing_inner_config";
        case errc::unknown_model: return "unknown_model";
        case errc::unknown_system: return "unknown_system";
        case errc::illegal_layout: return "illegal_layout";
        case errc::missing_math_rate: return "missing_math_rate";
        case errc::empty_graph: return "empty_graph";
    }
    return "unknown";
}

/// A text of at most N characters that is put together in place; what does not fit is cut.
template <std::size_t N>
class text_buffer {
  public:
    constexpr text_buffer& operator<<(std::string_view s) {
        for (char c : s)
            if (length_ != N) chars_[length_++] = c;
        return *this;
    }
    constexpr text_buffer& operator<<(count n) {
        char digits[20]{};
        int used = 0;
        bool const negative = n < 0;
        do {
            count const digit = n % 10;
            digits[used++] = static_cast<char>('0' + (digit < 0 ? -digit : digit));
            n /= 10;
        } while (n != 0);
        if (negative) *this << "-";
        while (used != 0) *this << std::string_view(&digits[--used], 1);
        return *this;
    }
    [[nodiscard]] constexpr std::string_view view() const { return {chars_, length_}; }

  private:
    char chars_[N]{};
    std::size_t length_ = 0;
};

/// A problem in words, with its place in the text.
struct diagnosis {
    errc code = errc::none;
    json::location at{};
    text_buffer<256> pointer{};
    text_buffer<512> message{};  ///< what is wrong (expected X, found Y)
};

namespace detail {

/// What stands in the text at an offset, for a message: one token of at most 40 bytes.
constexpr std::string_view token_at(std::string_view text, std::size_t offset) {
    if (offset >= text.size()) return "the end of the text";
    std::size_t end = offset;
    bool const string = text[offset] == '"';
    while (end != text.size() && end - offset != 40) {
        char const c = text[end];
        if (c < ' ' || (!string && end != offset && (c == ',' || c == '}' || c == ']' || c == ':' || c == ' '))) break;
        ++end;
        if (string && c == '"' && end - offset > 1) break;
    }
    return text.substr(offset, end - offset);
}

}  // namespace detail

/// Says a problem in words: what is wrong, what was expected and found, and where in the text (line, column, JSON pointer).
[[nodiscard]] constexpr diagnosis describe(problem const& p, std::string_view text) {
    diagnosis d{.code = p.code, .at = json::locate(text, p.offset)};
    char pointer[256]{};
    d.pointer << std::string_view(pointer, json::pointer(text, p.offset, pointer, sizeof pointer));
    auto& m = d.message;
    std::string_view const token = detail::token_at(text, p.offset);
    auto const quoted = [&](std::string_view s) { m << "\"" << s << "\""; };
    auto const expected_found = [&](std::string_view expected, std::string_view found) { m << " (expected " << expected << ", found " << found << ")"; };
    switch (p.code) {
        case errc::missing_key:
        case errc::missing_architecture:
            d.pointer << "/" << p.key;
            m << "the key ";
            quoted(p.key);
            m << " is missing (expected " << p.hint << ", found nothing)";
            break;
        case errc::wrong_type:
        case errc::not_an_integer:
        case errc::number_out_of_range:
        case errc::nonfinite_number:
        case errc::unknown_name:
            if (p.key.empty()) {
                m << name(p.code);
            } else {
                quoted(p.key);
                m << (p.code == errc::wrong_type ? " has the wrong type" : p.code == errc::not_an_integer ? " is not an integer" : p.code == errc::unknown_name ? " has an entry that is not known" : " is out of range");
            }
            expected_found(p.hint.empty() ? "a finite number" : p.hint, token);
            break;
        case errc::out_of_range:
            quoted(p.key);
            if (!p.hint.empty()) {
                m << " is out of range";
                expected_found(p.hint, token);
            } else {
                m << " is out of range (expected at " << (p.found < p.expected ? "least " : "most ") << p.expected << ", found " << (p.found == 0 ? token : std::string_view{});
                if (p.found != 0) m << p.found;
                m << ")";
            }
            break;
        case errc::duplicate_key:
            m << "the key ";
            quoted(p.key);
            m << " stands twice in one object (expected once, found again after line " << json::locate(text, static_cast<std::size_t>(p.expected)).line << ")";
            break;
        case errc::list_too_long:
            quoted(p.key);
            m << " has too many entries (expected at most " << p.expected << ", found more)";
            break;
        case errc::not_divisible:
            quoted(p.key);
            m << " is not divisible by " << p.hint << " (expected a multiple of " << p.expected << ", found " << p.found << ")";
            break;
        case errc::length_mismatch:
            quoted(p.key);
            m << " has the wrong length (expected " << p.expected << " entries, one per layer, found " << p.found << ")";
            break;
        case errc::contradiction:
            quoted(p.key);
            m << " contradicts another key (expected " << p.hint << ", " << p.expected << ", found " << p.found << ")";
            break;
        case errc::unknown_architecture:
            m << "this architecture is not known and its keys describe no known layers";
            expected_found(p.hint, token);
            break;
        case errc::illegal_layout:
            m << "a degree is not possible: " << p.key << " = " << p.found << " (expected " << p.hint << " [" << p.expected << "], found " << p.found << ")";
            break;
        case errc::missing_math_rate:
            m << "the device has no rate for this arithmetic (expected " << p.hint << " in " << p.key << ", found none); choose a dtype that it multiplies";
            break;
        case errc::too_large:
            m << "the model is too large";
            expected_found(p.hint, "more");
            break;
        default:
            m << "not JSON: " << name(p.code);
            expected_found(p.hint.empty() ? "RFC 8259" : p.hint, token);
    }
    return d;
}

}  // namespace costexpr
