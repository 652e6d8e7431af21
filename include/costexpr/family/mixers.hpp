// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/family/traits.hpp>
#include <costexpr/layer/gated_delta.hpp>
#include <costexpr/layer/mamba.hpp>
#include <costexpr/layer/short_convolution.hpp>
#include <costexpr/schema/field.hpp>
#include <costexpr/schema/read.hpp>

namespace costexpr {

// Parts of the configs of hybrids: which layers mix tokens with attention and which with something else, and the shapes of the others.

/// Which layers of a hybrid have attention. Every spelling ends as one list.
struct mixer_schedule {
    pattern order{};
    index_set attention_at{};
    count interval = 0;  ///< every interval-th layer, counting from 1
    count period = 0;    ///< the layers i with i % period == offset
    count offset = 0;

    template <class f = mixer_schedule>
    static constexpr auto json() {
        using enum layer_kind;
        return std::array{
            key(&f::order, "layers_block_type", "layer_types", "hybrid_override_pattern", "attn_type_list")
                .spelled(layer_sign{"M", mamba}, layer_sign{"*", full}, layer_sign{"-", dense}, layer_sign{"E", moe}, layer_sign{"T", full},
                         layer_sign{"0", linear}, layer_sign{"1", full})
                .optional(),
            key(&f::attention_at, "attn_layer_indices", "full_attn_idxs", "hybrid_layer_ids").optional(),
            key(&f::interval, "full_attention_interval", "layer_group_size").optional(),
            key(&f::period, "attn_layer_period").optional(),
            key(&f::offset, "attn_layer_offset").optional(),
        };
    }
    /// `other`: what stands where attention does not; `kinds` in words, and which they are: no layer is left out in silence.
    COSTEXPR_ONCE constexpr void settle(auto& check, count layers, layer_kind other, std::string_view kinds, auto... allowed) {
        using enum layer_kind;
        check.schedule(*this, &mixer_schedule::order, layers, kinds, allowed...);
        if (!order.empty()) return;
        for (count i = 0; i < layers; ++i) {
            bool const listed = !attention_at.empty() ? attention_at.contains(i) : interval != 0 ? (i + 1) % interval == 0 : period != 0 && i % period == offset;
            order.push_back(listed ? full : other);
        }
    }
    [[nodiscard]] constexpr count of(layer_kind kind) const { return order.of(kind); }
    [[nodiscard]] constexpr count attention() const { return order.of(layer_kind::full) + order.of(layer_kind::hybrid); }
    /// State-space layers go by two names in layer_types.
    [[nodiscard]] constexpr count recurrent() const { return order.of(layer_kind::mamba) + order.of(layer_kind::linear) + order.of(layer_kind::hybrid); }
};

/// The dtype of recurrent state by its name in a config; fp32 where it says nothing.
[[nodiscard]] constexpr dtype state_dtype(short_string const& name) {
    return name == "bfloat16" ? dtype::bf16 : name == "float16" ? dtype::fp16 : dtype::fp32;
}

/// The shape of gated delta nets in configs.
struct delta_shape {
    count hidden = 0;
    count key_heads = 0;
    count value_heads = 0;
    count key_dim = 0;
    count value_dim = 0;
    count kernel = 0;
    short_string state_type{};

    template <class f = delta_shape>
    static constexpr auto json() {
        return std::array{
            key(&f::hidden, "hidden_size"),
            key(&f::key_heads, "linear_num_key_heads", "linear_num_kv_heads"),
            key(&f::value_heads, "linear_num_value_heads"),
            key(&f::key_dim, "linear_key_head_dim"),
            key(&f::value_dim, "linear_value_head_dim"),
            key(&f::kernel, "linear_conv_kernel_dim").or_else(4),
            key(&f::state_type, "mamba_ssm_dtype").optional(),
        };
    }
    [[nodiscard]] COSTEXPR_INLINE constexpr gated_delta layer() const {
        return {.hidden = hidden, .key_heads = key_heads, .value_heads = value_heads, .key_dim = key_dim, .value_dim = value_dim, .kernel = kernel,
                .state_type = state_dtype(state_type)};
    }
};

/// The shape of Kimi delta attention in configs; the list of its layers, where there is one, counts from 1.
struct kimi_delta_shape {
    count hidden = 0;
    count heads = 0;
    count head_dim = 0;
    count kernel = 0;
    bool full_rank_gate = false;
    bool full_rank_decay = false;
    index_set layers{};

