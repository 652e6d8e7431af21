// SPDX-License-Identifier: BSL-1.0
// Calibrated pricing: constants are read whole or refused with every reason, ops find their forms, what has no fit borrows one and says so.
#include "check.hpp"

#include <costexpr/calibrated.hpp>
#include <costexpr/costexpr.hpp>

#include <string>

namespace {

namespace cx = costexpr;

// Round constants, so that figures can be worked by hand.
constexpr std::string_view text = R"({
  "system": "h200_sxm", "framework": "vllm", "multiprocessors": 132,
  "typical": { "compute": 0.5, "memory": 0.5, "wire": 0.5, "launch_us": 4, "pass_us": 2 },
  "gemm": [
    {"weights": "bf16", "launch_us": 3, "inner_bend": 1, "math_efficiency": 1, "memory_efficiency": 0.5, "row_tile": 128, "error": {"median": 0.06745, "p90": 0.2, "bias": -0.01, "rows": 100}},
    {"weights": "int4_wo", "launch_us": 5, "inner_bend": 1, "math_efficiency": 1, "memory_efficiency": 0.5, "row_tile": 128}
  ],
  "decode_attention": [
    {"arithmetic": "bf16", "cached": "bf16", "launch_us": 7, "key_bend": 1, "memory_efficiency": 0.5, "math_efficiency": 1}
  ]
})";
constexpr cx::system_spec h200 = cx::system<"h200_sxm">;
constexpr double bytes_per_second = 4.8e12;

constexpr bool near(double a, double b) { return a > b * (1 - 1e-9) && a < b * (1 + 1e-9); }

constexpr bool constants_are_read() {
    auto const c = cx::read_calibration(text);
    return c && c->system.view() == "h200_sxm" && c->multiprocessors == 132 && c->typical.pass_us == 2 && c->gemm.size() == 2 && c->gemm[1].weights == cx::dtype::int4_wo &&
           c->gemm[0].error.bias == -0.01 && c->gemm[0].error.rows == 100 && c->decode_attention.size() == 1 && c->moe.empty();
}
CHECK_TWICE(constants_are_read);

/// Seconds of one op on so many decoded tokens of as many sequences, each with that context.
template <class O>
constexpr cx::calibrated<>::timing timing_of(cx::calibrated<> const& price, O const& o, cx::count sequences, cx::count past) {
    cx::group const one[] = {{.sequences = sequences, .new_tokens = 1, .past_tokens = past, .phase = cx::phase::decode}};
    cx::measured_step<double, cx::count> const s{cx::step(one)};
    cx::calibrated<>::timing t{};
    cx::for_each_kernel(o, s, [&](cx::work<double> const& w, cx::load<double> const& l, cx::phase p) { t = price.timing_of(o, w, l, p); });
    return t;
}

constexpr bool ops_find_their_forms() {
    auto const c = cx::read_calibration(text);
    cx::calibrated<> const price(h200, *c);
    // one row of 4096 x 4096 in bf16: 3 us, and 33,554,432 + 8,192 + 8,192 bytes at half the bandwidth
    auto const linear = timing_of(price, cx::gemm{.outer = 4096, .inner = 4096}, launder(cx::count{1}), 0);
    bool good = near(linear.seconds, 3e-6 + 33570816 / (0.5 * bytes_per_second)) && linear.error == &c->gemm[0].error && linear.founded == cx::provenance::calibrated;
    // 8 sequences at 4,096 keys: 7 us, keys and values of 8 heads of 128, queries and outputs of 32
    auto const kernel = timing_of(price, cx::attention{{.heads = 32, .kv_heads = 8, .head_dim = 128, .v_head_dim = 128}}, 8, 4095);
    good = good && near(kernel.seconds, 7e-6 + (8.0 * 4096 * 4096 + 8.0 * 16384) / (0.5 * bytes_per_second)) && kernel.founded == cx::provenance::calibrated;
    // an element-wise pass of 1,024 bytes: 2 us
    auto const pass = timing_of(price, cx::elementwise{.bytes_per_token = 1024}, 1, 0);
    good = good && near(pass.seconds, 2e-6 + 1024 / (0.5 * bytes_per_second)) && pass.error == nullptr;
    return good;
}
CHECK_TWICE(ops_find_their_forms);

