# SPDX-License-Identifier: BSL-1.0
"""Sparse attention: the twin of cost/forms/sparse_attention.hpp. All tables hold whole modules, so that the linear layers are taken off first."""

import numpy as np
import pandas as pd

from .common import Form, by_heads, dtypes, host_bound, smooth_max, spelled
from .mla import MlaBmm
from .module import entry_of, gemm_ms, passes_ms

latent, rope, index_dim = 512, 64, 128


def capped(n, limit):
    """The sum of min(i, limit) over i = 1 ... n."""
    ramp = np.minimum(n, limit)
    return ramp * (ramp + 1) / 2 + (n - ramp) * limit


def lengths(frame):
    """The rows with their moments, and the past, new and all tokens of a sequence."""
    rows = frame.rename(columns={"num_heads": "heads", "batch_size": "sequences", "latency": "ms"}).copy()
    past, new = rows["step"].astype(float), rows["isl"].astype(float)
    rows["tokens"] = rows["sequences"] * new
    rows["context"] = rows["sequences"] * (past + new)
    return rows, past, new, past + new


def graphed(rows):
    """Steps of decode up to the batch that was measured from a graph: beyond it the host sets the pace, and twice the sequences take more than twice
    as long at once."""
    fastest = rows.groupby("sequences")["ms"].min()
    jumps = fastest.index[1:][fastest.to_numpy()[1:] > 2.5 * fastest.to_numpy()[:-1]]
    return rows[rows["sequences"] < jumps[0]] if len(jumps) else rows


def with_indexer(rows):
    """The rows of layers that take over the choice of another one, unless they are no measurement of that: SGLang's on H200 are slower than those of
    the same layers with an indexer in half of their shapes (by up to 4.5 times, and not by their length), everywhere else in less than a hundredth."""
    skips = rows["op_name"].str.contains("skip_indexer")
    shape = ["hidden", "heads", "sequences", "isl", "step"]
    both = rows[skips].merge(rows[~skips].groupby(shape, as_index=False)["ms"].median(), on=shape, suffixes=("", "_with"))
    return rows[~skips] if (both["ms"] > both["ms_with"]).mean() > 0.1 else rows


class Sparse(Form):
    """What all sparse attention shares: the form, and the way to its measurements. A subclass says `models`, `moments` and `beside`."""

    key = ("arithmetic", "cache", "least_heads", "most_heads")
    defaults = {"least_heads": 0, "most_heads": 0}
    columns = ("pairs", "index_pairs", "tokens", "context", "sequences", "heads", "products", "key_elements", "index_heads", "index_dim")
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
        found = pd.concat([frames[table] for table in self.tables if table in frames], ignore_index=True)
        frame = found[~found["kernel_source"].str.contains("dense_mha") & found["model"].isin(list(self.models))]
        linear = "bfloat16" if (frame["gemm_type"] == "bfloat16").any() else "fp8_block"
        frame = frame[frame["gemm_type"] == linear]
        for (arithmetic, cache), part in frame.groupby(["mla_dtype", "kv_cache_dtype"]):
            rows = self.moments(part)
            # up to 64 prompts of 64 new tokens and more at once: what is served
            rows = rows[(rows["tokens"] <= 65536) & (rows["context"] <= 131072 * rows["sequences"])]
            if part["isl"].max() > 1:
                rows = rows[(rows["sequences"] <= 64) & (rows["tokens"] >= 64 * rows["sequences"])]
            else:
                rows = graphed(rows)
            rows = with_indexer(rows)
            others = self.beside(rows, spelled[linear], device)
            if others is None or rows.empty:
                continue
            # less than a two-hundredth of the device at large is no kernel but a stand-in for one
            ideal = 2 * rows["heads"] * rows["products"] * rows["pairs"] * device.seconds_per_flop[dtypes[spelled[arithmetic]].math]
            large = rows["pairs"] >= rows["pairs"].quantile(0.75)
            if part["isl"].max() > 1 and ((rows["ms"] - others) > 1e3 * ideal / 0.005)[large].median():
                continue
            # decode runs from a graph: where the host set the pace of its measurement nothing is left to learn
            if part["isl"].max() > 1 or np.quantile(rows["ms"] - others, 0.01) < 2 * host_bound:
                rows = rows.assign(beside=others)
                for heads, inside in by_heads(rows, self.kernels(part, cache)):
                    yield {"arithmetic": spelled[arithmetic], "cache": spelled[cache.removesuffix("_e4m3")], **heads}, inside

    def kernels(self, part, cache):
        """Ranges of heads that have a kernel of their own."""
        return ((0, 0),)

    def bounds_of(self, key, rows, device):
        # where the fastest module leaves more than a launch can take, the host set the pace
        floor = np.quantile(rows["ms"] - rows["beside"], 0.01)
        least = 1e3 * rows["ms"].min()
        return {**self.bounds, "host_us": (0, 0.9 * least, 3 * least), "index_host_us": (0, 0.3 * least, 5 * least)} if floor > 2 * host_bound else self.bounds

    def milliseconds(self, c, rows, device):
        pairs, index_pairs, tokens, context, sequences, heads, products, elements, scorers, dim = (rows[name].to_numpy(float) for name in self.columns)
        rate = device.seconds_per_flop
        math = 2 * np.maximum(heads, c["tile_heads"]) * products * pairs * rate[dtypes[c["arithmetic"]].math] / c["math_efficiency"]
        memory = pairs * elements * dtypes[c["cache"]].weight * device.seconds_per_byte / c["memory_efficiency"]
        attention = 1e-6 * c["launch_us"] + 1e-9 * c["token_ns"] * tokens + smooth_max(math, memory, c["sharpness"])
        scores = index_pairs * (2 * scorers * dim * rate["fp8"] / c["index_efficiency"] + 4 * c["select_passes"] * device.seconds_per_byte)
        index = 1e-6 * c["index_launch_us"] + 1e-9 * (c["index_token_ns"] * tokens + c["index_chain_ns"] * context / sequences) + scores
        beside = rows["beside"].to_numpy(float) if "beside" in rows else 0.0
        host = 1e-3 * (c["host_us"] + np.where(scorers > 0, c["index_host_us"], 0))
        return np.maximum(host, beside + 1e3 * (attention + np.where(scorers > 0, index, 0)))


