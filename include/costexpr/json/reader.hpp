// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/config.hpp>
#include <costexpr/core/math.hpp>
#include <costexpr/core/result.hpp>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

// A strict reader of JSON (RFC 8259), the same in constant evaluation and at run time. It builds no tree: it walks the text, and a
// value that nobody asked for is validated just as strictly while it is passed over. Nothing allocates, nothing recurses, nothing
// throws; the first error stops the walk and is kept.

namespace costexpr::json {

/// What the next value is; `end` where no value begins, `nonfinite` for Python's NaN, Infinity and -Infinity.
enum class kind : std::uint8_t { end, object, array, string, number, boolean, null, nonfinite };

/// The deepest nesting that can be asked for; real configs nest seven deep.
inline constexpr int largest_depth = 64;

/// Where a reader departs from RFC 8259, and how deep it goes.
struct options {
    bool nonfinite = false;             ///< accept NaN, Infinity and -Infinity, which Python's json.dump writes
    bool skip_byte_order_mark = false;  ///< pass over a UTF-8 byte order mark at the start
    int depth = largest_depth;          ///< levels of lists and objects, at most largest_depth
    bool last_duplicate_wins = false;   ///< for the reader of fields: a key given twice is no error; the later value counts
};

/// A value's extent in the text, with its quotes or brackets.
struct value {
    json::kind kind = json::kind::end;
    std::uint32_t begin = 0;
    std::uint32_t end = 0;

    /// The value as it is written in the text it was found in.
    [[nodiscard]] constexpr std::string_view raw(std::string_view text) const { return {text.data() + begin, end - begin}; }
    friend constexpr bool operator==(value const&, value const&) = default;
};

/// The extent of a key or string between its quotes, and whether a backslash is in it.
struct string_token {
    std::uint32_t begin = 0;
    std::uint32_t end = 0;
    bool escaped = false;

    /// The content as it is written, escapes and all.
    [[nodiscard]] constexpr std::string_view raw(std::string_view text) const { return {text.data() + begin, end - begin}; }
    friend constexpr bool operator==(string_token const&, string_token const&) = default;
};

namespace detail {

[[nodiscard]] constexpr std::uint8_t byte(char c) { return static_cast<std::uint8_t>(c); }
[[nodiscard]] constexpr std::size_t distance(char const* from, char const* to) { return static_cast<std::size_t>(to - from); }

/// What each byte can begin, and whether it may stand in a string as it is.
struct byte_class {
    json::kind begins[256]{};
    bool space[256]{};
    bool plain[256]{};

    constexpr byte_class() {
        for (char const c : std::string_view("-0123456789")) begins[byte(c)] = kind::number;
        for (char const c : std::string_view("tf")) begins[byte(c)] = kind::boolean;
        for (char const c : std::string_view("NI")) begins[byte(c)] = kind::nonfinite;
        begins[byte('n')] = kind::null;
        begins[byte('"')] = kind::string;
        begins[byte('[')] = kind::array;
        begins[byte('{')] = kind::object;
        for (char const c : std::string_view(" \n\t\r")) space[byte(c)] = true;
        for (char c = ' '; c != '\x7F'; ++c) plain[byte(c)] = c != '"' && c != '\\';
        plain[0x7F] = true;
    }
};
inline constexpr byte_class bytes{};

/// Every character that may stand in a string as it is, as a C string.
struct plain_set {
    char of[128]{};

