// SPDX-License-Identifier: BSL-1.0

// Keys that released configs spell in their own way, against published parameter counts.

#include "check.hpp"

#include <costexpr/costexpr.hpp>

#include <string_view>

namespace cx = costexpr;

namespace {

constexpr cx::count total(std::string_view text) {
    auto const m = cx::read_model(launder(text));
    return m ? m->parameters() : 0;
}

// Falcon-Mamba-7B writes `expand` 16 and means `intermediate_size`: a layer is 4096 x 16384 + 8192 x 5 + 8192 x 288 + 257 x 8192 + 17 x 8192 + 8192 x 4096 + 4096.
constexpr bool inner_size_of_state_spaces() {
    constexpr std::string_view text = R"({"architectures": ["FalconMambaForCausalLM"], "hidden_size": 4096, "num_hidden_layers": 64, "state_size": 16, "conv_kernel": 4, "expand": 16,
        "intermediate_size": 8192, "time_step_rank": 256, "use_bias": false, "use_conv_bias": true, "vocab_size": 65024, "tie_word_embeddings": false})";
    return total(text) == cx::count{64} * 105'312'256 + 2 * 65024 * 4096 + 4096 && total(text) == 7'272'665'088;
}
CHECK_TWICE(inner_size_of_state_spaces);

// LFM2-1.2B: 12288 under the name block_ff_dim, of which two thirds are taken.
constexpr bool inner_size_of_lfm2() {
    constexpr std::string_view text = R"({"architectures": ["Lfm2ForCausalLM"], "block_auto_adjust_ff_dim": true, "block_dim": 2048, "block_ff_dim": 12288, "block_ffn_dim_multiplier": 1.0,
        "block_multiple_of": 256, "conv_L_cache": 3, "conv_bias": false, "conv_dim": 2048, "conv_dim_out": 2048, "full_attn_idxs": [2, 5, 8, 10, 12, 14], "hidden_size": 2048,
        "num_attention_heads": 32, "num_heads": 32, "num_hidden_layers": 16, "num_key_value_heads": 8, "vocab_size": 65536})";
    return total(text) == 1'170'340'608 && cx::classify(text)->situation == cx::situation::s1;
}
CHECK_TWICE(inner_size_of_lfm2);

// OPT's shape without biases (Galactica, arXiv:2211.09085): 4 h of attention and inner + h of the network fewer in every layer.
constexpr bool biases_of_opt() {
    constexpr std::string_view with = R"({"architectures": ["OPTForCausalLM"], "hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12, "ffn_dim": 3072, "vocab_size": 50000,
        "max_position_embeddings": 2048, "enable_bias": true})";
    constexpr std::string_view without = R"({"architectures": ["OPTForCausalLM"], "hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12, "ffn_dim": 3072, "vocab_size": 50000,
        "max_position_embeddings": 2048, "enable_bias": false})";
    return total(with) - total(without) == 12 * (4 * 768 + 3072 + 768) && total(without) != 0;
}
CHECK_TWICE(biases_of_opt);

}  // namespace
