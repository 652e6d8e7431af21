// SPDX-License-Identifier: BSL-1.0

// Hybrids, recurrent models, models with cross-attention and models whose blocks differ: parameters, active parameters and state of each
// architecture from the dimensions of a released config (or of its config class), and every number that a docstring of their layer types works out.

#include <costexpr/costexpr.hpp>

#include <figures.hpp>

#include <string_view>

namespace {

namespace cx = costexpr;
using cx::count;
using namespace std::string_view_literals;

struct figures {
    count text = 0;
    count active = 0;
    count per_token = 0;  ///< elements of bf16 per token
    count windowed = 0;
    count convolution = 0;
    count recurrent = 0;
    count index = 0;
    friend constexpr bool operator==(figures const&, figures const&) = default;
};

constexpr figures of(std::string_view config, std::string_view family) {
    auto const read = cx::read_model(launder(config));
    if (!read || read->config.family != family) return {};
    cx::sequence_state const s = cx::state_of(read->ops());
    return {read->parameters(), read->active_parameters(), s.elements_per_token, s.windowed_elements_per_token, s.convolution_elements, s.recurrent_elements,
            s.index_elements_per_token};
}
/// The same where every parameter is active.
constexpr figures whole(count text, count per_token = 0, count windowed = 0, count convolution = 0, count recurrent = 0) {
    return {text, text, per_token, windowed, convolution, recurrent, 0};
}

template <class L>
constexpr count fixed(L const& layer, cx::cache::kind kind) {
    count sum = 0;
    cx::for_each_op(layer.ops(cx::deployment{}), [&](auto const& o) { sum += cx::cache_of(o).holds == kind ? cx::cache_of(o).fixed : 0; });
    return sum;
}
template <class L>
constexpr double bytes_per_token(L const& layer) {
    double sum = 0;
    cx::for_each_op(layer.ops(cx::deployment{}), [&](auto const& o) { sum += o(cx::load<double>{.sequences = 1, .tokens = 1}).activation_bytes; });
    return sum;
}

constexpr bool docstrings() {
    using enum cx::cache::kind;
    cx::lightning_attention const lightning{.hidden = launder(count{6144}), .heads = 64, .head_dim = 128};
    cx::mlstm const memory{.hidden = launder(count{4096}), .heads = 8, .query_width = 2048, .value_width = 4096};
    cx::rg_lru const griffin{.hidden = launder(count{2560}), .width = 2560, .heads = 10, .kernel = 4};
    cx::attention_residual const depth{.hidden = launder(count{7168}), .vectors = 2, .sources = 5};
    cx::convolved_attention const inkling{.heads = {.hidden = launder(count{6144}), .heads = 64, .kv_heads = 8, .head_dim = 128, .qk_norm = cx::qk_norm::per_head},
                                          .kernel = 4, .relative_dim = 16, .extent = 1024};
    return parameters(lightning) == 251'666'432 && fixed(lightning, recurrent) == 1'048'576 && parameters(memory) == 67'178'512 &&
           fixed(memory, recurrent) == 1'050'632 && parameters(griffin) == 20'999'680 && fixed(griffin, recurrent) == 2560 && fixed(griffin, convolution) == 7680 &&
           parameters(depth) == 14'336 && bytes_per_token(depth) == 86'016 && parameters(inkling) == 119'611'648 && fixed(inkling, convolution) == 43'008 &&
           parameters(cx::rwkv7_time_mix{.hidden = launder(count{2048}), .head_dim = 64, .decay_rank = 96, .rate_rank = 96, .gate_rank = 256, .value_rank = 64}) == 18'903'040 &&
           parameters(cx::altup{.hidden = launder(count{2048}), .inputs = 4}) == 12'368 && parameters(cx::linear{.inner = launder(count{8192}), .outer = 8192}) == 67'108'864 &&
           parameters(cx::low_rank{.inner = launder(count{2048}), .rank = 64, .outer = 2048}) == 262'144 &&
           parameters(cx::cross_attention{.hidden = launder(count{4096}), .source = 4096, .inner = 14336, .kv_width = 1024, .normed_dim = 128}) == 218'112'258;
}
CHECK_TWICE(docstrings);

// A decode step of a layer with a matrix for a state: 5 FLOPs per element beside the projections, and the state read and written in fp32.
constexpr bool a_step_of_lightning_attention() {
    cx::lightning_attention const layer{.hidden = launder(count{6144}), .heads = 64, .head_dim = 128};
    cx::work<double> sum{};
    cx::for_each_op(layer.ops(cx::deployment{}), [&]<class O>(O const& o) {
        if constexpr (cx::op_on_phase<O>)
            sum = sum + o(cx::load<double>{.sequences = 2, .tokens = 2}, cx::phase::decode);
        else
            sum = sum + o(cx::load<double>{.sequences = 2, .tokens = 2});
    });
    return sum.flops == 2.0 * (2 * 5 * 8192 * 6144.0 + 5 * 64 * 128 * 128.0) && sum.state_bytes == 2.0 * 2 * 4 * 64 * 128 * 128;
}
CHECK_TWICE(a_step_of_lightning_attention);

// --- blocks that differ

// blocks with 8 and 4 KV heads of 64, one whose attention is a linear layer, one without; inner sizes ceil256(2 m 1024 / 3) of 1,536 and 1,024, one of
// 3,000 as it says, one without
constexpr auto nas = R"({"architectures": ["DeciLMForCausalLM"], "model_type": "nemotron-nas", "hidden_size": 1024, "num_attention_heads": 16,
  "num_key_value_heads": null, "intermediate_size": null, "num_hidden_layers": 4, "vocab_size": 1000, "block_configs": [
  {"attention": {"n_heads_in_group": 2, "no_op": false, "window_length": null}, "ffn": {"ffn_mult": 2.0, "no_op": false}},
  {"attention": {"n_heads_in_group": 4, "no_op": false}, "ffn": {"ffn_mult": 1.3125, "no_op": false}},
  {"attention": {"n_heads_in_group": null, "no_op": false, "replace_with_linear": true}, "ffn": {"intermediate_size": 3000}},
  {"attention": {"n_heads_in_group": null, "no_op": true}, "ffn": {"ffn_mult": null, "no_op": true}}]})"sv;
