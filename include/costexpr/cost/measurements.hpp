// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/core/inplace_vector.hpp>
#include <costexpr/json/number.hpp>
#include <costexpr/json/reader.hpp>
#include <costexpr/op/dtype.hpp>
#include <costexpr/schema/error.hpp>
#include <costexpr/schema/read.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

// A user's own measurements of operators, as CSV
//     op,dtype,shape,milliseconds
//     gemm,bf16,m=16 n=4096 k=4096,0.020
//     decode_attention,bf16,heads=32 kv_heads=8 head_dim=128 batch=16 context=4096 cache=fp8,0.080
// or as JSON {"points": [{"op": "gemm", "dtype": "bf16", "m": 16, "n": 4096, "k": 4096, "milliseconds": 0.020}]}.
// Further columns of the CSV and further members of the outermost JSON object are passed over, as are lines that begin with '#'.

namespace costexpr {

/// What can be measured: the kernels of the ops, prefill and decode apart where they are two.
enum class measured_op : std::uint8_t {
    gemm,
    prefill_attention,
    decode_attention,
    encoder_attention,
    mla_prefill,
    mla_decode,
    mla_absorbed,
    sparse_mla_prefill,
    sparse_mla_decode,
    index_scores,
    compressed_prefill,
    compressed_decode,
    moe,
    all_reduce,
    all_gather,
    reduce_scatter,
    all_to_all,
    point_to_point,
    elementwise,
    convolution,
    mamba2_prefill,
    mamba2_decode,
    gated_delta_prefill,
    gated_delta_decode,
    kda_prefill,
    kda_decode,
};

/// A dimension of a measured op. Dimensions of an op on a device are those of its shard.
struct dimension {
    static constexpr count required = -1;
    static constexpr count as_dtype = -2;  ///< the dtype of the row

    std::string_view name{};
    count missing = required;   ///< what it is where a row does not say it
    std::string_view same{};    ///< where it equals this other dimension it is kept as 0: of the same kind whatever its size
    bool names_dtype = false;
    bool bends = false;         ///< as an axis: time grows with its square at last, so that between points square roots are blended

    [[nodiscard]] constexpr count least() const { return missing == 0 ? 0 : 1; }
};

inline constexpr std::size_t most_key_dimensions = 6;
inline constexpr std::size_t most_axes = 4;

/// How the time of an op is told: points whose `key` is the same (and whose dtype, where the op has one) belong together, and between them
/// `axes` are interpolated, the first one outermost.
struct measured_shape {
    std::string_view name{};
    std::array<dimension, most_key_dimensions> key{};
    std::array<dimension, most_axes> axes{};
    bool has_dtype = true;

