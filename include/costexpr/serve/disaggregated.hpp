// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/serve/steps.hpp>

namespace costexpr {

/// The workers of one phase: how many, how many attention-DP ranks each has, and how many sequences a rank takes at once.
struct worker_pool {
    double workers = 1;
    double ranks = 1;
    double sequences = 1;  ///< per rank
};

/// Constants of rate matching between the pools.
struct disaggregation_policy {
    double prefill_usable = 0.9;   ///< part of the prefill pool's rate that is reached (aiconfigurator 0.12: 0.9)
    double decode_usable = 0.92;   ///< of the decode pool's (aiconfigurator 0.12: 0.92)
    double queueing = 1.8;         ///< time to the first token over the time of reading a batch of prompts (aiconfigurator 0.12: 1.8)
};

/// Disaggregated serving: prefill workers read prompts, decode workers write tokens; the slower pool sets the rate.
///   TTFT = arrival + queueing x prefill of a batch + transfer;  TPOT = decode of a full batch
///   requests = min(workers ranks sequences / prefill, workers ranks sequences / ((output - 1) decode))
template <class Prefill, class Decode>
[[nodiscard]] constexpr serving_cost disaggregated(framework_steps<Prefill> const& reads, worker_pool const& readers, framework_steps<Decode> const& writes, worker_pool const& writers,
                                                   workload const& w, disaggregation_policy const& policy = {}) {
    serving_cost c{};
    c.prefill = reads(mean_group{readers.sequences, w.fresh(), w.prefix, phase::prefill});
    c.decode = writes(mean_group{writers.sequences, 1, w.middle(), phase::decode});
    c.tpot = c.decode;
    c.ttft = (reads.framework.request_ms + reads.framework.transfer_ms) * 1e-3 + policy.queueing * c.prefill;
    c.request = c.ttft + max(w.output - 1, 0.0) * c.tpot;
    double const read = policy.prefill_usable * readers.workers * readers.ranks * readers.sequences / c.prefill;
    double const written = policy.decode_usable * writers.workers * writers.ranks * writers.sequences / (max(w.output - 1, 1.0) * c.decode);
    c.requests_per_second = min(read, written);
    return c;
}

}  // namespace costexpr
