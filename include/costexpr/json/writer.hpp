// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <charconv>
#include <concepts>
#include <cstddef>
#include <string_view>

namespace costexpr::json {

/// Writes JSON as it goes to an `Out` with append(char const*, std::size_t), such as std::string.
///
/// It puts commas, colons, escapes and indentation; that keys and values come in an order that JSON allows is up to the caller.
/// Strings must be UTF-8 and are written as they are, save for quotes, backslashes and control characters.
template <class Out>
class writer {
  public:
    /// `indent` blanks per level, each member and element on a line of its own; 0: everything on one line without white space.
    explicit constexpr writer(Out& out, int indent = 0) : out_(&out), indent_(indent) {}

    constexpr writer& begin_object() { return begin("{"); }
    constexpr writer& end_object() { return end("}"); }
    constexpr writer& begin_array() { return begin("["); }
    constexpr writer& end_array() { return end("]"); }

    /// A member's name; its value is to follow.
    constexpr writer& key(std::string_view name) {
        separate();
        quote(name);
        put(indent_ > 0 ? ": " : ":");
        after_key_ = true;
        return *this;
    }

    constexpr writer& value(std::string_view text) {
        separate();
        quote(text);
        return *this;
    }
    constexpr writer& value(char const* text) { return value(std::string_view(text)); }
    /// true, false, or an integer in full.
    template <std::integral T>
    constexpr writer& value(T number) {
        separate();
        if constexpr (std::same_as<T, bool>) {
            put(number ? "true" : "false");
        } else {
            char digits[24];
            put({digits, std::to_chars(digits, digits + sizeof digits, number).ptr});
        }
        return *this;
    }
    /// The shortest decimal that reads back as the same number, always with a point or an exponent; null where it is not finite.
    template <std::floating_point T>
    constexpr writer& value(T number) {
        if (!(number - number == 0)) return null();
        separate();
        char digits[64];
        put_floating({digits, std::to_chars(digits, digits + sizeof digits, number).ptr});
        return *this;
    }
    constexpr writer& null() {
        separate();
        put("null");
        return *this;
    }

    /// A member in one call.
    template <class T>
    constexpr writer& member(std::string_view name, T const& content) {
        return key(name).value(content);
    }

  private:
    constexpr void put(std::string_view text) { out_->append(text.data(), text.size()); }

    constexpr void new_line() {
        if (indent_ <= 0) return;
        put("\n");
        for (int i = 0; i != indent_ * depth_; ++i) put(" ");
    }

    // What stands before a value or key: nothing behind a key or at the top, else a comma unless it is the first.
    constexpr void separate() {
        bool const after_key = after_key_;
        bool const first = first_;
        after_key_ = first_ = false;
        if (after_key || depth_ == 0) return;
        if (!first) put(",");
        new_line();
    }

    constexpr writer& begin(std::string_view bracket) {
        separate();
        put(bracket);
        ++depth_;
        first_ = true;
        return *this;
    }
    constexpr writer& end(std::string_view bracket) {
        --depth_;
        if (!first_) new_line();
        put(bracket);
        first_ = false;
        return *this;
    }

    constexpr void quote(std::string_view text) {
        put("\"");
        std::size_t done = 0;
        for (std::size_t i = 0; i != text.size(); ++i) {
            char const c = text[i];
            bool const control = static_cast<unsigned char>(c) < 0x20;
            if (!control && c != '"' && c != '\\') continue;
            put(text.substr(done, i - done));
            done = i + 1;
            escape(c);
        }
        put(text.substr(done));
        put("\"");
    }

    constexpr void escape(char c) {
        switch (c) {
            case '"': put("\\\""); break;
            case '\\': put("\\\\"); break;
            case '\b': put("\\b"); break;
            case '\f': put("\\f"); break;
            case '\n': put("\\n"); break;
            case '\r': put("\\r"); break;
            case '\t': put("\\t"); break;
            default: {
                constexpr std::string_view hex = "0123456789abcdef";
                char const digits[] = {c < 0x10 ? '0' : '1', hex[static_cast<unsigned char>(c) % 16]};
                put("\\u00");
                put({digits, 2});
            }
        }
    }

    // As to_chars writes it, but 1e-6 for 1e-06 and 1.0 for 1, which keeps it a floating-point number for those who tell them apart.
    constexpr void put_floating(std::string_view text) {
        std::size_t const e = text.find('e');
        if (e == text.npos) {
            put(text);
            if (text.find('.') == text.npos) put(".0");
            return;
        }
        put(text.substr(0, e + 1));
        text.remove_prefix(e + 1);
        if (text.front() == '-') put("-");
        text.remove_prefix(text.find_first_not_of("+-0"));
        put(text);
    }

    Out* out_;
    int indent_;
    int depth_ = 0;
    bool first_ = false;  // a container was just opened
    bool after_key_ = false;
};

}  // namespace costexpr::json
