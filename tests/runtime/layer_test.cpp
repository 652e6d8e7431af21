// SPDX-License-Identifier: BSL-1.0

// Every number that a docstring of layer/ works out, and what tensor, data and expert parallelism make of the ops.

#include <costexpr/layer/embedding.hpp>
#include <costexpr/layer/gqa.hpp>
#include <costexpr/layer/head.hpp>
#include <costexpr/layer/mla.hpp>
#include <costexpr/layer/mlp.hpp>
#include <costexpr/layer/moe.hpp>
#include <costexpr/layer/norm.hpp>

#include <figures.hpp>

#include <gtest/gtest.h>

namespace cx = costexpr;
using cx::count;

namespace {

template <class L>
constexpr count active(L const& layer) {
    count sum = 0;
    cx::for_each_op(layer.ops(cx::deployment{}), [&]<class O>(O const& o) { sum += cx::active_parameters_of<O, count>(o); });
    return sum;
}
template <class L>
constexpr count elements(L const& layer, count tokens, cx::layout const& l = {}) {
    count sum = 0;
    cx::for_each_op(layer.ops(cx::deployment{.layout = l}), [&](auto const& o) { sum += cx::cache_of(o).elements(tokens); });
    return sum;
}
/// The work of all ops of one purpose in a step of one group.
template <class L>
constexpr cx::work<double> work_of(L const& layer, cx::role part, cx::group const& g, cx::layout const& l = {}) {
    cx::work<double> sum{};
    cx::for_each_op(layer.ops(cx::deployment{.layout = l}), [&]<class O>(O const& o) {
        if (o.purpose() != part || o.idle()) return;
        if constexpr (cx::op_on_totals<O>)
            sum = sum + o(cx::moments<double>(g));
        else if constexpr (cx::op_on_phase<O>)
            sum = sum + o(cx::moments<double>(g), g.phase);
        else
            sum = sum + o(cx::basic_group<double>{static_cast<double>(g.sequences), static_cast<double>(g.new_tokens), static_cast<double>(g.past_tokens), g.phase});
    });
    return sum;
}
constexpr cx::group sixteen{.sequences = 16, .new_tokens = 1, .past_tokens = 100, .phase = cx::phase::decode};

constexpr cx::gqa llama() { return {.hidden = launder(count{4096}), .heads = 32, .kv_heads = 8, .head_dim = 128}; }
constexpr bool gqa() {
    return parameters(llama()) == 41'943'040 && elements(llama(), 1) == 2048 && elements(llama(), 100) == 204'800 &&
           work_of(llama(), cx::role::qkv, sixteen).flops == 805'306'368;
}
CHECK_TWICE(gqa)

constexpr bool gqa_with_norms_biases_and_sinks() {
    cx::gqa g = llama();
    g.qkv_bias = true;
    g.output_bias = true;
    g.sinks = true;
    g.qk_norm = cx::qk_norm::per_head;
    count const biased = 41'943'040 + 6144 + 4096 + 32 + 2 * 128;
    cx::gqa all = llama();
    all.qk_norm = cx::qk_norm::all_heads;
    cx::gqa gated = llama();
    gated.gated = true;
    cx::gqa narrow = llama();
    narrow.v_head_dim = 64;
    return parameters(g) == biased && parameters(all) == 41'943'040 + 32 * 128 + 8 * 128 && parameters(gated) == 41'943'040 + 4096 * 4096 &&
           parameters(narrow) == 4096 * (4096 + 1024 + 512) + 2048 * 4096 && elements(narrow, 10) == 10 * (1024 + 512);
}
CHECK_TWICE(gqa_with_norms_biases_and_sinks)

constexpr bool gqa_in_shards() {
    // KV heads are kept by every rank that needs them, where there are more ranks than heads
    return 4 * parameters(llama(), {.tp = 4}) == 41'943'040 && elements(llama(), 10, {.tp = 4}) == 10 * 512 && elements(llama(), 10, {.tp = 16}) == 10 * 256 &&
           16 * parameters(llama(), {.tp = 16}) == 41'943'040 + 8 * 2 * 128 * 4096 &&
           work_of(llama(), cx::role::attention_all_reduce, sixteen, {.tp = 8}).wire_bytes == 16 * 2.0 * 4096 * 2 * 7 / 8 &&
           work_of(llama(), cx::role::attention_all_reduce, sixteen).wire_bytes == 0;
}
CHECK_TWICE(gqa_in_shards)

constexpr bool sliding_gqa() {
    cx::sliding_gqa const layer{.heads = {.hidden = 2880, .heads = launder(count{64}), .kv_heads = 8, .head_dim = 64}, .window = 128};
    return elements(layer, 128) == 131'072 && elements(layer, 5000) == 131'072 && elements(layer, 100) == 102'400 && parameters(layer) == parameters(layer.heads) &&
           work_of(layer, cx::role::attention, {.sequences = 1, .new_tokens = 1, .past_tokens = 9999, .phase = cx::phase::decode}).state_bytes == 128 * 1024 * 2.0;
}
CHECK_TWICE(sliding_gqa)

constexpr cx::mla deepseek() {
    return {.hidden = launder(count{7168}), .heads = 128, .q_latent = 1536, .latent = 512, .nope_dim = 128, .rope_dim = 64, .v_head_dim = 128};
}
constexpr bool mla() {
    cx::mla direct = deepseek();
    direct.q_latent = 0;
    return parameters(deepseek()) == 187'107'328 && elements(deepseek(), 1) == 576 && elements(deepseek(), 100, {.tp = 8}) == 57'600 &&
           parameters(direct) == 7168 * 128 * 192 + 7168 * 576 + 512 + 512 * 128 * 256 + 128 * 128 * 7168;
}
CHECK_TWICE(mla)

constexpr bool mlp() {
    cx::mlp const layer{.hidden = launder(count{4096}), .inner = 14336};
    cx::mlp const plain{.hidden = 4096, .inner = launder(count{14336}), .gated = false, .bias = true};
    return parameters(layer) == 176'160'768 && parameters(plain) == 2 * 4096 * 14336 + 14336 + 4096 && 8 * parameters(layer, {.tp = 8}) == 176'160'768 &&
           work_of(layer, cx::role::gate_up, sixteen).flops == 16 * 2.0 * 2 * 14336 * 4096 && work_of(layer, cx::role::down, sixteen).flops == 16 * 2.0 * 14336 * 4096 &&
           // gate and up are read, their product is written
           work_of(layer, cx::role::activation, sixteen).activation_bytes == 16 * 14336 * 6.0;
}
CHECK_TWICE(mlp)

constexpr cx::moe qwen() { return {.hidden = launder(count{2048}), .inner = 768, .experts = 128, .top_k = 8}; }
constexpr bool moe() {
    cx::moe shared = qwen();
    shared.shared_inner = 512;
    shared.shared_gate = true;
    shared.router_extra = 128;
    return parameters(qwen()) == 604'241'920 && active(qwen()) == 38'010'880 && parameters(shared) == 604'241'920 + 3 * 2048 * 512 + 2048 + 128 &&
           active(shared) == 38'010'880 + 3 * 2048 * 512 + 2048 + 128;
}
CHECK_TWICE(moe)

constexpr bool moe_in_shards() {
    count const router = 2048 * 128;
    // experts over ep ranks, each over the tensor-parallel ranks that are left
    return parameters(qwen(), {.tp = 8, .ep = 8}) == router + (604'241'920 - router) / 8 && parameters(qwen(), {.tp = 8, .ep = 2}) == router + (604'241'920 - router) / 8 &&
           parameters(qwen(), {.dp = 4, .ep = 4}) == router + (604'241'920 - router) / 4 &&
           // attention data parallelism: tokens of all ranks are gathered, and their sums scattered
           work_of(qwen(), cx::role::dispatch, sixteen, {.dp = 4, .ep = 4}).wire_bytes == 16 * 4 * 2048 * 2.0 * 3 / 4 &&
           work_of(qwen(), cx::role::combine, sixteen, {.dp = 4, .ep = 4}).wire_bytes == 16 * 4 * 2048 * 2.0 * 3 / 4 &&
           work_of(qwen(), cx::role::dispatch, sixteen, {.tp = 4, .ep = 4}).wire_bytes == 0 &&
           work_of(qwen(), cx::role::combine, sixteen, {.tp = 4, .ep = 4}).wire_bytes == 16 * 2048 * 2.0 * 2 * 3 / 4;
}
CHECK_TWICE(moe_in_shards)

constexpr bool expert_work_is_kept() {
    // ranks share the rows of all tokens: what one does times the ranks is what one device would do
    auto const one = work_of(qwen(), cx::role::experts, sixteen);
    auto const of_four = work_of(qwen(), cx::role::experts, {.sequences = 4, .new_tokens = 1, .past_tokens = 100, .phase = cx::phase::decode}, {.dp = 4, .ep = 4});
    return 4 * of_four.flops == one.flops && 4 * of_four.activation_bytes == one.activation_bytes && 4 * of_four.weight_bytes == one.weight_bytes;
}
CHECK_TWICE(expert_work_is_kept)

constexpr bool norm() {
    cx::norm const layer{.hidden = launder(count{4096})};
    return parameters(layer) == 4096 && work_of(layer, cx::role::norm, sixteen).activation_bytes == 16 * 32'768.0 && parameters(cx::norm{4096, launder(count{2})}) == 8192 &&
           parameters(cx::norm{4096, launder(count{0})}) == 0;
}
CHECK_TWICE(norm)

constexpr bool embedding() {
    cx::embedding const layer{.vocab = launder(count{128256}), .hidden = 4096};
    return parameters(layer) == 525'336'576 && 8 * parameters(layer, {.tp = 8}) == 525'336'576 && parameters(layer, {.tp = 100}) == 1283 * 4096 &&
           work_of(layer, cx::role::embedding, sixteen, {.tp = 8}).wire_bytes == 16 * 2.0 * 4096 * 2 * 7 / 8 &&
           // hidden states pass three boundaries of four stages
           work_of(layer, cx::role::pipeline, sixteen, {.pp = 4}).wire_bytes == 16 * 3 * 2.0 * 4096 && work_of(layer, cx::role::pipeline, sixteen, {.pp = 1}).wire_bytes == 0;
}
CHECK_TWICE(embedding)

constexpr bool head() {
    cx::head const layer{.vocab = launder(count{128256}), .hidden = 4096};
    cx::head const tied{.vocab = launder(count{128256}), .hidden = 4096, .tied = true, .bias = true};
    return parameters(layer) == 525'336'576 && work_of(layer, cx::role::head, sixteen).flops == 16'810'770'432 && parameters(tied) == 128256 &&
           work_of(tied, cx::role::head, sixteen).weight_bytes == 525'336'576 * 2.0 &&
           work_of(layer, cx::role::logits_gather, sixteen, {.tp = 4}).wire_bytes == 16 * 2.0 * 128256 * 3 / 4;
}
CHECK_TWICE(head)

}  // namespace
