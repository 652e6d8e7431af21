// SPDX-License-Identifier: BSL-1.0
// What a step costs to price, from a constant to a config read at run time, and what reading and lowering cost.
//
//   eval_bench           the Google Benchmark runs, in nanoseconds
//   eval_bench --once    checks that all ways agree and that nothing allocates, then calls every case a few hundred times: for
//                        bench/runtime/instructions.sh, which counts the instructions of each

#include <costexpr/costexpr.hpp>

#include <benchmark/benchmark.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string>
#include <string_view>
#include <variant>

namespace cx = costexpr;
using cx::count;

static std::size_t allocations = 0;

void* operator new(std::size_t size) {
    ++allocations;
    if (void* const p = std::malloc(size)) return p;
    std::abort();
}
void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }

namespace {

constexpr std::string_view llama_3_1_8b = R"({"architectures": ["LlamaForCausalLM"], "attention_bias": false, "attention_dropout": 0.0,
    "bos_token_id": 128000, "eos_token_id": 128001, "hidden_act": "silu", "hidden_size": 4096, "initializer_range": 0.02,
    "intermediate_size": 14336, "max_position_embeddings": 131072, "mlp_bias": false, "model_type": "llama", "num_attention_heads": 32,
    "num_hidden_layers": 32, "num_key_value_heads": 8, "pretraining_tp": 1, "rms_norm_eps": 1e-05, "rope_scaling": {"factor": 8.0,
    "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 8192, "rope_type": "llama3"},
    "rope_theta": 500000.0, "tie_word_embeddings": false, "torch_dtype": "bfloat16", "use_cache": true, "vocab_size": 128256})";

constexpr std::string_view qwen3_30b_a3b = R"({"architectures": ["Qwen3MoeForCausalLM"], "attention_bias": false, "attention_dropout": 0.0,
    "bos_token_id": 151643, "decoder_sparse_step": 1, "eos_token_id": 151645, "head_dim": 128, "hidden_act": "silu", "hidden_size": 2048,
    "initializer_range": 0.02, "intermediate_size": 6144, "max_position_embeddings": 40960, "max_window_layers": 48, "mlp_only_layers": [],
    "model_type": "qwen3_moe", "moe_intermediate_size": 768, "norm_topk_prob": true, "num_attention_heads": 32, "num_experts": 128,
    "num_experts_per_tok": 8, "num_hidden_layers": 48, "num_key_value_heads": 4, "output_router_logits": false, "rms_norm_eps": 1e-06,
    "rope_scaling": null, "rope_theta": 1000000.0, "router_aux_loss_coef": 0.001, "sliding_window": null, "tie_word_embeddings": false,
    "torch_dtype": "bfloat16", "use_cache": true, "use_sliding_window": false, "vocab_size": 151936})";

constexpr std::string_view deepseek_v3 = R"({"architectures": ["DeepseekV3ForCausalLM"], "attention_bias": false, "attention_dropout": 0.0,
    "bos_token_id": 0, "eos_token_id": 1, "ep_size": 1, "first_k_dense_replace": 3, "hidden_act": "silu", "hidden_size": 7168,
    "initializer_range": 0.02, "intermediate_size": 18432, "kv_lora_rank": 512, "max_position_embeddings": 163840,
    "model_type": "deepseek_v3", "moe_intermediate_size": 2048, "moe_layer_freq": 1, "n_group": 8, "n_routed_experts": 256,
    "n_shared_experts": 1, "norm_topk_prob": true, "num_attention_heads": 128, "num_experts_per_tok": 8, "num_hidden_layers": 61,
    "num_key_value_heads": 128, "num_nextn_predict_layers": 1, "q_lora_rank": 1536, "qk_nope_head_dim": 128, "qk_rope_head_dim": 64,
    "quantization_config": {"activation_scheme": "dynamic", "fmt": "e4m3", "quant_method": "fp8", "weight_block_size": [128, 128]},
    "rms_norm_eps": 1e-06, "rope_theta": 10000, "routed_scaling_factor": 2.5, "scoring_func": "sigmoid", "tie_word_embeddings": false,
    "topk_group": 4, "topk_method": "noaux_tc", "torch_dtype": "bfloat16", "use_cache": true, "v_head_dim": 128, "vocab_size": 129280})";

