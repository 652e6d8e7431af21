// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/cost/forms/device.hpp>

#include <array>
#include <string_view>

namespace costexpr::forms {

/// A linear layer, [rows, inner] x [inner, outer].
///   tile     64 rows up to 64, 128 up to 128, `row_tile` beyond; t = ceil(rows / tile) tiles; w = t ceil(outer / 128) / multiprocessors waves
///   math     2 inner ((rows + padding (t tile - rows)) outer + wave (ceil(w) - w) multiprocessors tile 128) / (math_efficiency peak)
///            (1 + throttle x / (x + 1 ms) + fill / inner), x = 2 rows outer inner / peak: long multiplications run at a lower clock, and the
///            first and the last elements of a sum do not keep the tensor units busy
///   memory   ((weights outer inner + activations rows inner + 2 rows outer) / memory_efficiency + output_passes 2 rows outer) / bandwidth
///   time     launch + inner_ns inner / (1 + inner / inner_bend) + row_ns rows + quantize_passes rows inner (2 + activations) / bandwidth
///            + max(math, memory) + exposed min(math, memory), smooth_max with host_us (+ host_unaligned_us)
/// Groups: `inner` is the length of a sum, `outer` holds the outputs of all; each reads activations of its own.
/// Fitted to 1 to 32,768 rows and dimensions of 32 to 65,536; the error of a slice stands beside its constants.
/// With launch_us = 4, inner_ns = 1, both efficiencies 0.8 and all else zero, 16 rows of 4096 x 4096 in bf16 take 16.902 us at 4.8 TB/s.
struct gemm_form {
    dtype weights = dtype::bf16;
    short_string weights_name{};
    short_string kernel{};       ///< empty: the framework has one for all shapes
    count most_rows = 0;         ///< chosen up to this many rows; 0: any
    count outer_multiple = 1;    ///< chosen for these multiples alone
    count inner_multiple = 1;
    double host_us = 0;          ///< what the host takes where it was slower than the device: a graph of launches saves it
    double host_unaligned_us = 0;  ///< more where the rows are no multiple of four
    double launch_us = 0;
    double inner_ns = 0;         ///< per element of a short sum
    double inner_bend = 1;       ///< elements after which a longer sum costs less: it is split
    double row_ns = 0;
    double math_efficiency = 1;
    double throttle = 0;
    double fill = 0;             ///< elements
    double wave = 0;             ///< share of the idle rest of the last wave that is paid
    double padding = 0;          ///< what a row that only fills its tile costs, in rows
    double memory_efficiency = 1;
    double output_passes = 0;    ///< passes over the output beyond its one write
    double quantize_passes = 0;  ///< passes over the input to quantize it
    double exposed = 0;
    count row_tile = 128;
    fit_error error{};

    using parts = part_list<&gemm_form::error>;
    static constexpr auto json(auto...) {
        using f = gemm_form;
        return std::array{
            key(&f::weights_name, "weights"),
            key(&f::kernel, "kernel").optional(),
            key(&f::most_rows, "most_rows").optional(),
            key(&f::outer_multiple, "outer_multiple").or_else(1),
            key(&f::inner_multiple, "inner_multiple").or_else(1),
            key(&f::host_us, "host_us").optional(),
            key(&f::host_unaligned_us, "host_unaligned_us").optional(),
            key(&f::launch_us, "launch_us").optional(),
            key(&f::inner_ns, "inner_ns").optional(),
            key(&f::inner_bend, "inner_bend"),
            key(&f::row_ns, "row_ns").optional(),
            key(&f::math_efficiency, "math_efficiency"),
            key(&f::throttle, "throttle").optional(),
            key(&f::fill, "fill").optional(),
            key(&f::wave, "wave").optional(),
            key(&f::padding, "padding").optional(),
            key(&f::memory_efficiency, "memory_efficiency"),
            key(&f::output_passes, "output_passes").optional(),
            key(&f::quantize_passes, "quantize_passes").optional(),
            key(&f::exposed, "exposed").optional(),
            key(&f::row_tile, "row_tile"),
        };
    }
    constexpr void settle(auto& check) {
        if (!parse_dtype(weights_name.view(), weights)) check.fail(errc::unknown_name, "weights", 0, 0, "a dtype of weights");
    }

    /// Whether the framework takes this kernel for a matrix.
    [[nodiscard]] constexpr bool takes(count outer, count inner) const {
        return (outer_multiple <= 1 || outer % outer_multiple == 0) && (inner_multiple <= 1 || inner % inner_multiple == 0);
    }

    /// Seconds on the device alone, for weights of a dtype that the constants may have been fitted to or not.
    template <class T>
    [[nodiscard]] COSTEXPR_INLINE constexpr T device_seconds(device_rates<T> const& d, T const& rows, double outer, double inner, dtype stored, double groups = 1) const {
        constexpr double column_tile = 128;
        double const activation = activation_width(stored);
        // a division costs as much as all else of a term: reciprocals are taken of constants, and of as few as possible
        double const large = static_cast<double>(row_tile);
        double const per_large = 1 / large;
        auto const few = rows < T(65);
        auto const some = rows < T(129);
        T const tile = select(few, T(64), select(some, T(min(large, 128.0)), T(large)));
        T const per_tile = select(few, T(1.0 / 64), select(some, T(max(per_large, 1.0 / 128)), T(per_large)));
        T const tiles = whole_above(rows * per_tile);
        T const waves = tiles * T(whole_above(outer / column_tile) / d.multiprocessors);
        T const per_sum = d.of(math_of(stored)) * T(2);
        double const per_byte = 1 / memory_efficiency;
        T const multiplied = (rows + T(padding) * (tiles * tile - rows)) * T(outer) +
                             (whole_above(waves) - waves) * tile * T(wave * d.multiprocessors * column_tile);
        T const ideal = per_sum * rows * T(outer * inner);
        T const math = per_sum * multiplied * T(1 / math_efficiency) * (T(throttle * inner) * ideal / (ideal + T(1e-3)) + T(inner + fill));
        T const memory = rows * T((activation * groups * inner + 2 * outer) * per_byte + output_passes * 2 * outer) + T(weight_width(stored) * outer * inner * per_byte);
        T const quantize = rows * T(quantize_passes * groups * inner * (2 + activation));
        T const fixed = T(1e-6 * launch_us + 1e-9 * inner_ns * inner * inner_bend / (inner_bend + inner)) + rows * T(1e-9 * row_ns);
        return fixed + quantize * d.seconds_per_byte + busy(math, memory * d.seconds_per_byte, exposed);
    }
    template <class T>
    [[nodiscard]] COSTEXPR_INLINE constexpr T seconds(device_rates<T> const& d, T const& rows, double outer, double inner) const {
        auto const unaligned = whole_part(rows * T(0.25)) * T(4) < rows;
        return smooth_max(select(unaligned, T(1e-6 * (host_us + host_unaligned_us)), T(1e-6 * host_us)), device_seconds(d, rows, outer, inner, weights), 4);
    }
};

}  // namespace costexpr::forms
