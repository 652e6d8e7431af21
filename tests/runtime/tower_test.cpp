// SPDX-License-Identifier: BSL-1.0
#include <costexpr/costexpr.hpp>

#include "check.hpp"

#include <string>
#include <string_view>

// Parameters of towers with their projectors from published shapes: the figures are counts of transformers of these configs, or sums of the
// shapes of a published checkpoint. And what a tower costs, and what its config can get wrong.

namespace {

namespace cx = costexpr;
using namespace std::string_view_literals;

/// A tower as its wrapper's config has it, in front of a decoder of this width.
struct towers {
    cx::count vision = -1;
    cx::count audio = -1;
    bool counted = false;  ///< nothing is said to be left out
};

/// What is read of a wrapper: `keys` are its own with its towers, the decoder is a small Llama of this width.
template <std::size_t N>
constexpr towers read(char const (&text)[N]) {
    auto const m = cx::read_model(launder(std::string_view(text, N - 1)));
    if (!m) return {};
    bool left_out = false;
    for (cx::remark r : m->config.remarks) left_out = left_out || r == cx::remark::tower_not_counted;
    return {m->config.vision_parameters(), m->config.audio_parameters(), !left_out};
}
constexpr bool is(towers const& t, cx::count vision, cx::count audio = 0) { return t.vision == vision && t.audio == audio && t.counted; }

#define DECODER(width) R"("text_config": {"model_type": "llama", "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 64, "vocab_size": 64, "hidden_size": )" #width "}, "
#define WRAPPER(type, width) R"({"architectures": ["LlavaForConditionalGeneration"], "model_type": ")" type R"(", )" DECODER(width)

constexpr bool qwen_merges_patches() {
    return is(read(WRAPPER("qwen3_vl", 4096) R"("vision_config": {"model_type": "qwen3_vl_vision", "depth": 27, "hidden_size": 1152, "intermediate_size": 4304, "num_heads": 16,
                "patch_size": 16, "num_position_embeddings": 2304, "out_hidden_size": 4096, "deepstack_visual_indexes": [8, 16, 24]}})"), 576'388'336) &&  // Qwen3-VL-8B
           is(read(WRAPPER("qwen3_vl", 2048) R"("vision_config": {"depth": 24, "hidden_size": 1024, "intermediate_size": 4096, "num_heads": 16,
                "patch_size": 16, "num_position_embeddings": 2304, "out_hidden_size": 2048, "deepstack_visual_indexes": [5, 11, 17]}})"), 406'957'056) &&  // Qwen3-VL-2B
           is(read(WRAPPER("qwen2_vl", 1536) R"("vision_config": {"embed_dim": 1280, "hidden_size": 1536, "mlp_ratio": 4}})"), 665'271'296) &&  // Qwen2-VL-2B
           is(read(WRAPPER("qwen2_5_vl", 2048) R"("vision_config": {"hidden_size": 1280, "out_hidden_size": 2048, "window_size": 112, "fullatt_block_indexes": [7, 15, 23, 31]}})"),
              // 32 (4 h^2 + 6 h + 3 h 3420 + 2 3420 + h) + patches 1176 h + h + merger 5120^2 + 5120 + 5120 2048 + 2048 with h = 1280
              32 * (4 * 1280 * 1280 + 4 * 1280 + 2 * 1280 + 3 * 1280 * 3420 + 2 * 3420 + 1280) + 1176 * 1280 + 1280 + 5120 * 5120 + 5120 + 5120 * 2048 + 2048) &&
           is(read(WRAPPER("hyperclovax_vision_v2", 4096) R"("vision_config": {"model_type": "qwen2_5_vl_vision", "out_hidden_size": 3584}})"), 3'097'709'312);
}
CHECK_TWICE(qwen_merges_patches);

