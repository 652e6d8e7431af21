// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/core/math.hpp>

#include <array>
#include <cstdint>
#include <string_view>

namespace costexpr {

/// How pixels or sound become tokens.
enum class tower_input : std::uint8_t {
    patches,      ///< a convolution whose stride is its size
    spectrogram,  ///< two convolutions over mel bands, the second with stride 2 (Whisper, arXiv:2212.04356)
    subsampled,   ///< three two-dimensional convolutions with stride 2, and a linear layer (Qwen3-Omni)
    conformer,    ///< two of them, and conformer blocks (arXiv:2005.08100; Gemma 4)
};

/// Which positions are learned, each a vector of the tower's width.
enum class tower_positions : std::uint8_t {
    none,
    grid,        ///< one per patch of an image of image_size
    listed,      ///< as many as a key says
    table,       ///< rows times columns, both keys
    factorised,  ///< one per row and one per column
    tiled,       ///< the grid, the grid of every tile, and one per tile before and behind the blocks (Llama 3.2)
};

/// Which biases are there: none, all, or those that attention_bias (qkv_bias) says.
enum class bias_rule : std::uint8_t { never, always, by_key };

/// What leads from the tower into the decoder. T is the decoder's width, h the tower's, a tile the patches that one token takes.
enum class projector_kind : std::uint8_t {
    none,
    linear,         ///< tile -> T
    mlp,            ///< tile -> middle -> T, a gated one with half the middle
    glm_merger,     ///< a convolution over the tile, then linear, LayerNorm and a gated network (GLM-4V)
    patch_merger,   ///< RMSNorm, tile -> h, and an mlp (Mistral 3)
    perceiver,      ///< a gated network into T, and learned queries in blocks (Idefics2, arXiv:2405.02246)
    cross_attention,///< learned queries attend once, then an mlp (Aria, arXiv:2410.05993)
    resampler,      ///< learned queries attend once, then linear (MiniCPM-V, arXiv:2408.01800)
    visual_tokens,  ///< a head over a visual vocabulary, and the table that it mixes (Ovis, arXiv:2405.20797)
    pixel_shuffle,  ///< Llama 4: tile -> middle -> middle -> T
    two_stages,     ///< an mlp per patch, then one per tile (MiniMax-M3)
    three_linears,  ///< tile -> middle -> middle -> T (Muse Glimmer)
    spatial_temporal, ///< two mlps with LayerNorm over space and over time, then linear and RMSNorm (ERNIE-4.5-VL)
    pooled_attention, ///< attention over the patches of a tile, then a gated network (Molmo2)
    convolutions,   ///< two convolutions with stride 2 that double the channels each, then linear (GOT-OCR2, Step3, DeepSeek-OCR)
    window_merger,  ///< attention in windows and an mlp within the blocks, then an mlp per merge (MiniCPM-V 4.6)
    aligner,        ///< one linear per tower into half of T each, then T -> T (DeepSeek-VL, arXiv:2403.05525)
};

/// How wide the middle of an mlp is.
enum class middle_width : std::uint8_t { decoder, tile, by_key };

/// What a wrapper's code fixes of its projector, and what holds where its keys are left out.
struct projector_traits {
    projector_kind kind = projector_kind::none;
    count norm_gains = 0;                          ///< of the norm in front: 1 RMSNorm, 2 LayerNorm
    bool norm_on_tile = false;                     ///< it sees the tile, else each patch
    count merge = 1;                               ///< patches along each side of a tile
    middle_width middle = middle_width::decoder;
    count middle_size = 0;                         ///< where it is a key and left out; 0 the decoder's
    bool gated = false;
    bool first_bias = true;
    bool second_bias = true;
    bool bias_by_key = false;                      ///< multimodal_projector_bias or projector_bias says both
    count features = 1;                            ///< layers whose outputs are put side by side (vision_feature_layer)
    count vectors = 0;                             ///< learned vectors of T values (the end of a row of an image)
    count norm_behind = 0;                         ///< gains of a norm behind it
    bool headless = false;                         ///< the tower's pooling head is not built
    count towers = 1;                              ///< copies of the tower (Video-LLaVA has one for images and one for videos)
    bool own_width = false;                        ///< it leads into out_hidden_size
    count pool = 1;                                ///< tokens of a recording that are averaged in front of it
};

/// What the code of a tower fixes and no key of its config says, or what holds when a key is left out. What is not mentioned is that of SigLIP
/// (arXiv:2303.15343).
struct tower_traits {
    tower_input input = tower_input::patches;
    bool patch_bias = true;
    count frames = 1;                ///< consecutive frames of a video in one patch
    tower_positions positions = tower_positions::grid;
    bool class_token = false;
    bool registers = false;          ///< as many class and register tokens as keys say, and a patch embedding of its own for videos (RADIO, arXiv:2312.06709)
    count pre_norms = 0;             ///< in front of the blocks
    count post_norms = 1;            ///< behind them
    count norm_gains = 2;            ///< 2 LayerNorm with bias, 1 RMSNorm
    count norms = 2;                 ///< per block
    bool attention_bias = true;
    bias_rule qkv = bias_rule::always;
    bias_rule output = bias_rule::always;
    bias_rule network = bias_rule::always;
    bool key_bias = true;            ///< keys have one too where queries and values do
    bool gated = false;
    bool qk_norm = false;            ///< gains per head dimension
    bool layer_scale = false;
    bool relative_positions = false; ///< tables per block and axis (SAM, arXiv:2304.02643), and a neck of two convolutions
    bool pooling_head = false;       ///< vision_use_head
    bool patchless = false;          ///< its tokens come from another tower
    bool tower_wide_networks = true; ///< else the networks are as wide as what leaves (GLM-4V)
    projector_traits merger{};       ///< the tower's own
    // dimensions that the config class of transformers fills in where files leave them out
    struct sizes {
        count depth = 12, hidden = 768, inner = 3072, heads = 12, patch = 16, image = 224, positions = 0;
    } size{};
};

/// A name under which configs know a tower: the model_type of the vision_config or audio_config.
struct tower_row {
    std::string_view model_type;
    tower_traits is{};
};

namespace detail {

/// A template of its rows: whoever reads no config does not pay for it.
template <class Row = tower_row>
inline constexpr auto tower_rows = [] {
    using enum tower_positions;
    using enum bias_rule;
    constexpr tower_traits siglip{};
    constexpr tower_traits siglip_head{.pooling_head = true};
    constexpr tower_traits siglip2{.positions = listed, .pooling_head = true, .size = {.image = 0, .positions = 256}};
    constexpr tower_traits siglip_400m{.size = {27, 1152, 4304, 16, 14, 384}};
    constexpr tower_traits idefics2{.size = {.patch = 32}};
    constexpr tower_traits idefics3{.size = {12, 1152, 3072, 16, 32, 224}};
    constexpr tower_traits clip{.patch_bias = false, .class_token = true, .pre_norms = 1, .size = {.patch = 32}};
    constexpr tower_traits idefics{.patch_bias = false, .class_token = true, .pre_norms = 1, .size = {32, 768, 5120, 16, 14, 224}};
    constexpr tower_traits pixtral{.patch_bias = false, .positions = none, .pre_norms = 1, .post_norms = 0, .norm_gains = 1, .qkv = never, .output = never, .network = never,
                                   .gated = true, .size = {24, 1024, 4096, 16, 16, 1024}};
    constexpr tower_traits internvl{.class_token = true, .post_norms = 0, .attention_bias = false, .qkv = by_key, .layer_scale = true, .size = {24, 1024, 4096, 16, 14, 448}};
    constexpr tower_traits qianfan{.class_token = true, .post_norms = 0, .qkv = by_key, .layer_scale = true, .size = {24, 1024, 4096, 16, 14, 448}};
    constexpr tower_traits intern_vit{.class_token = true, .post_norms = 0, .norm_gains = 1, .qkv = by_key, .layer_scale = true, .size = {48, 3200, 12800, 25, 14, 224}};
    constexpr tower_traits llama4{.patch_bias = false, .class_token = true, .pre_norms = 1, .size = {34, 768, 5632, 16, 14, 448}};
    constexpr tower_traits mllama{.patch_bias = false, .positions = tiled, .class_token = true, .pre_norms = 1, .qkv = never, .output = never, .size = {32, 1280, 5120, 16, 14, 448}};
    constexpr projector_traits merger{.kind = projector_kind::mlp, .norm_gains = 2, .merge = 2, .middle = middle_width::tile, .own_width = true};
    constexpr projector_traits rms_merger{.kind = projector_kind::mlp, .norm_gains = 1, .merge = 2, .middle = middle_width::tile, .own_width = true};
    constexpr tower_traits qwen2_vl{.patch_bias = false, .frames = 2, .positions = none, .post_norms = 0, .merger = merger, .size = {32, 1280, 0, 16, 14, 0}};
    constexpr tower_traits qwen2_5_vl{.patch_bias = false, .frames = 2, .positions = none, .post_norms = 0, .norm_gains = 1, .gated = true, .merger = rms_merger,
                                      .size = {32, 3584, 3420, 16, 14, 0}};
    constexpr tower_traits qwen3_vl{.frames = 2, .positions = listed, .post_norms = 0, .merger = merger, .size = {27, 1152, 4304, 16, 16, 0}};
    constexpr tower_traits moonvit{.positions = table, .merger = merger, .size = {27, 1152, 4304, 16, 14, 0, 64}};
    constexpr projector_traits glm{.kind = projector_kind::glm_merger, .merge = 2, .own_width = true};
    constexpr tower_traits glm4v{.frames = 2, .post_norms = 2, .norm_gains = 1, .attention_bias = false, .qkv = by_key, .output = never, .network = never, .gated = true,
                                 .tower_wide_networks = false, .merger = glm, .size = {24, 1536, 13696, 12, 14, 336}};
    constexpr tower_traits glm_ocr{.frames = 2, .positions = none, .norm_gains = 1, .qkv = by_key, .output = by_key, .network = by_key, .gated = true, .qk_norm = true,
                                   .merger = glm, .size = {24, 1024, 4096, 16, 14, 336}};
    constexpr tower_traits ernie{.patch_bias = false, .positions = none, .size = {32, 1280, 5120, 16, 14, 0}};
    constexpr tower_traits minimax{.patch_bias = false, .frames = 2, .positions = none, .pre_norms = 1, .post_norms = 0, .size = {32, 1280, 5120, 16, 14, 0}};
    constexpr tower_traits step{.patch_bias = false, .pre_norms = 1, .post_norms = 0, .layer_scale = true, .size = {47, 1536, 8960, 16, 14, 728}};
    constexpr tower_traits muse{.patch_bias = false, .frames = 2, .positions = table, .pre_norms = 1, .size = {50, 1536, 8960, 16, 14, 0, 32}};
    constexpr tower_traits gemma4{.patch_bias = false, .positions = factorised, .post_norms = 0, .norm_gains = 1, .norms = 4, .qkv = never, .output = never, .network = never,
                                  .gated = true, .qk_norm = true, .size = {16, 768, 3072, 12, 16, 0, 10240}};
    constexpr tower_traits ovis{.pre_norms = 1, .norm_gains = 1, .attention_bias = false, .qkv = by_key, .output = by_key, .network = never, .gated = true,
                                .size = {24, 1024, 2816, 8, 14, 224}};
    constexpr tower_traits radio{.patch_bias = false, .registers = true, .post_norms = 0, .qkv = by_key, .layer_scale = true, .size = {32, 1280, 0, 16, 16, 2048}};
    constexpr tower_traits sam{.post_norms = 0, .qkv = by_key, .relative_positions = true, .size = {12, 768, 3072, 12, 16, 1024}};
    constexpr tower_traits ocr_encoder{.patch_bias = false, .class_token = true, .pre_norms = 1, .post_norms = 0, .patchless = true, .size = {24, 1024, 4096, 16, 14, 224}};
    // sound
    constexpr tower_traits whisper{.input = tower_input::spectrogram, .positions = listed, .key_bias = false, .size = {32, 1280, 5120, 20, 1, 0, 1500}};
    constexpr projector_traits to_output{.kind = projector_kind::linear, .vectors = 2, .own_width = true, .pool = 2};
    constexpr tower_traits omni{.input = tower_input::spectrogram, .positions = none, .key_bias = false, .merger = to_output, .size = {32, 1280, 5120, 20, 1, 0}};
    constexpr projector_traits through_width{.kind = projector_kind::mlp, .middle = middle_width::tile, .own_width = true};
    constexpr tower_traits omni3{.input = tower_input::subsampled, .positions = none, .merger = through_width, .size = {32, 1280, 5120, 20, 1, 0}};
    constexpr tower_traits gemma4_audio{.input = tower_input::conformer, .positions = none, .post_norms = 0, .norm_gains = 1, .norms = 3, .qkv = never, .output = never,
                                        .network = never, .merger = {.kind = projector_kind::linear, .own_width = true}, .size = {12, 1024, 0, 8, 1, 0}};
    return std::array{
        Row{"siglip_vision_model", siglip_head}, Row{"siglip2_vision_model", siglip2}, Row{"siglip", siglip_head},
        Row{"idefics2", idefics2}, Row{"idefics2_vision", idefics2}, Row{"idefics3", idefics3}, Row{"idefics3_vision", idefics3},
        Row{"smolvlm", idefics3}, Row{"smolvlm_vision", idefics3},
        Row{"cosmos3_edge_vision", {.positions = listed, .size = {27, 1152, 4304, 16, 16, 0, 256}}},
        Row{"paddleocr_vl_vision", siglip_400m}, Row{"paddleocr_vl", siglip_400m},
        Row{"minicpm_ocr_vision", siglip}, Row{"minicpmv4_6_vision", siglip}, Row{"minicpmv4_7_vision", siglip},
        Row{"video_llama_3_vision", {.positions = none}},
        Row{"molmo2_vision", {.positions = listed, .post_norms = 0, .size = {25, 1152, 4304, 16, 14, 378, 729}}},
        Row{"clip_vision_model", clip}, Row{"clip", clip}, Row{"idefics_vision", idefics}, Row{"pixtral", pixtral},
        Row{"internvl_vision", internvl}, Row{"qianfan_ocr_vision", qianfan}, Row{"intern_vit_6b", intern_vit},
        Row{"llama4_vision_model", llama4}, Row{"mllama_vision_model", mllama},
        Row{"qwen2_vl", qwen2_vl}, Row{"qwen2_vl_vision", qwen2_vl},
        Row{"qwen2_5_vl", qwen2_5_vl}, Row{"qwen2_5_vl_vision", qwen2_5_vl}, Row{"qwen2_5_omni_vision_encoder", qwen2_5_vl},
        Row{"exaone4_5_vision", qwen2_5_vl},
        Row{"qwen3_vl", qwen3_vl}, Row{"qwen3_vl_vision", qwen3_vl}, Row{"qwen3_vl_moe", qwen3_vl}, Row{"qwen3_vl_moe_vision", qwen3_vl},
        Row{"qwen3_5", qwen3_vl}, Row{"qwen3_5_vision", qwen3_vl}, Row{"qwen3_5_moe", qwen3_vl}, Row{"qwen3_5_moe_vision", qwen3_vl},
        Row{"qwen3_omni_moe_vision_encoder", qwen3_vl},
        Row{"kimi_k25", moonvit}, Row{"kimi_k25_vision", moonvit}, Row{"moonvit", moonvit},
        Row{"glm4v", glm4v}, Row{"glm4v_vision", glm4v}, Row{"glm4v_moe_vision", glm4v}, Row{"glm_ocr_vision", glm_ocr},
        Row{"ernie4_5_vl_moe_vision", ernie}, Row{"minimax_m3_vl_vision", minimax}, Row{"step3p5_vision", step},
        Row{"muse_glimmer_vision", muse}, Row{"gemma4_vision", gemma4}, Row{"ovis2_vision", ovis},
        Row{"radio", radio}, Row{"sam_vision_model", sam}, Row{"got_ocr2_vision", sam}, Row{"pp_chart2table_vision", sam},
        Row{"unlimited_ocr_sam_vision_model", sam}, Row{"unlimited_ocr_vision_encoder", ocr_encoder},
        Row{"whisper", whisper}, Row{"qwen2_audio_encoder", whisper}, Row{"moss_transcribe_diarize_audio", whisper}, Row{"voxtral_encoder", whisper},
        Row{"qwen2_5_omni_audio_encoder", omni}, Row{"qwen3_omni_moe_audio_encoder", omni3}, Row{"gemma4_audio", gemma4_audio},
    };
}();

}  // namespace detail

/// A wrapper, by its model_type: the towers that its config means where it does not name them, and what leads from them into the decoder.
struct projector_row {
    std::string_view wrapper;
    std::string_view tower{};     ///< empty: only towers that the config names
    projector_traits vision{};
    std::string_view ears{};      ///< the same of the audio_config
    projector_traits audio{};
    projector_traits second{};    ///< of a second vision tower of high resolution
    bool fixed = false;           ///< the code builds this tower whatever name the config gives it
};

namespace detail {

template <class Row = projector_row>
inline constexpr auto projector_rows = [] {
    using enum projector_kind;
    constexpr projector_traits llava{.kind = mlp, .bias_by_key = true};
    constexpr projector_traits llava_next{.kind = mlp, .bias_by_key = true, .vectors = 1};
    constexpr projector_traits internvl{.kind = mlp, .norm_gains = 2, .norm_on_tile = true, .merge = 2};
    constexpr projector_traits idefics3{.kind = linear, .merge = 2, .first_bias = false};
    constexpr projector_traits mistral{.kind = patch_merger, .merge = 2, .first_bias = false, .second_bias = false, .bias_by_key = true};
    constexpr projector_traits window{.kind = window_merger, .norm_gains = 2, .norm_on_tile = true, .merge = 2, .middle = middle_width::tile};
    constexpr projector_traits plain{.kind = linear, .first_bias = false};
    constexpr projector_traits ocr{.kind = convolutions};
    constexpr projector_traits minicpm{.kind = resampler, .headless = true};
    constexpr std::string_view siglip = "siglip_vision_model";
    constexpr std::string_view clip = "clip_vision_model";
    return std::array{
        Row{"llava", clip, llava}, Row{"llava_next", clip, llava_next}, Row{"llava_next_video", clip, llava_next},
        Row{"llava_onevision", siglip, llava_next},
        Row{"vipllava", clip, {.kind = mlp, .norm_gains = 2, .norm_on_tile = true, .features = 5}},
        Row{"video_llava", clip, {.kind = mlp, .bias_by_key = true, .towers = 2}},
        Row{"paligemma", siglip, {.kind = linear}},
        Row{"gemma3", siglip, {.kind = linear, .norm_gains = 1, .first_bias = false}},
        Row{"idefics"}, Row{"idefics2", "idefics2_vision", {.kind = perceiver}},
        Row{"idefics3", "idefics3_vision", idefics3}, Row{"smolvlm", "smolvlm_vision", idefics3},
        Row{"aya_vision", siglip, {.kind = mlp, .norm_gains = 2, .norm_on_tile = true, .merge = 2, .middle = middle_width::by_key, .gated = true}},
        Row{"cohere2_vision", siglip, {.kind = mlp, .merge = 2, .middle = middle_width::by_key, .middle_size = 36864, .gated = true}},
        Row{"lfm2_vl", "siglip2_vision_model", {.kind = mlp, .norm_gains = 2, .norm_on_tile = true, .merge = 2, .middle = middle_width::by_key, .middle_size = 2560, .bias_by_key = true}},
        Row{"cosmos3_edge", "cosmos3_edge_vision", {.kind = mlp, .norm_gains = 2, .merge = 2, .middle = middle_width::by_key, .middle_size = 11520}},
        Row{"paddleocr_vl", "paddleocr_vl_vision", {.kind = mlp, .norm_gains = 2, .merge = 2, .middle = middle_width::tile}},
        Row{"video_llama_3", "video_llama_3_vision", {.kind = mlp}},
        Row{.wrapper = "molmo2", .tower = "molmo2_vision", .vision = {.kind = pooled_attention, .merge = 2, .features = 2}, .fixed = true},
        Row{"mistral3", "pixtral", mistral}, Row{"lighton_ocr", "pixtral", mistral},
        Row{"internvl", "internvl_vision", internvl}, Row{"internvl_chat", "intern_vit_6b", internvl}, Row{"qianfan_ocr", "qianfan_ocr_vision", internvl},
        Row{"llama4", "llama4_vision_model", {.kind = pixel_shuffle, .merge = 2}},
        Row{"mllama", "mllama_vision_model", {.kind = linear}},
        Row{"qwen2_vl", "qwen2_vl_vision"}, Row{"qwen2_5_vl", "qwen2_5_vl_vision"}, Row{"qwen3_vl", "qwen3_vl_vision"},
        Row{"qwen3_vl_moe", "qwen3_vl_moe_vision"}, Row{"qwen3_5", "qwen3_5_vision"}, Row{"qwen3_5_moe", "qwen3_5_moe_vision"},
        Row{.wrapper = "qwen2_5_omni", .tower = "qwen2_5_omni_vision_encoder", .ears = "qwen2_5_omni_audio_encoder"},
        Row{.wrapper = "qwen2_5_omni_thinker", .tower = "qwen2_5_omni_vision_encoder", .ears = "qwen2_5_omni_audio_encoder"},
        Row{.wrapper = "qwen3_omni_moe", .tower = "qwen3_omni_moe_vision_encoder", .ears = "qwen3_omni_moe_audio_encoder"},
        Row{.wrapper = "qwen3_omni_moe_thinker", .tower = "qwen3_omni_moe_vision_encoder", .ears = "qwen3_omni_moe_audio_encoder"},
        Row{.wrapper = "qwen2_audio", .ears = "qwen2_audio_encoder", .audio = {.kind = linear, .pool = 2}},
        Row{.wrapper = "moss_transcribe_diarize", .ears = "qwen2_audio_encoder", .audio = {.kind = mlp, .merge = 2, .bias_by_key = true, .norm_behind = 2}},
        Row{.wrapper = "voxtral", .ears = "voxtral_encoder", .audio = {.kind = mlp, .merge = 2, .first_bias = false, .second_bias = false}},
        Row{"exaone4_5", "exaone4_5_vision"}, Row{"hyperclovax_vision_v2", "qwen2_5_vl_vision", {.kind = linear}},
        Row{"kimi_k25", "kimi_k25_vision"}, Row{"kimi_vl", "moonvit"},
        Row{"glm4v", "glm4v_vision"}, Row{"glm46v", "glm4v_vision"}, Row{"glmga", "glm4v_vision"}, Row{"glm4v_moe", "glm4v_moe_vision"},
        Row{"glm_ocr", "glm_ocr_vision"}, Row{"glm5_next", "glm_ocr_vision"},
        Row{.wrapper = "ernie4_5_vl_moe", .tower = "ernie4_5_vl_moe_vision", .vision = {.kind = spatial_temporal, .merge = 2}, .fixed = true},
        Row{.wrapper = "minimax_m3_vl", .tower = "minimax_m3_vl_vision", .vision = {.kind = two_stages, .merge = 2, .middle = middle_width::by_key, .middle_size = 6144}, .fixed = true},
        Row{.wrapper = "step3p7", .tower = "step3p5_vision", .vision = {.kind = convolutions, .first_bias = false, .bias_by_key = true}, .fixed = true},
        Row{"muse_glimmer", "muse_glimmer_vision", {.kind = three_linears, .merge = 2, .middle = middle_width::by_key, .middle_size = 4096}},
        Row{.wrapper = "gemma4", .tower = "gemma4_vision", .vision = plain, .ears = "gemma4_audio", .audio = plain},
        Row{"ovis2", "ovis2_vision", {.kind = visual_tokens}},
        Row{"aria", "idefics3_vision", {.kind = cross_attention}},
        Row{"minicpmv", siglip, minicpm},
        Row{.wrapper = "minicpm_ocr", .tower = "minicpm_ocr_vision", .vision = window, .fixed = true},
        Row{.wrapper = "minicpmv4_6", .tower = "minicpmv4_6_vision", .vision = window, .fixed = true},
        Row{.wrapper = "minicpmv4_7", .tower = "minicpmv4_7_vision", .vision = window, .fixed = true},
        Row{.wrapper = "nemotron_h_omni", .tower = "radio",
                      .vision = {.kind = mlp, .norm_gains = 1, .norm_on_tile = true, .merge = 2, .middle = middle_width::by_key, .middle_size = 4096, .first_bias = false, .second_bias = false},
                      .fixed = true},
        Row{"got_ocr2", "got_ocr2_vision", ocr}, Row{"pp_chart2table", "pp_chart2table_vision", ocr},
        Row{.wrapper = "unlimited_ocr", .tower = "unlimited_ocr_vision_encoder", .vision = {.kind = linear, .features = 2, .vectors = 2},
                      .second = {.kind = convolutions, .own_width = true}},
        Row{"deepseek_vl", siglip, {.kind = mlp}},
        Row{.wrapper = "deepseek_vl_hybrid", .tower = siglip, .vision = {.kind = aligner}, .second = {.kind = aligner}},
    };
}();

}  // namespace detail

/// What the code of a tower fixes, or nothing where its composition is not known.
template <class Row = tower_row>
[[nodiscard]] COSTEXPR_COLD constexpr tower_traits const* find_tower(std::string_view model_type) {
    for (Row const& r : detail::tower_rows<Row>)
        if (r.model_type == model_type) return &r.is;
    return nullptr;
}
template <class Row = projector_row>
[[nodiscard]] COSTEXPR_COLD constexpr Row const* find_projector(std::string_view wrapper) {
    for (Row const& r : detail::projector_rows<Row>)
        if (r.wrapper == wrapper) return &r;
    return nullptr;
}

}  // namespace costexpr
