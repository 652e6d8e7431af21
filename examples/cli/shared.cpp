// SPDX-License-Identifier: BSL-1.0
#include "cli.hpp"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <unistd.h>

namespace cli {

namespace fs = std::filesystem;

std::optional<std::string> read_file(fs::path const& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) return {};
    return std::string(std::istreambuf_iterator<char>(file), {});
}

namespace {

/// The hf_quant_config.json that lies beside a config, under the names that people give it.
std::string quantization_beside(fs::path const& config) {
    std::string name = config.filename().string();
    std::string const suffix = "config.json";
    if (name.ends_with(suffix)) {
        name.replace(name.size() - suffix.size(), suffix.size(), "hf_quant_config.json");
        if (auto text = read_file(config.parent_path() / name)) return *text;
    }
    return {};
}

std::string model_name(fs::path const& path) {
    std::string name = path.filename().string();
    if (name == "config.json") return path.parent_path().filename().string();
    if (auto at = name.rfind("_config.json"); at != std::string::npos) name.resize(at);
    if (auto at = name.find("--"); at != std::string::npos) name.replace(at, 2, "/");
    return name;
}

}  // namespace

std::string long_text(std::string_view line, cx::json::value const& v) {
    if (v.kind != cx::json::kind::string) return std::string(v.raw(line));
    std::string out(v.end - v.begin, '\0');
    std::size_t length = 0;
    if (!cx::json::decode(line, {v.begin + 1, v.end - 1, true}, out.data(), out.size(), length)) return {};
    out.resize(length);
    return out;
}

complaints explain(cx::problems const& problems, source const& from) {
    complaints all;
    for (cx::problem const& p : problems) {
        cx::diagnosis const d = cx::describe(p, from.text);
        all.push_back({std::string(cx::name(p.code)), fmt::format("{}:{}:{}", from.name, d.at.line, d.at.column), std::string(d.pointer.view()), d.at.line,
                       d.at.column, std::string(d.message.view())});
    }
    if (problems.dropped != 0) all.push_back(simple_complaint("more", from.name, fmt::format("{} more problems", problems.dropped)));
    return all;
}

complaint simple_complaint(std::string code, std::string where, std::string message) {
    return {std::move(code), std::move(where), "", 0, 0, std::move(message)};
}

void write_errors(json_writer& out, complaints const& errors) {
    out.key("error").begin_array();
    for (complaint const& c : errors) {
        out.begin_object();
        out.member("code", c.code).member("pointer", c.pointer).member("line", c.line).member("column", c.column).member("message", c.message);
        out.end_object();
    }
    out.end_array();
}

int report(complaints const& errors, bool as_json) {
    if (as_json) {
        std::string text;
        json_writer out(text);
        out.begin_object();
        write_errors(out, errors);
        out.end_object();
        fmt::print("{}\n", text);
    }
    for (complaint const& c : errors)
        fmt::print(stderr, "costexpr: {}: {}{}{}\n", c.where, c.pointer, c.pointer.empty() ? "" : ": ", c.message);
    return 1;
}

outcome<config_texts> load_config(std::string const& config) {
    fs::path path(config);
    std::error_code ignored;
    if (fs::is_directory(path, ignored)) path /= "config.json";
    if (std::optional<std::string> const text = read_file(path)) return config_texts{model_name(path), {path.string(), *text}, quantization_beside(path)};
    if (std::size_t const i = cx::embedded::index_of(cx::embedded::models, config); i != cx::embedded::absent)
        return config_texts{config, {config, std::string(cx::embedded::models[i].config())}, std::string(cx::embedded::models[i].hf_quant_config())};
    return complaints{simple_complaint("unknown_model", config, fmt::format("there is no such model (expected a path to a config.json, a directory that holds one, or a name that `costexpr models` lists, found \"{}\")", config))};
}

outcome<loaded_model> load_model(std::string const& config) {
    auto const texts = load_config(config);
    if (!texts) return texts.errors;
    auto const read = cx::read_model(texts->config.text, texts->quantization);
    if (!read) return explain(read.error(), texts->config);
    return loaded_model{{*texts}, *read};
}

outcome<cx::system_spec> load_system(std::string const& name) {
    source from{name, std::string(cx::embedded::text_of(cx::embedded::systems, name))};
    if (from.text.empty()) {
        auto text = read_file(name);
        if (!text) return complaints{simple_complaint("unknown_system", name, fmt::format("there is no such system (expected a path to a system's JSON, or a name that `costexpr systems` lists, found \"{}\")", name))};
        from.text = *text;
    }
    auto read = cx::read_system(from.text);
    if (!read) return explain(read.error(), from);
    return *read;
}

int print(bool as_json, std::string const& text, table const& t) {
    if (as_json)
        fmt::print("{}\n", text);
    else
        t.print();
    return 0;
}

bool colours() { return isatty(STDOUT_FILENO) != 0; }

void table::print() const {
    std::vector<std::size_t> widths(header_.size());
    auto const widen = [&](std::vector<std::string> const& cells) {
        for (std::size_t i = 0; i != cells.size(); ++i) widths[i] = std::max(widths[i], cells[i].size());
    };
    widen(header_);
    for (auto const& r : rows_) widen(r);
    auto const line = [&](std::vector<std::string> const& cells) {
        std::string out;
        for (std::size_t i = 0; i != cells.size(); ++i) {
            bool const to_the_left = std::find(left_.begin(), left_.end(), i) != left_.end();
            out += to_the_left ? fmt::format("{:<{}}", cells[i], widths[i]) : fmt::format("{:>{}}", cells[i], widths[i]);
            out += "  ";
        }
        while (!out.empty() && out.back() == ' ') out.pop_back();
        return out;
    };
    bool const named = std::any_of(header_.begin(), header_.end(), [](auto const& h) { return !h.empty(); });
    if (named && colours())
        fmt::print(fmt::emphasis::bold, "{}\n", line(header_));
    else if (named)
        fmt::print("{}\n", line(header_));
    for (auto const& r : rows_) fmt::print("{}\n", line(r));
}

namespace {

std::string scaled(double value, double base, std::initializer_list<char const*> units) {
    auto unit = units.begin();
    while (value >= base && unit + 1 != units.end()) value /= base, ++unit;
    return fmt::format("{:.{}f} {}", value, value < 10 ? 2 : value < 100 ? 1 : 0, *unit);
}

}  // namespace

std::string human_bytes(double bytes) { return scaled(bytes, 1000, {"B", "kB", "MB", "GB", "TB", "PB"}); }
std::string human_count(double n) { return scaled(n, 1000, {"", "K", "M", "B", "T", "Q"}); }
std::string human_time(double seconds) { return scaled(seconds * 1e9, 1000, {"ns", "us", "ms", "s"}); }

}  // namespace cli
