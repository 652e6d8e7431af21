// SPDX-License-Identifier: BSL-1.0
#include "cli.hpp"

#include <boost/hana/for_each.hpp>

namespace cli {

namespace {

/// Calls f with each family of the shipped registry, by type.
template <class... F, class Function>
void for_each_family(cx::registry<F...>, Function const& f) {
    (f.template operator()<F>(), ...);
}

}  // namespace

int list_models(bool as_json) {
    std::string text;
    json_writer out(text, 2);
    out.begin_array();
    table t({"model", "family", "architecture", "parameters", "active"});
    t.left(1);
    t.left(2);
    for (std::size_t i = 0; i != cx::embedded::model_count; ++i) {
        std::string const name(cx::embedded::models[i].name);
        auto const m = load_model(name);
        if (!m) return report(m.errors, as_json);
        cx::config_facts const& c = m->model.config;
        out.begin_object().member("model", name).member("family", c.family).member("architecture", c.architecture.view());
        out.member("parameters", m->model.parameters()).member("active", m->model.active_parameters()).end_object();
        t.row({name, std::string(c.family), std::string(c.architecture.view()), human_count(static_cast<double>(m->model.parameters())),
               human_count(static_cast<double>(m->model.active_parameters()))});
    }
    out.end_array();
    return print(as_json, text, t);
}

int list_systems(bool as_json) {
    std::string text;
    json_writer out(text, 2);
    out.begin_array();
    table t({"system", "memory", "bandwidth", "bf16", "fp8", "fp4", "node", "link", "network"});
    auto const rate = [](double r) { return r == 0 ? std::string("-") : human_count(r) + "FLOP/s"; };
    for (std::size_t i = 0; i != cx::embedded::system_count; ++i) {
        std::string const name(cx::embedded::systems[i].name);
        auto const s = load_system(name);
        if (!s) return report(s.errors, as_json);
        out.begin_object().member("system", name).member("vendor", s->vendor.view()).member("generation", s->generation.view());
        out.member("memory_bytes", s->device.memory_bytes).member("memory_bytes_per_second", s->device.memory_bytes_per_second);
        out.key("flops_per_second").begin_object();
        for (std::size_t m = 0; m != cx::math_classes; ++m)
            if (s->device.flops_per_second[m] > 0) out.member(cx::math_names[m], s->device.flops_per_second[m]);
        out.end_object();
        auto const tier = [&](std::string_view key, cx::link_tier const& l) {
            out.key(key).begin_object();
            if (l.devices != 0) out.member("devices", l.devices);
            out.member("bytes_per_second", l.bytes_per_second).member("latency_seconds", l.latency_seconds).end_object();
        };
        tier("node", s->node);
        if (s->rack.devices != 0) tier("rack", s->rack);
        tier("cluster", s->cluster);
        out.end_object();
        cx::link_tier const& widest = s->rack.devices != 0 ? s->rack : s->node;
        t.row({name, human_bytes(static_cast<double>(s->device.memory_bytes)), human_bytes(s->device.memory_bytes_per_second) + "/s", rate(s->device.rate(cx::math::bf16)),
               rate(s->device.rate(cx::math::fp8)), rate(s->device.rate(cx::math::fp4)), fmt::format("{}", widest.devices), human_bytes(widest.bytes_per_second) + "/s",
               human_bytes(s->cluster.bytes_per_second) + "/s"});
    }
    out.end_array();
    return print(as_json, text, t);
}

int list_families(bool keys, bool as_json) {
    std::string text;
    json_writer out(text, 2);
    out.begin_array();
    for_each_family(cx::builtin{}, [&]<class F>() {
        out.begin_object().member("family", F::family).key("architectures").begin_array();
        if (!as_json) fmt::print("{}{}\n", F::family, keys ? "" : ":");
        std::string line;
        for (cx::arch const& a : F::architectures()) {
            out.begin_object().member("architecture", a.name).member("model_type", a.model_type).end_object();
            line += fmt::format("  {}{}\n", a.name, a.model_type.empty() ? "" : fmt::format(" ({})", a.model_type));
        }
        if (!as_json && !keys) fmt::print("{}", line);
        out.end_array();
        if (keys) {
            out.key("keys").begin_array();
            table t({"  key", "aliases", "holds", "when missing"});
            t.left(1);
            t.left(2);
            t.left(3);
            auto const add_rows = [&]<class P>() {
                for (auto const& f : cx::schema::table<P>) {
                    std::string aliases;
                    for (std::size_t i = 1; i < f.name_count; ++i) aliases += (i == 1 ? "" : ", ") + std::string(f.names[i]);
                    std::string_view const missing = f.required ? "an error" : f.derive != nullptr ? "derived" : "the architecture's default";
                    out.begin_object().member("key", f.name()).member("aliases", aliases).member("holds", cx::schema::expectation(f.kind)).member("missing", missing).end_object();
                    t.row({"  " + std::string(f.name()), aliases, std::string(cx::schema::expectation(f.kind)), std::string(missing)});
                }
            };
            [&]<class... P>(cx::types<P...>) { (add_rows.template operator()<P>(), ...); }(cx::schema::tables_of<F>());
            out.end_array();
            if (!as_json) t.print();
        }
        out.end_object();
    });
    // no family: what stands around a decoder
    out.begin_object().member("family", "wrappers").key("architectures").begin_array();
    if (!as_json && !keys) fmt::print("wrappers, and the decoder that holds where their config names none:\n");
    for (cx::wrapper const& w : cx::wrappers<>) {
        out.begin_object().member("architecture", w.architecture).member("model_type", w.model_type).member("decoder", w.decoder).end_object();
        if (!as_json && !keys)
            fmt::print("  {}{}{}\n", w.architecture, w.model_type.empty() ? "" : fmt::format(" ({})", w.model_type), w.decoder.empty() ? "" : fmt::format(": {}", w.decoder));
    }
    out.end_array().end_object();
    out.end_array();
    if (as_json) fmt::print("{}\n", text);
    return 0;
}

}  // namespace cli