    constexpr plain_set() {
        std::size_t n = 0;
        for (int c = ' '; c != 0x80; ++c)
            if (bytes.plain[c]) of[n++] = static_cast<char>(c);
    }
};
inline constexpr plain_set plain_characters{};

// Compilers count the steps of constant evaluation and give up after so many (clang after a million), so no loop here goes byte by
// byte: clang can load eight at a time, as everyone does at run time, and g++ knows the length of a run in a literal.
#if defined(__clang__)
inline constexpr bool loads_in_constants = true;
#else
inline constexpr bool loads_in_constants = false;
#endif

/// Eight bytes, the first one lowest.
[[nodiscard]] COSTEXPR_INLINE constexpr std::uint64_t load8(char const* at) {
    char loaded[8];
    __builtin_memcpy(loaded, at, 8);
    if constexpr (std::endian::native == std::endian::big) return __builtin_bswap64(__builtin_bit_cast(std::uint64_t, loaded));
    return __builtin_bit_cast(std::uint64_t, loaded);
}
inline constexpr std::uint64_t ones = 0x0101'0101'0101'0101;
inline constexpr std::uint64_t blanks = ones * ' ';
inline constexpr std::uint64_t quotes = ones * '"';
inline constexpr std::uint64_t backslashes = ones * '\\';
inline constexpr std::uint64_t top_bits = ones * 0x80;

/// How many bytes at the front are in `set`, as far as g++ knows without looking at them one by one; elsewhere 0.
[[nodiscard]] COSTEXPR_INLINE constexpr std::size_t known_run([[maybe_unused]] char const* at, [[maybe_unused]] char const* end,
                                                              [[maybe_unused]] char const* set) {
#if !defined(__clang__)
    if (std::is_constant_evaluated()) {
        // The guard makes it safe: the length of what is not a literal does not fold.
        if (__builtin_constant_p(__builtin_strspn(at, set))) return min(__builtin_strspn(at, set), distance(at, end));
    }
#endif
    return 0;
}

/// The first byte that is not white space.
[[nodiscard]] COSTEXPR_INLINE constexpr char const* skip_space(char const* at, char const* end) {
    if (at == end || static_cast<std::uint8_t>(*at) > ' ') return at;
    if constexpr (!loads_in_constants) at += known_run(at, end, " \n\t\r");
    // Mostly a lone blank, or a newline and then blanks.
    if (at == end || !bytes.space[static_cast<std::uint8_t>(*at)]) return at;
    if (++at == end || static_cast<std::uint8_t>(*at) > ' ') return at;
    for (;; ++at) {
        while ((loads_in_constants || !std::is_constant_evaluated()) && end - at >= 8) {
            std::uint64_t const others = load8(at) ^ blanks;
            if (others != 0) {
                at += __builtin_ctzll(others) / 8;
                break;
            }
            at += 8;
        }
        if (at == end || !bytes.space[static_cast<std::uint8_t>(*at)]) return at;
    }
}

/// The first byte of a string's content that needs a look: quote, backslash, control character, or beyond ASCII.
[[nodiscard]] COSTEXPR_INLINE constexpr char const* skip_plain(char const* at, char const* end) {
    if constexpr (!loads_in_constants) at += known_run(at, end, plain_characters.of);
    while ((loads_in_constants || !std::is_constant_evaluated()) && end - at >= 8) {
        std::uint64_t const b = load8(at);
        // The top bit of a byte is set where it needs a look. A borrow can only come from such a byte, so the lowest is exact.
        std::uint64_t const looks = (b | (b - blanks) | ((b ^ quotes) - ones) | ((b ^ backslashes) - ones)) & top_bits;
        if (looks != 0) return at + __builtin_ctzll(looks) / 8;
        at += 8;
    }
    while (at != end && bytes.plain[static_cast<std::uint8_t>(*at)]) ++at;
    return at;
}

/// The length of the UTF-8 sequence at a byte beyond ASCII, or 0 where it is not one (overlong, surrogate, too large, cut short).
[[nodiscard]] constexpr std::size_t utf8_length(char const* at, char const* end) {
    std::uint8_t const lead = byte(*at);
    std::size_t const length = lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 0;
    if (length == 0 || distance(at, end) < length) return 0;
    std::uint8_t const second = byte(at[1]);
    std::uint8_t const low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    std::uint8_t const high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    if (second < low || second > high) return 0;
    for (std::size_t i = 2; i != length; ++i)
        if ((byte(at[i]) & 0xC0) != 0x80) return 0;
    return length;
}

/// The value of a hexadecimal digit, or -1.
[[nodiscard]] constexpr int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/// Reads the four digits after `\u`; on an error `at` stays where it went wrong.
[[nodiscard]] constexpr errc read_hex4(char const*& at, char const* end, std::uint32_t& unit) {
    unit = 0;
    for (int i = 0; i != 4; ++i, ++at) {
        if (at == end) return errc::unexpected_end;
        int const digit = hex_digit(*at);
        if (digit < 0) return errc::invalid_escape;
        unit = unit * 16 + static_cast<std::uint32_t>(digit);
    }
    return errc::none;
}

/// Reads an escape, a surrogate pair as one; `at` is on the backslash, then behind the escape, or on what is wrong.
[[nodiscard]] constexpr errc read_escape(char const*& at, char const* end, std::uint32_t& code_point) {
    char const* const backslash = at;
    if (++at == end) return errc::unexpected_end;
    switch (*at++) {
        case '"': code_point = '"'; return errc::none;
        case '\\': code_point = '\\'; return errc::none;
        case '/': code_point = '/'; return errc::none;
        case 'b': code_point = '\b'; return errc::none;
        case 'f': code_point = '\f'; return errc::none;
        case 'n': code_point = '\n'; return errc::none;
        case 'r': code_point = '\r'; return errc::none;
        case 't': code_point = '\t'; return errc::none;
        case 'u': break;
        default: at = backslash; return errc::invalid_escape;
    }
    if (errc const wrong = read_hex4(at, end, code_point); wrong != errc::none) {
        if (wrong == errc::invalid_escape) at = backslash;
        return wrong;
    }
    if (code_point < 0xD800 || code_point > 0xDFFF) return errc::none;

    // A high surrogate must be followed by an escaped low one.
    char const* const second = at;
    std::uint32_t low = 0;
    if (code_point < 0xDC00) {
        if (at == end) return errc::unexpected_end;
        if (*at == '\\') {
            if (++at == end) return errc::unexpected_end;
            if (*at == 'u') {
                ++at;
                if (errc const wrong = read_hex4(at, end, low); wrong != errc::none) {
                    if (wrong == errc::invalid_escape) at = second;
                    return wrong;
                }
            }
        }
    }
    if (low < 0xDC00 || low > 0xDFFF) {
        at = backslash;
        return errc::lone_surrogate;
    }
    code_point = 0x10000 + ((code_point - 0xD800) << 10) + (low - 0xDC00);
    return errc::none;
}

/// Passes over a string's content and its closing quote; `at` is behind the opening quote, then behind the string or on the error.
[[nodiscard]] COSTEXPR_INLINE constexpr errc read_string(char const*& at, char const* end, bool& escaped) {
    for (;;) {
        at = skip_plain(at, end);
        if (at == end) return errc::unexpected_end;
        if (*at == '"') {
            ++at;
            return errc::none;
        }
        if (*at == '\\') {
            escaped = true;
            std::uint32_t code_point = 0;
            if (errc const wrong = read_escape(at, end, code_point); wrong != errc::none) return wrong;
        } else if (byte(*at) < ' ') {
            return errc::control_character;
        } else {
            std::size_t const length = utf8_length(at, end);
            if (length == 0) return errc::invalid_utf8;
            at += length;
        }
    }
}

[[nodiscard]] COSTEXPR_INLINE constexpr bool is_digit(char c) { return static_cast<std::uint8_t>(c - '0') < 10; }

/// Passes over one digit or more.
[[nodiscard]] COSTEXPR_INLINE constexpr bool read_digits(char const*& at, char const* end) {
    char const* const first = at;
    while (at != end && is_digit(*at)) ++at;
    return at != first;
}

/// Passes over a number; on an error `at` is on the byte that does not belong.
[[nodiscard]] COSTEXPR_INLINE constexpr errc read_number(char const*& at, char const* end) {
    auto const broken = [&] { return at == end ? errc::unexpected_end : errc::invalid_number; };
    if (*at == '-') ++at;
    if (at != end && *at == '0') {
        ++at;
        if (at != end && is_digit(*at)) return errc::invalid_number;
    } else if (!read_digits(at, end)) {
        return broken();
    }
    if (at == end) return errc::none;
    if (*at == '.') {
        ++at;
        if (!read_digits(at, end)) return broken();
        if (at == end) return errc::none;
    }
    if (*at == 'e' || *at == 'E') {
        ++at;
        if (at != end && (*at == '+' || *at == '-')) ++at;
        if (!read_digits(at, end)) return broken();
    }
    return errc::none;
}

/// Passes over a word; on an error `at` is on the byte that differs.
[[nodiscard]] constexpr errc read_word(char const*& at, char const* end, std::string_view word) {
    for (std::size_t i = 0; i != word.size(); ++i, ++at) {
        if (at == end) return errc::unexpected_end;
        if (*at != word[i]) return errc::unexpected_character;
    }
    return errc::none;
}

/// A code point in UTF-8, or as many bytes as stand for one character in the text; no bytes where the text is broken.
struct utf8_character {
    char bytes[4]{};
    std::size_t length = 0;
};

[[nodiscard]] constexpr utf8_character to_utf8(std::uint32_t code_point) {
    auto const tail = [&](int shift) { return static_cast<char>(0x80 | ((code_point >> shift) & 0x3F)); };
    if (code_point < 0x80) return {{static_cast<char>(code_point)}, 1};
    if (code_point < 0x800) return {{static_cast<char>(0xC0 | (code_point >> 6)), tail(0)}, 2};
    if (code_point < 0x10000) return {{static_cast<char>(0xE0 | (code_point >> 12)), tail(6), tail(0)}, 3};
    return {{static_cast<char>(0xF0 | (code_point >> 18)), tail(12), tail(6), tail(0)}, 4};
}

/// Reads the next character of a string's content, an escape as what it stands for.
[[nodiscard]] constexpr utf8_character next_character(char const*& at, char const* end) {
    if (*at == '\\') {
        std::uint32_t code_point = 0;
        return read_escape(at, end, code_point) == errc::none ? to_utf8(code_point) : utf8_character{};
    }
    std::size_t const length = byte(*at) < 0x80 ? 1 : utf8_length(at, end);
    utf8_character character{{}, length};
    for (std::size_t i = 0; i != length; ++i) character.bytes[i] = *at++;
    return character;
}

[[nodiscard]] constexpr bool same_bytes(char const* a, char const* b, std::size_t size) {
#if defined(__clang__)
    return __builtin_memcmp(a, b, size) == 0;
#else
    if (!std::is_constant_evaluated()) return __builtin_memcmp(a, b, size) == 0;
    for (std::size_t i = 0; i != size; ++i)
        if (a[i] != b[i]) return false;
    return true;
#endif
}

}  // namespace detail

/// Walks a JSON text. Every function that reads returns false (or an empty value) once something is wrong, and error() says what.
///
/// A container is walked by enter_object() and next_member(), or enter_array() and next_element(), until these return false; after each
/// true the caller consumes exactly one value: skip() for any, read_string(), or another walk.
class reader {
  public:
    /// A reader of a whole text. Errors: byte_order_mark, and too_large for a text beyond 2^32 - 1 bytes.
    explicit constexpr reader(std::string_view text, options how = {})
        : reader(text.data(), text.data(), text.data() + text.size(), how) {
        constexpr std::size_t largest = 0xFFFF'FFFF;
        if (text.size() > largest) {
            fail(errc::too_large, begin_, "a text below 4 GiB", static_cast<count>(largest), static_cast<count>(text.size()));
        } else if (text.size() >= 3 && text[0] == '\xEF' && text[1] == '\xBB' && text[2] == '\xBF') {
            if (how.skip_byte_order_mark)
                cursor_ += 3;
            else
                fail(errc::byte_order_mark, begin_, "a text without a byte order mark");
        }
    }

