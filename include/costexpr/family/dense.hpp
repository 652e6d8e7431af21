// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/family/backbone.hpp>
#include <costexpr/family/feed_forward.hpp>
#include <costexpr/family/grouped_attention.hpp>
#include <costexpr/family/resemblance.hpp>
#include <costexpr/layer/cross_attention.hpp>
#include <costexpr/layer/localized_filter.hpp>

namespace costexpr {

/// Decoders of grouped-query attention and a dense feed-forward network: Llama (arXiv:2302.13971) and all that follow its shape.
/// Full and sliding layers may alternate; norms, biases and the kind of network are fields.
struct dense_decoder {
    backbone base{};
    grouped_attention attention{};
    feed_forward network{};
    count cross_every = 0;  ///< every so-manieth layer is followed by a cross-attention block (Idefics)
    count cross_width = 0;
    index_set cross_at{};   ///< layers that have cross-attention in the place of self-attention (Llama 3.2 Vision)
    count crossed = 0;      ///< blocks of cross-attention; counted while settling
    bool two_stacks = false;
    bool filters = false;
    bool names_experts = false;
    count stack_layers = 0;  ///< of each of the two stacks of HRM, which take turns
    count slow_cycles = 0;
    count fast_cycles = 0;   ///< of the fast stack per cycle of the slow one

    static constexpr std::string_view family = "dense";
    using parts = part_list<&dense_decoder::base, &dense_decoder::attention, &dense_decoder::network>;

