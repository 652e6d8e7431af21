// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/core/result.hpp>
#include <costexpr/op/collective.hpp>
#include <costexpr/op/gemm.hpp>
#include <costexpr/op/graph.hpp>
#include <costexpr/op/moe.hpp>
#include <costexpr/op/norm.hpp>

namespace costexpr {

/// A mixture of experts (arXiv:1701.06538) with its router, and with shared experts that every token passes (DeepSeekMoE, arXiv:2401.06066).
///   parameters  hidden experts (+ router bias) + experts 3 hidden inner + 3 hidden shared_inner (+ hidden with a gate of the shared expert)
///               with a latent width: 2 hidden latent + experts 3 latent inner instead
///               (+ hidden for each row of the router that stands for no expert)
///   active      top_k of the experts, all the rest
///   exchange    with attention data parallelism (dp ranks): gather: all_gather of the tokens of all ranks, reduce_scatter of their results;
///               all_to_all: each token once to each of the (ep - 1) (1 - (1 - 1 / ep)^top_k) other ranks that hold one of its experts, expected
///               under balanced routing, and back. TensorRT-LLM gathers in the experts' own width (nvfp4, mxfp8, fp8 per tensor), as does
///               every framework's all-to-all; results come back in bf16. Routed experts that work in a latent width send and receive in it.
/// moe{.hidden = 2048, .inner = 768, .experts = 128, .top_k = 8} (Qwen3-30B-A3B) has 604,241,920 parameters, 38,010,880 of them active.
struct moe {
    count hidden = 0;
    count inner = 0;
    count experts = 0;
    count top_k = 0;
    count shared_inner = 0;
    count latent = 0;          ///< width that the routed experts work in, where it is not hidden (Nemotron 3, Kimi K3)
    bool gated = true;         ///< experts with gate and up projection
    bool shared_gate = false;  ///< a sigmoid gate on the shared expert (Qwen2-MoE)
    count router_extra = 0;    ///< weights of the router beyond hidden x experts: its bias, a correction that is trained
    bool expert_bias = false;
    count shared_biases = 0;   ///< shared experts that have biases, each of its own
    bool routed_apart = false; ///< the routed experts are another layer's: their sizes differ from place to place
    count zero_experts = 0;    ///< further rows of the router that stand for no computation at all (LongCat-Flash, ZAYA1)
    count router_hidden = 0;   ///< width of what the router reads, where that is not the layer's input (ZAYA1)
    double log_not_chosen = 0; ///< ln(1 - top_k / experts); families fill it while they read, so that no step computes a logarithm

    static constexpr std::string_view type = "moe";

    /// The logarithm of the chance that a token passes an expert by, under balanced routing.
    static constexpr double log_chance_not_chosen(count top_k, count experts) {
        return top_k < experts && experts > 0 ? log_of_complement(static_cast<double>(top_k) / static_cast<double>(experts)) : 0.0;
    }

    template <class Sink>
    COSTEXPR_INLINE constexpr void legal(layout const& l, Sink& p) const {
        if (experts % l.ep != 0)
            p.add({.code = errc::illegal_layout, .key = "ep", .expected = experts, .found = l.ep, .hint = "a divisor of the # experts"});
    }

