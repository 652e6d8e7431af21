// SPDX-License-Identifier: BSL-1.0

// What a budget allows is exact: f(x) <= y < f(x + 1), for every inverse, model and layout.

#include <costexpr/costexpr.hpp>

#include <check.hpp>

#include <array>
#include <cmath>
#include <cstdint>
#include <string_view>

namespace cx = costexpr;
using cx::count;

namespace {

struct sample {
    std::string_view name;
    std::string_view text;
};
constexpr sample samples[] = {
    {"dense", R"({"architectures": ["Qwen3ForCausalLM"], "hidden_size": 5120, "num_hidden_layers": 64, "num_attention_heads": 64, "num_key_value_heads": 8, "head_dim": 128,
                  "intermediate_size": 25600, "vocab_size": 151936})"},
    {"windows", R"({"architectures": ["GptOssForCausalLM"], "hidden_size": 2880, "num_hidden_layers": 24, "num_attention_heads": 64, "num_key_value_heads": 8, "head_dim": 64,
                    "intermediate_size": 2880, "num_local_experts": 32, "num_experts_per_tok": 4, "vocab_size": 201088, "sliding_window": 128,
                    "layer_types": ["sliding_attention", "full_attention", "sliding_attention", "full_attention", "sliding_attention", "full_attention", "sliding_attention",
                    "full_attention", "sliding_attention", "full_attention", "sliding_attention", "full_attention", "sliding_attention", "full_attention", "sliding_attention",
                    "full_attention", "sliding_attention", "full_attention", "sliding_attention", "full_attention", "sliding_attention", "full_attention", "sliding_attention",
                    "full_attention"]})"},
    {"latent", R"({"architectures": ["DeepseekV32ForCausalLM"], "hidden_size": 7168, "num_hidden_layers": 61, "num_attention_heads": 128, "q_lora_rank": 1536, "kv_lora_rank": 512,
                   "qk_nope_head_dim": 128, "qk_rope_head_dim": 64, "v_head_dim": 128, "intermediate_size": 18432, "n_routed_experts": 256, "num_experts_per_tok": 8,
                   "moe_intermediate_size": 2048, "n_shared_experts": 1, "first_k_dense_replace": 3, "vocab_size": 129280, "index_n_heads": 64, "index_head_dim": 128,
                   "index_topk": 2048, "quantization_config": {"quant_method": "fp8", "weight_block_size": [128, 128]}})"},
    {"hybrid", R"({"architectures": ["Qwen3NextForCausalLM"], "hidden_size": 2048, "num_hidden_layers": 48, "num_attention_heads": 16, "num_key_value_heads": 2, "head_dim": 256,
                   "full_attention_interval": 4, "linear_num_key_heads": 16, "linear_num_value_heads": 32, "linear_key_head_dim": 128, "linear_value_head_dim": 128,
                   "linear_conv_kernel_dim": 4, "num_experts": 512, "num_experts_per_tok": 10, "moe_intermediate_size": 512, "shared_expert_intermediate_size": 512,
                   "vocab_size": 151936})"},
};
using families = cx::registry<cx::dense_decoder, cx::moe_decoder, cx::mla_decoder, cx::linear_hybrid_decoder>;
constexpr cx::layout layouts[] = {{}, {.tp = 2}, {.tp = 8, .ep = 8}, {.tp = 2, .pp = 4}, {.tp = 2, .pp = 3, .dp = 2, .ep = 4}};
constexpr auto& h200 = cx::system<"h200_sxm">;

/// Calls f(model, deployment) for every sample and layout.
template <class F>
void for_each_deployment(F const& f) {
    for (sample const& s : samples) {
        auto const m = cx::read_model<families>(s.text);
        ASSERT_TRUE(m) << s.name;
        for (cx::layout const& l : layouts)
            for (cx::framework const framework : {cx::framework::trtllm, cx::framework::vllm}) {
                SCOPED_TRACE(std::string(s.name) + " tp " + std::to_string(l.tp) + " pp " + std::to_string(l.pp) + " dp " + std::to_string(l.dp));
                f(*m, cx::deployment{.layout = l, .precision = m->config.precision(), .framework = framework});
            }
    }
}

struct random {
    std::uint64_t x = 88172645463325252u;
    count below(count n) {
        x ^= x << 13, x ^= x >> 7, x ^= x << 17;
        return static_cast<count>(x % static_cast<std::uint64_t>(n));
    }
};

