// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/op/precision.hpp>
#include <costexpr/schema/read.hpp>

#include <string_view>

namespace costexpr {

/// The quantization of a checkpoint as `quantization_config` of a config.json or a `hf_quant_config.json` says it.
struct quantization {
    short_string method{};
    short_string algorithm{};
    short_string kv_algorithm{};
    count bits = 0;
    count block = 0;
    bool load_in_4bit = false;
    bool load_in_8bit = false;
    // compressed-tensors
    count group_bits = 0;
    short_string group_type{};
    short_string group_strategy{};
    count group_size = 0;
    count group_activation_bits = 0;
    count kv_bits = 0;

    static constexpr auto json(auto...) {
        using q = quantization;
        return std::array{
            key(&q::method, "quant_method", "quant_type").optional(),
            key(&q::algorithm, "quant_algo", "quantization.quant_algo").optional(),
            key(&q::kv_algorithm, "kv_cache_quant_algo", "quantization.kv_cache_quant_algo").optional(),
            key(&q::bits, "bits", "weight_bits").optional(),
            key(&q::block, "weight_block_size").optional(),
            key(&q::load_in_4bit, "load_in_4bit").optional(),
            key(&q::load_in_8bit, "load_in_8bit").optional(),
            key(&q::group_bits, "config_groups.group_0.weights.num_bits").optional(),
            key(&q::group_type, "config_groups.group_0.weights.type").optional(),
            key(&q::group_strategy, "config_groups.group_0.weights.strategy").optional(),
            key(&q::group_size, "config_groups.group_0.weights.group_size").optional(),
            key(&q::group_activation_bits, "config_groups.group_0.input_activations.num_bits").optional(),
            key(&q::kv_bits, "kv_cache_scheme.num_bits").optional(),
        };
    }

    /// The dtypes of the components under this quantization, and whether its method is one that is known. Embedding, head, router and
    /// norms stay bf16: no common method quantizes them.
    [[nodiscard]] constexpr bool apply(precision& p) const {
        auto const all = [&](dtype d) {
            p.weights = d;
            p.experts = d;
            return true;
        };
        auto const weight_only = [&](count n) { return n == 4 ? all(dtype::int4_wo) : n == 8 ? all(dtype::int8_wo) : false; };
        if (kv_algorithm == "FP8" || kv_bits == 8) p.kv_cache = dtype::fp8;
        if (algorithm == "FP8" || algorithm == "FP8_PER_CHANNEL_PER_TOKEN") return all(dtype::fp8);
        if (algorithm == "FP8_PB_WO" || algorithm == "FP8_BLOCK_SCALES") return all(dtype::fp8_block);
        if (algorithm == "NVFP4") return all(dtype::nvfp4);
        if (algorithm == "W4A16_AWQ") return all(dtype::int4_wo);
        if (algorithm == "W4A8_AWQ") return all(dtype::w4afp8);
        if (method == "fp8" || method == "fbgemm_fp8") return all(block != 0 ? dtype::fp8_block : dtype::fp8);
        if (method == "mxfp4") return p.experts = dtype::w4a16_mxfp4, true;
        if (method == "awq" || method == "gptq") return weight_only(bits);
        if (method == "bitsandbytes") return load_in_4bit ? all(dtype::int4_wo) : load_in_8bit ? all(dtype::int8_wo) : false;
        if (method == "compressed-tensors") {
            if (group_type == "float" && group_bits == 8) return all(group_strategy == "block" ? dtype::fp8_block : dtype::fp8);
            if (group_type == "float" && group_bits == 4) return all(group_size == 32 ? dtype::mxfp4 : dtype::nvfp4);
            if (group_type == "int" && group_activation_bits == 8) return all(dtype::int8);
            return group_type == "int" && weight_only(group_bits);
        }
        return method.empty() && algorithm.empty();
    }
};

}  // namespace costexpr
