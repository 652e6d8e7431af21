// SPDX-License-Identifier: BSL-1.0

// Which situation a config is in (S1, S2, S3), what classify() says to write, and what an unknown architecture is read as.

#include "check.hpp"

#include <costexpr/costexpr.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

namespace cx = costexpr;

namespace {

using cx::situation;

// Llama-3.1-8B, and what happens to it.
#define LLAMA R"("hidden_size": 4096, "num_hidden_layers": 4, "num_attention_heads": 32, "num_key_value_heads": 8, "intermediate_size": 14336, "vocab_size": 128256)"

constexpr situation of(std::string_view text) {
    auto const c = cx::classify(launder(text));
    return c ? c->situation : situation{9};
}
constexpr bool unread(std::string_view text, std::initializer_list<std::string_view> keys) {
    auto const c = cx::classify(launder(text));
    if (!c || c->unread.size() != keys.size()) return false;
    std::size_t i = 0;
    for (std::string_view key : keys) {
        char pointer[256]{};
        if (std::string_view(pointer, cx::json::pointer(text, c->unread[i++].offset, pointer, sizeof pointer)) != key) return false;
    }
    return true;
}

constexpr bool registered_and_read_whole() {
    constexpr std::string_view text = R"({"architectures": ["LlamaForCausalLM"], "model_type": "llama", )" LLAMA
        R"(, "rope_theta": 500000.0, "rms_norm_eps": 1e-05, "attention_dropout": 0.0, "pretraining_tp": 1, "eos_token_id": [1, 2], "use_cache": true, "initializer_range": 0.02,
             "num_memory_slots": 0, "extra_experts": null, "use_side_gate": false, "hidden_list": [], "gate_scale": 0.5})";
    return of(text) == situation::s1 && unread(text, {}) && cx::classify(text)->registered && cx::classify(text)->family == "dense" && cx::classify(text)->features == 0;
}
CHECK_TWICE(registered_and_read_whole);

constexpr bool new_keys_are_the_second_situation() {
    constexpr std::string_view text = R"({"architectures": ["LlamaForCausalLM"], )" LLAMA R"(, "num_memory_slots": 64, "side_gate_rank": 8})";
    return of(text) == situation::s2 && unread(text, {"/num_memory_slots", "/side_gate_rank"}) && cx::classify(text)->missing.empty();
}
CHECK_TWICE(new_keys_are_the_second_situation);

constexpr bool new_keys_of_a_nested_decoder() {
    constexpr std::string_view text = R"({"architectures": ["Qwen2_5_VLForConditionalGeneration"], "model_type": "qwen2_5_vl", "spatial_merge_size": 2, "projector_hidden_size": 64,
        "text_config": {"model_type": "qwen2_5_vl_text", )" LLAMA R"(, "gate_lora_dim": 16}, "vision_config": {"depth": 32, "num_side_blocks": 4}})";
    auto const c = cx::classify(launder(text));
    return c && c->situation == situation::s2 && unread(text, {"/text_config/gate_lora_dim"}) && c->has(cx::feature::nested_text_config) && c->has(cx::feature::vision_tower);
}
CHECK_TWICE(new_keys_of_a_nested_decoder);

constexpr bool unknown_architecture_of_known_layers() {
    constexpr std::string_view text = R"({"architectures": ["FooForCausalLM"], )" LLAMA R"(, "num_experts": 8, "num_experts_per_tok": 2, "moe_intermediate_size": 512})";
    auto const c = cx::classify(launder(text));
    return c && c->situation == situation::s2 && !c->registered && c->family == "moe" && c->unread.empty() && c->missing.size() == 1 && c->missing[0].what == cx::missing_part::kind::row &&
           c->has(cx::feature::moe);
}
CHECK_TWICE(unknown_architecture_of_known_layers);

constexpr bool a_kind_of_layer_that_nobody_has() {
    constexpr std::string_view text = R"({"architectures": ["LlamaForCausalLM"], )" LLAMA R"(, "layer_types": ["full_attention", "xlstm", "full_attention", "full_attention"]})";
    auto const c = cx::classify(launder(text));
    return c && c->situation == situation::s3 && c->missing.size() == 1 && c->missing[0].what == cx::missing_part::kind::layer_type &&
           cx::describe(c->missing[0], *c, text).view() == R"(a layer type for "xlstm" (/layer_types/1))";
}
CHECK_TWICE(a_kind_of_layer_that_nobody_has);

