// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/cost/calibration.hpp>
#include <costexpr/cost/roofline.hpp>
#include <costexpr/op/attention.hpp>
#include <costexpr/op/collective.hpp>
#include <costexpr/op/compressed.hpp>
#include <costexpr/op/encoder_attention.hpp>
#include <costexpr/op/gemm.hpp>
#include <costexpr/op/mla.hpp>
#include <costexpr/op/moe.hpp>
#include <costexpr/op/norm.hpp>
#include <costexpr/op/recurrent.hpp>
#include <costexpr/op/streams.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

namespace costexpr {

namespace detail {

/// Of a list of slices the entries of each dtype, as a range in which others may stand too; a dtype without entries takes those of the one that is
/// closest in what it reads and how it multiplies.
struct slice_table {
    struct range {
        std::uint8_t begin = 0;
        std::uint8_t end = 0;
        dtype its = dtype::bf16;
        bool borrowed = false;
    };
    std::array<range, dtype_table.size()> of{};

    [[nodiscard]] constexpr range const& operator[](dtype d) const { return of[static_cast<std::size_t>(d)]; }

    /// How far the constants of one dtype are from another's: by the class of arithmetic, then by the bytes of weights and activations.
    [[nodiscard]] static constexpr double distance(dtype a, dtype b) {
        auto const gap = [](double x, double y) { return x < y ? y / x - 1 : x / y - 1; };
        return (math_of(a) == math_of(b) ? 0.0 : 4.0) + gap(weight_width(a), weight_width(b)) + gap(activation_width(a), activation_width(b));
    }
    template <class List>
    static constexpr slice_table over(List const& list) {
        slice_table t{};
        for (std::size_t i = 0; i != list.size(); ++i) {
            range& r = t.of[static_cast<std::size_t>(list[i].weights)];
            if (r.end == 0) r.begin = static_cast<std::uint8_t>(i);
            r.end = static_cast<std::uint8_t>(i + 1);
            r.its = list[i].weights;
        }
        slice_table const known = t;
        for (std::size_t d = 0; d != dtype_table.size(); ++d) {
            if (known.of[d].end != 0) continue;
            double nearest = 1e9;
            for (std::size_t e = 0; e != dtype_table.size(); ++e) {
                if (known.of[e].end == 0) continue;
                double const far = distance(static_cast<dtype>(d), static_cast<dtype>(e));
                if (far < nearest) nearest = far, t.of[d] = {known.of[e].begin, known.of[e].end, known.of[e].its, true};
            }
        }
        return t;
    }
};

/// The first entry of a list with the highest score, of which `most` is the highest possible and one below 0 rules an entry out; nullptr where none is left.
template <class List, class Score>
[[nodiscard]] COSTEXPR_INLINE constexpr auto closest(List const& list, int most, Score const& score) -> typename List::value_type const* {
    typename List::value_type const* best = nullptr;
    int highest = -1;
    for (auto const& one : list) {
        int const s = score(one);
        if (s <= highest) continue;
        highest = s;
        best = &one;
        if (s == most) break;
    }
    return best;
}

/// How well a slice of attention is for a shape: by the heads it was measured with, the cache's dtype, that of the arithmetic (where that tells
/// slices apart), and the window.
[[nodiscard]] COSTEXPR_INLINE constexpr int likeness(forms::attention_slice const& its, attention_shape const& s, bool windowed, bool by_arithmetic) {
    if (!its.suits(s) && its.head_dim != 0) return -1;
    return (its.suits(s) ? 16 : 0) + (its.cached == s.cached ? 8 : weight_width(its.cached) == weight_width(s.cached) ? 4 : 0) +
           (!by_arithmetic || its.arithmetic == s.arithmetic ? 2 : 0) + (its.windowed == windowed ? 1 : 0);
}
inline constexpr int most_likeness = 27;

}  // namespace detail

/// Prices every op by the closed form of its kernel, with constants fitted to measurements of the system under a framework
/// (systems/<gpu>.<framework>.json). An op without a form, a user's own among them, takes the roofline at the typical efficiencies of the system.
/// A dtype without a fit takes the constants of the closest one. Seconds are those of the device: what the host adds is the framework's profile.
/// The constants must outlive the pricing.
template <class T = double>
struct calibrated {
    using number = T;
    static constexpr provenance founded = provenance::calibrated;

