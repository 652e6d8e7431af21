// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/core/one_of.hpp>
#include <costexpr/core/result.hpp>
#include <costexpr/json/number.hpp>
#include <costexpr/json/reader.hpp>
#include <costexpr/schema/field.hpp>
#include <costexpr/schema/pattern.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>
#include <utility>

// How a config is read: one strict pass over the text records where the values of all known keys lie (`scan`), in the outermost
// object and in the decoder nested in it; then each field of a struct takes the first of its keys that is there (`fill`). Keys that
// nobody knows are validated and passed over. The scan and the parsing of values are no templates: a family adds only its table.

namespace costexpr {


namespace schema {

/// Whether two names are the same. The comparison of std::string_view calls two functions per character where it is evaluated by the compiler,
/// which reads thousands of names.
constexpr bool is_same(std::string_view a, std::string_view b) {
    if (!std::is_constant_evaluated()) return a == b;
    if (a.size() != b.size()) return false;
    for (std::size_t i = 0; i != a.size(); ++i)
        if (a.data()[i] != b.data()[i]) return false;
    return true;
}

/// The keys of a config, each with a number. `descends` marks those that hold the decoder of a wrapper (`text_config`).
struct words_view {
    std::string_view const* names = nullptr;
    std::uint16_t const* buckets = nullptr;  ///< 1 + number of a name, or 0
    std::size_t bucket_count = 0;            ///< a power of two
    std::uint16_t descents = 0;              ///< names [0, descents) are descended into

    static constexpr std::uint16_t none = 0xffff;

    static constexpr std::size_t hash(std::string_view s) {
        if (s.empty()) return 0;
        return s.size() + 7u * static_cast<unsigned char>(s.front()) + 31u * static_cast<unsigned char>(s.back()) +
               131u * static_cast<unsigned char>(s[s.size() / 2]) + 1031u * static_cast<unsigned char>(s[s.size() / 3]);
    }
    [[nodiscard]] constexpr std::uint16_t find(std::string_view s) const {
        for (std::size_t i = hash(s);; ++i) {
            std::uint16_t const b = buckets[i & (bucket_count - 1)];
            if (b == 0) return none;
            if (is_same(names[b - 1u], s)) return static_cast<std::uint16_t>(b - 1u);
        }
    }
};

/// The numbers of a field's names in a set of keys.
using key_ids = std::array<std::uint16_t, most_aliases>;

/// A set of keys, built in constant evaluation from field tables.
template <std::size_t Capacity, std::size_t Buckets>
struct words {
    std::array<std::string_view, Capacity> names{};
    std::array<std::uint16_t, Buckets> buckets{};
    std::uint16_t size = 0;
    std::uint16_t descents = 0;

    [[nodiscard]] constexpr words_view view() const { return {names.data(), buckets.data(), Buckets, descents}; }

    constexpr void insert(std::string_view s) {
        std::size_t i = words_view::hash(s);
        for (; buckets[i & (Buckets - 1)] != 0; ++i)
            if (is_same(names[buckets[i & (Buckets - 1)] - 1u], s)) return;
        names[size++] = s;
        buckets[i & (Buckets - 1)] = size;
    }
};

inline constexpr std::size_t most_words = 512;
inline constexpr std::size_t most_slots = 200;
inline constexpr std::size_t most_levels = 4;

/// Where the value of one known key lies.
struct slot {
    json::value value{};
    std::uint32_t object = 0;  ///< where the object that holds it begins
    std::uint8_t level = 0;    ///< 0 outermost, more inside text_config and its like
};

/// Of a name such as `ffn_config.moe_top_k`, the key of the object and the key inside it (empty for a plain name).
constexpr std::string_view outer_name(std::string_view name) {
    for (std::size_t i = 0; i != name.size(); ++i)
        if (name[i] == '.') return name.substr(0, i);
    return name;
}
constexpr std::string_view inner_name(std::string_view name) {
    std::size_t const outer = outer_name(name).size();
    return outer == name.size() ? std::string_view{} : name.substr(outer + 1);
}

/// What a scan found: known keys of the outermost object and of the decoder nested in it.
struct document {
    std::string_view text{};
    json::options options{};
    words_view keys{};
    inplace_vector<slot, most_slots> slots{};
    std::array<std::uint8_t, most_words> outer{};  ///< 1 + slot of a key's outermost value, or 0
    std::array<std::uint8_t, most_words> inner{};  ///< 1 + slot of a key's innermost value, or 0
    std::uint32_t decoder = 0;                     ///< where the object of the (innermost) decoder begins
    std::uint8_t deepest = 0;
    std::uint32_t unknown_keys = 0;