constexpr bool a_dtype_without_a_fit_borrows_the_closest() {
    auto const c = cx::read_calibration(text);
    cx::calibrated<> const price(h200, *c);
    // groups of 32 with 16-bit scales are closest to int4: its 5 us, the bytes of its own width
    auto const grouped = timing_of(price, cx::gemm{.outer = 4096, .inner = 4096, .weights = cx::dtype::int4_wo_g32}, launder(cx::count{1}), 0);
    double const weights = 4096.0 * 4096 * cx::weight_width(cx::dtype::int4_wo_g32);
    bool good = grouped.founded == cx::provenance::extrapolated && grouped.error == &c->gemm[1].error && near(grouped.seconds, 5e-6 + (weights + 16384) / (0.5 * bytes_per_second));
    // a window has no fit of its own: the form for the whole context, on the keys of the window
    cx::windowed_attention const window{{.heads = 32, .kv_heads = 8, .head_dim = 128, .v_head_dim = 128}, 128};
    auto const cut = timing_of(price, window, 8, 4095);
    good = good && cut.founded == cx::provenance::extrapolated && near(cut.seconds, 7e-6 + (8.0 * 128 * 4096 + 8.0 * 16384) / (0.5 * bytes_per_second));
    // experts have no form here: typical efficiencies
    cx::experts const mixture{.local = 8, .top_k = 2, .all = 8, .hidden = 4096, .inner = 14336};
    return good && timing_of(price, mixture, 1, 0).founded == cx::provenance::extrapolated;
}
CHECK_TWICE(a_dtype_without_a_fit_borrows_the_closest);

constexpr bool errors_of_a_slice_add_and_those_of_others_do_not() {
    auto const c = cx::read_calibration(text);
    cx::calibrated<> const price(h200, *c);
    auto const m = cx::model<"Qwen/Qwen3-0.6B">;
    cx::deployment const x{};
    cx::group const one[] = {{.sequences = launder(cx::count{1}), .new_tokens = 1, .past_tokens = 100, .phase = cx::phase::decode}};
    auto const u = cx::uncertainty(m.plain(), x, cx::step(one), price, {.composition = 0, .typical_error = 0});
    double const all = cx::seconds(m.plain(), x, cx::step(one), price);
    // linear layers, all of one slice with a standard error of 0.1: less than a tenth in all, more than what they would have were they apart
    return near(u.seconds, all) && u.relative < 0.1 && u.relative > 0.03 && u.unfitted == 0 && u.factor(1) > 1;
}
CHECK_TWICE(errors_of_a_slice_add_and_those_of_others_do_not);

constexpr bool frameworks_decide_what_is_left_open() {
    cx::framework_profile f{};
    f.kv_follows_weights = true;
    f.mxfp4_experts = cx::short_string("w4a8_mxfp4_mxfp8");
    cx::precision p{.weights = launder(cx::dtype::nvfp4), .experts = cx::dtype::w4a16_mxfp4};
    cx::run_as(p, f, cx::system<"b200_sxm">.device);
    bool good = p.kv_cache == cx::dtype::fp8 && p.attention == cx::dtype::fp8 && p.experts == cx::dtype::w4a8_mxfp4_mxfp8 && p.weights == cx::dtype::nvfp4;
    // no fp4 on Hopper: the weights are unpacked to bf16
    cx::precision q{.weights = cx::dtype::nvfp4, .experts = cx::dtype::w4a16_mxfp4};
    cx::run_as(q, f, h200.device, {.kv_cache = false, .attention = false});
    good = good && q.weights == cx::dtype::nvfp4_wo && q.experts == cx::dtype::w4a16_mxfp4 && q.kv_cache == cx::dtype::bf16;
    return good;
}
CHECK_TWICE(frameworks_decide_what_is_left_open);