constexpr bool searched_blocks() {
    count const h = 1024;
    return of(nas, "nas") == whole(2 * 1000 * h + h + 6 * h + (2 * h * h + 2 * h * 8 * 64) + (2 * h * h + 2 * h * 4 * 64) + h * h + 3 * h * (1536 + 1024 + 3000), 2 * 12 * 64);
}
CHECK_TWICE(searched_blocks);

// DeciLM-7B (2023): 67 KV heads on its 32 layers make the published 7,043,551,232
constexpr auto decilm = R"({"architectures": ["DeciLMForCausalLM"], "hidden_size": 4096, "intermediate_size": 14336, "num_attention_heads": 32, "num_hidden_layers": 32,
  "vocab_size": 32000, "num_key_value_heads_per_layer": [4, 4, 4, 4, 4, 4, 4, 4, 4, 1, 1, 1, 1, 1, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 4, 2, 2]})"sv;
constexpr bool kv_heads_by_layer() { return of(decilm, "nas") == whole(7'043'551'232, 2 * 67 * 128); }
CHECK_TWICE(kv_heads_by_layer);

// two blocks of 512 experts: 1,280 wide with 4 of them per token, 2,688 wide with 22
constexpr auto puzzle = R"({"architectures": ["NemotronHPuzzleForCausalLM"], "hidden_size": 4096, "num_attention_heads": 32, "num_key_value_heads": 2, "head_dim": 128,
  "intermediate_size": 21504, "n_shared_experts": 1, "moe_latent_size": 1024, "moe_shared_expert_intermediate_size": 5376, "vocab_size": 131072,
  "block_configs": [{"block_type": "mamba"}, {"block_type": "moe", "n_routed_experts": 512, "moe_intermediate_size": 1280, "num_experts_per_tok": 4},
  {"block_type": "attention"}, {"block_type": "moe", "n_routed_experts": 512, "moe_intermediate_size": 2688, "num_experts_per_tok": 22}],
  "mamba_num_heads": 128, "mamba_head_dim": 64, "ssm_state_size": 96, "n_groups": 8, "conv_kernel": 4})"sv;
constexpr bool searched_experts() {
    count const h = 4096;
    count const convolved = 8192 + 2 * 8 * 96;
    count const rest = count{2} * 131072 * h + h + 4 * h + h * (8192 + convolved + 128) + 5 * convolved + 3 * 128 + 8192 + 8192 * h + h * (32 + 4) * 128 + h * h +
                       2 * (h * 512 + 2 * h * 1024 + 2 * h * 5376);
    return of(puzzle, "nemotron_h") == figures{rest + count{512} * 2 * 1024 * (1280 + 2688), rest + 2 * 1024 * (4 * 1280 + 22 * 2688), 2 * 2 * 128, 0, convolved * 3, 128 * 64 * 96};
}
CHECK_TWICE(searched_experts);

// --- shared blocks

// Zamba-7B-v1: 76 layers of Mamba, one block that runs before 13 of them and keeps a cache of its own in each run
constexpr auto zamba = R"({"architectures": ["ZambaForCausalLM"], "model_type": "zamba", "vocab_size": 32000, "hidden_size": 3712, "intermediate_size": 14848,
  "num_hidden_layers": 76, "num_attention_heads": 16, "num_key_value_heads": 16, "attention_head_dim": 464, "n_mamba_heads": 2, "attn_layer_period": 6,
  "attn_layer_offset": 4, "mamba_d_state": 16, "mamba_d_conv": 4, "mamba_expand": 2, "mamba_dt_rank": 232})"sv;
