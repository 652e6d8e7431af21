// SPDX-License-Identifier: BSL-1.0
// What a calibrated decode step costs to evaluate at run time, beside the same step by the roofline; the goals are 200 ns for a dense model of 70
// billion parameters and 400 ns for the largest hybrid. Nothing may allocate.
#include "lowered.hpp"

#include <benchmark/benchmark.h>

namespace cx = costexpr;

namespace {

template <class Price>
void steps(benchmark::State& state, cx::op_graph<> const& graph, Price const& price) {
    cx::count past = 1024;
    double sum = 0;
    std::size_t const before = allocations;
    for (auto _ : state) {
        past = past % 8192 + 97;
        cx::group const one[] = {{.sequences = 32, .new_tokens = 1, .past_tokens = past, .phase = cx::phase::decode}};
        sum += cx::seconds(graph, cx::step(one), price);
    }
    benchmark::DoNotOptimize(sum);
    if (allocations != before) state.SkipWithError("a step allocated");
}

void calibrated_dense(benchmark::State& s) { steps(s, dense(), cx::calibrated<>(cx::system<"h200_sxm">, constants())); }
void calibrated_hybrid(benchmark::State& s) { steps(s, hybrid(), cx::calibrated<>(cx::system<"h200_sxm">, constants())); }
// The same model named at compile time: its dimensions are constants, the constants of its kernels are not.
constexpr auto named = cx::model<"meta-llama/Meta-Llama-3.1-70B">;
void calibrated_known_dense(benchmark::State& state) {
    cx::calibrated<> const price(cx::system<"h200_sxm">, constants());
    cx::count past = 1024;
    double sum = 0;
    for (auto _ : state) {
        past = past % 8192 + 97;
        cx::group const one[] = {{.sequences = 32, .new_tokens = 1, .past_tokens = past, .phase = cx::phase::decode}};
        sum += cx::seconds(named.plain(), cx::deployment{.layout = {.tp = 8}}, cx::step(one), price);
    }
    benchmark::DoNotOptimize(sum);
}
void roofline_dense(benchmark::State& s) { steps(s, dense(), cx::roofline<>(cx::system<"h200_sxm">)); }
void roofline_hybrid(benchmark::State& s) { steps(s, hybrid(), cx::roofline<>(cx::system<"h200_sxm">)); }
BENCHMARK(roofline_dense);
BENCHMARK(calibrated_dense);
BENCHMARK(calibrated_known_dense);
BENCHMARK(roofline_hybrid);
BENCHMARK(calibrated_hybrid);

}  // namespace