    /// `n` of the routed experts of this layer.
    [[nodiscard]] COSTEXPR_INLINE constexpr costexpr::experts routed(deployment const& x, count n) const {
        layout const& l = x.layout;
        count const all = experts + zero_experts;
        return {.local = ceil_div(n, l.ep), .top_k = top_k, .all = all, .hidden = latent != 0 ? latent : hidden, .inner = ceil_div(inner, l.experts_tp()),
                .matrices = gated ? 3 : 2, .ranks = l.ep, .sources = l.dp, .weights = x.precision.experts, .bias = expert_bias, .on_all_ranks = l.shares_experts(),
                .log_not_chosen = log_not_chosen != 0 ? log_not_chosen : log_chance_not_chosen(top_k, all),
                .skew = x.routing_skew, .choices = costexpr::experts::choices_with(x.routing_skew, all, top_k, l.ep),
                .computed = zero_experts != 0 ? static_cast<double>(experts) / static_cast<double>(all) : 1.0};
    }
    COSTEXPR_INLINE constexpr auto ops(deployment const& x) const {
        layout const& l = x.layout;
        bool const shared_ranks = l.shares_experts();
        count const cp = shared_ranks ? l.cp : 1;
        count const devices = l.tp * l.dp * cp;
        count const up = gated ? 2 : 1;
        count const shared = ceil_div(shared_inner, l.tp);
        dtype const w = x.precision.weights;
        double const width = static_cast<double>(hidden);
        double const sent = static_cast<double>(latent != 0 ? latent : hidden);
        bool const pairwise = x.sends_pairwise();
        bool const scattered = x.scatters_tokens();
        // Elements of bf16 that one device sends, or that all devices gather, for one token of its attention rank: context-parallel ranks have
        // each a share of a prompt, and send each a share of the decoded tokens that all of them have.
        double const copies = pairwise ? other_ranks(l.ep) / static_cast<double>(l.tp * cp) : static_cast<double>(l.dp);
        double const back = scattered ? sent * copies : 0.0;
        // dispatched as the experts' multiplication reads it, where the framework quantizes before it sends
        bool const narrow = x.precision.experts != dtype::fp8_block ? pairwise || x.framework == framework::trtllm : pairwise;
        double const there = back * (narrow ? 0.5 * activation_width(x.precision.experts) : 1.0);
        return costexpr::ops(
            gemm{.outer = experts + zero_experts, .inner = router_hidden != 0 ? router_hidden : hidden, .weights = x.precision.router, .part = role::router},
            gemm{.outer = latent, .inner = latent != 0 ? hidden : 0, .weights = w, .part = role::expert_latent},
            collective{.shape = pairwise ? collective::pattern::all_to_all : collective::pattern::all_gather, .part = role::dispatch, .width = there,
                       .devices = devices, .on_all_ranks = shared_ranks},
            routed(x, routed_apart ? 0 : experts),
            gemm{.outer = latent != 0 ? hidden : 0, .inner = latent, .weights = w, .part = role::expert_latent},
            gemm{.outer = up * shared, .inner = shared != 0 ? hidden : 0, .weights = w, .part = role::shared_gate_up, .bias = shared_biases != 0},
            elementwise{.bytes_per_token = pass::activation(shared, up, w), .weights = shared_biases * hidden, .part = role::shared_activation},
            gemm{.outer = shared != 0 ? hidden : 0, .inner = shared, .weights = w, .part = role::shared_down},
            elementwise{.bytes_per_token = (shared != 0 ? pass::merged(hidden) : 0.0) + (shared_gate ? pass::scalar_gate(hidden) : 0.0),
                        .weights = router_extra + (shared_gate ? hidden : 0), .part = role::shared_gate},
            collective{.shape = !scattered ? tensor_sum(x, role::combine, hidden).shape
                                : pairwise ? collective::pattern::all_to_all : collective::pattern::reduce_scatter,
                       .part = role::combine, .width = scattered ? back : width, .devices = devices, .on_all_ranks = shared_ranks},
            // scattered results are one share per tensor-parallel rank: gathered for the next layer
            collective{.shape = collective::pattern::all_gather, .part = role::combine, .width = scattered ? width : 0.0, .devices = l.tp});
    }

    /// How many of the other expert-parallel ranks hold one of a token's experts, expected under balanced routing.
    [[nodiscard]] constexpr double other_ranks(count ep) const {
        double passed_by = 1;
        for (count i = 0; i != min(top_k, experts); ++i) passed_by *= 1 - 1 / static_cast<double>(ep);
        return static_cast<double>(ep - 1) * (1 - passed_by);
    }
};

/// The network in front of a router's matrix (ZAYA1): one linear layer to its width, a norm, two more.
///   parameters  hidden width + width + width + 2 (width^2 + width)
/// router_network{.hidden = 2048, .width = 256} has 656,384 parameters.
struct router_network {
    count hidden = 0;
    count width = 0;

    static constexpr std::string_view type = "router_network";
    COSTEXPR_INLINE constexpr auto ops(deployment const& x) const {
        dtype const w = x.precision.router;
        return costexpr::ops(gemm{.outer = width, .inner = hidden, .weights = w, .part = role::router, .bias = true},
                             elementwise{.weights = width, .part = role::shared_gate},
                             gemm{.outer = 2 * width, .inner = width, .weights = w, .part = role::router, .bias = true});
    }
};

/// The experts of another modality, which tokens of text never reach, with their rows of the router (ERNIE 4.5 VL).
///   parameters  experts (3 hidden inner + hidden);  active  top_k of the experts, by the convention that counts each set;  no work
struct unreached_experts {
    moe mixture{};

    static constexpr std::string_view type = "unreached_experts";
    COSTEXPR_INLINE constexpr auto ops(deployment const& x) const {
        costexpr::experts idle = mixture.routed(x, mixture.experts);
        idle.computed = 0;
        return costexpr::ops(elementwise{.weights = mixture.experts * mixture.hidden, .part = role::shared_gate}, idle);
    }
};

/// The routed experts of a mixture alone, where their number per token and their sizes differ from place to place (Nemotron-H Puzzle) and the
/// rest of the mixture does not.
///   parameters  experts 3 width inner (2 where plain)
struct routed_experts {
    moe mixture{};

    static constexpr std::string_view type = "routed_experts";
    COSTEXPR_INLINE constexpr auto ops(deployment const& x) const { return costexpr::ops(mixture.routed(x, mixture.experts)); }
};

}  // namespace costexpr
