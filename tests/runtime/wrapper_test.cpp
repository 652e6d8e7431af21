// SPDX-License-Identifier: BSL-1.0
#include <costexpr/costexpr.hpp>

#include "check.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <variant>

// A wrapper is no family: the decoder nested in it is, under whatever key it stands.

namespace {

namespace cx = costexpr;
using namespace std::string_view_literals;

#define DIMENSIONS R"("num_hidden_layers": 2, "hidden_size": 64, "num_attention_heads": 4, "num_key_value_heads": 2, "intermediate_size": 128, "vocab_size": 1000)"

// 2 (2 norms, q and o 64^2 each, k and v 64 32 each, 3 64 128) + 2 64 1000 + 64, untied
constexpr cx::count llama = 2 * (2 * 64 + 2 * 64 * 64 + 2 * 64 * 32 + 3 * 64 * 128) + 2 * 64 * 1000 + 64;
constexpr cx::count biases = 2 * (64 + 2 * 32);   // of Qwen2, on q, k and v
constexpr cx::count qk_norms = 2 * 2 * 16;        // of Qwen3

template <std::size_t N>
constexpr cx::count parameters(char const (&text)[N]) {
    auto const m = cx::read_model(launder(std::string_view(text, N - 1)));
    return m ? m->parameters() : -1;
}

constexpr bool under_every_name() {
    return parameters(R"({"architectures": ["LlavaForConditionalGeneration"], "model_type": "llava", "text_config": {"model_type": "llama", )" DIMENSIONS "}}") == llama &&
           parameters(R"({"architectures": ["InternVLChatModel"], "model_type": "internvl_chat", "llm_config": {"architectures": ["Qwen2ForCausalLM"], "model_type": "qwen2", )" DIMENSIONS "}}") ==
               llama + biases &&
           parameters(R"({"architectures": ["JanusForConditionalGeneration"], "model_type": "janus", "language_config": {"model_type": "llama", )" DIMENSIONS "}}") == llama &&
           parameters(R"({"architectures": ["Qwen2_5OmniForConditionalGeneration"], "model_type": "qwen2_5_omni", "thinker_config": {"text_config": {"model_type": "qwen2_5_omni_text", )" DIMENSIONS "}}}") ==
               llama + biases;
}
CHECK_TWICE(under_every_name);

constexpr bool the_wrapper_decides_where_the_decoder_names_no_type() {
    return parameters(R"({"architectures": ["LlavaForConditionalGeneration"], "text_config": {)" DIMENSIONS "}}") == llama &&
           parameters(R"({"architectures": ["LlavaOnevisionForConditionalGeneration"], "text_config": {)" DIMENSIONS "}}") == llama + biases &&
           parameters(R"({"architectures": ["LightOnOcrForConditionalGeneration"], "text_config": {"head_dim": 16, )" DIMENSIONS "}}") == llama + qk_norms &&
           // and its own model_type where it names no architecture that is known
           parameters(R"({"architectures": ["LlavaLlamaForCausalLM"], "model_type": "llava", "text_config": {)" DIMENSIONS "}}") == llama &&
           // the decoder's own type wins
           parameters(R"({"architectures": ["LlavaForConditionalGeneration"], "text_config": {"model_type": "qwen2", )" DIMENSIONS "}}") == llama + biases;
}
CHECK_TWICE(the_wrapper_decides_where_the_decoder_names_no_type);

constexpr bool beside_the_wrappers_own_keys() {
    return parameters(R"({"architectures": ["Phi3VForCausalLM"], "model_type": "phi3_v", )" DIMENSIONS "}") == llama &&
           parameters(R"({"architectures": ["MiniCPMV"], "model_type": "minicpmv", "version": 4.0, )" DIMENSIONS "}") == llama &&
           parameters(R"({"architectures": ["MiniCPMV"], "model_type": "minicpmv", "version": 2.6, )" DIMENSIONS "}") == llama + biases &&
           parameters(R"({"architectures": ["MiniCPMV"], "model_type": "minicpmv", "version": 4.5, "head_dim": 16, )" DIMENSIONS "}") == llama + qk_norms &&
           parameters(R"({"architectures": ["DotsOCRForCausalLM"], "model_type": "dots_ocr", )" DIMENSIONS "}") == llama + biases;
}
CHECK_TWICE(beside_the_wrappers_own_keys);

/// Files leave out what the config class of the decoder fills in: 32 layers, width 4096, 32 heads of a Llama inside a wrapper.
constexpr bool dimensions_that_files_leave_out() {
    auto const m = cx::read_model(launder(R"({"architectures": ["LlavaForConditionalGeneration"], "text_config": {"model_type": "llama", "vocab_size": 32064}})"sv));
    if (!m || m->parameters() != 6'738'939'904) return false;  // Vicuna 7B with 64 further rows
    // a Llama that stands alone says them
    return !cx::read_model(launder(R"({"architectures": ["LlamaForCausalLM"], "model_type": "llama", "vocab_size": 32064})"sv));
}
CHECK_TWICE(dimensions_that_files_leave_out);

TEST(wrappers, without_a_decoder_say_so) {
    std::string_view const text = R"({"model_type": "llava",
  "architectures": ["LlavaForConditionalGeneration"],
  "vision_config": {"model_type": "clip_vision_model"}})";
    auto const m = cx::read_model(text);
    ASSERT_FALSE(m);
    ASSERT_EQ(m.error().size(), 1u);
    cx::problem const& p = m.error().front();
    EXPECT_EQ(p.code, cx::errc::missing_inner_config);
    cx::diagnosis const d = cx::describe(p, text);
    EXPECT_EQ(d.at.line, 2u);
    EXPECT_EQ(d.message.view(),
              "a wrapper's decoder is missing (expected an object with the keys of the decoder: text_config, llm_config, language_config or thinker_config, found no such object, and no keys of a "
              "decoder beside the wrapper's own)");
    for (std::string_view one : {R"({"architectures": ["InternVLChatModel"]})"sv, R"({"architectures": ["Qwen2VLForConditionalGeneration"], "text_config": null})"sv,
                                 R"({"architectures": ["MiniCPMV"], "version": 2.6})"sv, R"({"model_type": "gemma3"})"sv}) {
        auto const other = cx::read_model(one);
        ASSERT_FALSE(other);
        EXPECT_EQ(other.error().front().code, cx::errc::missing_inner_config) << one;
    }
}

/// Every decoder that a wrapper names is one that a family claims.
TEST(wrappers, name_decoders_that_are_known) {
    for (cx::wrapper const& w : cx::wrappers<>)
        if (!w.decoder.empty()) {
            EXPECT_TRUE(cx::builtin::find(w.decoder, true).row != nullptr || cx::builtin::find(w.decoder).row != nullptr) << w.architecture << ": " << w.decoder;
        }
    // and every tower that a projector stands behind is one of the table
    for (cx::projector_row const& r : cx::detail::projector_rows<>)
        for (std::string_view name : {r.tower, r.ears})
            if (!name.empty()) {
                EXPECT_NE(cx::find_tower(name), nullptr) << r.wrapper << ": " << name;
            }
}

}  // namespace
