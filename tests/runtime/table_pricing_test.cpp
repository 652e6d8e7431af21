// SPDX-License-Identifier: BSL-1.0

// Table pricing: a user's measured times, interpolated; and the reader of CSV and JSON that they come from.

#include <costexpr/costexpr.hpp>
#include <costexpr/cost/table.hpp>

#include <check.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cx = costexpr;
using cx::count;
using cx::provenance;

namespace {

constexpr auto& h200 = cx::system<"h200_sxm">;

// all figures are invented
constexpr std::string_view csv = R"(# a comment
op, dtype, shape, milliseconds, kernel
gemm,bf16,m=16 n=4096 k=4096,0.02,"a, ""quoted"" name"
gemm,bf16,m=32 n=4096 k=4096,0.03,
gemm,fp8,k=4096 n=4096 m=16,0.012,

decode_attention,bf16,heads=32 kv_heads=8 head_dim=128 batch=8 context=1024,0.010,x
decode_attention,bf16,heads=32 kv_heads=8 head_dim=128 batch=8 context=3072,0.020,x
decode_attention,bf16,heads=32 kv_heads=8 head_dim=128 batch=16 context=1024,0.016,x
decode_attention,bf16,heads=32 kv_heads=8 head_dim=128 batch=8 context=1024 cache=fp8,0.007,x
"prefill_attention","bf16","heads=16 kv_heads=16 head_dim=128 new=1000 batch=1",0.05,x
prefill_attention,bf16,heads=32 kv_heads=32 head_dim=128 new=1000 batch=1,0.09,x
all_reduce,bf16,devices=8 bytes=1048576,0.02,x
point_to_point,bf16,devices=4 bytes=1048576,0.01,x
)";
constexpr std::string_view json = R"({"device": "a toy", "points": [
  {"op": "gemm", "dtype": "bf16", "m": 16, "n": 4096, "k": 4096, "milliseconds": 0.02},
  {"milliseconds": 0.03, "m": 32, "n": 4096, "k": 4096, "dtype": "bf16", "op": "gemm"},
  {"op": "gemm", "dtype": "fp8", "m": 16, "n": 4096, "k": 4096, "milliseconds": 0.012},
  {"op": "decode_attention", "dtype": "bf16", "heads": 32, "kv_heads": 8, "head_dim": 128, "batch": 8, "context": 1024, "milliseconds": 0.01},
  {"op": "decode_attention", "dtype": "bf16", "heads": 32, "kv_heads": 8, "head_dim": 128, "batch": 8, "context": 3072, "milliseconds": 0.02},
  {"op": "decode_attention", "dtype": "bf16", "heads": 32, "kv_heads": 8, "head_dim": 128, "batch": 16, "context": 1024, "milliseconds": 0.016},
  {"op": "decode_attention", "dtype": "bf16", "heads": 32, "kv_heads": 8, "head_dim": 128, "batch": 8, "context": 1024, "cache": "fp8", "milliseconds": 0.007},
  {"op": "prefill_attention", "dtype": "bf16", "heads": 16, "kv_heads": 16, "head_dim": 128, "new": 1e3, "batch": 1, "milliseconds": 0.05},
  {"op": "prefill_attention", "dtype": "bf16", "heads": 32, "kv_heads": 32, "head_dim": 128, "new": 1000, "batch": 1, "milliseconds": 0.09},
  {"op": "all_reduce", "dtype": "bf16", "devices": 8, "bytes": 1048576, "milliseconds": 0.02},
  {"op": "point_to_point", "dtype": "bf16", "devices": 4, "span": 4, "bytes": 1048576, "milliseconds": 0.01}]})";

constexpr auto stored = cx::read_points<16>(csv);
static_assert(stored.has_value());
constexpr cx::table_pricing price(h200, *stored, cx::roofline<>(h200));
constexpr cx::roofline_with_latency<> limit(h200);
static_assert(cx::pricing<cx::table_pricing<cx::roofline<>>>);
static_assert(cx::pricing<cx::table_pricing<cx::roofline<cx::dual<2>>>>);

constexpr bool near(double a, double b, double tolerance = 1e-12) { return a > b * (1 - tolerance) && a < b * (1 + tolerance); }

