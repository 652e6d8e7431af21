// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/family/backbone.hpp>
#include <costexpr/family/feed_forward.hpp>
#include <costexpr/family/resemblance.hpp>
#include <costexpr/layer/mla.hpp>

namespace costexpr {

/// Multi-head latent attention as configs describe it. A part of the families' configs.
struct latent_attention {
    count hidden = 0;
    count heads = 0;
    count q_latent = 0;
    count latent = 0;
    count nope_dim = 0;
    count rope_dim = 0;
    count v_head_dim = 0;
    bool bias = false;
    bool gated = false;        ///< an output gate of the width of the values
    bool gated_heads = false;  ///< an output gate of one value per head

    static constexpr auto json(auto...) {
        using f = latent_attention;
        return std::array{
            key(&f::hidden, "hidden_size"),
            key(&f::heads, "num_attention_heads"),
            key(&f::q_latent, "q_lora_rank").optional(),
            key(&f::latent, "kv_lora_rank"),
            key(&f::nope_dim, "qk_nope_head_dim"),
            key(&f::rope_dim, "qk_rope_head_dim").at_least(0),
            key(&f::v_head_dim, "v_head_dim").or_else([](f const& c) { return c.hidden / c.heads; }),
            key(&f::bias, "attention_bias").optional(),
            key(&f::gated, "mla_use_output_gate").optional(),
        };
    }
    constexpr void apply(traits const& is) { gated_heads = is.gated_heads; }
    [[nodiscard]] COSTEXPR_INLINE constexpr mla layer() const {
        return {.hidden = hidden, .heads = heads, .q_latent = q_latent, .latent = latent, .nope_dim = nope_dim, .rope_dim = rope_dim,
                .v_head_dim = v_head_dim, .bias = bias, .gate_dim = gated ? v_head_dim : gated_heads ? 1 : 0};
    }
};

/// The indexer of sparse attention as configs describe it, and which layers have one of their own. A part of the families' configs.
struct sparse_index {
    count heads = 0;
    count dim = 0;
    count top_k = 0;
    count every = 0;  ///< of the layers past `first`, every so-manieth has an indexer and the others share it
    count first = 0;
    count pool = 0;   ///< tokens per index key, where they are pooled
    pattern order{};

    static constexpr auto json(auto...) {
        using f = sparse_index;
        return std::array{
            key(&f::heads, "index_n_heads").optional(),
            key(&f::dim, "index_head_dim").optional(),
            key(&f::top_k, "index_topk").optional(),
            key(&f::every, "index_topk_freq").optional(),
            key(&f::first, "index_skip_topk_offset").optional(),
            key(&f::pool, "index_kpool").optional(),
            key(&f::order, "indexer_types").optional(),
        };
    }
    constexpr void settle(auto& check, count layers) {
        using enum layer_kind;
        check.schedule(*this, &sparse_index::order, layers, "full or shared", full, shared);
        if (top_k == 0) {
            order = pattern::uniform(none, layers);
            return;
        }
        check.needed(*this, &sparse_index::heads, "index_n_heads", "the number of indexer heads");
        check.needed(*this, &sparse_index::dim, "index_head_dim", "the width of an indexer head");
        if (order.empty())
            for (count i = 0; i < layers; ++i) order.push_back(every == 0 || i < first || (i - first) % every == every - 1 ? full : shared);
    }
    [[nodiscard]] COSTEXPR_INLINE constexpr indexer layer(count hidden, count q_latent) const { return {hidden, q_latent, heads, dim, pool}; }
    [[nodiscard]] constexpr count indexers() const { return order.of(layer_kind::full); }
    [[nodiscard]] constexpr count sparse_layers() const { return order.of(layer_kind::full) + order.of(layer_kind::shared); }
};

/// Decoders of multi-head latent attention, dense or with experts: DeepSeek V2, V3 and R1 (arXiv:2405.04434, arXiv:2412.19437), Kimi K2,
/// GLM-4.7-Flash, MiniCPM3 and their kin; with an indexer DeepSeek-V3.2 and GLM-5.
struct mla_decoder {
    backbone base{};
    latent_attention attention{};
    feed_forward network{};  ///< of the layers without experts
    mixture experts{};
    sparse_index index{};

    static constexpr std::string_view family = "mla";
    using parts = part_list<&mla_decoder::base, &mla_decoder::attention, &mla_decoder::network,
                            &mla_decoder::experts, &mla_decoder::index>;

    static constexpr auto architectures() {
        return std::array{
            arch{"DeepseekV2ForCausalLM", "deepseek_v2"},
            arch{"DeepseekV3ForCausalLM", "deepseek_v3"},
            arch{"DeepseekV3ForCausalLM", "kimi_k2"},
            arch{"KimiK25ForConditionalGeneration", ""},
            arch{"Kimi_K25ForConditionalGeneration", ""},
            arch{"KimiVLForConditionalGeneration", ""},
            arch{"Glm4MoeLiteForCausalLM", "glm4_moe_lite"},
            arch{"MiniCPM3ForCausalLM", "minicpm3", {.tied = true}},
            arch{"DeepseekV32ForCausalLM", "deepseek_v32"},
            arch{"GlmMoeDsaForCausalLM", "glm_moe_dsa"},
            arch{"Mistral4ForCausalLM", "mistral4"},
            arch{"YoutuForCausalLM", "youtu", {.tied = true}},
        };
    }
    /// Whether the keys of a config of no registered architecture describe this family.
    static constexpr bool resembles(schema::document const& d) { return describes_decoder(d) && describes_latent_attention(d); }
    constexpr void apply(traits const& is) {
        base.apply(is);
        network.apply(is);
        experts.apply(is);
    }
    constexpr void settle(auto& check) {
        experts.settle(check, base.layers, false);
        network.settle(check, experts.dense_count());
        index.settle(check, base.layers);
    }

    COSTEXPR_INLINE constexpr auto layers() const {
        return costexpr::layers(times(1, base.input()),
                                times(base.all_norms(), base.layer_norm()),
                                times(base.layers - index.sparse_layers(), attention.layer()),
                                times(index.sparse_layers(), sparse_mla{attention.layer(), index.top_k}),
                                times(index.indexers(), index.layer(base.hidden, attention.q_latent)),
                                times(experts.dense_count(), network.layer()),
                                times(experts.moe_layers(), experts.layer()),
                                times(1, base.output()));
    }
    /// The modules of multi-token prediction, which hold a layer each, of the kind that the last one is, with an indexer of their own.
    COSTEXPR_INLINE constexpr auto prediction() const {
        count const n = base.predictions();
        bool const sparse = !experts.order.empty() && experts.order[experts.order.size() - 1] == layer_kind::moe;
        bool const indexed = index.top_k != 0;
        return costexpr::layers(times(n, base.prediction()),
                                times(n * base.norms_per_layer(), base.layer_norm()),
                                times(indexed ? 0 : n, attention.layer()),
                                times(indexed ? n : 0, sparse_mla{attention.layer(), index.top_k}),
                                times(indexed ? n : 0, indexer{base.hidden, attention.q_latent, index.heads, index.dim}),
                                times(sparse ? 0 : n, network.layer()),
                                times(sparse ? n : 0, experts.layer()));
    }
};

}  // namespace costexpr
