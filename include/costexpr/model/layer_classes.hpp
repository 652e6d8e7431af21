// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/core/one_of.hpp>
#include <costexpr/layer/altup.hpp>
#include <costexpr/layer/attention_experts.hpp>
#include <costexpr/layer/attention_residual.hpp>
#include <costexpr/layer/compressed.hpp>
#include <costexpr/layer/compressed_convolution.hpp>
#include <costexpr/layer/convolved_attention.hpp>
#include <costexpr/layer/cross_attention.hpp>
#include <costexpr/layer/embedding.hpp>
#include <costexpr/layer/gated_delta.hpp>
#include <costexpr/layer/gqa.hpp>
#include <costexpr/layer/head.hpp>
#include <costexpr/layer/lightning_attention.hpp>
#include <costexpr/layer/linear.hpp>
#include <costexpr/layer/localized_filter.hpp>
#include <costexpr/layer/mamba.hpp>
#include <costexpr/layer/mla.hpp>
#include <costexpr/layer/mlp.hpp>
#include <costexpr/layer/mlstm.hpp>
#include <costexpr/layer/moe.hpp>
#include <costexpr/layer/norm.hpp>
#include <costexpr/layer/per_layer_embedding.hpp>
#include <costexpr/layer/prediction.hpp>
#include <costexpr/layer/rg_lru.hpp>
#include <costexpr/layer/rwkv.hpp>
#include <costexpr/layer/short_convolution.hpp>
#include <costexpr/layer/vision.hpp>
#include <costexpr/schema/field.hpp>
#include <costexpr/schema/read.hpp>

#include <array>
#include <cstdint>
#include <string_view>

// The classes of layer-list files: each is a layer type of layer/ under a name, with a field table over its dimensions. No formula stands
// here; parameters, state and work are those of the layer type's ops.