constexpr bool a_kind_of_layer_that_another_family_has() {
    constexpr std::string_view text = R"({"architectures": ["LlamaForCausalLM"], )" LLAMA R"(, "layer_types": ["full_attention", "mamba", "full_attention", "full_attention"]})";
    auto const c = cx::classify(launder(text));
    return c && c->situation == situation::s3 && c->missing.size() == 1 &&
           cx::describe(c->missing[0], *c, text).view() == R"(layers of kind "mamba" in the family dense (/layer_types/1))";
}
CHECK_TWICE(a_kind_of_layer_that_another_family_has);

constexpr bool layers_of_another_family_are_a_new_combination() {
    constexpr std::string_view text = R"({"architectures": ["Qwen3MoeForCausalLM"], )" LLAMA
        R"(, "num_experts": 8, "num_experts_per_tok": 2, "moe_intermediate_size": 512, "linear_num_value_heads": 32, "linear_value_head_dim": 128})";
    auto const c = cx::classify(launder(text));
    return c && c->situation == situation::s3 && unread(text, {"/linear_num_value_heads", "/linear_value_head_dim"}) && c->missing.size() == 1 &&
           cx::describe(c->missing[0], *c, text).view() == "layers of type gated_delta in the family moe (/linear_num_value_heads)";
}
CHECK_TWICE(layers_of_another_family_are_a_new_combination);

constexpr bool a_list_of_kinds_under_an_unknown_key() {  // RecurrentGemma (arXiv:2404.07839)
    constexpr std::string_view text = R"({"architectures": ["RecurrentFooForCausalLM"], )" LLAMA
        R"(, "attention_window_size": 2048, "block_types": ["recurrent", "recurrent", "rglru"], "conv1d_width": 4, "lru_width": 2560})";
    auto const c = cx::classify(launder(text));
    return c && c->situation == situation::s3 && unread(text, {"/attention_window_size", "/block_types", "/conv1d_width", "/lru_width"}) && c->missing.size() == 2 &&
           cx::describe(c->missing[0], *c, text).view() == R"(layers of kind "recurrent" in the family dense (/block_types/0))";
}
CHECK_TWICE(a_list_of_kinds_under_an_unknown_key);

constexpr bool what_says_nothing_is_not_unread() {
    constexpr std::string_view text = R"({"architectures": ["LlamaForCausalLM"], )" LLAMA
        R"(, "num_experts": 1, "num_experts_per_tok": 1, "attn_type_list": [1, 1, 1, 1], "layer_kinds": ["x"], "side_window_size": -1, "gate_ratio": 0.0, "q_lora_rank": null, "memory_scale_dim": 4})";
    return of(text) == situation::s2 && unread(text, {"/layer_kinds"});
}
CHECK_TWICE(what_says_nothing_is_not_unread);

constexpr bool keys_that_describe_no_layers() {
    constexpr std::string_view text = R"({"architectures": ["BarForCausalLM"], "vocab_size": 1000, "num_memory_slots": 64, "memory_dim": 128})";
    auto const c = cx::classify(launder(text));
    return c && c->situation == situation::s3 && c->family.empty() && unread(text, {"/num_memory_slots", "/memory_dim"});
}
CHECK_TWICE(keys_that_describe_no_layers);

constexpr bool a_new_spelling_of_a_required_key() {
    constexpr std::string_view text = R"({"architectures": ["LlamaForCausalLM"], "hidden_size": 64, "num_hidden_layers": 4, "num_q_heads": 8, "intermediate_size": 256, "vocab_size": 1000})";
    auto const c = cx::classify(launder(text));
    return c && c->situation == situation::s2 && unread(text, {"/num_q_heads"}) && c->missing.size() == 1 &&
           cx::describe(c->missing[0], *c, text).view() == R"(the key "num_attention_heads")" && c->unread[0].place.name == "grouped_attention";
}
CHECK_TWICE(a_new_spelling_of_a_required_key);

