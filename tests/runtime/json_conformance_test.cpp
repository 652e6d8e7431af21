// SPDX-License-Identifier: BSL-1.0
// The JSON layer on public test suites, read from $COSTEXPR_SHARED/data/json: JSONTestSuite, the checker and round trips of
// nativejson-benchmark, and the numbers of parse-number-fxx-test-data.

#include <costexpr/json/number.hpp>
#include <costexpr/json/reader.hpp>
#include <costexpr/json/writer.hpp>

#include <gtest/gtest.h>

#include <bit>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace {

using costexpr::count;
using costexpr::errc;
namespace json = costexpr::json;
namespace fs = std::filesystem;

std::string read_file(fs::path const& path) {
    std::ifstream in(path, std::ios::binary);
    EXPECT_TRUE(in) << path;
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

struct listed_file {
    std::string name;
    std::string expectation;
    std::string text;
};

class json_conformance : public testing::Test {
  protected:
    void SetUp() override {
        char const* const shared = std::getenv("COSTEXPR_SHARED");
        if (shared == nullptr || !fs::exists(fs::path(shared) / "data/json/manifest.csv"))
            GTEST_SKIP() << "shared data is not there";
        folder = fs::path(shared) / "data/json";
    }

    // The JSON files whose expectation begins with these words; a name or expectation in the manifest holds no comma where it is read.
    std::vector<listed_file> files(std::string_view wanted) const {
        std::vector<listed_file> found;
        std::istringstream manifest(read_file(folder / "manifest.csv"));
        for (std::string line; std::getline(manifest, line);) {
            std::istringstream fields(line);
            listed_file file;
            std::getline(fields, file.name, ',');
            std::getline(fields, file.expectation, ',');
            if (!file.name.ends_with(".json") || !file.expectation.starts_with(wanted)) continue;
            file.text = read_file(folder / file.name);
            found.push_back(file);
        }
        return found;
    }

    std::vector<std::string> lines(char const* name) const {
        std::vector<std::string> all;
        std::istringstream in(read_file(folder / name));
        for (std::string line; std::getline(in, line);) all.push_back(line);
        return all;
    }

    fs::path folder;
};

TEST_F(json_conformance, nothing_legal_is_rejected) {
    auto const legal = files("accept");
    EXPECT_GE(legal.size(), 60u);
    for (auto const& file : legal) {
        auto const valid = json::validate(file.text);
        EXPECT_TRUE(valid) << file.name << ": error " << int(valid ? errc::none : valid.error().front().code);
    }
    RecordProperty("files", static_cast<int>(legal.size()));
}

TEST_F(json_conformance, nothing_illegal_is_accepted) {
    auto const illegal = files("reject");
    EXPECT_GE(illegal.size(), 100u);
    for (auto const& file : illegal) {
        auto const valid = json::validate(file.text);
        ASSERT_FALSE(valid) << file.name;
        EXPECT_LE(valid.error().front().offset, file.text.size()) << file.name;
    }
    RecordProperty("files", static_cast<int>(illegal.size()));
}

// What RFC 8259 leaves open is decided as follows, and said here so that a change is noticed.
TEST_F(json_conformance, what_is_left_open) {
    struct {
        char const* name;
        errc code;
    } const decisions[] = {
        {"fail18_EXCLUDE.json", errc::none},  // nested 20 deep
        {"i_number_neg_int_huge_exp.json", errc::none},
        {"i_number_pos_double_huge_exp.json", errc::none},
        {"i_number_too_big_neg_int.json", errc::none},
        {"i_number_very_big_negative_int.json", errc::none},
        {"i_string_1st_surrogate_but_2nd_missing.json", errc::lone_surrogate},
        {"i_string_UTF-16LE_with_BOM.json", errc::unexpected_character},
        {"i_string_UTF8_surrogate_U+D800.json", errc::invalid_utf8},
        {"i_string_incomplete_surrogate_and_escape_valid.json", errc::lone_surrogate},
        {"i_string_incomplete_surrogates_escape_valid.json", errc::lone_surrogate},
        {"i_string_invalid_lonely_surrogate.json", errc::lone_surrogate},
        {"i_string_invalid_utf-8.json", errc::invalid_utf8},
        {"i_string_iso_latin_1.json", errc::invalid_utf8},
        {"i_string_lone_second_surrogate.json", errc::lone_surrogate},
        {"i_string_not_in_unicode_range.json", errc::invalid_utf8},
        {"i_string_overlong_sequence_2_bytes.json", errc::invalid_utf8},
        {"i_string_truncated-utf-8.json", errc::invalid_utf8},
        {"i_structure_UTF-8_BOM_empty_object.json", errc::byte_order_mark},
    };
    auto const open = files("implementation-defined");
    std::size_t accepted = 0;
    for (auto const& file : open) {
        auto const valid = json::validate(file.text);
        errc const code = valid ? errc::none : valid.error().front().code;
        if (valid) ++accepted;
        for (auto const& [name, expected] : decisions) {
            if (fs::path(file.name).filename() == name) {
                EXPECT_EQ(code, expected) << file.name;
            }
        }
    }
    std::cout << accepted << " of " << open.size() << " files that RFC 8259 leaves open are accepted\n";
}

std::uint64_t bits_of(std::string_view number) {
    double value = 0;
    errc const code = json::to_double(number, value);
    if (code == errc::number_out_of_range) return (number[0] == '-' ? 0x8000'0000'0000'0000 : 0) | 0x7FF0'0000'0000'0000;
    EXPECT_EQ(code, errc::none) << number;
    return std::bit_cast<std::uint64_t>(value);
}

TEST_F(json_conformance, numbers_are_bit_exact) {
    std::size_t wrong = 0;
    auto const all = lines("numbers/numbers_json_1.txt");
    EXPECT_GE(all.size(), 2000u);
    for (auto const& line : all) {
        std::istringstream fields(line);
        std::uint64_t bits = 0;
        std::string number;
        fields >> std::hex >> bits >> number;
        EXPECT_TRUE(json::validate(number)) << number;
        if (bits_of(number) != bits) {
            ++wrong;
            ADD_FAILURE() << line;
        }
    }
    std::cout << all.size() << " numbers, " << wrong << " not bit exact\n";
}

TEST_F(json_conformance, numbers_of_other_languages_are_rejected) {
    auto const all = lines("numbers/numbers_notjson_1.txt");
    EXPECT_GE(all.size(), 10u);
    for (auto const& line : all) {
        std::string const number = line.substr(17, line.find(' ', 17) - 17);
        EXPECT_FALSE(json::validate(number)) << line;
        EXPECT_FALSE(json::validate(number, {.nonfinite = true})) << line;
    }
}

TEST_F(json_conformance, doubles_in_lists_are_bit_exact) {
    for (auto const& line : lines("doubles_nativejson.txt")) {
        std::string const text = line.substr(17);
        json::reader in(text);
        ASSERT_TRUE(in.enter_array() && in.next_element()) << line;
        auto const number = in.skip();
        ASSERT_EQ(number.kind, json::kind::number) << line;
        EXPECT_FALSE(in.next_element());
        EXPECT_TRUE(in.finish()) << line;
        EXPECT_EQ(bits_of(number.raw(text)), std::strtoull(line.c_str(), nullptr, 16)) << line;
    }
}

TEST_F(json_conformance, strings_decode_to_the_same_bytes) {
    for (auto const& line : lines("strings_nativejson.txt")) {
        std::size_t const blank = line.find(' ');
        std::string expected;
        if (line[0] != '-')
            for (std::size_t i = 0; i != blank; i += 2) expected += static_cast<char>(std::stoi(line.substr(i, 2), nullptr, 16));
        std::string const text = line.substr(blank + 1);
        json::reader in(text);
        json::string_token token;
        ASSERT_TRUE(in.enter_array() && in.next_element() && in.read_string(token)) << line;
        EXPECT_TRUE(json::equals(text, token, expected)) << line;
        char out[64];
        std::size_t length = 0;
        ASSERT_TRUE(json::decode(text, token, out, sizeof out, length)) << line;
        EXPECT_EQ(std::string(out, length), expected) << line;
    }
}

// Reads what is next and writes it again: every number and string through its value, none through its spelling.
void copy(std::string_view text, json::reader& in, json::writer<std::string>& out) {
    json::string_token token;
    auto const decoded = [&] {
        std::string content(text.size(), '\0');
        std::size_t length = 0;
        EXPECT_TRUE(json::decode(text, token, content.data(), content.size(), length));
        return content.substr(0, length);
    };
    switch (in.next_kind()) {
        case json::kind::object:
            out.begin_object();
            in.enter_object();
            while (in.next_member(token)) {
                out.key(decoded());
                copy(text, in, out);
            }
            out.end_object();
            break;
        case json::kind::array:
            out.begin_array();
            in.enter_array();
            while (in.next_element()) copy(text, in, out);
            out.end_array();
            break;
        case json::kind::string:
            in.read_string(token);
            out.value(decoded());
            break;
        case json::kind::number: {
            std::string_view const number = in.skip().raw(text);
            count integer = 0;
            double real = 0;
            if (number.find_first_of(".eE") == number.npos && json::to_integer(number, integer) == errc::none) {
                out.value(integer);
            } else {
                EXPECT_EQ(json::to_double(number, real), errc::none) << number;
                out.value(real);
            }
            break;
        }
        case json::kind::boolean: out.value(in.skip().raw(text) == "true"); break;
        case json::kind::null:
            in.skip();
            out.null();
            break;
        default: FAIL() << text;
    }
}

TEST_F(json_conformance, round_trips) {
    std::size_t n = 0;
    for (auto const& file : files("accept; write(parse(x)) == x")) {
        json::reader in(file.text);
        std::string written;
        json::writer out(written);
        copy(file.text, in, out);
        EXPECT_TRUE(in.finish()) << file.name;
        EXPECT_EQ(written, file.text) << file.name;
        ++n;
    }
    EXPECT_GE(n, 10u);
}

// A walk by hand sees exactly what skip() passes over: the text that is written from it is legal, and stays the same from then on.
TEST_F(json_conformance, legal_files_survive_a_copy) {
    for (auto const& file : files("accept")) {
        auto const copied = [](std::string const& text) {
            json::reader in(text);
            std::string written;
            json::writer out(written);
            copy(text, in, out);
            EXPECT_TRUE(in.finish()) << text;
            return written;
        };
        std::string const once = copied(file.text);
        EXPECT_TRUE(json::validate(once)) << file.name;
        EXPECT_EQ(copied(once), once) << file.name;
    }
}

TEST_F(json_conformance, every_published_config_is_valid) {
    fs::path const params = folder.parent_path() / "params";
    std::size_t n = 0;
    std::size_t strict = 0;
    for (auto const& entry : fs::directory_iterator(params)) {
        if (entry.path().extension() != ".json") continue;
        std::string const text = read_file(entry.path());
        EXPECT_TRUE(json::validate(text, {.nonfinite = true})) << entry.path();
        if (json::validate(text)) ++strict;
        ++n;
    }
    std::cout << n << " configs, " << strict << " of them strict JSON\n";
}

}  // namespace
