// SPDX-License-Identifier: BSL-1.0

// What holds for every model, layout and step, whatever the figures.

#include <costexpr/costexpr.hpp>

#include <check.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cx = costexpr;
using cx::count;

namespace {

struct sample {
    std::string_view name;
    std::string_view text;
};
constexpr sample samples[] = {
    {"dense", R"({"architectures": ["LlamaForCausalLM"], "hidden_size": 4096, "num_hidden_layers": 32, "num_attention_heads": 32, "num_key_value_heads": 8,
                  "intermediate_size": 14336, "vocab_size": 128256, "max_position_embeddings": 131072})"},
    {"sliding", R"({"architectures": ["MistralForCausalLM"], "hidden_size": 2048, "num_hidden_layers": 8, "num_attention_heads": 16, "num_key_value_heads": 4,
                    "head_dim": 128, "intermediate_size": 8192, "vocab_size": 32000, "max_position_embeddings": 32768, "sliding_window": 512, "tie_word_embeddings": true,
                    "layer_types": ["sliding_attention", "sliding_attention", "sliding_attention", "full_attention",
                                    "sliding_attention", "sliding_attention", "sliding_attention", "full_attention"]})"},
    {"experts", R"({"architectures": ["Qwen3MoeForCausalLM"], "hidden_size": 2048, "num_hidden_layers": 48, "num_attention_heads": 32, "num_key_value_heads": 4, "head_dim": 128,
                    "moe_intermediate_size": 768, "num_experts": 128, "num_experts_per_tok": 8, "intermediate_size": 6144, "vocab_size": 151936, "mlp_only_layers": [0]})"},
    {"latent", R"({"architectures": ["DeepseekV3ForCausalLM"], "hidden_size": 7168, "num_hidden_layers": 61, "num_attention_heads": 128, "q_lora_rank": 1536, "kv_lora_rank": 512,
                   "qk_nope_head_dim": 128, "qk_rope_head_dim": 64, "v_head_dim": 128, "intermediate_size": 18432, "n_routed_experts": 256, "num_experts_per_tok": 8,
                   "moe_intermediate_size": 2048, "n_shared_experts": 1, "first_k_dense_replace": 3, "vocab_size": 129280, "quantization_config": {"quant_method": "fp8", "weight_block_size": [128, 128]}})"},
};

// The families of the samples alone: every test is compiled for each.
using families = cx::registry<cx::dense_decoder, cx::moe_decoder, cx::mla_decoder>;
auto read(std::string_view text) { return cx::read_model<families>(text); }

// The degrees divide every dimension of the samples.
constexpr cx::layout layouts[] = {{}, {.tp = 2}, {.tp = 4}, {.pp = 4}, {.tp = 4, .ep = 4}, {.tp = 4, .ep = 2}, {.dp = 4, .ep = 4}, {.tp = 2, .dp = 4, .ep = 8}, {.tp = 2, .pp = 2, .dp = 2}};

constexpr std::array<cx::group, 1> prompts{{{.sequences = 4, .new_tokens = 1000, .past_tokens = 24, .phase = cx::phase::prefill}}};
constexpr std::array<cx::group, 1> decoding{{{.sequences = 32, .new_tokens = 1, .past_tokens = 4096, .phase = cx::phase::decode}}};
constexpr std::array<cx::group, 3> mixed{{{.sequences = 1, .new_tokens = 512, .past_tokens = 512, .phase = cx::phase::prefill},
                                          {.sequences = 16, .new_tokens = 1, .past_tokens = 700, .phase = cx::phase::decode},
                                          {.sequences = 3, .new_tokens = 4, .past_tokens = 100, .phase = cx::phase::decode}}};
constexpr cx::step steps[] = {prompts, decoding, mixed};
constexpr auto& h200 = cx::system<"h200_sxm">;

// Out of line: the library forces the path of a step inline, and here it stands many times.
template <class M>
[[gnu::noinline]] double seconds_of(M const& m, cx::deployment const& x, cx::step groups) {
    return cx::seconds(m, x, groups, cx::roofline<>(h200));
}
template <class M>
[[gnu::noinline]] double decoding_seconds(M const& m, cx::deployment const& x, cx::decode_batch const& b) {
    std::array const one{b.as_group()};
    return seconds_of(m, x, one);
}
template <class M>
[[gnu::noinline]] double prefill_seconds(M const& m, cx::deployment const& x, cx::prefill_batch const& b) {
    std::array const one{b.as_group()};
    return seconds_of(m, x, one);
}

