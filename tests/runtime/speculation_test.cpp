// SPDX-License-Identifier: BSL-1.0

// Speculative decoding by multi-token prediction: acceptance, the scaled form, and the exact work of verification and drafting.

#include <costexpr/costexpr.hpp>

#include <check.hpp>

#include <array>
#include <span>

namespace cx = costexpr;
using cx::count;

namespace {

constexpr auto& deepseek = cx::model<"deepseek-ai/DeepSeek-V3">;
constexpr auto& qwen = cx::model<"Qwen/Qwen3-8B">;
constexpr auto& h200 = cx::system<"h200_sxm">;
constexpr cx::layout eight{.tp = 8, .ep = 8};

constexpr bool near(double a, double b, double tolerance = 1e-12) { return a - b <= tolerance * b && b - a <= tolerance * b; }

// 0.85 + 0.85 x 0.5 = 1.275; a model of 61 layers with 2 drafts: 63 / 61 / 2.275.
constexpr bool acceptance_multiplies_along_the_draft() {
    constexpr std::array rates{0.85, 0.5};
    cx::speculation const s = cx::speculation::from_rates(launder(std::span<double const>(rates)));
    return s.drafts == 2 && near(s.accepted, 1.275) && near(s.progress(), 2.275) && near(s.scale(61), 63.0 / 61.0 / 2.275) && s.possible();
}
CHECK_TWICE(acceptance_multiplies_along_the_draft);

constexpr bool impossible_acceptance_is_refused() {
    cx::deployment const x{.layout = eight, .precision = deepseek.config.precision()};
    for (cx::speculation const s : {cx::speculation{1, 1.5}, cx::speculation{0, 0}, cx::speculation{2, -0.1}, cx::speculation{1000, 1}})
        if (launder(s).possible() || cx::speculative_decode(deepseek, x, h200, {}, s)) return false;
    return true;
}
CHECK_TWICE(impossible_acceptance_is_refused);

// The model on drafts + 1 tokens per sequence, shared by what is accepted; nothing is free, and all accepted is the least that it can be.
constexpr bool a_step_is_verification_and_drafting() {
    cx::deployment const x{.layout = launder(eight), .precision = deepseek.config.precision()};
    cx::decode_batch const b{.sequences = 16, .past = 4096};
    auto const one = cx::speculative_decode(deepseek, x, h200, b, {1, 0.85});
    auto const three = cx::speculative_decode(deepseek, x, h200, b, {3, 1.8});
    auto const none = cx::speculative_decode(deepseek, x, h200, b, {1, 0});
    if (!one || !three || !none) return false;
    double const verified = cx::decode(deepseek, x, h200, {.sequences = 16, .past = 4096, .new_tokens = 2}).seconds;
    double const plain = cx::decode(deepseek, x, h200, b).seconds;
    double const published = cx::decode(deepseek, x, h200, {.sequences = 32, .past = 4096}).seconds * 62 / 61 / 1.85;
    return near(one->verification, verified) && near(one->seconds, (one->verification + one->drafting) / 1.85) && near(one->scaled, published) && none->seconds > plain &&
           one->seconds < plain && three->drafting > 2 * one->drafting && three->drafting < 3 * one->drafting;
}
CHECK_TWICE(a_step_is_verification_and_drafting);

// One module of DeepSeek-V3 on one token: its own ops, the rows of the table, and the head of 129,280 x 7,168 / 8 read once more.
constexpr bool a_draft_is_a_module_with_embedding_and_head() {
    cx::deployment const x{.layout = launder(eight), .precision = deepseek.config.precision()};
    cx::roofline<> const price(h200);
    using family = std::remove_cvref_t<decltype(deepseek)>::family_t;
    cx::prediction_of<family> const modules{deepseek.plain()};
    cx::group const two[] = {{.sequences = 4, .new_tokens = 2, .past_tokens = 1000}};
    double expected = cx::seconds(modules, x, cx::step(two), price);
    double head = 0;
    cx::group const one[] = {{.sequences = 4, .new_tokens = 1, .past_tokens = 1000}};
    cx::breakdown(deepseek.plain(), x, cx::step(two), price, [&](cx::op_cost const& c) {
        if (c.name == cx::role::embedding) expected += c.seconds;
    });
    cx::breakdown(deepseek.plain(), x, cx::step(one), price, [&](cx::op_cost const& c) {
        if (c.name == cx::role::head || c.name == cx::role::logits_gather) head += c.seconds;
    });
    auto const cost = cx::speculative_decode(deepseek, x, h200, {.sequences = 4, .past = 1000}, {1, 0.5});
    return cost && near(cost->drafting, expected + head) && head > 129'280.0 * 7168 / 8 * 2 / 4.8e12;
}
CHECK_TWICE(a_draft_is_a_module_with_embedding_and_head);

// Drafts behind a prompt: the one module reads all of it too and fills its cache, the next two drafts one token per sequence each.
constexpr bool modules_read_the_prompt() {
    cx::deployment const x{.layout = launder(eight), .precision = deepseek.config.precision()};
    cx::prefill_batch const b{.sequences = 2, .tokens = 1000, .past = 24};
    auto const one = cx::speculative_prefill(deepseek, x, h200, b, {1, 0.5});
    auto const three = cx::speculative_prefill(deepseek, x, h200, b, {3, 0.5});
    if (!one || !three) return false;
    cx::roofline<> const price(h200);
    using family = std::remove_cvref_t<decltype(deepseek)>::family_t;
    cx::prediction_of<family> const modules{deepseek.plain()};
    cx::group const prompt[] = {b.as_group()};
    double expected = cx::seconds(modules, x, cx::step(prompt), price);
    cx::group const token[] = {{.sequences = 2, .new_tokens = 1, .past_tokens = 24}};
    cx::breakdown(deepseek.plain(), x, cx::step(prompt), price, [&](cx::op_cost const& c) {
        if (c.name == cx::role::embedding) expected += c.seconds;
    });
    cx::breakdown(deepseek.plain(), x, cx::step(token), price, [&](cx::op_cost const& c) {
        if (c.name == cx::role::head || c.name == cx::role::logits_gather) expected += c.seconds;
    });
    double const plain = cx::prefill(deepseek, x, h200, b).seconds;
    // a layer of 61 more, about, and the drafts behind it are short
    return near(one->model, plain) && near(one->drafting, expected) && one->drafting > plain / 80 && one->drafting < plain / 20 && three->drafting > one->drafting &&
           three->drafting < 1.5 * one->drafting && !cx::speculative_prefill(qwen, x, h200, b, {1, 0.5});
}
CHECK_TWICE(modules_read_the_prompt);

TEST(speculation, of_a_model_read_at_run_time_is_that_of_the_known_one) {
    cx::embedded::entry const* found = nullptr;
    for (std::size_t i = 0; i != cx::embedded::model_count; ++i)
        if (cx::embedded::models[i].name == "deepseek-ai/DeepSeek-V3") found = &cx::embedded::models[i];
    ASSERT_NE(found, nullptr);
    auto const m = cx::read_model<cx::registry<cx::mla_decoder>>({found->text, found->size});
    ASSERT_TRUE(m);
    cx::deployment const x{.layout = eight, .precision = m->config.precision()};
    auto const run = cx::speculative_decode(*m, x, h200, {.sequences = 16, .past = 4096}, {2, 1.275});
    auto const known = cx::speculative_decode(deepseek, x, h200, {.sequences = 16, .past = 4096}, {2, 1.275});
    ASSERT_TRUE(run && known);
    EXPECT_TRUE(near(run->seconds, known->seconds) && near(run->drafting, known->drafting) && near(run->scaled, known->scaled));
    auto const read = cx::speculative_prefill(*m, x, h200, {.tokens = 777}, {2, 1.275});
    auto const also = cx::speculative_prefill(deepseek, x, h200, {.tokens = 777}, {2, 1.275});
    ASSERT_TRUE(read && also);
    EXPECT_TRUE(near(read->seconds(), also->seconds()) && near(read->drafting, also->drafting));
    // on pipeline stages too, where the modules stand on the last: their weights and state are there
    cx::deployment staged = x;
    staged.layout = {.tp = 8, .pp = 2};
    ASSERT_TRUE(cx::speculative_decode(*m, staged, h200, {.sequences = 16, .past = 4096}, {2, 1.275}));
    auto const modules = cx::prediction_graph(*m, staged);
    ASSERT_TRUE(modules);
    cx::residency const held{.sequences = 16, .context = 4096, .rows = 3};
    auto const graph = cx::lower(*m, staged);
    cx::device_memory const without = cx::memory(*graph, staged, h200, held);
    cx::device_memory const with = cx::memory(*graph, staged, h200, held, *modules);
    EXPECT_EQ(with.stage, 1);
    EXPECT_EQ(with.weights - without.weights, cx::weight_bytes(*modules));
    EXPECT_EQ(with.state - without.state, 16 * cx::state_bytes(*modules, 4096));
    EXPECT_LT(cx::longest_context(*graph, staged, h200, held, *modules), cx::longest_context(*graph, staged, h200, held));
}

TEST(speculation, of_a_model_without_modules_is_an_error_that_says_so) {
    auto const m = cx::read_model<cx::registry<cx::dense_decoder>>(R"({"architectures": ["LlamaForCausalLM"], "hidden_size": 4096, "num_hidden_layers": 32, "num_attention_heads": 32,
        "num_key_value_heads": 8, "intermediate_size": 14336, "vocab_size": 128256})");
    ASSERT_TRUE(m);
    auto const cost = cx::speculative_decode(*m, cx::deployment{}, h200, {}, {1, 0.5});
    ASSERT_FALSE(cost);
    EXPECT_EQ(cost.error().front().key, "num_nextn_predict_layers");
    EXPECT_FALSE(cx::speculative_decode(qwen, cx::deployment{}, h200, {}, {1, 0.5}));
}

}  // namespace
