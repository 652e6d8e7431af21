// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/family/traits.hpp>
#include <costexpr/layer/gqa.hpp>
#include <costexpr/schema/field.hpp>
#include <costexpr/schema/read.hpp>

namespace costexpr {

/// Grouped-query attention as configs describe it, with the schedule of full and sliding layers. A part of the families' configs.
struct grouped_attention {
    count hidden = 0;
    count heads = 0;
    count kv_heads = 0;
    count head_dim = 0;
    count v_head_dim = 0;
    bool qkv_bias = false;
    bool output_bias = false;
    bool bias_on_output = true;
    bool fixed_bias = false;
    bool qk_normed = false;
    costexpr::qk_norm qk_norm = qk_norm::per_head;
    bool multi_query = false;
    bool one_kv_head = false;
    bool new_decoder = false;
    count qk_gains = 1;
    count vectors = 0;
    count q_latent = 0;
    bool gated = false;
    bool gated_heads = false;
    bool inner_norm = false;
    bool masks = false;
    bool floors_head_dim = false;
    short_string gating{};
    bool sinks = false;
    bool sliding_sinks = false;
    // sliding layers
    count window = 0;
    bool windowed = true;
    count first_sliding = 0;  ///< with use_sliding_window, layers from here on slide
    count period = 0;         ///< every period-th layer is full
    count sliding_heads = 0;
    count sliding_kv_heads = 0;
    count sliding_head_dim = 0;
    count sliding_v_head_dim = 0;
    count chunk = 0;
    bool full_first = false;
    pattern order{};   ///< of every layer
    pattern repeated{};  ///< letters that repeat over the layers

