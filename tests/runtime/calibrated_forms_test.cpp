// SPDX-License-Identifier: BSL-1.0

// The closed forms of operator time: the numbers of their docstrings, and the points of their Python twins
// (systems/calibrate.py --points).

#include <costexpr/core/number.hpp>
#include <costexpr/cost/forms/collective.hpp>
#include <costexpr/cost/forms/elementwise.hpp>
#include <costexpr/cost/forms/encoder_attention.hpp>
#include <costexpr/cost/forms/exchange.hpp>
#include <costexpr/cost/forms/gemm.hpp>
#include <costexpr/cost/forms/mla.hpp>
#include <costexpr/cost/forms/moe.hpp>
#include <costexpr/cost/forms/recurrent.hpp>
#include <costexpr/cost/forms/sparse_attention.hpp>
#include <costexpr/schema/read.hpp>

#include <check.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

namespace cx = costexpr;

namespace {

template <class T = double>
constexpr cx::forms::device_rates<T> hopper{.seconds_per_flop = {T(1 / 66.9e12), T(1 / 989.4e12), T(1 / 1978.9e12), T(1 / 1978.9e12), T(1)},
                                            .seconds_per_byte = T(1 / 4.8e12),
                                            .seconds_per_node_byte = T(1 / 450e9),
                                            .multiprocessors = 132};

constexpr bool near(double a, double b) { return a > b * (1 - 5e-5) && a < b * (1 + 5e-5); }

constexpr cx::attention_shape shape{.heads = 32, .kv_heads = 8, .head_dim = 128, .v_head_dim = 128};

constexpr bool gemm() {
    cx::forms::gemm_form const f{.launch_us = 4, .inner_ns = 1, .inner_bend = 1e300, .math_efficiency = 0.8, .memory_efficiency = 0.8};
    return near(f.seconds(hopper<>, launder(16.0), 4096, 4096), 16.902e-6);
}
CHECK_TWICE(gemm)

constexpr bool a_slower_host_sets_the_time() {
    cx::forms::gemm_form const f{.host_us = 60, .launch_us = 4, .inner_bend = 1};
    double const measured = f.seconds(hopper<>, launder(16.0), 4096, 4096);
    return measured > 60e-6 && measured < 60.1e-6 && f.device_seconds(hopper<>, 16.0, 4096, 4096, f.weights) < 60e-6;
}
CHECK_TWICE(a_slower_host_sets_the_time)

// sixteen sums of 4,096 elements instead of one read sixteen times as much input, and are no longer for it
constexpr bool grouped_sums() {
    cx::forms::gemm_form const f{.launch_us = 4, .inner_ns = 1, .inner_bend = 1e300, .memory_efficiency = 0.8};
    double const one = f.device_seconds(hopper<>, launder(16.0), 16384, 4096, f.weights);
    double const grouped = f.device_seconds(hopper<>, launder(16.0), 16384, 4096, f.weights, 16);
    return near(grouped - one, 15.0 * 16 * 4096 * 2 / 0.8 / 4.8e12);
}
CHECK_TWICE(grouped_sums)

constexpr bool a_kernel_for_few_rows() {
    cx::forms::gemm_form const f{.most_rows = 31, .outer_multiple = 64, .inner_multiple = 128};
    return f.takes(launder(cx::count{4096}), 4096) && !f.takes(32, 4096) && !f.takes(4096, 64);
}
CHECK_TWICE(a_kernel_for_few_rows)

constexpr bool keys_before_a_window() {
    cx::forms::prefill_attention_form const f{.math_efficiency = 0.5, .masked = 0.25};
    cx::load<> const l{.sequences = 1, .tokens = 4096, .pairs = 128.0 * 4096, .context = 128};
    cx::forms::prefill_attention_form const narrow{.math_efficiency = 0.5};
    cx::load<> wider = l;
    wider.pairs += 0.25 * (2048.0 * 4096 - l.pairs);
    return near(f.seconds(hopper<>, l, shape, launder(2048.0 * 4096)), narrow.seconds(hopper<>, wider, shape)) && f.seconds(hopper<>, l, shape) == narrow.seconds(hopper<>, l, shape);
}
CHECK_TWICE(keys_before_a_window)

constexpr bool prefill_attention() {
    cx::forms::prefill_attention_form const f{.launch_us = 10, .math_efficiency = 0.5, .memory_efficiency = 0.5};
    return near(f.seconds(hopper<>, cx::moments<double>(cx::group{1, launder(cx::count{4096}), 0, cx::phase::prefill}), shape), 287.891e-6);
}
CHECK_TWICE(prefill_attention)

constexpr bool decode_attention() {
    cx::forms::decode_attention_form const f{.launch_us = 10, .memory_efficiency = 0.8};
    return near(f.seconds(hopper<>, cx::moments<double>(cx::group{launder(cx::count{8}), 1, 4095, cx::phase::decode}), shape), 44.987e-6);
}
CHECK_TWICE(decode_attention)

constexpr bool an_entry_is_read_with_its_error() {
    auto const f = cx::read<cx::forms::decode_attention_form>(
        R"({"arithmetic": "bf16", "cached": "fp8", "most_group": 32, "windowed": true, "launch_us": 8.5, "key_bend": 300, "memory_efficiency": 0.9,
            "math_efficiency": 0.5, "error": {"median": 0.07, "p90": 0.2, "bias": -0.01, "rows": 1200}})");
    return f && f->slice.cached == cx::dtype::fp8 && f->slice.windowed && f->slice.most_group == 32 && f->launch_us == 8.5 && f->error.median == 0.07 &&
           f->error.bias == -0.01 && f->error.rows == 1200 && !cx::read<cx::forms::gemm_form>(R"({"weights": "fp7", "inner_bend": 1, "row_tile": 64,
            "math_efficiency": 1, "memory_efficiency": 1})");
}
CHECK_TWICE(an_entry_is_read_with_its_error)

