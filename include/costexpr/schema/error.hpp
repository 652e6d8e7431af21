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

/// Writes one character as it may be printed: a control character or a byte that is no UTF-8 by its number.
template <std::size_t N>
constexpr std::size_t write_character(text_buffer<N>& m, std::string_view text, std::size_t offset) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    auto const byte = static_cast<unsigned char>(text[offset]);
    std::size_t length = byte < ' ' || byte == 0x7F ? 0 : byte < 0x80 ? 1 : json::detail::utf8_length(text.data() + offset, text.data() + text.size());
    if (length == 0) {
        m << "<byte 0x" << digits.substr(byte / 16, 1) << digits.substr(byte % 16, 1) << ">";
        return 1;
    }
    m << text.substr(offset, length);
    return length;
}

/// Writes the character that should not be there.
template <std::size_t N>
constexpr void write_stray(text_buffer<N>& m, std::string_view text, std::size_t offset) {
    if (offset >= text.size()) {
        m << "the end of the text";
        return;
    }
    auto const byte = static_cast<unsigned char>(text[offset]);
    std::string_view const quote = byte <= ' ' || byte >= 0x7F ? "" : byte == '\'' ? "\"" : "'";
    m << quote;
    write_character(m, text, offset);
    m << quote;
}

/// Writes the escape at a backslash: \x, or \u with what follows of its digits.
template <std::size_t N>
constexpr void write_escape(text_buffer<N>& m, std::string_view text, std::size_t offset) {
    std::size_t const most = offset + 1 < text.size() && text[offset + 1] == 'u' ? 6 : 2;
    std::size_t at = offset;
    for (std::size_t i = 0; i != most && at < text.size() && (i < 2 || text[at] != '"'); ++i) at += write_character(m, text, at);
}

/// Writes the value at an offset: a list or an object by its kind, anything else as it stands there, cut after 40 characters.
template <std::size_t N>
constexpr void write_value(text_buffer<N>& m, std::string_view text, std::size_t offset) {
    constexpr int most = 40;
    if (offset >= text.size()) {
        m << "nothing";
        return;
    }
    char const first = text[offset];
    if (first == '[' || first == '{') {
        std::size_t const next = static_cast<std::size_t>(json::detail::skip_space(text.data() + offset + 1, text.data() + text.size()) - text.data());
        bool const empty = next < text.size() && text[next] == (first == '[' ? ']' : '}');
        m << (empty ? "an empty " : first == '[' ? "a " : "an ") << (first == '[' ? "list" : "object");
        return;
    }
    std::size_t at = offset;
    for (int written = 0; at < text.size(); ++written) {
        char const c = text[at];
        bool const ends = first == '"' ? at != offset && c == '"' : json::detail::bytes.space[static_cast<unsigned char>(c)] || c == ',' || c == '}' || c == ']';
        if (ends) {
            if (first == '"') m << "\"";
            return;
        }
        if (written == most) {
            m << "...";
            return;
        }
        bool const escape = c == '\\' && at + 1 < text.size();
        at += write_character(m, text, at);
        if (escape) at += write_character(m, text, at);
    }
}

/// What is wrong with a text that is not JSON.
constexpr std::string_view syntax(errc code) {
    switch (code) {
        case errc::unexpected_end: return "the text ends too early";
        case errc::unexpected_character: return "this is not JSON";
        case errc::trailing_content: return "there is more text behind the end of the object";
        case errc::byte_order_mark: return "the text begins with a byte order mark";
        case errc::control_character: return "a string holds a control character";
        case errc::invalid_escape: return "a string holds an escape that JSON does not have";
        case errc::invalid_utf8: return "a string holds a byte that is not UTF-8";
        case errc::lone_surrogate: return "a string holds half of a surrogate pair";
        case errc::invalid_number: return "a number is not written as JSON has it";
        case errc::nonfinite_number: return "a number is not finite";
        case errc::depth_exceeded: return "lists and objects are nested too deep";
        default: return "this is not JSON";
    }
}

}  // namespace detail