    /// A reader of one value that was found in the text before; offsets are still those of the whole text.
    static constexpr reader inside(std::string_view text, value const& where, options how = {}) {
        return {text.data(), text.data() + where.begin, text.data() + where.end, how};
    }

    [[nodiscard]] constexpr bool ok() const { return error_.code == errc::none; }
    /// The first thing that is wrong; code none where nothing is.
    [[nodiscard]] constexpr problem const& error() const { return error_; }
    /// How far the text is read; where it is wrong once it is.
    [[nodiscard]] constexpr std::size_t offset() const { return detail::distance(begin_, cursor_); }

    /// What the next value is, judged by its first byte; `end` where none begins, and whatever reads it then says what is wrong.
    [[nodiscard]] constexpr kind next_kind() {
        cursor_ = detail::skip_space(cursor_, end_);
        return kind_at(cursor_);
    }

    /// Passes over '{'. Errors: not_an_object, depth_exceeded.
    constexpr bool enter_object() { return enter(kind::object, errc::not_an_object, "an object"); }

    /// True: a key and its ':' are read and the value is next. False: '}' is read, or something is wrong.
    constexpr bool next_member(string_token& key) {
        char const* at = detail::skip_space(cursor_, end_);
        if (at == end_) return fail_at(at, "a key or '}'");
        if (*at == '}') return leave(at);
        if (!fresh_) {
            if (*at != ',') return fail_at(at, "',' or '}'");
            at = detail::skip_space(at + 1, end_);
        }
        fresh_ = false;
        if (at == end_ || *at != '"') return fail_at(at, "a key");
        if (!string_at(at, key)) return false;
        at = detail::skip_space(at, end_);
        if (at == end_ || *at != ':') return fail_at(at, "':'");
        cursor_ = at + 1;
        return true;
    }

