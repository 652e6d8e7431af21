// SPDX-License-Identifier: BSL-1.0
// What benchmarks of steps share: embedded models laid out for eight devices, constants of kernels, and a count of allocations, of which there must be none.
#pragma once

#include <costexpr/calibrated.hpp>
#include <costexpr/costexpr.hpp>

#include <cstddef>
#include <cstdlib>
#include <new>
#include <string_view>

inline std::size_t allocations = 0;

[[gnu::noinline]] void* operator new(std::size_t n) {
    ++allocations;
    if (void* p = std::malloc(n)) return p;
    throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* p) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, std::size_t) noexcept { std::free(p); }

inline costexpr::op_graph<> lowered(std::string_view name) {
    costexpr::embedded::entry const& e = costexpr::embedded::models[costexpr::embedded::index_of(costexpr::embedded::models, name)];
    return *costexpr::lower(*costexpr::read_model(e.config(), e.hf_quant_config()), costexpr::layout{.tp = 8});
}
inline costexpr::op_graph<> const& dense() {
    static costexpr::op_graph<> const g = lowered("meta-llama/Meta-Llama-3.1-70B");
    return g;
}
inline costexpr::op_graph<> const& hybrid() {
    static costexpr::op_graph<> const g = lowered("moonshotai/Kimi-K3");
    return g;
}
inline costexpr::calibration const& constants() {
    static costexpr::calibration const c = *costexpr::calibration_of(costexpr::system<"h200_sxm">, "vllm");
    return c;
}