constexpr bool nobody_quantizes_a_checkpoint_again() {
    cx::precision const mxfp4{.weights = cx::dtype::bf16, .experts = cx::dtype::w4a16_mxfp4};
    cx::precision fp4{.weights = launder(cx::dtype::nvfp4), .experts = cx::dtype::nvfp4};
    cx::as_stored(fp4, mxfp4);
    cx::precision const blocks{.weights = cx::dtype::fp8_block, .experts = cx::dtype::fp8_block};
    cx::precision fp8{.weights = cx::dtype::fp8, .experts = cx::dtype::fp8};
    cx::as_stored(fp8, blocks);
    cx::precision other{.weights = cx::dtype::nvfp4, .experts = cx::dtype::nvfp4};
    cx::as_stored(other, blocks);
    return fp4.weights == cx::dtype::bf16 && fp4.experts == cx::dtype::w4a16_mxfp4 && fp8.weights == cx::dtype::fp8_block && fp8.experts == cx::dtype::fp8_block &&
           other.weights == cx::dtype::nvfp4 && other.experts == cx::dtype::nvfp4;
}
CHECK_TWICE(nobody_quantizes_a_checkpoint_again);

constexpr bool fused_quantization_costs_no_launch() {
    auto c = cx::read_calibration(R"({"system": "x", "gemm": [
        {"weights": "bf16", "launch_us": 2, "inner_bend": 1, "math_efficiency": 1, "memory_efficiency": 1, "row_tile": 128},
        {"weights": "fp8", "launch_us": 12, "quantize_passes": 1, "inner_bend": 1, "math_efficiency": 1, "memory_efficiency": 1, "row_tile": 128}]})");
    cx::framework_profile f{};
    f.fuses_quantization = true;
    f.hidden_us = launder(0.5);
    cx::run_as(*c, f);
    return c->gemm[0].launch_us == 1.5 && c->gemm[1].launch_us == 1.5 && c->gemm[1].quantize_passes == 0;
}
CHECK_TWICE(fused_quantization_costs_no_launch);

TEST(calibration, all_that_is_wrong_with_constants_is_said_at_once) {
    std::string const bad = R"({
  "system": "h200_sxm",
  "gemm": [{"weights": "fp9", "inner_bend": 1, "math_efficiency": 0, "memory_efficiency": 1, "row_tile": 128}],
  "moe": 3
})";
    auto const c = cx::read_calibration(bad);
    ASSERT_FALSE(c);
    std::string all;
    for (cx::problem const& p : c.error()) {
        cx::diagnosis const d = cx::describe(p, bad);
        all += std::to_string(d.at.line) + ":" + std::to_string(d.at.column) + " " + std::string(d.message.view()) + "\n";
    }
    EXPECT_NE(all.find("3:24 \"weights\""), std::string::npos) << all;
    EXPECT_NE(all.find("math_efficiency"), std::string::npos) << all;
    EXPECT_NE(all.find("4:10 \"moe\""), std::string::npos) << all;
    for (std::string_view broken : {"", "[]", "{\"gemm\": [{]}", "{\"system\": 1}"}) EXPECT_FALSE(cx::read_calibration(broken)) << broken;
}

TEST(calibration, every_embedded_file_is_read_whole) {
    ASSERT_GT(cx::embedded::calibration_count, 0u);
    for (std::size_t i = 0; i != cx::embedded::calibration_count; ++i) {
        cx::embedded::entry const& e = cx::embedded::calibrations[i];
        auto const c = cx::read_calibration(e.config());
        ASSERT_TRUE(c) << e.name;
        std::string const name = std::string(c->system.view()) + "." + std::string(c->framework.view());
        EXPECT_EQ(name, e.name);
        EXPECT_GT(c->multiprocessors, 0) << e.name;
        EXPECT_EQ(cx::calibration_text(c->system.view(), c->framework.view()), e.config());
    }
    EXPECT_TRUE(cx::calibration_text("h200_sxm", "nothing").empty());
    for (std::size_t i = 0; i != cx::embedded::framework_count; ++i) {
        auto const f = cx::read_framework(cx::embedded::frameworks[i].config());
        ASSERT_TRUE(f) << cx::embedded::frameworks[i].name;
        EXPECT_EQ(f->name.view(), cx::embedded::frameworks[i].name);
    }
}

