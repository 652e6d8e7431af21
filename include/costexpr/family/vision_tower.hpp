// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/layer/vision.hpp>
#include <costexpr/op/graph.hpp>
#include <costexpr/schema/field.hpp>
#include <costexpr/schema/read.hpp>

#include <array>
#include <string_view>

namespace costexpr {

/// The vision towers whose composition is known, by what distinguishes them.
enum class tower_kind : std::uint8_t {
    unknown,
    qwen2_vl,    ///< ViT with its own width (embed_dim), merger of 2 x 2 patches
    qwen2_5_vl,  ///< the same with RMSNorm and gated networks
    qwen3_vl,    ///< learned positions, and mergers of intermediate layers (deepstack); Qwen3.5 and 3.6 without these
    siglip,      ///< SigLIP (arXiv:2303.15343) and a projection into the decoder (Gemma 3, PaliGemma)
    moonvit,     ///< Kimi-VL and K2.5
    glm4v,       ///< RMSNorm, gated networks, a downsampling convolution before the merger
    pixtral,     ///< Pixtral (arXiv:2410.07073), with the patch merger of Mistral 3
};

/// A name under which configs know a tower: the model_type of the vision_config, or that of the wrapper.
struct tower_name {
    std::string_view model_type;
    tower_kind kind;
};
inline constexpr tower_name tower_names[] = {
    {"qwen2_vl", tower_kind::qwen2_vl},           {"qwen2_vl_vision", tower_kind::qwen2_vl},
    {"qwen2_5_vl", tower_kind::qwen2_5_vl},       {"qwen2_5_vl_vision", tower_kind::qwen2_5_vl},
    {"qwen3_vl", tower_kind::qwen3_vl},           {"qwen3_vl_vision", tower_kind::qwen3_vl},
    {"qwen3_vl_moe", tower_kind::qwen3_vl},       {"qwen3_vl_moe_vision", tower_kind::qwen3_vl},
    {"qwen3_5", tower_kind::qwen3_vl},            {"qwen3_5_vision", tower_kind::qwen3_vl},
    {"qwen3_5_moe", tower_kind::qwen3_vl},        {"qwen3_5_moe_vision", tower_kind::qwen3_vl},
    {"gemma3", tower_kind::siglip},               {"kimi_k25", tower_kind::moonvit},
    {"kimi_k25_vision", tower_kind::moonvit},     {"glm4v", tower_kind::glm4v},
    {"glm4v_vision", tower_kind::glm4v},          {"glm4v_moe_vision", tower_kind::glm4v},
};

/// A vision transformer with the projector that leads into the decoder. Exact where the file holds a vision_config of a known tower.
struct vision_tower {
    tower_kind kind = tower_kind::unknown;
    count depth = 0;
    count hidden = 0;
    count inner = 0;
    count heads = 0;
    count channels = 3;
    count patch = 0;
    count frames = 0;       ///< consecutive frames of a video in one patch
    count merge = 0;        ///< patches along each side that one token takes
    count positions = 0;
    count image = 0;        ///< pixels along each side, where positions are learned for one size
    count position_rows = 0;
    count position_columns = 0;
    count embedded = 0;     ///< Qwen2-VL names its width so, and the decoder's hidden_size
    count ratio = 0;
    count outer = 0;        ///< width of what leaves the tower
    index_set deepstack{};

    static constexpr auto json(auto...) {
        using t = vision_tower;
        return std::array{
            key(&t::depth, "depth", "num_hidden_layers", "vt_num_hidden_layers").or_else(32).at_most(largest_layers),
            key(&t::hidden, "hidden_size", "vt_hidden_size").optional(),
            key(&t::embedded, "embed_dim").optional(),
            key(&t::inner, "intermediate_size", "vt_intermediate_size").optional(),
            key(&t::ratio, "mlp_ratio").or_else(4),
            key(&t::heads, "num_heads", "num_attention_heads", "vt_num_attention_heads").or_else(16),
            key(&t::channels, "in_channels", "in_chans", "num_channels").optional(),
            key(&t::patch, "patch_size", "spatial_patch_size").or_else(14),
            key(&t::frames, "temporal_patch_size").or_else(2),
            key(&t::merge, "spatial_merge_size").or_else(2),
            key(&t::positions, "num_position_embeddings").optional(),
            key(&t::image, "image_size").optional(),
            key(&t::position_rows, "init_pos_emb_height", "pos_emb_height").optional(),
            key(&t::position_columns, "init_pos_emb_width", "pos_emb_width").optional(),
            key(&t::outer, "out_hidden_size", "text_hidden_size").optional(),
            key(&t::deepstack, "deepstack_visual_indexes").optional(),
        };
    }
    /// `width`: of the decoder.
    constexpr void settle(count width) {
        if (kind == tower_kind::qwen2_vl) {
            outer = hidden != 0 && embedded != 0 ? hidden : width;
            hidden = embedded != 0 ? embedded : 1280;
            inner = ratio * hidden;
        }
        if (outer == 0) outer = width;
    }

    [[nodiscard]] constexpr auto layers() const {
        using enum tower_kind;
        bool const rms = kind == qwen2_5_vl || kind == glm4v;
        bool const gated = rms;
        bool const video = kind != siglip && kind != moonvit;
        bool const patch_bias = kind == qwen3_vl || kind == siglip || kind == moonvit || kind == glm4v;
        count const pixels = channels * patch * patch * (video ? frames : 1);
        count const tile = merge * merge * hidden;  // what a merger reads
        count const square = kind == glm4v || kind == siglip ? (patch != 0 ? (image / patch) * (image / patch) : 0) : 0;
        count const rows = kind == qwen3_vl ? positions : kind == moonvit ? position_rows * position_columns : square;
        encoder_block const block{.hidden = hidden, .heads = heads, .inner = kind == glm4v ? outer : inner, .norm_gains = rms ? 1 : 2, .attention_bias = kind != glm4v,
                                  .gated = gated, .mlp_bias = kind != glm4v};
        bool const merges = kind != siglip && kind != glm4v;
        // norms and gains that stand once: of the last layer, of the merger, of the projector
        count const gains = kind == siglip ? 3 * hidden : kind == moonvit ? 4 * hidden : kind == glm4v ? 2 * hidden + 2 * outer : rms ? hidden : 2 * hidden;
        return costexpr::layers(times(1, projection{pixels, hidden, patch_bias}),
                                times(rows != 0 ? 1 : 0, learned_vector{rows * hidden}),
                                times(depth, block),
                                times(1, learned_vector{gains}),
                                times(merges ? 1 : 0, projection{tile, tile}),
                                times(merges ? 1 : 0, projection{tile, outer}),
                                times(deepstack.size(), learned_vector{2 * tile}),
                                times(deepstack.size(), projection{tile, tile}),
                                times(deepstack.size(), projection{tile, outer}),
                                times(kind == siglip ? 1 : 0, projection{hidden, outer, false}),
                                times(kind == glm4v ? 1 : 0, projection{tile, outer}),
                                times(kind == glm4v ? 1 : 0, projection{outer, outer, false}),
                                times(kind == glm4v ? 3 : 0, projection{outer, inner, false}));
    }
};

/// The kind of a tower by the model_type of its own config, else by that of the wrapper.
[[nodiscard]] constexpr tower_kind find_tower(std::string_view own, std::string_view wrapper) {
    for (std::string_view name : {own, wrapper})
        for (tower_name const& t : tower_names)
            if (!name.empty() && t.model_type == name) return t.kind;
    return tower_kind::unknown;
}

}  // namespace costexpr
