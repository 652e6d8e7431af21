// SPDX-License-Identifier: BSL-1.0
#include "cli.hpp"

#include <costexpr/calibrated.hpp>

#include <array>

namespace cli {

namespace {

/// A way to lay a model out that its dimensions allow.
struct candidate {
    cx::deployment deployment;
    cx::op_graph<cx::builtin> graph;
};

/// What one cell of the matrix says.
struct fit {
    cx::layout layout{};
    bool fits = false;
    std::string_view provenance = "";  ///< of its price; unpriced where the device lacks the arithmetic
};

constexpr cx::count most_devices = 1024;
constexpr std::array<std::string_view, 3> precisions{"checkpoint", "bf16", "fp8"};
constexpr cx::residency held{.sequences = 1, .context = 4096, .step_tokens = 4096};

cx::precision precision_of(std::string_view name, cx::config_facts const& config) {
    if (name == "checkpoint") return config.stored;
    cx::precision p{};
    if (name == "fp8") p.weights = p.experts = cx::dtype::fp8;
    return p;
}

/// The layouts of a model in powers of two, the fewest devices first, of as many the widest tensor parallel one, experts sharded last.
/// Each is laid out once, for all systems, and only when it is asked for.
class layouts {
  public:
    layouts(cx::any_model const& m, cx::precision const& p) : model_(m), precision_(p) {}

    candidate const* at(std::size_t i) {
        while (found_.size() <= i && next()) {}
        return i < found_.size() ? &found_[i] : nullptr;
    }

  private:
    bool next() {
        for (;;) {
            if (devices_ > most_devices) return false;
            cx::deployment const x{.layout = {.tp = tp_, .pp = devices_ / tp_, .ep = ep_}, .precision = precision_};
            if (ep_ < tp_)
                ep_ *= 2;
            else if (ep_ = 1; tp_ > 1)
                tp_ /= 2;
            else
                tp_ = devices_ *= 2;
            if (auto graph = cx::lower(model_, x)) {
                found_.push_back({x, *graph});
                return true;
            }
        }
    }

    cx::any_model const& model_;
    cx::precision precision_;
    cx::count devices_ = 1, tp_ = 1, ep_ = 1;
    std::vector<candidate> found_{};
};

/// A system with its constants under TensorRT-LLM, its own or its neighbours'; nothing where there are none.
struct candidate_system {
    std::string name;
    cx::system_spec spec;
    std::optional<cx::calibration> constants;
};

fit smallest(layouts& all, cx::any_model const& m, candidate_system const& on) {
    cx::system_spec const& s = on.spec;
    cx::count const domain = s.rack.devices != 0 ? s.rack.devices : s.node.devices;
    for (std::size_t i = 0; candidate const* c = all.at(i); ++i) {
        if (domain != 0 && c->deployment.layout.tp > domain) continue;  // tensor parallelism stays inside a node or rack
        if (!cx::memory(c->graph, c->deployment, s, held).fits()) continue;
        cx::roofline<> const price(s);
        std::array<cx::group, 1> const one{cx::decode_batch{.sequences = 1, .past = held.context}.as_group()};
        bool const priced = cx::is_priced(cx::seconds(c->graph, cx::step(one), price));
        cx::provenance const founded = on.constants ? cx::uncertainty(c->graph, c->deployment, cx::step(one), cx::calibrated<>(s, *on.constants)).founded() : price.founded;
        return {c->deployment.layout, true, priced ? cx::provenance_names[static_cast<std::size_t>(cx::max(m.config.founded, founded))] : "unpriced"};
    }
    return {};
}

std::string spelled(cx::layout const& l) {
    std::string out = fmt::format("tp{}", l.tp);
    if (l.pp != 1) out += fmt::format("pp{}", l.pp);
    if (l.ep != 1) out += fmt::format("ep{}", l.ep);
    return out;
}

}  // namespace

int support(std::string const& model, std::string const& system, bool as_csv, bool as_json) {
    std::vector<candidate_system> systems;
    auto const add = [&](std::string const& name, cx::system_spec const& spec) {
        auto const constants = cx::calibration_of(spec, "trtllm");
        systems.push_back({name, spec, constants ? std::optional(*constants) : std::nullopt});
    };
    for (std::size_t i = 0; i != cx::embedded::system_count; ++i) {
        std::string const name(cx::embedded::systems[i].name);
        if (!system.empty() && system != name) continue;
        auto const s = load_system(name);
        if (!s) return report(s.errors, as_json);
        add(name, *s);
    }
    if (systems.empty()) {
        auto const s = load_system(system);
        if (!s) return report(s.errors, as_json);
        add(system, *s);
    }
    std::vector<std::string> models;
    for (std::size_t i = 0; i != cx::embedded::model_count; ++i)
        if (model.empty() || model == cx::embedded::models[i].name) models.emplace_back(cx::embedded::models[i].name);
    if (models.empty()) models.push_back(model);

    std::string text;
    json_writer out(text, 2);
    out.begin_array();
    table t({"model", "system", "checkpoint", "devices", "bf16", "fp8", "price"});
    for (std::size_t column : {1u, 2u, 3u, 4u, 5u, 6u}) t.left(column);
    if (as_csv) {
        fmt::print("model,system");
        for (auto p : precisions) fmt::print(",{0}_devices,{0}_layout,{0}_provenance", p);
        fmt::print("\n");
    }
    for (auto const& name : models) {
        auto const m = load_model(name);
        if (!m) return report(m.errors, as_json);
        std::vector<layouts> per_precision;
        for (auto p : precisions) per_precision.emplace_back(m->model, precision_of(p, m->model.config));
        for (candidate_system const& on : systems) {
            std::array<fit, precisions.size()> cells{};
            for (std::size_t i = 0; i != cells.size(); ++i) cells[i] = smallest(per_precision[i], m->model, on);
            if (as_csv) fmt::print("{},{}", m->name, on.name);
            out.begin_object().member("model", m->name).member("system", on.name);
            for (std::size_t i = 0; i != cells.size(); ++i) {
                fit const& f = cells[i];
                if (as_csv) f.fits ? fmt::print(",{},{},{}", f.layout.devices(), spelled(f.layout), f.provenance) : fmt::print(",,,");
                out.key(precisions[i]);
                if (f.fits)
                    out.begin_object().member("devices", f.layout.devices()).member("layout", spelled(f.layout)).member("provenance", f.provenance).end_object();
                else
                    out.null();
            }
            out.end_object();
            if (as_csv) fmt::print("\n");
            auto const cell = [](fit const& f) { return f.fits ? fmt::format("{} ({})", f.layout.devices(), spelled(f.layout)) : std::string("-"); };
            t.row({m->name, on.name, std::string(cx::name(m->model.config.stored.weights)), cell(cells[0]), cell(cells[1]), cell(cells[2]), std::string(cells[0].provenance)});
        }
    }
    out.end_array();
    return as_csv ? 0 : print(as_json, text, t);
}

}  // namespace cli
