// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/cost/evaluate.hpp>
#include <costexpr/cost/lower.hpp>
#include <costexpr/cost/roofline.hpp>
#include <costexpr/model/legal.hpp>

#include <array>
#include <span>

namespace costexpr {

/// What a step costs, or why it cannot be priced.
struct step_cost {
    double seconds = 0;  ///< not a number where the deployment is refused
    provenance founded = provenance::specification;
    problem refusal{};

    [[nodiscard]] constexpr bool has_value() const { return refusal.code == errc::none; }
    [[nodiscard]] constexpr explicit operator bool() const { return has_value(); }
};

/// Equal sequences whose prompts are read in one step.
struct prefill_batch {
    count sequences = 1;
    count tokens = 4096;  ///< new tokens per sequence
    count past = 0;       ///< tokens per sequence that are in its state already (cached prefix, earlier chunks)

    [[nodiscard]] constexpr group as_group() const { return {sequences, tokens, past, phase::prefill}; }
};

/// Equal sequences that each write the next token.
struct decode_batch {
    count sequences = 1;
    count past = 4096;    ///< tokens per sequence in its state
    count new_tokens = 1; ///< per sequence; more than one where drafts are verified

    [[nodiscard]] constexpr group as_group() const { return {sequences, new_tokens, past, phase::decode}; }
};

namespace detail {

template <class M>
concept has_config = requires(M const& m) { m.config.precision(); };
template <class M>
concept variant_model = requires(M const& m) { m.text.index(); };

/// The dtypes of a model: those of its checkpoint, bf16 for one written in C++.
template <class M>
COSTEXPR_INLINE constexpr precision stored_precision(M const& m) {
    if constexpr (has_config<M>)
        return m.config.precision();
    else
        return {};
}
template <class M>
COSTEXPR_INLINE constexpr provenance founded_on(M const& m, provenance pricing) {
    if constexpr (has_config<M>)
        return max(m.config.founded, pricing);
    else
        return pricing;
}

/// The first arithmetic that the model asks for and the device lacks, else the memory or link without a rate. Cold: asked only where a step has no price.
template <walkable M>
COSTEXPR_COLD constexpr problem missing_rate(M const& m, deployment const& x, device const& d) {
    problem why{.code = errc::missing_math_rate, .key = "flops_per_second"};
    group const one[] = {{.sequences = 1, .new_tokens = 1, .past_tokens = 1 << 20, .phase = phase::decode}};  // long enough for compressed keys
    measured_step<double, count> const s{std::span<group const>(one)};
    for_each_op_of(m, x, [&](auto const& o, op_place const&) {
        for_each_kernel(o, s, [&](work<double> const& w, load<double> const&, phase) {
            if (why.hint.empty() && w.flops > 0 && !d.has(w.math)) why.hint = math_names[static_cast<std::size_t>(w.math)];
        });
    });
    if (why.hint.empty()) why.key = d.memory_bytes_per_second > 0 ? "bytes_per_second" : "memory_bytes_per_second";
    return why;
}

template <composition M>
COSTEXPR_COLD constexpr step_cost refused_layout(M const& m, layout const& l) {
    problems p{};
    check_layout(m, l, p);
    return {.seconds = __builtin_nan(""), .refusal = p.front()};
}

}  // namespace detail

/// A step of any groups (a mixed batch, a ragged one) on a system, priced by the roofline.
template <composition M>
[[nodiscard]] COSTEXPR_INLINE constexpr step_cost price(M const& m, deployment const& x, system_spec const& s, step groups) {
    detail::any_problem illegal{};
    detail::check_layout(m, x.layout, illegal);
    // The cold functions get copies: a deployment whose address leaves is not folded, by g++ least of all.
    if (illegal.found) {
        layout const refused = x.layout;
        return detail::refused_layout(m, refused);
    }
    double const t = seconds(m, x, groups, roofline<double>(s));
    if (!is_priced(t)) {
        deployment const refused = x;
        return {.seconds = __builtin_nan(""), .refusal = detail::missing_rate(m, refused, s.device)};
    }
    return {.seconds = t, .founded = detail::founded_on(m, roofline<double>::founded)};
}
namespace detail {

template <class... F>
COSTEXPR_COLD constexpr step_cost lowered_price(basic_model<F...> const& m, deployment const& x, system_spec const& s, step groups) {
    auto const graph = lower(m, x);
    if (!graph) return {.seconds = __builtin_nan(""), .refusal = graph.error().front()};
    double const t = seconds(*graph, groups, roofline<double>(s));
    if (!is_priced(t)) return {.seconds = __builtin_nan(""), .refusal = missing_rate(*graph, x, s.device)};
    return {.seconds = t};
}

}  // namespace detail

/// The same for a model that was read at run time. To price many steps, lower() it once.
template <class... F>
[[nodiscard]] constexpr step_cost price(basic_model<F...> const& m, deployment const& x, system_spec const& s, step groups) {
    step_cost c = detail::lowered_price(m, x, s, groups);
    c.founded = max(c.founded, m.config.founded);
    return c;
}
/// The same in the precision of the model's checkpoint.
template <class M>
[[nodiscard]] COSTEXPR_INLINE constexpr step_cost price(M const& m, layout const& l, system_spec const& s, step groups) {
    return price(m, deployment{.layout = l, .precision = detail::stored_precision(m)}, s, groups);
}

/// Reading the prompts of a batch.
template <class M>
[[nodiscard]] COSTEXPR_INLINE constexpr step_cost prefill(M const& m, deployment const& x, system_spec const& s, prefill_batch const& b) {
    group const g[] = {b.as_group()};
    return price(m, x, s, g);
}
template <class M>
[[nodiscard]] COSTEXPR_INLINE constexpr step_cost prefill(M const& m, layout const& l, system_spec const& s, prefill_batch const& b) {
    group const g[] = {b.as_group()};
    return price(m, l, s, g);
}

/// Writing the next token of every sequence of a batch.
template <class M>
[[nodiscard]] COSTEXPR_INLINE constexpr step_cost decode(M const& m, deployment const& x, system_spec const& s, decode_batch const& b) {
    group const g[] = {b.as_group()};
    return price(m, x, s, g);
}
template <class M>
[[nodiscard]] COSTEXPR_INLINE constexpr step_cost decode(M const& m, layout const& l, system_spec const& s, decode_batch const& b) {
    group const g[] = {b.as_group()};
    return price(m, l, s, g);
}

/// One step that reads some prompts and continues other sequences.
template <class M>
[[nodiscard]] COSTEXPR_INLINE constexpr step_cost mixed(M const& m, layout const& l, system_spec const& s, prefill_batch const& p, decode_batch const& d) {
    group const g[] = {p.as_group(), d.as_group()};
    return price(m, l, s, g);
}

}  // namespace costexpr