    roofline_with_latency<T> limits{};
    forms::device_rates<T> device{};
    calibration const* constants = nullptr;
    using by_phase = std::array<forms::recurrent_form const*, 2>;
    by_phase convolutions{};
    std::array<by_phase, 4> recurrences{};  ///< by recurrence::update
    std::array<forms::pass_form const*, role_count> passes{};  ///< by role
    std::array<forms::pass_form const*, 2> streams{};          ///< before a block and behind it
    detail::slice_table gemms{};
    detail::slice_table mixtures{};
    detail::slice_table absorbed_products{};
    using links = std::array<forms::collective_form const*, 6>;    ///< by pattern
    links own_links{};      ///< the framework's kernels
    links library_links{};  ///< those of the collective library

    constexpr calibrated() = default;
    constexpr calibrated(system_spec const&, calibration&&) = delete;  // would not outlive the pricing
    constexpr calibrated(system_spec const& s, calibration const& c) : limits(s), constants(&c) {
        device.seconds_per_flop = limits.seconds_per_flop;
        device.seconds_per_byte = limits.seconds_per_byte;
        device.seconds_per_node_byte = limits.seconds_per_wire_byte[0];
        device.multiprocessors = c.multiprocessors;
        gemms = detail::slice_table::over(c.gemm);
        mixtures = detail::slice_table::over(c.moe);
        absorbed_products = detail::slice_table::over(c.mla_bmm);
        auto const resolve = [&](auto const& list, links& into) {
            auto const put = [&](forms::collective_form const& f, collective::pattern p, std::string_view name) {
                if (f.pattern.view() == name && into[static_cast<std::size_t>(p)] == nullptr) into[static_cast<std::size_t>(p)] = &f;
            };
            for (auto const& f : list) {
                put(f, collective::pattern::all_reduce, "all_reduce");
                put(f, collective::pattern::all_gather, "all_gather");
                put(f, collective::pattern::reduce_scatter, "reduce_scatter");
                put(f, collective::pattern::all_to_all, "all_to_all");
            }
        };
        for (phase p : {phase::prefill, phase::decode}) {
            auto const at = static_cast<std::size_t>(p);
            // all engines take one kernel for the short convolutions of every mixer
            for (auto const* list : {&c.kda, &c.gated_delta, &c.mamba2})
                if (auto const* f = recurrent(*list, "convolution", p)) convolutions[at] = f;
            recurrences[static_cast<std::size_t>(recurrence::update::state_space)][at] = recurrent(c.mamba2, "recurrence", p);
            recurrences[static_cast<std::size_t>(recurrence::update::gated_delta)][at] = recurrent(c.gated_delta, "recurrence", p);
            recurrences[static_cast<std::size_t>(recurrence::update::kimi_delta)][at] = recurrent(c.kda.empty() ? c.gated_delta : c.kda, "recurrence", p);
        }
        for (auto const& f : c.elementwise)
            for (std::size_t r = 0; r != role_count; ++r)
                if (f.part.view() == role_names[r] && passes[r] == nullptr) passes[r] = &f;
        for (auto const& f : c.hyper_connections)
            if (auto& its = streams[f.part.view() == "pre" ? 0 : 1]; its == nullptr) its = &f;
        resolve(c.all_reduce, own_links);
        resolve(c.collectives, library_links);
    }

