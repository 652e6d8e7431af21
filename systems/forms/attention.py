# SPDX-License-Identifier: BSL-1.0
"""Attention over a cache: the twins of cost/forms/attention.hpp."""

import numpy as np

from .common import Form, busy, dtypes, spelled, whole_above


class Attention(Form):
    """What prefill and decode share: how their slices are found."""

    key = ("arithmetic", "cached", "kernel", "head_dim", "least_group", "most_group", "windowed")
    groups = (0,)  # query heads per KV head up to which a slice goes, 0: any
    defaults = {"arithmetic": "bf16", "cached": "bf16", "head_dim": 0, "least_group": 0, "most_group": 0, "windowed": False}
    columns = ("sequences", "tokens", "pairs", "context", "heads", "kv_heads", "dim")

    def loads(self, rows):
        """Columns of the moments of a step."""
        raise NotImplementedError

    def slices(self, frames, device):
        frame = frames[self.tables[0]]
        frame = frame.rename(columns={"batch_size": "sequences", "num_heads": "heads", "num_key_value_heads": "kv_heads", "head_dim": "dim", "latency": "ms"})
        if "window_size" not in frame:
            frame = frame.assign(window_size=0)
        priced = [name for name in spelled if dtypes[spelled[name]].math in device.seconds_per_flop]
        frame = self.loads(frame[frame["attn_dtype"].isin(priced) & frame["kv_cache_dtype"].isin(spelled)])
        for (arithmetic, cached, windowed), rows in frame.groupby(["attn_dtype", "kv_cache_dtype", frame["window_size"] > 0]):
            kernels = {kernel: part for kernel, part in rows.groupby("kernel_source") if len(part) >= 200}
            if not kernels:
                continue
            main = max(kernels, key=lambda kernel: len(kernels[kernel]))
            dims = {kernel: set(part["dim"]) for kernel, part in kernels.items()}
            parts = []
            for kernel, part in kernels.items():
                by_dim = "triton" in kernel  # its tiles depend on the head dimension
                for dim in sorted(dims[kernel] - (dims[main] if kernel != main else {max(dims[kernel])} if by_dim else dims[kernel])):
                    own = part["dim"] == dim
                    if own.sum() >= 200:
                        parts.append((kernel, int(dim), part[own]))
                        part = part[~own]
                if len(part) >= 200:
                    parts.append((kernel, 0, part))
            # kernels for head dimensions that the one for all lacks, then that one, then the others that can be asked for by name
            for kernel, dim, part in sorted(parts, key=lambda p: (p[1] == 0, p[0] != main, p[0], p[1])):
                for least, most, rest in self.by_group(part):
                    yield {"arithmetic": spelled[arithmetic], "cached": spelled[cached], "kernel": kernel if len(kernels) > 1 else "",
                           "head_dim": dim, "least_group": least, "most_group": most, "windowed": bool(windowed)}, rest

    def by_group(self, rows):
        """The rows of a kernel by the query heads that share a KV head, where there are enough of each; the usual ones first."""
        group = rows["heads"] / rows["kv_heads"]
        parts, least = [], 0
        for most in self.groups:
            inside = (group >= least) & ((group <= most) | (most == 0))
            if most == 0 or (inside.sum() >= 300 and (group > most).sum() >= 300):
                parts.append((least, most, rows[inside]))
                least = most + 1
        return sorted(parts, key=lambda part: not (part[0] <= 8 and (part[1] == 0 or part[1] >= 8)))


class PrefillAttention(Attention):
    op = "prefill_attention"
    tables = ("attention/context_attention_perf",)
    columns = (*Attention.columns, "causal")
    standing = {"causal": "pairs"}
    bounds = {
        "launch_us": (0, 10, 100),
        "key_ns": (0, 5, 200),
        "head_ns": (0, 5, 100),
        "math_efficiency": (0.02, 0.6, 1.05),
        "softmax_dims": (0, 30, 400),
        "narrow_dims": (0, 0.3, 1),
        "tile_keys": (0, 32, 512),
        "masked": (0, 0, 0),
        "memory_efficiency": (0.02, 0.5, 1.05),
        "cache_passes": (0, 1, 8),
        "exposed": (0, 0.3, 1),
        "wave": (0, 0.3, 1),
    }
    choices = {"query_tile": (64, 128, 256)}

    def bounds_of(self, key, rows, device):
        # kernels that walk over the keys before the window to find them masked
        return {**self.bounds, "masked": (0, 0.02, 1)} if key["windowed"] else self.bounds

    def loads(self, rows):
        rows = rows[rows["isl"] > 1]
        sequences, new = rows["sequences"].astype(float), rows["isl"].astype(float)
        seen = np.where(rows["window_size"] > 0, np.minimum(new, rows["window_size"]), new)
        return rows.assign(tokens=sequences * new, context=sequences * new, pairs=sequences * (0.5 * seen * (seen + 1) + (new - seen) * seen),
                           causal=sequences * 0.5 * new * (new + 1))

    def milliseconds(self, c, rows, device):
        sequences, tokens, pairs, context, heads, kv_heads, dim, causal = (rows[name].to_numpy(float) for name in self.columns)
        cached = dtypes[c["cached"]].weight
        pairs = pairs + c.get("masked", 0) * (causal - pairs)  # optional: encoders have no window
        dims = dim + c["softmax_dims"] + c["narrow_dims"] * np.maximum(128 - dim, 0)
        math = 4 * heads * dims * (pairs + c["tile_keys"] * tokens) * device.seconds_per_flop[dtypes[c["arithmetic"]].math] / c["math_efficiency"]
        share = heads * tokens / (c["query_tile"] * device.multiprocessors)
        blocks = sequences * heads * whole_above(tokens / sequences / c["query_tile"]) / device.multiprocessors
        math = math * (1 - c["wave"] + c["wave"] * whole_above(blocks) / share)
        memory = ((4 * heads * dim * tokens + 2 * kv_heads * dim * cached * context) / c["memory_efficiency"]
                  + c["cache_passes"] * 2 * kv_heads * dim * (2 + cached) * tokens)
        fixed = 1e-6 * c["launch_us"] + 1e-9 * (c["key_ns"] * pairs / tokens + c["head_ns"] * sequences * heads)
        return 1e3 * (fixed + busy(math, memory * device.seconds_per_byte, c["exposed"]))


