// SPDX-License-Identifier: BSL-1.0

// Layouts whose ranks share the tokens of a sequence: what one rank computes, keeps and sends, and that all of them together do the whole.

#include <costexpr/costexpr.hpp>
#include <costexpr/model/layer_types.hpp>

#include "figures.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <span>
#include <string>
#include <string_view>

namespace cx = costexpr;
using cx::count;

namespace {

constexpr auto& h200 = cx::system<"h200_sxm">;

constexpr bool load_of_a_rank() {
    cx::group const prompt{.sequences = launder(count{1}), .new_tokens = 4096, .past_tokens = 0, .phase = cx::phase::prefill};
    cx::group const token{.sequences = launder(count{1}), .new_tokens = 1, .past_tokens = 4095, .phase = cx::phase::decode};
    cx::group const groups[] = {prompt, token};
    auto const l = cx::moments(cx::step(groups)).on_rank(4);
    return l.prefill.tokens == 1024 && l.prefill.pairs == 2'097'664 && l.prefill.context == 4096 && l.prefill.rows == 1 &&
           l.decode.tokens == 1 && l.decode.pairs == 1024 && l.decode.context == 1024 && l.decode.rows == 1;
}
CHECK_TWICE(load_of_a_rank)

/// Pairs of the positions (begin, end] of a prompt behind `past` tokens.
constexpr double pairs_of(count past, count begin, count end) {
    return load_of({.sequences = 1, .new_tokens = end - begin, .past_tokens = past + begin, .phase = cx::phase::prefill}).pairs;
}
// Rank i takes the i-th chunk from the front and the i-th from the back: every rank has the same tokens and pairs.
constexpr bool chunks_are_balanced() {
    for (count const ranks : {1, 2, 3, 4, 8}) {
        for (count const past : {count{0}, count{1000}}) {
            count const chunk = launder(count{17});
            count const n = 2 * ranks * chunk;
            cx::group const whole{.sequences = 1, .new_tokens = n, .past_tokens = past, .phase = cx::phase::prefill};
            double const share = cx::moments(cx::step(&whole, 1)).on_rank(ranks).prefill.pairs;
            for (count i = 0; i != ranks; ++i) {
                double const front = pairs_of(past, i * chunk, (i + 1) * chunk);
                double const back = pairs_of(past, n - (i + 1) * chunk, n - i * chunk);
                if (!close(front + back, share)) return false;
            }
        }
    }
    return true;
}
CHECK_TWICE(chunks_are_balanced)

// 8 KV heads of 128 keep 2,048 elements a token; 32 heads have outputs of 128 values, a maximum and a sum.
constexpr bool exchange() {
    cx::context_exchange const x{.kept = 2048, .partial = 4224, .devices = launder(count{4})};
    cx::context_exchange const narrow{.kept = 2048, .partial = 4224, .window = 128, .offered = 2048, .devices = 4, .span = 32};
    return x(real({1, 1000, 0, cx::phase::prefill})).wire_bytes == 3'072'000 && x(real({1, 1000, 24, cx::phase::prefill})).wire_bytes == 3'145'728 &&
           x(real({1, 1, 1000, cx::phase::decode})).wire_bytes == 12'672 && narrow(real({1, 1000, 500, cx::phase::prefill})).wire_bytes == 3'462'144 &&
           narrow(real({2, 1, 1000, cx::phase::decode})).wire_bytes == 2 * (12'672 + 3 * 8 * 2048) && narrow(real({1, 1, 1, cx::phase::decode})).span == 32;
}
CHECK_TWICE(exchange)

// A window of 128: each of two chunks of 512 tokens reads itself and 127 keys in front of it.
constexpr bool window_on_ranks() {
    cx::attention_shape shape{.heads = launder(count{32}), .kv_heads = 8, .head_dim = 128, .v_head_dim = 128};
    cx::windowed_attention const whole{shape, 128};
    shape.ranks = 4;
    cx::windowed_attention const rank{shape, 128};
    auto const all = whole(real({1, 4096, 0, cx::phase::prefill}));
    auto const own = rank(real({1, 4096, 0, cx::phase::prefill}));
    auto const decoded = rank(real({1, 1, 9000, cx::phase::decode}));
    return own.flops * 4 == all.flops && own.activation_bytes * 4 == all.activation_bytes && own.state_bytes == (1024 + 254) * 4096.0 && decoded.state_bytes == 32 * 4096.0 &&
           decoded.flops == 32 * 4 * 32 * 128.0 && rank.state().entries(9000) == 32 && rank.state().entries(101) == 26;
}
CHECK_TWICE(window_on_ranks)

// A class of layer lists and a layer of a model are the same ops: figures of the case are those of the ops.
TEST(context_parallel, cases_of_layers_are_ops) {
    auto const figures = cx::price_layer(R"({"class": "GroupedQueryAttentionLayer", "specs": {"hidden_size": 4096, "num_heads": 32, "num_kv_heads": 8, "head_dim": 128},
        "parallelism": {"tensor_parallel": 2, "context_parallel": 4}, "phase": "prefill", "batch": 3, "seq_len": 4096, "causal": true})");
    ASSERT_TRUE(figures);
    cx::group const g[] = {{3, 4096, 0, cx::phase::prefill}};
    cx::measured_step<double, count> const s(cx::step(g), 4);
    double flops = 0, wire = 0, activations = 0;
    cx::gqa const layer{.hidden = 4096, .heads = 32, .kv_heads = 8, .head_dim = 128};
    cx::for_each_op(layer.ops(cx::deployment{.layout = {.tp = 2, .cp = 4}}), [&](auto const& o) {
        cx::for_each_kernel(o, s, [&](cx::work<double> const& w, auto const&...) { flops += w.flops, wire += w.wire_bytes, activations += w.activation_bytes; });
    });
    EXPECT_EQ(figures->flops, flops);
    EXPECT_EQ(figures->wire_bytes, wire);
    EXPECT_EQ(figures->activation_bytes, activations);
    EXPECT_EQ(figures->state_bytes, 3 * 1024 * 2 * 4 * 128 * 2);
}

cx::any_model read(std::string_view text) {
    auto const m = cx::read_model(text);
    EXPECT_TRUE(m) << text;
    return *m;
}

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

struct sums {
    double attention = 0;  ///< FLOPs on pairs
    double dense = 0;      ///< FLOPs on tokens
    double experts = 0;
    double keys = 0;       ///< bytes of state read
    double wire = 0;
};
template <class Graph>
sums over(Graph const& graph, cx::deployment const& x, cx::group const& g) {
    sums s;
    cx::breakdown(graph, x, std::span<cx::group const>(&g, 1), cx::roofline<double>(h200), [&](cx::op_cost const& c) {
        bool const scores = c.name == cx::role::attention || c.name == cx::role::index_scores;
        // rows of logits and the expansion of a latent context are the same on every rank
        if (scores) s.attention += c.total.flops, s.keys += c.total.state_bytes;
        else if (c.name == cx::role::experts) s.experts += c.total.flops;
        else if (c.name != cx::role::head && c.name != cx::role::head_projection && c.name != cx::role::mla_key_value_up) s.dense += c.total.flops;
        if (c.name == cx::role::context_exchange) s.wire += c.total.wire_bytes;
    });
    return s;
}

// Ranks together do the whole of a prompt; of a decoded token, the whole of attention, and everything else again each.
TEST(context_parallel, ranks_do_the_whole) {
    int legal = 0, refused = 0;
    for_each_model([&](cx::any_model const& m) {
        cx::deployment whole{.layout = {}, .precision = m.config.precision()};
        auto const one = cx::lower(m, whole);
        ASSERT_TRUE(one);
        for (count const cp : {2, 4}) {
            cx::deployment x = whole;
            x.layout.cp = cp;
            auto const graph = cx::lower(m, x);
            if (!graph) {
                ++refused;
                EXPECT_EQ(graph.error().front().key, "cp");
                continue;
            }
            ++legal;
            double const n = static_cast<double>(cp);
            cx::group const prompt{.sequences = 2, .new_tokens = 4096, .past_tokens = 512, .phase = cx::phase::prefill};
            sums const a = over(*one, whole, prompt);
            sums const b = over(*graph, x, prompt);
            EXPECT_TRUE(close(n * b.attention, a.attention)) << n * b.attention << ' ' << a.attention;
            EXPECT_TRUE(close(n * b.dense, a.dense)) << n * b.dense << ' ' << a.dense;
            EXPECT_GT(b.wire, 0);
            EXPECT_EQ(a.wire, 0);
            EXPECT_TRUE(close(n * b.experts, a.experts));
            cx::group const token{.sequences = 7, .new_tokens = 1, .past_tokens = 8191, .phase = cx::phase::decode};
            sums const c = over(*one, whole, token);
            sums const d = over(*graph, x, token);
            EXPECT_TRUE(close(n * d.attention, c.attention));
            EXPECT_TRUE(close(n * d.keys, c.keys));
            EXPECT_TRUE(close(d.dense, c.dense));
            EXPECT_GT(d.wire, 0);
            // state: shares hold the whole, and no more than one entry of each layer beside it
            for (count const context : {count{1}, count{777}, count{8192}}) {
                count const all = cx::state_bytes(*one, context, whole);
                count const share = cx::state_bytes(*graph, context, x);
                EXPECT_GE(cp * share, all);
                if (context % (cp * 128) == 0 && cx::state_of(*one, whole).fixed_bytes == 0) {
                    EXPECT_EQ(cp * share, all);
                }
            }
        }
    });
    EXPECT_GT(legal, refused);
    EXPECT_GT(refused, 10);
}

// A list of ops, its family and an evaluation with derivatives say the same.
TEST(context_parallel, evaluations_agree) {
    constexpr auto qwen = cx::model<"Qwen/Qwen3-32B">;
    constexpr cx::layout l{.tp = 2, .cp = 4};
    cx::group const groups[] = {{3, 2048, 100, cx::phase::prefill}, {40, 1, 9000, cx::phase::decode}};
    double const t = cx::price(qwen, l, h200, cx::step(groups)).seconds;
    auto const graph = cx::lower(qwen.plain(), cx::deployment{.layout = l, .precision = qwen.config.precision()});
    ASSERT_TRUE(graph);
    EXPECT_TRUE(close(cx::seconds(*graph, cx::step(groups), cx::roofline<double>(h200)), t));
    auto const e = cx::elasticities(qwen, l, h200, cx::step(groups));
    EXPECT_TRUE(close(e.seconds, t));
    EXPECT_NEAR(e.rates(), -1, 1e-12);
    auto const between = cx::seconds_between(qwen.plain(), cx::deployment{.layout = l, .precision = qwen.config.precision()}, h200, h200, cx::step(groups));
    EXPECT_TRUE(between.contains(t));
    static_assert(cx::decode(qwen, l, h200, {.sequences = 32, .past = 65536}).seconds < 0.6 * cx::decode(qwen, cx::layout{.tp = 2}, h200, {.sequences = 32, .past = 65536}).seconds);
    static_assert(cx::prefill(qwen, l, h200, {.tokens = 65536}).seconds < 0.27 * cx::prefill(qwen, cx::layout{.tp = 2}, h200, {.tokens = 65536}).seconds);
}

// Experts are held by all ranks of a stage, where moe_tp says so; the rest of the weights by each.
TEST(context_parallel, weights_and_memory) {
    for_each_model([&](cx::any_model const& m) {
        cx::deployment x{.layout = {.tp = 2}, .precision = m.config.precision()};
        auto const one = cx::lower(m, x);
        x.layout.cp = 2;
        auto const apart = cx::lower(m, x);
        x.layout.moe_tp = 4;
        auto const two = cx::lower(m, x);
        if (!one || !two || !apart) return;
        count same = 0, spread = 0, whole = 0;
        auto const weigh = [](auto const& graph, bool experts) {
            count sum = 0;
            cx::for_each_op_of(graph, {}, [&](auto const& o, cx::op_place const& at) {
                if ((o.purpose() == cx::role::experts) == experts) sum += at.copies * o.weight_bytes();
            });
            return sum;
        };
        same = weigh(*one, false), whole = weigh(*one, true), spread = weigh(*two, true);
        EXPECT_EQ(weigh(*two, false), same);
        EXPECT_GE(2 * spread, whole);
        EXPECT_EQ(weigh(*apart, true), whole);
        // spread experts do what those of each rank do together, and tokens travel further
        cx::group const prompt{.sequences = 1, .new_tokens = 8192, .past_tokens = 0, .phase = cx::phase::prefill};
        cx::deployment each = x;
        each.layout.moe_tp = 2;
        sums const a1 = over(*apart, each, prompt);
        sums const a2 = over(*two, x, prompt);
        EXPECT_GE(a2.experts, a1.experts * (1 - 1e-12));
        EXPECT_LE(a2.experts, a1.experts * 1.1);
        cx::residency const held{.sequences = 3, .context = 4096, .step_tokens = 4096};
        cx::device_memory const a = cx::memory(m, cx::deployment{.layout = {.tp = 2}, .precision = x.precision}, h200, held);
        cx::device_memory const b = cx::memory(m, x, h200, held);
        EXPECT_EQ(b.weights, same + spread);
        EXPECT_LT(b.state, a.state);
        EXPECT_LE(b.activations, a.activations);
        // what fits is exact, with shares too
        count const longest = cx::longest_context(m, x, h200, held);
        if (longest > 0 && longest < (count{1} << 40)) {
            cx::residency at = held;
            at.context = longest;
            EXPECT_TRUE(cx::memory(m, x, h200, at).fits());
            at.context = longest + 2;  // one more entry on the fullest rank
            EXPECT_FALSE(cx::memory(m, x, h200, at).fits());
        }
    });
}

TEST(context_parallel, refused_where_tokens_follow_each_other) {
    auto const m = read(R"({"architectures": ["MambaForCausalLM"], "model_type": "mamba", "hidden_size": 512, "state_size": 16, "conv_kernel": 4, "expand": 2, "intermediate_size": 1024,
        "time_step_rank": 32, "vocab_size": 1000, "num_hidden_layers": 2})");
    auto const bad = cx::legal(m, cx::layout{.cp = 2});
    ASSERT_FALSE(bad);
    EXPECT_EQ(std::string(cx::describe(bad.error().front(), {}).message.view()),
              "the degree \"cp\" is not possible (expected 1, as a state passes from each token to the next in some layers, found 2)");
    EXPECT_FALSE(cx::lower(m, cx::layout{.cp = 2}));
    EXPECT_TRUE(cx::legal(m, cx::layout{}));
}

