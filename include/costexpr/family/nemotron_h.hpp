// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/family/backbone.hpp>
#include <costexpr/family/feed_forward.hpp>
#include <costexpr/family/grouped_attention.hpp>
#include <costexpr/family/mixers.hpp>
#include <costexpr/family/resemblance.hpp>

namespace costexpr {

/// Nemotron-H (arXiv:2504.03624) and Nemotron 3: every layer is one of Mamba-2, attention, a feed-forward network or experts, behind one norm.
struct nemotron_h_decoder {
    backbone base{};
    mixer_schedule blocks{};
    grouped_attention attention{};
    state_space_shape space{};
    feed_forward network{};
    mixture experts{};
    pattern predicted{};  ///< of a multi-token prediction module
    /// What the routed experts of one block have of their own.
    struct expert_size {
        count inner = 0;
        count top_k = 0;
        double log_not_chosen = 0;
        friend constexpr bool operator==(expert_size const&, expert_size const&) = default;
    };
    inplace_vector<counted<expert_size>, 48> searched{};  ///< distinct sizes, where blocks were searched one by one (Puzzle, arXiv:2411.19146)

    static constexpr std::string_view family = "nemotron_h";
    using parts = part_list<&nemotron_h_decoder::base, &nemotron_h_decoder::blocks, &nemotron_h_decoder::attention,
                            &nemotron_h_decoder::space, &nemotron_h_decoder::network, &nemotron_h_decoder::experts>;
    template <class f = nemotron_h_decoder>
    static constexpr auto json() {
        using enum layer_kind;
        return std::array{
            key(&f::predicted, "mtp_layers_block_type", "mtp_hybrid_override_pattern")
                .spelled(layer_sign{"M", mamba}, layer_sign{"*", full}, layer_sign{"-", dense}, layer_sign{"E", moe}, layer_sign{"T", full})
                .optional(),
        };
    }
    static constexpr auto architectures() {
        constexpr traits nemotron{.norms = 1, .gated = false};
        return std::array{
            arch{"NemotronHForCausalLM", "nemotron_h", nemotron},
            arch{"NemotronHPuzzleForCausalLM", "nemotron_h_puzzle", nemotron},
            arch{"NemotronH_Omni_Reasoning_V3", "nemotron_h_omni", nemotron},
            arch{"NemotronH_Nano_VL_V2", "nemotron_h_nano_vl_v2", nemotron},
        };
    }
    /// Whether the keys of a config of no registered architecture describe this family.
    static constexpr bool resembles(schema::document const& d) { return detail::has_any(d, "hybrid_override_pattern") || (detail::has_any(d, "layers_block_type") && detail::has_any(d, "ssm_state_size")); }
    static constexpr traits likely(schema::document const&) {
        constexpr auto rows = architectures();
        return rows[0].is;
    }
    constexpr void apply(traits const& is) {
        base.apply(is);
        attention.apply(is);
        space.apply(is);
        network.apply(is);
        experts.apply(is);
    }
    /// Some files leave the number of layers to the length of the pattern.
    constexpr void prepare(schema::document const& d) {
        base.layers = max(max(schema::entries(d, "hybrid_override_pattern"), schema::entries(d, "layers_block_type")), schema::entries(d, "block_configs"));
    }
    /// Blocks with keys of their own, which beat those of the config.
    COSTEXPR_ONCE constexpr void read_blocks(auto& check) {
        using enum layer_kind;
        schema::document const& d = check.source();
        schema::slot const* const s = d.find("block_configs");
        if (s == nullptr || s->value.kind != json::kind::array) return;
        bool const listed = !blocks.order.empty();
        count at = 0;
        bool first = true;
        schema::for_each_entry(d, s->value, [&](json::value const& block) {
            if (!check.clean()) return;
            std::string_view const type = schema::plain_text(d, schema::member(d, block, "block_type"));
            layer_kind const kind = type == "moe" ? moe : type == "mamba" ? mamba : type == "attention" ? full : type == "mlp" ? dense : none;
            if (kind == none) return check.fail(errc::unknown_name, "block_configs", 0, 0, "mamba, attention, mlp or moe as the block_type of each block");
            if (listed ? at >= blocks.order.size() || blocks.order[at] != kind : !blocks.order.push_back(kind))
                return check.fail(errc::contradiction, "block_configs", 0, 0, "the kinds of layers that the pattern lists");
            ++at;
            if (kind != moe) return;
            // the same in all blocks
            auto const common = [&](count& to, std::string_view key) {
                count const n = schema::whole(d, schema::member(d, block, key));
                if (n <= 0 || n == to) return;
                if (!first && to != 0)
                    return check.fail(errc::contradiction, "block_configs", to, n, "the same number of experts, latent width and shared expert in all blocks (#)");
                to = n;
            };
            common(experts.experts, "n_routed_experts");
            common(experts.latent, "moe_latent_size");
            common(experts.shared_inner, "moe_shared_expert_intermediate_size");
            auto const own = [&](count fallback, std::string_view key) {
                count const n = schema::whole(d, schema::member(d, block, key));
                return n > 0 ? n : fallback;
            };
            expert_size const size{own(experts.inner, "moe_intermediate_size"), own(experts.top_k, "num_experts_per_tok")};
            if (first) {
                if (experts.inner == 0) experts.inner = size.inner;
                if (experts.top_k == 0) experts.top_k = size.top_k;
            }
            first = false;
            if (size.inner <= 0 || size.inner > largest_dimension || size.top_k <= 0 || size.top_k > experts.experts)
                return check.fail(errc::out_of_range, "block_configs", largest_dimension, size.inner,
                                  "a moe_intermediate_size of 1 to #, and num_experts_per_tok of the experts, in each block of experts");
            if (!add_one(searched, size)) check.fail(errc::list_too_long, "block_configs", static_cast<count>(searched.capacity()));
        });
        for (counted<expert_size>& c : searched) c.what.log_not_chosen = costexpr::moe::log_chance_not_chosen(c.what.top_k, experts.experts);
    }
    COSTEXPR_ONCE constexpr void settle(auto& check) {
        using enum layer_kind;
        read_blocks(check);
        blocks.settle(check, base.layers, mamba, "mamba, attention, mlp or moe", full, mamba, linear, dense, moe);
        attention.settle_heads(check);
        space.settle(check, blocks.of(mamba) + blocks.of(linear), true);
        // configs name experts even where no layer has any
        if (blocks.of(moe) == 0) experts.experts = 0;
        experts.settle(check, blocks.of(moe), false);
        network.settle(check, blocks.of(dense));
    }