constexpr bool an_entry_of_experts_is_read() {
    auto const f = cx::read<cx::forms::moe_form>(
        R"({"weights": "w4a16_mxfp4", "kernel": "triton", "matrices": 0, "biased": 1, "least_ranks": 0, "most_ranks": 1, "most_tokens": 0, "launch_us": 26.5,
            "math_efficiency": 0.58, "memory_efficiency": 0.59, "sharpness": 1, "error": {"median": 0.1, "p90": 0.24, "bias": -0.02, "rows": 270}})");
    return f && f->weights == cx::dtype::w4a16_mxfp4 && f->biased == 1 && f->most_ranks == 1 && f->error.p90 == 0.24 && f->error.bias == -0.02;
}
CHECK_TWICE(an_entry_of_experts_is_read)

constexpr bool groups_of_query_heads() {
    cx::forms::attention_slice const usual{.least_group = 2, .most_group = 32};
    cx::forms::attention_slice const many{.least_group = 33};
    auto const of = [](cx::count heads) { return cx::attention_shape{.heads = launder(heads), .kv_heads = 2, .head_dim = 128, .v_head_dim = 128}; };
    return usual.takes(of(16), false) && !usual.takes(of(2), false) && !usual.takes(of(128), false) && many.takes(of(128), false) && !many.takes(of(64), false) &&
           !usual.takes(of(16), true);
}
CHECK_TWICE(groups_of_query_heads)

constexpr bool collective() {
    cx::forms::collective_form const f{.launch_us = 5, .device_us = 1, .link_efficiency = 0.75, .direct_efficiency = 0.75};
    cx::forms::collective_form summed = f;
    summed.summing_us = 10;
    summed.summing_efficiency = 1.5;
    return near(f.seconds(hopper<>, launder(7'340'032.0), 8), 34.748e-6) && near(summed.seconds(hopper<>, launder(7'340'032.0), 8), 33.874e-6) &&
           near(summed.seconds(hopper<>, launder(7'340'032.0), 7), f.seconds(hopper<>, 7'340'032.0, 7));
}
CHECK_TWICE(collective)

constexpr cx::load<> prompt() { return cx::moments<double>(cx::group{1, launder(cx::count{4096}), 0, cx::phase::prefill}); }
constexpr cx::load<> step() { return cx::moments<double>(cx::group{launder(cx::count{8}), 1, 4095, cx::phase::decode}); }

constexpr cx::forms::moe_form grouped{.launch_us = 20, .expert_us = 0.2, .tile_rows = 16, .math_efficiency = 0.5, .memory_efficiency = 0.8, .sharpness = 2};
constexpr bool experts() {
    cx::forms::moe_load<> const l{.tokens = launder(64.0), .choices = 512, .rows = 512, .active = 128};
    return near(grouped.seconds(hopper<>, l, 128, 4096, 1536, 3, cx::dtype::bf16), 1304.885e-6);
}
CHECK_TWICE(experts)

