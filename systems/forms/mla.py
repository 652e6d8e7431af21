# SPDX-License-Identifier: BSL-1.0
"""Multi-head latent attention: the twin of cost/forms/mla.hpp."""

import numpy as np

from .common import Form, by_heads, dtypes, host_bound, smooth_max, spelled
from .module import entry_of, gemm_ms, passes_ms

# DeepSeek-V3, whose dimensions all tables of latent attention have.
hidden, q_latent, latent, rope, nope, value = 7168, 1536, 512, 64, 128, 128


class MlaPrefill(Form):
    op = "mla_prefill"
    tables = ("mla/context_mla_perf", "mla/mla_context_module_perf")
    key = ("arithmetic", "cache")
    columns = ("pairs", "tokens", "context", "sequences", "heads", "expanded")
    bounds = {
        "launch_us": (1, 12, 100),
        "chain_ns": (0, 1, 100),
        "token_ns": (0, 0.01, 20),
        "tile_keys": (0, 64, 1024),
        "math_efficiency": (0.02, 0.6, 1.05),
        "memory_efficiency": (0.02, 0.7, 1.05),
    }
    choices = {"sharpness": (1, 2, 4)}

    def slices(self, frames, device):
        yield from kernels_of(self, frames, device, prompts, self.beside)

    def beside(self, rows, weights, device):
        """The module without its attention: four projections, and the norms of both latents."""
        n, heads = rows["tokens"].to_numpy(float), rows["heads"].to_numpy(float)
        linear = gemm_ms(self.made, device, weights, (n, q_latent + latent + rope, hidden), (n, heads * (nope + rope), q_latent),
                         (n, heads * (nope + value), latent), (n, hidden, heads * value))
        return None if linear is None else linear + passes_ms(device, 1, n * 4 * (q_latent + latent + rope))

    def milliseconds(self, c, rows, device):
        pairs, tokens, context, sequences, heads, expanded = (rows[name].to_numpy(float) for name in self.columns)
        math = 2 * heads * expanded * (pairs + c["tile_keys"] * tokens) * device.seconds_per_flop[dtypes[c["arithmetic"]].math] / c["math_efficiency"]
        memory = 2 * heads * expanded * (tokens + context) * device.seconds_per_byte / c["memory_efficiency"]
        fixed = 1e-6 * c["launch_us"] + 1e-9 * (c["chain_ns"] * tokens / sequences + c["token_ns"] * tokens)
        return besides(rows) + 1e3 * (fixed + smooth_max(math, memory, c["sharpness"]))


class MlaDecode(Form):
    op = "mla_decode"
    tables = ("mla/generation_mla_perf", "mla/mla_generation_module_perf")
    key = ("arithmetic", "cache", "least_heads", "most_heads")
    defaults = {"least_heads": 0, "most_heads": 0}
    tiles = ((0, 16), (17, 32), (33, 0))  # heads in a tile of queries: kernels differ, and that for 32 is slower than that for 64
    columns = ("pairs", "tokens", "context", "sequences", "heads", "latent", "rope")
    bounds = {
        "launch_us": (1, 8, 100),
        "sequence_ns": (0, 20, 2000),
        "split_us": (0, 4, 200),
        "split_keys": (64, 4096, 65536),
        "tile_keys": (0, 64, 1024),
        "tile_heads": (1, 32, 128),
        "math_efficiency": (0.02, 0.6, 1.05),
        "memory_efficiency": (0.02, 0.7, 1.05),
    }
    choices = {"sharpness": (1, 2, 4)}

    def slices(self, frames, device):
        for key, rows in kernels_of(self, frames, device, steps, self.beside):
            for heads, part in by_heads(rows, self.tiles):
                yield {**key, **heads}, part

    def beside(self, rows, weights, device):
        """The module without its attention: three projections, the absorbed products, and the norms of both latents."""
        n, heads = rows["tokens"].to_numpy(float), rows["heads"].to_numpy(float)
        linear = gemm_ms(self.made, device, weights, (n, q_latent + latent + rope, hidden), (n, heads * (nope + rope), q_latent), (n, hidden, heads * value))
        absorbed = entry_of(self.made, "mla_bmm", weights="bf16")
        if linear is None or absorbed is None:
            return None
        for outer, inner in ((latent, nope), (value, latent)):
            linear = linear + MlaBmm().milliseconds(absorbed, rows.assign(rows=n, outer=outer, inner=inner), device)
        return linear + passes_ms(device, 1, n * 4 * (q_latent + latent + rope))

    def milliseconds(self, c, rows, device):
        pairs, tokens, context, sequences, heads, kept, rotated = (rows[name].to_numpy(float) for name in self.columns)
        absorbed = 2 * kept + rotated
        length = context / sequences
        padded = np.maximum(heads, c["tile_heads"])
        math = 2 * padded * absorbed * (pairs + c["tile_keys"] * tokens) * device.seconds_per_flop[dtypes[c["arithmetic"]].math] / c["math_efficiency"]
        key = (kept + rotated) * dtypes[c["cache"]].weight
        memory = (key * (context + c["tile_keys"] * sequences) + 2 * tokens * heads * absorbed) * device.seconds_per_byte / c["memory_efficiency"]
        floor = 1e-6 * (c["launch_us"] + c["split_us"] * length / (length + c["split_keys"])) + 1e-9 * c["sequence_ns"] * sequences
        return besides(rows) + 1e3 * smooth_max(floor, smooth_max(math, memory, 4), c["sharpness"])


