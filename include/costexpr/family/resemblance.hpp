// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/family/traits.hpp>
#include <costexpr/schema/read.hpp>

#include <array>
#include <string_view>

namespace costexpr {

// What the keys of a config describe when its architecture is not registered.

/// Keys of layers that the plain families (dense, experts, latent attention) do not have: a config with one of them is not read as one.
inline constexpr std::array<std::string_view, 16> unusual_keys{
    "mamba_d_state", "ssm_state_size", "state_size",   "linear_num_value_heads",      "linear_attn_config", "conv_L_cache",
    "compress_ratios", "hc_mult",      "block_configs", "hidden_size_per_layer_input", "cross_attention_layers", "attn_layer_period",
    "hybrid_override_pattern", "layers_block_type", "attn_layer_indices", "cross_layer_interval"};
/// Further keys that decide how a config is read: whether the experts that it names are there, and what says that its layers hold more
/// than any layer type here does (Kimi K3 adds the outputs of earlier blocks to the residual). Lists of one
/// number per layer that families read themselves stand here too, and what single layers have apart from the others.
inline constexpr std::array<std::string_view, 7> deciding_keys{"is_moe",           "attn_res_block_size",           "num_key_value_heads_per_layer", "use_mla",
                                                                "kv_source_layers", "num_attention_heads_per_layer", "per_layer_config"};

namespace detail {

template <class... Names>
constexpr bool has_any(schema::document const& d, Names... names) {
    return ((d.find(std::string_view(names)) != nullptr) || ...);
}

/// The value of a key of the decoder's object that is in no vocabulary: a walk over the text, for configs without a row alone.
constexpr json::value unlisted(schema::document const& d, std::string_view key) {
    return schema::member(d, {.kind = json::kind::object, .begin = d.decoder, .end = static_cast<std::uint32_t>(d.text.size())}, key);
}

}  // namespace detail

/// Whether any of the dimensions stand there that every decoder has: what a wrapper without a nested decoder lacks.
[[nodiscard]] constexpr bool describes_some_decoder(schema::document const& d) {
    return detail::has_any(d, "num_hidden_layers", "n_layer", "n_layers", "num_layers", "hidden_size", "n_embd", "d_model", "num_attention_heads", "n_head", "n_heads");
}
[[nodiscard]] constexpr bool describes_decoder(schema::document const& d) {
    for (std::string_view k : unusual_keys)
        if (d.find(k) != nullptr) return false;
    return detail::has_any(d, "num_hidden_layers", "n_layer", "n_layers", "num_layers") && detail::has_any(d, "hidden_size", "n_embd", "n_embed", "d_model") &&
           detail::has_any(d, "num_attention_heads", "n_head", "n_heads");
}
[[nodiscard]] constexpr bool describes_latent_attention(schema::document const& d) { return detail::has_any(d, "kv_lora_rank"); }
[[nodiscard]] constexpr bool describes_experts(schema::document const& d) {
    // some configs name the experts that they would have, and say that they have none
    schema::slot const* const has = d.find("is_moe");
    if (has != nullptr && has->value.kind == json::kind::boolean && d.raw(*has)[0] == 'f') return false;
    schema::slot const* const network = d.find("ffn_config");
    return detail::has_any(d, "n_routed_experts", "num_local_experts", "num_experts", "moe_num_experts") ||
           (network != nullptr && schema::member(d, network->value, "moe_num_experts").kind != json::kind::end);
}
/// What a decoder of no registered architecture most likely is where no key of a field says it: as Llama; with LayerNorm where the key of its
/// epsilon says so, with a plain network where the activation is one that no gated network has, as GPT-2 where no key gives the inner size.
[[nodiscard]] constexpr traits likely_traits(schema::document const& d) {
    traits is{};
    auto const number = [&](std::string_view key) { return detail::unlisted(d, key).kind == json::kind::number; };
    if ((number("layer_norm_eps") || number("layer_norm_epsilon")) && !number("rms_norm_eps")) is.norm_gains = 2;
    for (std::string_view key : {"hidden_act", "hidden_activation", "activation_function"})
        if (json::value const v = detail::unlisted(d, key); v.kind == json::kind::string)
            for (std::string_view plain : {"\"relu\"", "\"relu2\"", "\"xielu\"", "\"gelu\"", "\"gelu_new\"", "\"gelu_fast\""}) is.gated = is.gated && v.raw(d.text) != plain;
    if (!detail::has_any(d, "intermediate_size", "intermediate_size_mlp", "ffn_hidden_size", "ffn_dim", "n_inner", "block_ff_dim", "moe_intermediate_size", "expert_ffn_hidden_size", "ffn_config")) {
        is.norm_gains = 2;
        is.gated = false;
        is.inner_ratio = 4;
    }
    return is;
}

}  // namespace costexpr
