# SPDX-License-Identifier: BSL-1.0
"""All-to-all of a mixture of experts inside one switch: the twin of cost/forms/exchange.hpp."""

import numpy as np
import pandas as pd

from .common import Form, dtypes, smooth_max, spelled


class Exchange(Form):
    op = "moe_exchange"
    tables = ("comm/moe_a2a_perf", "comm/wideep_deepep_normal_perf", "comm/wideep_deepep_ll_perf", "comm/trtllm_alltoall_perf")
    key = ("backend", "phase", "element", "per_choice")
    defaults = {"per_choice": 0}
    columns = ("tokens", "copies", "hidden")
    bounds = {
        "launch_us": (1, 40, 500),
        "token_ns": (0, 5, 500),
        "link_efficiency": (0.01, 0.4, 1.05),
    }
    choices = {"sharpness": (1, 2, 4)}
    multiprocessors = 20  # that DeepEP takes by default where its tables have several
    experts_per_rank = 4

    def slices(self, frames, device):
        parts = []
        if "comm/moe_a2a_perf" in frames:
            frame = frames["comm/moe_a2a_perf"]
            for (backend, phase, element), rows in frame.groupby(["comm_backend", "phase", "comm_dtype"]):
                name = {"default": "bf16" if phase == "combine" else "fp8", "fp4": "nvfp4"}.get(element, spelled.get(element, element))
                parts.append((backend.replace("trtllm_", ""), phase, name, rows["ep_size"], rows["num_tokens"], rows["topk"], rows))
        for table, backend in (("comm/wideep_deepep_normal_perf", "deepep_ht"), ("comm/wideep_deepep_ll_perf", "deepep_ll")):
            if table not in frames:
                continue
            frame = frames[table]
            frame = frame[frame["node_num"].astype(int) == 1]
            if backend.endswith("_ll"):
                # its dispatch works with one group of warps per expert: those of 8 or 16 experts leave most of the device idle and take 2 to 5 times as long
                frame = frame[frame["num_experts"].astype(int) >= self.experts_per_rank * device.node_devices]
            for phase in ("dispatch", "combine"):
                rows = frame
                if f"{phase}_sms" in frame:
                    rows = frame[frame[f"{phase}_sms"].astype(int) == self.multiprocessors]
                column = f"{phase}_transmit_us" if f"{phase}_transmit_us" in frame else f"{phase}_avg_t_us"
                rows = rows.assign(latency=rows[column].astype(float) * 1e-3)
                parts.append((backend, phase, "bf16" if phase == "combine" else "fp8", device.node_devices + 0 * rows["num_token"],
                              rows["num_token"], rows["num_topk"], rows))
        if "comm/trtllm_alltoall_perf" in frames:
            frame = frames["comm/trtllm_alltoall_perf"]
            frame = frame[frame["op_name"].isin(["alltoall_dispatch", "alltoall_combine"])]
            for (backend, name, element), rows in frame.groupby(["kernel_source", "op_name", "moe_dtype"]):
                phase = name.removeprefix("alltoall_")
                parts.append((backend, phase, "bf16" if phase == "combine" else spelled[element], rows["moe_ep_size"], rows["num_tokens"], rows["topk"], rows))
        pooled = {}
        for backend, phase, element, ranks, tokens, top_k, rows in parts:
            ranks, tokens, top_k = (pd.Series(x).astype(float).to_numpy() for x in (ranks, tokens, top_k))
            per_choice = int(backend.endswith("_ll"))  # a copy for every choice, else one for every rank that holds a choice
            copies = top_k * (ranks - 1) / ranks if per_choice else (ranks - 1) * (1 - (1 - 1 / ranks) ** top_k)
            ms = rows["latency"].to_numpy(float) * (1e-3 if "transmit_us" in rows and "comm_backend" in rows else 1)
            made = pd.DataFrame({"tokens": tokens, "copies": copies, "hidden": rows["hidden_size"].to_numpy(float), "ms": ms})
            pooled.setdefault((backend, phase, element, per_choice), []).append(made[ms > 0])
        for values, frames_of in sorted(pooled.items()):
            yield dict(zip(self.key, values)), pd.concat(frames_of, ignore_index=True)

    def milliseconds(self, c, rows, device):
        tokens, copies, hidden = (rows[name].to_numpy(float) for name in self.columns)
        sent = tokens * copies * hidden * dtypes[c["element"]].activation * device.seconds_per_node_byte / c["link_efficiency"]
        return 1e3 * (1e-9 * c["token_ns"] * tokens + smooth_max(1e-6 * c["launch_us"], sent, c["sharpness"]))
