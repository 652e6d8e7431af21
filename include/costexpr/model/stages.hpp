// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/model/checkpoint.hpp>
#include <costexpr/model/family.hpp>

#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>

namespace costexpr {

/// The decoder layers of one pipeline stage, [begin, end).
struct stage_layers {
    count begin = 0;
    count end = 0;

    friend constexpr bool operator==(stage_layers const&, stage_layers const&) = default;
};

/// Deals the layers of a model to stages in order, as frameworks do. What remains of layers / pp goes one by one to
///   TensorRT-LLM  the first stages (mapping.py, pp_layers: torch.tensor_split)
///   vLLM          the last stages but one, backwards, as the last holds the head (distributed/utils.py, get_pp_indices)
///   SGLang        the last stages (srt/distributed/utils.py, get_pp_indices)
/// 62 layers on 4 stages: 16, 16, 15, 15; 15, 16, 16, 15; 15, 15, 16, 16.
[[nodiscard]] constexpr stage_layers layers_of_stage(count layers, count pp, count stage, framework f) {
    count const each = layers / pp;
    count const rest = layers % pp;
    count const skipped = f == framework::trtllm ? 0 : f == framework::vllm ? pp - 1 - rest : pp - rest;  // stages in front of those with one more
    auto const begin = [&](count s) { return s * each + min(max(s - skipped, count{0}), rest); };
    return {begin(stage), begin(stage + 1)};
}

/// In which decoder layers the blocks of one entry of a composition stand: at single layers, `each` times in every one of them, spread
/// evenly where nothing says where, and in front of or behind all layers.
struct run_place {
    std::array<std::uint64_t, largest_layers / 64> at{};
    count each = 0;
    count spread = 0;
    count front = 0;
    count back = 0;
    count times = 0;  ///< all of them

    [[nodiscard]] constexpr count single(stage_layers const& s) const {
        count n = 0;
        for (count i = s.begin; i < s.end;) {  // by words
            count const last = min((i / 64 + 1) * 64, s.end);
            std::uint64_t const word = at[static_cast<std::size_t>(i / 64)] >> (i % 64);
            n += std::popcount(last - i == 64 ? word : word & ((std::uint64_t{1} << (last - i)) - 1));
            i = last;
        }
        return n;
    }
    /// How many stand in a stage of a model of this many layers.
    [[nodiscard]] constexpr count in(stage_layers const& s, count layers) const {
        return single(s) + each * (s.end - s.begin) + (spread != 0 ? spread * s.end / layers - spread * s.begin / layers : 0) + (s.begin == 0 ? front : 0) +
               (s.end == layers ? back : 0);
    }
};

namespace detail {

/// What an entry of a composition is, by what its ops do and keep.
struct run_nature {
    bool edge_front = false;
    bool edge_back = false;
    bool mixes = false;
    bool attends = false;
    bool windowed = false;
    bool pools = false;
    bool indexes = false;
    bool recurrent = false;
    bool routes = false;
    bool network = false;

