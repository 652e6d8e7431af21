# SPDX-License-Identifier: BSL-1.0
"""Linear layers: the twin of cost/forms/gemm.hpp."""

import numpy as np

from .common import Form, busy, dtypes, host_bound, smooth_max, spelled, whole_above

column_tile = 128.0
throttle_seconds = 1e-3


class Gemm(Form):
    op = "gemm"
    tables = ("gemm/gemm_perf",)
    key = ("weights", "kernel", "most_rows", "outer_multiple", "inner_multiple")
    defaults = {"most_rows": 0, "outer_multiple": 1, "inner_multiple": 1}
    columns = ("rows", "outer", "inner")
    bounds = {
        "host_us": (0, 0, 0),
        "host_unaligned_us": (0, 0, 0),
        "launch_us": (0, 4, 60),
        "inner_ns": (0, 0.5, 20),
        "inner_bend": (500, 5000, 1e5),
        "row_ns": (0, 0.5, 50),
        "math_efficiency": (0.02, 0.7, 1.05),
        "throttle": (0, 0.2, 1),
        "fill": (0, 50, 1000),
        "wave": (0, 0.1, 1),
        "padding": (0, 0.5, 3),
        "memory_efficiency": (0.02, 0.8, 1.05),
        "output_passes": (0, 0.5, 5),
        "quantize_passes": (0, 1, 12),
        "exposed": (0, 0.3, 1),
    }
    choices = {"row_tile": (64, 128, 256)}
    # the framework whose kernel it is, with the same quantization; for CUTLASS, of odd shapes, the closest
    same_kernel = {"FlashInferFp8Block": "trtllm", "DeepGemmFp8Block": "sglang", "CutlassFp8Block": "sglang"}

    def slices(self, frames, device):
        frame = frames["gemm/gemm_perf"].rename(columns={"m": "rows", "n": "outer", "k": "inner", "latency": "ms"})
        for name, rows in frame.groupby("gemm_dtype"):
            if name not in spelled or dtypes[spelled[name]].math not in device.seconds_per_flop:
                continue
            kernels = {kernel: part for kernel, part in rows.groupby("kernel_source") if len(part) > 200}
            # a kernel for few rows, one for the rest, and one for the shapes that these do not take
            general = {kernel: part["outer"].min() < 64 for kernel, part in kernels.items()}
            several = len(kernels) > 1
            order = sorted(kernels, key=lambda kernel: (general[kernel], kernels[kernel]["rows"].max(), kernel))
            for i, kernel in enumerate(order):
                part = kernels[kernel]
                above = [kernels[other]["rows"].min() for other in order[i + 1:] if not general[other] and kernels[other]["rows"].min() > part["rows"].max()]
                yield {
                    "weights": spelled[name], "kernel": kernel if several else "", "most_rows": int(min(above)) - 1 if above else 0,
                    "outer_multiple": 64 if several and not general[kernel] else 1, "inner_multiple": 128 if several and not general[kernel] else 1,
                }, part

    def bounds_of(self, key, rows, device):
        bounds = dict(self.bounds)
        if dtypes[key["weights"]].activation == 2:
            bounds.update(quantize_passes=(0, 0, 0), row_ns=(0, 0, 0))
        if rows["ms"].min() > host_bound:
            # what a small multiplication takes is then hidden, on fast devices even the reading of large weights: the same kernel as another framework
            # runs it says it, else only what is plausible may be extrapolated to
            bounds.update(host_us=(10, 60, 600), host_unaligned_us=(0, 10, 400))
            bounds.update(launch_us=(1, 4, 6), inner_ns=(0, 0.5, 1), row_ns=(0, 0.5, 3), fill=(0, 50, 300), inner_bend=(1e5, 1e5, 1e5))
            framework = next((name for part, name in self.same_kernel.items() if part in key["kernel"]), None)
            same = next((e for e in self.siblings.get(framework, {}).get("gemm", ()) if e["weights"] == key["weights"] and not e["host_us"]), None)
            if same:
                reads = (rows["rows"] <= 128) & (rows["ms"] > 2 * rows["ms"].quantile(0.1))
                hidden = ("memory_efficiency",) if reads.sum() < 100 else ()
                few = ("padding", "output_passes", "quantize_passes") if rows["rows"].max() <= 64 else ()
                bounds.update({name: (same[name],) * 3 for name in ("launch_us", "inner_ns", "inner_bend", "row_ns", "fill", *hidden, *few)})
        return bounds

    def milliseconds(self, c, rows, device):
        d = dtypes[c["weights"]]
        m, n, k = rows["rows"].to_numpy(float), rows["outer"].to_numpy(float), rows["inner"].to_numpy(float)
        read = k * (rows["groups"].to_numpy(float) if "groups" in rows else 1)  # each group of sums reads inputs of its own
        tile = np.where(m <= 64, 64.0, np.where(m <= 128, min(c["row_tile"], 128.0), c["row_tile"]))
        tiles = whole_above(m / tile)
        waves = tiles * whole_above(n / column_tile) / device.multiprocessors
        per_flop = 2 * k * device.seconds_per_flop[d.math]
        math = per_flop * ((m + c["padding"] * (tiles * tile - m)) * n
                           + c["wave"] * (whole_above(waves) - waves) * device.multiprocessors * tile * column_tile) / c["math_efficiency"]
        ideal = per_flop * m * n
        math = math * (1 + c["throttle"] * ideal / (ideal + throttle_seconds) + c["fill"] / k)
        memory = (d.weight * n * k + d.activation * m * read + 2 * m * n) / c["memory_efficiency"] + c["output_passes"] * 2 * m * n
        quantize = c["quantize_passes"] * m * read * (2 + d.activation)
        chain = 1e-9 * c["inner_ns"] * k / (1 + k / c["inner_bend"])
        seconds = (1e-6 * c["launch_us"] + chain + 1e-9 * c["row_ns"] * m + quantize * device.seconds_per_byte
                   + busy(math, memory * device.seconds_per_byte, c["exposed"]))
        return 1e3 * smooth_max(1e-6 * (c["host_us"] + c["host_unaligned_us"] * (m % 4 != 0)), seconds, 4)
