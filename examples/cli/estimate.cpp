// SPDX-License-Identifier: BSL-1.0
#include "estimate.hpp"

#include <algorithm>
#include <array>
#include <iostream>
#include <map>

namespace cli {

namespace {

/// Overrides one dtype, or says that there is none of this name.
bool set_dtype(std::string const& name, cx::dtype& out, std::string_view option, complaints& errors) {
    if (name.empty() || cx::parse_dtype(name, out)) return true;
    std::string all;
    for (auto const& d : cx::dtype_table) all += (all.empty() ? "" : ", ") + std::string(d.name);
    errors.push_back(simple_complaint("unknown_name", std::string(option), fmt::format("no dtype \"{}\" (expected one of {})", name, all)));
    return false;
}

}  // namespace

void check_range(cx::count value, cx::count least, char const* key, complaints& errors) {
    if (value < least || value > cx::largest_dimension)
        errors.push_back(simple_complaint("out_of_range", key, fmt::format("{} is out of range (expected {} to {}, found {})", key, least, cx::largest_dimension, value)));
}
void check_request(estimate_options const& o, complaints& errors) {
    check_range(o.batch, 1, "batch", errors);
    check_range(o.isl, 1, "isl", errors);
    check_range(o.osl, 1, "osl", errors);
}
void check_framework(estimate_options const& o, complaints& errors) {
    if (std::find(cx::framework_names.begin(), cx::framework_names.end(), o.framework) == cx::framework_names.end())
        errors.push_back(simple_complaint("unknown_name", "framework", fmt::format("no framework \"{}\" (expected trtllm, vllm or sglang)", o.framework)));
}

namespace {

complaints check(estimate_options const& o) {
    complaints errors;
    check_request(o, errors);
    check_range(o.prefix, 0, "prefix", errors);
    if (o.prefix >= o.isl && o.prefix > 0) errors.push_back(simple_complaint("contradiction", "prefix", fmt::format("prefix must be shorter than isl (expected less than {}, found {})", o.isl, o.prefix)));
    if (o.mode != "static" && o.mode != "prefill" && o.mode != "decode" && !o.serves())
        errors.push_back(simple_complaint("unknown_name", "mode", fmt::format("mode \"{}\" is not priced (expected static, prefill, decode, aggregated or disaggregated)", o.mode)));
    if (!(o.length_spread[0] > 0 && o.length_spread[0] <= o.length_spread[1] && o.length_spread[1] <= 1))
        errors.push_back(simple_complaint("out_of_range", "length_spread", fmt::format("length_spread must be two parts of the lengths (expected 0 < low <= high <= 1, found {} and {})", o.length_spread[0], o.length_spread[1])));
    if (o.mtp < 0 || o.mtp > cx::speculation::most_drafts)
        errors.push_back(simple_complaint("out_of_range", "mtp", fmt::format("mtp is out of range (expected 0 to {} drafts, found {})", cx::speculation::most_drafts, o.mtp)));
    else if (o.mtp != 0 && !(cx::speculation{o.mtp, o.accepted}.possible()))
        errors.push_back(simple_complaint(o.accepted == -1 ? "missing_key" : "out_of_range", "accepted", fmt::format("accepted must be given with mtp: how many drafts a step keeps on average (expected 0 to {}{})", o.mtp, o.accepted == -1 ? "" : fmt::format(", found {}", o.accepted))));
    if (o.mtp == 0 && o.accepted != -1) errors.push_back(simple_complaint("contradiction", "accepted", "accepted without mtp (expected mtp, the number of drafts per step)"));
    if (!o.serves() && o.concurrency != 0 && o.concurrency != o.batch * o.layout.dp)
        errors.push_back(simple_complaint("contradiction", "concurrency", fmt::format("concurrency must be batch x dp in these modes (expected {}, found {})", o.batch * o.layout.dp, o.concurrency)));
    return errors;
}

template <class Price>
outcome<answer> compute(estimate_options const& o, loaded_model const& m, priced_system const& s, Price const& price) {
    cx::system_spec const& system = s.system;
    complaints errors{};
    cx::deployment const x = deployment_of(o, m, s, errors);
    if (!errors.empty()) return errors;

    auto const graph = cx::lower(m.model, x);
    if (!graph) return explain(graph.error());
    auto const predictions = o.mtp != 0 ? cx::prediction_graph(m.model, x) : decltype(cx::prediction_graph(m.model, x)){cx::problem{}};
    if (o.mtp != 0 && !predictions)
        return complaints{simple_complaint("missing_key", "mtp", fmt::format("{} has no modules of multi-token prediction whose composition is known (expected num_nextn_predict_layers, num_mtp_modules or mtp_num_hidden_layers in its config)", m.name))};
    cx::speculation const drafting{o.mtp, o.accepted};
    auto const seconds = [&](cx::group const& g) {
        std::array<cx::group, 1> const one{g};
        return cx::seconds(*graph, cx::step(one), price);
    };
    auto const prefill = cx::prefill_batch{.sequences = o.batch, .tokens = o.isl - o.prefix, .past = o.prefix}.as_group();
    auto const decode_at = [&](cx::count past) { return cx::decode_batch{.sequences = o.batch, .past = past}.as_group(); };

    answer a{.gpus = o.layout.devices(), .osl = o.osl};
    a.mtp = o.mtp;
    a.accepted = o.accepted;
    a.has_prefill = o.mode != "decode";
    a.has_decode = o.mode != "prefill";
    if (a.has_prefill) a.ttft = a.prefill = seconds(prefill);
    if (a.has_prefill && o.mtp != 0)  // the modules read the prompt too
        a.ttft = a.prefill += cx::drafting_in_prefill(*graph, *predictions, x, price, {.sequences = o.batch, .tokens = o.isl - o.prefix, .past = o.prefix}, drafting);
    if (a.has_decode && o.mtp != 0) {
        // a step adds 1 + accepted tokens on average, its cost is shared by them
        cx::count const layers = layers_of(m);
        auto const per_token = [&](cx::count past) { return cx::speculative_step(*graph, *predictions, x, price, {.sequences = o.batch, .past = past}, drafting, layers); };
        for (cx::count i = 0; i + 1 < o.osl; ++i) a.decode += per_token(o.isl + i).seconds;
        a.tpot = o.osl > 1 ? a.decode / static_cast<double>(o.osl - 1) : per_token(o.isl).seconds;
        a.drafted = per_token(o.isl + (o.osl - 1) / 2);
    } else if (a.has_decode) {
        // one step per token after the first, each a token further
        for (cx::count i = 0; i + 1 < o.osl; ++i) a.decode += seconds(decode_at(o.isl + i));
        a.tpot = o.osl > 1 ? a.decode / static_cast<double>(o.osl - 1) : seconds(decode_at(o.isl));
    }
    if (!cx::is_priced(a.ttft + a.tpot)) return without_price(*graph, x, system);
    a.founded = cx::max(m.model.config.founded, price.founded);
    if (a.has_decode) bound(a, *graph, x, {static_cast<double>(o.batch), static_cast<double>(o.mtp + 1), static_cast<double>(o.isl + (o.osl - 1) / 2), cx::phase::decode}, price, s.framework);
    a.request = a.prefill + a.decode;
    double const sequences = static_cast<double>(o.batch * o.layout.dp);
    a.tokens_per_request = a.has_prefill && a.has_decode ? static_cast<double>(o.osl) : 1.0;
    a.requests_per_second = sequences / (a.has_prefill && a.has_decode ? a.request : a.has_decode ? a.tpot : a.ttft);

    cx::residency const held{.sequences = o.batch, .context = o.isl + o.osl, .step_tokens = a.has_prefill ? o.batch * (o.isl - o.prefix) : o.batch * (o.mtp + 1), .rows = o.mtp + 1};
    if (o.mtp != 0)
        account(a, o, m, s, *graph, x, held, *predictions);
    else
        account(a, o, m, s, *graph, x, held, cx::no_predictions{});

    if (o.breakdown) {
        if (a.has_prefill) a.prefill_ops = ops_of(*graph, x, prefill, price, m);
        auto middle = decode_at(o.isl + (o.osl - 1) / 2);
        middle.new_tokens = o.mtp + 1;  // the model verifies all drafts; the modules are not in this list
        if (a.has_decode) a.decode_ops = ops_of(*graph, x, middle, price, m);
    }
    if (o.explain) {
        auto const append = [&](std::string_view text) { a.explained += text; };
        auto const write = [&](char const* title, cx::group const& g) {
            std::array<cx::group, 1> const one{g};
            a.explained += title;
            cx::explain(*graph, x, cx::step(one), system, append);
        };
        if (a.has_prefill) write("\nprefill step\n", prefill);
        auto middle = decode_at(o.isl + (o.osl - 1) / 2);
        middle.new_tokens = o.mtp + 1;
        if (a.has_decode) write("\ndecode step in the middle of the output\n", middle);
    }
    return a;
}

void write_ops(json_writer& out, std::string_view key, rows const& ops) {
    out.key(key).begin_object().key("ops").begin_array();
    for (cx::op_cost const& c : ops) {
        out.begin_object();
        out.member("name", cx::name(c.name)).member("op", c.op).member("layer", c.layer).member("count", c.times).member("flops", c.total.flops);
        out.member("weight_read_bytes", c.total.weight_bytes).member("activation_bytes", c.total.activation_bytes);
        out.member("state_bytes", c.total.state_bytes).member("wire_bytes", c.total.wire_bytes).member("ms", c.seconds * 1e3);
        out.member("bound", cx::bound_names[static_cast<std::size_t>(c.by)]).member("provenance", cx::provenance_names[static_cast<std::size_t>(c.founded)]);
        out.end_object();
    }
    out.end_array().end_object();
}

/// The members of an answer, into an object that is open.
void write(json_writer& out, answer const& a, bool breakdown) {
    double const tokens = a.tokens_per_second();
    auto const optional = [&](std::string_view key, double value, bool there) { there ? out.member(key, value) : out.key(key).null(); };
    optional("ttft_ms", a.ttft * 1e3, a.has_prefill);
    optional("tpot_ms", a.tpot * 1e3, a.has_decode);
    if (a.tpot_high > 0) out.member("tpot_low_ms", a.tpot_low * 1e3).member("tpot_high_ms", a.tpot_high * 1e3);
    out.member("request_ms", a.request * 1e3);
    optional("prefill_ms", a.prefill * 1e3, a.has_prefill);
    optional("decode_ms", a.decode * 1e3, a.has_decode);
    out.member("tokens_s", tokens).member("tokens_s_per_gpu", tokens / static_cast<double>(a.gpus));
    optional("tokens_s_per_user", a.has_decode ? 1 / a.tpot : 0, a.has_decode);
    out.member("requests_s", a.requests_per_second).member("gpus", a.gpus);
    out.key("memory").begin_object();
    out.member("weights", a.memory.weights).member("state", a.memory.state).member("activations", a.memory.activations);
    out.member("communication", a.memory.communication).member("reserved", a.memory.reserved).member("total", a.memory.total());
    out.member("capacity", a.memory.capacity).member("fits", a.memory.fits()).member("max_sequences", a.max_sequences).member("max_context", a.max_context);
    out.end_object();
    if (a.mtp != 0 && a.has_decode) {
        out.key("speculation").begin_object();
        out.member("drafts", a.mtp).member("accepted", a.accepted).member("verification_ms", a.drafted.verification * 1e3).member("drafting_ms", a.drafted.drafting * 1e3);
        out.member("scaled_tpot_ms", a.drafted.scaled * 1e3).end_object();
    }
    out.member("provenance", cx::provenance_names[static_cast<std::size_t>(a.founded)]);
    if (!a.explained.empty()) out.member("explanation", a.explained);
    out.key("warnings").begin_array();
    for (auto const& w : a.warnings) out.value(w);
    out.end_array();
    if (!breakdown) return;
    if (a.has_prefill) write_ops(out, "prefill", a.prefill_ops);
    if (a.has_decode) write_ops(out, "decode", a.decode_ops);
}

void print_ops(char const* title, rows const& ops) {
    double total = 0;
    for (auto const& c : ops) total += c.seconds;
    fmt::print("\n{}: {}\n", title, human_time(total));
    table t({"op", "kind", "layers", "FLOPs", "weights read", "activations", "state", "wire", "time", "share", "bound"});
    t.left(1);
    auto const bytes = [](double b) { return b == 0 ? std::string("-") : human_bytes(b); };
    for (auto const& c : ops)
        t.row({std::string(cx::name(c.name)), std::string(c.op), fmt::format("{}", c.times), c.total.flops == 0 ? "-" : human_count(c.total.flops), bytes(c.total.weight_bytes),
               bytes(c.total.activation_bytes), bytes(c.total.state_bytes), bytes(c.total.wire_bytes), human_time(c.seconds), fmt::format("{:.1f} %", 100 * c.seconds / total),
               std::string(cx::bound_names[static_cast<std::size_t>(c.by)])});
    t.print();
}

void print(answer const& a, estimate_options const& o, loaded_model const& m, priced_system const& s) {
    fmt::print("{} on {} x {} (tp {}, pp {}, dp {}, ep {}{}), {} sequences per rank, {} tokens in, {} out, {}\n\n", m.name, a.gpus, o.system, o.layout.tp, o.layout.pp, o.layout.dp, o.layout.ep,
               o.layout.cp != 1 ? fmt::format(", cp {}", o.layout.cp) : "", o.batch, o.isl, o.osl, s.pricing());
    table t({"", ""});
    if (a.has_prefill) t.row({"time to first token", human_time(a.ttft)});
    if (a.has_decode) t.row({"time per output token", human_time(a.tpot)});
    if (a.tpot_high > 0) t.row({"  four of five measurements within", human_time(a.tpot_low) + " to " + human_time(a.tpot_high)});
    if (a.mtp != 0 && a.has_decode) {
        t.row({fmt::format("  with {} drafts, {} accepted", a.mtp, a.accepted), ""});
        t.row({"  step: verification", human_time(a.drafted.verification)});
        t.row({"  step: drafting", human_time(a.drafted.drafting)});
        t.row({"  by the scaled form", human_time(a.drafted.scaled)});
    }
    if (a.has_prefill && a.has_decode) {
        double const tokens = a.tokens_per_second();
        t.row({"request", human_time(a.request)});
        t.row({"output tokens per second", fmt::format("{:.0f}", tokens)});
        t.row({"  per device", fmt::format("{:.0f}", tokens / static_cast<double>(a.gpus))});
    }
    t.print();
    fmt::print("\n");
    auto const b = [](cx::count n) { return human_bytes(static_cast<double>(n)); };
    table memory({"memory per device", ""});
    memory.row({"weights", b(a.memory.weights)});
    memory.row({"state", b(a.memory.state)});
    memory.row({"activations", b(a.memory.activations)});
    memory.row({"communication", b(a.memory.communication)});
    memory.row({"reserved", b(a.memory.reserved)});
    memory.row({"total", fmt::format("{} of {}", b(a.memory.total()), b(a.memory.capacity))});
    memory.row({"most sequences at this context", fmt::format("{}", a.max_sequences)});
    memory.row({"longest context at this batch", fmt::format("{}", a.max_context)});
    memory.print();
    if (o.breakdown && a.has_prefill) print_ops("prefill step", a.prefill_ops);
    if (o.breakdown && a.has_decode) print_ops("decode step in the middle of the output", a.decode_ops);
    if (!a.explained.empty()) fmt::print("{}", a.explained);
    for (auto const& w : a.warnings) fmt::print("warning: {}\n", w);
}

/// A request line. Texts of any length (config, id) are taken from the line itself.
struct request_keys {
    cx::short_string system{}, framework{}, mode{}, weights{}, experts{}, kv_cache{}, attention{}, pricing{};
    cx::count tp = 1, pp = 1, dp = 1, ep = 1, moe_tp = 0, cp = 1, batch = 1, concurrency = 0, isl = 1024, osl = 128, prefix = 0, mtp = 0;
    double accepted = -1;
    double shortest = 1, longest = 1;
    bool breakdown = false;

