// SPDX-License-Identifier: BSL-1.0
#include <costexpr/costexpr.hpp>
#include <costexpr/layer/attention_experts.hpp>
#include <costexpr/layer/compressed_convolution.hpp>
#include <costexpr/layer/localized_filter.hpp>

#include <figures.hpp>

#include <cstddef>
#include <string>
#include <string_view>

// Architectures of attention alone (no recurrence): minimal configs with published dimensions, and what they must give. The counts are those of the
// modules that transformers builds from the same dimensions; of the architectures that it does not have, the shapes added up by hand
// (Step 3 publishes 316 B, 38 B active, LongCat-Flash 560 B, openPangu 718 B, Ling mini 16.26 B, Yuan 2.1 B). Where a model is long,
// it has fewer layers here, with one of every kind.

namespace {

namespace cx = costexpr;
using cx::count;
using namespace std::string_view_literals;

struct expectation {
    std::string_view name;
    std::string_view config;
    count text;
    count active;
    count state;     ///< bytes per token, bf16, of layers over the whole context
    count windowed;  ///< and of windowed layers
    count index;     ///< elements per token of indexers
};

constexpr expectation expectations[] = {
    {"A.X K1 with 8 of its 61 layers",
     R"({"architectures": ["AXK1ForCausalLM"], "vocab_size": 163840, "hidden_size": 7168, "intermediate_size": 18432, "moe_intermediate_size": 2048,
      "num_hidden_layers": 8, "num_attention_heads": 64, "n_shared_experts": 1, "n_routed_experts": 192, "num_experts_per_tok": 8,
      "kv_lora_rank": 512, "q_lora_rank": 1536, "qk_rope_head_dim": 64, "v_head_dim": 128, "qk_nope_head_dim": 128, "first_k_dense_replace": 1})",
     63'062'269'952, 6'338'502'656, 9'216, 0, 0},
    {"A.X K2 Light",
     R"({"architectures": ["AXK2ForCausalLM"], "vocab_size": 163840, "hidden_size": 2048, "intermediate_size": 5120, "moe_intermediate_size": 512,
      "num_hidden_layers": 48, "num_attention_heads": 32, "n_shared_experts": 1, "n_routed_experts": 128, "num_experts_per_tok": 8,
      "kv_lora_rank": 128, "q_lora_rank": 384, "qk_rope_head_dim": 32, "v_head_dim": 64, "qk_nope_head_dim": 64, "index_topk": 2048,
      "index_head_dim": 128, "index_n_heads": 16, "gated_norm_rank": 16, "first_k_dense_replace": 1})",
     20'314'494'976, 2'572'589'056, 15'360, 0, 6'144},
    {"BitNet b1.58 2B",
     R"({"architectures": ["BitNetForCausalLM"], "hidden_size": 2560, "intermediate_size": 6912, "num_attention_heads": 20, "num_hidden_layers": 30,
      "num_key_value_heads": 5, "vocab_size": 128256, "tie_word_embeddings": true})",
     2'412'820'480, 2'412'820'480, 76'800, 0, 0},
    {"Cohere 2 MoE, class defaults",
     R"({"architectures": ["Cohere2MoeForCausalLM"], "vocab_size": 256000, "hidden_size": 8192, "intermediate_size": 22528, "num_hidden_layers": 40,
      "num_attention_heads": 64, "head_dim": 128, "num_experts": 8, "num_experts_per_tok": 2, "sliding_window": 4096,
      "max_position_embeddings": 8192})",
     190'004'928'512, 57'129'377'792, 327'680, 983'040, 0},
    {"Doge",
     R"({"architectures": ["DogeForCausalLM"], "vocab_size": 32768, "hidden_size": 1024, "intermediate_size": 2048, "num_hidden_layers": 32,
      "num_attention_heads": 8})",
     403'055'872, 403'055'872, 131'072, 0, 0},
    {"Dots 3 with 6 of its 46 layers",
     R"({"architectures": ["Dots3NoteForCausalLM"], "vocab_size": 152064, "hidden_size": 5120, "intermediate_size": 13824,
      "moe_intermediate_size": 1536, "num_hidden_layers": 6, "num_attention_heads": 128, "n_shared_experts": 1, "n_routed_experts": 256,
      "num_experts_per_tok": 8, "kv_lora_rank": 512, "q_lora_rank": 1024, "qk_rope_head_dim": 64, "v_head_dim": 128, "qk_nope_head_dim": 128,
      "index_topk": 2048, "index_head_dim": 128, "index_n_heads": 64, "sliding_window": 512, "swa_num_attention_heads": 64,
      "swa_kv_lora_rank": 1024, "swa_qk_nope_head_dim": 192, "layer_types": ["indexed_attention", "indexed_attention", "sliding_attention",
      "sliding_attention", "sliding_attention", "indexed_attention"]})",
     32'797'700'736, 3'542'430'336, 3'456, 6'528, 384},
    {"ERNIE 4.5 VL 28B",
     R"({"architectures": ["Ernie4_5_VLMoeForConditionalGeneration"], "text_config": {"vocab_size": 103424, "hidden_size": 2560,
      "intermediate_size": 12288, "num_hidden_layers": 28, "num_attention_heads": 20, "num_key_value_heads": 4,
      "moe_intermediate_size": [1536,512], "moe_k": 6, "moe_num_experts": 64, "moe_num_shared_experts": 2, "tie_word_embeddings": true}})",
     28'624'635'776, 3'993'585'536, 57'344, 0, 0},
    {"GPT-NeoX Japanese 2.7B",
     R"({"architectures": ["GPTNeoXJapaneseForCausalLM"], "vocab_size": 32000, "hidden_size": 2560, "num_hidden_layers": 32,
      "num_attention_heads": 32, "intermediate_multiple_size": 4})",
     2'598'837'760, 2'598'837'760, 327'680, 0, 0},
    {"Hy 3",
     R"({"architectures": ["HYV3ForCausalLM"], "vocab_size": 120832, "hidden_size": 4096, "intermediate_size": 13312, "num_hidden_layers": 80,
      "num_attention_heads": 64, "num_key_value_heads": 8, "head_dim": 128, "num_experts": 192, "num_experts_per_tok": 8, "num_shared_experts": 1,
      "moe_intermediate_size": 1536})",
     295'033'528'320, 20'675'715'072, 327'680, 0, 0},
    {"Hy 4 preview",
     R"({"architectures": ["HYV4ForCausalLM"], "vocab_size": 120832, "hidden_size": 2816, "intermediate_size": 6912, "moe_intermediate_size": 768,
      "num_hidden_layers": 34, "num_attention_heads": 32, "n_routed_experts": 256, "n_shared_experts": 1, "num_experts_per_tok": 8,
      "q_lora_rank": 1536, "kv_lora_rank": 512, "qk_nope_head_dim": 192, "qk_rope_head_dim": 64, "v_head_dim": 256, "index_topk": 2048,
      "index_head_dim": 128, "index_n_heads": 16, "hc_mult": 4})",
     58'278'193'133, 5'179'877'357, 39'168, 0, 1'280},
    {"HRM-Text 1B",
     R"({"architectures": ["HrmTextForCausalLM"], "vocab_size": 151808, "hidden_size": 1536, "intermediate_size": 4096, "num_hidden_layers": 16,
      "num_attention_heads": 12, "head_dim": 128, "H_cycles": 2, "L_cycles": 3})",
     1'447'822'848, 1'447'822'848, 786'432, 0, 0},
    {"JetMoE 8B",
     R"({"architectures": ["JetMoeForCausalLM"], "hidden_size": 2048, "intermediate_size": 5632, "kv_channels": 128, "num_key_value_heads": 16,
      "num_attention_heads": 32, "num_hidden_layers": 24, "num_local_experts": 8, "num_experts_per_tok": 2, "vocab_size": 32000})",
     8'522'237'952, 2'331'445'248, 196'608, 0, 0},
    {"Kolibri 1",
     R"({"architectures": ["Kolibri1ForCausalLM"], "vocab_size": 128000, "hidden_size": 2560, "num_hidden_layers": 50, "num_attention_heads": 48,
      "num_key_value_heads": 4, "head_dim": 128, "sliding_window": 513, "moe_intermediate_size": 512, "shared_expert_intermediate_size": 512,
      "num_experts_per_tok": 6, "num_experts": 384, "max_position_embeddings": 262144})",
     78'103'055'360, 3'785'231'360, 20'480, 81'920, 0},
    {"Laguna with 4 of its 40 layers, more heads on sliding ones",
     R"({"architectures": ["LagunaForCausalLM"], "vocab_size": 100352, "hidden_size": 2048, "intermediate_size": 8192, "num_hidden_layers": 4,
      "num_attention_heads": 48, "num_key_value_heads": 8, "head_dim": 128, "sliding_window": 512, "num_attention_heads_per_layer": [48,64,64,64],
      "layer_types": ["full_attention", "sliding_attention", "sliding_attention", "sliding_attention"], "gating": "per-head",
      "moe_intermediate_size": 512, "shared_expert_intermediate_size": 512, "num_experts_per_tok": 8, "num_experts": 256})",
     3'031'420'672, 690'999'040, 4'096, 12'288, 0},
    {"Laguna with a gate per value",
     R"({"architectures": ["LagunaForCausalLM"], "vocab_size": 100352, "hidden_size": 2048, "intermediate_size": 8192, "num_hidden_layers": 4,
      "num_attention_heads": 48, "num_key_value_heads": 8, "head_dim": 128, "gating": "per-element", "moe_intermediate_size": 512,
      "shared_expert_intermediate_size": 512, "num_experts_per_tok": 8, "num_experts": 256})",
     3'056'094'976, 715'673'344, 16'384, 0, 0},
    {"Mellum 2",
     R"({"architectures": ["MellumForCausalLM"], "vocab_size": 98304, "hidden_size": 2304, "num_hidden_layers": 28, "num_attention_heads": 32,
      "num_key_value_heads": 4, "head_dim": 128, "moe_intermediate_size": 896, "num_experts_per_tok": 8, "num_experts": 64})",
     12'149'923'072, 2'439'060'736, 57'344, 0, 0},
    {"MiniMax-M3 with 4 of its 60 layers",
     R"({"architectures": ["MiniMaxM3SparseForConditionalGeneration"], "text_config": {"vocab_size": 200064, "hidden_size": 6144,
      "intermediate_size": 3072, "dense_intermediate_size": 12288, "shared_intermediate_size": 3072, "num_hidden_layers": 4,
      "num_attention_heads": 64, "num_key_value_heads": 4, "head_dim": 128, "num_local_experts": 128, "num_experts_per_tok": 4,
      "moe_layer_freq": [0,1,1,1], "sparse_attention_config": {"sparse_attention_freq": [0,1,1,1], "sparse_num_index_heads": 4,
      "sparse_index_dim": 128, "sparse_block_size": 128, "sparse_topk_blocks": 16}}})",
     25'040'051'968, 3'976'257'280, 8'192, 0, 384},
    {"Mistral Large 4",
     R"({"architectures": ["MistralLarge4ForConditionalGeneration"], "text_config": {"vocab_size": 204800, "hidden_size": 6144,
      "intermediate_size": 24576, "moe_intermediate_size": 6144, "num_hidden_layers": 72, "num_attention_heads": 64, "n_shared_experts": 1,
      "n_routed_experts": 128, "num_experts_per_tok": 4, "kv_lora_rank": 512, "qk_rope_head_dim": 64, "v_head_dim": 128, "qk_nope_head_dim": 64,
      "index_topk": 2048, "index_head_dim": 128, "index_n_heads": 32, "first_k_dense_replace": 1}})",
     1'050'118'202'880, 53'098'587'648, 80'640, 0, 9'216},
    {"ModernBERT decoder",
     R"({"architectures": ["ModernBertDecoderForCausalLM"], "vocab_size": 50368, "hidden_size": 768, "intermediate_size": 1152,
      "num_hidden_layers": 22, "num_attention_heads": 12, "sliding_window": 64, "global_attn_every_n_layers": 3, "max_position_embeddings": 8192})",
     149'655'232, 149'655'232, 24'576, 43'008, 0},
    {"Molmo 2 8B",
     R"({"architectures": ["Molmo2ForConditionalGeneration"], "text_config": {"vocab_size": 151936, "additional_vocab_size": 128,
      "hidden_size": 4096, "intermediate_size": 12288, "num_hidden_layers": 36, "num_attention_heads": 32, "num_key_value_heads": 8,
      "head_dim": 128}})",
     8'191'259'648, 8'191'259'648, 147'456, 0, 0},
    {"Muse Glimmer",
     R"({"architectures": ["MuseGlimmerForConditionalGeneration"], "text_config": {"vocab_size": 202048, "hidden_size": 6656,
      "intermediate_size": 19968, "num_hidden_layers": 52, "num_attention_heads": 32, "num_key_value_heads": 2, "head_dim": 128,
      "sliding_window": 2048, "max_position_embeddings": 131072}})",
     27'854'780'928, 27'854'780'928, 13'312, 39'936, 0},
    {"Muse Spark",
     R"({"architectures": ["MuseSparkForConditionalGeneration"], "text_config": {"vocab_size": 202048, "hidden_size": 8192,
      "intermediate_size": 16384, "num_hidden_layers": 62, "num_attention_heads": 128, "num_key_value_heads": 16, "head_dim": 64,
      "moe_intermediate_size": 4096, "moe_hidden_size": 4096, "num_local_experts": 256, "num_experts_per_tok": 8}})",
     819'990'536'192, 46'091'116'544, 253'952, 0, 0},
    {"GPT (2018)",
     R"({"architectures": ["OpenAIGPTLMHeadModel"], "vocab_size": 40478, "n_embd": 768, "n_layer": 12, "n_head": 12, "n_positions": 512})",
     116'534'784, 116'534'784, 36'864, 0, 0},
    {"BioGPT",
     R"({"architectures": ["BioGptForCausalLM"], "vocab_size": 42384, "hidden_size": 1024, "intermediate_size": 4096, "num_hidden_layers": 24,
      "num_attention_heads": 16, "max_position_embeddings": 1024})",
     346'763'264, 346'763'264, 98'304, 0, 0},
    {"XGLM 564M",
     R"({"architectures": ["XGLMForCausalLM"], "vocab_size": 256008, "d_model": 1024, "ffn_dim": 4096, "num_layers": 24, "attention_heads": 16})",
     564'463'616, 564'463'616, 98'304, 0, 0},
    {"CTRL",
     R"({"architectures": ["CTRLLMHeadModel"], "vocab_size": 246534, "n_embd": 1280, "dff": 8192, "n_layer": 48, "n_head": 16})",
     1'637'964'550, 1'637'964'550, 245'760, 0, 0},
    {"ZAYA1 8B",
     R"({"architectures": ["ZayaForCausalLM"], "vocab_size": 262272, "hidden_size": 2048, "num_hidden_layers": 40, "num_attention_heads": 8,
      "num_key_value_heads": 2, "head_dim": 128, "moe_intermediate_size": 2048, "num_experts_per_tok": 1, "num_experts": 16,
      "router_hidden_size": 256, "cca_time0": 2, "cca_time1": 2})",
     8'840'488'784, 1'290'741'584, 40'960, 0, 0},
    {"Persimmon 8B",
     R"({"architectures": ["PersimmonForCausalLM"], "hidden_size": 4096, "intermediate_size": 16384, "num_attention_heads": 64,
      "num_hidden_layers": 36, "qk_layernorm": true, "vocab_size": 262144})",
     9'397'175'296, 9'397'175'296, 589'824, 0, 0},
    {"Falcon RW 1B",
     R"({"architectures": ["FalconForCausalLM"], "alibi": true, "bias": true, "hidden_size": 2048, "multi_query": false,
      "new_decoder_architecture": false, "num_attention_heads": 32, "num_hidden_layers": 24, "parallel_attn": false, "vocab_size": 50304})",
     1'311'625'216, 1'311'625'216, 196'608, 0, 0},
    {"StableLM 2 12B",
     R"({"architectures": ["StableLmForCausalLM"], "hidden_size": 5120, "intermediate_size": 13824, "num_attention_heads": 32,
      "num_hidden_layers": 40, "num_key_value_heads": 8, "vocab_size": 100352, "qk_layernorm": true, "use_parallel_residual": true})",
     12'143'185'920, 12'143'185'920, 204'800, 0, 0},
    {"Hunyuan A13B, 4 of its 32 layers",
     R"({"architectures": ["HunYuanMoEV1ForCausalLM"], "hidden_size": 4096, "intermediate_size": 3072, "num_attention_heads": 32, "head_dim": 128,
      "num_hidden_layers": 4, "num_key_value_heads": 8, "num_experts": 64, "moe_topk": [8,8,8,8], "moe_intermediate_size": [3072,3072,3072,3072],
      "vocab_size": 128167, "tie_word_embeddings": true})",
     10'508'502'016, 2'052'785'152, 16'384, 0, 0},
    {"Step-3.7 Flash with 4 of its 45 layers",
     R"({"architectures": ["Step3p7ForConditionalGeneration"], "text_config": {"vocab_size": 128896, "hidden_size": 4096, "intermediate_size": 11264,
      "num_hidden_layers": 4, "num_attention_heads": 64, "num_attention_groups": 8, "head_dim": 128, "moe_num_experts": 288, "moe_top_k": 8,
      "moe_intermediate_size": 1280, "share_expert_dim": 1280, "moe_layers_enum": "3", "use_head_wise_attn_gate": true,
      "num_nextn_predict_layers": 1, "sliding_window": 512, "attention_other_setting": {"attention_type": "sliding_attention",
      "num_attention_heads": 96, "num_attention_groups": 8, "head_dim": 128}, "layer_types": ["full_attention", "sliding_attention",
      "sliding_attention", "sliding_attention", "full_attention"]}})",
     6'422'041'600, 2'018'022'400, 4'096, 12'288, 0},
    {"Step 3",
     R"({"architectures": ["Step3TextForCausalLM"], "hidden_size": 7168, "intermediate_size": 18432, "num_attention_heads": 64,
      "num_attention_groups": 1, "num_hidden_layers": 61, "vocab_size": 128815, "moe_intermediate_size": 5120, "moe_num_experts": 48,
      "moe_top_k": 3, "share_expert_dim": 5120, "share_q_dim": 2048, "head_dim": 256,
      "moe_layers_enum": "4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31,)"
     R"(32,33,34,35,36,37,38,39,40,41,42,43,44,45,46,47,48,49,50,51,52,53,54,55,56,57,58,59"})",
     316'294'538'240, 38'841'328'640, 62'464, 0, 0},
    {"LongCat-Flash",
     R"({"architectures": ["LongcatFlashForCausalLM"], "vocab_size": 131072, "hidden_size": 6144, "num_layers": 28, "num_attention_heads": 64,
      "ffn_hidden_size": 12288, "expert_ffn_hidden_size": 2048, "q_lora_rank": 1536, "kv_lora_rank": 512, "qk_nope_head_dim": 128,
      "qk_rope_head_dim": 64, "v_head_dim": 128, "moe_topk": 12, "n_routed_experts": 512, "zero_expert_num": 256})",
     560'664'958'976, 32'182'654'976, 64'512, 0, 0},
    {"openPangu Ultra MoE 718B",
     R"({"architectures": ["PanguUltraMoEForCausalLM"], "vocab_size": 153600, "hidden_size": 7680, "intermediate_size": 18432,
      "moe_intermediate_size": 2048, "num_hidden_layers": 61, "num_attention_heads": 128, "num_shared_experts": 1, "num_routed_experts": 256,
      "num_experts_per_tok": 8, "num_dense_layers": 3, "attention_kv_lora_dim": 512, "attention_q_lora_dim": 1536, "attention_qk_rope_dim": 64,
      "attention_v_dim": 128, "attention_qk_dim": 128, "sandwich_norm": true})",
     719'093'767'680, 40'371'494'400, 70'272, 0, 0},
    {"Ling mini 2.0",
     R"({"architectures": ["BailingMoeV2ForCausalLM"], "num_hidden_layers": 20, "hidden_size": 2048, "intermediate_size": 5120,
      "num_attention_heads": 16, "num_key_value_heads": 4, "head_dim": 128, "vocab_size": 157184, "num_experts": 256, "num_experts_per_tok": 8,
      "num_shared_experts": 1, "moe_intermediate_size": 512, "first_k_dense_replace": 1, "use_qk_norm": true})",
     16'255'638'528, 1'432'968'192, 40'960, 0, 0},
    {"Yuan 2.0 2B",
     R"({"architectures": ["YuanForCausalLM"], "hidden_size": 2048, "intermediate_size": 8192, "num_attention_heads": 32, "num_hidden_layers": 24,
      "vocab_size": 135040})",
     2'088'724'480, 2'088'724'480, 196'608, 0, 0},
    {"DeepSeek-OCR",
     R"({"architectures": ["DeepseekOCRForCausalLM"], "language_config": {"architectures": ["DeepseekV2ForCausalLM"], "hidden_size": 1280,
      "intermediate_size": 6848, "kv_lora_rank": null, "moe_intermediate_size": 896, "n_routed_experts": 64, "n_shared_experts": 2,
      "num_attention_heads": 10, "num_experts_per_tok": 6, "num_hidden_layers": 12, "qk_nope_head_dim": 0, "qk_rope_head_dim": 0, "v_head_dim": 0,
      "use_mla": false, "first_k_dense_replace": 1, "vocab_size": 129280}})",
     2'934'734'080, 739'605'760, 61'440, 0, 0},
    {"Grok 1",
     R"({"architectures": ["Grok1ModelForCausalLM"], "vocab_size": 131072, "hidden_size": 6144, "intermediate_size": 32768, "num_hidden_layers": 64,
      "num_attention_heads": 48, "num_key_value_heads": 8, "num_experts": 8, "num_experts_per_tok": 2})",
     315'684'820'992, 83'756'587'008, 262'144, 0, 0},
};