/// What one op costs in a step that is a single kernel for it.
template <class O, class Price>
constexpr auto timed(O const& o, Price const& by, cx::group const& g, count ranks = 1) {
    cx::group const groups[] = {g};
    cx::measured_step<double, count> const s{cx::step(groups), ranks};
    typename Price::timing t{};
    cx::for_each_kernel(o, s, [&](cx::work<double> const& w, cx::load<double> const& l, cx::phase p) { t = by.timing_of(o, w, l, p); });
    return t;
}
/// What its time beyond the points is in proportion to.
template <class O>
constexpr double limited(O const& o, cx::group const& g) {
    cx::group const groups[] = {g};
    return price.launch_seconds + cx::seconds(o, cx::measured_step<double, count>{cx::step(groups)}, limit);
}
constexpr cx::group decode(count sequences, count past = 0) { return {.sequences = sequences, .past_tokens = past}; }
constexpr cx::group prompt(count tokens, count sequences = 1, count past = 0) { return {sequences, tokens, past, cx::phase::prefill}; }

constexpr bool points_are_hit_and_blended() {
    cx::gemm const o{launder(count{4096}), 4096};
    auto const hit = timed(o, price, decode(16));
    auto const between = timed(o, price, decode(24));
    auto const as_prompt = timed(o, price, prompt(24));
    auto const fp8 = timed(cx::gemm{4096, 4096, cx::dtype::fp8}, price, decode(16));
    auto const as_logits = timed(cx::logits{o}, price, prompt(7, 24));
    return hit.seconds == 0.02e-3 && hit.founded == provenance::measured && near(between.seconds, 0.025e-3) && between.founded == provenance::measured && as_prompt.seconds == between.seconds &&
           fp8.seconds == 0.012e-3 && as_logits.seconds == between.seconds && timed(o, price, decode(32)).seconds == 0.03e-3;
}
CHECK_TWICE(points_are_hit_and_blended);

constexpr bool utilisation_is_held_at_the_edges() {
    cx::gemm const o{launder(count{4096}), 4096};
    auto const above = timed(o, price, prompt(4096));
    auto const below = timed(o, price, decode(1));
    auto const message = timed(cx::collective{.width = 4096, .devices = 8}, price, prompt(512));
    return near(above.seconds, 0.03e-3 * limited(o, prompt(4096)) / limited(o, prompt(32))) && above.founded == provenance::extrapolated &&
           near(below.seconds, 0.02e-3 * limited(o, decode(1)) / limited(o, decode(16))) && below.founded == provenance::extrapolated &&
           near(message.seconds, 0.02e-3 * limited(cx::collective{.width = 4096, .devices = 8}, prompt(512)) / limited(cx::collective{.width = 4096, .devices = 8}, prompt(128)));
}
CHECK_TWICE(utilisation_is_held_at_the_edges);

constexpr bool what_is_not_measured_falls_back() {
    cx::roofline<> const other(h200);
    cx::gemm const o{launder(count{4096}), 2048};
    auto const t = timed(o, price, decode(16));
    cx::group const g[] = {decode(16)};
    cx::measured_step<double, count> const s{cx::step(g)};
    auto const wide = timed(cx::gemm{4096, 4096, cx::dtype::int4_wo}, price, decode(16));
    auto const chunked = timed(cx::windowed_attention{.shape = {32, 8, 128, 128}, .window = 8192, .chunked = true}, price, decode(8, 1023));
    return t.seconds == cx::seconds(o, s, other) && t.founded == provenance::specification && wide.founded == provenance::specification && chunked.founded == provenance::specification;
}
CHECK_TWICE(what_is_not_measured_falls_back);