    template <class f = dense_decoder>
    static constexpr auto json() {
        return std::array{
            key(&f::cross_every, "cross_layer_interval").optional(),
            key(&f::cross_width, "vision_config.embed_dim").optional(),
            key(&f::cross_at, "cross_attention_layers").optional(),
            key(&f::names_experts, "is_moe", "use_moe").optional(),
            key(&f::stack_layers, "num_layers_per_stack").optional().at_most(largest_layers / 2),
            key(&f::slow_cycles, "H_cycles").optional().at_most(1 << 10),
            key(&f::fast_cycles, "L_cycles").optional().at_most(1 << 10),
        };
    }
    static constexpr auto architectures() {
        constexpr traits qwen2{.qkv_bias = true, .bias_on_output = false, .windowed = false};
        constexpr traits qwen3{.qk_normed = true, .windowed = false};
        constexpr traits glm{.qkv_bias = true, .bias_on_output = false};
        constexpr traits tied{.tied = true};
        constexpr traits gemma2{.window_period = 2, .norms = 4, .tied = true,
                                .size = {.head_dim = 256, .vocab = 256000, .window = 4096}};
        constexpr traits gemma3{.qk_normed = true, .window_period = 6, .norms = 4, .tied = true,
                                .size = {.heads = 8, .kv_heads = 4, .head_dim = 256, .vocab = 262208, .window = 4096}};
        constexpr traits sandwich_glm{.qkv_bias = true, .bias_on_output = false, .norms = 4};
        constexpr traits olmo2{.qk_norm = qk_norm::all_heads, .qk_normed = true};
        constexpr traits exaone4{.qk_normed = true, .windowed = true};
        constexpr traits cohere{.qk_norm = qk_norm::all_heads, .norms = 1, .tied = true};
        constexpr traits gpt2{.qkv_bias = true, .norm_gains = 2, .gated = false, .mlp_bias = true, .inner_ratio = 4, .tied = true, .learned_positions = true};
        constexpr traits falcon{.multi_query = true, .norm_gains = 2, .norms = 1, .post_norms = 1, .gated = false, .inner_ratio = 4, .tied = true};
        constexpr traits gptj{.norm_gains = 2, .norms = 1, .gated = false, .mlp_bias = true, .inner_ratio = 4, .head_bias = true};
        return std::array{
            arch{"LlamaForCausalLM", "llama"},
            arch{"LLaMAForCausalLM", ""},
            arch{"MistralForCausalLM", "mistral"},
            arch{"Ministral3ForCausalLM", "ministral3"},
            arch{"MinistralForCausalLM", "ministral"},
            arch{"Qwen2ForCausalLM", "qwen2", qwen2},
            arch{"Qwen3ForCausalLM", "qwen3", qwen3},
            arch{"QWenLMHeadModel", "qwen", {.qkv_bias = true, .bias_on_output = false, .halved_inner = true}},
            arch{"SeedOssForCausalLM", "seed_oss", {.qkv_bias = true, .bias_on_output = false}},
            arch{"MiMoForCausalLM", "mimo", {.qkv_bias = true, .bias_on_output = false, .windowed = false}},
            arch{"ChatGLMModel", "chatglm", glm},
            arch{"ChatGLMForConditionalGeneration", "", glm},
            arch{"GlmForCausalLM", "glm", glm},
            arch{"GraniteForCausalLM", "granite", tied},
            arch{"Phi3ForCausalLM", "phi3"},
            arch{"SmolLM3ForCausalLM", "smollm3", {.windowed = false, .tied = true}},
            arch{"StableLmForCausalLM", "stablelm", {.bias_on_output = false, .qk_norm = qk_norm::all_heads, .norm_gains = 2, .parallel_drops_norm = true}},
            arch{"GemmaForCausalLM", "gemma", tied},
            arch{"OlmoForCausalLM", "olmo", {.norm_gains = 0}},
            arch{"HunYuanDenseV1ForCausalLM", "hunyuan_v1_dense", {.qk_normed = true, .tied = true}},
            arch{"Ernie4_5ForCausalLM", "ernie4_5", tied},
            arch{"InternLM2ForCausalLM", "internlm2"},
            arch{"InternLM3ForCausalLM", "internlm3"},
            arch{"IQuestCoderForCausalLM", "iquestcoder"},
            arch{"BaichuanForCausalLM", "baichuan"},
            arch{"MiniCPMForCausalLM", "minicpm"},
            arch{"MiniCPMV", "minicpmv"},
            arch{"SolarForCausalLM", "solar"},
            arch{"ExaoneForCausalLM", "exaone"},
            arch{"HeliumForCausalLM", "helium", {.bias_on_output = false}},
            arch{"CwmForCausalLM", "cwm", {.window_period = 4, .full_first = true}},
            arch{"TeleChat2ForCausalLM", "telechat2", {.output_bias = true, .down_bias = true}},
            arch{"TelechatForCausalLM", "telechat", {.output_bias = true, .down_bias = true}},
            arch{"TeleChat3ForCausalLM", "telechat3"},
            arch{"GraniteSWAForCausalLM", "granite_swa", {.sinks = true, .window_period = 4, .full_first = true, .tied = true}},
            arch{"MolmoForCausalLM", "molmo", {.qkv_bias = true, .bias_on_output = false, .halved_inner = true, .extra_embeddings = 128}},
            arch{"DiffLlamaForCausalLM", "diffllama", {.attention_vectors = 4}},
            arch{"IdeficsForVisionText2Text", "idefics"},
            arch{"MllamaForConditionalGeneration", "mllama_text_model", {.extra_embeddings = 8}},
            arch{"MllamaForCausalLM", "mllama", {.extra_embeddings = 8}},
            arch{"BitNetForCausalLM", "bitnet", {.sub_norms = true}},
            arch{"DogeForCausalLM", "doge", {.qk_normed = true, .masks = true, .layer_vectors = 2}},
            arch{"HrmTextForCausalLM", "hrm_text", {.gated_attention = true, .norm_gains = 0, .model_vectors = 1, .two_stacks = true}},
            arch{"Phi4MultimodalForCausalLM", "phi4_multimodal"},
            arch{"Phi4MMForCausalLM", "phi4mm", tied},
            arch{"Phi3VForCausalLM", "phi3_v"},
            arch{"ChameleonForConditionalGeneration", "chameleon", {.qk_norm = qk_norm::all_heads, .qk_normed = true, .qk_gains = 2}},
            arch{"Emu3ForCausalLM", "emu3_text_model"},
            arch{"Emu3ForConditionalGeneration", "emu3"},
            arch{"Molmo2ForConditionalGeneration", "molmo2_text", {.qk_normed = true, .extra_embeddings = 128}},
            arch{"GraniteDoclingForConditionalGeneration", "granite_docling_text", tied},
            arch{"PaddleOCRVLForConditionalGeneration", "paddleocr_vl_text", tied},
            arch{"HunYuanVLForConditionalGeneration", "hunyuan_vl_text", {.qk_normed = true, .tied = true}},
            arch{"DotsOCRForCausalLM", "dots_ocr", qwen2},
            arch{"OrionForCausalLM", "orion", {.norm_gains = 2}},
            arch{"NanbeigeForCausalLM", "nanbeige"},
            arch{"TeleFLMForCausalLM", "teleflm"},
            arch{"PanguEmbeddedForCausalLM", "PanguEmbedded"},
            arch{"Step1ForCausalLM", "step1", tied},
            arch{"Plamo3ForCausalLM", "plamo3", {.qk_normed = true, .norms = 4, .tied = true}},
            arch{"Rnj1ForCausalLM", "rnj1", {.qk_normed = true, .norms = 4, .tied = true}},
            arch{"YuanForCausalLM", "yuan", {.filters = true, .tied = true}},
            arch{"MuseGlimmerForCausalLM", "muse_glimmer_text", {.gated_attention = true, .window_period = 4, .norms = 4}},
            arch{"MuseGlimmerForConditionalGeneration", "muse_glimmer", {.gated_attention = true, .window_period = 4, .norms = 4}},
            // plain feed-forward networks
            arch{"NemotronForCausalLM", "nemotron", {.norm_gains = 2, .gated = false}},
            arch{"Starcoder2ForCausalLM", "starcoder2", {.qkv_bias = true, .norm_gains = 2, .gated = false, .mlp_bias = true, .tied = true}},
            arch{"ArceeForCausalLM", "arcee", {.gated = false}},
            arch{"ApertusForCausalLM", "apertus", {.qk_normed = true, .gated = false, .activation_weights = 2}},
            arch{"Cosmos3EdgeForConditionalGeneration", "cosmos3_edge_text", {.gated = false}},
            arch{"Jais2ForCausalLM", "jais2", {.qkv_bias = true, .norm_gains = 2, .gated = false, .mlp_bias = true}},
            arch{"ModernBertDecoderForCausalLM", "modernbert-decoder",
                 {.window_period = 3, .full_first = true, .embedding_norm = true, .tied = true, .head_bias = true, .head_transform = true}},
            arch{"NanoChatForCausalLM", "nanochat", {.norm_gains = 0, .gated = false}},
            arch{"PersimmonForCausalLM", "persimmon", {.qkv_bias = true, .qk_gains = 2, .norm_gains = 2, .gated = false, .mlp_bias = true}},
            arch{"FuyuForCausalLM", "fuyu", {.qkv_bias = true, .qk_gains = 2, .norm_gains = 2, .gated = false, .mlp_bias = true}},
            // sandwich and post norms
            arch{"Gemma2ForCausalLM", "gemma2", gemma2},
            arch{"Gemma3ForCausalLM", "gemma3_text", gemma3},
            arch{"Gemma3ForConditionalGeneration", "gemma3", gemma3},
            arch{"VaultGemmaForCausalLM", "vaultgemma", {.window_period = 2, .tied = true, .size = {.head_dim = 256}}},
            arch{"Glm4ForCausalLM", "glm4", sandwich_glm},
            arch{"Glm4vForConditionalGeneration", "glm4v_text", sandwich_glm},
            arch{"Glm46VForConditionalGeneration", "glm4v", sandwich_glm},
            arch{"GlmOcrForConditionalGeneration", "glm_ocr_text", {.norms = 4}},
            arch{"Olmo2ForCausalLM", "olmo2", olmo2},
            arch{"Olmo3ForCausalLM", "olmo3", {.qk_norm = qk_norm::all_heads, .qk_normed = true, .window_period = 4}},
            arch{"Exaone4ForCausalLM", "exaone4", exaone4},
            arch{"Exaone4_5_ForConditionalGeneration", "exaone4_5_text", exaone4},
            arch{"HyperCLOVAXForCausalLM", "hyperclovax", {.norms = 2, .post_norms = 2}},
            arch{"HyperCLOVAXVisionV2ForConditionalGeneration", "", {.norms = 2, .post_norms = 2}},
            // attention and feed-forward network side by side: one norm less, the same ops
            arch{"CohereForCausalLM", "cohere", cohere},
            arch{"Cohere2ForCausalLM", "cohere2", {.window_period = 4, .norms = 1, .tied = true}},
            arch{"Cohere2VisionForConditionalGeneration", "", {.window_period = 4, .norms = 1, .tied = true}},
            arch{"CohereCompassForCausalLM", "cohere_compass_text", {.windowed = false, .norms = 1, .tied = true}},
            arch{"CohereCompassForConditionalGeneration", "cohere_compass", {.windowed = false, .norms = 1, .tied = true}},
            arch{"AyaVisionForConditionalGeneration", "", cohere},
            arch{"FalconForCausalLM", "falcon", falcon},
            arch{"GPTJForCausalLM", "gptj", gptj},
            arch{"CodeGenForCausalLM", "codegen", gptj},
            arch{"GPTNeoXForCausalLM", "gpt_neox", {.qkv_bias = true, .norm_gains = 2, .gated = false, .mlp_bias = true, .inner_ratio = 4}},
            arch{"PhiForCausalLM", "phi", {.qkv_bias = true, .fixed_bias = true, .qk_gains = 2, .norm_gains = 2, .norms = 1, .gated = false, .mlp_bias = true, .head_bias = true}},
            // GPT-2 and its kin
            arch{"GPT2LMHeadModel", "gpt2", gpt2},
            arch{"GPTBigCodeForCausalLM", "gpt_bigcode", {.qkv_bias = true, .multi_query = true, .norm_gains = 2, .gated = false, .mlp_bias = true, .inner_ratio = 4, .tied = true, .learned_positions = true}},
            arch{"GPTNeoForCausalLM", "gpt_neo", {.output_bias = true, .norm_gains = 2, .gated = false, .mlp_bias = true, .inner_ratio = 4, .tied = true, .learned_positions = true}},
            arch{"BloomForCausalLM", "bloom", {.qkv_bias = true, .norm_gains = 2, .embedding_norm = true, .gated = false, .mlp_bias = true, .inner_ratio = 4, .tied = true}},
            arch{"OPTForCausalLM", "opt", {.qkv_bias = true, .norm_gains = 2, .gated = false, .mlp_bias = true, .inner_ratio = 4, .tied = true, .learned_positions = true, .extra_positions = 2}},
            arch{"MptForCausalLM", "mpt", {.gated = false, .inner_ratio = 4, .tied = true}},
            arch{"MPTForCausalLM", "", {.gated = false, .inner_ratio = 4, .tied = true}},
            arch{"OpenAIGPTLMHeadModel", "openai-gpt", {.qkv_bias = true, .norm_gains = 2, .final_norm = false, .gated = false, .mlp_bias = true, .inner_ratio = 4, .tied = true, .learned_positions = true}},
            arch{"BioGptForCausalLM", "biogpt", {.qkv_bias = true, .norm_gains = 2, .gated = false, .mlp_bias = true, .inner_ratio = 4, .tied = true, .learned_positions = true, .extra_positions = 2}},
            arch{"XGLMForCausalLM", "xglm", {.qkv_bias = true, .norm_gains = 2, .gated = false, .mlp_bias = true, .inner_ratio = 4, .tied = true}},
            arch{"CTRLLMHeadModel", "ctrl", {.qkv_bias = true, .norm_gains = 2, .gated = false, .mlp_bias = true, .tied = true, .head_bias = true}},
            arch{"GPTNeoXJapaneseForCausalLM", "gpt_neox_japanese", {.norm_gains = 2, .model_vectors = 1, .gated = false, .inner_ratio = 4, .tied = true}},
            // wrappers whose text model is one of the above; the model_type is that of their text_config
            arch{"Qwen2VLForConditionalGeneration", "qwen2_vl_text", qwen2},
            arch{"Qwen2VLForConditionalGeneration", "qwen2_vl", qwen2},
            arch{"Qwen2_5_VLForConditionalGeneration", "qwen2_5_vl_text", qwen2},
            arch{"Qwen2_5_VLForConditionalGeneration", "qwen2_5_vl", qwen2},
            arch{"Qwen2_5OmniForConditionalGeneration", "qwen2_5_omni_text", qwen2},
            arch{"Qwen2_5OmniModel", "qwen2_5_omni", qwen2},
            arch{"Qwen2AudioForConditionalGeneration", "qwen2_audio", qwen2},
            arch{"Qwen3VLForConditionalGeneration", "qwen3_vl_text", qwen3},
        };
    }
    /// Whether the keys of a config of no registered architecture describe this family.
    static constexpr bool resembles(schema::document const& d) { return describes_decoder(d) && !describes_latent_attention(d) && !describes_experts(d); }
    static constexpr traits likely(schema::document const& d) { return likely_traits(d); }
    constexpr void apply(traits const& is) {
        base.apply(is);
        attention.apply(is);
        network.apply(is);
        two_stacks = is.two_stacks;
        filters = is.filters;
    }
    COSTEXPR_ONCE constexpr void settle(auto& check) {
        if (names_experts && (filters || attention.masks)) check.fail(errc::contradiction, check.has("use_moe") ? "use_moe" : "is_moe", 0, 1, "false: experts are not known in this architecture");
        if (two_stacks) {
            // without a size of its own per stack, num_hidden_layers is it
            check.needed(*this, &dense_decoder::slow_cycles, "H_cycles", "how often the slow stack runs");
            base.layers = min(2 * (stack_layers != 0 ? stack_layers : base.layers), largest_layers);
        }
        attention.settle(check, base.layers, base.max_context, base.mtp_modules);
        attention.settle_layers(check, base.layers);
        network.settle(check, max(base.layers, count{1}));
        if (cross_every != 0) {
            check.needed(*this, &dense_decoder::cross_width, "vision_config.embed_dim", "the width of what the cross-attention reads");
            crossed = base.layers / cross_every;
        } else {
            for (count i = 0; i < attention.order.size(); ++i)
                if (cross_at.contains(i)) attention.order.set(i, layer_kind::none), ++crossed;
            if (crossed != cross_at.size()) check.fail(&dense_decoder::cross_at, errc::out_of_range, base.layers, cross_at.size(), "distinct layers below #");
            base.layers -= crossed;
        }
    }

