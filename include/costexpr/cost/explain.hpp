// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/core/inplace_vector.hpp>
#include <costexpr/cost/cost.hpp>

#include <initializer_list>
#include <string_view>
#include <type_traits>

// The formula of every op of a step with its numbers, as text for people. A formula is data that is evaluated as well as written: where
// its value were not that of the op's work, the figure would stand alone.

namespace costexpr {

/// A sum of products of named numbers: 2 x tokens 32 x outer 10240 x inner 5120.
struct formula {
    struct factor {
        std::string_view name{};  ///< empty for a plain number
        double value = 0;
    };
    using product = inplace_vector<factor, 6>;
    inplace_vector<product, 4> terms{};

    constexpr formula() = default;
    constexpr formula(std::initializer_list<std::initializer_list<factor>> sum) {
        for (auto const& term : sum) {
            product p{};
            double v = 1;
            for (factor const& f : term) {
                p.try_push_back(f);
                v *= f.value;
            }
            if (v != 0) terms.try_push_back(p);
        }
    }
    [[nodiscard]] constexpr double value() const {
        double sum = 0;
        for (product const& p : terms) {
            double v = 1;
            for (factor const& f : p) v *= f.value;
            sum += v;
        }
        return sum;
    }
    /// Whether it says what an op does, to rounding.
    [[nodiscard]] constexpr bool says(double x) const {
        double const v = value();
        return v - x <= 1e-9 * x && x - v <= 1e-9 * x;
    }
};

/// The formulas of one kernel's work; empty where an op is not known here.
struct work_formulas {
    formula flops{};
    formula weights{};
    formula activations{};
    formula state{};
    formula wire{};
};

namespace detail {

constexpr double real(count n) { return static_cast<double>(n); }

/// The formulas of an op on the load of one kernel. `w`: its work, for what is a sum over groups (pairs under windows).
template <op O>
COSTEXPR_COLD constexpr work_formulas formulas_of(O const& o, load<double> const& l, phase p, work<double> const& w) {
    using f = formula::factor;
    f const tokens{"tokens", l.tokens};
    [[maybe_unused]] f const two{"", 2};
    [[maybe_unused]] auto const matrix = [&](gemm const& g, f rows) {
        f const outer{"outer", real(g.outer)};
        f const inner{"inner", real(g.inner)};
        f const outputs{g.groups > 1 ? "outputs" : "outer", real(g.groups * g.outer)};
        return work_formulas{.flops = {{two, rows, outer, inner}},
                             .weights = {{outer, inner, f{"bytes", weight_width(g.weights)}}},
                             .activations = {{rows, inner, f{"bytes", activation_width(g.weights)}}, {rows, outputs, f{"bytes", 2}}}};
    };
    [[maybe_unused]] auto const over_heads = [&](attention_shape const& s, double pairs, double keys) {
        f const heads{"heads", real(s.heads)};
        f const dims{"dims", real(s.head_dim + s.v_head_dim)};
        return work_formulas{.flops = {{two, f{"pairs", pairs}, heads, dims}},
                             .activations = {{tokens, heads, dims, f{"bytes", 2}}},
                             .state = {{f{"keys", keys}, f{"KV heads", real(s.kv_heads)}, dims, f{"bytes", weight_width(s.cached)}}}};
    };
    [[maybe_unused]] auto const over = [](double x, double per) { return per > 0 ? x / per : 0.0; };
    if constexpr (std::is_same_v<O, gemm>) {
        return matrix(o, tokens);
    } else if constexpr (std::is_same_v<O, logits>) {
        return matrix(o.matrix, {"rows", l.rows});
    } else if constexpr (std::is_same_v<O, gather>) {
        f const width{"width", real(o.width)};
        return {.weights = {{tokens, width, f{"bytes", weight_width(o.weights)}}}, .activations = {{tokens, width, f{"bytes", 2}}}};
    } else if constexpr (std::is_same_v<O, elementwise>) {
        return {.activations = {{tokens, f{"bytes", o.bytes_per_token}}}, .state = {{tokens, f{"bytes", o.state_bytes_per_token}}}};
    } else if constexpr (std::is_same_v<O, stream_mixing>) {
        f const streams{"streams", real(o.copies)};
        f const hidden{"hidden", real(o.hidden)};
        f const blocks{"blocks", real(o.sites)};
        f const bytes{"bytes", o.writes ? 4.0 : 2.0};
        return {.flops = {{two, tokens, blocks, f{"values", real(o.values)}, streams, hidden}},
                .weights = {{blocks, f{"values", real(o.values)}, streams, hidden, f{"bytes", 2}}},
                .activations = {{tokens, blocks, two, streams, hidden, bytes}, {tokens, blocks, hidden, bytes}}};
    } else if constexpr (std::is_same_v<O, collective>) {
        double const share = over(o.bytes_per_token(), 2 * o.width);
        bool const both = o.shape <= collective::pattern::halves;  // a reduce-scatter and an all-gather
        return {.wire = {{o.on_rows ? f{"rows", l.rows} : tokens, f{"width", o.width}, f{"bytes", 2}, f{"", both ? 2.0 : 1.0},
                          f{o.shape == collective::pattern::point_to_point ? "hops" : "of the ring", both ? share / 2 : share}}}};
    } else if constexpr (std::is_same_v<O, context_exchange>) {
        f const bytes{"bytes", 2};
        f const ring{"of the ring", real(o.devices - 1) / real(o.devices)};
        if (p == phase::prefill) return {.wire = {{f{"keys", over(w.wire_bytes, 2 * o.kept * ring.value)}, f{"width", o.kept}, bytes, ring}}};
        return {.wire = {{tokens, f{"width", o.partial}, bytes, two, ring}, {tokens, f{"keys offered", real(o.offered)}, f{"bytes", 8}, f{"ranks", real(o.devices - 1)}}}};
    } else if constexpr (std::is_same_v<O, attention>) {
        return over_heads(o.shape, l.pairs, l.context);
    } else if constexpr (std::is_same_v<O, windowed_attention>) {
        attention_shape const& s = o.shape;
        double const dims = real(s.head_dim + s.v_head_dim);
        return over_heads(s, over(w.flops, 2 * real(s.heads) * dims), over(w.state_bytes, real(s.kv_heads) * dims * weight_width(s.cached)));
    } else if constexpr (std::is_same_v<O, mla_up>) {
        bool const expands = p == phase::prefill && !o.absorbs;
        f const rows = expands ? f{"context", l.context} : tokens;
        f const outer{"outer", real(o.outer())};
        f const latent{"latent", real(o.latent)};
        f const heads{"heads", real(o.heads)};
        f const dims{"dims", real(o.nope_dim + o.v_head_dim)};
        formula const moved = expands ? formula{{rows, latent, f{"bytes", 2}}, {rows, outer, f{"bytes", 2}}} : formula{{rows, heads, dims, f{"bytes", 2}}, {rows, heads, two, latent, f{"bytes", 2}}};
        return {.flops = {{two, rows, outer, latent}}, .weights = {{outer, latent, f{"bytes", weight_width(o.weights)}}}, .activations = moved};
    } else if constexpr (std::is_same_v<O, mla_attention> || std::is_same_v<O, sparse_mla_attention>) {
        mla_attention const& a = [&]() -> mla_attention const& {
            if constexpr (std::is_same_v<O, mla_attention>)
                return o;
            else
                return o.dense;
        }();
        bool const expands = std::is_same_v<O, mla_attention> && p == phase::prefill;
        double const per_head = real(expands ? a.nope_dim + a.rope_dim + a.v_head_dim : 2 * a.latent + a.rope_dim);
        double const entry = real(a.latent + a.rope_dim) * weight_width(a.cached);
        bool const sparse = std::is_same_v<O, sparse_mla_attention>;
        f const heads{"heads", real(a.heads)};
        f const dims{"dims", per_head};
        return {.flops = {{two, f{"pairs", sparse ? over(w.flops, 2 * real(a.heads) * per_head) : l.pairs}, heads, dims}},
                .activations = {{tokens, heads, dims, f{"bytes", 2}}, {f{"context", expands ? l.context : 0.0}, heads, dims, f{"bytes", 2}}},
                .state = {{f{"keys", sparse ? over(w.state_bytes, entry) : l.context}, f{"latent + rope", real(a.latent + a.rope_dim)}, f{"bytes", weight_width(a.cached)}}}};
    } else if constexpr (std::is_same_v<O, index_scores>) {
        f const heads{"heads", real(o.heads)};
        f const dim{"dim", real(o.dim)};
        f const ratio{"1 / ratio", 1 / real(o.ratio != 0 ? o.ratio : 1)};
        return {.flops = {{two, f{"pairs", over(w.flops, 2 * real(o.heads) * real(o.dim))}, heads, dim}}, .activations = {{tokens, heads, dim}}, .state = {{f{"keys", l.context}, f{"bytes", real(o.dim + o.scales())}, ratio}}};
    } else if constexpr (std::is_same_v<O, experts>) {
        f const rows{"rows", l.tokens * real(o.sources) * (real(o.top_k) / real(o.ranks))};
        f const matrices{"matrices", real(o.matrices)};
        f const width{"hidden", real(o.hidden)};
        f const inner{"inner", real(o.inner)};
        double const in = activation_width(o.weights);
        return {.flops = {{two, rows, matrices, width, inner}},
                .weights = {{f{"experts read", o.chosen_by(l.tokens * real(o.sources))}, matrices, width, inner, f{"bytes", weight_width(o.weights)}}},
                .activations = {{rows, width, f{"bytes", in + 2}}, {rows, inner, f{"bytes", 4 * real(o.matrices - 1) + 2 * in}}}};
    } else if constexpr (std::is_same_v<O, convolution>) {
        f const channels{"channels", real(o.channels)};
        return {.flops = {{two, tokens, channels, f{"kernel", real(o.kernel)}}},
                .weights = {{channels, f{"kernel", real(o.kernel)}, f{"bytes", 2}}},
                .activations = {{tokens, channels, f{"bytes", 4}}},
                .state = {{two, f{"sequences", l.sequences}, channels, f{"kernel - 1", real(o.kernel - 1)}, f{"bytes", weight_width(o.kept)}}}};
    } else if constexpr (std::is_same_v<O, recurrence>) {
        return {.flops = {{tokens, f{"FLOPs", p == phase::prefill ? o.prefill_flops : o.decode_flops}}},
                .activations = {{tokens, f{"bytes", o.bytes_per_token}}, {tokens, f{"bytes of chunks", p == phase::prefill ? o.chunk_bytes_per_token : 0.0}}},
                .state = {{two, f{"sequences", l.sequences}, f{"elements", real(o.elements)}, f{"bytes", weight_width(o.kept)}}}};
    } else if constexpr (std::is_same_v<O, compressed_attention>) {
        f const heads{"heads", real(o.heads)};
        f const dim{"dim", real(o.head_dim)};
        return {.flops = {{f{"", 4}, f{"pairs", over(w.flops, 4 * real(o.heads) * real(o.head_dim))}, heads, dim}},
                .activations = {{f{"", 4}, tokens, heads, dim}},
                .state = {{f{"keys", over(w.state_bytes, real(o.head_dim) * weight_width(o.cached))}, dim, f{"bytes", weight_width(o.cached)}}}};
    } else if constexpr (std::is_same_v<O, compressed_cache>) {
        f const width{"width", real(o.width)};
        return {.activations = {{tokens, width, f{"bytes", 8}}}, .state = {{tokens, width, f{"bytes", weight_width(o.cached)}, f{"1 / ratio", over(1, real(o.ratio))}}}};
    } else {
        return {};
    }
}

/// Writes a number with at most four digits and a power of a thousand, or whole where it is a small integer.
template <class Sink>
constexpr void put_number(Sink const& put, double x) {
    char text[24]{};
    std::size_t n = 0;
    auto const digits = [&](count v) {
        char reversed[20]{};
        std::size_t k = 0;
        do reversed[k++] = static_cast<char>('0' + v % 10);
        while ((v /= 10) != 0);
        while (k != 0) text[n++] = reversed[--k];
    };
    if (!(x >= 0)) return put(x < 0 ? "negative" : "not a number");
    if (x < 1e7 && x == whole_part(x)) {
        digits(static_cast<count>(x));
        return put({text, n});
    }
    int power = 0;
    while (x >= 999.95 && power < 30) x /= 1000, power += 3;
    while (x < 0.1 && x > 0 && power > -30) x *= 1000, power -= 3;
    if (!(x < 1000)) return put("beyond all measure");
    int decimals = x < 0.99995 ? 4 : x < 9.9995 ? 3 : x < 99.995 ? 2 : 1;
    double scale = 1;
    for (int i = 0; i != decimals; ++i) scale *= 10;
    count const whole = static_cast<count>(x * scale + 0.5);
    count const unit = static_cast<count>(scale);
    digits(whole / unit);
    count rest = whole % unit;
    if (rest != 0) {
        text[n++] = '.';
        for (count place = unit / 10; rest != 0; place /= 10) text[n++] = static_cast<char>('0' + rest / place), rest %= place;
    }
    if (power != 0) {
        text[n++] = 'e';
        if (power < 0) text[n++] = '-';
        digits(power < 0 ? -power : power);
    }
    put({text, n});
}

template <class Sink>
constexpr void put_formula(Sink const& put, std::string_view label, formula const& f, double value, std::string_view unit) {
    if (value == 0) return;
    put("  ");
    put(label);
    put(" = ");
    if (f.says(value)) {
        bool first_term = true;
        for (formula::product const& p : f.terms) {
            if (!first_term) put(" + ");
            first_term = false;
            bool first = true;
            for (formula::factor const& x : p) {
                if (!first) put(" x ");
                first = false;
                put_number(put, x.value);
                if (!x.name.empty()) put(" "), put(x.name);
            }
        }
        put(" = ");
    }
    put_number(put, value);
    put(" ");
    put(unit);
    put("\n");
}

}  // namespace detail

/// Writes every op of a step, priced by the roofline: its formulas with their numbers, per layer and device, and its time as the maximum
/// that the roofline takes. `put` takes pieces of text (std::string_view).
template <walkable M, class N, class Sink>
constexpr void explain(M const& m, deployment const& x, std::span<basic_group<N> const> groups, system_spec const& system, Sink const& put) {
    measured_step<double, N> const s(groups, x.layout.cp);
    roofline<double> const price(system);
    double total = 0;
    for_each_op_of(m, x, [&]<class O>(O const& o, op_place const& at) {
        if (o.idle()) return;
        auto const kernel = [&](work<double> const& w, load<double> const& l, phase p, std::string_view when) {
            if (w.flops == 0 && w.memory_bytes() == 0 && w.wire_bytes == 0) return;
            put(name(o.purpose()));
            put(" (");
            put(O::kind);
            put(" of ");
            put(at.layer);
            put(when);
            put(")\n");
            work_formulas const f = detail::formulas_of(o, l, p, w);
            detail::put_formula(put, "FLOPs", f.flops, w.flops, math_names[static_cast<std::size_t>(w.math)]);
            detail::put_formula(put, "weights", f.weights, w.weight_bytes, "bytes");
            detail::put_formula(put, "activations", f.activations, w.activation_bytes, "bytes");
            detail::put_formula(put, "state", f.state, w.state_bytes, "bytes");
            detail::put_formula(put, "wire", f.wire, w.wire_bytes, "bytes");
            auto const ratio = [&](double amount, double rate, double seconds) {
                detail::put_number(put, amount);
                put(" / ");
                detail::put_number(put, rate);
                put(" = ");
                detail::put_number(put, seconds);
            };
            double const once = price(o, w);
            put("  seconds = ");
            bool const computes = w.flops != 0;
            bool const moves = w.memory_bytes() != 0;
            if (computes && moves) put("max(");
            if (computes) ratio(w.flops, system.device.flops_per_second[static_cast<std::size_t>(w.math)], price.compute_seconds(w));
            if (computes && moves) put(", ");
            if (moves) ratio(w.memory_bytes(), system.device.memory_bytes_per_second, price.memory_seconds(w));
            if (computes && moves) put(")");
            if (w.wire_bytes != 0) {
                if (computes || moves) put(" + ");
                ratio(w.wire_bytes, system.tier(w.span).bytes_per_second, price.wire_seconds(w));
            }
            double const all = static_cast<double>(at.times) * once;
            total += all;
            put(", bound by ");
            put(bound_names[static_cast<std::size_t>(price.bound_of(w))]);
            put("; x ");
            detail::put_number(put, static_cast<double>(at.times));
            put(" = ");
            detail::put_number(put, all);
            put("\n");
        };
        if constexpr (op_on_totals<O>) {
            kernel(o(s.total_of(o)), s.total_of(o), phase::decode, "");
        } else {
            for (phase const p : {phase::prefill, phase::decode})
                if (s.by_phase.of(p).tokens > 0) kernel(detail::phase_work(o, s, p), s.by_phase.of(p), p, p == phase::prefill ? ", prefill" : ", decode");
        }
    });
    put("all = ");
    detail::put_number(put, total);
    put(" seconds\n");
}

}  // namespace costexpr
