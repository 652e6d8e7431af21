// SPDX-License-Identifier: BSL-1.0
// Op by op against a peer: the op lists, roofline figures and weights that PyPI aiconfigurator 0.12.0 answers for some fifty models under
// several layouts, frameworks and systems. Every model is laid out as the peer lays it out and priced with the peer's own system figures; ops
// are matched by kind. A kind must be equal to 1e-6, unless a row of data/peer_differences.csv says why it is not, and between which bounds
// the ratio ours / theirs then lies. With COSTEXPR_GOLDEN_REPORT=FILE, every ratio is written there.

#include <costexpr/costexpr.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#if __has_include(<nlohmann/json.hpp>)
#include <nlohmann/json.hpp>

namespace {

namespace cx = costexpr;
namespace fs = std::filesystem;
using nlohmann::json;

constexpr double infinite = std::numeric_limits<double>::infinity();

std::string environment(char const* name) {
    char const* value = std::getenv(name);
    return value == nullptr ? std::string() : std::string(value);
}
std::string file(fs::path const& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

/// What is compared and where: the columns of the table of differences that decide which row holds.
struct subject {
    std::string figure;  ///< time, shape, weights
    std::string kind;
    std::string family;
    std::string framework;
    std::string layout;
    std::string phase;
    std::string dtype;
    std::string system;
    std::string model;  ///< not a column of its own: the column of the family may name a model
};

/// A difference that is meant, and the ratio ours / theirs that it may have.
struct difference {
    subject where;  ///< * for any, a | b for either
    double least = 0;
    double most = 0;
    std::string reason;
};

bool covers(std::string const& pattern, std::string const& value) {
    if (pattern == "*") return true;
    std::istringstream in(pattern);
    for (std::string one; std::getline(in, one, '|');)
        if (one == value) return true;
    return false;
}

class differences {
  public:
    differences() {
        std::istringstream in(file(fs::path(environment("COSTEXPR_SOURCE")) / "tests/data/peer_differences.csv"));
        std::string line;
        std::getline(in, line);  // names of the columns
        while (std::getline(in, line)) {
            if (line.empty() || line.front() == '#') continue;
            std::istringstream columns(line);
            difference d;
            std::string least, most;
            for (std::string* c : {&d.where.figure, &d.where.kind, &d.where.family, &d.where.framework, &d.where.layout, &d.where.phase, &d.where.dtype, &d.where.system, &least, &most})
                std::getline(columns, *c, ',');
            std::getline(columns, d.reason);
            d.least = std::stod(least);
            d.most = most == "inf" ? infinite : std::stod(most);
            rows.push_back(d);
        }
    }
    [[nodiscard]] difference const* find(subject const& s) const {
        for (difference const& d : rows)
            if (covers(d.where.figure, s.figure) && covers(d.where.kind, s.kind) && (covers(d.where.family, s.family) || covers(d.where.family, s.model)) && covers(d.where.framework, s.framework) &&
                covers(d.where.layout, s.layout) && covers(d.where.phase, s.phase) && covers(d.where.dtype, s.dtype) && covers(d.where.system, s.system))
                return &d;
        return nullptr;
    }

    std::vector<difference> rows;
};

/// Both sides of one kind.
struct pair_of {
    double ours = 0;
    double theirs = 0;
};
using figures = std::map<std::string, pair_of>;

class ledger {
  public:
    explicit ledger(std::string name) : name_(std::move(name)) {
        if (std::string const path = environment("COSTEXPR_GOLDEN_REPORT"); !path.empty()) report_.open(path + "." + name_ + ".csv");
    }
    void compare(subject const& s, pair_of const& p, std::string const& what, double tolerance = 1e-6) {
        if (p.ours == 0 && p.theirs == 0) return;
        double const ratio = p.theirs == 0 ? infinite : p.ours / p.theirs;
        if (report_.is_open())
            report_ << s.figure << ',' << s.kind << ',' << s.family << ',' << s.framework << ',' << s.layout << ',' << s.phase << ',' << s.dtype << ',' << s.system << ',' << what << ','
                    << p.ours << ',' << p.theirs << ',' << ratio << '\n';
        if (std::abs(ratio - 1) <= tolerance) return void(++equal);
        difference const* d = table_.find(s);
        if (d != nullptr && d->least * (1 - 1e-6) <= ratio && ratio <= d->most * (1 + 1e-6)) return void(++explained);
        if (++wrong > 40) return;
        ADD_FAILURE() << s.figure << ' ' << s.kind << ' ' << s.family << ' ' << s.framework << ' ' << s.layout << ' ' << s.phase << ' ' << s.dtype << ' ' << s.system << ' ' << what
                      << ": ours " << p.ours << ", theirs " << p.theirs << ", ratio " << ratio
                      << (d != nullptr ? ", beyond the bounds of: " + d->reason : ", and no row says why");
    }
    /// Rows read, by what came of them, and the kinds compared; every row is one of them.
    void print(int rows, int compared) {
        std::cout << name_ << ": " << rows << " rows: " << compared << " compared, " << unknown << " of models not known yet, " << refused_by_both
                  << " that the peer refuses; figures: " << equal << " equal, " << explained << " different on purpose, " << wrong << " wrong\n";
        EXPECT_EQ(rows, compared + unknown + refused_by_both) << "rows were left out";
        EXPECT_EQ(wrong, 0);
        for (std::string const& m : unknown_models) std::cout << "  not known yet: " << m << '\n';
    }
    int equal = 0, explained = 0, wrong = 0, unknown = 0, refused_by_both = 0;
    std::set<std::string> unknown_models;

  private:
    std::string name_;
    differences table_;
    std::ofstream report_;
};

/// Models by name: from the shared configs, else from those of the library; none where its config is not there or cannot be read yet.
class models {
  public:
    cx::any_model const* find(std::string const& name) {
        auto const [at, is_new] = known_.try_emplace(name);
        if (is_new) at->second = read(name);
        return at->second ? &*at->second : nullptr;
    }

  private:
    static std::optional<cx::any_model> read(std::string const& name) {
        std::string stem = name;
        if (auto const slash = stem.find('/'); slash != std::string::npos) stem.replace(slash, 1, "--");
        for (fs::path const& folder : {fs::path(environment("COSTEXPR_SHARED")) / "data/params", fs::path(environment("COSTEXPR_SOURCE")) / "model_configs"}) {
            std::string const text = file(folder / (stem + "_config.json"));
            if (text.empty()) continue;
            auto const m = cx::read_model(text, file(folder / (stem + "_hf_quant_config.json")));
            if (m && m->config.founded != cx::provenance::inferred) return *m;
        }
        return std::nullopt;
    }
    std::map<std::string, std::optional<cx::any_model>> known_;
};

cx::dtype dtype_of(std::string name) {
    if (name == "bfloat16" || name == "float16") name = "bf16";
    if (name == "fp8_static" || name == "fp8_ootb") name = "fp8";
    if (name == "w4a16_nvfp4") name = "nvfp4_wo";
    cx::dtype d{};
    EXPECT_TRUE(cx::parse_dtype(name, d)) << name;
    return d;
}

/// The deployment of a row: its degrees, its framework, its dtypes. A checkpoint with modules in several dtypes keeps them, weights alone in
/// place of nvfp4 where the device has no fp4 arithmetic.
cx::deployment deployment_of(cx::any_model const& m, json const& row, std::vector<cx::dtype_exception>& kept) {
    cx::deployment x{.precision = m.config.precision()};
    std::string const par = row["par"];
    auto const degree = [&](std::string_view key) -> cx::count {
        // as in tp4dp2etp2ep4pp2: the digits behind a key that no letter stands before
        for (std::size_t at = 0; (at = par.find(key, at)) != std::string::npos; at += key.size())
            if (at == 0 || std::isdigit(static_cast<unsigned char>(par[at - 1]))) return std::stoll(par.substr(at + key.size()));
        return 0;
    };
    auto const at_least_one = [](cx::count n) { return n == 0 ? 1 : n; };
    x.layout = {.tp = at_least_one(degree("tp")), .pp = at_least_one(degree("pp")), .dp = at_least_one(degree("dp")), .ep = at_least_one(degree("ep"))};
    for (std::size_t i = 0; i != cx::framework_names.size(); ++i)
        if (cx::framework_names[i] == row["backend"].get<std::string>()) x.framework = static_cast<cx::framework>(i);
    json const& q = row["quant"];
    kept.assign(x.precision.exceptions.begin(), x.precision.exceptions.end());
    auto const without_fp4 = [&](cx::dtype& d) {
        if (d == cx::dtype::nvfp4 && q["moe_quant_mode"] == "nvfp4_wo") d = cx::dtype::nvfp4_wo;
    };
    for (cx::dtype_exception& e : kept) without_fp4(e.type);
    x.precision.exceptions = {kept.data(), kept.size()};
    without_fp4(x.precision.weights);
    x.precision.experts = dtype_of(q["moe_quant_mode"]);
    x.precision.attention = dtype_of(q["fmha_quant_mode"]);
    x.precision.kv_cache = dtype_of(q["kvcache_quant_mode"]);
    return x;
}

/// Whether a text is what a pattern says, in which * stands for any letters.
bool matches(std::string_view pattern, std::string_view text) {
    if (pattern.empty()) return text.empty();
    if (pattern.front() != '*') return !text.empty() && pattern.front() == text.front() && matches(pattern.substr(1), text.substr(1));
    for (std::size_t i = 0; i <= text.size(); ++i)
        if (matches(pattern.substr(1), text.substr(i))) return true;
    return false;
}

/// data/peer_ops.csv: the kinds under which ops are compared. The first row with a pattern that matches decides: of ours on layer/role/op, of
/// the peer's on family/name without its phase.
class kinds {
  public:
    static kinds const& all() {
        static kinds const one;
        return one;
    }
    [[nodiscard]] std::string ours(std::string const& name) const { return find(&row::ours, name); }
    [[nodiscard]] std::string theirs(std::string const& name) const { return find(&row::theirs, name); }
    /// The dtype that decides how a kind differs: of the linear layers where the table does not name the kind.
    [[nodiscard]] std::string dtype(std::string const& kind) const {
        for (row const& r : rows_)
            if (r.kind == kind) return r.dtype;
        return "gemm";
    }

  private:
    struct row {
        std::string kind, ours, theirs, dtype;
    };

    kinds() {
        std::istringstream in(file(fs::path(environment("COSTEXPR_SOURCE")) / "tests/data/peer_ops.csv"));
        std::string line, unused;
        std::getline(in, line);  // names of the columns
        while (std::getline(in, line)) {
            std::istringstream columns(line);
            row r;
            for (std::string* c : {&r.kind, &unused, &r.ours, &r.theirs, &unused, &r.dtype}) std::getline(columns, *c, ',');
            rows_.push_back(r);
        }
    }
    [[nodiscard]] std::string find(std::string row::* patterns, std::string const& name) const {
        auto const [at, is_new] = found_.try_emplace({patterns == &row::ours, name}, "unknown:" + name);
        if (!is_new) return at->second;
        for (row const& r : rows_) {
            std::istringstream in(r.*patterns);
            for (std::string pattern; in >> pattern;)
                if (matches(pattern, name)) return at->second = r.kind;
        }
        return at->second;
    }

    std::vector<row> rows_;
    mutable std::map<std::pair<bool, std::string>, std::string> found_;
};

/// The kind under which an op of the peer is compared. Its roofline prices a module of latent attention by the attention kernel alone.
std::string kind_of(std::string name, std::string const& family) {
    for (std::string_view prefix : {"context_", "generation_", "encoder_"})
        if (name.starts_with(prefix)) name.erase(0, prefix.size());
    std::string const kind = kinds::all().theirs(family + '/' + name);
    return kind == "mla_module" ? "mla" : kind;
}

/// The kind under which an op of ours is compared. In decode the peer counts the up-projections of the latent to its attention kernel.
std::string kind_of(cx::role part, std::string_view op, cx::op_place const& at, bool prefill) {
    if (at.layer == "mla" && part == cx::role::mla_key_value_up && !prefill) return "mla";
    return kinds::all().ours(std::string(at.layer) + '/' + std::string(cx::name(part)) + '/' + std::string(op));
}

std::string dtype_of_kind(std::string const& kind, json const& quant) { return quant[kinds::all().dtype(kind) + "_quant_mode"]; }

std::vector<cx::system_spec> peer_systems() {
    std::vector<cx::system_spec> all;
    json const text = json::parse(file(fs::path(environment("COSTEXPR_SOURCE")) / "tests/data/peer_systems.json"));
    for (json const& s : text["systems"]) {
        auto const read = cx::read_system(s.dump());
        EXPECT_TRUE(read);
        if (read) all.push_back(*read);
    }
    return all;
}

template <class F>
int for_each_row(std::string const& name, F const& f) {
    std::ifstream in(fs::path(environment("COSTEXPR_SHARED")) / "data/golden" / name);
    int rows = 0;
    for (std::string line; std::getline(in, line); ++rows) f(json::parse(line));
    return rows;
}

class golden : public testing::Test {
  protected:
    void SetUp() override {
        std::string const shared = environment("COSTEXPR_SHARED");
        if (shared.empty() || !fs::exists(fs::path(shared) / "data/golden")) GTEST_SKIP() << "SKIPPED: no shared data (COSTEXPR_SHARED)";
    }
    models known;
};

TEST_F(golden, roofline_of_every_op) {
    ledger book("time");
    auto const systems = peer_systems();
    int compared = 0;
    int const rows = for_each_row("c_sol_perop.jsonl", [&](json const& row) {
        if (row.contains("error")) return void(++book.refused_by_both);
        std::string const model = row["model"];
        cx::any_model const* const m = known.find(model);
        if (m == nullptr) return ++book.unknown, void(book.unknown_models.insert(model));
        auto const system = std::find_if(systems.begin(), systems.end(), [&](auto const& s) { return s.name.view() == row["system"].get<std::string>(); });
        ASSERT_NE(system, systems.end());
        ++compared;

        // The peer's length of a decoding sequence counts the token being written, of which its formulas read no key: one key less here.
        bool const prefill = row["phase"] == "context";
        cx::group const g[] = {prefill ? cx::group{row["bs"], row["isl"].get<cx::count>() - row["prefix"].get<cx::count>(), row["prefix"], cx::phase::prefill}
                                       : cx::group{row["bs"], 1, row["kv_len"].get<cx::count>() - 2, cx::phase::decode}};
        std::vector<cx::dtype_exception> kept;
        cx::deployment const x = deployment_of(*m, row, kept);
        auto const graph = cx::lower(*m, x);
        ASSERT_TRUE(graph) << model << ' ' << row["par"];
        cx::measured_step<double, cx::count> const s{std::span<cx::group const>(g)};
        cx::roofline<double> const price(*system);
        figures all;
        cx::count top_k = 0;
        for (auto const& e : *graph)
            e.op.visit<void>([&]<class O>(O const& o) {
                std::string const kind = kind_of(o.purpose(), o.kind, e.at, prefill);
                if constexpr (std::is_same_v<O, cx::experts>) top_k = o.top_k;
                all[kind].ours += 1e3 * static_cast<double>(e.at.times) * cx::seconds(o, s, price);
            });
        for (json const& op : row["ops"]) all[kind_of(op[0], row["family"])].theirs += op[1].get<double>();

        // The peer rounds the choices that reach an expert-parallel rank down: where less than one does, it reads no expert.
        std::string few;
        if (cx::count const choices = top_k * g[0].sequences * g[0].new_tokens * x.layout.dp; top_k != 0 && choices < x.layout.ep) few = "_of_none";

        // Where the peer runs shared beside routed experts, the longer of the two counts; so here, as it has no figures of its own for them.
        if (all.contains("overlap")) {
            pair_of both = all["overlap"];
            double beside = 0;
            for (char const* kind : {"router", "experts", "communication", "expert_latent"}) both.ours += all[kind].ours, both.theirs += all[kind].theirs, all.erase(kind);
            for (char const* kind : {"shared_gate_up", "shared_activation", "shared_down", "shared_gate"}) beside += all[kind].ours, all.erase(kind);
            both.ours = std::max(both.ours, beside);
            all["overlap"] = both;
        }
        for (auto const& [kind, p] : all)
            book.compare({"time", kind == "experts" || kind == "overlap" ? kind + few : kind, row["family"], row["backend"], row["par"], row["phase"], dtype_of_kind(kind, row["quant"]), row["system"], model}, p,
                         model + ' ' + std::to_string(g[0].sequences) + 'x' + std::to_string(g[0].new_tokens) + '+' +
                             std::to_string(g[0].past_tokens));
    });
    book.print(rows, compared);
}

/// The seconds of arithmetic alone, where the peer tells them apart: FLOPs by the rate of their dtype.
TEST_F(golden, arithmetic_of_every_op) {
    ledger book("math");
    auto const systems = peer_systems();
    int compared = 0;
    int without_figure = 0;
    int const rows = for_each_row("c_sol_triple.jsonl", [&](json const& row) {
        if (row.contains("error")) return void(++book.refused_by_both);
        std::string const model = row["model"];
        cx::any_model const* const m = known.find(model);
        if (m == nullptr) return ++book.unknown, void(book.unknown_models.insert(model));
        auto const system = std::find_if(systems.begin(), systems.end(), [&](auto const& s) { return s.name.view() == row["system"].get<std::string>(); });
        ASSERT_NE(system, systems.end());
        ++compared;
        bool const prefill = row["phase"] == "context";
        cx::group const g[] = {prefill ? cx::group{row["bs"], row["s_new"], row["prefix"], cx::phase::prefill}
                                       : cx::group{row["bs"], 1, row["s_new"].get<cx::count>() - 2, cx::phase::decode}};
        std::vector<cx::dtype_exception> kept;
        cx::deployment const x = deployment_of(*m, row, kept);
        auto const graph = cx::lower(*m, x);
        ASSERT_TRUE(graph) << model << ' ' << row["par"];
        cx::measured_step<double, cx::count> const s{std::span<cx::group const>(g)};
        cx::roofline<double> const price(*system);
        figures all;
        for (auto const& e : *graph)
            e.op.visit<void>([&](auto const& o) {
                cx::for_each_kernel(o, s, [&](cx::work<double> const& w, auto const&...) {
                    all[kind_of(o.purpose(), o.kind, e.at, prefill)].ours += 1e3 * static_cast<double>(e.at.times) * price.compute_seconds(w);
                });
            });
        std::set<std::string> dropped;
        for (json const& op : row["ops_sol_math_mem"]) {
            std::string const kind = kind_of(op[0], row["family"]);
            if (op[1] == "ERR")
                dropped.insert(kind);
            else
                all[kind].theirs += op[2].get<double>();
        }
        if (dropped.contains("overlap"))
            for (char const* kind : {"router", "experts", "communication", "shared_gate_up", "shared_activation", "shared_down", "shared_gate"}) dropped.insert(kind);
        for (auto const& [kind, p] : all)
            if (dropped.contains(kind))
                ++without_figure;
            else
                book.compare({"math", kind, row["family"], row["backend"], row["par"], row["phase"], dtype_of_kind(kind, row["quant"]), row["system"], model}, p,
                             model + ' ' + std::to_string(g[0].sequences) + 'x' + std::to_string(g[0].new_tokens) + '+' + std::to_string(g[0].past_tokens));
    });
    std::cout << "math: " << without_figure << " kinds without a figure of the peer\n";
    book.print(rows, compared);
}

/// What is comparable of an op whatever the step: times, and times by each dimension.
class shapes {
  public:
    explicit shapes(std::string prefix = {}) : prefix_(std::move(prefix)) {}
    void ours(std::string const& kind, std::string_view measure, double value) { all[prefix_ + kind + ':' + std::string(measure)].ours += value; }
    void theirs(std::string const& kind, std::string_view measure, double value) { all[prefix_ + kind + ':' + std::string(measure)].theirs += value; }

    template <class O>
    void add(O const& o, cx::op_place const& at, bool prefill) {
        double const n = static_cast<double>(at.times);
        std::string const kind = kind_of(o.purpose(), o.kind, at, prefill);
        auto const of = [&](std::string_view measure, cx::count value) { ours(kind, measure, n * static_cast<double>(value)); };
        // the peer lists these as one op each, of which heads and keys are comparable
        [[maybe_unused]] bool const module = kind == "sparse_attention" || kind == "compressed_attention" || kind == "hyper_connection";
        if constexpr (std::is_same_v<O, cx::gemm>) {
            if (!module) of("matrix", o.outer * o.inner), of("sides", o.outer + o.inner);
        } else if constexpr (std::is_same_v<O, cx::mla_up>) {
            if (prefill && !module) of("matrix", o.outer() * o.latent), of("sides", o.outer() + o.latent);
        } else if constexpr (std::is_same_v<O, cx::logits>) {
            of("matrix", o.matrix.outer * o.matrix.inner), of("sides", o.matrix.outer + o.matrix.inner);
        } else if constexpr (std::is_same_v<O, cx::elementwise>) {
            if (!module) ours(kind, "bytes", n * o.bytes_per_token);
        } else if constexpr (std::is_same_v<O, cx::gather>) {
            of("matrix", o.rows * o.width);
        } else if constexpr (std::is_same_v<O, cx::attention>) {
            of("layers", 1), of("heads", o.shape.heads), of("kv_heads", o.shape.kv_heads), of("head_dim", o.shape.head_dim);
        } else if constexpr (std::is_same_v<O, cx::windowed_attention>) {
            of("layers", 1), of("heads", o.shape.heads), of("kv_heads", o.shape.kv_heads), of("head_dim", o.shape.head_dim), of("window", o.window);
        } else if constexpr (std::is_same_v<O, cx::encoder_gemm>) {
            of("matrix", o.matrix.outer * o.matrix.inner), of("sides", o.matrix.outer + o.matrix.inner);
        } else if constexpr (std::is_same_v<O, cx::encoder_attention>) {
            of("layers", 1), of("heads", o.heads), of("head_dim", o.head_dim);
        } else if constexpr (std::is_same_v<O, cx::mla_attention>) {
            of("layers", 1), of("heads", o.heads);
        } else if constexpr (std::is_same_v<O, cx::sparse_mla_attention>) {
            of("layers", 1), of("heads", o.dense.heads), of("top_k", o.top_k);
        } else if constexpr (std::is_same_v<O, cx::compressed_attention>) {
            of("layers", 1), of("heads", o.heads), of("head_dim", o.head_dim), of("window", o.window), of("top_k", o.top_k);
        } else if constexpr (std::is_same_v<O, cx::experts>) {
            of("layers", 1), of("chosen", o.top_k), of("local", o.local), of("expert", o.hidden * o.inner), of("all", o.all);
        } else if constexpr (std::is_same_v<O, cx::convolution>) {
            of("layers", 1), of("channels", o.channels), of("taps", o.kernel);
        } else if constexpr (std::is_same_v<O, cx::recurrence>) {
            of("layers", 1), of("state", o.elements);
        } else if constexpr (std::is_same_v<O, cx::collective>) {
            using enum cx::collective::pattern;
            if (!o.idle() && o.shape == all_reduce && o.part != cx::role::combine) ours(kind, "elements", n * o.width);
            if (!o.idle() && o.shape == point_to_point) ours(kind, "elements", static_cast<double>(o.hops) * o.width);
        }
    }
    void add(json const& op, std::string const& family) {
        if (op[1] == "Overlap" || op[1] == "Fallback") {
            for (auto const& [group, list] : op[3].items())
                for (json const& wrapped : list.is_array() ? list : json::array({list})) {
                    auto const inner = wrapped.begin();
                    if (group == "fallback" && inner.key() != "Gemm") continue;  // the attention of what it falls back from
                    add(json::array({inner.value()["name"], inner.key(), inner.value()["scale_factor"], inner.value(), 0.0}), family);
                }
            return;
        }
        std::string const kind = kind_of(op[0], family);
        std::string const type = op[1];
        double const n = op[2];
        json const& d = op[3];
        auto const number = [&](char const* key) { return d.contains(key) && d[key].is_number() ? d[key].get<double>() : 0.0; };
        auto const of = [&](std::string_view measure, double value) { theirs(kind, measure, n * value); };
        if (type == "Gemm") {
            of("matrix", number("n") * number("k")), of("sides", number("n") + number("k"));
        } else if (type == "Elementwise") {
            of("bytes", number("bytes_per_token"));
        } else if (type == "Embedding") {
            of("matrix", number("vocab_size") * number("hidden_size"));
        } else if (type == "EncoderAttention") {
            of("layers", 1), of("heads", number("n")), of("head_dim", number("head_size"));
        } else if (type == "ContextAttention" || type == "GenerationAttention") {
            of("layers", 1), of("heads", number("n")), of("kv_heads", number("n_kv")), of("head_dim", number("head_size")), of("window", number("window_size"));
        } else if (type == "MlaModuleContext" || type == "MlaModuleGeneration") {
            of("layers", 1), of("heads", number("num_heads"));
        } else if (type == "DsaContext" || type == "DsaGeneration") {
            of("layers", 1), of("heads", number("num_heads")), of("top_k", number("index_topk"));
        } else if (type == "Dsv4Context" || type == "Dsv4Generation") {
            of("layers", 1), of("heads", number("num_heads")), of("head_dim", number("head_dim")), of("window", number("window_size"));
            of("top_k", d["attn_kind"] == "Csa" ? number("index_topk") : 0.0);
        } else if (type == "Moe") {
            of("layers", 1), of("chosen", number("topk")), of("local", number("num_experts") / number("moe_ep_size"));
            of("expert", number("hidden_size") * number("inter_size") / number("moe_tp_size")), of("all", number("num_experts"));
        } else if (type == "Gdn" || type == "Mamba2") {
            bool const delta = type == "Gdn";
            double const inner = delta ? number("num_v_heads") * number("head_v_dim") : number("nheads") * number("head_dim");
            double const shared = delta ? 2 * number("num_k_heads") * number("head_k_dim") : 2 * number("n_groups") * number("d_state");
            of("layers", 1);
            if (kind == "convolution")
                of("channels", inner + shared), of("taps", number("d_conv"));
            else
                of("state", inner * (delta ? number("head_k_dim") : number("d_state")));
        } else if (type == "CustomAllReduce") {
            if (number("tp_size") > 1) of("elements", number("hidden_size"));
        } else if (type == "P2P") {
            of("elements", number("hidden_size"));
        } else {
            ++without_shape[type];
            dispatches = dispatches || type == "MoeDispatch";
        }
    }

    figures all;
    bool dispatches = false;  ///< all-reduces of the peer stand in its dispatch ops too
    static inline std::map<std::string, int> without_shape;  ///< ops of the peer that are compared by their time alone

  private:
    std::string prefix_;
};

TEST_F(golden, shapes_of_every_op) {
    ledger book("shape");
    shapes::without_shape.clear();
    int compared = 0;
    int rows = 0;
    for (char const* name : {"b_ops_trtllm.jsonl", "b_ops_vllm.jsonl", "b_ops_sglang.jsonl"})
        rows += for_each_row(name, [&](json const& row) {
            if (row.contains("error")) return void(++book.refused_by_both);
            std::string const model = row["model"];
            cx::any_model const* const m = known.find(model);
            if (m == nullptr) return ++book.unknown, void(book.unknown_models.insert(model));
            std::vector<cx::dtype_exception> kept;
            cx::deployment const x = deployment_of(*m, row, kept);
            ASSERT_EQ(x.layout.tp, row["tp"].get<cx::count>());
            ASSERT_EQ(x.layout.pp, row["pp"].get<cx::count>());
            ASSERT_EQ(x.layout.dp, row["dp"].get<cx::count>());
            ASSERT_EQ(x.layout.ep, row["moe_ep"].get<cx::count>());
            auto const graph = cx::lower(*m, x);
            ASSERT_TRUE(graph) << model << ' ' << row["par"];
            ++compared;
            for (bool const prefill : {true, false}) {
                shapes both;
                for (auto const& e : *graph) e.op.visit<void>([&](auto const& o) { both.add(o, e.at, prefill); });
                for (json const& op : row[prefill ? "context_ops" : "generation_ops"]) both.add(op, row["family"]);
                if (both.dispatches) both.all.erase("communication:elements");
                for (auto const& [kind, p] : both.all)
                    book.compare({"shape", kind, row["family"], row["backend"], row["par"], prefill ? "context" : "generation", dtype_of_kind(kind, row["quant"]), "-", model}, p, model);
            }
            if (json const& encoder = row["encoder_ops"]; encoder.is_array() && !encoder.empty()) {
                shapes both("encoder_");
                cx::for_each_op_of(m->config.vision, {}, [&](auto const& o, cx::op_place const& at) { both.add(o, at, true); });
                for (json const& op : encoder) both.add(op, row["family"]);
                for (auto const& [kind, p] : both.all) book.compare({"shape", kind, row["family"], row["backend"], row["par"], "encoder", "bfloat16", "-", model}, p, model);
            }
            book.compare({"weights", "all", row["family"], row["backend"], row["par"], "-", row["quant"]["gemm_quant_mode"], "-", model},
                         {static_cast<double>(cx::weight_bytes(*graph)), row["weights_bytes"].get<double>()}, model, 0.005);
        });
    for (auto const& [type, count] : shapes::without_shape) std::cout << "shape: " << count << " ops " << type << " are compared by their time alone\n";
    book.print(rows, compared);
}

TEST_F(golden, weights_of_every_layout) {
    ledger book("weights");
    ledger state("state");
    int compared = 0;
    int const rows = for_each_row("e_memory.jsonl", [&](json const& row) {
        if (row.contains("error")) return void(++book.refused_by_both);
        std::string const model = row["model"];
        cx::any_model const* const m = known.find(model);
        if (m == nullptr) return ++book.unknown, void(book.unknown_models.insert(model));
        std::vector<cx::dtype_exception> kept;
        cx::deployment const x = deployment_of(*m, row, kept);
        auto const graph = cx::lower(*m, x);
        ASSERT_TRUE(graph) << model << ' ' << row["par"];
        ++compared;
        double const gib = 1024.0 * 1024.0 * 1024.0;
        book.compare({"weights", "all", row["family"], row["backend"], row["par"], "-", row["quant"]["gemm_quant_mode"], row["system"], model},
                     {static_cast<double>(cx::weight_bytes(*graph)) / static_cast<double>(x.layout.pp) / gib, row["mem_gib"][0]["weights"].get<double>()},
                     model, 0.005);
        for (json const& point : row["mem_gib"]) {
            cx::count const tokens = point["isl"].get<cx::count>() + point["osl"].get<cx::count>();
            state.compare({"state", "all", row["family"], row["backend"], row["par"], "-", row["quant"]["kvcache_quant_mode"], row["system"], model},
                          {point["bs"].get<double>() * static_cast<double>(cx::state_bytes(*graph, tokens, x)) / gib, point["kvcache"].get<double>()},
                          model + ' ' + std::to_string(tokens));
        }
    });
    book.print(rows, compared);
    state.unknown = book.unknown, state.refused_by_both = book.refused_by_both;
    state.print(rows, compared);
}

}  // namespace

#else

TEST(golden, needs_nlohmann_json) { GTEST_SKIP() << "SKIPPED: no nlohmann/json.hpp (Debian: nlohmann-json3-dev)"; }

#endif