constexpr bool what_is_wrong_stays_an_error() {
    auto const code = [](std::string_view text) {
        auto const c = cx::classify(launder(text));
        return c ? cx::errc::none : c.error().front().code;
    };
    return code("{") == cx::errc::unexpected_end && code("[]") == cx::errc::not_an_object && code("{}") != cx::errc::none &&
           code(R"({"architectures": ["LlamaForCausalLM"], "hidden_size": 64, "num_hidden_layers": 4, "num_attention_heads": 8, "vocab_size": 1000})") == cx::errc::missing_key &&
           code(R"({"architectures": ["LlamaForCausalLM"], "hidden_size": "64", "num_hidden_layers": 4, "num_attention_heads": 8, "intermediate_size": 256, "vocab_size": 1000})") == cx::errc::wrong_type &&
           code(R"({"architectures": ["LlamaForCausalLM"], "hidden_size": 65, "num_hidden_layers": 4, "num_attention_heads": 8, "intermediate_size": 256, "vocab_size": 1000})") == cx::errc::not_divisible;
}
CHECK_TWICE(what_is_wrong_stays_an_error);

constexpr bool features_are_named() {
    constexpr std::string_view text = R"({"architectures": ["DeepseekV32ForCausalLM"], "hidden_size": 64, "num_hidden_layers": 4, "num_attention_heads": 8, "q_lora_rank": 48, "kv_lora_rank": 32,
        "qk_nope_head_dim": 16, "qk_rope_head_dim": 8, "v_head_dim": 16, "intermediate_size": 256, "n_routed_experts": 8, "num_experts_per_tok": 2, "moe_intermediate_size": 32, "n_shared_experts": 1,
        "index_topk": 16, "index_n_heads": 4, "index_head_dim": 8, "num_nextn_predict_layers": 1, "vocab_size": 1000, "quantization_config": {"quant_method": "fp8"}})";
    auto const c = cx::classify(launder(text));
    using enum cx::feature;
    return c && c->situation == situation::s1 && c->has(mtp) && c->has(mla) && c->has(moe) && c->has(shared_experts) && c->has(indexer) && c->has(quantization) && !c->has(sliding_window) &&
           !c->has(layer_pattern) && !c->has(nested_text_config) && !c->has(vision_tower);
}
CHECK_TWICE(features_are_named);

constexpr bool words_decide_which_keys_are_structural() {
    using cx::detail::speaks_of_structure;
    for (std::string_view key : {"num_memory_slots", "n_streams", "d_state_2", "gate_bias", "ffn_hidden", "window_layers", "expert_groups", "latent_size", "kv_mirror_layers", "engram_hash_heads"})
        if (!speaks_of_structure(key)) return false;
    for (std::string_view key : {"rope_theta", "rope_scaling", "initializer_range", "attention_dropout", "bos_token_id", "image_token_index", "router_aux_loss_coef", "torch_dtype", "transformers_version",
                                 "use_cache", "rms_norm_eps", "layer_norm_epsilon", "embd_pdrop", "partial_rotary_factor", "routed_scaling_factor", "n_group", "topk_group", "pretraining_tp", "top_k",
                                 "attn_logit_softcapping", "vision_feature_layer", "hidden_act", "num_logits_to_keep", "scoring_func"})
        if (speaks_of_structure(key)) return false;
    return true;
}
CHECK_TWICE(words_decide_which_keys_are_structural);

/// A composition that configs can leave without any layer.
struct may_be_empty {
    cx::count layers_ = 0;
    cx::count hidden = 64;

    static constexpr std::string_view family = "may_be_empty";
    static constexpr auto architectures() { return std::array{cx::arch{"MayBeEmptyForCausalLM", ""}}; }
    static constexpr auto json() {
        return std::array{cx::key(&may_be_empty::layers_, "depth_of_it").optional(), cx::key(&may_be_empty::hidden, "hidden_size")};
    }
    constexpr auto layers() const { return cx::layers(cx::times(layers_, cx::norm{.hidden = hidden})); }
};

constexpr bool a_model_without_layers_is_not_laid_out() {
    using own = cx::registry<may_be_empty>;
    auto const none = cx::lower<own>(may_be_empty{.layers_ = launder(0)}, cx::deployment{});
    auto const some = cx::lower<own>(may_be_empty{.layers_ = launder(3)}, cx::deployment{});
    return some && !none && none.error().front().code == cx::errc::empty_graph &&
           cx::describe(none.error().front(), {}).message.view() == "no layer of the model runs (expected at least one, found none)";
}
CHECK_TWICE(a_model_without_layers_is_not_laid_out);

std::vector<std::string> steps_of(std::string_view text) {
    auto const c = cx::classify(text);
    std::vector<std::string> steps;
    if (c) cx::for_each_step(*c, text, [&](std::string_view s) { steps.emplace_back(s); });
    return steps;
}

