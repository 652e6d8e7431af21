// SPDX-License-Identifier: BSL-1.0

// Which norms add the output of a block to the residual stream, and what the others move.

#include <costexpr/costexpr.hpp>

#include "figures.hpp"

#include <gtest/gtest.h>

#include <string_view>

namespace cx = costexpr;
using cx::count;

namespace {

struct norm_figures {
    double bytes = 0;  ///< per token
    count parameters = 0;
};
/// The norms between the blocks of a model.
cx::result<norm_figures> norms_of(std::string_view config) {
    auto const m = cx::read_model(config);
    if (!m) return m.error();
    auto const graph = cx::lower(*m, cx::deployment{});
    if (!graph) return graph.error();
    norm_figures f{};
    cx::for_each_op_of(*graph, {}, [&]<class O>(O const& o, cx::op_place const& at) {
        if constexpr (std::is_same_v<O, cx::elementwise>) {
            if (o.purpose() != cx::role::norm) return;
            f.bytes += static_cast<double>(at.times) * o.bytes_per_token;
            f.parameters += at.copies * o.template parameters<count>();
        }
    });
    return f;
}

#define DIMENSIONS \
    R"("hidden_size": 512, "num_attention_heads": 8, "num_key_value_heads": 4, "head_dim": 64, "intermediate_size": 1024, "vocab_size": 1000, "num_hidden_layers": 3)"

// Two norms a layer, each in front of a block, and one behind the last: all of them add, 8 bytes a value.
TEST(norms, in_front_of_blocks_add) {
    auto const llama = norms_of(R"({"architectures": ["LlamaForCausalLM"], "model_type": "llama", )" DIMENSIONS "}");
    ASSERT_TRUE(llama);
    EXPECT_EQ(llama->bytes, 7 * 8.0 * 512);
    EXPECT_EQ(llama->parameters, 7 * 512);
}

// Gemma 2 and 3 and the GLM-4 of 2025 have a norm behind each block too: read and written, 4 bytes a value.
TEST(norms, behind_blocks_do_not) {
    for (std::string_view const config : {std::string_view(R"({"architectures": ["Gemma2ForCausalLM"], "model_type": "gemma2", "sliding_window": 128, )" DIMENSIONS "}"),
                                          std::string_view(R"({"architectures": ["Glm4ForCausalLM"], "model_type": "glm4", )" DIMENSIONS "}")}) {
        auto const f = norms_of(config);
        ASSERT_TRUE(f) << config;
        EXPECT_EQ(f->bytes, (7 * 8.0 + 6 * 4.0) * 512) << config;
        EXPECT_EQ(f->parameters, 13 * 512) << config;
    }
}

// One norm in front of both blocks; one behind the input table, which nothing is added to.
TEST(norms, side_by_side_and_behind_the_table) {
    auto const cohere = norms_of(R"({"architectures": ["CohereForCausalLM"], "model_type": "cohere", )" DIMENSIONS "}");
    ASSERT_TRUE(cohere);
    EXPECT_EQ(cohere->bytes, 4 * 8.0 * 512);
    auto const bloom = norms_of(R"({"architectures": ["BloomForCausalLM"], "model_type": "bloom", "hidden_size": 512, "n_head": 8, "n_layer": 3, "vocab_size": 1000})");
    ASSERT_TRUE(bloom);
    EXPECT_EQ(bloom->bytes, (7 * 8.0 + 4.0) * 512);
}

// Hyper-connections mix the streams themselves: no norm of DeepSeek-V4 adds.
TEST(norms, of_embedded_models) {
    struct row {
        std::string_view name;
        count adding;
        count plain;
        count hidden;
    };
    for (row const& r : {row{"deepseek-ai/DeepSeek-V4-Flash", 0, 87, 4096}, row{"Qwen/Qwen3-32B", 129, 0, 5120}}) {
        std::size_t i = 0;
        while (i != cx::embedded::model_count && cx::embedded::models[i].name != r.name) ++i;
        ASSERT_NE(i, cx::embedded::model_count) << r.name;
        auto const f = norms_of(cx::embedded::models[i].config());
        ASSERT_TRUE(f);
        // what modules of hyper-connections move has another name
        EXPECT_EQ(f->bytes, static_cast<double>(r.hidden) * (8.0 * static_cast<double>(r.adding) + 4.0 * static_cast<double>(r.plain))) << r.name;
    }
}

}  // namespace
