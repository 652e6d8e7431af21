// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/serve/steps.hpp>

#include <array>
#include <span>

namespace costexpr {

namespace detail {

/// Reading `prompts` prompts in chunks while `writing` sequences go on: seconds of all its steps, and how many they are.
struct reading {
    double seconds = 0;
    double steps = 0;
};
template <class Steps>
constexpr reading read_prompts(Steps const& steps, workload const& w, double prompts, double writing) {
    reading r{};
    double const most = static_cast<double>(steps.framework.chunk_tokens) / prompts;
    for (double done = 0; done < w.fresh() && r.steps < 4096; ++r.steps) {
        double const n = min(most, w.fresh() - done);
        std::array<mean_group, 2> const groups{mean_group{prompts, n, w.prefix + done, phase::prefill}, mean_group{writing, 1, w.middle(), phase::decode}};
        r.seconds += steps(std::span<mean_group const>(groups).first(writing > 0 ? 2 : 1));
        done += n;
    }
    return r;
}

}  // namespace detail

/// Aggregated serving under a closed loop: prompts are read and tokens written by the same workers (in-flight batching), and a request that
/// ends is followed by another. In the life of a sequence the prompts of all others are read once, so that its tokens take
///   TPOT = decode + (sequences - 1) / output * extra
///   extra: what a prompt adds to the steps that read it, a chunk at a time, where the framework mixes; the time of these steps where it does not
///   TTFT = arrival + waited_steps decode + the prompt's own steps + (ahead + burst (sequences - 1)) extra (+ the turn of those that wait)
///   requests = sequences / (TTFT + (output - 1) TPOT)
/// Where more than one prompt arrives per step they are read together. A step is taken with the mean context in the middle of the output; for
/// lengths that are drawn evenly from 0.8 to 1.0 of their largest the error of the mean is below 0.5 % of attention's part.
template <class Seconds>
[[nodiscard]] constexpr serving_cost aggregated(framework_steps<Seconds> const& steps, workload const& w, double ranks = 1) {
    serving_cost c{};
    double const others = max(w.sequences - 1, 0.0);
    c.decode = steps(mean_group{w.sequences, 1, w.middle(), phase::decode});
    double const arrivals = w.output > 0 ? w.sequences / w.output : 1.0;
    double const together = max(1.0, min(arrivals, static_cast<double>(steps.framework.chunk_tokens) / max(w.fresh(), 1.0)));
    detail::reading const alone = detail::read_prompts(steps, w, 1, 0);
    detail::reading const mixed = steps.framework.mixes ? detail::read_prompts(steps, w, together, others) : detail::read_prompts(steps, w, together, 0);
    double const extra = max(0.0, (mixed.seconds - (steps.framework.mixes ? mixed.steps * c.decode : 0.0)) / together);
    c.prefill = alone.seconds;
    c.tpot = c.decode + (w.output > 0 ? others / w.output * extra : 0.0);
    framework_profile const& f = steps.framework;
    double const before = others > 0 ? f.waited_steps * c.decode + (f.ahead * min(others, 1.0) + f.burst * others) * extra : 0.0;
    c.ttft = f.request_ms * 1e-3 + before + (others > 0 ? mixed.seconds : alone.seconds);
    double const served = c.ttft + max(w.output - 1, 0.0) * c.tpot;
    c.requests_per_second = ranks * w.sequences / served;
    c.ttft += w.waiting / max(w.sequences, 1.0) * served;
    c.request = c.ttft + max(w.output - 1, 0.0) * c.tpot;
    return c;
}

}  // namespace costexpr