constexpr std::string_view gpt_oss_20b = R"({"architectures": ["GptOssForCausalLM"], "attention_bias": true, "attention_dropout": 0.0,
    "eos_token_id": 200002, "experts_per_token": 4, "head_dim": 64, "hidden_act": "silu", "hidden_size": 2880, "initializer_range": 0.02,
    "intermediate_size": 2880, "layer_types": ["sliding_attention", "full_attention", "sliding_attention", "full_attention",
    "sliding_attention", "full_attention", "sliding_attention", "full_attention", "sliding_attention", "full_attention",
    "sliding_attention", "full_attention", "sliding_attention", "full_attention", "sliding_attention", "full_attention",
    "sliding_attention", "full_attention", "sliding_attention", "full_attention", "sliding_attention", "full_attention",
    "sliding_attention", "full_attention"], "max_position_embeddings": 131072, "model_type": "gpt_oss", "num_attention_heads": 64,
    "num_experts_per_tok": 4, "num_hidden_layers": 24, "num_key_value_heads": 8, "num_local_experts": 32, "quantization_config":
    {"modules_to_not_convert": ["model.layers.*.self_attn", "model.layers.*.mlp.router", "model.embed_tokens", "lm_head"],
    "quant_method": "mxfp4"}, "rms_norm_eps": 1e-05, "rope_theta": 150000, "sliding_window": 128, "swiglu_limit": 7.0,
    "tie_word_embeddings": false, "use_cache": true, "vocab_size": 201088})";

constexpr auto dense = cx::known_model<[] { return llama_3_1_8b; }>;
constexpr auto moe = cx::known_model<[] { return qwen3_30b_a3b; }>;
constexpr auto mla = cx::known_model<[] { return deepseek_v3; }>;
constexpr auto sliding = cx::known_model<[] { return gpt_oss_20b; }>;
constexpr auto h200 = cx::system<"h200_sxm">;

constexpr cx::layout four{.tp = 4};
constexpr cx::layout eight{.tp = 8, .ep = 8};

using dense_family = decltype(dense)::family_t;
using moe_family = decltype(moe)::family_t;
using mla_family = decltype(mla)::family_t;

// What is read at run time: the texts are laundered, so that no compiler reads them before.
std::string_view hidden(std::string_view text) {
    benchmark::DoNotOptimize(text);
    return text;
}
/// A config that the library embeds, read like one from a file.
cx::any_model embedded(std::string_view name) {
    std::size_t i = 0;
    while (cx::embedded::models[i].name != name) ++i;
    cx::embedded::entry const& e = cx::embedded::models[i];
    return *cx::read_model(hidden(e.config()), hidden(e.hf_quant_config()));
}
struct run_time {
    cx::any_model dense = *cx::read_model(hidden(llama_3_1_8b));
    cx::any_model moe = *cx::read_model(hidden(qwen3_30b_a3b));
    cx::any_model mla = *cx::read_model(hidden(deepseek_v3));
    cx::any_model sliding = *cx::read_model(hidden(gpt_oss_20b));
    cx::any_model hybrid = embedded("moonshotai/Kimi-K3");                   // of those with recurrent layers, the one with most ops
    cx::any_model compressed = embedded("deepseek-ai/DeepSeek-V4-Flash");  // the model with most ops
    // of three families, since visiting compiles a step of each of them
    std::variant<dense_family, moe_family, mla_family> dense_variant = *std::get_if<dense_family>(&dense.text);
    std::variant<dense_family, moe_family, mla_family> mla_variant = *std::get_if<mla_family>(&mla.text);
    cx::deployment on_one{};
    cx::deployment on_four{.layout = four};
    cx::deployment on_eight{.layout = eight, .precision = mla.config.precision()};
    cx::roofline<double> price{h200};
    cx::op_graph<> dense_ops = *cx::lower(dense, four);
    cx::op_graph<> moe_ops = *cx::lower(moe, cx::layout{});
    cx::op_graph<> mla_ops = *cx::lower(mla, eight);
    cx::op_graph<> sliding_ops = *cx::lower(sliding, cx::layout{});
    cx::op_graph<> hybrid_ops = *cx::lower(hybrid, cx::layout{.tp = 8});
    cx::op_graph<> compressed_ops = *cx::lower(compressed, cx::layout{.tp = 8});
    cx::memory_terms sliding_terms = cx::detail::terms_of(sliding_ops, on_one, h200, cx::no_predictions{}, sliding_ops.stages(), 0);
};
run_time const at_run_time{};

