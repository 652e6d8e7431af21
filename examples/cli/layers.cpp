// SPDX-License-Identifier: BSL-1.0
#include "cli.hpp"

#include <costexpr/model/layer_types.hpp>

#include <cmath>
#include <iostream>
#include <type_traits>

namespace cli {

namespace {

complaints explain_model(cx::problems const& problems, std::string const& name) {
    complaints all;
    for (cx::problem const& p : problems) {
        bool const unnamed = p.code == cx::errc::unknown_name;
        all.push_back(simple_complaint(std::string(cx::name(p.code)), name,
                                       unnamed ? fmt::format("layer lists have no class for the layer type \"{}\" (expected one that `costexpr layers --classes` lists)", p.key)
                                               : std::string(cx::describe(p, {}).message.view())));
    }
    return all;
}

/// Whether a text is a layer list rather than a config, in which "layer_types" lists names.
bool is_layer_list(std::string const& text) {
    cx::json::reader r(text);
    cx::json::value const root = r.skip();
    if (!r.ok()) return true;  // read_layers says what is wrong with it
    cx::schema::document const d{.text = text};
    bool objects = cx::schema::member(d, root, "model_id").kind != cx::json::kind::end;
    cx::schema::for_each_entry(d, cx::schema::member(d, root, "layer_types"), [&](cx::json::value const& v) { objects = objects || v.kind == cx::json::kind::object; });
    return objects;
}

/// The layer list that a file holds, or that of a model.
outcome<cx::layer_list> load_layers(std::string const& file) {
    std::error_code ignored;
    auto const text = std::filesystem::is_directory(file, ignored) ? std::optional<std::string>{} : read_file(file);
    if (text && is_layer_list(*text)) {
        auto const list = cx::read_layers(*text);
        if (!list) return explain(list.error(), {file, *text});
        std::string const stem = std::filesystem::path(file).stem().string();
        if (list->model_id.view() != stem)
            return complaints{{"contradiction", file, "/model_id", 0, 0,
                               fmt::format("\"model_id\" must be the name of the file (expected \"{}\", found \"{}\")", stem, list->model_id.view())}};
        return *list;
    }
    auto const m = load_model(file);
    if (!m) return m.errors;
    auto const list = cx::layers_of(m->model, m->name);
    if (!list) return explain_model(list.error(), m->name);
    return *list;
}

std::string_view class_name(cx::layer_entry const& e) { return cx::detail::classes::rows[e.layer_class].name; }

/// A count that a double holds exactly as an integer, anything larger as it is.
void whole(json_writer& out, std::string_view key, double value) {
    if (value < 9e15)
        out.member(key, static_cast<cx::count>(std::llround(value)));
    else
        out.member(key, value);
}

}  // namespace

outcome<written_list> write_layers(loaded_model const& m) {
    auto const list = cx::layers_of(m.model, m.name);
    if (!list) return explain_model(list.error(), m.name);
    written_list out{.id = std::string(list->model_id.view()), .name = std::string(list->name.view()), .total_params = list->total_params, .text = {}};
    json_writer writer(out.text, 2);
    write(writer, *list);
    // what is written must read back as the same model
    auto const again = cx::read_layers(out.text);
    if (!again) return explain(again.error(), {out.id + ".json", out.text});
    for (cx::count tokens : {cx::count{1000}, cx::count{1'000'000}})
        if (cx::state_bytes(*again, tokens) != cx::state_bytes(*list, tokens))
            return complaints{simple_complaint("contradiction", m.name, "the specs of layer lists do not say all of this model's state")};
    return out;
}

int layers(std::string const& file, bool write, bool as_json) {
    if (write) {
        auto const m = load_model(file);
        if (!m) return report(m.errors, as_json);
        auto const list = write_layers(*m);
        if (!list) return report(list.errors, as_json);
        fmt::print("{}\n", list->text);
        return 0;
    }
    auto const list = load_layers(file);
    if (!list) return report(list.errors, as_json);
    std::string text;
    json_writer out(text, 2);
    out.begin_object().member("model_id", list->model_id.view()).member("hf_model_id", list->hf_model_id.view()).member("name", list->name.view());
    out.member("hidden_size", list->hidden_size).member("num_layers", list->num_layers).member("vocab_size", list->vocab_size);
    out.member("parameters", cx::parameters(*list)).member("weight_bytes", cx::weight_bytes(*list)).key("layer_types").begin_array();
    table t({"layer type", "class", "count", "parameters", "of all", "weights", "state per token", "in windows", "fixed state"});
    t.left(1);
    auto const bytes = [](cx::count n) { return n == 0 ? std::string("-") : human_bytes(static_cast<double>(n)); };
    auto const row = [&](std::string name, std::string_view type, cx::count times, cx::count each, cx::layer_list const& of) {
        cx::sequence_state const s = cx::state_of(of);
        t.row({std::move(name), std::string(type), times == 0 ? "" : fmt::format("{}", times), times == 0 ? "" : fmt::format("{}", each), fmt::format("{}", cx::parameters(of)),
               bytes(cx::weight_bytes(of)), bytes(s.bytes_per_token + s.index_bytes_per_token), bytes(s.windowed_bytes_per_token), bytes(s.fixed_bytes)});
    };
    for (cx::layer_entry const& e : *list) {
        cx::layer_list one{};
        one.entries.try_push_back(e);
        cx::sequence_state const s = cx::state_of(one);
        row(std::string(e.name.view()), class_name(e), e.times, cx::parameters(e.layer), one);
        out.begin_object().member("name", e.name.view()).member("class", class_name(e)).member("count", e.times).member("parameters", cx::parameters(e.layer));
        out.member("total_parameters", cx::parameters(one)).member("weight_bytes", cx::weight_bytes(one));
        out.member("state_bytes_per_token", s.bytes_per_token + s.index_bytes_per_token);
        out.member("windowed_bytes_per_token", s.windowed_bytes_per_token).member("window", s.window).member("fixed_bytes", s.fixed_bytes).end_object();
    }
    out.end_array().end_object();
    if (as_json) {
        fmt::print("{}\n", text);
        return 0;
    }
    fmt::print("{} ({}): hidden size {}, {} layers, vocabulary of {}; weights and state in bf16\n\n", list->name.view(), list->hf_model_id.view(), list->hidden_size, list->num_layers, list->vocab_size);
    row("total", "", 0, 0, *list);
    t.print();
    return 0;
}

int layer_classes(bool as_json) {
    std::string text;
    json_writer out(text, 2);
    out.begin_array();
    table t({"class", "layer type", "parallelism", "specs (optional in brackets)"});
    t.left(1);
    t.left(2);
    t.left(3);
    auto const one = [&]<class C>(std::type_identity<C>) {
        std::string degrees, specs;
        out.begin_object().member("class", C::name).member("layer", C::layer::type).key("parallelism").begin_array();
        auto const degree = [&](cx::parallelism p, std::string_view name) {
            if (!contains(C::supports, p)) return;
            out.value(fmt::format("{}_parallel", name));
            degrees += (degrees.empty() ? "" : " ") + std::string(name);
        };
        degree(cx::parallelism::tensor, "tensor");
        degree(cx::parallelism::context, "context");
        degree(cx::parallelism::sequence, "sequence");
        degree(cx::parallelism::expert, "expert");
        out.end_array().key("specs").begin_array();
        typename C::layer layer{};
        cx::spec_words words{};
        C::tables(
            [&](auto const& fields, auto&) {
                for (auto const& f : fields) {
                    out.begin_object().member("key", f.name()).member("required", f.required).member("holds", cx::schema::expectation(f.kind)).end_object();
                    specs += fmt::format("{}{}{}{}", specs.empty() ? "" : " ", f.required ? "" : "[", f.name(), f.required ? "" : "]");
                }
            },
            layer, words);
        out.end_array().end_object();
        t.row({std::string(C::name), std::string(C::layer::type), degrees.empty() ? "-" : degrees, specs});
    };
    [&]<class... C>(cx::types<C...>) { (one(std::type_identity<C>{}), ...); }(cx::layer_classes{});
    out.end_array();
    return print(as_json, text, t);
}

int layer_lines() {
    bool all_answered = true;
    for (std::string line; std::getline(std::cin, line);) {
        if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
        std::string text;
        json_writer out(text);
        out.begin_object();
        cx::json::reader r(line);
        cx::json::value const id = cx::schema::member({.text = line}, r.skip(), "id");
        if (id.kind == cx::json::kind::string || id.kind == cx::json::kind::number) out.member("id", long_text(line, id));
        auto const figures = cx::price_layer(line);
        if (figures) {
            out.member("parameters", figures->parameters);
            whole(out, "flops", figures->flops);
            out.member("weight_bytes", figures->weight_bytes);
            whole(out, "weight_read_bytes", figures->weight_read_bytes);
            whole(out, "activation_bytes", figures->activation_bytes);
            out.member("state_bytes", figures->state_bytes);
            whole(out, "wire_bytes", figures->wire_bytes);
        } else {
            write_errors(out, explain(figures.error(), {"case", line}));
            all_answered = false;
        }
        out.end_object();
        fmt::print("{}\n", text);
    }
    return all_answered ? 0 : 1;
}

}  // namespace cli
