// SPDX-License-Identifier: BSL-1.0

// What holds for every embedded model under layouts drawn at random, whatever the figures.

#include <costexpr/costexpr.hpp>

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cx = costexpr;
using cx::count;

namespace {

constexpr auto& h200 = cx::system<"h200_sxm">;

/// Numbers drawn from a fixed seed (Knuth's MMIX generator).
struct drawn {
    std::uint64_t state = 42;
    std::uint64_t operator()(std::uint64_t below) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        return (state >> 33) % below;
    }
    count power(unsigned highest) { return count{1} << (*this)(highest + 1); }
};

/// Calls f(model, name) for every embedded model.
template <class F>
void for_each_model(F const& f) {
    for (std::size_t i = 0; i != cx::embedded::model_count; ++i) {
        cx::embedded::entry const& e = cx::embedded::models[i];
        auto const m = cx::read_model(e.config(), e.hf_quant_config());
        ASSERT_TRUE(m) << e.name;
        SCOPED_TRACE(std::string(e.name));
        f(*m);
    }
}
/// The same with layouts that are legal for the model, six each.
template <class F>
void for_each_layout(F const& f) {
    drawn next;
    int legal = 0;
    int refused = 0;
    for_each_model([&](cx::any_model const& m) {
        for (int i = 0; i != 6; ++i) {
            cx::layout l{.tp = next.power(3), .pp = next.power(2), .dp = next.power(2), .cp = next(4) == 0 ? 2 : 1};
            count const devices = l.stage();
            l.ep = count{1} << next(static_cast<std::uint64_t>(std::log2(static_cast<double>(devices)) + 1.5));
            auto const framework = static_cast<cx::framework>(next(3));
            auto const exchange = static_cast<cx::exchange>(next(2));
            double const skew = 0.6 * static_cast<double>(next(3));
            cx::deployment const x{.layout = l, .precision = m.config.precision(), .framework = framework, .exchange = exchange, .routing_skew = skew};
            auto const graph = cx::lower(m, x);
            if (!graph) {
                ++refused;
                EXPECT_FALSE(graph.error().front().hint.empty());
                continue;
            }
            ++legal;
            SCOPED_TRACE("tp " + std::to_string(l.tp) + " pp " + std::to_string(l.pp) + " dp " + std::to_string(l.dp) + " ep " + std::to_string(l.ep) + " " +
                         std::string(cx::framework_names[static_cast<std::size_t>(framework)]) + " " + std::string(cx::exchange_names[static_cast<std::size_t>(exchange)]));
            f(m, x, *graph);
        }
    });
    EXPECT_GT(legal, 4 * refused);
}

template <class Graph>
double seconds(Graph const& g, std::span<cx::group const> groups) {
    return cx::seconds(g, groups, cx::roofline<double>(h200));
}
/// The device has no fp4: models that need it are priced nowhere here.
bool priced(double s) { return cx::is_priced(s); }

bool close(double a, double b) { return std::fabs(a - b) <= 1e-12 * std::fmax(std::fabs(a), std::fabs(b)); }

cx::group drawn_group(drawn& next) {
    bool const prefill = next(2) != 0;
    return {.sequences = static_cast<count>(1 + next(40)), .new_tokens = prefill ? static_cast<count>(1 + next(3000)) : 1, .past_tokens = static_cast<count>(next(9000)),
            .phase = prefill ? cx::phase::prefill : cx::phase::decode};
}

// Shards times ranks hold at least the whole, and exactly the whole where ops are divided evenly.
TEST(layouts, shards_hold_the_whole) {
    for_each_layout([&](cx::any_model const& m, cx::deployment const& x, auto const& graph) {
        std::array<double, cx::role_count> sharded{};
        std::array<double, cx::role_count> whole{};
        std::array<bool, cx::role_count> even{};
        even.fill(true);
        cx::for_each_op_of(graph, x, [&](auto const& o, cx::op_place const& at) {
            sharded[static_cast<std::size_t>(o.purpose())] += static_cast<double>(at.copies) * o.template parameters<double>();
        });
        cx::for_each_op_of(m.ops(), {}, [&]<class O>(O const& o, cx::op_place const& at) {
            auto const part = static_cast<std::size_t>(o.purpose());
            whole[part] += static_cast<double>(at.copies) * o.template parameters<double>();
            if constexpr (std::is_same_v<O, cx::gemm>)
                even[part] = even[part] && o.outer % (2 * x.layout.tp) == 0 && o.inner % x.layout.tp == 0 && !o.bias;
            else if constexpr (std::is_same_v<O, cx::gather>)
                even[part] = even[part] && o.rows % x.layout.tp == 0;
            else if constexpr (std::is_same_v<O, cx::experts>)
                even[part] = even[part] && o.all % x.layout.ep == 0 && o.inner % x.layout.experts_tp() == 0 && !o.bias;
        });
        double const devices = static_cast<double>(x.layout.tp);
        double const expert_devices = static_cast<double>(x.layout.ep * x.layout.experts_tp());
        for (std::size_t i = 0; i != cx::role_count; ++i) {
            auto const part = static_cast<cx::role>(i);
            double const held = sharded[i] * (part == cx::role::experts ? expert_devices : devices);
            EXPECT_GE(held, whole[i]) << cx::name(part);
            using enum cx::role;
            if (even[i] && (part == embedding || part == gate_up || part == down || part == experts || part == shared_gate_up || part == shared_down)) {
                EXPECT_EQ(held, whole[i]) << cx::name(part);
            }
        }
    });
}