/// A fallback whose answers say themselves what they are founded on, and that knows its load.
struct own_pricing {
    using number = double;
    static constexpr provenance founded = provenance::inferred;
    struct timing {
        double seconds;
        provenance founded;
    };
    constexpr timing timing_of(auto const&, cx::work<double> const&, cx::load<double> const& l, cx::phase) const { return {l.tokens, provenance::calibrated}; }
    constexpr double operator()(auto const& o, cx::work<double> const& w, cx::load<double> const& l, cx::phase p) const { return timing_of(o, w, l, p).seconds; }
    constexpr double operator()(auto const&, cx::work<double> const&) const { return 1; }
    constexpr cx::bound bound_of(cx::work<double> const&) const { return cx::bound::latency; }
};
constexpr bool the_fallback_keeps_its_provenance() {
    cx::table_pricing const both(h200, *stored, own_pricing{});
    auto const t = timed(cx::gemm{launder(count{64}), 64}, both, decode(5));
    static_assert(decltype(both)::founded == provenance::inferred);
    static_assert(decltype(price)::founded == provenance::extrapolated);
    return t.seconds == 5 && t.founded == provenance::calibrated && timed(cx::gemm{4096, 4096}, both, decode(16)).founded == provenance::measured && both.bound_of({}) == cx::bound::latency;
}
CHECK_TWICE(the_fallback_keeps_its_provenance);

constexpr bool grids_are_ragged() {
    cx::attention const o{.shape = {.heads = 32, .kv_heads = 8, .head_dim = 128, .v_head_dim = 128}};
    auto const on_curve = timed(o, price, decode(8, launder(count{2047})));      // context 2048
    auto const between = timed(o, price, decode(12, 1023));                      // both batches have context 1024
    auto const one_side = timed(o, price, decode(12, 2047));                     // batch 16 ends at context 1024
    auto const corner = timed(o, price, decode(64, 8191));
    cx::attention fp8 = o;
    fp8.shape.cached = cx::dtype::fp8;
    return near(on_curve.seconds, 0.015e-3) && on_curve.founded == provenance::measured && near(between.seconds, 0.013e-3) && between.founded == provenance::measured &&
           near(one_side.seconds, 0.015e-3 * limited(o, decode(12, 2047)) / limited(o, decode(8, 2047))) && one_side.founded == provenance::extrapolated &&
           near(corner.seconds, 0.016e-3 * limited(o, decode(64, 8191)) / limited(o, decode(16, 1023))) && corner.founded == provenance::extrapolated &&
           timed(fp8, price, decode(8, 1023)).seconds == 0.007e-3;
}
CHECK_TWICE(grids_are_ragged);

constexpr bool neighbours_that_reach_further_are_asked() {
    // batch 16 was not measured beyond context 1024, batches 8 and 32 were
    auto const point = [](count batch, count context, double seconds) {
        return cx::table_point{.op = cx::measured_op::decode_attention, .key = {8, 128, 0, 0, static_cast<count>(cx::dtype::bf16)}, .axes = {32, 1, batch, context}, .seconds = seconds};
    };
    std::array own{point(8, 1024, 1e-5), point(8, 4096, 4e-5), point(16, 1024, 2e-5), point(32, 1024, 4e-5), point(32, 4096, 16e-5)};
    cx::table_pricing const mine(h200, cx::measured_points(own), cx::roofline<>(h200));
    cx::attention const o{.shape = {.heads = 32, .kv_heads = 8, .head_dim = 128, .v_head_dim = 128}};
    auto const t = timed(o, mine, decode(launder(count{16}), 4095));
    return near(t.seconds, 8e-5) && t.founded == provenance::measured && timed(o, mine, decode(16, 1023)).seconds == 2e-5 && timed(o, mine, decode(16, 8191)).founded == provenance::extrapolated;
}
CHECK_TWICE(neighbours_that_reach_further_are_asked);

constexpr bool multi_head_attention_is_one_curve_over_heads() {
    auto const of = [](count heads) { return cx::attention{.shape = {.heads = heads, .kv_heads = heads, .head_dim = 128, .v_head_dim = 128}}; };
    auto const between = timed(of(launder(count{24})), price, prompt(1000));
    auto const beyond = timed(of(64), price, prompt(1000));
    return near(between.seconds, 0.07e-3) && between.founded == provenance::measured && near(beyond.seconds, 0.09e-3 * limited(of(64), prompt(1000)) / limited(of(32), prompt(1000))) &&
           timed(of(16), price, prompt(1000)).seconds == 0.05e-3;
}
CHECK_TWICE(multi_head_attention_is_one_curve_over_heads);

