// SPDX-License-Identifier: BSL-1.0
#include <costexpr/costexpr.hpp>
#include <costexpr/model/layer_types.hpp>

#include "check.hpp"

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>

// Layer lists: files read and validated, the lists of all embedded models written and read back, single layers worked out.

namespace {

namespace cx = costexpr;
using namespace std::string_view_literals;

// --- reading ---

constexpr auto tiny = R"({"model_id": "TinyLlama_TinyLlama-1.1B", "hf_model_id": "TinyLlama/TinyLlama-1.1B", "name": "TinyLlama", "hidden_size": 2048,
  "num_layers": 22, "vocab_size": 32000, "total_params": 1100048384, "validated": true, "layer_types": [
  {"name": "attention", "class": "GroupedQueryAttentionLayer", "count": 22, "specs": {"hidden_size": 2048, "num_heads": 32, "num_kv_heads": 4, "head_dim": 64, "layer_idx": 0}},
  {"name": "feedforward", "class": "GatedMLPLayer", "count": 22, "specs": {"hidden_size": 2048, "intermediate_size": 5632}},
  {"name": "norm", "class": "NormLayer", "count": 45, "specs": {"hidden_size": 2048, "has_bias": false}},
  {"name": "embedding", "class": "EmbeddingLayer", "count": 1, "specs": {"vocab_size": 32000, "hidden_size": 2048}},
  {"name": "lm_head", "class": "LMHeadLayer", "count": 1, "specs": {"vocab_size": 32000, "hidden_size": 2048}}]})"sv;

constexpr bool a_file_is_a_model() {
    auto const list = cx::read_layers(launder(tiny));
    if (!list) return false;
    cx::sequence_state const s = cx::state_of(*list);
    return list->model_id == "TinyLlama_TinyLlama-1.1B"sv && list->entries.size() == 5 && cx::parameters(*list) == 1'100'048'384 &&
           cx::parameters(list->entries[0].layer) == 2 * 2048 * 2048 + 2 * 2048 * 256 && cx::active_parameters(*list) == 1'100'048'384 &&
           cx::embedding_parameters(*list) == 32000 * 2048 && cx::weight_bytes(*list) == cx::count{2} * 1'100'048'384 && s.bytes_per_token == 22 * 2 * 4 * 64 * 2 &&
           s.windowed_bytes_per_token == 0 && cx::state_bytes(*list, 1000) == 22'528'000;
}
CHECK_TWICE(a_file_is_a_model);

// What the format says otherwise than a layer type does.
constexpr bool the_words_of_the_format() {
    auto const with = [](std::string_view class_and_specs) {
        // one entry, so that the parameters of the list are those of the layer
        char text[512]{};
        std::size_t n = 0;
        for (std::string_view part : {R"({"model_id": "a_b", "hf_model_id": "a/b", "name": "b", "hidden_size": 8, "num_layers": 1, "vocab_size": 8, "layer_types": [{"name": "x", "count": 1, )"sv, class_and_specs, "}]}"sv})
            for (char c : part) text[n++] = c;
        auto const list = cx::read_layers({text, n});
        return list ? cx::parameters(*list) : cx::count{-1};
    };
    return with(launder(R"("class": "AttentionLayer", "specs": {"hidden_size": 1024, "num_heads": 16, "head_dim": 32})"sv)) == 4 * 1024 * 512 &&
           with(launder(R"("class": "SlidingWindowAttentionLayer", "specs": {"hidden_size": 2880, "num_query_heads": 64, "num_kv_heads": 8, "head_dim": 64, "sliding_window": null, "has_bias": true})"sv)) ==
               2 * 2880 * 4096 + 2 * 2880 * 512 + 4096 + 2 * 512 + 2880 &&
           with(launder(R"("class": "MLPLayer", "specs": {"hidden_size": 16, "intermediate_size": 64})"sv)) == 2 * 16 * 64 &&
           with(launder(R"("class": "MLPLayer", "specs": {"hidden_size": 16, "intermediate_size": 64, "num_projections": 3})"sv)) == 3 * 16 * 64 &&
           with(launder(R"("class": "NormLayer", "specs": {"hidden_size": 16, "has_bias": true})"sv)) == 32 &&
           with(launder(R"("class": "NormLayer", "specs": {"hidden_size": 16, "has_weight": false})"sv)) == 0 &&
           // router with its biases, and three experts of which one is shared
           with(launder(R"("class": "MoELayer", "specs": {"hidden_size": 16, "intermediate_size": 8, "num_experts": 2, "top_k": 1, "num_shared_experts": 1, "num_projections": 3, "has_bias": true})"sv)) ==
               16 * 2 + 2 + 3 * (3 * 16 * 8 + 2 * 8 + 16) &&
           with(launder(R"("class": "GroupedQueryAttentionLayer", "specs": {"hidden_size": 64, "num_heads": 4, "num_kv_heads": 2, "head_dim": 16, "qk_norm": "per_head", "sink_logits": true})"sv)) ==
               2 * 64 * 64 + 2 * 64 * 32 + 2 * 16 + 4 &&
           with(launder(R"("class": "MLALayer", "specs": {"hidden_size": 7168, "num_heads": 128, "q_lora_rank": 1536, "kv_lora_rank": 512, "qk_nope_head_dim": 128, "qk_rope_head_dim": 64, "v_head_dim": 128})"sv)) ==
               187'107'328;
}
CHECK_TWICE(the_words_of_the_format);

