// SPDX-License-Identifier: BSL-1.0
// A reduced config says the same as the whole one: on every config in $COSTEXPR_SHARED/data/params that reads, and on small ones here.

#include "../../model_configs/normalise.hpp"

#include <costexpr/schema/error.hpp>

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <string_view>

namespace {

namespace cx = costexpr;
namespace fs = std::filesystem;
using cx::normaliser::reduce;
using cx::normaliser::role;

std::string reduced(std::string_view text, role is = role::config) {
    auto const r = reduce(text, is);
    EXPECT_TRUE(r) << text;
    return r.value_or("");
}

TEST(normalise, keeps_what_is_read_in_its_order) {
    EXPECT_EQ(reduced(R"({"vocab_size":32000,"rms_norm_eps":1e-05,"hidden_size":2.048e3,"bos_token_id":1,
                          "num_key_value_heads":null,"architectures":["LlamaForCausalLM"],"model_type":"llama","rope_scaling":{"factor":8.0}})"),
              R"({
  "vocab_size": 32000,
  "hidden_size": 2.048e3,
  "num_key_value_heads": null,
  "architectures": [
    "LlamaForCausalLM"
  ],
  "model_type": "llama"
}
)");
}

TEST(normalise, goes_into_decoders_and_into_objects_that_are_read_by_path) {
    EXPECT_EQ(reduced(R"({"thinker_config":{"text_config":{"hidden_size":1,"rope_theta":1e6},"talker":{}},
                          "ffn_config":{"moe_top_k":4,"ffn_act_fn":{"name":"silu"}},"llm_config":null,"language_config":[1]})"),
              R"({
  "thinker_config": {
    "text_config": {
      "hidden_size": 1
    }
  },
  "ffn_config": {
    "moe_top_k": 4
  }
}
)");
}

TEST(normalise, keeps_of_a_tower_what_can_be_a_dimension) {
    EXPECT_EQ(reduced(R"({"vision_config":{"model_type":"vit","depth":27,"hidden_act":"gelu","eps":1e-6,"bias":true,"merge":[2,2],"names":["a"],
                          "mean":[0.5],"none":null,"nested":{"heads":16,"kind":"x"},"id2label":{"0":"A"},"label2id":{"A":0}},"audio_config":null})"),
              R"({
  "vision_config": {
    "model_type": "vit",
    "depth": 27,
    "bias": true,
    "merge": [
      2,
      2
    ],
    "names": [
      "a"
    ],
    "nested": {
      "heads": 16
    }
  },
  "audio_config": null
}
)");
}

TEST(normalise, keeps_a_quantization_but_for_long_lists_that_nothing_reads) {
    auto const config = [](std::size_t names) {
        std::string text = R"({"quantization_config":{"quant_method":"fp8","damp_percent":0.010,"kept_for_nothing":["Linear")";
        for (std::size_t i = 0; i != names; ++i) text += R"( ,  "model.layers.1")";
        return text + R"(]}})";
    };
    std::string const few = reduced(config(200));
    EXPECT_NE(few.find("model.layers.1"), std::string::npos);
    EXPECT_NE(few.find("0.010"), std::string::npos);
    EXPECT_EQ(reduced(few), few);
    std::string const many = reduced(config(300));
    EXPECT_EQ(many.find("kept_for_nothing"), std::string::npos);
    EXPECT_NE(many.find("quant_method"), std::string::npos);
    EXPECT_EQ(reduced(many), many);
    EXPECT_EQ(reduced(R"({"producer":{"name":"modelopt"},"quantization":{"quant_algo":"FP8","exclude_modules":["lm_head"]}})", role::hf_quant_config), R"({
  "quantization": {
    "quant_algo": "FP8",
    "exclude_modules": [
      "lm_head"
    ]
  }
}
)");
}

