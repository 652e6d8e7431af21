// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/json/writer.hpp>
#include <costexpr/model/layer_classes.hpp>
#include <costexpr/model/registry.hpp>
#include <costexpr/schema/error.hpp>

#include <array>
#include <cstddef>
#include <string_view>

// The layer-list format: a model as a list of layer types with their counts (`model_id`, `hf_model_id`, `name`, `hidden_size`, `num_layers`,
// `vocab_size`, `total_params`, `layer_types` of `name`, `class`, `count`, `specs`). read_layers() reads and validates such a file, layers_of()
// makes the list of any model (of its decoder: towers see images, not tokens), write() writes it, price_layer() works a single layer out.
// Not part of <costexpr/costexpr.hpp>: its field tables would make including that twice as dear.

namespace costexpr {

namespace detail {

template <class List>
struct layers_of_classes;
template <class... C>
struct layers_of_classes<types<C...>> {
    using list = decltype((types<>{} + ... + type<typename C::layer>{}));
};

template <class L, class C>
constexpr bool class_describes(L const& layer) {
    if constexpr (!std::is_same_v<typename C::layer, L>)
        return false;
    else if constexpr (requires { C::describes(layer); })
        return C::describes(layer);
    else
        return true;
}

}  // namespace detail

/// A layer of any class: its layer type, as it stands in the composition of a family.
using any_layer = one_of<detail::layers_of_classes<layer_classes>::list>;

/// One entry of a layer list.
struct layer_entry {
    short_string name{};
    std::size_t layer_class = 0;  ///< the how-manieth of layer_classes
    count times = 0;              ///< how often it runs in a forward pass ("count")
    count copies = 0;             ///< of its weights that are stored; as often as it runs unless the file says otherwise
    any_layer layer{};
};

inline constexpr std::size_t most_layer_types = 64;

/// A model as a list of layer types. Totals over its ops (parameters, state_of, breakdown, ...) take it like any model.
struct layer_list {
    using op_list = any_layer;  // its ops can be walked, see for_each_op_of

    short_string model_id{};
    short_string hf_model_id{};
    short_string name{};
    count hidden_size = 0;
    count num_layers = 0;
    count vocab_size = 0;
    count total_params = 0;  ///< 0 where the file does not say
    inplace_vector<layer_entry, most_layer_types> entries{};

    template <class l = layer_list>
    static constexpr auto json() {
        return std::array{
            key(&l::model_id, "model_id"),
            key(&l::hf_model_id, "hf_model_id"),
            key(&l::name, "name"),
            key(&l::hidden_size, "hidden_size"),
            key(&l::num_layers, "num_layers"),
            key(&l::vocab_size, "vocab_size"),
            key(&l::total_params, "total_params").optional().at_most(static_cast<count>(largest_total)),
        };
    }
    [[nodiscard]] constexpr layer_entry const* begin() const { return entries.begin(); }
    [[nodiscard]] constexpr layer_entry const* end() const { return entries.end(); }
};

/// Calls f(op, place) for every op of a layer list under a deployment.
template <class F>
constexpr void for_each_op_of(layer_list const& list, deployment const& x, F const& f) {
    count index = 0;
    for (layer_entry const& e : list)
        e.layer.visit<void>([&]<class L>(L const& layer) {
            op_place const at{e.times, e.copies, L::type, index++};
            for_each_op(layer.ops(x), [&](auto const& o) {
                for_each_dtype(o, at.times, x.precision, [&](auto const& variant, count layers) { f(variant, at.of(layers)); });
            });
        });
}

/// The parameters of one layer.
[[nodiscard]] constexpr count parameters(any_layer const& any) {
    return any.visit<count>([](auto const& layer) {
        count sum = 0;
        for_each_op(layer.ops(deployment{}), [&](auto const& o) { sum += o.template parameters<count>(); });
        return sum;
    });
}

namespace detail {

// --- the classes as a table ---

/// Gives every member of a table the value that the specs have for it; what is missing and optional stays as it is.
template <class C, std::size_t N>
COSTEXPR_COLD constexpr void fill_specs(std::array<field<C>, N> const& table, C& c, schema::document const& d, problems& p) {
    for (field<C> const& f : table) {
        std::array<std::uint16_t, schema::most_aliases> ids{};
        for (std::size_t i = 0; i != f.name_count; ++i) ids[i] = d.keys.find(f.names[i]);
        schema::fill_field(d, f, ids, f.in(c), p);
    }
}

template <class C>
COSTEXPR_COLD constexpr void read_class(schema::document const& d, any_layer& out, problems& p) {
    std::size_t const before = p.size();
    typename C::layer layer{};
    spec_words words{};
    C::tables([&](auto const& table, auto& into) { fill_specs(table, into, d, p); }, layer, words);
    if (p.size() != before) return;
    schema::checker check(d, p);
    if constexpr (requires { C::read(layer, words, check); }) C::read(layer, words, check);
    if (p.size() != before) return;
    double total = 0;
    for_each_op(layer.ops(deployment{}), [&](auto const& o) { total += o.template parameters<double>(); });
    if (!(total < largest_total))
        return p.add({.code = errc::too_large, .offset = d.decoder, .found = static_cast<count>(min(total, 9e18)), .hint = "a layer of fewer than 1e15 parameters"});
    if constexpr (requires { C::unwindowed(layer); }) {
        if (auto const* const whole = C::unwindowed(layer)) return void(out = any_layer(*whole));
    }
    out = any_layer(layer);
}

struct class_row {
    std::string_view name;
    std::string_view entry;
    parallelism supports;
    bool repeats;  ///< may stand in a layer of the model more than once
    void (*read)(schema::document const&, any_layer&, problems&);
};

template <class List>
struct class_table;
template <class... C>
struct class_table<types<C...>> {
    static constexpr std::array rows{class_row{C::name, C::entry, C::supports, requires { C::repeats; }, &read_class<C>}...};