constexpr bool siglip_and_its_kin() {
    return is(read(WRAPPER("gemma3", 3840) R"("mm_tokens_per_image": 256, "vision_config": {"model_type": "siglip_vision_model", "hidden_size": 1152, "image_size": 896,
                "intermediate_size": 4304, "num_attention_heads": 16, "num_hidden_layers": 27, "patch_size": 14, "vision_use_head": false}})"), 421'290'864) &&  // Gemma 3 12B
           is(read(WRAPPER("paligemma", 2048) R"("vision_config": {"hidden_size": 1152, "intermediate_size": 4096, "num_hidden_layers": 27, "num_attention_heads": 16,
                "patch_size": 14, "vision_use_head": false}})"), 401'858'816) &&
           is(read(WRAPPER("lfm2_vl", 2560) R"("projector_hidden_size": 2560, "projector_use_layernorm": true, "downsample_factor": 2,
                "vision_config": {"model_type": "siglip2_vision_model", "num_patches": 256}})"), 107'359'488) &&
           is(read(WRAPPER("cosmos3_edge", 2048) R"("projector_hidden_size": 11520, "vision_config": {"model_type": "cosmos3_edge_vision"}})"), 489'342'704) &&
           is(read(WRAPPER("paddleocr_vl", 1024) R"("vision_config": {"spatial_merge_size": 2}})"), 438'947'440) &&
           is(read(WRAPPER("minicpm_ocr", 4096) R"("insert_layer_id": 6, "vision_config": {"model_type": "siglip_vision_model"}})"), 157'399'552) &&
           is(read(WRAPPER("aria", 4096) R"("max_value_projector_patch_to_query_dict": 256, "vision_config": {"model_type": "idefics3_vision", "intermediate_size": 3072}})"), 184'816'000) &&
           is(read(R"({"architectures": ["Idefics2ForConditionalGeneration"], "model_type": "idefics2", "text_config": {"model_type": "mistral", "vocab_size": 32000},
                "perceiver_config": {"resampler_n_latents": 64, "resampler_depth": 3, "resampler_n_heads": 16, "resampler_head_dim": 96, "num_key_value_heads": 4},
                "vision_config": {"model_type": "idefics2_vision"}})"), 819'662'848);
}
CHECK_TWICE(siglip_and_its_kin);

constexpr bool clip_in_front_of_llama() {
    // CLIP ViT-L/14 at 336 pixels with its norm behind, 303,507,456, and 1024 4096 + 4096^2 + 2 4096 in front of Vicuna 7B
    constexpr cx::count clip = 303'507'456;
    constexpr cx::count mlp = 1024 * 4096 + 4096 * 4096 + 2 * 4096;
    return is(read(WRAPPER("llava", 4096) R"("vision_feature_layer": -2, "vision_config": {"model_type": "clip_vision_model", "hidden_size": 1024, "image_size": 336,
                "intermediate_size": 4096, "num_attention_heads": 16, "num_hidden_layers": 24, "patch_size": 14}})"), clip + mlp) &&
           is(read(WRAPPER("llava_next", 4096) R"("vision_config": {"model_type": "clip_vision_model", "hidden_size": 1024, "image_size": 336,
                "intermediate_size": 4096, "num_attention_heads": 16, "num_hidden_layers": 24, "patch_size": 14}})"), clip + mlp + 4096) &&
           // two layers side by side, no biases
           is(read(WRAPPER("llava", 4096) R"("vision_feature_layer": [-2, -8], "multimodal_projector_bias": false, "vision_config": {"hidden_size": 1024, "image_size": 336,
                "intermediate_size": 4096, "num_attention_heads": 16, "num_hidden_layers": 24, "patch_size": 14}})"), clip + 2048 * 4096 + 4096 * 4096) &&
           // five layers behind a LayerNorm
           is(read(WRAPPER("vipllava", 4096) R"("vision_config": {"hidden_size": 1024, "image_size": 336, "intermediate_size": 4096, "num_attention_heads": 16,
                "num_hidden_layers": 24, "patch_size": 14}})"), clip + 2 * 5120 + 5120 * 4096 + 4096 * 4096 + 2 * 4096) &&
           // a tower for images and one for videos
           is(read(WRAPPER("video_llava", 4096) R"("vision_config": {"hidden_size": 1024, "image_size": 336, "intermediate_size": 4096, "num_attention_heads": 16,
                "num_hidden_layers": 24, "patch_size": 14}})"), 2 * clip + mlp);
}
CHECK_TWICE(clip_in_front_of_llama);

