// SPDX-License-Identifier: BSL-1.0

// Residual streams that tensor-parallel ranks share, and what SGLang does in place of an all-reduce in front of a gather of all tokens.

#include <costexpr/costexpr.hpp>

#include "figures.hpp"

#include <gtest/gtest.h>

#include <array>

namespace cx = costexpr;
using cx::count;

namespace {

constexpr auto& h200 = cx::system<"h200_sxm">;
constexpr auto& dense = cx::model<"Qwen/Qwen3-32B">;
constexpr auto& routed = cx::model<"Qwen/Qwen3-30B-A3B">;

struct figures {
    double norms = 0;      ///< bytes of norms
    double attention = 0;  ///< wire bytes behind attention
    double network = 0;    ///< around a dense network
    double moe = 0;        ///< around experts
    constexpr double wire() const { return attention + network + moe; }
};
template <class M>
constexpr figures of(M const& m, cx::deployment const& x, count tokens) {
    cx::group const g[] = {{launder(count{1}), tokens, 0, cx::phase::prefill}};
    figures f{};
    cx::breakdown(m.plain(), x, cx::step(g), cx::roofline<double>(h200), [&](cx::op_cost const& c) {
        if (c.name == cx::role::norm) f.norms += c.total.activation_bytes;
        if (c.name == cx::role::attention_all_reduce) f.attention += c.total.wire_bytes;
        if (c.name == cx::role::mlp_all_reduce) f.network += c.total.wire_bytes;
        if (c.name == cx::role::dispatch || c.name == cx::role::combine) f.moe += c.total.wire_bytes;
    });
    return f;
}

// Norms on a quarter of the tokens, the same bytes on the wire: 2 x 64 + 1 norms of 8 x 5,120 bytes a token.
constexpr bool norms_are_shared() {
    cx::deployment x{.layout = {.tp = 4}};
    figures const whole = of(dense, x, 100);
    x.residual = cx::residual::scattered;
    figures const shares = of(dense, x, 100);
    return whole.norms == 100.0 * 129 * 8 * 5120 && shares.norms * 4 == whole.norms && shares.wire() == whole.wire() && whole.wire() > 0;
}
CHECK_TWICE(norms_are_shared)

// In two halves an all-reduce takes its two rounds, however small it is; alone a small one is sent at once.
constexpr bool halves_take_two_rounds() {
    cx::roofline_with_latency<double> const price(h200);
    cx::deployment x{.layout = {.tp = launder(count{8})}};
    auto const seconds = [&](double tokens) {
        cx::collective const sum = cx::tensor_sum(x, cx::role::mlp_all_reduce, 4096);
        return price(sum, sum(cx::load<double>{.tokens = tokens}));
    };
    double const once = seconds(1);
    double const large = seconds(10'000);
    x.residual = cx::residual::scattered;
    return close(seconds(1) - once, h200.node.latency_seconds - 2 * 4096.0 * 2 * 7 / 8 * 3 / h200.node.bytes_per_second, 1e-6) && seconds(10'000) == large;
}
CHECK_TWICE(halves_take_two_rounds)

// SGLang with attention data parallelism: attention reduces and scatters (half an all-reduce). Experts gather all tokens anyway; a dense
// network gathers the shares, so that nothing is gained there.
constexpr bool sglang_hands_over_shares() {
    cx::deployment const other{.layout = {.tp = 4, .dp = launder(count{2}), .ep = 8}, .framework = cx::framework::vllm};
    cx::deployment sglang = other;
    sglang.framework = cx::framework::sglang;
    figures const a = of(routed, other, 64);
    figures const b = of(routed, sglang, 64);
    figures const c = of(dense, other, 64);
    figures const d = of(dense, sglang, 64);
    // 48 layers of 2,048 values: 3 / 4 of 4,096 bytes a token, once
    return b.attention == 64.0 * 48 * 4096 * 3 / 4 && a.attention == 2 * b.attention && a.moe == b.moe && a.norms == b.norms && c.attention == 2 * d.attention &&
           close(c.wire(), d.wire()) && d.network > c.network;
}
CHECK_TWICE(sglang_hands_over_shares)

// Without attention data parallelism, or on one device per rank, there is nothing to hand over.
constexpr bool only_where_tokens_are_gathered() {
    for (cx::layout const l : {cx::layout{.tp = 8, .ep = 8}, cx::layout{.dp = 8, .ep = 8}}) {
        cx::deployment const other{.layout = l, .framework = cx::framework::vllm};
        cx::deployment sglang = other;
        sglang.framework = cx::framework::sglang;
        if (of(routed, other, 64).wire() != of(routed, sglang, 64).wire()) return false;
    }
    // tokens that are sent pairwise go from shares too
    cx::deployment const sent{.layout = {.tp = 8, .ep = 8}, .framework = cx::framework::sglang, .exchange = cx::exchange::all_to_all};
    cx::deployment plain = sent;
    plain.framework = cx::framework::vllm;
    return sent.hands_over_shares() && 2 * of(routed, sent, 64).attention == of(routed, plain, 64).attention;
}
CHECK_TWICE(only_where_tokens_are_gathered)

}  // namespace