    [[nodiscard]] constexpr std::size_t axis_count() const {
        std::size_t n = 0;
        while (n != most_axes && !axes[n].name.empty()) ++n;
        return n;
    }
};

namespace detail {

inline constexpr dimension window_dimension{"window", 0};
inline constexpr dimension cache_dimension{.name = "cache", .missing = dimension::as_dtype, .names_dtype = true};
inline constexpr dimension one_new_token{"new", 1};  // more where drafts are verified
inline constexpr dimension new_tokens{.name = "new", .bends = true};
inline constexpr dimension past_dimension{"past", 0};
inline constexpr std::array<dimension, most_axes> prefill_axes{{{"heads"}, new_tokens, past_dimension, {"batch"}}};
inline constexpr std::array<dimension, most_axes> decode_axes{{{"heads"}, one_new_token, {"batch"}, {"context"}}};
inline constexpr std::array<dimension, most_key_dimensions> attention_key{
    {{.name = "kv_heads", .same = "heads"}, {"head_dim"}, {"v_head_dim", 0, "head_dim"}, window_dimension, cache_dimension}};
inline constexpr std::array<dimension, most_key_dimensions> sparse_key{{{"latent"}, {"rope_dim"}, {"top_k"}, cache_dimension}};
inline constexpr std::array<dimension, most_key_dimensions> compressed_key{{{"head_dim"}, {"window"}, {"ratio", 0}, {"top_k", 0}, cache_dimension}};

/// `elements` is the state of one sequence: heads head_dim state_dim.
constexpr measured_shape recurrent_shape(std::string_view name, dimension const& tokens) {
    constexpr dimension state{.name = "state", .missing = static_cast<count>(dtype::fp32), .names_dtype = true};
    return {name, {{{"elements"}, state}}, {{tokens, {"batch"}}}, false};
}
/// `bytes` is the whole tensor that every device ends with or starts from; for messages what one device sends.
constexpr measured_shape collective_shape(std::string_view name) {
    return {name, {{{"devices"}, {"span", 0, "devices"}}}, {{{"bytes"}}}, false};
}

}  // namespace detail

/// The measured ops in the order of their enumeration, with the names that stand in CSV and JSON. `window` 0 is all of the context, `past` the
/// tokens that are in the cache already, `context` the keys that a new token sees, itself included; `tokens` of a mixture are those of all
/// devices that it is spread over, `inner` is one shard of an expert; `bytes` of an element-wise pass are those read and written.
inline constexpr std::array measured_ops{
    measured_shape{"gemm", {{{"n"}, {"k"}}}, {{{"m"}}}},
    measured_shape{"prefill_attention", detail::attention_key, detail::prefill_axes},
    measured_shape{"decode_attention", detail::attention_key, detail::decode_axes},
    measured_shape{"encoder_attention", {{{"head_dim"}, detail::window_dimension}}, {{{"heads"}, detail::new_tokens, {"batch"}}}},
    measured_shape{"mla_prefill", {{{"nope_dim"}, {"rope_dim"}, {"v_head_dim"}, {"latent"}, detail::cache_dimension}}, detail::prefill_axes},
    measured_shape{"mla_decode", {{{"latent"}, {"rope_dim"}, detail::cache_dimension}}, detail::decode_axes},
    measured_shape{"mla_absorbed", {{{"nope_dim"}, {"v_head_dim"}, {"latent"}}}, {{{"heads"}, {"tokens"}}}},
    measured_shape{"sparse_mla_prefill", detail::sparse_key, detail::prefill_axes},
    measured_shape{"sparse_mla_decode", detail::sparse_key, detail::decode_axes},
    measured_shape{"index_scores", {{{"dim"}, {"ratio", 0}}}, {{{"heads"}, detail::one_new_token, detail::past_dimension, {"batch"}}}, false},
    measured_shape{"compressed_prefill", detail::compressed_key, detail::prefill_axes},
    measured_shape{"compressed_decode", detail::compressed_key, detail::decode_axes},
    measured_shape{"moe", {{{"hidden"}, {"inner"}, {"experts"}, {"top_k"}, {"ep", 1}, {"matrices", 3}}}, {{{"tokens"}}}},
    detail::collective_shape("all_reduce"),
    detail::collective_shape("all_gather"),
    detail::collective_shape("reduce_scatter"),
    detail::collective_shape("all_to_all"),
    detail::collective_shape("point_to_point"),
    measured_shape{"elementwise", {}, {{{"bytes"}}}, false},
    measured_shape{"convolution", {{{"channels"}, {"kernel"}}}, {{{"tokens"}, {"batch"}}}, false},
    detail::recurrent_shape("mamba2_prefill", {"new"}),
    detail::recurrent_shape("mamba2_decode", detail::one_new_token),
    detail::recurrent_shape("gated_delta_prefill", {"new"}),
    detail::recurrent_shape("gated_delta_decode", detail::one_new_token),
    detail::recurrent_shape("kda_prefill", {"new"}),
    detail::recurrent_shape("kda_decode", detail::one_new_token),
};
static_assert(measured_ops.size() == static_cast<std::size_t>(measured_op::kda_decode) + 1);

[[nodiscard]] constexpr measured_shape const& shape_of(measured_op o) { return measured_ops[static_cast<std::size_t>(o)]; }

/// One measured time. `key` and `axes` are in the order of the op's shape; a dtype among them is its number, and dimensions that equal the one
/// they are compared with (kv_heads that equal heads) are 0.
struct table_point {
    measured_op op = measured_op::gemm;
    dtype type = dtype::bf16;  ///< of the weights, of attention's arithmetic; bf16 where the op has none of its own
    std::uint32_t offset = 0;  ///< of its row in the text that it was read from
    std::array<count, most_key_dimensions> key{};
    std::array<count, most_axes> axes{};
    double seconds = 0;

