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

/// A template of its rows, as all tables are that only reading needs: whoever reads no config does not pay for it.
template <class Wrapper = wrapper>
inline constexpr Wrapper wrappers[] = {
    // images
    {"LlavaForConditionalGeneration", "llava", "llama"},
    {"LlavaNextForConditionalGeneration", "llava_next", "llama"},
    {"LlavaNextVideoForConditionalGeneration", "llava_next_video", "llama"},
    {"LlavaOnevisionForConditionalGeneration", "llava_onevision", "qwen2"},
    {"LlavaOnevision2ForConditionalGeneration", "llava_onevision2", "qwen3"},
    {"VipLlavaForConditionalGeneration", "vipllava", "llama"},
    {"VideoLlavaForConditionalGeneration", "video_llava", "llama"},
    {"PaliGemmaForConditionalGeneration", "paligemma", "gemma"},
    {"Gemma3ForConditionalGeneration", "gemma3", "gemma3_text"},
    {"Gemma4ForConditionalGeneration", "gemma4", "gemma4_text"},
    {"Gemma4UnifiedForConditionalGeneration", "gemma4_unified", "gemma4_unified_text"},
    {"Idefics2ForConditionalGeneration", "idefics2", "mistral"},
    {"Idefics3ForConditionalGeneration", "idefics3", "llama"},
    {"SmolVLMForConditionalGeneration", "smolvlm", "llama"},
    {"GraniteDoclingForConditionalGeneration", "granite_docling", "granite"},
    {"AyaVisionForConditionalGeneration", "aya_vision", "cohere2"},
    {"Cohere2VisionForConditionalGeneration", "cohere2_vision", "cohere2"},
    {"Lfm2VlForConditionalGeneration", "lfm2_vl", "lfm2"},
    {"Lfm2VLForConditionalGeneration", "", "lfm2"},
    {"Mistral3ForConditionalGeneration", "mistral3", "mistral"},
    {"PixtralForConditionalGeneration", "", "mistral"},
    {"LightOnOcrForConditionalGeneration", "lighton_ocr", "qwen3"},
    {"LightOnOCRForConditionalGeneration", "", "qwen3"},
    {"InternVLForConditionalGeneration", "internvl", "qwen2"},
    {"InternVLChatModel", "internvl_chat", "internlm2"},
    {"InternS1ForConditionalGeneration", "interns1", "qwen3"},
    {"QianfanOCRForConditionalGeneration", "qianfan_ocr", "qwen3"},
    {"SkyworkR1VChatModel", "skywork_chat", "qwen2"},
    {"H2OVLChatModel", "h2ovl_chat"},
    {"NVLM_D", "NVLM_D", "qwen2"},
    {"Eagle2_5_VLForConditionalGeneration", "eagle_2_5_vl", "qwen2"},
    {"Llama_Nemotron_Nano_VL", "Llama_Nemotron_Nano_VL", "llama"},
    {"Ovis", "ovis"},
    {"Ovis2ForConditionalGeneration", "ovis2", "qwen2"},
    {"Ovis2_5", "ovis2_5", "qwen3"},
    {"Ovis2_6ForCausalLM", "", "qwen3"},
    {"Ovis2_6_MoeForCausalLM", "", "qwen3_moe"},
    {"PaddleOCRVLForConditionalGeneration", "paddleocr_vl", "ernie4_5"},
    {"FastVlmForConditionalGeneration", "fast_vlm", "qwen2"},
    {"GotOcr2ForConditionalGeneration", "got_ocr2", "qwen2"},
    {"DeepseekVLForConditionalGeneration", "deepseek_vl", "llama"},
    {"DeepseekVLHybridForConditionalGeneration", "deepseek_vl_hybrid", "llama"},
    {"DeepseekVLV2ForCausalLM", "deepseek_vl_v2", "deepseek_v2"},
    {"JanusForConditionalGeneration", "janus", "llama"},
    {"Emu3ForConditionalGeneration", "emu3", "llama"},
    {"PerceptionLMForConditionalGeneration", "perception_lm", "llama"},
    {"VideoLlama3ForConditionalGeneration", "video_llama_3", "qwen2"},
    {"OpenVLAForActionPrediction", "openvla", "llama"},
    {"OpenCUAForConditionalGeneration", "opencua", "qwen2"},
    {"KananaVForConditionalGeneration", "kanana-1.5-v", "llama"},
    {"RForConditionalGeneration", "rvl", "qwen3"},
    {"Qwen2VLForConditionalGeneration", "qwen2_vl", "qwen2_vl_text"},
    {"Qwen2_5_VLForConditionalGeneration", "qwen2_5_vl", "qwen2_5_vl_text"},
    {"Qwen3VLForConditionalGeneration", "qwen3_vl", "qwen3_vl_text"},
    {"Qwen3VLMoeForConditionalGeneration", "qwen3_vl_moe", "qwen3_vl_moe_text"},
    {"Qwen3_5ForConditionalGeneration", "qwen3_5", "qwen3_5_text"},
    {"Qwen3_5MoeForConditionalGeneration", "qwen3_5_moe", "qwen3_5_moe_text"},
    {"Cosmos3OmniForConditionalGeneration", "cosmos3_omni", "qwen3_vl_text"},
    {"Cosmos3EdgeForConditionalGeneration", "cosmos3_edge", "cosmos3_edge_text"},
    {"MiniCPMOcrForConditionalGeneration", "minicpm_ocr", "qwen3_5_text"},
    {"MiniCPMV4_6ForConditionalGeneration", "minicpmv4_6", "qwen3_5_text"},
    {"MiniCPMV4_7ForConditionalGeneration", "minicpmv4_7", "qwen3_5_text"},
    {"Glm4vForConditionalGeneration", "glm4v", "glm4v_text"},
    {"Glm46VForConditionalGeneration", "glm46v", "glm4v_text"},
    {"Glm4vMoeForConditionalGeneration", "glm4v_moe", "glm4v_moe_text"},
    {"GlmOcrForConditionalGeneration", "glm_ocr", "glm_ocr_text"},
    {"Exaone4_5_ForConditionalGeneration", "exaone4_5", "exaone4"},
    {"HyperCLOVAXVisionV2ForConditionalGeneration", "hyperclovax_vision_v2", "hyperclovax"},
    {"AriaForConditionalGeneration", "aria", "aria_text"},
    {"Llama4ForConditionalGeneration", "llama4", "llama4_text"},
    {"UnlimitedOcrForConditionalGeneration", "unlimited_ocr", "unlimited_ocr_text"},
    {"KimiVLForConditionalGeneration", "kimi_vl", "deepseek_v3"},
    {"KimiK25ForConditionalGeneration", "kimi_k25", "deepseek_v3"},
    {"Kimi_K25ForConditionalGeneration", "kimi_k25", "deepseek_v3"},
    {"NemotronH_Nano_VL_V2", "NemotronH_Nano_VL_V2", "nemotron_h"},
    {"NemotronH_Nano_Omni_Reasoning_V3", "", "nemotron_h"},
    {"NemotronH_Super_Omni_Reasoning_V3", "", "nemotron_h"},
    {"NemotronH_Omni_Reasoning_V3", "nemotron_h_omni", "nemotron_h"},
    {"Granite4VisionForConditionalGeneration", "granite4_vision", "granitemoehybrid"},
    // their decoders always name themselves
    {"Gemma3nForConditionalGeneration", "gemma3n"},
    {"MllamaForConditionalGeneration", "mllama"},
    {"Molmo2ForConditionalGeneration", "molmo2"},
    {"MuseGlimmerForConditionalGeneration", "muse_glimmer"},
    {"MuseSparkForConditionalGeneration", "muse_spark"},
    {"CohereCompassForConditionalGeneration", "cohere_compass"},
    {"HunYuanVLForConditionalGeneration", "hunyuan_vl"},
    {"Ernie4_5_VLMoeForConditionalGeneration", "ernie4_5_vl_moe"},
    {"Step3p7ForConditionalGeneration", "step3p7"},
    {"Step3VLForConditionalGeneration", "step3_vl"},
    {"DeepseekOcr2ForConditionalGeneration", "deepseek_ocr2"},
    {"MiniMaxM3SparseForConditionalGeneration", "minimax_m3_vl"},
    {"MistralLarge4ForConditionalGeneration", "mistral_large4"},
    {"Dots3NoteForConditionalGeneration", "dots3_note"},
    {"KimiK3ForConditionalGeneration", "kimi_k3"},
    {"Glm5NextForConditionalGeneration", "glm5_next"},
    {"Lfm3VlForConditionalGeneration", "lfm3_vl"},
    {"InklingForConditionalGeneration", "inkling_mm_model"},
    {"Inkling2ForConditionalGeneration", "inkling2"},
    // sound, and sound beside images
    {"Qwen2AudioForConditionalGeneration", "qwen2_audio", "qwen2"},
    {"Qwen2_5OmniForConditionalGeneration", "qwen2_5_omni", "qwen2_5_omni_text"},
    {"Qwen2_5OmniModel", "", "qwen2_5_omni_text"},
    {"Qwen2_5OmniThinkerForConditionalGeneration", "qwen2_5_omni_thinker", "qwen2_5_omni_text"},
    {"Qwen3OmniMoeForConditionalGeneration", "qwen3_omni_moe", "qwen3_omni_moe_text"},
    {"Qwen3OmniMoeThinkerForConditionalGeneration", "qwen3_omni_moe_thinker", "qwen3_omni_moe_text"},
    {"Qwen3ASRForConditionalGeneration", "qwen3_asr", "qwen3"},
    {"MossTranscribeDiarizeForConditionalGeneration", "moss_transcribe_diarize", "qwen3"},
    {"VoxtralForConditionalGeneration", "voxtral", "llama"},
    {"UltravoxModel", "ultravox", "llama"},
    {"GraniteSpeechForConditionalGeneration", "granite_speech", "granite"},
    {"GraniteSpeechPlusForConditionalGeneration", "granite_speech_plus", "granite"},
    {"AudioFlamingo3ForConditionalGeneration", "audioflamingo3", "qwen2"},
    {"GlmAsrForConditionalGeneration", "glmasr", "llama"},
    // the decoder's keys beside the wrapper's
    {"MiniCPMV", "minicpmv", "qwen2", true, 2.6},
    {"MiniCPMV", "minicpmv", "qwen3", true, 4.5},
    {"MiniCPMV", "minicpmv", "llama", true},
    {"MiniCPMO", "minicpmo", "qwen3", true, 4.5},
    {"MiniCPMO", "minicpmo", "qwen2", true},
    {"Phi3VForCausalLM", "phi3_v", "phi3", true},
    {"Phi4MMForCausalLM", "phi4mm", "phi3", true},
    {"DotsOCRForCausalLM", "dots_ocr", "qwen2", true},
    {"KeyeForConditionalGeneration", "Keye", "qwen3", true},
    {"KeyeVL1_5ForConditionalGeneration", "KeyeVL1_5", "qwen3", true},
    {"IsaacForConditionalGeneration", "isaac", "qwen3", true},
    {"MoonshotKimiaForCausalLM", "kimi_audio", "qwen2", true},
};

/// The wrapper of this architecture, or of this model_type where the architecture is none; of this version where versions differ.
template <class Wrapper = wrapper>
[[nodiscard]] COSTEXPR_COLD constexpr Wrapper const* find_wrapper(std::string_view architecture, std::string_view model_type, double version = 0) {
    for (bool const by_type : {false, true})
        for (Wrapper const& w : wrappers<Wrapper>) {
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
