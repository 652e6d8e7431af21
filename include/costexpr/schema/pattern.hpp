// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/core/inplace_vector.hpp>
#include <costexpr/core/math.hpp>

#include <cstdint>
#include <string_view>

namespace costexpr {

/// What stands in one place of a decoder. `layer_types`, `hybrid_layer_pattern`, `moe_layer_freq` and their many relatives all say it.
enum class layer_kind : std::uint8_t { full, sliding, chunked, linear, mamba, convolution, dense, moe, shared, hybrid, compressed, pooled, chosen, unrotated, none };

inline constexpr std::size_t layer_kinds = 15;
inline constexpr count largest_layers = 256;

/// The spellings of layer kinds in config files, one table for every key that lists them.
struct layer_kind_name {
    std::string_view text;
    layer_kind kind;
};
inline constexpr layer_kind_name layer_kind_names[] = {
    {"full_attention", layer_kind::full},       {"sliding_attention", layer_kind::sliding},
    {"chunked_attention", layer_kind::chunked}, {"linear_attention", layer_kind::linear},
    {"attention", layer_kind::full},            {"mamba", layer_kind::mamba},
    {"conv", layer_kind::convolution},          {"dense", layer_kind::dense},
    {"sparse", layer_kind::moe},                {"moe", layer_kind::moe},
    {"mlp", layer_kind::dense},                 {"shared", layer_kind::shared},
    {"full", layer_kind::full},                 {"hybrid", layer_kind::hybrid},
    {"reference_sliding_attention", layer_kind::sliding},
    {"recurrent", layer_kind::linear},          {"hash_moe", layer_kind::moe},
    {"hybrid_sliding", layer_kind::sliding},
    {"indexed_attention", layer_kind::full},    {"deepseek_sparse_attention", layer_kind::full},
    {"compressed_sparse_attention", layer_kind::compressed},
    {"heavily_compressed_attention", layer_kind::pooled},
    {"minimax_m3_sparse", layer_kind::chosen},
};

/// The kind of every layer in order, with the count of each kind kept beside: counting while a model is priced would dominate its cost.
class pattern {
  public:
    constexpr pattern() = default;

    /// `n` layers of one kind.
    static constexpr pattern uniform(layer_kind kind, count n) {
        pattern p;
        for (count i = 0; i != n; ++i) p.push_back(kind);
        return p;
    }

    constexpr bool push_back(layer_kind kind) {
        if (length_ == largest_layers) return false;
        order_[length_++] = kind;
        ++counts_[static_cast<std::size_t>(kind)];
        return true;
    }
    constexpr void set(count at, layer_kind kind) {
        --counts_[static_cast<std::size_t>(order_[at])];
        order_[at] = kind;
        ++counts_[static_cast<std::size_t>(kind)];
    }
    constexpr void pop_back() { --counts_[static_cast<std::size_t>(order_[--length_])]; }
    [[nodiscard]] constexpr count size() const { return length_; }
    [[nodiscard]] constexpr bool empty() const { return length_ == 0; }
    [[nodiscard]] constexpr layer_kind operator[](count at) const { return order_[at]; }
    /// How many layers are of this kind.
    [[nodiscard]] constexpr count of(layer_kind kind) const { return counts_[static_cast<std::size_t>(kind)]; }

    friend constexpr bool operator==(pattern const& a, pattern const& b) {
        if (a.length_ != b.length_) return false;
        for (count i = 0; i != a.length_; ++i)
            if (a.order_[i] != b.order_[i]) return false;
        return true;
    }

  private:
    layer_kind order_[largest_layers]{};
    count counts_[layer_kinds]{};
    count length_ = 0;
};

/// A set of layer numbers, from keys that list indices (`mlp_only_layers`, `moe_layers`).
class index_set {
  public:
    constexpr bool insert(count at) {
        if (at < 0 || at >= largest_layers) return false;
        bits_[at / 64] |= std::uint64_t{1} << (at % 64);
        ++size_;
        return true;
    }
    [[nodiscard]] constexpr bool contains(count at) const {
        return at >= 0 && at < largest_layers && (bits_[at / 64] >> (at % 64) & 1) != 0;
    }
    [[nodiscard]] constexpr bool empty() const { return size_ == 0; }
    [[nodiscard]] constexpr count size() const { return size_; }
    friend constexpr bool operator==(index_set const&, index_set const&) = default;

  private:
    std::uint64_t bits_[largest_layers / 64]{};
    count size_ = 0;
};

/// A short name held in place, for values such as `quant_method`. Longer texts are cut: none that matters is longer.
class short_string {
  public:
    constexpr short_string() = default;
    constexpr short_string(std::string_view text) { assign(text); }
    constexpr void assign(std::string_view text) {
        length_ = 0;
        for (char c : text)
            if (length_ != sizeof chars_) chars_[length_++] = c;
    }
    [[nodiscard]] constexpr std::string_view view() const { return {chars_, length_}; }
    [[nodiscard]] constexpr bool empty() const { return length_ == 0; }
    friend constexpr bool operator==(short_string const& a, std::string_view b) { return a.view() == b; }
    friend constexpr bool operator==(short_string const& a, short_string const& b) { return a.view() == b.view(); }

  private:
    char chars_[63]{};
    std::uint8_t length_ = 0;
};

}  // namespace costexpr