TEST(inverses, of_memory_are_exact) {
    random r;
    for_each_deployment([&](auto const& m, cx::deployment const& x) {
        auto const g = cx::lower(m, x);
        ASSERT_TRUE(g);
        for (int i = 0; i != 20; ++i) {
            cx::residency held{.sequences = 1 + r.below(i % 2 != 0 ? 5000 : 64), .context = 1 + r.below(200'000), .step_tokens = 1 + r.below(100'000), .rows = 1 + r.below(4)};
            cx::system_spec s = h200;
            s.device.memory_bytes = (count{1} << 30) * (20 + r.below(2000));
            auto const expect = [&](count best, count cx::residency::*what, char const* name) {
                cx::residency at = held;
                at.*what = best;
                EXPECT_TRUE(best == 0 || cx::fits(*g, x, s, at)) << name << " " << best;
                ++(at.*what);
                EXPECT_FALSE(cx::fits(*g, x, s, at)) << name << " " << best;
            };
            expect(cx::most_sequences(*g, x, s, held), &cx::residency::sequences, "sequences");
            expect(cx::longest_context(*g, x, s, held), &cx::residency::context, "context");
            count const step = cx::largest_step(*g, x, s, held);
            if (step != cx::largest_dimension) expect(step, &cx::residency::step_tokens, "step");
            EXPECT_EQ(cx::longest_context(m, x, s, held), cx::longest_context(*g, x, s, held));
        }
    });
}

