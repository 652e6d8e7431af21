# SPDX-License-Identifier: BSL-1.0
"""What the forms share: devices, dtypes, and the arithmetic of cost/forms/device.hpp on arrays."""

import json
import pathlib
import re

import numpy as np

systems_folder = pathlib.Path(__file__).resolve().parent.parent
repository = systems_folder.parent

# Streaming multiprocessors that the driver reports (cudaDeviceProp::multiProcessorCount); NVIDIA white papers and data sheets, Intel's for B60.
multiprocessors = {
    "a100_sxm": 108, "a100_pcie": 108, "a30": 56, "h100_sxm": 132, "h100_pcie": 114, "h200_sxm": 132, "b200_sxm": 148, "b300_sxm": 148,
    "gb200": 152, "gb300": 152, "l40s": 142, "l4": 58, "rtx_pro_6000_server": 188, "b60": 20,
}

# Bytes of the cache that all multiprocessors share (NVIDIA and Intel data sheets), by generation.
shared_cache = {"ampere": 40e6, "ada": 96e6, "hopper": 50e6, "blackwell": 126e6, "xe2": 18e6}


class Device:
    """The reciprocals that a form reads, from systems/<name>.json, as forms::device_rates holds them."""

    def __init__(self, name, facts=None):
        path = pathlib.Path(name) if name.endswith(".json") else systems_folder / f"{name}.json"
        facts = facts or json.loads(path.read_text())
        self.name = name = path.stem
        self.generation = facts.get("generation", "")
        flops = facts["flops_per_second"]
        flops.setdefault("bf16", flops.get("fp16", 0))
        self.seconds_per_flop = {math: 1 / rate for math, rate in flops.items() if rate}
        self.seconds_per_byte = 1 / facts["memory_bytes_per_second"]
        self.seconds_per_node_byte = 1 / facts["node"]["bytes_per_second"]
        self.node_devices = facts["node"]["devices"]
        self.cache_bytes = shared_cache.get(self.generation, 0)
        self.multiprocessors = multiprocessors.get(name, facts.get("multiprocessors", 0))


class Dtype:
    """Bytes per weight and per activation element and the class of arithmetic, read from op/dtype.hpp."""

    def __init__(self, weight, activation, math):
        self.weight, self.activation, self.math = weight, activation, math


def _read_dtypes():
    text = (repository / "include/costexpr/op/dtype.hpp").read_text()
    units = re.search(r"units_per_byte = ([0-9* ]+);", text)[1]
    entries = re.findall(r'dtype_facts\{"(\w+)", ([0-9*+ ]+), ([0-9*+ ]+), math::(\w+)\}', text)
    return {name: Dtype(eval(weight) / eval(units), eval(activation) / eval(units), math) for name, weight, activation, math in entries}


dtypes = _read_dtypes()

# How the tables spell dtypes.
spelled = {
    "bfloat16": "bf16", "float16": "bf16", "half": "bf16", "fp8": "fp8", "fp8_static": "fp8", "fp8_ootb": "fp8", "fp8_block": "fp8_block",
    "nvfp4": "nvfp4", "w4a16_nvfp4": "nvfp4_wo", "nvfp4_wo": "nvfp4_wo", "int8_wo": "int8_wo", "int4_wo": "int4_wo", "sq": "int8", "int8": "int8",
    "w4afp8": "w4afp8", "w4a16_mxfp4": "w4a16_mxfp4", "w4a16_mxfp4_cutlass": "w4a16_mxfp4", "w4a8_mxfp4_mxfp8": "w4a8_mxfp4_mxfp8",
    "w4a8_mxfp4_mxfp8_trtllm": "w4a8_mxfp4_mxfp8",
}


def smooth_max(a, b, sharpness):
    """(a^p + b^p)^(1/p) for p in {1, 2, 4}."""
    if sharpness <= 1:
        return a + b
    a2, b2 = a * a, b * b
    return np.sqrt(a2 + b2 if sharpness <= 2 else np.sqrt(a2 * a2 + b2 * b2))


def busy(a, b, exposed):
    """The longer of two times and the share of the shorter that it does not hide."""
    return np.maximum(a, b) + exposed * np.minimum(a, b)


def whole_above(x):
    """The smallest whole number that is no less than x."""
    return np.floor(x + (1 - 2.0**-20))


# Where the fastest row of a slice takes longer than this many milliseconds, the host did: no kernel does nothing for so long.
host_bound = 0.03


def by_heads(rows, ranges):
    """The rows of each range of heads (least, most; 0: any number) that has a kernel of its own, with the keys that say which."""
    for least, most in ranges:
        inside = (rows["heads"] >= least) & ((rows["heads"] <= most) | (most == 0))
        if inside.any():
            yield {"least_heads": least, "most_heads": most}, rows[inside]


class Form:
    """A closed form and how its measurements are found. What a subclass says:

    op            key in systems/<gpu>.<framework>.json
    tables        "group/file" of the tables it reads, without ending
    measured_library  the folder that stands for the framework where the tables are those of a library ("nccl")
    key           what tells slices apart; the keys of the dictionaries that `slices` yields, and of a user's measurements
    defaults      of the key, for a user's measurements; an empty text where it says nothing
    columns       canonical columns of a slice's rows
    standing      {column: another one that stands for it where a user's measurements leave it out}
    bounds        {constant: (low, start, high)}; equal bounds fix it
    choices       {constant: values}: each value is tried
    slices        (frames: {table: DataFrame}, device) -> yields (key dictionary, rows with `columns` and ms)
    milliseconds  (constants and key, rows, device) -> array
    """

    op = ""
    tables = ()
    measured_library = None
    key = ()
    defaults = {}
    columns = ()
    standing = {}
    bounds = {}
    choices = {}
    most_rows = 2000
    siblings = {}  # {framework: what is known of it on the device}

    def bounds_of(self, key, rows, device):
        """Bounds of a slice, where they depend on it."""
        return self.bounds

    def slices(self, frames, device):
        raise NotImplementedError

    def milliseconds(self, constants, rows, device):
        raise NotImplementedError