constexpr bool a_kernel_for_some_experts() {
    cx::forms::moe_form const f{.matrices = 3, .biased = 1, .least_ranks = 2, .most_ranks = 8};
    return f.takes(launder(cx::count{3}), true, 2) && !f.takes(2, true, 2) && !f.takes(3, false, 2) && !f.takes(3, true, 1) && !f.takes(3, true, 9) &&
           cx::forms::moe_form{}.takes(2, false, 64) && cx::forms::moe_form{.most_tokens = launder(cx::count{128})}.most(16) == 128 && f.most(16) == 0 &&
           cx::forms::moe_form{.most_tokens_per_expert = 1}.most(16) == 16 && cx::forms::moe_form{.most_tokens = 10, .most_tokens_per_expert = 1}.most(16) == 10;
}
CHECK_TWICE(a_kernel_for_some_experts)

constexpr bool latent_attention() {
    cx::forms::mla_prefill_form const p{.launch_us = 10, .math_efficiency = 0.5, .memory_efficiency = 0.5, .sharpness = 4};
    cx::forms::mla_decode_form const d{.launch_us = 10, .split_us = 8, .split_keys = 4096, .math_efficiency = 0.6, .memory_efficiency = 0.8};
    cx::forms::mla_bmm_form const b{.launch_us = 4, .math_efficiency = 0.5, .memory_efficiency = 0.8, .sharpness = 4};
    return near(p.seconds(hopper<>, prompt(), 128, 320), 1400.023e-6) && near(d.seconds(hopper<>, step(), 128, 512, 64), 30.1255e-6) &&
           near(b.seconds(hopper<>, launder(64.0), 128, 512, 128, cx::dtype::bf16), 11.1152e-6);
}
CHECK_TWICE(latent_attention)

constexpr bool sparse_attention() {
    cx::forms::sparse_form const f{.launch_us = 10, .math_efficiency = 0.5, .memory_efficiency = 0.5, .index_launch_us = 5, .index_chain_ns = 0.5,
                                   .index_efficiency = 0.3, .select_passes = 4};
    return near(f.attention_seconds(hopper<>, launder(8 * 2048.0), 8.0, 128, 1088, 576), 27.0889e-6) &&
           near(f.index_seconds(hopper<>, step(), 64, 128), 8.0616e-6);
}
CHECK_TWICE(sparse_attention)

constexpr bool recurrences_exchanges_and_passes() {
    cx::forms::recurrent_form const r{.launch_us = 20, .chain_ns = 30, .token_efficiency = 0.5, .state_efficiency = 0.5, .sharpness = 2};
    cx::forms::exchange_form const x{.element = cx::dtype::fp8, .launch_us = 40, .link_efficiency = 0.5};
    cx::forms::pass_form const p{.launch_us = 2, .memory_efficiency = 0.8};
    return near(r.seconds(hopper<>, prompt(), 90112, 8388608), 219.596e-6) && near(x.seconds(hopper<>, launder(128.0), 4.594727, 7168), 58.7363e-6) &&
           near(p.seconds(hopper<>, launder(50'331'648.0)), 15.1072e-6);
}
CHECK_TWICE(recurrences_exchanges_and_passes)

