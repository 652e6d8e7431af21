// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/op/dtype.hpp>
#include <costexpr/op/role.hpp>
#include <costexpr/schema/pattern.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

// What checkpoints call their linear layers, and which op of ours owns the weights: what the exclude lists of quantized checkpoints are
// matched with.

namespace costexpr {

namespace modules {

/// The blocks of a decoder layer, as flags: one name may stand for several ("mixer" of Nemotron-H).
enum block : std::uint8_t { attention = 1, linear_attention = 2, state_space = 4, convolution = 8, network = 16 };

struct block_name {
    std::string_view text;
    std::uint8_t blocks;
};
inline constexpr block_name block_names[] = {
    {"self_attn", attention | linear_attention}, {"attn", attention}, {"attention", attention}, {"self_attention", attention}, {"cross_attn", attention},
    {"linear_attn", linear_attention}, {"mixer", attention | state_space | network}, {"mamba", state_space}, {"conv", convolution},
    {"mlp", network}, {"ffn", network}, {"feed_forward", network}, {"block_sparse_moe", network}, {"moe", network},
};

/// A linear layer by its name inside its block.
struct layer_name {
    std::uint8_t blocks;
    std::string_view text;
    role part;
};
inline constexpr layer_name layer_names[] = {
    {attention, "q_proj", role::qkv}, {attention, "k_proj", role::qkv}, {attention, "v_proj", role::qkv}, {attention, "qkv_proj", role::qkv},
    {attention, "query_key_value", role::qkv}, {attention, "c_attn", role::qkv}, {attention, "Wqkv", role::qkv},
    {attention, "o_proj", role::attention_output}, {attention, "dense", role::attention_output}, {attention, "c_proj", role::attention_output},
    {attention, "q_a_proj", role::mla_down}, {attention, "kv_a_proj_with_mqa", role::mla_down}, {attention, "fused_qkv_a_proj", role::mla_down},
    {attention, "q_proj", role::mla_query_up}, {attention, "q_b_proj", role::mla_query_up}, {attention, "kv_b_proj", role::mla_key_value_up},
    {attention, "wq_a", role::mla_down}, {attention, "wkv", role::mla_down}, {attention, "wq_b", role::mla_query_up},
    {attention, "wo_a", role::attention_output}, {attention, "wo_b", role::attention_output}, {attention, "compressor", role::compressor},
    {attention, "indexer.wq_b", role::index_projection}, {attention, "indexer.wk", role::index_projection},
    {linear_attention, "q_proj", role::mixer_in}, {linear_attention, "in_proj_qkvz", role::mixer_in}, {linear_attention, "in_proj_qkv", role::mixer_in},
    {linear_attention, "in_proj_z", role::mixer_in}, {linear_attention, "in_proj_ba", role::mixer_parameters}, {linear_attention, "in_proj_a", role::mixer_parameters},
    {linear_attention, "f_a_proj", role::mixer_parameters}, {linear_attention, "g_a_proj", role::mixer_gate}, {linear_attention, "o_proj", role::mixer_out},
    {linear_attention | state_space | convolution, "out_proj", role::mixer_out}, {state_space | convolution, "in_proj", role::mixer_in},
    {state_space, "x_proj", role::mixer_parameters}, {state_space, "dt_proj", role::mixer_parameters},
    {network, "gate_proj", role::gate_up}, {network, "up_proj", role::gate_up}, {network, "gate_up_proj", role::gate_up}, {network, "down_proj", role::down},
    {network, "w1", role::gate_up}, {network, "w3", role::gate_up}, {network, "w2", role::down}, {network, "fc1", role::gate_up}, {network, "fc2", role::down},
    {network, "gate", role::router}, {network, "router", role::router}, {network, "experts", role::experts}, {network, "fc1_latent_proj", role::expert_latent},
    {network, "shared_experts.gate_proj", role::shared_gate_up}, {network, "shared_experts.up_proj", role::shared_gate_up},
    {network, "shared_experts.down_proj", role::shared_down}, {network, "shared_expert.gate_proj", role::shared_gate_up},
    {network, "shared_expert.up_proj", role::shared_gate_up}, {network, "shared_expert.down_proj", role::shared_down},
    {network, "shared_experts.w1", role::shared_gate_up}, {network, "shared_experts.w2", role::shared_down},
    {network, "shared_expert_gate", role::shared_gate},
};
struct outer_name {
    std::string_view text;
    role part;
};
/// Linear layers and tables outside of the decoder layers.
inline constexpr outer_name outer_names[] = {
    {"lm_head", role::head}, {"head", role::head}, {"embed_tokens", role::embedding}, {"embeddings", role::embedding},
};

/// Calls f with every name that a linear layer can have, as block and layer.
template <class F>
constexpr void each_name(F const& f) {
    for (block_name const& b : block_names)
        for (layer_name const& l : layer_names)
            if ((l.blocks & b.blocks) != 0) f(b.text, l);
}

/// Whether what stands in front of "layers." leads to the decoder, not to a tower or to multi-token prediction.
constexpr bool leads_to_decoder(std::string_view prefix) {
    constexpr std::string_view known[] = {"", "*", "model", "language_model", "text_model", "backbone", "transformer", "decoder", "llm", "thinker"};
    while (!prefix.empty()) {
        std::size_t const end = prefix.find('.');
        bool leads = false;
        for (std::string_view k : known) leads = leads || prefix.substr(0, end) == k;
        if (!leads) return false;
        prefix = end == std::string_view::npos ? std::string_view{} : prefix.substr(end + 1);
    }
    return true;
}

/// Whether one dotted name is the other, or holds it: "mlp" and "mlp.gate_proj", "mlp.experts" and "mlp.experts.0.w1".
constexpr bool related(std::string_view a, std::string_view b) {
    if (a.size() > b.size()) return related(b, a);
    return b.substr(0, a.size()) == a && (a.size() == b.size() || b[a.size()] == '.');
}

/// Whether the name `block.layer` starts with these characters.
constexpr bool starts_with(std::string_view block, std::string_view layer, std::string_view start) {
    if (start.size() <= block.size()) return block.starts_with(start);
    return start.starts_with(block) && start[block.size()] == '.' && layer.starts_with(start.substr(block.size() + 1));
}

/// A pattern of module names: a name (or one that holds others), a glob with * and ?, or, behind "re:", a regular expression of which
/// literals, ., \x, \d, *, +, ? and one level of (a|b) are understood.
class name_pattern {
  public:
    static constexpr std::size_t longest = 160;

