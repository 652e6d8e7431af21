// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/core/inplace_vector.hpp>
#include <costexpr/family/tower_traits.hpp>
#include <costexpr/layer/vision.hpp>
#include <costexpr/op/graph.hpp>
#include <costexpr/schema/field.hpp>
#include <costexpr/schema/read.hpp>

#include <array>
#include <string_view>

namespace costexpr {

/// What a wrapper's own keys say of the projector between a tower and the decoder.
struct projector {
    projector_traits is{};
    count width = 0;        ///< of the decoder
    count middle = 0;
    count merge = 0;
    double ratio = 0;       ///< one over the patches along each side of a tile
    bool bias = true;
    bool normed = true;
    count feature = 0;      ///< the layer whose output it takes, where it is one
    count features = 0;     ///< how many they are
    count deepest = 0;      ///< layers that it needs, or, where it counts from the last one, 0 less those that it does not
    count queries = 0;
    count depth = 0;        ///< of a resampler
    count heads = 0;
    count kv_heads = 0;
    count head_dim = 0;
    count hidden = 0;       ///< of an adapter
    count text_inner = 0;
    count own_width = 0;    ///< of a table beside the decoder's
    count tokens = 0;       ///< of an image
    count frames = 0;       ///< tokens of a recording that one token takes
    count rounds = 0;
    bool resampled = false;
    count mtp_modules = 0;  ///< of the decoder

    template <class t = projector>
    static constexpr auto json() {
        return std::array{
            key(&t::middle, "projector_hidden_size", "alignment_intermediate_size", "adapter_config.intermediate_size").optional(),
            key(&t::merge, "downsample_factor", "scale_factor", "spatial_merge_size").optional().at_least(1).at_most(64),
            key(&t::ratio, "downsample_ratio").optional(),
            key(&t::bias, "multimodal_projector_bias", "projector_bias").optional(),
            key(&t::normed, "projector_use_layernorm").optional(),
            key(&t::feature, "vision_feature_layer", "vision_feature_layers").optional().not_lists().at_least(-largest_dimension),
            key(&t::queries, "query_num", "max_value_projector_patch_to_query_dict", "perceiver_config.resampler_n_latents").optional(),
            key(&t::depth, "perceiver_config.resampler_depth").optional().at_most(largest_layers),
            key(&t::heads, "perceiver_config.resampler_n_heads", "adapter_config.num_attention_heads").optional(),
            key(&t::kv_heads, "perceiver_config.num_key_value_heads", "adapter_config.num_key_value_heads").optional(),
            key(&t::head_dim, "perceiver_config.resampler_head_dim", "adapter_config.head_dim").optional(),
            key(&t::hidden, "adapter_config.hidden_size").optional(),
            key(&t::text_inner, "text_config.intermediate_size").optional().not_lists(),
            key(&t::own_width, "hidden_size").optional(),
            key(&t::tokens, "mm_tokens_per_image").optional().at_least(1),
            key(&t::frames, "audio_merge_size").optional().at_least(1).at_most(4096),
            key(&t::rounds, "merger_times").optional().at_least(1).at_most(largest_layers),
            key(&t::resampled, "use_resampler").optional(),
            key(&t::mtp_modules, "text_config.num_nextn_predict_layers", "llm_config.num_nextn_predict_layers").optional(),
        };
    }
    /// `d`: the wrapper's own object.
    COSTEXPR_ONCE constexpr void settle(schema::document const& d) {
        if (count const listed = max(schema::entries(d, "vision_feature_layer"), schema::entries(d, "vision_feature_layers")); listed != 0) features = listed;
        if (schema::slot const* const adapter = d.find("adapter_config"))
            for (std::string_view name : {"vision_feature_layer", "vit_layers"}) read_layers(d, schema::member(d, adapter->value, name));
        if (features == 0) features = is.features;
        if (merge == 0 && ratio > 1e-2 && ratio <= 1) merge = static_cast<count>(1 / ratio + 0.5);
        if (is.bias_by_key) is.first_bias = is.second_bias = bias;
        if (!normed) is.norm_gains = 0;
    }