TEST(situations, steps_say_what_to_write_where) {
    using lines = std::vector<std::string>;
    EXPECT_EQ(steps_of(R"({"architectures": ["LlamaForCausalLM"], )" LLAMA "}"), lines{});
    EXPECT_EQ(steps_of(R"({"architectures": ["LlamaForCausalLM"], )" LLAMA R"(, "side_ffn_size": 64})"),
              (lines{"model_configs/<Org>--<Model>_config.json: the config, as model_configs/normalise.sh reduces it",
                     "include/costexpr/family/feed_forward.hpp: a `key(...)` for \"side_ffn_size\" in the field table of feed_forward, and the layers that follow from it",
                     "tests/runtime/<topic>_test.cpp: parameters and state against published or hand-worked figures",
                     "cmake --build <build> --target single_include: the embedded and the single header, written anew"}));
    EXPECT_EQ(steps_of(R"({"architectures": ["FooForCausalLM"], "quantization_config": {"quant_method": "fp8"}, )" LLAMA "}"),
              (lines{"model_configs/<Org>--<Model>_config.json: the config, as model_configs/normalise.sh reduces it; a hf_quant_config.json beside it as <Org>--<Model>_hf_quant_config.json",
                     "include/costexpr/family/dense.hpp: arch{\"FooForCausalLM\", \"<model_type>\", {...}} in architectures(), with the traits that no key says (biases, norms, ties)",
                     "tests/runtime/<topic>_test.cpp: parameters and state against published or hand-worked figures; the config has quantization",
                     "cmake --build <build> --target single_include: the embedded and the single header, written anew"}));
    EXPECT_EQ(steps_of(R"({"architectures": ["LlamaForCausalLM"], )" LLAMA R"(, "layer_types": ["full_attention", "xlstm", "full_attention", "full_attention"]})"),
              (lines{"model_configs/<Org>--<Model>_config.json: the config, as model_configs/normalise.sh reduces it",
                     "include/costexpr/layer/<type>.hpp: a layer type for \"xlstm\", a struct of its dimensions with `ops(deployment)`; its name in layer_kind_names (schema/pattern.hpp), or in `spelled(...)` of the field that lists it",
                     "include/costexpr/family/<family>.hpp: a family (or a part more in dense) that composes \"xlstm\" with the layers of dense",
                     "include/costexpr/model/registry.hpp: the family in the list `builtin`, or builtin::with<...> in a program of one's own",
                     "tests/runtime/<topic>_test.cpp: parameters and state against published or hand-worked figures, and a worked number of the layer type; the config has layer_pattern",
                     "cmake --build <build> --target single_include: the embedded and the single header, written anew"}));
    EXPECT_EQ(steps_of(R"({"architectures": ["BarForCausalLM"], "vocab_size": 1000, "num_memory_slots": 64})"),
              (lines{"model_configs/<Org>--<Model>_config.json: the config, as model_configs/normalise.sh reduces it",
                     "include/costexpr/family/<family>.hpp: a family that composes the layers which \"num_memory_slots\" describe (examples/own_family.cpp), from the types of include/costexpr/layer/ or new ones",
                     "include/costexpr/model/registry.hpp: the family in the list `builtin`, or builtin::with<...> in a program of one's own",
                     "include/costexpr/family/<family>.hpp: arch{\"BarForCausalLM\", \"<model_type>\", {...}} in architectures(), with the traits that no key says (biases, norms, ties)",
                     "tests/runtime/<topic>_test.cpp: parameters and state against published or hand-worked figures",
                     "cmake --build <build> --target single_include: the embedded and the single header, written anew"}));
}

std::string pointers(cx::classification const& c, std::string_view text) {
    std::string all;
    for (cx::unread_key const& u : c.unread) {
        char pointer[256]{};
        all += " " + std::string(pointer, cx::json::pointer(text, u.offset, pointer, sizeof pointer));
    }
    return all;
}

TEST(situations, embedded_models_are_read_whole) {
    for (std::size_t i = 0; i != cx::embedded::model_count; ++i) {
        cx::embedded::entry const& e = cx::embedded::models[i];
        auto const c = cx::classify(e.config(), e.hf_quant_config());
        ASSERT_TRUE(c) << e.name;
        EXPECT_EQ(c->situation, situation::s1) << e.name << pointers(*c, e.config());
    }
}

