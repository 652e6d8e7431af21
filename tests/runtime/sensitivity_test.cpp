// SPDX-License-Identifier: BSL-1.0

// Number types: dual numbers give exact derivatives and elasticities, intervals bounds that hold every sample.

#include <costexpr/costexpr.hpp>

#include <check.hpp>

#include <array>
#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

namespace cx = costexpr;
using cx::count;

namespace {

constexpr auto& dense = cx::model<"Qwen/Qwen3-8B">;
constexpr auto& routed = cx::model<"Qwen/Qwen3-30B-A3B">;
constexpr auto& latent = cx::model<"deepseek-ai/DeepSeek-V3">;
constexpr auto& windowed = cx::model<"openai/gpt-oss-20b">;
constexpr auto& h200 = cx::system<"h200_sxm">;

constexpr bool near(double a, double b, double tolerance) {
    double const d = a < b ? b - a : a - b;
    double const size = a < 0 ? -a : a;
    return d <= tolerance * (size < 1 ? 1 : size);
}

constexpr bool duals_know_the_rules() {
    cx::dual<2> const x = cx::dual<2>::variable(launder(3.0), 0);
    cx::dual<2> const y = cx::dual<2>::variable(launder(2.0), 1);
    cx::dual<2> const product = x * x * y;
    cx::dual<2> const ratio = x / y;
    cx::dual<2> const e = exp_of_negative(cx::dual<2>(0) - x);
    return product.value == 18 && product.slope[0] == 12 && product.slope[1] == 9 && ratio.slope[0] == 0.5 && ratio.slope[1] == -0.75 && max(x, y).slope[0] == 1 && min(x, y).slope[1] == 1 &&
           e.slope[0] == -e.value && (x + y - x).slope[0] == 0 && whole_part(x).slope[0] == 0 && x > y && !(x < y);
}
CHECK_TWICE(duals_know_the_rules);

constexpr bool intervals_hold_every_sample() {
    double const values[] = {-2.5, 0.0, 0.1, 1e12};
    for (double a : values)
        for (double b : values)
            for (double c : values)
                for (double d : values) {
                    if (a > b || c > d) continue;
                    cx::interval const x(launder(a), b);
                    cx::interval const y(launder(c), d);
                    for (double s : {a, b, a + (b - a) / 3})
                        for (double t : {c, d, c + (d - c) / 3}) {
                            if (s > b || t > d) continue;
                            if (!(x + y).contains(s + t) || !(x - y).contains(s - t) || !(x * y).contains(s * t) || !max(x, y).contains(s < t ? t : s)) return false;
                            if (t != 0 && !(x / y).contains(s / t)) return false;
                        }
                }
    cx::interval const e = exp_of_negative(cx::interval(-2, -1));
    return e.low < 0.1353352832366127 && e.high > 0.36787944117144233 && e.high < 0.367879441171443 && (cx::interval(1, 2) < cx::interval(1.5, 3)) && !(cx::interval(2, 3) < cx::interval(1, 2)) &&
           cx::interval(0).low == 0 && (cx::interval(0) * cx::interval(5)).high == 0;
}
CHECK_TWICE(intervals_hold_every_sample);

struct random {
    std::uint64_t x = 88172645463325252u;
    constexpr count below(count n) {
        x ^= x << 13, x ^= x >> 7, x ^= x << 17;
        return static_cast<count>(x % static_cast<std::uint64_t>(n));
    }
};

/// Elasticities of random steps: those of the rates sum to -1, and every one is what a small change of its input gives.
template <class M>
constexpr bool elasticities_of(M const& m, cx::layout const& l, int rounds) {
    cx::deployment const x{.layout = l, .precision = m.config.precision()};
    random r;
    for (int i = 0; i != rounds; ++i) {
        cx::group const groups[] = {{.sequences = 1 + r.below(200), .new_tokens = 1 + r.below(3), .past_tokens = 1 + r.below(30'000)},
                                    {.sequences = r.below(3), .new_tokens = 1 + r.below(2000), .past_tokens = r.below(5000), .phase = cx::phase::prefill}};
        cx::step const step(groups, i % 2 == 0 ? 1 : 2);
        cx::elasticity const e = cx::elasticities(m, x, launder(h200), step);
        double const t = cx::price(m, x, h200, step).seconds;
        if (!near(e.rates(), -1, 1e-12) || !near(e.seconds, t, 1e-12) || e.batch < 0 || e.context < 0 || e.batch > 1 + 1e-12) return false;
        if (e.memory_bandwidth > 0 || e.flops > 0 || e.links > 0) return false;
        if (l.devices() == 1 && e.links != 0) return false;
        cx::system_spec faster = h200;
        constexpr double step_size = 1e-7;
        faster.device.memory_bytes_per_second *= 1 + step_size;
        double const change = (cx::price(m, x, faster, step).seconds - t) / t / step_size;
        if (!near(change, e.memory_bandwidth, 1e-5)) return false;
    }
    return true;
}
constexpr bool elasticities_of_dense_models() { return elasticities_of(dense, {.tp = 2}, 8); }
constexpr bool elasticities_of_mixtures() { return elasticities_of(routed, {}, 8); }
constexpr bool elasticities_of_latent_attention() { return elasticities_of(latent, {.tp = 8, .ep = 8}, 4); }
constexpr bool elasticities_of_windows() { return elasticities_of(windowed, {}, 4); }
CHECK_TWICE(elasticities_of_dense_models);
CHECK_TWICE(elasticities_of_mixtures);
CHECK_TWICE(elasticities_of_latent_attention);
CHECK_TWICE(elasticities_of_windows);

// Attention of a long context is bound by the cache alone: twice the context, nearly twice the time.
constexpr bool limits_are_what_they_must_be() {
    cx::group const long_context[] = {{.sequences = 64, .past_tokens = launder(count{1'000'000})}};
    cx::group const short_context[] = {{.sequences = 1, .past_tokens = launder(count{16})}};
    cx::elasticity const all_cache = cx::elasticities(dense, cx::layout{}, h200, long_context);
    cx::elasticity const all_weights = cx::elasticities(dense, cx::layout{}, h200, short_context);
    cx::elasticity const refused = cx::elasticities(dense, cx::layout{.tp = 3}, h200, short_context);
    return all_cache.context > 0.99 && all_cache.batch > 0.99 && all_weights.context < 0.01 && all_weights.batch < 0.01 && all_weights.memory_bandwidth == -1 && refused.seconds != refused.seconds;
}
CHECK_TWICE(limits_are_what_they_must_be);

TEST(elasticity, of_a_lowered_model_is_that_of_its_family_for_any_number_of_groups) {
    std::vector<cx::group> ragged;
    random r;
    for (int i = 0; i != 1000; ++i) ragged.push_back({.sequences = 1, .past_tokens = r.below(9000)});
    cx::embedded::entry const* found = nullptr;
    for (std::size_t i = 0; i != cx::embedded::model_count; ++i)
        if (cx::embedded::models[i].name == "openai/gpt-oss-20b") found = &cx::embedded::models[i];
    ASSERT_NE(found, nullptr);
    auto const m = cx::read_model<cx::registry<cx::moe_decoder>>({found->text, found->size});
    ASSERT_TRUE(m);
    cx::elasticity const a = cx::elasticities(*m, cx::layout{}, h200, ragged);
    cx::elasticity const b = cx::elasticities(windowed, cx::layout{}, h200, ragged);
    EXPECT_TRUE(near(a.rates(), -1, 1e-12) && near(a.batch, b.batch, 1e-12) && near(a.context, b.context, 1e-12) && near(a.seconds, b.seconds, 1e-12));
}

/// Random systems between two, random batches between two: the bounds hold every one, and are no wider than their ends.
template <class M>
constexpr bool bounds_of(M const& m, cx::layout const& l, int rounds) {
    cx::deployment const x{.layout = l, .precision = m.config.precision()};
    cx::system_spec slow = h200;
    slow.device.memory_bytes_per_second *= 0.6;
    slow.node.bytes_per_second *= 0.5;
    for (double& rate : slow.device.flops_per_second) rate *= 0.4;
    cx::basic_group<cx::interval> const range[] = {{cx::interval(launder(8), 16), cx::interval(1, 2), cx::interval(1000, 6000), cx::phase::decode},
                                                   {cx::interval(1), cx::interval(100, 900), cx::interval(0, 50), cx::phase::prefill}};
    cx::interval const bounds = cx::seconds_between(m, x, slow, h200, std::span<cx::basic_group<cx::interval> const>(range));
    random r;
    for (int i = 0; i != rounds; ++i) {
        cx::system_spec s = h200;
        auto const part = [&](double least) { return least + (1 - least) * static_cast<double>(r.below(1001)) / 1000; };
        s.device.memory_bytes_per_second *= part(0.6);
        s.node.bytes_per_second *= part(0.5);
        for (double& rate : s.device.flops_per_second) rate *= part(0.4);
        cx::group const sample[] = {{.sequences = 8 + r.below(9), .new_tokens = 1 + r.below(2), .past_tokens = 1000 + r.below(5001)},
                                    {.sequences = 1, .new_tokens = 100 + r.below(801), .past_tokens = r.below(51), .phase = cx::phase::prefill}};
        if (!bounds.contains(cx::price(m, x, s, sample).seconds)) return false;
    }
    cx::group const least[] = {{.sequences = 8, .new_tokens = 1, .past_tokens = 1000}, {.sequences = 1, .new_tokens = 100, .past_tokens = 0, .phase = cx::phase::prefill}};
    cx::group const most[] = {{.sequences = 16, .new_tokens = 2, .past_tokens = 6000}, {.sequences = 1, .new_tokens = 900, .past_tokens = 50, .phase = cx::phase::prefill}};
    double const low = cx::price(m, x, h200, least).seconds;
    double const high = cx::price(m, x, slow, most).seconds;
    return bounds.contains(low) && bounds.contains(high) && bounds.low > low * 0.5 && bounds.high < high * 2;
}
constexpr bool bounds_of_dense_models() { return bounds_of(dense, {.tp = 2}, 20); }
constexpr bool bounds_of_mixtures() { return bounds_of(routed, {}, 20); }
constexpr bool bounds_of_latent_attention() { return bounds_of(latent, {.tp = 8, .ep = 8}, 10); }
constexpr bool bounds_of_windows() { return bounds_of(windowed, {}, 10); }
CHECK_TWICE(bounds_of_dense_models);
CHECK_TWICE(bounds_of_mixtures);
CHECK_TWICE(bounds_of_latent_attention);
CHECK_TWICE(bounds_of_windows);

}  // namespace
