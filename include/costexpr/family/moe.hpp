// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/family/backbone.hpp>
#include <costexpr/family/feed_forward.hpp>
#include <costexpr/family/grouped_attention.hpp>
#include <costexpr/family/resemblance.hpp>
#include <costexpr/layer/attention_experts.hpp>
#include <costexpr/layer/mla.hpp>

namespace costexpr {

/// The indexer of grouped-query attention as configs describe it: blocks of keys, and which layers choose among them. A part of the
/// families' configs.
struct block_index {
    count hidden = 0;
    count heads = 0;
    count dim = 0;
    count blocks = 0;
    count block = 0;
    pattern order{};

    template <class f = block_index>
    static constexpr auto json() {
        using enum layer_kind;
        return std::array{
            key(&f::hidden, "hidden_size", "n_embd", "n_embed", "d_model"),
            key(&f::heads, "sparse_attention_config.sparse_num_index_heads", "index_n_heads").optional(),
            key(&f::dim, "sparse_attention_config.sparse_index_dim", "index_head_dim").optional(),
            key(&f::blocks, "sparse_attention_config.sparse_topk_blocks", "index_topk_blocks").or_else(16),
            key(&f::block, "sparse_attention_config.sparse_block_size", "index_block_size").or_else(128),
            key(&f::order, "sparse_attention_config.sparse_attention_freq").spelled(layer_sign{"0", full}, layer_sign{"1", chosen}).optional(),
        };
    }
    /// `layers`: of the model, `sparse`: of them that choose their keys.
    COSTEXPR_ONCE constexpr void settle(auto& check, count sparse) {
        if (sparse == 0) return;
        check.needed(*this, &block_index::heads, "index_n_heads", "the number of indexer heads");
        check.needed(*this, &block_index::dim, "index_head_dim", "the width of an indexer head");
        if (blocks > 0 && block > largest_dimension / blocks) check.fail(&block_index::block, errc::out_of_range, largest_dimension / blocks, block);
    }
    [[nodiscard]] COSTEXPR_INLINE constexpr indexer layer() const { return {.hidden = hidden, .q_latent = hidden, .heads = heads, .dim = dim, .weighted = false}; }
};

/// Decoders of grouped-query attention with experts on all or some layers: Mixtral (arXiv:2401.04088), Qwen3-MoE, gpt-oss, GLM-4.5,
/// MiniMax-M2, MiMo-V2-Flash and their kin.
struct moe_decoder {
    backbone base{};
    grouped_attention attention{};
    feed_forward network{};  ///< of the layers without experts, and beside the experts where `residual`
    mixture experts{};
    block_index index{};
    bool residual = false;
    bool attention_has_experts = false;

    static constexpr std::string_view family = "moe";
    using parts = part_list<&moe_decoder::base, &moe_decoder::attention, &moe_decoder::network, &moe_decoder::experts, &moe_decoder::index>;