/// Every form in a number type of its own: a dual's slope and an interval around the value.
template <class T, class F>
constexpr T all_forms(F const& number) {
    auto const& d = hopper<T>;
    cx::load<T> const l{.sequences = number(4), .tokens = number(4096), .pairs = number(4096 * 700.0), .context = number(4096)};
    cx::forms::gemm_form const g{.launch_us = 4, .inner_ns = 1, .throttle = 0.2, .fill = 50, .wave = 0.3, .padding = 0.5, .exposed = 0.2, .row_tile = 256};
    return g.seconds(d, number(300), 4096, 4096) + cx::forms::prefill_attention_form{.key_ns = 4, .exposed = 0.2, .wave = 0.3}.seconds(d, l, shape) +
           cx::forms::decode_attention_form{
               .query_ns = 2, .issue_dims = 0.5, .key_ns = 4, .key_bend = 100, .key_dims = 0.5, .fade = 0.1, .ramp_us = 3, .issue_exposed = 0.3}
               .seconds(d, l, shape) +
           cx::forms::prefill_attention_form{}.seconds(d, cx::forms::encoder_load(number(4), number(4096), number(1024)), shape) +
           cx::forms::collective_form{.switch_us = 5}.seconds(d, number(1e6), 8) +
           grouped.seconds(d, {number(64), number(512), number(512), number(100)}, 128, 4096, 1536, 3, cx::dtype::bf16) +
           cx::forms::mla_prefill_form{.chain_ns = 4, .sharpness = 4}.seconds(d, l, 128, 320) +
           cx::forms::mla_decode_form{.split_us = 8, .split_keys = 4096, .sharpness = 2}.seconds(d, l, 128, 512, 64) +
           cx::forms::mla_bmm_form{.quantize_passes = 1, .sharpness = 2}.seconds(d, number(64), 128, 512, 128, cx::dtype::bf16) +
           cx::forms::sparse_form{.token_ns = 2}.attention_seconds(d, number(1e6), number(4096), 128, 1088, 576) +
           cx::forms::sparse_form{.select_passes = 4}.index_seconds(d, l, 64, 128) +
           cx::forms::recurrent_form{.chain_ns = 30, .tile_tokens = 64, .sharpness = 2}.seconds(d, l, 90112, 8388608) +
           cx::forms::exchange_form{.launch_us = 40}.seconds(d, number(128), 4.5, 7168) + cx::forms::pass_form{.sharpness = 4}.seconds(d, number(1e6));
}
constexpr bool other_number_types() {
    double const value = all_forms<double>([](double x) { return launder(x); });
    auto const slope = all_forms<cx::dual<1>>([](double x) { return cx::dual<1>::variable(launder(x), 0, x); });
    auto const around = all_forms<cx::interval>([](double x) { return cx::interval(launder(x) * 0.999, x * 1.001); });
    return slope.value == value && slope.slope[0] > 0 && around.contains(value) && around.high < 1.1 * value && around.low > 0.9 * value;
}
CHECK_TWICE(other_number_types)

using row = std::map<std::string, std::string>;

std::vector<row> points(std::string const& op) {
    char const* const source = std::getenv("COSTEXPR_SOURCE");
    EXPECT_NE(source, nullptr) << "COSTEXPR_SOURCE is the folder of the project";
    std::ifstream file(std::string(source != nullptr ? source : ".") + "/tests/data/calibrated_points." + op + ".csv");
    auto const cells = [](std::string const& line) {
        std::vector<std::string> out;
        std::istringstream in(line + ",");
        for (std::string cell; std::getline(in, cell, ',');) out.push_back(cell);
        return out;
    };
    std::string line;
    std::getline(file, line);
    auto const names = cells(line);
    std::vector<row> out;
    while (std::getline(file, line)) {
        auto const values = cells(line);
        row r;
        for (std::size_t i = 0; i != names.size(); ++i) r[names[i]] = values.at(i);
        out.push_back(r);
    }
    return out;
}

double number(row const& r, std::string const& name) { return std::strtod(r.at(name).c_str(), nullptr); }

/// Reads the form of each point from its columns, as from a file of constants, and compares f(form, rates, row) with the twin's seconds.
template <class Form, class F>
void compare(std::string const& op, F const& f) {
    auto const all = points(op);
    EXPECT_GE(all.size(), 10u) << op;
    for (row const& r : all) {
        std::string json = "{";
        for (auto const& [name, value] : r) {
            char* end = nullptr;
            std::strtod(value.c_str(), &end);
            bool const bare = !value.empty() && (*end == '\0' || value == "true" || value == "false");
            json += (json.size() > 1 ? ",\"" : "\"") + name + "\":" + (bare ? value : '"' + value + '"');
        }
        auto const form = cx::read<Form>(json + "}");
        ASSERT_TRUE(form) << json;
        auto const reciprocal = [&](char const* name) { return number(r, name) > 0 ? 1 / number(r, name) : 0.0; };
        cx::forms::device_rates<> const d{.seconds_per_flop = {reciprocal("fp32"), reciprocal("bf16"), reciprocal("int8"), reciprocal("fp8"), reciprocal("fp4")},
                                          .seconds_per_byte = reciprocal("memory"),
                                          .seconds_per_node_byte = reciprocal("node"),
                                          .multiprocessors = number(r, "multiprocessors")};
        double const expected = number(r, "seconds");
        EXPECT_NEAR(f(*form, d, r) / expected, 1, 1e-12) << json;
    }
}

cx::load<> load_of(row const& r) {
    return {.sequences = number(r, "sequences"), .tokens = number(r, "tokens"), .pairs = number(r, "pairs"), .context = number(r, "context")};
}
cx::attention_shape shape_of(cx::forms::attention_slice const& s, row const& r) {
    auto const integer = [&](char const* name) { return static_cast<cx::count>(number(r, name)); };
    return {.heads = integer("heads"), .kv_heads = integer("kv_heads"), .head_dim = integer("dim"), .v_head_dim = integer("dim"), .arithmetic = s.arithmetic, .cached = s.cached};
}