constexpr bool uneven_prompts_are_priced_by_their_work() {
    cx::attention const o{.shape = {.heads = 32, .kv_heads = 32, .head_dim = 128, .v_head_dim = 128}};
    auto const step_of = [&](count a, count b) {
        cx::group const groups[] = {prompt(a), prompt(b)};
        cx::measured_step<double, count> const s{cx::step(groups)};
        cx::table_pricing<cx::roofline<>>::timing t{};
        cx::for_each_kernel(o, s, [&](cx::work<double> const& w, cx::load<double> const& l, cx::phase p) { t = price.timing_of(o, w, l, p); });
        return t;
    };
    auto const even = step_of(launder(count{1000}), 1000);
    auto const uneven = step_of(1900, 100);
    cx::group const groups[] = {prompt(1900), prompt(100)};
    double const both = price.launch_seconds + cx::seconds(o, cx::measured_step<double, count>{cx::step(groups)}, limit);
    return near(even.seconds, 0.09e-3 * limited(o, prompt(1000, 2)) / limited(o, prompt(1000))) && near(uneven.seconds, 0.09e-3 * both / limited(o, prompt(1000))) &&
           uneven.seconds > 1.5 * even.seconds && uneven.founded == provenance::extrapolated;
}
CHECK_TWICE(uneven_prompts_are_priced_by_their_work);

constexpr bool messages_follow_each_other() {
    cx::collective const o{.shape = cx::collective::pattern::point_to_point, .part = cx::role::pipeline, .width = 4096, .devices = 4, .hops = launder(count{3})};
    auto const t = timed(o, price, prompt(128));
    return near(t.seconds, 0.03e-3) && t.founded == provenance::measured;
}
CHECK_TWICE(messages_follow_each_other);

constexpr bool patterns_of_communication_are_told_apart() {
    using pattern = cx::collective::pattern;
    using op = cx::measured_op;
    constexpr std::array kinds{pattern::all_reduce, pattern::all_gather, pattern::reduce_scatter, pattern::all_to_all, pattern::point_to_point};
    constexpr std::array ops{op::all_reduce, op::all_gather, op::reduce_scatter, op::all_to_all, op::point_to_point};
    std::array<cx::table_point, kinds.size()> own{};
    for (std::size_t i = 0; i != own.size(); ++i) own[i] = {.op = ops[i], .key = {8}, .axes = {1 << 20}, .seconds = 1e-5 * static_cast<double>(i + 1)};
    cx::table_pricing const mine(h200, cx::measured_points(own), cx::roofline<>(h200));
    for (std::size_t i = 0; i != own.size(); ++i)
        if (timed(cx::collective{.shape = kinds[i], .width = 4096, .devices = launder(count{8})}, mine, prompt(128)).seconds != 1e-5 * static_cast<double>(i + 1)) return false;
    auto const apart = timed(cx::collective{.shape = pattern::halves, .width = 4096, .devices = 8}, mine, prompt(128));
    auto const wide = timed(cx::collective{.width = 4096, .devices = 8, .span = 64}, mine, prompt(128));
    return apart.founded == provenance::specification && wide.founded == provenance::specification;
}
CHECK_TWICE(patterns_of_communication_are_told_apart);

constexpr bool context_parallel_ranks_run_the_kernel_of_their_share() {
    cx::attention const o{.shape = {.heads = 32, .kv_heads = 8, .head_dim = 128, .v_head_dim = 128, .ranks = launder(count{2})}};
    auto const t = timed(o, price, decode(8, 4095), 2);
    cx::windowed_attention const w{.shape = o.shape, .window = 1 << 20};
    std::array own{cx::table_point{.op = cx::measured_op::decode_attention, .key = {8, 128, 0, 1 << 20, static_cast<count>(cx::dtype::bf16)}, .axes = {32, 1, 8, 2048}, .seconds = 1e-5}};
    auto const u = timed(w, cx::table_pricing(h200, cx::measured_points(own), cx::roofline<>(h200)), decode(8, 4095), 2);
    return near(t.seconds, 0.015e-3) && t.founded == provenance::measured && near(u.seconds, 1e-5) && u.founded == provenance::measured;
}
CHECK_TWICE(context_parallel_ranks_run_the_kernel_of_their_share);