    /// Seconds of a kernel, with how well its form met measurements; no error where it has no form. Extrapolated where it has none, or one that was
    /// fitted to another dtype.
    struct timing {
        T seconds{};
        forms::fit_error const* error = nullptr;
        provenance founded = provenance::calibrated;
        count steps = 0;  ///< from what was measured: of the ladder (fit_error::steps), and one where another dtype's constants stand in
    };
    template <class O>
    [[nodiscard]] COSTEXPR_INLINE constexpr timing timing_of(O const& o, work<T> const& w, load<T> const& l, phase p) const {
        if constexpr (asks_load_alone<O>)
            return of_load(o, l);
        else if constexpr (requires { of_op(o, w, l, p); })
            return of_op(o, w, l, p);
        else
            return unfitted(w);
    }
    template <class O>
    [[nodiscard]] COSTEXPR_INLINE constexpr T operator()(O const& o, work<T> const& w, load<T> const& l, phase p) const {
        return timing_of(o, w, l, p).seconds;
    }
    /// Ops whose forms ask for the load alone, so that nobody has to compute their work.
    template <class O>
    static constexpr bool asks_load_alone = std::is_same_v<O, gemm> || std::is_same_v<O, logits> || std::is_same_v<O, experts>;
    template <class O>
        requires(asks_load_alone<O>)
    [[nodiscard]] COSTEXPR_INLINE constexpr T operator()(O const& o, load<T> const& l) const {
        return of_load(o, l).seconds;
    }
    template <class O>
    [[nodiscard]] constexpr T operator()(O const&, work<T> const& w) const {
        return typical(w);
    }
    [[nodiscard]] constexpr bound bound_of(work<T> const& w) const { return limits.bound_of(w); }

  private:
    [[nodiscard]] COSTEXPR_COLD constexpr T typical(work<T> const& w) const {
        forms::typical_form const& f = constants->typical;
        T const busy = forms::smooth_max(limits.compute_seconds(w) * T(1 / f.compute), limits.memory_seconds(w) * T(1 / f.memory), 2);
        return busy + T(f.launch_us * 1e-6) + (w.wire_bytes > T(0) ? limits.wire_seconds(w) * T(1 / f.wire) : T(0));
    }
    [[nodiscard]] COSTEXPR_INLINE static constexpr timing away(T const& seconds, forms::fit_error const& e, count steps) {
        return {seconds, &e, steps != 0 ? provenance::extrapolated : provenance::calibrated, steps};
    }
    [[nodiscard]] COSTEXPR_INLINE static constexpr timing fitted(T const& seconds, forms::fit_error const& e) {
        return away(seconds, e, e.steps);
    }
    [[nodiscard]] constexpr timing unfitted(work<T> const& w) const { return {typical(w), nullptr, provenance::extrapolated}; }
    /// Bytes moved without arithmetic.
    [[nodiscard]] constexpr T pass(work<T> const& w) const {
        forms::typical_form const& f = constants->typical;
        return limits.memory_seconds(w) * T(1 / f.memory) + T(f.pass_us * 1e-6);
    }