TEST(context_parallel, layouts_list_it) {
    for (auto const name : {"Qwen/Qwen3-32B", "deepseek-ai/DeepSeek-V3"}) {
        std::size_t i = 0;
        while (cx::embedded::models[i].name != std::string_view(name)) ++i;
        auto const m = *cx::read_model(cx::embedded::models[i].config());
        auto const list = cx::layouts(m, h200, 16);
        bool shares = false;
        count last = 1;
        for (cx::layout const& l : list) {
            EXPECT_EQ(l.devices(), 16);
            EXPECT_TRUE(cx::legal(m, l));
            if (l.moe_tp != 0) {
                EXPECT_EQ(l.moe_tp * l.ep, l.stage());
                EXPECT_EQ(l.shares_experts(), l.cp != 1);
            }
            EXPECT_GE(l.cp, last);
            last = l.cp;
            shares = shares || l.cp > 1;
        }
        EXPECT_TRUE(shares);
        EXPECT_EQ(list.dropped, 0);
    }
    // a hybrid with recurrent layers has none
    auto const hybrid = cx::layouts(cx::model<"Qwen/Qwen3-Next-80B-A3B-Instruct">, h200, 8);
    for (cx::layout const& l : hybrid) EXPECT_EQ(l.cp, 1);
    EXPECT_GT(hybrid.size(), 0U);
}

}  // namespace
