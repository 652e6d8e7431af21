// SPDX-License-Identifier: BSL-1.0
// What a point of a sweep costs, batches outside and lengths inside, and in random order (where nothing is shared); the goal is 10 ns. Built with
// -O3 -march=native -ffp-contract=off -fno-math-errno. One by one is the same step priced alone. Nothing may allocate.
#include "lowered.hpp"

#include <benchmark/benchmark.h>

#include <array>

namespace cx = costexpr;

namespace {

constexpr std::size_t points = 16384;

constexpr cx::system_spec const& h200 = cx::system<"h200_sxm">;

/// Batches of 1 to 64, each at 256 lengths.
struct decode_points {
    std::array<double, points> batch, past;
    explicit decode_points(bool in_order) {
        for (std::size_t i = 0; i != points; ++i) {
            std::size_t const at = in_order ? i : i * 7919 % points;
            batch[i] = static_cast<double>(1 + at / 256);
            past[i] = static_cast<double>(at % 256 * 128);
        }
    }
};

template <class Price>
void sweep(benchmark::State& state, cx::op_graph<> const& g, Price const& price, bool in_order) {
    static std::array<double, points> seconds;
    decode_points const p(in_order);
    cx::swept_group const decode[] = {{.sequences = p.batch, .past_tokens = p.past}};
    std::size_t const before = allocations;
    for (auto _ : state) {
        if (!cx::sweep(g, decode, price, seconds)) state.SkipWithError("refused");
        benchmark::DoNotOptimize(seconds.data());
    }
    if (allocations != before) state.SkipWithError("a sweep allocated");
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(points));
    state.counters["a_point"] = benchmark::Counter(static_cast<double>(points), benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}
template <class Price>
void one_by_one(benchmark::State& state, cx::op_graph<> const& g, Price const& price) {
    decode_points const p(true);
    double sum = 0;
    for (auto _ : state)
        for (std::size_t i = 0; i != points; ++i) {
            cx::mean_group const one[] = {{p.batch[i], 1, p.past[i], cx::phase::decode}};
            sum += cx::seconds(g, std::span<cx::mean_group const>(one), price);
        }
    benchmark::DoNotOptimize(sum);
    state.counters["a_point"] = benchmark::Counter(static_cast<double>(points), benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

void calibrated_dense(benchmark::State& s) { sweep(s, dense(), cx::calibrated<cx::pack<>>(h200, constants()), true); }
void calibrated_dense_random(benchmark::State& s) { sweep(s, dense(), cx::calibrated<cx::pack<>>(h200, constants()), false); }
void calibrated_dense_one_by_one(benchmark::State& s) { one_by_one(s, dense(), cx::calibrated<>(h200, constants())); }
void calibrated_hybrid(benchmark::State& s) { sweep(s, hybrid(), cx::calibrated<cx::pack<>>(h200, constants()), true); }
void calibrated_hybrid_random(benchmark::State& s) { sweep(s, hybrid(), cx::calibrated<cx::pack<>>(h200, constants()), false); }
void calibrated_hybrid_one_by_one(benchmark::State& s) { one_by_one(s, hybrid(), cx::calibrated<>(h200, constants())); }
void roofline_dense(benchmark::State& s) { sweep(s, dense(), cx::roofline<cx::pack<>>(h200), true); }
void roofline_hybrid(benchmark::State& s) { sweep(s, hybrid(), cx::roofline<cx::pack<>>(h200), true); }
BENCHMARK(calibrated_dense)->Unit(benchmark::kMicrosecond);
BENCHMARK(calibrated_dense_random)->Unit(benchmark::kMicrosecond);
BENCHMARK(calibrated_dense_one_by_one)->Unit(benchmark::kMicrosecond);
BENCHMARK(calibrated_hybrid)->Unit(benchmark::kMicrosecond);
BENCHMARK(calibrated_hybrid_random)->Unit(benchmark::kMicrosecond);
BENCHMARK(calibrated_hybrid_one_by_one)->Unit(benchmark::kMicrosecond);
BENCHMARK(roofline_dense)->Unit(benchmark::kMicrosecond);
BENCHMARK(roofline_hybrid)->Unit(benchmark::kMicrosecond);

}  // namespace