constexpr bool shared_block() {
    count const h = 3712;
    count const d = 7424;
    count const mixer = 2 * h * d + 5 * d + d * (232 + 2 * 16) + 232 * d + d + d * 16 + d + d * h;
    count const block = 3 * d * d + d * h + 3 * h * 14848 + d + h;
    return of(zamba, "zamba") == whole(7'232'490'496, 13 * 2 * 16 * 464, 0, 76 * d * 3, 76 * d * 16) &&
           32000 * h + 77 * h + 76 * mixer + block + 13 * h * h == 7'232'490'496;
}
CHECK_TWICE(shared_block);

// Zamba2-1.2B: 6 runs of one block with adapters of rank 128 on queries, keys, values and the feed-forward network
constexpr auto zamba2 = R"({"architectures": ["Zamba2ForCausalLM"], "model_type": "zamba2", "vocab_size": 32000, "hidden_size": 2048, "intermediate_size": 8192,
  "num_hidden_layers": 38, "num_attention_heads": 32, "n_mamba_heads": 64, "mamba_headdim": 64, "mamba_d_state": 64, "mamba_ngroups": 1, "mamba_expand": 2,
  "hybrid_layer_ids": [5, 11, 17, 23, 29, 35], "num_mem_blocks": 1, "use_shared_attention_adapter": true, "adapter_rank": 128, "kv_channels": 64})"sv;
constexpr bool shared_block_with_adapters() { return of(zamba2, "zamba") == whole(1'205'078'912, 6 * 2 * 32 * 128, 0, 38 * (4096 + 128) * 3, 38 * 4096 * 64); }
CHECK_TWICE(shared_block_with_adapters);

// --- linear attention

// MiniMax-Text-01: 70 layers of lightning attention, 10 of softmax attention, 2 of 32 experts per token
constexpr auto minimax = R"({"architectures": ["MiniMaxText01ForCausalLM"], "attn_type_list": "00000001000000010000000100000001000000010000000100000001000000010000000100000001",
  "head_dim": 128, "hidden_size": 6144, "intermediate_size": 9216, "num_attention_heads": 64, "num_experts_per_tok": 2, "num_hidden_layers": 80,
  "num_key_value_heads": 8, "num_local_experts": 32, "shared_intermediate_size": 0, "vocab_size": 200064})"sv;
constexpr bool lightning() {
    return of(minimax, "lightning_hybrid") == figures{456'089'655'296, 456'089'655'296 - count{80} * 30 * 3 * 6144 * 9216, 10 * 2 * 8 * 128, 0, 0, 70 * 64 * 128 * 128};
}
CHECK_TWICE(lightning);

// the config class of Ling: decay and gate of full rank, one gate per head of the latent attention in every sixth layer
constexpr auto bailing = R"({"architectures": ["BailingHybridForCausalLM"], "model_type": "bailing_hybrid", "vocab_size": 157184, "hidden_size": 2560,
  "intermediate_size": 6144, "moe_intermediate_size": 768, "num_hidden_layers": 42, "num_attention_heads": 32, "head_dim": 128, "num_shared_experts": 1,
  "kv_lora_rank": 512, "qk_rope_head_dim": 64, "v_head_dim": 128, "qk_nope_head_dim": 128, "num_experts_per_tok": 8, "first_k_dense_replace": 2,
  "num_experts": 512, "short_conv_kernel_size": 4, "layer_group_size": 6})"sv;
constexpr bool bailing_hybrid() {
    return of(bailing, "kimi_linear") == figures{124'414'191'072, 124'414'191'072 - count{40} * 504 * 3 * 2560 * 768, 7 * 576, 0, 35 * 3 * 4096 * 3, 35 * 32 * 128 * 128};
}
CHECK_TWICE(bailing_hybrid);

// Ling 3: gates as its config says; with 44 layers in groups of 6, the 2 that no whole group holds have latent attention as well
constexpr auto ling = R"({"architectures": ["BailingMoeV3ForCausalLM"], "vocab_size": 157184, "hidden_size": 2560, "intermediate_size": 6144,
  "moe_intermediate_size": 768, "num_hidden_layers": 44, "num_attention_heads": 32, "head_dim": 128, "num_shared_experts": 1, "kv_lora_rank": 512,
  "qk_rope_head_dim": 64, "v_head_dim": 128, "qk_nope_head_dim": 128, "num_experts_per_tok": 8, "first_k_dense_replace": 2, "num_experts": 512,
  "short_conv_kernel_size": 4, "layer_group_size": 6, "gated_attention_proj_granularity_type": "element_wise"})"sv;
