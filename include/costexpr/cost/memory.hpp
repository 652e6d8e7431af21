// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/cost/evaluate.hpp>
#include <costexpr/model/registry.hpp>
#include <costexpr/system/system.hpp>

#include <type_traits>

namespace costexpr {

/// What a deployment holds at once: sequences per attention-DP rank, each with this context, and the largest step it computes.
struct residency {
    count sequences = 1;
    count context = 4096;      ///< tokens per sequence
    count step_tokens = 8192;  ///< tokens of the largest step (a chunk of prefill)
    count rows = 1;            ///< rows of logits per sequence of a decode step; more than one where drafts are verified
};

/// Bytes on the fullest device.
struct device_memory {
    count weights = 0;
    count state = 0;
    count activations = 0;    ///< the most that is alive at once, not the sum
    count communication = 0;  ///< buffers of the collective library
    count reserved = 0;       ///< context, graphs and framework
    count capacity = 0;
    count stage = 0;          ///< the pipeline stage that it is of

    [[nodiscard]] constexpr count total() const { return weights + state + activations + communication + reserved; }
    [[nodiscard]] constexpr bool fits() const { return total() <= capacity; }
    [[nodiscard]] constexpr explicit operator bool() const { return fits(); }
};

/// How a framework keeps activations alive, with the source of each rule.
struct workspace_rules {
    count least = 0;          ///< bytes that are taken whatever the step (aiconfigurator 0.12: 70 MiB, with SGLang 90 MiB)
    count expert_tokens = 0;  ///< tokens that experts take at a time
    bool two_buffers = false; ///< inputs and outputs of the experts' matrices in a buffer each, else three tensors in two places
};
/// TensorRT-LLM (cutlass moe_kernels.cu, getWorkspaceDeviceBufferSizes): inputs of both matrices share a buffer, outputs share one.
/// vLLM and SGLang (fused_moe.py): the outputs of both matrices share a buffer, the activated values have their own; tokens go in chunks of
/// 16 Ki (VLLM_FUSED_MOE_CHUNK_SIZE) and 64 Ki (CHUNK_SIZE).
[[nodiscard]] constexpr workspace_rules rules_of(framework f) {
    constexpr count mebibyte = count{1} << 20;
    switch (f) {
        case framework::vllm: return {70 * mebibyte, 16 * 1024, false};
        case framework::sglang: return {90 * mebibyte, 64 * 1024, false};
        case framework::trtllm: break;
    }
    return {70 * mebibyte, largest_dimension, true};
}

namespace detail {

/// What an op says about memory.
struct op_memory {
    role part{};
    bool idle = false;
    count weights = 0;
    count borrowed = 0;  ///< bytes of a weight that another op owns
    cache state{};
    double bytes = 0;    ///< activations of one token
    double stream = 0;   ///< width of the residual in bytes, where the op knows it
    count rows = 0;      ///< outputs of a head
    // of experts
    double hidden = 0;
    double inner = 0;
    double up = 0;
    count top_k = 0;
    count local = 0;
    count sources = 1;
    bool shares = false;  ///< takes the tokens of all context-parallel ranks
};
template <op O>
COSTEXPR_COLD constexpr op_memory memory_of(O const& o) {
    op_memory m{.part = o.purpose(), .idle = o.idle(), .weights = o.weight_bytes(), .state = cache_of(o)};
    if constexpr (std::is_same_v<O, logits>) {
        m.rows = o.matrix.outer;
        if (o.matrix.tied) m.borrowed = storage_bytes(o.matrix.weights, o.matrix.outer, o.matrix.inner);
    }
    if constexpr (std::is_same_v<O, gather>)
        if (m.part == role::embedding) m.stream = 2.0 * static_cast<double>(o.width);
    if constexpr (std::is_same_v<O, stream_mixing>) m.stream = o.stream_bytes();
    if constexpr (std::is_same_v<O, gemm>)
        m.stream = 2.0 * static_cast<double>(m.part == role::embedding_projection ? o.outer : m.part == role::hyper_connection ? o.inner : 0);
    if (m.idle) return m;
    if constexpr (std::is_same_v<O, experts>) {
        m.hidden = static_cast<double>(o.hidden);
        m.inner = static_cast<double>(o.inner);
        m.up = static_cast<double>(o.matrices - 1) * m.inner;
        m.top_k = o.top_k;
        m.local = o.local;
        m.sources = o.sources;
        m.shares = o.on_all_ranks;
    } else if constexpr (std::is_same_v<O, context_exchange>) {
        m.bytes = 2.0 * static_cast<double>(o.devices) * o.kept;  // what is gathered of the ranks' tokens
    } else if constexpr (op_on_groups<O>) {
        m.bytes = o(basic_group<double>{1, 1, 0, phase::prefill}).activation_bytes;
    } else {
        load<double> const one{1, 1, 1, 1, 1};
        if constexpr (op_on_totals<O>)
            m.bytes = o(one).activation_bytes;
        else
            m.bytes = o(one, phase::prefill).activation_bytes;
    }
    return m;
}

}  // namespace detail

/// What the memory of one device depends on, taken from its ops once: any number of residencies, and their inverses, follow from it.
class memory_terms {
  public:
    constexpr memory_terms(deployment const& x, system_spec const& s)
        : rules_(rules_of(x.framework)),
          ranks_(x.layout.cp),
          communication_(x.layout.devices() > 1 ? s.communication_bytes : 0),
          reserved_(s.reserved_bytes),
          capacity_(s.device.memory_bytes) {}

