// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/family/traits.hpp>
#include <costexpr/layer/mlp.hpp>
#include <costexpr/layer/moe.hpp>
#include <costexpr/schema/field.hpp>
#include <costexpr/schema/read.hpp>

namespace costexpr {

/// The dense feed-forward network of a config. A part of the families' configs.
struct feed_forward {
    count hidden = 0;
    count inner = 0;
    bool gated = true;
    bool bias = false;
    bool halved = false;
    count ratio = 0;
    count activation_weights = 0;
    bool inner_norm = false;
    bool down_bias = false;
    bool all_bias = false;  ///< of attention and of plain networks (Falcon)

    template <class f = feed_forward>
    static constexpr auto json() {
        return std::array{
            key(&f::hidden, "hidden_size", "n_embd", "n_embed", "d_model"),
            key(&f::inner, "dense_intermediate_size", "block_ff_dim", "intermediate_size_mlp", "prefix_dense_intermediate_size", "intermediate_size", "ffn_hidden_size", "ffn_dim", "n_inner", "dff")
                .optional(),
            key(&f::bias, "mlp_bias", "use_bias", "add_bias_linear", "enable_bias").optional(),
            key(&f::all_bias, "bias").optional(),
            key(&f::ratio, "expansion_ratio", "intermediate_multiple_size").optional(),
        };
    }
    COSTEXPR_ONCE constexpr void apply(traits const& is) {
        hidden = is.size.hidden;
        inner = is.size.inner;
        gated = is.gated;
        bias = is.mlp_bias;
        halved = is.halved_inner;
        ratio = is.inner_ratio;
        activation_weights = is.activation_weights;
        inner_norm = is.sub_norms;
        down_bias = is.down_bias;
    }
    /// `layers`: how many of the model's layers have this network.
    COSTEXPR_ONCE constexpr void settle(auto& check, count layers) {
        if (inner == 0) inner = ratio * hidden;
        if (all_bias && !gated) bias = true;
        if (layers != 0) check.needed(*this, &feed_forward::inner, "intermediate_size", "the inner size of the feed-forward network");
        if (!halved) return;
        check.divisible(*this, &feed_forward::inner, 2, "2, gate and up projection, which it counts together");
        inner /= 2;
    }
    [[nodiscard]] COSTEXPR_INLINE constexpr mlp layer() const {
        return {.hidden = hidden, .inner = inner, .gated = gated, .bias = bias, .down_bias = down_bias, .activation_weights = activation_weights,
                .inner_norm = inner_norm};
    }
};

/// The mixture of experts of a config, with the schedule of dense and expert layers. A part of the families' configs.
struct mixture {
    count hidden = 0;
    count experts = 0;
    count top_k = 0;
    count inner = 0;
    count shared_experts = 0;
    count shared_inner = 0;
    bool shared_size_each = false;
    count latent = 0;
    bool latent_norm = false;  ///< a norm on what comes from the latent width
    bool gated = true;
    bool shared_gate = false;
    bool expert_bias = false;
    count router_bias = 0;
    count zero_experts = 0;
    count router_hidden = 0;
    bool other_modality = false;
    count other_experts = 0;
    count other_inner = 0;
    count latent_norms = 0;
    count output_bias = 0;
    double log_not_chosen = 0;
    // schedule
    pattern order{};
    index_set expert_layers{};
    index_set dense_layers{};
    count first = 0;   ///< layers before it are dense
    count other_first = 0;  ///< of the experts of another modality
    count other_last = 0;
    count last = 0;    ///< layers after it are dense; 0: none
    count every = 0;   ///< of the layers i with i % every == 0
    count nth = 0;     ///< of every nth layer, counting from 1
    count period = 0;  ///< of the layers i with (i - offset) % period == 0
    count offset = 0;