    [[nodiscard]] constexpr slot const* at(std::uint8_t one_based) const { return one_based == 0 ? nullptr : &slots[one_based - 1u]; }
    /// The value of a key: the decoder's own unless it is null, else the wrapper's (the other way round where the wrapper wins).
    [[nodiscard]] constexpr slot const* find(std::uint16_t key, bool outermost = false) const {
        if (key >= most_words) return nullptr;
        slot const* const first = at(outermost ? outer[key] : inner[key]);
        slot const* const second = at(outermost ? inner[key] : outer[key]);
        if (first != nullptr && first->value.kind != json::kind::null) return first;
        if (second != nullptr && second->value.kind != json::kind::null) return second;
        return nullptr;
    }
    [[nodiscard]] COSTEXPR_COLD constexpr slot const* find(std::string_view name, bool outermost = false) const {
        return find(keys.find(name), outermost);
    }
    [[nodiscard]] constexpr std::string_view raw(slot const& s) const { return s.value.raw(text); }
};

/// One strict pass over the text. Reports what is not JSON and mapped keys that stand twice in one object.
constexpr void scan(document& d, json::reader r, problems& p, bool whole = true) {
    auto const finish = [&] {
        if (!r.ok()) p.add(r.error());
    };
    json::kind const outermost = r.next_kind();
    if (!r.ok()) return finish();
    if (outermost != json::kind::object) {
        auto const begin = static_cast<std::uint32_t>(r.offset());
        r.skip();
        if (!r.ok()) return finish();
        return p.add({.code = errc::not_an_object, .offset = begin, .hint = "an object { ... }"});
    }
    std::array<std::uint32_t, most_levels> objects{};
    std::uint8_t level = 0;
    objects[0] = static_cast<std::uint32_t>(r.offset());
    d.decoder = objects[0];
    r.enter_object();
    for (;;) {
        json::string_token k{};
        if (!r.next_member(k)) {
            if (!r.ok() || level == 0) break;
            --level;
            continue;
        }
        std::string_view name = d.text.substr(k.begin, k.end - k.begin);
        char decoded[64]{};
        std::size_t length = 0;
        if (k.escaped) name = json::decode(d.text, k, decoded, sizeof decoded, length) ? std::string_view(decoded, length) : "";
        std::uint16_t const id = d.keys.find(name);
        if (id == words_view::none) {
            ++d.unknown_keys;
            r.skip();
            continue;
        }
        if (id < d.keys.descents && level + 1u < most_levels && r.next_kind() == json::kind::object) {
            objects[++level] = static_cast<std::uint32_t>(r.offset());
            if (level > d.deepest) d.deepest = level, d.decoder = objects[level];
            r.enter_object();
            continue;
        }
        slot const s{.value = r.skip(), .object = objects[level], .level = level};
        if (!r.ok()) break;
        if (id < d.keys.descents && s.value.kind != json::kind::null && s.value.kind != json::kind::object)
            p.add({.code = errc::wrong_type, .offset = s.value.begin, .key = d.keys.names[id], .hint = "an object"});
        std::uint8_t& in = d.inner[id];
        std::uint8_t& out = d.outer[id];
        slot const* const before = d.at(in);
        if (before != nullptr && before->object == s.object) {
            if (!d.options.last_duplicate_wins)
                p.add({.code = errc::duplicate_key, .offset = s.value.begin, .key = d.keys.names[id], .expected = before->value.begin});
            d.slots[in - 1u] = s;
            continue;
        }
        if (!d.slots.try_push_back(s)) continue;  // more than most_slots known keys cannot occur: most_levels objects of distinct keys
        auto const here = static_cast<std::uint8_t>(d.slots.size());
        if (before == nullptr || level > before->level) in = here;
        slot const* const shallow = d.at(out);
        if (shallow == nullptr || level < shallow->level) out = here;
    }
    if (r.ok() && whole) r.finish();
    finish();
}
constexpr void scan(document& d, problems& p) { scan(d, json::reader(d.text, d.options), p); }
/// The same for an object inside a text that has been scanned before.
constexpr void scan(document& d, problems& p, json::value const& object) { scan(d, json::reader::inside(d.text, object, d.options), p, false); }

/// The value of one field as its JSON says it.
struct parsed {
    bool present = false;
    bool broken = false;    ///< the key is there, and what it holds has been reported
    std::uint8_t name = 0;  ///< which of the field's names
    json::value value{};
    count integer = 0;
    double real = 0;
    bool boolean = false;
};

constexpr std::string_view expectation(field_kind kind) {
    switch (kind) {
        case field_kind::integer: return "an integer";
        case field_kind::real: return "a number";
        case field_kind::boolean: return "true or false";
        case field_kind::text: return "a string";
        case field_kind::pattern: return "a list with one entry per layer, or a string of letters";
        case field_kind::indices: return "a list of layer numbers";
    }
    return {};
}

constexpr bool read_integer(document const& d, field_facts const& f, json::value v, std::string_view name, count& out, problems& p) {
    errc const e = json::to_integer(v.raw(d.text), out);
    if (e == errc::not_an_integer) {
        p.add({.code = e, .offset = v.begin, .key = name, .hint = "an integer"});
        return false;
    }
    if (e != errc::none) out = d.text[v.begin] == '-' ? count{-1} << 62 : count{1} << 62;  // beyond 64 bits
    if (out < f.smallest || out > f.largest) {
        p.add({.code = errc::out_of_range, .offset = v.begin, .key = name, .expected = out < f.smallest ? f.smallest : f.largest, .found = out});
        return false;
    }
    return true;
}

/// How many entries a list has.
constexpr count length_of_list(document const& d, json::value v) {
    count n = 0;
    json::reader r = json::reader::inside(d.text, v);
    r.enter_array();
    while (r.next_element()) r.skip(), ++n;
    return n;
}

/// A list under the key of a number: fine where all its entries are equal (per-layer lists of uniform models).
constexpr bool read_uniform_list(document const& d, field_facts const& f, json::value v, std::string_view name, count& out, problems& p) {
    json::reader r = json::reader::inside(d.text, v);
    r.enter_array();
    bool first = true;
    bool const pair = f.takes_pairs && length_of_list(d, v) == 2;
    while (r.next_element()) {
        json::value const entry = r.skip();
        count n = 0;
        if (entry.kind != json::kind::number || json::to_integer(entry.raw(d.text), n) != errc::none || (!first && n != out && !pair)) {
            p.add({.code = errc::wrong_type, .offset = entry.begin, .key = name, .hint = "an integer, or a list of equal integers"});
            return false;
        }
        if (first && !read_integer(d, f, entry, name, out, p)) return false;
        first = false;
    }
    if (first) p.add({.code = errc::wrong_type, .offset = v.begin, .key = name, .hint = "an integer, or a list of equal integers"});
    return !first;
}

/// Whether a value under a field's key is meant for another field (`moe_layer_freq` is a number for one and a list for another).
constexpr bool meant_for_another(field_facts const& f, json::kind kind) {
    using enum json::kind;
    return (kind == array && f.skips_lists) || (kind == string && f.skips_texts) || ((kind == number || kind == boolean) && f.skips_numbers);
}

/// The value under a path of keys (`weights.num_bits`; the digit 0 to 9 of an entry in a list) in an object; the value itself where the path is
/// empty, kind::end where there is none.
constexpr json::value member(document const& d, json::value v, std::string_view path) {
    while (!path.empty()) {
        std::string_view const key = outer_name(path);
        if (v.kind == json::kind::array && key.size() == 1 && key[0] >= '0' && key[0] <= '9') {
            json::reader r = json::reader::inside(d.text, v);
            r.enter_array();
            v = {};
            json::value entry{};
            for (char at = '0'; at <= key[0] && r.next_element(); ++at) {
                entry = r.skip();
                if (at == key[0]) v = entry;
            }
            path = inner_name(path);
            continue;
        }
        if (v.kind != json::kind::object) return {};
        json::reader r = json::reader::inside(d.text, v);
        r.enter_object();
        json::string_token k{};
        v = {};
        while (v.kind == json::kind::end && r.next_member(k)) {
            bool const found = json::equals(d.text, k, key);
            json::value const m = r.skip();
            if (found) v = m;
        }
        path = inner_name(path);
    }
    return v;
}

/// Finds the first of a field's keys that says something, and parses it. Reports a value of the wrong kind or out of range.
COSTEXPR_INLINE constexpr parsed find_value(document const& d, field_facts const& f, key_ids const& ids, problems& p) {
    using json::kind;
    for (std::uint8_t i = 0; i != f.name_count; ++i) {
        slot const* const s = d.find(ids[i], f.outermost_wins);
        if (s == nullptr) continue;
        json::value const raw = member(d, s->value, inner_name(f.names[i]));
        if (f.required && s->value.kind != json::kind::object && !inner_name(f.names[i]).empty()) {
            p.add({.code = errc::wrong_type, .offset = s->value.begin, .key = outer_name(f.names[i]), .hint = "an object"});
            return {.present = true, .broken = true};
        }
        if (raw.kind == json::kind::end || raw.kind == json::kind::null || meant_for_another(f, raw.kind)) continue;
        parsed v{.present = true, .name = i, .value = raw};
        bool good = true;
        bool typed = true;
        switch (f.kind) {
            case field_kind::integer:
                if (raw.kind == kind::number)
                    good = read_integer(d, f, raw, f.names[i], v.integer, p);
                else if (raw.kind == kind::array)
                    good = read_uniform_list(d, f, raw, f.names[i], v.integer, p);
                else
                    typed = false;
                if (good && typed && f.zero_is_absent && v.integer == 0) continue;
                break;
            case field_kind::real:
                typed = raw.kind == kind::number;
                if (typed) {
                    errc const e = json::to_double(raw.raw(d.text), v.real);
                    if (e != errc::none) p.add({.code = e, .offset = raw.begin, .key = f.names[i], .hint = "a number that a double can hold"}), good = false;
                    if (good && ((v.real < 0.0 && f.smallest >= 0) || (v.real == 0.0 && f.smallest > 0))) {
                        p.add({.code = errc::out_of_range, .offset = raw.begin, .key = f.names[i], .hint = f.smallest > 0 ? "a positive number" : "0 or a positive number"});
                        good = false;
                    }
                }
                break;
            case field_kind::boolean:
                typed = raw.kind == kind::boolean;
                v.boolean = typed && raw.raw(d.text)[0] == 't';
                break;
            case field_kind::text: typed = raw.kind == kind::string; break;
            case field_kind::pattern: typed = raw.kind == kind::array || raw.kind == kind::string; break;
            case field_kind::indices: typed = raw.kind == kind::array || (f.takes_texts && raw.kind == kind::string); break;
        }
        if (!typed) p.add({.code = errc::wrong_type, .offset = raw.begin, .key = f.names[i], .hint = expectation(f.kind)});
        v.broken = !typed || !good;
        return v;
    }
    return {};
}

constexpr layer_kind kind_of_sign(field_facts const& f, std::string_view sign) {
    for (std::uint8_t i = 0; i != f.sign_count; ++i)
        if (f.signs[i].text == sign) return f.signs[i].kind;
    return layer_kind::none;
}

/// Reads a per-layer list in any of its spellings: names, digits, or a string of letters.
constexpr void read_pattern(document const& d, field_facts const& f, parsed const& v, pattern& out, problems& p) {
    out = {};
    std::string_view const name = f.names[v.name];
    auto const push = [&](layer_kind kind, std::uint32_t at, char letter = 0) {
        if (kind == layer_kind::none)
            return p.add({.code = errc::unknown_name, .offset = at, .key = name, .found = letter, .hint = letter != 0 ? "a letter that names a kind of layer" : "a kind of layer such as full_attention or sliding_attention, dense or sparse"}), false;
        if (!out.push_back(kind)) return p.add({.code = errc::list_too_long, .offset = at, .key = name, .expected = largest_layers}), false;
        return true;
    };
    if (v.value.kind == json::kind::string) {
        for (std::uint32_t at = v.value.begin + 1; at + 1 < v.value.end; ++at)
            if (!push(kind_of_sign(f, d.text.substr(at, 1)), at, d.text[at])) return void(out = {});
        return;
    }
    json::reader r = json::reader::inside(d.text, v.value);
    r.enter_array();
    while (r.next_element()) {
        json::value const entry = r.skip();
        std::string_view raw = entry.raw(d.text);
        layer_kind kind = layer_kind::none;
        if (entry.kind == json::kind::string) {
            raw = raw.substr(1, raw.size() - 2);
            for (auto const& known : layer_kind_names)
                if (known.text == raw) kind = known.kind;
        }
        if (kind == layer_kind::none) kind = kind_of_sign(f, raw);
        if (entry.kind == json::kind::boolean) kind = kind_of_sign(f, raw[0] == 't' ? "1" : "0");
        if (!push(kind, entry.begin)) return void(out = {});
    }
}

/// How many entries the list under a key has, or letters its text; 0 where there is neither.
constexpr count entries(document const& d, std::string_view key) {
    slot const* const s = d.find(key);
    if (s == nullptr) return 0;
    if (s->value.kind == json::kind::string) return static_cast<count>(s->value.end - s->value.begin) - 2;
    if (s->value.kind != json::kind::array) return 0;
    count n = 0;
    json::reader r = json::reader::inside(d.text, s->value);
    r.enter_array();
    while (r.next_element()) r.skip(), ++n;
    return n;
}

/// Calls f(value) for every entry of a list; nothing where the value is none.
template <class F>
constexpr void for_each_entry(document const& d, json::value const& list, F const& f) {
    if (list.kind != json::kind::array) return;
    json::reader r = json::reader::inside(d.text, list);
    r.enter_array();
    while (r.next_element()) f(r.skip());
}
/// Calls f(value) for every member of an object; nothing where the value is none.
template <class F>
constexpr void for_each_member(document const& d, json::value const& object, F const& f) {
    if (object.kind != json::kind::object) return;
    json::reader r = json::reader::inside(d.text, object);
    r.enter_object();
    json::string_token k{};
    while (r.next_member(k)) f(r.skip());
}
/// The integer that a value is, 0 where it is none or beyond 2^40.
constexpr count whole(document const& d, json::value const& v) {
    count n = 0;
    return v.kind == json::kind::number && json::to_integer(v.raw(d.text), n) == errc::none && n > -(count{1} << 40) && n < (count{1} << 40) ? n : 0;
}
/// The text of a value without escapes, empty where it is none.
constexpr std::string_view plain_text(document const& d, json::value const& v) {
    return v.kind == json::kind::string ? d.text.substr(v.begin + 1, v.end - v.begin - 2) : std::string_view{};
}
constexpr bool is_true(document const& d, json::value const& v) { return v.kind == json::kind::boolean && v.raw(d.text)[0] == 't'; }

constexpr void read_indices(document const& d, field_facts const& f, parsed const& v, index_set& out, problems& p) {
    out = {};
    if (v.value.kind == json::kind::string) {  // "3,4,5"
        for (std::uint32_t at = v.value.begin + 1; at + 1 < v.value.end; ++at) {
            count n = 0;
            std::uint32_t const begin = at;
            while (at + 1 < v.value.end && d.text[at] == ' ') ++at;
            std::uint32_t const digits = at;
            for (; at + 1 < v.value.end && d.text[at] >= '0' && d.text[at] <= '9' && n < largest_layers; ++at) n = 10 * n + (d.text[at] - '0');
            bool const done = at + 1 == v.value.end || d.text[at] == ',';
            if (at == digits || !done || !out.insert(n)) return p.add({.code = errc::wrong_type, .offset = begin, .key = f.names[v.name], .hint = "layer numbers below 256"});
        }
        return;
    }
    json::reader r = json::reader::inside(d.text, v.value);
    r.enter_array();
    while (r.next_element()) {
        json::value const entry = r.skip();
        count n = 0;
        if (entry.kind != json::kind::number || json::to_integer(entry.raw(d.text), n) != errc::none || !out.insert(n))
            return p.add({.code = errc::wrong_type, .offset = entry.begin, .key = f.names[v.name], .hint = "layer numbers below 256"});
    }
}

constexpr void read_text(document const& d, parsed const& v, short_string& out) {
    char decoded[64]{};
    std::size_t length = 0;
    json::string_token const token{.begin = v.value.begin + 1, .end = v.value.end - 1, .escaped = true};
    if (!json::decode(d.text, token, decoded, sizeof decoded, length)) length = min(length, sizeof decoded);  // a longer text is cut
    out.assign({decoded, length});
}

/// The numbers of the keys of each field of C in a vocabulary.
template <class C>
constexpr auto number_keys(words_view keys) {
    constexpr std::size_t fields = table<C>.size();
    std::array<key_ids, fields> ids{};
    for (std::size_t i = 0; i != fields; ++i)
        for (std::size_t j = 0; j != table<C>[i].name_count; ++j) ids[i][j] = keys.find(outer_name(table<C>[i].names[j]));
    return ids;
}

/// Whether a required field was given a value before its keys were looked for (by the architecture).
constexpr bool is_unset(field_kind kind, destination to) {
    switch (kind) {
        case field_kind::integer: return *to.integer == 0;
        case field_kind::real: return *to.real == 0.0;
        case field_kind::boolean: return !*to.boolean;
        case field_kind::text: return to.text->empty();
        case field_kind::pattern: return to.order->empty();
        case field_kind::indices: return to.indices->empty();
    }
    return false;
}

/// Gives a field the value that the document has for it, and says whether there is one.
COSTEXPR_COLD constexpr bool fill_field(document const& d, field_facts const& f, key_ids const& ids, destination to, problems& p) {
    parsed const v = find_value(d, f, ids, p);
    if (v.broken) return v.present;
    if (!v.present) {
        if (f.required && is_unset(f.kind, to)) p.add({.code = errc::missing_key, .offset = d.decoder, .key = f.name(), .hint = expectation(f.kind)});
        return false;
    }
    switch (f.kind) {
        case field_kind::integer: *to.integer = v.integer; break;
        case field_kind::real: *to.real = v.real; break;
        case field_kind::boolean: *to.boolean = v.boolean; break;
        case field_kind::text: read_text(d, v, *to.text); break;
        case field_kind::pattern: read_pattern(d, f, v, *to.order, p); break;
        case field_kind::indices: read_indices(d, f, v, *to.indices, p); break;
    }
    return true;
}

/// Fills one struct from what a scan found. A required key may be missing where the architecture gave the member a value beforehand. Missing required keys, wrong kinds and ranges are all reported; defaults are derived only
/// where none of that happened, so that they never divide by a missing value.
template <described C, class Ids>
COSTEXPR_COLD constexpr void fill(C& c, document const& d, Ids const& ids, problems& p) {
    std::size_t const before = p.size();
    std::array<bool, table<C>.size()> present{};
    for (std::size_t i = 0; i != table<C>.size(); ++i) {
        field<C> const& f = table<C>[i];
        present[i] = fill_field(d, f, ids[i], f.in(c), p);
    }
    if (p.size() != before) return;
    for (std::size_t i = 0; i != table<C>.size(); ++i)
        if (!present[i] && table<C>[i].derive != nullptr) table<C>[i].derive(c, table<C>[i]);
}

/// What `settle` of a struct gets: the place to say which keys contradict each other. Looks up offsets only when something is wrong.
class checker {
  public:
    constexpr checker(document const& d, problems& p) : d_(d), p_(p) {}

