// SPDX-License-Identifier: BSL-1.0
#pragma once

// A config.json reduced to what costexpr reads. Nothing here names a key of a family: which keys stay follows from the field tables
// of the registry's families and of the quantization, so a new family needs nothing but a new run of normalise.sh.
//
// What stays: the keys of the tables and of the header, in their order and with their values; of `text_config` and its like the same;
// of `vision_config` and `audio_config` what can be a dimension; of `quantization_config` everything but what is long and unread.
// Names of modules that are listed for many layers or experts may be written once, with a star for the layer. Reducing a reduced text changes nothing.

#include <costexpr/json/reader.hpp>
#include <costexpr/json/writer.hpp>
#include <costexpr/model/registry.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace costexpr::normaliser {

/// What a text is, and so which keys of it stay.
enum class role : std::uint8_t { config, hf_quant_config };

/// How lists of modules are written: as they are, or each name once for all layers. The second may say more than the first.
enum class lists : std::uint8_t { whole, starred };
/// A name that is listed for so many layers gets a star.
inline constexpr std::size_t fewest_layers = 4;

/// Lists of module names and the like that no table reads stay up to this size, white space not counted.
inline constexpr std::size_t longest_unread = 4096;

/// As configs are read: Python writes NaN and Infinity.
inline constexpr json::options reading{.nonfinite = true};

template <class Registry>
struct families_of;
template <class... F>
struct families_of<registry<F...>> {
    /// Calls f with every key of the families' tables, as `key` or as the path `object.key`.
    template <class Function>
    static void each_name(Function const& f) {
        auto const add = [&]<class P>() {
            for (auto const& field : schema::table<P>)
                for (std::size_t i = 0; i != field.name_count; ++i) f(field.names[i]);
        };
        auto const add_all = [&]<class... P>(types<P...>) { (add.template operator()<P>(), ...); };
        (add_all(schema::tables_of<F>()), ...);
    }
};

/// Keys and paths of keys that something reads.
class key_set {
  public:
    void insert(std::string_view name) { names_.emplace_back(name); }
    [[nodiscard]] bool contains(std::string_view path) const { return std::find(names_.begin(), names_.end(), path) != names_.end(); }
    /// Whether something inside the object at this path is read.
    [[nodiscard]] bool reaches_into(std::string_view path) const {
        return std::any_of(names_.begin(), names_.end(), [&](std::string_view name) {
            return name.size() > path.size() && name.starts_with(path) && name[path.size()] == '.';
        });
    }

  private:
    std::vector<std::string_view> names_;
};

template <class Registry>
key_set decoder_keys() {
    key_set keys;
    families_of<Registry>::each_name([&](std::string_view name) { keys.insert(name); });
    // of a wrapper, what leads from its towers into the decoder
    for (auto const& field : schema::table<projector>)
        for (std::size_t i = 0; i != field.name_count; ++i) keys.insert(field.names[i]);
    return keys;
}
inline bool reads_of_tower(std::string_view key) {
    for (auto const& field : schema::table<costexpr::tower>)
        for (std::size_t i = 0; i != field.name_count; ++i)
            if (field.names[i] == key) return true;
    return std::find(tower_lists.begin(), tower_lists.end(), key) != tower_lists.end();
}
inline key_set quantization_keys() {
    key_set keys;
    for (auto const& field : schema::table<quantization>)
        for (std::size_t i = 0; i != field.name_count; ++i) keys.insert(field.names[i]);
    for (std::string_view list : quantized_lists) keys.insert(list);
    for (std::string_view list : exclude_lists) keys.insert(list);
    keys.insert("config_groups");
    return keys;
}

/// Walks a text that is known to be JSON and writes what stays of it.
class reducer {
  public:
    reducer(std::string_view text, key_set const& decoder, key_set const& quantized, lists how) : text_(text), decoder_(decoder), quantized_(quantized), how_(how) {}

    [[nodiscard]] std::string config(int indent) const {
        return written(indent, [&](output& out) { config(out, whole(), ""); });
    }
    [[nodiscard]] std::string hf_quant_config(int indent) const {
        return written(indent, [&](output& out) {
            each_member(whole(), [&](std::string const& key, json::value v) {
                if (quantized_.contains(key) || quantized_.reaches_into(key)) member(out, key, [&] { quantization(out, v, key); });
            });
        });
    }

  private:
    struct output {
        std::string text{};
        json::writer<std::string> to;
        explicit output(int indent) : to(text, indent) {}
        output(output const&) = delete;
        output& operator=(output const&) = delete;
    };

    template <class Function>
    static std::string written(int indent, Function const& f) {
        output out(indent);
        out.to.begin_object();
        f(out);
        out.to.end_object();
        return out.text;
    }
    template <class Function>
    static void member(output& out, std::string_view key, Function const& f) {
        out.to.key(key);
        f();
    }

    [[nodiscard]] json::value whole() const { return reader(text_).skip(); }
    static json::reader reader(std::string_view text) { return json::reader(text, reading); }
    [[nodiscard]] json::reader reader(json::value v) const { return json::reader::inside(text_, v, reading); }

