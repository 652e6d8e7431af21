// SPDX-License-Identifier: BSL-1.0

// What people are told about input that cannot be used: every message is frozen here, word for word. A new way to be wrong is a new row.

#include <costexpr/costexpr.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <iterator>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace cx = costexpr;

namespace {

using lines = std::vector<std::string>;

constexpr std::string_view dense = R"({
  "architectures": ["LlamaForCausalLM"],
  "model_type": "llama",
  "hidden_size": 64,
  "num_hidden_layers": 4,
  "num_attention_heads": 8,
  "num_key_value_heads": 2,
  "intermediate_size": 256,
  "vocab_size": 1000
})";
constexpr std::string_view experts = R"({
  "architectures": ["MixtralForCausalLM"],
  "hidden_size": 64,
  "num_hidden_layers": 4,
  "num_attention_heads": 8,
  "num_key_value_heads": 2,
  "intermediate_size": 256,
  "num_local_experts": 8,
  "num_experts_per_tok": 2,
  "vocab_size": 1000
})";
constexpr std::string_view latent = R"({
  "architectures": ["DeepseekV3ForCausalLM"],
  "hidden_size": 64,
  "num_hidden_layers": 4,
  "num_attention_heads": 8,
  "q_lora_rank": 48,
  "kv_lora_rank": 32,
  "qk_nope_head_dim": 16,
  "qk_rope_head_dim": 8,
  "v_head_dim": 16,
  "intermediate_size": 256,
  "n_routed_experts": 8,
  "num_experts_per_tok": 2,
  "moe_intermediate_size": 32,
  "vocab_size": 1000
})";
constexpr std::string_view wrapper = R"({
  "architectures": ["Qwen2_5_VLForConditionalGeneration"],
  "model_type": "qwen2_5_vl",
  "text_config": {
    "model_type": "qwen2_5_vl_text",
    "hidden_size": 64,
    "num_hidden_layers": 4,
    "num_attention_heads": 8,
    "intermediate_size": 256,
    "vocab_size": 1000
  },
  "vision_config": {"hidden_size": 32}
})";
constexpr std::string_view one_system = R"({
  "name": "toy",
  "memory_bytes": 80000000000,
  "memory_bytes_per_second": 3e12,
  "flops_per_second": {"bf16": 1e15},
  "node": {"devices": 8, "bytes_per_second": 450e9},
  "cluster": {"bytes_per_second": 50e9}
})";

/// `text` with another value for a key, which stands on a line of its own; the key is added where it is not there.
std::string with(std::string_view text, std::string_view key, std::string_view value) {
    std::string out(text);
    std::string const name = "\"" + std::string(key) + "\": ";
    std::size_t const at = out.find(name);
    if (at == std::string::npos) return out.insert(out.rfind("\n}"), ",\n  " + name + std::string(value));
    std::size_t const begin = at + name.size();
    std::size_t end = out.find('\n', begin);
    if (out[end - 1] == ',') --end;
    return out.replace(begin, end - begin, value);
}
/// `text` without these keys.
std::string without(std::string_view text, std::initializer_list<std::string_view> keys) {
    std::string out(text);
    for (std::string_view key : keys) {
        std::size_t const begin = out.rfind('\n', out.find("\"" + std::string(key) + "\": "));
        std::size_t const end = out.find('\n', begin + 1);
        bool const last = out[end - 1] != ',';
        out.erase(begin, end - begin);
        if (last && out[begin - 1] == ',') out.erase(begin - 1, 1);
    }
    return out;
}
/// The first bytes of a text.
std::string cut(std::string_view text, std::string_view behind) { return std::string(text.substr(0, text.find(behind) + behind.size())); }
std::string repeat(std::string_view text, int n) {
    std::string out;
    for (int i = 0; i != n; ++i) out += text;
    return out;
}

/// Every problem as LINE:COLUMN: POINTER: MESSAGE.
lines say(cx::problems const& problems, std::string_view text) {
    lines out;
    for (cx::problem const& p : problems) {
        cx::diagnosis const d = cx::describe(p, text);
        std::string line = std::to_string(d.at.line) + ":" + std::to_string(d.at.column) + ": ";
        if (!d.pointer.view().empty()) line += std::string(d.pointer.view()) + ": ";
        out.push_back(line + std::string(d.message.view()));
    }
    if (problems.dropped != 0) out.push_back(std::to_string(problems.dropped) + " more");
    return out;
}

struct row {
    std::string_view name;
    std::string text;
    lines expected;
};

