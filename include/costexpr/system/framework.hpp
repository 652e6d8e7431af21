// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/embedded/frameworks.hpp>
#include <costexpr/op/layout.hpp>
#include <costexpr/schema/read.hpp>
#include <costexpr/system/system.hpp>

#include <string_view>

namespace costexpr {

/// What a serving framework does to a step: read from systems/<name>.framework.json, from a user's own JSON of the same keys, or written in C++.
struct framework_profile {
    short_string name{};
    short_string version{};
    count chunk_tokens = 8192;         ///< prompt tokens that one step reads at most
    bool mixes = true;                 ///< a step that reads prompts also writes tokens of other sequences
    bool kv_follows_weights = false;   ///< the cache of a checkpoint in fp8 or fp4 is kept in fp8, and prompts attend in fp8, unless it says otherwise
    bool fuses_quantization = false;   ///< activations are quantized by the kernel before, with scales from the checkpoint, and not in a pass of their own
    double hidden_us = 0;              ///< of each kernel's launch: what the kernel before it hides in a replayed step
    count graph_sequences = 0;         ///< decode steps of up to so many sequences are replayed as a graph; larger ones, and prompts, are launched kernel by kernel
    count graph_multiple = 1;          ///< replayed steps are padded: to powers of two up to this, to its multiples beyond
    double step_us = 0;                ///< host time of a step that the device waits for: scheduling, input tensors, sampling
    double sequence_us = 0;            ///< the same for each sequence of a step
    double layer_us = 0;               ///< gaps between the kernels of a layer in a replayed step
    double launched_layer_us = 0;      ///< the least that a layer takes where its kernels are launched one by one
    double request_ms = 0;             ///< from the arrival of a request to the start of its first step
    double waited_steps = 0.5;         ///< steps of others between the start of a request and the step that reads it
    double ahead = 0;                  ///< another prompt's part that stands before one's own, where there are others at all
    double burst = 0;                  ///< part of all other sequences whose prompts stand before one's own when it arrives
    double composition_error = 0.1;    ///< standard error of the logarithm of a TPOT beside those of the ops: overlaps, routing, versions, the measurement
    double transfer_ms = 0;            ///< from a prefill worker to a decode worker, beside the bytes of the state
    short_string mxfp4_experts{};      ///< what experts in mxfp4 run as where the device multiplies in fp4; empty: with bf16 activations

    static constexpr auto json(auto...) {
        using f = framework_profile;
        return std::array{
            key(&f::name, "name"),
            key(&f::version, "version").optional(),
            key(&f::chunk_tokens, "chunk_tokens"),
            key(&f::mixes, "mixes").optional(),
            key(&f::kv_follows_weights, "kv_follows_weights").optional(),
            key(&f::fuses_quantization, "fuses_quantization").optional(),
            key(&f::hidden_us, "hidden_us").optional(),
            key(&f::graph_sequences, "graph_sequences").optional(),
            key(&f::graph_multiple, "graph_multiple").or_else(1),
            key(&f::step_us, "step_us").optional(),
            key(&f::sequence_us, "sequence_us").optional(),
            key(&f::layer_us, "layer_us").optional(),
            key(&f::launched_layer_us, "launched_layer_us").optional(),
            key(&f::request_ms, "request_ms").optional(),
            key(&f::waited_steps, "waited_steps").optional(),
            key(&f::ahead, "ahead").optional(),
            key(&f::burst, "burst").optional(),
            key(&f::composition_error, "composition_error").optional(),
            key(&f::transfer_ms, "transfer_ms").optional(),
            key(&f::mxfp4_experts, "mxfp4_experts").optional(),
        };
    }
};

/// What a deployment leaves to the framework.
struct framework_decides {
    bool kv_cache = true;
    bool attention = true;
};

/// Families of formats: asking for one of a checkpoint that is stored in another of the same family asks for that checkpoint.
[[nodiscard]] constexpr bool same_format(dtype a, dtype b) {
    auto const family = [](dtype d) {
        switch (d) {
            case dtype::fp8:
            case dtype::fp8_block:
            case dtype::mxfp8: return 1;
            case dtype::nvfp4:
            case dtype::nvfp4_wo:
            case dtype::mxfp4:
            case dtype::w4a16_mxfp4:
            case dtype::w4a8_mxfp4_mxfp8: return 2;
            case dtype::int4_wo:
            case dtype::int4_wo_g128:
            case dtype::int4_wo_g32:
            case dtype::w4afp8: return 3;
            case dtype::int8:
            case dtype::int8_wo: return 4;
            default: return 5;
        }
    };
    return family(a) == family(b);
}
/// A precision that was asked for, where the checkpoint is stored in that format already: nobody quantizes it again. gpt-oss in "nvfp4" is its
/// mxfp4 checkpoint with attention in bf16, DeepSeek-V3 in "fp8" its blocks of 128 x 128.
constexpr void as_stored(precision& asked, precision const& stored) {
    if (same_format(asked.experts, stored.experts)) {
        // the checkpoint's other layers are in its own dtypes
        if (same_format(asked.weights, asked.experts)) asked.weights = stored.weights, asked.exceptions = stored.exceptions;
        asked.experts = stored.experts;
    }
    if (same_format(asked.weights, stored.weights)) asked.weights = stored.weights;
}

/// Gives every component the dtype in which a framework runs it on a device: weights whose arithmetic the device lacks with wider activations,
/// experts in mxfp4 as the profile says, and cache and attention of quantized checkpoints as the framework keeps them.
constexpr void run_as(precision& p, framework_profile const& f, device const& d, framework_decides const& free = {}) {
    bool const narrow = weight_width(p.weights) < 2 && activation_width(p.weights) < 2;
    if (f.kv_follows_weights && narrow && d.has(math::fp8)) {
        if (free.kv_cache) p.kv_cache = dtype::fp8;
        if (free.attention) p.attention = dtype::fp8;
    }
    if (p.experts == dtype::w4a16_mxfp4 && d.has(math::fp4) && !f.mxfp4_experts.empty()) (void)parse_dtype(f.mxfp4_experts.view(), p.experts);
    for (std::size_t m = 0; m != math_classes; ++m)
        if (!d.has(static_cast<math>(m))) p.lacking |= static_cast<std::uint8_t>(1u << m);
    for (dtype* t : {&p.weights, &p.experts, &p.head, &p.router}) *t = p.multiplied(*t);
    if (!d.has(math_of(p.attention))) p.attention = dtype::bf16;
}

/// Reads the profile of a framework (the keys of systems/*.framework.json); all problems are reported together.
template <class Profile = framework_profile>
[[nodiscard]] constexpr result<Profile> read_framework(std::string_view text) {
    return costexpr::read<Profile>(text);
}

/// The embedded profile of a framework; an empty text where there is none.
[[nodiscard]] constexpr std::string_view framework_text(std::string_view name) { return embedded::text_of(embedded::frameworks, name); }

}  // namespace costexpr