    friend constexpr bool operator==(table_point const&, table_point const&) = default;
};

namespace detail {

/// Below, at or above zero: a before, with or behind b. Points of one key stand together, ordered by their axes, the first one outermost.
[[nodiscard]] constexpr int compare_keys(table_point const& a, table_point const& b) {
    if (a.op != b.op) return a.op < b.op ? -1 : 1;
    if (a.type != b.type) return a.type < b.type ? -1 : 1;
    for (std::size_t i = 0; i != most_key_dimensions; ++i)
        if (a.key[i] != b.key[i]) return a.key[i] < b.key[i] ? -1 : 1;
    return 0;
}
[[nodiscard]] constexpr int compare_shapes(table_point const& a, table_point const& b) {
    if (int const keys = compare_keys(a, b); keys != 0) return keys;
    for (std::size_t i = 0; i != most_axes; ++i)
        if (a.axes[i] != b.axes[i]) return a.axes[i] < b.axes[i] ? -1 : 1;
    return 0;
}

/// Heap sort: in place, n log n whatever the order.
template <class T, class Less>
constexpr void sort_in_place(std::span<T> list, Less const& less) {
    auto const sift = [&](std::size_t root, std::size_t size) {
        for (std::size_t child = 2 * root + 1; child < size; root = child, child = 2 * root + 1) {
            if (child + 1 < size && less(list[child], list[child + 1])) ++child;
            if (!less(list[root], list[child])) return;
            T const moved = list[root];
            list[root] = list[child];
            list[child] = moved;
        }
    };
    for (std::size_t i = list.size() / 2; i != 0; --i) sift(i - 1, list.size());
    for (std::size_t size = list.size(); size > 1; --size) {
        T const last = list[size - 1];
        list[size - 1] = list[0];
        list[0] = last;
        sift(0, size - 1);
    }
}

/// The first of a range for which `before` no longer holds; it holds for all in front of that one.
template <class F>
[[nodiscard]] constexpr std::size_t first_behind(std::span<table_point const> range, F const& before) {
    std::size_t begin = 0;
    for (std::size_t size = range.size(); size != 0;) {
        std::size_t const half = size / 2;
        if (before(range[begin + half]))
            begin += half + 1, size -= half + 1;
        else
            size = half;
    }
    return begin;
}

}  // namespace detail

/// A view of measured points in the order in which they are looked up. The points are the caller's and must outlive it.
class measured_points {
  public:
    constexpr measured_points() = default;
    /// Points in any order: they are brought into order where they lie.
    constexpr explicit measured_points(std::span<table_point> unordered) : points_(unordered) {
        detail::sort_in_place(unordered, [](table_point const& a, table_point const& b) {
            int const order = detail::compare_shapes(a, b);
            return order != 0 ? order < 0 : a.offset < b.offset;
        });
    }

    [[nodiscard]] constexpr std::size_t size() const { return points_.size(); }
    [[nodiscard]] constexpr bool empty() const { return points_.empty(); }
    [[nodiscard]] constexpr table_point const* begin() const { return points_.data(); }
    [[nodiscard]] constexpr table_point const* end() const { return points_.data() + points_.size(); }

    /// The points of one op, dtype and key.
    [[nodiscard]] constexpr std::span<table_point const> site(table_point const& wanted) const {
        std::size_t const begin = detail::first_behind(points_, [&](table_point const& p) { return detail::compare_keys(p, wanted) < 0; });
        auto const rest = points_.subspan(begin);
        return rest.first(detail::first_behind(rest, [&](table_point const& p) { return detail::compare_keys(p, wanted) == 0; }));
    }