// clang-format off
row const configs[] = {
    {"dense without hidden_size", without(dense, {"hidden_size"}),
     {R"(1:1: /hidden_size: the key "hidden_size" is missing (expected an integer, found nothing))"}},
    {"dense without num_hidden_layers", without(dense, {"num_hidden_layers"}),
     {R"(1:1: /num_hidden_layers: the key "num_hidden_layers" is missing (expected an integer, found nothing))"}},
    {"dense without num_attention_heads", without(dense, {"num_attention_heads"}),
     {R"(1:1: /num_attention_heads: the key "num_attention_heads" is missing (expected an integer, found nothing))"}},
    {"dense without intermediate_size", without(dense, {"intermediate_size"}),
     {R"(1:1: /intermediate_size: the key "intermediate_size" is missing (expected the inner size of the feed-forward network, found nothing))"}},
    {"dense without vocab_size", without(dense, {"vocab_size"}),
     {R"(1:1: /vocab_size: the key "vocab_size" is missing (expected an integer, found nothing))"}},
    {"experts without hidden_size", without(experts, {"hidden_size"}),
     {R"(1:1: /hidden_size: the key "hidden_size" is missing (expected an integer, found nothing))"}},
    {"experts without num_hidden_layers", without(experts, {"num_hidden_layers"}),
     {R"(1:1: /num_hidden_layers: the key "num_hidden_layers" is missing (expected an integer, found nothing))"}},
    {"experts without num_attention_heads", without(experts, {"num_attention_heads"}),
     {R"(1:1: /num_attention_heads: the key "num_attention_heads" is missing (expected an integer, found nothing))"}},
    {"experts without intermediate_size", without(experts, {"intermediate_size"}),
     {R"(1:1: /moe_intermediate_size: the key "moe_intermediate_size" is missing (expected the inner size of an expert, found nothing))"}},
    {"experts without num_local_experts", without(experts, {"num_local_experts"}),
     {R"(1:1: /num_experts: the key "num_experts" is missing (expected the number of routed experts, found nothing))"}},
    {"experts without num_experts_per_tok", without(experts, {"num_experts_per_tok"}),
     {R"(1:1: /num_experts_per_tok: the key "num_experts_per_tok" is missing (expected the number of experts per token, found nothing))"}},
    {"experts without vocab_size", without(experts, {"vocab_size"}),
     {R"(1:1: /vocab_size: the key "vocab_size" is missing (expected an integer, found nothing))"}},
    {"latent without hidden_size", without(latent, {"hidden_size"}),
     {R"(1:1: /hidden_size: the key "hidden_size" is missing (expected an integer, found nothing))"}},
    {"latent without num_hidden_layers", without(latent, {"num_hidden_layers"}),
     {R"(1:1: /num_hidden_layers: the key "num_hidden_layers" is missing (expected an integer, found nothing))"}},
    {"latent without num_attention_heads", without(latent, {"num_attention_heads"}),
     {R"(1:1: /num_attention_heads: the key "num_attention_heads" is missing (expected an integer, found nothing))"}},
    {"latent without kv_lora_rank", without(latent, {"kv_lora_rank"}),
     {R"(1:1: /kv_lora_rank: the key "kv_lora_rank" is missing (expected an integer, found nothing))"}},
    {"latent without qk_nope_head_dim", without(latent, {"qk_nope_head_dim"}),
     {R"(1:1: /qk_nope_head_dim: the key "qk_nope_head_dim" is missing (expected an integer, found nothing))"}},
    {"latent without qk_rope_head_dim", without(latent, {"qk_rope_head_dim"}),
     {R"(1:1: /qk_rope_head_dim: the key "qk_rope_head_dim" is missing (expected an integer, found nothing))"}},
    {"latent without intermediate_size, all layers dense", without(latent, {"intermediate_size", "n_routed_experts", "num_experts_per_tok", "moe_intermediate_size"}),
     {R"(1:1: /intermediate_size: the key "intermediate_size" is missing (expected the inner size of the feed-forward network, found nothing))"}},
    {"latent without any inner size", without(latent, {"intermediate_size", "moe_intermediate_size"}),
     {R"(1:1: /moe_intermediate_size: the key "moe_intermediate_size" is missing (expected the inner size of an expert, found nothing))"}},
    {"latent without num_experts_per_tok", without(latent, {"num_experts_per_tok"}),
     {R"(1:1: /num_experts_per_tok: the key "num_experts_per_tok" is missing (expected the number of experts per token, found nothing))"}},
    {"latent without vocab_size", without(latent, {"vocab_size"}),
     {R"(1:1: /vocab_size: the key "vocab_size" is missing (expected an integer, found nothing))"}},
    {"dense without anything", without(dense, {"hidden_size", "num_hidden_layers", "num_attention_heads", "num_key_value_heads", "intermediate_size", "vocab_size"}),
     {R"(1:1: /num_hidden_layers: the key "num_hidden_layers" is missing (expected an integer, found nothing))",
      R"(1:1: /hidden_size: the key "hidden_size" is missing (expected an integer, found nothing))",
      R"(1:1: /vocab_size: the key "vocab_size" is missing (expected an integer, found nothing))",
      R"(1:1: /num_attention_heads: the key "num_attention_heads" is missing (expected an integer, found nothing))",
      R"(1:1: /intermediate_size: the key "intermediate_size" is missing (expected the inner size of the feed-forward network, found nothing))"}},
    {"latent without five keys", without(latent, {"hidden_size", "kv_lora_rank", "qk_nope_head_dim", "qk_rope_head_dim", "num_experts_per_tok"}),
     {R"(1:1: /hidden_size: the key "hidden_size" is missing (expected an integer, found nothing))",
      R"(1:1: /kv_lora_rank: the key "kv_lora_rank" is missing (expected an integer, found nothing))",
      R"(1:1: /qk_nope_head_dim: the key "qk_nope_head_dim" is missing (expected an integer, found nothing))",
      R"(1:1: /qk_rope_head_dim: the key "qk_rope_head_dim" is missing (expected an integer, found nothing))",
      R"(1:1: /num_experts_per_tok: the key "num_experts_per_tok" is missing (expected the number of experts per token, found nothing))"}},
    {"a string for an integer", with(dense, "hidden_size", "\"64\""),
     {R"(4:18: /hidden_size: "hidden_size" has the wrong type (expected an integer, found "64"))"}},
    {"a long string for an integer", with(dense, "hidden_size", "\"" + repeat("sixty-four ", 9) + "\""),
     {R"(4:18: /hidden_size: "hidden_size" has the wrong type (expected an integer, found "sixty-four sixty-four sixty-four sixty-...))"}},
    {"a string of three-byte characters, cut whole", with(dense, "hidden_size", "\"" + repeat("\u20ac", 50) + "\""),
     {"4:18: /hidden_size: \"hidden_size\" has the wrong type (expected an integer, found \"\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC...)"}},
    {"a list of different integers", with(dense, "num_attention_heads", "[8, 8, 4, 8]"),
     {R"(6:33: /num_attention_heads/2: "num_attention_heads" has the wrong type (expected an integer, or a list of equal integers, found 4))"}},
    {"an empty list", with(dense, "hidden_size", "[]"),
     {R"(4:18: /hidden_size: "hidden_size" has the wrong type (expected an integer, or a list of equal integers, found an empty list))"}},
    {"an object", with(dense, "hidden_size", "{\"value\": 64}"),
     {R"(4:18: /hidden_size: "hidden_size" has the wrong type (expected an integer, found an object))"}},
    {"an empty object", with(dense, "vocab_size", "{ }"),
     {R"(9:17: /vocab_size: "vocab_size" has the wrong type (expected an integer, found an empty object))"}},
    {"true", with(dense, "hidden_size", "true"),
     {R"(4:18: /hidden_size: "hidden_size" has the wrong type (expected an integer, found true))"}},
    {"null for a required key", with(dense, "hidden_size", "null"),
     {R"(1:1: /hidden_size: the key "hidden_size" is missing (expected an integer, found nothing))"}},
    {"NaN", with(dense, "hidden_size", "NaN"),
     {R"(4:18: /hidden_size: "hidden_size" has the wrong type (expected an integer, found NaN))"}},
    {"-Infinity", with(dense, "hidden_size", "-Infinity"),
     {R"(4:18: /hidden_size: "hidden_size" has the wrong type (expected an integer, found -Infinity))"}},
    {"a number for true or false", with(dense, "tie_word_embeddings", "1"),
     {R"(10:26: /tie_word_embeddings: "tie_word_embeddings" has the wrong type (expected true or false, found 1))"}},
    {"a string for true or false", with(dense, "attention_bias", "\"true\""),
     {R"(10:21: /attention_bias: "attention_bias" has the wrong type (expected true or false, found "true"))"}},
    {"a string for a list of layers", with(experts, "mlp_only_layers", "\"0,1\""),
     {R"(11:22: /mlp_only_layers: "mlp_only_layers" has the wrong type (expected a list of layer numbers, found "0,1"))"}},
    {"a text among layer numbers", with(experts, "mlp_only_layers", "[0, \"1\"]"),
     {R"(11:26: /mlp_only_layers/1: "mlp_only_layers" has the wrong type (expected layer numbers below 256, found "1"))"}},
    {"a layer number of 256", with(experts, "mlp_only_layers", "[0, 256]"),
     {R"(11:26: /mlp_only_layers/1: "mlp_only_layers" has the wrong type (expected layer numbers below 256, found 256))"}},
    {"an object for a list of layer kinds", with(dense, "layer_types", "{}"),
     {R"(10:18: /layer_types: "layer_types" has the wrong type (expected a list with one entry per layer, or a string of letters, found an empty object))"}},
    {"a text for a schedule of numbers", with(experts, "moe_layer_freq", "\"often\""),
     {R"(11:22: /moe_layer_freq: "moe_layer_freq" has a letter that is not known (expected a letter that names a kind of layer, found 'o'))"}},
    {"a size of 0", with(dense, "hidden_size", "0"),
     {R"(4:18: /hidden_size: "hidden_size" is out of range (expected at least 1, found 0))"}},
    {"a size of -64", with(dense, "hidden_size", "-64"),
     {R"(4:18: /hidden_size: "hidden_size" is out of range (expected at least 1, found -64))"}},
    {"a size of 1e30", with(dense, "hidden_size", "1e30"),
     {R"(4:18: /hidden_size: "hidden_size" is out of range (expected at most 16777216, found 1e30))"}},
    {"a size of -1e30", with(dense, "hidden_size", "-1e30"),
     {R"(4:18: /hidden_size: "hidden_size" is out of range (expected at least 1, found -1e30))"}},
    {"a size of 99999999999", with(dense, "hidden_size", "99999999999"),
     {R"(4:18: /hidden_size: "hidden_size" is out of range (expected at most 16777216, found 99999999999))"}},
    {"a size of 16777217", with(dense, "hidden_size", "16777217"),
     {R"(4:18: /hidden_size: "hidden_size" is out of range (expected at most 16777216, found 16777217))"}},
    {"a size of 1.5", with(dense, "hidden_size", "1.5"),
     {R"(4:18: /hidden_size: "hidden_size" is not an integer (expected an integer, found 1.5))"}},
    {"a size of 1e-3", with(dense, "hidden_size", "1e-3"),
     {R"(4:18: /hidden_size: "hidden_size" is not an integer (expected an integer, found 1e-3))"}},
    {"a size of 40 digits", with(dense, "hidden_size", repeat("1234567890", 4)),
     {R"(4:18: /hidden_size: "hidden_size" is out of range (expected at most 16777216, found 1234567890123456789012345678901234567890))"}},
    {"a size of 50 digits", with(dense, "hidden_size", repeat("1234567890", 5)),
     {R"(4:18: /hidden_size: "hidden_size" is out of range (expected at most 16777216, found 1234567890123456789012345678901234567890...))"}},
    {"257 layers", with(dense, "num_hidden_layers", "257"),
     {R"(5:24: /num_hidden_layers: "num_hidden_layers" is out of range (expected at most 256, found 257))"}},
    {"no layers", with(dense, "num_hidden_layers", "0"),
     {R"(5:24: /num_hidden_layers: "num_hidden_layers" is out of range (expected at least 1, found 0))"}},
    {"a negative window", with(dense, "sliding_window", "-1"),
     {R"(10:21: /sliding_window: "sliding_window" is out of range (expected at least 0, found -1))"}},
    {"no experts", with(experts, "num_local_experts", "0"),
     {R"(8:24: /num_local_experts: "num_local_experts" is out of range (expected at least 1, found 0))"}},
    {"no experts per token", with(experts, "num_experts_per_tok", "0"),
     {R"(9:26: /num_experts_per_tok: "num_experts_per_tok" is out of range (expected at least 1, found 0))"}},
    {"experts of no size", with(latent, "moe_intermediate_size", "0"),
     {R"(14:28: /moe_intermediate_size: "moe_intermediate_size" is out of range (expected at least 1, found 0))"}},
    {"minus one expert", with(experts, "num_local_experts", "-1"),
     {R"(8:24: /num_local_experts: "num_local_experts" is out of range (expected at least 0, found -1))"}},
    {"a model of too many parameters", with(with(with(with(experts, "hidden_size", "16777216"), "num_local_experts", "16777216"), "intermediate_size", "16777216"), "num_hidden_layers", "256"),
     {"1:1: this is too large (expected a model of fewer than 1e15 parameters, found 9000000000000000000)"}},
    {"heads that are too wide together", with(with(dense, "num_attention_heads", "16777216"), "head_dim", "16777216"),
     {R"(10:15: /head_dim: "head_dim" is out of range (expected at most 1 with this many heads, found 16777216))"}},
    {"heads that KV heads do not divide", with(dense, "num_key_value_heads", "3"),
     {R"(6:26: /num_attention_heads: "num_attention_heads" is not divisible by the number of key and value heads (expected a multiple of 3, found 8))"}},
    {"a width that heads do not divide", with(dense, "hidden_size", "65"),
     {R"(4:18: /hidden_size: "hidden_size" is not divisible by the number of attention heads, and no key gives head_dim (expected a multiple of 8, found 65))"}},
    {"the same under older names", with(with(without(dense, {"hidden_size", "num_attention_heads", "num_key_value_heads"}), "n_embd", "65"), "n_head", "8"),
     {R"(7:13: /n_embd: "n_embd" is not divisible by the number of attention heads, and no key gives head_dim (expected a multiple of 8, found 65))"}},
    {"layer_types too short", with(dense, "layer_types", "[\"full_attention\", \"full_attention\", \"full_attention\"]"),
     {R"(10:18: /layer_types: "layer_types" has the wrong length (expected 4 entries, one per layer, found 3))"}},
    {"layer_types of one layer too many", with(with(dense, "num_hidden_layers", "1"), "layer_types", "[\"full_attention\", \"full_attention\"]"),
     {R"(10:18: /layer_types: "layer_types" has the wrong length (expected 1 entry, one per layer, found 2))"}},
    {"hybrid_layer_pattern too long", with(dense, "hybrid_layer_pattern", "[0, 1, 1, 1, 0]"),
     {R"(10:27: /hybrid_layer_pattern: "hybrid_layer_pattern" has the wrong length (expected 4 entries, one per layer, found 5))"}},
    {"mlp_layer_types too short", with(experts, "mlp_layer_types", "[\"dense\", \"sparse\"]"),
     {R"(11:22: /mlp_layer_types: "mlp_layer_types" has the wrong length (expected 4 entries, one per layer, found 2))"}},
    {"moe_layer_freq too long", with(experts, "moe_layer_freq", "[0, 1, 1, 1, 1]"),
     {R"(11:21: /moe_layer_freq: "moe_layer_freq" has the wrong length (expected 4 entries, one per layer, found 5))"}},
    {"257 entries of layer_types", with(dense, "layer_types", "[" + repeat("\"full_attention\", ", 256) + "\"full_attention\"]"),
     {R"(10:4627: /layer_types/256: "layer_types" has too many entries (expected at most 256, found more))"}},
    {"an unknown kind of layer", with(dense, "layer_types", "[\"full_attention\", \"flash\", \"full_attention\", \"full_attention\"]"),
     {R"(10:37: /layer_types/1: "layer_types" has an entry that is not known (expected a kind of layer such as full_attention or sliding_attention, dense or sparse, found "flash"))"}},
    {"a kind of layer that the family does not run", with(dense, "layer_types", "[\"full_attention\", \"full_attention\", \"mamba\", \"full_attention\"]"),
     {R"(10:55: /layer_types/2: "layer_types" has an entry that is not known (expected full_attention, sliding_attention or chunked_attention, found "mamba"))"}},
    {"an attention layer among the networks", with(experts, "mlp_layer_types", "[\"sparse\", \"full_attention\", \"sparse\", \"sparse\"]"),
     {R"(11:33: /mlp_layer_types/1: "mlp_layer_types" has an entry that is not known (expected dense or sparse, found "full_attention"))"}},
    {"an unknown letter", with(dense, "hybrid_layer_pattern", "\"GSXS\""),
     {R"(10:30: /hybrid_layer_pattern: "hybrid_layer_pattern" has a letter that is not known (expected a letter that names a kind of layer, found 'X'))"}},
    {"an unknown digit", with(dense, "hybrid_layer_pattern", "[0, 1, 2, 0]"),
     {R"(10:34: /hybrid_layer_pattern/2: "hybrid_layer_pattern" has an entry that is not known (expected a kind of layer such as full_attention or sliding_attention, dense or sparse, found 2))"}},
    {"a list among the kinds of layers", with(dense, "layer_types", "[[], \"full_attention\"]"),
     {R"(10:19: /layer_types/0: "layer_types" has an entry that is not known (expected a kind of layer such as full_attention or sliding_attention, dense or sparse, found an empty list))"}},
    {"an unknown letter that repeats", with(dense, "sliding_window_pattern", "\"LLQ\""),
     {R"(10:32: /sliding_window_pattern: "sliding_window_pattern" has a letter that is not known (expected a letter that names a kind of layer, found 'Q'))"}},
    {"more experts per token than experts", with(experts, "num_experts_per_tok", "9"),
     {R"(9:26: /num_experts_per_tok: "num_experts_per_tok" contradicts another key (expected at most 8, the number of experts, found 9))"}},
    {"the same under another name", with(without(experts, {"num_experts_per_tok"}), "moe_topk", "9"),
     {R"(10:15: /moe_topk: "moe_topk" contradicts another key (expected at most 8, the number of experts, found 9))"}},
    {"keys of experts without experts", without(latent, {"n_routed_experts"}),
     {R"(1:1: /n_routed_experts: the key "n_routed_experts" is missing (expected the number of routed experts, found nothing))"}},
    {"several things at once", with(with(with(experts, "hidden_size", "\"64\""), "num_hidden_layers", "1.5"), "num_local_experts", "[]"),
     {R"(4:24: /num_hidden_layers: "num_hidden_layers" is not an integer (expected an integer, found 1.5))",
      R"(3:18: /hidden_size: "hidden_size" has the wrong type (expected an integer, found "64"))",
      R"(8:24: /num_local_experts: "num_local_experts" has the wrong type (expected an integer, or a list of equal integers, found an empty list))"}},
    {"more problems than are kept", R"({"architectures": ["DeepseekV3ForCausalLM"], "hidden_size": "x", "num_hidden_layers": "x", "num_attention_heads": "x", "q_lora_rank": "x", "kv_lora_rank": "x", "qk_nope_head_dim": "x", "qk_rope_head_dim": "x", "v_head_dim": "x", "intermediate_size": "x", "n_routed_experts": "x", "num_experts_per_tok": "x", "moe_intermediate_size": "x", "vocab_size": "x", "n_shared_experts": "x", "first_k_dense_replace": "x", "max_position_embeddings": "x", "tie_word_embeddings": "x", "attention_bias": "x"})",
     {R"(1:87: /num_hidden_layers: "num_hidden_layers" has the wrong type (expected an integer, found "x"))",
      R"(1:61: /hidden_size: "hidden_size" has the wrong type (expected an integer, found "x"))",
      R"(1:353: /vocab_size: "vocab_size" has the wrong type (expected an integer, found "x"))",
      R"(1:440: /max_position_embeddings: "max_position_embeddings" has the wrong type (expected an integer, found "x"))",
      R"(1:468: /tie_word_embeddings: "tie_word_embeddings" has the wrong type (expected true or false, found "x"))",
      R"(1:115: /num_attention_heads: "num_attention_heads" has the wrong type (expected an integer, found "x"))",
      R"(1:135: /q_lora_rank: "q_lora_rank" has the wrong type (expected an integer, found "x"))",
      R"(1:156: /kv_lora_rank: "kv_lora_rank" has the wrong type (expected an integer, found "x"))",
      R"(1:181: /qk_nope_head_dim: "qk_nope_head_dim" has the wrong type (expected an integer, found "x"))",
      R"(1:206: /qk_rope_head_dim: "qk_rope_head_dim" has the wrong type (expected an integer, found "x"))",
      R"(1:225: /v_head_dim: "v_head_dim" has the wrong type (expected an integer, found "x"))",
      R"(1:491: /attention_bias: "attention_bias" has the wrong type (expected true or false, found "x"))",
      R"(1:251: /intermediate_size: "intermediate_size" has the wrong type (expected an integer, found "x"))",
      R"(1:276: /n_routed_experts: "n_routed_experts" has the wrong type (expected an integer, found "x"))",
      R"(1:304: /num_experts_per_tok: "num_experts_per_tok" has the wrong type (expected an integer, found "x"))",
      R"(1:334: /moe_intermediate_size: "moe_intermediate_size" has the wrong type (expected an integer, found "x"))",
      "2 more"}},
    {"an unknown architecture", R"({"architectures": ["FooForCausalLM"], "foo": 1})",
     {R"(1:20: /architectures/0: "architectures" names an architecture that is not known, and its keys describe no known layers (expected one that `costexpr families` lists, or keys that describe known layers: num_hidden_layers, hidden_size, num_attention_heads, vocab_size, found "FooForCausalLM"))"}},
    {"an unknown architecture with some known keys", R"({"architectures": ["FooForCausalLM"], "hidden_size": 64, "num_attention_heads": 8})",
     {R"(1:20: /architectures/0: "architectures" names an architecture that is not known, and its keys describe no known layers (expected one that `costexpr families` lists, or keys that describe known layers: num_hidden_layers, hidden_size, num_attention_heads, vocab_size, found "FooForCausalLM"))"}},
    {"an unknown architecture that is no list", R"({"architectures": "FooForCausalLM"})",
     {R"(1:19: /architectures: "architectures" names an architecture that is not known, and its keys describe no known layers (expected one that `costexpr families` lists, or keys that describe known layers: num_hidden_layers, hidden_size, num_attention_heads, vocab_size, found "FooForCausalLM"))"}},
    {"an unknown architecture, its decoder nested", R"({"architectures": ["FooForCausalLM"], "text_config": {"model_type": "foo"}})",
     {R"(1:20: /architectures/0: "architectures" names an architecture that is not known, and its keys describe no known layers (expected one that `costexpr families` lists, or keys that describe known layers: num_hidden_layers, hidden_size, num_attention_heads, vocab_size, found "FooForCausalLM"))"}},
    {"no architecture", R"({"hidden_size": 64})",
     {R"(1:1: /architectures: the key "architectures" is missing (expected a list with the name of an architecture, found nothing))"}},
    {"no architecture, its decoder nested", R"({"text_config": {"hidden_size": 64}})",
     {R"(1:1: /architectures: the key "architectures" is missing (expected a list with the name of an architecture, found nothing))"}},
    {"an empty object for a config", "{}",
     {R"(1:1: /architectures: the key "architectures" is missing (expected a list with the name of an architecture, found nothing))"}},
    {"an empty list of architectures", R"({"architectures": []})",
     {R"(1:19: /architectures: "architectures" has the wrong type (expected a list with the name of an architecture, found an empty list))"}},
    {"a number for an architecture", R"({"architectures": [5]})",
     {R"(1:20: /architectures/0: "architectures" has the wrong type (expected a list with the name of an architecture, found 5))"}},
    {"null for the architectures", R"({"architectures": null})",
     {R"(1:1: /architectures: the key "architectures" is missing (expected a list with the name of an architecture, found nothing))"}},
    {"a wrapper without hidden_size", without(wrapper, {"hidden_size"}),
     {R"(4:18: /text_config/hidden_size: the key "hidden_size" is missing (expected an integer, found nothing))"}},
    {"a wrapper of zero layers", with(wrapper, "num_hidden_layers", "0"),
     {R"(7:26: /text_config/num_hidden_layers: "num_hidden_layers" is out of range (expected at least 1, found 0))"}},
    {"a wrapper whose heads do not divide", with(wrapper, "num_attention_heads", "7"),
     {R"(6:20: /text_config/hidden_size: "hidden_size" is not divisible by the number of attention heads, and no key gives head_dim (expected a multiple of 7, found 64))"}},
    {"a wrapper whose decoder is empty", R"({"architectures": ["Qwen2_5_VLForConditionalGeneration"], "text_config": {}})",
     {R"(1:74: /text_config/num_hidden_layers: the key "num_hidden_layers" is missing (expected an integer, found nothing))",
      R"(1:74: /text_config/hidden_size: the key "hidden_size" is missing (expected an integer, found nothing))",
      R"(1:74: /text_config/vocab_size: the key "vocab_size" is missing (expected an integer, found nothing))",
      R"(1:74: /text_config/num_attention_heads: the key "num_attention_heads" is missing (expected an integer, found nothing))",
      R"(1:74: /text_config/intermediate_size: the key "intermediate_size" is missing (expected the inner size of the feed-forward network, found nothing))"}},
    {"a wrapper whose decoder is a string", R"({"architectures": ["Qwen2_5_VLForConditionalGeneration"], "text_config": "qwen2"})",
     {R"(1:74: /text_config: "text_config" has the wrong type (expected an object, found "qwen2"))"}},
    {"a quantization of broken bits", with(dense, "quantization_config", R"({"quant_method": "awq", "bits": "four"})"),
     {R"(10:58: /quantization_config/bits: "bits" has the wrong type (expected an integer, found "four"))"}},
    {"a quantization of a key twice", with(dense, "quantization_config", R"({"quant_method": "awq", "bits": 4, "bits": 8})"),
     {R"(10:69: /quantization_config/bits: the key "bits" stands twice in one object (expected once, found before in line 10))"}},
    {"empty text", "",
     {"1:1: the text ends too early (expected a value, found the end of the text)"}},
    {"white space", " \n ",
     {"2:2: the text ends too early (expected a value, found the end of the text)"}},
    {"an opening brace", "{",
     {"1:2: the text ends too early (expected a key or '}', found the end of the text)"}},
    {"cut in a key", cut(dense, "\"hidden_si"),
     {"4:13: /hidden_si: the text ends too early (expected a string, found the end of the text)"}},
    {"cut behind a key", cut(dense, "\"hidden_size\""),
     {"4:16: /hidden_size: the text ends too early (expected ':', found the end of the text)"}},
    {"cut behind a colon", cut(dense, "\"hidden_size\":"),
     {"4:17: /hidden_size: the text ends too early (expected a value, found the end of the text)"}},
    {"cut in a number", cut(dense, "\"hidden_size\": 6"),
     {"4:19: the text ends too early (expected a key or '}', found the end of the text)"}},
    {"cut behind a comma", cut(dense, "64,"),
     {"4:21: the text ends too early (expected a key, found the end of the text)"}},
    {"cut in a list", cut(dense, "[\"LlamaForCausalLM\""),
     {"2:39: /architectures: the text ends too early (expected ',' or ']', found the end of the text)"}},
    {"cut before the last brace", cut(dense, "1000\n"),
     {"10:1: the text ends too early (expected a key or '}', found the end of the text)"}},
    {"cut in an escape", R"({"a": "\u12)",
     {"1:12: /a: the text ends too early (expected a string, found the end of the text)"}},
    {"not JSON", "hello",
     {"1:1: this is not JSON (expected a value, found 'h')"}},
    {"YAML", "hidden_size: 64\n",
     {"1:1: this is not JSON (expected a value, found 'h')"}},
    {"a list at the top", "[1, 2]",
     {"1:1: the text is not an object (expected an object { ... }, found a list)"}},
    {"an empty list at the top", " []",
     {"1:2: the text is not an object (expected an object { ... }, found an empty list)"}},
    {"a number at the top", "42",
     {"1:1: the text is not an object (expected an object { ... }, found 42)"}},
    {"null at the top", "null",
     {"1:1: the text is not an object (expected an object { ... }, found null)"}},
    {"a trailing comma", R"({"hidden_size": 64,})",
     {"1:20: this is not JSON (expected a key, found '}')"}},
    {"a trailing comma in a list", R"({"architectures": ["LlamaForCausalLM",]})",
     {"1:39: /architectures: this is not JSON (expected a value, found ']')"}},
    {"no comma", "{\"hidden_size\": 64\n \"vocab_size\": 9}",
     {R"(2:2: /vocab_size: this is not JSON (expected ',' or '}', found '"'))"}},
    {"no colon", R"({"hidden_size" 64})",
     {"1:16: /hidden_size: this is not JSON (expected ':', found '6')"}},
    {"a key without quotes", "{hidden_size: 64}",
     {"1:2: this is not JSON (expected a key, found 'h')"}},
    {"single quotes", "{'hidden_size': 64}",
     {R"(1:2: this is not JSON (expected a key, found "'"))"}},
    {"a comment", "{ // comment\n}",
     {"1:3: this is not JSON (expected a key, found '/')"}},
    {"text behind the object", std::string(dense) + std::string(" {}"),
     {"10:3: there is more text behind the end of the object (expected the end of the text, found '{')"}},
    {"a NUL behind the object", std::string(dense) + std::string(1, '\0'),
     {"10:2: there is more text behind the end of the object (expected the end of the text, found <byte 0x00>)"}},
    {"a known key twice", "{\"architectures\": [\"LlamaForCausalLM\"],\n\"hidden_size\": 64,\n\"hidden_size\": 128}",
     {R"(3:16: /hidden_size: the key "hidden_size" stands twice in one object (expected once, found before in line 2))"}},
    {"an inner key twice", R"({"architectures": ["Qwen2VLForConditionalGeneration"], "text_config": {"vocab_size": 1, "vocab_size": 2}})",
     {R"(1:103: /text_config/vocab_size: the key "vocab_size" stands twice in one object (expected once, found before in line 1))"}},
    {"a byte order mark", "\xEF\xBB\xBF" + std::string(dense),
     {"1:1: the text begins with a byte order mark (expected '{', found the bytes EF BB BF)"}},
    {"UTF-16", std::string("\xFF\xFE{\0", 4),
     {"1:1: this is not JSON (expected a value, found <byte 0xFF>)"}},
    {"a byte that is not UTF-8", "{\"a\": \"\xFF\"}",
     {"1:8: /a: a string holds a byte that is not UTF-8 (expected UTF-8, found <byte 0xFF>)"}},
    {"an overlong character", "{\"a\": \"\xC0\xAF\"}",
     {"1:8: /a: a string holds a byte that is not UTF-8 (expected UTF-8, found <byte 0xC0>)"}},
    {"a key that is not UTF-8", "{\"a\xE2\x28\": 1}",
     {"1:4: /a\xE2(: a string holds a byte that is not UTF-8 (expected UTF-8, found <byte 0xE2>)"}},
    {"half of a surrogate pair", R"({"a": "\ud800"})",
     {R"(1:8: /a: a string holds half of a surrogate pair (expected two escapes, a high one and a low one, found \ud800))"}},
    {"an unknown escape", R"({"a": "\x41"})",
     {R"(1:8: /a: a string holds an escape that JSON does not have (expected one of " \ / b f n r t u and four digits behind the backslash, found \x))"}},
    {"a line break in a string", "{\"a\": \"b\nc\"}",
     {R"(1:9: /a: a string holds a control character (expected an escape such as \n or \u0000, found <byte 0x0A>))"}},
    {"a NUL in a string", std::string("{\"a\": \"\0\"}", 10),
     {R"(1:8: /a: a string holds a control character (expected an escape such as \n or \u0000, found <byte 0x00>))"}},
    {"a leading zero", R"({"hidden_size": 064})",
     {"1:18: /hidden_size: a number is not written as JSON has it (expected no zero in front, found '6')"}},
    {"a plus sign", R"({"hidden_size": +64})",
     {"1:17: /hidden_size: this is not JSON (expected a value, found '+')"}},
    {"no digit behind the point", R"({"hidden_size": 64.})",
     {"1:20: /hidden_size: a number is not written as JSON has it (expected a digit, found '}')"}},
    {"hexadecimal", R"({"hidden_size": 0x40})",
     {"1:18: /hidden_size: this is not JSON (expected ',' or '}', found 'x')"}},
    {"True", R"({"tie_word_embeddings": True})",
     {"1:25: /tie_word_embeddings: this is not JSON (expected a value, found 'T')"}},
    {"tru", R"({"tie_word_embeddings": tru})",
     {"1:28: /tie_word_embeddings: this is not JSON (expected true, found '}')"}},
    {"nul at the end", R"({"hidden_size": nul)",
     {"1:20: /hidden_size: the text ends too early (expected null, found the end of the text)"}},
    {"100,000 brackets", repeat("[", 100000),
     {"1:65: /0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0: lists and objects are nested too deep (expected at most 64 levels, found more)"}},
    {"100,000 objects", repeat(R"({"a":)", 100000),
     {"1:321: /a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a: lists and objects are nested too deep (expected at most 64 levels, found more)"}},
    {"65 levels below a key", R"({"a": )" + repeat("[", 64) + repeat("]", 64) + "}",
     {"1:70: /a/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0: lists and objects are nested too deep (expected at most 64 levels, found more)"}},
};

row const systems[] = {
    {"without name", without(one_system, {"name"}),
     {R"(1:1: /name: the key "name" is missing (expected a string, found nothing))"}},
    {"without memory_bytes", without(one_system, {"memory_bytes"}),
     {R"(1:1: /memory_bytes: the key "memory_bytes" is missing (expected an integer, found nothing))"}},
    {"without memory_bytes_per_second", without(one_system, {"memory_bytes_per_second"}),
     {R"(1:1: /memory_bytes_per_second: the key "memory_bytes_per_second" is missing (expected a number, found nothing))"}},
    {"without flops_per_second", without(one_system, {"flops_per_second"}),
     {R"(1:1: /flops_per_second/bf16: the key "flops_per_second.bf16" is missing (expected a number, found nothing))"}},
    {"without node", without(one_system, {"node"}),
     {R"(1:1: /node/devices: the key "node.devices" is missing (expected an integer, found nothing))",
      R"(1:1: /node/bytes_per_second: the key "node.bytes_per_second" is missing (expected a number, found nothing))"}},
    {"without anything", "{}",
     {R"(1:1: /name: the key "name" is missing (expected a string, found nothing))",
      R"(1:1: /memory_bytes: the key "memory_bytes" is missing (expected an integer, found nothing))",
      R"(1:1: /memory_bytes_per_second: the key "memory_bytes_per_second" is missing (expected a number, found nothing))",
      R"(1:1: /flops_per_second/bf16: the key "flops_per_second.bf16" is missing (expected a number, found nothing))",
      R"(1:1: /node/devices: the key "node.devices" is missing (expected an integer, found nothing))",
      R"(1:1: /node/bytes_per_second: the key "node.bytes_per_second" is missing (expected a number, found nothing))"}},
    {"no bf16", with(one_system, "flops_per_second", R"({"fp8": 2e15})"),
     {R"(1:1: /flops_per_second/bf16: the key "flops_per_second.bf16" is missing (expected a number, found nothing))"}},
    {"rates that are a number", with(one_system, "flops_per_second", "1e15"),
     {R"(5:23: /flops_per_second: "flops_per_second" has the wrong type (expected an object, found 1e15))"}},
    {"a node that is a number", with(one_system, "node", "8"),
     {R"(6:11: /node: "node" has the wrong type (expected an object, found 8))"}},
    {"a node without devices", with(one_system, "node", R"({"bytes_per_second": 450e9})"),
     {R"(1:1: /node/devices: the key "node.devices" is missing (expected an integer, found nothing))"}},
    {"a node of no devices", with(one_system, "node", R"({"devices": 0, "bytes_per_second": 450e9})"),
     {R"(6:23: /node/devices: "node.devices" is out of range (expected at least 1, found 0))"}},
    {"a node of half a device", with(one_system, "node", R"({"devices": 0.5, "bytes_per_second": 450e9})"),
     {R"(6:23: /node/devices: "node.devices" is not an integer (expected an integer, found 0.5))"}},
    {"a rate of zero", with(one_system, "memory_bytes_per_second", "0"),
     {R"(4:30: /memory_bytes_per_second: "memory_bytes_per_second" is out of range (expected a positive number, found 0))"}},
    {"a negative rate", with(one_system, "memory_bytes_per_second", "-3e12"),
     {R"(4:30: /memory_bytes_per_second: "memory_bytes_per_second" is out of range (expected a positive number, found -3e12))"}},
    {"a very negative rate", with(one_system, "memory_bytes_per_second", "-1e300"),
     {R"(4:30: /memory_bytes_per_second: "memory_bytes_per_second" is out of range (expected a positive number, found -1e300))"}},
    {"a rate beyond a double", with(one_system, "memory_bytes_per_second", "1e999"),
     {R"(4:30: /memory_bytes_per_second: "memory_bytes_per_second" is out of range (expected a number that a double can hold, found 1e999))"}},
    {"a rate that is a string", with(one_system, "memory_bytes_per_second", "\"3 TB/s\""),
     {R"(4:30: /memory_bytes_per_second: "memory_bytes_per_second" has the wrong type (expected a number, found "3 TB/s"))"}},
    {"a rate that is not a number", with(one_system, "memory_bytes_per_second", "NaN"),
     {"4:30: /memory_bytes_per_second: a number is not finite (expected a finite number, found NaN)"}},
    {"memory of 2 EiB", with(one_system, "memory_bytes", "2305843009213693952"),
     {R"(3:19: /memory_bytes: "memory_bytes" is out of range (expected at most 1125899906842624, found 2305843009213693952))"}},
    {"memory of half a byte", with(one_system, "memory_bytes", "0.5"),
     {R"(3:19: /memory_bytes: "memory_bytes" is not an integer (expected an integer, found 0.5))"}},
    {"a name that is a number", with(one_system, "name", "5"),
     {R"(2:11: /name: "name" has the wrong type (expected a string, found 5))"}},
    {"a negative latency", with(one_system, "node", R"({"devices": 8, "bytes_per_second": 450e9, "latency_seconds": -1e-6})"),
     {R"(6:72: /node/latency_seconds: "node.latency_seconds" is out of range (expected 0 or a positive number, found -1e-6))"}},
    {"a rack without a rate", with(one_system, "rack", R"({"devices": 72})"),
     {R"(1:1: /rack/bytes_per_second: the key "rack.bytes_per_second" is missing (expected the rate of the links that span the rack, found nothing))"}},
    {"a list", "[]",
     {"1:1: the text is not an object (expected an object { ... }, found an empty list)"}},
    {"cut", cut(one_system, "\"node\": {"),
     {"6:12: /node: the text ends too early (expected a key, found the end of the text)"}},
    {"a key twice", with(one_system, "node", "{\"devices\": 8},\n  \"node\": {}"),
     {R"(7:11: /node: the key "node" stands twice in one object (expected once, found before in line 6))"}},
};

struct layout_row {
    std::string_view name;
    std::string text;
    cx::layout layout;
    lines expected;
};

layout_row const layouts[] = {
    {"three ranks for eight heads", std::string(dense), {.tp = 3},
     {R"(the degree "tp" is not possible (expected a divisor of the 8 attention heads, found 3))"}},
    {"sixteen ranks for eight heads", std::string(dense), {.tp = 16},
     {R"(the degree "tp" is not possible (expected a divisor of the 8 attention heads, found 16))"}},
    {"ranks that KV heads neither divide nor are divided by", std::string(with(with(dense, "num_attention_heads", "24"), "head_dim", "8")), {.tp = 3},
     {R"(the degree "tp" is not possible (expected a divisor or a multiple of the 2 KV heads, found 3))"}},
    {"twelve heads, eight KV heads, six ranks", std::string(with(with(with(dense, "num_attention_heads", "12"), "num_key_value_heads", "4"), "head_dim", "8")), {.tp = 6},
     {R"(the degree "tp" is not possible (expected a divisor or a multiple of the 4 KV heads, found 6))"}},
    {"latent attention over three ranks", std::string(latent), {.tp = 3},
     {R"(the degree "tp" is not possible (expected a divisor of the 8 attention heads, found 3))"}},
    {"no ranks", std::string(dense), {.tp = 0},
     {R"(the degree "tp" is not possible (expected at least 1, found 0))"}},
    {"minus one stage", std::string(dense), {.pp = -1},
     {R"(the degree "pp" is not possible (expected at least 1, found -1))"}},
    {"every degree zero or less", std::string(dense), {.tp = 0, .pp = -1, .dp = 0, .ep = -5, .moe_tp = -1, .cp = 0},
     {R"(the degree "tp" is not possible (expected at least 1, found 0))",
      R"(the degree "pp" is not possible (expected at least 1, found -1))",
      R"(the degree "dp" is not possible (expected at least 1, found 0))",
      R"(the degree "ep" is not possible (expected at least 1, found -5))",
      R"(the degree "cp" is not possible (expected at least 1, found 0))",
      R"(the degree "moe_tp" is not possible (expected at least 1, found -1))"}},
    {"a degree beyond reason", std::string(dense), {.dp = 99999999999},
     {R"(the degree "dp" is not possible (expected at most 16777216, found 99999999999))"}},
    {"five stages of four layers", std::string(dense), {.pp = 5},
     {R"(the degree "pp" is not possible (expected at most 4, one stage per layer, found 5))"}},
    {"nine stages of four layers, fewer than norms", std::string(dense), {.pp = 9},
     {R"(the degree "pp" is not possible (expected at most 4, one stage per layer, found 9))"}},
    {"experts over three ranks of one device", std::string(experts), {.ep = 3},
     {R"(the degree "ep" is not possible (expected a divisor of tp x dp = 1, found 3))",
      R"(the degree "ep" is not possible (expected a divisor of the 8 experts, found 3))"}},
    {"experts over three of three ranks", std::string(experts), {.dp = 3, .ep = 3},
     {R"(the degree "ep" is not possible (expected a divisor of the 8 experts, found 3))"}},
    {"experts over more ranks than devices", std::string(experts), {.tp = 2, .ep = 8},
     {R"(the degree "ep" is not possible (expected a divisor of tp x dp = 2, found 8))"}},
    {"experts over four of six devices", std::string(experts), {.tp = 2, .dp = 3, .ep = 4},
     {R"(the degree "ep" is not possible (expected a divisor of tp x dp = 6, found 4))"}},
    {"moe_tp that leaves devices idle", std::string(experts), {.tp = 8, .ep = 2, .moe_tp = 2},
     {R"(the degree "moe_tp" is not possible (expected 4, so that moe_tp x ep = tp x dp, found 2))"}},
    {"moe_tp beyond the devices", std::string(experts), {.tp = 2, .moe_tp = 4},
     {R"(the degree "moe_tp" is not possible (expected 2, so that moe_tp x ep = tp x dp, found 4))"}},
    {"context-parallel ranks beyond reason", std::string(dense), {.tp = 4096, .cp = 8192},
     {R"(the degree "cp" is not possible (expected at most 16777216 devices in all, found 8192))"}},
    {"experts over five of four devices", std::string(experts), {.tp = 2, .ep = 5, .cp = 2},
     {R"(the degree "ep" is not possible (expected a divisor of tp x dp x cp = 4, found 5))",
      R"(the degree "ep" is not possible (expected a divisor of the 8 experts, found 5))"}},
    {"several at once", std::string(experts), {.tp = 6, .pp = 5, .ep = 3, .cp = 2},
     {R"(the degree "tp" is not possible (expected a divisor of the 8 attention heads, found 6))",
      R"(the degree "ep" is not possible (expected a divisor of the 8 experts, found 3))",
      R"(the degree "pp" is not possible (expected at most 4, one stage per layer, found 5))"}},
};

struct request_row {
    std::string_view name;
    std::string_view line;  ///< CONFIG and BROKEN stand for the paths of two configs
    std::string_view expected;
};

constexpr request_row requests[] = {
    {"not JSON", R"({"id": "a", )",
     R"json({"error":[{"code":"unexpected_end","pointer":"","line":1,"column":13,"message":"the text ends too early (expected a key, found the end of the text)"}]})json"},
    {"a list", R"([])",
     R"json({"error":[{"code":"not_an_object","pointer":"","line":1,"column":1,"message":"the text is not an object (expected an object { ... }, found an empty list)"}]})json"},
    {"nothing asked", R"({"id": "b"})",
     R"json({"id":"b","error":[{"code":"unknown_model","pointer":"","line":0,"column":0,"message":"there is no such model (expected a path to a config.json, a directory that holds one, or a name that `costexpr models` lists, found \"\")"},{"code":"unknown_system","pointer":"","line":0,"column":0,"message":"there is no such system (expected a path to a system's JSON, or a name that `costexpr systems` lists, found \"\")"}]})json"},
    {"a model that nobody knows", R"({"id": "c", "config": "No/Such-Model", "system": "h200_sxm"})",
     R"json({"id":"c","error":[{"code":"unknown_model","pointer":"","line":0,"column":0,"message":"there is no such model (expected a path to a config.json, a directory that holds one, or a name that `costexpr models` lists, found \"No/Such-Model\")"}]})json"},
    {"a system that nobody knows", R"({"id": "d", "config": "CONFIG", "system": "h900"})",
     R"json({"id":"d","error":[{"code":"unknown_system","pointer":"","line":0,"column":0,"message":"there is no such system (expected a path to a system's JSON, or a name that `costexpr systems` lists, found \"h900\")"}]})json"},
    {"types", R"({"id": "e", "system": "h200_sxm", "tp": "2", "batch": 1.5, "isl": 0, "breakdown": 1, "config": "CONFIG"})",
     R"json({"id":"e","error":[{"code":"wrong_type","pointer":"/tp","line":1,"column":41,"message":"\"tp\" has the wrong type (expected an integer, found \"2\")"},{"code":"not_an_integer","pointer":"/batch","line":1,"column":55,"message":"\"batch\" is not an integer (expected an integer, found 1.5)"},{"code":"out_of_range","pointer":"/isl","line":1,"column":67,"message":"\"isl\" is out of range (expected at least 1, found 0)"},{"code":"wrong_type","pointer":"/breakdown","line":1,"column":83,"message":"\"breakdown\" has the wrong type (expected true or false, found 1)"}]})json"},
    {"ranges", R"({"id": "f", "system": "h200_sxm", "osl": -1, "dp": 0, "prefix": 99999999999, "config": "CONFIG"})",
     R"json({"id":"f","error":[{"code":"out_of_range","pointer":"/dp","line":1,"column":52,"message":"\"dp\" is out of range (expected at least 1, found 0)"},{"code":"out_of_range","pointer":"/osl","line":1,"column":42,"message":"\"osl\" is out of range (expected at least 1, found -1)"},{"code":"out_of_range","pointer":"/prefix","line":1,"column":65,"message":"\"prefix\" is out of range (expected at most 16777216, found 99999999999)"}]})json"},
    {"a layout", R"({"id": "g", "config": "CONFIG", "system": "h200_sxm", "tp": 3})",
     R"json({"id":"g","error":[{"code":"illegal_layout","pointer":"","line":0,"column":0,"message":"the degree \"tp\" is not possible (expected a divisor of the 8 attention heads, found 3)"}]})json"},
    {"words", R"({"id": "h", "config": "CONFIG", "system": "h200_sxm", "mode": "disagg", "pricing": "magic", "framework": "ggml"})",
     R"json({"id":"h","error":[{"code":"unknown_name","pointer":"","line":0,"column":0,"message":"mode \"disagg\" is not priced (expected static, prefill, decode, aggregated or disaggregated)"},{"code":"unknown_name","pointer":"","line":0,"column":0,"message":"pricing \"magic\" is not there (expected roofline, calibrated or table)"},{"code":"unknown_name","pointer":"","line":0,"column":0,"message":"no framework \"ggml\" (expected trtllm, vllm or sglang)"}]})json"},
    {"a dtype", R"({"id": "i", "config": "CONFIG", "system": "h200_sxm", "weights": "fp2"})",
     R"json({"id":"i","error":[{"code":"unknown_name","pointer":"","line":0,"column":0,"message":"no dtype \"fp2\" (expected one of fp32, bf16, fp16, fp8, fp8_block, int8, int8_wo, int4_wo, nvfp4, nvfp4_wo, mxfp4, mxfp8, w4afp8, w4a16_mxfp4, w4a8_mxfp4_mxfp8, int4_wo_g128, int4_wo_g32)"}]})json"},
    {"a prefix as long as the prompt", R"({"id": "j", "config": "CONFIG", "system": "h200_sxm", "isl": 100, "prefix": 100})",
     R"json({"id":"j","error":[{"code":"contradiction","pointer":"","line":0,"column":0,"message":"prefix must be shorter than isl (expected less than 100, found 100)"}]})json"},
    {"arithmetic that the device lacks", R"({"id": "k", "config": "CONFIG", "system": "h200_sxm", "weights": "nvfp4", "pricing": "roofline"})",
     R"json({"id":"k","error":[{"code":"missing_math_rate","pointer":"","line":0,"column":0,"message":"the device has no rate for fp4 arithmetic (expected \"fp4\" in \"flops_per_second\", found none); choose a dtype that it multiplies"}]})json"},
    {"concurrency that is not batch x dp", R"({"id": "l", "config": "CONFIG", "system": "h200_sxm", "batch": 4, "concurrency": 5})",
     R"json({"id":"l","error":[{"code":"contradiction","pointer":"","line":0,"column":0,"message":"concurrency must be batch x dp in these modes (expected 4, found 5)"}]})json"},
    {"a number for a config", R"({"id": "m", "config": 5, "system": "h200_sxm"})",
     R"json({"id":"m","error":[{"code":"unknown_model","pointer":"","line":0,"column":0,"message":"there is no such model (expected a path to a config.json, a directory that holds one, or a name that `costexpr models` lists, found \"5\")"}]})json"},
    {"a broken config", R"({"id": "n", "config": "BROKEN", "system": "h200_sxm"})",
     R"json({"id":"n","error":[{"code":"wrong_type","pointer":"/hidden_size","line":4,"column":18,"message":"\"hidden_size\" has the wrong type (expected an integer, found \"64\")"}]})json"},
};
// clang-format on

