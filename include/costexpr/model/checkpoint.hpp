// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/core/inplace_vector.hpp>
#include <costexpr/model/modules.hpp>
#include <costexpr/op/precision.hpp>
#include <costexpr/schema/read.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace costexpr {

/// The dtype that a quantization algorithm stores linear layers in, by the name that NVIDIA's ModelOpt gives it.
[[nodiscard]] constexpr bool algorithm_dtype(std::string_view name, dtype& out) {
    struct row {
        std::string_view name;
        dtype type;
    };
    constexpr row rows[] = {
        {"FP8", dtype::fp8}, {"FP8_PER_CHANNEL_PER_TOKEN", dtype::fp8}, {"FP8_PB_WO", dtype::fp8_block}, {"FP8_BLOCK_SCALES", dtype::fp8_block},
        {"NVFP4", dtype::nvfp4}, {"NVFP4_AWQ", dtype::nvfp4}, {"W4A16_NVFP4", dtype::nvfp4_wo}, {"W4A16_AWQ", dtype::int4_wo_g128}, {"W4A8_AWQ", dtype::w4afp8},
        {"W8A16", dtype::int8_wo}, {"W8A8_SQ_PER_CHANNEL", dtype::int8}, {"MXFP4", dtype::mxfp4}, {"MXFP8", dtype::mxfp8}, {"W4A8_MXFP4_FP8", dtype::w4a8_mxfp4_mxfp8},
    };
    for (row const& r : rows)
        if (r.name == name) return out = r.type, true;
    return false;
}

/// How compressed-tensors describes the dtype of a group of modules.
struct quantized_group {
    count bits = 0;
    short_string type{};
    short_string strategy{};
    count group_size = 0;
    count activation_bits = 0;

    template <class g = quantized_group>
    static constexpr auto json() {
        return std::array{
            key(&g::bits, "weights.num_bits").optional(),
            key(&g::type, "weights.type").optional(),
            key(&g::strategy, "weights.strategy").optional(),
            key(&g::group_size, "weights.group_size").optional(),
            key(&g::activation_bits, "input_activations.num_bits").optional(),
        };
    }
    [[nodiscard]] constexpr bool dtype_of(dtype& out) const {
        if (type == "float" && bits == 8) return out = group_size == 32 ? dtype::mxfp8 : strategy == "block" ? dtype::fp8_block : dtype::fp8, true;
        if (type == "float" && bits == 4) {
            bool const wide = activation_bits == 0;
            return out = group_size == 32 ? (wide ? dtype::w4a16_mxfp4 : dtype::mxfp4) : (wide ? dtype::nvfp4_wo : dtype::nvfp4), true;
        }
        if (type == "int" && bits == 8) return out = activation_bits == 8 ? dtype::int8 : dtype::int8_wo, true;
        if (type == "int" && bits == 4) return out = activation_bits == 8 ? dtype::w4afp8 : group_size == 32 ? dtype::int4_wo_g32 : dtype::int4_wo_g128, true;
        return false;
    }
};

/// The quantization of a checkpoint as `quantization_config` of a config.json or a `hf_quant_config.json` says it.
struct quantization {
    short_string method{};
    short_string algorithm{};
    short_string kv_algorithm{};
    count bits = 0;
    count block = 0;
    bool load_in_4bit = false;
    bool load_in_8bit = false;
    count kv_bits = 0;

    using group = quantized_group;

    template <class q = quantization>
    static constexpr auto json() {
        return std::array{
            key(&q::method, "quant_method", "quant_type").optional(),
            key(&q::algorithm, "quant_algo", "quantization.quant_algo").optional(),
            key(&q::kv_algorithm, "kv_cache_quant_algo", "quantization.kv_cache_quant_algo").optional(),
            key(&q::bits, "bits", "weight_bits").optional(),
            key(&q::block, "weight_block_size").optional(),
            key(&q::load_in_4bit, "load_in_4bit").optional(),
            key(&q::load_in_8bit, "load_in_8bit").optional(),
            key(&q::kv_bits, "kv_cache_scheme.num_bits").optional(),
        };
    }

