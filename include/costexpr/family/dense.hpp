// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/family/backbone.hpp>
#include <costexpr/family/feed_forward.hpp>
#include <costexpr/family/grouped_attention.hpp>

namespace costexpr {

/// Decoders of grouped-query attention and a dense feed-forward network: Llama (arXiv:2302.13971) and all that follow its shape.
/// Full and sliding layers may alternate; norms, biases and the kind of network are fields.
struct dense_decoder {
    backbone base{};
    grouped_attention attention{};
    feed_forward network{};

    static constexpr std::string_view family = "dense";
    static constexpr auto parts() { return hana::make_tuple(&dense_decoder::base, &dense_decoder::attention, &dense_decoder::network); }

    static constexpr auto architectures() {
        constexpr traits qwen2{.qkv_bias = true, .bias_on_output = false, .windowed = false};
        constexpr traits qwen3{.qk_normed = true, .windowed = false};
        constexpr traits glm{.qkv_bias = true, .bias_on_output = false};
        constexpr traits tied{.tied = true};
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
            arch{"StableLmForCausalLM", "stablelm", {.bias_on_output = false, .norm_gains = 2}},
            arch{"GemmaForCausalLM", "gemma", tied},
            arch{"OlmoForCausalLM", "olmo", {.norm_gains = 0}},
            arch{"HunYuanDenseV1ForCausalLM", "hunyuan_v1_dense", tied},
            arch{"Ernie4_5ForCausalLM", "ernie4_5", tied},
            arch{"InternLM2ForCausalLM", "internlm2"},
            arch{"InternLM3ForCausalLM", "internlm3"},
            arch{"IQuestCoderForCausalLM", "iquestcoder"},
            arch{"BaichuanForCausalLM", "baichuan"},
            arch{"MiniCPMForCausalLM", "minicpm"},
            arch{"MiniCPMV", "minicpmv"},
            arch{"SolarForCausalLM", "solar"},
            arch{"ExaoneForCausalLM", "exaone"},
            arch{"HeliumForCausalLM", "helium"},
            arch{"CwmForCausalLM", "cwm"},
            arch{"TeleChat2ForCausalLM", "telechat2"},
            arch{"TeleChat3ForCausalLM", "telechat3"},
            arch{"GraniteSWAForCausalLM", "granite_swa", {.sinks = true, .tied = true}},
            arch{"MolmoForCausalLM", "molmo", {.qkv_bias = true, .bias_on_output = false, .halved_inner = true, .extra_embeddings = 128}},
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
    constexpr void apply(traits const& is) {
        base.apply(is);
        attention.apply(is);
        network.apply(is);
    }
    constexpr void settle(schema::checker& check) {
        attention.settle(check, base.layers, base.max_context);
        network.settle(check);
    }

    COSTEXPR_INLINE constexpr auto layers() const {
        return costexpr::layers(times(1, base.input()),
                                times(base.all_norms(), base.layer_norm()),
                                times(attention.full_layers(), attention.full_layer()),
                                times(attention.sliding_layers(), attention.sliding_layer()),
                                times(base.layers, network.layer()),
                                times(1, base.output()));
    }
};

}  // namespace costexpr