TEST(twins, gemm) {
    compare<cx::forms::gemm_form>(
        "gemm", [](auto const& f, auto const& d, row const& r) { return f.seconds(d, number(r, "rows"), number(r, "outer"), number(r, "inner")); });
}
TEST(twins, attention) {
    auto const price = [](auto const& f, auto const& d, row const& r) { return f.seconds(d, load_of(r), shape_of(f.slice, r), number(r, "causal")); };
    compare<cx::forms::prefill_attention_form>("prefill_attention", price);
    compare<cx::forms::decode_attention_form>(
        "decode_attention", [](auto const& f, auto const& d, row const& r) { return f.seconds(d, load_of(r), shape_of(f.slice, r), number(r, "whole")); });
    compare<cx::forms::encoder_attention_form>("encoder_attention", price);
}
TEST(twins, collectives) {
    auto const price = [](auto const& f, auto const& d, row const& r) {
        double const n = number(r, "devices");
        return f.seconds(d, (f.pattern == "all_reduce" ? 2.0 : 1.0) * (n - 1) / n * number(r, "bytes"), n);
    };
    compare<cx::forms::collective_form>("all_reduce", price);
    compare<cx::forms::collective_form>("collectives", price);
}

TEST(twins, experts) {
    compare<cx::forms::moe_form>("moe", [](auto const& f, auto const& d, row const& r) {
        cx::forms::moe_load<> const l{.tokens = number(r, "tokens"), .choices = number(r, "choices"), .rows = number(r, "rows"), .active = number(r, "active")};
        return f.seconds(d, l, number(r, "local"), number(r, "hidden"), number(r, "inner"), number(r, "projections"), f.weights);
    });
    compare<cx::forms::exchange_form>("moe_exchange", [](auto const& f, auto const& d, row const& r) {
        return f.seconds(d, number(r, "tokens"), number(r, "copies"), number(r, "hidden"));
    });
}
TEST(twins, latent_attention) {
    compare<cx::forms::mla_prefill_form>("mla_prefill", [](auto const& f, auto const& d, row const& r) {
        return f.seconds(d, load_of(r), number(r, "heads"), number(r, "expanded"));
    });
    compare<cx::forms::mla_decode_form>("mla_decode", [](auto const& f, auto const& d, row const& r) {
        return f.seconds(d, load_of(r), number(r, "heads"), number(r, "latent"), number(r, "rope"));
    });
    compare<cx::forms::mla_bmm_form>("mla_bmm", [](auto const& f, auto const& d, row const& r) {
        return f.seconds(d, number(r, "rows"), number(r, "heads"), number(r, "outer"), number(r, "inner"), f.weights);
    });
}
TEST(twins, sparse_attention) {
    auto const price = [](auto const& f, auto const& d, row const& r) {
        double const attention = f.attention_seconds(d, number(r, "pairs"), number(r, "tokens"), number(r, "heads"), number(r, "products"), number(r, "key_elements"));
        if (number(r, "index_heads") == 0) return std::max(1e-6 * f.host_us, attention);
        cx::load<> l = load_of(r);
        l.pairs = number(r, "index_pairs");
        return std::max(1e-6 * (f.host_us + f.index_host_us), attention + f.index_seconds(d, l, number(r, "index_heads"), number(r, "index_dim")));
    };
    for (char const* op : {"dsa_prefill", "dsa_decode", "compressed_prefill", "compressed_decode", "msa_prefill", "msa_decode"})
        compare<cx::forms::sparse_form>(op, price);
}
TEST(twins, recurrences) {
    auto const price = [](auto const& f, auto const& d, row const& r) {
        cx::load<> const l{.sequences = number(r, "sequences"), .tokens = number(r, "tokens")};
        return f.seconds(d, l, number(r, "token_bytes"), number(r, "state_bytes"));
    };
    for (char const* op : {"gated_delta", "kda", "mamba2"}) compare<cx::forms::recurrent_form>(op, price);
}
TEST(twins, passes) {
    auto const price = [](auto const& f, auto const& d, row const& r) { return f.seconds(d, number(r, "bytes")); };
    for (char const* op : {"elementwise", "hyper_connections"}) compare<cx::forms::pass_form>(op, price);
}

}  // namespace
