// SPDX-License-Identifier: BSL-1.0
// The JSON layer without outside data. A `constexpr bool` body is asserted in constant evaluation and run again as a test: the reader
// takes other paths at run time, and both must agree.

#include <costexpr/json/locate.hpp>
#include <costexpr/json/number.hpp>
#include <costexpr/json/reader.hpp>
#include <costexpr/json/writer.hpp>

#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <random>
#include <string>
#include <string_view>

namespace {

using namespace std::string_view_literals;
using costexpr::count;
using costexpr::errc;
using costexpr::problem;
namespace json = costexpr::json;

#define BOTH_TIMES(suite, name, body) \
    static_assert(body());            \
    TEST(suite, name) { EXPECT_TRUE(body()); }

// ---------------------------------------------------------------------------------------------------------------- the grammar

struct verdict {
    std::string_view text;
    errc code = errc::none;
    std::size_t offset = 0;
    json::options how{};
};

constexpr verdict verdicts[] = {
    // values
    {"{}"},
    {"[]"},
    {" \t\r\n[ \t\r\n] \t\r\n"},
    {"{ \"\" : { } }"},
    {"true"},
    {"false"},
    {"null"},
    {"\"\""},
    {"0"},
    {"[[],[[]],{\"a\":[{}]}]"},
    {"{\"a\":1,\"a\":2}"},
    {"", errc::unexpected_end, 0},
    {"  ", errc::unexpected_end, 2},
    {"x", errc::unexpected_character, 0},
    {"tru", errc::unexpected_end, 3},
    {"trux", errc::unexpected_character, 3},
    {"True", errc::unexpected_character, 0},
    {"nul]", errc::unexpected_character, 3},
    {"truefalse", errc::trailing_content, 4},
    {"{} {}", errc::trailing_content, 3},
    {"[]]", errc::trailing_content, 2},
    {"[] // why", errc::trailing_content, 3},
    {"/**/[]", errc::unexpected_character, 0},
    {"'a'", errc::unexpected_character, 0},
    // lists and objects
    {"[", errc::unexpected_end, 1},
    {"[1", errc::unexpected_end, 2},
    {"[1,", errc::unexpected_end, 3},
    {"[1,]", errc::unexpected_character, 3},
    {"[,1]", errc::unexpected_character, 1},
    {"[1,,2]", errc::unexpected_character, 3},
    {"[1 2]", errc::unexpected_character, 3},
    {"[1}", errc::unexpected_character, 2},
    {"[1:2]", errc::unexpected_character, 2},
    {"]", errc::unexpected_character, 0},
    {"{", errc::unexpected_end, 1},
    {"{,", errc::unexpected_character, 1},
    {"{\"a\"", errc::unexpected_end, 4},
    {"{\"a\":", errc::unexpected_end, 5},
    {"{\"a\":}", errc::unexpected_character, 5},
    {"{\"a\"}", errc::unexpected_character, 4},
    {"{\"a\",1}", errc::unexpected_character, 4},
    {"{\"a\"::1}", errc::unexpected_character, 5},
    {"{\"a\":1,}", errc::unexpected_character, 7},
    {"{\"a\":1 \"b\":2}", errc::unexpected_character, 7},
    {"{\"a\":1]", errc::unexpected_character, 6},
    {"{a:1}", errc::unexpected_character, 1},
    {"{1:1}", errc::unexpected_character, 1},
    {"{\"a\":{\"b\":[1,{\"c\":tru}]}}", errc::unexpected_character, 21},
    // strings
    {R"("\"\\\/\b\f\n\r\t\u00e4\uD834\udd1e")"},
    {"\"\x7f\""},
    {"\"a", errc::unexpected_end, 2},
    {"\"\\", errc::unexpected_end, 2},
    {"\"\\u12", errc::unexpected_end, 5},
    {"\"\\ud834", errc::unexpected_end, 7},
    {"\"\\ud834\\", errc::unexpected_end, 8},
    {"\"ab\\x\"", errc::invalid_escape, 3},
    {"\"ab\\u12g4\"", errc::invalid_escape, 3},
    {"\"ab\\U0041\"", errc::invalid_escape, 3},
    {"\"\\ud834\\u12g4\"", errc::invalid_escape, 7},
    {"\"a\\ud834\"", errc::lone_surrogate, 2},
    {"\"a\\ud834\\n\"", errc::lone_surrogate, 2},
    {"\"a\\ud834x\"", errc::lone_surrogate, 2},
    {"\"a\\udd1e\"", errc::lone_surrogate, 2},
    {"\"a\\ud834\\ud834\"", errc::lone_surrogate, 2},
    {"{\"\\ud834\":1}", errc::lone_surrogate, 2},
    {"\"a\nb\"", errc::control_character, 2},
    {"\"0123456789\tb\"", errc::control_character, 11},
    {"\"a\0b\""sv, errc::control_character, 2},
    {"[1]\0"sv, errc::trailing_content, 3},
    {"1\0"sv, errc::trailing_content, 1},
    {"\0"sv, errc::unexpected_character, 0},
    // UTF-8
    {"\"\xC2\x80 \xDF\xBF \xE0\xA0\x80 \xEC\xBF\xBF \xED\x9F\xBF \xEE\x80\x80 \xEF\xBF\xBF \xF0\x90\x80\x80 \xF4\x8F\xBF\xBF\""},
    {"\"\x80\"", errc::invalid_utf8, 1},
    {"\"\xC1\xBF\"", errc::invalid_utf8, 1},
    {"\"ab\xC2\"", errc::invalid_utf8, 3},
    {"\"\xC2\xC0\"", errc::invalid_utf8, 1},
    {"\"\xE0\x9F\xBF\"", errc::invalid_utf8, 1},
    {"\"\xED\xA0\x80\"", errc::invalid_utf8, 1},
    {"\"\xE1\x80\"", errc::invalid_utf8, 1},
    {"\"\xF0\x8F\xBF\xBF\"", errc::invalid_utf8, 1},
    {"\"\xF4\x90\x80\x80\"", errc::invalid_utf8, 1},
    {"\"\xF5\x80\x80\x80\"", errc::invalid_utf8, 1},
    {"\"\xFF\"", errc::invalid_utf8, 1},
    {"{\"\xFF\":1}", errc::invalid_utf8, 2},
    {"[\"0123456789\",\"0123456789\xFF\"]", errc::invalid_utf8, 25},
    {"\xC2\xA0[]", errc::unexpected_character, 0},
    // byte order marks
    {"\xEF\xBB\xBF[]", errc::byte_order_mark, 0},
    {"\xEF\xBB\xBF[]", errc::none, 0, {.skip_byte_order_mark = true}},
    {"\xEF\xBB\xBF\xEF\xBB\xBF[]", errc::unexpected_character, 3, {.skip_byte_order_mark = true}},
    {"\xEF\xBB[]", errc::unexpected_character, 0, {.skip_byte_order_mark = true}},
    {"\xEF\xBB", errc::unexpected_character, 0},
    {"\xFF\xFE[\0]\0"sv, errc::unexpected_character, 0},
    // numbers
    {"[0,-0,1,-1,10,0.5,-0.0,1e5,1E+5,1e-05,0e0,1.25e07,123456789012345678901234567890]"},
    {"[1e999,-1e999,1e-999]"},
    {"01", errc::invalid_number, 1},
    {"-01", errc::invalid_number, 2},
    {"00", errc::invalid_number, 1},
    {"-", errc::unexpected_end, 1},
    {"--1", errc::invalid_number, 1},
    {"-a", errc::invalid_number, 1},
    {"+1", errc::unexpected_character, 0},
    {".5", errc::unexpected_character, 0},
    {"1.", errc::unexpected_end, 2},
    {"[1.]", errc::invalid_number, 3},
    {"1.e5", errc::invalid_number, 2},
    {"1e", errc::unexpected_end, 2},
    {"1e+", errc::unexpected_end, 3},
    {"[1e+]", errc::invalid_number, 4},
    {"1.5.5", errc::trailing_content, 3},
    {"0x10", errc::trailing_content, 1},
    {"1_000", errc::trailing_content, 1},
    {"1 000", errc::trailing_content, 2},
    // Python's words
    {"[NaN,Infinity,-Infinity]", errc::none, 0, {.nonfinite = true}},
    {"NaN", errc::nonfinite_number, 0},
    {"[Infinity]", errc::nonfinite_number, 1},
    {"[1,-Infinity]", errc::nonfinite_number, 3},
    {"{\"a\":NaN}", errc::nonfinite_number, 5},
    {"nan", errc::unexpected_character, 1, {.nonfinite = true}},
    {"Nan", errc::unexpected_character, 2, {.nonfinite = true}},
    {"-NaN", errc::invalid_number, 1, {.nonfinite = true}},
    {"+Infinity", errc::unexpected_character, 0, {.nonfinite = true}},
    {"Inf", errc::unexpected_end, 3, {.nonfinite = true}},
    {"-Inf", errc::unexpected_end, 4, {.nonfinite = true}},
    {"-Inf]", errc::unexpected_character, 4, {.nonfinite = true}},
    {"Inf", errc::unexpected_character, 0},
    {"-Inf", errc::invalid_number, 1},
    // depth
    {"[[[]]]", errc::none, 0, {.depth = 3}},
    {"[[[]]]", errc::depth_exceeded, 2, {.depth = 2}},
    {"[[{\"a\":1}]]", errc::depth_exceeded, 2, {.depth = 2}},
    {"[1]", errc::depth_exceeded, 0, {.depth = 0}},
    {"1", errc::none, 0, {.depth = 0}},
    {"[[]]", errc::depth_exceeded, 0, {.depth = -5}},
};

constexpr bool is_as_expected(verdict const& row) {
    auto const valid = json::validate(row.text, row.how);
    if (row.code == errc::none) return valid.has_value();
    return !valid && valid.error().front().code == row.code && valid.error().front().offset == row.offset &&
           !valid.error().front().hint.empty();
}

constexpr bool all_verdicts_hold() {
    for (verdict const& row : verdicts)
        if (!is_as_expected(row)) return false;
    return true;
}
static_assert(all_verdicts_hold());

TEST(json_grammar, verdicts) {
    for (verdict const& row : verdicts) {
        std::string const text(row.text);  // off the heap, with nothing readable behind it that sanitizers would not see
        verdict copy = row;
        copy.text = text;
        EXPECT_TRUE(is_as_expected(copy)) << row.text;
    }
}

constexpr auto document =
    R"( {"a": [1, -2.5e+3, "x\n\u00e4\uD834\udd1e", {"b": null, "": true}], "long key, well beyond 8": false, "c": {}} )"sv;

constexpr bool every_prefix_ends_unexpectedly() {
    if (!json::validate(document)) return false;
    for (std::size_t size = 0; size + 1 != document.size(); ++size) {
        auto const valid = json::validate(document.substr(0, size));
        if (valid || valid.error().front().code != errc::unexpected_end || valid.error().front().offset != size) return false;
    }
    return true;
}
BOTH_TIMES(json_grammar, every_prefix_ends_unexpectedly, every_prefix_ends_unexpectedly)

// Any byte at any place of a string, with what is behind the string full of quotes: the wide and the narrow paths see the same.
template <std::size_t Longest>
constexpr bool every_byte_is_judged_alike_everywhere() {
    for (int c = 0; c != 256; ++c) {
        for (std::size_t place = 1; place != Longest; ++place) {
            std::array<char, Longest + 12> text{};
            for (char& filler : text) filler = '~';
            text[0] = '"';
            text[place] = static_cast<char>(c);
            text[Longest] = '"';
            auto const valid = json::validate({text.data(), Longest + 1});
            errc const code = valid ? errc::none : valid.error().front().code;
            errc expected = errc::none;
            if (c < ' ') expected = errc::control_character;
            if (c == '"') expected = errc::trailing_content;
            if (c == '\\') expected = errc::invalid_escape;
            if (c == '\\' && place == Longest - 1) expected = errc::unexpected_end;
            if (c >= 0x80) expected = errc::invalid_utf8;
            std::size_t offset = place;
            if (code == errc::trailing_content) offset = place + 1;
            if (code == errc::unexpected_end) offset = Longest + 1;
            if (code != expected || (!valid && valid.error().front().offset != offset)) return false;
        }
    }
    return true;
}
static_assert(every_byte_is_judged_alike_everywhere<4>());
TEST(json_grammar, every_byte_is_judged_alike_everywhere) { EXPECT_TRUE(every_byte_is_judged_alike_everywhere<40>()); }

constexpr bool runs_of_white_space_end_where_they_should() {
    constexpr auto blanks = "\n               \n\t\r                                    "sv;
    for (std::size_t size = 0; size <= blanks.size(); ++size) {
        std::array<char, 80> text{};
        for (char& filler : text) filler = ' ';
        for (std::size_t i = 0; i != size; ++i) text[i] = blanks[i];
        text[size] = '7';
        json::reader in({text.data(), size + 1});
        if (in.skip() != json::value{json::kind::number, static_cast<std::uint32_t>(size), static_cast<std::uint32_t>(size + 1)})
            return false;
        text[size] = '\v';
        json::reader broken({text.data(), size + 1});
        broken.skip();
        if (broken.error().code != errc::unexpected_character || broken.offset() != size) return false;
    }
    return true;
}
BOTH_TIMES(json_grammar, runs_of_white_space_end_where_they_should, runs_of_white_space_end_where_they_should)

TEST(json_grammar, hostile_nesting_is_a_clean_error) {
    for (std::string_view const opening : {"["sv, "{\"a\":"sv, "[{\"a\":"sv}) {
        std::string text;
        for (int i = 0; i != 100'000; ++i) text += opening;
        auto const valid = json::validate(text);
        ASSERT_FALSE(valid);
        EXPECT_EQ(valid.error().front().code, errc::depth_exceeded);
        EXPECT_EQ(valid.error().front().expected, json::largest_depth);
    }
    std::string const deepest = std::string(64, '[') + std::string(64, ']');
    EXPECT_TRUE(json::validate(deepest));
    EXPECT_TRUE(json::validate(deepest, {.depth = 1000}));
    EXPECT_FALSE(json::validate(std::string(65, '[') + std::string(65, ']'), {.depth = 1000}))
        << "the limit can be lowered, not raised";
}

TEST(json_grammar, no_text_beyond_four_gigabytes) {
    // Nothing of it is read, so one byte stands for all.
    json::reader in(std::string_view("[", std::size_t{1} << 32));
    EXPECT_FALSE(in.ok());
    EXPECT_EQ(in.error().code, errc::too_large);
    EXPECT_EQ(in.error().found, count{1} << 32);
    EXPECT_EQ(in.next_kind(), json::kind::end);
}

constexpr bool errors_say_what_was_found() {
    auto const valid = json::validate("[1;2]");
    problem const& why = valid.error().front();
    return !valid && why.found == ';' && why.hint == "',' or ']'"sv && valid.error().size() == 1;
}
BOTH_TIMES(json_grammar, errors_say_what_was_found, errors_say_what_was_found)

TEST(json_grammar, random_damage_never_reads_outside) {
    std::mt19937 random(20);
    for (int i = 0; i != 20'000; ++i) {
        std::string text(document);
        for (int n = 0; n != 3; ++n) text[random() % text.size()] = static_cast<char>(random());
        text.resize(random() % text.size());
        auto const valid = json::validate(text);
        if (!valid) {
            EXPECT_LE(valid.error().front().offset, text.size());
            char path[64];
            EXPECT_LE(json::pointer(text, valid.error().front().offset, path, sizeof path), sizeof path);
        }
    }
}

// ----------------------------------------------------------------------------------------------------------------- the reader

constexpr bool a_walk_sees_all_members() {
    json::reader in(document);
    json::string_token key;
    if (in.next_kind() != json::kind::object || !in.enter_object()) return false;

    if (!in.next_member(key) || !json::equals(document, key, "a") || in.next_kind() != json::kind::array) return false;
    if (!in.enter_array()) return false;
    if (!in.next_element() || in.skip().raw(document) != "1"sv) return false;
    if (!in.next_element() || in.next_kind() != json::kind::number || in.skip().raw(document) != "-2.5e+3"sv) return false;
    json::string_token text;
    if (!in.next_element() || !in.read_string(text) || !text.escaped) return false;
    if (!json::equals(document, text, "x\n\xC3\xA4\xF0\x9D\x84\x9E")) return false;
    if (!in.next_element() || in.next_kind() != json::kind::object || !in.enter_object()) return false;
    if (!in.next_member(key) || key.raw(document) != "b"sv || in.skip().kind != json::kind::null) return false;
    if (!in.next_member(key) || key.raw(document) != ""sv || in.skip().kind != json::kind::boolean) return false;
    if (in.next_member(key) || in.next_element() || !in.ok()) return false;  // '}' and then ']'

    if (!in.next_member(key) || !json::equals(document, key, "long key, well beyond 8") || in.skip().raw(document) != "false"sv)
        return false;
    if (!in.next_member(key) || !in.enter_object() || in.next_member(key)) return false;
    if (in.next_member(key)) return false;
    return in.finish() && in.offset() == document.size();
}
BOTH_TIMES(json_reader, a_walk_sees_all_members, a_walk_sees_all_members)

constexpr bool a_value_is_walked_again() {
    constexpr auto text = R"({"a": [1, [2], 3] , "b": {"c": -Infinity}})"sv;
    json::options const how{.nonfinite = true};
    json::reader in(text, how);
    json::string_token key;
    if (!in.enter_object() || !in.next_member(key)) return false;
    json::value const list = in.skip();
    if (!in.next_member(key)) return false;
    json::value const object = in.skip();
    if (in.next_member(key) || !in.finish()) return false;
    if (list.kind != json::kind::array || list.raw(text) != "[1, [2], 3]"sv || object.kind != json::kind::object) return false;

    json::reader elements = json::reader::inside(text, list, how);
    int n = 0;
    if (!elements.enter_array()) return false;
    while (elements.next_element()) {
        ++n;
        elements.skip();
    }
    if (n != 3 || !elements.finish() || elements.offset() != list.end) return false;

    json::reader members = json::reader::inside(text, object, how);
    if (!members.enter_object() || !members.next_member(key) || members.next_kind() != json::kind::nonfinite) return false;
    json::value const infinity = members.skip();
    return infinity.kind == json::kind::nonfinite && infinity.raw(text) == "-Infinity"sv && !members.next_member(key) &&
           members.finish();
}
BOTH_TIMES(json_reader, a_value_is_walked_again, a_value_is_walked_again)

struct walk_error {
    std::string_view text;
    errc code;
    std::size_t offset;
};

// What skip() refuses, a walk refuses at the same place: read as one level of objects of lists of strings.
constexpr problem walk(std::string_view text) {
    json::reader in(text, {.depth = 2});
    json::string_token token;
    in.enter_object();
    while (in.next_member(token)) {
        in.enter_array();
        while (in.next_element()) in.read_string(token);
    }
    in.finish();
    return in.error();
}
constexpr walk_error walk_errors[] = {
    {R"({"a":["x","y"],"b":[]})", errc::none, 0},
    {" { } ", errc::none, 0},
    {"", errc::unexpected_end, 0},
    {"?", errc::unexpected_character, 0},
    {"[]", errc::not_an_object, 0},
    {"{", errc::unexpected_end, 1},
    {"{1", errc::unexpected_character, 1},
    {R"({"a)", errc::unexpected_end, 3},
    {R"({"a")", errc::unexpected_end, 4},
    {R"({"a" [])", errc::unexpected_character, 5},
    {R"({"a":)", errc::unexpected_end, 5},
    {R"({"a":1})", errc::wrong_type, 5},
    {R"({"a":[)", errc::unexpected_end, 6},
    {R"({"a":[1]})", errc::wrong_type, 6},
    {R"({"a":["x"}})", errc::unexpected_character, 9},
    {R"({"a":["x",]})", errc::unexpected_character, 10},
    {R"({"a":[,"x"]})", errc::unexpected_character, 6},
    {R"({"a":["x"]]})", errc::unexpected_character, 10},
    {R"({"a":[],})", errc::unexpected_character, 8},
    {R"({,"a":[]})", errc::unexpected_character, 1},
    {R"({"a":[] "b":[]})", errc::unexpected_character, 8},
    {R"({"a":[]}})", errc::trailing_content, 8},
    {R"({"a":["\x"]})", errc::invalid_escape, 7},
    {R"({"\x":[]})", errc::invalid_escape, 2},
};
constexpr bool walks_refuse_the_same() {
    for (walk_error const& row : walk_errors) {
        problem const why = walk(row.text);
        if (why.code != row.code || (why.code != errc::none && why.offset != row.offset)) return false;
    }
    json::reader in("[[[1]]]", {.depth = 2});
    in.enter_array();
    in.next_element();
    in.skip();
    return in.error().code == errc::depth_exceeded && in.error().offset == 2 && in.error().expected == 2;
}
BOTH_TIMES(json_reader, walks_refuse_the_same, walks_refuse_the_same)

constexpr bool the_first_error_stays() {
    json::reader in("[1 x");
    json::string_token token{};
    in.skip();
    problem const first = in.error();
    bool const nothing = in.skip() == json::value{} && !in.enter_object() && !in.enter_array() && !in.next_element() &&
                         !in.next_member(token) && !in.read_string(token) && !in.finish() && in.next_kind() == json::kind::end;
    return nothing && !in.ok() && first.code == errc::unexpected_character && in.error() == first && in.offset() == 3;
}
BOTH_TIMES(json_reader, the_first_error_stays, the_first_error_stays)

constexpr bool kinds_are_told_by_the_first_byte() {
    auto const kind_of = [](std::string_view text, bool nonfinite) {
        return json::reader(text, {.nonfinite = nonfinite}).next_kind();
    };
    return kind_of(" {", false) == json::kind::object && kind_of("[", false) == json::kind::array &&
           kind_of("\"", false) == json::kind::string && kind_of("-1", false) == json::kind::number &&
           kind_of("t", false) == json::kind::boolean && kind_of("f", false) == json::kind::boolean &&
           kind_of("n", false) == json::kind::null && kind_of("", false) == json::kind::end &&
           kind_of("}", false) == json::kind::end && kind_of("NaN", false) == json::kind::end &&
           kind_of("NaN", true) == json::kind::nonfinite && kind_of("-I", true) == json::kind::nonfinite &&
           kind_of("-1", true) == json::kind::number;
}
BOTH_TIMES(json_reader, kinds_are_told_by_the_first_byte, kinds_are_told_by_the_first_byte)

constexpr bool decodes_to(std::string_view text, std::string_view expected) {
    json::reader in(text);
    json::string_token token;
    if (!in.read_string(token) || !in.finish()) return false;
    char out[64]{};
    std::size_t length = 99;
    if (!json::decode(text, token, out, sizeof out, length) || std::string_view(out, length) != expected) return false;
    if (!json::equals(text, token, expected) || json::equals(text, token, std::string_view("?")) != (expected == "?"sv))
        return false;
    for (std::size_t capacity = 0; capacity != expected.size(); ++capacity) {
        if (json::decode(text, token, out, capacity, length) || length > capacity) return false;
        if (std::string_view(out, length) != expected.substr(0, length) ||
            json::equals(text, token, expected.substr(0, capacity)))
            return false;
    }
    return json::decode(text, token, out, expected.size(), length);
}
constexpr bool strings_decode() {
    return decodes_to(R"("")", "") && decodes_to(R"("abc")", "abc") && decodes_to(R"("\"\\\/\b\f\n\r\t")", "\"\\/\b\f\n\r\t") &&
           decodes_to(R"("a\u0000b")", "a\0b"sv) && decodes_to(R"("\u007f\u0080\u07ff")", "\x7f\xC2\x80\xDF\xBF") &&
           decodes_to(R"("\u0800\uFFFF\ud7ff\uE000")", "\xE0\xA0\x80\xEF\xBF\xBF\xED\x9F\xBF\xEE\x80\x80") &&
           decodes_to(R"("\uD800\uDC00\uDBFF\uDFFF")", "\xF0\x90\x80\x80\xF4\x8F\xBF\xBF") &&
           decodes_to("\"\xC3\xA4\\u00e4\xF0\x9D\x84\x9E\"", "\xC3\xA4\xC3\xA4\xF0\x9D\x84\x9E") && decodes_to("\"?\"", "?");
}
BOTH_TIMES(json_reader, strings_decode, strings_decode)

// ---------------------------------------------------------------------------------------------------------------- the numbers

constexpr std::uint64_t bits_of(std::string_view number) {
    double value = -7;
    errc const code = json::to_double(number, value);
    if (code == errc::none) return std::bit_cast<std::uint64_t>(value);
    return code == errc::number_out_of_range && value == -7 ? 0x7FF0'0000'0000'0000 : 0x7FF8'BAD0'0000'0000;
}

struct exact_double {
    std::string_view number;
    std::uint64_t bits;
};
constexpr std::uint64_t overflow = 0x7FF0'0000'0000'0000;
constexpr exact_double exact_doubles[] = {
    {"0", 0},
    {"-0", 0x8000'0000'0000'0000},
    {"0e999999999999999999999", 0},
    {"-0.000e-5", 0x8000'0000'0000'0000},
    {"1", 0x3FF0'0000'0000'0000},
    {"-1.5", 0xBFF8'0000'0000'0000},
    {"0.1", 0x3FB9'9999'9999'999A},
    {"1e-06", 0x3EB0'C6F7'A0B5'ED8D},
    {"1e-05", 0x3EE4'F8B5'88E3'68F1},
    {"10000000.0", 0x4163'12D0'0000'0000},
    {"1e22", 0x4480'F0CF'064D'D592},
    {"1e23", 0x44B5'2D02'C7E1'4AF6},
    {"6.02e23", 0x44DF'DE9F'10A8'D361},
    {"1e308", 0x7FE1'CCF3'85EB'C8A0},
    // 2^53 and the ties around it
    {"9007199254740992", 0x4340'0000'0000'0000},
    {"9007199254740993", 0x4340'0000'0000'0000},
    {"9007199254740993.00000000000000000000000000000000000000000000000000000000000001", 0x4340'0000'0000'0001},
    {"9007199254740994", 0x4340'0000'0000'0001},
    {"9007199254740995", 0x4340'0000'0000'0002},
    {"18446744073709551615", 0x43F0'0000'0000'0000},
    {"18446744073709551616", 0x43F0'0000'0000'0000},
    // the largest, and the middle between it and infinity
    {"1.7976931348623157e308", 0x7FEF'FFFF'FFFF'FFFF},
    {"1.7976931348623158e308", 0x7FEF'FFFF'FFFF'FFFF},
    {"1.7976931348623159e308", overflow},
    {"179769313486231580793728971405303415079934132710037826936173778980444968292764750946649017977587207096330286416692887910946"
     "5"
     "555478519404026306574886715058206819089020007083836762738548458177115317644757302700698555713669596228429148198608349364752"
     "9"
     "2719074168444365510704342711559699508093042880177904174497792",
     overflow},
    {"179769313486231580793728971405303415079934132710037826936173778980444968292764750946649017977587207096330286416692887910946"
     "5"
     "555478519404026306574886715058206819089020007083836762738548458177115317644757302700698555713669596228429148198608349364752"
     "9"
     "2719074168444365510704342711559699508093042880177904174497791.999",
     0x7FEF'FFFF'FFFF'FFFF},
    {"1e309", overflow},
    {"1e999", overflow},
    {"-1e999", overflow},
    {"1e99999999999999999999999", overflow},
    // the smallest normal, the largest subnormal, the smallest, and half of it
    {"2.2250738585072014e-308", 0x0010'0000'0000'0000},
    {"2.2250738585072011e-308", 0x000F'FFFF'FFFF'FFFF},
    {"2.2250738585072009e-308", 0x000F'FFFF'FFFF'FFFF},
    {"5e-324", 1},
    {"4.9406564584124654e-324", 1},
    {"2.4703282292062328e-324", 1},
    {"2.4703282292062327e-324", 0},
    {"7.4109846876186982e-324", 2},
    {"7.4109846876186981e-324", 1},
    {"1e-324", 0},
    {"-1e-999", 0x8000'0000'0000'0000},
    {"1e-99999999999999999999999", 0},
    {"100000000000000000000000000000000000000000e-41", 0x3FF0'0000'0000'0000},
    {"0.00000000000000000000000000000000000000001e+41", 0x3FF0'0000'0000'0000},
};
constexpr bool doubles_are_exact() {
    for (exact_double const& row : exact_doubles)
        if (bits_of(row.number) != row.bits) return false;
    return true;
}
static_assert(doubles_are_exact());
TEST(json_number, doubles_are_exact) {
    for (exact_double const& row : exact_doubles) EXPECT_EQ(bits_of(row.number), row.bits) << row.number;
}

constexpr bool python_words_are_numbers() {
    double value = 0;
    bool good = json::to_double("Infinity", value) == errc::none && value == std::numeric_limits<double>::infinity();
    good = good && json::to_double("-Infinity", value) == errc::none && value == -std::numeric_limits<double>::infinity();
    return good && json::to_double("NaN", value) == errc::none && value != value;
}
BOTH_TIMES(json_number, python_words_are_numbers, python_words_are_numbers)

TEST(json_number, random_doubles_read_back) {
    std::mt19937_64 random(30);
    for (int i = 0; i != 50'000; ++i) {
        double const value = std::bit_cast<double>(random());
        if (!std::isfinite(value)) continue;
        char text[100];
        std::string const shortest(text, std::to_chars(text, text + sizeof text, value).ptr);
        EXPECT_EQ(bits_of(shortest), std::bit_cast<std::uint64_t>(value)) << shortest;
        int const digits = static_cast<int>(random() % 30);
        std::string const rounded(text,
                                  std::to_chars(text, text + sizeof text, value, std::chars_format::scientific, digits).ptr);
        double const expected = std::strtod(rounded.c_str(), nullptr);
        EXPECT_EQ(bits_of(rounded), std::isinf(expected) ? overflow : std::bit_cast<std::uint64_t>(expected)) << rounded;
    }
}

TEST(json_number, the_middle_of_two_doubles_is_decided_by_the_last_digit) {
    // All digits of the middle, which goes to the even neighbour, and then one more digit, which takes it up.
    std::mt19937_64 random(31);
    for (int i = 0; i != 2'000; ++i) {
        std::uint64_t bits = random() & 0x7FFF'FFFF'FFFF'FFFF;
        if (i % 4 == 0) bits &= 0x001F'FFFF'FFFF'FFFF;  // small and subnormal ones have the most digits
        if (bits >= 0x7FDF'FFFF'FFFF'FFFF) continue;
        auto const lower = static_cast<long double>(std::bit_cast<double>(bits));
        auto const upper = static_cast<long double>(std::bit_cast<double>(bits + 1));
        if (std::numeric_limits<long double>::digits < 60) GTEST_SKIP() << "long double is no wider than double";
        char text[1200];
        auto const written = std::to_chars(text, text + sizeof text, (lower + upper) / 2, std::chars_format::scientific, 790);
        std::string const middle(text, written.ptr);
        EXPECT_EQ(bits_of(middle), bits + (bits & 1)) << middle;
        std::size_t const e = middle.find('e');
        std::string const above = std::string(middle, 0, e).append(1, '1').append(middle, e);
        EXPECT_EQ(bits_of(above), bits + 1) << above;
    }
}

TEST(json_number, time_does_not_depend_on_the_exponent) {
    std::string const nines = std::string(1'000'000, '9');
    EXPECT_EQ(bits_of(nines), overflow);
    EXPECT_EQ(bits_of(std::string("0.").append(1'000'000, '0').append("1e1000001")), bits_of("1"));
    EXPECT_EQ(bits_of(std::string("1").append(1'000'000, '0').append("e-1000000")), bits_of("1"));
    EXPECT_EQ(bits_of(nines + "e-1000000"), bits_of("1"));
    EXPECT_EQ(bits_of(std::string("1e-").append(nines)), 0u);
    count value = 0;
    EXPECT_EQ(json::to_integer(std::string("12").append(1'000'000, '0').append("e-1000000"), value), errc::none);
    EXPECT_EQ(value, 12);
    EXPECT_EQ(json::to_integer(std::string("1e").append(nines), value), errc::out_of_range);
}

struct exact_integer {
    std::string_view number;
    count value;
    errc code = errc::none;
};
constexpr count int64_max = std::numeric_limits<count>::max();
constexpr count int64_min = std::numeric_limits<count>::min();
constexpr exact_integer exact_integers[] = {
    {"0", 0},
    {"-0", 0},
    {"-0.0e5", 0},
    {"0e99999999999999999999", 0},
    {"12", 12},
    {"-12", -12},
    {"1.0", 1},
    {"1e6", 1'000'000},
    {"1E+06", 1'000'000},
    {"10000000.0", 10'000'000},
    {"1.5e1", 15},
    {"120e-1", 12},
    {"0.00012e5", 12},
    {"9007199254740993", 9'007'199'254'740'993},
    {"9223372036854775807", int64_max},
    {"9223372036854775807.000", int64_max},
    {"9.223372036854775807e18", int64_max},
    {"92233720368547758070e-1", int64_max},
    {"922337203685477580700000000000000e-14", int64_max},
    {"-9223372036854775808", int64_min},
    {"9223372036854775808", 0, errc::out_of_range},
    {"-9223372036854775809", 0, errc::out_of_range},
    {"10000000000000000000", 0, errc::out_of_range},
    {"18446744073709551616", 0, errc::out_of_range},
    {"1e19", 0, errc::out_of_range},
    {"1e999999999999999999999", 0, errc::out_of_range},
    {"1.5", 0, errc::not_an_integer},
    {"15e-1", 0, errc::not_an_integer},
    {"1e-999999999999999999999", 0, errc::not_an_integer},
    {"9007199254740993.5", 0, errc::not_an_integer},
    {"1.00000000000000000000000000000000000001", 0, errc::not_an_integer},
    {"NaN", 0, errc::not_an_integer},
    {"Infinity", 0, errc::not_an_integer},
    {"-Infinity", 0, errc::not_an_integer},
};
constexpr bool integers_are_exact() {
    for (exact_integer const& row : exact_integers) {
        count value = -77;
        if (json::to_integer(row.number, value) != row.code || value != (row.code == errc::none ? row.value : -77)) return false;
    }
    return true;
}
BOTH_TIMES(json_number, integers_are_exact, integers_are_exact)

// ------------------------------------------------------------------------------------------------------------------ the places

constexpr bool lines_and_columns_count_as_editors_do() {
    constexpr auto text = "{\r\n \"\xC3\xA4\": 1,\n\n}"sv;
    return json::locate(text, 0) == json::location{1, 1} && json::locate(text, 2) == json::location{1, 3} &&
           json::locate(text, 3) == json::location{2, 1} && json::locate(text, 7) == json::location{2, 4} &&
           json::locate(text, text.size() - 1) == json::location{4, 1} && json::locate(text, 999) == json::location{4, 2} &&
           json::locate("", 0) == json::location{1, 1};
}
BOTH_TIMES(json_locate, lines_and_columns_count_as_editors_do, lines_and_columns_count_as_editors_do)

// The pointer of the byte behind the '^' that the text is marked with.
constexpr bool points_to(std::string_view marked, std::string_view expected) {
    std::size_t const offset = marked.find('^');
    std::array<char, 256> text{};
    std::size_t size = 0;
    for (std::size_t i = 0; i != marked.size(); ++i)
        if (i != offset) text[size++] = marked[i];
    char out[64]{};
    for (std::size_t capacity = 0; capacity <= expected.size() + 1; ++capacity) {
        std::size_t const length = json::pointer({text.data(), size}, offset, out, capacity);
        if (length > capacity || std::string_view(out, length) != expected.substr(0, length)) return false;
        if (capacity >= expected.size() && length != expected.size()) return false;
    }
    return true;
}
constexpr bool pointers_name_the_innermost_value() {
    return points_to(R"(^{"a": 1})", "") && points_to(R"({^"a": 1})", "/a") && points_to(R"({"a"^: 1})", "/a") &&
           points_to(R"({"a":^ 1})", "/a") && points_to(R"({"a": ^1})", "/a") && points_to(R"({"a": 12^3})", "/a") &&
           points_to(R"({"a": 1^})", "") && points_to(R"({"a": 1^, "b": 2})", "") && points_to(R"({"a": 1, ^"b": 2})", "/b") &&
           points_to(R"({"a": {"b": [10, 20, {"c": ^0}]}})", "/a/b/2/c") &&
           points_to(R"({"a": {"b": [1, 2, ^{"c": 0}]}})", "/a/b/2") && points_to(R"({"a": {"b": [1, 2, {"c": 0}^]}})", "/a/b") &&
           points_to(R"([[], [[], ^[]]])", "/1/1") && points_to(R"([1,^ 2])", "") && points_to(R"(["a,b]}", "\"]", ^0])", "/2") &&
           points_to("^7", "") && points_to("^", "") && points_to("[0,0,0,0,0,0,0,0,0,0,0,0,^0]", "/12");
}
constexpr bool pointers_escape() {
    return points_to(R"({"a/b~c": {"\u002f\u00e4\"": ^1}})", "/a~1b~0c/~1\xC3\xA4\"") && points_to(R"({"": {"": ^1}})", "//") &&
           points_to("{\"\xF0\x9D\x84\x9E\": ^1}", "/\xF0\x9D\x84\x9E") && points_to(R"({"a\x": ^1})", "/a\\x");
}
constexpr bool pointers_work_on_broken_texts() {
    return points_to(R"({"a": [1, tr^x]})", "/a/1") && points_to(R"({"a": [1, tru^]})", "/a/1") &&
           points_to(R"({"a": 1.^})", "/a") && points_to(R"({"a": ^})", "/a") && points_to(R"({"a" ^5})", "/a") &&
           points_to(R"({"a": "b^)", "/a") && points_to(R"({"a": {"b^)", "/a/b") && points_to(R"({"a": tru^)", "/a") &&
           points_to(R"({"a": [^)", "/a") && points_to(R"({"a": 1}} ^)", "") && points_to("]]^[", "") &&
           points_to(R"({"a": 01^2})", "/a") && points_to(R"({"a": [0, ^NaN]})", "/a/1");
}
BOTH_TIMES(json_locate, pointers_name_the_innermost_value, pointers_name_the_innermost_value)
BOTH_TIMES(json_locate, pointers_escape, pointers_escape)
BOTH_TIMES(json_locate, pointers_work_on_broken_texts, pointers_work_on_broken_texts)

TEST(json_locate, pointers_stop_at_the_deepest_level) {
    std::string text;
    for (int i = 0; i != 100; ++i) text += "[0,";
    char out[400];
    std::size_t const length = json::pointer(text, text.size(), out, sizeof out);
    std::string expected;
    for (int i = 0; i != json::largest_depth; ++i) expected += "/1";
    EXPECT_EQ(std::string_view(out, length), expected);
    text += std::string(100, ']');
    EXPECT_EQ(json::pointer(text, text.size(), out, sizeof out), 0u);
}

TEST(json_locate, every_error_has_a_place) {
    for (verdict const& row : verdicts) {
        if (row.code == errc::none) continue;
        char out[64];
        EXPECT_LE(json::pointer(row.text, row.offset, out, sizeof out), sizeof out);
        EXPECT_GE(json::locate(row.text, row.offset).line, 1);
    }
}

// ------------------------------------------------------------------------------------------------------------------ the writer

TEST(json_writer, writes_on_one_line) {
    std::string out;
    json::writer to(out);
    to.begin_object();
    to.key("text").value("a\"b").key("view").value("v"sv).key("string").value(std::string("s"));
    to.key("yes").value(true).key("no").value(false).key("nothing").null();
    to.key("list").begin_array().value(1).value(-2L).value(3u).end_array();
    to.key("no list").begin_array().end_array().key("no object").begin_object().end_object();
    to.member("last", 0.5).end_object();
    EXPECT_EQ(out, R"({"text":"a\"b","view":"v","string":"s","yes":true,"no":false,"nothing":null,)"
                   R"("list":[1,-2,3],"no list":[],"no object":{},"last":0.5})");
    EXPECT_TRUE(json::validate(out));
}

TEST(json_writer, indents) {
    std::string out;
    json::writer to(out, 2);
    to.begin_object()
        .key("a")
        .begin_array()
        .value(1)
        .begin_object()
        .end_object()
        .begin_array()
        .value("x")
        .end_array()
        .end_array();
    to.member("b", true).end_object();
    EXPECT_EQ(out, "{\n  \"a\": [\n    1,\n    {},\n    [\n      \"x\"\n    ]\n  ],\n  \"b\": true\n}");
}

TEST(json_writer, scalars_stand_alone) {
    auto const write = [](auto content) {
        std::string out;
        json::writer(out, 2).value(content);
        return out;
    };
    EXPECT_EQ(write("x"), "\"x\"");
    EXPECT_EQ(write(std::numeric_limits<std::int64_t>::min()), "-9223372036854775808");
    EXPECT_EQ(write(std::numeric_limits<std::uint64_t>::max()), "18446744073709551615");
    EXPECT_EQ(write(true), "true");
    EXPECT_EQ(write(0.0), "0.0");
    EXPECT_EQ(write(-0.0), "-0.0");
    EXPECT_EQ(write(1e6), "1e6");
    EXPECT_EQ(write(64.0), "64.0");
    EXPECT_EQ(write(1e-6), "1e-6");
    EXPECT_EQ(write(1e300), "1e300");
    EXPECT_EQ(write(1.25e-10), "1.25e-10");
    EXPECT_EQ(write(0.1f), "0.1");
    EXPECT_EQ(write(5e-324), "5e-324");
    EXPECT_EQ(write(std::numeric_limits<double>::max()), "1.7976931348623157e308");
    EXPECT_EQ(write(std::numeric_limits<double>::quiet_NaN()), "null");
    EXPECT_EQ(write(-std::numeric_limits<double>::infinity()), "null");
}

TEST(json_writer, doubles_come_back) {
    std::mt19937_64 random(40);
    for (int i = 0; i != 20'000; ++i) {
        double const value = std::bit_cast<double>(random());
        if (!std::isfinite(value)) continue;
        std::string out;
        json::writer(out).value(value);
        EXPECT_TRUE(json::validate(out)) << out;
        EXPECT_EQ(bits_of(out), std::bit_cast<std::uint64_t>(value)) << out;
    }
}

TEST(json_writer, strings_come_back) {
    std::string all;
    for (int c = 0; c != 0x80; ++c) all += static_cast<char>(c);
    all += "\xC3\xA4\xF0\x9D\x84\x9E";
    std::string out;
    json::writer(out).value(all);
    json::reader in(out);
    json::string_token token;
    ASSERT_TRUE(in.read_string(token) && in.finish()) << out;
    EXPECT_TRUE(json::equals(out, token, all));
    std::string keyed;
    json::writer(keyed).begin_object().member(all, 1).end_object();
    EXPECT_EQ(keyed, std::string("{").append(out).append(":1}"));
}

}  // namespace