class Latent(Sparse):
    # hidden, q_latent, nope, value and index heads; all keep 512 + 64 elements a token and choose 2,048 keys
    models = {
        "deepseek-ai/DeepSeek-V3.2": (7168, 1536, 128, 128, 64),
        **dict.fromkeys(("zai-org/GLM-5", "zai-org/GLM-5-FP8", "zai-org/GLM-5.2", "zai-org/GLM-5.2-FP8", "nvidia/GLM-5.2-NVFP4"), (6144, 2048, 192, 256, 32)),
    }
    top_k = 2048

    def moments(self, frame):
        rows, past, new, end = lengths(frame)
        rows["pairs"] = rows["sequences"] * (capped(end, self.top_k) - capped(past, self.top_k))
        indexed = ~rows["op_name"].str.contains("skip_indexer")
        rows["index_pairs"] = rows["sequences"] * (new * past + new * (new + 1) / 2)
        dims = np.array([self.models[name] for name in rows["model"]], float)
        for name, column in zip(("hidden", "q_latent", "nope", "value", "index_heads"), dims.T):
            rows[name] = column
        rows["index_heads"] *= indexed
        return rows.assign(products=2 * latent + rope, key_elements=latent + rope, index_dim=index_dim)

    def beside(self, rows, weights, device):
        n, h, q = (rows[name].to_numpy(float) for name in ("tokens", "heads", "q_latent"))
        hidden, nope, value, scorers = (rows[name].to_numpy(float) for name in ("hidden", "nope", "value", "index_heads"))
        linear = gemm_ms(self.made, device, weights, (n, q + latent + rope, hidden), (n, h * (nope + rope), q), (n, hidden, h * value))
        index = gemm_ms(self.made, device, weights, (n, np.maximum(scorers, 1) * index_dim, q), (n, index_dim, hidden), (n, np.maximum(scorers, 1), hidden))
        absorbed = entry_of(self.made, "mla_bmm", weights="bf16")
        if linear is None or absorbed is None:
            return None
        for outer, inner in ((latent, nope), (value, latent)):
            linear = linear + MlaBmm().milliseconds(absorbed, rows.assign(rows=n, outer=outer, inner=inner), device)
        return linear + np.where(scorers > 0, index, 0) + passes_ms(device, 1, n * 4 * (q + latent + rope))


class SparsePrefill(Latent):
    op = "dsa_prefill"
    tables = ("sparse_attention/dsa_context_module_perf",)

    def kernels(self, part, cache):
        # vLLM takes the kernel for an fp8 cache up to 31 heads and makes bf16 of the keys beyond
        return ((0, 31), (32, 0)) if part["framework"].iloc[0].lower() == "vllm" and cache.startswith("fp8") else ((0, 0),)


class SparseDecode(Latent):
    op = "dsa_decode"
    tables = ("sparse_attention/dsa_generation_module_perf",)


