// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/core/number.hpp>
#include <costexpr/cost/evaluate.hpp>
#include <costexpr/cost/measurements.hpp>
#include <costexpr/cost/pricing.hpp>
#include <costexpr/cost/roofline.hpp>
#include <costexpr/op/attention.hpp>
#include <costexpr/op/collective.hpp>
#include <costexpr/op/compressed.hpp>
#include <costexpr/op/embedding.hpp>
#include <costexpr/op/encoder_attention.hpp>
#include <costexpr/op/gemm.hpp>
#include <costexpr/op/mla.hpp>
#include <costexpr/op/moe.hpp>
#include <costexpr/op/norm.hpp>
#include <costexpr/op/recurrent.hpp>

#include <array>
#include <concepts>
#include <cstddef>
#include <span>

namespace costexpr {

namespace detail {

template <class T>
using axis_values = std::array<T, most_axes>;

/// A kernel as the table of measured ops sees it, and its work at other values of the axes.
template <class T, class F>
struct measured_kernel {
    table_point site{};  ///< its op, dtype and key
    axis_values<T> axes{};
    F work_at;
    bool covered = true;  ///< whether a row of the table can say what it is
    bool uneven = false;  ///< whether it sees sequences of different lengths, which the axes know by their mean alone
    T times = T(1);       ///< kernels of this shape that follow each other
};
template <class T, class F>
constexpr measured_kernel<T, F> kernel_as(measured_op op, dtype type, std::array<count, most_key_dimensions> const& key, axis_values<T> const& axes, F const& work_at, bool covered = true) {
    return {.site = {.op = op, .type = shape_of(op).has_dtype ? type : dtype::bf16, .key = key}, .axes = axes, .work_at = work_at, .covered = covered};
}

[[nodiscard]] constexpr count unless_same(count value, count other) { return value == other ? 0 : value; }
[[nodiscard]] constexpr count number_of(dtype d) { return static_cast<count>(d); }
[[nodiscard]] constexpr measured_op by_phase(phase p, measured_op prefill, measured_op decode) { return p == phase::prefill ? prefill : decode; }

template <class T, class O>
constexpr work<T> work_on(O const& o, basic_group<T> const& g) {
    if constexpr (op_on_groups<O>)
        return o(g);
    else
        return o(moments<T>(g), g.phase);
}
/// The work of more or fewer heads; `state` is whether the cache grows with them.
template <class T>
constexpr work<T> for_heads(work<T> w, T const& ratio, bool state) {
    w.flops = w.flops * ratio;
    w.weight_bytes = w.weight_bytes * ratio;
    w.activation_bytes = w.activation_bytes * ratio;
    if (state) w.state_bytes = w.state_bytes * ratio;
    return w;
}
/// Equal sequences with the moments of a load, as the axes heads, new, past, batch or (`by_context`) heads, new, batch, context.
template <class T>
constexpr axis_values<T> sequence_axes(count heads, load<T> const& l, bool by_context) {
    T const each = l.tokens / l.sequences;
    T const seen = l.context / l.sequences;
    T const h = T(static_cast<double>(heads));
    return by_context ? axis_values<T>{h, each, l.sequences, seen} : axis_values<T>{h, each, seen - each, l.sequences};
}
template <class T>
constexpr basic_group<T> group_at(axis_values<T> const& a, bool by_context, phase p) {
    if (by_context) return {a[2], a[1], max(a[3] - a[1], T(0)), p};
    return {a[3], a[1], a[2], p};
}
/// Attention as one of its context-parallel ranks runs it: an ordinary kernel on the rank's load.
template <class O>
constexpr O on_one_rank(O o) {
    if constexpr (requires { o.shape.ranks; })
        o.shape.ranks = 1;
    else if constexpr (requires { o.dense.ranks; })
        o.dense.ranks = 1;
    else
        o.ranks = 1;
    return o;
}
/// Attention of any kind, on the axes of its phase.
template <class T, class O>
constexpr auto attention_as(O const& whole, measured_op op, dtype type, std::array<count, most_key_dimensions> const& key, count heads, bool caches_by_head, load<T> const& l, phase p,
                            bool by_context, bool covered = true) {
    auto k = kernel_as<T>(
        op, type, key, sequence_axes(heads, l, by_context),
        [o = on_one_rank(whole), p, by_context, heads, caches_by_head](axis_values<T> const& a) {
            return for_heads(work_on(o, group_at(a, by_context, p)), a[0] / T(static_cast<double>(heads)), caches_by_head);
        },
        covered);
    k.uneven = true;
    return k;
}

// What each op is to the table. Overloads and not members: an op says what it does, whatever prices it.

template <class T>
constexpr auto gemm_as(gemm const& o, T const& rows) {
    return kernel_as<T>(measured_op::gemm, o.weights, {o.groups * o.outer, o.sum_length()}, {rows}, [&o](axis_values<T> const& a) { return o.on(a[0]); });
}
template <class T>
constexpr auto measured_as(gemm const& o, work<T> const&, load<T> const& l, phase) {
    return gemm_as<T>(o, l.tokens);
}
template <class T>
constexpr auto measured_as(logits const& o, work<T> const&, load<T> const& l, phase) {
    return gemm_as<T>(o.matrix, l.rows);
}
template <class T>
constexpr auto measured_as(encoder_gemm const& o, work<T> const&, load<T> const& l, phase) {
    return gemm_as<T>(o.matrix, o.rows.of(l.sequences, l.tokens));
}
template <class T>
constexpr auto measured_as(mla_up const& o, work<T> const&, load<T> const& l, phase p) {
    bool const expands = p == phase::prefill && !o.absorbs;
    T const heads = T(static_cast<double>(o.heads));
    auto const work_at = [&o, p, expands, heads](axis_values<T> const& a) {
        return expands ? o(load<T>{.context = a[0]}, p) : for_heads(o(load<T>{.tokens = a[1]}, p), a[0] / heads, false);
    };
    if (expands) return kernel_as<T>(measured_op::gemm, o.weights, {o.outer(), o.latent}, {l.context}, work_at);
    return kernel_as<T>(measured_op::mla_absorbed, o.weights, {o.nope_dim, o.v_head_dim, o.latent}, {heads, l.tokens}, work_at);
}

template <class T, class O>
constexpr auto grouped_attention_as(O const& o, count window, load<T> const& l, phase p, bool covered) {
    attention_shape const& s = o.shape;
    count const groups = unless_same(s.kv_heads, s.heads);
    return attention_as<T>(o, by_phase(p, measured_op::prefill_attention, measured_op::decode_attention), s.arithmetic,
                           {groups, s.head_dim, unless_same(s.v_head_dim, s.head_dim), window, number_of(s.cached)}, s.heads, groups == 0, l, p, p == phase::decode, covered);
}
template <class T>
constexpr auto measured_as(attention const& o, work<T> const&, load<T> const& l, phase p) {
    return grouped_attention_as<T>(o, 0, l, p, true);
}
template <class T>
constexpr auto measured_as(windowed_attention const& o, work<T> const&, load<T> const& l, phase p) {
    return grouped_attention_as<T>(o, o.window, l, p, !o.chunked && !o.chosen);
}
template <class T>
constexpr auto measured_as(encoder_attention const& o, work<T> const&, load<T> const& l, phase p) {
    T const heads = T(static_cast<double>(o.heads));
    auto k = kernel_as<T>(
        measured_op::encoder_attention, dtype::bf16, {o.head_dim, o.window}, {heads, l.tokens / l.sequences, l.sequences},
        [&o, p, heads](axis_values<T> const& a) { return for_heads(o(basic_group<T>{a[2], a[1], T(0), p}), a[0] / heads, false); }, o.queries.fixed == 0 && o.queries.per == o.queries.fan);
    k.uneven = true;
    return k;
}
template <class T>
constexpr auto measured_as(mla_attention const& o, work<T> const&, load<T> const& l, phase p) {
    std::array<count, most_key_dimensions> const key = p == phase::prefill ? std::array<count, most_key_dimensions>{o.nope_dim, o.rope_dim, o.v_head_dim, o.latent, number_of(o.cached)}
                                                                           : std::array<count, most_key_dimensions>{o.latent, o.rope_dim, number_of(o.cached)};
    return attention_as<T>(o, by_phase(p, measured_op::mla_prefill, measured_op::mla_decode), o.arithmetic, key, o.heads, false, l, p, p == phase::decode);
}
template <class T>
constexpr auto measured_as(sparse_mla_attention const& o, work<T> const&, load<T> const& l, phase p) {
    mla_attention const& d = o.dense;
    return attention_as<T>(o, by_phase(p, measured_op::sparse_mla_prefill, measured_op::sparse_mla_decode), d.arithmetic, {d.latent, d.rope_dim, o.top_k, number_of(d.cached)}, d.heads,
                           false, l, p, p == phase::decode, !o.slides);
}
template <class T>
constexpr auto measured_as(index_scores const& o, work<T> const&, load<T> const& l, phase p) {
    return attention_as<T>(o, measured_op::index_scores, dtype::bf16, {o.dim, o.ratio}, o.heads, false, l, p, false);
}
template <class T>
constexpr auto measured_as(compressed_attention const& o, work<T> const&, load<T> const& l, phase p) {
    return attention_as<T>(o, by_phase(p, measured_op::compressed_prefill, measured_op::compressed_decode), o.arithmetic, {o.head_dim, o.window, o.ratio, o.top_k, number_of(o.cached)},
                           o.heads, false, l, p, p == phase::decode);
}

template <class T>
constexpr auto measured_as(experts const& o, work<T> const&, load<T> const& l, phase) {
    T const each = T(static_cast<double>(o.sources) * o.computed);
    return kernel_as<T>(
        measured_op::moe, o.weights, {o.hidden, o.inner, o.all, o.top_k, o.ranks, o.matrices}, {l.tokens * each},
        [&o, each](axis_values<T> const& a) { return o(load<T>{.tokens = a[0] / each}); }, o.computed > 0);
}
[[nodiscard]] constexpr measured_op measured_pattern(collective::pattern p) {
    switch (p) {
        case collective::pattern::all_gather: return measured_op::all_gather;
        case collective::pattern::reduce_scatter: return measured_op::reduce_scatter;
        case collective::pattern::all_to_all: return measured_op::all_to_all;
        case collective::pattern::point_to_point: return measured_op::point_to_point;
        case collective::pattern::all_reduce:
        case collective::pattern::halves: break;
    }
    return measured_op::all_reduce;
}
template <class T>
constexpr auto measured_as(collective const& o, work<T> const& w, load<T> const& l, phase) {
    T const bytes = (o.on_rows ? l.rows : l.tokens) * T(2 * o.width);
    T const hops = T(static_cast<double>(o.shape == collective::pattern::point_to_point ? o.hops : 1));
    auto k = kernel_as<T>(
        measured_pattern(o.shape), dtype::bf16, {o.devices, o.span == 0 ? 0 : unless_same(o.span, o.devices)}, {bytes},
        [&w, bytes, hops](axis_values<T> const& a) {
            work<T> at = w;
            at.wire_bytes = w.wire_bytes * (a[0] / (bytes * hops));
            return at;
        },
        bytes > T(0) && o.shape != collective::pattern::halves);  // two kernels with work between them
    k.times = hops;
    return k;
}
/// A pass over memory is its bytes, whatever it does to them.
template <class T>
constexpr auto pass_as(work<T> const& w) {
    return kernel_as<T>(measured_op::elementwise, dtype::bf16, {}, {w.memory_bytes()}, [](axis_values<T> const& a) { return work<T>{.activation_bytes = a[0]}; });
}
template <class T>
constexpr auto measured_as(elementwise const&, work<T> const& w, load<T> const&, phase) {
    return pass_as(w);
}
template <class T>
constexpr auto measured_as(gather const&, work<T> const& w, load<T> const&, phase) {
    return pass_as(w);
}
template <class T>
constexpr auto measured_as(compressed_cache const&, work<T> const& w, load<T> const&, phase) {
    return pass_as(w);
}
template <class T>
constexpr auto measured_as(convolution const& o, work<T> const&, load<T> const& l, phase) {
    return kernel_as<T>(measured_op::convolution, dtype::bf16, {o.channels, o.kernel}, {l.tokens, l.sequences},
                        [&o](axis_values<T> const& a) { return o(load<T>{.sequences = a[1], .tokens = a[0]}); });
}
template <class T>
constexpr auto measured_as(recurrence const& o, work<T> const&, load<T> const& l, phase p) {
    using update = recurrence::update;
    using enum measured_op;
    measured_op const op = o.rule == update::state_space   ? by_phase(p, mamba2_prefill, mamba2_decode)
                           : o.rule == update::gated_delta ? by_phase(p, gated_delta_prefill, gated_delta_decode)
                                                           : by_phase(p, kda_prefill, kda_decode);
    return kernel_as<T>(
        op, dtype::bf16, {o.elements, number_of(o.kept)}, {l.tokens / l.sequences, l.sequences},
        [&o, p](axis_values<T> const& a) { return o(load<T>{.sequences = a[1], .tokens = a[0] * a[1]}, p); }, o.rule != update::other);
}

/// Seconds between measured points; `inside` where points bracket them on every axis.
template <class T>
struct interpolated {
    T seconds{};
    bool inside = true;
};

/// Seconds of launch and roofline at values of the axes. Virtual, so that the search among points is compiled once and not for every op.
template <class T>
struct least_seconds {
    [[nodiscard]] constexpr virtual T operator()(axis_values<T> const& at) const = 0;

