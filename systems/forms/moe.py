# SPDX-License-Identifier: BSL-1.0
"""The routed experts of a mixture: the twin of cost/forms/moe.hpp."""

import functools

import numpy as np

from .common import Form, dtypes, smooth_max, spelled

# Hidden and inner dimensions of the experts with two matrices (no gate): those whose kernels TensorRT-LLM's tables name "nongated".
plain = {(2688, 1856), (1024, 2688), (4096, 2688), (2048, 5120), (8192, 5120)}

# SGLang's Triton kernel was measured with a gate for all of them, and with expert parallelism in two ways: of these dimensions on the tokens that have
# a choice on the rank, with their choices on other ranks sent to its first expert; of all others on all tokens, where those choices cost nothing.
triton = "sglang_fused_moe_triton"
clamped = {(1024, 2688), (2816, 704), (4096, 14336), (6144, 16384)}

# DeepSeek-V3, whose grouped routing gathers a balanced step's choices on the first rank: 4 rows a token, where 64 ranks leave 1/8. SGLang's and
# vLLM's rows with expert parallelism are of that load, TensorRT-LLM's are not.
grouped = (7168, 2048, 256)


@functools.lru_cache(maxsize=None)
def fullest_rank(tokens, experts, top_k, ranks, exponent, draws=12):
    """Choices and chosen experts of the fullest rank, as the tables' collector draws them: the popularity of experts follows a power law of this
    exponent between 1 and 0.8 tokens (0.01 and 2 where choices are fewer than experts), scaled to all choices and rounded. Means of some draws."""
    random = np.random.default_rng(1)
    low, high = (1.0, 0.8 * tokens) if tokens * top_k > experts else (0.01, 2.0)
    high = max(high, low * 1.0001)
    power = 1 - exponent
    load = ((high**power - low**power) * random.random((draws, experts)) + low**power) ** (1 / power)
    load = np.minimum(np.rint(load / load.sum(1, keepdims=True) * tokens * top_k), tokens)
    for row in load:
        order = np.argsort(1e-3 * random.random(experts) - row)
        missing = int(tokens * top_k - row.sum())
        for turn in range(4 * experts * top_k):
            if missing == 0:
                break
            j = order[turn % experts]
            if missing > 0 and row[j] < tokens:
                row[j] += 1
                missing -= 1
            elif missing < 0 and row[j] > 0:
                row[j] -= 1
                missing += 1
    ranked = load.reshape(draws, ranks, experts // ranks)
    full = ranked[np.arange(draws), ranked.sum(2).argmax(1)]
    return full.sum(1).mean(), (full > 0).sum(1).mean()


class Moe(Form):
    op = "moe"
    tables = ("moe/moe_perf",)
    key = ("weights", "kernel", "matrices", "biased", "least_ranks", "most_ranks", "most_tokens", "most_tokens_per_expert")
    defaults = {"kernel": "", **dict.fromkeys(("matrices", "biased", "least_ranks", "most_ranks", "most_tokens", "most_tokens_per_expert"), 0)}
    columns = ("tokens", "choices", "rows", "active", "local", "hidden", "inner", "projections")
    bounds = {
        "launch_us": (1, 15, 150),
        "expert_us": (0, 0.1, 4),
        "chain_ns": (0, 2, 20),
        "tile_rows": (0.5, 8, 128),
        "math_efficiency": (0.02, 0.5, 1.05),
        "memory_efficiency": (0.02, 0.8, 1.05),
        "activation_passes": (0, 1, 16),
        "token_passes": (0, 1, 40),
        "choice_passes": (0, 0.5, 20),
    }
    choices = {"sharpness": (1, 2, 4)}
    fewest = 60  # rows of a slice of its own

    def slices(self, frames, device):
        frame = frames["moe/moe_perf"]
        # at least two experts a rank, shards of at least 128, up to 64 ranks: what is served
        frame = frame[(frame["num_experts"] >= 2 * frame["moe_ep_size"]) & (frame["inter_size"] >= 128 * frame["moe_tp_size"]) & (frame["moe_ep_size"] <= 64)]
        dims = frame[["hidden_size", "inter_size", "num_experts"]].apply(tuple, axis=1)
        frame = frame[~((dims == grouped) & (frame["moe_ep_size"] > 1) & ~frame["framework"].str.lower().str.startswith("trt"))]
        kinds = frame.assign(gated=self.gated(frame)).groupby(["moe_dtype", "kernel_source"])["gated"].unique()
        parts = []
        for (name, kernel), rows in frame.groupby(["moe_dtype", "kernel_source"]):
            if name not in spelled or dtypes[spelled[name]].math not in device.seconds_per_flop:
                continue
            rows = self.canonical(rows)
            gated = sorted(rows["gated"].unique())
            others = [set(kinds[other]) for other in kinds.index if other[0] == name and other[1] != kernel]
            # a kernel that runs plain experts alone is the one for them; one that runs gated ones alone is so where another does not
            apart = any(1.0 in other for other in others) if gated == [0.0] else {0.0} in others
            key = {
                "weights": spelled[name], "kernel": kernel.split("_", 2)[2] if kernel.startswith("vllm_") else kernel,
                "matrices": 0 if not apart or len(gated) > 1 else 3 if gated[0] else 2,
                "biased": int(bool((rows["hidden"] == 2880).all()) and bool(others)),  # gpt-oss alone has biases, and kernels of its own
                "least_ranks": 0, "most_ranks": 0,
                "most_tokens": 128 if kernel.endswith("min_latency") else 0,
                "most_tokens_per_expert": 0,
            }
            if key["most_tokens"]:
                rows = rows[rows["tokens"] <= key["most_tokens"]]
            # expert parallelism has passes of its own, and tiles that are chosen for other ranks' choices too
            alone = rows["ranks"] == 1
            if min(alone.sum(), (~alone).sum()) < self.fewest:
                parts.append(({**key, "least_ranks": 2 * int(not alone.any()), "most_ranks": int(alone.all())}, rows))
            else:
                parts += [({**key, "most_ranks": 1}, rows[alone]), ({**key, "least_ranks": 2}, rows[~alone])]
        # The first entry whose conditions hold is taken: the narrower first, then the one that was measured on more shapes.
        conditions = ("matrices", "biased", "most_tokens")
        parts.sort(key=lambda part: (part[0]["weights"], -sum(bool(part[0][c]) for c in conditions), -len(part[1])))
        for key, rows in parts:
            yield from self.by_tile(key, rows)

    def by_tile(self, key, rows):
        """The rows of a kernel by its tiles, where a rule tells them apart: SGLang's Triton kernel takes tiles of 16 rows up to as many tokens as the
        rank has experts and of 64 beyond, but for weights in blocks."""
        small = rows["tokens"] <= rows["local"]
        if key["kernel"] != triton or key["weights"] == "fp8_block" or min(small.sum(), (~small).sum()) < self.fewest:
            yield key, rows
        else:
            yield {**key, "most_tokens_per_expert": 1}, rows[small]
            yield key, rows[~small]

    @staticmethod
    def gated(frame):
        return [float((h, i) not in plain or kernel == triton) for h, i, kernel in zip(frame["hidden_size"], frame["inter_size"], frame["kernel_source"])]

    def canonical(self, frame):
        rows = frame.rename(columns={"num_tokens": "tokens", "topk": "top_k", "hidden_size": "hidden", "moe_ep_size": "ranks", "latency": "ms"}).copy()
        rows["inner"] = rows["inter_size"] / rows["moe_tp_size"]
        rows["gated"] = self.gated(frame)
        rows["projections"] = 2 + rows["gated"]
        rows["choices"] = rows["tokens"] * rows["top_k"]
        rows["local"] = rows["num_experts"] / rows["ranks"]
        loads = []
        for tokens, experts, top_k, ranks, law in zip(rows["tokens"], rows["num_experts"], rows["top_k"], rows["ranks"], rows["distribution"]):
            if law.startswith("power_law"):
                loads.append(fullest_rank(int(tokens), int(experts), int(top_k), int(ranks), float(law.split("_")[-1])))
            else:
                share = max(1.0, tokens * top_k / ranks)  # a step's first choice is on the rank that was measured
                loads.append((share, min(experts / ranks, share)))
        rows["rows"], rows["active"] = np.array(loads).T if loads else ((), ())
        return self.sent_to_one(rows)

    @staticmethod
    def sent_to_one(rows):
        """What was computed where choices of other ranks were sent to an expert of this one."""
        ours = (rows["kernel_source"] == triton) & (rows["ranks"] > 1) & rows[["hidden", "inter_size"]].apply(tuple, axis=1).isin(clamped)
        tokens, top_k = rows["tokens"].astype(float), rows["top_k"].astype(float)
        # a balanced step spreads the choices of a token evenly over the experts
        reached = np.where(rows["distribution"] == "balanced", np.minimum(1, top_k / rows["ranks"]), 1 - (1 - rows["rows"] / (tokens * top_k)) ** top_k)
        for name, computed in (("rows", tokens * top_k * reached), ("choices", tokens * top_k * reached), ("tokens", tokens * reached)):
            rows[name] = np.where(ours, computed, rows[name])
        return rows

    def milliseconds(self, c, rows, device):
        d = dtypes[c["weights"]]
        tokens, choices, n, active, local, h, i, matrices = (rows[name].to_numpy(float) for name in self.columns)
        each = matrices * h * i
        seen = choices / local
        tile = active * c["tile_rows"] * seen / (seen + c["tile_rows"])
        math = np.sqrt(n * n + tile * tile) * 2 * each * device.seconds_per_flop[d.math] / c["math_efficiency"]
        memory = active * each * d.weight * device.seconds_per_byte / c["memory_efficiency"]
        moved = c["activation_passes"] * n * (4 * h + 2 * matrices * i) + h * (4 * c["token_passes"] * tokens + 2 * c["choice_passes"] * choices)
        return 1e3 * (1e-6 * c["launch_us"] + 1e-6 * c["expert_us"] * active + 1e-9 * c["chain_ns"] * (h + i) + moved * device.seconds_per_byte
                      + smooth_max(math, memory, c["sharpness"]))
