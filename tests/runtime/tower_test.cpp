// SPDX-License-Identifier: BSL-1.0
#include <costexpr/family/vision_tower.hpp>
#include <costexpr/model/totals.hpp>

#include "check.hpp"

// Parameters of vision towers with their projectors, from published shapes.

namespace {

namespace cx = costexpr;

constexpr cx::vision_tower qwen3_vl(cx::count depth, cx::count hidden, cx::count inner, cx::count outer, bool deepstack) {
    cx::vision_tower t{.kind = cx::tower_kind::qwen3_vl, .depth = depth, .hidden = hidden, .inner = inner, .heads = 16, .patch = 16, .frames = 2, .merge = 2,
                       .positions = 2304, .outer = outer};
    for (cx::count layer : {8, 16, 24})
        if (deepstack) t.deepstack.insert(layer);
    return t;
}

constexpr bool towers_are_exact() {
    using cx::parameters;
    return parameters(launder(qwen3_vl(27, 1152, 4304, 4096, true))) == 576'388'336 &&   // Qwen3-VL-8B
           parameters(launder(qwen3_vl(24, 1024, 4096, 2048, true))) == 406'957'056 &&   // Qwen3-VL-2B
           parameters(launder(qwen3_vl(27, 1152, 4304, 2048, false))) == 446'571'248 &&  // Qwen3.5-35B-A3B
           parameters(launder(cx::vision_tower{.kind = cx::tower_kind::siglip, .depth = 27, .hidden = 1152, .inner = 4304, .heads = 16, .patch = 14, .image = 896,
                                               .outer = 3840})) == 421'290'864 &&  // Gemma 3 12B
           parameters(launder(cx::vision_tower{.kind = cx::tower_kind::moonvit, .depth = 27, .hidden = 1152, .inner = 4304, .heads = 16, .patch = 14, .merge = 2,
                                               .position_rows = 64, .position_columns = 64, .outer = 7168})) == 471'143'920 &&  // Kimi-K2.5
           parameters(launder(cx::vision_tower{.kind = cx::tower_kind::qwen2_vl, .depth = 32, .hidden = 1280, .inner = 5120, .heads = 16, .patch = 14, .frames = 2,
                                               .merge = 2, .outer = 1536})) == 665'271'296 &&  // Qwen2-VL-2B
           parameters(launder(cx::vision_tower{.kind = cx::tower_kind::glm4v, .depth = 24, .hidden = 1536, .inner = 13696, .heads = 12, .patch = 14, .frames = 2,
                                               .merge = 2, .image = 336, .outer = 4096})) == 892'498'432;  // GLM-4.1V-9B
}
CHECK_TWICE(towers_are_exact);

}  // namespace
