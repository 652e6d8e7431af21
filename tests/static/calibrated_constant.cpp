// SPDX-License-Identifier: BSL-1.0
// A calibrated price as a constant, with the embedded constants of a system, within the default limits of every compiler.
#include <costexpr/calibrated.hpp>
#include <costexpr/costexpr.hpp>

namespace cx = costexpr;

constexpr cx::calibrated<> measured(cx::system<"h200_sxm">, cx::calibration_for<"h200_sxm", "vllm">);
constexpr cx::roofline<> limits(cx::system<"h200_sxm">);

constexpr auto qwen = cx::model<"Qwen/Qwen3-32B">;
constexpr cx::deployment on_four{.layout = {.tp = 4}};
constexpr cx::group batch[] = {{.sequences = 32, .new_tokens = 1, .past_tokens = 4096, .phase = cx::phase::decode}};
constexpr double real = cx::seconds(qwen.plain(), on_four, cx::step(batch), measured);
constexpr double ideal = cx::seconds(qwen.plain(), on_four, cx::step(batch), limits);
static_assert(ideal < real && real < 3 * ideal, "kernels take longer than data sheets promise, and not three times as long");

// all lists are there: as many as the file has
static_assert(!cx::calibration_for<"h200_sxm", "vllm">.gemm.empty() && !cx::calibration_for<"h200_sxm", "vllm">.kda.empty() && cx::calibration_for<"h200_sxm", "vllm">.multiprocessors == 132);
