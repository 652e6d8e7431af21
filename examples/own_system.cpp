// A machine of one's own, from JSON with the keys of systems/*.json, or written in C++.
#include <costexpr.hpp>

namespace cx = costexpr;

constexpr auto next_year = cx::read_system(R"({
  "name": "next_year", "memory_bytes": 412316860416, "memory_bytes_per_second": 16e12,
  "flops_per_second": {"bf16": 4e15, "fp8": 8e15, "fp4": 32e15},
  "node": {"devices": 8, "bytes_per_second": 1.8e12}, "cluster": {"bytes_per_second": 100e9}})");
static_assert(next_year.has_value());

// What does twice the bandwidth of an H200 bring? Copy it and change one figure.
constexpr cx::system_spec faster = [] {
    cx::system_spec s = cx::system<"h200_sxm">;
    s.device.memory_bytes_per_second *= 2;
    return s;
}();

constexpr auto llama = cx::model<"meta-llama/Llama-3.3-70B-Instruct">;
constexpr double seconds_on(cx::system_spec const& s) { return cx::decode(llama, {.tp = 8}, s, {.sequences = 16, .past = 2048}).seconds; }
static_assert(seconds_on(faster) < 0.6 * seconds_on(cx::system<"h200_sxm">));
static_assert(seconds_on(*next_year) < seconds_on(faster));

int main() {
    // an H200 has no fp4 units: the refusal says so, no figure is made up
    cx::deployment const fp4{.layout = {.tp = 8}, .precision = {.weights = cx::dtype::nvfp4}};
    cx::step_cost const refused = cx::decode(llama, fp4, faster, {.sequences = 16});
    return !refused && refused.refusal.code == cx::errc::missing_math_rate ? 0 : 1;
}
