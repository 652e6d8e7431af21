// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/family/backbone.hpp>
#include <costexpr/family/feed_forward.hpp>
#include <costexpr/family/resemblance.hpp>
#include <costexpr/layer/compressed.hpp>

namespace costexpr {

/// DeepSeek-V4: attention over a window and over keys compressed at two ratios, hyper-connections, experts on every layer.
struct deepseek_v4_decoder {
    backbone base{};
    mixture experts{};
    count heads = 0;
    count head_dim = 0;
    count q_latent = 0;
    count o_latent = 0;
    count o_groups = 0;
    count window = 0;
    count index_heads = 0;
    count index_dim = 0;
    count top_k = 0;
    count copies = 0;  ///< residual streams
    count predicted_ratio = 0;  ///< of multi-token prediction modules
    pattern order{};   ///< compressed: one key per 4 tokens, with an indexer; pooled: one per 128; sliding: the window alone

    static constexpr std::string_view family = "deepseek_v4";
    using parts = part_list<&deepseek_v4_decoder::base, &deepseek_v4_decoder::experts>;
    template <class f = deepseek_v4_decoder>
    static constexpr auto json() {
        using enum layer_kind;
        return std::array{
            key(&f::heads, "num_attention_heads"),
            key(&f::head_dim, "head_dim"),
            key(&f::q_latent, "q_lora_rank"),
            key(&f::o_latent, "o_lora_rank"),
            key(&f::o_groups, "o_groups"),
            key(&f::window, "sliding_window"),
            key(&f::index_heads, "index_n_heads"),
            key(&f::index_dim, "index_head_dim"),
            key(&f::top_k, "index_topk"),
            key(&f::copies, "hc_mult"),
            key(&f::order, "compress_ratios", "layer_types").spelled(layer_sign{"0", sliding}, layer_sign{"4", compressed}, layer_sign{"128", pooled}),
        };
    }
    static constexpr auto architectures() { return std::array{arch{"DeepseekV4ForCausalLM", "deepseek_v4"}, arch{"DeepseekV4ForConditionalGeneration", ""}}; }
    /// Whether the keys of a config of no registered architecture describe this family.
    static constexpr bool resembles(schema::document const& d) { return detail::has_any(d, "compress_ratios", "o_groups") && detail::has_any(d, "hc_mult"); }
    constexpr void apply(traits const& is) {
        base.apply(is);
        experts.apply(is);
    }
    COSTEXPR_ONCE constexpr void settle(auto& check) {
        using enum layer_kind;
        if (order.size() == base.layers + 1) {  // the last entry is that of the multi-token prediction module
            layer_kind const last = order[base.layers];
            predicted_ratio = last == compressed ? 4 : last == pooled ? 128 : 0;
            order.pop_back();
        }
        check.schedule(*this, &deepseek_v4_decoder::order, base.layers, "0, 4 or 128", sliding, compressed, pooled);
        experts.settle(check, base.layers, true);
    }

    /// The attention layer at one ratio.
    [[nodiscard]] COSTEXPR_INLINE constexpr compressed_mqa attention(count ratio) const {
        bool const indexes = ratio == 4;
        return {.hidden = base.hidden, .heads = heads, .head_dim = head_dim, .q_latent = q_latent, .o_latent = o_latent, .o_groups = o_groups, .window = window,
                .ratio = ratio, .index_heads = indexes ? index_heads : 0, .index_dim = indexes ? index_dim : 0, .top_k = indexes ? top_k : 0};
    }
    COSTEXPR_INLINE constexpr auto layers() const {
        using enum layer_kind;
        return costexpr::layers(times(1, base.input()),
                                times(base.all_norms(), base.layer_norm(false)),  // hyper-connections add
                                times(base.layers, hyper_connection{base.hidden, copies}),
                                times(order.of(sliding), attention(0)),
                                times(order.of(compressed), attention(4)),
                                times(order.of(pooled), attention(128)),
                                times(experts.moe_layers(), experts.layer()),
                                times(1, hyper_connection{base.hidden, copies, true}),
                                times(1, base.output()));
    }
    /// The modules of multi-token prediction, which hold a layer each, of the ratio that the list of all layers ends with.
    COSTEXPR_INLINE constexpr auto prediction() const {
        count const n = base.predictions();
        return costexpr::layers(times(n, base.prediction()),
                                times(n * base.norms_per_layer(), base.layer_norm(false)),
                                times(n, hyper_connection{base.hidden, copies}),
                                times(n, attention(predicted_ratio)),
                                times(n, experts.layer()),
                                times(n, hyper_connection{base.hidden, copies, true}));
    }
};

}  // namespace costexpr
