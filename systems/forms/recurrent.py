# SPDX-License-Identifier: BSL-1.0
"""Recurrences over time and the short convolutions in front of them: the twin of cost/forms/recurrent.hpp."""

import numpy as np
import pandas as pd

from .common import Form, host_bound, smooth_max

most_tokens = 65536  # of a step that is served; beyond it devices run at a lower clock
chunk = 64  # tokens between the states that a prefill in chunks writes


def undisturbed(rows):
    """The rows of prompts that take no longer a token than any shorter and fewer prompts did, by a quarter: work that grows with the tokens cannot. A
    quarter of SGLang's rows on H200 do, up to threefold, none on the other devices."""
    kept = pd.Series(False, index=rows.index)
    for _, part in rows.groupby(["token_bytes", "state_bytes"]):
        lengths, rate = part["tokens"] / part["sequences"], part["ms"] / part["tokens"]
        rates = rate.groupby([part["sequences"], lengths]).min().unstack()
        fastest = np.minimum.accumulate(np.minimum.accumulate(rates.fillna(np.inf).to_numpy(), 0), 1)
        kept[part.index] = rate <= 1.25 * fastest[rates.index.get_indexer(part["sequences"]), rates.columns.get_indexer(lengths)]
    return rows[kept]


class Recurrent(Form):
    """`part` is convolution or recurrence, `phase` prefill, decode or verify (a few tokens a sequence, as speculation checks them)."""

    key = ("part", "phase", "kernel")
    columns = ("tokens", "sequences", "token_bytes", "state_bytes")
    bounds = {
        "launch_us": (0.5, 5, 600),
        "chain_ns": (0, 5, 3000),
        "tile_tokens": (0, 4, 4096),
        "token_efficiency": (0.005, 0.5, 1.05),
        "state_efficiency": (0.005, 0.5, 1.05),
    }
    choices = {"sharpness": (1, 2, 4)}
    phases = {"context": "prefill", "generation": "decode", "verify": "verify"}

    def slices(self, frames, device):
        parts = []
        for (kernel, phase), rows in frames[self.tables[0]].groupby(["kernel_source", "phase"]):
            if "fused_decode" in kernel or "kda_decode" in kernel and "packed" not in kernel:
                continue  # kernels that hold the convolution too: there is no second measurement to take it from
            part = "convolution" if "conv1d" in kernel else "recurrence"
            if part == "convolution" and "num_v_heads" in rows and str(rows["framework"].iloc[0]).lower().startswith("trt"):
                continue  # the same times for any number of value heads: of which width is not known; Mamba-2's kernel is the same
            if rows["latency"].min() > 2 * host_bound:
                continue  # the host set the pace: nothing to learn of the kernel
            rows = self.canonical(rows, part, self.phases[phase])
            parts.append(({"part": part, "phase": self.phases[phase], "kernel": kernel}, undisturbed(rows) if phase == "context" else rows))
        parts.sort(key=lambda p: (p[0]["part"], p[0]["phase"], -len(p[1])))
        yield from parts

    def canonical(self, frame, part, phase):
        rows = frame.rename(columns={"batch_size": "sequences", "latency": "ms"}).copy()
        rows["tokens"] = rows["num_tokens"] if phase != "decode" else rows["sequences"]
        shortest = chunk if phase == "prefill" else 1  # a prompt of less than a chunk runs other code
        rows = rows[(rows["tokens"] <= most_tokens) & (rows["tokens"] >= shortest * rows["sequences"])].copy()
        channels, elements, each = self.sizes(rows)
        if part == "convolution":
            return rows.assign(token_bytes=4.0 * channels, state_bytes=4.0 * channels * (rows["d_conv"] - 1))
        return rows.assign(token_bytes=each + (4.0 * elements / chunk if phase == "prefill" else 0.0), state_bytes=8.0 * elements)

    def bounds_of(self, key, rows, device):
        return self.bounds if key["phase"] == "prefill" else {**self.bounds, "tile_tokens": (0, 0, 0)}

    def milliseconds(self, c, rows, device):
        tokens, sequences, each, state = (rows[name].to_numpy(float) for name in self.columns)
        padded = np.sqrt(tokens * tokens + (sequences * c["tile_tokens"]) ** 2)
        moved = padded * each / c["token_efficiency"] + sequences * state / c["state_efficiency"]
        return 1e3 * (1e-6 * c["launch_us"] + smooth_max(1e-9 * c["chain_ns"] * tokens / sequences, moved * device.seconds_per_byte, c["sharpness"]))


class GatedDelta(Recurrent):
    op = "gated_delta"
    tables = ("linear_attention/gdn_perf",)

    def sizes(self, rows):
        k, v = rows["num_k_heads"] * rows["head_k_dim"], rows["num_v_heads"] * rows["head_v_dim"]
        return 2 * k + v, v * rows["head_k_dim"], 2.0 * (2 * k + 2 * v + 2 * rows["num_v_heads"])


class Kda(Recurrent):
    op = "kda"
    tables = ("kda/kda_perf",)

    def sizes(self, rows):
        width = rows["num_k_heads"] * rows["head_k_dim"]
        return 3 * width, width * rows["head_k_dim"], 2.0 * (5 * width + rows["num_k_heads"])


class Mamba2(Recurrent):
    op = "mamba2"
    tables = ("linear_attention/mamba2_perf",)

    def sizes(self, rows):
        inner, groups = rows["nheads"] * rows["head_dim"], rows["n_groups"] * rows["d_state"]
        return inner + 2 * groups, inner * rows["d_state"], 2.0 * (2 * inner + 2 * groups + rows["nheads"])