    /// Adds an op of which `times` blocks run here, with `copies` stored copies of their weights. `alone`: away from the ops whose weights it reads.
    constexpr void add(detail::op_memory const& o, count times, count copies, deployment const& x, bool alone) {
        stream_ = max(stream_, o.stream);
        if (times == 0) return;
        weights_ = min(most_bytes, weights_ + bounded_product(copies, o.weights) + (alone ? o.borrowed : 0));
        if (o.state.holds != cache::kind::none) keep(o.state, times);
        if (o.idle) return;
        if (o.hidden != 0) {
            // experts: gathered inputs and outputs, the input that shared experts read too, and the workspace of rows
            double const rows = static_cast<double>(rules_.two_buffers ? min(o.top_k, o.local) : o.top_k);
            count const senders = o.shares ? o.sources * x.layout.cp : o.sources;
            double const sources = static_cast<double>(senders);
            experts_ = max(experts_, 2 * o.hidden + sources * 2 * o.hidden + (senders > 1 ? sources * 2 * o.hidden : 0));
            workspace_ = max(workspace_, 2 * rows * ((rules_.two_buffers ? max(o.hidden, o.inner) : o.inner) + max(o.up, o.hidden)));
            sources_ = max(sources_, senders);
            return;
        }
        double bytes = o.bytes;
        switch (o.part) {
            case role::norm: bytes /= 4; break;  // reads and writes the input and the residual in place: one of them is the stream
            case role::qk_norm_rope_cache:
            case role::mla_norm: bytes /= 2; break;  // in place
            case role::embedding: return;
            case role::head_projection: row_ = max(row_, static_cast<count>(bytes)); return;
            // rows of logits gathered in 16 bits, and as 32-bit numbers for sampling (vLLM and SGLang convert them, TensorRT-LLM writes them so)
            case role::head: row_ = max(row_, o.rows != 0 ? 6 * o.rows * x.layout.tp : static_cast<count>(bytes)); return;
            default: break;
        }
        token_ = max(token_, bytes);
    }

    /// Bytes that one sequence of this many tokens keeps here.
    [[nodiscard]] constexpr count state_of(count tokens) const {
        count sum = 0;
        for (kept const& k : kept_) sum = min(most_bytes, sum + bounded_product(k.times, k.what.bytes(tokens)));
        return sum;
    }
    /// The most bytes of activations that are alive at once in a step of so many tokens, or of so many rows of logits: the residual stream,
    /// and what the op with the most reads and writes.
    [[nodiscard]] constexpr count activations(count tokens, count rows) const {
        count const here = ceil_div(tokens, ranks_);
        double const t = static_cast<double>(here);
        double const in_experts = experts_ + workspace_ > 0 ? t * (stream_ + experts_) + static_cast<double>(min(bounded_product(here, sources_), rules_.expert_tokens)) * workspace_ : 0.0;
        double const most = max(t * (stream_ + token_), in_experts);
        count whole = most_bytes;
        if (most < static_cast<double>(most_bytes)) {
            whole = static_cast<count>(most);
            if (static_cast<double>(whole) < most) ++whole;
        }
        return max(max(whole, rules_.least), bounded_product(rows, row_));
    }
    [[nodiscard]] constexpr device_memory at(residency const& held, count stage = 0) const {
        return {.weights = weights_,
                .state = bounded_product(held.sequences, state_of(held.context)),
                .activations = activations(held.step_tokens, bounded_product(held.sequences, held.rows)),
                .communication = communication_,
                .reserved = reserved_,
                .capacity = capacity_,
                .stage = stage};
    }

    /// What is left of the device beside weights, buffers and reserve; negative where they do not fit.
    [[nodiscard]] constexpr count room() const { return capacity_ - weights_ - communication_ - reserved_; }
    /// Bytes of one row of logits.
    [[nodiscard]] constexpr count row_bytes() const { return row_; }
    /// Bytes of state per token of a long context, and what a context keeps beside them at least and at most.
    struct growth {
        double per_token = 0;
        count least = 0;
        count most = 0;
    };
    [[nodiscard]] constexpr growth growth_of_state() const {
        growth g{};
        for (kept const& k : kept_) {
            double const times = static_cast<double>(k.times);
            count const fixed = bounded_product(k.times, storage_bytes(k.what.type, k.what.fixed));
            g.least = min(most_bytes, g.least + fixed);
            if (k.what.window == 0) {
                g.per_token += times * (static_cast<double>(k.what.per_token) * weight_width(k.what.type) + static_cast<double>(k.what.scale_bytes)) / static_cast<double>(k.what.every * k.what.ranks);
                g.most = min(most_bytes, g.most + fixed + k.times);
            } else {
                g.most = min(most_bytes, g.most + bounded_product(k.times, k.what.bytes(k.what.window)));
            }
        }
        return g;
    }