std::string read_file(std::filesystem::path const& path) {
    std::ifstream file(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
}
std::string replaced(std::string text, std::string_view what, std::string_view by) {
    for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += by.size()) text.replace(at, what.size(), by);
    return text;
}

TEST(bad_input, config) {
    for (row const& r : configs) {
        SCOPED_TRACE(r.name);
        auto const read = cx::read_model(r.text);
        EXPECT_FALSE(read.has_value());
        EXPECT_EQ(say(read.error(), r.text), r.expected);
    }
}

// The bases of the rows are right, so that a row shows what its change does.
TEST(bad_input, bases_are_good) {
    for (std::string_view text : {dense, experts, latent, wrapper}) EXPECT_TRUE(cx::read_model(text)) << text;
    EXPECT_TRUE(cx::read_system(one_system));
}

TEST(bad_input, system) {
    for (row const& r : systems) {
        SCOPED_TRACE(r.name);
        auto const read = cx::read_system(r.text);
        EXPECT_FALSE(read.has_value());
        EXPECT_EQ(say(read.error(), r.text), r.expected);
    }
}

TEST(bad_input, layout) {
    for (layout_row const& r : layouts) {
        SCOPED_TRACE(r.name);
        auto const model = cx::read_model(r.text);
        ASSERT_TRUE(model);
        auto const reasons = cx::visit([&](auto const& m) { return cx::legal(m, r.layout); }, *model);
        lines found;
        for (cx::problem const& p : reasons.error()) {
            EXPECT_EQ(p.code, cx::errc::illegal_layout);
            found.emplace_back(cx::describe(p, {}).message.view());
        }
        EXPECT_EQ(found, r.expected);
        EXPECT_FALSE(cx::lower(*model, r.layout));
        auto const step = cx::decode(*model, r.layout, cx::system<"h200_sxm">, {.sequences = 1, .past = 1});
        EXPECT_FALSE(step);
        EXPECT_EQ(cx::describe(step.refusal, {}).message.view(), r.expected.front());
    }
}