constexpr bool slopes_are_those_of_the_blend() {
    using dual = cx::dual<1>;
    cx::table_pricing const slopes(h200, *stored, cx::roofline<dual>(h200));
    auto const at = [&](count sequences, double tokens) {
        cx::basic_group<dual> const g[] = {{.sequences = dual::variable(tokens, 0), .new_tokens = dual(1), .past_tokens = dual(0)}};
        cx::measured_step<dual, dual> const s{std::span<cx::basic_group<dual> const>(g)};
        dual const t = cx::seconds(cx::gemm{4096, 4096}, s, slopes);
        return t.value == timed(cx::gemm{4096, 4096}, price, decode(sequences)).seconds ? t.slope[0] : 1e9;
    };
    double const secant = 0.01e-3 / 16;
    return near(at(24, launder(24.0)), secant) && near(at(16, 16), secant) && at(32, 32) >= 0 && at(32, 32) < secant;
}
CHECK_TWICE(slopes_are_those_of_the_blend);

constexpr auto model = cx::model<"Qwen/Qwen3-8B">;

constexpr bool a_step_sums_its_kernels() {
    cx::deployment const x{.layout = {.tp = 1}};
    cx::group const groups[] = {decode(launder(count{16}), 2047), prompt(500)};
    double const total = cx::seconds(model, x, cx::step(groups), price);
    cx::founded_seconds const parts = cx::seconds_by_provenance(model, x, cx::step(groups), price);
    auto const graph = cx::lower(model, x);
    cx::founded_seconds by_op{};
    cx::breakdown(model, x, cx::step(groups), price, [&](cx::op_cost const& c) { by_op.of[static_cast<std::size_t>(c.founded)] += c.seconds; });
    if (!near(by_op.total(), total) || !(by_op[provenance::extrapolated] >= parts[provenance::extrapolated] * (1 - 1e-12)) || !(by_op[provenance::specification] > 0)) return false;
    return near(parts.total(), total) && near(cx::seconds(*graph, cx::step(groups), price), total, 1e-12) && parts[provenance::extrapolated] > 0 && parts[provenance::specification] > 0 &&
           parts[provenance::inferred] == 0 && parts.worst() == provenance::extrapolated;
}
CHECK_TWICE(a_step_sums_its_kernels);

constexpr bool constants_and_run_time_give_the_same_bits() {
    constexpr auto of = [](count sequences) {
        cx::group const groups[] = {decode(sequences, 2047), prompt(sequences * 37)};
        return cx::seconds(model, cx::deployment{}, cx::step(groups), price);
    };
    constexpr double once[] = {of(1), of(16), of(23), of(700)};
    auto const again = cx::read_points<16>(launder(csv));
    if (!again) return false;
    cx::table_pricing const now(h200, *again, cx::roofline<>(h200));
    std::size_t i = 0;
    for (count n : {1, 16, 23, 700}) {
        cx::group const groups[] = {decode(launder(n), 2047), prompt(launder(n) * 37)};
        if (cx::seconds(model, cx::deployment{}, cx::step(groups), now) != once[i++]) return false;
    }
    return true;
}
CHECK_TWICE(constants_and_run_time_give_the_same_bits);

constexpr bool json_reads_the_same_points() {
    std::array<cx::table_point, 16> a{};
    std::array<cx::table_point, 16> b{};
    auto const from_csv = cx::read_points(launder(csv), a);
    auto const from_json = cx::read_points(launder(json), b);
    if (!from_csv || !from_json || from_csv->size() != 11 || from_json->size() != 11 || cx::most_points(csv) < 11 || cx::most_points(json) < 11) return false;
    for (std::size_t i = 0; i != 11; ++i) {
        b[i].offset = a[i].offset;
        if (a[i] != b[i]) return false;
    }
    return true;
}
CHECK_TWICE(json_reads_the_same_points);

constexpr bool points_may_be_written_in_cpp() {
    std::array<cx::table_point, 2> own{{{.op = cx::measured_op::gemm, .key = {4096, 4096}, .axes = {32}, .seconds = 3e-5},
                                       {.op = cx::measured_op::gemm, .key = {4096, 4096}, .axes = {launder(count{16})}, .seconds = 2e-5}}};
    cx::table_pricing const mine(h200, cx::measured_points(own), cx::roofline<>(h200));
    return near(timed(cx::gemm{4096, 4096}, mine, decode(24)).seconds, 2.5e-5);
}
CHECK_TWICE(points_may_be_written_in_cpp);