    template <op O>
    constexpr void look(O const& o) {
        if (!o.idle()) look(o.purpose(), cache_of(o));
    }
    COSTEXPR_ONCE constexpr void look(role part, cache const& c) {
        using enum role;
        edge_front = edge_front || part <= per_layer_embedding;
        edge_back = edge_back || (part >= head_projection && part <= logits_gather);
        mixes = mixes || (part >= qkv && part <= index_scores && part != hyper_connection);
        attends = attends || part == attention;
        indexes = indexes || part == index_projection || part == index_scores;
        routes = routes || part == role::experts;
        network = network || part == gate_up || part == down;
        recurrent = recurrent || c.holds == cache::kind::recurrent || c.holds == cache::kind::convolution;
        windowed = windowed || c.window != 0;
        pools = pools || c.every > 1;
    }
    /// Whether a layer of this kind holds it.
    [[nodiscard]] constexpr bool stands_in(layer_kind k) const {
        using enum layer_kind;
        if (routes) return k == moe;
        if (!mixes) return k == dense;
        if (recurrent) return k == linear || k == mamba || k == convolution || k == hybrid;
        if (!attends) return k == full;  // an indexer of its own
        if (pools) return k == (indexes ? compressed : pooled);
        if (windowed) return k == sliding || k == chunked;
        return k == full || k == hybrid;
    }
    /// Whether layers hold it at most once each, and which of them: blocks of one slot stand in different layers.
    [[nodiscard]] constexpr bool is_block() const { return routes || network || mixes; }
    [[nodiscard]] constexpr std::size_t slot() const { return routes ? 0 : !mixes ? 1 : recurrent ? 2 : attends ? 3 : 4; }
};

/// The kind of each decoder layer as the lists of a family say it: what mixes tokens, what follows, which layers have an indexer.
struct layer_lists {
    layer_blocks blocks{};
    pattern indexers{};
};
template <class F>
[[nodiscard]] COSTEXPR_ONCE constexpr layer_lists lists_of(F const& f) {
    layer_lists l{blocks_of(f), {}};
    if (l.blocks.mixers.empty()) {
        if constexpr (requires { f.attention.order; }) l.blocks.mixers = f.attention.order;
        if constexpr (requires { { f.order } -> std::convertible_to<pattern const&>; }) l.blocks.mixers = f.order;
        if constexpr (requires { f.delta.layers.contains(0); })  // counted from 1
            for (count i = 0; i != l.blocks.layers; ++i) l.blocks.mixers.push_back(f.delta.layers.contains(i + 1) ? layer_kind::linear : layer_kind::full);
    }
    if constexpr (requires { f.index.order; }) l.indexers = f.index.order;
    return l;
}

/// Where the `n` blocks of an entry stand among the layers, of which those of its slot may be taken.
COSTEXPR_ONCE constexpr run_place place_of(run_nature const& is, count n, count layers, layer_lists const& lists, std::array<bool, largest_layers>& taken) {
    run_place p{.times = n};
    count const rest = n % layers;
    if (!is.is_block()) {  // norms and the like: in every layer, and once more at an end
        p.each = n / layers;
        (is.edge_front && !is.edge_back && p.each == 0 ? p.front : p.back) = rest;
        return p;
    }
    if (rest == 0) {
        p.each = n / layers;
        return p;
    }
    if (is.slot() == 4 && !is.indexes) {  // blocks between layers (cross-attention)
        p.spread = n;
        return p;
    }
    pattern const& kinds = is.slot() == 4 ? lists.indexers : is.mixes || lists.blocks.networks.empty() ? lists.blocks.mixers : lists.blocks.networks;
    bool listed = false;  // a list that knows nothing of this slot leaves it open
    for (count i = 0; i < kinds.size(); ++i) listed = listed || is.stands_in(kinds[i]);
    count left = layers <= largest_layers ? n : 0;
    for (count i = 0; i < min(layers, largest_layers) && left > 0; ++i) {
        bool& there = taken[static_cast<std::size_t>(i)];
        if (there || (listed && i < kinds.size() && !is.stands_in(kinds[i]))) continue;
        there = true;
        p.at[static_cast<std::size_t>(i / 64)] |= std::uint64_t{1} << (i % 64);
        --left;
    }
    p.spread = layers <= largest_layers ? left : n;
    return p;
}

}  // namespace detail

/// Where every entry of a composition stands. Families say the kinds of their layers in lists; entries that those leave open share the
/// layers in the order of the composition, and what stands once belongs in front of or behind all layers.
template <std::size_t Runs>
class stage_plan {
  public:
    constexpr stage_plan() = default;
    template <composition M>
    constexpr stage_plan(M const& m, framework f) {
        std::array<detail::run_nature, Runs> natures{};
        std::size_t index = 0;
        for_each_layer(m.layers(), [&](auto const& r) {
            places_[index].times = r.times;
            for_each_op(r.layer.ops(deployment{}), [&](auto const& o) { natures[index].look(o); });
            ++index;
        });
        place(detail::lists_of(m), natures, f);
    }

    [[nodiscard]] constexpr count layers() const { return layers_; }
    [[nodiscard]] constexpr stage_layers stage(count pp, count s) const { return layers_of_stage(layers_, pp, s, framework_); }
    [[nodiscard]] constexpr run_place const& operator[](count run) const { return places_[static_cast<std::size_t>(run)]; }
    /// Says how often an entry runs, before it is placed.
    constexpr void set_times(count run, count times) { places_[static_cast<std::size_t>(run)].times = times; }
    /// Places the entries, of which `natures` says what they are.
    COSTEXPR_ONCE constexpr void place(detail::layer_lists const& lists, std::array<detail::run_nature, Runs> const& natures, framework f) {
        framework_ = f;
        layers_ = lists.blocks.layers;
        if (layers_ == 0) {  // a composition without lists: as many layers as keep state, or as its longest run
            count mixers = 0;
            layers_ = 1;
            for (std::size_t i = 0; i != Runs; ++i) {
                if (natures[i].attends || natures[i].recurrent) mixers += places_[i].times;
                layers_ = max(layers_, places_[i].times);
            }
            if (mixers != 0) layers_ = mixers;
        }
        std::array<std::array<bool, largest_layers>, 5> taken{};
        for (std::size_t i = 0; i != Runs; ++i)
            if (places_[i].times != 0) places_[i] = detail::place_of(natures[i], places_[i].times, layers_, lists, taken[natures[i].slot()]);
    }
    /// How many blocks of an entry stand in a stage.
    [[nodiscard]] constexpr count times(count run, stage_layers const& s) const { return (*this)[run].in(s, layers_); }

  private:
    count layers_ = 0;
    framework framework_ = framework::trtllm;
    std::array<run_place, Runs> places_{};
};

/// The plan of a model in one piece.
template <std::size_t Runs>
inline constexpr stage_plan<Runs> no_stages{};

}  // namespace costexpr