constexpr bool towers_of_other_makers() {
    return is(read(WRAPPER("mistral3", 5120) R"("spatial_merge_size": 2, "multimodal_projector_bias": false, "vision_config": {"model_type": "pixtral", "patch_size": 14}})"), 438'958'080) &&
           is(read(WRAPPER("internvl", 4096) R"("downsample_ratio": 0.5, "vision_config": {"model_type": "internvl_vision", "image_size": [448, 448], "patch_size": [14, 14],
                "attention_bias": false, "use_qk_norm": false, "norm_type": "layer_norm", "use_mean_pooling": true}})"), 337'509'376) &&
           is(read(WRAPPER("internvl_chat", 4096) R"("downsample_ratio": 0.5, "vision_config": {"model_type": "intern_vit_6b", "hidden_size": 1024, "image_size": 448,
                "intermediate_size": 4096, "norm_type": "layer_norm", "num_attention_heads": 16, "num_hidden_layers": 24, "patch_size": 14, "qk_normalization": false, "qkv_bias": true}})"),
              337'583'104) &&  // InternViT-300M as in Qianfan-OCR
           is(read(WRAPPER("kimi_k25", 7168) R"("vision_config": {"init_pos_emb_height": 64, "init_pos_emb_width": 64, "vt_hidden_size": 1152, "vt_intermediate_size": 4304,
                "vt_num_attention_heads": 16, "vt_num_hidden_layers": 27, "patch_size": 14, "merge_kernel_size": [2, 2], "text_hidden_size": 7168}})"), 471'143'920) &&
           is(read(WRAPPER("glm4v", 4096) R"("vision_config": {"depth": 24, "hidden_size": 1536, "intermediate_size": 13696, "num_heads": 12, "patch_size": 14, "image_size": 336,
                "out_hidden_size": 4096}})"), 892'498'432) &&  // GLM-4.1V-9B
           is(read(WRAPPER("glm_ocr", 1536) R"("vision_config": {"model_type": "glm_ocr_vision", "out_hidden_size": 1536}})"), 434'120'192) &&
           is(read(WRAPPER("llama4", 5120) R"("vision_config": {"model_type": "llama4_vision_model", "hidden_size": 1408, "intermediate_size": 5632, "num_attention_heads": 16,
                "num_hidden_layers": 34, "image_size": 336, "patch_size": 14, "projector_input_dim": 4096, "projector_output_dim": 4096, "vision_output_dim": 4096}})"), 871'932'416) &&
           is(read(WRAPPER("mllama", 4096) R"("vision_config": {"model_type": "mllama_vision_model", "image_size": 560, "attention_heads": 16, "num_global_layers": 8,
                "max_num_tiles": 4, "vision_output_dim": 7680, "intermediate_layers_indices": [3, 7, 15, 23, 30],
                "supported_aspect_ratios": [[1, 1], [1, 2], [1, 3], [1, 4], [2, 1], [2, 2], [3, 1], [4, 1]]}})"), 895'028'755) &&  // Llama 3.2 11B
           is(read(WRAPPER("gemma4", 1536) R"("vision_config": {"model_type": "gemma4_vision", "head_dim": 64, "position_embedding_size": 10240, "pooling_kernel_size": 3}})"), 168'544'256) &&
           is(read(WRAPPER("ovis2", 4096) R"("hidden_size": 1536, "vision_config": {"model_type": "ovis2_vision", "vocab_size": 16384, "num_visual_indicator_tokens": 5, "hidden_stride": 1}})"),
              326'002'678 + 16384 * 1536) &&  // with the table of visual tokens
           is(read(WRAPPER("muse_glimmer", 6656) R"("projector_hidden_size": 4096, "vision_config": {"pos_emb_height": 32, "pos_emb_width": 32, "patch_temporal": 2}})"), 1'894'582'784 + 4096 * 6656);
}
CHECK_TWICE(towers_of_other_makers);