    [[nodiscard]] std::string decoded(json::string_token token) const {
        std::string out(token.end - token.begin, '\0');  // escapes are never shorter than what they stand for
        std::size_t length = 0;
        (void)json::decode(text_, token, out.data(), out.size(), length);
        out.resize(length);
        return out;
    }
    template <class Function>
    void each_member(json::value object, Function const& f) const {
        json::reader r = reader(object);
        r.enter_object();
        for (json::string_token k{}; r.next_member(k);) f(decoded(k), r.skip());
    }
    template <class Function>
    void each_element(json::value array, Function const& f) const {
        json::reader r = reader(array);
        r.enter_array();
        while (r.next_element()) f(r.skip());
    }

    /// A value as it is: numbers keep their spelling, strings get the writer's.
    void copy(output& out, json::value v) const {
        if (v.kind == json::kind::object) {
            out.to.begin_object();
            each_member(v, [&](std::string const& key, json::value inner) { member(out, key, [&] { copy(out, inner); }); });
            out.to.end_object();
        } else if (v.kind == json::kind::array) {
            out.to.begin_array();
            each_element(v, [&](json::value inner) { copy(out, inner); });
            out.to.end_array();
        } else if (v.kind == json::kind::string) {
            out.to.value(decoded({.begin = v.begin + 1, .end = v.end - 1, .escaped = true}));
        } else {
            out.to.null();  // the writer has no values that are text already: put one, and put the text in its place
            out.text.replace(out.text.size() - 4, 4, v.raw(text_));
        }
    }

    /// The object of a model or of the decoder in it; `path` leads to an object that the tables reach into (`ffn_config`).
    void config(output& out, json::value object, std::string const& path) const {
        each_member(object, [&](std::string const& key, json::value v) {
            std::string const here = path.empty() ? key : path + "." + key;
            bool const is_object = v.kind == json::kind::object;
            auto const objects = [&](auto const& f) { member(out, key, [&] { out.to.begin_object(), f(), out.to.end_object(); }); };
            auto const is_one_of = [&](auto const& keys) { return path.empty() && std::find(keys.begin(), keys.end(), key) != keys.end(); };
            bool const header = is_one_of(detail::header_keys) || is_one_of(unusual_keys) || is_one_of(deciding_keys);
            bool const descends = is_one_of(detail::decoder_objects);
            if (is_object && key == "quantization_config" && header)
                member(out, key, [&] { quantization(out, v, ""); });
            else if (is_object && key.ends_with("_config") && header)
                objects([&] { tower(out, v); });
            else if (decoder_.contains(here) || header)
                member(out, key, [&] { copy(out, v); });
            else if (is_object && descends)
                objects([&] { config(out, v, ""); });
            else if (is_object && decoder_.reaches_into(here))
                objects([&] { config(out, v, here); });
        });
    }

    /// Of a tower, what is read, and what can be a dimension: integers, true and false, lists of integers or strings, its model_type. Labels are none.
    void tower(output& out, json::value object) const {
        each_member(object, [&](std::string const& key, json::value v) {
            if (v.kind == json::kind::object) {
                if (key != "id2label" && key != "label2id") member(out, key, [&] { out.to.begin_object(), tower(out, v), out.to.end_object(); });
            } else if (is_dimension(v) || reads_of_tower(key) || (key == "model_type" && v.kind == json::kind::string)) {
                member(out, key, [&] { copy(out, v); });
            }
        });
    }
    [[nodiscard]] bool is_dimension(json::value v) const {
        if (v.kind == json::kind::boolean) return true;
        if (v.kind == json::kind::number) return v.raw(text_).find_first_of(".eE") == std::string_view::npos;
        bool good = v.kind == json::kind::array;
        if (good) each_element(v, [&](json::value e) { good = good && (e.kind == json::kind::string || (e.kind == json::kind::number && is_dimension(e))); });
        return good;
    }

    /// A quantization, whole but for what is long and unread.
    void quantization(output& out, json::value v, std::string const& path) const {
        if (v.kind == json::kind::array && how_ == lists::starred) return names(out, v);
        if (v.kind != json::kind::object) return copy(out, v);
        out.to.begin_object();
        if (how_ == lists::starred && path.ends_with("quantized_layers")) {
            std::vector<std::string> all;
            each_member(v, [&](std::string const& key, json::value inner) { all.push_back(key + '\n' + std::string(inner.raw(text_))); });
            std::vector<std::string> const few = starred(all);
            each_member(v, [&](std::string const& key, json::value inner) {
                std::string const& kept = few[static_cast<std::size_t>(std::find(all.begin(), all.end(), key + '\n' + std::string(inner.raw(text_))) - all.begin())];
                if (!kept.empty()) member(out, kept.substr(0, kept.find('\n')), [&] { copy(out, inner); });
            });
            out.to.end_object();
            return;
        }
        each_member(v, [&](std::string const& key, json::value inner) {
            std::string const here = path.empty() ? key : path + "." + key;
            if (!quantized_.contains(here) && !quantized_.reaches_into(here) && !path.starts_with("config_groups")) {
                output alone(0);
                quantization(alone, inner, here);
                if (alone.text.size() > longest_unread) return;
            }
            member(out, key, [&] { quantization(out, inner, here); });
        });
        out.to.end_object();
    }