    /// The dtype of linear layers of which the checkpoint says nothing else, and whether the method is one that is known.
    [[nodiscard]] constexpr bool apply(precision& p) const {
        auto const all = [&](dtype d) {
            p.weights = d;
            p.experts = d;
            return true;
        };
        if (kv_algorithm == "FP8" || kv_bits == 8) p.kv_cache = dtype::fp8;
        if (algorithm == "MIXED_PRECISION" || method == "compressed-tensors") return true;  // the modules say it one by one
        dtype d = dtype::bf16;
        if (algorithm_dtype(algorithm.view(), d)) return all(d);
        if (method == "fp8" || method == "fbgemm_fp8") return all(block != 0 ? dtype::fp8_block : dtype::fp8);
        if (method == "mxfp4") return p.experts = dtype::w4a16_mxfp4, true;
        if (method == "awq" || method == "gptq") return bits == 4 ? all(dtype::int4_wo_g128) : bits == 8 ? all(dtype::int8_wo) : false;
        if (method == "bitsandbytes") return load_in_4bit ? all(dtype::int4_wo) : load_in_8bit ? all(dtype::int8_wo) : false;
        return method.empty() && algorithm.empty();
    }
};

/// Which layers of a model have which blocks, as its lists of layer kinds say it; an empty list leaves it open.
struct layer_blocks {
    count layers = 0;
    pattern mixers{};
    pattern networks{};

    /// Whether a layer has ops of this purpose.
    [[nodiscard]] constexpr bool has(role part, count layer) const {
        using enum layer_kind;
        bool const mixes = part >= role::qkv && part <= role::index_scores && part != role::hyper_connection;
        pattern const& kinds = mixes || networks.empty() ? mixers : networks;
        if (layer >= kinds.size()) return true;
        layer_kind const k = kinds[layer];
        bool const recurrent = k == linear || k == mamba || k == layer_kind::convolution || k == hybrid;
        if (part >= role::mixer_in && part <= role::mixer_out) return recurrent;
        if (mixes) return !(recurrent && k != hybrid) && k != dense && k != moe;
        if (part == role::gate_up || part == role::down) return k == dense || &kinds == &mixers;
        return k == moe;
    }
};

/// Where the blocks of a family's layers stand, by the names that families give their schedules.
template <class F>
[[nodiscard]] constexpr layer_blocks blocks_of(F const& f) {
    layer_blocks where{};
    if constexpr (requires { f.base.layers; }) where.layers = min(f.base.layers, largest_layers);
    if constexpr (requires { f.experts.order; }) where.networks = f.experts.order;
    if constexpr (requires { f.mixers.order; })
        where.mixers = f.mixers.order;
    else if constexpr (requires { f.blocks.order; })
        where.mixers = where.networks = f.blocks.order;
    return where;
}

/// The dtype in which a checkpoint stores each linear layer: those of a method, and the modules that are listed apart.
class module_dtypes {
  public:
    [[nodiscard]] constexpr bool understood() const { return understood_; }
    [[nodiscard]] constexpr bool any() const { return any_; }