    template <class f = kimi_delta_shape>
    static constexpr auto json() {
        return std::array{
            key(&f::hidden, "hidden_size"),
            key(&f::heads, "linear_attn_config.num_heads", "linear_num_heads", "num_attention_heads"),
            key(&f::head_dim, "linear_attn_config.head_dim", "linear_head_dim", "head_dim"),
            key(&f::kernel, "linear_attn_config.short_conv_kernel_size", "linear_conv_kernel_dim", "short_conv_kernel_size").or_else(4),
            key(&f::full_rank_gate, "linear_attn_config.use_full_rank_gate").optional(),
            key(&f::layers, "linear_attn_config.kda_layers").optional(),
        };
    }
    COSTEXPR_ONCE constexpr void apply(traits const& is) { full_rank_gate = full_rank_decay = is.full_rank_mixer; }
    [[nodiscard]] COSTEXPR_INLINE constexpr kimi_delta layer() const {
        return {.hidden = hidden, .heads = heads, .head_dim = head_dim, .kernel = kernel, .full_rank_gate = full_rank_gate,
                .full_rank_decay = full_rank_decay};
    }
};

/// The shape of state spaces in configs, of both generations.
struct state_space_shape {
    count hidden = 0;
    count inner = 0;
    count expand = 0;
    count heads = 0;
    count head_dim = 0;
    count groups = 0;
    count state = 0;
    count kernel = 0;
    count rank = 0;
    count chunk = 0;
    bool conv_bias = true;
    bool bias = false;
    bool gated_norm = true;
    bool inner_norms = false;
    short_string state_type{};

    template <class f = state_space_shape>
    static constexpr auto json() {
        return std::array{
            key(&f::hidden, "hidden_size", "d_model"),
            key(&f::expand, "mamba_expand", "expand").or_else(2),
            key(&f::heads, "mamba_n_heads", "mamba_num_heads", "n_mamba_heads", "num_heads").optional(),
            key(&f::head_dim, "mamba_d_head", "mamba_head_dim", "mamba_headdim", "head_dim").optional().not_texts(),
            key(&f::groups, "mamba_n_groups", "n_groups", "mamba_ngroups").or_else(1),
            key(&f::state, "mamba_d_state", "ssm_state_size", "state_size").optional(),
            key(&f::kernel, "mamba_d_conv", "conv_kernel").or_else(4),
            key(&f::rank, "mamba_dt_rank", "time_step_rank").or_else([](f const& c) { return ceil_div(c.hidden, 16); }).not_texts(),
            key(&f::chunk, "mamba_chunk_size", "chunk_size").or_else(256),
            key(&f::conv_bias, "mamba_conv_bias", "use_conv_bias").or_else(true),
            key(&f::bias, "mamba_proj_bias", "add_bias_linear", "use_bias").optional(),
            key(&f::gated_norm, "mamba_rms_norm").optional(),
            key(&f::inner, "mamba_d_ssm", "d_inner").or_else([](f const& c) { return c.heads * c.head_dim != 0 ? c.heads * c.head_dim : c.expand * c.hidden; }),
            key(&f::state_type, "mamba_ssm_dtype", "mamba_ssm_cache_dtype").optional(),
        };
    }
    COSTEXPR_ONCE constexpr void apply(traits const& is) {
        gated_norm = is.gated_mixer_norm;
        inner_norms = is.mixer_inner_norms;
    }
    /// `layers`: how many of the model's layers have a state space.
    COSTEXPR_ONCE constexpr void settle(auto& check, count layers, bool second) {
        if (layers != 0) check.needed(*this, &state_space_shape::state, "mamba_d_state", "the number of states per channel");
        if (!second) return;
        if (heads == 0 && head_dim != 0) heads = inner / head_dim;
        if (head_dim == 0 && heads != 0) head_dim = inner / heads;
        if (heads * head_dim != inner && heads != 0) check.fail(&state_space_shape::heads, errc::contradiction, inner, heads * head_dim, "heads x head size = #, the inner width");
    }
    [[nodiscard]] COSTEXPR_INLINE constexpr mamba first_generation() const {
        return {.hidden = hidden, .inner = inner, .state = state, .rank = rank, .kernel = kernel, .conv_bias = conv_bias, .bias = bias,
                .inner_norms = inner_norms, .state_type = state_dtype(state_type)};
    }
    [[nodiscard]] COSTEXPR_INLINE constexpr mamba2 second_generation() const {
        return {.hidden = hidden, .heads = heads, .head_dim = head_dim, .groups = groups, .state = state, .kernel = kernel, .chunk = chunk,
                .conv_bias = conv_bias, .bias = bias, .gated_norm = gated_norm, .state_type = state_dtype(state_type)};
    }
};

/// The shape of short convolutions in configs (LFM2).
struct short_convolution_shape {
    count hidden = 0;
    count kernel = 0;
    bool bias = false;

    template <class f = short_convolution_shape>
    static constexpr auto json() {
        return std::array{
            key(&f::hidden, "hidden_size"),
            key(&f::kernel, "conv_L_cache"),
            key(&f::bias, "conv_bias").optional(),
        };
    }
    [[nodiscard]] COSTEXPR_INLINE constexpr short_convolution layer() const { return {hidden, kernel, bias}; }
};

}  // namespace costexpr