    /// A list of module names, each once.
    void names(output& out, json::value list) const {
        std::vector<std::string> all;
        bool texts = true;
        each_element(list, [&](json::value e) {
            texts = texts && e.kind == json::kind::string;
            if (texts) all.push_back(decoded({.begin = e.begin + 1, .end = e.end - 1, .escaped = true}));
        });
        if (!texts) return copy(out, list);
        out.to.begin_array();
        for (std::string const& name : starred(all))
            if (!name.empty()) out.to.value(name);
        out.to.end_array();
    }
    /// The names with a star in place of their layer where many layers have them, and cut behind "experts"; empty where one stands before.
    static std::vector<std::string> starred(std::vector<std::string> const& all) {
        std::vector<std::string> with_star;
        for (std::string const& name : all) {
            std::string s = name;
            std::string rest;
            if (auto const end = s.find('\n'); end != std::string::npos) rest = s.substr(end), s.resize(end);
            if (auto const at = s.find(".experts."); at != std::string::npos) s.resize(at + std::string_view(".experts").size());
            if (auto const at = s.find("layers."); at != std::string::npos) {
                std::size_t const begin = at + std::string_view("layers.").size();
                std::size_t end = begin;
                while (end != s.size() && s[end] >= '0' && s[end] <= '9') ++end;
                if (end != begin && end != s.size() && s[end] == '.') s.replace(begin, end - begin, "*");
            }
            with_star.push_back(s + rest);
        }
        std::map<std::string, std::size_t> times;
        for (std::string const& s : with_star) ++times[s];
        std::vector<std::string> out;
        std::set<std::string> seen;
        for (std::size_t i = 0; i != all.size(); ++i) {
            std::string const& name = times[with_star[i]] >= fewest_layers ? with_star[i] : all[i];
            out.push_back(seen.insert(name).second ? name : std::string());
        }
        return out;
    }

    std::string_view text_;
    key_set const& decoder_;
    key_set const& quantized_;
    lists how_;
};

/// The reduced text of a config.json or hf_quant_config.json, two blanks of indentation and a newline at its end.
template <class Registry = builtin>
result<std::string> reduce(std::string_view text, role is = role::config, lists how = lists::whole) {
    if (auto const valid = json::validate(text, reading); !valid) return valid.error();
    if (json::reader(text, reading).next_kind() != json::kind::object)
        return problem{.code = errc::not_an_object, .hint = "a config is a JSON object: { ... }"};
    key_set const decoder = decoder_keys<Registry>();
    key_set const quantized = quantization_keys();
    reducer const r(text, decoder, quantized, how);
    return (is == role::config ? r.config(2) : r.hf_quant_config(2)) + "\n";
}

/// What differs between two models, in words; empty where nothing does. Several context lengths stand for all of them.
template <class Model>
std::string difference(Model const& a, Model const& b) {
    if (a.text.index() != b.text.index() || a.config.family != b.config.family) return "family";
    if (a.config.architecture != b.config.architecture || a.config.model_type != b.config.model_type) return "architecture";
    if (a.config.founded != b.config.founded) return "provenance";
    if (a.config.has_vision != b.config.has_vision || a.config.has_audio != b.config.has_audio) return "towers";
    if (!(a.config.precision() == b.config.precision())) return "precision";
    if (a.config.remarks.size() != b.config.remarks.size()) return "remarks";
    if (a.parameters() != b.parameters()) return "parameters";
    if (a.active_parameters() != b.active_parameters()) return "active parameters";
    if (a.config.vision_parameters() != b.config.vision_parameters() || a.config.audio_parameters() != b.config.audio_parameters()) return "parameters of towers";
    for (count const tokens : {1, 100, 1000, 5000, 100'000, 2'000'000})
        if (a.state_bytes(tokens) != b.state_bytes(tokens)) return "state";
    return {};
}

/// A config with the quantization beside it, both reduced.
struct reduced_texts {
    std::string config;
    std::string quantization;
};

/// Reduces both, names of modules written once where the model stays the same by that.
template <class Registry = builtin>
result<reduced_texts> reduce_both(std::string_view text, std::string_view beside) {
    result<reduced_texts> out = reduced_texts{};
    for (lists how : {lists::starred, lists::whole}) {
        auto const config = reduce<Registry>(text, role::config, how);
        if (!config) return config.error();
        out->config = *config;
        if (!beside.empty()) {
            auto const quantization = reduce<Registry>(beside, role::hf_quant_config, how);
            if (!quantization) return quantization.error();
            out->quantization = *quantization;
        }
        auto const before = Registry::read(text, beside);
        auto const after = Registry::read(out->config, out->quantization);
        if (before && after && difference(*before, *after).empty()) break;
    }
    return out;
}

}  // namespace costexpr::normaliser
