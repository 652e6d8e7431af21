# SPDX-License-Identifier: BSL-1.0
"""Passes over activations: the twin of cost/forms/elementwise.hpp."""

import pandas as pd

from .common import Form, smooth_max


class Pass(Form):
    key = ("part",)
    columns = ("bytes",)
    bounds = {
        "launch_us": (0.2, 3, 60),
        "memory_efficiency": (0.02, 0.7, 1.05),
    }
    choices = {"sharpness": (1, 2, 4)}

    def milliseconds(self, c, rows, device):
        return 1e3 * smooth_max(1e-6 * c["launch_us"], rows["bytes"].to_numpy(float) * device.seconds_per_byte / c["memory_efficiency"], c["sharpness"])


class Elementwise(Pass):
    """The quantization of an activation with a known scale: bf16 read, fp8 written. The only pass that the tables hold by itself."""

    op = "elementwise"
    tables = ("quantize/scale_matrix_perf",)

    def slices(self, frames, device):
        rows = frames["quantize/scale_matrix_perf"]
        yield {"part": "quantize"}, pd.DataFrame({"bytes": 3.0 * rows["m"] * rows["k"], "ms": rows["latency"]})


class HyperConnections(Pass):
    """What stands before and after both sites of a layer: streams read and mixed into one, and one written back into the streams."""

    op = "hyper_connections"
    tables = ("mhc/mhc_module_perf",)

    def slices(self, frames, device):
        for part, rows in frames["mhc/mhc_module_perf"].groupby("op_name"):
            streams = rows["num_sites"] * rows["num_tokens"] * rows["hidden_size"] * rows["hc_mult"] * 2.0
            one = rows["num_sites"] * rows["num_tokens"] * rows["hidden_size"] * 2.0
            yield {"part": part}, pd.DataFrame({"bytes": streams + one if part == "pre" else 2 * streams + one, "ms": rows["latency"]})
