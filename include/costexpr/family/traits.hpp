// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/core/math.hpp>
#include <costexpr/layer/gqa.hpp>

#include <string_view>

namespace costexpr {

/// What an architecture's code fixes and no key of its config says, or what holds when a key is left out. The members name the default of
/// the key beside them; everything not mentioned is that of Llama.
struct traits {
    // attention
    bool qkv_bias = false;            ///< attention_bias and its kin
    bool bias_on_output = true;       ///< whether attention_bias means the output projection too
    bool output_bias = false;         ///< on the output projection alone
    bool fixed_bias = false;          ///< the biases are there whatever attention_bias says
    bool multi_query = false;         ///< one KV head, whatever num_kv_heads says (Falcon before its new decoder, BigCode)
    costexpr::qk_norm qk_norm = qk_norm::per_head;  ///< which, where there is one
    bool qk_normed = false;           ///< use_qk_norm
    count qk_gains = 1;               ///< of the norms on queries and keys: 1 RMSNorm, 2 LayerNorm with bias
    count attention_vectors = 0;      ///< learned vectors of head_dim (arXiv:2410.05258 has 4)
    bool gated_attention = false;     ///< queries carry an output gate
    bool gated_heads = false;         ///< an output gate of one value per head
    bool filters = false;             ///< queries and keys pass a filter over the last tokens (Yuan)
    bool masks = false;               ///< a learned mask from the values (Doge)
    bool floors_head_dim = false;     ///< head_dim is the whole part of hidden / heads where no key gives it and it does not divide
    bool sub_norms = false;           ///< norms in front of the projections out of attention and feed-forward network (BitNet)
    bool attention_experts = false;   ///< query and output projections are experts, chosen per token (JetMoe)
    bool sinks = false;               ///< one learned logit per head
    bool sliding_sinks = false;       ///< the same on sliding layers alone (add_swa_attention_sink_bias)
    count sliding_kv_heads = 0;       ///< swa_num_key_value_heads
    bool windowed = true;             ///< whether sliding_window alone makes every layer a sliding one (use_sliding_window)
    count window_period = 0;          ///< every so-manieth layer is a full one, the others slide
    bool full_first = false;          ///< counted from the first layer on, which is a full one (ModernBERT)
    // latent attention
    bool latent_gated = false;        ///< an output gate of the width of the values
    bool gate_with_queries = false;   ///< the same, projected with the queries (A.X-K2)
    count head_vectors = 0;           ///< learned values per head
    bool rope_norm = false;           ///< a norm on the key's rotated part
    count unrotated_every = 0;        ///< every so-manieth layer has no rotary embedding, and so no rotated part of its keys (no_rope_layers)
    count index_period = 0;           ///< of the layers past the second, every so-manieth has an indexer (index_topk_freq)
    bool scaled_index = false;        ///< the indexer reads hidden states through a norm, and scales its logits (Mistral Large 4)
    count attention_blocks = 1;       ///< attention layers and dense networks in each of `num_layers` layers (LongCat-Flash has 2)
    bool parallel_streams = false;    ///< hyper-connections that do not mix the streams with each other (Hy 4)
    // norms
    count norm_gains = 1;             ///< 1 RMSNorm, 2 LayerNorm with bias, 0 without weights
    count norms = 2;                  ///< per layer
    count altup_streams = 0;          ///< altup_num_inputs
    bool parallel_drops_norm = false; ///< one norm less where use_parallel_residual says so (StableLM)
    count post_norms = 0;             ///< further norms per layer where use_post_norm or new_decoder_architecture says so
    bool embedding_norm = false;      ///< one behind the input table (BLOOM)
    bool final_norm = true;           ///< one in front of the head
    count moe_norms = 0;              ///< further norms on layers with experts
    count layer_vectors = 0;          ///< learned vectors of the hidden size per layer beside the norms: scales of residuals (Doge)
    count model_vectors = 0;          ///< the same once per model
    // feed-forward
    bool gated = true;
    bool mlp_bias = false;
    bool down_bias = false;           ///< on the projection down alone
    bool halved_inner = false;        ///< intermediate_size counts gate and up projection together
    bool adjusted_inner = false;      ///< block_auto_adjust_ff_dim
    count inner_ratio = 0;            ///< inner size over width where no key says it
    count activation_weights = 0;     ///< learned scalars of the activation function (xIELU)
    // experts
    count shared_experts = 0;         ///< n_shared_experts
    bool shared_size_each = false;    ///< the size that the config gives for shared experts is that of each
    bool shared_gate = false;         ///< a sigmoid gate on the shared expert
    count router_bias = 0;            ///< trained vectors of one value per expert beside the router's matrix
    bool router_bias_from_key = false;///< moe_use_aux_free decides
    bool expert_bias = false;
    bool dense_residual = false;      ///< a dense feed-forward network beside the experts, with a norm of its own (Arctic)
    bool dense_inner_from_mlp_key = false;
    count latent_norms = 0;           ///< norms of the width that experts work in (Muse Spark)
    count output_bias_of_experts = 0; ///< vectors of the hidden size added to what the experts give (JetMoe)
    bool other_modality = false;      ///< a second set of experts, for tokens of images (ERNIE 4.5 VL)
    count first_dense = 0;            ///< first_k_dense_replace
    // state spaces
    bool second_generation = true;    ///< Mamba-2, else Mamba
    bool gated_mixer_norm = true;     ///< mamba_rms_norm
    bool mixer_inner_norms = false;   ///< norms on time step, B and C (Jamba)
    bool full_rank_mixer = false;     ///< decay and gate of Kimi delta attention are projections of full rank
    bool delta_rule = false;          ///< RWKV-7
    bool full_remainder = false;      ///< layers behind the last whole layer_group_size have full attention
    bool lightning = false;           ///< lightning attention in the place of Kimi delta attention
    bool parallel_mixers = false;     ///< attention and state space side by side in every layer (Falcon-H1)
    bool two_stacks = false;          ///< a slow and a fast stack of layers take turns (HRM)
    // embedding and head
    bool tied = false;                ///< tie_word_embeddings
    bool head_bias = false;           ///< lm_head_bias
    bool head_transform = false;      ///< a square projection with a norm in front of the head (ModernBERT)
    count extra_embeddings = 0;       ///< rows of the input table beyond the vocabulary
    bool learned_positions = false;   ///< a table with one row per position of the context
    count extra_positions = 0;        ///< rows of that table beyond it (OPT)
    // dimensions that the config class of transformers fills in where files leave them out
    struct sizes {
        count layers = 0, hidden = 0, heads = 0, kv_heads = 0, head_dim = 0, inner = 0, vocab = 0, window = 0, context = 0;
        friend constexpr bool operator==(sizes const&, sizes const&) = default;
    } size{};

    friend constexpr bool operator==(traits const&, traits const&) = default;
};

/// One architecture of a family: the string in `architectures`, the `model_type`, and its traits.
struct arch {
    std::string_view name;
    std::string_view model_type;
    traits is{};
};

}  // namespace costexpr
