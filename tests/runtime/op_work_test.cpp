// SPDX-License-Identifier: BSL-1.0

// Numbers that docstrings work out for compressed keys, indexers, chunked recurrences, passes, exchanges of tokens and links, and the formulas
// against sums that are written out position by position.

#include <costexpr/cost/roofline.hpp>
#include <costexpr/layer/compressed.hpp>
#include <costexpr/layer/gated_delta.hpp>
#include <costexpr/layer/mamba.hpp>
#include <costexpr/layer/mla.hpp>
#include <costexpr/layer/moe.hpp>
#include <costexpr/op/collective.hpp>
#include <costexpr/op/compressed.hpp>
#include <costexpr/op/mla.hpp>
#include <costexpr/op/passes.hpp>
#include <costexpr/op/recurrent.hpp>

#include <figures.hpp>

#include <gtest/gtest.h>

#include <array>
#include <cstddef>

namespace cx = costexpr;
using cx::count;

namespace {

/// The first op of a layer for which this holds.
template <class O, class Layer, class F>
constexpr O find(Layer const& layer, cx::deployment const& x, F const& wanted) {
    O found{};
    bool done = false;
    cx::for_each_op(layer.ops(x), [&]<class P>(P const& o) {
        if constexpr (std::is_same_v<O, P>)
            if (!done && wanted(o)) found = o, done = true;
    });
    return found;
}

constexpr bool compressed_pairs() {
    if (cx::compressed_pairs(launder(10.0), 4, 0) != 10 || cx::compressed_pairs(launder(10.0), 4, 1) != 7) return false;
    for (count const ratio : {1, 3, 4, 128})
        for (count const limit : {0, 1, 2, 7}) {
            double sum = 0;
            for (count x = 1; x != 300; ++x) {
                count const seen = x / ratio;
                sum += static_cast<double>(limit != 0 && seen > limit ? limit : seen);
                if (cx::compressed_pairs(static_cast<double>(launder(x)), ratio, limit) != sum) return false;
            }
        }
    return true;
}
CHECK_TWICE(compressed_pairs)

constexpr bool grouped_gemm() {
    cx::gemm const op{.outer = 1024, .inner = 65536, .weights = cx::dtype::fp8, .groups = 16};
    auto const w = op.on(launder(4.0));
    return op.parameters() == 67108864 && w.flops == 8.0 * 67108864 && w.weight_bytes == 67108864 && w.activation_bytes == 4.0 * (65536 + 2 * 16 * 1024);
}
CHECK_TWICE(grouped_gemm)

constexpr bool compressed_attention() {
    cx::compressed_attention const op{.heads = 64, .head_dim = 512, .window = 128, .ratio = 4, .top_k = 512};
    auto const prompt = op(real({.sequences = 1, .new_tokens = launder(count{1003}), .past_tokens = 0, .phase = cx::phase::prefill}));
    // two halves of a prompt are the whole; a decoding query reads its own keys: 128 and 1003 / 4
    auto const first = op(real({.sequences = 1, .new_tokens = 501, .past_tokens = 0, .phase = cx::phase::prefill}));
    auto const second = op(real({.sequences = 1, .new_tokens = 502, .past_tokens = 501, .phase = cx::phase::prefill}));
    auto const decode = op(real({.sequences = 2, .new_tokens = 1, .past_tokens = 1002, .phase = cx::phase::decode}));
    return prompt.flops == 32'211'730'432 && first.flops + second.flops == prompt.flops && decode.flops == 2 * 4.0 * 64 * 512 * (128 + 250) &&
           decode.state_bytes == 2 * 2.0 * 512 * (128 + 250);
}
CHECK_TWICE(compressed_attention)

constexpr bool compressed_cache() {
    cx::compressed_cache const op{.width = launder(count{512}), .ratio = 4, .windows = 2};
    return op.state().bytes(0) == 65'536 && op.state().bytes(1024) == 65'536 + 262'144 && op.state().bytes(1027) == op.state().bytes(1024);
}
CHECK_TWICE(compressed_cache)

// DeepSeek-V3.2 with its cache in fp8: 656 bytes per token in vLLM, of which a decoding query reads those of 2,048.
constexpr bool sparse_cache_by_framework() {
    cx::sparse_mla const layer{.heads = {.hidden = 7168, .heads = 128, .q_latent = 1536, .latent = launder(count{512}), .nope_dim = 128, .rope_dim = 64, .v_head_dim = 128},
                               .top_k = 2048};
    cx::deployment x{.precision = {.kv_cache = cx::dtype::fp8}, .framework = cx::framework::vllm};
    auto const kept = find<cx::sparse_mla_attention>(layer, x, [](auto const&) { return true; });
    x.framework = cx::framework::trtllm;
    auto const plain = find<cx::sparse_mla_attention>(layer, x, [](auto const&) { return true; });
    x.precision.kv_cache = cx::dtype::bf16;
    auto const wide = find<cx::sparse_mla_attention>(layer, x, [](auto const&) { return true; });
    auto const w = kept(real({.sequences = 1, .new_tokens = 1, .past_tokens = 4095, .phase = cx::phase::decode}));
    return kept.state().bytes(100) == 65'600 && plain.state().bytes(100) == 57'600 && wide.state().bytes(100) == 115'200 && w.state_bytes == 2048 * 656.0;
}
CHECK_TWICE(sparse_cache_by_framework)

constexpr bool index_scores() {
    cx::index_scores const every{.heads = 64, .dim = 128};
    cx::index_scores const fourth{.heads = 64, .dim = 128, .ratio = 4};
    auto const decode = every(real({.sequences = 1, .new_tokens = 1, .past_tokens = launder(count{4095}), .phase = cx::phase::decode}));
    auto const prompt = fourth(real({.sequences = 3, .new_tokens = launder(count{10}), .past_tokens = 0, .phase = cx::phase::prefill}));
    return decode.flops == 67'108'864 && decode.state_bytes == 540'672 && decode.math == cx::math::fp8 && every.state().per_token == 128 &&
           prompt.flops == 3 * 10 * 2.0 * 64 * 128 && fourth.state().per_token == 0;
}
CHECK_TWICE(index_scores)

// Qwen3.5-122B-A10B: 64 value heads of 128 x 128. Chunk states: 4 bytes of 1,048,576 elements every 64 tokens.
constexpr bool gated_delta_in_chunks() {
    cx::gated_delta const layer{.hidden = 3072, .key_heads = 16, .value_heads = launder(count{64}), .key_dim = 128, .value_dim = 128, .kernel = 4};
    auto const scan = find<cx::recurrence>(layer, {}, [](auto const&) { return true; });
    cx::load<double> const l = load_of({.sequences = 2, .new_tokens = 640, .past_tokens = 0, .phase = cx::phase::prefill});
    auto const prefill = scan(l, cx::phase::prefill);
    auto const decode = scan(tokens(8), cx::phase::decode);
    double const inputs = 2.0 * (2 * 16 * 128 + 2 * 64 * 128 + 2 * 64);
    return scan.elements == 1'048'576 && prefill.activation_bytes == 1280 * (inputs + 65'536) && prefill.state_bytes == 2 * 8.0 * 1'048'576 &&
           decode.activation_bytes == 8 * inputs && decode.state_bytes == 8 * 8.0 * 1'048'576;
}
CHECK_TWICE(gated_delta_in_chunks)

// Nemotron-H-8B: 128 heads of 64, state 128, 8 groups, chunks of 128. Chunk states: 12 bytes of 1,048,576 elements every 128 tokens.
constexpr bool mamba2_in_chunks() {
    cx::mamba2 const layer{.hidden = 4096, .heads = launder(count{128}), .head_dim = 64, .groups = 8, .state = 128, .kernel = 4, .chunk = 128};
    auto const scan = find<cx::recurrence>(layer, {}, [](auto const&) { return true; });
    auto const half = find<cx::recurrence>(layer, {.layout = {.tp = 2}}, [](auto const&) { return true; });
    return scan.chunk_bytes_per_token == 98'304 && half.chunk_bytes_per_token == 49'152 && scan.elements == 2 * half.elements;
}
CHECK_TWICE(mamba2_in_chunks)

// DeepSeek-V4-Flash: 4 streams of 4,096. 2 sites read and write 8 x 16,384 + 4 x 4,096 bytes a token each; the end of the model reads alone.
constexpr bool hyper_connection() {
    cx::hyper_connection const layer{.hidden = launder(count{4096}), .copies = 4};
    auto const o = find<cx::stream_mixing>(layer, {}, [](auto const&) { return true; });
    auto const end = find<cx::stream_mixing>(cx::hyper_connection{.hidden = launder(count{4096}), .copies = 4, .at_the_end = true}, {}, [](auto const&) { return true; });
    cx::work<double> const w = o(tokens(1));
    return o.parameters() == 786'486 && w.activation_bytes == 2.0 * (8 * 16'384 + 4 * 4096) && w.flops == 2 * 2.0 * 24 * 16'384 && w.weight_bytes == w.flops &&
           end.parameters() == 65'541 && end(tokens(1)).activation_bytes == 4 * 16'384 + 2 * 4096;
}
CHECK_TWICE(hyper_connection)

constexpr bool passes() {
    return cx::pass::norm(launder(count{4096})) == 32'768 && cx::pass::plain_norm(launder(count{576})) == 2304 &&
           cx::pass::activation(launder(count{14336}), 2, cx::dtype::bf16) == 86'016 && cx::pass::activation(14336, 2, cx::dtype::fp8) == 71'680 &&
           cx::pass::gated(launder(count{4096})) == 24'576 && cx::pass::merged(4096) == 24'576 && cx::pass::scalar_gate(launder(count{3072})) == 18'432 &&
           cx::pass::rotated(launder(count{5120}), 1024) == 22'528;
}
CHECK_TWICE(passes)

constexpr bool all_to_all() {
    using enum cx::collective::pattern;
    cx::collective const op{.shape = all_to_all, .width = launder(8192.0), .devices = 8};
    return op(tokens(16)).wire_bytes == 262'144 && op(tokens(16)).route == cx::wire::exchange;
}
CHECK_TWICE(all_to_all)

/// Wire bytes of the exchange around the experts: there and back.
struct exchanged {
    double there = 0;
    double back = 0;
};
constexpr exchanged exchange_of(cx::moe const& layer, cx::deployment const& x) {
    exchanged sum{};
    cx::for_each_op(layer.ops(x), [&]<class O>(O const& o) {
        if constexpr (std::is_same_v<O, cx::collective>)
            if (!o.idle()) (o.part == cx::role::dispatch ? sum.there : sum.back) += o(tokens(16)).wire_bytes;
    });
    return sum;
}

// 16 tokens of 2,048 values, 8 of 128 experts: 65,536 bytes of bf16 per rank.
constexpr bool exchange_by_framework() {
    cx::moe const layer{.hidden = launder(count{2048}), .inner = 768, .experts = 128, .top_k = 8};
    cx::layout const eight{.dp = 8, .ep = 8};
    cx::precision const fp4{.experts = cx::dtype::nvfp4};
    cx::precision const blocks{.experts = cx::dtype::fp8_block};
    auto const [none, summed] = exchange_of(layer, {.layout = {.tp = 8, .ep = 8}});
    auto const [there, back] = exchange_of(layer, {.layout = eight});
    auto const [narrow, wide] = exchange_of(layer, {.layout = eight, .precision = fp4});
    auto const [vllm, vllm_back] = exchange_of(layer, {.layout = eight, .precision = fp4, .framework = cx::framework::vllm});
    auto const [gathered, scattered] = exchange_of(layer, {.layout = eight, .precision = blocks});
    // each token goes to the 7 (1 - (7 / 8)^8) other ranks that hold one of its experts, in fp8 there and in bf16 back
    auto const [sent, returned] = exchange_of(layer, {.layout = eight, .precision = blocks, .exchange = cx::exchange::all_to_all});
    double const ranks = 7 * (1 - 0.875 * 0.875 * 0.875 * 0.875 * 0.875 * 0.875 * 0.875 * 0.875);
    return none == 0 && summed == 2 * 65'536.0 * 7 / 8 && there == 65'536.0 * 7 && back == there && narrow == there * 4.5 / 16 && wide == back && vllm == there &&
           vllm_back == back && gathered == there && scattered == back && close(sent, 32'768 * ranks) && close(returned, 65'536 * ranks);
}
CHECK_TWICE(exchange_by_framework)

// 2 x 4 ranks: what the 2 tensor-parallel ranks hold of the results of their tokens is gathered again; a latent width is what travels.
constexpr bool exchange_with_tensor_parallelism() {
    cx::moe const layer{.hidden = launder(count{2048}), .inner = 768, .experts = 128, .top_k = 8};
    cx::moe const latent{.hidden = launder(count{2048}), .inner = 768, .experts = 128, .top_k = 8, .latent = 512};
    cx::layout const l{.tp = 2, .dp = 4, .ep = 8};
    auto const [there, back] = exchange_of(layer, {.layout = l});
    auto const [little, less] = exchange_of(latent, {.layout = l});
    return there == 4 * 65'536.0 * 7 / 8 && back == there + 65'536.0 / 2 && little == there / 4 && less == there / 4 + 65'536.0 / 2;
}
CHECK_TWICE(exchange_with_tensor_parallelism)

constexpr bool popularity() {
    auto const p = cx::popularity::of(launder(count{8}), 4, 1.0);
    auto const flat = cx::popularity::of(8, 4, launder(1e-9));
    double sum = 0;
    for (count j = 1; j <= 8; ++j) sum += p.chance(j);
    return p.certain == 1 && close(p.scale, 3 / (761.0 / 280 - 1)) && close(p.chance(2), 0.8731808731808732) && close(sum, 4) &&
           // alike: each of two ranks takes half of the choices; 3 tokens choose 4 (1 - 1 / 8) of its experts
           close(flat.choices_on_fullest(2), 2, 1e-8) && close(flat.chosen_on_fullest(2, 3.0), 3.5, 1e-8);
}
CHECK_TWICE(popularity)

// The fullest of 8 ranks has more rows than the mean, and a single rank reads fewer experts the more popular some of them are.
constexpr bool skewed_routing() {
    cx::moe const layer{.hidden = 2048, .inner = 768, .experts = launder(count{128}), .top_k = 8};
    auto const work = [&](count ep, double skew) {
        return find<cx::experts>(layer, {.layout = {.tp = ep, .ep = ep}, .routing_skew = skew}, [](auto const&) { return true; })(tokens(64));
    };
    return work(1, 0).flops == work(1, -1.0).flops && close(work(1, 0).flops, work(1, 1.2).flops) && work(1, 1.2).weight_bytes < work(1, 0.6).weight_bytes &&
           work(1, 0.6).weight_bytes < work(1, 0).weight_bytes && work(8, 0).flops < work(8, 0.6).flops && work(8, 0.6).flops < work(8, 1.2).flops;
}
CHECK_TWICE(skewed_routing)

constexpr cx::system_spec nodes_of_eight() {
    return {.device = {.memory_bytes_per_second = 4.8e12, .flops_per_second = {0, 1e15, 0, 0, 0}}, .node = {8, 450e9, 3.4e-6}, .cluster = {0, 50e9, 9.6e-6}};
}
constexpr cx::work<double> sent(cx::collective::pattern shape, double bytes, count devices) {
    return cx::collective{.shape = shape, .width = launder(bytes / 2), .devices = devices}(tokens(1));
}

// Of a ring over k nodes of m devices, k - 1 of its k m - 1 steps leave a node.
constexpr bool across_nodes() {
    using enum cx::collective::pattern;
    cx::roofline<double> const price(nodes_of_eight());
    double const bytes = 1 << 20;
    double const ring = 2 * bytes * 15 / 16;
    double const inside = price(0, sent(all_reduce, bytes, 8));
    double const two = price(0, sent(all_reduce, bytes, 16));
    double const exchange = price(0, sent(all_to_all, bytes, 16));
    double const hop = price(0, cx::collective{.shape = point_to_point, .width = bytes / 2, .devices = 2, .span = 16, .hops = 1}(tokens(1)));
    return close(inside, 2 * bytes * 7 / 8 / 450e9) && close(two, ring * (1.0 / 15 / 50e9 + 14.0 / 15 / 450e9)) &&
           close(exchange, bytes * (8.0 / 15 / 50e9 + 7.0 / 15 / 450e9)) && close(hop, bytes / 50e9);
}
CHECK_TWICE(across_nodes)

constexpr bool with_latency() {
    using enum cx::collective::pattern;
    cx::roofline_with_latency<double> const price(nodes_of_eight());
    cx::roofline<double> const without(nodes_of_eight());
    auto const small = sent(all_reduce, 16'384, 8);
    auto const large = sent(all_reduce, 1 << 20, 8);
    auto const far = sent(all_reduce, 1 << 20, 16);
    cx::work<double> const local{.flops = 1e12, .weight_bytes = 1e6};
    return close(price(0, small), 7 * 16'384 / 450e9 + 3.4e-6) && price(0, small) < 3.66e-6 && price.bound_of(small) == cx::bound::latency &&
           close(price(0, large), without(0, large) + 2 * 3.4e-6) && price(0, large) < 1.09e-5 && close(price(0, far), without(0, far) + 30 * 9.6e-6) &&
           close(price(0, sent(all_gather, 16'384, 8)), without(0, sent(all_gather, 16'384, 8)) + 3.4e-6) &&
           close(price(0, sent(all_gather, 16'384, 16)), without(0, sent(all_gather, 16'384, 16)) + 15 * 9.6e-6) && price(0, local) == without(0, local);
}
CHECK_TWICE(with_latency)

}  // namespace