    template <class f = grouped_attention>
    static constexpr auto json() {
        using enum layer_kind;
        return std::array{
            key(&f::hidden, "hidden_size", "n_embd", "n_embed", "d_model"),
            key(&f::heads, "num_attention_heads", "n_head", "n_heads", "num_heads", "attention_heads"),
            key(&f::kv_heads, "num_key_value_heads", "num_kv_heads", "n_head_kv", "multi_query_group_num", "num_attention_groups", "attn_config.kv_n_heads")
                .or_else([](f const& c) { return c.multi_query ? 1 : c.heads; }),
            key(&f::head_dim, "head_dim", "attention_head_dim", "kv_channels").or_else([](f const& c) { return c.hidden / c.heads; }),
            key(&f::v_head_dim, "global_v_head_dim", "v_head_dim").or_else([](f const& c) { return c.head_dim; }).at_least(0).zero_means_absent(),
            key(&f::multi_query, "multi_query").optional(),
            key(&f::new_decoder, "new_decoder_architecture").optional(),
            key(&f::qkv_bias, "attention_bias", "add_qkv_bias", "use_qkv_bias", "qkv_bias", "use_bias", "enable_bias", "bias").optional(),
            key(&f::output_bias, "attention_out_bias").or_else([](f const& c) { return c.qkv_bias && c.bias_on_output; }),
            key(&f::qk_normed, "use_qk_norm", "qk_layernorm", "qk_norm").optional(),
            key(&f::gated_heads, "use_attention_gate", "use_head_wise_attn_gate", "gating").optional().not_texts(),
            key(&f::gating, "gating").optional().not_numbers(),
            key(&f::q_latent, "share_q_dim").optional(),
            key(&f::sinks, "add_full_attention_sink_bias").optional(),
            key(&f::sliding_sinks, "add_swa_attention_sink_bias").or_else([](f const& c) { return c.sinks; }),
            key(&f::window, "sliding_window", "sliding_window_size").optional().at_most(count{1} << 40),
            key(&f::windowed, "use_sliding_window").optional(),
            key(&f::first_sliding, "max_window_layers").optional(),
            key(&f::period, "sliding_window_pattern", "global_attn_every_n_layers", "no_rope_layer_interval", "layer_switch").optional().not_texts().not_lists(),
            key(&f::sliding_heads, "swa_num_attention_heads", "num_sliding_attention_heads", "attention_other_setting.num_attention_heads")
                .or_else([](f const& c) { return c.heads; }),
            key(&f::sliding_kv_heads, "swa_num_key_value_heads", "swa_num_kv_heads", "attention_other_setting.num_attention_groups")
                .or_else([](f const& c) { return c.kv_heads; }),
            key(&f::sliding_head_dim, "swa_head_dim", "attention_other_setting.head_dim").or_else([](f const& c) { return c.head_dim; }),
            key(&f::sliding_v_head_dim, "swa_v_head_dim").or_else([](f const& c) { return c.v_head_dim == c.head_dim ? c.sliding_head_dim : c.v_head_dim; }),
            key(&f::chunk, "attention_chunk_size").optional().at_most(count{1} << 40),
            key(&f::order, "layer_types", "hybrid_layer_pattern")
                .spelled(layer_sign{"0", full}, layer_sign{"1", sliding}, layer_sign{"G", full}, layer_sign{"S", sliding})
                .optional(),
            key(&f::repeated, "sliding_window_pattern").spelled(layer_sign{"G", full}, layer_sign{"L", sliding}).optional().not_numbers().not_lists(),
        };
    }
    COSTEXPR_ONCE constexpr void apply(traits const& is) {
        hidden = is.size.hidden;
        heads = is.size.heads;
        kv_heads = is.size.kv_heads;
        head_dim = is.size.head_dim;
        window = is.size.window;
        one_kv_head = is.multi_query;
        qkv_bias = is.qkv_bias;
        bias_on_output = is.bias_on_output;
        output_bias = is.output_bias;
        fixed_bias = is.fixed_bias;
        qk_normed = is.qk_normed;
        qk_norm = is.qk_norm;
        qk_gains = is.qk_gains;
        vectors = is.attention_vectors;
        gated = is.gated_attention;
        gated_heads = is.gated_heads;
        inner_norm = is.sub_norms;
        masks = is.masks;
        floors_head_dim = is.floors_head_dim;
        full_first = is.full_first;
        sinks = is.sinks;
        sliding_sinks = is.sliding_sinks;
        sliding_kv_heads = is.sliding_kv_heads;
        windowed = is.windowed;
        period = is.window_period;
    }
    /// Checks what the dimensions must fulfil.
    COSTEXPR_ONCE constexpr void settle_heads(auto& check) {
        if (fixed_bias) qkv_bias = output_bias = true;
        if (one_kv_head && multi_query && !new_decoder) kv_heads = 1;
        check.divisible(*this, &grouped_attention::heads, kv_heads, "the number of key and value heads");
        if (gating == "per-element") gated = true, gated_heads = false;
        if (gating == "per-head") gated_heads = true;
        if (!floors_head_dim && !check.has("head_dim") && !check.has("attention_head_dim") && !check.has("kv_channels"))
            check.divisible(*this, &grouped_attention::hidden, heads, "the number of attention heads, and no key gives head_dim");
        if (heads > 0 && head_dim > largest_dimension / heads)
            check.fail(&grouped_attention::head_dim, errc::out_of_range, largest_dimension / heads, head_dim, "at most # with this many heads");
    }
    /// The same, and brings every spelling of the schedule of full and sliding layers into one list. `mtp_modules` may add entries behind
    /// those of the layers. `index`: of families whose layers may choose their keys, which do.
    COSTEXPR_ONCE constexpr void settle(auto& check, count layers, count max_context, count mtp_modules = 0, pattern const* index = nullptr) {
        settle_heads(check);
        using enum layer_kind;
        if (layers > 0 && order.size() == layers + mtp_modules)
            while (order.size() != layers) order.pop_back();
        if (index != nullptr)
            check.schedule(*this, &grouped_attention::order, layers, "full_attention, sliding_attention or an attention with an indexer", full, sliding, chunked, chosen);
        else
            check.schedule(*this, &grouped_attention::order, layers, "full_attention, sliding_attention or chunked_attention", full, sliding, chunked);
        bool const listed = !order.empty();
        bool const chunks = chunk != 0 && window == 0;
        if (chunks) window = chunk;
        if (order.empty() && !repeated.empty())
            for (count i = 0; i < layers; ++i) order.push_back(repeated[i % repeated.size()]);
        if (order.empty()) {
            bool const slides = window != 0 && windowed;
            for (count i = 0; i < layers; ++i)
                order.push_back(!slides || i < first_sliding || (period != 0 && (full_first ? i : i + 1) % period == 0) ? full : chunks ? chunked : sliding);
        }
        // a window that the context cannot exceed hides nothing; where the config lists sliding layers by name, they stay what it calls them
        if (window == 0 || (!listed && max_context != 0 && window >= max_context))
            for (count i = 0; i < order.size(); ++i)
                if (order[i] == sliding || order[i] == chunked) order.set(i, full);
        if (index != nullptr && index->size() == order.size())
            for (count i = 0; i < order.size(); ++i)
                if ((*index)[i] == chosen) order.set(i, chosen);
    }
    /// What single layers have apart from the others must be the same for all sliding layers, and for all others.
    constexpr void settle_layers(auto& check, count layers) {
        using enum layer_kind;
        constexpr std::string_view alike = "the same number for all layers of one kind";
        bool seen_full = false, seen_sliding = false;
        check.numbers("num_attention_heads_per_layer", layers, [&](count i, count n) {
            bool const slides = i < order.size() && (order[i] == sliding || order[i] == chunked);
            count& held = slides ? sliding_heads : heads;
            bool& seen = slides ? seen_sliding : seen_full;
            if (seen && held != n) check.fail(errc::contradiction, "num_attention_heads_per_layer", held, n, alike);
            held = n;
            seen = true;
            if (n == 0 || (kv_heads > 0 && n % kv_heads != 0)) check.fail(errc::not_divisible, "num_attention_heads_per_layer", kv_heads, n, "the number of key and value heads");
        });
        count changed[3] = {};
        check.overrides([&](count i, std::string_view key, count n) {
            count* const held = key == "num_attention_heads" ? &sliding_heads : key == "num_key_value_heads" ? &sliding_kv_heads : key == "head_dim" ? &sliding_head_dim : nullptr;
            if (held == nullptr) return;
            bool const slides = i < order.size() && (order[i] == sliding || order[i] == chunked);
            count& times = changed[held == &sliding_heads ? 0 : held == &sliding_kv_heads ? 1 : 2];
            if (!slides || n == 0 || (times != 0 && *held != n)) check.fail(errc::contradiction, "per_layer_config", *held, n, alike);
            *held = n;
            if (held == &sliding_head_dim) sliding_v_head_dim = n;
            ++times;
        });
        for (count times : changed)
            if (times != 0 && times != sliding_layers()) check.fail(errc::contradiction, "per_layer_config", sliding_layers(), times, alike);
    }