// A false alarm is as bad as a miss: of some 240 whole config files, those of registered architectures are read whole, the others are not S1.
TEST(situations, whole_configs_of_registered_architectures_are_read_whole) {
    char const* const shared = std::getenv("COSTEXPR_SHARED");
    std::error_code ignored;
    int registered = 0;
    if (shared != nullptr && *shared != '\0')
        for (auto const& entry : std::filesystem::directory_iterator(std::filesystem::path(shared) / "data" / "params", ignored)) {
            std::string const name = entry.path().filename().string();
            if (!name.ends_with("_config.json") || name.ends_with("hf_quant_config.json")) continue;
            std::ifstream file(entry.path(), std::ios::binary);
            std::string const text(std::istreambuf_iterator<char>(file), {});
            auto const c = cx::classify(text);
            if (!c) {
                EXPECT_FALSE(cx::read_model(text)) << name;
                continue;
            }
            bool const whole = c->registered;
            registered += whole;
            EXPECT_EQ(c->situation == situation::s1, whole) << name << pointers(*c, text);
        }
    if (registered == 0) GTEST_SKIP() << "shared data is not there";
    EXPECT_GE(registered, 225);
}

// Texts with a byte changed are classified, or refused, and never crash; what is said of them can be said.
TEST(situations, a_changed_byte_never_crashes) {
    unsigned random = 20240609;
    for (std::size_t i = 0; i != cx::embedded::model_count; ++i) {
        std::string text(cx::embedded::models[i].config());
        for (int n = 0; n != 50; ++n) {
            random = random * 1664525u + 1013904223u;
            std::size_t const at = (random >> 8) % text.size();
            char const before = text[at];
            text[at] = "{}[]\",:0123456789-+.eE\\/ntfNI_x"[random % 31];
            auto const c = cx::classify(text);
            EXPECT_TRUE(c || !c.error().empty());
            if (c) {
                for (cx::missing_part const& m : c->missing) EXPECT_FALSE(cx::describe(m, *c, text).view().empty());
                cx::for_each_step(*c, text, [](std::string_view step) { EXPECT_FALSE(step.empty()); });
            }
            text[at] = before;
        }
    }
}

/// A text with every `"key":"..."` and the first entry of every `"key":["..."]` replaced.
std::string renamed(std::string text, std::string_view key, std::string_view by) {
    for (std::string_view opening : {"\":\"", "\":[\""}) {
        std::string const begin = "\"" + std::string(key) + std::string(opening);
        for (std::size_t at = 0; (at = text.find(begin, at)) != std::string::npos; at += begin.size()) {
            std::size_t const first = at + begin.size();
            text.replace(first, text.find('"', first) - first, by);
        }
    }
    return text;
}

// What an architecture's name says beyond its keys are traits (biases, norms, ties); everything else is in the keys.
TEST(situations, models_under_unknown_names_are_read_by_their_keys) {
    int read = 0, same = 0, all = 0;
    for (std::size_t i = 0; i != cx::embedded::model_count; ++i) {
        cx::embedded::entry const& e = cx::embedded::models[i];
        ++all;
        std::string const text = renamed(renamed(std::string(e.config()), "architectures", "UnknownForCausalLM"), "model_type", "unknown");
        auto const known = cx::read_model(e.config());
        auto const inferred = cx::read_model(text);
        auto const c = cx::classify(text);
        ASSERT_TRUE(known && c) << e.name;
        EXPECT_NE(c->situation, situation::s1) << e.name;
        EXPECT_FALSE(c->registered) << e.name;
        if (!inferred) {
            std::printf("not read without its name: %s\n", std::string(e.name).c_str());
            continue;
        }
        ++read;
        same += inferred->parameters() == known->parameters();
        EXPECT_EQ(c->situation, situation::s2) << e.name << pointers(*c, text);
        EXPECT_EQ(inferred->config.founded, cx::provenance::inferred) << e.name;
        EXPECT_EQ(inferred->config.family, known->config.family) << e.name;
        EXPECT_EQ(inferred->config.remarks[0], cx::remark::inferred_architecture) << e.name;
    }
    std::printf("%d models without their names: %d read, %d of them with the same number of parameters\n", all, read, same);
    EXPECT_GE(read, all * 97 / 100);
    EXPECT_GE(same, all * 55 / 100);
}