    /// Notes that the modules under this name or pattern are stored in this dtype; `outside`: tables and the head, which no method touches by itself.
    constexpr void note(std::string_view entry, dtype type, dtype outside) {
        any_ = true;
        modules::name_pattern const whole(entry);
        if (!whole.understood()) {
            understood_ = false;
            return;
        }
        if (entry == "Linear") return set_all(type);
        std::size_t const at = entry.find("layers.");
        if (at != std::string_view::npos && entry.substr(0, 3) != "re:") {
            if (modules::leads_to_decoder(entry.substr(0, at))) note_layers(entry.substr(at + 7), type);
            return;
        }
        for (modules::outer_name const& o : modules::outer_names) {
            if (!(whole.is_literal() ? entry.ends_with(o.text) && (entry.size() == o.text.size() || entry[entry.size() - o.text.size() - 1] == '.')
                                     : whole.fits(o.text, steps_) || fits_with_prefix(whole, "", o.text)))
                continue;
            set(o.part, 0, largest_layers, outside);
            if (whole.is_literal()) return;
        }
        bool const by_number = entry.find("layers") != std::string_view::npos;
        for (count layer = 0; layer != (by_number ? largest_layers : 1) && steps_ > 0; ++layer) {
            char number[24]{};
            std::string_view const place = layer_prefix(layer, number);
            modules::each_name([&](std::string_view block, modules::layer_name const& l) {
                if (at_[static_cast<std::size_t>(l.part)][static_cast<std::size_t>(layer)] == 1 + static_cast<int>(type)) return;  // another name of it fitted
                bool const fits = whole.is_literal() ? holds_components(block, l.text, entry) : fits_with_prefix(whole, place, block, l.text);
                if (fits) set(l.part, layer, by_number ? layer + 1 : largest_layers, type);
            });
        }
        if (steps_ <= 0) understood_ = false;
    }
    /// The dtype of the ops of a purpose in a layer, where `base` is that of modules that are not listed.
    [[nodiscard]] constexpr dtype at(role part, count layer, dtype base) const {
        std::uint8_t const listed = at_[static_cast<std::size_t>(part)][static_cast<std::size_t>(layer)];
        return listed == unlisted ? base : static_cast<dtype>(listed - 1);
    }

  private:
    static constexpr std::uint8_t unlisted = 0;  // else 1 + dtype