constexpr bool holds(expectation const& e) {
    auto const read = cx::read_model(launder(e.config));
    if (!read) return false;
    cx::sequence_state const s = cx::state_of(read->ops());
    return read->config.founded == cx::provenance::specification && read->parameters() == e.text && read->active_parameters() == e.active &&
           s.bytes_per_token == e.state && s.windowed_bytes_per_token == e.windowed && s.index_elements_per_token == e.index;
}

TEST(attention_architectures, give_their_counts) {
    for (expectation const& e : expectations) {
        SCOPED_TRACE(std::string(e.name));
        auto const read = cx::read_model(e.config);
        ASSERT_TRUE(read.has_value());
        cx::sequence_state const s = cx::state_of(read->ops());
        EXPECT_EQ(read->config.founded, cx::provenance::specification);
        EXPECT_EQ(read->parameters(), e.text);
        EXPECT_EQ(read->active_parameters(), e.active);
        EXPECT_EQ(s.bytes_per_token, e.state);
        EXPECT_EQ(s.windowed_bytes_per_token, e.windowed);
        EXPECT_EQ(s.index_elements_per_token, e.index);
    }
}
// a few of them in constant evaluation too
constexpr bool in_constant_evaluation() { return holds(expectations[3]) && holds(expectations[5]) && holds(expectations[16]); }
CHECK_TWICE(in_constant_evaluation);

