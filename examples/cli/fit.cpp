// SPDX-License-Identifier: BSL-1.0
#include "cli.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>

namespace cli {

namespace {

int fit(estimate_options const& o, cx::count chunk) {
    auto const m = load_model(o.config);
    if (!m) return report(m.errors, o.as_json);
    auto const system = load_system(o.system);
    if (!system) return report(system.errors, o.as_json);
    complaints errors;
    check_request(o, errors);
    check_range(chunk, 0, "chunk", errors);
    check_framework(o, errors);
    cx::deployment const x = deployment_of(o, *m, errors);
    if (!errors.empty()) return report(errors, o.as_json);
    auto const graph = cx::lower(m->model, x);
    if (!graph) return report(explain(graph.error()), o.as_json);

    cx::residency const held{.sequences = o.batch, .context = o.isl + o.osl, .step_tokens = chunk != 0 ? chunk : o.batch * o.isl};
    cx::device_memory const memory = cx::memory(*graph, x, *system, held);
    cx::count const context = cx::longest_context(*graph, x, *system, held);
    cx::count const sequences = cx::most_sequences(*graph, x, *system, held);
    cx::count const step = cx::largest_step(*graph, x, *system, held);
    cx::residency all = held;
    all.sequences = o.batch * x.layout.dp;
    cx::device_plan const fewest = cx::fewest_devices(m->model, x, *system, all);

    if (o.as_json) {
        std::string text;
        json_writer out(text, 2);
        out.begin_object();
        out.member("fits", memory.fits()).member("max_context", context).member("max_sequences", sequences).member("max_prefill_chunk", step);
        if (fewest)
            out.member("min_devices", fewest.devices);
        else
            out.key("min_devices").null();
        if (fewest) {
            cx::layout const& l = fewest.layout;
            out.key("min_layout").begin_object().member("tp", l.tp).member("pp", l.pp).member("dp", l.dp).member("ep", l.ep).member("moe_tp", l.experts_tp()).member("cp", l.cp).end_object();
        }
        out.key("memory").begin_object();
        out.member("weights", memory.weights).member("state", memory.state).member("activations", memory.activations).member("communication", memory.communication);
        out.member("reserved", memory.reserved).member("total", memory.total()).member("capacity", memory.capacity).member("stage", memory.stage);
        out.end_object().end_object();
        fmt::print("{}\n", text);
        return 0;
    }
    cx::layout const& l = x.layout;
    fmt::print("{} on {} x {} (tp {}, pp {}, dp {}, ep {}{}), {} sequences per rank of {} tokens, steps of up to {} tokens\n\n", m->name, l.devices(), o.system, l.tp, l.pp, l.dp, l.ep,
               l.cp != 1 ? fmt::format(", cp {}", l.cp) : "", o.batch,
               held.context, held.step_tokens);
    auto const b = [](cx::count n) { return human_bytes(static_cast<double>(n)); };
    table t({memory.fits() ? "it fits" : "it does not fit", ""});
    t.row({"longest context at this batch", fmt::format("{}", context)});
    t.row({"most sequences at this context", fmt::format("{}", sequences)});
    t.row({"most tokens of a step", fmt::format("{}", step)});
    cx::layout const& f = fewest.layout;
    t.row({"fewest devices", fewest ? fmt::format("{} (tp {}, pp {}, dp {}, ep {})", fewest.devices, f.tp, f.pp, f.dp, f.ep) : std::string("more than were tried")});
    t.print();
    fmt::print("\n");
    table on({"memory per device", ""});
    on.row({"weights", b(memory.weights)});
    on.row({"state", b(memory.state)});
    on.row({"activations", b(memory.activations)});
    on.row({"communication", b(memory.communication)});
    on.row({"reserved", b(memory.reserved)});
    on.row({"total", fmt::format("{} of {}", b(memory.total()), b(memory.capacity))});
    if (l.pp > 1) on.row({"fullest pipeline stage", fmt::format("{} of {}", memory.stage + 1, l.pp)});
    on.print();
    return 0;
}

}  // namespace

void add_fit(CLI::App& app, estimate_options& o, int& status) {
    auto* fit_command = app.add_subcommand("fit", "whether a model fits on a system, and what the most of it is that fits");
    static cx::count chunk = 0;
    fit_command->add_option("CONFIG", o.config, "a config.json, a directory that holds one, or the name of an embedded model")->required();
    fit_command->add_option("--system", o.system, "an embedded system, or a JSON of your own")->required();
    fit_command->add_option("--framework", o.framework, "trtllm, vllm or sglang")->capture_default_str();
    fit_command->add_option("--tp", o.layout.tp, "tensor parallel degree")->capture_default_str();
    fit_command->add_option("--pp", o.layout.pp, "pipeline stages")->capture_default_str();
    fit_command->add_option("--dp", o.layout.dp, "attention data parallel ranks")->capture_default_str();
    fit_command->add_option("--ep", o.layout.ep, "expert parallel degree")->capture_default_str();
    fit_command->add_option("--moe-tp", o.layout.moe_tp, "tensor parallel degree of experts (tp x dp / ep)");
    fit_command->add_option("--cp", o.layout.cp, "context parallel ranks")->capture_default_str();
    fit_command->add_option("--batch", o.batch, "sequences per attention-DP rank")->capture_default_str();
    fit_command->add_option("--isl", o.isl, "input tokens")->capture_default_str();
    fit_command->add_option("--osl", o.osl, "output tokens")->capture_default_str();
    fit_command->add_option("--chunk", chunk, "tokens of the largest step (batch x isl)");
    fit_command->add_option("--weights", o.weights, "dtype of linear layers (and experts), instead of the checkpoint's");
    fit_command->add_option("--experts", o.experts, "dtype of routed experts");
    fit_command->add_option("--kv-cache", o.kv_cache, "dtype of the KV cache");
    fit_command->add_flag("--json", o.as_json, "print one JSON object");
    fit_command->callback([&] { status = fit(o, chunk); });
}

}  // namespace cli
