// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/core/math.hpp>
#include <costexpr/family/traits.hpp>

#include <string_view>

namespace costexpr {

/// A wrapper: an architecture around a decoder, with encoders of images or sound. It is no family: the decoder's config, nested in its own,
/// says the family. `decoder` holds where that config names none: a model_type or an architecture; empty where the wrapper fixes none.
struct wrapper {
    std::string_view architecture;
    std::string_view model_type;
    std::string_view decoder{};
    bool flat = false;      ///< the decoder's keys stand beside the wrapper's own
    double version = 0;     ///< of several decoders under one name, the one of this version
};

inline constexpr wrapper wrappers[] = {
    // images
    wrapper{"LlavaForConditionalGeneration", "llava", "llama"},
    wrapper{"LlavaNextForConditionalGeneration", "llava_next", "llama"},
    wrapper{"LlavaNextVideoForConditionalGeneration", "llava_next_video", "llama"},
    wrapper{"LlavaOnevisionForConditionalGeneration", "llava_onevision", "qwen2"},
    wrapper{"LlavaOnevision2ForConditionalGeneration", "llava_onevision2", "qwen3"},
    wrapper{"VipLlavaForConditionalGeneration", "vipllava", "llama"},
    wrapper{"VideoLlavaForConditionalGeneration", "video_llava", "llama"},
    wrapper{"PaliGemmaForConditionalGeneration", "paligemma", "gemma"},
    wrapper{"Gemma3ForConditionalGeneration", "gemma3", "gemma3_text"},
    wrapper{"Gemma4ForConditionalGeneration", "gemma4", "gemma4_text"},
    wrapper{"Gemma4UnifiedForConditionalGeneration", "gemma4_unified", "gemma4_unified_text"},
    wrapper{"Idefics2ForConditionalGeneration", "idefics2", "mistral"},
    wrapper{"Idefics3ForConditionalGeneration", "idefics3", "llama"},
    wrapper{"SmolVLMForConditionalGeneration", "smolvlm", "llama"},
    wrapper{"GraniteDoclingForConditionalGeneration", "granite_docling", "granite"},
    wrapper{"AyaVisionForConditionalGeneration", "aya_vision", "cohere2"},
    wrapper{"Cohere2VisionForConditionalGeneration", "cohere2_vision", "cohere2"},
    wrapper{"Lfm2VlForConditionalGeneration", "lfm2_vl", "lfm2"},
    wrapper{"Lfm2VLForConditionalGeneration", "", "lfm2"},
    wrapper{"Mistral3ForConditionalGeneration", "mistral3", "mistral"},
    wrapper{"PixtralForConditionalGeneration", "", "mistral"},
    wrapper{"LightOnOcrForConditionalGeneration", "lighton_ocr", "qwen3"},
    wrapper{"LightOnOCRForConditionalGeneration", "", "qwen3"},
    wrapper{"InternVLForConditionalGeneration", "internvl", "qwen2"},
    wrapper{"InternVLChatModel", "internvl_chat", "internlm2"},
    wrapper{"InternS1ForConditionalGeneration", "interns1", "qwen3"},
    wrapper{"QianfanOCRForConditionalGeneration", "qianfan_ocr", "qwen3"},
    wrapper{"SkyworkR1VChatModel", "skywork_chat", "qwen2"},
    wrapper{"H2OVLChatModel", "h2ovl_chat"},
    wrapper{"NVLM_D", "NVLM_D", "qwen2"},
    wrapper{"Eagle2_5_VLForConditionalGeneration", "eagle_2_5_vl", "qwen2"},
    wrapper{"Llama_Nemotron_Nano_VL", "Llama_Nemotron_Nano_VL", "llama"},
    wrapper{"Ovis", "ovis"},
    wrapper{"Ovis2ForConditionalGeneration", "ovis2", "qwen2"},
    wrapper{"Ovis2_5", "ovis2_5", "qwen3"},
    wrapper{"Ovis2_6ForCausalLM", "", "qwen3"},
    wrapper{"Ovis2_6_MoeForCausalLM", "", "qwen3_moe"},
    wrapper{"PaddleOCRVLForConditionalGeneration", "paddleocr_vl", "ernie4_5"},
    wrapper{"FastVlmForConditionalGeneration", "fast_vlm", "qwen2"},
    wrapper{"GotOcr2ForConditionalGeneration", "got_ocr2", "qwen2"},
    wrapper{"DeepseekVLForConditionalGeneration", "deepseek_vl", "llama"},
    wrapper{"DeepseekVLHybridForConditionalGeneration", "deepseek_vl_hybrid", "llama"},
    wrapper{"DeepseekVLV2ForCausalLM", "deepseek_vl_v2", "deepseek_v2"},
    wrapper{"JanusForConditionalGeneration", "janus", "llama"},
    wrapper{"Emu3ForConditionalGeneration", "emu3", "llama"},
    wrapper{"PerceptionLMForConditionalGeneration", "perception_lm", "llama"},
    wrapper{"VideoLlama3ForConditionalGeneration", "video_llama_3", "qwen2"},
    wrapper{"OpenVLAForActionPrediction", "openvla", "llama"},
    wrapper{"OpenCUAForConditionalGeneration", "opencua", "qwen2"},
    wrapper{"KananaVForConditionalGeneration", "kanana-1.5-v", "llama"},
    wrapper{"RForConditionalGeneration", "rvl", "qwen3"},
    wrapper{"Qwen2VLForConditionalGeneration", "qwen2_vl", "qwen2_vl_text"},
    wrapper{"Qwen2_5_VLForConditionalGeneration", "qwen2_5_vl", "qwen2_5_vl_text"},
    wrapper{"Qwen3VLForConditionalGeneration", "qwen3_vl", "qwen3_vl_text"},
    wrapper{"Qwen3VLMoeForConditionalGeneration", "qwen3_vl_moe", "qwen3_vl_moe_text"},
    wrapper{"Qwen3_5ForConditionalGeneration", "qwen3_5", "qwen3_5_text"},
    wrapper{"Qwen3_5MoeForConditionalGeneration", "qwen3_5_moe", "qwen3_5_moe_text"},
    wrapper{"Cosmos3OmniForConditionalGeneration", "cosmos3_omni", "qwen3_vl_text"},
    wrapper{"Cosmos3EdgeForConditionalGeneration", "cosmos3_edge", "cosmos3_edge_text"},
    wrapper{"MiniCPMOcrForConditionalGeneration", "minicpm_ocr", "qwen3_5_text"},
    wrapper{"MiniCPMV4_6ForConditionalGeneration", "minicpmv4_6", "qwen3_5_text"},
    wrapper{"MiniCPMV4_7ForConditionalGeneration", "minicpmv4_7", "qwen3_5_text"},
    wrapper{"Glm4vForConditionalGeneration", "glm4v", "glm4v_text"},
    wrapper{"Glm46VForConditionalGeneration", "glm46v", "glm4v_text"},
    wrapper{"Glm4vMoeForConditionalGeneration", "glm4v_moe", "glm4v_moe_text"},
    wrapper{"GlmOcrForConditionalGeneration", "glm_ocr", "glm_ocr_text"},
    wrapper{"Exaone4_5_ForConditionalGeneration", "exaone4_5", "exaone4"},
    wrapper{"HyperCLOVAXVisionV2ForConditionalGeneration", "hyperclovax_vision_v2", "hyperclovax"},
    wrapper{"AriaForConditionalGeneration", "aria", "aria_text"},
    wrapper{"Llama4ForConditionalGeneration", "llama4", "llama4_text"},
    wrapper{"UnlimitedOcrForConditionalGeneration", "unlimited_ocr", "unlimited_ocr_text"},
    wrapper{"KimiVLForConditionalGeneration", "kimi_vl", "deepseek_v3"},
    wrapper{"KimiK25ForConditionalGeneration", "kimi_k25", "deepseek_v3"},
    wrapper{"Kimi_K25ForConditionalGeneration", "kimi_k25", "deepseek_v3"},
    wrapper{"NemotronH_Nano_VL_V2", "NemotronH_Nano_VL_V2", "nemotron_h"},
    wrapper{"NemotronH_Nano_Omni_Reasoning_V3", "", "nemotron_h"},
    wrapper{"NemotronH_Super_Omni_Reasoning_V3", "", "nemotron_h"},
    wrapper{"NemotronH_Omni_Reasoning_V3", "nemotron_h_omni", "nemotron_h"},
    wrapper{"Granite4VisionForConditionalGeneration", "granite4_vision", "granitemoehybrid"},
    // their decoders always name themselves
    wrapper{"Gemma3nForConditionalGeneration", "gemma3n"},
    wrapper{"MllamaForConditionalGeneration", "mllama"},
    wrapper{"Molmo2ForConditionalGeneration", "molmo2"},
    wrapper{"MuseGlimmerForConditionalGeneration", "muse_glimmer"},
    wrapper{"MuseSparkForConditionalGeneration", "muse_spark"},
    wrapper{"CohereCompassForConditionalGeneration", "cohere_compass"},
    wrapper{"HunYuanVLForConditionalGeneration", "hunyuan_vl"},
    wrapper{"Ernie4_5_VLMoeForConditionalGeneration", "ernie4_5_vl_moe"},
    wrapper{"Step3p7ForConditionalGeneration", "step3p7"},
    wrapper{"Step3VLForConditionalGeneration", "step3_vl"},
    wrapper{"DeepseekOcr2ForConditionalGeneration", "deepseek_ocr2"},
    wrapper{"MiniMaxM3SparseForConditionalGeneration", "minimax_m3_vl"},
    wrapper{"MistralLarge4ForConditionalGeneration", "mistral_large4"},
    wrapper{"Dots3NoteForConditionalGeneration", "dots3_note"},
    wrapper{"KimiK3ForConditionalGeneration", "kimi_k3"},
    wrapper{"Glm5NextForConditionalGeneration", "glm5_next"},
    wrapper{"Lfm3VlForConditionalGeneration", "lfm3_vl"},
    wrapper{"InklingForConditionalGeneration", "inkling_mm_model"},
    wrapper{"Inkling2ForConditionalGeneration", "inkling2"},
    // sound, and sound beside images
    wrapper{"Qwen2AudioForConditionalGeneration", "qwen2_audio", "qwen2"},
    wrapper{"Qwen2_5OmniForConditionalGeneration", "qwen2_5_omni", "qwen2_5_omni_text"},
    wrapper{"Qwen2_5OmniModel", "", "qwen2_5_omni_text"},
    wrapper{"Qwen2_5OmniThinkerForConditionalGeneration", "qwen2_5_omni_thinker", "qwen2_5_omni_text"},
    wrapper{"Qwen3OmniMoeForConditionalGeneration", "qwen3_omni_moe", "qwen3_omni_moe_text"},
    wrapper{"Qwen3OmniMoeThinkerForConditionalGeneration", "qwen3_omni_moe_thinker", "qwen3_omni_moe_text"},
    wrapper{"Qwen3ASRForConditionalGeneration", "qwen3_asr", "qwen3"},
    wrapper{"MossTranscribeDiarizeForConditionalGeneration", "moss_transcribe_diarize", "qwen3"},
    wrapper{"VoxtralForConditionalGeneration", "voxtral", "llama"},
    wrapper{"UltravoxModel", "ultravox", "llama"},
    wrapper{"GraniteSpeechForConditionalGeneration", "granite_speech", "granite"},
    wrapper{"GraniteSpeechPlusForConditionalGeneration", "granite_speech_plus", "granite"},
    wrapper{"AudioFlamingo3ForConditionalGeneration", "audioflamingo3", "qwen2"},
    wrapper{"GlmAsrForConditionalGeneration", "glmasr", "llama"},
    // the decoder's keys beside the wrapper's
    wrapper{"MiniCPMV", "minicpmv", "qwen2", true, 2.6},
    wrapper{"MiniCPMV", "minicpmv", "qwen3", true, 4.5},
    wrapper{"MiniCPMV", "minicpmv", "llama", true},
    wrapper{"MiniCPMO", "minicpmo", "qwen3", true, 4.5},
    wrapper{"MiniCPMO", "minicpmo", "qwen2", true},
    wrapper{"Phi3VForCausalLM", "phi3_v", "phi3", true},
    wrapper{"Phi4MMForCausalLM", "phi4mm", "phi3", true},
    wrapper{"DotsOCRForCausalLM", "dots_ocr", "qwen2", true},
    wrapper{"KeyeForConditionalGeneration", "Keye", "qwen3", true},
    wrapper{"KeyeVL1_5ForConditionalGeneration", "KeyeVL1_5", "qwen3", true},
    wrapper{"IsaacForConditionalGeneration", "isaac", "qwen3", true},
    wrapper{"MoonshotKimiaForCausalLM", "kimi_audio", "qwen2", true},
};

/// The wrapper of this architecture, or of this model_type where the architecture is none; of this version where versions differ.
[[nodiscard]] COSTEXPR_COLD constexpr wrapper const* find_wrapper(std::string_view architecture, std::string_view model_type, double version = 0) {
    for (bool const by_type : {false, true})
        for (wrapper const& w : wrappers) {
            std::string_view const name = by_type ? model_type : architecture;
            if (!name.empty() && (by_type ? w.model_type : w.architecture) == name && (w.version == 0 || w.version == version)) return &w;
        }
    return nullptr;
}

/// Dimensions of a decoder inside a wrapper: files leave out what the config class of transformers fills in. A decoder that stands alone says them.
struct nested_default {
    std::string_view model_type;
    traits::sizes size{};
};
inline constexpr nested_default nested_defaults[] = {
    nested_default{"llama", {.layers = 32, .hidden = 4096, .heads = 32, .inner = 11008, .vocab = 32000, .context = 2048}},
    nested_default{"mistral", {.layers = 32, .hidden = 4096, .heads = 32, .kv_heads = 8, .inner = 14336, .vocab = 32000, .context = 131072}},
    nested_default{"qwen2", {.layers = 32, .hidden = 4096, .heads = 32, .kv_heads = 32, .inner = 22016, .vocab = 151936, .context = 32768}},
    nested_default{"gemma", {.layers = 28, .hidden = 3072, .heads = 16, .kv_heads = 16, .head_dim = 256, .inner = 24576, .vocab = 256000, .context = 8192}},
};
/// The sizes of a nested decoder where neither its config nor its architecture says them.
COSTEXPR_COLD constexpr void fill_nested(traits::sizes& size, std::string_view model_type) {
    for (nested_default const& d : nested_defaults) {
        if (d.model_type != model_type) continue;
        for (count traits::sizes::*m : {&traits::sizes::layers, &traits::sizes::hidden, &traits::sizes::heads, &traits::sizes::kv_heads, &traits::sizes::head_dim,
                                         &traits::sizes::inner, &traits::sizes::vocab, &traits::sizes::window, &traits::sizes::context})
            if (size.*m == 0) size.*m = d.size.*m;
    }
}

}  // namespace costexpr