constexpr bool ling_3() {
    count const h = 2560;
    count const experts = 512 * h + 512 * 3 * h * 768 + 3 * h * 768;
    count const latent = h * 32 * 192 + h * 576 + 512 + 512 * 32 * 256 + 32 * 128 * h + h * 32 * 128;
    figures const f = of(ling, "kimi_linear");
    return f.text == 124'414'191'072 + 2 * (2 * h + experts + latent) + 7 * h * (32 * 128 - 32) && f.per_token == 9 * 576 && f.recurrent == 35 * 32 * 128 * 128;
}
CHECK_TWICE(ling_3);

// Ring 2.5 has lightning attention instead: per layer 4 h P + P + P h + 2 d, and no convolution
constexpr auto ring = R"({"architectures": ["BailingMoeV2_5ForCausalLM"], "vocab_size": 1000, "hidden_size": 512, "intermediate_size": 1024, "moe_intermediate_size": 128,
  "num_hidden_layers": 4, "num_attention_heads": 8, "head_dim": 64, "num_shared_experts": 1, "kv_lora_rank": 128, "q_lora_rank": null, "qk_rope_head_dim": 16,
  "v_head_dim": 32, "qk_nope_head_dim": 32, "num_experts_per_tok": 2, "first_k_dense_replace": 1, "num_experts": 16, "layer_group_size": 4, "use_qk_norm": true})"sv;
constexpr bool bailing_with_lightning_attention() {
    count const h = 512;
    count const linear = 5 * h * 512 + 512 + 2 * 64;
    count const latent = h * 8 * 48 + h * 144 + 128 + 128 * 8 * 64 + 8 * 32 * h;
    count const rest = 2 * 1000 * h + h + 8 * h + 3 * linear + latent + 3 * h * 1024 + 3 * (h * 16 + 3 * h * 128);
    return of(ring, "kimi_linear") == figures{rest + 3 * 16 * 3 * h * 128, rest + 3 * 2 * 3 * h * 128, 144, 0, 0, 3 * 8 * 64 * 64};
}
CHECK_TWICE(bailing_with_lightning_attention);

// GLM-5 Next: 4 residual streams, no positions in the latent attention, 16 tokens share an index key
constexpr auto glm = R"({"architectures": ["Glm5NextForCausalLM"], "vocab_size": 1000, "hidden_size": 512, "intermediate_size": 1024, "moe_intermediate_size": 128,
  "num_hidden_layers": 4, "num_attention_heads": 8, "n_shared_experts": 1, "n_routed_experts": 16, "num_experts_per_tok": 2, "kv_lora_rank": 128, "q_lora_rank": 96,
  "qk_rope_head_dim": 0, "qk_nope_head_dim": 64, "v_head_dim": 64, "mlp_layer_types": ["dense", "sparse", "sparse", "sparse"], "index_topk": 2048, "index_head_dim": 64,
  "index_n_heads": 4, "index_kpool": 16, "layer_types": ["linear_attention", "linear_attention", "linear_attention", "indexed_attention"],
  "indexer_types": ["full", "full", "full", "full"], "linear_head_dim": 64, "linear_num_heads": 8, "linear_conv_kernel_dim": 4, "hc_mult": 4})"sv;
constexpr bool glm5_next() {
    count const h = 512;
    count const p = 512;
    count const delta = 4 * h * p + 3 * p * 4 + 2 * (h * 64 + 64 * p) + h * 8 + p + 8 + 64;
    count const latent = h * 96 + 96 + 96 * 8 * 64 + h * 128 + 128 + 128 * 8 * 128 + 8 * 64 * h;
    count const indexer = 96 * 4 * 64 + 2 * h * 64 + 2 * 64 + h * 4 + 16 * 64;
    count const streams = 4 * 2 * (24 * 4 * h + 24 + 3);
    count const rest = 2 * 1000 * h + h + 8 * h + 3 * delta + latent + indexer + streams + 3 * h * 1024 + 3 * (h * 16 + 3 * h * 128);
    return of(glm, "kimi_linear") == figures{rest + 3 * 16 * 3 * h * 128, rest + 3 * 2 * 3 * h * 128, 128, 0, 3 * 3 * p * 3, 3 * 8 * 64 * 64, 64 / 16};
}
CHECK_TWICE(glm5_next);

