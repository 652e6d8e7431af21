// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/family/backbone.hpp>
#include <costexpr/family/feed_forward.hpp>
#include <costexpr/family/resemblance.hpp>
#include <costexpr/layer/compressed.hpp>
#include <costexpr/layer/linear.hpp>
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
    bool gate_with_queries = false;
    count head_vectors = 0;
    bool rope_norm = false;
    // sliding layers
    count window = 0;
    count sliding_heads = 0;
    count sliding_q_latent = 0;
    count sliding_latent = 0;
    count sliding_nope_dim = 0;
    count sliding_rope_dim = 0;
    count sliding_v_head_dim = 0;
    pattern order{};
    // layers without rotary embedding, and layers that read the latent of an earlier one
    count unrotated_every = 0;
    pattern rotated{};
    index_set borrowed{};
    count plain = 0;  ///< layers that do none of this
    count unrotated_layers = 0;
    count borrowed_layers = 0;
    count unrotated_borrowed_layers = 0;

    template <class f = latent_attention>
    static constexpr auto json() {
        using enum layer_kind;
        return std::array{
            key(&f::hidden, "hidden_size"),
            key(&f::heads, "num_attention_heads"),
            key(&f::q_latent, "q_lora_rank", "attention_q_lora_dim").optional(),
            key(&f::latent, "kv_lora_rank", "attention_kv_lora_dim"),
            key(&f::nope_dim, "qk_nope_head_dim", "attention_qk_dim"),
            key(&f::rope_dim, "qk_rope_head_dim", "attention_qk_rope_dim").at_least(0),
            key(&f::v_head_dim, "v_head_dim", "attention_v_dim").or_else([](f const& c) { return c.hidden / c.heads; }),
            key(&f::bias, "attention_bias").optional(),
            key(&f::gated, "mla_use_output_gate").optional(),
            key(&f::window, "sliding_window", "sliding_window_size").optional().at_most(count{1} << 40),
            key(&f::sliding_heads, "swa_num_attention_heads").or_else([](f const& c) { return c.heads; }),
            key(&f::sliding_q_latent, "swa_q_lora_rank").or_else([](f const& c) { return c.q_latent; }),
            key(&f::sliding_latent, "swa_kv_lora_rank").or_else([](f const& c) { return c.latent; }),
            key(&f::sliding_nope_dim, "swa_qk_nope_head_dim").or_else([](f const& c) { return c.nope_dim; }),
            key(&f::sliding_rope_dim, "swa_qk_rope_head_dim").or_else([](f const& c) { return c.rope_dim; }),
            key(&f::sliding_v_head_dim, "swa_v_head_dim").or_else([](f const& c) { return c.v_head_dim; }),
            key(&f::order, "layer_types").optional(),
            key(&f::unrotated_every, "no_rope_layer_interval").optional(),
            key(&f::rotated, "no_rope_layers").spelled(layer_sign{"0", unrotated}, layer_sign{"1", full}).optional(),
        };
    }
    COSTEXPR_ONCE constexpr void apply(traits const& is) {
        gated = is.latent_gated;
        gated_heads = is.gated_heads;
        gate_with_queries = is.gate_with_queries;
        head_vectors = is.head_vectors;
        rope_norm = is.rope_norm;
        unrotated_every = is.unrotated_every;
    }
    COSTEXPR_ONCE constexpr void settle(auto& check, count layers, count mtp_modules) {
        using enum layer_kind;
        if (layers > 0 && order.size() == layers + mtp_modules)
            while (order.size() != layers) order.pop_back();
        check.schedule(*this, &latent_attention::order, layers, "full_attention, indexed_attention or sliding_attention", full, chosen, sliding);
        if (sliding_layers() != 0) {
            check.needed(*this, &latent_attention::window, "sliding_window", "the window of the sliding layers");
            settle_sliding(check);
        }
        if (unrotated_every == 0) rotated = {};  // elsewhere these layers have the same dimensions
        if (unrotated_every != 0 && rotated.empty())
            for (count i = 0; i < layers; ++i) rotated.push_back((i + 1) % unrotated_every == 0 ? unrotated : full);
        check.schedule(*this, &latent_attention::rotated, layers, "0 or 1", full, unrotated);
        check.numbers("kv_source_layers", layers, [&](count i, count from) {
            if (from == i) return;
            if (from > i || borrowed.contains(from)) check.fail(errc::contradiction, "kv_source_layers", i, from, "layers before # that have keys of their own");
            borrowed.insert(i);
        });
        for (count i = 0; i < layers; ++i) {
            if (i < order.size() && order[i] == sliding) continue;
            bool const turns = i >= rotated.size() || rotated[i] != unrotated;
            ++(borrowed.contains(i) ? (turns ? borrowed_layers : unrotated_borrowed_layers) : (turns ? plain : unrotated_layers));
        }
    }
    /// What single layers have apart from the others must be the same for all sliding layers.
    COSTEXPR_ONCE constexpr void settle_sliding(auto& check) {
        struct spelling {
            std::string_view key;
            count latent_attention::* member;
        };
        constexpr spelling known[] = {{"num_attention_heads", &latent_attention::sliding_heads}, {"q_lora_rank", &latent_attention::sliding_q_latent},
                                      {"kv_lora_rank", &latent_attention::sliding_latent},       {"qk_nope_head_dim", &latent_attention::sliding_nope_dim},
                                      {"qk_rope_head_dim", &latent_attention::sliding_rope_dim}, {"v_head_dim", &latent_attention::sliding_v_head_dim}};
        count changed[6] = {};
        check.overrides([&](count i, std::string_view key, count n) {
            for (std::size_t k = 0; k != 6; ++k) {
                if (known[k].key != key) continue;
                count& held = this->*known[k].member;
                if (i >= order.size() || order[i] != layer_kind::sliding || n == 0 || (changed[k] != 0 && held != n))
                    check.fail(errc::contradiction, "per_layer_config", held, n, "the same number for all sliding layers");
                held = n;
                ++changed[k];
            }
        });
        for (count times : changed)
            if (times != 0 && times != sliding_layers())
                check.fail(errc::contradiction, "per_layer_config", sliding_layers(), times, "the same number for all sliding layers");
    }
    [[nodiscard]] constexpr count sliding_layers() const { return order.of(layer_kind::sliding); }
    [[nodiscard]] COSTEXPR_INLINE constexpr mla layer(bool rotates = true, bool borrows = false) const {
        return {.hidden = hidden, .heads = heads, .q_latent = q_latent, .latent = latent, .nope_dim = nope_dim + (rotates ? 0 : rope_dim),
                .rope_dim = rotates ? rope_dim : 0, .v_head_dim = v_head_dim, .bias = bias, .gate_dim = gated ? v_head_dim : gated_heads ? 1 : 0,
                .gate_with_queries = gate_with_queries, .head_vectors = head_vectors, .rope_norm = rope_norm, .borrowed = borrows};
    }
    [[nodiscard]] COSTEXPR_INLINE constexpr sliding_mla sliding_layer() const {
        return {.heads = {.hidden = hidden, .heads = sliding_heads, .q_latent = sliding_q_latent, .latent = sliding_latent, .nope_dim = sliding_nope_dim,
                          .rope_dim = sliding_rope_dim, .v_head_dim = sliding_v_head_dim, .bias = bias, .gate_dim = gated ? sliding_v_head_dim : gated_heads ? 1 : 0,
                          .gate_with_queries = gate_with_queries, .head_vectors = head_vectors, .rope_norm = rope_norm},
                .window = window};
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
    bool scaled = false;
    pattern order{};

    template <class f = sparse_index>
    static constexpr auto json() {
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
    COSTEXPR_ONCE constexpr void apply(traits const& is) {
        scaled = is.scaled_index;
        every = is.index_period;
        first = is.index_period != 0 ? 2 : 0;
    }
    /// `attention`: the kinds of the layers, where they are listed. Those that slide choose no keys.
    COSTEXPR_ONCE constexpr void settle(auto& check, count layers, pattern const& attention = {}) {
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
        if (attention.size() == order.size())
            for (count i = 0; i < order.size(); ++i)
                if (attention[i] == sliding) order.set(i, none);
    }
    [[nodiscard]] COSTEXPR_INLINE constexpr indexer layer(count hidden, count q_latent) const {
        return {.hidden = hidden, .q_latent = scaled || q_latent == 0 ? hidden : q_latent, .heads = heads, .dim = dim, .pool = pool, .extra = scaled ? 2 * hidden + 2 * heads : 0};
    }
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
    count gate_rank = 0;   ///< of the norms in front of attention and of experts (A.X-K2)
    count streams = 0;     ///< hyper-connections
    bool streams_mix = true;
    count blocks = 1;      ///< attention layers and dense networks per layer (LongCat-Flash)
    count paired_layers = 0;

    static constexpr std::string_view family = "mla";
    using parts = part_list<&mla_decoder::base, &mla_decoder::attention, &mla_decoder::network,
                            &mla_decoder::experts, &mla_decoder::index>;

    template <class f = mla_decoder>
    static constexpr auto json() {
        return std::array{
            key(&f::gate_rank, "gated_norm_rank").optional(),
            key(&f::streams, "hc_mult").optional(),
            key(&f::paired_layers, "num_layers").optional().at_most(largest_layers),
        };
    }
    static constexpr auto architectures() {
        return std::array{
            arch{"DeepseekV2ForCausalLM", "deepseek_v2"},
            arch{"DeepseekV3ForCausalLM", "deepseek_v3"},
            arch{"DeepseekV3ForCausalLM", "kimi_k2"},
            arch{"KimiK25ForConditionalGeneration", ""},
            arch{"Kimi_K25ForConditionalGeneration", ""},
            arch{"KimiVLForConditionalGeneration", ""},
            arch{"Glm4MoeLiteForCausalLM", "glm4_moe_lite", {.first_dense = 1}},
            arch{"MiniCPM3ForCausalLM", "minicpm3", {.tied = true}},
            arch{"DeepseekV32ForCausalLM", "deepseek_v32"},
            arch{"GlmMoeDsaForCausalLM", "glm_moe_dsa"},
            arch{"Mistral4ForCausalLM", "mistral4"},
            arch{"YoutuForCausalLM", "youtu", {.tied = true}},
            arch{"AXK1ForCausalLM", "axk1", {.moe_norms = 1, .first_dense = 1}},
            arch{"AXK2ForCausalLM", "axk2", {.gate_with_queries = true, .first_dense = 1}},
            arch{"HYV4ForCausalLM", "hy_v4", {.latent_gated = true, .head_vectors = 1, .index_period = 4, .parallel_streams = true, .first_dense = 1}},
            arch{"Dots3NoteForCausalLM", "dots3_note_text", {.gated_heads = true, .rope_norm = true, .shared_size_each = true, .first_dense = 1}},
            arch{"Dots3NoteForConditionalGeneration", "dots3_note", {.gated_heads = true, .rope_norm = true, .shared_size_each = true, .first_dense = 1}},
            arch{"MistralLarge4ForConditionalGeneration", "mistral_large4_text", {.head_vectors = 2, .unrotated_every = 4, .scaled_index = true, .first_dense = 1}},
            arch{"MistralLarge3ForCausalLM", "mistral_large_3"},
            arch{"LongcatFlashForCausalLM", "longcat_flash", {.attention_blocks = 2, .norms = 4}},
            arch{"SarvamMLAForCausalLM", "sarvam_mla", {.shared_experts = 1, .shared_size_each = true, .first_dense = 1}},
            arch{"PanguUltraMoEForCausalLM", "pangu_ultra_moe", {.post_norms = 2}},
        };
    }
    /// Whether the keys of a config of no registered architecture describe this family.
    static constexpr bool resembles(schema::document const& d) { return describes_decoder(d) && describes_latent_attention(d); }
    constexpr void apply(traits const& is) {
        base.apply(is);
        attention.apply(is);
        network.apply(is);
        experts.apply(is);
        index.apply(is);
        blocks = is.attention_blocks;
        streams_mix = !is.parallel_streams;
    }
    COSTEXPR_ONCE constexpr void settle(auto& check) {
        if (blocks > 1 && paired_layers != 0) base.layers = paired_layers;  // num_hidden_layers counts the attention layers there
        attention.settle(check, base.layers, base.mtp_modules);
        experts.settle(check, base.layers, false, base.mtp_modules);
        network.settle(check, dense_networks());
        index.settle(check, base.layers, attention.order);
    }

    [[nodiscard]] constexpr count dense_networks() const { return blocks > 1 ? blocks * base.layers : experts.dense_count(); }
    [[nodiscard]] constexpr count gated_norms() const { return gate_rank != 0 ? base.layers + experts.moe_layers() : 0; }
    [[nodiscard]] COSTEXPR_INLINE constexpr sparse_mla chosen(bool rotates, bool borrows) const { return {attention.layer(rotates, borrows), index.top_k}; }
    COSTEXPR_INLINE constexpr auto layers() const {
        count const dense = index.top_k == 0 ? blocks : 0;
        count const sparse = index.top_k == 0 ? 0 : 1;
        latent_attention const& a = attention;
        return costexpr::layers(times(1, base.input()),
                                times(base.adding_norms(), base.layer_norm(streams == 0)),  // streams are mixed by their connections
                                times(base.plain_norms() + base.moe_norms * experts.moe_layers(), base.layer_norm(false)),
                                times(gated_norms(), low_rank{base.hidden, gate_rank, base.hidden}),
                                times(streams != 0 ? base.layers : 0, hyper_connection{.hidden = base.hidden, .copies = streams, .mixes = streams_mix}),
                                times(dense * (a.plain + a.unrotated_layers + a.borrowed_layers + a.unrotated_borrowed_layers), a.layer()),
                                times(a.sliding_layers(), a.sliding_layer()),
                                times(sparse * a.plain, chosen(true, false)),
                                times(sparse * a.unrotated_layers, chosen(false, false)),
                                times(sparse * a.borrowed_layers, chosen(true, true)),
                                times(sparse * a.unrotated_borrowed_layers, chosen(false, true)),
                                times(index.indexers(), index.layer(base.hidden, a.q_latent)),
                                times(dense_networks(), network.layer()),
                                times(experts.moe_layers(), experts.layer()),
                                times(streams != 0 ? 1 : 0, hyper_connection{.hidden = base.hidden, .copies = streams, .at_the_end = true}),
                                times(1, base.output()));
    }
    /// The modules of multi-token prediction, which hold a layer each, of the kind that the last one is, with an indexer of their own.
    COSTEXPR_INLINE constexpr auto prediction() const {
        count const n = base.predictions();
        bool const sparse = experts.ends_with_experts();
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