  private:
    struct kept {
        cache what{};
        count times = 0;
    };
    static constexpr bool same(cache const& a, cache const& b) {
        return a.per_token == b.per_token && a.window == b.window && a.every == b.every && a.fixed == b.fixed && a.type == b.type && a.scale_bytes == b.scale_bytes && a.ranks == b.ranks;
    }
    constexpr void keep(cache const& c, count times) {
        for (kept& k : kept_)
            if (same(k.what, c)) {
                k.times += times;
                return;
            }
        if (!kept_.try_push_back({c, times})) weights_ = most_bytes;  // more kinds of state than any family has: nothing fits rather than too much
    }

    workspace_rules rules_{};
    count ranks_ = 1;       ///< context-parallel ranks that share the tokens of a step
    count weights_ = 0;
    inplace_vector<kept, 24> kept_{};
    double stream_ = 0;     ///< of the residual, per token
    double token_ = 0;      ///< of the op with the most, per token
    double experts_ = 0;    ///< of the experts, per token
    double workspace_ = 0;  ///< of the experts, per token of all sources
    count sources_ = 1;
    count row_ = 0;
    count communication_ = 0;
    count reserved_ = 0;
    count capacity_ = 0;
};

/// No modules of multi-token prediction.
struct no_predictions {};

namespace detail {

/// The terms of a device of the stage [begin, end), or of all layers.
template <walkable M, class P, class Plan>
COSTEXPR_COLD constexpr memory_terms terms_of(M const& m, deployment const& x, system_spec const& s, P const& predictions, Plan const& plan, count stage) {
    memory_terms t(x, s);
    count const pp = x.layout.pp;
    stage_layers const here = plan.layers() != 0 ? plan.stage(pp, stage) : stage_layers{};
    auto const times_here = [&](op_place const& at) {
        if (pp == 1) return at.times;
        if (plan.layers() == 0) return ceil_div(at.times, pp);
        // an op that is stored in several dtypes has each spread evenly over the layers that hold it: all stages together hold it once
        count const all = max(plan[at.run].times, count{1});
        auto const up_to = [&](count layer) { return layer == 0 ? 0 : at.times * plan.times(at.run, {0, layer}) / all; };
        return up_to(here.end) - up_to(here.begin);
    };
    for_each_op_of(m, x, [&](auto const& o, op_place const& at) {
        count const times = times_here(at);
        t.add(memory_of(o), times, at.copies == at.times ? times : min(at.copies, times), x, stage != 0);
    });
    if constexpr (walkable<P>)  // on the last stage, beside the head
        if (stage == pp - 1)
            for_each_op_of(predictions, x, [&](auto const& o, op_place const& at) { t.add(memory_of(o), at.times, at.copies, x, false); });
    return t;
}

/// Calls f(terms, stage) for every pipeline stage of a model. Says whether the layout is possible.
template <class Registry, class P, class F>
constexpr bool for_each_stage(op_graph<Registry> const& g, deployment const& x, system_spec const& s, P const& predictions, F const& f) {
    for (count i = 0; i < x.layout.pp; ++i) f(terms_of(g, x, s, predictions, g.stages(), i), i);
    return g.size() != 0;
}
template <composition M, class P, class F>
constexpr bool for_each_stage(M const& m, deployment const& x, system_spec const& s, P const& predictions, F const& f) {
    any_problem illegal{};
    check_layout(m, x.layout, illegal);
    if (illegal.found) return false;
    using plan = stage_plan<layer_op_types<decltype(m.layers())>::runs>;
    plan const stages = x.layout.pp != 1 ? plan(m, x.framework) : plan{};
    for (count i = 0; i < x.layout.pp; ++i) f(terms_of(m, x, s, predictions, stages, i), i);
    return true;
}
/// The same for a model that was read at run time, laid out once.
template <class... G, class P, class F>
constexpr bool for_each_stage(basic_model<G...> const& m, deployment const& x, system_spec const& s, P const& predictions, F const& f) {
    problems why{};
    op_graph<registry<G...>> const g = m.ops(x, why);
    return why.empty() && for_each_stage(g, x, s, predictions, f);
}

}  // namespace detail

/// Memory per device: weights by dtype and shard, state of the sequences held, activations alive at once, buffers. Of pipeline stages the
/// fullest counts: layers are dealt to them in order (layers_of_stage), embedding and head stand in the first and the last, where a tied
/// head holds a table of its own. A layout that is not possible fits nowhere.
template <class M, class P = no_predictions>
[[nodiscard]] constexpr device_memory memory(M const& m, deployment const& x, system_spec const& s, residency const& held, P const& predictions = {}) {
    device_memory fullest{};
    bool const possible = detail::for_each_stage(m, x, s, predictions, [&](memory_terms const& t, count stage) {
        device_memory const d = t.at(held, stage);
        if (stage == 0 || d.total() > fullest.total()) fullest = d;
    });
    if (!possible) fullest = {.weights = most_bytes, .capacity = s.device.memory_bytes};
    return fullest;
}

}  // namespace costexpr