    /// Reports a problem at the first of these keys that the config has, else at the decoder's object.
    COSTEXPR_ONCE constexpr void fail(errc code, std::string_view key, count expected = 0, count found = 0, std::string_view hint = {}) {
        slot const* const s = d_.find(key);
        p_.add({.code = code, .offset = s != nullptr ? s->value.begin : d_.decoder, .key = key, .expected = expected, .found = found, .hint = hint});
    }
    /// The same of a member, at the key that fills it in this config.
    template <described C, class M>
    constexpr void fail(M C::* member, errc code, count expected = 0, count found = 0, std::string_view hint = {}) {
        fail_at(field_of(member), code, expected, found, hint);
    }
    /// Whether the config has none of a member's keys, not even as null.
    template <described C, class M>
    [[nodiscard]] constexpr bool absent(M C::* member) const {
        for (field<C> const& f : table<C>)
            if (f.fills(member) && !has_none_of(f)) return false;
        return true;
    }
    /// A member that must be there after all and above zero; `key` is the name to ask for, `what` says what it is.
    template <described C>
    constexpr void needed(C const& c, count C::* member, std::string_view key, std::string_view what) {
        if (!(c.*member > 0)) report_needed(field_of(member), key, what);
    }
    /// `divisor` must divide `value`; says nothing where one of them is missing anyway.
    constexpr void divisible(count value, std::string_view key, count divisor, std::string_view by) {
        if (value > 0 && divisor > 0 && value % divisor != 0) fail(errc::not_divisible, key, divisor, value, by);
    }
    template <described C>
    constexpr void divisible(C const& c, count C::* member, count divisor, std::string_view by) {
        count const value = c.*member;
        if (value > 0 && divisor > 0 && value % divisor != 0) fail(member, errc::not_divisible, divisor, value, by);
    }
    /// A per-layer list must have as many entries as the model has layers, all of kinds that the family runs.
    template <described C, class... Kinds>
    constexpr void schedule(C const& c, pattern C::* member, count layers, std::string_view kinds, Kinds... allowed) {
        pattern const& list = c.*member;
        if (list.empty()) return;
        count known = 0;
        ((known += list.of(allowed)), ...);
        if (known == list.size() && (layers <= 0 || known == layers)) return;
        report_schedule(list, find(field_of(member)), layers, kinds, ((std::uint32_t{1} << static_cast<unsigned>(allowed)) | ...));
    }
    /// Calls f(layer, number) for every entry of the list of one number per layer under this key, if it is there.
    template <class F>
    constexpr void numbers(std::string_view key, count layers, F const& f) {
        slot const* const s = d_.find(key);
        if (s == nullptr) return;
        json::reader r = json::reader::inside(d_.text, s->value);
        if (s->value.kind != json::kind::array) return not_a_number_per_layer(s->value, key);
        r.enter_array();
        count layer = 0;
        for (; r.next_element(); ++layer) {
            json::value const entry = r.skip();
            count const n = dimension_in(entry);
            if (n < 0) return not_a_number_per_layer(entry, key);
            if (layer < layers) f(layer, n);
        }
        if (layer < layers) p_.add({.code = errc::length_mismatch, .offset = s->value.begin, .key = key, .expected = layers, .found = layer});
    }
    /// Calls f(layer, key, number) for every number that `per_layer_config` sets for a layer apart from the others: {"7": {"num_attention_heads": 64}}.
    template <class F>
    constexpr void overrides(F const& f) {
        slot const* const s = d_.find("per_layer_config");
        if (s == nullptr || s->value.kind != json::kind::object) return;
        json::reader r = json::reader::inside(d_.text, s->value);
        r.enter_object();
        json::string_token name{};
        while (r.next_member(name)) {
            count layer = 0;
            for (std::uint32_t at = name.begin; at < name.end; ++at)
                layer = d_.text[at] >= '0' && d_.text[at] <= '9' && layer < largest_layers ? 10 * layer + (d_.text[at] - '0') : largest_layers;
            json::value const values = r.skip();
            if (values.kind != json::kind::object) continue;
            json::reader inner = json::reader::inside(d_.text, values);
            inner.enter_object();
            json::string_token key{};
            while (inner.next_member(key)) {
                json::value const v = inner.skip();
                count n = 0;
                if (v.kind != json::kind::number || json::to_integer(v.raw(d_.text), n) != errc::none) continue;
                if (n < 0 || n > largest_dimension || layer >= largest_layers)
                    return p_.add({.code = errc::out_of_range, .offset = v.begin, .key = "per_layer_config", .expected = n < 0 ? 0 : largest_dimension, .found = n});
                f(layer, d_.text.substr(key.begin, key.end - key.begin), n);
            }
        }
    }
    [[nodiscard]] constexpr bool has(std::string_view key) const { return d_.find(key) != nullptr; }
    [[nodiscard]] constexpr document const& source() const { return d_; }
    [[nodiscard]] constexpr bool clean() const { return p_.empty(); }

