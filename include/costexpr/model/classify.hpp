// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/model/registry.hpp>
#include <costexpr/schema/error.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

// Whether a config is read whole, and what to write where it is not. A second walk over the text, apart from read_model: whoever only
// reads models pays nothing for it.

namespace costexpr {

/// What a config asks of the library: nothing (S1), keys in field tables or a row in a family's table (S2), layers that are not there (S3).
enum class situation : std::uint8_t { s1, s2, s3 };
inline constexpr std::array<std::string_view, 3> situation_names{"S1", "S2", "S3"};

/// What a config holds besides layers of one kind.
enum class feature : std::uint8_t {
    mtp, mla, moe, shared_experts, indexer, sliding_window, layer_pattern, linear_attention, state_space, convolution, nested_text_config, vision_tower, audio_tower, quantization,
};
inline constexpr std::array<std::string_view, 14> feature_names{"mtp",         "mla",         "moe",                "shared_experts", "indexer",     "sliding_window", "layer_pattern", "linear_attention",
                                                                "state_space", "convolution", "nested_text_config", "vision_tower",   "audio_tower", "quantization"};

/// A struct with a field table, by its name and file.
struct table_place {
    std::string_view name{};
    std::string_view file{};
};

/// A structural key that no field of the family reads.
struct unread_key {
    std::uint32_t offset = 0;  ///< of its value
    table_place place{};       ///< the table that would read it
};

/// Something that is not there yet.
struct missing_part {
    enum class kind : std::uint8_t {
        row,          ///< of the architecture, in a family's table
        key,          ///< that the family requires
        combination,  ///< a layer type that there is, and the family does not compose
        layer_kind,   ///< the same, where a per-layer list names it
        layer_type,   ///< one that there is not
        composition,  ///< a family whose layers the keys describe
    };
    kind what = kind::row;
    std::uint32_t offset = 0;   ///< of the value that says so
    std::string_view name{};    ///< of the key or the layer type, empty where the value says it; static storage
};

/// The answer of classify(): which situation, what is not read, what is missing.
struct classification {
    costexpr::situation situation = situation::s1;
    short_string architecture{};
    std::string_view family{};  ///< empty where no family reads it
    std::uint32_t features = 0;
    bool registered = false;
    inplace_vector<unread_key, 64> unread{};
    inplace_vector<missing_part, 32> missing{};

