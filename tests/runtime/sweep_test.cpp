// SPDX-License-Identifier: BSL-1.0
#include <costexpr/calibrated.hpp>
#include <costexpr/costexpr.hpp>

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

// A sweep computes packs of points at once: each lane does what a step alone does.

namespace {

namespace cx = costexpr;
using pack = cx::pack<>;

std::array<double, pack::lanes> values(pack const& p) {
    std::array<double, pack::lanes> v;
    p.store(v.data());
    return v;
}

TEST(packs, every_lane_has_the_bits_of_its_number_alone) {
    std::mt19937_64 random(20261121);
    std::uniform_real_distribution<double> exponent(-30, 30);
    for (int round = 0; round != 4000; ++round) {
        std::array<double, pack::lanes> a, b;
        for (std::size_t i = 0; i != pack::lanes; ++i) a[i] = std::exp2(exponent(random)), b[i] = std::exp2(exponent(random));
        // whole numbers, halves, what has no fraction left, and zero
        if (round % 4 == 0) a[0] = std::floor(a[0]), a[1] = std::floor(a[1]) + 0.5;
        if (round == 8) a[0] = 0, a[1] = 0x1p52 + 1;
        pack const x = pack::load(a.data()), y = pack::load(b.data());
        auto const same = [&](pack const& p, auto const& one) {
            auto const v = values(p);
            for (std::size_t i = 0; i != pack::lanes; ++i) ASSERT_EQ(v[i], one(a[i], b[i])) << a[i] << " " << b[i];
        };
        same(x + y, [](double p, double q) { return p + q; });
        same(x - y, [](double p, double q) { return p - q; });
        same(x * y, [](double p, double q) { return p * q; });
        same(x / y, [](double p, double q) { return p / q; });
        same(max(x, y), [](double p, double q) { return cx::max(p, q); });
        same(min(x, y), [](double p, double q) { return cx::min(p, q); });
        same(whole_part(x), [](double p, double) { return cx::whole_part(p); });
        same(square_root(x), [](double p, double) { return cx::square_root(p); });
        same(square_root(x - y), [](double p, double q) { return cx::square_root(p - q); });
        same(select(x < y, x + y, x), [](double p, double q) { return p < q ? p + q : p; });
        same(exp_of_negative(pack(0) - x), [](double p, double) { return cx::exp_of_negative(0 - p); });
        same(exp_of_negative(pack(0) - x * pack(1e-6)), [](double p, double) { return cx::exp_of_negative(0 - p * 1e-6); });
    }
}

TEST(packs, a_condition_is_one_a_lane) {
    std::array<double, pack::lanes> a{};
    a.back() = 1;
    auto const positive = pack::load(a.data()) > pack(0);
    EXPECT_TRUE(any(positive) && !all(positive) && static_cast<bool>(positive));
    EXPECT_TRUE(all(positive || !positive) && !any(positive && !positive));
}

cx::any_model embedded(std::string_view name) {
    for (auto const& m : cx::embedded::models)
        if (m.name == name) return *cx::read_model(m.config(), m.hf_quant_config());
    return {};
}

struct points {
    std::vector<double> prompts, fresh, cached, sequences, past;
};
/// Points with a group left out in some, whole numbers on both sides of what tiles and kernels change at, and a number that fills no pack.
points some(std::size_t n) {
    points p;
    for (std::size_t i = 0; i != n; ++i) {
        p.prompts.push_back(static_cast<double>(i % 3));
        p.fresh.push_back(static_cast<double>(1 + i * 37 % 5000));
        p.cached.push_back(static_cast<double>(i % 2 == 0 ? 0 : i * 11 % 3000));
        p.sequences.push_back(static_cast<double>(i % 7 == 0 ? 0 : 1 + i * 13 % 300));
        p.past.push_back(static_cast<double>(i * 701 % 40000));
    }
    return p;
}

/// A sweep over these groups against one step after the other.
template <class Pricing>
void compare(cx::op_graph<> const& g, points const& p, Pricing const& pricing_in, bool reads, bool writes, std::string const& what) {
    std::vector<cx::swept_group> groups;
    if (reads) groups.push_back({.sequences = p.prompts, .new_tokens = p.fresh, .past_tokens = p.cached, .phase = cx::phase::prefill});
    if (writes) groups.push_back({.sequences = p.sequences, .past_tokens = p.past});
    std::vector<double> t(p.past.size(), -1);
    ASSERT_TRUE(cx::sweep(g, groups, pricing_in(pack(0)), t));
    auto const price = pricing_in(0.0);
    for (std::size_t i = 0; i != t.size(); ++i) {
        std::vector<cx::mean_group> step;
        if (reads && p.prompts[i] > 0) step.push_back({p.prompts[i], p.fresh[i], p.cached[i], cx::phase::prefill});
        if (writes && p.sequences[i] > 0) step.push_back({p.sequences[i], 1, p.past[i], cx::phase::decode});
        double const one = step.empty() ? cx::seconds(g, std::span<cx::mean_group const>(), price) : cx::seconds(g, std::span<cx::mean_group const>(step), price);
        ASSERT_NEAR(t[i], one, 1e-13 * one) << what << ", point " << i;
    }
}

TEST(sweeps, give_what_one_step_after_the_other_gives) {
    points const p = some(101);
    for (char const* name : {"meta-llama/Llama-3.1-8B", "Qwen/Qwen3-30B-A3B", "openai/gpt-oss-120b", "deepseek-ai/DeepSeek-V3", "deepseek-ai/DeepSeek-V3.2", "Qwen/Qwen3-Next-80B-A3B-Instruct",
                             "moonshotai/Kimi-K3", "nvidia/Nemotron-H-56B-Base-8K"}) {
        auto const g = cx::lower(embedded(name), cx::layout{.tp = 2});
        ASSERT_TRUE(g) << name;
        for (cx::system_spec const& s : {cx::system<"h200_sxm">, cx::system<"b200_sxm">}) {
            for (char const* framework : {"trtllm", "vllm"}) {
                auto const constants = cx::calibration_of(s, framework);
                ASSERT_TRUE(constants);
                for (int mode = 1; mode != 4; ++mode)
                    compare(*g, p, [&]<class T>(T) { return cx::calibrated<T>(s, *constants); }, (mode & 1) != 0, (mode & 2) != 0, std::string(name) + " " + framework);
            }
            for (int mode = 1; mode != 4; ++mode) compare(*g, p, [&]<class T>(T) { return cx::roofline<T>(s); }, (mode & 1) != 0, (mode & 2) != 0, name);
        }
    }
}

TEST(sweeps, a_model_named_at_compile_time_is_swept_too) {
    constexpr auto model = cx::model<"Qwen/Qwen3-8B">;
    constexpr cx::deployment x{.layout = {.tp = 2}};
    cx::roofline<pack> const price(cx::system<"h200_sxm">);
    std::array<double, 5> const lengths{0, 100, 1000, 10000, 100000};
    std::array<double, 5> t{};
    cx::swept_group const decode[] = {{.sequences = 8, .past_tokens = lengths}};
    ASSERT_TRUE(cx::sweep(model.plain(), x, decode, price, t));
    for (std::size_t i = 0; i != t.size(); ++i) {
        cx::group const one[] = {{.sequences = 8, .past_tokens = static_cast<cx::count>(lengths[i])}};
        double const expected = cx::seconds(model.plain(), x, cx::step(one), cx::roofline<>(cx::system<"h200_sxm">));
        EXPECT_NEAR(t[i], expected, 1e-13 * expected);
    }
}

TEST(sweeps, a_column_of_another_length_is_refused) {
    auto const g = *cx::lower(embedded("Qwen/Qwen3-8B"), cx::layout{});
    cx::roofline<pack> const price(cx::system<"h200_sxm">);
    std::array<double, 3> const three{1, 2, 3};
    std::array<double, 4> t{-1, -1, -1, -1};
    cx::swept_group const decode[] = {{.sequences = 8, .past_tokens = three}};
    EXPECT_FALSE(cx::sweep(g, decode, price, t));
    cx::swept_group const nothing[] = {{.sequences = std::vector<double>(), .past_tokens = 100.0}};
    EXPECT_FALSE(cx::sweep(g, nothing, price, t));
    EXPECT_EQ(t[0], -1);
    std::vector<cx::swept_group> const many(cx::most_swept_groups + 1);
    EXPECT_FALSE(cx::sweep(g, many, price, t));
    EXPECT_TRUE(cx::sweep(g, decode, price, std::span<double>(t).first(0)) == false);
    EXPECT_TRUE(cx::sweep(g, std::span<cx::swept_group const>(), price, std::span<double>()));
}

// What a sweep keeps for the next points: an op that says that it does not see lengths costs the same whatever they are.
TEST(sweeps, ops_that_do_not_see_lengths_cost_the_same_at_any) {
    cx::system_spec const s = cx::system<"h200_sxm">;
    auto const constants = cx::calibration_of(s, "vllm");
    ASSERT_TRUE(constants);
    std::size_t kept = 0, others = 0;
    for (auto const& m : cx::embedded::models) {
        auto const g = cx::lower(*cx::read_model(m.config(), m.hf_quant_config()), cx::layout{});
        if (!g) continue;
        for (cx::phase phase : {cx::phase::prefill, cx::phase::decode}) {
            auto const at = [&](auto const& price, cx::count past) {
                cx::group const one[] = {{.sequences = 5, .new_tokens = 3, .past_tokens = past, .phase = phase}};
                cx::measured_step<double, cx::count> const step{std::span<cx::group const>(one)};
                std::vector<double> t;
                cx::for_each_op_of(*g, cx::deployment{}, [&](auto const& o, cx::op_place const&) {
                    bool const sees = cx::sees_lengths(o, phase == cx::phase::prefill);
                    ++(sees ? others : kept);
                    if (!sees) t.push_back(cx::seconds(o, step, price));
                });
                return t;
            };
            EXPECT_EQ(at(cx::roofline<>(s), 100), at(cx::roofline<>(s), 9000)) << m.name;
            EXPECT_EQ(at(cx::calibrated<>(s, *constants), 100), at(cx::calibrated<>(s, *constants), 9000)) << m.name;
        }
    }
    EXPECT_GT(kept, 5 * others);
}

}  // namespace
