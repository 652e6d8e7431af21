// SPDX-License-Identifier: BSL-1.0
// What a calibrated decode step costs to evaluate at run time, beside the same step by the roofline; the goals are 200 ns for a dense model of 70
// billion parameters and 400 ns for the largest hybrid. Nothing may allocate.
#include <costexpr/calibrated.hpp>
#include <costexpr/costexpr.hpp>

#include <benchmark/benchmark.h>

#include <cstdlib>
#include <new>

namespace cx = costexpr;

namespace {

std::size_t allocations = 0;

cx::any_model embedded(std::string_view name) {
    std::size_t i = 0;
    while (cx::embedded::models[i].name != name) ++i;
    return *cx::read_model(cx::embedded::models[i].config(), cx::embedded::models[i].hf_quant_config());
}

struct prepared {
    cx::op_graph<> graph;
    explicit prepared(char const* name) : graph(*cx::lower(embedded(name), cx::layout{.tp = 8})) {}
};
prepared const& dense() {
    static prepared const p("meta-llama/Meta-Llama-3.1-70B");
    return p;
}
prepared const& hybrid() {
    static prepared const p("moonshotai/Kimi-K3");
    return p;
}
cx::calibration const& constants() {
    static cx::calibration const c = *cx::calibration_of(cx::system<"h200_sxm">, "vllm");
    return c;
}

template <class Price>
void steps(benchmark::State& state, prepared const& p, Price const& price) {
    cx::count past = 1024;
    double sum = 0;
    std::size_t const before = allocations;
    for (auto _ : state) {
        past = past % 8192 + 97;
        cx::group const one[] = {{.sequences = 32, .new_tokens = 1, .past_tokens = past, .phase = cx::phase::decode}};
        sum += cx::seconds(p.graph, cx::step(one), price);
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

[[gnu::noinline]] void* operator new(std::size_t n) {
    ++allocations;
    if (void* p = std::malloc(n)) return p;
    throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* p) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, std::size_t) noexcept { std::free(p); }