constexpr bool prompts_blend_square_roots() {
    std::array<cx::table_point, 2> own{{{.op = cx::measured_op::prefill_attention, .key = {8, 128, 0, 0, 1}, .axes = {32, 1000, 0, 1}, .seconds = 1e-3},
                                       {.op = cx::measured_op::prefill_attention, .key = {8, 128, 0, 0, 1}, .axes = {32, 3000, 0, 1}, .seconds = 9e-3}}};
    static_assert(static_cast<count>(cx::dtype::bf16) == 1);
    cx::table_pricing const mine(h200, cx::measured_points(own), cx::roofline<>(h200));
    cx::attention const o{.shape = {.heads = 32, .kv_heads = 8, .head_dim = 128, .v_head_dim = 128}};
    auto const t = timed(o, mine, prompt(launder(count{2000})));
    return near(t.seconds, 4e-3) && t.founded == provenance::measured && timed(o, mine, prompt(1000)).seconds == 1e-3;
}
CHECK_TWICE(prompts_blend_square_roots);

/// A problem as "line:column code key".
std::vector<std::string> problems_of(std::string_view text) {
    std::vector<cx::table_point> points(cx::most_points(text));
    auto const read = cx::read_points(text, points);
    std::vector<std::string> list;
    for (cx::problem const& p : read.error()) {
        cx::diagnosis const d = cx::describe(p, text);
        list.push_back(std::to_string(d.at.line) + ":" + std::to_string(d.at.column) + " " + std::string(cx::name(d.code)) + " " + std::string(p.key));
    }
    return list;
}

TEST(table_pricing, all_problems_of_a_csv_are_told_at_once) {
    constexpr std::string_view bad = R"(op,dtype,shape,milliseconds
gem,bf16,m=16 n=4096 k=4096,0.02
gemm,bf17,m=16 n=4096 k=4096,0.02
gemm,bf16,m=16 n=4096 q=1 k=many,0.02
gemm,bf16,m=0 n=4096,0.02
gemm,bf16,m=16 n=4096 k=4096 m=16,fast
gemm,bf16,m=16 n=4096 k,-1
gemm,bf16
gemm,bf16,m=16 n=4096 k=4096,0.02,9
gemm,bf16,m=1 n=64 k=64,0.02
gemm,bf16,"m=1 n=64 k=64,0.02
# the same shape again
gemm,bf16,k=64 n=64 m=1,0.03
)";
    std::vector<std::string> const expected{
        "2:1 unknown_name op",    "3:6 unknown_name dtype",           "4:23 unknown_name gemm", "4:29 wrong_type k",     "5:13 out_of_range m",            "5:11 missing_key k",
        "6:30 not_unique m",      "6:35 wrong_type milliseconds",     "7:23 ill_formed shape",  "7:25 out_of_range milliseconds", "7:11 missing_key k",
        "8:10 missing_key milliseconds", "8:10 missing_key shape", "9:35 ill_formed row", "11:11 ill_formed row", "13:1 not_unique gemm"};
    auto const found = problems_of(bad);
    EXPECT_EQ(found, expected);
}