class Compressed(Sparse):
    """DeepSeek-V4: the last 128 tokens and compressed keys, chosen by an indexer where four tokens share one."""

    # hidden, q_latent, heads, output groups, keys chosen; all have heads of 512, output latents of 1,024 and 64 index heads
    models = {
        **dict.fromkeys(("deepseek-ai/DeepSeek-V4-Pro", "sgl-project/DeepSeek-V4-Pro-FP8"), (7168, 1536, 128, 16, 1024)),
        **dict.fromkeys(("deepseek-ai/DeepSeek-V4-Flash", "sgl-project/DeepSeek-V4-Flash-FP8"), (4096, 1024, 64, 8, 512)),
    }
    window, head_dim, o_latent, scorers = 128, 512, 1024, 64

    def moments(self, frame):
        rows, past, new, end = lengths(frame)
        dims = np.array([self.models[name] for name in rows["model"]], float)
        for name, column in zip(("hidden", "q_latent", "all_heads", "groups", "top_k"), dims.T):
            rows[name] = column
        ratio = rows["compress_ratio"].astype(float)
        chooses = ratio == 4
        limit = np.where(chooses, rows["top_k"], np.inf)
        seen = stairs(end, ratio, limit) - stairs(past, ratio, limit)
        rows["pairs"] = rows["sequences"] * (capped(end, self.window) - capped(past, self.window) + seen)
        every = np.full(len(rows), np.inf)
        rows["index_pairs"] = rows["sequences"] * np.where(chooses, stairs(end, ratio, every) - stairs(past, ratio, every), 0)
        rows["index_heads"] = np.where(chooses, float(self.scorers), 0.0)
        return rows.assign(products=2 * self.head_dim, key_elements=self.head_dim, index_dim=index_dim)

    def beside(self, rows, weights, device):
        n, h, q, hidden = (rows[name].to_numpy(float) for name in ("tokens", "heads", "q_latent", "hidden"))
        groups = np.maximum(1, rows["groups"].to_numpy(float) * h / rows["all_heads"].to_numpy(float))
        chooses = rows["index_heads"].to_numpy(float) > 0
        linear = gemm_ms(self.made, device, weights, (n, q + self.head_dim, hidden), (n, h * self.head_dim, q), (n, groups * self.o_latent, h * self.head_dim / groups, groups),
                         (n, hidden, groups * self.o_latent))
        pooled = gemm_ms(self.made, device, "bf16", (n, np.where(chooses, 4 * (self.head_dim + index_dim), 2 * self.head_dim), hidden))
        index = gemm_ms(self.made, device, weights, (n, self.scorers * index_dim, q))
        weighing = gemm_ms(self.made, device, "bf16", (n, self.scorers, hidden))
        if linear is None or pooled is None:
            return None
        return linear + pooled + np.where(chooses, index + weighing, 0) + passes_ms(device, 1, n * 4 * (q + self.head_dim))


def stairs(n, ratio, limit):
    """The sum of min(floor(i / ratio), limit) over i = 1 ... n, as compressed_pairs in op/step.hpp."""
    rising = np.minimum(n, limit * ratio)
    full = np.floor(rising / ratio)
    flat = np.where(n > rising, (n - rising) * np.where(np.isfinite(limit), limit, 0), 0)
    return full * (0.5 * ratio * (full - 1) + rising - full * ratio + 1) + flat


class CompressedPrefill(Compressed):
    op = "compressed_prefill"
    tables = ("sparse_attention/dsv4_csa_context_module_perf", "sparse_attention/dsv4_hca_context_module_perf")


class CompressedDecode(Compressed):
    op = "compressed_decode"
    tables = ("sparse_attention/dsv4_csa_generation_module_perf", "sparse_attention/dsv4_hca_generation_module_perf")


class Blocks(Sparse):
    """MiniMax-M3: grouped queries over the 2,048 keys of the 16 best blocks of 128, chosen by 4 index heads."""

    models = {"MiniMaxAI/MiniMax-M3": (6144, 64, 4)}  # hidden, heads, KV heads
    head_dim, scorers, top_k = 128, 4, 2048

    def slices(self, frames, device):
        # TensorRT-LLM was measured with a stand-in for the kernel: up to 39 s a layer
        ours = {table: frame for table, frame in frames.items() if not frame["framework"].str.lower().str.startswith("trt").any()}
        return super().slices(ours, device) if ours else []

    def moments(self, frame):
        rows, past, new, end = lengths(frame)
        dims = np.array([self.models[name] for name in rows["model"]], float)
        rows["hidden"], rows["kv_heads"] = dims[:, 0], np.maximum(1, rows["heads"] * dims[:, 2] / dims[:, 1])
        rows["pairs"] = rows["sequences"] * (capped(end, self.top_k) - capped(past, self.top_k))
        rows["index_pairs"] = rows["sequences"] * (new * past + new * (new + 1) / 2)
        return rows.assign(products=2 * self.head_dim, key_elements=2 * self.head_dim * rows["kv_heads"], index_heads=self.scorers, index_dim=index_dim)

    def beside(self, rows, weights, device):
        n, h, kv, hidden = (rows[name].to_numpy(float) for name in ("tokens", "heads", "kv_heads", "hidden"))
        linear = gemm_ms(self.made, device, weights, (n, (h + 2 * kv) * self.head_dim, hidden), (n, hidden, h * self.head_dim),
                         (n, (self.scorers + 1) * index_dim, hidden))
        return None if linear is None else linear + passes_ms(device, 1, n * 4 * (h + 2 * kv) * self.head_dim)


class BlocksPrefill(Blocks):
    op = "msa_prefill"
    tables = ("msa/msa_context_module_perf",)


class BlocksDecode(Blocks):
    op = "msa_decode"
    tables = ("msa/msa_generation_module_perf",)