    /// Passes over '['. Errors: wrong_type, depth_exceeded.
    constexpr bool enter_array() { return enter(kind::array, errc::wrong_type, "a list"); }

    /// True: an element is next. False: ']' is read, or something is wrong.
    constexpr bool next_element() {
        char const* at = detail::skip_space(cursor_, end_);
        if (at == end_) return fail_at(at, "a value or ']'");
        if (*at == ']') return leave(at);
        if (!fresh_) {
            if (*at != ',') return fail_at(at, "',' or ']'");
            ++at;
        }
        fresh_ = false;
        cursor_ = at;
        return true;
    }

    /// Reads a string; its content is then compared by equals() or taken by decode(). Errors: wrong_type and those of a string.
    constexpr bool read_string(string_token& content) {
        kind const found = next_kind();
        char const* at = cursor_;
        if (found == kind::end) return fail_at(at, "a string");
        if (found != kind::string) return fail(errc::wrong_type, at, "a string");
        if (!string_at(at, content)) return false;
        cursor_ = at;
        return true;
    }

    /// Validates the next value, whatever it is, passes over it, and returns its extent; an empty one where it is wrong.
    constexpr value skip() {
        char const* const begin = detail::skip_space(cursor_, end_);
        char const* at = begin;
        if (!pass(at)) return {};
        cursor_ = at;
        return {kind_at(begin), offset_of(begin), offset_of(at)};
    }

