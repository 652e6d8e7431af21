// SPDX-License-Identifier: BSL-1.0

// Every op's formula says what the op computes, for all embedded models; and the text is what it should be.

#include <costexpr/costexpr.hpp>

#include <check.hpp>

#include <array>
#include <string>
#include <string_view>

namespace cx = costexpr;
using cx::count;

namespace {

constexpr auto& h200 = cx::system<"h200_sxm">;

/// A text held in place, for constant evaluation.
struct text {
    std::array<char, 2000> chars{};
    std::size_t length = 0;
    constexpr void operator+=(std::string_view s) {
        for (char c : s)
            if (length != chars.size()) chars[length++] = c;
    }
    [[nodiscard]] constexpr std::string_view view() const { return {chars.data(), length}; }
};

constexpr bool numbers_are_short() {
    auto const is = [](double x, std::string_view expected) {
        text t{};
        cx::detail::put_number([&](std::string_view s) { t += s; }, launder(x));
        return t.view() == expected;
    };
    return is(0, "0") && is(7168, "7168") && is(9'999'999, "9999999") && is(12'345'678, "12.35e6") && is(989.4e12, "989.4e12") && is(4.8e12, "4.8e12") && is(0.875, "0.875") &&
           is(0.00549, "5.49e-3") && is(3.2e-9, "3.2e-9") && is(20.408, "20.41") && is(999.96e6, "1e9") && is(1.5, "1.5") && is(100.25, "100.3") && is(-1, "negative");
}
CHECK_TWICE(numbers_are_short);

struct one_matrix {
    COSTEXPR_INLINE constexpr auto layers() const { return cx::layers(cx::times(2, cx::mlp{.hidden = 4096, .inner = 14336})); }
};
constexpr bool an_explanation_reads_well() {
    cx::group const one[] = {{.sequences = launder(count{16}), .past_tokens = 100}};
    text t{};
    cx::explain(one_matrix{}, cx::deployment{}, cx::step(one), h200, [&](std::string_view s) { t += s; });
    return t.view().starts_with("gate_up (gemm of mlp)\n"
                                "  FLOPs = 2 x 16 tokens x 28672 outer x 4096 inner = 3.758e9 bf16\n"
                                "  weights = 28672 outer x 4096 inner x 2 bytes = 234.9e6 bytes\n"
                                "  activations = 16 tokens x 4096 inner x 2 bytes + 16 tokens x 28672 outer x 2 bytes = 1048576 bytes\n"
                                "  seconds = max(3.758e9 / 989.4e12 = 3.798e-6, 235.9e6 / 4.8e12 = 49.15e-6), bound by memory; x 2 = 98.3e-6\n");
}
CHECK_TWICE(an_explanation_reads_well);

TEST(explanations, say_what_every_op_of_every_model_computes) {
    cx::group const groups[] = {{.sequences = 7, .new_tokens = 2, .past_tokens = 5000}, {.sequences = 2, .new_tokens = 300, .past_tokens = 40, .phase = cx::phase::prefill}};
    for (std::size_t i = 0; i != cx::embedded::model_count; ++i) {
        cx::embedded::entry const& e = cx::embedded::models[i];
        auto const m = cx::read_model(e.config(), e.hf_quant_config());
        ASSERT_TRUE(m) << e.name;
        cx::deployment x{.layout = {.tp = 2, .dp = 2, .ep = 2}, .precision = m->config.precision()};
        auto g = cx::lower(*m, x);
        if (!g) x.layout = {}, g = cx::lower(*m, x);
        ASSERT_TRUE(g) << e.name;
        cx::measured_step<double, count> const s{cx::step(groups)};
        cx::for_each_op_of(*g, x, [&]<class O>(O const& o, cx::op_place const& at) {
            if (o.idle()) return;
            auto const check = [&](cx::work<double> const& w, cx::load<double> const& l, cx::phase p) {
                cx::work_formulas const f = cx::detail::formulas_of(o, l, p, w);
                EXPECT_TRUE(f.flops.says(w.flops) && f.weights.says(w.weight_bytes) && f.activations.says(w.activation_bytes) && f.state.says(w.state_bytes) && f.wire.says(w.wire_bytes))
                    << e.name << " " << cx::name(o.purpose()) << " " << O::kind << " of " << at.layer << ": " << f.flops.value() << " " << w.flops << ", " << f.weights.value() << " " << w.weight_bytes
                    << ", " << f.activations.value() << " " << w.activation_bytes << ", " << f.state.value() << " " << w.state_bytes << ", " << f.wire.value() << " " << w.wire_bytes;
            };
            if constexpr (cx::op_on_totals<O>) {
                check(o(s.total), s.total, cx::phase::decode);
            } else {
                for (cx::phase const p : {cx::phase::prefill, cx::phase::decode}) check(cx::detail::phase_work(o, s, p), s.by_phase.of(p), p);
            }
        });
    }
}

}  // namespace