class MlaBmm(Form):
    op = "mla_bmm"
    tables = ("mla_bmm/mla_bmm_perf",)
    key = ("weights",)
    columns = ("rows", "heads", "outer", "inner")
    bounds = {
        "launch_us": (0.5, 3, 40),
        "math_efficiency": (0.02, 0.5, 1.05),
        "memory_efficiency": (0.02, 0.6, 1.05),
        "quantize_passes": (0, 0.5, 12),
    }
    choices = {"sharpness": (1, 2, 4)}

    def slices(self, frames, device):
        for name, rows in frames["mla_bmm/mla_bmm_perf"].groupby("bmm_dtype"):
            if dtypes[spelled[name]].math not in device.seconds_per_flop:
                continue
            rows = rows.rename(columns={"num_tokens": "rows", "num_heads": "heads", "latency": "ms"}).copy()
            into = rows["op_name"].str.endswith("_pre")  # queries into the latent space, outputs out of it
            rows["inner"], rows["outer"] = np.where(into, nope, latent), np.where(into, latent, value)
            # one shape after another was measured with its weights still in the cache, up to the size of which it is up to three times as fast; the
            # layers of a model displace each other there. What takes less than 1 us to read shows the launch all the same.
            d = dtypes[spelled[name]]
            moved = rows["heads"] * (d.weight * rows["outer"] * rows["inner"] + rows["rows"] * (d.activation * rows["inner"] + 2 * rows["outer"]))
            yield {"weights": spelled[name]}, rows[(moved > device.cache_bytes) | (moved * device.seconds_per_byte < 1e-6)]

    def bounds_of(self, key, rows, device):
        return {**self.bounds, "quantize_passes": (0, 0, 0)} if key["weights"] == "bf16" else self.bounds

    def milliseconds(self, c, rows, device):
        d = dtypes[c["weights"]]
        n, heads, outer, inner = (rows[name].to_numpy(float) for name in self.columns)
        math = 2 * n * heads * outer * inner * device.seconds_per_flop[d.math] / c["math_efficiency"]
        memory = heads * (d.weight * outer * inner + n * (d.activation * inner + 2 * outer)) * device.seconds_per_byte / c["memory_efficiency"]
        quantize = c["quantize_passes"] * n * heads * inner * (2 + d.activation) * device.seconds_per_byte
        return 1e3 * (1e-6 * c["launch_us"] + quantize + smooth_max(math, memory, c["sharpness"]))


def kernels_of(form, frames, device, moments, beside):
    """Slices by arithmetic and cache: of the table of the kernel, or of that of the module around it where the framework has no other."""
    kernel, module = (frames.get(table) for table in form.tables)
    frame = module if kernel is None else kernel
    for (arithmetic, cache), part in frame.groupby(["mla_dtype", "kv_cache_dtype"]):
        key = {"arithmetic": spelled[arithmetic], "cache": spelled[cache]}
        if kernel is not None:
            yield key, moments(part)
            continue
        rows = moments(part[part["gemm_type"] == "bfloat16"])  # the kernel is the same beside any linear layers, and these are known best
        others = beside(rows, "bf16", device)
        # where the host set the pace nothing is left to learn of the kernel
        if others is not None and np.quantile(rows["ms"] - others, 0.01) < host_bound:
            yield key, rows.assign(beside=others)


def besides(rows):
    """Milliseconds of a measured module that are not the op's."""
    return rows["beside"].to_numpy(float) if "beside" in rows else 0.0


def prompts(frame):
    """The moments of equal prompts of `isl` tokens."""
    rows = frame.rename(columns={"num_heads": "heads", "batch_size": "sequences", "latency": "ms"}).copy()
    rows["tokens"] = rows["sequences"] * rows["isl"]
    rows["pairs"] = rows["tokens"] * (rows["isl"] + 1) / 2
    return rows.assign(context=rows["tokens"], expanded=nope + rope + value)


def steps(frame):
    """The moments of sequences that decode one token each, the last of isl + step."""
    rows = frame.rename(columns={"num_heads": "heads", "batch_size": "sequences", "latency": "ms"}).copy()
    rows["context"] = rows["sequences"] * (rows["isl"] + rows["step"])
    return rows.assign(tokens=rows["sequences"], pairs=rows["context"], latent=latent, rope=rope)