// The whole program, from a line of text to a line of text.
TEST(bad_input, request_line) {
    char const* const program = std::getenv("COSTEXPR_PROGRAM");
    if (program == nullptr) GTEST_SKIP() << "the program is not there";
    auto const folder = std::filesystem::temp_directory_path() / ("costexpr_bad_input_" + std::to_string(std::random_device{}()));
    std::filesystem::create_directory(folder);
    std::string const good = (folder / "config.json").string();
    std::string const broken = (folder / "broken_config.json").string();
    std::ofstream(good) << dense;
    std::ofstream(broken) << with(dense, "hidden_size", "\"64\"");
    {
        std::ofstream asked(folder / "requests");
        for (request_row const& r : requests) asked << replaced(replaced(std::string(r.line), "CONFIG", good), "BROKEN", broken) << '\n';
    }
    std::string const command =
        "'" + std::string(program) + "' estimate --jsonl <'" + (folder / "requests").string() + "' >'" + (folder / "answers").string() + "' 2>&1";
    EXPECT_NE(std::system(command.c_str()), 0) << "lines that are not answered make the status 1";
    std::ifstream answers(folder / "answers");
    for (request_row const& r : requests) {
        SCOPED_TRACE(r.name);
        std::string line;
        ASSERT_TRUE(std::getline(answers, line));
        EXPECT_EQ(replaced(replaced(line, good, "CONFIG"), broken, "BROKEN"), r.expected);
    }
    std::filesystem::remove_all(folder);
}

