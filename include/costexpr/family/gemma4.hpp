// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/family/backbone.hpp>
#include <costexpr/family/feed_forward.hpp>
#include <costexpr/family/grouped_attention.hpp>
#include <costexpr/family/resemblance.hpp>
#include <costexpr/layer/altup.hpp>
#include <costexpr/layer/linear.hpp>
#include <costexpr/layer/per_layer_embedding.hpp>

namespace costexpr {

/// Gemma 4: sliding and global layers of different head shapes, the last layers reading the cache of earlier ones, a table of embeddings
/// per layer, and (in some sizes) experts beside the dense network. Gemma 3n: the same with alternating updates of several streams and a
/// low-rank residual (LAuReL) beside attention.
struct gemma4_decoder {
    backbone base{};
    grouped_attention attention{};
    feed_forward network{};
    mixture experts{};
    count global_head_dim = 0;
    count global_kv_heads = 0;
    count borrowing = 0;      ///< layers at the end without keys and values of their own
    bool values_are_keys = false;
    bool double_wide = false; ///< the borrowing layers have twice the inner size
    bool with_experts = false;
    count per_layer = 0;      ///< width of the embedding of each layer
    count per_layer_vocab = 0;
    count target_hidden = 0;  ///< width of the model that this one drafts for
    bool ordered = false;     ///< logits of the tokens near a few of the centroids alone
    count centroids = 0;
    count streams = 0;        ///< that a layer updates in turn
    count laurel_rank = 0;

    static constexpr std::string_view family = "gemma4";
    using parts = part_list<&gemma4_decoder::base, &gemma4_decoder::attention,
                            &gemma4_decoder::network, &gemma4_decoder::experts>;
    template <class f = gemma4_decoder>
    static constexpr auto json() {
        return std::array{
            key(&f::target_hidden, "backbone_hidden_size").optional(),
            key(&f::ordered, "use_ordered_embeddings").optional(),
            key(&f::centroids, "num_centroids").or_else(2048),
            key(&f::streams, "altup_num_inputs").optional(),
            key(&f::laurel_rank, "laurel_rank").optional(),
            key(&f::global_head_dim, "global_head_dim").or_else([](f const& c) { return c.streams != 0 ? c.attention.head_dim : 512; }),
            key(&f::global_kv_heads, "num_global_key_value_heads").optional(),
            key(&f::borrowing, "num_kv_shared_layers").optional(),
            key(&f::values_are_keys, "attention_k_eq_v").optional(),
            key(&f::double_wide, "use_double_wide_mlp").optional(),
            key(&f::with_experts, "enable_moe_block").optional(),
            key(&f::per_layer, "hidden_size_per_layer_input").optional(),
            key(&f::per_layer_vocab, "vocab_size_per_layer_input").optional(),
        };
    }
    static constexpr auto architectures() {
        constexpr traits gemma4{.qk_normed = true, .window_period = 6, .norms = 4, .tied = true};
        constexpr traits gemma3n{.qk_normed = true, .window_period = 5, .norms = 4, .altup_streams = 4, .tied = true};
        return std::array{
            arch{"Gemma3nForConditionalGeneration", "gemma3n_text", gemma3n},
            arch{"Gemma3nForCausalLM", "gemma3n", gemma3n},
            arch{"Gemma4ForConditionalGeneration", "gemma4_text", gemma4},
            arch{"Gemma4ForCausalLM", "gemma4", gemma4},
            arch{"Gemma4UnifiedForConditionalGeneration", "gemma4_unified_text", gemma4},
            arch{"Gemma4UnifiedForCausalLM", "gemma4_unified", gemma4},
            // drafters: every layer reads the cache of the model that they draft for
            arch{"Gemma4AssistantForCausalLM", "gemma4_assistant", gemma4},
            arch{"Gemma4UnifiedAssistantForCausalLM", "gemma4_unified_assistant", gemma4},
        };
    }
    /// Whether the keys of a config of no registered architecture describe this family.
    static constexpr bool resembles(schema::document const& d) {
        return detail::has_any(d, "num_attention_heads") && detail::has_any(d, "global_head_dim", "num_global_key_value_heads", "attention_k_eq_v", "use_double_wide_mlp", "enable_moe_block");
    }
    static constexpr traits likely(schema::document const&) {
        constexpr auto rows = architectures();
        return rows[0].is;
    }
    constexpr void apply(traits const& is) {
        base.apply(is);
        attention.apply(is);
        network.apply(is);
        experts.apply(is);
        streams = is.altup_streams;
        laurel_rank = streams != 0 ? 64 : 0;
    }
    /// Newer files list what differs on the global layers, layer by layer.
    COSTEXPR_ONCE constexpr void read_overrides(auto& check) {
        schema::document const& d = check.source();
        schema::slot const* const s = d.find("per_layer_config");
        if (s == nullptr) return;
        count listed = 0;
        schema::for_each_member(d, s->value, [&](json::value const& layer) {
            count const dim = schema::whole(d, schema::member(d, layer, "head_dim"));
            count const kv = schema::whole(d, schema::member(d, layer, "num_key_value_heads"));
            if (listed++ != 0 && ((dim > 0 && dim != global_head_dim) || (kv > 0 && kv != global_kv_heads)))
                return check.fail(errc::contradiction, "per_layer_config", 0, 0, "the same head_dim and num_key_value_heads on all global layers");
            if (dim > 0) global_head_dim = dim;
            if (kv > 0) global_kv_heads = kv;
        });
        count const larger = max(global_head_dim, global_kv_heads);
        if (larger > largest_dimension) check.fail(errc::out_of_range, "per_layer_config", largest_dimension, larger);
    }
    COSTEXPR_ONCE constexpr void settle(auto& check) {
        read_overrides(check);
        attention.settle(check, base.layers, base.max_context);
        if (!with_experts) experts.experts = 0;
        experts.settle(check, base.layers, with_experts);
        network.settle(check, base.layers);
        if (target_hidden != 0 && borrowing == 0) borrowing = base.layers;
        if (borrowing > base.layers) check.fail(&gemma4_decoder::borrowing, errc::out_of_range, base.layers, borrowing);
        for (count i = max<count>(0, base.layers - borrowing); i < attention.order.size(); ++i)
            ++(attention.order[i] == layer_kind::full ? borrowing_full : borrowing_sliding);
        if (with_experts) base.norms += 3;
        if (laurel_rank != 0) base.norms += 1;
    }

