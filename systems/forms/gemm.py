# SPDX-License-Identifier: BSL-1.0
"""Linear layers: the twin of cost/forms/gemm.hpp."""

from .common import Form, dtypes, smooth_max, spelled


class Gemm(Form):
    op = "gemm"
    tables = ("gemm/gemm_perf",)
    key = ("weights", "kernel")
    columns = ("rows", "outer", "inner")
    bounds = {
        "launch_us": (0, 4, 60),
        "inner_ns": (0, 0.3, 20),
        "math_efficiency": (0.02, 0.7, 1.05),
        "memory_efficiency": (0.02, 0.8, 1.05),
        "quantize_passes": (0, 1, 12),
    }
    choices = {"sharpness": (1, 2, 4)}

    def slices(self, frames, device):
        frame = frames["gemm/gemm_perf"]
        for name, rows in frame.groupby("gemm_dtype"):
            if name in spelled:
                yield {"weights": spelled[name], "kernel": ""}, rows.rename(columns={"m": "rows", "n": "outer", "k": "inner", "latency": "ms"})

    def bounds_of(self, key, rows, device):
        return {**self.bounds, "quantize_passes": (0, 0, 0)} if key["weights"] == "bf16" else self.bounds

    def milliseconds(self, c, rows, device):
        d = dtypes[c["weights"]]
        m, n, k = rows["rows"].to_numpy(float), rows["outer"].to_numpy(float), rows["inner"].to_numpy(float)
        math = 2 * m * n * k * device.seconds_per_flop[d.math] / c["math_efficiency"]
        memory = (d.weight * n * k + d.activation * m * k + 2 * m * n) * device.seconds_per_byte / c["memory_efficiency"]
        quantize = c["quantize_passes"] * m * k * (2 + d.activation) * device.seconds_per_byte
        return 1e3 * (1e-6 * c["launch_us"] + 1e-9 * c["inner_ns"] * k + quantize + smooth_max(math, memory, c["sharpness"]))