  private:
    template <std::size_t>
    friend class stored_points;
    std::span<table_point const> points_{};
};

/// Measured points in fixed storage of their own, for tables that are constants. Views of it are valid as long as it is.
template <std::size_t Capacity>
class stored_points {
  public:
    [[nodiscard]] static constexpr std::size_t capacity() { return Capacity; }
    [[nodiscard]] constexpr std::size_t size() const { return size_; }
    constexpr operator measured_points() const {
        measured_points view;
        view.points_ = std::span<table_point const>(points_.data(), size_);
        return view;
    }
    [[nodiscard]] constexpr std::span<table_point> storage() { return points_; }
    /// Takes as its own what the first entries of the storage hold, in order.
    constexpr void hold(measured_points const& ordered) { size_ = ordered.size(); }

  private:
    std::array<table_point, Capacity> points_{};
    std::size_t size_ = 0;
};

/// A number of points that a text certainly does not exceed: what to reserve before it is read.
[[nodiscard]] constexpr std::size_t most_points(std::string_view text) {
    std::size_t lines = 1;
    std::size_t objects = 0;
    for (std::size_t at = text.find('\n'); at != text.npos; at = text.find('\n', at + 1)) ++lines;
    for (std::size_t at = text.find('{'); at != text.npos; at = text.find('{', at + 1)) ++objects;
    return max(lines, objects);
}

namespace detail {

using name_list = text_buffer<448>;

constexpr void add_name(name_list& list, std::string_view name) {
    if (!list.view().empty()) list << ", ";
    list << name;
}
/// What can be named, for messages: static, since a problem keeps no text.
inline constexpr name_list op_names = [] {
    name_list list{};
    for (measured_shape const& s : measured_ops) add_name(list, s.name);
    return list;
}();
inline constexpr std::array<name_list, measured_ops.size()> dimension_names = [] {
    std::array<name_list, measured_ops.size()> lists{};
    for (std::size_t i = 0; i != lists.size(); ++i) {
        for (dimension const& d : measured_ops[i].key)
            if (!d.name.empty()) add_name(lists[i], d.name);
        for (dimension const& d : measured_ops[i].axes)
            if (!d.name.empty()) add_name(lists[i], d.name);
    }
    return lists;
}();
inline constexpr name_list dtype_names = [] {
    name_list list{};
    for (dtype_facts const& f : dtype_table) add_name(list, f.name);
    return list;
}();

/// Builds points from words, whatever the format that the words stand in.
class point_builder {
  public:
    constexpr point_builder(std::string_view text, std::span<table_point> into, problems& p) : text_(text), into_(into), p_(p) { whole_.text = text; }

    /// The extents of a row's words; an empty one where the row has none.
    using word = json::value;

    /// A word of a text that is no JSON, as what it would be there.
    [[nodiscard]] constexpr word word_at(std::string_view s, std::uint32_t begin) const {
        char const* at = s.data();
        char const* const end = at + s.size();
        bool const number = at != end && json::detail::bytes.begins[json::detail::byte(*at)] == json::kind::number && json::detail::read_number(at, end) == errc::none && at == end;
        return {s.empty() ? json::kind::end : number ? json::kind::number : json::kind::string, begin, begin + static_cast<std::uint32_t>(s.size())};
    }

