// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace costexpr {

/// What an op is for in its layer: the "name" of a breakdown row, and the module of the checkpoint whose weights it owns.
enum class role : std::uint8_t {
    embedding,
    positions,
    embedding_projection,
    per_layer_embedding,
    pipeline,
    norm,
    qkv,
    qk_norm_rope_cache,
    attention,
    context_exchange,
    attention_output,
    attention_all_reduce,
    mla_down,
    mla_norm,
    mla_query_up,
    mla_key_value_up,
    mixer_in,
    mixer_parameters,
    mixer_gate,
    convolution,
    recurrence,
    mixer_norm,
    mixer_out,
    compressor,
    hyper_connection,
    index_projection,
    index_scores,
    projection,
    gate_up,
    activation,
    down,
    mlp_all_reduce,
    router,
    dispatch,
    expert_latent,
    experts,
    combine,
    shared_gate_up,
    shared_activation,
    shared_down,
    shared_gate,
    head_projection,
    head,
    logits_gather,
};

inline constexpr std::string_view role_names[] = {
    "embedding", "positions", "embedding_projection", "per_layer_embedding", "pipeline", "norm", "qkv", "qk_norm_rope_cache", "attention",
    "context_exchange", "attention_output", "attention_all_reduce", "mla_down", "mla_norm", "mla_query_up", "mla_key_value_up", "mixer_in", "mixer_parameters", "mixer_gate",
    "convolution", "recurrence", "mixer_norm", "mixer_out", "compressor", "hyper_connection", "index_projection", "index_scores", "projection", "gate_up",
    "activation", "down", "mlp_all_reduce", "router", "dispatch", "expert_latent", "experts", "combine", "shared_gate_up", "shared_activation",
    "shared_down", "shared_gate", "head_projection", "head", "logits_gather",
};

inline constexpr std::size_t role_count = sizeof role_names / sizeof role_names[0];
[[nodiscard]] constexpr std::string_view name(role r) { return role_names[static_cast<std::size_t>(r)]; }

}  // namespace costexpr
