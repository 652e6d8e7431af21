// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/family/traits.hpp>
#include <costexpr/layer/embedding.hpp>
#include <costexpr/layer/head.hpp>
#include <costexpr/layer/norm.hpp>
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
    count extra_embeddings = 0;
    count mtp_modules = 0;

    static constexpr auto json() {
        using f = backbone;
        return std::array{
            key(&f::layers, "num_hidden_layers", "n_layer", "n_layers", "num_layers").at_most(largest_layers),
            key(&f::hidden, "hidden_size", "n_embd", "n_embed", "d_model"),
            key(&f::vocab, "padded_vocab_size", "vocab_size"),
            key(&f::max_context, "max_position_embeddings", "max_sequence_length", "max_seq_len", "seq_length", "n_positions").optional().at_most(count{1} << 40),
            key(&f::tied, "tie_word_embeddings").optional().outermost(),
            key(&f::head_bias, "lm_head_bias").optional(),
            key(&f::mtp_modules, "num_nextn_predict_layers", "num_mtp_modules", "mtp_num_hidden_layers").optional().at_most(largest_layers),
        };
    }
    constexpr void apply(traits const& is) {
        tied = is.tied;
        head_bias = is.head_bias;
        norm_gains = is.norm_gains;
        norms = is.norms;
        extra_embeddings = is.extra_embeddings;
    }

    [[nodiscard]] constexpr embedding input() const { return {vocab + extra_embeddings, hidden}; }
    [[nodiscard]] constexpr norm layer_norm() const { return {hidden, norm_gains}; }
    [[nodiscard]] constexpr head output() const { return {vocab, hidden, tied, head_bias}; }
    /// Norms of all layers and the final one.
    [[nodiscard]] constexpr count all_norms() const { return layers * norms + 1; }
};

}  // namespace costexpr