template <class M>
double step_of(M const& m, cx::deployment const& x, count batch, count past) {
    cx::group const g[] = {{.sequences = batch, .past_tokens = past}};
    return cx::seconds(m, x, cx::step(g), at_run_time.price);
}
double step_of(cx::op_graph<> const& graph, count batch, count past) {
    cx::group const g[] = {{.sequences = batch, .past_tokens = past}};
    return cx::seconds(graph, cx::step(g), at_run_time.price);
}

/// A ragged batch: 256 sequences that all have another context.
constexpr count ragged_sequences = 256;
std::array<cx::group, ragged_sequences> const ragged = [] {
    std::array<cx::group, ragged_sequences> all{};
    for (count i = 0; i != ragged_sequences; ++i) all[static_cast<std::size_t>(i)] = {.past_tokens = 17 + i * 7919 % 65536};
    benchmark::DoNotOptimize(all.data());
    return all;
}();

}  // namespace

// The cases: neither inlined nor hidden, so that callgrind finds them by name. All take a decode step of `batch` sequences.
#define CASE [[gnu::noinline]] double

CASE eval_constant(count, count) { return cx::decode(dense, four, h200, {.sequences = 32, .past = 4096}).seconds; }

CASE eval_known_dense(count batch, count past) { return cx::decode(dense, four, h200, {.sequences = batch, .past = past}).seconds; }
CASE eval_known_moe(count batch, count past) { return cx::decode(moe, cx::layout{}, h200, {.sequences = batch, .past = past}).seconds; }
CASE eval_known_mla(count batch, count past) { return cx::decode(mla, eight, h200, {.sequences = batch, .past = past}).seconds; }
CASE eval_known_sliding(count batch, count past) { return cx::decode(sliding, cx::layout{}, h200, {.sequences = batch, .past = past}).seconds; }
CASE eval_known_mixed(count batch, count past) {
    return cx::mixed(dense, four, h200, {.sequences = 1, .tokens = 2048}, {.sequences = batch, .past = past}).seconds;
}

// The closed form of eval_known_dense: each op's formula with the dimensions of Llama-3.1-8B on four H200, added up in the library's order.
CASE eval_known_dense_by_hand(count batch, count past) {
    constexpr double per_flop = 1 / 989.4e12;
    constexpr double per_byte = 1 / 4.8e12;
    constexpr double per_wire_byte = 1 / 450e9;
    double const tokens = static_cast<double>(batch);
    double const keys = tokens * (static_cast<double>(past) + 1.0);

    auto const gemm = [&](double outer, double inner) {
        double const math = tokens * (2 * (outer * inner)) * per_flop;
        double const memory = (outer * inner * 2.0 + tokens * (inner * 2.0 + 2.0 * outer)) * per_byte;
        return math < memory ? memory : math;
    };
    double const all_reduce = tokens * 12288.0 * per_wire_byte;

    double const embedding = (tokens * 8192.0 + tokens * 8192.0) * per_byte + all_reduce;
    double const norm = tokens * 32768.0 * per_byte;
    double const scores = keys * 4096.0 * per_flop;
    double const cache = (tokens * 4096.0 + keys * 1024.0) * per_byte;
    double const attention = gemm(1536, 4096) + (tokens * 5632.0 + tokens * 1024.0) * per_byte + (scores < cache ? cache : scores) +
                             gemm(4096, 1024) + all_reduce;
    double const mlp = gemm(7168, 4096) + tokens * 21504.0 * per_byte + gemm(4096, 3584) + all_reduce;
    double const head = gemm(32064, 4096) + tokens * 192384.0 * per_wire_byte;
    return embedding + 65.0 * norm + 32.0 * attention + 32.0 * mlp + head;
}