template <class L>
constexpr count elements(L const& layer, count tokens) {
    count sum = 0;
    cx::for_each_op(layer.ops(cx::deployment{}), [&](auto const& o) { sum += cx::cache_of(o).elements(tokens); });
    return sum;
}

constexpr bool layer_types() {
    count active = 0;
    cx::attention_experts const jetmoe{.hidden = launder(count{2048}), .kv_heads = 16, .head_dim = 128, .experts = 8, .top_k = 2};
    cx::for_each_op(jetmoe.ops(cx::deployment{}), [&]<class O>(O const& o) { active += cx::active_parameters_of<O, count>(o); });
    cx::convolved_gqa const zaya{.hidden = launder(count{2048}), .heads = 8, .kv_heads = 2, .head_dim = 128, .kernel = 2, .head_kernel = 2};
    return parameters(jetmoe) == 75'515'904 && active == 25'184'256 && elements(jetmoe, 10) == 40'960 && parameters(zaya) == 5'575'682 &&
           elements(zaya, 0) == 2 * 1280 + 128 && elements(zaya, 10) == 2 * 1280 + 128 + 5120 &&
           parameters(cx::localized_filter{.hidden = launder(count{2048})}) == 8'393'728 &&
           parameters(cx::gqa{.hidden = launder(count{7168}), .heads = 64, .kv_heads = 1, .head_dim = 256, .q_latent = 2048}) == 169'347'072 &&
           parameters(cx::indexer{.hidden = launder(count{6144}), .q_latent = 6144, .heads = 4, .dim = 128, .weighted = false}) == 3'932'416 &&
           // 2 (2 c c hidden + 2 c + 2) with 4 streams that are not mixed
           parameters(cx::hyper_connection{.hidden = launder(count{2816}), .copies = 4, .mixes = false}) == 180'244;
}
CHECK_TWICE(layer_types);