TEST(layouts, ops_sum_to_the_step) {
    drawn next;
    for_each_layout([&](cx::any_model const&, cx::deployment const& x, auto const& graph) {
        std::array const groups{drawn_group(next), drawn_group(next)};
        double const all = seconds(graph, groups);
        if (!priced(all)) return;
        double sum = 0;
        cx::breakdown(graph, x, std::span<cx::group const>(groups), cx::roofline<double>(h200), [&](cx::op_cost const& c) {
            EXPECT_GE(c.seconds, 0) << cx::name(c.name);
            sum += c.seconds;
        });
        EXPECT_TRUE(close(sum, all)) << sum << ' ' << all;
    });
}

TEST(layouts, ragged_sequences_that_are_equal_are_one_group) {
    drawn next;
    for_each_layout([&](cx::any_model const&, cx::deployment const&, auto const& graph) {
        cx::group one = drawn_group(next);
        std::vector<cx::group> const ragged(static_cast<std::size_t>(one.sequences), {1, one.new_tokens, one.past_tokens, one.phase});
        double const a = seconds(graph, std::span<cx::group const>(ragged));
        double const b = seconds(graph, std::span<cx::group const>(&one, 1));
        EXPECT_TRUE(close(a, b)) << a << ' ' << b;
    });
}

// More sequences, more new tokens or a longer context never cost less. (Contexts at the ends of blocks: just behind one, attention in blocks is cheap.)
TEST(layouts, more_costs_more) {
    drawn next;
    for_each_layout([&](cx::any_model const&, cx::deployment const&, auto const& graph) {
        auto const cost = [&](cx::group const& g) { return seconds(graph, std::span<cx::group const>(&g, 1)); };
        cx::group g = drawn_group(next);
        double const first = cost(g);
        if (!priced(first)) return;
        g.sequences += 1;
        double const wider = cost(g);
        EXPECT_GE(wider, first);
        if (g.phase == cx::phase::prefill) {
            g.past_tokens = 0;
            double const prompt = cost(g);
            g.new_tokens += 1 + static_cast<count>(next(500));
            EXPECT_GE(cost(g), prompt);
        }
        double last = 0;
        for (count const past : {1023, 8191, 16383, 65535}) {
            double const now = cost({.sequences = 3, .new_tokens = 1, .past_tokens = past, .phase = cx::phase::decode});
            EXPECT_GE(now, last) << past;
            last = now;
        }
    });
}

// One more layer costs more, in parameters, state and time.
TEST(layouts, more_layers_cost_more) {
    constexpr std::string_view texts[] = {
        R"({"architectures": ["LlamaForCausalLM"], "hidden_size": 512, "num_attention_heads": 8, "num_key_value_heads": 4, "intermediate_size": 1024, "vocab_size": 1000, "num_hidden_layers": )",
        R"({"architectures": ["Qwen3MoeForCausalLM"], "hidden_size": 512, "num_attention_heads": 8, "num_key_value_heads": 4, "head_dim": 64, "moe_intermediate_size": 128, "num_experts": 16,
            "num_experts_per_tok": 4, "intermediate_size": 1024, "vocab_size": 1000, "num_hidden_layers": )",
        R"({"architectures": ["MambaForCausalLM"], "model_type": "mamba", "hidden_size": 512, "state_size": 16, "conv_kernel": 4, "expand": 2, "intermediate_size": 1024, "time_step_rank": 32,
            "vocab_size": 1000, "num_hidden_layers": )"};
    for (std::string_view const text : texts) {
        cx::group const g{.sequences = 3, .new_tokens = 1, .past_tokens = 700, .phase = cx::phase::decode};
        double time = 0;
        count parameters = 0;
        count state = 0;
        for (int layers : {1, 2, 7, 8}) {
            auto const m = cx::read_model(std::string(text) + std::to_string(layers) + "}");
            ASSERT_TRUE(m) << text;
            auto const graph = cx::lower(*m, cx::layout{});
            ASSERT_TRUE(graph);
            double const now = seconds(*graph, std::span<cx::group const>(&g, 1));
            EXPECT_GT(now, time);
            EXPECT_GT(m->parameters(), parameters);
            EXPECT_GT(m->state_bytes(700), state);
            time = now, parameters = m->parameters(), state = m->state_bytes(700);
        }
    }
}

}  // namespace