// Kimi K3 (arXiv:2607.24653): a gate as wide as the values, a norm behind the experts' latent width, attention over depth before each of the 2 x 4 blocks
// and before the head
constexpr auto k3 = R"({"architectures": ["KimiK3ForConditionalGeneration"], "model_type": "kimi_k3", "text_config": {"architectures": ["KimiLinearForCausalLM"],
  "model_type": "kimi_linear", "vocab_size": 1000, "hidden_size": 512, "intermediate_size": 1024, "moe_intermediate_size": 128, "num_hidden_layers": 4, "num_attention_heads": 8,
  "num_shared_experts": 2, "num_experts": 16, "num_experts_per_token": 2, "first_k_dense_replace": 1, "routed_expert_hidden_size": 256, "latent_moe_use_norm": true,
  "kv_lora_rank": 128, "q_lora_rank": 96, "qk_rope_head_dim": 16, "qk_nope_head_dim": 32, "v_head_dim": 32, "mla_use_output_gate": true, "attn_res_block_size": 2,
  "linear_attn_config": {"full_attn_layers": [4], "kda_layers": [1, 2, 3], "num_heads": 8, "head_dim": 32, "short_conv_kernel_size": 4, "use_full_rank_gate": true}}})"sv;
constexpr bool kimi_k3() {
    count const h = 512;
    count const p = 256;
    count const delta = 4 * h * p + 3 * p * 4 + h * 32 + 32 * p + h * 8 + h * p + p + 8 + 32;
    count const latent = h * 96 + 96 + 96 * 8 * 48 + h * 144 + 128 + 128 * 8 * 64 + 8 * 32 * h + h * 8 * 32;
    count const rest = 2 * 1000 * h + h + 8 * h + 3 * delta + latent + (2 * 4 + 1) * 2 * h + 3 * h * 1024 + 3 * (h * 16 + 2 * h * 256 + 256 + 3 * h * 2 * 128);
    auto const read = cx::read_model(launder(k3));
    return read && read->config.founded == cx::provenance::specification &&
           of(k3, "kimi_linear") == figures{rest + 3 * 16 * 3 * 256 * 128, rest + 3 * 2 * 3 * 256 * 128, 144, 0, 3 * 3 * p * 3, 3 * 8 * 32 * 32};
}
CHECK_TWICE(kimi_k3);

// --- recurrence

constexpr auto xlstm = R"({"architectures": ["xLSTMForCausalLM"], "model_type": "xlstm", "vocab_size": 50304, "embedding_dim": 4096, "num_blocks": 32, "num_heads": 8})"sv;
constexpr bool xlstm_7b() { return of(xlstm, "xlstm") == whole(6'865'424'896, 0, 0, 0, count{32} * 1'050'632); }
CHECK_TWICE(xlstm_7b);

// RecurrentGemma-2B: 18 recurrences, 8 layers of attention over 2,048 tokens with one KV head of 256
constexpr auto griffin = R"({"architectures": ["RecurrentGemmaForCausalLM"], "model_type": "recurrent_gemma", "num_hidden_layers": 26, "vocab_size": 256000,
  "hidden_size": 2560, "intermediate_size": 15360, "num_attention_heads": 10, "num_key_value_heads": 1, "head_dim": 256, "lru_width": 2560,
  "attention_window_size": 2048, "conv1d_width": 4, "block_types": ["recurrent", "recurrent", "attention"]})"sv;
constexpr bool recurrent_gemma() {
    auto const read = cx::read_model(launder(griffin));
    return of(griffin, "recurrent_gemma") == whole(2'682'862'080, 0, 8 * 2 * 256, 18 * 2560 * 3, 18 * 2560) &&
           read->state_bytes(100'000) == 2048 * 8 * 2 * 256 * 2 + 18 * (2560 * 3 * 2 + 2560 * 4);
}
CHECK_TWICE(recurrent_gemma);

// RWKV-7 1.5B: 32 heads of 64 x 64, and two last tokens
constexpr auto rwkv7 = R"({"architectures": ["RWKV7ForCausalLM"], "model_type": "rwkv7", "hidden_size": 2048, "num_hidden_layers": 24, "vocab_size": 65536,
  "head_dim": 64, "decay_low_rank_dim": 96, "a_low_rank_dim": 96, "gate_low_rank_dim": 256, "v_low_rank_dim": 64})"sv;
constexpr bool rwkv7_2b() { return of(rwkv7, "rwkv") == whole(1'527'404'544, 0, 0, 0, 24 * (2048 * 64 + 2 * 2048)); }
CHECK_TWICE(rwkv7_2b);

// RWKV-4 whose time mixing is wider than the model
constexpr auto rwkv4 = R"({"architectures": ["RwkvForCausalLM"], "model_type": "rwkv", "hidden_size": 768, "num_hidden_layers": 12, "vocab_size": 50277,
  "attention_hidden_size": 1024})"sv;
constexpr bool rwkv4_wider() { return of(rwkv4, "rwkv") == whole(178'785'792, 0, 0, 0, 12 * (3 * 1024 + 2 * 768)); }
CHECK_TWICE(rwkv4_wider);

constexpr auto falcon = R"({"architectures": ["FalconMambaForCausalLM"], "model_type": "falcon_mamba", "hidden_size": 4096, "num_hidden_layers": 64, "vocab_size": 65024,
  "intermediate_size": 8192, "state_size": 16, "time_step_rank": 256, "conv_kernel": 4, "expand": 16, "tie_word_embeddings": false})"sv;