constexpr bool radio_and_molmo() {
    // RADIO ViT-H/16: patches of images and of pairs of frames, 128 x 128 positions, 10 tokens, 32 blocks with two scales of the residual;
    // RMSNorm over a tile, and two linear layers without biases
    constexpr cx::count h = 1280;
    constexpr cx::count radio = 3 * 768 * h + 128 * 128 * h + 10 * h + 32 * (12 * h * h + 9 * h + 4 * h + 2 * h);
    // Molmo2: 25 of 27 layers, attention over 2 layers' outputs side by side, a gated network
    constexpr cx::count w = 1152;
    constexpr cx::count vit = 588 * w + w + 729 * w + 25 * 15'239'504;
    constexpr cx::count adapter = 3 * (2 * w * w + w) + w * w + w + 2 * w * 9728 + 9728 * 2560;
    return is(read(WRAPPER("nemotron_h_omni", 2688) R"("downsample_ratio": 0.5, "projector_hidden_size": 4096,
                "vision_config": {"model_type": "radio", "video_temporal_patch_size": 2}})"), radio + 4 * h + 4 * h * 4096 + 4096 * 2688) &&
           is(read(WRAPPER("molmo2", 2560) R"("adapter_config": {"vit_layers": [-3, -9], "hidden_size": 1152, "num_attention_heads": 16, "num_key_value_heads": 16, "head_dim": 72,
                "intermediate_size": 9728}, "vit_config": {"hidden_size": 1152, "intermediate_size": 4304, "num_hidden_layers": 27, "num_attention_heads": 16,
                "num_key_value_heads": 16, "head_dim": 72, "image_default_input_size": [378, 378], "image_patch_size": 14, "image_num_pos": 729}})"), vit + adapter);
}
CHECK_TWICE(radio_and_molmo);

constexpr bool convolutions_and_a_second_tower() {
    return is(read(WRAPPER("got_ocr2", 1024) R"("vision_config": {"model_type": "got_ocr2_vision", "output_channels": 256, "mlp_dim": 3072, "global_attn_indexes": [2, 5, 8, 11], "window_size": 14,
                "qkv_bias": true}})"), 96'618'752) &&
           is(read(WRAPPER("unlimited_ocr", 1280) R"("vision_config": {"sam_config": {"model_type": "unlimited_ocr_sam_vision_model", "mlp_dim": 3072},
                "encoder_config": {"model_type": "unlimited_ocr_vision_encoder"}}})"), 400'768'768 + 1280) &&
           is(read(WRAPPER("deepseek_vl_hybrid", 4096) R"("vision_config": {"model_type": "siglip_vision_model"}, "high_res_vision_config": {"model_type": "sam_vision_model", "mlp_ratio": 4.0}})"),
              203'010'560 + 787'456 + 5'898'240 + 1);  // with the second neck, its convolutions and a scale
}
CHECK_TWICE(convolutions_and_a_second_tower);

constexpr bool encoders_of_sound() {
    return is(read(WRAPPER("qwen2_audio", 4096) R"("audio_config": {"model_type": "qwen2_audio_encoder", "num_mel_bins": 128, "encoder_layers": 32, "encoder_attention_heads": 20,
                "encoder_ffn_dim": 5120, "d_model": 1280, "max_source_positions": 1500}})"), 0, 642'215'936) &&  // Qwen2-Audio-7B
           is(read(WRAPPER("moss_transcribe_diarize", 1024) R"("audio_merge_size": 4, "projector_bias": true, "audio_config": {"model_type": "moss_transcribe_diarize_audio", "num_mel_bins": 80,
                "num_hidden_layers": 24, "num_attention_heads": 16, "intermediate_size": 4096, "hidden_size": 1024}})"), 0, 312'463'360) &&
           is(read(WRAPPER("gemma4", 1536) R"("audio_config": {"model_type": "gemma4_audio", "hidden_size": 1024, "num_hidden_layers": 12, "num_attention_heads": 8, "conv_kernel_size": 5,
                "output_proj_dims": 1536, "subsampling_conv_channels": [128, 32]}})"), 0, 307'183'904);  // Gemma 4 E2B
}
CHECK_TWICE(encoders_of_sound);

/// FLOPs of a tower on one image or recording of this many tokens.
constexpr double flops(cx::tower const& t, cx::count tokens) {
    double sum = 0;
    cx::for_each_op_of(t, {}, [&](auto const& o, cx::op_place const& at) {
        cx::basic_group<double> const g{1.0, static_cast<double>(tokens), 0.0, cx::phase::prefill};
        if constexpr (requires { o(g); })
            sum += static_cast<double>(at.times) * o(g).flops;
        else
            sum += static_cast<double>(at.times) * o(cx::moments<double>(g)).flops;
    });
    return sum;
}
constexpr bool mergers_see_fewer_rows_than_blocks() {
    auto const m = cx::read_model(launder(WRAPPER("qwen2_5_vl", 2048) R"("vision_config": {"hidden_size": 1280, "out_hidden_size": 2048, "window_size": 112, "fullatt_block_indexes": [7, 15, 23, 31]}})"sv));
    if (!m) return false;
    // 1,024 patches: every block 2 (4 h^2 + 3 h 3420) each; attention 4 h keys, all of them in 4 blocks and 64 in 28; mergers on 256 rows
    constexpr double h = 1280;
    constexpr double blocks = 32 * 2 * 1024 * (4 * h * h + 3 * h * 3420) + 4 * 4 * h * 1024 * 1024 + 28 * 4 * h * 1024 * 64;
    constexpr double ends = 2.0 * 1024 * 1176 * h + 2.0 * 256 * (5120.0 * 5120 + 5120.0 * 2048);
    return flops(m->config.vision, 1024) == blocks + ends;
}
CHECK_TWICE(mergers_see_fewer_rows_than_blocks);