    COSTEXPR_INLINE constexpr auto layers() const {
        gqa global = attention.full_layer();
        global.head_dim = global.v_head_dim = global_head_dim;
        if (global_kv_heads != 0) global.kv_heads = global_kv_heads;
        global.values_are_keys = values_are_keys;
        gqa borrowing_global = global;
        borrowing_global.borrowed = true;
        sliding_gqa borrowing_local = attention.sliding_layer();
        borrowing_local.heads.borrowed = true;
        moe routed = experts.layer();
        routed.router_extra += base.hidden + experts.experts;  // scales of the router's input and of each expert
        mlp wide = network.layer();
        wide.inner *= 2;
        count const wide_layers = double_wide ? borrowing : 0;
        return costexpr::layers(times(1, base.input()),
                                times(per_layer != 0 ? 1 : 0, per_layer_table{base.hidden, base.layers, per_layer, per_layer_vocab}),
                                times(base.adding_norms(), base.layer_norm()),
                                times(base.plain_norms(), base.layer_norm(false)),
                                times(attention.full_layers() - borrowing_full, global),
                                times(borrowing_full, borrowing_global),
                                times(attention.sliding_layers() - borrowing_sliding, attention.sliding_layer()),
                                times(borrowing_sliding, borrowing_local),
                                times(base.layers - wide_layers, network.layer()),
                                times(wide_layers, wide),
                                times(experts.moe_layers(), routed),
                                times(streams != 0 ? base.layers : 0, altup{base.hidden, streams}),
                                times(streams != 0 ? 2 * (streams - 1) : 0, linear{base.hidden, base.hidden}),
                                times(laurel_rank != 0 ? base.layers : 0, low_rank{base.hidden, laurel_rank, base.hidden}),
                                times(per_layer != 0 ? base.layers : 0, per_layer_input{base.hidden, per_layer}),
                                times(target_hidden != 0 ? 1 : 0, linear{2 * target_hidden, base.hidden}),
                                times(target_hidden != 0 ? 1 : 0, linear{base.hidden, target_hidden}),
                                times(ordered ? 1 : 0, linear{base.hidden, centroids}),
                                times(1, base.output()));
    }

    count borrowing_full = 0;     ///< of the borrowing layers, those with global attention; counted while settling
    count borrowing_sliding = 0;
};

}  // namespace costexpr
