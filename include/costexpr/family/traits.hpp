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
    costexpr::qk_norm qk_norm = qk_norm::per_head;  ///< which, where there is one
    bool qk_normed = false;           ///< use_qk_norm
    bool gated_attention = false;     ///< queries carry an output gate
    bool sinks = false;
    bool windowed = true;             ///< whether sliding_window alone makes every layer a sliding one (use_sliding_window)
    count window_period = 0;          ///< every so-manieth layer is a full one, the others slide
    // norms
    count norm_gains = 1;             ///< 1 RMSNorm, 2 LayerNorm with bias, 0 without weights
    count norms = 2;                  ///< per layer
    // feed-forward
    bool gated = true;
    bool mlp_bias = false;
    bool halved_inner = false;        ///< intermediate_size counts gate and up projection together
    // experts
    count shared_experts = 0;         ///< n_shared_experts
    bool shared_gate = false;         ///< a sigmoid gate on the shared expert
    count router_bias = 0;            ///< trained vectors of one value per expert beside the router's matrix
    bool router_bias_from_key = false;///< moe_use_aux_free decides
    bool expert_bias = false;
    bool dense_residual = false;      ///< a dense feed-forward network beside the experts, with a norm of its own (Arctic)
    bool dense_inner_from_mlp_key = false;
    count first_dense = 0;            ///< first_k_dense_replace
    // embedding and head
    bool tied = false;                ///< tie_word_embeddings
    bool head_bias = false;           ///< lm_head_bias
    count extra_embeddings = 0;       ///< rows of the input table beyond the vocabulary

    friend constexpr bool operator==(traits const&, traits const&) = default;
};

/// One architecture of a family: the string in `architectures`, the `model_type`, and its traits.
struct arch {
    std::string_view name;
    std::string_view model_type;
    traits is{};
};

}  // namespace costexpr
