// SPDX-License-Identifier: BSL-1.0
// One step of models that are read at run time and laid out once, priced by the roofline: what step_time.py times beside the peer.
// Reads lines "MODEL TP EP" and writes one JSON object for each, in nanoseconds: step_time RUNS POINTS < lines

#include <costexpr/costexpr.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cx = costexpr;
using cx::count;

namespace {

struct point {
    count batch;
    count tokens;
};
/// The points of step_time.py.
std::vector<point> points(std::size_t n) {
    std::vector<point> all;
    std::uint64_t x = 88172645463325252u;
    auto const next = [&](std::uint64_t below) {
        x ^= x << 13, x ^= x >> 7, x ^= x << 17;
        return static_cast<count>(1 + x % below);
    };
    for (std::size_t i = 0; i != n; ++i) {
        count const batch = next(256);
        all.push_back({batch, next(16000)});
    }
    return all;
}

/// The median over runs of the mean nanoseconds of a step.
template <class F>
double median(std::vector<point> const& all, std::size_t runs, F const& step) {
    std::size_t const n = all.size() / runs;
    std::vector<double> times;
    double volatile sink = 0;
    for (std::size_t r = 0; r != runs; ++r) {
        double sum = 0;
        auto const start = std::chrono::steady_clock::now();
        for (std::size_t i = 0; i != n; ++i) sum += step(all[r * n + i]);
        times.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() * 1e9 / static_cast<double>(n));
        sink = sink + sum;
    }
    std::sort(times.begin(), times.end());
    return times[runs / 2];
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3) {
        std::fprintf(stderr, "usage: step_time RUNS POINTS < lines of MODEL TP EP\n");
        return 2;
    }
    std::size_t const runs = std::strtoul(argv[1], nullptr, 10);
    std::size_t const n = std::strtoul(argv[2], nullptr, 10);
    if (runs == 0 || n == 0) return 2;
    std::vector<point> const all = points(runs * n);
    cx::roofline<double> const price(cx::system<"h200_sxm">);
    std::string name;
    for (count tp = 0, ep = 0; std::cin >> name >> tp >> ep;) {
        std::size_t i = 0;
        while (i != cx::embedded::model_count && cx::embedded::models[i].name != std::string_view(name)) ++i;
        if (i == cx::embedded::model_count) {
            std::fprintf(stderr, "step_time: no embedded model is named %s\n", name.c_str());
            return 1;
        }
        cx::embedded::entry const& e = cx::embedded::models[i];
        auto const m = cx::read_model(e.config(), e.hf_quant_config());
        auto const graph = m ? cx::lower(*m, cx::layout{.tp = tp, .ep = ep}) : cx::lower(cx::any_model{}, cx::layout{});
        if (!graph) {
            std::fprintf(stderr, "step_time: %s cannot be laid out\n", name.c_str());
            return 1;
        }
        auto const seconds = [&](cx::group const& g) {
            cx::group const one[] = {g};
            return cx::seconds(*graph, cx::step(one), price);
        };
        double const prefill = median(all, runs, [&](point p) { return seconds({p.batch, p.tokens, 0, cx::phase::prefill}); });
        double const decode = median(all, runs, [&](point p) { return seconds({p.batch, 1, p.tokens, cx::phase::decode}); });
        std::printf("{\"model\": \"%s\", \"prefill\": %.2f, \"decode\": %.2f}\n", name.c_str(), prefill, decode);
    }
}
