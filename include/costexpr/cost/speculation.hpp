// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/cost/inverse.hpp>

#include <span>

namespace costexpr {

/// Speculative decoding with the model's own modules of multi-token prediction (DeepSeek-V3, arXiv:2412.19437, section 2.2): every step
/// drafts some tokens per sequence and verifies them with the next.
struct speculation {
    count drafts = 1;
    double accepted = 0;  ///< drafts that a step keeps on average, 0 to drafts

    static constexpr count most_drafts = 64;

    /// From the chance that the draft of each position is accepted once those before it are: E = p1 + p1 p2 + p1 p2 p3 + ...
    /// Rates of 0.85 and 0.5 accept 1.275 of two drafts.
    [[nodiscard]] static constexpr speculation from_rates(std::span<double const> rates) {
        speculation s{static_cast<count>(rates.size()), 0};
        double all = 1;
        for (double rate : rates) s.accepted += all *= rate;
        return s;
    }
    [[nodiscard]] constexpr bool possible() const {
        return drafts >= 1 && drafts <= most_drafts && accepted >= 0 && accepted <= static_cast<double>(drafts);
    }
    /// Tokens that a step adds to a sequence on average.
    [[nodiscard]] constexpr double progress() const { return 1 + accepted; }
    /// The factor of the published scaled form (aiconfigurator 0.1 to 0.11): every module costs as much as a layer of the model.
    ///   (layers + drafts) / layers / (1 + E)
    [[nodiscard]] constexpr double scale(count layers) const {
        return static_cast<double>(layers + drafts) / static_cast<double>(layers) / progress();
    }
};

/// What a step of speculative decoding costs.
struct speculative_cost {
    double verification = 0;  ///< seconds of the model on drafts + 1 tokens per sequence
    double drafting = 0;      ///< seconds of the modules, with embedding and head
    double seconds = 0;       ///< per accepted token: the TPOT
    double scaled = 0;        ///< the same by the published scaled form

