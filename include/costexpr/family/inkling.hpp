// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/family/backbone.hpp>
#include <costexpr/family/feed_forward.hpp>
#include <costexpr/family/grouped_attention.hpp>
#include <costexpr/layer/attention_residual.hpp>
#include <costexpr/layer/convolved_attention.hpp>

namespace costexpr {

/// Inkling (Thinking Machines): attention with short convolutions, over a window in five layers of six, and experts. Inkling 2 adds attention over
/// depth, from which queries, keys and values of full layers are read apart.
struct inkling_decoder {
    backbone base{};
    grouped_attention attention{};
    feed_forward network{};
    mixture experts{};
    index_set local_layers{};
    count kernel = 0;
    count relative_dim = 0;
    count extent = 0;
    count depth_block = 0;   ///< layers per group of the attention over depth
    count depth_inputs = 0;  ///< weighted means over depth in a forward pass; counted while settling
    bool second_generation = false;

    static constexpr std::string_view family = "inkling";
    using parts = part_list<&inkling_decoder::base, &inkling_decoder::attention, &inkling_decoder::network, &inkling_decoder::experts>;
    template <class f = inkling_decoder>
    static constexpr auto json() {
        return std::array{
            key(&f::local_layers, "local_layer_ids").optional(),
            key(&f::kernel, "conv_kernel_size").or_else(4),
            key(&f::relative_dim, "d_rel"),
            key(&f::extent, "rel_extent"),
            key(&f::depth_block, "n_layers_per_attn_res_block").optional(),
        };
    }
    static constexpr auto architectures() {
        constexpr traits first{.qk_normed = true, .window_period = 6, .embedding_norm = true, .activation_weights = 1, .second_generation = false};
        constexpr traits second{.gated_attention = true, .window_period = 6, .embedding_norm = true};
        return std::array{
            arch{"InklingForCausalLM", "inkling_text", first},
            arch{"InklingForConditionalGeneration", "inkling_mm_model", first},
            arch{"Inkling2ForCausalLM", "inkling2_text", second},
            arch{"Inkling2ForConditionalGeneration", "inkling2", second},
        };
    }
    constexpr void apply(traits const& is) {
        base.apply(is);
        attention.apply(is);
        network.apply(is);
        experts.apply(is);
        second_generation = is.second_generation;
    }
    COSTEXPR_ONCE constexpr void settle(auto& check) {
        using enum layer_kind;
        if (attention.order.empty() && !local_layers.empty())
            for (count i = 0; i < base.layers; ++i) attention.order.push_back(local_layers.contains(i) ? sliding : full);
        for (count i = 0; i < attention.order.size(); ++i)
            if (attention.order[i] == hybrid) attention.order.set(i, full);
        attention.settle(check, base.layers, base.max_context);
        experts.settle(check, base.layers, true);
        network.settle(check, experts.dense_count());
        if (second_generation && check.clean()) {
            // the first layer has no depth to look at, but its feed-forward network has; the head looks once more
            depth_inputs = base.layers + 1;
            for (count i = 1; i < attention.order.size(); ++i) depth_inputs += attention.order[i] == full ? 3 : 1;
        }
    }

    [[nodiscard]] COSTEXPR_INLINE constexpr convolved_attention convolved(gqa const& heads, count distances, bool dynamic) const {
        return {.heads = heads, .kernel = kernel, .relative_dim = relative_dim, .extent = distances, .clipped = second_generation,
                .projected_sinks = second_generation, .dynamic_kernels = dynamic};
    }
    COSTEXPR_INLINE constexpr auto layers() const {
        sliding_gqa const local = attention.sliding_layer();
        moe routed = experts.layer();
        // the router scores the shared experts too, and scales its scores
        if (!second_generation) routed.router_extra += experts.shared_experts * base.hidden + 1;
        return costexpr::layers(times(1, base.input()),
                                times(base.all_norms() + (second_generation ? 2 * attention.full_layers() : 0), base.layer_norm()),
                                times(attention.full_layers(), convolved(attention.full_layer(), extent, second_generation)),
                                times(attention.sliding_layers(), sliding_convolved_attention{convolved(local.heads, local.window, false), local.window}),
                                times(depth_inputs, attention_residual{base.hidden, 1, attention_residual::mean_sources(base.layers, depth_block)}),
                                times(experts.dense_count(), network.layer()),
                                times(experts.moe_layers(), routed),
                                times(1, base.output()));
    }
};

}  // namespace costexpr