/// The FLOPs and bytes of cache of the attention of a layer, one token decoded or a prompt.
template <class L>
constexpr cx::work<double> attention_of(L const& layer, count fresh, count past) {
    cx::work<double> sum{};
    cx::for_each_op(layer.ops(cx::deployment{}), [&]<class O>(O const& o) {
        if constexpr (cx::op_on_groups<O>)
            sum = sum + o(cx::basic_group<double>{1.0, static_cast<double>(fresh), static_cast<double>(past), past != 0 ? cx::phase::decode : cx::phase::prefill});
    });
    return sum;
}
constexpr bool chosen_keys() {
    cx::gqa const heads{.hidden = launder(count{6144}), .heads = 64, .kv_heads = 4, .head_dim = 128};
    cx::sparse_gqa const m3{heads, 2048};
    cx::sliding_gqa const window{heads, 2048};
    cx::work<double> const decode = attention_of(m3, 1, 8191);
    cx::work<double> const prompt = attention_of(m3, 4096, 0);
    // as many pairs as a window of that size has, but a cache of the whole context, which a prompt reads whole
    return decode.flops == 67'108'864 && decode.state_bytes == 2048.0 * 1024 * 2 && prompt.flops == attention_of(window, 4096, 0).flops &&
           prompt.state_bytes == 4096.0 * 1024 * 2 && elements(m3, 100'000) == 102'400'000 && elements(window, 100'000) == 2048 * 1024;
}
CHECK_TWICE(chosen_keys);