    template <class T>
    static constexpr void tables_of(auto const& f) {
        typename T::layer layer{};
        spec_words others{};
        T::tables(f, layer, others);
    }
    /// The keys that specs know, over all classes.
    static constexpr auto words = [] {
        schema::words<192, 512> w{};
        auto const add = [&](auto const& table, auto&) {
            for (auto const& f : table)
                for (std::size_t i = 0; i != f.name_count; ++i) w.insert(f.names[i]);
        };
        (tables_of<C>(add), ...);
        return w;
    }();
    /// The class that a layer is written as, or the number of classes.
    template <class L>
    static constexpr std::size_t find(L const& layer) {
        std::size_t i = 0;
        (void)((class_describes<L, C>(layer) || (++i, false)) || ...);
        return i;
    }
    /// Calls f with the class of this number, by type.
    template <class F>
    static constexpr void with(std::size_t index, F const& f) {
        std::size_t i = 0;
        (void)((i++ == index ? (f.template operator()<C>(), true) : false) || ...);
    }
};
using classes = class_table<layer_classes>;

/// The class of this name, or the number of classes.
constexpr std::size_t find_class(std::string_view name) {
    std::size_t i = 0;
    while (i != classes::rows.size() && classes::rows[i].name != name) ++i;
    return i;
}

// --- reading ---

inline constexpr std::string_view known_classes =
    "AttentionLayer, GroupedQueryAttentionLayer, SlidingWindowAttentionLayer, MLPLayer, GatedMLPLayer, MoELayer, NormLayer, EmbeddingLayer or one that "
    "`costexpr layers --classes` lists";

/// Reads the specs of a layer of this class.
constexpr void read_specs(std::string_view text, json::value const& specs, std::size_t layer_class, any_layer& out, problems& p) {
    std::size_t const before = p.size();
    schema::document d{.text = text, .keys = classes::words.view()};
    schema::scan(d, p, specs);
    if (p.size() == before) classes::rows[layer_class].read(d, out, p);
}

/// The class that is named under "class" in an object, or the number of classes where none is.
constexpr std::size_t read_class_name(schema::document const& d, json::value const& v, std::uint32_t object, problems& p) {
    if (v.kind == json::kind::end || v.kind == json::kind::null) {
        p.add({.code = errc::missing_key, .offset = object, .key = "class", .hint = "a class of layers"});
        return classes::rows.size();
    }
    if (v.kind != json::kind::string) {
        p.add({.code = errc::wrong_type, .offset = v.begin, .key = "class", .hint = "a string"});
        return classes::rows.size();
    }
    short_string name{};
    schema::read_text(d, {.present = true, .value = v}, name);
    std::size_t const found = find_class(name.view());
    if (found == classes::rows.size()) p.add({.code = errc::unknown_name, .offset = v.begin, .key = "class", .hint = known_classes});
    return found;
}

/// What an entry says besides its class and its specs.
struct entry_keys {
    short_string name{};
    count times = 0;
    count copies = 0;

