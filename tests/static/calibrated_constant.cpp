// SPDX-License-Identifier: BSL-1.0
// A calibrated price as a constant, with the embedded constants of a system. clang's default limit of 2^20 steps ends the reading of a file of 20 kB
// (-fconstexpr-steps raises it); g++ reads it within its own.
#include <costexpr/calibrated.hpp>
#include <costexpr/costexpr.hpp>

#if !defined(__clang__)

namespace cx = costexpr;

constexpr auto constants = cx::read_calibration(cx::calibration_text("h200_sxm", "vllm"));
static_assert(constants.has_value());
constexpr cx::calibrated<> measured(cx::system<"h200_sxm">, *constants);
constexpr cx::roofline<> limits(cx::system<"h200_sxm">);

constexpr auto qwen = cx::model<"Qwen/Qwen3-32B">;
constexpr cx::deployment on_four{.layout = {.tp = 4}};
constexpr cx::group batch[] = {{.sequences = 32, .new_tokens = 1, .past_tokens = 4096, .phase = cx::phase::decode}};
constexpr double real = cx::seconds(qwen.plain(), on_four, cx::step(batch), measured);
constexpr double ideal = cx::seconds(qwen.plain(), on_four, cx::step(batch), limits);
static_assert(ideal < real && real < 3 * ideal, "kernels take longer than data sheets promise, and not three times as long");

#endif