CASE eval_family_dense(count batch, count past) {
    return step_of(*std::get_if<dense_family>(&at_run_time.dense.text), at_run_time.on_four, batch, past);
}
CASE eval_family_moe(count batch, count past) { return step_of(*std::get_if<moe_family>(&at_run_time.moe.text), at_run_time.on_one, batch, past); }
CASE eval_family_mla(count batch, count past) {
    return step_of(*std::get_if<mla_family>(&at_run_time.mla.text), at_run_time.on_eight, batch, past);
}

CASE eval_visit_dense(count batch, count past) {
    return std::visit([&](auto const& f) { return step_of(f, at_run_time.on_four, batch, past); }, at_run_time.dense_variant);
}
CASE eval_visit_mla(count batch, count past) {
    return std::visit([&](auto const& f) { return step_of(f, at_run_time.on_eight, batch, past); }, at_run_time.mla_variant);
}
CASE eval_decode_any(count batch, count past) {
    return cx::decode(at_run_time.dense, at_run_time.on_four, h200, {.sequences = batch, .past = past}).seconds;
}

CASE eval_lowered_dense(count batch, count past) { return step_of(at_run_time.dense_ops, batch, past); }
CASE eval_lowered_moe(count batch, count past) { return step_of(at_run_time.moe_ops, batch, past); }
CASE eval_lowered_mla(count batch, count past) { return step_of(at_run_time.mla_ops, batch, past); }
CASE eval_lowered_sliding(count batch, count past) { return step_of(at_run_time.sliding_ops, batch, past); }
CASE eval_lowered_hybrid(count batch, count past) { return step_of(at_run_time.hybrid_ops, batch, past); }
CASE eval_lowered_compressed(count batch, count past) { return step_of(at_run_time.compressed_ops, batch, past); }

// 256 sequences at once, each with a context of its own; the goal is 2 ns a sequence, 5 where windows make ops walk them.
CASE eval_ragged_known_dense(count, count) { return cx::price(dense, four, h200, cx::step(ragged)).seconds; }
CASE eval_ragged_known_sliding(count, count) { return cx::price(sliding, cx::layout{}, h200, cx::step(ragged)).seconds; }
CASE eval_ragged_lowered_dense(count, count) { return cx::seconds(at_run_time.dense_ops, cx::step(ragged), at_run_time.price); }
CASE eval_ragged_lowered_sliding(count, count) { return cx::seconds(at_run_time.sliding_ops, cx::step(ragged), at_run_time.price); }

CASE eval_read_dense(count, count) { return static_cast<double>(cx::read_model(hidden(llama_3_1_8b))->config.founded); }
CASE eval_read_moe(count, count) { return static_cast<double>(cx::read_model(hidden(qwen3_30b_a3b))->config.founded); }
CASE eval_read_mla(count, count) { return static_cast<double>(cx::read_model(hidden(deepseek_v3))->config.founded); }
CASE eval_read_sliding(count, count) { return static_cast<double>(cx::read_model(hidden(gpt_oss_20b))->config.founded); }

CASE eval_lower_dense(count, count) { return static_cast<double>(cx::lower(at_run_time.dense, at_run_time.on_four)->size()); }
CASE eval_lower_mla(count, count) { return static_cast<double>(cx::lower(at_run_time.mla, at_run_time.on_eight)->size()); }
CASE eval_memory_dense(count batch, count past) {
    return static_cast<double>(cx::memory(at_run_time.dense, at_run_time.on_four, h200, {.sequences = batch, .context = past}).total());
}

// Derivatives in two directions (memory bandwidth and batch) beside the value.
CASE eval_dual_lowered_dense(count batch, count past) {
    using two = cx::dual<2>;
    cx::roofline<two> price(h200);
    price.seconds_per_byte = two::variable(price.seconds_per_byte.value, 0);
    cx::basic_group<two> const g[] = {{two::variable(static_cast<double>(batch), 1), two(1), two(past), cx::phase::decode}};
    two const t = cx::seconds(at_run_time.dense_ops, std::span<cx::basic_group<two> const>(g), price);
    return t.value + t.slope[0] + t.slope[1];
}
CASE eval_dual_known_dense(count batch, count past) {
    using two = cx::dual<2>;
    cx::roofline<two> price(h200);
    price.seconds_per_byte = two::variable(price.seconds_per_byte.value, 0);
    cx::basic_group<two> const g[] = {{two::variable(static_cast<double>(batch), 1), two(1), two(past), cx::phase::decode}};
    two const t = cx::seconds(dense, cx::deployment{.layout = four}, std::span<cx::basic_group<two> const>(g), price);
    return t.value + t.slope[0] + t.slope[1];
}