  private:
    COSTEXPR_ONCE constexpr void read_layers(schema::document const& d, json::value const& list) {
        if (list.kind != json::kind::array) return;
        features = 0;
        deepest = -largest_layers;
        json::reader r = json::reader::inside(d.text, list);
        r.enter_array();
        while (r.next_element()) {
            count n = 0;
            if (json::to_integer(r.skip().raw(d.text), n) == errc::none) ++features, deepest = max(deepest, min(max(n, -largest_layers), largest_layers) + 1);
        }
    }
};

/// The composition of a tower: a list, since the towers that are known differ in which layers they have, and a loop over three layer types
/// is cheaper to compile than a tuple of all that any of them has.
struct tower_layers {
    count vectors = 0;
    inplace_vector<run<projection>, 14> maps{};
    inplace_vector<run<encoder_block>, 4> blocks{};

    COSTEXPR_ONCE constexpr void map(count in, count out, bool bias, encoder_rows rows = {}, count times = 1, count stored = 1) {
        maps.try_push_back({times, {in, out, bias, rows}, times * stored});
    }
    COSTEXPR_ONCE constexpr void block(count times, encoder_block const& b, count stored) { blocks.try_push_back({times, b, stored}); }
};
template <class F>
constexpr void for_each_layer(tower_layers const& composition, F const& f) {
    if (composition.vectors != 0) f(times(1, learned_vector{composition.vectors}));
    for (auto const& r : composition.maps)
        if (r.times != 0) f(r);
    for (auto const& r : composition.blocks)
        if (r.times != 0) f(r);
}

/// An encoder of images or sound with the projector that leads into the decoder. Exact where the file holds the config of a known tower.
struct tower {
    tower_traits const* is = nullptr;  ///< nothing where there is none, or none whose composition is known
    count depth = 0;
    count hidden = 0;
    count inner = 0;
    count heads = 0;
    count kv_heads = 0;
    count head_dim = 0;
    count channels = 3;
    count patch = 0;
    count frames = 0;         ///< consecutive frames of a video in one patch
    count merge = 0;          ///< patches along each side that one token takes
    count positions = 0;
    count image = 0;          ///< pixels along each side, where positions are learned for one size
    count position_rows = 0;
    count position_columns = 0;
    count embedded = 0;       ///< Qwen2-VL names its width so, and the decoder's hidden_size
    double ratio = 0;
    count outer = 0;          ///< width of what leaves the tower
    bool attention_bias = false;
    bool wide_qk_norm = false;  ///< gains over all heads together
    bool pooling_head = false;
    bool mask_token = false;
    bool mean_pooling = true;
    short_string norm_type{};
    index_set deepstack{};
    index_set whole{};        ///< blocks whose attention sees the whole image, where the others see windows
    count window = 0;
    count global_layers = 0;  ///< behind the others (Llama 3.2)
    count tiles = 0;
    count shapes = 0;         ///< arrangements of tiles
    count bands = 0;          ///< of a spectrogram
    count narrow = 0;         ///< channels of convolutions in front, or behind
    count narrow_second = 0;
    count kernel = 0;
    count chunk = 0;
    count left = 0;
    count right = 0;
    count shuffled_in = 0;    ///< widths of Llama 4's adapter
    count shuffled_out = 0;
    count vocab = 0;          ///< of visual tokens
    count indicators = 0;
    count stride = 0;
    count time_merge = 0;
    count insert = 0;         ///< the block behind which tiles are merged
    count classes = 3;        ///< learned tokens of RADIO
    count registers = 7;
    count video_frames = 0;   ///< in a patch of a video that has an embedding of its own
    bool swiglu = false;      ///< gated networks of two thirds of the width
    projector link{};