  private:
    struct place {
        std::string_view key{};
        json::value value{};
        bool there = false;
    };
    /// The length that is wrong, and the first entry whose kind is not in the set `allowed`.
    COSTEXPR_ONCE constexpr void report_schedule(pattern const& list, place const& at, count layers, std::string_view kinds, std::uint32_t allowed) {
        if (layers > 0 && list.size() != layers)
            p_.add({.code = errc::length_mismatch, .offset = at.there ? at.value.begin : d_.decoder, .key = at.key, .expected = layers, .found = list.size()});
        json::reader r = json::reader::inside(d_.text, at.value);
        if (at.value.kind == json::kind::array) r.enter_array();
        for (count i = 0; i != list.size(); ++i) {
            std::uint32_t offset = at.value.begin;
            if (at.value.kind == json::kind::array && r.next_element()) offset = r.skip().begin;
            if ((allowed >> static_cast<unsigned>(list[i]) & 1) == 0) return p_.add({.code = errc::unknown_name, .offset = offset, .key = at.key, .hint = kinds});
        }
    }
    /// The field of a member. What is asked of it is no template: it is asked by every family.
    template <described C, class M>
    [[nodiscard]] static constexpr field_facts const* field_of(M C::* member) {
        for (field<C> const& f : table<C>)
            if (f.fills(member)) return &f;
        return nullptr;
    }
    /// The key that fills a field in this config, or the first that could.
    [[nodiscard]] COSTEXPR_ONCE constexpr place find(field_facts const* f) const {
        if (f == nullptr) return {};
        for (std::size_t i = 0; i != f->name_count; ++i) {
            slot const* const s = d_.find(outer_name(f->names[i]), f->outermost_wins);
            json::value const v = s == nullptr ? json::value{} : member_of(s->value, inner_name(f->names[i]));
            if (v.kind != json::kind::end && v.kind != json::kind::null && !meant_for_another(*f, v.kind)) return {f->names[i], v, true};
        }
        return {f->name(), {}, false};
    }
    COSTEXPR_ONCE constexpr void fail_at(field_facts const* f, errc code, count expected, count found, std::string_view hint) {
        place const at = find(f);
        p_.add({.code = code, .offset = at.there ? at.value.begin : d_.decoder, .key = at.key, .expected = expected, .found = found, .hint = hint});
    }
    [[nodiscard]] COSTEXPR_ONCE constexpr bool has_none_of(field_facts const& f) const {
        for (std::size_t i = 0; i != f.name_count; ++i)
            if (std::uint16_t const id = d_.keys.find(outer_name(f.names[i])); id < most_words && d_.outer[id] != 0) return false;
        return true;
    }
    COSTEXPR_ONCE constexpr void report_needed(field_facts const* f, std::string_view key, std::string_view what) {
        place const at = find(f);
        if (!at.there)
            p_.add({.code = errc::missing_key, .offset = d_.decoder, .key = key, .hint = what});
        else if (!p_.mentions(at.value.begin, at.value.end))
            p_.add({.code = errc::out_of_range, .offset = at.value.begin, .key = at.key, .expected = 1});
    }
    COSTEXPR_ONCE constexpr void not_a_number_per_layer(json::value const& at, std::string_view key) {
        p_.add({.code = errc::wrong_type, .offset = at.begin, .key = key, .hint = "a list with one number per layer"});
    }
    /// The dimension that a value is, below zero where it is none.
    [[nodiscard]] COSTEXPR_ONCE constexpr count dimension_in(json::value const& v) const {
        count n = 0;
        return v.kind == json::kind::number && json::to_integer(v.raw(d_.text), n) == errc::none && n <= largest_dimension ? n : -1;
    }
    [[nodiscard]] constexpr json::value member_of(json::value const& v, std::string_view path) const { return schema::member(d_, v, path); }