    [[nodiscard]] constexpr double step() const { return verification + drafting; }
};

namespace detail {

constexpr problem impossible(speculation const& s) {
    bool const range = s.drafts >= 1 && s.drafts <= speculation::most_drafts;
    count const most = range ? s.drafts : speculation::most_drafts;
    return {.code = errc::out_of_range, .key = range ? "accepted" : "mtp", .expected = most, .found = range ? static_cast<count>(min(max(s.accepted, -1.0), 1e9)) : s.drafts,
            .hint = range ? "0 to #, the number of drafts" : "1 to # drafts"};
}
constexpr problem no_modules() {
    return {.code = errc::missing_key, .key = "num_nextn_predict_layers", .hint = "modules of multi-token prediction: this model has none, or none whose composition is known"};
}

/// Seconds of the ops of a model that the predicate picks, in a step of one group.
template <walkable M, class Price, class Pick>
constexpr double seconds_where(M const& m, deployment const& x, Price const& price, group const& g, Pick const& pick) {
    group const one[] = {g};
    measured_step<double, count> const s{step(one), x.layout.cp};
    double sum = 0;
    for_each_op_of(m, x, [&](auto const& o, op_place const& at) {
        if (pick(o.purpose())) sum += static_cast<double>(at.times) * seconds(o, s, price);
    });
    return sum;
}

}  // namespace detail

namespace detail {

/// Seconds of drafting behind a step on `first`: the first `passes` drafts run over all its tokens, for the caches of their modules, the
/// others over one token per sequence. Each gathers embeddings and computes one row of logits per sequence. A model with fewer modules than
/// drafts runs them again.
template <walkable M, walkable P, class Price>
constexpr double drafting(M const& m, P const& predictions, deployment const& x, Price const& price, group const& first, count passes, count drafts, count modules) {
    auto const all = [](role) { return true; };
    auto const table = [](role r) { return r == role::embedding || r == role::embedding_projection; };
    auto const head = [](role r) { return r == role::head || r == role::head_projection || r == role::logits_gather; };
    deployment last = x;
    last.layout.pp = 1;
    double sum = 0;
    for (count i = 0; i != drafts && modules != 0; ++i) {
        group const one{first.sequences, 1, first.past_tokens + (i == 0 ? 0 : first.new_tokens - 1 + i), phase::decode};
        group const read = i < passes ? first : one;
        sum += seconds_where(predictions, last, price, read, all) / static_cast<double>(modules) + seconds_where(m, x, price, read, table) + seconds_where(m, x, price, one, head);
    }
    return sum;
}
/// How many modules the ops of all of them are.
template <walkable P>
constexpr count modules_of(P const& predictions, deployment const& x) {
    count modules = 0;
    for_each_op_of(predictions, x, [&](auto const& o, op_place const& at) {
        if (o.purpose() == role::projection) modules = max(modules, at.times);
    });
    return modules;
}

}  // namespace detail

/// One step of speculative decoding, work-exact: the model verifies drafts + 1 tokens per sequence in a decode step; its modules draft one
/// token after the other, the first of them over all tokens that were verified, for their caches, the others over one token per sequence.
/// `predictions` are the ops of all modules, in the deployment of the last pipeline stage.
template <walkable M, walkable P, class Price>
[[nodiscard]] constexpr speculative_cost speculative_step(M const& m, P const& predictions, deployment const& x, Price const& price, decode_batch const& b, speculation const& how,
                                                          count layers) {
    speculative_cost c{};
    group const verified{b.sequences, how.drafts + 1, b.past, phase::decode};
    group const verified_one[] = {verified};
    c.verification = detail::step_in(m, x, price, verified_one);
    c.drafting = detail::drafting(m, predictions, x, price, verified, 1, how.drafts, detail::modules_of(predictions, x));
    c.seconds = c.step() / how.progress();
    group const scaled[] = {{b.sequences * (how.drafts + 1), 1, b.past, phase::decode}};
    c.scaled = detail::step_in(m, x, price, scaled) * how.scale(layers);
    return c;
}
/// Seconds that the modules add to a step that reads prompts: each that drafts runs over the new tokens too and fills its cache (DeepSeek-V3,
/// section 2.2; vLLM, v1/spec_decode, propose behind every step), and the first drafts are there when decoding starts.
template <walkable M, walkable P, class Price>
[[nodiscard]] constexpr double drafting_in_prefill(M const& m, P const& predictions, deployment const& x, Price const& price, prefill_batch const& b, speculation const& how) {
    count const modules = detail::modules_of(predictions, x);
    return detail::drafting(m, predictions, x, price, b.as_group(), modules, how.drafts, modules);
}

/// The ops of the modules of multi-token prediction of a model that was read at run time, as its last pipeline stage holds them; a problem
/// that says so where it has none, or none whose composition is known.
template <class... F>
[[nodiscard]] constexpr result<op_graph<registry<F...>>> prediction_graph(basic_model<F...> const& m, deployment x) {
    count const modules = visit([]<class G>(G const& f) {
        count n = 0;
        if constexpr (has_prediction<G>) for_each_layer(f.prediction(), [&](auto const& r) { n += r.times; });
        return n;
    }, m);
    if (modules == 0) return detail::no_modules();
    x.layout.pp = 1;
    problems why{};
    auto const g = m.prediction_ops(x, why);
    if (!why.empty()) return why;
    return g;
}

/// A step of speculative decoding of a model that was read at run time.
template <class... F>
[[nodiscard]] constexpr result<speculative_cost> speculative_decode(basic_model<F...> const& m, deployment const& x, system_spec const& s, decode_batch const& b, speculation const& how) {
    if (!how.possible()) return detail::impossible(how);
    auto const graph = lower(m, x);
    if (!graph) return graph.error();
    auto const predictions = prediction_graph(m, x);
    if (!predictions) return predictions.error();
    roofline<double> const price(s);
    count const layers = visit([](auto const& f) { return blocks_of(f).layers; }, m);
    speculative_cost const c = speculative_step(*graph, *predictions, x, price, b, how, layers);
    if (!is_priced(c.step())) return detail::missing_rate(*graph, x, s.device);
    return c;
}

/// The same for a model that is named at compile time.
template <has_prediction F>
[[nodiscard]] constexpr result<speculative_cost> speculative_decode(known<F> const& m, deployment const& x, system_spec const& s, decode_batch const& b, speculation const& how) {
    if (!how.possible()) return detail::impossible(how);
    if (auto const good = legal(m.plain(), x.layout); !good) return good.error();
    if (m.mtp_parameters() == 0) return detail::no_modules();
    roofline<double> const price(s);
    speculative_cost const c = speculative_step(m.plain(), prediction_of<F>{m.plain()}, x, price, b, how, blocks_of(m.plain()).layers);
    if (!is_priced(c.step())) return detail::missing_rate(m.plain(), x, s.device);
    return c;
}

/// Reading prompts with a model and its modules of multi-token prediction.
struct speculative_prefill_cost {
    double model = 0;
    double drafting = 0;

    [[nodiscard]] constexpr double seconds() const { return model + drafting; }
};
/// A step that reads prompts where drafts follow, of a model that was read at run time.
template <class... F>
[[nodiscard]] constexpr result<speculative_prefill_cost> speculative_prefill(basic_model<F...> const& m, deployment const& x, system_spec const& s, prefill_batch const& b,
                                                                             speculation const& how) {
    if (!how.possible()) return detail::impossible(how);
    auto const graph = lower(m, x);
    if (!graph) return graph.error();
    auto const predictions = prediction_graph(m, x);
    if (!predictions) return predictions.error();
    roofline<double> const price(s);
    group const one[] = {b.as_group()};
    speculative_prefill_cost const c{seconds(*graph, step(one), price), drafting_in_prefill(*graph, *predictions, x, price, b, how)};
    if (!is_priced(c.seconds())) return detail::missing_rate(*graph, x, s.device);
    return c;
}

/// The same for a model that is named at compile time.
template <has_prediction F>
[[nodiscard]] constexpr result<speculative_prefill_cost> speculative_prefill(known<F> const& m, deployment const& x, system_spec const& s, prefill_batch const& b, speculation const& how) {
    if (!how.possible()) return detail::impossible(how);
    if (auto const good = legal(m.plain(), x.layout); !good) return good.error();
    if (m.mtp_parameters() == 0) return detail::no_modules();
    roofline<double> const price(s);
    group const one[] = {b.as_group()};
    speculative_prefill_cost const c{seconds(m.plain(), x, step(one), price), drafting_in_prefill(m.plain(), prediction_of<F>{m.plain()}, x, price, b, how)};
    if (!is_priced(c.seconds())) return detail::missing_rate(m.plain(), x, s.device);
    return c;
}

}  // namespace costexpr
