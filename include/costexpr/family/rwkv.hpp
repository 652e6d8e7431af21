// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/family/backbone.hpp>
#include <costexpr/family/resemblance.hpp>
#include <costexpr/layer/rwkv.hpp>

namespace costexpr {

/// RWKV-4 (arXiv:2305.13048) and RWKV-7 (arXiv:2503.14456): time mixing and channel mixing instead of attention and a feed-forward network.
struct rwkv_decoder {
    backbone base{};
    count inner = 0;
    count width = 0;  ///< of time mixing
    count head_dim = 0;
    count decay_rank = 0;
    count rate_rank = 0;
    count gate_rank = 0;
    count value_rank = 0;
    count values = 0;
    bool delta_rule = false;  ///< RWKV-7

    static constexpr std::string_view family = "rwkv";
    using parts = part_list<&rwkv_decoder::base>;
    template <class f = rwkv_decoder>
    static constexpr auto json() {
        return std::array{key(&f::inner, "intermediate_size").or_else([](f const& c) { return 4 * c.base.hidden; }),
                          key(&f::width, "attention_hidden_size").or_else([](f const& c) { return c.base.hidden; }),
                          key(&f::head_dim, "head_dim").optional(),
                          key(&f::decay_rank, "decay_low_rank_dim").optional(),
                          key(&f::rate_rank, "a_low_rank_dim").optional(),
                          key(&f::gate_rank, "gate_low_rank_dim").optional(),
                          key(&f::value_rank, "v_low_rank_dim").optional(),
                          key(&f::values, "value_dim").or_else([](f const& c) { return c.base.hidden; })};
    }
    static constexpr auto architectures() {
        // one more norm behind the input table
        return std::array{
            arch{"RwkvForCausalLM", "rwkv", {.norm_gains = 2, .embedding_norm = true}},
            arch{"RWKV7ForCausalLM", "rwkv7", {.norm_gains = 2, .embedding_norm = true, .delta_rule = true}},
        };
    }
    constexpr void apply(traits const& is) {
        base.apply(is);
        delta_rule = is.delta_rule;
    }
    COSTEXPR_ONCE constexpr void settle(auto& check) {
        if (!delta_rule) return;
        check.needed(*this, &rwkv_decoder::head_dim, "head_dim", "the width of a head");
        check.needed(*this, &rwkv_decoder::decay_rank, "decay_low_rank_dim", "the rank of the decay");
        check.needed(*this, &rwkv_decoder::rate_rank, "a_low_rank_dim", "the rank of the learning rate");
        check.needed(*this, &rwkv_decoder::gate_rank, "gate_low_rank_dim", "the rank of the gate");
        check.needed(*this, &rwkv_decoder::value_rank, "v_low_rank_dim", "the rank of the value mix");
        check.divisible(base.hidden, "hidden_size", head_dim, "the width of a head");
        if (values != base.hidden) check.fail(&rwkv_decoder::values, errc::contradiction, base.hidden, values, "values as wide as the model, #");
        inner = ceil_div(inner, 32) * 32;
    }
    /// Whether the keys of a config of no registered architecture describe this family.
    static constexpr bool resembles(schema::document const& d) {
        return !detail::has_any(d, "num_attention_heads", "n_head") && detail::unlisted(d, "attention_hidden_size").kind == json::kind::number && detail::unlisted(d, "rescale_every").kind == json::kind::number &&
               detail::unlisted(d, "head_size").kind == json::kind::end;  // which later generations have
    }
    static constexpr traits likely(schema::document const&) {
        constexpr auto rows = architectures();
        return rows[0].is;
    }

    COSTEXPR_INLINE constexpr auto layers() const {
        rwkv7_time_mix const first{base.hidden, head_dim, decay_rank, rate_rank, gate_rank, 0};
        rwkv7_time_mix other = first;
        other.value_rank = value_rank;
        count const old = delta_rule ? 0 : base.layers;
        count const modern = delta_rule ? base.layers : 0;
        return costexpr::layers(times(1, base.input()),
                                times(base.all_norms(), base.layer_norm()),
                                times(old, rwkv_time_mix{base.hidden, width}),
                                times(min<count>(modern, 1), first),
                                times(max<count>(modern - 1, 0), other),
                                times(base.layers, rwkv_channel_mix{base.hidden, inner, !delta_rule}),
                                times(1, base.output()));
    }
};

}  // namespace costexpr
