// SPDX-License-Identifier: BSL-1.0
#include <costexpr/costexpr.hpp>

#include "check.hpp"

#include <span>

// Evaluation is generic in its number type: a number with a derivative goes through the same ops and prices, in constant evaluation too.

namespace {

namespace cx = costexpr;

using dual = cx::dual<1>;

template <class Model>
constexpr bool slope_by_bandwidth(Model const& m, cx::layout const& l) {
    cx::deployment const x{.layout = l, .precision = m.config.precision()};
    cx::group const batch[] = {{.sequences = 8, .past_tokens = 3000}, {.sequences = 1, .new_tokens = 700, .past_tokens = 64, .phase = cx::phase::prefill}};
    std::span<cx::group const> const step(batch);
    cx::system_spec const machine = launder(cx::system<"h200_sxm">);

    // seconds per byte is the variable: the slope of the step is the bytes of the ops that memory bounds
    cx::roofline<dual> price(machine);
    price.seconds_per_byte = dual::variable(1 / machine.device.memory_bytes_per_second, 0);
    dual const t = cx::seconds(m, x, step, price);

    double const plain = cx::seconds(m, x, step, cx::roofline<>(machine));
    auto const near = [](double a, double b) { return a - b < 1e-9 * b && b - a < 1e-9 * b; };
    return near(t.value, plain) && t.slope[0] > 0 && t.slope[0] * price.seconds_per_byte.value <= plain;
}

constexpr bool dense_models() { return slope_by_bandwidth(cx::model<"Qwen/Qwen3-8B">, {.tp = 2}); }
constexpr bool mixtures() { return slope_by_bandwidth(cx::model<"Qwen/Qwen3-30B-A3B">, {.tp = 1}); }
constexpr bool latent_attention() { return slope_by_bandwidth(cx::model<"deepseek-ai/DeepSeek-V2-Lite">, {.tp = 1}); }
constexpr bool windows() { return slope_by_bandwidth(cx::model<"openai/gpt-oss-20b">, {.tp = 1}); }
CHECK_TWICE(dense_models);
CHECK_TWICE(mixtures);
CHECK_TWICE(latent_attention);
CHECK_TWICE(windows);

}  // namespace
