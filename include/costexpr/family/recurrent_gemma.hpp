// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/family/backbone.hpp>
#include <costexpr/family/feed_forward.hpp>
#include <costexpr/family/grouped_attention.hpp>
#include <costexpr/layer/rg_lru.hpp>

namespace costexpr {

/// RecurrentGemma (arXiv:2404.07839): gated linear recurrences with attention over a window in every third layer.
struct recurrent_gemma_decoder {
    backbone base{};
    grouped_attention attention{};
    feed_forward network{};
    count width = 0;
    count kernel = 0;
    count window = 0;
    pattern blocks{};  ///< kinds that repeat over the layers

    static constexpr std::string_view family = "recurrent_gemma";
    using parts = part_list<&recurrent_gemma_decoder::base, &recurrent_gemma_decoder::attention, &recurrent_gemma_decoder::network>;
    template <class f = recurrent_gemma_decoder>
    static constexpr auto json() {
        return std::array{
            key(&f::width, "lru_width").or_else([](f const& c) { return c.base.hidden; }),
            key(&f::kernel, "conv1d_width").or_else(4),
            key(&f::window, "attention_window_size").or_else(2048).at_most(count{1} << 40),
            key(&f::blocks, "block_types").optional(),
        };
    }
    static constexpr auto architectures() {
        constexpr traits is{.bias_on_output = false, .output_bias = true, .mlp_bias = true, .halved_inner = true, .tied = true};
        return std::array{arch{"RecurrentGemmaForCausalLM", "recurrent_gemma", is}};
    }
    constexpr void apply(traits const& is) {
        base.apply(is);
        attention.apply(is);
        network.apply(is);
    }
    COSTEXPR_ONCE constexpr void settle(auto& check) {
        using enum layer_kind;
        attention.output_bias = true;
        attention.settle_heads(check);
        network.settle(check, max(base.layers, count{1}));
        check.divisible(width, "lru_width", attention.heads, "the number of heads, which is that of the blocks of its gates");
        if (blocks.empty())
            for (layer_kind k : {linear, linear, full}) blocks.push_back(k);
        count const cycle = blocks.size();
        pattern const once = blocks;
        blocks = {};
        for (count i = 0; i < base.layers; ++i) blocks.push_back(once[i % cycle]);
        check.schedule(*this, &recurrent_gemma_decoder::blocks, base.layers, "recurrent or attention", full, linear);
    }

    COSTEXPR_INLINE constexpr auto layers() const {
        using enum layer_kind;
        return costexpr::layers(times(1, base.input()),
                                times(base.all_norms(), base.layer_norm()),
                                times(blocks.of(full), sliding_gqa{attention.full_layer(), window}),
                                times(blocks.of(linear), rg_lru{base.hidden, width, attention.heads, kernel}),
                                times(base.layers, network.layer()),
                                times(1, base.output()));
    }
};

}  // namespace costexpr
