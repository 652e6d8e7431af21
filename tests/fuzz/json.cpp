// SPDX-License-Identifier: BSL-1.0
#include <costexpr/json/reader.hpp>

#include <cstdlib>

namespace json = costexpr::json;

// Passing over a text and walking into all of it must agree on whether it is JSON, and on what is wrong and where if it is not.
namespace {

void walk(json::reader& reader) {
    json::string_token token;
    switch (reader.next_kind()) {
    case json::kind::object:
        if (reader.enter_object())
            while (reader.next_member(token)) walk(reader);
        break;
    case json::kind::array:
        if (reader.enter_array())
            while (reader.next_element()) walk(reader);
        break;
    case json::kind::string: reader.read_string(token); break;
    default: reader.skip();
    }
}

void compare(std::string_view text, json::options how) {
    json::reader passing(text, how);
    passing.skip();
    passing.finish();
    json::reader walking(text, how);
    walk(walking);
    walking.finish();
    if (passing.error().code != walking.error().code || passing.error().offset != walking.error().offset) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(char const* data, std::size_t size) {
    std::string_view const text(data, size);
    compare(text, {});
    compare(text, {.nonfinite = true, .skip_byte_order_mark = true, .depth = 8});
    return 0;
}