    /// Seconds by a slice's constants, which may stand in for a dtype without a fit: widths and rate are then those of the dtype that is asked for.
    [[nodiscard]] COSTEXPR_INLINE static constexpr timing fitted(T const& seconds, forms::fit_error const& e, detail::slice_table::range const& r) {
        return away(seconds, e, e.steps + (r.borrowed ? 1 : 0));
    }
    static constexpr count not_taken = -1;
    /// Of the slices of a dtype the first that is taken for so many rows (or tokens): the kernel that the framework picks. `most` says up to how many
    /// rows one is; 0: any number. Where T is many numbers at once, each takes its own.
    template <class List, class Most, class F>
    [[nodiscard]] COSTEXPR_INLINE static constexpr timing picked(List const& list, detail::slice_table const& table, dtype weights, T const& rows, Most const& most, F const& seconds) {
        detail::slice_table::range const r = table[weights];
        timing t{};
        auto rest = !decltype(rows < rows){};  // those that have no kernel yet
        for (std::size_t i = r.begin; i != r.end; ++i) {
            auto const& f = list[i];
            count const limit = f.weights == r.its ? most(f) : not_taken;
            if (limit == not_taken) continue;
            auto const here = limit == 0 ? rest : rest && rows < T(static_cast<double>(limit) + 1);
            if (!any(here)) continue;
            timing const one = fitted(seconds(f), f.error, r);
            t = {select(here, one.seconds, t.seconds), one.error, max(t.founded, one.founded), max(t.steps, one.steps)};
            rest = rest && !here;
            if (!any(rest)) break;
        }
        return t;
    }
    [[nodiscard]] constexpr timing multiplied(dtype weights, T const& rows, count outer, count inner, count groups = 1) const {
        return picked(constants->gemm, gemms, weights, rows, [&](forms::gemm_form const& f) { return f.takes(outer, inner) ? f.most_rows : not_taken; },
                      [&](forms::gemm_form const& f) { return f.device_seconds(device, rows, static_cast<double>(outer), static_cast<double>(inner), weights, static_cast<double>(groups)); });
    }
    /// What a form says, else the typical efficiencies; the work is not needed where there is a form.
    [[nodiscard]] COSTEXPR_INLINE constexpr timing or_typical(timing const& t, work<T> const& w) const { return t.error != nullptr ? t : unfitted(w); }
    /// The same, of an op whose work is asked for only then.
    template <class O>
    [[nodiscard]] COSTEXPR_INLINE constexpr timing or_typical(timing const& t, O const& o, load<T> const& l) const { return t.error != nullptr ? t : unfitted(o(l)); }
    [[nodiscard]] COSTEXPR_INLINE constexpr timing of_load(gemm const& o, load<T> const& l) const {
        return or_typical(multiplied(o.weights, l.tokens, o.groups * o.outer, o.sum_length(), o.groups), o, l);
    }
    [[nodiscard]] COSTEXPR_INLINE constexpr timing of_load(logits const& o, load<T> const& l) const {
        return or_typical(multiplied(o.matrix.weights, l.rows, o.matrix.outer, o.matrix.inner), o, l);
    }
    [[nodiscard]] constexpr timing of_op(mla_up const& o, work<T> const& w, load<T> const& l, phase p) const {
        if (p == phase::prefill && !o.absorbs) return or_typical(multiplied(o.weights, l.context, o.outer(), o.latent), w);
        detail::slice_table::range const r = absorbed_products[o.weights];
        if (r.begin == r.end) return unfitted(w);
        forms::mla_bmm_form const& f = constants->mla_bmm[r.begin];
        double const h = static_cast<double>(o.heads);
        double const latent = static_cast<double>(o.latent);
        return fitted(f.seconds(device, l.tokens, h, latent, static_cast<double>(o.nope_dim), o.weights) +
                          f.seconds(device, l.tokens, h, static_cast<double>(o.v_head_dim), latent, o.weights),
                      f.error, r);
    }
    [[nodiscard]] constexpr timing of_op(elementwise const& o, work<T> const& w, load<T> const&, phase) const {
        if (auto const* f = passes[static_cast<std::size_t>(o.part)]) return fitted(f->seconds(device, w.memory_bytes()), f->error);
        return {pass(w)};
    }
    /// Both kernels were measured around the two blocks of a layer; one of the end of a model counts as half of the first.
    [[nodiscard]] constexpr timing of_op(stream_mixing const& o, work<T> const& w, load<T> const& l, phase) const {
        if (streams[0] == nullptr || streams[1] == nullptr) return unfitted(w);
        T const before = streams[0]->seconds(device, l.tokens * T(2 * (o.stream_bytes() + o.vector_bytes())));
        if (!o.writes) return fitted(before * T(0.5 * static_cast<double>(o.sites)), streams[0]->error);
        T const behind = streams[1]->seconds(device, l.tokens * T(2 * (2 * o.stream_bytes() + o.vector_bytes())));
        return fitted((before + behind) * T(0.5 * static_cast<double>(o.sites)), streams[0]->error);
    }
    [[nodiscard]] constexpr timing of_op(gather const&, work<T> const& w, load<T> const&, phase) const { return {pass(w)}; }