    /// Begins a point at an offset. Its op comes first: the names of its dimensions depend on it.
    constexpr void begin(std::uint32_t offset, word const& op) {
        problems_before_ = p_.size();
        point_ = {.offset = offset};
        given_ = {};
        shape_ = nullptr;
        if (!present(op, "op", op_names.view())) return;
        std::string_view const name = plain(op);
        for (std::size_t i = 0; i != measured_ops.size() && shape_ == nullptr; ++i)
            if (measured_ops[i].name == name) point_.op = static_cast<measured_op>(i), shape_ = &measured_ops[i];
        if (shape_ == nullptr) p_.add({.code = errc::unknown_name, .offset = op.begin, .key = "op", .hint = op_names.view()});
    }
    constexpr void set_dtype(word const& w) {
        if (!present(w, "dtype", dtype_names.view())) return;
        dtype type = dtype::bf16;
        if (read_dtype(w, "dtype", type) && shape_ != nullptr && shape_->has_dtype) point_.type = type;
    }
    constexpr void set_milliseconds(word const& w) {
        constexpr std::string_view key = "milliseconds";
        constexpr std::string_view hint = "a number from 1e-9 to 1e9";
        if (!present(w, key, hint)) return;
        double ms = 0;
        errc wrong = w.kind != json::kind::number ? errc::wrong_type : json::to_double(w.raw(text_), ms);
        if (wrong == errc::none && !(ms >= 1e-9 && ms <= 1e9)) wrong = errc::out_of_range;
        if (wrong != errc::none) p_.add({.code = wrong, .offset = w.begin, .key = key, .hint = hint});
        point_.seconds = ms * 1e-3;
    }
    /// One dimension by its name.
    constexpr void set(std::string_view name, std::uint32_t at, word const& value) {
        if (shape_ == nullptr) return;
        for (std::size_t i = 0; i != given_.size(); ++i) {
            dimension const& d = described(i);
            if (d.name.empty() || d.name != name) continue;
            if (given_[i]) return p_.add({.code = errc::not_unique, .offset = at, .key = d.name, .hint = "one value for a dimension"});
            given_[i] = true;
            if (d.names_dtype) {
                dtype type = dtype::bf16;
                if (read_dtype(value, d.name, type)) stored(i) = static_cast<count>(type);
            } else if (value.kind == json::kind::number) {
                schema::field_facts limits{};
                limits.smallest = d.least();
                limits.largest = count{1} << 40;
                (void)schema::read_integer(whole_, limits, value, d.name, stored(i), p_);
            } else {
                p_.add({.code = errc::wrong_type, .offset = value.begin, .key = d.name, .hint = "an integer"});
            }
            return;
        }
        p_.add({.code = errc::unknown_name, .offset = at, .key = shape_->name, .hint = dimension_names[static_cast<std::size_t>(point_.op)].view()});
    }
    /// Ends the point; `shape` is where its dimensions should stand.
    constexpr void finish(std::uint32_t shape) {
        if (shape_ == nullptr) return;
        for (std::size_t i = 0; i != given_.size(); ++i) {
            dimension const& d = described(i);
            if (d.name.empty() || given_[i]) continue;
            if (d.missing == dimension::required)
                p_.add({.code = errc::missing_key, .offset = shape, .key = d.name, .hint = d.names_dtype ? "a dtype" : "an integer"});
            else
                stored(i) = d.missing == dimension::as_dtype ? static_cast<count>(point_.type) : d.missing;
        }
        for (std::size_t i = 0; i != given_.size(); ++i) {
            if (described(i).same.empty()) continue;
            for (std::size_t j = 0; j != given_.size(); ++j)
                if (described(j).name == described(i).same && stored(j) == stored(i)) stored(i) = 0;
        }
        if (p_.size() != problems_before_) return;
        if (size_ == into_.size()) {
            if (!full_) p_.add({.code = errc::list_too_long, .offset = point_.offset, .key = "points", .expected = static_cast<count>(into_.size())});
            full_ = true;
            return;
        }
        into_[size_++] = point_;
    }
    /// Whether a part of a row is there; says so where it is not.
    constexpr bool present(word const& w, std::string_view key, std::string_view hint) {
        if (w.kind == json::kind::end) p_.add({.code = errc::missing_key, .offset = w.begin, .key = key, .hint = hint});
        return w.kind != json::kind::end;
    }
    [[nodiscard]] constexpr std::span<table_point> points() const { return into_.first(size_); }
    [[nodiscard]] constexpr std::string_view text() const { return text_; }
    [[nodiscard]] constexpr problems& found() const { return p_; }