    /// True when only white space is left. Errors: trailing_content.
    constexpr bool finish() {
        if (!ok()) return false;
        cursor_ = detail::skip_space(cursor_, end_);
        return cursor_ == end_ || fail(errc::trailing_content, cursor_, "the end of the text", 0, detail::byte(*cursor_));
    }

  private:
    constexpr reader(char const* begin, char const* cursor, char const* end, options how)
        : begin_(begin),
          cursor_(cursor),
          end_(end),
          depth_limit_(max(0, min(how.depth, largest_depth))),
          nonfinite_(how.nonfinite) {}

    [[nodiscard]] constexpr std::uint32_t offset_of(char const* at) const {
        return static_cast<std::uint32_t>(detail::distance(begin_, at));
    }

    // Keeps the first error and leaves nothing to read behind it, so that no reading function has to ask whether all is well.
    COSTEXPR_COLD constexpr bool fail(errc code, char const* at, std::string_view hint, count expected = 0, count found = 0) {
        if (ok()) error_ = {code, offset_of(at), {}, expected, found, hint};
        cursor_ = end_ = begin_ + error_.offset;
        return false;
    }
    // What stands at a byte is wrong: that byte, or that the text ends there.
    COSTEXPR_COLD constexpr bool fail_at(char const* at, std::string_view hint, errc code = errc::unexpected_character) {
        return at == end_ ? fail(errc::unexpected_end, at, hint) : fail(code, at, hint, 0, detail::byte(*at));
    }

