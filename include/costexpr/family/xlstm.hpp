// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/family/backbone.hpp>
#include <costexpr/family/mixers.hpp>
#include <costexpr/layer/mlp.hpp>
#include <costexpr/layer/mlstm.hpp>

namespace costexpr {

/// xLSTM-7B (arXiv:2503.13427): a memory cell and a gated feed-forward network in every layer, no attention.
struct xlstm_decoder {
    backbone base{};
    count heads = 0;
    double query_factor = 0;  ///< width of all queries over hidden
    double value_factor = 0;
    double inner_factor = 0;
    count multiple = 0;       ///< of which the inner size is one
    count chunk = 0;
    bool bias = false;
    bool last_norm = true;
    short_string state_type{};

    static constexpr std::string_view family = "xlstm";
    using parts = part_list<&xlstm_decoder::base>;
    template <class f = xlstm_decoder>
    static constexpr auto json() {
        return std::array{
            key(&f::heads, "num_heads"),
            key(&f::query_factor, "qk_dim_factor").or_else(0.5),
            key(&f::value_factor, "v_dim_factor").or_else(1.0),
            key(&f::inner_factor, "ffn_proj_factor").or_else(2.667),
            key(&f::multiple, "ffn_round_up_to_multiple_of").or_else(64),
            key(&f::chunk, "chunk_size").or_else(64),
            key(&f::bias, "use_bias").optional(),
            key(&f::last_norm, "add_out_norm").or_else(true),
            key(&f::state_type, "inference_state_dtype").optional(),
        };
    }
    static constexpr auto architectures() { return std::array{arch{"xLSTMForCausalLM", "xlstm"}}; }
    constexpr void apply(traits const& is) { base.apply(is); }
    COSTEXPR_ONCE constexpr void settle(auto& check) {
        check.divisible(query_width(), "qk_dim_factor", heads, "the number of heads, once multiplied by the width");
        check.divisible(value_width(), "v_dim_factor", heads, "the number of heads, once multiplied by the width");
        auto const sized = [&](count n, std::string_view key) {
            if (n <= 0 || n > largest_dimension) check.fail(errc::out_of_range, key, largest_dimension, n, "a width of 1 to #");
        };
        sized(query_width(), "qk_dim_factor");
        sized(value_width(), "v_dim_factor");
        sized(inner(), "ffn_proj_factor");
    }

    /// A part of the width, rounded up to a multiple.
    [[nodiscard]] static constexpr count rounded(double part, count multiple_of) {
        if (!(part < static_cast<double>(largest_dimension)) || multiple_of <= 0) return largest_dimension + 1;
        return static_cast<count>(part + static_cast<double>(multiple_of) - 1) / multiple_of * multiple_of;
    }
    [[nodiscard]] constexpr count query_width() const { return rounded(static_cast<double>(base.hidden) * query_factor, 1); }
    [[nodiscard]] constexpr count value_width() const { return rounded(static_cast<double>(base.hidden) * value_factor, 1); }
    [[nodiscard]] constexpr count inner() const { return rounded(static_cast<double>(base.hidden) * inner_factor, multiple); }
    COSTEXPR_INLINE constexpr auto layers() const {
        return costexpr::layers(times(1, base.input()),
                                times(2 * base.layers, norm{base.hidden, bias ? 2 : 1}),
                                times(last_norm ? 1 : 0, norm{base.hidden}),
                                times(base.layers, mlstm{.hidden = base.hidden, .heads = heads, .query_width = query_width(), .value_width = value_width(),
                                                         .chunk = chunk, .bias = bias, .state_type = state_dtype(state_type)}),
                                times(base.layers, mlp{.hidden = base.hidden, .inner = inner(), .bias = bias}),
                                times(1, base.output()));
    }
};

}  // namespace costexpr