    template <class t = tower>
    static constexpr auto json() {
        return std::array{
            key(&t::depth, "depth", "num_hidden_layers", "vt_num_hidden_layers", "encoder_layers", "layers").optional().at_least(1).at_most(largest_layers),
            key(&t::hidden, "hidden_size", "vt_hidden_size", "d_model", "width").optional().at_least(1),
            key(&t::embedded, "embed_dim").optional().at_least(1),
            key(&t::inner, "intermediate_size", "vt_intermediate_size", "encoder_ffn_dim", "mlp_dim").optional(),
            key(&t::ratio, "mlp_ratio").optional(),
            key(&t::heads, "num_heads", "num_attention_heads", "vt_num_attention_heads", "encoder_attention_heads", "attention_heads", "heads").optional().at_least(1),
            key(&t::kv_heads, "num_key_value_heads").optional(),
            key(&t::head_dim, "head_dim").optional(),
            key(&t::channels, "in_channels", "in_chans", "num_channels").optional().at_least(1).at_most(4096),
            key(&t::patch, "patch_size", "spatial_patch_size", "image_patch_size").optional().at_least(1).at_most(4096),
            key(&t::frames, "temporal_patch_size", "patch_temporal").optional().at_least(1).at_most(1024),
            key(&t::merge, "spatial_merge_size", "merge_kernel_size", "merge_size").optional().at_least(1).at_most(64),
            key(&t::positions, "num_position_embeddings", "num_patches", "image_num_pos", "max_source_positions", "position_embedding_size").optional(),
            key(&t::image, "max_img_size", "image_size", "image_default_input_size").optional().at_most(16384),
            key(&t::position_rows, "init_pos_emb_height", "pos_emb_height").optional().at_most(16384),
            key(&t::position_columns, "init_pos_emb_width", "pos_emb_width").optional().at_most(16384),
            key(&t::outer, "out_hidden_size", "text_hidden_size", "output_dim", "output_proj_dims", "vision_output_dim").optional(),
            key(&t::attention_bias, "attention_bias", "qkv_bias").optional(),
            key(&t::wide_qk_norm, "use_qk_norm", "qk_normalization").optional(),
            key(&t::pooling_head, "vision_use_head").optional(),
            key(&t::mask_token, "use_mask_token").optional(),
            key(&t::mean_pooling, "use_mean_pooling").optional(),
            key(&t::norm_type, "norm_type").optional(),
            key(&t::deepstack, "deepstack_visual_indexes").optional(),
            key(&t::whole, "global_attn_indexes", "fullatt_block_indexes").optional(),
            key(&t::window, "window_size").optional().at_most(16384),
            key(&t::global_layers, "num_global_layers").optional().at_most(largest_layers),
            key(&t::tiles, "max_num_tiles").optional().at_most(1024),
            key(&t::shapes, "max_aspect_ratio_id").optional().at_most(1024),
            key(&t::bands, "num_mel_bins").optional().at_least(1).at_most(4096),
            key(&t::narrow, "output_channels", "downsample_hidden_size").optional(),
            key(&t::kernel, "conv_kernel_size").optional().at_most(4096),
            key(&t::chunk, "attention_chunk_size").optional(),
            key(&t::left, "attention_context_left").optional(),
            key(&t::right, "attention_context_right").optional(),
            key(&t::shuffled_in, "projector_input_dim").optional(),
            key(&t::shuffled_out, "projector_output_dim").optional(),
            key(&t::vocab, "vocab_size").optional(),
            key(&t::indicators, "num_visual_indicator_tokens").optional(),
            key(&t::stride, "hidden_stride").optional().at_most(64),
            key(&t::time_merge, "temporal_merge_size").optional().at_most(64),
            key(&t::insert, "insert_layer_id").optional().at_most(largest_layers),
            key(&t::classes, "num_cls_tokens").optional(),
            key(&t::registers, "num_registers").optional(),
            key(&t::video_frames, "video_temporal_patch_size").optional().at_most(1024),
            key(&t::swiglu, "use_swiglu_ffn").optional(),
        };
    }
    constexpr void apply(tower_traits const& traits) {
        is = &traits;
        attention_bias = traits.attention_bias;
        pooling_head = traits.pooling_head;
    }
    /// Fills in what the file leaves out, and checks what the dimensions must fulfil. `d`: the tower's own object.
    COSTEXPR_ONCE constexpr void settle(auto& check, schema::document const& d) {
        using enum tower_positions;
        tower_traits::sizes const& size = is->size;
        auto const set = [](count& member, count value) {
            if (member == 0) member = value;
        };
        if (is->merger.kind == projector_kind::mlp && size.inner == 0)  // Qwen2-VL: its hidden_size is what leaves the tower
            outer = hidden, hidden = embedded != 0 ? embedded : size.hidden;
        else if (hidden == 0)
            hidden = embedded;
        set(depth, size.depth);
        set(hidden, size.hidden);
        set(heads, size.heads);
        set(patch, size.patch);
        set(frames, is->frames);
        if (is->frames == 1) frames = 1;
        set(image, size.image);
        if (is->positions == table) {
            set(position_rows, size.positions);
            set(position_columns, size.positions);
        }
        if (is->positions == listed && positions == 0 && image != 0) positions = (image / patch) * (image / patch);
        set(positions, size.positions);
        if (ratio > 0 && inner == 0) inner = static_cast<count>(min(ratio, 4096.0) * static_cast<double>(hidden));
        set(inner, size.inner != 0 ? size.inner : 4 * hidden);
        if (swiglu) inner = ceil_div(inner * 2 / 3, 8) * 8;
        if (count const listed_shapes = schema::entries(d, "supported_aspect_ratios"); listed_shapes != 0) shapes = min<count>(listed_shapes, 1024);
        if (count const layers = schema::entries(d, "intermediate_layers_indices"); layers != 0 && outer == 0) outer = hidden * (1 + layers);
        if (is->input == tower_input::conformer) read_channels(d, "subsampling_conv_channels");
        if (is->positions == tiled) set(global_layers, 8), set(tiles, 4), set(shapes, 8), set(outer, 6 * hidden);
        set(bands, 128);
        set(narrow, is->input == tower_input::conformer ? 128 : is->input == tower_input::subsampled ? 480 : 256);
        set(narrow_second, 32);
        set(kernel, 5);
        set(chunk, 12);
        set(left, 13);
        set(shuffled_in, 4096);
        set(shuffled_out, shuffled_in);
        set(vocab, 16384);
        set(indicators, 5);
        set(stride, 1);
        set(time_merge, 2);
        set(insert, 6);
        if (head_dim == 0 && (hidden % heads) != 0) check.fail(embedded != 0 ? &tower::embedded : &tower::hidden, errc::not_divisible, heads, hidden, "the number of the tower's heads");
        if (kv_heads != 0) check.divisible(*this, &tower::heads, kv_heads, "the number of the tower's key and value heads");
        bool const sized = is->positions == grid || is->positions == tiled;
        if (sized && image < patch) check.fail(&tower::image, errc::out_of_range, patch, image, "at least one patch");
        if (is->relative_positions && window < 1) window = 14;
    }