    constexpr explicit name_pattern(std::string_view text) {
        if (text.substr(0, 3) == "re:") is_regex_ = true, text.remove_prefix(3);
        text_ = text;
        for (std::size_t i = 0; i != text.size(); ++i) {
            char const c = text[i];
            if (!is_regex_ && (c == '*' || c == '?')) {
                is_prefix_ = !is_glob_ && c == '*' && i != 0 && i + 1 == text.size();
                is_glob_ = true;
            }
            if (is_regex_ && (c == '[' || c == '{' || (c == '(' && i + 1 < text.size() && text[i + 1] == '?'))) understood_ = false;
        }
        if (text.size() > longest) understood_ = false;
        is_open_ = text.starts_with(is_regex_ ? ".*" : "*");
        if (is_open_) text.remove_prefix(is_regex_ ? 2 : 1);
        std::size_t n = 0;
        while (n != text.size() && (is_regex_ ? is_plain(text[n]) && (n + 1 == text.size() || !is_repeat(text[n + 1])) : text[n] != '*' && text[n] != '?')) ++n;
        head_ = text.substr(0, n);
    }
    [[nodiscard]] constexpr bool understood() const { return understood_; }
    [[nodiscard]] constexpr bool is_literal() const { return !is_regex_ && !is_glob_; }
    /// Whether it is a name with a single star behind it.
    [[nodiscard]] constexpr bool is_prefix() const { return is_prefix_; }