  protected:
    ~least_seconds() = default;
};
template <class T, class F>
struct least_seconds_by final : least_seconds<T> {
    F const& f;

    constexpr explicit least_seconds_by(F const& call) : f(call) {}
    [[nodiscard]] constexpr T operator()(axis_values<T> const& at) const override { return f(at); }
};

/// Interpolates among the points of a site, axis by axis, the first one outermost.
template <class T>
struct interpolation {
    measured_shape const& shape;
    least_seconds<T> const& limit;

    /// Of seconds with an axis at a point's value those at the value asked for, at the utilisation of that point.
    [[nodiscard]] constexpr T held(T const& seconds, axis_values<T> const& at, std::size_t axis, count value) const {
        axis_values<T> there = at;
        there[axis] = T(static_cast<double>(value));
        T const least = limit(there);
        return least > T(0) ? seconds * (limit(at) / least) : seconds;
    }
    [[nodiscard]] constexpr interpolated<T> operator()(std::span<table_point const> points, axis_values<T> const& at, std::size_t axis = 0) const {
        if (axis == shape.axis_count()) return {T(points.front().seconds)};
        T const wanted = at[axis];
        auto const value = [axis](table_point const& p) { return T(static_cast<double>(p.axes[axis])); };
        // Points of one value are a run; on the last axis every point is one, and looking for its ends would only take time.
        bool const last = std::same_as<T, double> && axis + 1 == shape.axis_count();
        auto const behind = [&](std::size_t first) {
            return last ? first + 1 : first + first_behind(points.subspan(first), [&](table_point const& p) { return p.axes[axis] == points[first].axes[axis]; });
        };
        auto const run = [&](std::size_t first, std::size_t end) {
            axis_values<T> there = at;
            there[axis] = value(points[first]);
            return (*this)(points.subspan(first, end - first), there, axis + 1);
        };
        auto const run_before = [&](std::size_t end) {
            count const v = points[end - 1].axes[axis];
            return run(last ? end - 1 : first_behind(points, [&](table_point const& p) { return p.axes[axis] < v; }), end);
        };
        auto const between = [&](interpolated<T> const& a, count low, interpolated<T> const& b, count high) -> interpolated<T> {
            T const share = (wanted - T(static_cast<double>(low))) * T(1 / static_cast<double>(high - low));
            if (!shape.axes[axis].bends) return {a.seconds + share * (b.seconds - a.seconds), a.inside && b.inside};
            // (ra + share (rb - ra))^2, written so that no share is exactly a
            T const root = square_root(a.seconds);
            T const step = share * (square_root(b.seconds) - root);
            return {a.seconds + step * (T(2) * root + step), a.inside && b.inside};
        };
        std::size_t const found = first_behind(points, [&](table_point const& p) { return value(p) < wanted; });
        if (found != points.size() && !(wanted < value(points[found]))) {
            std::size_t const next = behind(found);
            count const here = points[found].axes[axis];
            interpolated<T> const hit = run(found, next);
            if (!hit.inside && found != 0 && next != points.size()) {
                // its own points do not reach as far as the others; where those on both sides do, they know more
                interpolated<T> const a = run_before(found);
                interpolated<T> const b = run(next, behind(next));
                if (a.inside && b.inside) return between(a, points[found - 1].axes[axis], b, points[next].axes[axis]);
            }
            if constexpr (!std::same_as<T, double>) {
                // a number with derivatives takes the slope towards the next point, and the roofline's behind the last one
                if (hit.inside && next != points.size())
                    if (interpolated<T> const b = run(next, behind(next)); b.inside) return between(hit, here, b, points[next].axes[axis]);
                return {held(hit.seconds, at, axis, here), hit.inside};
            }
            return hit;
        }
        if (found == 0) return {held(run(0, behind(0)).seconds, at, axis, points[0].axes[axis]), false};
        count const low = points[found - 1].axes[axis];
        interpolated<T> const a = run_before(found);
        if (found == points.size()) return {held(a.seconds, at, axis, low), false};
        count const high = points[found].axes[axis];
        interpolated<T> const b = run(found, behind(found));
        if (a.inside && !b.inside) return {held(a.seconds, at, axis, low), false};
        if (!a.inside && b.inside) return {held(b.seconds, at, axis, high), false};
        return between(a, low, b, high);
    }
};

}  // namespace detail

/// Prices ops by measured times of their kernels, and what was not measured by another pricing.
///   a measured point              its time
///   between points                a linear blend, axis by axis; of square roots along the new tokens of prompts, in which attention is quadratic
///   beyond the outermost points   the time of the last one times the ratio of (launch + roofline) of both works: its utilisation is kept
///   points on one side alone      the same from that side, where the other side's points do not reach as far
///   no point of that key          the fallback's time
/// Sequences of different lengths are priced at their mean, times the same ratio of what they do and what equal ones would.
/// Points of a GEMM with n = k = 4096 of 20 us at m = 16 and 30 us at m = 32 give 25 us at m = 24.
/// The points must outlive the pricing.
template <class Fallback>
struct table_pricing {
    using number = typename Fallback::number;
    static_assert(!std::same_as<number, interval>, "costexpr: a table has no bounds for an interval that several of its points may bracket; evaluate it at the ends");
    /// The worst that an answer can be; timing_of() says what it is.
    static constexpr provenance founded = Fallback::founded < provenance::extrapolated ? provenance::extrapolated : Fallback::founded;