// A stored block that runs in several places.
constexpr bool copies_are_stored_once() {
    auto const list = cx::read_layers(launder(
        R"({"model_id": "a", "hf_model_id": "a", "name": "a", "hidden_size": 16, "num_layers": 6, "vocab_size": 8, "layer_types": [
          {"name": "shared", "class": "MLPLayer", "count": 6, "copies": 2, "specs": {"hidden_size": 16, "intermediate_size": 64}}]})"sv));
    return list && cx::parameters(*list) == 2 * 2 * 16 * 64;
}
CHECK_TWICE(copies_are_stored_once);

// --- what is wrong with a file, all at once ---

std::string told(cx::problems const& all, std::string_view text) {
    std::string out;
    for (cx::problem const& p : all) {
        cx::diagnosis const d = cx::describe(p, text);
        out += std::string(d.pointer.view()) + ": " + std::string(d.message.view()) + "\n";
    }
    return out;
}

TEST(layer_lists, all_problems_at_once) {
    auto const text = R"({"model_id": "a/b", "name": "x", "hidden_size": 0, "num_layers": 4, "vocab_size": "8", "layer_types": [
      {"name": "attention", "class": "GroupedQueryAttentionLayer", "count": 5, "specs": {"hidden_size": 64, "num_heads": 6, "num_kv_heads": 4, "head_dim": 16}},
      {"name": "attention", "class": "AttentionLayers", "count": 1, "specs": {}},
      {"name": "", "class": "GatedMLPLayer", "count": 0, "specs": {"hidden_size": -1}},
      {"class": "MoELayer", "count": 4, "specs": {"hidden_size": 64, "intermediate_size": 8, "num_experts": 2, "top_k": 3, "num_projections": 4}},
      {"name": "experts", "class": "MoELayer", "count": 4, "specs": {"hidden_size": 64, "intermediate_size": 8, "num_experts": 2, "top_k": 3}},
      {"name": "norm", "class": "NormLayer", "count": 9, "specs": [64]},
      7]})"sv;
    auto const list = cx::read_layers(text);
    ASSERT_FALSE(list);
    EXPECT_EQ(told(list.error(), text),
              "/hf_model_id: the key \"hf_model_id\" is missing (expected a string, found nothing)\n"
              "/hidden_size: \"hidden_size\" is out of range (expected at least 1, found 0)\n"
              "/vocab_size: \"vocab_size\" has the wrong type (expected an integer, found \"8\")\n"
              "/model_id: \"model_id\" is ill-formed (expected letters, digits, '.', '_' and '-', found \"a/b\")\n"
              "/layer_types/0/specs/num_heads: \"num_heads\" is not divisible by num_kv_heads (expected a multiple of 4, found 6)\n"
              "/layer_types/0/count: \"count\" contradicts another key (expected at most 4, as num_layers says, found 5)\n"
              "/layer_types/1/name: \"name\" is not unique (expected a name that no other layer type has, found \"attention\")\n"
              "/layer_types/1/class: \"class\" has an entry that is not known (expected AttentionLayer, GroupedQueryAttentionLayer, SlidingWindowAttentionLayer, MLPLayer, GatedMLPLayer, "
              "MoELayer, NormLayer, EmbeddingLayer or one that `costexpr layers --classes` lists, found \"AttentionLayers\")\n"
              "/layer_types/2/count: \"count\" is out of range (expected at least 1, found 0)\n"
              "/layer_types/2/name: \"name\" is ill-formed (expected a name that is not empty, found \"\")\n"
              "/layer_types/2/specs/hidden_size: \"hidden_size\" is out of range (expected at least 1, found -1)\n"
              "/layer_types/2/specs/intermediate_size: the key \"intermediate_size\" is missing (expected an integer, found nothing)\n"
              "/layer_types/3/name: the key \"name\" is missing (expected a string, found nothing)\n"
              "/layer_types/3/specs/num_projections: \"num_projections\" is out of range (expected at most 3, found 4)\n"
              "/layer_types/4/specs/top_k: \"top_k\" contradicts another key (expected at most 2, the number of experts, found 3)\n"
              "/layer_types/5/specs: \"specs\" has the wrong type (expected an object, found a list)\n");
    EXPECT_EQ(list.error().dropped, 1u);
}