    [[nodiscard]] COSTEXPR_INLINE constexpr cross_attention cross_block() const {
        if (cross_every != 0) return {base.hidden, cross_width, network.inner};
        return {base.hidden, base.hidden, network.inner, attention.kv_heads * attention.head_dim, attention.head_dim};
    }
    /// How often so many stored layers run in a forward pass: the fast stack of HRM (arXiv:2506.21734) several times per run of the slow one.
    [[nodiscard]] constexpr count runs(count stored) const { return two_stacks ? stored * slow_cycles * (fast_cycles + 1) / 2 : stored; }
    COSTEXPR_INLINE constexpr auto layers() const {
        return costexpr::layers(times(1, base.input()),
                                times(base.learned_positions ? 1 : 0, base.position_table()),
                                times(runs(base.adding_norms()), base.layer_norm(), base.adding_norms()),
                                times(runs(base.plain_norms()), base.layer_norm(false), base.plain_norms()),
                                times(base.vector_runs(), base.vectors()),
                                times(filters ? base.layers : 0, localized_filter{base.hidden}),
                                times(runs(attention.full_layers()), attention.full_layer(), attention.full_layers()),
                                times(runs(attention.sliding_layers()), attention.sliding_layer(), attention.sliding_layers()),
                                times(runs(base.layers), network.layer(), base.layers),
                                times(crossed, cross_block()),
                                times(1, base.output()));
    }
    /// The modules of multi-token prediction, which hold a layer each.
    COSTEXPR_INLINE constexpr auto prediction() const {
        count const n = base.predictions();
        return costexpr::layers(times(n, base.prediction()),
                                times(n * base.norms_per_layer(), base.layer_norm()),
                                times(n, attention.full_layer()),
                                times(n, network.layer()));
    }
};

}  // namespace costexpr
