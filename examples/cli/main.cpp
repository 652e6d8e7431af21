// SPDX-License-Identifier: BSL-1.0
#include "cli.hpp"

#include <CLI/CLI.hpp>

#include <exception>

namespace {

int run(int argc, char** argv) {
    CLI::App app{"costexpr: what it costs to serve a large language model", "costexpr"};
    app.require_subcommand(1);
    app.set_version_flag("--version", fmt::format("costexpr {}.{}.{}", COSTEXPR_VERSION_MAJOR, COSTEXPR_VERSION_MINOR, COSTEXPR_VERSION_PATCH));
    int status = 0;
    bool json = false;
    std::string const config_help = "a config.json, a directory that holds one, or the name of an embedded model";

    std::string config, kv_cache;
    costexpr::count context = 4096;
    auto* inspect = app.add_subcommand("inspect", "what a model is: parameters, layers, state, precision");
    inspect->add_option("CONFIG", config, config_help)->required();
    inspect->add_option("--kv-cache", kv_cache, "dtype of the KV cache, instead of the checkpoint's");
    inspect->add_option("--context", context, "tokens of a sequence, for the total of its state")->capture_default_str();
    inspect->add_flag("--json", json, "print one JSON object");
    inspect->callback([&] { status = cli::inspect(config, kv_cache, context, json); });

    cli::estimate_options o;
    bool lines = false;
    auto* estimate = app.add_subcommand("estimate", "what a model costs on a system: times, throughput, memory");
    estimate->add_option("CONFIG", o.config, config_help);
    estimate->add_option("--system", o.system, "an embedded system, or a JSON of your own");
    estimate->add_option("--framework", o.framework, "trtllm, vllm or sglang")->capture_default_str();
    estimate->add_option("--tp", o.layout.tp, "tensor parallel degree")->capture_default_str();
    estimate->add_option("--pp", o.layout.pp, "pipeline stages")->capture_default_str();
    estimate->add_option("--dp", o.layout.dp, "attention data parallel ranks")->capture_default_str();
    estimate->add_option("--ep", o.layout.ep, "expert parallel degree")->capture_default_str();
    estimate->add_option("--moe-tp", o.layout.moe_tp, "tensor parallel degree of experts (tp x dp / ep)");
    estimate->add_option("--cp", o.layout.cp, "context parallel ranks")->capture_default_str();
    estimate->add_option("--batch", o.batch, "sequences per attention-DP rank")->capture_default_str();
    estimate->add_option("--concurrency", o.concurrency, "sequences in flight (batch x dp)");
    estimate->add_option("--isl", o.isl, "input tokens, prefix included")->capture_default_str();
    estimate->add_option("--osl", o.osl, "output tokens")->capture_default_str();
    estimate->add_option("--prefix", o.prefix, "input tokens whose state is there already")->capture_default_str();
    estimate->add_option("--mode", o.mode, "static, prefill, decode, aggregated or disaggregated")->capture_default_str();
    estimate->add_option("--weights", o.weights, "dtype of linear layers (and experts), instead of the checkpoint's");
    estimate->add_option("--experts", o.experts, "dtype of routed experts");
    estimate->add_option("--kv-cache", o.kv_cache, "dtype of the KV cache");
    estimate->add_option("--attention", o.attention, "dtype of attention arithmetic");
    estimate->add_option("--pricing", o.pricing, "roofline, calibrated or table (calibrated where the system has constants)");
    estimate->add_option("--points", o.points, "your own measured operators, CSV or JSON, for pricing table");
    estimate->add_option("--calibration", o.calibration, "a file of constants, instead of the embedded ones");
    estimate->add_option("--profile", o.profile, "a framework's profile, instead of the embedded one");
    estimate->add_option("--length-spread", o.length_spread, "lengths are drawn evenly between these two parts of isl and osl");
    for (auto const& [pool, side] : {std::pair{&o.prefill, std::string("--prefill-")}, std::pair{&o.decode, std::string("--decode-")}}) {
        estimate->add_option(side + "workers", pool->workers, "of disaggregated serving: workers")->capture_default_str();
        estimate->add_option(side + "batch", pool->batch, "sequences per rank")->capture_default_str();
        estimate->add_option(side + "tp", pool->layout.tp, "tensor parallel degree")->capture_default_str();
        estimate->add_option(side + "pp", pool->layout.pp, "pipeline stages")->capture_default_str();
        estimate->add_option(side + "dp", pool->layout.dp, "attention data parallel ranks")->capture_default_str();
        estimate->add_option(side + "ep", pool->layout.ep, "expert parallel degree")->capture_default_str();
        estimate->add_option(side + "moe-tp", pool->layout.moe_tp, "tensor parallel degree of experts (tp x dp / ep)");
    }
    estimate->add_option("--mtp", o.mtp, "drafts per step by the model's multi-token prediction");
    estimate->add_option("--accepted", o.accepted, "drafts that a step keeps on average, with --mtp");
    estimate->add_flag("--breakdown", o.breakdown, "every op with its work, time and bound");
    estimate->add_flag("--explain", o.explain, "every op's formula with its numbers");
    estimate->add_flag("--json", o.as_json, "print one JSON object");
    estimate->add_flag("--jsonl", lines, "answer one request object a line from standard input");
    estimate->callback([&] {
        if (lines) {
            status = cli::estimate_lines(o);
            return;
        }
        if (o.config.empty()) throw CLI::RequiredError("CONFIG");
        if (o.system.empty()) throw CLI::RequiredError("--system");
        if (estimate->count("--batch") == 0) o.fill_batch();
        status = cli::estimate(o);
    });

    auto* classify = app.add_subcommand("classify", "whether a config is read whole, and what to write where it is not");
    classify->add_option("CONFIG", config, config_help)->required();
    classify->add_flag("--json", json, "print one JSON object");
    classify->callback([&] { status = cli::classify(config, json); });

    std::string one_model, one_system;
    bool csv = false;
    auto* support = app.add_subcommand("support", "on how many devices of each system each model fits, in each precision");
    support->add_option("--model", one_model, "this model alone");
    support->add_option("--system", one_system, "this system alone");
    support->add_flag("--csv", csv, "print comma-separated values");
    support->add_flag("--json", json, "print one JSON list");
    support->callback([&] { status = cli::support(one_model, one_system, csv, json); });
    cli::add_fit(app, o, status);

    auto* models = app.add_subcommand("models", "the embedded models");
    models->add_flag("--json", json, "print one JSON list");
    models->callback([&] { status = cli::list_models(json); });
    auto* systems = app.add_subcommand("systems", "the embedded systems");
    systems->add_flag("--json", json, "print one JSON list");
    systems->callback([&] { status = cli::list_systems(json); });
    bool keys = false;
    auto* families = app.add_subcommand("families", "the families, and the architectures that each serves");
    families->add_flag("--keys", keys, "what each family reads from a config.json");
    families->add_flag("--json", json, "print one JSON list");
    families->callback([&] { status = cli::list_families(keys, json); });

    std::string file;
    bool write = false, cases = false, classes = false;
    auto* layers = app.add_subcommand("layers", "a model as a list of layer types: what a file holds, or any model written as one");
    layers->add_option("FILE", file, "a layer-list file; or " + config_help);
    layers->add_flag("--write", write, "print the layer list of a config");
    layers->add_flag("--json", json, "print one JSON object");
    layers->add_flag("--jsonl", cases, "work out one layer a line from standard input");
    layers->add_flag("--classes", classes, "the classes, their specs and the parallelism that they support");
    layers->callback([&] {
        if (!cases && !classes && file.empty()) throw CLI::RequiredError("FILE");
        status = cases ? cli::layer_lines() : classes ? cli::layer_classes(json) : cli::layers(file, write, json);
    });
    int port = 8080;
    auto* serve = app.add_subcommand("serve", "the layer lists of the embedded models over HTTP on 127.0.0.1");
    serve->add_option("--port", port, "0: a free one, which is printed")->capture_default_str()->check(CLI::Range(0, 65535));
    serve->callback([&] { status = cli::serve(port); });

    try {
        app.parse(argc, argv);
    } catch (CLI::ParseError const& e) {
        return app.exit(e) == 0 ? 0 : 2;
    }
    return status;
}

}  // namespace

int main(int argc, char** argv) {
    try {
        return run(argc, argv);
    } catch (std::exception const& e) {
        fmt::print(stderr, "costexpr: {}\n", e.what());
        return 1;
    }
}
