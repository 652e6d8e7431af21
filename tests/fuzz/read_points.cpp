// SPDX-License-Identifier: BSL-1.0
#include <costexpr/costexpr.hpp>
#include <costexpr/cost/table.hpp>

#include <cstddef>
#include <cstdlib>
#include <string_view>
#include <vector>

namespace cx = costexpr;

// Any text: either problems that can all be described, or measured points that fit the storage and price a step that costs something.
extern "C" int LLVMFuzzerTestOneInput(char const* data, std::size_t size) {
    std::string_view const text(data, size);
    std::vector<cx::table_point> storage(cx::most_points(text));
    auto const points = cx::read_points(text, storage);
    if (!points) {
        if (points.error().empty()) std::abort();
        for (cx::problem const& p : points.error())
            if (p.code == cx::errc::list_too_long || cx::describe(p, text).message.view().empty()) std::abort();
        return 0;
    }
    cx::roofline<> const limit(cx::system<"h200_sxm">);
    cx::group const mixed[] = {{.sequences = 2, .new_tokens = 100, .past_tokens = 50, .phase = cx::phase::prefill}, {.sequences = 3, .past_tokens = 1000}};
    cx::table_pricing const price(cx::system<"h200_sxm">, *points, limit);
    if (!(cx::seconds_by_provenance(cx::model<"Qwen/Qwen3-8B">, {}, cx::step(mixed), price).total() > 0)) std::abort();
    return 0;
}