    [[nodiscard]] COSTEXPR_INLINE constexpr gqa full_layer() const {
        return {.hidden = hidden, .heads = heads, .kv_heads = kv_heads, .head_dim = head_dim, .v_head_dim = v_head_dim,
                .qk_norm = qk_normed ? qk_norm : qk_norm::none, .qkv_bias = qkv_bias, .output_bias = output_bias, .qk_gains = qk_gains, .gated = gated,
                .gated_heads = gated_heads, .inner_norm = inner_norm, .masks = masks, .q_latent = q_latent, .sinks = sinks, .vectors = vectors};
    }
    [[nodiscard]] COSTEXPR_INLINE constexpr sliding_gqa sliding_layer() const {
        gqa g = full_layer();
        g.heads = sliding_heads;
        g.kv_heads = sliding_kv_heads;
        g.head_dim = sliding_head_dim;
        g.v_head_dim = sliding_v_head_dim;
        g.sinks = sliding_sinks;
        return {.heads = g, .window = window, .chunked = order.of(layer_kind::chunked) != 0};
    }
    [[nodiscard]] constexpr count full_layers() const { return order.of(layer_kind::full); }
    [[nodiscard]] constexpr count sliding_layers() const { return order.of(layer_kind::sliding) + order.of(layer_kind::chunked); }
};

}  // namespace costexpr