    [[nodiscard]] constexpr bool has(feature f) const { return (features >> static_cast<unsigned>(f) & 1u) != 0; }
    constexpr void add(feature f) { features |= 1u << static_cast<unsigned>(f); }
};

namespace detail {

// --- which keys speak of structure -------------------------------------------------------------------------------------------------

/// Words that name the parts of a layer or their sizes. A key with one of them (or `num_`, `n_`, `d_` in front) may decide how large a model is.
inline constexpr std::string_view structural_words[] = {
    "layer", "head", "dim", "size", "expert", "moe", "rank", "lora", "kernel", "conv", "state", "ssm", "mamba", "window", "sliding", "swa", "sparse",
    "compress", "compressed", "compression", "ratio", "norm", "layernorm", "rmsnorm", "group", "block", "latent", "hidden", "inner", "intermediate",
    "width", "depth", "channel", "mlp", "ffn", "attn", "attention", "linear", "delta", "recurrent", "index", "indexer", "memory", "mem", "mtp",
    "nextn", "bias", "sink", "shared", "share", "router", "embd", "embed", "embedding", "vocab", "kv", "qk", "qkv", "hc", "hyper", "residual", "res",
    "proj", "projection", "pattern", "period", "interval", "offset", "freq", "frequency", "stride", "gate", "gated", "adapter", "expand", "expansion",
    "topk", "cross", "encoder", "decoder", "hash", "ngram", "slot", "stream", "branch", "pool", "pooled", "tied", "tie", "cla", "lru", "rnn", "lstm",
    "slstm", "mlstm", "retention", "conv1d",
};
/// Words of keys that say how a model is trained, sampled, scaled or fed, and of towers beside the decoder, which have tables of their own.
inline constexpr std::string_view other_words[] = {
    "token", "tokenizer", "dropout", "pdrop", "prob", "eps", "epsilon", "rope", "rotary", "theta", "mrope", "loss", "coef", "coeff", "aux",
    "initializer", "init", "std", "dtype", "jitter", "scaling", "scale", "multiplier", "softcap", "softcapping", "temperature", "penalty", "beam",
    "freeze", "checkpoint", "checkpointing", "parallel", "transformers", "version", "image", "video", "vision", "visual", "audio", "speech", "media",
    "mm", "multimodal", "projector", "perceiver", "patch", "patcher", "resampler", "downsample", "pixel", "act", "activation", "fp32", "bf16", "fp16",
    "bfloat16", "upcast", "implementation", "cache", "kernels", "flash", "label", "label2id", "id2label", "summary", "positions", "ntk", "logn",
    "scoring", "renormalize", "affine", "alibi", "capacity", "swiglu", "chunk", "dt", "time", "eigval", "interleave", "overlap", "length", "ignore",
    "return", "chain", "limit", "bound", "nope", "fraction", "alpha", "beta", "classifier", "classification", "fusion", "xavier", "parallelism",
    "tensor", "vit", "anyres",
};
/// Keys with a structural word that decide neither the size nor the work of a layer.
inline constexpr std::string_view known_keys[] = {
    // routing: which experts, not how many
    "n_group", "topk_group", "topk_method", "norm_topk_prob", "num_expert_group", "use_grouped_topk", "seq_aux", "normalize_expert_weights",
    "norm_expert_weight", "moe_norm_min", "moe_router_activation_func", "output_router_logits", "apply_router_weight_on_input",
    "moe_apply_router_weight_on_input", "use_routing_bias", "use_expert_bias", "moe_router_enable_expert_bias", "moe_router_use_sigmoid",
    "moe_use_hard_gate", "num_hash_layers", "group_limited_greedy", "num_limited_groups", "num_expert_groups", "route_norm", "use_mixed_mlp_moe",
    "use_moe",
    // said again by keys that are read, or by the architecture
    "qk_head_dim", "num_query_groups", "unpadded_vocab_size", "org_vocab_size", "embedding_size", "full_attn_layers", "n_ctx", "local_layer_ids",
    "attention_hidden_size", "rms_norm", "rmsnorm", "use_rmsnorm", "post_layer_norm", "compress_rates", "multi_query_attention", "num_heads",
    "block_dim", "conv_dim", "conv_dim_out", "mlp_expansion_factor", "mamba_use_mlp", "no_bias", "enable_bias", "skip_bias_add", "skip_bias_add_qkv",
    "use_residual", "mamba_inner_layernorms", "use_embedding_sharing", "block_group_size", "cla_share_factor", "compression_ratio",
    "original_max_position_embeddings",
    // multi-token prediction, beside the decoder: how its modules are composed
    "use_mtp", "mtp_transformer_layers", "mtp_hybrid_override_pattern", "mtp_layers_block_type", "mtp_use_dedicated_embeddings",
    "mtp_hidden_states_first", "index_share_for_mtp_iteration", "mtp_local_layer_ids",
    // distribution, training and generation
    "top_k", "ep_size", "num_return_sequences", "num_logits_to_keep", "no_repeat_ngram_size", "encoder_no_repeat_ngram_size", "num_beam_groups",
    "is_decoder", "is_encoder_decoder", "tie_encoder_decoder", "output_attentions", "output_hidden_states", "pruned_heads", "use_backbone_lora",
    "use_llm_lora", "use_bidirectional_attention", "reset_attention_mask", "prefix_projection", "dim_model_base", "embd_layer",
    // arithmetic without weights
    "query_pre_attn_scalar", "apply_query_key_layer_scaling", "apply_residual_connection_post_layernorm", "scale_attn_by_inverse_layer_idx",
    "residual_in_fp32", "rescale_prenorm_residual", "mamba_norm_before_gate", "hc_sinkhorn_iters", "hc_magnitude", "no_rope_layers", "clip_qkv",
    "keep_window_size", "qk_scale_factor", "fused_add_norm", "norm_before_gate", "max_attn_value", "disable_ffn_model_split", "linear_a_log_max",
    "linear_a_log_min", "use_mamba_kernels",
};

/// Words of keys outside the decoder's object of a wrapper that belong to its towers and what joins them.
inline constexpr std::string_view joining_words[] = {"merge", "merger", "spatial", "projection", "out", "insert", "select", "query", "connector", "reader"};

/// Keys that decide nothing in models with a certain part, which says the same in another way.
struct superseded_key {
    std::string_view key;
    std::string_view table;  ///< the part, or the family
};
inline constexpr superseded_key superseded_keys[] = {
    {"num_key_value_heads", "latent_attention"},  // keys and values come from the latent vector
    {"head_dim", "latent_attention"},
    {"num_key_value_heads", "deepseek_v4"},       // one by definition
    {"attn_output_gate", "delta_shape"},          // a trait of the architectures
    {"per_layer_config", "gemma4"},               // the head size of global layers again
    {"shared_expert_sink", "inkling"},            // by definition
    {"number_of_conv_states", "inkling"},
};
/// Keys that a part or a family reads itself and not through its table, where the registry's vocabulary has them.
inline constexpr superseded_key keys_read_apart[] = {
    {"block_configs", "nas"},
    {"block_configs", "nemotron_h"},
    {"num_key_value_heads_per_layer", "nas"},
    {"num_key_value_heads_per_layer", "grouped_attention"},
    {"num_attention_heads_per_layer", "grouped_attention"},
    {"per_layer_config", "grouped_attention"},
    {"per_layer_config", "latent_attention"},
    {"kv_source_layers", "latent_attention"},
};

constexpr bool is_one_of(std::string_view s, std::string_view const* first, std::size_t size) {
    for (std::size_t i = 0; i != size; ++i)
        if (first[i] == s) return true;
    return false;
}
template <std::size_t N>
constexpr bool is_one_of(std::string_view s, std::string_view const (&list)[N]) {
    return is_one_of(s, list, N);
}

/// Calls f with the words of a key, which underscores part.
template <class F>
constexpr void for_each_word(std::string_view key, F const& f) {
    for (std::size_t begin = 0, i = 0; i <= key.size(); ++i)
        if (i == key.size() || key[i] == '_' || key[i] == '-' || key[i] == '.') {
            if (i != begin) f(key.substr(begin, i - begin));
            begin = i + 1;
        }
}
constexpr std::string_view singular(std::string_view word) { return word.size() > 3 && word.back() == 's' && word[word.size() - 2] != 's' ? word.substr(0, word.size() - 1) : word; }

/// Whether the name of a key speaks of the structure of layers.
constexpr bool speaks_of_structure(std::string_view key) {
    if (is_one_of(key, known_keys)) return false;
    bool structural = key.substr(0, 4) == "num_" || key.substr(0, 2) == "n_" || key.substr(0, 2) == "d_";
    bool other = false;
    for_each_word(key, [&](std::string_view w) {
        other = other || is_one_of(w, other_words) || is_one_of(singular(w), other_words);
        structural = structural || is_one_of(w, structural_words) || is_one_of(singular(w), structural_words);
    });
    return structural && !other;
}
constexpr bool joins_towers(std::string_view key) {
    bool joins = false;
    for_each_word(key, [&](std::string_view w) { joins = joins || is_one_of(w, joining_words); });
    return joins;
}
constexpr bool has_word(std::string_view key, std::string_view word) {
    bool found = false;
    for_each_word(key, [&](std::string_view w) { found = found || w == word || singular(w) == word; });
    return found;
}

/// Whether a value says something of a size: null, false, zero, what is negative and what is empty do not.
constexpr bool says_something(schema::document const& d, json::value const& v) {
    switch (v.kind) {
        case json::kind::boolean: return v.raw(d.text)[0] == 't';
        case json::kind::number: {
            if (v.raw(d.text)[0] == '-') return false;  // no size, no count
            for (char c : v.raw(d.text)) {
                if (c == 'e' || c == 'E') break;
                if (c >= '1' && c <= '9') return true;
                if (c == 'I' || c == 'N') return true;
            }
            return false;
        }
        case json::kind::string: return v.end - v.begin > 2;
        case json::kind::array: {
            json::reader r = json::reader::inside(d.text, v, d.options);
            r.enter_array();
            while (r.next_element())
                if (says_something(d, r.skip())) return true;
            return false;
        }
        case json::kind::object: {
            json::reader r = json::reader::inside(d.text, v, d.options);
            r.enter_object();
            json::string_token k{};
            while (r.next_member(k))
                if (says_something(d, r.skip())) return true;
            return false;
        }
        default: return false;
    }
}
/// Whether a value can be a size or a schedule: integers, true, lists and objects; fractions and texts where the key asks for them.
constexpr bool can_be_structure(schema::document const& d, std::string_view key, json::value const& v) {
    if (v.kind == json::kind::string) return has_word(key, "pattern") || has_word(key, "types");
    json::value const first = first_of(d, v);
    if (first.kind != json::kind::number) return true;
    count n = 0;
    if (json::to_integer(first.raw(d.text), n) == errc::none) return true;
    return has_word(key, "ratio") || has_word(key, "expand") || has_word(key, "expansion");
}

/// Calls f(name, number in the vocabulary, value, whether outside the decoder) for every key of the outermost object and of the decoder nested in it.
template <class F>
constexpr void for_each_member(schema::document const& d, F const& f) {
    json::reader r(d.text, d.options);
    std::array<std::size_t, schema::most_levels> objects{};
    std::size_t level = 0;
    if (r.next_kind() != json::kind::object) return;
    objects[0] = r.offset();
    r.enter_object();
    for (;;) {
        json::string_token k{};
        if (!r.next_member(k)) {
            if (!r.ok() || level == 0) return;
            --level;
            continue;
        }
        char decoded[64]{};
        std::size_t length = 0;
        std::string_view name = k.raw(d.text);
        if (k.escaped) name = json::decode(d.text, k, decoded, sizeof decoded, length) ? std::string_view(decoded, length) : "";
        std::uint16_t const id = d.keys.find(name);
        if (id != schema::words_view::none && id < d.keys.descents && level + 1 < schema::most_levels && r.next_kind() == json::kind::object) {
            objects[++level] = r.offset();
            r.enter_object();
            continue;
        }
        json::value const v = r.skip();
        if (!r.ok()) return;
        f(name, id, v, objects[level] != d.decoder);
    }
}

// --- which table reads a key -------------------------------------------------------------------------------------------------------

/// The parts that families share; a part that is not named here counts as its family's own.
template <class P>
inline constexpr table_place place_of_part{};
template <>
inline constexpr table_place place_of_part<backbone>{"backbone", "family/backbone.hpp"};
template <>
inline constexpr table_place place_of_part<grouped_attention>{"grouped_attention", "family/grouped_attention.hpp"};
template <>
inline constexpr table_place place_of_part<feed_forward>{"feed_forward", "family/feed_forward.hpp"};
template <>
inline constexpr table_place place_of_part<mixture>{"mixture", "family/feed_forward.hpp"};
template <>
inline constexpr table_place place_of_part<latent_attention>{"latent_attention", "family/mla.hpp"};
template <>
inline constexpr table_place place_of_part<sparse_index>{"sparse_index", "family/mla.hpp"};
template <>
inline constexpr table_place place_of_part<mixer_schedule>{"mixer_schedule", "family/mixers.hpp"};
template <>
inline constexpr table_place place_of_part<delta_shape>{"delta_shape", "family/mixers.hpp"};
template <>
inline constexpr table_place place_of_part<kimi_delta_shape>{"kimi_delta_shape", "family/mixers.hpp"};
template <>
inline constexpr table_place place_of_part<state_space_shape>{"state_space_shape", "family/mixers.hpp"};
template <>
inline constexpr table_place place_of_part<short_convolution_shape>{"short_convolution_shape", "family/mixers.hpp"};

/// Which words of a key point to which part, the most telling first.
struct word_of_part {
    std::string_view word;
    std::string_view part;
};
inline constexpr word_of_part words_of_parts[] = {
    {"index", "sparse_index"},        {"indexer", "sparse_index"},       {"expert", "mixture"},          {"moe", "mixture"},           {"router", "mixture"},
    {"shared", "mixture"},            {"sparse", "mixture"},             {"mamba", "state_space_shape"}, {"ssm", "state_space_shape"}, {"state", "state_space_shape"},
    {"delta", "delta_shape"},         {"linear", "delta_shape"},         {"conv", "short_convolution_shape"}, {"conv", "state_space_shape"}, {"lora", "latent_attention"},
    {"mla", "latent_attention"},          {"latent", "latent_attention"},   {"head", "grouped_attention"},     {"head", "latent_attention"},   {"attn", "grouped_attention"}, {"attn", "latent_attention"},
    {"attention", "grouped_attention"}, {"attention", "latent_attention"}, {"window", "grouped_attention"}, {"sliding", "grouped_attention"}, {"swa", "grouped_attention"},
    {"sink", "grouped_attention"},    {"qk", "grouped_attention"},       {"qkv", "grouped_attention"},   {"kv", "grouped_attention"},  {"mlp", "feed_forward"},
    {"ffn", "feed_forward"},          {"intermediate", "feed_forward"},  {"inner", "feed_forward"},      {"pattern", "mixer_schedule"}, {"types", "mixer_schedule"},
    {"layer", "backbone"},            {"hidden", "backbone"},            {"vocab", "backbone"},          {"embedding", "backbone"},    {"embed", "backbone"},
    {"norm", "backbone"},             {"mtp", "backbone"},               {"nextn", "backbone"},
};

/// A family's tables: its parts by name, and its own.
struct family_tables {
    inplace_vector<table_place, 12> parts{};
    table_place own{};
    std::array<bool, schema::most_words> reads{};  ///< by the numbers of keys in the registry's vocabulary