// Inverses: of the terms of a device, of a model that was laid out, and of a known one.
CASE eval_inverse_context_of_terms(count batch, count past) {
    return static_cast<double>(cx::longest_context(at_run_time.sliding_terms, {.sequences = batch, .step_tokens = past}));
}
CASE eval_inverse_context(count batch, count past) {
    return static_cast<double>(cx::longest_context(at_run_time.dense_ops, at_run_time.on_four, h200, {.sequences = batch, .step_tokens = past}));
}
CASE eval_inverse_sequences(count batch, count past) {
    return static_cast<double>(cx::most_sequences(at_run_time.dense_ops, at_run_time.on_four, h200, {.context = past, .step_tokens = batch}));
}
CASE eval_inverse_batch_of_tpot(count batch, count past) {
    return static_cast<double>(cx::most_sequences_within(at_run_time.dense_ops, at_run_time.on_four, h200, 0.001 * static_cast<double>(batch), {.past = past}));
}
CASE eval_inverse_batch_of_tpot_known(count batch, count past) {
    return static_cast<double>(cx::most_sequences_within(dense, cx::deployment{.layout = four}, h200, 0.001 * static_cast<double>(batch), {.past = past}));
}
CASE eval_inverse_chunk_known(count batch, count past) {
    return static_cast<double>(cx::largest_prefill_chunk(dense, cx::deployment{.layout = four}, h200, 0.001 * static_cast<double>(batch), {.past = past}));
}
CASE eval_inverse_bandwidth(count batch, count past) {
    return cx::least_memory_bandwidth(at_run_time.dense_ops, at_run_time.on_four, h200, 0.02, {.sequences = batch, .past = past});
}
CASE eval_inverse_link(count batch, count past) {
    return cx::least_link_bandwidth(at_run_time.dense_ops, at_run_time.on_four, h200, 0.02, {.sequences = batch, .past = past});
}

#undef CASE