TEST(table_pricing, problems_say_what_was_expected) {
    std::map<std::string_view, std::string> const cases{
        {"", "the text ends too early (expected a header op,dtype,shape,milliseconds, found the end of the text)"},
        {"op,dtype,shape\n", "the key \"milliseconds\" is missing (expected a column of this name in the header, found nothing)"},
        {"op,dtype,shape,milliseconds\ngemm,bf16,m=1 n=2 q=3,1\n", "\"gemm\" has an entry that is not known (expected n, k, m, found q=3)"},
        {"op,dtype,shape,milliseconds\ngemm,bf16,m=1 n=2 k=3,1,2\n", "\"row\" is ill-formed (expected no more than the 4 fields of the header, found 2)"},
        {"op,dtype,shape,milliseconds\ngemm,bf16,\"m=1 n=2 k=3,1\n", "\"row\" is ill-formed (expected a closing quote and a comma behind it in the same line, found \"m=1 n=2 k=3,1\n"},
        {"op,dtype,shape,milliseconds\ngemm,bf16,m=1 n=2 k=3,1\ngemm,bf16,m=1 n=2 k=3,1\n", "\"gemm\" is not unique (expected one row for each op, dtype and shape, which line 2 is already, found gemm)"},
        {"op,dtype,shape,milliseconds\ngemm,bf16,m=1 n=2 k=1e15,1\n", "\"k\" is out of range (expected at most 1099511627776, found 1e15)"},
        {"op,dtype,shape,milliseconds\ngemm,bf16,m=1.5 n=2 k=1,1e400\n", "\"m\" is not an integer (expected an integer, found 1.5)"},
        {R"({"points": [{"op": "gemm", "dtype": "bf16", "m": 1, "n": 2, "k": "3", "milliseconds": 1}]})", "\"k\" has the wrong type (expected an integer, found \"3\")"},
        {R"({"point": []})", "the key \"points\" is missing (expected a list, found nothing)"},
        {R"({"points": [{"op": "gemm", "dtype": "bf16", "m": 1, "n": 2, "k": 3}]})", "the key \"milliseconds\" is missing (expected a number from 1e-9 to 1e9, found nothing)"},
        {R"({"points": [)", "the text ends too early (expected a value, found the end of the text)"},
        {"[]", "the text is not an object (expected an object, found an empty list)"},
    };
    for (auto const& [text, expected] : cases) {
        std::vector<cx::table_point> points(cx::most_points(text));
        auto const read = cx::read_points(text, points);
        ASSERT_FALSE(read) << text;
        std::string const message(cx::describe(read.error().front(), text).message.view());
        EXPECT_EQ(message.substr(0, expected.size() - (expected.back() == '\n')), expected.substr(0, expected.size() - (expected.back() == '\n'))) << text;
    }
    EXPECT_LT(cx::detail::op_names.view().size(), 400u);
}

TEST(table_pricing, storage_that_is_too_small_is_told_once) {
    std::array<cx::table_point, 4> few{};
    auto const read = cx::read_points(csv, few);
    ASSERT_FALSE(read);
    ASSERT_EQ(read.error().size(), 1u);
    EXPECT_EQ(read.error().front().code, cx::errc::list_too_long);
    EXPECT_EQ(read.error().front().expected, 4);
    EXPECT_FALSE(cx::read_points<4>(csv).has_value());
    EXPECT_TRUE(cx::read_points("op,dtype,shape,milliseconds\r\n", few)->empty());
    EXPECT_EQ(cx::read_points("\xEF\xBB\xBFop,dtype,shape,milliseconds\r\ngemm,bf16,m=1 n=2 k=3,1\r\n", few)->size(), 1u);
}