    template <class f = mixture>
    static constexpr auto json() {
        using enum layer_kind;
        return std::array{
            key(&f::hidden, "hidden_size", "n_embd", "n_embed", "d_model"),
            key(&f::experts, "n_routed_experts", "num_local_experts", "num_experts", "moe_num_experts", "num_routed_experts", "ffn_config.moe_num_experts").optional().pairs(),
            key(&f::other_experts, "moe_num_experts.1").optional(),
            key(&f::zero_experts, "zero_expert_num").optional(),
            key(&f::router_hidden, "router_hidden_size").optional(),
            key(&f::top_k, "num_experts_per_tok", "num_experts_per_token", "experts_per_token", "moe_topk", "moe_k", "moe_top_k", "top_k_experts",
                "ffn_config.moe_top_k")
                .optional(),
            key(&f::inner, "moe_intermediate_size", "expert_ffn_hidden_size", "ffn_config.ffn_hidden_size", "intermediate_size").optional().pairs(),
            key(&f::other_inner, "moe_intermediate_size.1").optional(),
            key(&f::shared_experts, "n_shared_experts", "num_shared_experts", "num_shared_expert", "moe_num_shared_experts").optional(),
            key(&f::shared_inner, "shared_expert_intermediate_size", "shared_intermediate_size", "share_expert_dim", "share_expert_dims",
                "moe_shared_expert_intermediate_size", "shared_experts_intermediate_size")
                .or_else([](f const& c) { return c.shared_experts * c.inner; })
                .at_least(0)
                .zero_means_absent(),
            key(&f::latent, "moe_latent_size", "routed_expert_hidden_size", "moe_hidden_size").optional(),
            key(&f::latent_norm, "latent_moe_use_norm").optional(),
            key(&f::period, "expert_layer_period").optional(),
            key(&f::offset, "expert_layer_offset").optional(),
            key(&f::order, "moe_layer_freq", "mlp_layer_types").spelled(layer_sign{"0", dense}, layer_sign{"1", moe}).optional().not_numbers(),
            key(&f::expert_layers, "moe_layers").optional().not_texts(),
            key(&f::expert_layers, "moe_layers_enum").optional().or_texts(),
            key(&f::dense_layers, "mlp_only_layers").optional(),
            key(&f::first, "first_k_dense_replace", "num_dense_layers", "moe_layer_start_index", "dense_mlp_idx").optional().pairs(),
            key(&f::last, "moe_layer_end_index").optional().pairs(),
            key(&f::other_first, "moe_layer_start_index.1").optional(),
            key(&f::other_last, "moe_layer_end_index.1").optional(),
            key(&f::every, "moe_layer_freq", "moe_layer_frequency").optional().not_lists().not_texts(),
            key(&f::nth, "decoder_sparse_step", "interleave_moe_layer_step", "moe_layer_interval").optional(),
        };
    }
    COSTEXPR_ONCE constexpr void apply(traits const& is) {
        hidden = is.size.hidden;
        gated = is.gated;
        shared_gate = is.shared_gate;
        shared_experts = is.shared_experts;
        shared_size_each = is.shared_size_each;
        expert_bias = is.expert_bias;
        router_bias = is.router_bias;
        other_modality = is.other_modality;
        latent_norms = is.latent_norms;
        output_bias = is.output_bias_of_experts;
        first = is.first_dense;
    }
    /// Brings every spelling of the schedule into one list. `required`: a family of which every model has experts. `mtp_modules` may add
    /// entries behind those of the layers.
    COSTEXPR_ONCE constexpr void settle(auto& check, count layers, bool required, count mtp_modules = 0) {
        using enum layer_kind;
        if (experts == 0) {
            if (required || (top_k > 0 && check.absent(&mixture::experts)))
                check.needed(*this, &mixture::experts, required ? "num_experts" : "n_routed_experts", "the number of routed experts");
            order = pattern::uniform(dense, layers);
            return;
        }
        check.needed(*this, &mixture::top_k, "num_experts_per_tok", "the number of experts per token");
        check.needed(*this, &mixture::inner, "moe_intermediate_size", "the inner size of an expert");
        if (shared_size_each && shared_experts > 1 && !check.absent(&mixture::shared_inner)) {
            if (shared_inner > largest_dimension / shared_experts)
                check.fail(&mixture::shared_experts, errc::out_of_range, largest_dimension / shared_inner, shared_experts, "at most # of this size");
            else
                shared_inner *= shared_experts;
        }
        if (other_modality) {
            check.needed(*this, &mixture::other_inner, "moe_intermediate_size", "two numbers, of an expert for text and of one for images");
            if (other_experts == 0) other_experts = experts;
        } else {
            // a pair is two layers' worth elsewhere, and must be one number
            if (other_inner != 0 && other_inner != inner) check.fail(&mixture::inner, errc::contradiction, inner, other_inner, "# for all layers");
            if (other_experts != 0 && other_experts != experts) check.fail(&mixture::experts, errc::contradiction, experts, other_experts, "# for all layers");
            other_experts = 0;
        }
        if (other_first != 0 && other_first != first) check.fail(&mixture::first, errc::contradiction, first, other_first, "# for all experts");
        if (other_last != 0 && min(other_last, layers - 1) != min(last, layers - 1)) check.fail(&mixture::last, errc::contradiction, last, other_last, "# for all experts");
        if (layers > 0 && order.size() == layers + mtp_modules)
            while (order.size() != layers) order.pop_back();
        if (!expert_layers.empty() && check.absent(&mixture::first)) first = 0;
        if (top_k > experts) check.fail(&mixture::top_k, errc::contradiction, experts, top_k, "at most #, the number of experts");
        check.schedule(*this, &mixture::order, layers, "dense or sparse", dense, moe);
        if (order.empty())
            for (count i = 0; i < layers; ++i) {
                bool const listed = expert_layers.empty() ? true : expert_layers.contains(i);
                bool const inside = i >= first && (last == 0 || i <= last) && !dense_layers.contains(i);
                bool const due = expert_layers.empty() ? (every == 0 || i % every == 0) && (nth == 0 || (i + 1) % nth == 0) && (period == 0 || (i >= offset && (i - offset) % period == 0)) : true;
                order.push_back(listed && inside && due ? moe : dense);
            }
        log_not_chosen = costexpr::moe::log_chance_not_chosen(top_k, experts + zero_experts);
    }
    [[nodiscard]] COSTEXPR_INLINE constexpr costexpr::moe layer() const {
        return {.hidden = hidden, .inner = inner, .experts = experts, .top_k = top_k, .shared_inner = shared_inner, .latent = latent, .gated = gated,
                .shared_gate = shared_gate, .router_extra = router_bias * (experts + other_experts) + (latent_norms + (latent_norm ? 1 : 0)) * latent + output_bias * hidden,
                .expert_bias = expert_bias, .zero_experts = zero_experts, .router_hidden = router_hidden,
                .log_not_chosen = log_not_chosen};
    }
    /// The experts of the other modality, where there are two.
    [[nodiscard]] COSTEXPR_INLINE constexpr unreached_experts other_layer() const {
        return {{.hidden = hidden, .inner = other_inner, .experts = other_experts, .top_k = top_k, .gated = gated, .expert_bias = expert_bias}};
    }
    [[nodiscard]] constexpr count other_layers() const { return other_experts != 0 ? moe_layers() : 0; }
    /// Whether the last layer has experts: the modules of multi-token prediction are like it.
    [[nodiscard]] constexpr bool ends_with_experts() const { return !order.empty() && order[order.size() - 1] == layer_kind::moe; }
    [[nodiscard]] constexpr count moe_layers() const { return order.of(layer_kind::moe); }
    [[nodiscard]] constexpr count dense_count() const { return order.of(layer_kind::dense); }
};

}  // namespace costexpr