    [[nodiscard]] constexpr timing of_load(experts const& o, load<T> const& l) const {
        if (o.computed == 0) return {};
        T const tokens = l.tokens * T(static_cast<double>(o.sources));
        T const choices = tokens * T(o.computed * static_cast<double>(o.top_k));
        forms::moe_load<T> const m{tokens, choices, o.skew > 0 ? tokens * T(o.computed * o.choices) : choices * T(1 / static_cast<double>(o.ranks)), o.chosen_by(tokens)};
        return or_typical(picked(constants->moe, mixtures, o.weights, tokens, [&](forms::moe_form const& f) { return f.takes(o.matrices, o.bias, o.ranks) ? f.most(o.local) : not_taken; },
                                 [&](forms::moe_form const& f) {
                                     return f.seconds(device, m, static_cast<double>(o.local), static_cast<double>(o.hidden), static_cast<double>(o.inner),
                                                      static_cast<double>(o.matrices), o.weights);
                                 }),
                          o, l);
    }

    [[nodiscard]] constexpr timing of_op(mla_attention const& o, work<T> const& w, load<T> const& l, phase p) const {
        double const h = static_cast<double>(o.heads);
        if (p == phase::prefill) {
            if (auto const* f = fitting(constants->mla_prefill, o.arithmetic, o.cached))
                return fitted(f->seconds(device, l, h, static_cast<double>(o.nope_dim + o.rope_dim + o.v_head_dim)), f->error);
        } else if (auto const* f = fitting(constants->mla_decode, o.arithmetic, o.cached, o.heads)) {
            return fitted(f->seconds(device, l, h, static_cast<double>(o.latent), static_cast<double>(o.rope_dim)), f->error);
        }
        return unfitted(w);
    }

    [[nodiscard]] constexpr timing of_op(convolution const& o, work<T> const& w, load<T> const& l, phase p) const {
        forms::recurrent_form const* const f = convolutions[static_cast<std::size_t>(p)];
        if (f == nullptr) return unfitted(w);
        return fitted(f->seconds(device, l, o.token_bytes(), o.moved_state_bytes()), f->error);
    }
    [[nodiscard]] constexpr timing of_op(recurrence const& o, work<T> const& w, load<T> const& l, phase p) const {
        forms::recurrent_form const* const f = recurrences[static_cast<std::size_t>(o.rule)][static_cast<std::size_t>(p)];
        if (f == nullptr) return unfitted(w);
        return fitted(f->seconds(device, l, o.token_bytes(p), o.moved_state_bytes()), f->error);
    }
    template <class List>
    [[nodiscard]] static constexpr forms::recurrent_form const* recurrent(List const& list, std::string_view part, phase p) {
        for (auto const& f : list)
            if (f.part.view() == part && f.phase.view() == (p == phase::prefill ? "prefill" : "decode")) return &f;
        return nullptr;
    }