// A table that holds every kernel of a step at half the speed of the roofline prices that step at twice the roofline, for every model that is known:
// each op maps to a row of its own, and at the edges the same factor is held.
TEST(table_pricing, kernels_of_all_models_map_to_points) {
    std::array<count, cx::measured_ops.size()> seen{};
    for (std::size_t i = 0; i != cx::embedded::model_count; ++i) {
        auto const known = cx::read_model(cx::embedded::models[i].config());
        ASSERT_TRUE(known) << cx::embedded::models[i].name;
        auto const graph = cx::lower(*known, cx::layout{});
        ASSERT_TRUE(graph);
        cx::group const groups[] = {decode(8, 1000), prompt(600, 2, 40)};
        cx::measured_step<double, count> const s{cx::step(groups)};
        std::vector<cx::table_point> points;
        cx::for_each_op_of(*graph, {}, [&]<class O>(O const& o, cx::op_place const&) {
            cx::for_each_kernel(o, s, [&](cx::work<double> const& w, cx::load<double> const& l, cx::phase p) {
                if constexpr (requires { cx::detail::measured_as<double>(o, w, l, p); }) {
                    auto const k = cx::detail::measured_as<double>(o, w, l, p);
                    if (!k.covered) return;
                    cx::table_point point = k.site;
                    for (std::size_t a = 0; a != cx::most_axes; ++a) point.axes[a] = static_cast<count>(k.axes[a] + 0.5);
                    point.seconds = 2 * limit(o, w);
                    ++seen[static_cast<std::size_t>(point.op)];
                    if (std::none_of(points.begin(), points.end(), [&](auto const& q) { return cx::detail::compare_shapes(point, q) == 0; })) points.push_back(point);
                }
            });
        });
        cx::table_pricing slow(h200, cx::measured_points(points), limit);
        slow.launch_seconds = 0;
        for (auto const& step : {std::array{groups[0], groups[1]}, std::array{decode(13, 3000), prompt(900, 3)}}) {
            bool const same = step[0].sequences == 8;
            cx::measured_step<double, count> const t{cx::step(step)};
            cx::for_each_op_of(*graph, {}, [&]<class O>(O const& o, cx::op_place const&) {
                cx::for_each_kernel(o, t, [&](cx::work<double> const& w, cx::load<double> const& l, cx::phase p) {
                    auto const found = slow.timing_of(o, w, l, p);
                    double const roof = limit(o, w);
                    if (found.founded == provenance::specification) {
                        EXPECT_EQ(found.seconds, roof);
                        return;
                    }
                    if (same) {
                        EXPECT_NEAR(found.seconds, 2 * roof, 2e-3 * roof) << cx::embedded::models[i].name << " " << O::kind;
                    } else {
                        EXPECT_LT(found.seconds, 2.5 * roof + 1e-12) << cx::embedded::models[i].name << " " << O::kind;
                        EXPECT_GT(found.seconds, 1.9 * roof) << cx::embedded::models[i].name << " " << O::kind;
                    }
                });
            });
        }
    }
    for (std::size_t i = 0; i != seen.size(); ++i) {
        std::string_view const name = cx::measured_ops[i].name;
        if (name.starts_with("encoder") || name.starts_with("all") || name == "reduce_scatter" || name == "point_to_point") continue;  // towers and layouts of several devices
        EXPECT_GT(seen[i], 0) << name;
    }
}

/// xorshift64*
struct random_numbers {
    std::uint64_t state;
    std::uint64_t operator()(std::uint64_t below) {
        state ^= state >> 12, state ^= state << 25, state ^= state >> 27;
        return (state * 0x2545F4914F6CDD1D >> 32) % below;
    }
};

// Whatever the text says: points in order that price a step, or problems that can all be described.
TEST(table_pricing, mutated_texts_are_read_or_refused) {
    constexpr std::string_view pieces[] = {",", "\"", "=", "\n", "#", " ", "-", "1e999", "0", "{", "}", "[", ":", "\xFF", std::string_view("\0", 1), "m=16", "gemm", "cache=fp8", "99999999999999999999"};
    random_numbers random{42};
    count good = 0;
    for (int round = 0; round != 20000; ++round) {
        std::string text(round % 2 == 0 ? csv : json);
        for (std::uint64_t n = random(4); n != 0; --n) {
            std::size_t const at = random(text.size());
            std::string_view const piece = pieces[random(std::size(pieces))];
            switch (random(5)) {
            case 0: text.replace(at, random(6), piece); break;
            case 1: text.insert(at, piece); break;
            case 2: text.erase(at, random(40)); break;
            case 3: text[at] = static_cast<char>(random(256)); break;
            default: text.resize(at + 1);
            }
        }
        std::vector<cx::table_point> points(cx::most_points(text));
        auto const read = cx::read_points(text, points);
        if (!read) {
            ASSERT_FALSE(read.error().empty());
            for (cx::problem const& p : read.error()) ASSERT_FALSE(cx::describe(p, text).message.view().empty());
            continue;
        }
        ++good;
        cx::table_pricing const mutated(h200, *read, cx::roofline<>(h200));
        for (count n : {1, 24, 5000}) {
            double const t = timed(cx::gemm{4096, 4096}, mutated, decode(n)).seconds;
            ASSERT_TRUE(t > 0 && t < 1e12) << text;
            double const a = timed(cx::attention{.shape = {32, 8, 128, 128}}, mutated, decode(n, 1500)).seconds;
            ASSERT_TRUE(a > 0 && a < 1e12) << text;
        }
    }
    EXPECT_GT(good, 1000);
}

}  // namespace