std::string wrong_with(std::string_view text) {
    auto const list = cx::read_layers(text);
    return list ? std::string("nothing") : told(list.error(), text);
}

TEST(layer_lists, sums_and_shapes) {
    std::string wrong(tiny);
    wrong.replace(wrong.find("1100048384"), 10, "1100048385");
    EXPECT_EQ(wrong_with(wrong), "/total_params: \"total_params\" contradicts another key (expected 1100048384, the sum over the layer types, found 1100048385)\n");
    EXPECT_EQ(wrong_with("[]"), ": the text is not an object (expected an object { ... }, found an empty list)\n");
    EXPECT_EQ(wrong_with(R"({"model_id": "a", "hf_model_id": "a", "name": "a", "hidden_size": 1, "num_layers": 1, "vocab_size": 1, "layer_types": []})"),
              "/layer_types: \"layer_types\" has the wrong type (expected one layer type or more, found an empty list)\n");
    EXPECT_EQ(wrong_with(R"({"model_id": "a", "hf_model_id": "a", "name": "a", "hidden_size": 1, "num_layers": 1, "vocab_size": 1})"),
              "/layer_types: the key \"layer_types\" is missing (expected a list of layer types, found nothing)\n");
    EXPECT_EQ(wrong_with(R"({"model_id": "a", "model_id": "a", "layer_types": []})"), "/model_id: the key \"model_id\" stands twice in one object (expected once, found before in line 1)\n");
    EXPECT_EQ(wrong_with(R"({"model_id": "a", "hf_model_id": "a", "name": "0123456789012345678901234567890123456789012345678901234567890123", "hidden_size": 1, "num_layers": 1,
                             "vocab_size": 1, "layer_types": [{"name": "n", "class": "NormLayer", "count": 1, "specs": {"hidden_size": 8}}]})"),
              "/name: \"name\" is ill-formed (expected at most 63 characters, found \"012345678901234567890123456789012345678...)\n");
    // dimensions whose product is beyond any model
    EXPECT_NE(wrong_with(R"({"model_id": "a", "hf_model_id": "a", "name": "a", "hidden_size": 1, "num_layers": 1, "vocab_size": 1, "layer_types": [
              {"name": "x", "class": "MoELayer", "count": 1, "specs": {"hidden_size": 1048576, "intermediate_size": 1048576, "num_experts": 1048576, "top_k": 1}}]})")
                  .find("a layer of fewer than 1e15 parameters"),
              std::string::npos);
}

// --- the lists of models ---

