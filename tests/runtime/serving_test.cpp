// SPDX-License-Identifier: BSL-1.0
#include "check.hpp"

#include <costexpr/serve/aggregated.hpp>
#include <costexpr/serve/disaggregated.hpp>

namespace {

namespace cx = costexpr;

constexpr bool close(double a, double b) { return a > b * (1 - 1e-12) && a < b * (1 + 1e-12); }

/// A device that takes 1 ms a step, 0.1 ms a token and 0.01 ms a sequence and 1,000 tokens of context.
struct plain_device {
    constexpr double operator()(std::span<cx::mean_group const> groups) const {
        double t = 1e-3;
        for (auto const& g : groups) t += g.sequences * (1e-4 * g.new_tokens + 1e-8 * g.past_tokens);
        return t;
    }
};
using steps = cx::framework_steps<plain_device>;

constexpr bool host_and_launches_are_added() {
    cx::framework_profile f{};
    f.graph_sequences = 8;
    f.step_us = 100;
    f.sequence_us = 10;
    f.layer_us = 2;
    f.launched_layer_us = 1000;
    steps const s{{}, f, 4};
    cx::mean_group const decode{launder(8.0), 1, 1000, cx::phase::decode};
    // replayed: 1.8 + 0.08 on the device, 4 layers of 2 us, 100 us and 8 of 10 us
    bool good = close(s(decode), 1e-3 + 8e-4 + 8e-5 + 8e-6 + 1.8e-4);
    // one sequence more is launched layer by layer, and takes no less than 4 ms for that
    good = good && close(s(cx::mean_group{9, 1, 1000, cx::phase::decode}), 4e-3 + 1.9e-4);
    // as are prompts
    good = good && close(s(cx::mean_group{1, 1, 0, cx::phase::prefill}), 4e-3 + 1.1e-4);
    return good;
}

constexpr bool one_sequence_waits_for_nobody() {
    cx::framework_profile f{};
    f.chunk_tokens = 100;
    cx::workload const w{.prompt = launder(200.0), .output = 11, .sequences = 1};
    cx::serving_cost const c = cx::aggregated(steps{{}, f, 1}, w);
    double const decode = 1e-3 + 1e-4 + 1e-8 * 205.5;
    double const chunks = 2e-3 + 200e-4 + 1e-8 * 100;  // the second chunk sees the first
    return close(c.decode, decode) && close(c.tpot, decode) && close(c.prefill, chunks) && close(c.ttft, chunks) && close(c.request, c.ttft + 10 * decode) &&
           close(c.requests_per_second, 1 / c.request);
}

constexpr bool prompts_of_others_are_paid_once_in_a_life() {
    cx::framework_profile f{};
    f.chunk_tokens = 1000;
    f.mixes = true;
    cx::workload const w{.prompt = launder(100.0), .output = 100, .sequences = 11};
    cx::serving_cost const mixed = cx::aggregated(steps{{}, f, 1}, w);
    double const decode = 1e-3 + 11e-4 + 11e-8 * 150;
    // the step that reads: 10 others write on, a prompt of 100 tokens beside them
    double const reads = 1e-3 + 10e-4 + 10e-8 * 150 + 100e-4;
    bool good = close(mixed.tpot, decode + 10.0 / 100 * (reads - decode));
    f.mixes = false;
    cx::serving_cost const apart = cx::aggregated(steps{{}, f, 1}, w);
    good = good && close(apart.tpot, decode + 10.0 / 100 * (1e-3 + 100e-4));
    return good && apart.tpot > mixed.tpot;
}

constexpr bool who_waits_adds_to_the_first_token_alone() {
    cx::workload w{.prompt = launder(100.0), .output = 50, .sequences = 4};
    cx::serving_cost const c = cx::aggregated(steps{{}, {}, 1}, w);
    w.waiting = 4;
    cx::serving_cost const full = cx::aggregated(steps{{}, {}, 1}, w);
    return full.tpot == c.tpot && full.requests_per_second == c.requests_per_second && close(full.ttft, c.ttft + c.request);
}

constexpr bool the_slower_pool_sets_the_rate() {
    cx::workload const w{.prompt = launder(100.0), .output = 101};
    cx::disaggregation_policy const all{.prefill_usable = 1, .decode_usable = 1, .queueing = 1};
    steps const s{{}, {}, 1};
    cx::serving_cost const slow_reads = cx::disaggregated(s, {.workers = 1}, s, {.workers = 100, .sequences = 8}, w, all);
    cx::serving_cost const slow_writes = cx::disaggregated(s, {.workers = 100}, s, {.workers = 1, .sequences = 8}, w, all);
    double const prefill = 1e-3 + 100e-4;
    double const decode = 1e-3 + 8e-4 + 8e-8 * 150.5;
    return close(slow_reads.requests_per_second, 1 / prefill) && close(slow_writes.requests_per_second, 8 / (100 * decode)) && close(slow_reads.ttft, prefill) &&
           close(slow_reads.tpot, decode);
}

constexpr bool graphs_are_padded() {
    cx::framework_profile f{};
    f.graph_sequences = 64;
    f.graph_multiple = 8;
    steps const s{{}, f, 1};
    bool good = s.graph_of(launder(3.0)) == 4 && s.graph_of(8) == 8 && s.graph_of(9) == 16 && s.graph_of(17) == 24 && s.graph_of(1) == 1;
    // nine sequences cost the tokens of sixteen, and the context of nine
    good = good && close(s(cx::mean_group{9, 1, 1000, cx::phase::decode}), 1e-3 + 16e-4 + 9 * 1000 * 1e-8);
    // beyond the largest graph nothing is padded
    return good && close(s(cx::mean_group{65, 1, 1000, cx::phase::decode}), 1e-3 + 65e-4 + 65 * 1000 * 1e-8);
}
CHECK_TWICE(graphs_are_padded);
CHECK_TWICE(host_and_launches_are_added);
CHECK_TWICE(one_sequence_waits_for_nobody);
CHECK_TWICE(prompts_of_others_are_paid_once_in_a_life);
CHECK_TWICE(who_waits_adds_to_the_first_token_alone);
CHECK_TWICE(the_slower_pool_sets_the_rate);

}  // namespace