constexpr bool experts_that_cost_nothing() {
    cx::deployment const one{};
    cx::group const three{.sequences = 1, .new_tokens = 3, .past_tokens = 5, .phase = cx::phase::decode};
    auto const flops = [&](auto const& m) {
        double sum = 0;
        cx::for_each_op(m.ops(one), [&]<class O>(O const& o) {
            if constexpr (cx::op_on_totals<O>)
                if (o.purpose() == cx::role::experts) sum += o(cx::moments<double>(three)).flops;
        });
        return sum;
    };
    cx::moe longcat{.hidden = launder(count{6144}), .inner = 2048, .experts = 512, .top_k = 12, .zero_experts = 256};
    cx::moe const plain{.hidden = 6144, .inner = 2048, .experts = 512, .top_k = 8};
    cx::unreached_experts const images{{.hidden = launder(count{2560}), .inner = 512, .experts = 64, .top_k = 6}};
    // two thirds of the choices are of experts that compute; experts for images are stored, and do nothing for text
    return flops(longcat) == flops(plain) && flops(images) == 0 && parameters(images) == 64 * (3 * 2560 * 512 + 2560) &&
           parameters(cx::router_network{.hidden = launder(count{2048}), .width = 256}) == 656'384;
}
CHECK_TWICE(experts_that_cost_nothing);

