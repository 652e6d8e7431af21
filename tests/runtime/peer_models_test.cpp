// SPDX-License-Identifier: BSL-1.0

// What the best peer (aiconfigurator 0.12) says of models: layers, layers with experts, KV elements per token, the dtypes that it serves a
// checkpoint in. Where costexpr says otherwise, the table below says why, with the peer's own formula wherever there is one.

#include <costexpr/costexpr.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

namespace cx = costexpr;

namespace {

/// What is known of one model from both sides.
struct compared {
    std::string model;
    cx::count layers = 0, moe_layers = 0;
    cx::count kv_heads = 0, head_dim = 0;  ///< as the peer names them
    cx::sequence_state state{};
    cx::precision stored{};
    std::string weights, experts, kv_cache;  ///< the peer's defaults
    double kv_bytes = 0;                     ///< of one token, as the peer counts them

    [[nodiscard]] double kv_dtype_bytes() const { return kv_cache == "fp8" ? 1 : 2; }
    [[nodiscard]] double kv_elements() const { return static_cast<double>(state.elements_per_token + state.windowed_elements_per_token); }
};

/// A difference in KV elements per token that is on purpose, and what the peer computes instead.
struct kv_difference {
    std::string_view family;
    std::string_view why;
    double (*peer)(compared const&);
};
constexpr kv_difference kv_differences[] = {
    {"linear_hybrid", "the peer adds the constant state of the linear layers to every token",
     [](compared const& c) { return c.kv_elements() * c.kv_dtype_bytes() + static_cast<double>(c.state.fixed_bytes); }},
    {"nemotron_h", "the peer gives every layer a KV cache; only the attention layers have one",
     [](compared const& c) { return static_cast<double>(2 * c.layers * c.kv_heads * c.head_dim) * c.kv_dtype_bytes(); }},
    {"moe", "the peer counts sliding layers with the heads of the full ones (MiMo-V2-Flash: 4 of 192 and 192, where sliding layers have 8 of 192 and 128)",
     [](compared const& c) { return static_cast<double>(2 * c.layers * c.kv_heads * c.head_dim) * c.kv_dtype_bytes(); }},
    {"mla", "the peer adds keys of an indexer in every layer (128 in fp8 and a scale), and keeps the rotary part of an fp8 latent in bf16; costexpr counts indexers apart, and those that are shared once",
     [](compared const& c) { return static_cast<double>(c.layers) * (512 * c.kv_dtype_bytes() + 64 * 2 + 128 + 4); }},
    {"deepseek_v4", "the peer adds windows and the state of compressors to every token", nullptr},
};

/// A difference in dtypes that is on purpose.
struct dtype_difference {
    std::string_view model;
    std::string_view component;
    std::string_view why;
};
// 1. The peer serves checkpoints in fp8 with an fp8 KV cache, whatever they say of it; costexpr takes the KV cache from the checkpoint.
constexpr std::string_view fp8_kv = "the peer's policy for fp8 checkpoints, not a fact of the checkpoint";
// 2. Rows of one checkpoint; a row whose difference is gone is reported, and to be removed.
constexpr std::string_view excluded = "the checkpoint excludes its attention from quantization, which the peer does not read";
constexpr dtype_difference dtype_differences[] = {
    {"moonshotai/Kimi-K2.5", "experts", "scales stand for groups of 32, and are counted"},
    {"nvidia/GLM-5-NVFP4", "weights", excluded},
    {"nvidia/GLM-5.2-NVFP4", "weights", excluded},
    {"nvidia/Kimi-K2.6-NVFP4", "weights", excluded},
    {"nvidia/MiniMax-M2.7-NVFP4", "weights", excluded},
    {"nvidia/Qwen3.5-122B-A10B-NVFP4", "weights", excluded},
    {"nvidia/Qwen3.6-27B-NVFP4", "weights", "mixed by module: most bytes are those of the networks"},
};

std::string read_file(std::filesystem::path const& path) {
    std::ifstream file(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
}

/// The peer's name of a dtype in costexpr's.
std::string dtype_of(std::string name) { return name == "bfloat16" ? "bf16" : name == "fp8_static" ? "fp8" : name; }

TEST(peer_models, agree_but_for_what_is_on_purpose) {
    char const* const folder = std::getenv("COSTEXPR_SHARED");
    std::filesystem::path const data = std::filesystem::path(folder == nullptr ? "" : folder) / "data";
    std::ifstream answers(data / "golden" / "a_models.jsonl");
    if (folder == nullptr || *folder == '\0' || !answers) GTEST_SKIP() << "shared data is not there";
    int models = 0, kv_same = 0, kv_explained = 0, dtypes_same = 0, dtypes_explained = 0;
    for (std::string line; std::getline(answers, line);) {
        cx::schema::document const d{.text = line};
        cx::json::reader r(line);
        cx::json::value const root = r.skip();
        auto const said = [&](std::string_view path) {
            std::string s(cx::schema::member(d, root, path).raw(line));
            return s.size() >= 2 && s.front() == '"' ? s.substr(1, s.size() - 2) : s;
        };
        auto const number = [&](std::string_view path) { return static_cast<cx::count>(std::atoll(said(path).c_str())); };
        compared c{};
        c.model = said("model");
        std::string file = c.model;
        file.replace(file.find('/'), 1, "--");
        std::string const config = read_file(data / "params" / (file + "_config.json"));
        if (config.empty()) continue;  // a config that is not among the data
        SCOPED_TRACE(c.model);
        auto const model = cx::read_model(config, read_file(data / "params" / (file + "_hf_quant_config.json")));
        ASSERT_TRUE(model);
        ++models;

        auto const ops = model->ops();
        cx::count last = -1;
        cx::for_each_op_of(ops, {}, [&](auto const&, cx::op_place const& at) {
            if (at.run != last && at.layer == "moe") c.moe_layers += at.times;
            last = at.run;
        });
        c.layers = cx::visit([](auto const& f) { return f.base.layers; }, *model);
        c.kv_heads = number("info.n_kv");
        c.head_dim = number("info.d");
        c.state = cx::state_of(ops);
        c.stored = model->config.stored;
        c.weights = dtype_of(said("quant_defaults.trtllm.gemm_quant_mode"));
        c.experts = dtype_of(said("quant_defaults.trtllm.moe_quant_mode"));
        c.kv_cache = dtype_of(said("quant_defaults.trtllm.kvcache_quant_mode"));
        c.kv_bytes = std::atof(said("quant_defaults.trtllm.kv_bytes_per_token").c_str());

        EXPECT_EQ(c.layers, number("info.layers"));
        EXPECT_EQ(c.moe_layers, number("info.num_moe_layers"));

        if (c.kv_bytes == c.kv_elements() * c.kv_dtype_bytes()) {
            ++kv_same;
        } else {
            ++kv_explained;
            auto const why = std::find_if(std::begin(kv_differences), std::end(kv_differences), [&](auto const& k) { return k.family == model->config.family; });
            ASSERT_NE(why, std::end(kv_differences)) << "KV elements per token: " << c.kv_elements() << ", the peer's " << c.kv_bytes / c.kv_dtype_bytes();
            EXPECT_EQ(why->peer != nullptr ? why->peer(c) : c.kv_bytes, c.kv_bytes) << why->why;
        }

        auto const compare = [&](std::string_view component, std::string_view ours, std::string_view theirs) {
            auto const why = std::find_if(std::begin(dtype_differences), std::end(dtype_differences),
                                          [&](auto const& q) { return q.component == component && c.model == q.model; });
            if (ours == theirs) {
                ++dtypes_same;
                if (why != std::end(dtype_differences)) std::printf("%s: the %s agree now, the row can go\n", c.model.c_str(), std::string(component).c_str());
                return;
            }
            ++dtypes_explained;
            bool const policy = component == "kv_cache" && theirs == "fp8" && c.weights.starts_with("fp8");
            EXPECT_TRUE(policy || why != std::end(dtype_differences)) << component << ": " << ours << ", the peer's " << theirs << " (" << fp8_kv << " is no reason here)";
        };
        compare("weights", cx::name(c.stored.weights), c.weights);
        if (c.moe_layers != 0) compare("experts", cx::name(c.stored.experts), c.experts);
        compare("kv_cache", cx::name(c.stored.kv_cache), c.kv_cache);
    }
    std::printf("%d models: KV elements agree for %d, differ on purpose for %d; dtypes agree in %d places, differ on purpose in %d\n", models, kv_same, kv_explained, dtypes_same, dtypes_explained);
    EXPECT_GE(models, 40);
}

}  // namespace