    /// Leaves out the layers behind the deepest that the projector takes: early files of Molmo2 count them, and their checkpoints lack them.
    constexpr void trim() {
        count const needed = link.deepest > 0 ? link.deepest : depth + link.deepest;
        if (needed > 0 && needed < depth) depth = needed;
    }
    [[nodiscard]] COSTEXPR_ONCE constexpr tower_layers layers() const {
        using enum tower_positions;
        tower_layers p{};
        if (is == nullptr) return p;
        tower_traits const& t = *is;
        count const copies = link.is.towers;
        count const gains = norm_type == "rms_norm" ? 1 : norm_type == "layer_norm" ? 2 : t.norm_gains;
        count const per = tokens_per_row();
        if (t.input == tower_input::spectrogram) {
            p.map(3 * bands, hidden, true);
            p.map(3 * hidden, hidden, true, {.per = 2});
        } else if (t.input == tower_input::subsampled) {
            count const halves[] = {ceil_div(bands, 2), ceil_div(bands, 4), ceil_div(bands, 8)};
            p.map(9, narrow, true, {.per = 2, .fan = halves[0]});
            p.map(9 * narrow, narrow, true, {.per = 4, .fan = halves[1]});
            p.map(9 * narrow, narrow, true, {.per = 8, .fan = halves[2]});
            p.map(narrow * halves[2], hidden, false, {.per = 8});
        } else if (t.input == tower_input::conformer) {
            p.map(9, narrow, false, {.per = 2, .fan = ceil_div(bands, 2)});
            p.map(9 * narrow, narrow_second, false, {.per = 4, .fan = ceil_div(bands, 4)});
            p.map((narrow / 4) * narrow_second, hidden, false, {.per = per});
            p.vectors += narrow + narrow_second;
            // beside the attention of a block: two networks, and a gated convolution with norms around each
            p.map(hidden, 4 * hidden, false, {.per = per}, 2 * depth);
            p.map(4 * hidden, hidden, false, {.per = per}, 2 * depth);
            p.map(hidden, 2 * hidden, false, {.per = per}, depth);
            p.map(hidden, hidden, false, {.per = per}, depth);
            p.map(hidden, hidden, false, {.fixed = (chunk + left + right - 1) / 2 + 1}, depth);  // keys of relative positions
            p.vectors += depth * (6 + kernel) * hidden;
        } else if (!t.patchless) {
            p.map(channels * patch * patch * frames, hidden, t.patch_bias, {}, 1, copies);
            // a video's patches take the place of an image's: stored, not run beside them
            if (t.registers && video_frames != 0) p.vectors += channels * patch * patch * video_frames * hidden;
        }
        p.vectors += copies * learned() + copies * gains * (t.pre_norms + t.post_norms + (mean_pooling ? 0 : 1)) * hidden;
        if (t.registers && link.mtp_modules != 0) p.vectors += 2 * hidden;  // a norm that comes with the decoder's prediction modules
        if (t.relative_positions) neck(p);
        add_blocks(p, gains, copies, per);
        if (pooling_head && !link.is.headless)
            p.block(1, {.hidden = hidden, .heads = heads, .inner = inner, .norms = 1, .vectors = hidden, .rows = {.fixed = 1}}, copies);
        if (t.merger.kind != projector_kind::none) project(p, t.merger, hidden, true);
        if (link.is.kind != projector_kind::none) project(p, link.is, t.merger.kind != projector_kind::none ? leaving() : hidden, false);
        return p;
    }

