# SPDX-License-Identifier: BSL-1.0
"""Sparse attention: the twin of cost/forms/sparse_attention.hpp. All tables hold whole modules, so that the linear layers are taken off first."""

import numpy as np

from .common import Form, dtypes, host_bound, smooth_max, spelled
from .mla import MlaBmm
from .module import entry_of, gemm_ms, passes_ms

# hidden, q_latent, nope, value and index heads of the models in the tables; all keep 512 + 64 elements a token and choose 2,048 keys.
models = {"DeepseekV32ForCausalLM": (7168, 1536, 128, 128, 64), "GlmMoeDsaForCausalLM": (6144, 2048, 192, 256, 32)}
latent, rope, top_k, index_dim = 512, 64, 2048, 128


def capped(n, limit):
    """The sum of min(i, limit) over i = 1 ... n."""
    ramp = np.minimum(n, limit)
    return ramp * (ramp + 1) / 2 + (n - ramp) * limit


class Sparse(Form):
    key = ("arithmetic", "cache")
    columns = ("pairs", "index_pairs", "tokens", "context", "sequences", "heads", "latent", "rope", "index_heads", "index_dim")
    choices = {"sharpness": (1, 2, 4)}
    bounds = {
        "host_us": (0, 0, 0),
        "index_host_us": (0, 0, 0),
        "launch_us": (1, 20, 300),
        "token_ns": (0, 5, 500),
        "tile_heads": (1, 32, 128),
        "math_efficiency": (0.02, 0.5, 1.05),
        "memory_efficiency": (0.02, 0.7, 20),  # above 1 where the keys of a prompt come from the cache of the device
        "index_launch_us": (0, 10, 200),
        "index_token_ns": (0, 5, 500),
        "index_chain_ns": (0, 0.1, 20),
        "index_efficiency": (0.02, 0.3, 1.05),
        "select_passes": (0, 2, 100),
    }

    def slices(self, frames, device):
        frame = frames[self.tables[0]]
        frame = frame[(frame["gemm_type"] == "bfloat16") & ~frame["kernel_source"].str.contains("dense_mha") & frame["architecture"].isin(list(models))]
        for (arithmetic, cache), part in frame.groupby(["mla_dtype", "kv_cache_dtype"]):
            rows = self.moments(part)
            # up to 64 prompts of 64 new tokens and more at once: what is served
            rows = rows[(rows["tokens"] <= 65536) & (rows["context"] <= 131072 * rows["sequences"])]
            if part["isl"].max() > 1:
                rows = rows[(rows["sequences"] <= 64) & (rows["tokens"] >= 64 * rows["sequences"])]
            others = self.beside(rows, device)
            if others is not None and len(rows):
                yield {"arithmetic": spelled[arithmetic], "cache": spelled[cache]}, rows.assign(beside=others)

    def bounds_of(self, key, rows, device):
        # where the fastest module leaves more than a launch can take, the host set the pace
        floor = np.quantile(rows["ms"] - rows["beside"], 0.01)
        least = 1e3 * rows["ms"].min()
        return {**self.bounds, "host_us": (0, 0.9 * least, 3 * least), "index_host_us": (0, 0.3 * least, 5 * least)} if floor > 2 * host_bound else self.bounds

    def moments(self, frame):
        rows = frame.rename(columns={"num_heads": "heads", "batch_size": "sequences", "latency": "ms"}).copy()
        past, new = rows["step"].astype(float), rows["isl"].astype(float)
        end = past + new
        rows["tokens"] = rows["sequences"] * new
        rows["context"] = rows["sequences"] * end
        rows["pairs"] = rows["sequences"] * (capped(end, top_k) - capped(past, top_k))
        indexed = ~rows["op_name"].str.contains("skip_indexer")
        rows["index_pairs"] = rows["sequences"] * (new * past + new * (new + 1) / 2)
        dims = np.array([models[name] for name in rows["architecture"]], float)
        for name, column in zip(("hidden", "q_latent", "nope", "value", "index_heads"), dims.T):
            rows[name] = column
        rows["index_heads"] *= indexed
        return rows.assign(latent=latent, rope=rope, index_dim=index_dim)

    def beside(self, rows, device):
        n, h, q = (rows[name].to_numpy(float) for name in ("tokens", "heads", "q_latent"))
        hidden, nope, value, scorers = (rows[name].to_numpy(float) for name in ("hidden", "nope", "value", "index_heads"))
        linear = gemm_ms(self.made, device, "bf16", (n, q + latent + rope, hidden), (n, h * (nope + rope), q), (n, hidden, h * value))
        index = gemm_ms(self.made, device, "bf16", (n, np.maximum(scorers, 1) * index_dim, q), (n, index_dim, hidden), (n, np.maximum(scorers, 1), hidden))
        absorbed = entry_of(self.made, "mla_bmm", weights="bf16")
        if linear is None or absorbed is None:
            return None
        for outer, inner in ((latent, nope), (value, latent)):
            linear = linear + MlaBmm().milliseconds(absorbed, rows.assign(rows=n, outer=outer, inner=inner), device)
        return linear + np.where(scorers > 0, index, 0) + passes_ms(device, 1, n * 4 * (q + latent + rope))

    def milliseconds(self, c, rows, device):
        pairs, index_pairs, tokens, context, sequences, heads, kept, rotated, scorers, dim = (rows[name].to_numpy(float) for name in self.columns)
        rate = device.seconds_per_flop
        math = 2 * np.maximum(heads, c["tile_heads"]) * (2 * kept + rotated) * pairs * rate[dtypes[c["arithmetic"]].math] / c["math_efficiency"]
        memory = pairs * (kept + rotated) * dtypes[c["cache"]].weight * device.seconds_per_byte / c["memory_efficiency"]
        attention = 1e-6 * c["launch_us"] + 1e-9 * c["token_ns"] * tokens + smooth_max(math, memory, c["sharpness"])
        scores = index_pairs * (2 * scorers * dim * rate["fp8"] / c["index_efficiency"] + 4 * c["select_passes"] * device.seconds_per_byte)
        index = 1e-6 * c["index_launch_us"] + 1e-9 * (c["index_token_ns"] * tokens + c["index_chain_ns"] * context / sequences) + scores
        beside = rows["beside"].to_numpy(float) if "beside" in rows else 0.0
        host = 1e-3 * (c["host_us"] + np.where(scorers > 0, c["index_host_us"], 0))
        return np.maximum(host, beside + 1e3 * (attention + np.where(scorers > 0, index, 0)))


class SparsePrefill(Sparse):
    op = "dsa_prefill"
    tables = ("sparse_attention/dsa_context_module_perf",)


class SparseDecode(Sparse):
    op = "dsa_decode"
    tables = ("sparse_attention/dsa_generation_module_perf",)
