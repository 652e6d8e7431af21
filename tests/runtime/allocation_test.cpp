// SPDX-License-Identifier: BSL-1.0

// Reading, laying out and pricing never allocate: every way to the heap is counted here.

#include <costexpr/costexpr.hpp>
#include <costexpr/cost/table.hpp>

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>
#include <string_view>

namespace {

std::atomic<long> allocations{0};

void* counted(std::size_t size) {
    ++allocations;
    if (void* p = std::malloc(size != 0 ? size : 1)) return p;
    std::abort();
}

}  // namespace

void* operator new(std::size_t size) { return counted(size); }
void* operator new[](std::size_t size) { return counted(size); }
void operator delete(void* p) noexcept { std::free(p); }
void operator delete[](void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }
void operator delete[](void* p, std::size_t) noexcept { std::free(p); }

namespace cx = costexpr;

namespace {

constexpr std::string_view text = R"({"architectures": ["DeepseekV3ForCausalLM"], "hidden_size": 7168, "num_hidden_layers": 61, "num_attention_heads": 128, "q_lora_rank": 1536,
    "kv_lora_rank": 512, "qk_nope_head_dim": 128, "qk_rope_head_dim": 64, "v_head_dim": 128, "intermediate_size": 18432, "n_routed_experts": 256, "num_experts_per_tok": 8,
    "moe_intermediate_size": 2048, "n_shared_experts": 1, "first_k_dense_replace": 3, "vocab_size": 129280, "quantization_config": {"quant_method": "fp8"}})";
constexpr std::string_view quantization = R"({"quantization": {"quant_algo": "NVFP4", "kv_cache_quant_algo": "FP8"}})";
constexpr std::string_view broken = R"({"architectures": ["LlamaForCausalLM"], "hidden_size": "64", "layer_types": ["flash"]})";
constexpr std::string_view toy = R"({"name": "toy", "memory_bytes": 80000000000, "memory_bytes_per_second": 3e12, "flops_per_second": {"bf16": 1e15, "fp4": 4e15},
    "node": {"devices": 8, "bytes_per_second": 450e9}})";

constexpr std::string_view points = "op,dtype,shape,milliseconds\nelementwise,bf16,bytes=1000,0.01\nelementwise,bf16,bytes=100000000,0.02\n";

template <class F>
long allocations_of(F const& f) {
    long const before = allocations;
    f();
    return allocations - before;
}

TEST(allocations, are_counted) {
    EXPECT_GE(allocations_of([] { delete new int volatile(1); }), 1);
}

TEST(allocations, are_none) {
    double sum = 0;
    EXPECT_EQ(allocations_of([&] { sum += cx::read_model(text).has_value(); }), 0) << "read_model";
    EXPECT_EQ(allocations_of([&] { sum += cx::read_model(text, quantization).has_value(); }), 0) << "read_model with a quantization file";
    EXPECT_EQ(allocations_of([&] { sum += static_cast<double>(cx::read_model(broken).error().size()); }), 0) << "read_model of a broken config";
    EXPECT_EQ(allocations_of([&] { sum += static_cast<double>(cx::describe(cx::read_model(broken).error().front(), broken).message.view().size()); }), 0) << "describe";
    EXPECT_EQ(allocations_of([&] { sum += cx::read_system(toy).has_value(); }), 0) << "read_system";

    auto const model = cx::read_model(text, quantization);
    auto const system = cx::read_system(toy);
    ASSERT_TRUE(model && system);
    cx::layout const l{.tp = 2, .dp = 4, .ep = 8};
    cx::deployment const x{.layout = l, .precision = model->config.precision()};
    std::array const groups{cx::group{.sequences = 2, .new_tokens = 500, .past_tokens = 0, .phase = cx::phase::prefill},
                            cx::group{.sequences = 30, .new_tokens = 1, .past_tokens = 3000, .phase = cx::phase::decode}};
    cx::roofline<> const price(*system);
    EXPECT_EQ(allocations_of([&] { sum += static_cast<double>(cx::lower(*model, l)->size()); }), 0) << "lower";
    EXPECT_EQ(allocations_of([&] { sum += static_cast<double>(cx::lower(*model, cx::layout{.tp = 3}).error().size()); }), 0) << "lower to an impossible layout";
    auto const graph = cx::lower(*model, l);
    ASSERT_TRUE(graph);
    EXPECT_EQ(allocations_of([&] { sum += cx::seconds(*graph, cx::step(groups), price); }), 0) << "seconds of a graph";
    EXPECT_EQ(allocations_of([&] { sum += cx::price(*model, l, *system, groups).seconds; }), 0) << "price";
    EXPECT_EQ(allocations_of([&] { sum += cx::visit([&](auto const& m) { return cx::seconds(m, x, cx::step(groups), price); }, *model); }), 0) << "seconds of a family";
    EXPECT_EQ(allocations_of([&] {
                  cx::visit([&](auto const& m) { cx::breakdown(m, x, cx::step(groups), price, [&](cx::op_cost const& c) { sum += c.seconds; }); }, *model);
              }),
              0)
        << "breakdown";
    EXPECT_EQ(allocations_of([&] { sum += static_cast<double>(cx::memory(*model, x, *system, {}).total()); }), 0) << "memory";
    EXPECT_EQ(allocations_of([&] { sum += static_cast<double>(cx::longest_context(*model, x, *system, {}) + cx::most_sequences(*model, x, *system, {})); }), 0) << "inverses";
    EXPECT_EQ(allocations_of([&] { sum += static_cast<double>(model->parameters() + model->active_parameters() + model->state_bytes(100)); }), 0) << "totals";

    std::array<cx::table_point, 4> storage{};
    EXPECT_EQ(allocations_of([&] { sum += cx::read_points(points, storage).has_value(); }), 0) << "read_points";
    EXPECT_EQ(allocations_of([&] { sum += static_cast<double>(cx::read_points("op,dtype\nx", storage).error().size()); }), 0) << "read_points of a broken table";
    cx::table_pricing const own(*system, *cx::read_points(points, storage), price);
    EXPECT_EQ(allocations_of([&] { sum += cx::seconds(*graph, cx::step(groups), own); }), 0) << "seconds by a table";
    EXPECT_GT(sum, 0);
}

}  // namespace