  private:
    [[nodiscard]] constexpr count leaving() const { return outer != 0 ? outer : link.width; }
    [[nodiscard]] constexpr count patches() const { return (image / patch) * (image / patch); }
    /// Tokens (patches, frames of a spectrogram) for each row that the blocks see.
    [[nodiscard]] constexpr count tokens_per_row() const {
        using enum tower_input;
        return is->input == spectrogram ? 2 : is->input == subsampled ? 8 : is->input == conformer ? 4 : 1;
    }
    /// Elements of positions, class and mask tokens.
    [[nodiscard]] COSTEXPR_ONCE constexpr count learned() const {
        using enum tower_positions;
        count const extra = is->class_token ? 1 : 0;
        count const tokens = (extra + (mask_token ? 1 : 0) + (is->registers ? classes + registers : 0)) * hidden;
        switch (is->positions) {
            case none: break;
            case grid: return tokens + (patches() + extra) * hidden;
            case listed: return tokens + positions * hidden;
            case table: return tokens + position_rows * position_columns * hidden;
            case factorised: return tokens + 2 * positions * hidden;
            // the three that know the arrangement of the tiles have a gate each; an arrangement 0 stands for padding
            case tiled:
                return bounded_product((shapes + 1) * tiles, (patches() + extra) * hidden) + bounded_product(2 * (shapes + 1) * tiles, hidden) + tokens +
                       (patches() + extra) * hidden + 3;
        }
        return tokens;
    }
    COSTEXPR_ONCE constexpr void neck(tower_layers& p) const {
        p.map(hidden, narrow, false);
        p.map(9 * narrow, narrow, false);
        p.vectors += 4 * narrow;
    }
    COSTEXPR_ONCE constexpr void add_blocks(tower_layers& p, count gains, count copies, count per) const {
        tower_traits const& t = *is;
        auto const rule = [&](bias_rule r) { return r == bias_rule::always || (r == bias_rule::by_key && attention_bias); };
        encoder_block block{.hidden = hidden, .heads = heads, .inner = t.input == tower_input::conformer ? 0 : t.tower_wide_networks ? inner : leaving(),
                            .kv_heads = kv_heads, .head_dim = head_dim, .norms = t.norms, .norm_gains = gains,
                            .qkv_bias = rule(t.qkv) && t.key_bias, .output_bias = rule(t.output), .gated = t.gated || swiglu, .mlp_bias = rule(t.network), .rows = {.per = per}};
        count const dim = block.dim();
        if (rule(t.qkv) && !t.key_bias) block.vectors += (heads + (kv_heads != 0 ? kv_heads : heads)) * dim;
        if (t.layer_scale) block.vectors += 2 * hidden;
        if (t.qk_norm) block.vectors += 2 * dim;
        if (wide_qk_norm) block.vectors += 2 * hidden;
        if (t.input == tower_input::conformer) block.vectors += dim, block.window = chunk + left + right - 1;
        count wide = min(depth, whole.size());
        if (whole.empty()) wide = t.relative_positions ? min<count>(depth, 4) : depth;
        if (link.is.kind == projector_kind::window_merger) {
            wide = min(depth, insert + 1);
            p.block(wide, block, wide);
            block.rows.per = 4 * per;
            p.block(depth - wide, block, depth - wide);
            return;
        }
        encoder_block within = block;
        if (t.relative_positions) {
            within.window = window * window;
            within.vectors += 2 * (2 * window - 1) * dim;
            block.vectors += 2 * (2 * (image / patch) - 1) * dim;
        } else if (wide != depth) {
            count const side = max<count>(1, window / patch);
            within.window = window != 0 ? side * side : 0;
        }
        p.block(wide, block, copies * wide);
        p.block(depth - wide, within, copies * (depth - wide));
        if (t.positions == tower_positions::tiled) {
            block.vectors += 2;
            p.block(global_layers, block, global_layers);
        }
    }
    /// What leads from `in` values per patch into the decoder, or (`own`) out of the tower.
    COSTEXPR_ONCE constexpr void project(tower_layers& p, projector_traits const& l, count in, bool own) const {
        using enum projector_kind;
        count const side = l.merge == 1 ? 1 : !own && link.merge != 0 ? link.merge : merge != 0 ? merge : l.merge;
        bool const sound = is->input != tower_input::patches;
        count const together = sound && !own && link.frames != 0 && l.merge != 1 ? link.frames : side * side;
        count const features = own || link.features == 0 ? l.features : link.features;
        count const tile = together * features * in;
        count const out = l.own_width ? leaving() : link.width;
        count const merged = is->merger.kind != none && !own ? (merge != 0 ? merge : is->merger.merge) : 1;
        count const pooled = link.tokens != 0 && link.tokens < patches() ? patches() / link.tokens : l.pool;
        encoder_rows const rows{.per = tokens_per_row() * together * merged * merged * (own ? l.pool : pooled)};
        count const middle = l.middle == middle_width::tile                        ? tile
                             : l.middle == middle_width::by_key && link.middle != 0 ? link.middle
                             : l.middle == middle_width::by_key && l.middle_size != 0 ? l.middle_size
                                                                                      : link.width;
        p.vectors += l.norm_gains * (l.norm_on_tile ? tile : in) + l.vectors * out + l.norm_behind * out;
        switch (l.kind) {
            case none: break;
            case linear: p.map(is->positions == tower_positions::tiled ? outer : tile, out, l.first_bias, rows); break;
            case mlp:
                p.map(tile, middle, l.first_bias, rows);
                p.map(l.gated ? middle / 2 : middle, out, l.second_bias, rows);
                if (own && !deepstack.empty()) {
                    count const n = deepstack.size();
                    p.vectors += n * 2 * tile;
                    p.map(tile, tile, true, rows, n);
                    p.map(tile, out, true, rows, n);
                }
                break;
            case glm_merger: {
                count const wide = is->tower_wide_networks ? out * channels : inner;
                p.vectors += 2 * out;
                p.map(tile, out, true, rows);
                p.map(out, out, false, rows);
                p.map(out, 2 * wide, false, rows);
                p.map(wide, out, false, rows);
                break;
            }
            case patch_merger:
                p.vectors += in;
                p.map(together * in, in, false, rows);
                p.map(in * features, out, l.first_bias, rows);
                p.map(out, out, l.second_bias, rows);
                break;
            case perceiver: {
                count const latents = link.queries != 0 ? link.queries : 64;
                count const text_inner = link.text_inner != 0 ? link.text_inner : 14336;
                count const blocks = link.depth != 0 ? link.depth : 3;
                p.map(in, 2 * text_inner, false, rows);
                p.map(text_inner, out, false, rows);
                p.vectors += (latents + 1) * out;
                p.block(blocks,
                        {.hidden = out, .heads = link.heads != 0 ? link.heads : 16, .inner = 4 * out, .kv_heads = link.kv_heads != 0 ? link.kv_heads : 4,
                         .head_dim = link.head_dim != 0 ? link.head_dim : 96, .norms = 3, .norm_gains = 1, .qkv_bias = false, .output_bias = false, .gated = true,
                         .mlp_bias = false, .rows = {.fixed = latents}, .sees_queries = true},
                        blocks);
                break;
            }
            case cross_attention: {
                encoder_rows const latents{.fixed = link.queries != 0 ? link.queries : 256};
                p.vectors += (latents.fixed + 6) * in;
                p.map(in, in, false, latents);
                p.map(in, 2 * in, false, rows);
                p.block(1, {.hidden = in, .heads = heads, .norms = 0, .mlp_bias = false, .rows = latents}, 1);
                p.map(in, in, true, latents);
                p.map(in, out, false, latents);
                p.map(out, out, false, latents);
                break;
            }
            case resampler: {
                encoder_rows const latents{.fixed = link.queries != 0 ? link.queries : 64};
                if (in != out) p.map(in, out, false, rows);
                p.block(1, {.hidden = out, .heads = max<count>(1, out / 128), .norms = 3, .vectors = latents.fixed * out, .mlp_bias = false, .rows = latents}, 1);
                p.map(out, out, false, latents);
                break;
            }
            case visual_tokens: {
                count const tokens = vocab - min(indicators, vocab);
                p.vectors += 2 * tokens;
                p.map(in * stride * stride, tokens, false, rows);
                p.map(vocab, link.own_width != 0 ? link.own_width : out, false, rows);
                break;
            }
            case pixel_shuffle:
                p.map(tile, shuffled_in, false, rows);
                p.map(shuffled_out, shuffled_out, false, rows);
                p.map(outer != 0 ? outer : shuffled_out, out, false, rows);
                break;
            case two_stages:
                p.map(in, middle, true);
                p.map(middle, out, true);
                p.map(out * together, middle, true, rows);
                p.map(middle, out, true, rows);
                break;
            case three_linears:
                p.map(tile, middle, false, rows);
                p.map(middle, middle, false, rows);
                p.map(middle, out, false, rows);
                break;
            case spatial_temporal:
                p.vectors += 4 * tile + out;
                p.map(tile, tile, true, rows, 3);
                p.map(tile * time_merge, tile, true, rows);
                p.map(tile, out, true, rows);
                break;
            case pooled_attention: {
                count const n = link.heads != 0 ? link.heads : 16;
                count const kv = link.kv_heads != 0 ? link.kv_heads : n;
                count const dim = link.head_dim != 0 ? link.head_dim : 72;
                count const adapter = link.hidden != 0 ? link.hidden : 1152;
                count const network = link.middle != 0 ? link.middle : 18944;
                count const seen = in * features;
                p.map(seen, n * dim, true, rows);
                p.map(seen, 2 * kv * dim, true);
                p.map(n * dim, adapter, true, rows);
                p.map(adapter, 2 * network, false, rows);
                p.map(network, out, false, rows);
                break;
            }
            case convolutions: {
                bool const segment = is->relative_positions;
                count const from = segment ? narrow : in;
                p.map(9 * from, 2 * from, !segment, {.per = 4});
                p.map(18 * from, 4 * from, !segment, {.per = 16});
                if (!l.own_width) p.map(4 * from, out, l.first_bias, {.per = 16});
                break;
            }
            case window_merger: {
                // attention within a tile and an mlp over it among the blocks, then one merge after the other
                count const rounds = link.rounds != 0 ? link.rounds : 1;
                p.vectors += 2 * tile + (rounds - 1) * l.norm_gains * tile;
                p.block(1, {.hidden = in, .heads = heads, .norms = 1, .mlp_bias = false, .window = together}, 1);
                p.map(tile, together * inner, true, {.per = together});
                p.map(together * inner, in, true, {.per = together});
                encoder_rows const twice{.per = together * together};
                p.map(tile, tile, true, twice, rounds);
                if (rounds > 1) p.map(tile, in, true, twice, rounds - 1);
                p.map(tile, out, true, twice);
                break;
            }
            case aligner:
                if (is->relative_positions) {
                    neck(p);
                    p.map(9 * narrow, 2 * narrow, false, {.per = 4});
                    p.map(18 * narrow, 4 * narrow, false, {.per = 16});
                    p.map(4 * narrow, out / 2, true, {.per = 16});
                    p.vectors += 1;
                } else {
                    p.map(in, out / 2, true, rows);
                    p.map(out, out, true, rows);
                }
                break;
        }
    }
    /// The channels of two convolutions, where a key lists them.
    constexpr void read_channels(schema::document const& d, std::string_view name) {
        schema::slot const* const s = d.find(name);
        if (s == nullptr || s->value.kind != json::kind::array) return;
        json::reader r = json::reader::inside(d.text, s->value);
        r.enter_array();
        for (count* c : {&narrow, &narrow_second}) {
            if (!r.next_element()) return;
            count n = 0;
            if (json::to_integer(r.skip().raw(d.text), n) == errc::none && n > 0 && n <= largest_dimension) *c = n;
        }
    }
};

/// Keys of a tower that are lists of another kind than a field takes.
inline constexpr std::array<std::string_view, 3> tower_lists{"supported_aspect_ratios", "intermediate_layers_indices", "subsampling_conv_channels"};

template <class Tower>
struct tower_keys {
    static constexpr auto words = schema::vocabulary<Tower>::build(std::array<std::string_view, 0>{}, tower_lists);
};

}  // namespace costexpr