    template <class e = entry_keys>
    static constexpr auto json() {
        return std::array{key(&e::name, "name"), key(&e::times, "count"), key(&e::copies, "copies").optional()};
    }
};

template <class Head>
struct list_words {
    static constexpr auto words = schema::vocabulary<Head>::build(std::array<std::string_view, 0>{}, std::array<std::string_view, 3>{"layer_types", "class", "specs"});
};

constexpr bool is_plain_id(std::string_view id) {
    for (char c : id)
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-')) return false;
    return !id.empty();
}

/// Names are held in place: a longer one would be cut, and two that differ behind the cut would be one.
constexpr void check_length(schema::document const& d, std::string_view name, problems& p) {
    schema::slot const* const s = d.find(name);
    if (s != nullptr && s->value.kind == json::kind::string && s->value.end - s->value.begin > 65)
        p.add({.code = errc::ill_formed, .offset = s->value.begin, .key = name, .hint = "at most 63 characters"});
}

COSTEXPR_COLD constexpr void read_entry(std::string_view text, json::value const& object, layer_list& list, problems& p) {
    std::size_t const before = p.size();
    if (object.kind != json::kind::object) return p.add({.code = errc::wrong_type, .offset = object.begin, .key = "layer_types", .hint = "a list of objects"});
    schema::document d{.text = text, .keys = list_words<entry_keys>::words.view()};
    schema::scan(d, p, object);
    if (p.size() != before) return;
    entry_keys keys{};
    schema::fill_all<list_words<entry_keys>>(keys, d, p);
    check_length(d, "name", p);
    layer_entry e{.name = keys.name, .times = keys.times, .copies = keys.copies != 0 ? keys.copies : keys.times};
    if (schema::slot const* const name = d.find("name"); name != nullptr && name->value.kind == json::kind::string) {
        if (keys.name.empty()) p.add({.code = errc::ill_formed, .offset = name->value.begin, .key = "name", .hint = "a name that is not empty"});
        for (layer_entry const& other : list)
            if (!keys.name.empty() && other.name == keys.name)
                p.add({.code = errc::not_unique, .offset = name->value.begin, .key = "name", .hint = "a name that no other layer type has"});
    }
    if (keys.copies > keys.times && keys.times != 0)
        p.add({.code = errc::contradiction, .offset = d.find("copies")->value.begin, .key = "copies", .expected = keys.times, .found = keys.copies,
               .hint = "at most #, the count"});
    schema::slot const* const named = d.find("class");
    e.layer_class = read_class_name(d, named != nullptr ? named->value : json::value{}, d.decoder, p);
    schema::slot const* const specs = d.find("specs");
    if (specs == nullptr)
        p.add({.code = errc::missing_key, .offset = d.decoder, .key = "specs", .hint = "an object"});
    else if (specs->value.kind != json::kind::object)
        p.add({.code = errc::wrong_type, .offset = specs->value.begin, .key = "specs", .hint = "an object"});
    else if (e.layer_class != classes::rows.size())
        read_specs(text, specs->value, e.layer_class, e.layer, p);
    bool const repeats = e.layer_class != classes::rows.size() && classes::rows[e.layer_class].repeats;
    if (list.num_layers != 0 && e.times > list.num_layers && !repeats)
        p.add({.code = errc::contradiction, .offset = d.find("count")->value.begin, .key = "count", .expected = list.num_layers, .found = e.times,
               .hint = "at most #, as num_layers says"});
    if (!list.entries.try_push_back(e))
        p.add({.code = errc::list_too_long, .offset = object.begin, .key = "layer_types", .expected = static_cast<count>(most_layer_types)});
}

}  // namespace detail

/// Reads a layer-list file and validates it in full: names, classes, required specs, dimensions, counts, and the sum of all parameters.
/// All problems are reported together.
[[nodiscard]] constexpr result<layer_list> read_layers(std::string_view text) {
    problems p{};
    schema::document d{.text = text, .keys = detail::list_words<layer_list>::words.view()};
    schema::scan(d, p);
    if (!p.empty()) return p;
    layer_list list{};
    schema::fill_all<detail::list_words<layer_list>>(list, d, p);
    for (std::string_view name : {"model_id", "hf_model_id", "name"}) detail::check_length(d, name, p);
    if (schema::slot const* const id = d.find("model_id"); id != nullptr && id->value.kind == json::kind::string && !detail::is_plain_id(list.model_id.view()))
        p.add({.code = errc::ill_formed, .offset = id->value.begin, .key = "model_id", .hint = "letters, digits, '.', '_' and '-'"});
    schema::slot const* const types = d.find("layer_types");
    if (types == nullptr)
        p.add({.code = errc::missing_key, .offset = d.decoder, .key = "layer_types", .hint = "a list of layer types"});
    else if (types->value.kind != json::kind::array)
        p.add({.code = errc::wrong_type, .offset = types->value.begin, .key = "layer_types", .hint = "a list of layer types"});
    else
        schema::for_each_entry(d, types->value, [&](json::value const& v) { detail::read_entry(text, v, list, p); });
    if (!p.empty()) return p;
    if (list.entries.empty()) return problem{.code = errc::wrong_type, .offset = types->value.begin, .key = "layer_types", .hint = "one layer type or more"};
    double const total = parameters<double>(list);
    if (!(total < largest_total)) return problem{.code = errc::too_large, .found = static_cast<count>(min(total, 9e18)), .hint = "a model of fewer than 1e15 parameters"};
    count const sum = parameters(list);
    if (list.total_params != 0 && list.total_params != sum)
        return problem{.code = errc::contradiction, .offset = d.find("total_params")->value.begin, .key = "total_params", .expected = sum, .found = list.total_params,
                       .hint = "#, the sum over the layer types"};
    return list;
}

// --- the list of a model ---

namespace detail {

/// "attention", "attention_2", ...: the first that no other entry has.
constexpr void name_entry(layer_entry& e, layer_list const& list, std::string_view name) {
    for (count n = 1;; ++n) {
        text_buffer<63> t{};
        t << name;
        if (n != 1) t << "_" << n;
        bool taken = false;
        for (layer_entry const& other : list) taken = taken || other.name == t.view();
        if (!taken) return e.name.assign(t.view());
    }
}

template <class L, class... T>
constexpr bool is_one_of(types<T...>) {
    return (std::is_same_v<L, T> || ...);
}

// One function per layer type, shared by all families.
template <class L>
COSTEXPR_COLD constexpr void append_entry(layer_list& list, run<L> const& r, problems& p) {
    if constexpr (is_one_of<L>(layers_of_classes<layer_classes>::list{})) {
        layer_entry e{.layer_class = classes::find(r.layer), .times = r.times, .copies = r.copies, .layer = any_layer(r.layer)};
        name_entry(e, list, classes::rows[e.layer_class].entry);
        if (!list.entries.try_push_back(e)) p.add({.code = errc::list_too_long, .key = "layer_types", .expected = static_cast<count>(most_layer_types)});
    } else {
        p.add({.code = errc::unknown_name, .key = L::type, .hint = "a layer type that the layer-list format has a class for"});
    }
}

}  // namespace detail

/// The layer list of a model: every entry of its composition that runs at all. `id` is its name, `Org/Model`; the list's own id has '_' for
/// every character that ids must not have. A layer type without a class is an error that names it.
template <composition M>
[[nodiscard]] constexpr result<layer_list> layers_of(M const& m, std::string_view id) {
    problems p{};
    layer_list list{.hf_model_id = id};
    text_buffer<63> plain{};
    text_buffer<63> shown{};
    for (std::size_t i = 0; i != id.size(); ++i) {
        std::string_view const c = id.substr(i, 1);
        plain << (detail::is_plain_id(c) ? c : "_");
        if (id.find('/', i) == id.npos || c != "/") shown << (c == "-" || c == "_" ? " " : c);
        if (c == "/") shown = {};
    }
    list.model_id = plain.view();
    list.name = shown.view();
    if constexpr (requires { m.base.hidden; }) list.hidden_size = m.base.hidden, list.num_layers = m.base.layers, list.vocab_size = m.base.vocab;
    for_each_layer(m.layers(), [&](auto const& r) { detail::append_entry(list, r, p); });
    if (!p.empty()) return p;
    list.total_params = parameters(list);
    return list;
}
/// The same of a model that was read at run time.
template <class... F>
[[nodiscard]] constexpr result<layer_list> layers_of(basic_model<F...> const& m, std::string_view id) {
    return std::visit([&](auto const& f) { return layers_of(f, id); }, m.text);
}

// --- writing ---

namespace detail {

template <class C>
inline constexpr C unfilled{};

/// The members of a struct that a table names: all that are required, and the others where they say something.
template <class Out, class C, std::size_t N>
COSTEXPR_COLD constexpr void write_specs(json::writer<Out>& out, std::array<field<C>, N> const& table, C const& c) {
    for (field<C> const& f : table) {
        if (f.kind == field_kind::integer && (f.required || c.*(f.integer) != unfilled<C>.*(f.integer))) out.member(f.name(), c.*(f.integer));
        if (f.kind == field_kind::boolean && (f.required || c.*(f.boolean) != unfilled<C>.*(f.boolean))) out.member(f.name(), c.*(f.boolean));
        if (f.kind == field_kind::text && !(c.*(f.text)).empty()) out.member(f.name(), (c.*(f.text)).view());
    }
}

template <class C, class Out>
COSTEXPR_COLD constexpr void write_class(json::writer<Out>& out, typename C::layer layer) {
    spec_words words{};
    if constexpr (requires { C::write(layer, words); }) C::write(layer, words);
    C::tables([&](auto const& table, auto& from) { write_specs(out, table, from); }, layer, words);
}

template <class L, class Out, class... C>
constexpr void write_layer(json::writer<Out>& out, L const& layer, types<C...>) {
    std::size_t const as = classes::find(layer);
    std::size_t i = 0;
    [[maybe_unused]] auto const one = [&]<class D>(std::type_identity<D>) {
        if constexpr (std::is_same_v<typename D::layer, L>)
            if (i == as) write_class<D>(out, layer);
        ++i;
    };
    (one(std::type_identity<C>{}), ...);
}

}  // namespace detail

/// Writes a layer list as the format has it.
template <class Out>
constexpr void write(json::writer<Out>& out, layer_list const& list) {
    out.begin_object().member("model_id", list.model_id.view()).member("hf_model_id", list.hf_model_id.view()).member("name", list.name.view());
    out.member("hidden_size", list.hidden_size).member("num_layers", list.num_layers).member("vocab_size", list.vocab_size);
    out.member("total_params", list.total_params).key("layer_types").begin_array();
    for (layer_entry const& e : list)
        e.layer.template visit<void>([&](auto const& layer) {
            out.begin_object().member("name", e.name.view()).member("class", detail::classes::rows[detail::classes::find(layer)].name).member("count", e.times);
            if (e.copies != e.times) out.member("copies", e.copies);
            out.key("specs").begin_object();
            detail::write_layer(out, layer, layer_classes{});
            out.end_object().end_object();
        });
    out.end_array().end_object();
}

// --- one layer, worked out ---

/// How a layer runs in a case: on how many devices of which kind, and what each sequence of the batch does.
struct layer_case {
    count tensor = 1;
    count context = 1;
    count sequence = 1;
    count expert = 1;
    count pipeline = 1;
    short_string phase_name{};
    count batch = 1;
    count seq_len = 0;       ///< prefill: new tokens; decode: past tokens where context_len does not say
    count context_len = -1;  ///< decode: past tokens
    short_string dtype_name{};
    bool causal = true;      ///< false: scores of every query with every key in reach

