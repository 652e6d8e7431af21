// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/family/backbone.hpp>
#include <costexpr/family/resemblance.hpp>
#include <costexpr/layer/rwkv.hpp>

namespace costexpr {

/// RWKV-4 (arXiv:2305.13048): time mixing and channel mixing instead of attention and a feed-forward network.
struct rwkv_decoder {
    backbone base{};
    count inner = 0;
    count width = 0;  ///< of time mixing

    static constexpr std::string_view family = "rwkv";
    using parts = part_list<&rwkv_decoder::base>;
    static constexpr auto json(auto...) {
        using f = rwkv_decoder;
        return std::array{key(&f::inner, "intermediate_size").or_else([](f const& c) { return 4 * c.base.hidden; }),
                          key(&f::width, "attention_hidden_size").or_else([](f const& c) { return c.base.hidden; })};
    }
    static constexpr auto architectures() {
        // one more norm behind the input table
        return std::array{arch{"RwkvForCausalLM", "rwkv", {.norm_gains = 2, .embedding_norm = true}}};
    }
    /// Whether the keys of a config of no registered architecture describe this family.
    static constexpr bool resembles(schema::document const& d) {
        return !detail::has_any(d, "num_attention_heads", "n_head") && detail::unlisted(d, "attention_hidden_size").kind == json::kind::number && detail::unlisted(d, "rescale_every").kind == json::kind::number &&
               detail::unlisted(d, "head_size").kind == json::kind::end;  // which later generations have
    }
    static constexpr traits likely(schema::document const&) { return architectures()[0].is; }
    constexpr void apply(traits const& is) { base.apply(is); }

    COSTEXPR_INLINE constexpr auto layers() const {
        return costexpr::layers(times(1, base.input()),
                                times(base.all_norms(), base.layer_norm()),
                                times(base.layers, rwkv_time_mix{base.hidden, width}),
                                times(base.layers, rwkv_channel_mix{base.hidden, inner}),
                                times(1, base.output()));
    }
};

}  // namespace costexpr