template <class>
inline constexpr bool named = false;
template <class... Entry>
inline constexpr bool named<cx::hana::basic_tuple<Entry...>> =
    (cx::detail::is_one_of<typename Entry::layer_t>(cx::detail::layers_of_classes<cx::layer_classes>::list{}) && ...);
template <class... F>
consteval bool every_layer_type_has_a_class(cx::registry<F...>) {
    static_assert((named<decltype(std::declval<F const&>().layers())> && ...), "a layer type of this family has no class in model/layer_classes.hpp");
    return true;
}
static_assert(every_layer_type_has_a_class(cx::builtin{}));

constexpr bool a_constant_has_a_list() {
    auto const list = cx::layers_of(launder(cx::model<"mistralai/Mistral-7B-v0.1">.plain()), "mistralai/Mistral-7B-v0.1");
    return list && list->model_id == "mistralai_Mistral-7B-v0.1"sv && list->name == "Mistral 7B v0.1"sv && list->total_params == 7'241'732'096 && list->entries.size() == 5 &&
           list->entries[2].name == "sliding_attention"sv && list->entries[2].times == 32;
}
CHECK_TWICE(a_constant_has_a_list);

using sums = std::array<cx::work<double>, cx::role_count>;

/// The work of each purpose in a step.
template <class M>
sums work_of(M const& m, cx::group const& g) {
    std::array<cx::group, 1> const one{g};
    cx::measured_step<double, cx::count> const s(one);
    sums all{};
    cx::for_each_op_of(m, {}, [&](auto const& o, cx::op_place const& at) {
        cx::for_each_kernel(o, s, [&](cx::work<double> const& w, auto const&...) {
            cx::work<double>& sum = all[static_cast<std::size_t>(o.purpose())];
            double const n = static_cast<double>(at.times);
            sum.flops += n * w.flops, sum.weight_bytes += n * w.weight_bytes, sum.activation_bytes += n * w.activation_bytes, sum.state_bytes += n * w.state_bytes;
        });
    });
    return all;
}

bool same(sums const& a, sums const& b) {
    for (std::size_t i = 0; i != a.size(); ++i)
        if (a[i].flops != b[i].flops || a[i].weight_bytes != b[i].weight_bytes || a[i].activation_bytes != b[i].activation_bytes || a[i].state_bytes != b[i].state_bytes) return false;
    return true;
}

bool same(cx::sequence_state const& a, cx::sequence_state const& b) {
    return a.elements_per_token == b.elements_per_token && a.bytes_per_token == b.bytes_per_token && a.windowed_elements_per_token == b.windowed_elements_per_token &&
           a.windowed_bytes_per_token == b.windowed_bytes_per_token && a.window == b.window && a.index_elements_per_token == b.index_elements_per_token &&
           a.index_bytes_per_token == b.index_bytes_per_token && a.convolution_elements == b.convolution_elements && a.recurrent_elements == b.recurrent_elements &&
           a.fixed_bytes == b.fixed_bytes;
}

std::string written(cx::layer_list const& list) {
    std::string text;
    cx::json::writer<std::string> out(text, 2);
    write(out, list);
    return text + "\n";
}

/// The model as an ops list in bf16, whatever its checkpoint stores.
auto plain_ops(cx::any_model const& m) {
    cx::problems none{};
    return m.ops({}, none);
}

std::size_t model_number(std::string_view name) {
    std::size_t i = 0;
    while (i != cx::embedded::model_count && cx::embedded::models[i].name != name) ++i;
    return i;
}