TEST(normalise, writes_modules_of_many_layers_once) {
    auto const result = reduce(R"({"quantization":{"quant_algo":"MIXED_PRECISION","quantized_layers":{"m.layers.0.mlp.experts.0.w1":{"quant_algo":"NVFP4"},
      "m.layers.0.mlp.experts.1.w1":{"quant_algo":"NVFP4"},"m.layers.1.mlp.experts.0.w1":{"quant_algo":"NVFP4"},"m.layers.1.mlp.experts.1.w1":{"quant_algo":"NVFP4"},
      "m.layers.0.self_attn.o_proj":{"quant_algo":"FP8"}},"exclude_modules":["m.layers.0*","m.layers.1.a","m.layers.2.a","m.layers.30.a","m.layers.4.a","m.layers.4.b"]}})",
                               role::hf_quant_config, cx::normaliser::lists::starred);
    ASSERT_TRUE(result);
    EXPECT_EQ(*result, R"({
  "quantization": {
    "quant_algo": "MIXED_PRECISION",
    "quantized_layers": {
      "m.layers.*.mlp.experts": {
        "quant_algo": "NVFP4"
      },
      "m.layers.0.self_attn.o_proj": {
        "quant_algo": "FP8"
      }
    },
    "exclude_modules": [
      "m.layers.0*",
      "m.layers.*.a",
      "m.layers.4.b"
    ]
  }
}
)");
}

TEST(normalise, escapes_and_says_what_is_no_config) {
    EXPECT_EQ(reduced(R"({"hidden\u005fsize":1,"model_type":"a\u00e9\n\"\/"})"), "{\n  \"hidden_size\": 1,\n  \"model_type\": \"a\xC3\xA9\\n\\\"/\"\n}\n");
    EXPECT_EQ(reduced("{}"), "{}\n");
    EXPECT_FALSE(reduce("[1]"));
    EXPECT_FALSE(reduce("{\"a\":1,}"));
    EXPECT_FALSE(reduce(""));
}

std::string read_file(fs::path const& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

TEST(normalise, reads_the_same_as_the_whole) {
    char const* const shared = std::getenv("COSTEXPR_SHARED");
    fs::path const folder = shared == nullptr ? fs::path() : fs::path(shared) / "data/params";
    if (shared == nullptr || !fs::exists(folder)) GTEST_SKIP() << "shared data is not there";
    std::size_t same = 0;
    std::size_t unread = 0;
    for (auto const& entry : fs::directory_iterator(folder)) {
        std::string name = entry.path().filename().string();
        if (!name.ends_with("_config.json") || name.ends_with("_hf_quant_config.json")) continue;
        SCOPED_TRACE(name);
        std::string const text = read_file(entry.path());
        std::string quantization;
        name.replace(name.size() - std::string_view("config.json").size(), std::string_view::npos, "hf_quant_config.json");
        if (fs::exists(folder / name)) quantization = read_file(folder / name);
        auto const both = cx::normaliser::reduce_both(text, quantization);
        ASSERT_TRUE(both);
        std::string const& small = both->config;
        std::string const& small_quantization = both->quantization;
        EXPECT_LE(small.size() + small_quantization.size(), (text.size() + quantization.size()) * 2);
        auto const again = cx::normaliser::reduce_both(small, small_quantization);
        ASSERT_TRUE(again);
        EXPECT_EQ(again->config, small);
        EXPECT_EQ(again->quantization, small_quantization);

        auto const whole = cx::read_model(text, quantization);
        auto const part = cx::read_model(small, small_quantization);
        ASSERT_EQ(whole.has_value(), part.has_value());
        if (whole) {
            EXPECT_EQ(cx::normaliser::difference(*whole, *part), "");
            ++same;
        } else {
            ASSERT_EQ(whole.error().size(), part.error().size());
            EXPECT_EQ(whole.error().front().code, part.error().front().code);
            EXPECT_EQ(whole.error().front().key, part.error().front().key);
            ++unread;
        }
    }
    EXPECT_GT(same, 0u);
    std::cout << same << " configs read the same, " << unread << " do not read\n";
}

}  // namespace
