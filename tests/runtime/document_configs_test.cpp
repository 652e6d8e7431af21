// SPDX-License-Identifier: BSL-1.0
#include <costexpr/costexpr.hpp>

#include "check.hpp"

#include <string_view>
#include <variant>

// Two configs in the spellings of documents rather than of released files, field by field.

namespace {

namespace cx = costexpr;
using namespace std::string_view_literals;

constexpr auto mimo = R"({
  "architectures": ["MiMoV2FlashForCausalLM"], "num_hidden_layers": 28, "hidden_size": 2048, "num_attention_heads": 16, "num_key_value_heads": 8,
  "head_dim": 128, "num_experts": 64, "num_experts_per_tok": 2, "moe_intermediate_size": 1024, "swa_num_kv_heads": 8, "swa_head_dim": 64,
  "swa_v_head_dim": 64, "global_v_head_dim": 128, "sliding_window_size": 4096, "moe_layer_freq": 1, "vocab_size": 151936,
  "hybrid_layer_pattern": "GSGSGSGSGSGSGSGSGSGSGSGSGSGS"})"sv;

constexpr bool mimo_with_a_pattern_of_letters() {
    auto const read = cx::read_model(launder(mimo));
    if (!read || !std::holds_alternative<cx::moe_decoder>(read->text)) return false;
    auto const& m = std::get<cx::moe_decoder>(read->text);
    cx::grouped_attention const& a = m.attention;
    cx::mixture const& e = m.experts;
    return m.base.layers == 28 && m.base.hidden == 2048 && m.base.vocab == 151936 && !m.base.tied && a.heads == 16 && a.kv_heads == 8 && a.head_dim == 128 &&
           a.v_head_dim == 128 && a.window == 4096 && a.sliding_heads == 16 && a.sliding_kv_heads == 8 && a.sliding_head_dim == 64 && a.sliding_v_head_dim == 64 &&
           a.full_layers() == 14 && a.sliding_layers() == 14 && a.order[0] == cx::layer_kind::full && a.order[27] == cx::layer_kind::sliding && !a.qk_normed &&
           e.experts == 64 && e.top_k == 2 && e.inner == 1024 && e.shared_inner == 0 && e.moe_layers() == 28 && e.dense_count() == 0 &&
           // 28 x (2 norms, experts) + 14 global + 14 sliding layers with a sink per head + embedding, head and final norm, added up by hand
           read->parameters() == 12'164'647'136 && read->active_parameters() == 1'242'679'520 && read->state_bytes(1) == 86'016 &&
           read->state_bytes(100'000) == cx::count{100'000} * 14 * 8 * 256 * 2 + 4096 * 14 * 8 * 128 * 2;
}
CHECK_TWICE(mimo_with_a_pattern_of_letters);

constexpr auto qwen = R"({
  "architectures": ["Qwen3VLMoeForConditionalGeneration"], "model_type": "qwen3_vl_moe",
  "text_config": {"num_hidden_layers": 94, "hidden_size": 3584, "num_attention_heads": 28, "num_key_value_heads": 4, "num_local_experts": 128,
    "num_experts_per_tok": 4, "moe_intermediate_size": 2560, "vocab_size": 152064},
  "vision_config": {"depth": 32, "hidden_size": 1280, "num_heads": 16, "intermediate_size": 5120, "patch_size": 14, "out_hidden_size": 3584,
    "spatial_merge_size": 2, "temporal_patch_size": 2, "in_channels": 3}})"sv;

constexpr bool qwen_with_a_nested_decoder_and_a_tower() {
    auto const read = cx::read_model(launder(qwen));
    if (!read || !std::holds_alternative<cx::moe_decoder>(read->text)) return false;
    auto const& m = std::get<cx::moe_decoder>(read->text);
    cx::tower const& v = read->config.vision;
    constexpr cx::count block = 4 * 1280 + 4 * 1280 * 1280 + 4 * 1280 + 2 * 1280 * 5120 + 5120 + 1280;
    constexpr cx::count merger = 2 * 1280 + 5120 * 5120 + 5120 + 5120 * 3584 + 3584;
    return m.base.layers == 94 && m.base.hidden == 3584 && m.attention.heads == 28 && m.attention.kv_heads == 4 && m.attention.head_dim == 128 &&
           m.attention.qk_normed && m.experts.experts == 128 && m.experts.top_k == 4 && m.experts.inner == 2560 && m.experts.moe_layers() == 94 &&
           m.base.vocab == 152064 && read->parameters() == 335'075'914'752 && read->state_bytes(1) == 94 * 4 * 256 * 2 &&
           // the tower, which names no positions
           read->config.has_vision && v.is == cx::find_tower("qwen3_vl_moe_vision") && v.depth == 32 && v.hidden == 1280 && v.heads == 16 && v.inner == 5120 && v.patch == 14 &&
           v.outer == 3584 && v.merge == 2 && v.frames == 2 && v.channels == 3 && read->config.vision_parameters() == 3 * 2 * 14 * 14 * 1280 + 1280 + 32 * block + merger;
}
CHECK_TWICE(qwen_with_a_nested_decoder_and_a_tower);

}  // namespace