    [[nodiscard]] constexpr timing of_op(attention const& o, work<T> const& w, load<T> const& l, phase p) const { return attended(o.shape, false, w, l, l, p); }
    [[nodiscard]] constexpr timing of_op(windowed_attention const& o, work<T> const& w, load<T> const& l, phase p) const {
        auto const& by_index = p == phase::prefill ? constants->msa_prefill : constants->msa_decode;
        if (o.chosen && !by_index.empty())
            return chosen(by_index, o.shape.arithmetic, o.shape.cached, static_cast<double>(o.shape.heads), static_cast<double>(o.shape.head_dim + o.shape.v_head_dim),
                          static_cast<double>(o.shape.kv_heads * (o.shape.head_dim + o.shape.v_head_dim)), w, l);
        // pairs and keys inside the window
        double const per_head = static_cast<double>(o.shape.head_dim + o.shape.v_head_dim);
        load<T> seen = l;
        seen.pairs = w.flops * T(1 / (2 * static_cast<double>(o.shape.heads) * per_head));
        seen.context = w.state_bytes * T(1 / (static_cast<double>(o.shape.kv_heads) * per_head * weight_width(o.shape.cached)));
        return attended(o.shape, true, w, seen, l, p);
    }
    [[nodiscard]] constexpr timing attended(attention_shape const& s, bool windowed, work<T> const& w, load<T> const& l, load<T> const& whole, phase p) const {
        auto const priced = [&](auto const& list, T const& outside) -> timing {
            auto const score = [&](auto const& f) COSTEXPR_INLINE_LAMBDA { return detail::likeness(f.slice, s, windowed, p == phase::prefill); };
            auto const* const f = detail::closest(list, detail::most_likeness, score);
            if (f == nullptr) return unfitted(w);
            timing const t = fitted(f->seconds(device, l, s, outside), f->error);
            return score(*f) == detail::most_likeness ? t : away(t.seconds, *t.error, t.steps + 1);
        };
        return p == phase::prefill ? priced(constants->prefill_attention, whole.pairs) : priced(constants->decode_attention, whole.context);
    }

    [[nodiscard]] constexpr timing of_op(encoder_attention const& o, work<T> const& w, load<T> const& l, phase) const {
        // the entry for any head dimension stands first; some kernels are slow at one
        auto const* const f = detail::closest(constants->encoder_attention, 1, [&](auto const& one) { return one.slice.head_dim == o.head_dim ? 1 : 0; });
        if (f == nullptr) return unfitted(w);
        double const width = static_cast<double>(o.heads) * static_cast<double>(o.head_dim);
        T const rows = w.activation_bytes * T(1 / (8 * width));
        T const keys = w.flops * T(1 / (4 * width)) / rows;
        attention_shape const s{.heads = o.heads, .kv_heads = o.heads, .head_dim = o.head_dim, .v_head_dim = o.head_dim};
        return fitted(f->seconds(device, forms::encoder_load(l.sequences, rows, keys), s), f->error);
    }

    [[nodiscard]] constexpr timing of_op(sparse_mla_attention const& o, work<T> const& w, load<T> const& l, phase p) const {
        double const heads = static_cast<double>(o.dense.heads);
        double const products = static_cast<double>(2 * o.dense.latent + o.dense.rope_dim);
        return chosen(p == phase::prefill ? constants->dsa_prefill : constants->dsa_decode, o.dense.arithmetic, o.dense.cached, heads, products,
                      static_cast<double>(o.dense.latent + o.dense.rope_dim), w, l);
    }
    [[nodiscard]] constexpr timing of_op(compressed_attention const& o, work<T> const& w, load<T> const& l, phase p) const {
        double const dim = static_cast<double>(o.head_dim);
        return chosen(p == phase::prefill ? constants->compressed_prefill : constants->compressed_decode, o.arithmetic, o.cached, static_cast<double>(o.heads), 2 * dim, dim, w, l);
    }
    /// Attention over keys that were chosen or compressed: `products` multiplications per head and pair.
    template <class List>
    [[nodiscard]] constexpr timing chosen(List const& list, dtype arithmetic, dtype cached, double heads, double products, double key_elements, work<T> const& w, load<T> const& l) const {
        auto const* const f = fitting(list, arithmetic, cached, static_cast<count>(heads));
        if (f == nullptr) return unfitted(w);
        return fitted(f->attention_seconds(device, w.flops * T(1 / (2 * heads * products)), l.tokens, heads, products, key_elements), f->error);
    }
    [[nodiscard]] constexpr timing of_op(index_scores const& o, work<T> const& w, load<T> const& l, phase p) const {
        auto const& own = p == phase::prefill ? constants->dsa_prefill : constants->dsa_decode;
        auto const& compressed = p == phase::prefill ? constants->compressed_prefill : constants->compressed_decode;
        auto const* const f = fitting(o.ratio != 0 && !compressed.empty() ? compressed : own, dtype::fp8, dtype::fp8);
        if (f == nullptr) return unfitted(w);
        load<T> seen = l;
        seen.pairs = w.flops * T(1 / (2 * static_cast<double>(o.heads) * static_cast<double>(o.dim)));
        if (o.ratio != 0) seen.context = l.context * T(1 / static_cast<double>(o.ratio));
        return fitted(f->index_seconds(device, seen, static_cast<double>(o.heads), static_cast<double>(o.dim)), f->error);
    }