std::string with(std::string text, std::string_view from, std::string_view to) {
    std::size_t const at = text.find(from);
    return at == std::string::npos ? std::string{} : text.replace(at, from.size(), to);
}
TEST(attention_architectures, lists_that_differ_by_layer_are_no_silent_numbers) {
    auto const config = [](std::string_view name) {
        for (expectation const& e : expectations)
            if (e.name == name) return std::string(e.config);
        return std::string{};
    };
    std::string const laguna = config("Laguna with 4 of its 40 layers, more heads on sliding ones");
    std::string const dots = config("Dots 3 with 6 of its 46 layers");
    std::string const hunyuan = config("Hunyuan A13B, 4 of its 32 layers");
    std::string const step = config("Step-3.7 Flash with 4 of its 45 layers");
    std::string const ernie = config("ERNIE 4.5 VL 28B");
    std::string const large = config("Mistral Large 4");
    std::string const broken[] = {
        with(laguna, "[48,64,64,64]", "[48,64,64,56]"),  with(laguna, "[48,64,64,64]", "[48,64,64]"),
        with(laguna, "[48,64,64,64]", "[48,64,64,0]"),   with(laguna, "[48,64,64,64]", "[48,64,64,\"64\"]"),
        with(laguna, "[48,64,64,64]", "64"),             with(hunyuan, "[8,8,8,8]", "[8,8,8,4]"),
        with(hunyuan, "[3072,3072,3072,3072]", "[3072,1536]"),
        with(step, "\"3\"", "\"3,x\""),                with(step, "\"3\"", "\"3,300\""),
        with(ernie, "[1536,512]", "[1536]"),             with(ernie, "[1536,512]", "[1536,512,256]"),
        with(dots, "\"sliding_window\": 512", "\"sliding_window\": 0"),
        with(large, "\"index_n_heads\": 32", "\"index_n_heads\": 0"),
        with(large, "\"hidden_size\"", "\"kv_source_layers\": [1], \"hidden_size\""),
    };
    for (std::string const& b : broken) {
        SCOPED_TRACE(b);
        ASSERT_FALSE(b.empty());
        EXPECT_FALSE(cx::read_model(b).has_value());
    }
}
TEST(attention_architectures, per_layer_config_is_what_swa_keys_say) {
    std::string const dots(expectations[5].config);
    std::string const keys = R"("swa_num_attention_heads": 64, "swa_kv_lora_rank": 1024, "swa_qk_nope_head_dim": 192)";
    std::string const one = R"({"num_attention_heads": 64, "kv_lora_rank": 1024, "qk_nope_head_dim": 192})";
    std::string const other = R"({"num_attention_heads": 32, "kv_lora_rank": 1024, "qk_nope_head_dim": 192})";
    std::string flat;  // the literal breaks lines
    for (char c : dots)
        if (c != '\n') flat += c;
    while (flat.find("  ") != std::string::npos) flat = with(flat, "  ", " ");
    auto const same = cx::read_model(with(flat, keys, R"("per_layer_config": {"2": )" + one + R"(, "3": )" + one + R"(, "4": )" + one + "}"));
    ASSERT_TRUE(same.has_value());
    EXPECT_EQ(same->parameters(), expectations[5].text);
    EXPECT_FALSE(cx::read_model(with(flat, keys, R"("per_layer_config": {"2": )" + one + R"(, "3": )" + other + R"(, "4": )" + one + "}")).has_value());
    EXPECT_FALSE(cx::read_model(with(flat, keys, R"("per_layer_config": {"2": )" + one + R"(, "3": )" + one + "}")).has_value());
}

}  // namespace