constexpr bool falcon_mamba_7b() { return of(falcon, "state_space") == whole(7'272'665'088, 0, 0, 64 * 8192 * 3, 64 * 8192 * 16); }
CHECK_TWICE(falcon_mamba_7b);

// a Jamba with one expert has none, and no router
constexpr auto jamba = R"({"architectures": ["JambaForCausalLM"], "model_type": "jamba", "hidden_size": 2560, "num_hidden_layers": 28, "vocab_size": 65536,
  "intermediate_size": 8192, "num_attention_heads": 20, "num_key_value_heads": 1, "num_experts": 1, "num_experts_per_tok": 1, "mamba_dt_rank": 160, "mamba_d_state": 16,
  "attn_layer_offset": 7, "attn_layer_period": 14, "expert_layer_offset": 1, "expert_layer_period": 2, "tie_word_embeddings": true})"sv;
constexpr bool jamba_3b() { return of(jamba, "mamba_hybrid") == whole(3'029'337'472, 2 * 2 * 128, 0, 26 * 5120 * 3, 26 * 5120 * 16); }
CHECK_TWICE(jamba_3b);

// LFM2-350M adjusts its inner size where the file does not say that it does not: ceil256(2/3 6,656) = 4,608
constexpr auto lfm2 = R"({"architectures": ["Lfm2ForCausalLM"], "model_type": "lfm2", "hidden_size": 1024, "num_hidden_layers": 16, "num_attention_heads": 16,
  "num_key_value_heads": 8, "block_ff_dim": 6656, "intermediate_size": 6656, "vocab_size": 65536, "conv_L_cache": 3, "full_attn_idxs": [2, 5, 8, 10, 12, 14]})"sv;
constexpr bool lfm2_350m() { return of(lfm2, "convolution_hybrid") == whole(354'483'968, 6 * 2 * 8 * 64, 0, 10 * 1024 * 2); }
CHECK_TWICE(lfm2_350m);

// LFM3: norms behind the blocks, one gate per head
constexpr auto lfm3 = R"({"architectures": ["Lfm3ForCausalLM"], "model_type": "lfm3", "vocab_size": 128000, "hidden_size": 2048, "intermediate_size": 7680,
  "num_hidden_layers": 24, "num_attention_heads": 16, "num_key_value_heads": 4, "head_dim": 128, "sliding_window": 256, "conv_L_cache": 7, "use_sandwich_norm": true,
  "use_attention_gate": true, "layer_types": ["conv", "conv", "full_attention", "conv", "sliding_attention", "conv", "full_attention", "conv", "sliding_attention", "conv",
  "full_attention", "conv", "sliding_attention", "conv", "full_attention", "conv", "sliding_attention", "conv", "full_attention", "conv", "sliding_attention", "conv",
  "full_attention", "conv"]})"sv;
constexpr bool lfm3_2b() { return of(lfm3, "convolution_hybrid") == whole(1'728'801'536, 6 * 2 * 4 * 128, 5 * 2 * 4 * 128, 13 * 2048 * 6); }
CHECK_TWICE(lfm3_2b);

// --- convolutions beside attention

// Inkling: 55 sliding layers with 16 KV heads over 512 tokens, 11 full ones with 8; 6 of 256 experts and 2 shared ones
constexpr auto inkling = R"({"architectures": ["InklingForCausalLM"], "model_type": "inkling_text", "vocab_size": 201024, "hidden_size": 6144, "num_hidden_layers": 66,
  "num_attention_heads": 64, "num_key_value_heads": 8, "head_dim": 128, "swa_num_attention_heads": 64, "swa_num_key_value_heads": 16, "swa_head_dim": 128,
  "sliding_window_size": 512, "d_rel": 16, "rel_extent": 1024, "conv_kernel_size": 4, "moe_intermediate_size": 3072, "n_routed_experts": 256,
  "num_experts_per_tok": 6, "n_shared_experts": 2})"sv;
constexpr bool inkling_1() {
    return of(inkling, "inkling") == figures{975'340'270'146, 41'059'054'146, 11 * 2 * 8 * 128, 55 * 2 * 16 * 128, 3 * (55 * 4096 + 11 * 2048 + 66 * 2 * 6144), 0};
}
CHECK_TWICE(inkling_1);

// Inkling 2: 47 + 2 x 8 weighted means over depth before attention, 48 before the experts, one before the head
constexpr auto inkling2 = R"({"architectures": ["Inkling2ForCausalLM"], "model_type": "inkling2_text", "vocab_size": 201024, "hidden_size": 4608, "num_hidden_layers": 48,
  "num_attention_heads": 48, "num_key_value_heads": 8, "head_dim": 128, "swa_num_attention_heads": 48, "swa_num_key_value_heads": 8, "swa_head_dim": 128,
  "sliding_window_size": 1024, "d_rel": 16, "rel_extent": 1024, "conv_kernel_size": 4, "moe_intermediate_size": 2304, "n_routed_experts": 384,
  "num_experts_per_tok": 8, "n_layers_per_attn_res_block": 6})"sv;