    [[nodiscard]] constexpr bool has(std::string_view table) const {
        for (table_place const& p : parts)
            if (p.name == table) return true;
        return own.name == table;
    }
    /// The table that a new key belongs into.
    [[nodiscard]] constexpr table_place place_for(std::string_view key) const {
        for (word_of_part const& w : words_of_parts)
            if (has_word(key, w.word))
                for (table_place const& p : parts)
                    if (p.name == w.part) return p;
        return own;
    }
};

template <class Registry, class F>
COSTEXPR_COLD constexpr void describe_family(family_tables& t) {
    t.own = {F::family, {}};
    auto const add = [&]<class P>() {
        if constexpr (!place_of_part<P>.name.empty()) t.parts.try_push_back(place_of_part<P>);
        for (auto const& ids : schema::key_numbers<Registry, P>)
            for (std::uint16_t const id : ids)
                if (id < schema::most_words) t.reads[id] = true;  // 0 of an unused alias is that of a decoder's object
    };
    [&]<class... P>(types<P...>) { (add.template operator()<P>(), ...); }(schema::tables_of<F>());
}

/// The first entry of a list, unread, that names the kinds of layers.
constexpr json::value first_kind(schema::document const& d, std::string_view key, json::value const& v) {
    json::value const first = first_of(d, v);
    bool const lists = v.kind == json::kind::array && (has_word(key, "type") || has_word(key, "pattern") || has_word(key, "block"));
    return lists && (first.kind == json::kind::string || (first.kind == json::kind::number && has_word(key, "type"))) ? first : json::value{};
}

/// Keys that tell of a layer type, by which a model has what its family may not compose.
struct layer_sign_key {
    std::string_view key;
    std::string_view layer_type;
    bool is_there = true;
};
inline constexpr layer_sign_key layer_sign_keys[] = {
    {"n_routed_experts", "moe"},     {"num_local_experts", "moe"},    {"num_experts", "moe"},
    {"moe_num_experts", "moe"},      {"kv_lora_rank", "mla"},         {"index_topk", "indexer"},
    {"index_n_heads", "indexer"},    {"linear_num_value_heads", "gated_delta"}, {"linear_attn_config", "kimi_delta"},
    {"mamba_d_state", "mamba2"},     {"ssm_state_size", "mamba2"},    {"state_size", "mamba2"},
    {"conv_L_cache", "short_convolution"}, {"compress_ratios", "compressed_mqa"}, {"hc_mult", "hyper_connection"},
    {"hidden_size_per_layer_input", "per_layer_input"}, {"cross_attention_layers", "cross_attention"}, {"cross_layer_interval", "cross_attention"},
    {"attn_res_block_size", "the outputs of earlier blocks in the residual (attn_res)", false}, {"block_configs", "blocks that differ"},
};
constexpr layer_sign_key const* layer_sign_of(std::string_view key) {
    for (layer_sign_key const& s : layer_sign_keys)
        if (s.key == key) return &s;
    return nullptr;
}
/// Whether an entry of a per-layer list names a kind of layer that some family has.
constexpr bool names_a_kind(schema::document const& d, std::uint32_t offset) {
    for (auto const& known : layer_kind_names)
        if (d.text.substr(offset + 1, known.text.size()) == known.text && d.text.substr(offset + 1 + known.text.size(), 1) == "\"") return true;
    return false;
}

/// The number of routed experts that a config names; one expert is no mixture.
constexpr bool has_mixture(schema::document const& d) {
    if (!describes_experts(d)) return false;
    bool plain = false;
    for (std::string_view key : {"n_routed_experts", "num_local_experts", "num_experts", "moe_num_experts"})
        if (schema::slot const* const s = d.find(key); s != nullptr) {
            count n = 0;
            if (s->value.kind != json::kind::number || json::to_integer(d.raw(*s), n) != errc::none || n > 1) return true;
            plain = true;
        }
    return !plain;
}

/// Whether a list says of every layer that it is of one kind, which the family's layers are anyway.
constexpr bool tells_no_layers_apart(schema::document const& d, std::string_view key, json::value const& v) {
    if (v.kind != json::kind::array) return false;
    json::reader r = json::reader::inside(d.text, v, d.options);
    r.enter_array();
    std::string_view all{};
    json::kind kind = json::kind::end;
    while (r.next_element()) {
        json::value const entry = r.skip();
        if (!all.empty() && entry.raw(d.text) != all) return false;
        all = entry.raw(d.text);
        kind = entry.kind;
    }
    if (kind == json::kind::number) return has_word(key, "type");
    if (kind != json::kind::string || all.size() < 2) return false;
    all = all.substr(1, all.size() - 2);
    if (all == "indexed_attention" || all == "deepseek_sparse_attention") return true;
    for (auto const& known : layer_kind_names)
        if (known.text == all && (known.kind == layer_kind::full || known.kind == layer_kind::linear)) return true;
    return false;
}

template <class... Names>
constexpr bool says_any(schema::document const& d, Names... names) {
    auto const says = [&](std::string_view name) {
        schema::slot const* const s = d.find(name);
        return s != nullptr && says_something(d, s->value);
    };
    return (says(names) || ...);
}

/// What the keys of a config tell of it, whether or not a family reads it.
COSTEXPR_COLD constexpr void find_features(classification& c, schema::document const& d, bool quantized) {
    auto const add = [&](bool there, feature f) {
        if (there) c.add(f);
    };
    add(says_any(d, "num_nextn_predict_layers", "num_mtp_modules", "mtp_num_hidden_layers"), feature::mtp);
    add(says_any(d, "kv_lora_rank"), feature::mla);
    add(has_mixture(d), feature::moe);
    add(c.has(feature::moe) && says_any(d, "n_shared_experts", "num_shared_experts", "num_shared_expert", "moe_num_shared_experts", "shared_expert_intermediate_size", "shared_intermediate_size", "share_expert_dim",
                                        "moe_shared_expert_intermediate_size"),
        feature::shared_experts);
    add(says_any(d, "index_topk"), feature::indexer);
    schema::slot const* const off = d.find("use_sliding_window");
    bool const slides = off == nullptr || d.raw(*off)[0] != 'f';
    add(slides && says_any(d, "sliding_window", "sliding_window_size", "attention_chunk_size"), feature::sliding_window);
    add(says_any(d, "layer_types", "layers_block_type", "hybrid_override_pattern", "hybrid_layer_pattern", "sliding_window_pattern", "full_attention_interval", "attn_layer_period", "attn_layer_indices",
                 "full_attn_idxs", "linear_attn_config", "mlp_layer_types", "indexer_types", "compress_ratios", "block_configs", "cross_attention_layers"),
        feature::layer_pattern);
    add(says_any(d, "linear_num_value_heads", "linear_attn_config"), feature::linear_attention);
    add(says_any(d, "mamba_d_state", "ssm_state_size", "state_size"), feature::state_space);
    add(says_any(d, "conv_L_cache"), feature::convolution);
    add(d.deepest != 0, feature::nested_text_config);
    add(says_any(d, "vision_config"), feature::vision_tower);
    add(says_any(d, "audio_config"), feature::audio_tower);
    add(quantized || says_any(d, "quantization_config"), feature::quantization);
}

/// Whether problems are such as more keys, rows or layers could mend; anything else is an error of the file.
constexpr bool mendable(problems const& p) {
    for (problem const& q : p)
        if (q.code != errc::unknown_architecture && q.code != errc::unknown_name && q.code != errc::missing_key) return false;
    return p.dropped == 0;
}

}  // namespace detail

/// Which of three situations a config is in: S1, every structural key of a registered architecture is read; S2, a registered or structurally
/// readable model with new keys; S3, a layer type or a combination of them that does not exist yet. With what is not read, and what is missing.
/// A text that is no config, or one whose keys contradict each other, is an error as it is for read_model. `refused`: what read_model said
/// against it, nothing where it read it.
template <class Registry = builtin>
[[nodiscard]] constexpr result<classification> classify(std::string_view config, std::string_view hf_quant_config, problems const& refused) {
    using registry = Registry;
    problems p{};
    schema::document d{.text = config, .options = {.nonfinite = true}, .keys = registry::words.view()};
    schema::scan(d, p);
    if (!p.empty()) return p;

    classification c{};
    bool const readable = refused.empty();
    if (!readable && !detail::mendable(refused)) return refused;
    config_facts facts{};
    detail::claim const claim = registry::claimed_by(d, facts, p);
    bool const has_family = p.empty();
    c.architecture = facts.architecture;
    c.family = has_family ? facts.family : std::string_view{};
    c.registered = claim.row != nullptr;
    detail::find_features(c, d, !hf_quant_config.empty());

    detail::family_tables tables{};
    registry::with_family(claim.family, [&]<class F>() {
        if (has_family) detail::describe_family<registry, F>(tables);
    });
    constexpr auto header = detail::header_keys;
    detail::for_each_member(d, [&](std::string_view name, std::uint16_t id, json::value const& v, bool outside) {
        if (!detail::says_something(d, v)) return;
        for (std::string_view h : header)
            if (h == name) return;
        auto const report = [&](json::value const& at, table_place where) { c.unread.try_push_back({at.begin, where}); };
        if (id != schema::words_view::none && tables.reads[id]) {
            if (v.kind != json::kind::object) return;
            json::reader r = json::reader::inside(d.text, v, d.options);
            r.enter_object();
            for (json::string_token k{}; r.next_member(k);) {
                json::value const inner = r.skip();
                std::string_view const key = k.raw(d.text);
                if (!detail::says_something(d, inner) || !detail::speaks_of_structure(key) || !detail::can_be_structure(d, key, inner)) continue;
                bool read = false;
                registry::with_family(claim.family, [&]<class F>() { read = schema::any_name(schema::tables_of<F>(), [&](std::string_view n) { return schema::outer_name(n) == name && schema::inner_name(n) == key; }); });
                if (!read) report(inner, tables.place_for(name));
            }
            return;
        }
        if (!detail::speaks_of_structure(name) || !detail::can_be_structure(d, name, v)) return;
        if (outside && detail::joins_towers(name)) return;
        for (auto const& k : detail::superseded_keys)
            if (k.key == name && tables.has(k.table)) return;
        for (auto const& k : detail::keys_read_apart)
            if (id != schema::words_view::none && k.key == name && tables.has(k.table)) return;
        // where there are no experts, their sizes say nothing
        if (!c.has(feature::moe) && id != schema::words_view::none && schema::any_name(types<mixture>{}, [&](std::string_view n) { return schema::outer_name(n) == name; })) return;
        if (detail::tells_no_layers_apart(d, name, v)) return;
        detail::layer_sign_key const* const sign = detail::layer_sign_of(name);
        // where no family is known, what some other reads is not new
        if (has_family || id == schema::words_view::none || sign != nullptr) report(v, tables.place_for(name));
        if (json::value const kind = detail::first_kind(d, name, v); sign == nullptr && has_family && kind.kind != json::kind::end)
            c.missing.try_push_back({detail::names_a_kind(d, kind.begin) ? missing_part::kind::layer_kind : missing_part::kind::layer_type, kind.begin, {}});
        if (sign == nullptr) return;
        for (missing_part const& m : c.missing)
            if (m.name == sign->layer_type) return;
        c.missing.try_push_back({sign->is_there ? missing_part::kind::combination : missing_part::kind::layer_type, v.begin, sign->layer_type});
    });

    bool lacks_layers = !has_family || !c.missing.empty();
    if (!has_family) c.missing.try_push_back({missing_part::kind::composition, d.decoder, {}});
    for (problem const& q : refused) {
        if (q.code == errc::unknown_name) c.missing.try_push_back({detail::names_a_kind(d, q.offset) ? missing_part::kind::layer_kind : missing_part::kind::layer_type, q.offset, {}}), lacks_layers = true;
        if (q.code == errc::missing_key) c.missing.try_push_back({missing_part::kind::key, q.offset, q.key});
    }
    // a registered model that lacks a key, and has no other that could stand for it, is an error
    if (!readable && c.registered && !lacks_layers && c.unread.empty()) return refused;
    if (has_family && !c.registered) c.missing.try_push_back({missing_part::kind::row, d.decoder, c.family});
    c.situation = lacks_layers ? situation::s3 : c.registered && c.unread.empty() && readable ? situation::s1 : situation::s2;
    return c;
}
/// The same of a config that was not read before.
template <class Registry = builtin>
[[nodiscard]] constexpr result<classification> classify(std::string_view config, std::string_view hf_quant_config = {}) {
    return classify<Registry>(config, hf_quant_config, Registry::read(config, hf_quant_config).error());
}

namespace detail {

using line = text_buffer<512>;

template <std::size_t N>
constexpr void write_pointer(text_buffer<N>& to, std::string_view text, std::uint32_t offset) {
    char pointer[256]{};
    to << std::string_view(pointer, json::pointer(text, offset, pointer, sizeof pointer));
}
/// The key at the end of a JSON pointer.
template <std::size_t N>
constexpr void write_key(text_buffer<N>& to, std::string_view text, std::uint32_t offset) {
    char buffer[256]{};
    std::string_view pointer(buffer, json::pointer(text, offset, buffer, sizeof buffer));
    std::size_t begin = 0;
    for (std::size_t i = 0; i != pointer.size(); ++i)
        if (pointer[i] == '/') begin = i + 1;
    to << pointer.substr(begin);
}

/// The name of a layer type that is missing: as the library calls it, else as the config does.
template <std::size_t N>
constexpr void write_name(text_buffer<N>& to, missing_part const& m, std::string_view text) {
    if (m.name.empty())
        write_value(to, text, m.offset);
    else
        to << m.name;
}

}  // namespace detail

/// What is missing, in words.
[[nodiscard]] constexpr text_buffer<512> describe(missing_part const& m, classification const& c, std::string_view text) {
    detail::line out{};
    auto const place = [&] {
        out << " (";
        detail::write_pointer(out, text, m.offset);
        out << ")";
    };
    switch (m.what) {
        case missing_part::kind::row: out << "a row for \"" << c.architecture.view() << "\" in the architectures of the family " << m.name; break;
        case missing_part::kind::key: out << "the key \"" << m.name << "\""; break;
        case missing_part::kind::combination:
            out << (c.family.empty() ? "a family with " : "layers of type ") << m.name;
            if (!c.family.empty()) out << " in the family " << c.family;
            place();
            break;
        case missing_part::kind::layer_kind:
            out << "layers of kind ";
            detail::write_value(out, text, m.offset);
            if (!c.family.empty()) out << " in the family " << c.family;
            place();
            break;
        case missing_part::kind::layer_type:
            out << "a layer type for ";
            detail::write_name(out, m, text);
            place();
            break;
        case missing_part::kind::composition: out << "a family whose layers these keys describe"; break;
    }
    return out;
}

/// Calls f with each step of the work that a situation asks for: what to write, and where.
template <class F>
constexpr void for_each_step(classification const& c, std::string_view text, F const& f) {
    if (c.situation == situation::s1) return;
    bool lacks_composition = c.family.empty();
    bool combines = false;
    bool lacks_type = false;
    for (missing_part const& m : c.missing) {
        combines = combines || m.what == missing_part::kind::combination || m.what == missing_part::kind::layer_kind || m.what == missing_part::kind::layer_type;
        lacks_type = lacks_type || m.what == missing_part::kind::layer_type;
    }
    std::string_view const family = c.family;
    detail::line s{};
    auto const done = [&] {
        f(s.view());
        s = {};
    };
    s << "model_configs/<Org>--<Model>_config.json: the config, as model_configs/normalise.sh reduces it";
    if (c.has(feature::quantization)) s << "; a hf_quant_config.json beside it as <Org>--<Model>_hf_quant_config.json";
    done();
    for (missing_part const& m : c.missing)
        if (m.what == missing_part::kind::layer_type) {
            s << "include/costexpr/layer/<type>.hpp: a layer type for ";
            detail::write_name(s, m, text);
            s << ", a struct of its dimensions with `ops(deployment)`";
            if (m.name.empty()) s << "; its name in layer_kind_names (schema/pattern.hpp), or in `spelled(...)` of the field that lists it";
            done();
        }
    for (unread_key const& u : c.unread) {
        if (lacks_composition) break;
        s << "include/costexpr/";
        if (u.place.file.empty())
            s << "family/" << u.place.name << ".hpp: a `key(...)` for \"";
        else
            s << u.place.file << ": a `key(...)` for \"";
        detail::write_key(s, text, u.offset);
        s << "\" in the field table of " << (u.place.file.empty() ? "the family " : "") << u.place.name;
        bool spelling = false;
        for (missing_part const& m : c.missing) spelling = spelling || m.what == missing_part::kind::key;
        s << (spelling ? ", a name more of the field that it spells, or a member that its layers use" : ", and the layers that follow from it");
        done();
    }
    for (missing_part const& m : c.missing)
        if (combines && (m.what == missing_part::kind::combination || m.what == missing_part::kind::layer_kind || m.what == missing_part::kind::layer_type) && !lacks_composition) {
            s << "include/costexpr/family/<family>.hpp: a family (or a part more in " << family << ") that composes ";
            detail::write_name(s, m, text);
            s << " with the layers of " << family;
            done();
        }
    if (lacks_composition) {
        s << "include/costexpr/family/<family>.hpp: a family that composes the layers which ";
        if (c.unread.empty()) s << "its keys";
        for (std::size_t i = 0; i != c.unread.size() && i != 6; ++i) {
            s << (i == 0 ? "\"" : ", \"");
            detail::write_key(s, text, c.unread[i].offset);
            s << "\"";
        }
        s << " describe (examples/own_family.cpp), from the types of include/costexpr/layer/ or new ones";
        done();
    }
    if (lacks_composition || combines) {
        s << "include/costexpr/model/registry.hpp: the family in the list `builtin`, or builtin::with<...> in a program of one's own";
        done();
    }
    if (!c.registered) {
        s << "include/costexpr/family/" << (lacks_composition ? std::string_view("<family>") : family) << ".hpp: arch{\"" << c.architecture.view()
          << "\", \"<model_type>\", {...}} in architectures(), with the traits that no key says (biases, norms, ties)";
        done();
    }
    s << "tests/runtime/<topic>_test.cpp: parameters and state against published or hand-worked figures" << (lacks_type ? ", and a worked number of the layer type" : "");
    bool first = true;
    for (std::size_t i = 0; i != feature_names.size(); ++i)
        if (c.has(static_cast<feature>(i))) {
            s << (first ? "; the config has " : ", ") << feature_names[i];
            first = false;
        }
    done();
    s << "cmake --build <build> --target single_include: the embedded and the single header, written anew";
    done();
}

}  // namespace costexpr