    roofline_with_latency<number> limits{};
    measured_points points{};
    Fallback fallback{};
    /// What a kernel takes beside its roofline, where the time of one shape is carried over to another: small kernels do not shrink with their work.
    /// With half of the h200_sxm points of TensorRT-LLM in aiconfigurator-core 0.12.0 as the table, errors beyond the outermost of them have a median
    /// of 2, 13 and 5 % (GEMM, decode and prefill attention), with 0 here of 3, 37 and 13 %.
    double launch_seconds = 4e-6;

    constexpr table_pricing() = default;
    constexpr table_pricing(system_spec const& s, measured_points const& p, Fallback const& f) : limits(s), points(p), fallback(f) {}

    /// Seconds of a kernel and what they are founded on: measured where points were hit or bracket it, extrapolated where the utilisation of one
    /// was kept, else as the fallback says.
    struct timing {
        number seconds{};
        provenance founded = provenance::measured;
    };
    template <class O>
    [[nodiscard]] constexpr timing timing_of(O const& o, work<number> const& w, load<number> const& l, phase p) const {
        using T = number;
        if constexpr (requires { detail::measured_as<T>(o, w, l, p); }) {
            auto const kernel = detail::measured_as<T>(o, w, l, p);
            if (auto const site = points.site(kernel.site); kernel.covered && !site.empty()) {
                auto const least = [&](work<T> const& of) { return T(launch_seconds) + limits(o, of); };
                auto const limit = [&](detail::axis_values<T> const& a) { return least(kernel.work_at(a)); };
                detail::interpolated<T> t = detail::interpolation<T>{shape_of(kernel.site.op), detail::least_seconds_by<T, decltype(limit)>(limit)}(site, kernel.axes);
                if (kernel.uneven) {
                    T const ratio = least(w) / limit(kernel.axes);
                    if (!(ratio < T(1 + 1e-9) && ratio > T(1 - 1e-9))) t = {t.seconds * ratio, false};
                }
                return {t.seconds * kernel.times, t.inside ? provenance::measured : provenance::extrapolated};
            }
        }
        return otherwise(o, w, l, p);
    }
    template <class O>
    [[nodiscard]] constexpr number operator()(O const& o, work<number> const& w, load<number> const& l, phase p) const {
        return timing_of(o, w, l, p).seconds;
    }
    /// A work without its load is nothing that was measured.
    template <class O>
    [[nodiscard]] constexpr number operator()(O const& o, work<number> const& w) const {
        return fallback(o, w);
    }
    [[nodiscard]] constexpr bound bound_of(work<number> const& w) const { return fallback.bound_of(w); }