constexpr bool inkling_2() {
    count const text = 593'722'930'176;
    return of(inkling2, "inkling") == figures{text, text - count{48} * 376 * 3 * 4608 * 2304, 8 * 2 * 8 * 128, 40 * 2 * 8 * 128, 3 * 48 * (2048 + 2 * 4608), 0};
}
CHECK_TWICE(inkling_2);

// --- Gemma 3n, Gemma 4

// Gemma 3n E4B: 15 of 35 layers borrow their keys and values
constexpr auto gemma3n = R"({"architectures": ["Gemma3nForConditionalGeneration"], "model_type": "gemma3n", "text_config": {"model_type": "gemma3n_text", "vocab_size": 262400,
  "hidden_size": 2048, "intermediate_size": [16384, 16384, 16384, 16384, 16384, 16384, 16384, 16384, 16384, 16384, 16384, 16384, 16384, 16384, 16384, 16384, 16384, 16384,
  16384, 16384, 16384, 16384, 16384, 16384, 16384, 16384, 16384, 16384, 16384, 16384, 16384, 16384, 16384, 16384, 16384], "num_hidden_layers": 35, "num_attention_heads": 8,
  "num_key_value_heads": 2, "head_dim": 256, "sliding_window": 512, "vocab_size_per_layer_input": 262144, "hidden_size_per_layer_input": 256, "altup_num_inputs": 4,
  "num_kv_shared_layers": 15, "laurel_rank": 64}})"sv;
constexpr bool gemma3n_e4b() { return of(gemma3n, "gemma4") == whole(6'835'235'568, 4 * 2 * 2 * 256, 16 * 2 * 2 * 256); }
CHECK_TWICE(gemma3n_e4b);

// Gemma 4 26B-A4B: 8 of 128 experts beside the dense network, 2 KV heads of 512 on 5 global layers; said by the older keys, and layer by layer
constexpr auto gemma4 = R"({"architectures": ["Gemma4ForCausalLM"], "model_type": "gemma4_text", "hidden_size": 2816, "num_hidden_layers": 30, "intermediate_size": 2112,
  "num_attention_heads": 16, "num_key_value_heads": 8, "num_global_key_value_heads": 2, "attention_k_eq_v": true, "head_dim": 256, "global_head_dim": 512,
  "vocab_size": 262144, "hidden_size_per_layer_input": 0, "enable_moe_block": true, "num_experts": 128, "top_k_experts": 8, "moe_intermediate_size": 704,
  "sliding_window": 1024})"sv;
constexpr auto gemma4_by_layer = R"({"architectures": ["Gemma4ForCausalLM"], "model_type": "gemma4_text", "hidden_size": 2816, "num_hidden_layers": 30, "intermediate_size": 2112,
  "num_attention_heads": 16, "num_key_value_heads": 8, "attention_k_eq_v": true, "head_dim": 256, "vocab_size": 262144, "hidden_size_per_layer_input": 0,
  "enable_moe_block": true, "num_experts": 128, "top_k_experts": 8, "moe_intermediate_size": 704, "sliding_window": 1024, "per_layer_config": {
  "05": {"head_dim": 512, "num_key_value_heads": 2}, "11": {"head_dim": 512, "num_key_value_heads": 2}, "17": {"head_dim": 512, "num_key_value_heads": 2},
  "23": {"head_dim": 512, "num_key_value_heads": 2}, "29": {"head_dim": 512, "num_key_value_heads": 2}}})"sv;
constexpr bool gemma4_26b() {
    count const text = 25'233'141'760;
    figures const expected{text, text - count{30} * 120 * 3 * 2816 * 704, 5 * 2 * 2 * 512, 25 * 2 * 8 * 256, 0, 0};
    return of(gemma4, "gemma4") == expected && of(gemma4_by_layer, "gemma4") == expected;
}
CHECK_TWICE(gemma4_26b);

// a drafter keeps nothing: all its layers read the cache of the model that they draft for
constexpr auto assistant = R"({"architectures": ["Gemma4AssistantForCausalLM"], "model_type": "gemma4_assistant", "backbone_hidden_size": 1536, "text_config": {
  "model_type": "gemma4_text", "hidden_size": 256, "num_hidden_layers": 4, "intermediate_size": 1024, "num_attention_heads": 4, "num_key_value_heads": 1, "head_dim": 256,
  "global_head_dim": 512, "vocab_size": 262144, "hidden_size_per_layer_input": 0, "sliding_window": 512,
  "layer_types": ["sliding_attention", "sliding_attention", "sliding_attention", "full_attention"]}})"sv;
