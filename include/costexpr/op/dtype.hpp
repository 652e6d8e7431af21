// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/config.hpp>
#include <costexpr/core/math.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace costexpr {

/// How the weights of a tensor are stored and with what activations they are multiplied.
enum class dtype : std::uint8_t {
    fp32,
    bf16,
    fp16,
    fp8,                  ///< one scale per tensor
    fp8_block,            ///< one fp32 scale per 128 x 128 block
    int8,                 ///< weights and activations
    int8_wo,              ///< weights only
    int4_wo,              ///< weights only
    nvfp4,                ///< one fp8 scale per 16 elements
    nvfp4_wo,             ///< weights only
    mxfp4,                ///< one 8-bit scale per 32 elements
    mxfp8,                ///< one 8-bit scale per 32 elements
    w4afp8,               ///< int4 weights, fp8 activations
    w4a16_mxfp4,          ///< mxfp4 weights, bf16 activations
    w4a8_mxfp4_mxfp8,     ///< mxfp4 weights, mxfp8 activations
    int4_wo_g128,         ///< weights only; a 16-bit scale and a 4-bit zero point per 128 (AWQ, GPTQ)
    int4_wo_g32,          ///< weights only; a 16-bit scale per 32
};

/// The rate of the device at which a multiplication runs.
enum class math : std::uint8_t { fp32, bf16, int8, fp8, fp4 };
inline constexpr std::size_t math_classes = 5;
inline constexpr std::array<std::string_view, math_classes> math_names{"fp32", "bf16", "int8", "fp8", "fp4"};

/// What a dtype costs: widths are exact in units of 1/512 bit, so that 4.25, 4.5, 8.25 and 8 + 1/512 bits are all integers.
struct dtype_facts {
    std::string_view name;
    count weight_units;
    count activation_units;
    costexpr::math math;
};

inline constexpr count units_per_byte = 8 * 512;
inline constexpr std::array dtype_table{
    dtype_facts{"fp32", 32 * 512, 32 * 512, math::fp32},
    dtype_facts{"bf16", 16 * 512, 16 * 512, math::bf16},
    dtype_facts{"fp16", 16 * 512, 16 * 512, math::bf16},
    dtype_facts{"fp8", 8 * 512, 8 * 512, math::fp8},
    dtype_facts{"fp8_block", 8 * 512 + 1, 8 * 512, math::fp8},
    dtype_facts{"int8", 8 * 512, 8 * 512, math::int8},
    dtype_facts{"int8_wo", 8 * 512, 16 * 512, math::bf16},
    dtype_facts{"int4_wo", 4 * 512, 16 * 512, math::bf16},
    dtype_facts{"nvfp4", 4 * 512 + 256, 4 * 512 + 256, math::fp4},
    dtype_facts{"nvfp4_wo", 4 * 512 + 256, 16 * 512, math::bf16},
    dtype_facts{"mxfp4", 4 * 512 + 128, 4 * 512 + 128, math::fp4},
    dtype_facts{"mxfp8", 8 * 512 + 128, 8 * 512 + 128, math::fp8},
    dtype_facts{"w4afp8", 4 * 512, 8 * 512, math::fp8},
    dtype_facts{"w4a16_mxfp4", 4 * 512 + 128, 16 * 512, math::bf16},
    dtype_facts{"w4a8_mxfp4_mxfp8", 4 * 512 + 128, 8 * 512 + 128, math::fp8},
    dtype_facts{"int4_wo_g128", 4 * 512 + 80, 16 * 512, math::bf16},
    dtype_facts{"int4_wo_g32", 4 * 512 + 256, 16 * 512, math::bf16},
};

[[nodiscard]] constexpr dtype_facts const& facts(dtype d) { return dtype_table[static_cast<std::size_t>(d)]; }
[[nodiscard]] constexpr std::string_view name(dtype d) { return facts(d).name; }

namespace detail {

// The columns that a step needs, as plain numbers: g++ 12 does not fold loads from a table that holds names.
struct dtype_columns {
    double weight[dtype_table.size()]{};
    double activation[dtype_table.size()]{};
    costexpr::math math[dtype_table.size()]{};
};
inline constexpr dtype_columns columns = [] {
    dtype_columns c{};
    for (std::size_t i = 0; i != dtype_table.size(); ++i) {
        c.weight[i] = static_cast<double>(dtype_table[i].weight_units) / units_per_byte;
        c.activation[i] = static_cast<double>(dtype_table[i].activation_units) / units_per_byte;
        c.math[i] = dtype_table[i].math;
    }
    return c;
}();

}  // namespace detail

/// Bytes per stored weight, scales included.
[[nodiscard]] COSTEXPR_INLINE constexpr double weight_width(dtype d) { return detail::columns.weight[static_cast<std::size_t>(d)]; }
/// Bytes per activation element that a multiplication with these weights reads.
[[nodiscard]] COSTEXPR_INLINE constexpr double activation_width(dtype d) { return detail::columns.activation[static_cast<std::size_t>(d)]; }
/// The class of arithmetic of a multiplication with these weights.
[[nodiscard]] COSTEXPR_INLINE constexpr math math_of(dtype d) { return detail::columns.math[static_cast<std::size_t>(d)]; }
/// Bytes that this many weights take, rounded up to whole bytes per tensor.
[[nodiscard]] COSTEXPR_COLD constexpr count storage_bytes(dtype d, count elements) {
    // split so that the product stays inside 64 bits up to 2^50 elements
    if (elements >= most_bytes / 4) return most_bytes;
    count const whole = elements / units_per_byte;
    count const rest = elements % units_per_byte;
    return whole * facts(d).weight_units + ceil_div(rest * facts(d).weight_units, units_per_byte);
}

/// The same for a matrix: scales of blocks are counted per block, of which the last in a row or column may be partial.
[[nodiscard]] COSTEXPR_COLD constexpr count storage_bytes(dtype d, count rows, count columns) {
    if (d != dtype::fp8_block) return storage_bytes(d, rows * columns);
    return rows * columns + 4 * ceil_div(rows, 128) * ceil_div(columns, 128);
}

/// The dtype of this name, and whether there is one.
[[nodiscard]] constexpr bool parse_dtype(std::string_view name, dtype& out) {
    for (std::size_t i = 0; i != dtype_table.size(); ++i)
        if (dtype_table[i].name == name) return out = static_cast<dtype>(i), true;
    return false;
}

/// The same weights with wider activations, for a device that does not multiply in their class: Marlin and its kin unpack them on the way.
[[nodiscard]] constexpr dtype weights_only(dtype d) {
    switch (d) {
        case dtype::fp8:
        case dtype::fp8_block:
        case dtype::int8:
        case dtype::mxfp8: return dtype::int8_wo;
        case dtype::nvfp4: return dtype::nvfp4_wo;
        case dtype::mxfp4:
        case dtype::w4a8_mxfp4_mxfp8: return dtype::w4a16_mxfp4;
        case dtype::w4afp8: return dtype::int4_wo;
        default: return d;
    }
}

}  // namespace costexpr