// Every problem can be said, in words, of any text.
void expect_sayable(cx::problems const& problems, std::string_view text) {
    for (cx::problem const& p : problems) {
        cx::diagnosis const d = cx::describe(p, text);
        EXPECT_NE(cx::name(p.code), "unknown");
        EXPECT_NE(d.message.view().find("(expected "), std::string_view::npos) << d.message.view();
        EXPECT_NE(d.message.view().find("found "), std::string_view::npos) << d.message.view();
        EXPECT_TRUE(cx::json::validate("\"" + replaced(replaced(std::string(d.message.view()), "\\", "\\\\"), "\"", "\\\"") + "\"")) << d.message.view();
    }
}

struct shared_configs : testing::Test {
    std::vector<std::string> texts;

    void SetUp() override {
        char const* const shared = std::getenv("COSTEXPR_SHARED");
        std::error_code ignored;
        if (shared != nullptr && *shared != '\0')
            for (auto const& entry : std::filesystem::directory_iterator(std::filesystem::path(shared) / "data" / "params", ignored))
                if (entry.path().extension() == ".json") texts.push_back(read_file(entry.path()));
        if (texts.empty()) GTEST_SKIP() << "shared data is not there";
        std::sort(texts.begin(), texts.end());
    }
};

TEST_F(shared_configs, cut_anywhere_are_errors) {
    std::mt19937 random(20240607);
    for (std::string const& text : texts) {
        std::size_t const last = text.find_last_of('}');  // what is cut behind it is white space
        ASSERT_NE(last, std::string::npos);
        for (int i = 0; i != 50; ++i) {
            std::string_view const part = std::string_view(text).substr(0, random() % (last + 1));
            auto const read = cx::read_model(part);
            ASSERT_FALSE(read.has_value()) << part;
            ASSERT_FALSE(read.error().empty());
            expect_sayable(read.error(), part);
        }
    }
}

TEST_F(shared_configs, with_one_byte_changed_never_crash) {
    std::mt19937 random(20240608);
    constexpr std::string_view telling = "{}[]\",:0123456789-+.eE\\/ntfNI\n\0\x80\xFF";
    for (std::string& text : texts)
        for (int i = 0; i != 50; ++i) {
            std::size_t const at = random() % text.size();
            char const before = text[at];
            text[at] = i % 2 == 0 ? static_cast<char>(random() % 256) : telling[random() % telling.size()];
            auto const read = cx::read_model(text);
            if (read)
                EXPECT_GT(read->parameters(), 0);
            else
                expect_sayable(read.error(), text);
            text[at] = before;
        }
}

}  // namespace