    [[nodiscard]] constexpr kind kind_at(char const* at) const {
        if (at == end_) return kind::end;
        kind const begins = detail::bytes.begins[detail::byte(*at)];
        if (begins == kind::nonfinite) return nonfinite_ ? begins : kind::end;
        if (nonfinite_ && *at == '-' && end_ - at > 1 && at[1] == 'I') return kind::nonfinite;
        return begins;
    }

    constexpr bool enter(kind wanted, errc otherwise, std::string_view hint) {
        kind const found = next_kind();
        if (found == kind::end) return fail_at(cursor_, hint);
        if (found != wanted) return fail(otherwise, cursor_, hint);
        if (depth_ == depth_limit_) return too_deep(cursor_);
        ++depth_;
        ++cursor_;
        fresh_ = true;
        return true;
    }
    constexpr bool leave(char const* at) {
        --depth_;
        fresh_ = false;
        cursor_ = at + 1;
        return false;
    }
    constexpr bool too_deep(char const* at) {
        return fail(errc::depth_exceeded, at, "less nesting", depth_limit_, depth_limit_ + 1);
    }

    // `at` is on the opening quote.
    constexpr bool string_at(char const*& at, string_token& token) {
        token = {offset_of(++at), 0, false};
        if (errc const wrong = detail::read_string(at, end_, token.escaped); wrong != errc::none)
            return fail_at(at, "a string", wrong);
        token.end = offset_of(at - 1);
        return true;
    }

    constexpr bool pass_word(char const*& at, std::string_view word) {
        errc const wrong = detail::read_word(at, end_, word);
        return wrong == errc::none || fail_at(at, word, wrong);
    }

    // NaN, Infinity or -Infinity, where allowed; else the error says that it is one of these.
    COSTEXPR_COLD constexpr bool pass_nonfinite(char const*& at) {
        char const* const begin = at;
        std::string_view const word = *at == 'N' ? "NaN" : *at == 'I' ? "Infinity" : "-Infinity";
        if (errc const wrong = detail::read_word(at, end_, word); wrong != errc::none) {
            if (nonfinite_) return fail_at(at, word, wrong);
            return *begin == '-' ? fail_at(begin + 1, "a digit", errc::invalid_number) : fail_at(begin, "a value");
        }
        return nonfinite_ || fail(errc::nonfinite_number, begin, "a finite number");
    }

    // Passes over a value that is neither list nor object.
    COSTEXPR_INLINE constexpr bool pass_scalar(char const*& at) {
        using namespace std::string_view_literals;  // a length that constant evaluation need not count
        errc wrong = errc::none;
        switch (detail::bytes.begins[detail::byte(*at)]) {
            case kind::string: {
                bool escaped = false;
                wrong = detail::read_string(++at, end_, escaped);
                return wrong == errc::none || fail_at(at, "a string", wrong);
            }
            case kind::number:
                if (*at == '-' && end_ - at > 1 && at[1] == 'I') return pass_nonfinite(at);
                wrong = detail::read_number(at, end_);
                return wrong == errc::none || fail_at(at, "a digit", wrong);
            case kind::boolean: return pass_word(at, *at == 't' ? "true"sv : "false"sv);
            case kind::null: return pass_word(at, "null"sv);
            case kind::nonfinite: return pass_nonfinite(at);
            default: return fail_at(at, "a value");
        }
    }