constexpr bool gemma4_assistant() {
    count const h = 256;
    return of(assistant, "gemma4") == whole(262144 * h + h + 16 * h + 3 * (2 * h * 1024 + 256) + (2 * h * 2048 + 512) + 4 * 3 * h * 1024 + 2 * 1536 * h + h * 1536);
}
CHECK_TWICE(gemma4_assistant);

// --- cross-attention

// Llama 3.2 11B Vision: 8 of 40 layers attend to the image and keep nothing of the text
constexpr auto mllama = R"({"architectures": ["MllamaForConditionalGeneration"], "model_type": "mllama", "text_config": {"model_type": "mllama_text_model", "vocab_size": 128256,
  "hidden_size": 4096, "num_hidden_layers": 40, "num_attention_heads": 32, "num_key_value_heads": 8, "intermediate_size": 14336,
  "cross_attention_layers": [3, 8, 13, 18, 23, 28, 33, 38]}})"sv;
constexpr bool llama_3_2_11b() {
    count const h = 4096;
    count const self = 2 * h * h + 2 * h * 1024 + 3 * h * 14336 + 2 * h;
    return of(mllama, "dense") == whole(9'775'192'080, 32 * 2 * 8 * 128) && (128264 + 128256) * h + h + 40 * self + 8 * (2 * 128 + 2) == 9'775'192'080;
}
CHECK_TWICE(llama_3_2_11b);

// --- what cannot be

constexpr bool fails(std::string_view config, cx::errc code, std::string_view key) {
    auto const read = cx::read_model(launder(config));
    return !read && read.error().front().code == code && read.error().front().key == key;
}
constexpr bool impossible_configs() {
    using enum cx::errc;
    return fails(R"({"architectures": ["DeciLMForCausalLM"], "hidden_size": 1024, "num_attention_heads": 16, "num_hidden_layers": 1, "vocab_size": 1000,
                   "block_configs": [{"attention": {"n_heads_in_group": 3}, "ffn": {"no_op": true}}]})"sv, not_divisible, "block_configs") &&
           fails(R"({"architectures": ["DeciLMForCausalLM"], "hidden_size": 1024, "num_attention_heads": 16, "num_hidden_layers": 1, "vocab_size": 1000,
                   "block_configs": [{"attention": {"no_op": true}, "ffn": {"ffn_mult": 0}}]})"sv, wrong_type, "block_configs") &&
           fails(R"({"architectures": ["DeciLMForCausalLM"], "hidden_size": 1024, "num_attention_heads": 16, "num_hidden_layers": 2, "vocab_size": 1000,
                   "block_configs": [{"attention": {"no_op": true}, "ffn": {"no_op": true}}]})"sv, length_mismatch, "block_configs") &&
           fails(R"({"architectures": ["DeciLMForCausalLM"], "hidden_size": 1024, "num_attention_heads": 16, "intermediate_size": 64, "num_hidden_layers": 1,
                   "vocab_size": 1000, "num_key_value_heads_per_layer": [5]})"sv, not_divisible, "num_key_value_heads_per_layer") &&
           fails(R"({"architectures": ["Zamba2ForCausalLM"], "vocab_size": 1000, "hidden_size": 64, "num_hidden_layers": 4, "num_attention_heads": 4, "n_mamba_heads": 2,
                   "mamba_headdim": 64, "mamba_d_state": 16})"sv, missing_key, "layers_block_type") &&
           fails(R"({"architectures": ["MllamaForCausalLM"], "vocab_size": 1000, "hidden_size": 64, "num_hidden_layers": 4, "num_attention_heads": 4,
                   "intermediate_size": 64, "cross_attention_layers": [1, 4]})"sv, out_of_range, "cross_attention_layers") &&
           fails(R"({"architectures": ["xLSTMForCausalLM"], "vocab_size": 1000, "hidden_size": 512, "num_hidden_layers": 4, "num_heads": 7})"sv, not_divisible, "qk_dim_factor") &&
           fails(R"({"architectures": ["BailingHybridForCausalLM"], "vocab_size": 1000, "hidden_size": 512, "intermediate_size": 64, "num_hidden_layers": 4,
                   "num_attention_heads": 8, "head_dim": 64, "kv_lora_rank": 128, "qk_rope_head_dim": 16, "v_head_dim": 32, "qk_nope_head_dim": 32})"sv, missing_key,
                 "linear_attn_config.kda_layers") &&
           fails(R"({"architectures": ["RWKV7ForCausalLM"], "vocab_size": 1000, "hidden_size": 512, "num_hidden_layers": 4, "head_dim": 64, "a_low_rank_dim": 16,
                   "gate_low_rank_dim": 16, "v_low_rank_dim": 16})"sv, missing_key, "decay_low_rank_dim");
}
CHECK_TWICE(impossible_configs);

}  // namespace