    document const& d_;
    problems& p_;
};

/// A struct that checks itself once its fields are read.
template <class C>
concept settles = requires(C& c, checker& check) { c.settle(check); };

namespace detail {

template <class>
struct pointed;
template <class C, class M>
struct pointed<M C::*> {
    using type = M;
};
template <class P>
using member_type = typename pointed<P>::type;

}  // namespace detail

/// The described structs that C is composed of, each once.
template <class C>
constexpr auto tables_of() {
    using costexpr::detail::operator+;
    auto const own = [] {
        if constexpr (described<C>)
            return types<C>{};
        else
            return types<>{};
    }();
    if constexpr (composed<C>)
        return [&]<auto... Member>(part_list<Member...>) { return (own + ... + tables_of<detail::member_type<decltype(Member)>>()); }(typename C::parts{});
    else
        return own;
}

/// Whether a field of these structs has a name for which this holds.
template <class... P, class F>
constexpr bool any_name(types<P...>, F const& wanted) {
    auto const among = [&](auto const& fields) {
        for (auto const& f : fields)
            for (std::size_t i = 0; i != f.name_count; ++i)
                if (wanted(f.names[i])) return true;
        return false;
    };
    return (among(table<P>) || ...);
}

/// The keys of these structs together, with the words that are descended into first.
template <class... C>
struct vocabulary {
    /// The structs whose keys these are. Families share parts: without repetition there are a fifth as many keys to look at.
    static constexpr auto tables() {
        using costexpr::detail::operator+;
        return (types<>{} + ... + tables_of<C>());
    }
    static constexpr std::size_t count_aliases() {
        std::size_t n = 0;
        auto const add = [&]<class... P>(types<P...>) {
            [[maybe_unused]] auto const one = [&](auto const& fields) {
                for (auto const& f : fields) n += f.name_count;
            };
            (one(table<P>), ...);
        };
        add(tables());
        return n;
    }
    /// `descents` are keys whose objects are read as part of the outermost one, `others` further keys to record.
    template <std::size_t D, std::size_t... O>
    static constexpr auto build(std::array<std::string_view, D> const& descents, std::array<std::string_view, O> const&... others) {
        constexpr std::size_t capacity = count_aliases() + (D + ... + O);
        constexpr std::size_t buckets = capacity < 30 ? 64 : capacity < 120 ? 256 : capacity < 480 ? 1024 : 4096;
        words<capacity, buckets> w{};
        for (auto s : descents) w.insert(s);
        w.descents = w.size;
        [[maybe_unused]] auto const insert_all = [&](auto const& names) {
            for (auto s : names) w.insert(s);
        };
        (insert_all(others), ...);
        auto const add = [&]<class... P>(types<P...>) {
            [[maybe_unused]] auto const one = [&](auto const& fields) {
                for (auto const& f : fields)
                    for (std::size_t i = 0; i != f.name_count; ++i) w.insert(outer_name(f.names[i]));
            };
            (one(table<P>), ...);
        };
        add(tables());
        return w;
    }
};

template <class Keys, class C>
inline constexpr auto key_numbers = number_keys<C>(Keys::words.view());

/// Whether a struct has a field for the key of this number.
template <class Keys, class C, std::uint16_t Key>
inline constexpr bool reads_key = [] {
    for (key_ids const& ids : key_numbers<Keys, C>)
        for (std::uint16_t const id : ids)
            if (id == Key) return true;
    return false;
}();
/// Whether one of these structs has. Of families that share a struct it is asked once.
template <class Keys, std::uint16_t Key, class... C>
constexpr bool any_reads_key(types<C...>) {
    return (reads_key<Keys, C, Key> || ...);
}

/// Fills a struct and everything it is composed of. `Keys` is a type with a static `words` member.
template <class Keys, class C>
constexpr void fill_all(C& c, document const& d, problems& p) {
    if constexpr (composed<C>) {
        [&]<auto... Member>(part_list<Member...>) { (fill_all<Keys>(c.*Member, d, p), ...); }(typename C::parts{});
    }
    if constexpr (described<C>) fill(c, d, key_numbers<Keys, C>, p);
}

template <class C>
struct keys_of {
    static constexpr auto words = vocabulary<C>::build(std::array<std::string_view, 0>{});
};

}  // namespace schema

/// Reads one described struct (a system, a quantization block) from a JSON object; all problems are reported together.
template <class C>
constexpr result<C> read(std::string_view text, json::options options = {}) {
    problems p{};
    schema::document d{.text = text, .options = options, .keys = schema::keys_of<C>::words.view()};
    schema::scan(d, p);
    C c{};
    if (p.empty()) {
        schema::fill_all<schema::keys_of<C>>(c, d, p);
        schema::checker check(d, p);
        if constexpr (schema::settles<C>) c.settle(check);
    }
    if (!p.empty()) return p;
    return c;
}

}  // namespace costexpr
