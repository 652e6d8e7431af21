// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/core/math.hpp>
#include <costexpr/op/precision.hpp>

#include <array>
#include <cstdint>
#include <string_view>

namespace costexpr {

/// How a model is spread over devices: tp x dp devices compute attention in each pipeline stage and context-parallel rank; the same devices
/// hold the experts as moe_tp x ep. Context-parallel ranks share the tokens of each sequence, heads stay whole: in prefill each computes a
/// share of the new tokens, in decode all compute the same token on a share of the context each (vLLM, prefill and decode context
/// parallelism, RFC 25749; SGLang, attn_cp_size, in prefill). Where moe_tp x ep = tp x dp x cp the experts are spread over all of them, as
/// these frameworks and TensorRT-LLM do.
struct layout {
    count tp = 1;      ///< tensor parallel degree of attention and dense layers
    count pp = 1;      ///< pipeline stages
    count dp = 1;      ///< attention data parallel ranks; a batch is per rank
    count ep = 1;      ///< expert parallel degree
    count moe_tp = 0;  ///< tensor parallel degree of experts; 0: tp x dp / ep, or tp x dp x cp / ep where only that is possible
    count cp = 1;      ///< context parallel ranks
    bool copies_heads = false;  ///< a multiple of the attention heads is a legal tp: several ranks then compute the same head

    [[nodiscard]] constexpr count devices() const { return tp * pp * dp * cp; }
    /// Devices that compute one layer together.
    [[nodiscard]] constexpr count stage() const { return tp * dp * cp; }
    [[nodiscard]] COSTEXPR_INLINE constexpr count experts_tp() const { return moe_tp != 0 ? moe_tp : (cp != 1 && tp * dp % ep != 0 ? stage() : tp * dp) / ep; }
    /// Whether the experts are spread over all context-parallel ranks, instead of each holding them all.
    [[nodiscard]] COSTEXPR_INLINE constexpr bool shares_experts() const { return cp != 1 && experts_tp() * ep != tp * dp; }

    /// Whether heads can be dealt to the tensor-parallel ranks.
    [[nodiscard]] constexpr bool deals(count heads) const { return heads % tp == 0 || (copies_heads && heads > 0 && tp % heads == 0); }

    friend constexpr bool operator==(layout const&, layout const&) = default;
};

/// The serving framework, where it changes what a step does.
enum class framework : std::uint8_t { trtllm, vllm, sglang };
inline constexpr std::array<std::string_view, 3> framework_names{"trtllm", "vllm", "sglang"};

/// How tokens reach the experts of other devices and come back.
enum class exchange : std::uint8_t {
    gather,      ///< all tokens to all devices, their results summed and scattered (or, without attention data parallelism, summed alone)
    all_to_all,  ///< each token to the devices of its experts alone, and its results back (DeepEP and its kin)
};
inline constexpr std::array<std::string_view, 2> exchange_names{"gather", "all_to_all"};

/// Where the residual stream is between the blocks of a layer.
enum class residual : std::uint8_t {
    whole,      ///< every tensor-parallel rank has all tokens, behind an all-reduce
    scattered,  ///< each has a share of them: a reduce-scatter behind a block, norms on the share, an all-gather in front of the next block
                ///< (sequence parallelism: Megatron-LM, arXiv:2205.05198; vLLM, pass_config.enable_sp)
};
inline constexpr std::array<std::string_view, 2> residual_names{"whole", "scattered"};

/// Everything about a deployment that the ops of a layer depend on.
struct deployment {
    costexpr::layout layout{};
    costexpr::precision precision{};
    costexpr::framework framework = framework::trtllm;
    costexpr::exchange exchange = exchange::gather;
    double routing_skew = 0;  ///< the j-th most popular expert is chosen in proportion to j^-skew; 0: all alike
    costexpr::residual residual = residual::whole;

    /// Whether each token goes to the devices of its experts alone.
    [[nodiscard]] COSTEXPR_INLINE constexpr bool sends_pairwise() const { return exchange == exchange::all_to_all && layout.ep > 1; }
    /// Whether experts take tokens of other ranks, and give back shares of the results.
    [[nodiscard]] COSTEXPR_INLINE constexpr bool scatters_tokens() const { return sends_pairwise() || layout.dp > 1 || layout.shares_experts(); }
    /// Whether attention hands the next block a share of the tokens per tensor-parallel rank, which that one gathers: SGLang with attention
    /// data parallelism (layers/dp_attention.py, _dp_gather_via_all_gather: a reduce-scatter over the attention ranks, then one all-gather
    /// over all of them) in place of an all-reduce.
    [[nodiscard]] COSTEXPR_INLINE constexpr bool hands_over_shares() const { return framework == framework::sglang && layout.tp > 1 && scatters_tokens(); }

    friend constexpr bool operator==(deployment const&, deployment const&) = default;
};

}  // namespace costexpr
