// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/family/backbone.hpp>
#include <costexpr/family/feed_forward.hpp>
#include <costexpr/family/grouped_attention.hpp>
#include <costexpr/family/mixers.hpp>
#include <costexpr/layer/linear.hpp>

namespace costexpr {

/// Zamba (arXiv:2405.16712) and Zamba 2 (arXiv:2411.15242): state spaces in every layer, and before some of them one of a few transformer
/// blocks whose weights all places share. A block reads the layer's input beside the embedding; in Zamba 2 every place has low-rank adapters of its own.
struct zamba_decoder {
    backbone base{};
    mixer_schedule mixers{};
    grouped_attention attention{};
    state_space_shape space{};
    feed_forward network{};
    count blocks = 0;  ///< transformer blocks that are stored
    count rank = 0;    ///< of the adapters
    bool adapted_attention = false;
    bool second_generation = false;

    static constexpr std::string_view family = "zamba";
    using parts = part_list<&zamba_decoder::base, &zamba_decoder::mixers, &zamba_decoder::attention, &zamba_decoder::space, &zamba_decoder::network>;
    template <class f = zamba_decoder>
    static constexpr auto json() {
        return std::array{
            key(&f::blocks, "num_mem_blocks").or_else(1),
            key(&f::rank, "adapter_rank").optional(),
            key(&f::adapted_attention, "use_shared_attention_adapter").optional(),
        };
    }
    static constexpr auto architectures() {
        return std::array{
            arch{"ZambaForCausalLM", "zamba", {.norms = 1, .inner_ratio = 4, .second_generation = false, .tied = true}},
            arch{"Zamba2ForCausalLM", "zamba2", {.norms = 1, .inner_ratio = 4, .tied = true}},
        };
    }
    constexpr void apply(traits const& is) {
        base.apply(is);
        attention.apply(is);
        space.apply(is);
        network.apply(is);
        second_generation = is.second_generation;
        rank = second_generation ? 128 : 0;
    }
    COSTEXPR_ONCE constexpr void settle(auto& check) {
        using enum layer_kind;
        // Zamba counts its period from the fourth layer on; the third has a block in any case
        if (mixers.order.empty() && mixers.period == 0 && !second_generation) mixers.period = 6, mixers.offset = 4;
        if (mixers.order.empty() && mixers.attention_at.empty() && second_generation)
            check.fail(errc::missing_key, "layers_block_type", 0, 0, "the list of layers with and without the shared block");
        if (mixers.order.empty() && !second_generation)
            for (count i = 0; i < base.layers; ++i) mixers.order.push_back(i == 2 || (i > 2 && (i - 3) % mixers.period == mixers.offset) ? hybrid : mamba);
        mixers.settle(check, base.layers, mamba, "mamba, linear_attention or hybrid", mamba, linear, hybrid, full);
        for (count i = 0; i < mixers.order.size(); ++i)
            if (mixers.order[i] == full) mixers.order.set(i, hybrid);
        if (!check.has("attention_head_dim") && attention.heads > 0) {
            check.divisible(2 * base.hidden, "hidden_size", attention.heads, "the number of attention heads");
            attention.head_dim = attention.v_head_dim = 2 * base.hidden / attention.heads;
        }
        check.divisible(attention.heads, "num_attention_heads", attention.kv_heads, "the number of key and value heads");
        space.settle(check, base.layers, second_generation);
        network.settle(check, mixers.attention());
    }

    COSTEXPR_INLINE constexpr auto layers() const {
        count const runs = mixers.attention();
        count const stored = min(blocks, runs);
        count const wide = 2 * base.hidden;
        gqa shared = attention.full_layer();
        shared.input = wide;
        bool const adapts = rank != 0;
        return costexpr::layers(times(1, base.input()),
                                times(base.all_norms(), base.layer_norm()),
                                times(second_generation ? 0 : base.layers, space.first_generation()),
                                times(second_generation ? base.layers : 0, space.second_generation()),
                                times(runs, norm{wide}, stored),
                                times(runs, shared, stored),
                                times(runs, base.layer_norm(), stored),
                                times(runs, network.layer(), stored),
                                times(adapts ? runs : 0, low_rank{base.hidden, rank, 2 * network.inner}),
                                times(adapts && adapted_attention ? 3 * runs : 0, low_rank{wide, rank, wide}),
                                times(runs, linear{base.hidden, base.hidden}),
                                times(1, base.output()));
    }
};

}  // namespace costexpr