bool close(double a, double b, double tolerance = 1e-12) { return std::fabs(a - b) <= tolerance * std::fmax(std::fabs(a), std::fabs(b)); }

/// Calls f(family, deployment) for every sample and layout, with what it is about in the trace.
template <class F>
void for_each_deployment(F const& f) {
    for (sample const& s : samples) {
        auto const model = read(s.text);
        ASSERT_TRUE(model) << s.name;
        for (cx::layout const& l : layouts) {
            SCOPED_TRACE(std::string(s.name) + " tp " + std::to_string(l.tp) + " pp " + std::to_string(l.pp) + " dp " + std::to_string(l.dp) + " ep " + std::to_string(l.ep));
            cx::deployment const x{.layout = l, .precision = model->config.precision()};
            cx::visit([&](auto const& m) { f(m, x); }, *model);
        }
    }
}

TEST(properties, every_layout_is_legal) {
    for_each_deployment([](auto const& m, cx::deployment const& x) { EXPECT_TRUE(cx::legal(m, x.layout)); });
}

TEST(properties, breakdown_sums_to_the_step) {
    for_each_deployment([](auto const& m, cx::deployment const& x) {
        cx::roofline<> const price(h200);
        for (cx::step const groups : steps) {
            double sum = 0;
            double flops = 0;
            cx::breakdown(m, x, groups, price, [&](cx::op_cost const& c) {
                sum += c.seconds;
                flops += c.total.flops;
                EXPECT_GE(c.seconds, 0);
                EXPECT_GT(c.times, 0);
            });
            EXPECT_TRUE(close(sum, seconds_of(m, x, groups))) << sum;
            EXPECT_GT(flops, 0);
            auto const priced = cx::price(m, x, h200, groups);
            ASSERT_TRUE(priced);
            EXPECT_EQ(priced.seconds, seconds_of(m, x, groups));
        }
    });
}

TEST(properties, a_ragged_step_of_equal_sequences_is_one_group) {
    for_each_deployment([](auto const& m, cx::deployment const& x) {
        for (cx::group const whole : {prompts[0], decoding[0], mixed[2]}) {
            std::vector<cx::group> ragged(static_cast<std::size_t>(whole.sequences), whole);
            for (cx::group& g : ragged) g.sequences = 1;
            std::array const one{whole};
            EXPECT_TRUE(close(seconds_of(m, x, one), seconds_of(m, x, ragged)));
        }
    });
}

TEST(properties, a_lowered_model_costs_what_its_family_does) {
    for (sample const& s : samples) {
        auto const model = read(s.text);
        ASSERT_TRUE(model);
        for (cx::layout const& l : layouts) {
            auto const graph = cx::lower(*model, l);
            ASSERT_TRUE(graph) << s.name;
            EXPECT_LE(graph->size(), graph->capacity());
            cx::roofline<> const price(h200);
            for (cx::step const groups : steps) {
                double const visited = cx::visit([&](auto const& m) { return seconds_of(m, cx::deployment{.layout = l, .precision = model->config.precision()}, groups); }, *model);
                EXPECT_TRUE(close(cx::seconds(*graph, groups, price), visited)) << s.name;
                auto const priced = cx::price(*model, l, h200, groups);
                ASSERT_TRUE(priced);
                EXPECT_TRUE(close(priced.seconds, visited));
            }
        }
    }
}

/// Parameters that one device of a tensor-parallel group holds of ops that are spread, and those that every rank has (norms, router, latents).
template <class M>
void sharded(M const& m, cx::layout const& l, count& shard) {
    cx::for_each_layer(m.layers(), [&](auto const& r) {
        cx::for_each_op(r.layer.ops(cx::deployment{.layout = l}), [&](auto const& o) { shard += r.copies * o.template parameters<count>(); });
    });
}