    static constexpr auto json() {
        using r = request_keys;
        using cx::key;
        return std::array{
            key(&r::system, "system").optional(),       key(&r::framework, "framework").optional(), key(&r::mode, "mode").optional(),
            key(&r::weights, "weights").optional(),     key(&r::experts, "experts").optional(),     key(&r::kv_cache, "kv_cache").optional(),
            key(&r::attention, "attention").optional(), key(&r::pricing, "pricing").optional(),     key(&r::tp, "tp").or_else(1),
            key(&r::pp, "pp").or_else(1),               key(&r::dp, "dp").or_else(1),               key(&r::ep, "ep").optional(),
            key(&r::moe_tp, "moe_tp").optional(),       key(&r::cp, "cp").or_else(1),               key(&r::batch, "batch").or_else(1),
            key(&r::concurrency, "concurrency").optional(), key(&r::isl, "isl").or_else(1024),      key(&r::osl, "osl").or_else(128),
            key(&r::prefix, "prefix").optional(),       key(&r::breakdown, "breakdown").optional(),
            key(&r::shortest, "length_spread.0").or_else(1.0),   key(&r::longest, "length_spread.1").or_else(1.0),
            key(&r::mtp, "mtp").optional(),             key(&r::accepted, "accepted").or_else(-1.0),
        };
    }
};

/// The workers of one phase, as a request line gives them.
struct pool_keys {
    cx::count workers = 1, batch = 1, tp = 1, pp = 1, dp = 1, ep = 1, moe_tp = 0;