    static constexpr auto architectures() {
        // its use_qk_norm is a norm without weights
        constexpr traits llama4{.qk_norm = qk_norm::none, .window_period = 4, .shared_experts = 1};
        constexpr traits qwen3{.qk_normed = true, .windowed = false};
        constexpr traits step3{.qk_normed = true, .gated_heads = true, .first_dense = 3};
        return std::array{
            arch{"MixtralForCausalLM", "mixtral"},
            arch{"Qwen2MoeForCausalLM", "qwen2_moe", {.qkv_bias = true, .bias_on_output = false, .windowed = false, .shared_gate = true}},
            arch{"Qwen3MoeForCausalLM", "qwen3_moe", qwen3},
            arch{"Qwen3VLMoeForConditionalGeneration", "qwen3_vl_moe_text", qwen3},
            arch{"Qwen3OmniMoeForConditionalGeneration", "qwen3_omni_moe_text", {.qk_normed = true, .floors_head_dim = true, .windowed = false}},
            arch{"Qwen3OmniMoeThinkerForConditionalGeneration", "qwen3_omni_moe_thinker", {.qk_normed = true, .floors_head_dim = true, .windowed = false}},
            arch{"GptOssForCausalLM", "gpt_oss", {.qkv_bias = true, .sinks = true, .window_period = 2, .router_bias = 1, .expert_bias = true}},
            arch{"MiniMaxM2ForCausalLM", "minimax_m2", {.qk_norm = qk_norm::all_heads, .qk_normed = true}},
            arch{"Glm4MoeForCausalLM", "glm4_moe", {.bias_on_output = false, .floors_head_dim = true}},
            arch{"Glm4vMoeForConditionalGeneration", "glm4v_moe_text", {.qkv_bias = true, .bias_on_output = false, .floors_head_dim = true}},
            arch{"MiMoV2FlashForCausalLM", "mimo_v2_flash", {.bias_on_output = false, .sliding_sinks = true, .sliding_kv_heads = 8}},
            arch{"OlmoeForCausalLM", "olmoe", {.qk_norm = qk_norm::all_heads, .qk_normed = true}},
            arch{"Ernie4_5_MoeForCausalLM", "ernie4_5_moe", {.router_bias = 1, .tied = true}},
            arch{"DbrxForCausalLM", "dbrx", {.norm_gains = 1}},
            arch{"PhiMoEForCausalLM", "phimoe", {.norm_gains = 2}},
            arch{"PhimoeForCausalLM", "", {.norm_gains = 2}},
            arch{"ArcticForCausalLM", "arctic", {.norms = 3, .dense_residual = true}},
            arch{"GraniteMoeForCausalLM", "granitemoe", {.tied = true}},
            arch{"GraniteMoeSharedForCausalLM", "granitemoeshared", {.tied = true}},
            arch{"GraniteMoeSWAForCausalLM", "granitemoe_swa", {.sinks = true, .window_period = 4, .full_first = true}},
            arch{"Dots1ForCausalLM", "dots1", {.qk_normed = true}},
            arch{"SolarOpenForCausalLM", "solar_open", {.bias_on_output = false}},
            arch{"HunYuanMoEV1ForCausalLM", "hunyuan_v1_moe", {.qk_normed = true, .shared_experts = 1, .tied = true}},
            arch{"AfmoeForCausalLM", "afmoe", {.bias_on_output = false, .qk_normed = true, .gated_attention = true, .norms = 4, .router_bias = 1}},
            arch{"ExaoneMoeForCausalLM", "exaone_moe", {.qk_normed = true}},
            arch{"ExaoneMoEForCausalLM", "", {.qk_normed = true}},
            arch{"FlexOlmoForCausalLM", "flex_olmo", {.qk_norm = qk_norm::all_heads, .qk_normed = true}},
            arch{"AriaForConditionalGeneration", "aria_text"},
            arch{"AriaTextForCausalLM", "", {}},
            arch{"DeepseekForCausalLM", "deepseek"},
            arch{"DeepSeekForCausalLM", ""},
            arch{"UnlimitedOcrForConditionalGeneration", "unlimited_ocr_text", {.first_dense = 1}},
            arch{"FlintForCausalLM", "flint", {.qk_normed = true, .sinks = true}},
            arch{"MiniMaxM3ForCausalLM", "minimax_m3", {.qk_normed = true}},
            arch{"MiniMaxM3SparseForCausalLM", "", {.qk_normed = true}},
            arch{"MiniMaxM3SparseForConditionalGeneration", "minimax_m3_vl", {.qk_normed = true}},
            arch{"MiniMaxM3VLForCausalLM", "minimax_m3_vl_text", {.qk_normed = true}},
            arch{"Step3p5ForCausalLM", "step3p5", step3},
            arch{"Step3p5FlashForCausalLM", "", step3},
            arch{"Step3p7FlashForCausalLM", "", step3},
            arch{"Step3p7ForConditionalGeneration", "step3p7", step3},
            arch{"Step3TextForCausalLM", "step3_text", {.first_dense = 1, .size = {.kv_heads = 1}}},
            arch{"BailingMoeForCausalLM", "bailing_moe", {.bias_on_output = false}},
            arch{"BailingMoeV2ForCausalLM", "bailing_moe_v2", {.bias_on_output = false, .shared_size_each = true}},
            arch{"SarvamMoEForCausalLM", "sarvam_moe", {.bias_on_output = false, .shared_size_each = true}},
            arch{"Param2MoEForCausalLM", "param2moe", {.bias_on_output = false, .shared_experts = 1, .first_dense = 1}},
            arch{"DeepseekOCRForCausalLM", "deepseek_ocr"},
            arch{"DeepseekOCR2ForCausalLM", "deepseek_ocr2"},
            arch{"DeepseekOcr2ForConditionalGeneration", "deepseek_ocr2_text"},
            arch{"UnlimitedOCRForCausalLM", "unlimited_ocr"},
            arch{"HYV3ForCausalLM", "hy_v3", {.qk_normed = true, .first_dense = 1}},
            arch{"LagunaForCausalLM", "laguna", {.qk_normed = true, .gated_heads = true, .windowed = false, .router_bias = 1, .first_dense = 1}},
            arch{"MellumForCausalLM", "mellum", {.qk_normed = true, .windowed = false}},
            arch{"Kolibri1ForCausalLM", "kolibri1", {.qk_normed = true, .window_period = 5, .norms = 4}},
            arch{"Cohere2MoeForCausalLM", "cohere2_moe", {.window_period = 4, .norms = 1, .tied = true}},
            arch{"JetMoeForCausalLM", "jetmoe", {.attention_experts = true, .output_bias_of_experts = 1, .tied = true}},
            arch{"Ernie4_5_VLMoeForConditionalGeneration", "ernie4_5_vl_moe_text", {.router_bias = 1, .other_modality = true, .first_dense = 1, .tied = true}},
            arch{"Ernie4_5_VLMoeForConditionalGeneration", "ernie4_5_moe_vl", {.router_bias = 1, .other_modality = true, .first_dense = 1, .tied = true}},
            arch{"MuseSparkForConditionalGeneration", "muse_spark_text", {.gated_attention = true, .norms = 3, .layer_vectors = 2, .latent_norms = 2}},
            arch{"MiMoV2ForCausalLM", "mimo_v2", {.bias_on_output = false, .sliding_sinks = true, .sliding_kv_heads = 8}},
            arch{"Grok1ModelForCausalLM", "grok-1", {.norms = 4, .tied = true}},
            arch{"MiMoV2OmniForCausalLM", "mimo_v2_omni", {.bias_on_output = false, .sliding_sinks = true, .sliding_kv_heads = 8}},
            arch{"Llama4ForConditionalGeneration", "llama4_text", llama4},
            arch{"Llama4ForCausalLM", "", llama4},
        };
    }
    /// Whether the keys of a config of no registered architecture describe this family.
    static constexpr bool resembles(schema::document const& d) { return describes_decoder(d) && !describes_latent_attention(d) && describes_experts(d); }
    static constexpr traits likely(schema::document const& d) { return likely_traits(d); }
    constexpr void apply(traits const& is) {
        base.apply(is);
        attention.apply(is);
        network.apply(is);
        experts.apply(is);
        residual = is.dense_residual;
        attention_has_experts = is.attention_experts;
    }
    COSTEXPR_ONCE constexpr void settle(auto& check) {
        check.schedule(index, &block_index::order, base.layers, "0 or 1", layer_kind::full, layer_kind::chosen);
        attention.settle(check, base.layers, base.max_context, base.mtp_modules, &index.order);
        attention.settle_layers(check, base.layers);
        index.settle(check, sparse_layers());
        experts.settle(check, base.layers, true, base.mtp_modules);
        if (attention_has_experts) check.divisible(attention, &grouped_attention::heads, experts.top_k, "the number of experts per token");
        if (residual) network.inner = base.hidden;
        network.settle(check, experts.dense_count());
    }

