// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/core/math.hpp>
#include <costexpr/json/reader.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

// Where an error is, for people. An error holds only a byte offset; its line and its place in the document are found by reading the
// text once more, which only those who print them pay for.

namespace costexpr::json {

/// A place in a text as editors count: from 1, the column in code points.
struct location {
    count line = 1;
    count column = 1;
    friend constexpr bool operator==(location const&, location const&) = default;
};

/// The line and column of a byte offset; those of the end for an offset beyond it.
[[nodiscard]] constexpr location locate(std::string_view text, std::size_t offset) {
    location where;
    for (char const c : text.substr(0, min(offset, text.size()))) {
        if (c == '\n')
            where = {where.line + 1, 1};
        else if ((detail::byte(c) & 0xC0) != 0x80)
            ++where.column;
    }
    return where;
}

namespace detail {

/// The members and elements that lead to a byte, found without asking whether the text is JSON.
class path_finder {
  public:
    constexpr path_finder(std::string_view text, std::size_t offset) : text_(text), offset_(offset) {
        for (std::size_t at = 0; at < text.size() && at <= offset;) at = pass_token(at);
    }

    /// Writes the path as an RFC 6901 pointer and returns its length; stops before the first character that does not fit.
    [[nodiscard]] constexpr std::size_t write(char* out, std::size_t capacity) const {
        output to{out, capacity};
        for (int i = 0; i != depth_ && levels_[i].inside; ++i) {
            if (levels_[i].object && levels_[i].key.begin == 0) break;  // something stands where a key should
            to.append("/", 1);
            if (levels_[i].object)
                write_key(to, levels_[i].key);
            else
                write_index(to, levels_[i].index);
        }
        return to.length;
    }

  private:
    struct level {
        bool object = false;
        bool inside = false;  // a member or element has begun and not ended
        string_token key{};
        std::uint32_t index = 0;
    };
    struct output {
        char* out;
        std::size_t capacity;
        std::size_t length = 0;
        constexpr void append(char const* from, std::size_t size) {
            if (size > capacity - length) capacity = length;  // nothing behind a gap: it would name another place
            for (std::size_t i = 0; i != size && length != capacity; ++i) out[length++] = from[i];
        }
    };

    // Passes over one token and returns where the next one may begin.
    constexpr std::size_t pass_token(std::size_t at) {
        switch (text_[at]) {
            case ' ':
            case '\t':
            case '\n':
            case '\r':
            case ':': return at + 1;
            case '{':
            case '[': open(text_[at] == '{'); return at + 1;
            case '}':
            case ']':
                if (at != offset_) close();
                return at + 1;
            case ',':
                if (in_sight()) {
                    top().inside = false;
                    ++top().index;
                }
                return at + 1;
            case '"': {
                std::size_t const end = end_of_string(at);
                if (in_sight() && top().object && !top().inside)
                    begin_member(at + 1, end);
                else
                    pass_scalar(at, end);
                return end;
            }
            default: {
                std::size_t const end = end_of_word(at);
                pass_scalar(at, end);
                return end;
            }
        }
    }

    [[nodiscard]] constexpr std::size_t end_of_string(std::size_t at) const {
        while (++at < text_.size() && text_[at] != '"')
            if (text_[at] == '\\') ++at;
        return min(at + 1, text_.size());
    }
    [[nodiscard]] constexpr std::size_t end_of_word(std::size_t at) const {
        auto const in_word = [](char c) {
            return !bytes.space[byte(c)] && c != ',' && c != ':' && c != '"' && c != '{' && c != '}' && c != '[' && c != ']';
        };
        do ++at;
        while (at < text_.size() && in_word(text_[at]));
        return at;
    }

    constexpr void begin_member(std::size_t begin, std::size_t end) {
        bool const closed = end > begin && text_[end - 1] == '"';
        top().inside = true;
        top().key = {static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(closed ? end - 1 : end), true};
    }

    // A word or string stays open where it reaches the offset, or where it stops there short of being a value.
    constexpr void pass_scalar(std::size_t begin, std::size_t end) {
        if (!in_sight()) return;
        top().inside = end > offset_ || (end == offset_ && !validate(text_.substr(begin, end - begin), {.nonfinite = true}));
    }

    constexpr void open(bool object) {
        if (in_sight()) top().inside = true;
        if (depth_ == largest_depth)
            ++beyond_;
        else
            levels_[depth_++] = {object};
    }
    constexpr void close() {
        if (beyond_ != 0)
            --beyond_;
        else if (depth_ != 0)
            --depth_;
        if (in_sight()) top().inside = false;
    }
    [[nodiscard]] constexpr bool in_sight() const { return depth_ != 0 && beyond_ == 0; }
    [[nodiscard]] constexpr level& top() { return levels_[depth_ - 1]; }

    constexpr void write_key(output& to, string_token key) const {
        char const* at = text_.data() + key.begin;
        char const* const end = text_.data() + key.end;
        while (at != end) {
            char const* const before = at;
            utf8_character const character = next_character(at, end);
            if (character.length == 0) {  // a broken escape or byte: as it is
                to.append(before, 1);
                at = before + 1;
            } else if (character.bytes[0] == '~') {
                to.append("~0", 2);
            } else if (character.bytes[0] == '/') {
                to.append("~1", 2);
            } else {
                to.append(character.bytes, character.length);
            }
        }
    }
    static constexpr void write_index(output& to, std::uint32_t index) {
        char digits[10]{};
        std::size_t first = 10;
        do digits[--first] = static_cast<char>('0' + index % 10);
        while ((index /= 10) != 0);
        to.append(digits + first, 10 - first);
    }

    std::string_view text_;
    std::size_t offset_;
    level levels_[largest_depth]{};
    int depth_ = 0;
    std::uint64_t beyond_ = 0;  // levels open beyond the deepest one that is tracked
};

}  // namespace detail

/// Writes the RFC 6901 pointer of the innermost value that contains a byte offset ("" is the whole text) and returns its length.
/// A member begins at its key, so the offset of a key gives that member. The text may be broken behind the offset. A pointer that does
/// not fit is cut between two characters.
[[nodiscard]] constexpr std::size_t pointer(std::string_view text, std::size_t offset, char* out, std::size_t capacity) {
    return detail::path_finder(text, offset).write(out, capacity);
}

}  // namespace costexpr::json