    costexpr::phase phase = phase::prefill;
    costexpr::dtype type = dtype::bf16;

    template <class c = layer_case>
    static constexpr auto json() {
        return std::array{
            key(&c::tensor, "parallelism.tensor_parallel").optional().at_least(1),
            key(&c::context, "parallelism.context_parallel").optional().at_least(1),
            key(&c::sequence, "parallelism.sequence_parallel").optional().at_least(1),
            key(&c::expert, "parallelism.expert_parallel").optional().at_least(1),
            key(&c::pipeline, "parallelism.pipeline_parallel").optional().at_least(1),
            key(&c::phase_name, "phase"),
            key(&c::batch, "batch", "batch_size").optional().at_least(1),
            key(&c::seq_len, "seq_len"),
            key(&c::context_len, "context_len").optional(),
            key(&c::dtype_name, "dtype").optional(),
            key(&c::causal, "causal").optional(),
        };
    }
    constexpr void settle(auto& check) {
        if (phase_name == "decode")
            phase = phase::decode;
        else if (phase_name != "prefill" && !phase_name.empty())
            check.fail(errc::unknown_name, "phase", 0, 0, "prefill or decode");
        text_buffer<63> lower{};
        for (char c : dtype_name.view()) {
            char const small = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
            lower << std::string_view(&small, 1);
        }
        // 8 bits and a scale per 32 elements go by two names
        if (lower.view() == "nvfp8")
            type = dtype::mxfp8;
        else if (!lower.view().empty() && !parse_dtype(lower.view(), type))
            check.fail(errc::unknown_name, "dtype", 0, 0, "a dtype such as bf16, fp8, nvfp8 or mxfp4");
    }

