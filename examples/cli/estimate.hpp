// SPDX-License-Identifier: BSL-1.0
#pragma once

// What the modes of `estimate` share: the answer, and the pricing that is asked for.

#include "cli.hpp"

#include <costexpr/calibrated.hpp>

#include <array>

namespace cli {

using rows = std::vector<cx::op_cost>;

/// What `estimate` answers.
struct answer {
    double ttft = 0, tpot = 0, prefill = 0, decode = 0, request = 0;  // seconds
    double tpot_low = 0, tpot_high = 0;                             // seconds: a band that holds four of five measurements; 0 where it is not known
    double requests_per_second = 0;
    cx::count gpus = 1, osl = 1;
    double tokens_per_request = 1;
    bool has_prefill = true, has_decode = true;
    cx::device_memory memory{};
    cx::count max_sequences = 0, max_context = 0;
    cx::provenance founded = cx::provenance::specification;
    std::vector<std::string> warnings{};
    rows prefill_ops{}, decode_ops{};
    std::string explained{};
    cx::count mtp = 0;
    double accepted = 0;
    cx::speculative_cost drafted{};  ///< a step in the middle of the output

    [[nodiscard]] double tokens_per_second() const { return requests_per_second * tokens_per_request; }
};

/// A system with what prices its steps under a framework.
struct priced_system {
    cx::system_spec system{};
    cx::framework_profile framework{};
    std::optional<cx::calibration> constants{};  ///< nothing: priced by the roofline
    std::vector<cx::table_point> storage{};      ///< of the user's own measurements
    std::optional<cx::measured_points> points{}; ///< nothing: there are none

    /// Calls f with the pricing: the user's points where there are any, over what prices the rest.
    template <class F>
    auto with_pricing(F const& f) const {
        auto const over = [&](auto const& rest) { return points ? f(cx::table_pricing(system, *points, rest)) : f(rest); };
        return constants ? over(cx::calibrated<>(system, *constants)) : over(cx::roofline<>(system));
    }
    [[nodiscard]] std::string_view pricing() const { return points ? "table" : constants ? "calibrated" : "roofline"; }
};

/// The decoder layers of a model.
inline cx::count layers_of(loaded_model const& m) {
    return cx::visit([](auto const& f) { return cx::blocks_of(f).layers; }, m.model);
}

/// The system, profile and constants that options name; adds what is wrong with them.
std::optional<priced_system> load_pricing(estimate_options const& options, complaints& errors);

/// What does not depend on the mode: memory, provenance, warnings.
template <class Graph, class Modules>
void account(answer& a, estimate_options const& o, loaded_model const& m, priced_system const& s, Graph const& graph, cx::deployment const& x, cx::residency const& held, Modules const& modules) {
    a.memory = cx::memory(graph, x, s.system, held, modules);
    a.max_sequences = cx::most_sequences(graph, x, s.system, held, modules);
    a.max_context = cx::longest_context(graph, x, s.system, held, modules);
    cx::count const trained = cx::visit([](auto const& f) { return f.base.max_context; }, m.model);
    if (trained != 0 && o.isl + o.osl > trained) a.warnings.push_back(fmt::format("the context of {} tokens is beyond the model's {} (max_position_embeddings)", o.isl + o.osl, trained));
    if (!a.memory.fits()) a.warnings.push_back(fmt::format("does not fit: {} of {} per device", human_bytes(static_cast<double>(a.memory.total())), human_bytes(static_cast<double>(a.memory.capacity))));
    complaints none;
    cx::precision const asked = deployment_of(o, m, none).precision;
    auto const instead = [&](std::string_view part, cx::dtype wanted, cx::dtype got) {
        if (wanted != got) a.warnings.push_back(fmt::format("{} run as {}, not {}: as the checkpoint is stored, the framework runs it or the device can multiply", part, cx::name(got), cx::name(wanted)));
    };
    instead("linear layers", asked.weights, x.precision.weights);
    instead("experts", asked.experts, x.precision.experts);
    if (cx::has_experts(graph) && (x.layout.ep != o.layout.ep || (o.layout.moe_tp != 0 && x.layout.experts_tp() != o.layout.moe_tp)))
        a.warnings.push_back(fmt::format("experts as moe_tp {} x ep {}: what was asked for is not tp x dp", x.layout.experts_tp(), x.layout.ep));
    cx::layout dealt = x.layout;
    dealt.copies_heads = false;
    if (x.layout.copies_heads && x.layout.tp > 1 && !cx::legal(m.model, dealt))
        a.warnings.push_back(fmt::format("tp {} is more than the attention heads: several ranks compute the same head", x.layout.tp));
    for (cx::remark r : m.model.config.remarks) a.warnings.emplace_back(cx::remark_names[static_cast<std::size_t>(r)]);
}

/// The ops of a step of one group that cost anything.
template <class Graph, class N, class Price>
rows ops_of(Graph const& graph, cx::deployment const& x, cx::basic_group<N> const& g, Price const& price, loaded_model const& m) {
    cx::basic_group<N> const one[] = {g};
    rows all;
    cx::breakdown(graph, x, std::span<cx::basic_group<N> const>(one), price, [&](cx::op_cost c) {
        c.founded = cx::max(c.founded, m.model.config.founded);
        if (c.seconds != 0) all.push_back(c);
    });
    return all;
}

/// The band of a TPOT, and how it is founded, from what the fits say of a decode step; nothing for a price without fits.
template <class Graph>
void bound(answer& a, Graph const& graph, cx::deployment const& x, cx::mean_group const& decode, cx::calibrated<> const& price, cx::framework_profile const& framework) {
    cx::mean_group const step[] = {decode};
    auto const u = cx::uncertainty(graph, x, std::span<cx::mean_group const>(step), price, {.composition = framework.composition_error});
    double const factor = u.factor(cx::four_of_five);
    a.tpot_low = a.tpot / factor;
    a.tpot_high = a.tpot * factor;
    a.founded = cx::max(a.founded, u.founded());
}
template <class Graph, class Price>
void bound(answer&, Graph const&, cx::deployment const&, cx::mean_group const&, Price const&, cx::framework_profile const&) {}

/// The deployment that options ask for under a framework on a system: what neither the options nor the checkpoint say, the framework decides.
cx::deployment deployment_of(estimate_options const& options, loaded_model const& m, priced_system const& s, complaints& errors);

/// The modes in which requests come and go.
outcome<answer> serve_aggregated(estimate_options const& o, loaded_model const& m, priced_system const& s);
outcome<answer> serve_disaggregated(estimate_options const& o, loaded_model const& m, priced_system const& s);

/// Why a step of a model has no price: the rate that the system lacks.
template <class Graph>
complaints without_price(Graph const& graph, cx::deployment const& x, cx::system_spec const& system) {
    cx::problem const why = cx::detail::missing_rate(graph, x, system.device);
    return {simple_complaint(std::string(cx::name(why.code)), std::string(system.name.view()), std::string(cx::describe(why, {}).message.view()))};
}

}  // namespace cli
