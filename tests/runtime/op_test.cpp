// SPDX-License-Identifier: BSL-1.0

// Every number that a docstring of op/ works out, and the formulas against sums that are written out token by token.

#include <costexpr/op/attention.hpp>
#include <costexpr/op/collective.hpp>
#include <costexpr/op/embedding.hpp>
#include <costexpr/op/gemm.hpp>
#include <costexpr/op/mla.hpp>
#include <costexpr/op/moe.hpp>
#include <costexpr/op/norm.hpp>

#include <figures.hpp>

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstddef>

namespace cx = costexpr;
using cx::count;

namespace {

constexpr bool gemm() {
    cx::gemm const op{.outer = launder(count{6144}), .inner = 4096};
    auto const w = op(tokens(16));
    return op.parameters() == 25'165'824 && op.weight_bytes() == 50'331'648 && w.flops == 805'306'368 && w.weight_bytes == 50'331'648 &&
           w.activation_bytes == 16 * 2.0 * (4096 + 6144) && w.state_bytes == 0 && w.wire_bytes == 0 && w.math == cx::math::bf16 && !op.idle();
}
CHECK_TWICE(gemm)

constexpr bool gemm_with_a_bias_or_tied() {
    cx::gemm const biased{.outer = launder(count{6144}), .inner = 4096, .bias = true};
    cx::gemm const tied{.outer = launder(count{6144}), .inner = 4096, .tied = true};
    return biased.parameters() == 25'171'968 && biased.weight_bytes() == 50'331'648 + 2 * 6144 && tied.parameters() == 0 && tied.weight_bytes() == 0 &&
           tied(tokens(16)).weight_bytes == 50'331'648 && tied(tokens(16)).flops == 805'306'368 && cx::gemm{}.idle();
}
CHECK_TWICE(gemm_with_a_bias_or_tied)

constexpr bool gemm_by_dtype() {
    auto const of = [](cx::dtype d) { return cx::gemm{.outer = launder(count{1024}), .inner = 2048, .weights = d}; };
    return of(cx::dtype::fp8).weight_bytes() == 1024 * 2048 && of(cx::dtype::fp8)(tokens(1)).activation_bytes == 2048 + 2 * 1024 &&
           of(cx::dtype::fp8)(tokens(1)).math == cx::math::fp8 &&
           // one fp32 scale per 128 x 128 block
           of(cx::dtype::fp8_block).weight_bytes() == 1024 * 2048 + 4 * (1024 / 128) * (2048 / 128) &&
           // half a byte and an fp8 scale per 16
           of(cx::dtype::nvfp4).weight_bytes() == 1024 * 2048 / 2 + 1024 * 2048 / 16 && of(cx::dtype::nvfp4)(tokens(1)).math == cx::math::fp4 &&
           of(cx::dtype::mxfp4).weight_bytes() == 1024 * 2048 / 2 + 1024 * 2048 / 32 &&
           of(cx::dtype::int4_wo)(tokens(1)).activation_bytes == 2.0 * (2048 + 1024) && of(cx::dtype::int4_wo)(tokens(1)).math == cx::math::bf16;
}
CHECK_TWICE(gemm_by_dtype)

constexpr bool logits() {
    cx::logits const op{{.outer = launder(count{128256}), .inner = 4096}};
    auto const prompt = op(load_of({.sequences = 1, .new_tokens = launder(count{512}), .past_tokens = 0, .phase = cx::phase::prefill}));
    auto const decoded = op(tokens(1));
    auto const drafted = op(load_of({.sequences = 2, .new_tokens = launder(count{3}), .past_tokens = 9, .phase = cx::phase::decode}));
    return prompt.flops == 1'050'673'152 && decoded.flops == 1'050'673'152 && drafted.flops == 6 * 1'050'673'152.0 && prompt.weight_bytes == decoded.weight_bytes;
}
CHECK_TWICE(logits)

constexpr bool attention() {
    cx::attention const op{{.heads = launder(count{32}), .kv_heads = 8, .head_dim = 128, .v_head_dim = 128}};
    auto const w = op(load_of({.sequences = 8, .new_tokens = 1, .past_tokens = launder(count{4096}), .phase = cx::phase::decode}), cx::phase::decode);
    return w.flops == 537'001'984 && w.state_bytes == 134'250'496 && w.weight_bytes == 0 && op.parameters() == 0 && op.state().bytes(1) == 4096 &&
           op.state().elements(1000) == 2'048'000;
}
CHECK_TWICE(attention)

constexpr bool attention_with_sinks_in_fp8() {
    cx::attention const op{{.heads = launder(count{64}), .kv_heads = 8, .head_dim = 192, .v_head_dim = 128, .arithmetic = cx::dtype::fp8, .cached = cx::dtype::fp8, .sinks = true}};
    auto const w = op(load_of({.sequences = 1, .new_tokens = 1, .past_tokens = launder(count{99}), .phase = cx::phase::decode}), cx::phase::decode);
    return op.parameters() == 64 && op.state().bytes(10) == 10 * 8 * 320 && w.state_bytes == 100 * 8 * 320 && w.flops == 100.0 * 2 * 64 * 320 && w.math == cx::math::fp8;
}
CHECK_TWICE(attention_with_sinks_in_fp8)

constexpr bool causal_pairs() {
    for (count past : {0, 1, 5, 64, 1000})
        for (count n : {1, 2, 7, 128}) {
            count pairs = 0;
            for (count position = past + 1; position <= past + n; ++position) pairs += position;
            auto const l = load_of({.sequences = launder(count{3}), .new_tokens = n, .past_tokens = past, .phase = cx::phase::prefill});
            if (l.pairs != static_cast<double>(3 * pairs) || l.context != static_cast<double>(3 * (past + n)) || l.tokens != static_cast<double>(3 * n) || l.rows != 3) return false;
        }
    return true;
}
CHECK_TWICE(causal_pairs)

constexpr cx::windowed_attention over(count window, bool chunked) {
    return {{.heads = launder(count{32}), .kv_heads = 8, .head_dim = 128, .v_head_dim = 128}, window, chunked};
}
constexpr bool windowed_attention() {
    constexpr double per_pair = 2.0 * 32 * 256;
    auto const prompt = [](bool chunked) { return over(128, chunked)(real({.sequences = 1, .new_tokens = launder(count{200}), .past_tokens = 0, .phase = cx::phase::prefill})); };
    auto const decoded = over(128, false)(real({.sequences = 1, .new_tokens = 1, .past_tokens = launder(count{4096}), .phase = cx::phase::decode}));
    return prompt(false).flops == 286'261'248 && prompt(false).flops == 17'472 * per_pair && prompt(true).flops == 10'884 * per_pair &&
           decoded.flops == 128 * per_pair && decoded.state_bytes == 128.0 * 4096 && over(128, false).state().elements(5000) == 128 * 2048;
}
CHECK_TWICE(windowed_attention)

// Pairs and keys counted position by position.
constexpr bool windows_by_position() {
    for (count window : {1, 2, 7, 16, 100})
        for (count past : {0, 1, 6, 7, 8, 15, 16, 17, 40, 99, 100, 101, 230})
            for (count n : {1, 2, 3, 8, 33}) {
                count pairs = 0;
                count first_key = past + n;
                count block_pairs = 0;
                count first_block_key = past + n;
                for (count position = past; position != past + n; ++position) {  // from 0
                    count const begin = position < window ? 0 : position - window + 1;
                    count const block = position / window * window;
                    pairs += position - begin + 1;
                    block_pairs += position - block + 1;
                    first_key = cx::min(first_key, begin);
                    first_block_key = cx::min(first_block_key, block);
                }
                auto const g = real({.sequences = launder(count{2}), .new_tokens = n, .past_tokens = past, .phase = cx::phase::prefill});
                auto const slid = over(window, false)(g);
                auto const chunked = over(window, true)(g);
                constexpr double per_pair = 2.0 * 32 * 256;
                constexpr double per_key = 8.0 * 256 * 2;
                if (slid.flops != 2 * per_pair * static_cast<double>(pairs) || slid.state_bytes != 2 * per_key * static_cast<double>(past + n - first_key)) return false;
                if (chunked.flops != 2 * per_pair * static_cast<double>(block_pairs) || chunked.state_bytes != 2 * per_key * static_cast<double>(past + n - first_block_key)) return false;
            }
    return true;
}
constexpr bool wide_windows_are_full_attention() {
    cx::attention const full{over(1, false).shape};
    for (count past : {0, 5, 77}) {
        cx::group const g{.sequences = 2, .new_tokens = launder(count{9}), .past_tokens = past, .phase = cx::phase::prefill};
        auto const a = full(load_of(g), cx::phase::prefill);
        auto const b = over(100, false)(real(g));
        auto const c = over(100, true)(real(g));
        if (a.flops != b.flops || a.state_bytes != b.state_bytes || a.activation_bytes != b.activation_bytes || a.flops != c.flops || a.state_bytes != c.state_bytes) return false;
    }
    return true;
}
CHECK_TWICE(windows_by_position)
CHECK_TWICE(wide_windows_are_full_attention)

constexpr bool mla_up() {
    cx::mla_up const op{.heads = launder(count{128}), .nope_dim = 128, .v_head_dim = 128, .latent = 512};
    auto const prompt = op(load_of({.sequences = 1, .new_tokens = 10, .past_tokens = launder(count{30}), .phase = cx::phase::prefill}), cx::phase::prefill);
    auto const decoded = op(load_of({.sequences = 4, .new_tokens = 1, .past_tokens = launder(count{30}), .phase = cx::phase::decode}), cx::phase::decode);
    auto const none = op(cx::load<double>{}, cx::phase::prefill);
    return op.parameters() == 16'777'216 && op.weight_bytes() == 33'554'432 && decoded.flops == 4 * 33'554'432.0 && prompt.flops == 40 * 33'554'432.0 &&
           decoded.weight_bytes == 33'554'432 && none.weight_bytes == 0 && prompt.activation_bytes == 40 * 2.0 * (512 + 128 * 256) &&
           decoded.activation_bytes == 4 * 2.0 * 128 * (128 + 128 + 2 * 512);
}
CHECK_TWICE(mla_up)

constexpr bool mla_attention() {
    cx::mla_attention const op{.heads = launder(count{128}), .nope_dim = 128, .rope_dim = 64, .v_head_dim = 128, .latent = 512};
    auto const decoded = op(load_of({.sequences = 1, .new_tokens = 1, .past_tokens = launder(count{4096}), .phase = cx::phase::decode}), cx::phase::decode);
    auto const prompt = op(load_of({.sequences = 1, .new_tokens = 3, .past_tokens = launder(count{0}), .phase = cx::phase::prefill}), cx::phase::prefill);
    return op.parameters() == 0 && decoded.flops == 1'141'129'216 && decoded.state_bytes == 4'719'744 && prompt.flops == 6 * 81'920.0 &&
           prompt.state_bytes == 3 * 576 * 2.0 && op.state().per_token == 576 && op.state().bytes(4097) == 4'719'744;
}
CHECK_TWICE(mla_attention)

constexpr cx::experts mixtral(count local = 8) {
    return {.local = launder(local), .top_k = 2, .all = 8, .hidden = 4096, .inner = 14336, .log_not_chosen = cx::log_of_complement(launder(0.25))};
}
constexpr bool experts() {
    auto const w = mixtral()(tokens(2));
    return mixtral().parameters() == 1'409'286'144 && mixtral().active_parameters() == 352'321'536 && mixtral().weight_bytes() == count{2} * 1'409'286'144 &&
           w.flops == 1'409'286'144 && close(w.weight_bytes, 3.5 * 2 * 176'160'768.0) && close(mixtral().chosen_by(launder(2.0)), 3.5) &&
           w.activation_bytes == 4 * (4096 * 4.0 + 14336 * 12.0);
}
CHECK_TWICE(experts)

// The expectation by an exact product: every token passes an expert by with the chance 1 - k / n.
constexpr bool chosen_experts_by_product() {
    for (count all : {8, 60, 256})
        for (count k : {1, 2, 6}) {
            cx::experts const op{.local = all, .top_k = k, .all = all, .hidden = 1, .inner = 1,
                                 .log_not_chosen = cx::log_of_complement(static_cast<double>(k) / static_cast<double>(all))};
            double passed = 1;
            for (int t = 1; t <= 100; ++t) {
                passed *= 1 - static_cast<double>(k) / static_cast<double>(all);
                if (!close(op.chosen_by(launder(static_cast<double>(t))), static_cast<double>(all) * (1 - passed), 1e-12)) return false;
            }
        }
    return true;
}
CHECK_TWICE(chosen_experts_by_product)

constexpr bool experts_of_one_rank_among_four() {
    cx::experts op = mixtral(2);
    op.ranks = 4;
    op.sources = 4;
    auto const w = op(tokens(16));  // of each of four ranks
    return w.flops == 16.0 * 4 * 2 / 4 * 2 * 176'160'768 && close(w.weight_bytes, 2 * (1 - cx::exp_of_negative(64 * cx::log_of_complement(0.25))) * 2 * 176'160'768.0) &&
           op.active_parameters() == 352'321'536;
}
CHECK_TWICE(experts_of_one_rank_among_four)

constexpr bool all_experts_of_a_token() {
    cx::experts op = mixtral();
    op.top_k = launder(count{8});
    op.log_not_chosen = 0;
    return op.chosen_by(1.0) == 8.0;
}
CHECK_TWICE(all_experts_of_a_token)

constexpr bool collective() {
    using shape = cx::collective::pattern;
    auto const of = [](shape s, count devices = 8) {
        return cx::collective{.shape = s, .width = 8192, .devices = launder(devices)}(tokens(16)).wire_bytes;
    };
    cx::collective const hops{.shape = shape::point_to_point, .width = 8192, .devices = 2, .span = 16, .hops = launder(count{3})};
    cx::collective const rows{.shape = shape::all_gather, .width = 1024, .devices = 4, .on_rows = true};
    return of(shape::all_reduce) == 458'752 && of(shape::all_gather) == 229'376 && of(shape::reduce_scatter) == 229'376 && of(shape::point_to_point) == 262'144 &&
           of(shape::all_reduce) == of(shape::reduce_scatter) + of(shape::all_gather) && of(shape::all_reduce, 2) == 262'144 &&
           hops(tokens(16)).wire_bytes == 3 * 262'144 && hops(tokens(1)).span == 16 &&
           rows(load_of({.sequences = 5, .new_tokens = launder(count{100}), .past_tokens = 0, .phase = cx::phase::prefill})).wire_bytes == 5 * 2.0 * 1024 * 0.75 &&
           cx::collective{.width = 8192}.idle() && cx::collective{.width = 8192}(tokens(16)).wire_bytes == 0;
}
CHECK_TWICE(collective)

constexpr bool gather() {
    cx::gather const op{.rows = launder(count{151936}), .width = 5120};
    auto const w = op(tokens(4));
    return op.parameters() == 777'912'320 && w.weight_bytes == 40'960 && w.activation_bytes == 40'960 && w.flops == 0;
}
CHECK_TWICE(gather)

constexpr bool elementwise() {
    cx::elementwise const op{.bytes_per_token = launder(8.0 * 4096), .weights = 4096};
    return op.parameters() == 4096 && op.weight_bytes() == 8192 && op(tokens(16)).activation_bytes == 524'288 && cx::elementwise{}.idle();
}
CHECK_TWICE(elementwise)

// Moments add: a step is its groups, in any order and split.
constexpr bool moments_add() {
    std::array const together{cx::group{.sequences = 5, .new_tokens = 3, .past_tokens = launder(count{11}), .phase = cx::phase::prefill},
                              cx::group{.sequences = 2, .new_tokens = 1, .past_tokens = 40, .phase = cx::phase::decode}};
    std::array const split{cx::group{.sequences = 1, .new_tokens = 1, .past_tokens = 40, .phase = cx::phase::decode},
                           cx::group{.sequences = 2, .new_tokens = 3, .past_tokens = 11, .phase = cx::phase::prefill},
                           cx::group{.sequences = 1, .new_tokens = 1, .past_tokens = 40, .phase = cx::phase::decode},
                           cx::group{.sequences = 3, .new_tokens = 3, .past_tokens = 11, .phase = cx::phase::prefill}};
    auto const a = cx::moments(cx::step(together)).total();
    auto const b = cx::moments(cx::step(split)).total();
    return a.sequences == b.sequences && a.tokens == b.tokens && a.pairs == b.pairs && a.context == b.context && a.rows == b.rows && a.rows == 7;
}
CHECK_TWICE(moments_add)

constexpr bool dtypes() {
    for (auto const& f : cx::dtype_table) {
        cx::dtype d{};
        if (!cx::parse_dtype(f.name, d) || cx::name(d) != f.name) return false;
        // storage of whole tensors is the width times the elements
        if (static_cast<double>(cx::storage_bytes(d, launder(count{1} << 30))) != cx::weight_width(d) * static_cast<double>(count{1} << 30)) return false;
    }
    cx::dtype d{};
    return !cx::parse_dtype("fp2", d) && cx::storage_bytes(cx::dtype::int4_wo, launder(count{3})) == 2;
}
CHECK_TWICE(dtypes)

}  // namespace