  private:
    [[nodiscard]] constexpr dimension const& described(std::size_t i) const {
        return i < most_key_dimensions ? shape_->key[i] : shape_->axes[i - most_key_dimensions];
    }
    constexpr count& stored(std::size_t i) { return i < most_key_dimensions ? point_.key[i] : point_.axes[i - most_key_dimensions]; }
    /// The characters of a word, without the quotes of a string.
    [[nodiscard]] constexpr std::string_view plain(word const& w) const {
        std::string_view s = w.raw(text_);
        if (s.size() >= 2 && s.front() == '"') s = s.substr(1, s.size() - 2);
        return s;
    }
    constexpr bool read_dtype(word const& w, std::string_view key, dtype& type) {
        if (parse_dtype(plain(w), type)) return true;
        p_.add({.code = errc::unknown_name, .offset = w.begin, .key = key, .hint = dtype_names.view()});
        return false;
    }

    std::string_view text_;
    std::span<table_point> into_;
    problems& p_;
    schema::document whole_{};
    measured_shape const* shape_ = nullptr;
    table_point point_{};
    std::array<bool, most_key_dimensions + most_axes> given_{};
    std::size_t size_ = 0;
    std::size_t problems_before_ = 0;
    bool full_ = false;
};

/// Walks the fields of one line of CSV (RFC 4180, but that a quoted field ends in its line).
class csv_line {
  public:
    struct field {
        std::string_view text{};   ///< without blanks around it and without its quotes
        std::uint32_t begin = 0;
    };
    constexpr csv_line(std::string_view text, std::size_t begin, std::size_t end) : text_(text), at_(begin), end_(end) {}

    /// Reads the next field; false behind the last one, or where quotes are not closed.
    constexpr bool next(field& f, problems& p) {
        if (done_) return false;
        skip_blanks();
        std::size_t begin = at_;
        std::size_t end = at_;
        bool const quoted = at_ != end_ && text_[at_] == '"';
        if (quoted) {
            begin = ++at_;
            while (at_ != end_ && !(text_[at_] == '"' && (at_ + 1 == end_ || text_[at_ + 1] != '"'))) at_ += text_[at_] == '"' ? 2 : 1;
            end = at_;
            if (at_ != end_) ++at_;
            skip_blanks();
            if (end == end_ || (at_ != end_ && text_[at_] != ',')) {
                p.add({.code = errc::ill_formed, .offset = static_cast<std::uint32_t>(begin - 1), .key = "row", .hint = "a closing quote and a comma behind it in the same line"});
                done_ = true;
                return false;
            }
        } else {
            while (at_ != end_ && text_[at_] != ',') ++at_;
            end = at_;
            while (end != begin && is_blank(text_[end - 1])) --end;
        }
        f = {text_.substr(begin, end - begin), static_cast<std::uint32_t>(begin)};
        done_ = at_ == end_;
        if (!done_) ++at_;
        return true;
    }
    [[nodiscard]] static constexpr bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

  private:
    constexpr void skip_blanks() {
        while (at_ != end_ && is_blank(text_[at_])) ++at_;
    }
    std::string_view text_;
    std::size_t at_;
    std::size_t end_;
    bool done_ = false;
};

inline constexpr std::array<std::string_view, 4> csv_columns{"op", "dtype", "shape", "milliseconds"};

/// Which field of a line holds which column, counted from 1, and how many fields there are.
struct csv_header {
    std::array<count, csv_columns.size()> column{};
    count fields = 0;