  private:
    template <class O>
    [[nodiscard]] constexpr timing otherwise(O const& o, work<number> const& w, load<number> const& l, phase p) const {
        if constexpr (pricing_with_provenance<Fallback, O>) {
            auto const t = fallback.timing_of(o, w, l, p);
            return {t.seconds, t.founded};
        } else {
            return {kernel_seconds(fallback, o, w, l, p), Fallback::founded};
        }
    }
};

/// Seconds of a step by what they are founded on.
struct founded_seconds {
    std::array<double, provenance_names.size()> of{};

    [[nodiscard]] constexpr double operator[](provenance p) const { return of[static_cast<std::size_t>(p)]; }
    [[nodiscard]] constexpr double total() const {
        double sum = 0;
        for (double s : of) sum += s;
        return sum;
    }
    /// The worst of the parts.
    [[nodiscard]] constexpr provenance worst() const {
        std::size_t i = of.size();
        while (i > 1 && !(of[i - 1] > 0)) --i;
        return static_cast<provenance>(i - 1);
    }
};
template <walkable M, class N, class Fallback>
[[nodiscard]] constexpr founded_seconds seconds_by_provenance(M const& m, deployment const& x, std::span<basic_group<N> const> groups, table_pricing<Fallback> const& price) {
    founded_seconds sum{};
    measured_step<double, N> const s(groups, x.layout.cp);
    for_each_op_of(m, x, [&](auto const& o, op_place const& at) {
        for_each_kernel(o, s, [&](work<double> const& w, load<double> const& l, phase p) {
            auto const t = price.timing_of(o, w, l, p);
            sum.of[static_cast<std::size_t>(t.founded)] += static_cast<double>(at.times) * t.seconds;
        });
    });
    return sum;
}

}  // namespace costexpr