    static constexpr auto json() {
        using r = pool_keys;
        using cx::key;
        return std::array{key(&r::workers, "workers").or_else(1), key(&r::batch, "batch").or_else(1), key(&r::tp, "tp").or_else(1),         key(&r::pp, "pp").or_else(1),
                          key(&r::dp, "dp").or_else(1),           key(&r::ep, "ep").optional(),       key(&r::moe_tp, "moe_tp").optional()};
    }
};

pool_options read_pool(cx::schema::document const& whole, cx::json::value const& request, std::string_view side, complaints& errors) {
    cx::json::value const v = cx::schema::member(whole, request, side);
    if (v.kind == cx::json::kind::end) return {};
    auto const keys = cx::read<pool_keys>(v.raw(whole.text));
    if (!keys) {
        for (auto const& c : explain(keys.error(), {std::string(side), std::string(v.raw(whole.text))})) errors.push_back(c);
        return {};
    }
    return {.workers = keys->workers, .batch = keys->batch, .layout = {.tp = keys->tp, .pp = keys->pp, .dp = keys->dp, .ep = std::max<cx::count>(1, keys->ep), .moe_tp = keys->moe_tp}};
}

}  // namespace

cx::deployment deployment_of(estimate_options const& o, loaded_model const& m, complaints& errors) {
    cx::deployment x{.layout = o.layout, .precision = m.model.config.precision()};
    for (std::size_t i = 0; i != cx::framework_names.size(); ++i)
        if (cx::framework_names[i] == o.framework) x.framework = static_cast<cx::framework>(i);
    if (set_dtype(o.weights, x.precision.weights, "weights", errors) && !o.weights.empty() && o.experts.empty()) x.precision.experts = x.precision.weights;
    set_dtype(o.experts, x.precision.experts, "experts", errors);
    if (!o.weights.empty()) x.precision.exceptions = {};  // one dtype for all linear layers
    set_dtype(o.kv_cache, x.precision.kv_cache, "kv_cache", errors);
    set_dtype(o.attention, x.precision.attention, "attention", errors);
    return x;
}
cx::deployment deployment_of(estimate_options const& o, loaded_model const& m, priced_system const& s, complaints& errors) {
    cx::deployment x = deployment_of(o, m, errors);
    // a deployment of a dense model may name degrees of experts that it does not have
    if (x.layout.ep != 1 || x.layout.moe_tp != 0)
        if (auto const alone = cx::lower(m.model, cx::deployment{}); alone && !cx::has_experts(*alone)) x.layout.ep = 1, x.layout.moe_tp = 0;
    if (o.serves()) {
        // records of deployments often leave the degrees of experts as they were by default: attention's decide then, and account() says so
        cx::layout& l = x.layout;
        cx::count const devices = l.tp * l.dp;
        if (l.moe_tp != 0 && l.moe_tp * l.ep != devices && l.moe_tp * l.ep != devices * l.cp) l.moe_tp = 0;
        if (l.moe_tp == 0 && l.ep > 0 && devices * l.cp % l.ep != 0) l.ep = 1;
        l.copies_heads = true;
    }
    if (s.constants && !o.weights.empty()) cx::as_stored(x.precision, m.model.config.precision());
    if (s.constants) cx::run_as(x.precision, s.framework, s.system.device, {.kv_cache = o.kv_cache.empty(), .attention = o.attention.empty()});
    return x;
}

complaints explain(cx::problems const& problems) {
    complaints all;
    for (cx::problem const& p : problems) all.push_back(simple_complaint(std::string(cx::name(p.code)), std::string(p.key), std::string(cx::describe(p, {}).message.view())));
    return all;
}

namespace {

outcome<answer> answer_to(estimate_options const& o, loaded_model const& m, priced_system const& s) {
    if (o.mode == "aggregated") return serve_aggregated(o, m, s);
    if (o.mode == "disaggregated") return serve_disaggregated(o, m, s);
    return s.with_pricing([&](auto const& price) { return compute(o, m, s, price); });
}

}  // namespace

int estimate(estimate_options const& o) {
    auto const m = load_model(o.config);
    if (!m) return report(m.errors, o.as_json);
    complaints errors = check(o);
    auto const system = load_pricing(o, errors);
    if (!errors.empty()) return report(errors, o.as_json);
    auto const a = answer_to(o, *m, *system);
    if (!a) return report(a.errors, o.as_json);
    if (!o.as_json) {
        print(*a, o, *m, *system);
        return 0;
    }
    std::string text;
    json_writer out(text, 2);
    out.begin_object();
    write(out, *a, o.breakdown);
    out.end_object();
    fmt::print("{}\n", text);
    return 0;
}

int estimate_lines(estimate_options const& defaults) {
    std::map<std::string, outcome<loaded_model>> models;  // a stream asks for few models and many deployments
    std::map<std::string, std::pair<std::optional<priced_system>, complaints>> systems;
    bool all_answered = true;
    for (std::string line; std::getline(std::cin, line);) {
        if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
        std::string text;
        json_writer out(text);
        out.begin_object();
        complaints errors;
        cx::schema::document const whole{.text = line};
        cx::json::reader r(line);
        cx::json::value const root = r.skip();
        cx::json::value const id = cx::schema::member(whole, root, "id");
        cx::json::value const config = cx::schema::member(whole, root, "config");
        if (id.kind == cx::json::kind::string) out.member("id", long_text(line, id));
        if (id.kind == cx::json::kind::number) out.member("id", std::string(id.raw(line)));
        auto const keys = cx::read<request_keys>(line);
        if (!keys) {
            errors = explain(keys.error(), {"request", line});
        } else {
            estimate_options o = defaults;
            o.config = long_text(line, config);
            o.system = std::string(keys->system.view());
            auto const text_or = [](cx::short_string const& s, std::string& into) {
                if (!s.empty()) into = std::string(s.view());
            };
            text_or(keys->framework, o.framework);
            text_or(keys->mode, o.mode);
            text_or(keys->pricing, o.pricing);
            text_or(keys->weights, o.weights);
            text_or(keys->experts, o.experts);
            text_or(keys->kv_cache, o.kv_cache);
            text_or(keys->attention, o.attention);
            o.layout = {.tp = keys->tp, .pp = keys->pp, .dp = keys->dp, .ep = std::max<cx::count>(1, keys->ep), .moe_tp = keys->moe_tp, .cp = keys->cp};  // an ep of 0 says that there is none
            o.batch = keys->batch;
            o.concurrency = keys->concurrency;
            if (cx::schema::member(whole, root, "batch").kind == cx::json::kind::end) o.fill_batch();
            o.isl = keys->isl;
            o.osl = keys->osl;
            o.prefix = keys->prefix;
            o.breakdown = keys->breakdown;
            o.length_spread = {keys->shortest, keys->longest};
            o.mtp = keys->mtp;
            o.accepted = keys->accepted;
            auto const& m = models.try_emplace(o.config, load_model(o.config)).first->second;
            auto const named = systems.try_emplace(o.system + " " + o.framework + " " + o.pricing);
            auto& [s, against] = named.first->second;
            if (named.second) s = load_pricing(o, against);
            if (!m) errors = m.errors;
            for (auto const& c : check(o)) errors.push_back(c);
            if (!s) errors.insert(errors.end(), against.begin(), against.end());
            if (m && s && errors.empty()) {
                for (auto const& [pool, side] : {std::pair{&o.prefill, "prefill"}, std::pair{&o.decode, "decode"}}) *pool = read_pool(whole, root, side, errors);
                auto const a = errors.empty() ? answer_to(o, *m, *s) : outcome<answer>(errors);
                if (a)
                    write(out, *a, o.breakdown);
                else
                    errors = a.errors;
            }
        }
        if (!errors.empty()) write_errors(out, errors), all_answered = false;
        out.end_object();
        fmt::print("{}\n", text);
    }
    return all_answered ? 0 : 1;
}

}  // namespace cli