    [[nodiscard]] static constexpr csv_header of(csv_line row, std::uint32_t offset, problems& p) {
        csv_header h{};
        for (csv_line::field f{}; row.next(f, p);) {
            ++h.fields;
            for (std::size_t c = 0; c != csv_columns.size(); ++c) {
                if (f.text != csv_columns[c]) continue;
                if (h.column[c] != 0) p.add({.code = errc::not_unique, .offset = f.begin, .key = csv_columns[c], .hint = "one column of this name"});
                h.column[c] = h.fields;
            }
        }
        for (std::size_t c = 0; c != csv_columns.size(); ++c)
            if (h.column[c] == 0) p.add({.code = errc::missing_key, .offset = offset, .key = csv_columns[c], .hint = "a column of this name in the header"});
        return h;
    }
};

constexpr void read_csv_row(point_builder& b, csv_header const& h, csv_line row, std::size_t begin, std::size_t end) {
    std::array<csv_line::field, csv_columns.size()> column{};
    for (auto& c : column) c.begin = static_cast<std::uint32_t>(end);
    std::size_t const before = b.found().size();
    count fields = 0;
    for (csv_line::field f{}; row.next(f, b.found());) {
        if (++fields == h.fields + 1) b.found().add({.code = errc::ill_formed, .offset = f.begin, .key = "row", .expected = h.fields, .hint = "no more than the # fields of the header"});
        for (std::size_t c = 0; c != column.size(); ++c)
            if (h.column[c] == fields) column[c] = f;
    }
    if (b.found().size() != before) return;
    auto const word = [&](std::size_t c) { return b.word_at(column[c].text, column[c].begin); };
    b.begin(static_cast<std::uint32_t>(begin), word(0));
    b.set_dtype(word(1));
    std::string_view const shape = column[2].text;
    for (std::size_t at = 0; at != shape.size();) {
        if (csv_line::is_blank(shape[at])) {
            ++at;
            continue;
        }
        std::size_t stop = at;
        while (stop != shape.size() && !csv_line::is_blank(shape[stop])) ++stop;
        std::string_view const pair = shape.substr(at, stop - at);
        auto const offset = static_cast<std::uint32_t>(column[2].begin + at);
        std::size_t const equals = pair.find('=');
        if (equals == pair.npos || equals + 1 == pair.size())
            b.found().add({.code = errc::ill_formed, .offset = offset, .key = "shape", .hint = "pairs such as m=16"});
        else
            b.set(pair.substr(0, equals), offset, b.word_at(pair.substr(equals + 1), static_cast<std::uint32_t>(offset + equals + 1)));
        at = stop;
    }
    b.set_milliseconds(word(3));
    if (b.present(word(2), "shape", "pairs such as m=16")) b.finish(column[2].begin);
}

constexpr void read_csv(point_builder& b) {
    std::string_view const text = b.text();
    csv_header header{};
    for (std::size_t begin = text.substr(0, 3) == "\xEF\xBB\xBF" ? 3 : 0, next = begin; begin < text.size(); begin = next) {
        std::size_t const line_end = min(text.find('\n', begin), text.size());
        next = line_end + 1;
        while (begin != line_end && csv_line::is_blank(text[begin])) ++begin;
        std::size_t end = line_end;
        while (end != begin && csv_line::is_blank(text[end - 1])) --end;
        if (begin == end || text[begin] == '#') continue;
        csv_line const row(text, begin, end);
        if (header.fields != 0) {
            read_csv_row(b, header, row, begin, end);
            continue;
        }
        header = csv_header::of(row, static_cast<std::uint32_t>(begin), b.found());
        if (!b.found().empty()) return;  // without its columns no row can be read
    }
    if (header.fields == 0) b.found().add({.code = errc::unexpected_end, .offset = static_cast<std::uint32_t>(text.size()), .hint = "a header op,dtype,shape,milliseconds"});
}

constexpr void read_json_point(point_builder& b, json::value const& object) {
    std::string_view const text = b.text();
    if (object.kind != json::kind::object) return b.found().add({.code = errc::wrong_type, .offset = object.begin, .key = "points", .hint = "an object for each point"});
    // the members that every point has, wherever they stand among the others
    constexpr std::array<std::string_view, 3> common{"op", "dtype", "milliseconds"};
    std::array<json::value, common.size()> word{};
    for (auto& w : word) w.begin = object.begin;
    auto const for_each_member = [&](auto const& f) {
        json::reader r = json::reader::inside(text, object);
        r.enter_object();
        for (json::string_token k{}; r.next_member(k);) {
            std::size_t i = 0;
            while (i != common.size() && !json::equals(text, k, common[i])) ++i;
            f(i, k, r.skip());
        }
    };
    for_each_member([&](std::size_t i, json::string_token const& k, json::value const& v) {
        if (i == common.size()) return;
        if (word[i].kind != json::kind::end) b.found().add({.code = errc::not_unique, .offset = k.begin, .key = common[i], .hint = "one value for a key"});
        word[i] = v;
    });
    b.begin(object.begin, word[0]);
    b.set_dtype(word[1]);
    for_each_member([&](std::size_t i, json::string_token const& k, json::value const& v) {
        if (i == common.size()) b.set(k.raw(text), k.begin, v);
    });
    b.set_milliseconds(word[2]);
    b.finish(object.begin);
}

constexpr void read_json(point_builder& b) {
    std::string_view const text = b.text();
    if (auto const valid = json::validate(text, {.skip_byte_order_mark = true}); !valid) return b.found().add(valid.error().front());
    json::reader r(text, {.skip_byte_order_mark = true});
    if (!r.enter_object()) return b.found().add(r.error());
    bool found = false;
    for (json::string_token k{}; r.next_member(k);) {
        json::value const v = r.skip();
        if (!json::equals(text, k, "points")) continue;
        if (found) b.found().add({.code = errc::not_unique, .offset = v.begin, .key = "points", .hint = "one list of points"});
        found = true;
        if (v.kind != json::kind::array) {
            b.found().add({.code = errc::wrong_type, .offset = v.begin, .key = "points", .hint = "a list"});
            continue;
        }
        json::reader points = json::reader::inside(text, v);
        for (points.enter_array(); points.next_element();) read_json_point(b, points.skip());
    }
    if (!found) b.found().add({.code = errc::missing_key, .offset = static_cast<std::uint32_t>(text.find('{')), .key = "points", .hint = "a list"});
}

}  // namespace detail

/// Reads measured points, CSV or JSON, into the caller's storage, and brings them into order there. All problems are reported together: words that
/// are not known, values that are not numbers or out of range, dimensions that are missing, a shape that stands twice, storage that is too small.
[[nodiscard]] constexpr result<measured_points> read_points(std::string_view text, std::span<table_point> into) {
    problems p{};
    if (text.size() > 0xFFFF'FFFF) return problem{.code = errc::too_large, .expected = 0xFFFF'FFFF, .found = static_cast<count>(text.size()), .hint = "a text below 4 GiB"};
    detail::point_builder b(text, into, p);
    std::size_t const first = text.find_first_not_of("\xEF\xBB\xBF \t\r\n");
    if (first != text.npos && (text[first] == '{' || text[first] == '['))
        detail::read_json(b);
    else
        detail::read_csv(b);
    measured_points const points(b.points());
    for (table_point const* at = points.begin(); at != points.end(); ++at)
        if (at != points.begin() && detail::compare_shapes(at[-1], *at) == 0)
            p.add({.code = errc::not_unique, .offset = at->offset, .key = shape_of(at->op).name,
                   .expected = p.list.full() ? 0 : json::locate(text, at[-1].offset).line,  // problems beyond the list are only counted
                   .hint = "one row for each op, dtype and shape, which line # is already"});
    if (!p.empty()) return p;
    return points;
}

/// The same into fixed storage: `constexpr auto mine = costexpr::read_points<64>(text);`
template <std::size_t Capacity>
[[nodiscard]] constexpr result<stored_points<Capacity>> read_points(std::string_view text) {
    stored_points<Capacity> points{};
    result<measured_points> const read = read_points(text, points.storage());
    if (!read) return read.error();
    points.hold(*read);
    return points;
}

}  // namespace costexpr