    constexpr void set(role part, count first, count last, dtype type) {
        auto& row = at_[static_cast<std::size_t>(part)];
        for (count i = first; i < last; ++i) row[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(1 + static_cast<int>(type));
    }
    /// All linear layers of all decoder layers: what a method means by its target "Linear".
    constexpr void set_all(dtype type) {
        modules::each_name([&](std::string_view, modules::layer_name const& l) {
            if (l.part != role::router && at_[static_cast<std::size_t>(l.part)][0] == unlisted) set(l.part, 0, largest_layers, type);
        });
    }
    /// A name behind "layers.": a number or a star, then the module, or nothing for the whole layer.
    constexpr void note_layers(std::string_view entry, dtype type) {
        std::size_t digits = 0;
        count number = 0;
        while (digits != entry.size() && entry[digits] >= '0' && entry[digits] <= '9' && digits < 6) number = 10 * number + (entry[digits++] - '0');
        std::string_view rest = entry.substr(digits);
        bool const every = digits == 0 && !rest.empty() && rest[0] == '*';
        if (digits == 0 && !every) return;
        if (every) rest.remove_prefix(1);
        // "layers.1*" is layer 1, 10, 11, ...
        bool const open = !every && !rest.empty() && rest[0] == '*';
        if (open) rest.remove_prefix(1);
        if (!rest.empty() && rest[0] == '.') rest.remove_prefix(1);
        for (count scale = 1; scale <= 100; scale *= 10) {
            if (every)
                note_module(rest, 0, largest_layers, type);
            else
                note_module(rest, min(number * scale, largest_layers), min((number + 1) * scale, largest_layers), type);
            if (!open || number == 0) break;
        }
    }
    constexpr void note_module(std::string_view module, count first, count last, dtype type) {
        if (first >= last) return;
        modules::name_pattern const p(module);
        if (p.is_prefix()) {
            std::string_view const start = module.substr(0, module.size() - 1);
            modules::each_name([&](std::string_view block, modules::layer_name const& l) {
                if (modules::starts_with(block, l.text, start)) set(l.part, first, last, type);
            });
            return;
        }
        if (p.is_literal()) {
            std::string_view const block = schema::outer_name(module);
            std::string_view const inside = schema::inner_name(module);
            for (modules::block_name const& b : modules::block_names) {
                if (!module.empty() && b.text != block) continue;
                for (modules::layer_name const& l : modules::layer_names)
                    if ((l.blocks & b.blocks) != 0 && (inside.empty() || modules::related(inside, l.text))) set(l.part, first, last, type);
            }
            return;
        }
        modules::each_name([&](std::string_view block, modules::layer_name const& l) {
            if (module == "*" || fits_with_prefix(p, "", block, l.text)) set(l.part, first, last, type);
        });
    }
    static constexpr std::string_view layer_prefix(count layer, char (&out)[24]) {
        std::size_t n = 0;
        for (char c : std::string_view("layers.")) out[n++] = c;
        if (layer >= 100) out[n++] = static_cast<char>('0' + layer / 100);
        if (layer >= 10) out[n++] = static_cast<char>('0' + layer / 10 % 10);
        out[n++] = static_cast<char>('0' + layer % 10);
        return {out, n};
    }
    /// Whether a pattern fits a module under one of the prefixes that wrappers put in front of their decoder.
    constexpr bool fits_with_prefix(modules::name_pattern const& p, std::string_view place, std::string_view block, std::string_view layer = {}) {
        constexpr std::string_view prefixes[] = {"", "model.", "language_model.model.", "model.language_model."};
        for (std::string_view prefix : prefixes) {
            if (!prefix.empty() && (p.is_open() || (place.empty() && !layer.empty()))) break;
            if (!p.starts_like(!prefix.empty() ? prefix : !place.empty() ? place : block)) continue;
            char name[96]{};
            std::size_t n = 0;
            for (std::string_view part : {prefix, place, block, layer}) {
                if (n != 0 && name[n - 1] != '.' && !part.empty()) name[n++] = '.';
                for (char c : part) name[n++] = c;
            }
            if (p.fits({name, n}, steps_)) return true;
        }
        return false;
    }
    /// Whether the components of a name stand in that order inside of block and layer ("gate" in "mlp.gate", not in "mlp.gate_proj").
    static constexpr bool holds_components(std::string_view block, std::string_view layer, std::string_view name) {
        return modules::related(name, layer) || (schema::outer_name(name) == block && (schema::inner_name(name).empty() || modules::related(schema::inner_name(name), layer)));
    }

    std::uint8_t at_[role_count][largest_layers]{};
    count steps_ = 4'000'000;  ///< of matching patterns, all together
    bool understood_ = true;
    bool any_ = false;
};

/// Where a quantization lists modules with the algorithm of each, and modules that it leaves as they were.
inline constexpr std::array<std::string_view, 2> quantized_lists{"quantized_layers", "quantization.quantized_layers"};
inline constexpr std::array<std::string_view, 6> exclude_lists{"modules_to_not_convert", "ignored_layers", "ignore", "exclude_modules", "quantization.exclude_modules", "llm_int8_skip_modules"};

namespace detail {

/// Notes a name as JSON writes it; one that no module can have because of its length is not understood.
constexpr void note_string(schema::document const& d, json::string_token const& k, dtype type, dtype outside, module_dtypes& into) {
    if (!k.escaped) return into.note(d.text.substr(k.begin, k.end - k.begin), type, outside);
    char decoded[modules::name_pattern::longest + 1]{};
    std::size_t length = 0;
    bool const whole = json::decode(d.text, k, decoded, sizeof decoded, length);
    into.note({decoded, whole ? length : sizeof decoded}, type, outside);
}

/// Notes every string of a list, or every key of an object with the algorithm beside it.
constexpr void note_modules(schema::document const& d, json::value const& list, dtype type, dtype outside, module_dtypes& into) {
    json::reader r = json::reader::inside(d.text, list, d.options);
    if (list.kind == json::kind::array) {
        r.enter_array();
        while (r.next_element()) {
            json::value const entry = r.skip();
            if (entry.kind == json::kind::string) note_string(d, {.begin = entry.begin + 1, .end = entry.end - 1, .escaped = entry.raw(d.text).find('\\') != std::string_view::npos}, type, outside, into);
        }
    } else if (list.kind == json::kind::object) {
        r.enter_object();
        json::string_token k{};
        while (r.next_member(k)) {
            json::value const how = schema::member(d, r.skip(), "quant_algo");
            if (how.kind == json::kind::string && algorithm_dtype(d.text.substr(how.begin + 1, how.end - how.begin - 2), type))
                note_string(d, k, type, type, into);
        }
    }
}

/// Notes all modules that a quantization lists: those of its groups, those of single algorithms, then those that are left out.
/// `left`: the dtype of those.
template <class Group>
constexpr bool note_listed(schema::document const& d, dtype left, precision& p, module_dtypes& into) {
    bool understood = true;
    auto const find = [&](std::string_view list) {
        schema::slot const* const s = d.find(schema::outer_name(list));
        return s == nullptr ? json::value{} : schema::member(d, s->value, schema::inner_name(list));
    };
    if (json::value const groups = find("config_groups"); groups.kind == json::kind::object) {
        json::reader r = json::reader::inside(d.text, groups, d.options);
        r.enter_object();
        json::string_token k{};
        while (r.next_member(k)) {
            json::value const group = r.skip();
            if (group.kind != json::kind::object) continue;
            Group g{};
            problems ignored{};
            schema::document inner{.text = d.text, .options = d.options, .keys = schema::keys_of<Group>::words.view()};
            schema::scan(inner, ignored, group);
            schema::fill_all<schema::keys_of<Group>>(g, inner, ignored);
            dtype type = dtype::bf16;
            if (!g.dtype_of(type)) {
                understood = understood && g.bits == 0;
                continue;
            }
            json::value const targets = schema::member(d, group, "targets");
            if (targets.kind == json::kind::array) {
                json::reader one = json::reader::inside(d.text, targets, d.options);
                one.enter_array();
                if (one.next_element()) {
                    json::value const first = one.skip();
                    if (first.raw(d.text) != "\"Linear\"") {
                        note_modules(d, targets, type, type, into);
                        continue;
                    }
                }
            }
            p.weights = p.experts = type;
        }
    }
    for (std::string_view list : quantized_lists) note_modules(d, find(list), dtype::bf16, dtype::bf16, into);
    for (std::string_view list : exclude_lists)
        if (json::value const v = find(list); v.kind == json::kind::array) note_modules(d, v, left, dtype::bf16, into);
    return understood && into.understood();
}

}  // namespace detail

/// The keys of a quantization: those of its table, and its lists of modules.
template <class Quantization>
struct quantization_keys {
    static constexpr auto words = [] {
        std::array<std::string_view, 1 + quantized_lists.size() + exclude_lists.size()> lists{"config_groups"};
        std::size_t n = 1;
        for (std::string_view list : quantized_lists) lists[n++] = schema::outer_name(list);
        for (std::string_view list : exclude_lists) lists[n++] = schema::outer_name(list);
        return schema::vocabulary<Quantization>::build(std::array<std::string_view, 0>{}, lists);
    }();
};

/// Reads the quantization of a config.json, and of the hf_quant_config.json beside it, which beats it. Says whether its method is known.
/// A checkpoint may quantize further what was fp8 before (DeepSeek-V4 with NVFP4 experts): modules that it leaves out are fp8 then.
template <class Quantization>
constexpr bool read_quantization(schema::document const& d, std::string_view beside, precision& stored, module_dtypes& listed, bool& understood, problems& p) {
    bool known = true;
    dtype left = dtype::bf16;
    auto const read = [&](schema::document const& text, json::value const& object, bool lists) {
        Quantization q{};
        schema::document inner{.text = text.text, .options = text.options, .keys = quantization_keys<Quantization>::words.view()};
        schema::scan(inner, p, object);
        schema::fill_all<quantization_keys<Quantization>>(q, inner, p);
        if (q.method == "fp8" && (!q.algorithm.empty() || !lists)) left = q.block != 0 ? dtype::fp8_block : dtype::fp8;
        stored.weights = stored.experts = left;
        known = q.apply(stored);
        if (lists) understood = detail::note_listed<typename Quantization::group>(inner, left, stored, listed);
        // compressed-tensors says everything in its groups
        if (lists && q.method == "compressed-tensors" && stored.weights == dtype::bf16 && !listed.any()) known = false;
    };
    if (schema::slot const* s = d.find("quantization_config", true); s != nullptr && s->value.kind == json::kind::object) read(d, s->value, beside.empty());
    if (!beside.empty()) {
        schema::document const other{.text = beside, .options = d.options};
        json::reader r(beside, d.options);
        json::value const object = r.skip();
        known = r.ok() && object.kind == json::kind::object;
        if (known) read(other, object, true);
    }
    if (schema::slot const* s = d.find("expert_dtype"); s != nullptr && s->value.raw(d.text) == "\"fp4\"" && stored.experts != dtype::bf16 && !listed.any())
        stored.experts = dtype::w4a8_mxfp4_mxfp8;
    return known;
}

/// What the weights of a model are, by the purpose of their ops: parameters, and entries of its list of ops.
struct weights_by_role {
    double parameters[role_count]{};
    count ops[role_count]{};
};

using dtype_exceptions = inplace_vector<dtype_exception, most_exceptions>;

/// Turns what a checkpoint says of its modules into the dtype of each component (of linear layers, the one that most of their parameters
/// have) and the exceptions to it. Says whether there was room for all exceptions.
constexpr bool settle_precision(module_dtypes const& listed, layer_blocks const& where, weights_by_role const& weights, precision& p, dtype_exceptions& exceptions) {
    struct share {
        count layers[dtype_table.size()]{};
        count of = 0;
    };
    share shares[role_count]{};
    double totals[2][dtype_table.size()]{};  // of linear layers, of experts
    // a method leaves these alone unless it lists them
    auto const left_alone = [](role r) { return r == role::head || r == role::embedding || r == role::router || r == role::shared_gate; };
    auto const base = [&](role r) { return left_alone(r) ? dtype::bf16 : r == role::experts ? p.experts : p.weights; };
    for (std::size_t r = 0; r != role_count; ++r) {
        if (weights.parameters[r] == 0) continue;
        role const part = static_cast<role>(r);
        bool named = false;
        for (modules::layer_name const& l : modules::layer_names) named = named || l.part == part;
        if (!named || left_alone(part)) continue;
        share& s = shares[r];
        bool untold = true;  // lists of layer kinds that leave no layer for the op do not tell where it stands
        for (count i = 0; i != where.layers && untold; ++i) untold = !where.has(part, i);
        for (count i = 0; i != where.layers; ++i) {
            if (!untold && !where.has(part, i)) continue;
            ++s.of;
            ++s.layers[static_cast<std::size_t>(listed.at(part, i, base(part)))];
        }
        for (std::size_t t = 0; t != dtype_table.size(); ++t)
            if (s.layers[t] != 0) totals[part == role::experts][t] += weights.parameters[r] * static_cast<double>(s.layers[t]) / static_cast<double>(s.of);
    }
    auto const most = [&](double const (&total)[dtype_table.size()], dtype otherwise) {
        std::size_t best = static_cast<std::size_t>(otherwise);
        for (std::size_t t = 0; t != dtype_table.size(); ++t)
            if (total[t] > total[best]) best = t;
        return static_cast<dtype>(best);
    };
    dtype const linear = most(totals[0], p.weights);
    dtype const experts = most(totals[1], p.experts);
    bool room = true;
    count entries = 0;
    for (std::size_t r = 0; r != role_count; ++r) {
        share const& s = shares[r];
        for (std::size_t t = 0; t != dtype_table.size(); ++t) {
            dtype const type = static_cast<dtype>(t);
            if (s.layers[t] == 0 || type == (static_cast<role>(r) == role::experts ? experts : linear)) continue;
            if (s.layers[t] != s.of) entries += weights.ops[r];
            room = entries <= static_cast<count>(most_exceptions) &&
                   exceptions.try_push_back({static_cast<role>(r), type, static_cast<std::uint16_t>(s.layers[t]), static_cast<std::uint16_t>(s.of)}) && room;
            if (!room) exceptions.clear();
        }
    }
    p.weights = linear;
    p.experts = experts;
    p.head = listed.at(role::head, 0, p.head);
    p.embedding = listed.at(role::embedding, 0, p.embedding);
    p.router = listed.at(role::router, 0, p.router);
    return room;
}

}  // namespace costexpr