    // The engine: passes over one value of any kind, with one bit per open container in place of recursion.
    constexpr bool pass(char const*& at) {
        std::uint64_t objects = 0;  // the lowest bit: the innermost open container is an object
        int const outside = depth_;
        int depth = depth_;
        for (;;) {
            if (depth != outside && (objects & 1) != 0 && !pass_key(at)) return false;
            if (at == end_) return fail_at(at, "a value");
            bool const object = *at == '{';
            if (object || *at == '[') {
                if (depth == depth_limit_) return too_deep(at);
                at = detail::skip_space(at + 1, end_);
                if (at == end_ || *at != (object ? '}' : ']')) {
                    ++depth;
                    objects = objects << 1 | static_cast<std::uint64_t>(object);
                    continue;
                }
                ++at;
            } else if (!pass_scalar(at)) {
                return false;
            }
            for (;;) {  // behind a value: close what closes, until a comma asks for the next one
                if (depth == outside) return true;
                bool const in_object = (objects & 1) != 0;
                at = detail::skip_space(at, end_);
                if (at != end_ && *at == ',') {
                    at = detail::skip_space(at + 1, end_);
                    break;
                }
                if (at == end_ || *at != (in_object ? '}' : ']')) return fail_at(at, in_object ? "',' or '}'" : "',' or ']'");
                ++at;
                --depth;
                objects >>= 1;
            }
        }
    }

    // Passes over a key, its ':' and the white space behind it.
    COSTEXPR_INLINE constexpr bool pass_key(char const*& at) {
        if (at == end_ || *at != '"') return fail_at(at, "a key");
        bool escaped = false;
        if (errc const wrong = detail::read_string(++at, end_, escaped); wrong != errc::none) return fail_at(at, "a key", wrong);
        at = detail::skip_space(at, end_);
        if (at == end_ || *at != ':') return fail_at(at, "':'");
        at = detail::skip_space(at + 1, end_);
        return true;
    }

    char const* begin_;
    char const* cursor_;
    char const* end_;
    int depth_limit_;
    int depth_ = 0;
    bool nonfinite_;
    bool fresh_ = false;  // a container was just entered: no comma stands before its first value
    problem error_{};
};

/// Whether the string's content, its escapes resolved, is `what`.
[[nodiscard]] constexpr bool equals(std::string_view text, string_token token, std::string_view what) {
    char const* at = text.data() + token.begin;
    char const* const end = text.data() + token.end;
    if (!token.escaped) return detail::distance(at, end) == what.size() && detail::same_bytes(at, what.data(), what.size());
    std::size_t matched = 0;
    while (at != end) {
        detail::utf8_character const character = detail::next_character(at, end);
        if (character.length == 0 || character.length > what.size() - matched) return false;
        if (!detail::same_bytes(character.bytes, what.data() + matched, character.length)) return false;
        matched += character.length;
    }
    return matched == what.size();
}

/// Writes the string's content in UTF-8, its escapes resolved; false where it does not fit, `length` being what did.
[[nodiscard]] constexpr bool decode(std::string_view text, string_token token, char* out, std::size_t capacity,
                                    std::size_t& length) {
    char const* at = text.data() + token.begin;
    char const* const end = text.data() + token.end;
    length = 0;
    while (at != end) {
        detail::utf8_character const character = detail::next_character(at, end);
        if (character.length == 0 || character.length > capacity - length) return false;
        for (std::size_t i = 0; i != character.length; ++i) out[length++] = character.bytes[i];
    }
    return true;
}

/// Whether a text is JSON: one value, with nothing but white space around it. The error is the first that there is.
[[nodiscard]] constexpr result<void> validate(std::string_view text, options how = {}) {
    reader in(text, how);
    in.skip();
    if (!in.finish()) return in.error();
    return {};
}

}  // namespace costexpr::json
