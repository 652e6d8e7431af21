// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/family/traits.hpp>
#include <costexpr/layer/embedding.hpp>
#include <costexpr/layer/head.hpp>
#include <costexpr/layer/norm.hpp>
#include <costexpr/layer/prediction.hpp>
#include <costexpr/layer/vision.hpp>
#include <costexpr/schema/field.hpp>

namespace costexpr {

/// What every decoder has: layers of one width between an input table and a head. A part of the families' configs.
struct backbone {
    count layers = 0;
    count hidden = 0;
    count vocab = 0;
    count max_context = 0;  ///< tokens; 0 where the config does not say
    bool tied = false;
    bool head_bias = false;
    count norm_gains = 1;
    count norms = 2;
    count residuals = 2;         ///< blocks per layer whose output is added to the residual stream
    bool final_norm = true;
    bool embedding_norm = false;
    count extra_norms = 0;
    bool post_normed = false;
    bool parallel = true;        ///< attention and feed-forward network side by side (Falcon); one norm more where they are not
    count parallel_norms = 0;    ///< how many norms are in front of them
    bool parallel_residual = false;
    bool parallel_drops_norm = false;
    bool norm_bias = false;
    bool norm_weights = true;
    count extra_embeddings = 0;
    bool learned_positions = false;
    count extra_positions = 0;
    count embedding_width = 0;  ///< of the tables, where a projection leads to the hidden size (OPT-350m)
    count mtp_modules = 0;
    bool uses_mtp = true;
    bool head_transform = false;
    count moe_norms = 0;
    count layer_vectors = 0;
    count model_vectors = 0;

    template <class f = backbone>
    static constexpr auto json() {
        return std::array{
            key(&f::layers, "num_hidden_layers", "n_layer", "n_layers", "num_layers", "num_blocks").at_most(largest_layers),
            key(&f::hidden, "hidden_size", "n_embd", "n_embed", "d_model", "embedding_dim"),
            key(&f::vocab, "padded_vocab_size", "vocab_size").asked_as("vocab_size"),
            key(&f::extra_embeddings, "additional_vocab_size").optional(),
            key(&f::max_context, "max_position_embeddings", "max_sequence_length", "max_seq_len", "seq_length", "n_positions").optional().at_most(count{1} << 40),
            key(&f::tied, "tie_word_embeddings").optional().outermost(),
            key(&f::head_bias, "lm_head_bias", "decoder_bias").optional(),
            key(&f::embedding_width, "word_embed_proj_dim").or_else([](f const& c) { return c.hidden; }),
            key(&f::post_normed, "use_post_norm", "new_decoder_architecture", "sandwich_norm").optional(),
            key(&f::final_norm, "do_layer_norm_before").optional(),
            key(&f::parallel, "parallel_attn").optional(),
            key(&f::parallel_norms, "num_ln_in_parallel_attn").optional().at_most(2),
            key(&f::parallel_residual, "use_parallel_residual").optional(),
            key(&f::norm_bias, "norm_bias").optional(),
            key(&f::norm_weights, "layer_norm_elementwise_affine").optional(),
            key(&f::mtp_modules, "num_nextn_predict_layers", "num_mtp_modules", "mtp_num_hidden_layers", "num_mtp_layers").optional().at_most(largest_layers),
            key(&f::uses_mtp, "use_mtp").or_else(true),
        };
    }
    COSTEXPR_ONCE constexpr void apply(traits const& is) {
        layers = is.size.layers;
        hidden = is.size.hidden;
        vocab = is.size.vocab;
        max_context = is.size.context;
        tied = is.tied;
        head_bias = is.head_bias;
        norm_gains = is.norm_gains;
        norms = is.norms;
        residuals = 2 * is.attention_blocks;
        extra_norms = is.post_norms;
        extra_embeddings = is.extra_embeddings;
        embedding_norm = is.embedding_norm;
        learned_positions = is.learned_positions;
        extra_positions = is.extra_positions;
        head_transform = is.head_transform;
        final_norm = is.final_norm;
        moe_norms = is.moe_norms;
        layer_vectors = is.layer_vectors;
        model_vectors = is.model_vectors;
        parallel_drops_norm = is.parallel_drops_norm;
    }

    [[nodiscard]] COSTEXPR_INLINE constexpr embedding input() const { return {.vocab = vocab + extra_embeddings, .hidden = embedding_width, .width = hidden}; }
    [[nodiscard]] COSTEXPR_INLINE constexpr positions position_table() const { return {max_context + extra_positions, hidden}; }
    [[nodiscard]] COSTEXPR_INLINE constexpr norm layer_norm(bool adds = true) const {
        return {.hidden = hidden, .gains = norm_weights ? norm_gains + (norm_bias && norm_gains == 1 ? 1 : 0) : 0, .adds = adds};
    }
    [[nodiscard]] COSTEXPR_INLINE constexpr head output() const {
        return {.vocab = vocab, .hidden = embedding_width, .tied = tied, .bias = head_bias, .width = hidden, .transform = head_transform};
    }
    [[nodiscard]] COSTEXPR_INLINE constexpr count predictions() const { return uses_mtp ? mtp_modules : 0; }
    /// What stands around the decoder layer of each multi-token prediction module.
    [[nodiscard]] COSTEXPR_INLINE constexpr prediction_module prediction() const { return {hidden, norm_gains}; }
    /// Norms of all layers, the final one, and one behind the input table where there is one.
    [[nodiscard]] constexpr count all_norms() const { return adding_norms() + plain_norms(); }
    /// Those that add the output of the block in front of them to the residual stream: one for each block, and the final one.
    [[nodiscard]] constexpr count adding_norms() const { return layers * min(norms_per_layer(), residuals) + (final_norm ? 1 : 0); }
    /// Those that do not: behind a block, in front of the addition (Gemma, GLM-4, Pangu), and behind the input table.
    [[nodiscard]] constexpr count plain_norms() const { return layers * max(norms_per_layer() - residuals, count{0}) + (embedding_norm ? 1 : 0); }
    [[nodiscard]] constexpr count norms_per_layer() const {
        if (!parallel) return 2;
        if (parallel_norms != 0) return parallel_norms;
        return norms + (post_normed ? extra_norms : 0) - (parallel_residual && parallel_drops_norm ? 1 : 0);
    }
    /// Learned vectors beside the norms, of all layers and of the model.
    [[nodiscard]] COSTEXPR_INLINE constexpr learned_vector vectors() const { return {(layers * layer_vectors + model_vectors) * hidden}; }
    [[nodiscard]] constexpr count vector_runs() const { return layers * layer_vectors + model_vectors != 0 ? 1 : 0; }
};

}  // namespace costexpr