constexpr bool sound_is_merged_too() {
    auto const m = cx::read_model(launder(WRAPPER("qwen2_audio", 4096) R"("audio_config": {"model_type": "qwen2_audio_encoder"}})"sv));
    if (!m) return false;
    // 3,000 frames: the second convolution halves them, averages of two more go through the projector
    constexpr double d = 1280;
    constexpr double blocks = 32 * (2 * 1500 * (4 * d * d + 2 * d * 5120) + 4 * d * 1500 * 1500);
    return flops(m->config.audio, 3000) == blocks + 2.0 * 3000 * 384 * d + 2.0 * 1500 * 3 * d * d + 2.0 * 750 * d * 4096;
}
CHECK_TWICE(sound_is_merged_too);

/// The first problem of a wrapper with this tower.
cx::problem wrong(std::string_view keys) {
    std::string text = WRAPPER("llava", 64) R"("vision_config": {"model_type": "clip_vision_model", )";
    text.append(keys).append("}}");
    auto const m = cx::read_model(text);
    return m ? cx::problem{} : m.error().front();
}
TEST(towers, say_what_is_wrong_with_them) {
    EXPECT_EQ(wrong(R"("num_hidden_layers": 2)").code, cx::errc::none);
    EXPECT_EQ(wrong(R"("num_hidden_layers": 0)").code, cx::errc::out_of_range);
    EXPECT_EQ(wrong(R"("hidden_size": 0)").code, cx::errc::out_of_range);
    EXPECT_EQ(wrong(R"("num_attention_heads": 7)").code, cx::errc::not_divisible);
    EXPECT_EQ(wrong(R"("num_attention_heads": 0)").code, cx::errc::out_of_range);
    EXPECT_EQ(wrong(R"("patch_size": 0)").code, cx::errc::out_of_range);
    EXPECT_EQ(wrong(R"("patch_size": 512)").code, cx::errc::out_of_range);  // of an image of 224
    EXPECT_EQ(wrong(R"("image_size": 8)").code, cx::errc::out_of_range);
    EXPECT_EQ(wrong(R"("image_size": [224, 448])").code, cx::errc::wrong_type);
    EXPECT_EQ(wrong(R"("hidden_size": 16777216, "num_attention_heads": 16777216, "num_hidden_layers": 256)").code, cx::errc::too_large);
    EXPECT_EQ(wrong(R"("hidden_size": "wide")").code, cx::errc::wrong_type);
    EXPECT_EQ(wrong(R"("hidden_size": -768)").code, cx::errc::out_of_range);
}

constexpr bool what_is_not_known_is_said() {
    towers const unknown = read(WRAPPER("llava", 64) R"("vision_config": {"model_type": "never_seen"}})");
    towers const no_projector = read(R"({"architectures": ["NeverSeen"], "model_type": "never_seen", )" DECODER(64) R"("vision_config": {"model_type": "clip_vision_model"}})");
    towers const talker = read(WRAPPER("qwen2_5_omni", 64) R"("talker_config": {}, "vision_config": {"hidden_size": 1280}})");
    towers const resampled = read(WRAPPER("idefics", 64) R"("use_resampler": true, "vision_config": {"model_type": "idefics_vision"}})");
    return unknown.vision == 0 && !unknown.counted && no_projector.vision == 0 && !no_projector.counted && talker.vision > 0 && !talker.counted && resampled.vision == 0 && !resampled.counted;
}
CHECK_TWICE(what_is_not_known_is_said);

}  // namespace