TEST(layer_lists, every_embedded_model_comes_back_whole) {
    std::size_t came_back = 0;
    for (std::size_t i = 0; i != cx::embedded::model_count; ++i) {
        cx::embedded::entry const& e = cx::embedded::models[i];
        auto const m = cx::read_model(e.config());
        ASSERT_TRUE(m) << e.name;
        auto const list = cx::layers_of(*m, e.name);
        ASSERT_TRUE(list) << e.name << ": " << told(list.error(), {});
        std::string const text = written(*list);
        auto const again = cx::read_layers(text);
        ASSERT_TRUE(again) << e.name << ": " << told(again.error(), text);
        EXPECT_EQ(written(*again), text) << e.name;

        auto const ops = plain_ops(*m);
        EXPECT_EQ(cx::parameters(*again), cx::parameters(ops)) << e.name;
        EXPECT_EQ(cx::active_parameters(*again), cx::active_parameters(ops)) << e.name;
        EXPECT_EQ(cx::weight_bytes(*again), cx::weight_bytes(ops)) << e.name;
        EXPECT_TRUE(same(cx::state_of(*again), cx::state_of(ops))) << e.name;
        for (cx::count tokens : {1, 4096, 100'000}) EXPECT_EQ(cx::state_bytes(*again, tokens), cx::state_bytes(ops, tokens)) << e.name;
        cx::group const prompt{.sequences = 3, .new_tokens = 5000, .past_tokens = 700, .phase = cx::phase::prefill};
        cx::group const token{.sequences = 7, .new_tokens = 1, .past_tokens = 9001, .phase = cx::phase::decode};
        bool const equal = same(work_of(*again, prompt), work_of(ops, prompt)) && same(work_of(*again, token), work_of(ops, token));
        EXPECT_TRUE(equal) << e.name << ": the list does other work than the model";
        came_back += equal ? 1 : 0;
    }
    EXPECT_EQ(came_back, cx::embedded::model_count);
}

// The lists in model_configs/layers/ are those of the configs beside them, under their own ids.
TEST(layer_lists, files_are_fresh) {
    char const* const source = std::getenv("COSTEXPR_SOURCE");
    ASSERT_NE(source, nullptr) << "COSTEXPR_SOURCE is the folder of the project";
    struct known {
        std::string_view name;
        cx::count parameters;
    };
    constexpr known files[] = {{"meta-llama/Llama-3.1-405B", 405'853'388'800},
                               {"meta-llama/Llama-3.3-70B-Instruct", 70'553'706'496},
                               {"TinyLlama/TinyLlama-1.1B-Chat-v1.0", 1'100'048'384},
                               {"mistralai/Mistral-7B-v0.1", 7'241'732'096}};
    std::size_t there = 0;
    auto const folder = std::filesystem::path(source) / "model_configs" / "layers";
    for ([[maybe_unused]] auto const& entry : std::filesystem::directory_iterator(folder)) ++there;
    EXPECT_EQ(there, std::size(files));
    for (known const& k : files) {
        std::size_t const i = model_number(k.name);
        ASSERT_NE(i, cx::embedded::model_count) << k.name;
        auto const m = cx::read_model({cx::embedded::models[i].text, cx::embedded::models[i].size});
        auto const list = cx::layers_of(*m, k.name);
        ASSERT_TRUE(list);
        EXPECT_EQ(list->total_params, k.parameters);
        std::ifstream file(folder / (std::string(list->model_id.view()) + ".json"), std::ios::binary);
        std::string const text(std::istreambuf_iterator<char>(file), {});
        EXPECT_EQ(text, written(*list)) << "costexpr layers --write " << k.name << " > model_configs/layers/" << list->model_id.view() << ".json";
        EXPECT_TRUE(cx::read_layers(text));
    }
    // of the window of Mistral-7B 4,096 tokens are kept, however long the context
    auto const m = cx::read_model({cx::embedded::models[model_number("mistralai/Mistral-7B-v0.1")].text, cx::embedded::models[model_number("mistralai/Mistral-7B-v0.1")].size});
    EXPECT_EQ(cx::state_bytes(*cx::layers_of(*m, "m"), 100'000), cx::count{4096} * 32 * 2 * 8 * 128 * 2);
}

// --- single layers ---

constexpr cx::layer_figures priced(std::string_view text) {
    auto const r = cx::price_layer(text);
    return r ? *r : cx::layer_figures{.parameters = -1};
}

constexpr bool attention_over_ranks() {
    // 4 of 32 heads, 1 of 8 KV heads: hidden (2 x 512 + 2 x 128) weights; 16 sequences see 8,193 keys, of which a rank has 4,097
    auto const decode = priced(launder(R"({"class": "GroupedQueryAttentionLayer", "specs": {"hidden_size": 4096, "num_heads": 32, "num_kv_heads": 8, "head_dim": 128},
        "parallelism": {"tensor_parallel": 8, "context_parallel": 2}, "phase": "decode", "batch": 16, "seq_len": 1, "context_len": 8192, "dtype": "fp8"})"sv));
    constexpr cx::count weights = 4096 * (2 * 512 + 2 * 128);
    // causal: half of 1,000 x 1,001 pairs on each of two ranks, 500 new tokens projected on each, all keys kept in halves
    auto const prefill = priced(launder(R"({"class": "AttentionLayer", "specs": {"hidden_size": 1024, "num_heads": 16, "head_dim": 64},
        "parallelism": {"context_parallel": 2}, "phase": "prefill", "batch": 3, "seq_len": 1000})"sv));
    auto const dense = priced(launder(R"({"class": "AttentionLayer", "specs": {"hidden_size": 1024, "num_heads": 16, "head_dim": 64},
        "parallelism": {"context_parallel": 2}, "phase": "prefill", "batch": 3, "seq_len": 1000, "causal": false})"sv));
    constexpr double projected = 3.0 * 500 * 2 * 4 * 1024 * 1024;
    return decode.parameters == weights && decode.weight_bytes == weights && decode.weight_read_bytes == weights &&
           decode.flops == 16.0 * 2 * weights + 16.0 * 4097 * 4 * 4 * 128 && decode.state_bytes == 16 * 4097 * 2 * 128 &&
           // the output over 8 ranks, and 4 heads of 128 + 4 values over 2
           decode.wire_bytes == 16 * (2 * 4096 * 2.0 * 7 / 8 + 2 * 528 * 2.0 / 2) &&
           prefill.flops == projected + 3 * 1000.0 * 1001 / 2 / 2 * 4 * 1024 && prefill.state_bytes == 3 * 500 * 2 * 1024 * 2 &&
           dense.flops == projected + 3 * 500.0 * 1000 * 4 * 1024 && dense.state_bytes == prefill.state_bytes;
}
CHECK_TWICE(attention_over_ranks);

constexpr bool windows() {
    // a window of 128 with 64 first tokens that stay: 192 keys for the last token, a ramp in front of them
    constexpr auto at = [](std::string_view text) { return priced(text); };
    auto const decode = at(launder(R"({"class": "SlidingWindowAttentionLayer", "specs": {"hidden_size": 2880, "num_query_heads": 64, "num_kv_heads": 8, "head_dim": 64,
        "sliding_window": 128, "num_sinks": 64, "has_bias": true}, "phase": "decode", "batch": 8, "seq_len": 2048})"sv));
    auto const prefill = at(launder(R"({"class": "SlidingWindowAttentionLayer", "specs": {"hidden_size": 2880, "num_query_heads": 64, "num_kv_heads": 8, "head_dim": 64,
        "sliding_window": 128, "num_sinks": 64}, "phase": "prefill", "batch": 1, "seq_len": 512})"sv));
    constexpr double weights = 2.0 * 2880 * 4096 + 2.0 * 2880 * 512;
    return decode.flops == 8 * (2 * weights + 4096 + 1024 + 2880) + 8.0 * 192 * 4 * 64 * 64 && decode.state_bytes == 8 * 192 * 2 * 512 * 2 &&
           prefill.flops == 512 * 2 * weights + (192.0 * 193 / 2 + 320 * 192) * 4 * 64 * 64 && prefill.state_bytes == 192 * 2 * 512 * 2;
}
CHECK_TWICE(windows);

constexpr bool networks_and_tables() {
    auto const mlp = priced(launder(R"({"class": "GatedMLPLayer", "specs": {"hidden_size": 64, "intermediate_size": 100}, "parallelism": {"tensor_parallel": 8, "sequence_parallel": 3},
        "phase": "prefill", "batch": 2, "seq_len": 10, "dtype": "NVFP8"})"sv));
    // 4 tokens of each sequence, 13 of 100 inner columns
    bool const network = mlp.parameters == 3 * 64 * 13 && mlp.weight_bytes == 2 * 64 * 13 + 2 * 64 * 13 / 32 + 64 * 13 + 64 * 13 / 32 && mlp.flops == 2.0 * 4 * 2 * 3 * 64 * 13;
    auto const moe = priced(launder(R"({"class": "MoELayer", "specs": {"hidden_size": 64, "intermediate_size": 32, "num_experts": 8, "top_k": 2, "num_projections": 3, "num_shared_experts": 1},
        "parallelism": {"expert_parallel": 4, "tensor_parallel": 2}, "phase": "decode", "batch": 4, "seq_len": 100})"sv));
    // 2 experts of 3 x 64 x 16 on a rank, of which 1 - (3/4)^4 are chosen by 4 tokens; one token of its own for router and shared expert
    double const chosen = 2 * (1 - 0.31640625);
    double const read = 2.0 * (64 * 8 + 3 * 64 * 16) + chosen * 2 * 3 * 64 * 16;
    bool const mixture = moe.parameters == 64 * 8 + 3 * 3 * 64 * 16 && moe.weight_bytes == 2 * moe.parameters && moe.weight_read_bytes > read - 1e-6 && moe.weight_read_bytes < read + 1e-6 &&
                         moe.flops == 2.0 * 64 * 8 + 2.0 * 3 * 64 * 16 + 4 * 2 / 4.0 * 2 * 3 * 64 * 16;
    auto const large = priced(launder(R"({"class": "EmbeddingLayer", "specs": {"vocab_size": 100001, "hidden_size": 64}, "parallelism": {"tensor_parallel": 4}, "phase": "decode", "batch": 3, "seq_len": 9})"sv));
    auto const small = priced(launder(R"({"class": "EmbeddingLayer", "specs": {"vocab_size": 100000, "hidden_size": 64}, "parallelism": {"tensor_parallel": 4}, "phase": "decode", "batch": 3, "seq_len": 9})"sv));
    return network && mixture && large.weight_bytes == 25'001 * 64 * 2 && large.weight_read_bytes == 3 * 64 * 2 && large.wire_bytes > 0 && small.weight_bytes == 100'000 * 64 * 2 &&
           small.wire_bytes == 0;
}
CHECK_TWICE(networks_and_tables);

// Layer types that the original format does not have, with the figures of their ops.
constexpr bool other_layer_types() {
    auto const mla = priced(launder(R"({"class": "MLALayer", "specs": {"hidden_size": 7168, "num_heads": 128, "q_lora_rank": 1536, "kv_lora_rank": 512, "qk_nope_head_dim": 128,
        "qk_rope_head_dim": 64, "v_head_dim": 128}, "phase": "decode", "batch": 2, "context_len": 4095, "seq_len": 1})"sv));
    auto const mamba = priced(launder(R"({"class": "Mamba2Layer", "specs": {"hidden_size": 64, "num_heads": 4, "head_dim": 16, "num_groups": 2, "state_size": 8, "conv_kernel": 4},
        "parallelism": {"tensor_parallel": 2}, "phase": "decode", "batch": 3, "seq_len": 77})"sv));
    return mla.parameters == 187'107'328 && mla.state_bytes == 2 * 4096 * 576 * 2 &&
           // 2 heads of 16 x 8 in fp32, and 3 columns of 32 + 2 x 8 channels
           mamba.state_bytes == 3 * (2 * 16 * 8 * 4 + 3 * (32 + 16) * 2);
}
CHECK_TWICE(other_layer_types);

std::string refused(std::string_view text) {
    auto const r = cx::price_layer(text);
    return r ? std::string("nothing") : told(r.error(), text);
}

TEST(layer_cases, parallelism_that_a_class_does_not_support) {
    auto const with = [](std::string_view degrees) {
        return R"({"class": "GroupedQueryAttentionLayer", "specs": {"hidden_size": 4096, "num_heads": 32, "num_kv_heads": 8, "head_dim": 128}, "phase": "decode", "batch": 1, "seq_len": 8, "parallelism": )" +
               std::string(degrees) + "}";
    };
    EXPECT_EQ(refused(with(R"({"tensor_parallel": 2, "sequence_parallel": 2, "pipeline_parallel": 4})")),
              "/parallelism/sequence_parallel: the degree \"sequence_parallel\" is not possible (expected 1, as this class supports tensor_parallel and context_parallel, found 2)\n"
              "/parallelism/pipeline_parallel: the degree \"pipeline_parallel\" is not possible (expected 1, as this class supports tensor_parallel and context_parallel, found 4)\n");
    EXPECT_EQ(refused(with(R"({"expert_parallel": 1, "pipeline_parallel": 1, "data_parallel": 1})")), "nothing");
    EXPECT_EQ(refused(with(R"({"tensor_parallel": 5})")), "/parallelism/tensor_parallel: the degree \"tensor_parallel\" is not possible (expected a divisor of the 32 attention heads, found 5)\n");
    EXPECT_EQ(refused(with(R"({"tensor_parallel": 0})")), "/parallelism/tensor_parallel: \"parallelism.tensor_parallel\" is out of range (expected at least 1, found 0)\n");
    EXPECT_EQ(refused(with(R"({"data_parallel": 2})")),
              "/parallelism/data_parallel: \"parallelism\" has an entry that is not known (expected tensor_parallel, context_parallel, sequence_parallel, expert_parallel or pipeline_parallel, found 2)\n");
    EXPECT_EQ(refused(with("2")), "/parallelism: \"parallelism\" has the wrong type (expected an object, found 2)\n");
    EXPECT_EQ(refused(with("null")), "nothing");
    EXPECT_EQ(refused(R"({"class": "NormLayer", "specs": {"hidden_size": 8}, "phase": "decode", "batch": 1, "seq_len": 8, "parallelism": {"tensor_parallel": 2}})"),
              "/parallelism/tensor_parallel: the degree \"tensor_parallel\" is not possible (expected 1, as layers of this class are the same on every device, found 2)\n");
    EXPECT_EQ(refused(R"({"class": "MoELayer", "specs": {"hidden_size": 8, "intermediate_size": 8, "num_experts": 6, "top_k": 2}, "phase": "decode", "batch": 1, "seq_len": 8, "parallelism": {"expert_parallel": 4}})"),
              "/parallelism/expert_parallel: the degree \"expert_parallel\" is not possible (expected a divisor of the 6 experts, found 4)\n");
}

TEST(layer_cases, all_problems_at_once) {
    EXPECT_EQ(refused(R"({"class": "MLP", "specs": {}, "phase": "training", "batch": 0, "dtype": "fp7"})"),
              "/batch: \"batch\" is out of range (expected at least 1, found 0)\n"
              "/seq_len: the key \"seq_len\" is missing (expected an integer, found nothing)\n"
              "/phase: \"phase\" has an entry that is not known (expected prefill or decode, found \"training\")\n"
              "/dtype: \"dtype\" has an entry that is not known (expected a dtype such as bf16, fp8, nvfp8 or mxfp4, found \"fp7\")\n"
              "/class: \"class\" has an entry that is not known (expected AttentionLayer, GroupedQueryAttentionLayer, SlidingWindowAttentionLayer, MLPLayer, GatedMLPLayer, "
              "MoELayer, NormLayer, EmbeddingLayer or one that `costexpr layers --classes` lists, found \"MLP\")\n");
    EXPECT_EQ(refused("{}"),
              "/phase: the key \"phase\" is missing (expected a string, found nothing)\n"
              "/seq_len: the key \"seq_len\" is missing (expected an integer, found nothing)\n"
              "/class: the key \"class\" is missing (expected a class of layers, found nothing)\n"
              "/specs: the key \"specs\" is missing (expected an object, found nothing)\n");
    EXPECT_EQ(refused(R"({"class": "SparseMLALayer", "specs": {"hidden_size": 64, "num_heads": 4, "kv_lora_rank": 16, "qk_nope_head_dim": 8, "qk_rope_head_dim": 4, "v_head_dim": 8, "index_topk": 2},
                          "phase": "prefill", "seq_len": 8, "causal": false})"),
              "/causal: \"causal\" contradicts another key (expected true: which keys a query of this class sees depends on its place, found 0)\n");
}

}  // namespace
