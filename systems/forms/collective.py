# SPDX-License-Identifier: BSL-1.0
"""Communication inside a node: the twin of cost/forms/collective.hpp."""

import numpy as np

from .common import Form

# Bytes that a device sends, in parts of (n - 1) / n of the bytes of the message, as op/collective.hpp counts them.
shares = {"all_reduce": 2.0, "all_gather": 1.0, "reduce_scatter": 1.0, "all_to_all": 1.0}
summing_devices = 8  # so many and more leave the sums of large messages to the switch


class Collectives(Form):
    op = "collectives"
    tables = ("comm/nccl_perf", "comm/oneccl_perf")
    measured_library = ("nccl", "oneccl")
    key = ("pattern", "kernel")
    columns = ("devices", "bytes")
    bounds = {
        "launch_us": (0, 5, 200),
        "device_us": (0, 0.5, 20),
        "link_efficiency": (0.02, 0.7, 2),
        "direct_efficiency": (0.01, 0.5, 2),
        "switch_us": (0, 5, 500),
        "switch_wire_us": (0.05, 5, 500),
    }

    def slices(self, frames, device):
        for frame in frames.values():
            frame = frame[frame["num_gpus"] <= device.node_devices]
            width = frame["nccl_dtype"].map({"half": 2, "int8": 1})
            frame = frame.rename(columns={"num_gpus": "devices", "latency": "ms"}).assign(bytes=width * frame["message_size"])
            for pattern, rows in frame.groupby("op_name"):
                yield {"pattern": {"alltoall": "all_to_all"}.get(pattern, pattern), "kernel": ""}, rows

    def milliseconds(self, c, rows, device):
        n = rows["devices"].to_numpy(float)
        wire = shares[c["pattern"]] * (n - 1) / n * rows["bytes"].to_numpy(float) * device.seconds_per_node_byte
        direct = wire * n / (2 * c["direct_efficiency"])
        shared = wire / c["link_efficiency"] + 1e-6 * c["switch_us"] * wire / (wire + 1e-6 * c["switch_wire_us"])
        if c.get("summing_efficiency"):
            shared = np.where(n >= summing_devices, np.minimum(shared, 1e-6 * c["summing_us"] + wire / c["summing_efficiency"]), shared)
        return 1e3 * (1e-6 * (c["launch_us"] + c["device_us"] * n) + np.minimum(direct, shared))


class AllReduce(Collectives):
    """The framework's own all-reduce, as it is launched through a graph where it can be: without one the host sets the pace."""

    op = "all_reduce"
    tables = ("comm/custom_allreduce_perf",)
    measured_library = None
    bounds = {**Collectives.bounds, "summing_us": (0, 50, 500), "summing_efficiency": (0.1, 0.9, 3)}

    def bounds_of(self, key, rows, device):
        if rows["devices"].max() >= summing_devices and device.generation in ("hopper", "blackwell"):
            return self.bounds
        return {**self.bounds, "summing_us": (0, 0, 0), "summing_efficiency": (0, 0, 0)}

    def slices(self, frames, device):
        frame = frames[self.tables[0]].rename(columns={"num_gpus": "devices", "latency": "ms"})
        frame = frame[frame["devices"] <= device.node_devices].assign(bytes=2.0 * frame["message_size"])
        kernels = sorted(frame["kernel_source"].unique())
        for kernel in [name for name in kernels if "graph" in name] or kernels:
            yield {"pattern": "all_reduce", "kernel": kernel}, frame[frame["kernel_source"] == kernel]
