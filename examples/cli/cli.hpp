// SPDX-License-Identifier: BSL-1.0
#pragma once

// What the commands of the program share: finding a config, telling errors, and tables for people.

#include <costexpr/costexpr.hpp>
#include <costexpr/json/writer.hpp>

#include <fmt/color.h>
#include <fmt/format.h>

#include <array>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace CLI {
class App;
}

namespace cli {

namespace cx = costexpr;
using json_writer = cx::json::writer<std::string>;

/// A text with the name under which errors speak of it.
struct source {
    std::string name;
    std::string text;
};

/// The texts of a model: its config.json, and the hf_quant_config.json beside it (empty where there is none).
struct config_texts {
    std::string name;
    source config;
    std::string quantization;
};

/// A model with the texts it was read from.
struct loaded_model : config_texts {
    cx::any_model model;
};

/// Something that is wrong with what the user gave, in words and for `--json`.
struct complaint {
    std::string code;
    std::string where;    ///< FILE:LINE:COLUMN, or what was asked
    std::string pointer;
    cx::count line = 0;
    cx::count column = 0;
    std::string message;
};
using complaints = std::vector<complaint>;

/// A value or what stands against it.
template <class T>
struct outcome {
    std::optional<T> value{};
    complaints errors{};

    outcome(T v) : value(std::move(v)) {}
    outcome(complaints e) : errors(std::move(e)) {}
    explicit operator bool() const { return value.has_value(); }
    T const& operator*() const { return *value; }
    T const* operator->() const { return &*value; }
};

/// The whole of a file, or nothing where there is none.
std::optional<std::string> read_file(std::filesystem::path const& path);
/// The text of a string member of a line, whatever its length.
std::string long_text(std::string_view line, cx::json::value const& v);

complaints explain(cx::problems const& problems, source const& from);
complaint simple_complaint(std::string code, std::string where, std::string message);
void write_errors(json_writer& out, complaints const& errors);
/// Prints errors for people to standard error, or as JSON to standard output; returns the exit status.
int report(complaints const& errors, bool as_json);

/// A path to a config.json, a directory that holds one, or the name of an embedded model.
outcome<config_texts> load_config(std::string const& config);
/// The same, read.
outcome<loaded_model> load_model(std::string const& config);
/// The name of an embedded system, or a path to a JSON of one's own.
outcome<cx::system_spec> load_system(std::string const& name);

/// Whether standard output is a terminal that shows colours.
bool colours();

/// Rows of text under a header, columns aligned: the first to the left, the others to the right.
class table {
  public:
    explicit table(std::vector<std::string> header) : header_(std::move(header)) {}
    void row(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
    void left(std::size_t column) { left_.push_back(column); }
    void print() const;

  private:
    std::vector<std::string> header_;
    std::vector<std::vector<std::string>> rows_;
    std::vector<std::size_t> left_{0};
};

/// Prints a list in one of its two forms; returns the exit status.
int print(bool as_json, std::string const& text, table const& t);

std::string human_bytes(double bytes);
std::string human_count(double n);
std::string human_time(double seconds);

int inspect(std::string const& config, std::string const& kv_cache, cx::count context, bool as_json);
/// Which situation a config is in; what is wrong with it where it has none.
/// `refused`: why the model cannot be read, nothing where it can.
outcome<cx::classification> situation_of(config_texts const& texts, cx::problems const& refused);
int classify(std::string const& config, bool as_json);
int support(std::string const& model, std::string const& system, bool as_csv, bool as_json);
int list_models(bool as_json);
int list_systems(bool as_json);
int list_families(bool keys, bool as_json);

/// The workers of one phase of disaggregated serving.
struct pool_options {
    cx::count workers = 1, batch = 1;
    cx::layout layout{};
};
struct estimate_options {
    std::string config{}, system{}, framework = "trtllm", mode = "static";
    std::string pricing{};      ///< empty: calibrated where the system has constants, else the roofline
    std::string calibration{};  ///< a file of constants instead of the embedded ones
    std::string points{};       ///< a file of measured points, for pricing table
    std::string profile{};      ///< a framework's profile instead of the embedded one
    std::string weights{}, experts{}, kv_cache{}, attention{};
    cx::layout layout{};
    cx::count batch = 1, concurrency = 0, isl = 1024, osl = 128, prefix = 0;
    std::array<double, 2> length_spread{1, 1};  ///< lengths are drawn evenly between these parts of isl and osl
    pool_options prefill{}, decode{};           ///< of disaggregated serving
    cx::count mtp = 0;      ///< drafts per step of speculative decoding
    double accepted = -1;   ///< of them, on average; must be given with mtp
    bool breakdown = false;
    bool explain = false;
    bool as_json = false;

    /// Where no batch is asked for, a rank takes its part of the sequences in flight.
    void fill_batch() {
        if (concurrency > 0) batch = cx::ceil_div(concurrency, layout.dp > 0 ? layout.dp : 1);
    }
    [[nodiscard]] bool serves() const { return mode == "aggregated" || mode == "disaggregated"; }
};
/// What is wrong with numbers and names of a request, added to the errors.
void check_range(cx::count value, cx::count least, char const* key, complaints& errors);
void check_request(estimate_options const& options, complaints& errors);  ///< batch and lengths
void check_framework(estimate_options const& options, complaints& errors);
/// The deployment that options ask for, in the precision of the checkpoint where they do not say otherwise; adds what is wrong with them.
cx::deployment deployment_of(estimate_options const& options, loaded_model const& m, complaints& errors);
/// What the library says against a layout, a model or a request.
complaints explain(cx::problems const& problems);
/// The subcommand `fit` with its options.
void add_fit(CLI::App& app, estimate_options& options, int& status);
int estimate(estimate_options const& options);
/// Answers lines from standard input; what a line does not say of pricing is as the options say.
int estimate_lines(estimate_options const& defaults);

/// The layer list of a model, as written.
struct written_list {
    std::string id;
    std::string name;
    cx::count total_params = 0;
    std::string text;
};
outcome<written_list> write_layers(loaded_model const& m);
int layers(std::string const& file, bool write, bool as_json);
int layer_classes(bool as_json);
int layer_lines();
int serve(int port);

}  // namespace cli