    COSTEXPR_INLINE constexpr auto layers() const {
        using enum layer_kind;
        costexpr::moe rest = experts.layer();
        rest.routed_apart = !searched.empty();
        return costexpr::layers(times(1, base.input()),
                                times(base.all_norms(), base.layer_norm()),
                                times(blocks.of(mamba) + blocks.of(linear), space.second_generation()),
                                times(blocks.of(full), attention.full_layer()),
                                times(blocks.of(dense), network.layer()),
                                times(blocks.of(moe), rest),
                                each(searched, [m = experts.layer()](expert_size const& size) {
                                    routed_experts one{m};
                                    one.mixture.inner = size.inner;
                                    one.mixture.top_k = size.top_k;
                                    one.mixture.log_not_chosen = size.log_not_chosen;
                                    return one;
                                }),
                                times(1, base.output()));
    }
    /// The modules of multi-token prediction, which hold the layers of a pattern of their own.
    COSTEXPR_INLINE constexpr auto prediction() const {
        count const n = base.predictions();
        using enum layer_kind;
        return costexpr::layers(times(n, base.prediction()),
                                times(n * predicted.size(), base.layer_norm()),
                                times(n * predicted.of(mamba), space.second_generation()),
                                times(n * predicted.of(full), attention.full_layer()),
                                times(n * predicted.of(dense), network.layer()),
                                times(n * predicted.of(moe), experts.layer()));
    }
};

}  // namespace costexpr