    [[nodiscard]] constexpr count sparse_layers() const { return attention.order.of(layer_kind::chosen); }
    /// The attention layer whose projections are experts.
    [[nodiscard]] COSTEXPR_INLINE constexpr attention_experts chosen_heads() const {
        return {.hidden = base.hidden, .kv_heads = attention.kv_heads, .head_dim = attention.head_dim, .experts = experts.experts, .top_k = experts.top_k};
    }
    COSTEXPR_INLINE constexpr auto layers() const {
        return costexpr::layers(times(1, base.input()),
                                times(base.adding_norms(), base.layer_norm()),
                                times(base.plain_norms() + base.moe_norms * experts.moe_layers(), base.layer_norm(false)),
                                times(base.vector_runs(), base.vectors()),
                                times(attention_has_experts ? 0 : attention.full_layers(), attention.full_layer()),
                                times(attention.sliding_layers(), attention.sliding_layer()),
                                times(sparse_layers(), sparse_gqa{attention.full_layer(), index.blocks * index.block}),
                                times(sparse_layers(), index.layer()),
                                times(attention_has_experts ? attention.full_layers() : 0, chosen_heads()),
                                times(residual ? base.layers : experts.dense_count(), network.layer()),
                                times(experts.moe_layers(), experts.layer()),
                                times(experts.other_layers(), experts.other_layer()),
                                times(1, base.output()));
    }
    /// The modules of multi-token prediction, which hold a layer each, of the kind that the last one is.
    COSTEXPR_INLINE constexpr auto prediction() const {
        count const n = base.predictions();
        bool const sparse = experts.ends_with_experts();
        return costexpr::layers(times(n, base.prediction()),
                                times(n * base.norms_per_layer(), base.layer_norm()),
                                times(n, attention.full_layer()),
                                times(sparse && !residual ? 0 : n, network.layer()),
                                times(sparse ? n : 0, experts.layer()));
    }
};

}  // namespace costexpr