// What was not measured is found down a ladder: here, under another framework, on another device of the generation, typical efficiencies. Each step
// widens the band.
TEST(calibration, each_step_down_the_ladder_is_told) {
    cx::attention const dense{{.heads = 32, .kv_heads = 8, .head_dim = 128, .v_head_dim = 128}};
    auto const priced = [&](cx::system_spec const& s, char const* framework, auto const& o) {
        auto const c = cx::calibration_of(s, framework);
        EXPECT_TRUE(c);
        auto const t = timing_of(cx::calibrated<>(s, *c), o, 8, 4095);
        return std::pair(t.steps, t.founded);
    };
    using enum cx::provenance;
    cx::experts const mixture{.local = 8, .top_k = 2, .all = 8, .hidden = 4096, .inner = 14336};
    EXPECT_EQ(priced(h200, "trtllm", dense), std::pair(cx::count{0}, calibrated));
    // Mamba-2's convolution was measured under one framework
    cx::convolution const short_one{.channels = 8192, .kernel = 4};
    EXPECT_EQ(priced(h200, "trtllm", short_one), std::pair(cx::count{0}, calibrated));
    EXPECT_EQ(priced(cx::system<"h100_pcie">, "trtllm", dense), std::pair(cx::count{2}, extrapolated));
    EXPECT_EQ(priced(cx::system<"h100_pcie">, "trtllm", cx::gemm{.outer = 4096, .inner = 4096, .weights = cx::dtype::int4_wo}).first, 3);
    auto const text_alone = *cx::read_calibration(text);
    EXPECT_EQ(timing_of(cx::calibrated<>(h200, text_alone), mixture, 1, 0).founded, extrapolated);

    cx::calibration near = text_alone;
    for (auto& f : near.gemm) f.error.steps = 2;
    auto const graph = cx::lower(*cx::read_model(cx::embedded::models[0].config()), cx::deployment{});
    ASSERT_TRUE(graph);
    cx::group const one[] = {{.sequences = 64, .past_tokens = 1000}};
    auto const band = [&](cx::calibration const& c) { return cx::uncertainty(*graph, cx::deployment{}, cx::step(one), cx::calibrated<>(h200, c)).relative; };
    EXPECT_GT(band(near), band(text_alone));
}

// Every embedded model has a price on every system with constants, in prefill and in decode, near its roofline: never below nine tenths of
// it, for the forms allow efficiencies up to 1.05, and never beyond fifty times it.
TEST(calibration, every_model_has_a_price) {
    for (std::size_t i = 0; i != cx::embedded::calibration_count; ++i) {
        auto const c = cx::read_calibration(cx::embedded::calibrations[i].config());
        ASSERT_TRUE(c);
        cx::system_spec spec{};
        for (std::size_t j = 0; j != cx::embedded::system_count; ++j)
            if (cx::embedded::systems[j].name == c->system.view()) spec = *cx::read_system(cx::embedded::systems[j].config());
        cx::calibrated<> const price(spec, *c);
        cx::roofline<> const limits(spec);
        for (std::size_t j = 0; j < cx::embedded::model_count; j += 7) {
            auto const m = cx::read_model(cx::embedded::models[j].config(), cx::embedded::models[j].hf_quant_config());
            ASSERT_TRUE(m);
            auto const graph = cx::lower(*m, cx::deployment{});  // bf16, which every device has
            ASSERT_TRUE(graph);
            for (cx::group const g : {cx::group{1, 2048, 0, cx::phase::prefill}, cx::group{64, 1, 8000, cx::phase::decode}}) {
                cx::group const one[] = {g};
                double const t = cx::seconds(*graph, cx::step(one), price);
                double const least = cx::seconds(*graph, cx::step(one), limits);
                if (!cx::is_priced(least)) continue;  // an indexer in fp8, which this device lacks
                EXPECT_GT(t, 0.9 * least) << cx::embedded::models[j].name << " " << cx::embedded::calibrations[i].name;
                EXPECT_LT(t, 50 * least) << cx::embedded::models[j].name << " " << cx::embedded::calibrations[i].name;
            }
        }
    }
}

}  // namespace