class DecodeAttention(Attention):
    op = "decode_attention"
    tables = ("attention/generation_attention_perf",)
    columns = (*Attention.columns, "whole")
    standing = {"whole": "context"}
    groups = (1, 32, 0)
    bounds = {
        "launch_us": (0, 8, 100),
        "sequence_ns": (0, 10, 2000),
        "head_ns": (0, 5, 500),
        "query_ns": (0, 2, 200),
        "issue_dims": (0, 0.3, 1),
        "key_ns": (0, 2, 100),
        "key_bend": (16, 1000, 1e5),
        "key_dims": (0, 0.3, 1),
        "fade": (0, 0, 0),
        "ramp_us": (0, 0, 0),
        "ramp_memory_us": (1, 1, 1),
        "memory_efficiency": (0.02, 0.7, 1.05),
        "math_efficiency": (0.001, 0.3, 1.05),
        "tile_keys": (0, 32, 1024),
        "group_heads": (1, 8, 64),
        "exposed": (0, 0.3, 1),
        "issue_exposed": (0, 0.5, 1),
    }

    def bounds_of(self, key, rows, device):
        # kernels of Hopper split a sum by rules of their own; elsewhere these terms gain nothing
        own = {"fade": (0, 0.5, 10), "ramp_us": (0, 5, 100), "ramp_memory_us": (0.1, 5, 200)} if device.generation == "hopper" else {}
        return {**self.bounds, **own}

    def loads(self, rows):
        sequences, keys = rows["sequences"].astype(float), rows["isl"].astype(float) + rows["step"]
        seen = np.where(rows["window_size"] > 0, np.minimum(keys, rows["window_size"]), keys)
        return rows.assign(tokens=sequences, context=sequences * seen, pairs=sequences * seen, whole=sequences * keys)

    def milliseconds(self, c, rows, device):
        sequences, tokens, pairs, context, heads, kv_heads, dim, whole = (rows[name].to_numpy(float) for name in self.columns)
        cached = dtypes[c["cached"]].weight
        keys = whole / sequences
        paid = context + c["tile_keys"] * sequences
        memory = (2 * kv_heads * dim * cached * paid + 4 * heads * dim * tokens) / c["memory_efficiency"]
        grouped = np.maximum(heads, c["group_heads"] * kv_heads)
        math = 4 * grouped * dim * (pairs + c["tile_keys"] * tokens) * device.seconds_per_flop[dtypes[c["arithmetic"]].math] / c["math_efficiency"]
        wider = dim / 128 - 1
        issue = 1e-9 * (c["sequence_ns"] + c["head_ns"] * kv_heads + c["query_ns"] * heads) * (1 + c["issue_dims"] * wider) * sequences
        waves = c["fade"] * sequences * kv_heads / device.multiprocessors
        faded = 1 / (1 + waves * waves)
        read = 2 * kv_heads * dim * cached * whole * device.seconds_per_byte
        chain = (1e-9 * c["key_ns"] * (1 + c["key_dims"] * wider) * keys / (1 + keys / c["key_bend"])
                 + 1e-6 * c["ramp_us"] * read / (read + 1e-6 * c["ramp_memory_us"])) * faded
        work = busy(math, memory * device.seconds_per_byte, c["exposed"])
        return 1e3 * (1e-6 * c["launch_us"] + chain + busy(work, issue, c["issue_exposed"]))


class EncoderAttention(PrefillAttention):
    """Attention without a mask or a cache, as prefill attention whose every query sees every key."""

    op = "encoder_attention"
    tables = ("encoder_attention/encoder_attention_perf",)
    bounds = {name: bound for name, bound in {**PrefillAttention.bounds, "narrow_dims": (0, 0, 0), "cache_passes": (0, 0, 0)}.items() if name != "masked"}
    choices = {"query_tile": (64, 128, 192, 256)}

    def slices(self, frames, device):
        frame = frames[self.tables[0]].rename(columns={"batch_size": "sequences", "num_heads": "heads", "head_dim": "dim", "latency": "ms"})
        tokens = frame["sequences"].astype(float) * frame["isl"]
        frame = frame.assign(tokens=tokens, context=tokens, pairs=tokens * frame["isl"], causal=tokens * frame["isl"], kv_heads=frame["heads"])
        # kernels differ by head dimension, some fourfold; the widest one stands for those that are not measured
        widest = frame["dim"].max()
        slices = frame.groupby(["attn_dtype", frame["dim"] < widest, "dim", "kernel_source"])
        for (arithmetic, _, dim, kernel), rows in slices:
            yield {"arithmetic": spelled[arithmetic], "cached": "bf16", "kernel": kernel if frame["kernel_source"].nunique() > 1 else "",
                   "head_dim": 0 if dim == widest else int(dim), "least_group": 0, "most_group": 0, "windowed": False}, rows