    [[nodiscard]] constexpr timing of_op(collective const& o, work<T> const& w, load<T> const& l, phase) const {
        if (o.shape == collective::pattern::all_to_all && !constants->moe_exchange.empty()) return exchanged(o, w, l);
        if (w.span > limits.node_devices && w.span > limits.rack_devices) return unfitted(w);
        // a reduce-scatter and, behind a norm, an all-gather: half of the bytes each
        if (o.shape == collective::pattern::halves) {
            timing const first = linked(collective::pattern::reduce_scatter, w.wire_bytes * T(0.5), o.devices);
            timing const second = linked(collective::pattern::all_gather, w.wire_bytes * T(0.5), o.devices);
            if (first.error == nullptr || second.error == nullptr) return unfitted(w);
            return {first.seconds + second.seconds, first.error, max(first.founded, second.founded), max(first.steps, second.steps)};
        }
        return or_typical(linked(o.shape, w.wire_bytes, o.devices), w);
    }

    /// The faster of two kernels, of which the first may not be there.
    [[nodiscard]] COSTEXPR_INLINE static constexpr timing faster(timing const& a, timing const& b) {
        if (a.error == nullptr) return b;
        bool const second(b.seconds < a.seconds);
        return {min(a.seconds, b.seconds), second ? b.error : a.error, second ? b.founded : a.founded, second ? b.steps : a.steps};
    }
    /// Communication inside one switch: a framework takes the faster of its own kernel and the library's.
    [[nodiscard]] constexpr timing linked(collective::pattern p, T const& wire_bytes, count devices) const {
        timing best{};
        for (forms::collective_form const* f : {own_links[static_cast<std::size_t>(p)], library_links[static_cast<std::size_t>(p)]}) {
            if (f == nullptr) continue;
            T const t = f->seconds(device, wire_bytes, static_cast<double>(devices));
            best = faster(best, fitted(t, f->error));
        }
        return best;
    }

    /// One direction of a mixture's all-to-all, by the fastest of the framework's backends.
    [[nodiscard]] constexpr timing exchanged(collective const& o, work<T> const& w, load<T> const& l) const {
        timing best{};
        for (forms::exchange_form const& f : constants->moe_exchange) {
            if (f.phase.view() != (o.part == role::dispatch ? "dispatch" : "combine")) continue;
            T const t = f.seconds(device, l.tokens, 1, o.bytes_per_token() / activation_width(f.element));
            best = faster(best, fitted(t, f.error));
        }
        return or_typical(best, w);
    }

    /// The entry for a dtype of arithmetic and one of the cache, else one that shares the cache's, else the first; of those for these heads where
    /// kernels differ by them.
    template <class List>
    [[nodiscard]] static constexpr auto fitting(List const& list, dtype arithmetic, dtype cached, [[maybe_unused]] count heads = 0) -> typename List::value_type const* {
        return detail::closest(list, 7, [&](auto const& f) {
            bool suits = true;
            if constexpr (requires { f.suits(heads); }) suits = f.suits(heads);
            return (suits ? 4 : 0) + (f.cache == cached ? 2 : 0) + (f.arithmetic == arithmetic ? 1 : 0);
        });
    }
};

}  // namespace costexpr