TEST(inverses, of_seconds_are_exact) {
    random r;
    cx::roofline<> const price(h200);
    for_each_deployment([&](auto const& m, cx::deployment const& x) {
        auto const g = cx::lower(m, x);
        ASSERT_TRUE(g);
        auto const seconds = [&](cx::group const& one) {
            std::array const groups{one};
            return cx::seconds(*g, cx::step(groups), price);
        };
        for (int i = 0; i != 20; ++i) {
            double const budget = 1e-3 * static_cast<double>(1 + r.below(300));
            cx::prefill_batch p{.sequences = 1 + r.below(4), .past = r.below(50'000)};
            p.tokens = cx::largest_prefill_chunk(*g, x, h200, budget, p);
            EXPECT_TRUE(p.tokens == 0 || seconds(p.as_group()) <= budget);
            ++p.tokens;
            EXPECT_GT(seconds(p.as_group()), budget) << p.tokens;
            cx::decode_batch d{.past = r.below(100'000), .new_tokens = 1 + r.below(3)};
            d.sequences = cx::most_sequences_within(*g, x, h200, budget, d);
            EXPECT_TRUE(d.sequences == 0 || seconds(d.as_group()) <= budget);
            ++d.sequences;
            EXPECT_GT(seconds(d.as_group()), budget) << d.sequences;
            cx::decode_batch c{.sequences = 1 + r.below(100)};
            c.past = cx::longest_context_within(*g, x, h200, budget, c);
            if (c.past == count{1} << 40) continue;
            EXPECT_TRUE(c.past == 0 || seconds(c.as_group()) <= budget);
            ++c.past;
            EXPECT_GT(seconds(c.as_group()), budget) << c.past;
        }
    });
}

TEST(inverses, the_least_bandwidth_keeps_the_budget_and_less_does_not) {
    random r;
    for_each_deployment([&](auto const& m, cx::deployment const& x) {
        auto const g = cx::lower(m, x);
        ASSERT_TRUE(g);
        cx::decode_batch const b{.sequences = 1 + r.below(64), .past = r.below(10'000)};
        std::array const groups{b.as_group()};
        for (double budget : {1e-9, 1e-4, 1e-3, 0.01, 0.1, 1.0}) {
            cx::system_spec s = h200;
            double const rate = cx::least_memory_bandwidth(*g, x, s, budget, b);
            s.device.memory_bytes_per_second = 1e30;
            double const at_best = cx::seconds(*g, cx::step(groups), cx::roofline<>(s));
            if (std::isinf(rate)) {
                EXPECT_GT(at_best, budget * (1 - 1e-9));
                continue;
            }
            s.device.memory_bytes_per_second = rate;
            EXPECT_LE(cx::seconds(*g, cx::step(groups), cx::roofline<>(s)), budget * (1 + 1e-15));
            s.device.memory_bytes_per_second = rate * (1 - 1e-9);
            EXPECT_TRUE(rate <= 1e9 || cx::seconds(*g, cx::step(groups), cx::roofline<>(s)) > budget) << rate;
        }
    });
}

// A step function, a line, a parabola, plateaus: whatever never falls.
constexpr bool the_solver_is_exact() {
    auto const exact = [](auto const& f, count high) {
        for (count y : {count{0}, count{1}, count{5}, count{1000}, count{999'999}, count{123'456'789}, count{1} << 50}) {
            count const x = cx::largest_within(launder(y), high, f);
            if (x < 0 || x > high || (x != 0 && f(x) > y) || (x != high && f(x + 1) <= y)) return false;
        }
        return true;
    };
    return exact([](count x) { return x; }, 1 << 24) && exact([](count x) { return 3 * x * x + 17; }, 1 << 24) && exact([](count x) { return x / 1000 * 1000; }, 1 << 24) &&
           exact([](count x) { return x < 500 ? count{1} : count{2'000'000}; }, 1 << 24) && exact([](count x) { return x * x / 4096 + (x > 77 ? 40'000 : 0); }, 1 << 24) &&
           exact([](count x) { return 1000 + (x > 4096 ? 4096 * 128 : x * 128); }, count{1} << 40) && exact([](count) { return count{3}; }, 100);
}
CHECK_TWICE(the_solver_is_exact);

TEST(inverses, need_few_evaluations) {
    cx::roofline<> const price(h200);
    double worst = 0;
    for_each_deployment([&](auto const& m, cx::deployment const& x) {
        auto const g = cx::lower(m, x);
        ASSERT_TRUE(g);
        for (double budget : {0.004, 0.02, 0.1, 0.5}) {
            int n = 0;
            (void)cx::largest_within(budget, cx::largest_dimension, [&](count tokens) {
                ++n;
                std::array const one{cx::group{.sequences = 1, .new_tokens = tokens, .phase = cx::phase::prefill}};
                return cx::seconds(*g, cx::step(one), price);
            });
            worst = std::fmax(worst, n);
            n = 0;
            (void)cx::largest_within(budget, cx::largest_dimension, [&](count sequences) {
                ++n;
                std::array const one{cx::group{.sequences = sequences, .past_tokens = 4096}};
                return cx::seconds(*g, cx::step(one), price);
            });
            worst = std::fmax(worst, n);
        }
    });
    EXPECT_LE(worst, 20);
}

// In constant evaluation, for a model that is named. Qwen3-32B on four H200.
constexpr auto& qwen = cx::model<"Qwen/Qwen3-32B">;
constexpr bool inverses_are_constants() {
    cx::deployment const x{.layout = {.tp = launder(count{4})}};
    cx::residency const held{.sequences = 64, .context = 8192};
    count const context = cx::longest_context(qwen, x, h200, held);
    count const sequences = cx::most_sequences(qwen, x, h200, held);
    count const chunk = cx::largest_prefill_chunk(qwen, x, h200, 0.2);
    count const batch = cx::most_sequences_within(qwen, x, h200, 0.012);
    double const rate = cx::least_memory_bandwidth(qwen, x, h200, 0.012, {.sequences = 32});
    return context > 8192 && sequences > 64 && cx::prefill(qwen, x, h200, {.tokens = chunk}).seconds <= 0.2 && cx::prefill(qwen, x, h200, {.tokens = chunk + 1}).seconds > 0.2 &&
           cx::decode(qwen, x, h200, {.sequences = batch}).seconds <= 0.012 && cx::decode(qwen, x, h200, {.sequences = batch + 1}).seconds > 0.012 && rate < 4.8e12 && rate > 1e12;
}
CHECK_TWICE(inverses_are_constants);

// 65.5 GB of weights: one device of 151 GB holds them, two of 80 GB class are needed for long contexts, and none of 24 GB without shards.
constexpr bool the_fewest_devices_hold_it_and_one_less_does_not() {
    auto const exact = [](cx::system_spec const& s, cx::residency const& held) {
        cx::device_plan const best = cx::fewest_devices(qwen, {}, s, held);
        if (!best || best.devices != best.layout.devices() || !cx::fits(qwen, best.layout, s, {.sequences = cx::ceil_div(held.sequences, best.layout.dp), .context = held.context})) return false;
        for (count n = 1; n < best.devices; ++n)
            for (cx::layout const& l : cx::layouts(qwen, s, n))
                if (cx::fits(qwen, l, s, {.sequences = cx::ceil_div(held.sequences, l.dp), .context = held.context})) return false;
        return true;
    };
    cx::residency const small{.sequences = launder(count{1}), .context = 4096};
    cx::residency const large{.sequences = launder(count{64}), .context = 32'768};
    return exact(h200, small) && exact(h200, large) && exact(cx::system<"l4">, small) && cx::fewest_devices(qwen, {}, h200, small).devices == 1 && !cx::fewest_devices(qwen, {}, cx::system<"l4">, large, 8);
}
CHECK_TWICE(the_fewest_devices_hold_it_and_one_less_does_not);

constexpr bool what_does_not_fit_or_is_not_possible_is_zero() {
    cx::deployment const impossible{.layout = {.tp = launder(count{3})}};
    return cx::most_sequences(qwen, impossible, h200, {}) == 0 && cx::longest_context(qwen, impossible, h200, {}) == 0 && cx::largest_step(qwen, impossible, h200, {}) == 0 &&
           cx::largest_prefill_chunk(qwen, impossible, h200, 1) == 0 && cx::most_sequences_within(qwen, impossible, h200, 1) == 0 &&
           cx::most_sequences(qwen, {}, cx::system<"l4">, {}) == 0 && cx::longest_context(qwen, {}, cx::system<"l4">, {}) == 0 && cx::most_sequences_within(qwen, {}, h200, 1e-6) == 0 &&
           cx::longest_context(qwen, {}, h200, {.sequences = 0}) == 0;
}
CHECK_TWICE(what_does_not_fit_or_is_not_possible_is_zero);

// Eight devices: context-parallel ranks first, then stages, then attention-DP ranks, then experts; 128 experts divide by every degree.
constexpr bool layouts_have_an_order_and_reasons() {
    cx::layout_list const dense = cx::layouts(qwen, h200, launder(count{8}));
    if (dense.size() != 20 || dense.refused != 0 || !(dense.legal[0] == cx::layout{.tp = 8}) || !(dense.legal[1] == cx::layout{.tp = 4, .dp = 2}) || !(dense.legal[4] == cx::layout{.tp = 4, .pp = 2}) ||
        !(dense.legal[10] == cx::layout{.tp = 4, .cp = 2})) return false;
    constexpr auto& moe = cx::model<"Qwen/Qwen3-30B-A3B">;
    cx::layout_list const routed = cx::layouts(moe, h200, launder(count{8}));
    if (!(routed.legal[0] == cx::layout{.tp = 8, .moe_tp = 8}) || !(routed.legal[1] == cx::layout{.tp = 8, .ep = 2, .moe_tp = 4}) || !(routed.legal[3] == cx::layout{.tp = 8, .ep = 8, .moe_tp = 1})) return false;
    for (cx::layout const& l : routed)
        if (!cx::legal(moe, l) || l.devices() != 8 || l.experts_tp() * l.ep != l.stage()) return false;
    // 48 devices: 3 and 6 do not divide 64 heads, and 16 are more than a node joins
    cx::layout_list const odd = cx::layouts(qwen, h200, launder(count{48}));
    bool heads = false;
    bool node = false;
    for (cx::problem const& p : odd.reasons) heads = heads || (p.key == "tp" && p.expected == 64), node = node || (p.key == "tp" && p.expected == 8);
    return odd.refused != 0 && heads && node && cx::layouts(qwen, h200, 0).size() == 0 && !cx::layouts(qwen, h200, -1).reasons.empty();
}
CHECK_TWICE(layouts_have_an_order_and_reasons);

TEST(layouts, of_a_model_read_at_run_time_are_those_of_its_family) {
    for (sample const& s : samples) {
        auto const m = cx::read_model<families>(s.text);
        ASSERT_TRUE(m);
        for (count n : {1, 2, 6, 8, 16, 72}) {
            cx::layout_list const all = cx::layouts(*m, cx::system<"gb200">, n);
            EXPECT_EQ(all.dropped, 0);
            for (cx::layout const& l : all) EXPECT_TRUE(cx::lower(*m, l)) << s.name;
            cx::layout_list const again = cx::visit([&](auto const& f) { return cx::layouts(f, cx::system<"gb200">, n); }, *m);
            EXPECT_TRUE(all.legal == again.legal);
        }
    }
}

}  // namespace