namespace {

using function = double (*)(count, count);
struct named {
    char const* name;
    function call;
};
#define NAMED(f) named{#f, &f}
// Called through a pointer that may change: a compiler that sees the whole program drops calls of constants.
named volatile const cases[] = {
    NAMED(eval_constant),       NAMED(eval_known_dense),  NAMED(eval_known_dense_by_hand), NAMED(eval_known_moe),   NAMED(eval_known_mla),
    NAMED(eval_known_sliding),  NAMED(eval_known_mixed),  NAMED(eval_family_dense),        NAMED(eval_family_moe),  NAMED(eval_family_mla),
    NAMED(eval_visit_dense),    NAMED(eval_visit_mla),    NAMED(eval_decode_any),          NAMED(eval_lowered_dense), NAMED(eval_lowered_moe),
    NAMED(eval_lowered_mla),    NAMED(eval_lowered_sliding), NAMED(eval_read_dense),       NAMED(eval_read_moe),    NAMED(eval_read_mla),
    NAMED(eval_read_sliding),   NAMED(eval_lower_dense),  NAMED(eval_lower_mla),           NAMED(eval_memory_dense),
    NAMED(eval_dual_lowered_dense), NAMED(eval_dual_known_dense), NAMED(eval_inverse_context_of_terms), NAMED(eval_inverse_context), NAMED(eval_inverse_sequences),
    NAMED(eval_inverse_batch_of_tpot), NAMED(eval_inverse_batch_of_tpot_known), NAMED(eval_inverse_chunk_known), NAMED(eval_inverse_bandwidth),
    NAMED(eval_inverse_link), NAMED(eval_lowered_hybrid), NAMED(eval_lowered_compressed), NAMED(eval_ragged_known_dense), NAMED(eval_ragged_known_sliding), NAMED(eval_ragged_lowered_dense),
    NAMED(eval_ragged_lowered_sliding),
};
#undef NAMED

struct point {
    count batch;
    count past;
};
constexpr std::size_t point_count = 1024;
std::array<point, point_count> const points = [] {
    std::array<point, point_count> all{};
    std::uint64_t x = 88172645463325252u;
    auto const next = [&](std::uint64_t below) {
        x ^= x << 13, x ^= x >> 7, x ^= x << 17;
        return static_cast<count>(x % below);
    };
    for (point& p : all) p = {1 + next(512), next(131072)};
    return all;
}();

int failures = 0;
void check(bool good, char const* what, point p) {
    if (good || ++failures > 10) return;
    std::fprintf(stderr, "eval_bench: %s differ at batch %lld, past %lld\n", what, static_cast<long long>(p.batch), static_cast<long long>(p.past));
}
bool same_bits(double a, double b) { return std::memcmp(&a, &b, sizeof a) == 0; }
bool near(double a, double b) { return a - b <= 1e-12 * b && b - a <= 1e-12 * b; }

void check_all() {
    for (point const p : points) {
        auto const is = [&](function a, function b) { return same_bits(a(p.batch, p.past), b(p.batch, p.past)); };
        auto const is_near = [&](function a, function b) { return near(a(p.batch, p.past), b(p.batch, p.past)); };
        check(is(eval_known_dense, eval_known_dense_by_hand), "the known model and the closed form", p);
        check(is(eval_known_dense, eval_family_dense), "the known model and its family at run time (dense)", p);
        check(is(eval_known_moe, eval_family_moe), "the known model and its family at run time (moe)", p);
        check(is(eval_known_mla, eval_family_mla), "the known model and its family at run time (mla)", p);
        check(is(eval_family_dense, eval_visit_dense), "the family and the visited variant (dense)", p);
        check(is(eval_family_mla, eval_visit_mla), "the family and the visited variant (mla)", p);
        check(is_near(eval_decode_any, eval_known_dense), "the model read at run time and the known one", p);
        check(is_near(eval_lowered_dense, eval_known_dense), "the lowered and the known model (dense)", p);
        check(is_near(eval_lowered_moe, eval_known_moe), "the lowered and the known model (moe)", p);
        check(is_near(eval_lowered_mla, eval_known_mla), "the lowered and the known model (mla)", p);
        check(is_near(eval_lowered_sliding, eval_known_sliding), "the lowered and the known model (sliding)", p);
    }
    auto const agree = [&](function a, function b, char const* what) { check(near(a(0, 0), b(0, 0)), what, {ragged_sequences, 0}); };
    agree(eval_ragged_lowered_dense, eval_ragged_known_dense, "the lowered and the known model (ragged, dense)");
    agree(eval_ragged_lowered_sliding, eval_ragged_known_sliding, "the lowered and the known model (ragged, sliding)");
    static_assert(cx::decode(dense, four, h200, {.sequences = 32, .past = 4096}).seconds > 0);
    check(same_bits(eval_known_dense(32, 4096), eval_constant(0, 0)), "constant evaluation and run time", {32, 4096});
}

int once() {
    std::size_t const before = allocations;
    check_all();
    double sum = 0;
    for (auto const& c : cases) {
        function const call = c.call;
        for (std::size_t i = 0; i != 256; ++i) sum += call(points[i].batch, points[i].past);
    }
    benchmark::DoNotOptimize(sum);
    if (allocations != before) std::fprintf(stderr, "eval_bench: %zu allocations\n", allocations - before), ++failures;
    return failures == 0 ? 0 : 1;
}

void run(benchmark::State& state, function call) {
    std::size_t i = 0;
    for (auto _ : state) {
        point const p = points[i++ % point_count];
        benchmark::DoNotOptimize(call(p.batch, p.past));
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc == 2 && std::string_view(argv[1]) == "--once") return once();
    for (auto const& c : cases) benchmark::RegisterBenchmark(c.name, run, function{c.call});
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
    benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
}
