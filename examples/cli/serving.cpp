// SPDX-License-Identifier: BSL-1.0
#include "estimate.hpp"

#include <algorithm>

namespace cli {

namespace {

/// The text of a file, or the embedded one.
std::string text_of(std::string const& file, std::string_view embedded, complaints& errors) {
    if (file.empty()) return std::string(embedded);
    if (auto text = read_file(file)) return *text;
    errors.push_back(simple_complaint("unknown_file", file, fmt::format("there is no such file (expected a path, found \"{}\")", file)));
    return {};
}

/// Steps of a model that was laid out, as a framework runs them.
template <class Graph, class Price>
auto steps_of(Graph const& graph, Price const& price, priced_system const& s, loaded_model const& m) {
    auto const device = [&graph, &price](std::span<cx::mean_group const> groups) { return cx::seconds(graph, groups, price); };
    return cx::framework_steps<decltype(device)>{device, s.framework, layers_of(m)};
}

/// Mean lengths of what is asked.
cx::workload lengths(estimate_options const& o) {
    double const mean = 0.5 * (o.length_spread[0] + o.length_spread[1]);
    cx::workload w{};
    w.prompt = std::max(1.0, mean * static_cast<double>(o.isl));
    w.prefix = std::min(mean * static_cast<double>(o.prefix), w.prompt - 1);
    w.output = std::max(1.0, mean * static_cast<double>(o.osl));
    return w;
}

/// What a serving cost says, into an answer.
void fill(answer& a, cx::serving_cost const& c, cx::workload const& w) {
    a.ttft = c.ttft;
    a.tpot = c.tpot;
    a.prefill = c.prefill;
    a.request = c.request;
    a.decode = c.request - c.ttft;
    a.requests_per_second = c.requests_per_second;
    a.tokens_per_request = w.output;
}

}  // namespace

std::optional<priced_system> load_pricing(estimate_options const& o, complaints& errors) {
    if (!o.pricing.empty() && o.pricing != "roofline" && o.pricing != "calibrated" && o.pricing != "table")
        errors.push_back(simple_complaint("unknown_name", "pricing", fmt::format("pricing \"{}\" is not there (expected roofline, calibrated or table)", o.pricing)));
    if (o.pricing == "table" && o.points.empty()) errors.push_back(simple_complaint("missing_key", "points", "pricing table needs measured points (expected --points, a CSV or JSON file)"));
    check_framework(o, errors);
    auto const system = load_system(o.system);
    if (!system) errors.insert(errors.end(), system.errors.begin(), system.errors.end());
    if (!errors.empty()) return {};

    priced_system s{.system = *system};
    source const profile{o.profile.empty() ? o.framework : o.profile, text_of(o.profile, cx::framework_text(o.framework), errors)};
    auto const read_profile = cx::read_framework(profile.text);
    if (read_profile)
        s.framework = *read_profile;
    else
        for (auto const& c : explain(read_profile.error(), profile)) errors.push_back(c);

    auto const take = [&](auto const& read, source const& from) {
        if (read)
            cx::run_as(s.constants.emplace(*read), s.framework);
        else
            for (auto const& c : explain(read.error(), from)) errors.push_back(c);
    };
    if (!o.calibration.empty()) {
        source const constants{o.calibration, text_of(o.calibration, {}, errors)};
        if (!constants.text.empty()) take(cx::read_calibration(constants.text), constants);
    } else if (o.pricing != "roofline") {
        auto const embedded = cx::calibration_of(*system, o.framework);
        if (embedded || o.pricing == "calibrated") take(embedded, {o.system, {}});
    }
    if (!o.points.empty() && (o.pricing.empty() || o.pricing == "table")) {
        source const measured{o.points, text_of(o.points, {}, errors)};
        s.storage.resize(cx::most_points(measured.text));
        auto const read = cx::read_points(measured.text, s.storage);
        if (read)
            s.points = *read;
        else
            for (auto const& c : explain(read.error(), measured)) errors.push_back(c);
    }
    if (!errors.empty()) return {};
    return s;
}

outcome<answer> serve_aggregated(estimate_options const& o, loaded_model const& m, priced_system const& s) {
    complaints errors;
    cx::deployment const x = deployment_of(o, m, s, errors);
    if (!errors.empty()) return errors;
    auto const graph = cx::lower(m.model, x);
    if (!graph) return explain(graph.error());

    answer a{.gpus = o.layout.devices(), .osl = o.osl};
    cx::workload w = lengths(o);
    cx::count const step_tokens = std::min(s.framework.chunk_tokens, static_cast<cx::count>(w.fresh()));
    cx::residency held{.sequences = o.batch, .context = static_cast<cx::count>(w.middle()), .step_tokens = step_tokens};
    cx::count const room = std::max<cx::count>(1, cx::most_sequences(*graph, x, s.system, held));
    // more requests in flight than the ranks take at once run on other replicas; fewer leave ranks unfilled
    double const in_flight = o.concurrency != 0 ? static_cast<double>(o.concurrency) / static_cast<double>(o.layout.dp) : static_cast<double>(o.batch);
    double const asked = std::min(in_flight, static_cast<double>(o.batch));
    w.sequences = std::min(asked, static_cast<double>(room));
    w.waiting = asked - w.sequences;
    held.sequences = static_cast<cx::count>(std::ceil(w.sequences));

    s.with_pricing([&](auto const& price) {
        a.founded = cx::max(m.model.config.founded, price.founded);
        fill(a, cx::aggregated(steps_of(*graph, price, s, m), w, static_cast<double>(o.layout.dp)), w);
        cx::mean_group const decode{w.sequences, 1, w.middle(), cx::phase::decode};
        bound(a, *graph, x, decode, price, s.framework);
        if (!o.breakdown) return;
        a.prefill_ops = ops_of(*graph, x, cx::mean_group{1, w.fresh(), w.prefix, cx::phase::prefill}, price, m);
        a.decode_ops = ops_of(*graph, x, decode, price, m);
    });
    if (!cx::is_priced(a.tpot)) return without_price(*graph, x, s.system);
    account(a, o, m, s, *graph, x, held, cx::no_predictions{});
    return a;
}

outcome<answer> serve_disaggregated(estimate_options const& o, loaded_model const& m, priced_system const& s) {
    complaints errors;
    estimate_options reading = o, writing = o;
    reading.layout = o.prefill.layout;
    writing.layout = o.decode.layout;
    cx::deployment const reading_on = deployment_of(reading, m, s, errors);
    cx::deployment const writing_on = deployment_of(writing, m, s, errors);
    if (!errors.empty()) return errors;
    auto const reader = cx::lower(m.model, reading_on);
    auto const writer = cx::lower(m.model, writing_on);
    if (!reader) return explain(reader.error());
    if (!writer) return explain(writer.error());

    answer a{.gpus = o.prefill.workers * reading_on.layout.devices() + o.decode.workers * writing_on.layout.devices(), .osl = o.osl};
    cx::workload const w = lengths(o);
    auto const pool = [](pool_options const& p) {
        return cx::worker_pool{static_cast<double>(p.workers), static_cast<double>(p.layout.dp), static_cast<double>(p.batch)};
    };
    s.with_pricing([&](auto const& price) {
        a.founded = cx::max(m.model.config.founded, price.founded);
        fill(a, cx::disaggregated(steps_of(*reader, price, s, m), pool(o.prefill), steps_of(*writer, price, s, m), pool(o.decode), w), w);
        cx::mean_group const decode{static_cast<double>(o.decode.batch), 1, w.middle(), cx::phase::decode};
        bound(a, *writer, writing_on, decode, price, s.framework);
        if (!o.breakdown) return;
        a.prefill_ops = ops_of(*reader, reading_on, cx::mean_group{static_cast<double>(o.prefill.batch), w.fresh(), w.prefix, cx::phase::prefill}, price, m);
        a.decode_ops = ops_of(*writer, writing_on, decode, price, m);
    });
    if (!cx::is_priced(a.ttft + a.tpot)) return without_price(*writer, writing_on, s.system);
    account(a, writing, m, s, *writer, writing_on, {.sequences = o.decode.batch, .context = static_cast<cx::count>(w.prompt + w.output), .step_tokens = o.decode.batch}, cx::no_predictions{});
    return a;
}

}  // namespace cli