TEST(properties, shards_hold_the_whole) {
    for (sample const& s : samples) {
        auto const model = read(s.text);
        ASSERT_TRUE(model);
        count before = model->parameters();
        for (count tp : {2, 3, 4, 7, 8, 16}) {
            count shard = 0;
            cx::visit([&](auto const& m) { sharded(m, {.tp = tp}, shard); }, *model);
            EXPECT_GE(shard * tp, model->parameters()) << s.name << " " << tp;
            EXPECT_LT(shard, model->parameters()) << s.name << " " << tp;
            if (tp == 2 || tp == 4 || tp == 8) {  // degrees that divide
                EXPECT_LT(shard, before) << s.name << " " << tp;
                before = shard;
            }
        }
        // without norms, whose gains every rank has: exact where the degrees divide
        if (s.name != "dense") continue;
        count shard = 0;
        count whole = 0;
        auto const matrices = [](auto const& m, count tp, count& sum) {
            cx::for_each_layer(m.layers(), [&](auto const& r) {
                cx::for_each_op(r.layer.ops(cx::deployment{.layout = {.tp = tp}}), [&](auto const& o) {
                    if (o.purpose() != cx::role::norm) sum += r.copies * o.template parameters<count>();
                });
            });
        };
        cx::visit([&](auto const& m) { matrices(m, 8, shard), matrices(m, 1, whole); }, *model);
        EXPECT_EQ(8 * shard, whole);
    }
}

TEST(properties, more_costs_more) {
    for_each_deployment([](auto const& m, cx::deployment const& x) {
        double last = 0;
        for (count sequences = 1; sequences <= 1024; sequences *= 2) {
            double const t = decoding_seconds(m, x, {.sequences = sequences, .past = 2000});
            EXPECT_GE(t, last);
            last = t;
        }
        last = 0;
        for (count past = 1; past <= 100'000; past = past * 3 + 1) {
            double const t = decoding_seconds(m, x, {.sequences = 8, .past = past});
            EXPECT_GE(t, last);
            last = t;
        }
        last = 0;
        for (count tokens = 1; tokens <= 32'768; tokens *= 2) {
            double const t = prefill_seconds(m, x, {.sequences = 2, .tokens = tokens});
            EXPECT_GT(t, last);
            last = t;
        }
        last = 0;
        for (count past = 0; past <= 100'000; past = past * 3 + 1) {
            double const t = prefill_seconds(m, x, {.sequences = 2, .tokens = 256, .past = past});
            EXPECT_GE(t, last);
            last = t;
        }
    });
}

