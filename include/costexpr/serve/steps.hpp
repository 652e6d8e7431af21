// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/op/step.hpp>
#include <costexpr/system/framework.hpp>

#include <span>

namespace costexpr {

/// Groups of a step whose sequences and tokens may be means, and so no whole numbers.
using mean_group = basic_group<double>;

/// Steps as a framework runs them: the time of the device for a step's groups, and what host and launches add to it.
///   replayed as a graph (a decode step of at most graph_sequences; one batch of equal sequences is padded with empty ones to the next power of
///   two up to graph_multiple, to a multiple of it beyond): device + layers layer_us
///   launched kernel by kernel: max(device, layers launched_layer_us)
///   both: + step_us + sequences sequence_us
/// Source of the constants: systems/*.framework.json.
template <class Seconds>
struct framework_steps {
    Seconds device;  ///< double(std::span<mean_group const>)
    framework_profile framework{};
    count layers = 1;

    [[nodiscard]] constexpr double operator()(std::span<mean_group const> groups) const {
        double sequences = 0;
        bool reads = false;
        for (mean_group const& g : groups) {
            sequences += g.sequences;
            reads = reads || (g.phase == phase::prefill && g.sequences > 0);
        }
        double const host = (framework.step_us + framework.sequence_us * sequences) * 1e-6;
        double const all = static_cast<double>(layers) * 1e-6;
        if (!reads && sequences <= static_cast<double>(framework.graph_sequences)) return replayed(groups, sequences) + all * framework.layer_us + host;
        return max(device(groups), all * framework.launched_layer_us) + host;
    }
    /// Sequences of the graph that a decode step of so many is replayed with.
    [[nodiscard]] constexpr double graph_of(double sequences) const {
        double const multiple = static_cast<double>(framework.graph_multiple);
        double size = 1;
        while (size < sequences && size < multiple) size *= 2;
        return size < sequences ? multiple * static_cast<double>(ceil_div(static_cast<count>(sequences + (1 - 0x1p-20)), framework.graph_multiple)) : max(size, sequences);
    }
    /// The same of one group.
    [[nodiscard]] constexpr double operator()(mean_group const& g) const {
        mean_group const one[] = {g};
        return (*this)(std::span<mean_group const>(one));
    }

  private:
    [[nodiscard]] constexpr double replayed(std::span<mean_group const> groups, double sequences) const {
        double const empty = graph_of(sequences) - sequences;
        if (groups.size() != 1 || !(empty > 0)) return device(groups);
        mean_group const padded[] = {groups[0], {empty, 1, 0, phase::decode}};
        return device(std::span<mean_group const>(padded));
    }
};

/// What is asked of a deployment: the mean lengths of prompts and outputs, and how many requests are in flight.
struct workload {
    double prompt = 1024;   ///< tokens, those of the prefix among them
    double prefix = 0;      ///< tokens of the prompt that are in the cache already
    double output = 128;    ///< tokens
    double sequences = 1;   ///< in flight per attention-DP rank
    double waiting = 0;     ///< beyond these, per rank: they wait until one of them ends

    [[nodiscard]] constexpr double fresh() const { return prompt - prefix; }
    /// The context in the middle of the output.
    [[nodiscard]] constexpr double middle() const { return prompt + 0.5 * output; }
};

/// What serving gives: means over requests, in seconds.
struct serving_cost {
    double ttft = 0;      ///< from the arrival of a request to its first token
    double tpot = 0;      ///< per output token after the first
    double prefill = 0;   ///< of reading one prompt where nothing else waits
    double decode = 0;    ///< of one step that only writes
    double request = 0;   ///< from the arrival to the last token
    double requests_per_second = 0;  ///< of all ranks and workers

    [[nodiscard]] constexpr double tokens_per_second(double output) const { return requests_per_second * output; }
};

}  // namespace costexpr