    [[nodiscard]] constexpr bool decodes() const { return phase == phase::decode; }
    /// Tokens of a sequence once the step is done.
    [[nodiscard]] constexpr count tokens() const { return decodes() ? (context_len >= 0 ? context_len : seq_len) + 1 : seq_len; }
    /// Ranks that a sequence's new tokens are spread over.
    [[nodiscard]] constexpr count ranks() const { return context * sequence; }
    /// New tokens of a sequence on one device.
    [[nodiscard]] constexpr count new_tokens() const { return decodes() ? 1 : ceil_div(seq_len, ranks()); }
};

/// What one layer is and does on one device.
struct layer_figures {
    count parameters = 0;
    double flops = 0;
    count weight_bytes = 0;        ///< stored
    double weight_read_bytes = 0;  ///< in this step: of a mixture the experts that it is expected to use, of a table the rows
    double activation_bytes = 0;
    count state_bytes = 0;         ///< of all sequences, after the step
    double wire_bytes = 0;
};

namespace detail {

/// The layout of a layer's devices; experts are spread over all that compute the layer, and each has its share of the tokens.
template <class L>
constexpr layout spread(L const&, layer_case const& c) {
    return {.tp = c.tensor, .cp = c.context};
}
constexpr layout spread(moe const&, layer_case const& c) { return {.tp = c.tensor, .dp = c.expert, .ep = c.expert, .moe_tp = c.tensor}; }
constexpr layout spread(routed_experts const& r, layer_case const& c) { return spread(r.mixture, c); }
constexpr layout spread(unreached_experts const& u, layer_case const& c) { return spread(u.mixture, c); }
/// Tables of up to 100,000 rows are kept whole on every device.
constexpr layout spread(embedding const& e, layer_case const& c) { return {.tp = e.vocab > 100'000 ? c.tensor : 1}; }

/// An op of attention over keys of the context, or of its last `window`.
template <class O>
concept attends = requires(O const& o) { o.shape.on(1.0, 1.0, 1.0); };
/// An op whose pairs are causal whatever is asked: which keys it sees depends on where the query stands.
template <class O>
inline constexpr bool always_causal = op_on_groups<O> && !attends<O> && !std::is_same_v<O, context_exchange>;
template <class Ops>
inline constexpr bool has_always_causal = false;
template <class... O>
inline constexpr bool has_always_causal<hana::basic_tuple<O...>> = (always_causal<O> || ...);

/// Keys that the last of so many tokens sees.
template <attends O>
constexpr count reach(O const& o, count tokens) {
    if constexpr (requires { o.window; }) {
        if (o.chunked && o.window != 0) return (tokens - 1) % o.window + 1;
        return min(tokens, o.window);
    } else {
        return tokens;
    }
}

/// Attention in a case, whose counts are whole: the keys of the fullest context-parallel rank, or the scores of every pair.
template <attends O>
constexpr work<double> attention_work(O const& o, layer_case const& c, load<double> const& l, basic_group<double> const& g) {
    double const n = static_cast<double>(c.batch);
    if (c.decodes()) {
        double const keys = n * static_cast<double>(ceil_div(reach(o, c.tokens()), c.context));
        return o.shape.on(n, keys, keys);
    }
    if constexpr (op_on_groups<O>) {
        if (!c.causal) return o.shape.on(l.tokens, l.tokens * min(g.new_tokens, static_cast<double>(o.window)), l.context);
        return o(g);
    } else {
        return o(l, c.phase);
    }
}

template <class L>
COSTEXPR_COLD constexpr layer_figures work_out(L const& layer, layer_case const& c) {
    dtype const t = c.type;
    deployment const x{.layout = spread(layer, c),
                       .precision = {.weights = t, .experts = t, .attention = t, .kv_cache = t, .activations = t, .embedding = t, .head = t, .router = t}};
    double const n = static_cast<double>(c.batch) / static_cast<double>(x.layout.dp);
    double const all = static_cast<double>(c.tokens());
    double const fresh = static_cast<double>(c.new_tokens());
    double const share = static_cast<double>(ceil_div(c.tokens(), c.context));
    double const pairs = c.decodes() ? share : c.causal ? all * (all + 1) / 2 / static_cast<double>(c.context) : fresh * all;
    load<double> const l{.sequences = n, .tokens = n * fresh, .pairs = n * pairs, .context = n * (c.decodes() ? share : all), .rows = n};
    // all ranks together, for what divides by itself
    double const computed = c.decodes() ? 1.0 : all;
    basic_group<double> const g{n, computed, all - computed, c.phase};
    layer_figures out{};
    for_each_op(layer.ops(x), [&]<class O>(O const& o) {
        work<double> w{};
        if (!o.idle()) {
            if constexpr (attends<O>)
                w = attention_work(o, c, l, g);
            else if constexpr (op_on_totals<O>)
                w = o(l);
            else if constexpr (op_on_phase<O>)
                w = o(l, c.phase);
            else
                w = o(g);
        }
        // the format has one dtype for all tensors of a layer, biases and norms too
        count const owned = o.template parameters<count>();
        count const stored = storage_bytes(t, owned);
        out.parameters += owned;
        out.weight_bytes += stored;
        if constexpr (requires { o.chosen_by(1.0); })
            out.weight_read_bytes += w.weight_bytes == 0 ? 0.0 : o.chosen_by(l.tokens * static_cast<double>(o.sources)) * o.template each<double>() * weight_width(t);
        else if constexpr (std::is_same_v<O, gather>)
            out.weight_read_bytes += w.weight_bytes;
        else
            out.weight_read_bytes += max(w.weight_bytes, static_cast<double>(stored));
        out.flops += w.flops;
        // the format counts the addition of a bias
        if constexpr (requires { o.bias; o.outer; })
            if (o.bias && !o.idle()) out.flops += l.tokens * static_cast<double>(o.outer);
        out.activation_bytes += w.activation_bytes;
        out.wire_bytes += w.wire_bytes;
        cache const kept = cache_of(o);
        if (kept.holds != cache::kind::none) {
            count const entries = kept.entries(c.tokens());
            out.state_bytes = min(most_bytes, out.state_bytes + storage_bytes(kept.type, bounded_product(c.batch, kept.fixed + bounded_product(kept.per_token, entries))) +
                                                  bounded_product(c.batch, bounded_product(kept.scale_bytes, entries)));
        }
    });
    return out;
}

constexpr std::string_view supported(parallelism set) {
    using enum parallelism;
    if (set == none) return "1, as layers of this class are the same on every device";
    if (set == tensor) return "1, as this class supports tensor_parallel alone";
    if (set == (tensor | context)) return "1, as this class supports tensor_parallel and context_parallel";
    if (set == (tensor | sequence)) return "1, as this class supports tensor_parallel and sequence_parallel";
    return "1, as this class supports expert_parallel, tensor_parallel and context_parallel";
}

/// Takes the reasons against a layout and says them of the degrees that the format has.
struct degree_sink {
    problems& p;
    std::string_view text;
    json::value degrees;

    constexpr void add(problem q) {
        q.key = q.key == "ep" ? "expert_parallel" : "tensor_parallel";
        schema::document const d{.text = text};
        json::value const v = schema::member(d, degrees, q.key);
        if (v.kind != json::kind::end) q.offset = v.begin;
        p.add(q);
    }
};

}  // namespace detail

/// Works out one layer from a case as JSON: `class`, `specs`, `parallelism`, `phase`, `batch`, `seq_len`, `context_len`, `dtype`, `causal`. Every
/// tensor of the layer has the dtype of the case. Parallelism that the class does not support is an error that names what it supports.
[[nodiscard]] constexpr result<layer_figures> price_layer(std::string_view text) {
    using words = detail::list_words<layer_case>;
    problems p{};
    schema::document d{.text = text, .keys = words::words.view()};
    schema::scan(d, p);
    if (!p.empty()) return p;
    layer_case c{};
    schema::fill_all<words>(c, d, p);
    schema::checker check(d, p);
    c.settle(check);

    auto const value_of = [&](std::string_view name) {
        schema::slot const* const s = d.find(name);
        return s != nullptr ? s->value : json::value{};
    };
    json::value const degrees = value_of("parallelism");
    json::value const specs = value_of("specs");
    std::size_t const named = detail::read_class_name(d, value_of("class"), d.decoder, p);
    bool const known = named != detail::classes::rows.size();
    any_layer layer{};
    if (specs.kind == json::kind::end)
        p.add({.code = errc::missing_key, .offset = d.decoder, .key = "specs", .hint = "an object"});
    else if (specs.kind != json::kind::object)
        p.add({.code = errc::wrong_type, .offset = specs.begin, .key = "specs", .hint = "an object"});
    else if (known)
        detail::read_specs(text, specs, named, layer, p);

    if (degrees.kind != json::kind::end && degrees.kind != json::kind::object)
        p.add({.code = errc::wrong_type, .offset = degrees.begin, .key = "parallelism", .hint = "an object"});
    if (degrees.kind == json::kind::object) {
        json::reader r = json::reader::inside(text, degrees);
        r.enter_object();
        for (json::string_token k{}; r.next_member(k);) {
            json::value const v = r.skip();
            bool found = schema::whole(d, v) == 1;  // a degree of 1 is none
            for (auto name : {"tensor_parallel", "context_parallel", "sequence_parallel", "expert_parallel", "pipeline_parallel"})
                found = found || json::equals(text, k, name);
            if (!found)
                p.add({.code = errc::unknown_name, .offset = v.begin, .key = "parallelism",
                       .hint = "tensor_parallel, context_parallel, sequence_parallel, expert_parallel or pipeline_parallel"});
        }
    }
    if (known) {
        parallelism const set = detail::classes::rows[named].supports;
        auto const need = [&](parallelism kind, count degree, std::string_view name) {
            if (degree > 1 && !contains(set, kind))
                p.add({.code = errc::illegal_layout, .offset = schema::member(d, degrees, name).begin, .key = name, .found = degree, .hint = detail::supported(set)});
        };
        need(parallelism::tensor, c.tensor, "tensor_parallel");
        need(parallelism::context, c.context, "context_parallel");
        need(parallelism::sequence, c.sequence, "sequence_parallel");
        need(parallelism::expert, c.expert, "expert_parallel");
        need(parallelism::pipeline, c.pipeline, "pipeline_parallel");
    }
    if (!p.empty()) return p;
    layer_figures figures{};
    layer.visit<void>([&]<class L>(L const& one) {
        detail::degree_sink sink{p, text, degrees};
        layout const spread = detail::spread(one, c);
        if constexpr (requires { one.legal(spread, sink); }) one.legal(spread, sink);
        if (detail::has_always_causal<decltype(one.ops(deployment{}))> && !c.causal && !c.decodes())
            check.fail(errc::contradiction, "causal", 0, 0, "true: which keys a query of this class sees depends on its place");
        if (p.empty()) figures = detail::work_out(one, c);
    });
    if (!p.empty()) return p;
    return figures;
}

}  // namespace costexpr