// One more structural key in any model is found, alone and where it stands; one more of another kind is not.
TEST(situations, every_new_structural_key_is_found) {
    for (std::size_t i = 0; i != cx::embedded::model_count; ++i) {
        cx::embedded::entry const& e = cx::embedded::models[i];
        auto const with = [&](std::string_view member) { return "{" + std::string(member) + "," + std::string(e.config().substr(1)); };
        std::string const structural = with(R"("num_memory_slots":4)");
        auto const c = cx::classify(structural, e.hf_quant_config());
        ASSERT_TRUE(c) << e.name;
        EXPECT_EQ(c->situation, situation::s2) << e.name;
        EXPECT_EQ(pointers(*c, structural), " /num_memory_slots") << e.name;
        for (std::string_view other : {R"("num_memory_slots":0)", R"("gizmo_temperature":0.5)", R"("memory_token_id":7)", R"("note":"layers")"})
            EXPECT_EQ(cx::classify(with(other), e.hf_quant_config())->situation, situation::s1) << e.name << other;
    }
}

// Facts about a model are counted in its composition, never listed by name.
TEST(situations, facts_follow_from_the_composition) {
    for (std::size_t i = 0; i != cx::embedded::model_count; ++i) {
        cx::embedded::entry const& e = cx::embedded::models[i];
        auto const m = cx::read_model(e.config(), e.hf_quant_config());
        auto const c = cx::classify(e.config(), e.hf_quant_config());
        ASSERT_TRUE(m && c) << e.name;
        EXPECT_EQ(m->config.has_vision, c->has(cx::feature::vision_tower)) << e.name;
        EXPECT_EQ(cx::has_experts(m->ops()), m->parameters() != m->active_parameters()) << e.name;
        EXPECT_TRUE(!cx::has_experts(m->ops()) || c->has(cx::feature::moe)) << e.name;
    }
}

std::string output_of(std::string const& arguments) {
    std::string const command = "\"" + std::string(std::getenv("COSTEXPR_PROGRAM")) + "\" " + arguments + " 2>&1";
    std::string out;
    FILE* const pipe = popen(command.c_str(), "r");
    if (pipe == nullptr) return out;
    char buffer[4096];
    for (std::size_t n; (n = fread(buffer, 1, sizeof buffer, pipe)) != 0;) out.append(buffer, n);
    pclose(pipe);
    return out;
}

TEST(situations, the_program_warns_beyond_the_context_of_a_model) {
    if (std::getenv("COSTEXPR_PROGRAM") == nullptr) GTEST_SKIP() << "the program is not there";
    EXPECT_NE(output_of("estimate Qwen/Qwen3-0.6B --system h200_sxm --isl 40900 --osl 100 --json").find("the context of 41000 tokens is beyond the model's 40960 (max_position_embeddings)"), std::string::npos);
    EXPECT_EQ(output_of("estimate Qwen/Qwen3-0.6B --system h200_sxm --isl 40860 --osl 100 --json").find("beyond"), std::string::npos);
    EXPECT_NE(output_of("inspect Qwen/Qwen3-0.6B --context 40961 --json").find("the context of 40961 tokens is beyond the model's 40960 (max_position_embeddings)"), std::string::npos);
    EXPECT_EQ(output_of("inspect Qwen/Qwen3-0.6B --context 40960 --json").find("beyond"), std::string::npos);
}

TEST(situations, the_program_prints_the_keys_of_its_contract) {
    if (std::getenv("COSTEXPR_PROGRAM") == nullptr) GTEST_SKIP() << "the program is not there";
    auto const file = std::filesystem::temp_directory_path() / "costexpr_situations_config.json";
    std::ofstream(file) << R"({"architectures": ["LlamaForCausalLM"], )" LLAMA R"(, "side_ffn_size": 64})";
    EXPECT_EQ(output_of("classify Qwen/Qwen3-0.6B --json"), R"({
  "situation": "S1",
  "architecture": "Qwen3ForCausalLM",
  "family": "dense",
  "unread": [],
  "missing": [],
  "steps": [],
  "features": []
}
)");
    std::string const found = output_of("classify '" + file.string() + "' --json");
    EXPECT_NE(found.find(R"("situation": "S2")"), std::string::npos) << found;
    EXPECT_NE(found.find(R"("unread": [
    "/side_ffn_size"
  ])"),
              std::string::npos)
        << found;
    std::string const inspected = output_of("inspect '" + file.string() + "' --json");
    EXPECT_NE(inspected.find(R"("situation": "S2")"), std::string::npos) << inspected;
    EXPECT_NE(inspected.find(R"("code": "unread_key",
      "pointer": "/side_ffn_size",)"),
              std::string::npos)
        << inspected;
    std::filesystem::remove(file);
}

}  // namespace