    /// Whether a whole module name fits; `steps` bounds the search, which gives up at zero.
    [[nodiscard]] constexpr bool fits(std::string_view name, count& steps) const {
        if (is_open_ ? !holds_head(name) : !starts_like(name)) return false;  // most names, without a search
        if (!is_regex_) return here(text_, name, false, steps);
        // one copy of the pattern for each alternative of its first group
        std::size_t const open = text_.find('(');
        std::size_t const close = text_.find(')');
        if (open == std::string_view::npos || close == std::string_view::npos || close < open) return here(text_, name, true, steps);
        for (std::size_t begin = open + 1; begin <= close;) {
            std::size_t end = begin;
            while (end != close && text_[end] != '|') ++end;
            char one[longest]{};
            std::size_t length = 0;
            for (std::string_view part : {text_.substr(0, open), text_.substr(begin, end - begin), text_.substr(close + 1)})
                for (char c : part) one[length++] = c;
            if (here({one, length}, name, true, steps)) return true;
            begin = end + 1;
        }
        return false;
    }

    /// Whether the beginning of a name is left open, so that it does not matter what stands in front of a module.
    [[nodiscard]] constexpr bool is_open() const { return is_open_; }

    /// Whether a name with this beginning can fit, by the pattern's characters up to the first that is none of itself.
    [[nodiscard]] constexpr bool starts_like(std::string_view beginning) const {
        if (is_open_) return true;
        std::size_t const n = beginning.size() < head_.size() ? beginning.size() : head_.size();
        return equal(head_.data(), beginning.data(), n);
    }

  private:
    static constexpr bool equal(char const* a, char const* b, std::size_t n) {
        for (std::size_t i = 0; i != n; ++i)
            if (a[i] != b[i]) return false;
        return true;
    }
    [[nodiscard]] constexpr bool holds_head(std::string_view name) const {
        std::size_t const n = head_.size();
        char const* const at = name.data();
        for (std::size_t i = 0; i + n <= name.size(); ++i)
            if (equal(head_.data(), at + i, n)) return true;
        return false;
    }
    static constexpr bool is_repeat(char c) { return c == '*' || c == '+' || c == '?'; }
    static constexpr bool is_plain(char c) { return !is_repeat(c) && c != '.' && c != '\\' && c != '^' && c != '$' && c != '('; }
    /// A regular expression fits where it is used up (a prefix of the name), a glob where both are.
    static constexpr bool here(std::string_view p, std::string_view name, bool regex, count& steps) {
        for (;;) {
            if (--steps < 0) return false;
            if (p.empty()) return regex || name.empty();
            if (regex && (p[0] == '^')) {
                p.remove_prefix(1);
                continue;
            }
            if (regex && p == "$") return name.empty();
            bool const escaped = regex && p[0] == '\\' && p.size() > 1;
            char const atom = escaped ? p[1] : p[0];
            std::size_t const width = escaped ? 2 : 1;
            bool const any = (regex && !escaped && atom == '.') || (!regex && (atom == '?' || atom == '*'));
            bool const digit = escaped && atom == 'd';
            auto const fits = [&](char c) { return any || (digit ? c >= '0' && c <= '9' : c == atom); };
            char const repeat = regex ? (p.size() > width ? p[width] : '\0') : (atom == '*' ? '*' : '\0');
            if (is_repeat(repeat)) {
                std::string_view const rest = p.substr(regex ? width + 1 : width);
                std::size_t least = repeat == '+' ? 1 : 0;
                std::size_t most = 0;
                while (most != name.size() && (repeat != '?' || most == 0) && fits(name[most])) ++most;
                bool const anchored = !rest.empty() && is_plain(rest[0]) && (rest.size() == 1 || !is_repeat(rest[1]));
                for (std::size_t n = most + 1; n-- > least;) {
                    if (anchored && (n == name.size() || name[n] != rest[0])) continue;  // most places are told by their first character
                    if (here(rest, name.substr(n), regex, steps)) return true;
                }
                return false;
            }
            if (name.empty() || !fits(name[0])) return false;
            p.remove_prefix(width);
            name.remove_prefix(1);
        }
    }

    std::string_view text_{};
    std::string_view head_{};  ///< what it begins with, behind `.*` or `*` where it is open
    bool is_regex_ = false;
    bool is_glob_ = false;
    bool is_prefix_ = false;
    bool is_open_ = false;
    bool understood_ = true;
};

}  // namespace modules

}  // namespace costexpr
