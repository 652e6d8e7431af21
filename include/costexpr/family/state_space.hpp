// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/family/backbone.hpp>
#include <costexpr/family/mixers.hpp>
#include <costexpr/family/resemblance.hpp>

namespace costexpr {

/// Decoders without attention and without feed-forward networks: Mamba (arXiv:2312.00752), Mamba-2 (arXiv:2405.21060), Falcon-Mamba.
struct state_space_decoder {
    backbone base{};
    state_space_shape space{};
    bool second_generation = false;
    count inner = 0;

    static constexpr std::string_view family = "state_space";
    using parts = part_list<&state_space_decoder::base, &state_space_decoder::space>;
    template <class f = state_space_decoder>
    static constexpr auto json() {
        // the first generation names its width, whatever the expansion (Falcon-Mamba)
        return std::array{key(&f::inner, "intermediate_size").optional()};
    }
    static constexpr auto architectures() {
        return std::array{
            arch{"MambaForCausalLM", "mamba", {.norms = 1, .second_generation = false, .tied = true}},
            arch{"FalconMambaForCausalLM", "falcon_mamba", {.norms = 1, .second_generation = false, .tied = true}},
            arch{"Mamba2ForCausalLM", "mamba2", {.norms = 1}},
        };
    }
    /// Whether the keys of a config of no registered architecture describe this family.
    static constexpr bool resembles(schema::document const& d) { return detail::has_any(d, "state_size") && !detail::has_any(d, "num_attention_heads", "n_head"); }
    static constexpr traits likely(schema::document const& d) { return {.norms = 1, .second_generation = detail::has_any(d, "n_groups", "num_heads")}; }
    constexpr void apply(traits const& is) {
        base.apply(is);
        space.apply(is);
        second_generation = is.second_generation;
    }
    COSTEXPR_ONCE constexpr void settle(auto& check) {
        if (!second_generation && inner != 0) space.inner = inner;
        space.settle(check, base.layers, second_generation);
    }

    COSTEXPR_INLINE constexpr auto layers() const {
        return costexpr::layers(times(1, base.input()),
                                times(base.all_norms(), base.layer_norm()),
                                times(second_generation ? 0 : base.layers, space.first_generation()),
                                times(second_generation ? base.layers : 0, space.second_generation()),
                                times(1, base.output()));
    }
};

}  // namespace costexpr