TEST(properties, state_bytes_are_those_of_its_kinds) {
    for_each_deployment([](auto const& m, cx::deployment const& x) {
        cx::sequence_state const s = cx::state_of(m, x);
        for (count tokens : {1, 2, 100, 511, 512, 513, 5000, 100'000}) {
            count const windowed = s.window != 0 ? cx::min(tokens, s.window) : 0;
            count const expected = s.fixed_bytes + (s.bytes_per_token + s.index_bytes_per_token) * tokens + s.windowed_bytes_per_token * windowed;
            EXPECT_EQ(cx::state_bytes(m, tokens, x), expected) << tokens;
        }
        EXPECT_EQ(cx::state_bytes(m, 0, x), s.fixed_bytes);
    });
}

TEST(properties, memory_adds_up_and_its_inverses_are_exact) {
    for_each_deployment([](auto const& m, cx::deployment const& x) {
        cx::residency const held{.sequences = 4, .context = 3000, .step_tokens = 2048};
        cx::device_memory const d = cx::memory(m, x, h200, held);
        EXPECT_EQ(d.total(), d.weights + d.state + d.activations + d.communication + d.reserved);
        if (x.layout.pp == 1) {
            EXPECT_EQ(d.state, held.sequences * cx::state_bytes(m, held.context, x));
            EXPECT_EQ(d.weights, cx::weight_bytes(m, x));
        }
        count const most = cx::most_sequences(m, x, h200, held);
        cx::residency at = held;
        at.sequences = most;
        EXPECT_TRUE(most == 0 || cx::fits(m, x, h200, at));
        at.sequences = most + 1;
        EXPECT_FALSE(cx::fits(m, x, h200, at));
        at = held;
        at.context = cx::longest_context(m, x, h200, held);
        EXPECT_TRUE(at.context == 0 || cx::fits(m, x, h200, at));
        ++at.context;
        EXPECT_FALSE(cx::fits(m, x, h200, at));
    });
}

// Constant evaluation and run time give the same bits.
constexpr auto dense_text = [] { return samples[0].text; };
constexpr auto sliding_text = [] { return samples[1].text; };
constexpr auto experts_text = [] { return samples[2].text; };
constexpr auto latent_text = [] { return samples[3].text; };

struct figures {
    std::array<std::uint64_t, 8> seconds{};  ///< as bits
    std::array<count, 8> bytes{};
    friend bool operator==(figures const&, figures const&) = default;
};
template <class M>
constexpr figures figures_of(M const& m, cx::system_spec const& system, cx::layout const& l) {
    figures f{};
    std::size_t i = 0;
    auto const add = [&](cx::step_cost const& c) { f.seconds[i++] = std::bit_cast<std::uint64_t>(c.seconds); };
    cx::layout const x = launder(l);
    add(cx::prefill(m, x, system, {.sequences = launder(count{1}), .tokens = 777}));
    add(cx::prefill(m, x, system, {.sequences = launder(count{3}), .tokens = 1024, .past = 4096}));
    add(cx::decode(m, x, system, {.sequences = launder(count{1}), .past = 1}));
    add(cx::decode(m, x, system, {.sequences = launder(count{37}), .past = 5000}));
    add(cx::decode(m, x, system, {.sequences = launder(count{256}), .past = 300, .new_tokens = 3}));
    add(cx::mixed(m, x, system, {.sequences = launder(count{2}), .tokens = 100}, {.sequences = 60, .past = 2000}));
    f.bytes = {cx::parameters(m), cx::active_parameters(m), cx::weight_bytes(m), cx::state_bytes(m, launder(count{1})), cx::state_bytes(m, launder(count{5000})),
               cx::memory(m, cx::deployment{.layout = x}, system, {.sequences = launder(count{7})}).total(),
               cx::most_sequences(m, cx::deployment{.layout = x}, system, {.context = launder(count{100})}),
               cx::longest_context(m, cx::deployment{.layout = x}, system, {.sequences = launder(count{2})})};
    return f;
}
template <auto Text>
void expect_same_bits() {
    constexpr auto& known = cx::known_model<Text, families>;
    constexpr figures one = figures_of(known, cx::system<"h200_sxm">, {});
    constexpr figures eight = figures_of(known, cx::system<"h100_sxm">, {.tp = 4});
    auto const run = read(Text());
    ASSERT_TRUE(run);
    cx::visit(
        [&]<class M>(M const& m) {
            // the known model folds, the one that was read does not
            if constexpr (std::is_same_v<M, typename std::remove_cvref_t<decltype(known)>::family_t>) {
                auto const as_read = cx::known<M>{m, run->config};
                EXPECT_EQ(figures_of(launder(as_read), cx::system<"h200_sxm">, {}), one);
                EXPECT_EQ(figures_of(launder(as_read), cx::system<"h100_sxm">, {.tp = 4}), eight);
                EXPECT_EQ(figures_of(known, cx::system<"h200_sxm">, {}), one);
            } else {
                ADD_FAILURE() << "another family at run time";
            }
        },
        *run);
}
TEST(both_times, give_the_same_bits_for_a_dense_model) { expect_same_bits<dense_text>(); }
TEST(both_times, give_the_same_bits_for_sliding_windows) { expect_same_bits<sliding_text>(); }
TEST(both_times, give_the_same_bits_for_experts) { expect_same_bits<experts_text>(); }
TEST(both_times, give_the_same_bits_for_latent_attention) { expect_same_bits<latent_text>(); }

TEST(both_times, read_the_same_problems) {
    static constexpr std::string_view broken = R"({"architectures": ["LlamaForCausalLM"], "hidden_size": "64", "num_attention_heads": 0})";
    constexpr auto compiled = cx::read_model(broken);
    auto const run = cx::read_model(launder(broken));
    ASSERT_FALSE(run);
    EXPECT_TRUE(run.error().list == compiled.error().list);
    constexpr auto said = cx::describe(compiled.error().front(), broken);
    EXPECT_EQ(said.message.view(), cx::describe(run.error().front(), broken).message.view());
}

}  // namespace
