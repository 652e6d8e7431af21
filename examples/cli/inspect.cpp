// SPDX-License-Identifier: BSL-1.0
#include "cli.hpp"

#include <algorithm>

namespace cli {

namespace {

/// Something about a config that its figures alone do not say.
struct note {
    std::string_view code;
    std::string pointer;
    std::string message;
};

std::string_view explanation(cx::remark r) {
    switch (r) {
        case cx::remark::inferred_architecture: return "the architecture is not registered; its layers are read from its keys, what no key says (biases, norms, ties) is taken as usual in the family, and every figure is inferred";
        case cx::remark::unknown_quantization: return "the quantization method is not known; weights are taken as bf16";
        case cx::remark::unread_structure: return "a key of the config says that its layers hold more than is read; every figure is inferred";
        case cx::remark::unread_exclusion: return "a pattern of modules that the checkpoint quantizes otherwise is not understood; they are taken as the rest";
        case cx::remark::tower_not_counted: return "a vision or audio tower stands beside the decoder and is not counted yet";
        case cx::remark::mtp_not_counted: return "multi-token prediction modules stand beside the decoder whose composition is not known; they are not counted";
    }
    return {};
}

/// Layers by type, in the order of the composition.
template <class Graph>
std::vector<std::pair<std::string_view, cx::count>> layers_of(Graph const& ops) {
    std::vector<std::pair<std::string_view, cx::count>> all;
    cx::count last = -1;
    cx::for_each_op_of(ops, {}, [&](auto const&, cx::op_place const& at) {
        if (at.run == last) return;
        last = at.run;
        auto const same = std::find_if(all.begin(), all.end(), [&](auto const& l) { return l.first == at.layer; });
        if (same != all.end())
            same->second += at.times;
        else
            all.emplace_back(at.layer, at.times);
    });
    return all;
}

}  // namespace

int inspect(std::string const& config, std::string const& kv_cache, cx::count context, bool as_json) {
    auto const loaded = load_model(config);
    if (!loaded) return report(loaded.errors, as_json);
    cx::any_model const& m = loaded->model;
    cx::precision p = m.config.precision();
    if (!kv_cache.empty() && !cx::parse_dtype(kv_cache, p.kv_cache))
        return report({simple_complaint("unknown_name", "--kv-cache " + kv_cache, "no such dtype (expected fp32, bf16, fp16, fp8, int8 or another of those in the documentation)")}, as_json);
    if (context < 0) return report({simple_complaint("out_of_range", "--context", "a context is at least 0 tokens")}, as_json);

    cx::deployment const x{.precision = p};
    cx::problems none{};
    auto const ops = m.ops(x, none);
    auto const layers = layers_of(ops);
    cx::sequence_state const s = cx::state_of(ops);
    cx::count const embedding = cx::embedding_parameters(ops);
    cx::count const state = cx::state_bytes(ops, context);
    cx::count const weight_bytes = cx::weight_bytes(ops);
    cx::count const mtp_modules = cx::visit([](auto const& f) { return f.base.predictions(); }, m);
    bool const is_moe = cx::has_experts(ops);
    auto const found = situation_of(*loaded, {});
    if (!found) return report(found.errors, as_json);
    std::vector<note> notes;
    for (cx::remark r : m.config.remarks) notes.push_back({cx::remark_names[static_cast<std::size_t>(r)], "", std::string(explanation(r))});
    for (cx::unread_key const& u : found->unread) {
        char pointer[256]{};
        std::size_t const length = cx::json::pointer(loaded->config.text, u.offset, pointer, sizeof pointer);
        notes.push_back({"unread_key", std::string(pointer, length), fmt::format("{} speaks of structure, and no field of the family {} reads it; `costexpr classify` says what to write", std::string_view(pointer, length), m.config.family)});
    }
    cx::count const trained = cx::visit([](auto const& f) { return f.base.max_context; }, m);
    if (trained != 0 && context > trained) notes.push_back({"beyond_context", "", fmt::format("the context of {} tokens is beyond the model's {} (max_position_embeddings)", context, trained)});
    cx::count const text = cx::parameters(ops);
    cx::count const mtp = mtp_modules != 0 ? m.mtp_parameters() : 0;
    cx::count const vision = m.config.vision_parameters();
    cx::count const audio = m.config.audio_parameters();

    if (as_json) {
        std::string out_text;
        json_writer out(out_text, 2);
        out.begin_object();
        out.member("model", loaded->name).member("architecture", m.config.architecture.view()).member("family", m.config.family);
        out.member("situation", cx::situation_names[static_cast<std::size_t>(found->situation)]).member("provenance", cx::provenance_names[static_cast<std::size_t>(m.config.founded)]);
        out.key("parameters").begin_object();
        out.member("total", text + vision + audio).member("text", text).member("vision", vision).member("audio", audio).member("embedding", embedding);
        out.member("active", cx::active_parameters(ops)).member("mtp", mtp);
        out.end_object();
        out.key("layers").begin_object();
        for (auto const& [type, n] : layers) out.member(type, n);
        out.end_object();
        out.key("state").begin_object();
        out.member("bytes_per_token", s.bytes_per_token).member("windowed_bytes_per_token", s.windowed_bytes_per_token).member("window", s.window);
        out.member("index_elements_per_token", s.index_elements_per_token).member("index_bytes_per_token", s.index_bytes_per_token);
        out.member("convolution_elements", s.convolution_elements).member("recurrent_elements", s.recurrent_elements);
        out.member("fixed_bytes", s.fixed_bytes).member("context", context).member("bytes", state);
        out.end_object();
        out.key("precision").begin_object();
        out.member("weights", cx::name(p.weights)).member("experts", cx::name(p.experts)).member("attention", cx::name(p.attention));
        out.member("kv_cache", cx::name(p.kv_cache)).member("activations", cx::name(p.activations)).member("embedding", cx::name(p.embedding));
        out.member("head", cx::name(p.head));
        out.key("exceptions").begin_array();
        for (cx::dtype_exception const& e : p.exceptions)
            out.begin_object().member("name", cx::name(e.part)).member("dtype", cx::name(e.type)).member("layers", cx::count{e.layers}).member("of", cx::count{e.of}).end_object();
        out.end_array();
        out.end_object();
        out.member("weight_bytes", weight_bytes);
        out.key("mtp").begin_object().member("modules", mtp_modules).end_object();
        if (vision != 0)
            out.key("vision").begin_object().member("parameters", vision).member("layers", m.config.vision.depth).member("hidden_size", m.config.vision.hidden).end_object();
        else
            out.key("vision").null();
        if (audio != 0)
            out.key("audio").begin_object().member("parameters", audio).member("layers", m.config.audio.depth).member("hidden_size", m.config.audio.hidden).end_object();
        else
            out.key("audio").null();
        out.member("is_moe", is_moe).member("is_vlm", m.config.has_vision).member("has_mtp", mtp_modules != 0);
        out.key("notes").begin_array();
        for (note const& n : notes) out.begin_object().member("code", n.code).member("pointer", n.pointer).member("message", n.message).end_object();
        out.end_array();
        out.end_object();
        fmt::print("{}\n", out_text);
        return 0;
    }

    fmt::print("{}  {}, family {}\n\n", loaded->name, m.config.architecture.view(), m.config.family);
    table t({"", "", ""});
    t.row({"parameters", fmt::format("{}", text), human_count(static_cast<double>(text))});
    t.row({"  active per token", fmt::format("{}", cx::active_parameters(ops)), human_count(static_cast<double>(cx::active_parameters(ops)))});
    t.row({"  embedding", fmt::format("{}", embedding), human_count(static_cast<double>(embedding))});
    if (vision != 0) t.row({"  vision tower beside them", fmt::format("{}", vision), human_count(static_cast<double>(vision))});
    if (audio != 0) t.row({"  audio tower beside them", fmt::format("{}", audio), human_count(static_cast<double>(audio))});
    if (mtp != 0) t.row({"  multi-token prediction", fmt::format("{}", mtp), human_count(static_cast<double>(mtp))});
    t.row({"weights", fmt::format("{} B", weight_bytes), human_bytes(static_cast<double>(weight_bytes))});
    t.row({"state per token", fmt::format("{} B", s.bytes_per_token), human_bytes(static_cast<double>(s.bytes_per_token))});
    if (s.windowed_bytes_per_token != 0)
        t.row({fmt::format("  of the last {}", s.window), fmt::format("{} B", s.windowed_bytes_per_token), human_bytes(static_cast<double>(s.windowed_bytes_per_token))});
    t.row({fmt::format("state at {} tokens", context), fmt::format("{} B", state), human_bytes(static_cast<double>(state))});
    t.print();
    fmt::print("\n");
    table l({"layer type", "layers"});
    for (auto const& [type, n] : layers) l.row({std::string(type), fmt::format("{}", n)});
    l.print();
    fmt::print("\nprecision: weights {}, experts {}, KV cache {}\n", cx::name(p.weights), cx::name(p.experts), cx::name(p.kv_cache));
    for (cx::dtype_exception const& e : p.exceptions) fmt::print("  {} in {}: {} of {} layers\n", cx::name(e.part), cx::name(e.type), e.layers, e.of);
    for (note const& n : notes) fmt::print("note: {}\n", n.message);
    return 0;
}

}  // namespace cli