namespace costexpr {

/// The kinds of parallelism that layer lists name, as bits of a set.
enum class parallelism : std::uint8_t { none = 0, tensor = 1, context = 2, sequence = 4, expert = 8, pipeline = 16 };
[[nodiscard]] constexpr parallelism operator|(parallelism a, parallelism b) {
    return static_cast<parallelism>(static_cast<unsigned>(a) | static_cast<unsigned>(b));
}
[[nodiscard]] constexpr bool contains(parallelism all, parallelism one) { return (static_cast<unsigned>(all) & static_cast<unsigned>(one)) != 0; }

/// The largest dimension in the specs of a layer, so that a product of three stays inside 64 bits.
inline constexpr count largest_spec = count{1} << 20;

/// What specs say otherwise than a layer type does; each class takes from it what it knows.
struct spec_words {
    bool has_bias = false;
    bool has_weight = true;
    count projections = 2;
    count shared_experts = 0;
    count window = 0;  ///< 0: none, which the format writes as null
    count sinks = 0;   ///< first tokens that a window keeps in view
    short_string state_dtype{};
    short_string qk_norm{};
    short_string part{};
};

namespace detail {

template <class C>
constexpr field<C> spec(count C::* member, std::string_view name, std::string_view other = {}) {
    return other.empty() ? key(member, name).at_most(largest_spec) : key(member, name, other).at_most(largest_spec);
}
template <class C>
constexpr field<C> optional_spec(count C::* member, std::string_view name) {
    return key(member, name).optional().at_most(largest_spec);
}
template <class C, class M>
constexpr field<C> flag(M C::* member, std::string_view name) {
    return key(member, name).optional();
}

inline constexpr std::array<std::string_view, 3> qk_norm_names{"none", "per_head", "all_heads"};

/// Brings the name of a state dtype into a layer; one that is no dtype is an error.
constexpr void read_state_dtype(dtype& into, spec_words const& w, schema::checker& check) {
    if (!w.state_dtype.empty() && !parse_dtype(w.state_dtype.view(), into))
        check.fail(errc::unknown_name, "state_dtype", 0, 0, "a dtype such as fp32 or bf16");
}
constexpr void write_state_dtype(dtype from, spec_words& w) {
    if (from != dtype::fp32) w.state_dtype = name(from);
}
/// At most as many of these as a dimension allows: their product must stay one.
constexpr void check_product(schema::checker& check, std::string_view key, count a, count b) {
    if (a > 0 && b > largest_dimension / a) check.fail(errc::out_of_range, key, largest_dimension / a, b, "at most # with this many heads");
}

/// The specs that all classes of grouped-query attention share.
inline constexpr std::array gqa_specs{
    flag(&gqa::qkv_bias, "qkv_bias"),
    flag(&gqa::output_bias, "output_bias"),
    flag(&gqa::gated, "output_gate"),
    flag(&gqa::gated_heads, "head_gate"),
    flag(&gqa::sinks, "sink_logits"),
    flag(&gqa::borrowed, "borrowed_kv"),
    flag(&gqa::values_are_keys, "values_are_keys"),
    optional_spec(&gqa::v_head_dim, "v_head_dim"),
    optional_spec(&gqa::vectors, "learned_vectors"),
    optional_spec(&gqa::input, "input_size"),
    optional_spec(&gqa::q_latent, "q_lora_rank"),
    optional_spec(&gqa::qk_gains, "qk_gains").at_least(1),
    flag(&gqa::inner_norm, "inner_norm"),
    flag(&gqa::masks, "value_mask"),
};
inline constexpr std::array gqa_words{
    flag(&spec_words::has_bias, "has_bias"),
    flag(&spec_words::qk_norm, "qk_norm"),
};
inline constexpr std::array gqa_dimensions{
    spec(&gqa::hidden, "hidden_size"),
    spec(&gqa::heads, "num_heads"),
    spec(&gqa::kv_heads, "num_kv_heads"),
    spec(&gqa::head_dim, "head_dim"),
};
inline constexpr std::array mha_dimensions{
    spec(&gqa::hidden, "hidden_size"),
    spec(&gqa::heads, "num_heads"),
    spec(&gqa::head_dim, "head_dim"),
};
inline constexpr std::array sliding_dimensions{
    spec(&gqa::hidden, "hidden_size"),
    spec(&gqa::heads, "num_query_heads", "num_heads"),
    spec(&gqa::kv_heads, "num_kv_heads"),
    spec(&gqa::head_dim, "head_dim"),
};

constexpr void read_gqa(gqa& g, spec_words const& w, schema::checker& check, std::string_view heads = "num_heads") {
    if (w.has_bias) g.qkv_bias = g.output_bias = true;
    check.divisible(g.heads, heads, g.kv_heads, "num_kv_heads");
    check_product(check, "head_dim", g.heads, g.head_dim);
    check_product(check, "v_head_dim", g.heads, g.v_head_dim);
    bool found = w.qk_norm.empty();
    for (std::size_t i = 0; i != qk_norm_names.size(); ++i)
        if (w.qk_norm == qk_norm_names[i]) g.qk_norm = static_cast<costexpr::qk_norm>(i), found = true;
    if (!found) check.fail(errc::unknown_name, "qk_norm", 0, 0, "none, per_head or all_heads");
}
constexpr void write_gqa(gqa& g, spec_words& w) {
    w.has_bias = g.qkv_bias && g.output_bias;
    if (w.has_bias) g.qkv_bias = g.output_bias = false;
    if (g.v_head_dim == g.head_dim) g.v_head_dim = 0;
    if (g.qk_norm != qk_norm::none) w.qk_norm = qk_norm_names[static_cast<std::size_t>(g.qk_norm)];
}

}  // namespace detail

// A class says the layer type, its name in files, what its entries are called, the parallelism that it supports, and `tables`: a function
// that calls f(table, struct) for each field table with the struct that it fills. `read` turns what was filled into the layer type, `write`
// is its inverse; both are left out where the layer type says it all. Of several classes of one layer type, the first that `describes` a
// layer is what it is written as. `repeats`: it may stand in a layer of the model more than once.

namespace layer_class {

using detail::flag;
using detail::optional_spec;
using detail::spec;

/// Multi-head attention: as many key and value heads as query heads.
struct multi_head {
    using layer = gqa;
    static constexpr std::string_view name = "AttentionLayer", entry = "attention";
    static constexpr parallelism supports = parallelism::tensor | parallelism::context;
    static constexpr bool describes(gqa const& g) { return g.heads == g.kv_heads; }
    static constexpr void tables(auto const& f, gqa& g, spec_words& w) {
        f(detail::mha_dimensions, g), f(detail::gqa_specs, g), f(detail::gqa_words, w);
    }
    static constexpr void read(gqa& g, spec_words const& w, schema::checker& check) {
        g.kv_heads = g.heads;
        detail::read_gqa(g, w, check);
    }
    static constexpr void write(gqa& g, spec_words& w) { detail::write_gqa(g, w); }
};

struct grouped_query {
    using layer = gqa;
    static constexpr std::string_view name = "GroupedQueryAttentionLayer", entry = "attention";
    static constexpr parallelism supports = parallelism::tensor | parallelism::context;
    static constexpr void tables(auto const& f, gqa& g, spec_words& w) {
        f(detail::gqa_dimensions, g), f(detail::gqa_specs, g), f(detail::gqa_words, w);
    }
    static constexpr void read(gqa& g, spec_words const& w, schema::checker& check) { detail::read_gqa(g, w, check); }
    static constexpr void write(gqa& g, spec_words& w) { detail::write_gqa(g, w); }
};

/// Attention over a window, or over the whole context where `sliding_window` is null. `num_sinks` first tokens stay in view: they are so
/// many more keys for every query behind them, and so many more in the cache.
struct sliding_window {
    using layer = sliding_gqa;
    static constexpr std::string_view name = "SlidingWindowAttentionLayer", entry = "sliding_attention";
    static constexpr parallelism supports = parallelism::tensor | parallelism::context;
    static constexpr std::array own{flag(&sliding_gqa::chunked, "chunked")};
    static constexpr std::array words{
        key(&spec_words::window, "sliding_window").optional().at_least(1),
        optional_spec(&spec_words::sinks, "num_sinks"),
    };
    static constexpr void tables(auto const& f, sliding_gqa& s, spec_words& w) {
        f(detail::sliding_dimensions, s.heads), f(words, w), f(own, s), f(detail::gqa_specs, s.heads), f(detail::gqa_words, w);
    }
    static constexpr void read(sliding_gqa& s, spec_words const& w, schema::checker& check) {
        detail::read_gqa(s.heads, w, check, "num_query_heads");
        if (w.window != 0) s.window = w.window + w.sinks;
    }
    /// The attention over the whole context that one without a window is.
    static constexpr gqa const* unwindowed(sliding_gqa const& s) { return s.window == 0 ? &s.heads : nullptr; }
    static constexpr void write(sliding_gqa& s, spec_words& w) {
        detail::write_gqa(s.heads, w);
        w.window = s.window;
    }
};

struct latent_attention {
    using layer = mla;
    static constexpr std::string_view name = "MLALayer", entry = "attention";
    static constexpr parallelism supports = parallelism::tensor;
    static constexpr std::array table{
        spec(&mla::hidden, "hidden_size"),
        spec(&mla::heads, "num_heads"),
        optional_spec(&mla::q_latent, "q_lora_rank"),
        spec(&mla::latent, "kv_lora_rank"),
        spec(&mla::nope_dim, "qk_nope_head_dim"),
        spec(&mla::rope_dim, "qk_rope_head_dim").at_least(0),
        spec(&mla::v_head_dim, "v_head_dim"),
        flag(&mla::bias, "has_bias"),
        optional_spec(&mla::gate_dim, "gate_dim"),
        flag(&mla::gate_with_queries, "gate_with_queries"),
        optional_spec(&mla::head_vectors, "head_vectors"),
        flag(&mla::rope_norm, "rope_norm"),
        flag(&mla::borrowed, "borrowed_kv"),
    };
    static constexpr void tables(auto const& f, mla& m, spec_words&) { f(table, m); }
    static constexpr void read(mla& m, spec_words const&, schema::checker& check) {
        detail::check_product(check, "qk_nope_head_dim", m.heads, m.nope_dim + m.rope_dim);
        detail::check_product(check, "v_head_dim", m.heads, m.v_head_dim);
    }
};

struct sparse_latent_attention {
    using layer = sparse_mla;
    static constexpr std::string_view name = "SparseMLALayer", entry = "sparse_attention";
    static constexpr parallelism supports = parallelism::tensor;
    static constexpr std::array own{spec(&sparse_mla::top_k, "index_topk")};
    static constexpr void tables(auto const& f, sparse_mla& m, spec_words& w) { latent_attention::tables(f, m.heads, w), f(own, m); }
    static constexpr void read(sparse_mla& m, spec_words const& w, schema::checker& check) { latent_attention::read(m.heads, w, check); }
};

struct sliding_latent_attention {
    using layer = sliding_mla;
    static constexpr std::string_view name = "SlidingMLALayer", entry = "sliding_attention";
    static constexpr parallelism supports = parallelism::tensor;
    static constexpr std::array own{key(&sliding_mla::window, "sliding_window")};
    static constexpr void tables(auto const& f, sliding_mla& m, spec_words& w) { latent_attention::tables(f, m.heads, w), f(own, m); }
    static constexpr void read(sliding_mla& m, spec_words const& w, schema::checker& check) { latent_attention::read(m.heads, w, check); }
};

/// Grouped-query attention over the keys that an indexer chose.
struct sparse_grouped_query {
    using layer = sparse_gqa;
    static constexpr std::string_view name = "SparseGroupedQueryAttentionLayer", entry = "sparse_attention";
    static constexpr parallelism supports = parallelism::tensor;
    static constexpr std::array own{spec(&sparse_gqa::top_k, "index_topk")};
    static constexpr void tables(auto const& f, sparse_gqa& s, spec_words& w) { grouped_query::tables(f, s.heads, w), f(own, s); }
    static constexpr void read(sparse_gqa& s, spec_words const& w, schema::checker& check) { detail::read_gqa(s.heads, w, check); }
    static constexpr void write(sparse_gqa& s, spec_words& w) { detail::write_gqa(s.heads, w); }
};

struct key_indexer {
    using layer = indexer;
    static constexpr std::string_view name = "IndexerLayer", entry = "indexer";
    static constexpr parallelism supports = parallelism::none;
    static constexpr std::array table{
        spec(&indexer::hidden, "hidden_size"),
        spec(&indexer::q_latent, "q_lora_rank"),
        spec(&indexer::heads, "num_heads"),
        spec(&indexer::dim, "head_dim"),
        optional_spec(&indexer::pool, "pool_size"),
        flag(&indexer::weighted, "weighted"),
        optional_spec(&indexer::extra, "extra_parameters"),
    };
    static constexpr void tables(auto const& f, indexer& i, spec_words&) { f(table, i); }
};

struct compressed_attention {
    using layer = compressed_mqa;
    static constexpr std::string_view name = "CompressedAttentionLayer", entry = "compressed_attention";
    static constexpr parallelism supports = parallelism::tensor;
    static constexpr std::array table{
        spec(&compressed_mqa::hidden, "hidden_size"),
        spec(&compressed_mqa::heads, "num_heads"),
        spec(&compressed_mqa::head_dim, "head_dim"),
        spec(&compressed_mqa::q_latent, "q_lora_rank"),
        spec(&compressed_mqa::o_latent, "o_lora_rank"),
        spec(&compressed_mqa::o_groups, "o_groups"),
        key(&compressed_mqa::window, "sliding_window"),
        optional_spec(&compressed_mqa::ratio, "compress_ratio"),
        optional_spec(&compressed_mqa::index_heads, "index_n_heads"),
        optional_spec(&compressed_mqa::index_dim, "index_head_dim"),
        optional_spec(&compressed_mqa::top_k, "index_topk"),
    };
    static constexpr void tables(auto const& f, compressed_mqa& c, spec_words&) { f(table, c); }
    static constexpr void read(compressed_mqa& c, spec_words const&, schema::checker& check) {
        detail::check_product(check, "head_dim", c.heads, c.head_dim);
        detail::check_product(check, "index_head_dim", c.index_heads, c.index_dim);
        if (c.index_heads != 0 && c.index_dim == 0) check.fail(errc::contradiction, "index_head_dim", 1, 0, "at least #, the width of an indexer head");
    }
};

/// A feed-forward network of two projections, or three where `num_projections` says so.
struct plain_network {
    using layer = mlp;
    static constexpr std::string_view name = "MLPLayer", entry = "feedforward";
    static constexpr parallelism supports = parallelism::tensor | parallelism::sequence;
    static constexpr std::array words{key(&spec_words::projections, "num_projections").optional().at_least(2).at_most(3)};
    static constexpr std::array table{
        spec(&mlp::hidden, "hidden_size"),
        spec(&mlp::inner, "intermediate_size"),
        flag(&mlp::bias, "has_bias"),
        flag(&mlp::down_bias, "down_bias"),
        flag(&mlp::inner_norm, "inner_norm"),
        optional_spec(&mlp::activation_weights, "activation_parameters"),
    };
    static constexpr bool describes(mlp const& m) { return !m.gated; }
    static constexpr void tables(auto const& f, mlp& m, spec_words& w) { f(table, m), f(words, w); }
    static constexpr void read(mlp& m, spec_words const& w, schema::checker&) { m.gated = w.projections == 3; }
};

struct gated_network {
    using layer = mlp;
    static constexpr std::string_view name = "GatedMLPLayer", entry = "feedforward";
    static constexpr parallelism supports = parallelism::tensor | parallelism::sequence;
    static constexpr void tables(auto const& f, mlp& m, spec_words&) { f(plain_network::table, m); }
    static constexpr void read(mlp& m, spec_words const&, schema::checker&) { m.gated = true; }
};

struct mixture_of_experts {
    using layer = moe;
    static constexpr std::string_view name = "MoELayer", entry = "moe";
    static constexpr parallelism supports = parallelism::expert | parallelism::tensor | parallelism::context;
    static constexpr std::array table{
        spec(&moe::hidden, "hidden_size"),
        spec(&moe::inner, "intermediate_size"),
        spec(&moe::experts, "num_experts"),
        spec(&moe::top_k, "top_k"),
        optional_spec(&moe::shared_inner, "shared_intermediate_size"),
        optional_spec(&moe::latent, "latent_size"),
        flag(&moe::shared_gate, "shared_expert_gate"),
        flag(&moe::expert_bias, "expert_bias"),
        key(&moe::router_extra, "router_extra_parameters").optional(),
        flag(&moe::routed_apart, "routed_apart"),
        optional_spec(&moe::zero_experts, "num_zero_experts"),
        optional_spec(&moe::router_hidden, "router_hidden_size"),
    };
    static constexpr std::array words{
        optional_spec(&spec_words::shared_experts, "num_shared_experts"),
        plain_network::words[0],
        flag(&spec_words::has_bias, "has_bias"),
    };
    static constexpr void tables(auto const& f, moe& m, spec_words& w) { f(table, m), f(words, w); }
    static constexpr void read(moe& m, spec_words const& w, schema::checker& check) {
        m.gated = w.projections == 3;
        if (m.top_k > m.experts + m.zero_experts) check.fail(errc::contradiction, "top_k", m.experts + m.zero_experts, m.top_k, "at most #, the number of experts");
        if (m.shared_inner == 0) {
            detail::check_product(check, "num_shared_experts", m.inner, w.shared_experts);
            m.shared_inner = w.shared_experts * m.inner;
        }
        if (w.has_bias) {
            m.expert_bias = true;
            m.router_extra += m.experts;
            m.shared_biases = w.shared_experts;
        }
        m.log_not_chosen = moe::log_chance_not_chosen(m.top_k, m.experts + m.zero_experts);
    }
    static constexpr void write(moe& m, spec_words& w) {
        w.projections = m.gated ? 3 : 2;
        if (m.inner != 0 && m.shared_inner % m.inner == 0) w.shared_experts = m.shared_inner / m.inner, m.shared_inner = 0;
        w.has_bias = m.expert_bias && m.router_extra >= m.experts && m.shared_biases == w.shared_experts;
        if (w.has_bias) m.expert_bias = false, m.router_extra -= m.experts;
    }
};

struct routed_alone {
    using layer = routed_experts;
    static constexpr std::string_view name = "RoutedExpertsLayer", entry = "routed_experts";
    static constexpr parallelism supports = mixture_of_experts::supports;
    static constexpr void tables(auto const& f, routed_experts& r, spec_words& w) { mixture_of_experts::tables(f, r.mixture, w); }
    static constexpr void read(routed_experts& r, spec_words const& w, schema::checker& check) { mixture_of_experts::read(r.mixture, w, check); }
    static constexpr void write(routed_experts& r, spec_words& w) { mixture_of_experts::write(r.mixture, w); }
};

/// Experts that tokens of text never reach.
struct unreached {
    using layer = unreached_experts;
    static constexpr std::string_view name = "UnreachedExpertsLayer", entry = "unreached_experts";
    static constexpr parallelism supports = mixture_of_experts::supports;
    static constexpr void tables(auto const& f, unreached_experts& u, spec_words& w) { mixture_of_experts::tables(f, u.mixture, w); }
    static constexpr void read(unreached_experts& u, spec_words const& w, schema::checker& check) { mixture_of_experts::read(u.mixture, w, check); }
    static constexpr void write(unreached_experts& u, spec_words& w) { mixture_of_experts::write(u.mixture, w); }
};

struct router_of_experts {
    using layer = router_network;
    static constexpr std::string_view name = "RouterNetworkLayer", entry = "router";
    static constexpr parallelism supports = parallelism::none;
    static constexpr std::array table{spec(&router_network::hidden, "hidden_size"), spec(&router_network::width, "router_hidden_size")};
    static constexpr void tables(auto const& f, router_network& r, spec_words&) { f(table, r); }
};

/// A norm: gains, and biases where it has them.
struct normalisation {
    using layer = norm;
    static constexpr bool repeats = true;
    static constexpr std::string_view name = "NormLayer", entry = "norm";
    static constexpr parallelism supports = parallelism::none;
    static constexpr std::array table{spec(&norm::hidden, "hidden_size"), flag(&norm::adds, "adds_residual")};
    static constexpr std::array words{flag(&spec_words::has_bias, "has_bias"), flag(&spec_words::has_weight, "has_weight")};
    static constexpr void tables(auto const& f, norm& n, spec_words& w) { f(table, n), f(words, w); }
    static constexpr void read(norm& n, spec_words const& w, schema::checker&) { n.gains = (w.has_weight ? 1 : 0) + (w.has_bias ? 1 : 0); }
    static constexpr void write(norm& n, spec_words& w) {
        w.has_weight = n.gains != 0;
        w.has_bias = n.gains == 2;
    }
};

struct input_table {
    using layer = embedding;
    static constexpr std::string_view name = "EmbeddingLayer", entry = "embedding";
    static constexpr parallelism supports = parallelism::tensor;
    static constexpr std::array table{
        key(&embedding::vocab, "vocab_size"),
        spec(&embedding::hidden, "hidden_size"),
        optional_spec(&embedding::width, "projected_size"),
    };
    static constexpr void tables(auto const& f, embedding& e, spec_words&) { f(table, e); }
    static constexpr void write(embedding& e, spec_words&) {
        if (e.width == e.hidden) e.width = 0;
    }
};

struct position_table {
    using layer = positions;
    static constexpr std::string_view name = "PositionEmbeddingLayer", entry = "positions";
    static constexpr parallelism supports = parallelism::none;
    static constexpr std::array table{key(&positions::rows, "num_positions"), spec(&positions::hidden, "hidden_size")};
    static constexpr void tables(auto const& f, positions& p, spec_words&) { f(table, p); }
};

struct output_projection {
    using layer = head;
    static constexpr std::string_view name = "LMHeadLayer", entry = "lm_head";
    static constexpr parallelism supports = parallelism::tensor;
    static constexpr std::array table{
        key(&head::vocab, "vocab_size"),
        spec(&head::hidden, "hidden_size"),
        flag(&head::tied, "tied"),
        flag(&head::bias, "has_bias"),
        optional_spec(&head::width, "projected_size"),
        flag(&head::transform, "transform"),
    };
    static constexpr void tables(auto const& f, head& h, spec_words&) { f(table, h); }
    static constexpr void write(head& h, spec_words&) {
        if (h.width == h.hidden && !h.transform) h.width = 0;
    }
};

inline constexpr std::array state_words{flag(&spec_words::state_dtype, "state_dtype")};

struct state_space {
    using layer = mamba;
    static constexpr std::string_view name = "MambaLayer", entry = "mamba";
    static constexpr parallelism supports = parallelism::tensor;
    static constexpr std::array table{
        spec(&mamba::hidden, "hidden_size"),
        spec(&mamba::inner, "intermediate_size"),
        spec(&mamba::state, "state_size"),
        spec(&mamba::rank, "time_step_rank"),
        spec(&mamba::kernel, "conv_kernel"),
        flag(&mamba::conv_bias, "conv_bias"),
        flag(&mamba::bias, "has_bias"),
        flag(&mamba::inner_norms, "inner_norms"),
    };
    static constexpr void tables(auto const& f, mamba& m, spec_words& w) { f(table, m), f(state_words, w); }
    static constexpr void read(mamba& m, spec_words const& w, schema::checker& check) { detail::read_state_dtype(m.state_type, w, check); }
    static constexpr void write(mamba& m, spec_words& w) { detail::write_state_dtype(m.state_type, w); }
};

struct state_space_2 {
    using layer = mamba2;
    static constexpr std::string_view name = "Mamba2Layer", entry = "mamba2";
    static constexpr parallelism supports = parallelism::tensor;
    static constexpr std::array table{
        spec(&mamba2::hidden, "hidden_size"),
        spec(&mamba2::heads, "num_heads"),
        spec(&mamba2::head_dim, "head_dim"),
        spec(&mamba2::groups, "num_groups"),
        spec(&mamba2::state, "state_size"),
        spec(&mamba2::kernel, "conv_kernel"),
        optional_spec(&mamba2::chunk, "chunk_size").at_least(1),
        flag(&mamba2::conv_bias, "conv_bias"),
        flag(&mamba2::bias, "has_bias"),
        flag(&mamba2::gated_norm, "gated_norm"),
    };
    static constexpr void tables(auto const& f, mamba2& m, spec_words& w) { f(table, m), f(state_words, w); }
    static constexpr void read(mamba2& m, spec_words const& w, schema::checker& check) {
        check.divisible(m.heads, "num_heads", m.groups, "num_groups");
        detail::check_product(check, "head_dim", m.heads, m.head_dim);
        detail::read_state_dtype(m.state_type, w, check);
    }
    static constexpr void write(mamba2& m, spec_words& w) { detail::write_state_dtype(m.state_type, w); }
};

struct delta_net {
    using layer = gated_delta;
    static constexpr std::string_view name = "GatedDeltaLayer", entry = "linear_attention";
    static constexpr parallelism supports = parallelism::tensor;
    static constexpr std::array table{
        spec(&gated_delta::hidden, "hidden_size"),
        spec(&gated_delta::key_heads, "num_key_heads"),
        spec(&gated_delta::value_heads, "num_value_heads"),
        spec(&gated_delta::key_dim, "key_head_dim"),
        spec(&gated_delta::value_dim, "value_head_dim"),
        spec(&gated_delta::kernel, "conv_kernel"),
    };
    static constexpr void tables(auto const& f, gated_delta& g, spec_words& w) { f(table, g), f(state_words, w); }
    static constexpr void read(gated_delta& g, spec_words const& w, schema::checker& check) {
        check.divisible(g.value_heads, "num_value_heads", g.key_heads, "num_key_heads");
        detail::check_product(check, "key_head_dim", g.key_heads, g.key_dim);
        detail::check_product(check, "value_head_dim", g.value_heads, g.value_dim);
        detail::read_state_dtype(g.state_type, w, check);
    }
    static constexpr void write(gated_delta& g, spec_words& w) { detail::write_state_dtype(g.state_type, w); }
};

struct delta_attention {
    using layer = kimi_delta;
    static constexpr std::string_view name = "KimiDeltaLayer", entry = "linear_attention";
    static constexpr parallelism supports = parallelism::tensor;
    static constexpr std::array table{
        spec(&kimi_delta::hidden, "hidden_size"),
        spec(&kimi_delta::heads, "num_heads"),
        spec(&kimi_delta::head_dim, "head_dim"),
        spec(&kimi_delta::kernel, "conv_kernel"),
        flag(&kimi_delta::full_rank_gate, "full_rank_gate"),
        flag(&kimi_delta::full_rank_decay, "full_rank_decay"),
    };
    static constexpr void tables(auto const& f, kimi_delta& k, spec_words& w) { f(table, k), f(state_words, w); }
    static constexpr void read(kimi_delta& k, spec_words const& w, schema::checker& check) {
        detail::check_product(check, "head_dim", k.heads, k.head_dim);
        detail::read_state_dtype(k.state_type, w, check);
    }
    static constexpr void write(kimi_delta& k, spec_words& w) { detail::write_state_dtype(k.state_type, w); }
};

struct lightning {
    using layer = lightning_attention;
    static constexpr std::string_view name = "LightningAttentionLayer", entry = "linear_attention";
    static constexpr parallelism supports = parallelism::tensor;
    static constexpr std::array table{
        spec(&lightning_attention::hidden, "hidden_size"),
        spec(&lightning_attention::heads, "num_heads"),
        spec(&lightning_attention::head_dim, "head_dim"),
        flag(&lightning_attention::qk_normed, "qk_normed"),
    };
    static constexpr void tables(auto const& f, lightning_attention& l, spec_words& w) { f(table, l), f(state_words, w); }
    static constexpr void read(lightning_attention& l, spec_words const& w, schema::checker& check) {
        detail::check_product(check, "head_dim", l.heads, l.head_dim);
        detail::read_state_dtype(l.state_type, w, check);
    }
    static constexpr void write(lightning_attention& l, spec_words& w) { detail::write_state_dtype(l.state_type, w); }
};

struct matrix_memory {
    using layer = mlstm;
    static constexpr std::string_view name = "MLSTMLayer", entry = "mlstm";
    static constexpr parallelism supports = parallelism::tensor;
    static constexpr std::array table{
        spec(&mlstm::hidden, "hidden_size"),
        spec(&mlstm::heads, "num_heads"),
        spec(&mlstm::query_width, "query_size"),
        spec(&mlstm::value_width, "value_size"),
        optional_spec(&mlstm::chunk, "chunk_size").at_least(1),
        flag(&mlstm::bias, "has_bias"),
    };
    static constexpr void tables(auto const& f, mlstm& m, spec_words& w) { f(table, m), f(state_words, w); }
    static constexpr void read(mlstm& m, spec_words const& w, schema::checker& check) {
        check.divisible(m.query_width, "query_size", m.heads, "num_heads");
        check.divisible(m.value_width, "value_size", m.heads, "num_heads");
        detail::read_state_dtype(m.state_type, w, check);
    }
    static constexpr void write(mlstm& m, spec_words& w) { detail::write_state_dtype(m.state_type, w); }
};

struct gated_recurrence {
    using layer = rg_lru;
    static constexpr std::string_view name = "RGLRULayer", entry = "recurrent";
    static constexpr parallelism supports = parallelism::tensor;
    static constexpr std::array table{
        spec(&rg_lru::hidden, "hidden_size"),
        spec(&rg_lru::width, "lru_width"),
        spec(&rg_lru::heads, "num_heads"),
        spec(&rg_lru::kernel, "conv_kernel"),
    };
    static constexpr void tables(auto const& f, rg_lru& r, spec_words&) { f(table, r); }
    static constexpr void read(rg_lru& r, spec_words const&, schema::checker& check) { check.divisible(r.width, "lru_width", r.heads, "num_heads"); }
};

struct gated_convolution {
    using layer = short_convolution;
    static constexpr std::string_view name = "ShortConvolutionLayer", entry = "convolution";
    static constexpr parallelism supports = parallelism::tensor;
    static constexpr std::array table{
        spec(&short_convolution::hidden, "hidden_size"),
        spec(&short_convolution::kernel, "conv_kernel"),
        flag(&short_convolution::bias, "has_bias"),
    };
    static constexpr void tables(auto const& f, short_convolution& s, spec_words&) { f(table, s); }
};

struct convolved {
    using layer = convolved_attention;
    static constexpr std::string_view name = "ConvolvedAttentionLayer", entry = "attention";
    static constexpr parallelism supports = parallelism::tensor;
    static constexpr std::array own{
        spec(&convolved_attention::kernel, "conv_kernel"),
        optional_spec(&convolved_attention::relative_dim, "relative_dim"),
        optional_spec(&convolved_attention::extent, "relative_extent"),
        flag(&convolved_attention::clipped, "clipped"),
        flag(&convolved_attention::projected_sinks, "projected_sinks"),
        flag(&convolved_attention::dynamic_kernels, "dynamic_kernels"),
    };
    static constexpr void tables(auto const& f, convolved_attention& c, spec_words& w) { grouped_query::tables(f, c.heads, w), f(own, c); }
    static constexpr void read(convolved_attention& c, spec_words const& w, schema::checker& check) {
        detail::read_gqa(c.heads, w, check);
        detail::check_product(check, "relative_dim", c.heads.heads, c.relative_dim);
    }
    static constexpr void write(convolved_attention& c, spec_words& w) { detail::write_gqa(c.heads, w); }
};

struct sliding_convolved {
    using layer = sliding_convolved_attention;
    static constexpr std::string_view name = "SlidingConvolvedAttentionLayer", entry = "sliding_attention";
    static constexpr parallelism supports = parallelism::tensor;
    static constexpr std::array own{key(&sliding_convolved_attention::window, "sliding_window")};
    static constexpr void tables(auto const& f, sliding_convolved_attention& c, spec_words& w) { convolved::tables(f, c.layer, w), f(own, c); }
    static constexpr void read(sliding_convolved_attention& c, spec_words const& w, schema::checker& check) { convolved::read(c.layer, w, check); }
    static constexpr void write(sliding_convolved_attention& c, spec_words& w) { convolved::write(c.layer, w); }
};

struct crossing {
    using layer = cross_attention;
    static constexpr std::string_view name = "CrossAttentionLayer", entry = "cross_attention";
    static constexpr parallelism supports = parallelism::tensor;
    static constexpr std::array table{
        spec(&cross_attention::hidden, "hidden_size"),
        spec(&cross_attention::source, "source_size"),
        spec(&cross_attention::inner, "intermediate_size"),
        optional_spec(&cross_attention::kv_width, "kv_size"),
        optional_spec(&cross_attention::normed_dim, "normed_dim"),
    };
    static constexpr void tables(auto const& f, cross_attention& c, spec_words&) { f(table, c); }
};

struct time_mix {
    using layer = rwkv_time_mix;
    static constexpr std::string_view name = "RWKVTimeMixLayer", entry = "time_mix";
    static constexpr parallelism supports = parallelism::tensor;
    static constexpr std::array table{spec(&rwkv_time_mix::hidden, "hidden_size"), spec(&rwkv_time_mix::width, "attention_size")};
    static constexpr void tables(auto const& f, rwkv_time_mix& r, spec_words&) { f(table, r); }
};

struct channel_mix {
    using layer = rwkv_channel_mix;
    static constexpr std::string_view name = "RWKVChannelMixLayer", entry = "channel_mix";
    static constexpr parallelism supports = parallelism::tensor;
    static constexpr std::array table{spec(&rwkv_channel_mix::hidden, "hidden_size"), spec(&rwkv_channel_mix::inner, "intermediate_size"), flag(&rwkv_channel_mix::receptance, "receptance")};
    static constexpr void tables(auto const& f, rwkv_channel_mix& r, spec_words&) { f(table, r); }
};

struct time_mix_7 {
    using layer = rwkv7_time_mix;
    static constexpr std::string_view name = "RWKV7TimeMixLayer", entry = "time_mix";
    static constexpr parallelism supports = parallelism::tensor;
    static constexpr std::array table{
        spec(&rwkv7_time_mix::hidden, "hidden_size"),
        spec(&rwkv7_time_mix::head_dim, "head_dim"),
        spec(&rwkv7_time_mix::decay_rank, "decay_rank"),
        spec(&rwkv7_time_mix::rate_rank, "rate_rank"),
        spec(&rwkv7_time_mix::gate_rank, "gate_rank"),
        optional_spec(&rwkv7_time_mix::value_rank, "value_rank"),
    };
    static constexpr void tables(auto const& f, rwkv7_time_mix& r, spec_words&) { f(table, r); }
    static constexpr void read(rwkv7_time_mix& r, spec_words const&, schema::checker& check) { check.divisible(r.hidden, "hidden_size", r.head_dim, "head_dim"); }
};

struct experts_of_attention {
    using layer = attention_experts;
    static constexpr std::string_view name = "AttentionExpertsLayer", entry = "attention";
    static constexpr parallelism supports = parallelism::tensor;
    static constexpr std::array table{
        spec(&attention_experts::hidden, "hidden_size"),
        spec(&attention_experts::kv_heads, "num_kv_heads"),
        spec(&attention_experts::head_dim, "head_dim"),
        spec(&attention_experts::experts, "num_experts"),
        spec(&attention_experts::top_k, "top_k"),
    };
    static constexpr void tables(auto const& f, attention_experts& a, spec_words&) { f(table, a); }
    static constexpr void read(attention_experts& a, spec_words const&, schema::checker& check) {
        detail::check_product(check, "head_dim", a.kv_heads, a.head_dim);
        if (a.top_k > a.experts) check.fail(errc::contradiction, "top_k", a.experts, a.top_k, "at most #, the number of experts");
    }
};

struct convolved_grouped_query {
    using layer = convolved_gqa;
    static constexpr std::string_view name = "ConvolvedGroupedQueryAttentionLayer", entry = "attention";
    static constexpr parallelism supports = parallelism::tensor;
    static constexpr std::array table{
        spec(&convolved_gqa::hidden, "hidden_size"),
        spec(&convolved_gqa::heads, "num_heads"),
        spec(&convolved_gqa::kv_heads, "num_kv_heads"),
        spec(&convolved_gqa::head_dim, "head_dim"),
        spec(&convolved_gqa::kernel, "conv_kernel"),
        spec(&convolved_gqa::head_kernel, "head_conv_kernel"),
        flag(&convolved_gqa::bias, "has_bias"),
    };
    static constexpr void tables(auto const& f, convolved_gqa& c, spec_words&) { f(table, c); }
    static constexpr void read(convolved_gqa& c, spec_words const&, schema::checker& check) {
        check.divisible(c.heads, "num_heads", c.kv_heads, "num_kv_heads");
        detail::check_product(check, "head_dim", c.heads, c.head_dim);
    }
};

struct filter {
    using layer = localized_filter;
    static constexpr std::string_view name = "LocalizedFilterLayer", entry = "filter";
    static constexpr parallelism supports = parallelism::tensor;
    static constexpr std::array table{spec(&localized_filter::hidden, "hidden_size")};
    static constexpr void tables(auto const& f, localized_filter& l, spec_words&) { f(table, l); }
};

struct residual_streams {
    using layer = hyper_connection;
    static constexpr std::string_view name = "HyperConnectionLayer", entry = "hyper_connection";
    static constexpr parallelism supports = parallelism::none;
    static constexpr std::array table{
        spec(&hyper_connection::hidden, "hidden_size"),
        spec(&hyper_connection::copies, "num_streams"),
        flag(&hyper_connection::at_the_end, "at_the_end"),
        flag(&hyper_connection::mixes, "mixes"),
    };
    static constexpr void tables(auto const& f, hyper_connection& h, spec_words&) { f(table, h); }
};

struct alternating_updates {
    using layer = altup;
    static constexpr std::string_view name = "AltUpLayer", entry = "altup";
    static constexpr parallelism supports = parallelism::none;
    static constexpr std::array table{spec(&altup::hidden, "hidden_size"), spec(&altup::inputs, "num_streams")};
    static constexpr void tables(auto const& f, altup& a, spec_words&) { f(table, a); }
};

struct attention_over_depth {
    using layer = attention_residual;
    static constexpr bool repeats = true;
    static constexpr std::string_view name = "AttentionResidualLayer", entry = "attention_residual";
    static constexpr parallelism supports = parallelism::none;
    static constexpr std::array table{
        spec(&attention_residual::hidden, "hidden_size"),
        optional_spec(&attention_residual::vectors, "num_vectors"),
        optional_spec(&attention_residual::sources, "num_sources"),
    };
    static constexpr void tables(auto const& f, attention_residual& a, spec_words&) { f(table, a); }
};

struct tables_per_layer {
    using layer = per_layer_table;
    static constexpr std::string_view name = "PerLayerEmbeddingLayer", entry = "per_layer_embedding";
    static constexpr parallelism supports = parallelism::none;
    static constexpr std::array table{
        spec(&per_layer_table::hidden, "hidden_size"),
        spec(&per_layer_table::layers, "num_layers"),
        spec(&per_layer_table::width, "per_layer_size"),
        key(&per_layer_table::vocab, "vocab_size"),
    };
    static constexpr void tables(auto const& f, per_layer_table& t, spec_words&) { f(table, t); }
};

struct input_per_layer {
    using layer = per_layer_input;
    static constexpr std::string_view name = "PerLayerInputLayer", entry = "per_layer_input";
    static constexpr parallelism supports = parallelism::none;
    static constexpr std::array table{spec(&per_layer_input::hidden, "hidden_size"), spec(&per_layer_input::width, "per_layer_size")};
    static constexpr void tables(auto const& f, per_layer_input& i, spec_words&) { f(table, i); }
};

struct single_linear {
    using layer = linear;
    static constexpr bool repeats = true;
    static constexpr std::string_view name = "LinearLayer", entry = "linear";
    static constexpr parallelism supports = parallelism::none;
    static constexpr std::array table{spec(&linear::inner, "input_size"), spec(&linear::outer, "output_size")};
    static constexpr std::array words{flag(&spec_words::part, "part")};
    static constexpr void tables(auto const& f, linear& l, spec_words& w) { f(table, l), f(words, w); }
    static constexpr void read(linear& l, spec_words const& w, schema::checker& check) {
        bool found = w.part.empty();
        for (std::size_t i = 0; i != role_count; ++i)
            if (w.part == role_names[i]) l.part = static_cast<role>(i), found = true;
        if (!found) check.fail(errc::unknown_name, "part", 0, 0, "what an op is for, such as projection");
    }
    static constexpr void write(linear& l, spec_words& w) {
        if (l.part != role::projection) w.part = costexpr::name(l.part);
    }
};

struct low_rank_linear {
    using layer = low_rank;
    static constexpr bool repeats = true;
    static constexpr std::string_view name = "LowRankLayer", entry = "low_rank";
    static constexpr parallelism supports = parallelism::none;
    static constexpr std::array table{spec(&low_rank::inner, "input_size"), spec(&low_rank::rank, "rank"), spec(&low_rank::outer, "output_size")};
    static constexpr void tables(auto const& f, low_rank& l, spec_words&) { f(table, l); }
};

/// What stands around the decoder layer of a module of multi-token prediction.
struct prediction {
    using layer = prediction_module;
    static constexpr std::string_view name = "PredictionModuleLayer", entry = "prediction";
    static constexpr parallelism supports = parallelism::none;
    static constexpr std::array table{spec(&prediction_module::hidden, "hidden_size"), optional_spec(&prediction_module::norm_gains, "norm_gains")};
    static constexpr void tables(auto const& f, prediction_module& p, spec_words&) { f(table, p); }
};

struct vectors {
    using layer = learned_vector;
    static constexpr bool repeats = true;
    static constexpr std::string_view name = "LearnedVectorLayer", entry = "vector";
    static constexpr parallelism supports = parallelism::none;
    static constexpr std::array table{key(&learned_vector::elements, "elements")};
    static constexpr void tables(auto const& f, learned_vector& v, spec_words&) { f(table, v); }
};

}  // namespace layer_class

/// All classes of layer lists; those of the original format first. A class of one's own is one more struct of this shape.
using layer_classes = types<
    layer_class::multi_head, layer_class::grouped_query, layer_class::sliding_window, layer_class::plain_network, layer_class::gated_network,
    layer_class::mixture_of_experts, layer_class::normalisation, layer_class::input_table, layer_class::output_projection, layer_class::position_table,
    layer_class::latent_attention, layer_class::sparse_latent_attention, layer_class::key_indexer, layer_class::compressed_attention,
    layer_class::residual_streams, layer_class::state_space, layer_class::state_space_2, layer_class::delta_net, layer_class::delta_attention,
    layer_class::lightning, layer_class::matrix_memory, layer_class::gated_recurrence, layer_class::gated_convolution, layer_class::convolved,
    layer_class::sliding_convolved, layer_class::crossing, layer_class::time_mix, layer_class::channel_mix, layer_class::alternating_updates,
    layer_class::attention_over_depth, layer_class::tables_per_layer, layer_class::input_per_layer, layer_class::single_linear,
    layer_class::low_rank_linear, layer_class::routed_alone, layer_class::sliding_latent_attention, layer_class::sparse_grouped_query,
    layer_class::time_mix_7, layer_class::experts_of_attention, layer_class::convolved_grouped_query, layer_class::filter,
    layer_class::vectors, layer_class::prediction, layer_class::unreached,
    layer_class::router_of_experts>;

}  // namespace costexpr