/// Says a problem in words: what is wrong, what was expected and found, and where in the text (line, column, JSON pointer).
/// In a hint, # stands for the figure that was expected.
[[nodiscard]] constexpr diagnosis describe(problem const& p, std::string_view text) {
    diagnosis d{.code = p.code, .at = json::locate(text, p.offset)};
    char pointer[256]{};
    d.pointer << std::string_view(pointer, json::pointer(text, p.offset, pointer, sizeof pointer));
    auto& m = d.message;
    auto const key = [&](std::string_view s) { m << "\"" << p.key << "\"" << s; };
    auto const expected = [&] {
        m << " (expected ";
        for (std::size_t i = 0; i != p.hint.size(); ++i)
            if (p.hint[i] == '#')
                m << p.expected;
            else
                m << p.hint.substr(i, 1);
        m << ", found ";
    };
    auto const found = [&] {
        detail::write_value(m, text, p.offset);
        m << ")";
    };
    switch (p.code) {
        case errc::missing_key:
        case errc::missing_architecture:
            d.pointer << "/";
            for (std::size_t i = 0; i != p.key.size(); ++i) d.pointer << (p.key[i] == '.' ? std::string_view("/") : p.key.substr(i, 1));
            m << "the key ";
            key(" is missing");
            expected();
            m << "nothing)";
            break;
        case errc::not_an_object:
            m << "the text is not an object";
            expected();
            found();
            break;
        case errc::wrong_type:
        case errc::not_an_integer:
        case errc::number_out_of_range:
            if (p.key.empty())
                m << "a value has the wrong type";
            else
                key(p.code == errc::wrong_type ? " has the wrong type" : p.code == errc::not_an_integer ? " is not an integer" : " is out of range");
            expected();
            found();
            break;
        case errc::unknown_name:
            key(p.found != 0 ? " has a letter that is not known" : " has an entry that is not known");
            expected();
            if (p.found != 0) {
                detail::write_stray(m, text, p.offset);
                m << ")";
            } else {
                found();
            }
            break;
        case errc::out_of_range:
            key(" is out of range");
            if (!p.hint.empty())
                expected();
            else
                m << " (expected at " << (p.found < p.expected ? "least " : "most ") << p.expected << ", found ";
            if (text.empty())
                m << p.found << ")";
            else
                found();
            break;
        case errc::duplicate_key:
            m << "the key ";
            key(" stands twice in one object (expected once, found before in line ");
            m << json::locate(text, static_cast<std::size_t>(p.expected)).line << ")";
            break;
        case errc::list_too_long:
            key(" has too many entries");
            m << " (expected at most " << p.expected << ", found more)";
            break;
        case errc::not_divisible:
            key(" is not divisible by ");
            m << p.hint << " (expected a multiple of " << p.expected << ", found " << p.found << ")";
            break;
        case errc::length_mismatch:
            key(" has the wrong length");
            m << " (expected " << p.expected << (p.expected == 1 ? " entry" : " entries") << ", one per layer, found " << p.found << ")";
            break;
        case errc::contradiction:
            key(" contradicts another key");
            expected();
            m << p.found << ")";
            break;
        case errc::missing_inner_config:
            m << "a wrapper's decoder is missing";
            expected();
            m << "no such object, and no keys of a decoder beside the wrapper's own)";
            break;
        case errc::unknown_architecture:
            key(" names an architecture that is not known, and its keys describe no known layers");
            expected();
            found();
            break;
        case errc::illegal_layout:
            m << "the degree ";
            key(" is not possible");
            expected();
            m << p.found << ")";
            break;
        case errc::missing_math_rate:
            if (p.hint.empty())
                m << "the system has no rate \"" << p.key << "\"" << (p.key == "bytes_per_second" ? " for the links that the layout crosses" : "") << " (expected a positive rate, found none)";
            else
                m << "the device has no rate for " << p.hint << " arithmetic (expected \"" << p.hint << "\" in \"" << p.key << "\", found none); choose a dtype that it multiplies";
            break;
        case errc::too_large:
            m << "this is too large";
            expected();
            m << p.found << ")";
            break;
        case errc::empty_graph:
            m << "no layer of the model runs (expected at least one, found none)";
            break;
        case errc::byte_order_mark:
            m << detail::syntax(p.code) << " (expected '{', found the bytes EF BB BF)";
            break;
        case errc::depth_exceeded:
            m << detail::syntax(p.code) << " (expected at most " << p.expected << " levels, found more)";
            break;
        case errc::control_character:
            m << detail::syntax(p.code) << " (expected an escape such as \\n or \\u0000, found ";
            detail::write_stray(m, text, p.offset);
            m << ")";
            break;
        case errc::invalid_utf8:
            m << detail::syntax(p.code) << " (expected UTF-8, found ";
            detail::write_stray(m, text, p.offset);
            m << ")";
            break;
        case errc::invalid_escape:
        case errc::lone_surrogate:
            m << detail::syntax(p.code) << " (expected " << (p.code == errc::invalid_escape ? "one of \" \\ / b f n r t u and four digits behind the backslash" : "two escapes, a high one and a low one") << ", found ";
            detail::write_escape(m, text, p.offset);
            m << ")";
            break;
        case errc::nonfinite_number:
            m << detail::syntax(p.code);
            expected();
            found();
            break;
        default:
            m << detail::syntax(p.code);
            if (p.code == errc::invalid_number && p.offset < text.size() && json::detail::is_digit(text[p.offset]))
                m << " (expected no zero in front, found ";
            else
                expected();
            detail::write_stray(m, text, p.offset);
            m << ")";
    }
    return d;
}

}  // namespace costexpr
