// SPDX-License-Identifier: BSL-1.0
#include "cli.hpp"

namespace cli {

outcome<cx::classification> situation_of(config_texts const& texts, cx::problems const& refused) {
    auto const c = cx::classify(texts.config.text, texts.quantization, refused);
    if (!c) return explain(c.error(), texts.config);
    return *c;
}

int classify(std::string const& config, bool as_json) {
    auto const texts = load_config(config);
    if (!texts) return report(texts.errors, as_json);
    auto const found = situation_of(*texts, cx::read_model(texts->config.text, texts->quantization).error());
    if (!found) return report(found.errors, as_json);
    cx::classification const& c = *found;
    std::string_view const text = texts->config.text;
    auto const situation = cx::situation_names[static_cast<std::size_t>(c.situation)];
    std::vector<std::string> unread, missing, steps, features;
    for (cx::unread_key const& u : c.unread) {
        char pointer[256]{};
        unread.emplace_back(pointer, cx::json::pointer(text, u.offset, pointer, sizeof pointer));
    }
    for (cx::missing_part const& m : c.missing) missing.emplace_back(cx::describe(m, c, text).view());
    cx::for_each_step(c, text, [&](std::string_view step) { steps.emplace_back(step); });
    for (std::size_t i = 0; i != cx::feature_names.size(); ++i)
        if (c.has(static_cast<cx::feature>(i))) features.emplace_back(cx::feature_names[i]);

    if (as_json) {
        std::string out_text;
        json_writer out(out_text, 2);
        auto const list = [&](std::string_view key, std::vector<std::string> const& entries) {
            out.key(key).begin_array();
            for (auto const& e : entries) out.value(e);
            out.end_array();
        };
        out.begin_object().member("situation", situation).member("architecture", c.architecture.view()).member("family", c.family);
        list("unread", unread);
        list("missing", missing);
        list("steps", steps);
        list("features", features);
        out.end_object();
        fmt::print("{}\n", out_text);
        return 0;
    }
    fmt::print("{}  {}, {}\n", texts->name, c.architecture.view(), c.family.empty() ? "no family" : fmt::format("family {}", c.family));
    auto const words = c.situation == cx::situation::s1   ? "every structural key is read, nothing to do"
                       : c.situation == cx::situation::s2 ? "known layers; keys or an architecture that no table has yet"
                                                          : "layers, or a combination of them, that are not there yet";
    fmt::print("{}: {}\n", situation, words);
    auto const list = [](char const* title, std::vector<std::string> const& entries) {
        if (entries.empty()) return;
        fmt::print("\n{}\n", title);
        for (auto const& e : entries) fmt::print("  {}\n", e);
    };
    list("what the config has", features);
    list("keys that are not read", unread);
    list("what is missing", missing);
    list("what to write", steps);
    return 0;
}

}  // namespace cli
