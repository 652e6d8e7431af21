# SPDX-License-Identifier: BSL-1.0
"""How right costexpr is: against measured serving, against a peer's measured operator tables, and whether its intervals hold.

usage: accuracy.py COSTEXPR DATA [--out DIR] [--pricing calibrated,roofline] [--trust AB] [--mtp none,unknown] [--vendor nvidia] [--strict]
COSTEXPR: the program. DATA: a folder with what there is of
  measured/measured.csv        one row a measured deployment (its header names the units), measured/reference_*.csv the peer's predictions for them
  params/<Org>--<Model>_config.json  configs of models; one that is not there is asked for by name
  golden/d_modes_*.jsonl       the peer's times for steps and operators, from its measured tables (SILICON)
The peer is PyPI aiconfigurator. The first of --pricing is the one that is plotted and whose groups are listed.

Prints a report in Markdown and writes into DIR: accuracy.md (the report), readme.md (its short form), *.csv (every row, every group, every
refusal) and *.svg (predicted against measured). An error is predicted / measured - 1; MAPE is the mean of its size, p90 the size that 90 % of the rows stay
below, bias the signed median. Exit status 0; 1 when the program fails, or when it refuses a row and --strict is given; 2 for wrong arguments or files."""
import argparse
import collections
import csv
import dataclasses
import fnmatch
import json
import pathlib
import re
import statistics
import subprocess
import sys

sys.dont_write_bytecode = True
from scatter import scatter  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
TESTS = HERE.parent.parent / "tests" / "data"  # which ops of the peer are which of ours, and where the two do different work
PEERS = ("SILICON", "HYBRID", "SOL")


@dataclasses.dataclass(frozen=True)
class metric:
    """A figure of a deployment: where the measured rows, the answers and the peer's rows have it."""

    key: str
    title: str
    unit: str
    measured: tuple
    answer: str
    peer: str


METRICS = (
    metric("tpot", "TPOT", "ms", ("tpot_mean_ms", "tpot_asgiven_ms", "tpot_median_ms"), "tpot_ms", "pred_tpot"),
    metric("throughput", "Throughput per GPU", "tokens/s", ("out_tok_s_per_gpu",), "tokens_s_per_gpu", "pred_tok_s_per_gpu"),
    metric("ttft", "Mean TTFT", "ms", ("ttft_mean_ms", "ttft_asgiven_ms"), "ttft_ms", "pred_ttft"),
)
COLUMNS = ("row_id", "trust", "dup_group", "model", "system", "framework", "precision", "gemm_quant", "moe_quant", "mode", "mtp", "isl", "osl", "isl_osl_note", "tput_note",
           *(f"{side}_{c}" for side in ("prefill", "decode") for c in ("bs", "workers", "tp", "dp", "moe_tp", "moe_ep")),
           "tp", "pp", "dp_attention_size", "moe_tp", "moe_ep", "batch_per_dp_rank", "concurrency", *(c for m in METRICS for c in m.measured))
MODES = {"agg": "aggregated", "disagg": "disaggregated"}


def read_csv(path, *columns):
    """The rows of a file, which must have these columns."""
    with open(path, newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        missing = [c for c in columns if c not in (reader.fieldnames or [])]
        if missing:
            print(f"accuracy.py: {path} has no column {', '.join(missing)}", file=sys.stderr)
            sys.exit(2)
        return list(reader)


def positive(text):
    """A number above zero, or none."""
    try:
        value = float(text)
    except (TypeError, ValueError):
        return None
    return value if 0 < value < float("inf") else None


def integer(text):
    try:
        return int(float(text))
    except (TypeError, ValueError, OverflowError):
        return None


def config_of(name, configs):
    """What to ask for: the config in this folder, else the model by its name."""
    path = configs / (name.replace("/", "--") + "_config.json")
    return str(path) if path.exists() else name


def summary(errors):
    """n, median, MAPE, p90 and bias of relative errors, in percent."""
    if not errors:
        return {"n": 0, "median": None, "mape": None, "p90": None, "bias": None}
    sizes = sorted(abs(e) for e in errors)
    return {"n": len(sizes), "median": 100 * statistics.median(sizes), "mape": 100 * statistics.fmean(sizes), "p90": 100 * sizes[int(0.9 * (len(sizes) - 1))],
            "bias": 100 * statistics.median(errors)}


def percent(value, signed=False):
    return "–" if value is None else f"{value:+.1f} %" if signed else f"{value:.1f} %"


def figures(s):
    """A summary as cells: n, median, MAPE, p90, bias."""
    return [f"{s['n']:,}", percent(s["median"]), percent(s["mape"]), percent(s["p90"]), percent(s["bias"], True)]


def triple(s):
    return "–" if not s["n"] else f"{s['median']:.1f} / {s['mape']:.1f} / {s['p90']:.1f} %"


def table(header, rows):
    """A Markdown table; columns without a letter are numbers."""
    cells = [[str(c).replace("|", "\\|") for c in r] for r in rows]
    words = [any(re.search("[A-Za-z]", r[i]) for r in cells) for i in range(len(header))]
    return ["| " + " | ".join(header) + " |", "|" + "|".join(" --- " if w else " ---: " for w in words) + "|", *("| " + " | ".join(r) + " |" for r in cells), ""]


class output:
    """The folder of results: the report grows line by line, tables and plots are written as they come."""

    def __init__(self, folder):
        self.folder = folder
        self.report, self.readme = [], []
        folder.mkdir(parents=True, exist_ok=True)

    def say(self, *lines):
        self.report += lines

    def text(self, name, text):
        (self.folder / name).write_text(text, encoding="utf-8")

    def csv(self, name, header, rows):
        with open(self.folder / name, "w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(header)
            writer.writerows([f"{c:.6g}" if isinstance(c, float) else "" if c is None else c for c in r] for r in rows)


class program:
    """Asks the program for estimates, a line each, and keeps what went wrong with the program itself."""

    def __init__(self, path, hide):
        self.path, self.hide, self.failures = path, hide, []

    def ask(self, requests):
        lines = "".join(json.dumps({"id": str(i), **q}) + "\n" for i, q in enumerate(requests))
        answers = [None] * len(requests)
        try:
            run = subprocess.run([self.path, "estimate", "--jsonl"], input=lines, capture_output=True, text=True, timeout=1200)
            said, status = run.stdout, f"exit status {run.returncode}, {run.stderr.strip()[-300:] or 'nothing on standard error'}"
        except (OSError, subprocess.TimeoutExpired) as error:
            said, status = "", str(error)
        for line in said.splitlines():
            try:
                answer = json.loads(line)
                answers[int(answer["id"])] = answer
            except (ValueError, KeyError, TypeError, IndexError):
                self.failures.append(f"a line that is no answer: {line[:120]}")
        missing = answers.count(None)
        if missing:
            self.failures.append(f"{missing} of {len(requests)} requests without an answer ({status})")
        return [a if a is not None else {"error": [{"code": "no_answer", "message": "no answer"}]} for a in answers]

    def refusal(self, answer):
        """Why an answer is none, in the program's words; empty where it is one."""
        if "error" not in answer:
            return ""
        return "; ".join(f"{e.get('code')}: {e.get('message')}" for e in answer["error"]).replace(self.hide, "DATA")


# ---------------------------------------------------------------------------------------------------------------- measured serving

class deployments:
    """The measured deployments of one mode, each configuration once, with what every predictor says of them."""

    def __init__(self, data, mode, options):
        stands_for = {r["measured"]: r["config"] for r in read_csv(HERE / "models.csv")}
        self.mode, self.rows, self.left_out = mode, [], collections.Counter()
        self.predicted = {}  # name of the predictor -> {index of the row: {metric: value}}
        self.refused = {}  # name of the predictor -> {index of the row: reason}
        self.answers = {}  # pricing -> answers
        seen = set()
        measured = read_csv(data / "measured" / "measured.csv", *COLUMNS)
        self.systems = sorted({r["system"] for r in measured})  # of all modes: one colour each
        for r in measured:
            if r["mode"] != mode:
                continue
            q = self.request(r, data / "params", stands_for)
            reason = ("source not trusted" if r["trust"] not in options.trust else "multi-token prediction" if r["mtp"] not in options.mtp else
                      "another vendor" if options.vendor == "nvidia" and r["system"].startswith("mi") else
                      "another framework" if r["framework"] not in ("trtllm", "vllm", "sglang") else
                      "the configuration stands there already" if r["dup_group"] in seen else "lengths, batch or workers not published" if q is None else "")
            if reason:
                self.left_out[reason] += 1
                continue
            seen.add(r["dup_group"])
            self.rows.append((r, q))
        self.measured = [{m.key: next((v for v in map(positive, (r[c] for c in m.measured)) if v), None) for m in METRICS} for r, _ in self.rows]

    @staticmethod
    def request(r, configs, stands_for):
        """The request that describes a measured row, none where it does not say enough."""
        if integer(r["isl"]) is None or integer(r["osl"]) is None:
            return None
        q = {"config": config_of(stands_for.get(r["model"], r["model"]), configs), "system": r["system"], "framework": r["framework"], "mode": MODES[r["mode"]],
             "isl": integer(r["isl"]), "osl": integer(r["osl"])}
        if "0.8" in r["isl_osl_note"]:
            q["length_spread"] = [0.8, 1.0]
        for key, column in (("weights", "gemm_quant"), ("experts", "moe_quant")):
            if r[column] in ("bf16", "fp8", "fp8_block", "nvfp4", "int4_wo"):
                q[key] = r[column]
        if not r["gemm_quant"] and r["precision"] in ("fp8", "bf16"):
            q["weights"] = r["precision"]
        given = lambda keys: {k: integer(r[c]) for k, c in keys.items() if integer(r[c]) is not None}
        if r["mode"] == "agg":
            q |= given({"tp": "tp", "pp": "pp", "dp": "dp_attention_size", "moe_tp": "moe_tp", "ep": "moe_ep", "batch": "batch_per_dp_rank", "concurrency": "concurrency"})
            return q if "batch" in q else None
        for side in ("prefill", "decode"):
            q[side] = given({k: f"{side}_{c}" for k, c in {"batch": "bs", "workers": "workers", "tp": "tp", "dp": "dp", "moe_tp": "moe_tp", "ep": "moe_ep"}.items()})
            if "batch" not in q[side] or "workers" not in q[side]:
                return None
        return q

    def ask(self, costexpr, pricing):
        name = "costexpr " + pricing
        answers = self.answers[pricing] = costexpr.ask([{**q, "pricing": pricing} for _, q in self.rows])
        reasons = [costexpr.refusal(a) for a in answers]
        self.refused[name] = {i: reason for i, reason in enumerate(reasons) if reason}
        self.predicted[name] = {i: {m.key: positive(a.get(m.answer)) for m in METRICS} for i, a in enumerate(answers) if not reasons[i]}

    def read_peer(self, path, mode):
        by_id = {r["row_id"]: r for r in read_csv(path, "row_id", *(m.peer for m in METRICS))}
        name = "peer " + mode
        found = {i: by_id[r["row_id"]] for i, (r, _) in enumerate(self.rows) if r["row_id"] in by_id}
        self.predicted[name] = {i: {m.key: positive(p.get(m.peer)) for m in METRICS} for i, p in found.items()}
        self.refused[name] = {i: "no row in its file of predictions" for i in range(len(self.rows)) if i not in found}

    def pairs(self, name, m, where=lambda i: True):
        """(index, measured, predicted) of every row that both have."""
        return [(i, self.measured[i][m.key], p[m.key]) for i, p in self.predicted[name].items() if p[m.key] and self.measured[i][m.key] and where(i)]

    def summary(self, name, m, where=lambda i: True):
        return summary([p / v - 1 for _, v, p in self.pairs(name, m, where)])

    def both(self, name, peer, m):
        """Of `name` on the rows that `peer` answers too."""
        theirs = {i for i, *_ in self.pairs(peer, m)}
        return self.summary(name, m, theirs.__contains__)

    def group(self, i):
        return tuple(self.rows[i][0][k] for k in ("system", "framework", "model"))


def deployment(q):
    """A request in a few words: lengths, batches and the degrees above one."""
    workers = lambda side: " ".join([f"batch {side['batch']}", *(f"{k} {side[k]}" for k in ("tp", "pp", "dp", "ep") if (side.get(k) or 1) > 1)])
    return f"{q['isl']} in, {q['osl']} out, " + (workers(q) if "batch" in q else f"prefill {workers(q['prefill'])}, decode {workers(q['decode'])}")


def report_serving(d, out, pricings):
    names = list(d.predicted)
    ours = ["costexpr " + p for p in pricings]
    peers = [n for n in names if n not in ours]
    mode = MODES[d.mode]
    out.say(f"## Measured serving, {mode}", "", f"{len(d.rows):,} configurations, each once." +
            (" Rows not asked: " + ", ".join(f"{n:,} {why}" for why, n in d.left_out.most_common()) + "." if d.left_out else ""), "")
    groups = []
    add = lambda m, rows, name, s: groups.append([mode, m.key, rows, name, s["n"], s["median"], s["mape"], s["p90"], s["bias"]])

    out.say("### All rows that each answers", "")
    lines = []
    for m in METRICS:
        for n in names:
            s = d.summary(n, m)
            add(m, "all", n, s)
            lines.append([f"{m.title} ({m.unit})", n, *figures(s)])
    out.say(*table(["figure", "predictor", "rows", "median", "MAPE", "p90", "bias"], lines))
    for peer in peers:
        lines = []
        for m in METRICS:
            for n in [*ours, peer]:
                # both sides on the rows that the first of the pricings and the peer answer
                theirs = {i for i, *_ in d.pairs(peer, m)} & {i for i, *_ in d.pairs(n if n != peer else ours[0], m)}
                s = d.summary(n, m, theirs.__contains__)
                add(m, "answered by " + peer, n, s)
                lines.append([m.title, n, *figures(s)])
        out.say(f"### The rows that {peer} answers too", "", *table(["figure", "predictor", "rows", "median", "MAPE", "p90", "bias"], lines))

    slices = {"surely without multi-token prediction": lambda i: d.rows[i][0]["mtp"] == "none",
              **{f"trust {grade}": lambda i, grade=grade: d.rows[i][0]["trust"] == grade for grade in "AB"},
              "throughput measured, not derived from TTFT and TPOT": lambda i: not d.rows[i][0]["tput_note"].startswith("DERIVED")}
    founded = [a.get("provenance") for a in d.answers[pricings[0]]]
    slices |= {f"answers whose provenance is {p}": lambda i, p=p: founded[i] == p for p in sorted({p for p in founded if p})}
    lines = []
    for what, where in slices.items():
        for m in METRICS if "throughput" not in what else METRICS[1:2]:
            s = d.summary(ours[0], m, where)
            add(m, what, ours[0], s)
            lines.append([what, m.title, *figures(s)])
    out.say(f"### Parts of it, {ours[0]}", "", *table(["rows", "figure", "rows", "median", "MAPE", "p90", "bias"], lines))

    shown = [ours[0], *(n for n in ("costexpr roofline", "peer SILICON") if n in names and n != ours[0])]
    for title, depth in (("GPU and framework", 2), ("GPU, framework and model", 3)):
        keys = sorted({d.group(i)[:depth] for i in range(len(d.rows))})
        lines = []
        for key in keys:
            where = lambda i: d.group(i)[:depth] == key
            cells = []
            for m in METRICS:
                for n in names:
                    s = d.summary(n, m, where)
                    add(m, " ".join(key), n, s)
                    if n == ours[0]:
                        cells += [f"{s['n']:,}", *([triple(s)] if m.key == "tpot" else [percent(s["median"])]), percent(s["bias"], True)]
                    elif m.key == "tpot" and n in shown:
                        cells += [percent(s["median"]) + (f" ({s['n']:,})" if n.startswith("peer") and s["n"] else "")]
            lines.append([*key, *cells])
        header = [*("GPU", "framework", "model")[:depth], "rows", "TPOT median / MAPE / p90", "bias", *(f"TPOT, {n}" for n in shown[1:])]
        header += ["rows", "throughput", "bias", "rows", "TTFT", "bias"]
        out.say(f"### By {title}, {ours[0]}", "", *table(header, lines))
    m = METRICS[0]
    lines = []
    for i, v, p in sorted(d.pairs(ours[0], m), key=lambda x: -abs(x[2] / x[1] - 1))[:12]:
        others = [d.predicted[n].get(i, {}).get(m.key) for n in shown[1:]]
        lines.append([*d.group(i), deployment(d.rows[i][1]), f"{v:.2f}", f"{p:.2f}", percent(100 * (p / v - 1), True), *(f"{x:.2f}" if x else "–" for x in others)])
    if lines:
        out.say(f"### {m.title} furthest off, {ours[0]}", "",
                *table(["GPU", "framework", "model", "deployment", f"measured ({m.unit})", "predicted", "error", *shown[1:]], lines))
    out.csv(f"serving_{mode}_groups.csv", ["mode", "figure", "rows", "predictor", "n", "median_percent", "mape_percent", "p90_percent", "bias_percent"], groups)

    header = ["row_id", "system", "framework", "model", "trust", "mtp", *(f"{m.key}_measured" for m in METRICS)]
    header += [f"{m.key}_{n.replace(' ', '_')}" for n in names for m in METRICS] + ["provenance", "tpot_low", "tpot_high"]
    first = d.answers[pricings[0]]
    bounds = lambda a: [a.get("provenance"), positive(a.get("tpot_low_ms")), positive(a.get("tpot_high_ms"))]
    out.csv(f"serving_{mode}.csv", header,
            [[r["row_id"], r["system"], r["framework"], r["model"], r["trust"], r["mtp"], *(d.measured[i][m.key] for m in METRICS),
              *(d.predicted[n].get(i, {}).get(m.key) for n in names for m in METRICS), *bounds(first[i])] for i, (r, _) in enumerate(d.rows)])
    for m in METRICS:
        drawn = {gpu: [(v, p) for i, v, p in d.pairs(ours[0], m) if d.rows[i][0]["system"] == gpu] for gpu in d.systems}
        what = f"{m.title[0].lower() + m.title[1:] if m.title[1].islower() else m.title} ({m.unit})"
        out.text(f"{m.key}_{mode}.svg", scatter(f"{m.title}, {mode} serving, {pricings[0]}", "measured " + what, "predicted " + what, drawn))


def report_refusals(d, out):
    """Every refusal with its reason, and the reasons counted."""
    rows = [[MODES[d.mode], n, d.rows[i][0]["row_id"], *d.group(i), why] for n, all_of in d.refused.items() for i, why in all_of.items()]
    lines = []
    for n, all_of in d.refused.items():
        reasons = collections.Counter(all_of.values())
        lines += [[n, f"{count:,}", why, next(d.rows[i][0]["row_id"] for i, w in all_of.items() if w == why)] for why, count in reasons.most_common()]
    out.say(f"### Refused, {MODES[d.mode]}", "", *(table(["predictor", "rows", "reason", "one of them"], lines) if lines else ["Nothing was refused.", ""]))
    return rows


def report_intervals(d, out, pricing):
    """Whether the 80 % intervals of the answers hold 75 to 90 % of what was measured."""
    m = METRICS[0]
    inside = []
    for i, v, p in d.pairs("costexpr " + pricing, m):
        low, high = (positive(d.answers[pricing][i].get(k)) for k in ("tpot_low_ms", "tpot_high_ms"))
        if low and high:
            inside.append((i, v < low, v > high, (high - low) / p))
    title = f"## Intervals of TPOT, {MODES[d.mode]}"
    write = lambda rows: out.csv(f"intervals_{MODES[d.mode]}.csv", ["mode", "rows", "n", "inside_percent", "below_percent", "above_percent", "median_width_percent"], rows)
    if not inside:
        write([])
        out.say(title, "", "Skipped: no answer holds `tpot_low_ms` and `tpot_high_ms`.", "")
        return None
    groups = [("all", lambda i: True), *((" ".join(k), lambda i, k=k: d.group(i)[:2] == k) for k in sorted({d.group(i)[:2] for i, *_ in inside}))]
    lines, rows = [], []
    for name, where in groups:
        some = [x for x in inside if where(x[0])]
        below, above = (100 * sum(x[side] for x in some) / len(some) for side in (1, 2))
        width = 100 * statistics.median(x[3] for x in some)
        rows.append([MODES[d.mode], name, len(some), 100 - below - above, below, above, width])
        lines.append([name, f"{len(some):,}", percent(100 - below - above), percent(below), percent(above), percent(width)])
    held = rows[0][3]
    width = "as wide as they should be" if 75 <= held <= 90 else "too narrow" if held < 75 else "too wide"
    verdict = f"{percent(held)} of {len(inside):,} measured values lie inside (75 to 90 % should): {width}."
    out.say(title, "", verdict, "", *table(["rows", "n", "inside", "measured below", "measured above", "median width"], lines))
    write(rows)
    return verdict


# ------------------------------------------------------------------------------------------------------- the peer's operator times

class op_names:
    """Which of our ops and which of the peer's are the same work (peer_ops.csv): the first row with a pattern that matches decides."""

    def __init__(self):
        self.rows = read_csv(TESTS / "peer_ops.csv")
        self.of_kind = {}
        for r in self.rows:
            self.of_kind.setdefault(r["kind"], r)
        # figure, kind, family or model, framework, layout, phase, dtype, system, least, most, reason
        self.differences = read_csv(TESTS / "peer_differences.csv")

    def kind(self, side, name):
        return next((r["kind"] for r in self.rows if any(fnmatch.fnmatchcase(name, p) for p in r[side].split())), "unknown:" + name)

    def ours(self, op):
        return self.kind("ours", f"{op.get('layer', '')}/{op['name']}/{op['op']}")

    def theirs(self, family, name):
        return self.kind("theirs", family + "/" + re.sub("^(context|generation|encoder)_", "", name))

    def family(self, kind, phase):
        return self.of_kind[kind]["family"].format(phase=phase) if kind in self.of_kind else "unknown"

    def holds(self, kind):
        """The kinds that one op of the peer stands for: alternatives that run beside each other, each a list."""
        text = self.of_kind[kind]["holds"] if kind in self.of_kind else ""
        return [part.split() for part in text.split("|")] if text else []

    def other_work(self, kind, row, phase):
        """Why the two sides do different work by the known differences (by more than a tenth), empty where they do the same."""
        figure = self.of_kind[kind]["decided_by"]
        dtype = row["quant"][self.of_kind[kind]["dtype"] + "_quant_mode"]
        covers = lambda pattern, *values: pattern == "*" or any(v in pattern.split("|") for v in values)
        for r in self.differences:
            if r["figure"] != figure or kind not in [k.split(":")[0] for k in r["kind"].split("|")] or not covers(r["family"], row["family"], row["model"]):
                continue
            here = {"framework": row["backend"], "layout": row["par"], "phase": phase, "dtype": dtype, "system": row["system"]}
            if all(covers(r[column], value) for column, value in here.items()):
                if float(r["most"]) < 0.9 or float(r["least"]) > 1.1:
                    return r["reason"]
        return ""


class golden:
    """The steps that the peer prices from its tables, and what we say of them."""

    def __init__(self, data):
        self.steps = []  # (row of the peer, its result, the request for the same step)
        self.refused = collections.Counter()  # by the peer: its reasons
        for path in sorted((data / "golden").glob("d_modes_*.jsonl")):
            for line in path.read_text(encoding="utf-8").splitlines():
                row = json.loads(line)
                for result in row.get("results", []) if row["mode"] == "SILICON" else []:
                    if result["phase"] not in ("context", "generation"):
                        continue
                    if "error" in result:
                        self.refused[re.split(r"[:(]| for | rows ", result["error"].split("perf database error: ")[-1])[0].strip()] += 1
                    else:
                        self.steps.append((row, result, self.request(row, result, data / "params")))

    @staticmethod
    def dtype(name):
        return {"bfloat16": "bf16", "float16": "bf16", "fp8_static": "fp8", "fp8_ootb": "fp8", "w4a16_nvfp4": "nvfp4_wo"}.get(name, name)

    @classmethod
    def request(cls, row, result, configs):
        degrees = {k: int(n) for k, n in re.findall(r"(etp|tp|pp|dp|ep)(\d+)", row["par"])}
        quant = row["quant"]
        q = {"config": config_of(row["model"], configs), "system": row["system"], "framework": row["backend"], "batch": result["bs"], "osl": 1, "breakdown": True,
             "experts": cls.dtype(quant["moe_quant_mode"]), "kv_cache": cls.dtype(quant["kvcache_quant_mode"]), "attention": cls.dtype(quant["fmha_quant_mode"]),
             **{k: n for k, n in degrees.items() if k != "etp"}, **({"moe_tp": degrees["etp"]} if "etp" in degrees else {})}
        if quant["gemm_quant_mode"] == "nvfp4_wo":
            q["weights"] = "nvfp4_wo"  # a device without fp4 arithmetic; else the checkpoint says it
        if result["phase"] == "context":
            return q | {"mode": "prefill", "isl": result["isl"], "prefix": result["prefix"]}
        return q | {"mode": "decode", "isl": result["kv_len"] - 1}  # the peer's length counts the token being written


def compared_ops(names, row, result, answer):
    """{kind: [ours, theirs, provenance of theirs, why it is left out]} of one step."""
    phase = result["phase"]
    all_of = collections.defaultdict(lambda: [0.0, 0.0, set(), ""])
    for op in answer["prefill" if phase == "context" else "decode"]["ops"]:
        all_of[names.ours(op)][0] += op["ms"]
    for name, ms, provenance in result["ops"]:
        entry = all_of[names.theirs(row["family"], name)]
        entry[1] += ms
        entry[2] |= {provenance} if ms else set()
    for kind in [k for k in all_of if names.holds(k)]:
        # one op of the peer for several of ours: of parts that run beside each other the longest counts
        parts = [[all_of.pop(k) for k in part if k in all_of] for part in names.holds(kind)]
        all_of[kind][0] += max(sum(e[0] for e in part) for part in parts)
        all_of[kind][1] += sum(e[1] for part in parts for e in part)
        all_of[kind][2].update(*(e[2] for part in parts for e in part))
    for kind, entry in all_of.items():
        entry[3] = "" if entry[0] and entry[1] else "the peer has no such op" if entry[0] else "no such op here"
        if not entry[3] and kind in names.of_kind:
            entry[3] = names.other_work(kind, row, phase)
    return {k: e for k, e in all_of.items() if e[0] or e[1]}


WHICH = ["pricing", "system", "framework", "model", "layout", "phase", "shape"]
op_time = collections.namedtuple("op_time", [*WHICH, "op_family", "kind", "peer_source", "costexpr_ms", "peer_ms", "left_out"])
step_time = collections.namedtuple("step_time", [*WHICH, "costexpr_ms", "peer_ms"])


def time_steps(g, costexpr, pricings):
    """Every step that the peer prices from its tables as we price it, its ops where the peer lists them, and what we refuse."""
    names = op_names()
    steps, ops, refused = [], [], []
    for pricing in pricings:
        for (row, result, _), answer in zip(g.steps, costexpr.ask([{**q, "pricing": pricing} for *_, q in g.steps])):
            phase = "prefill" if result["phase"] == "context" else "decode"
            shape = f"{result['bs']} x {result.get('isl', result.get('kv_len'))}" + (f", {result['prefix']} cached" if result.get("prefix") else "")
            which = [pricing, row["system"], row["backend"], row["model"], row["par"], phase, shape]
            reason = costexpr.refusal(answer)
            if reason:
                refused.append([*which, reason])
                continue
            steps.append(step_time(*which, positive(answer["ttft_ms" if phase == "prefill" else "tpot_ms"]), result["total_ms"]))
            for kind, (ours, theirs, provenance, why) in compared_ops(names, row, result, answer).items() if "ops" in result else ():
                source = "measured" if provenance == {"silicon"} else "in part measured" if provenance & {"silicon", "mixed"} else "formula" if provenance else ""
                ops.append(op_time(*which, names.family(kind, phase), kind, source, ours, theirs, why))
    return steps, ops, refused


def report_ops(g, costexpr, out, pricings, systems):
    steps, ops, refused = time_steps(g, costexpr, pricings)
    out.csv("ops.csv", op_time._fields, ops)
    out.csv("steps.csv", step_time._fields, steps)
    out.csv("steps_refused.csv", [*WHICH, "reason"], refused)
    first = pricings[0]
    header = lambda *words: [*words, "n", "median", "MAPE", "p90", "bias", *(f"{p} {what}" for p in pricings[1:] for what in ("median", "bias"))]
    cells = lambda all_of: [*figures(all_of[first]), *(percent(all_of[p][what], what == "bias") for p in pricings[1:] for what in ("median", "bias"))]

    out.say("## Operators and steps, against the peer's measured tables", "",
            f"{len(g.steps):,} steps that the peer prices from its tables alone (SILICON); it refuses {sum(g.refused.values()):,}.", "")
    groups, short = [], collections.defaultdict(list)
    for source in ("measured", "in part measured"):
        errors = collections.defaultdict(list)
        for o in ops:
            if o.peer_source == source and not o.left_out:
                errors[(o.op_family, o.system, o.framework), o.pricing].append(o.costexpr_ms / o.peer_ms - 1)
        lines = []
        for key in sorted({k for k, _ in errors}):
            all_of = {p: summary(errors[key, p]) for p in pricings}
            groups += [[source, *key, p, *s.values()] for p, s in all_of.items()]
            short[key[0], source] += errors[key, first]
            lines.append([*key, *cells(all_of)])
        if lines:
            out.say(f"### Operators that the peer has {source}, {first}", "", *table(header("op family", "GPU", "framework"), lines))
    errors = collections.defaultdict(list)
    for o in ops:
        if o.peer_source in ("measured", "in part measured") and not o.left_out:
            errors[(o.op_family.split(" (")[0], o.kind, o.phase), o.pricing].append(o.costexpr_ms / o.peer_ms - 1)
    if errors:
        lines = [[*key, *cells({p: summary(errors[key, p]) for p in pricings})] for key in sorted({k for k, _ in errors})]
        out.say(f"### Operators by kind, {first}", "", *table(header("op family", "kind", "phase"), lines))
    out.csv("ops_groups.csv", ["peer_source", "op_family", "system", "framework", "pricing", "n", "median_percent", "mape_percent", "p90_percent", "bias_percent"], groups)
    reasons = collections.Counter((o.kind, o.left_out) for o in ops if o.pricing == first and o.left_out)
    if reasons:
        out.say("### Operators left out", "", "The two sides do different work by more than a tenth, or one side has no such op:", "",
                *table(["kind", "n", "reason"], [[kind, n, why] for (kind, why), n in sorted(reasons.items())]))

    errors = collections.defaultdict(list)
    for s in steps:
        errors[(s.phase, s.system, s.framework), s.pricing] += [s.costexpr_ms / s.peer_ms - 1] if s.costexpr_ms else []
    lines = [[*key, *cells({p: summary(errors[key, p]) for p in pricings})] for key in sorted({k for k, _ in errors})]
    if lines:
        out.say(f"### Whole steps, {first}", "", *table(header("phase", "GPU", "framework"), lines))
    if refused or g.refused:
        lines = [["costexpr " + p, f"{n:,}", why] for (p, why), n in collections.Counter((r[0], r[-1]) for r in refused).most_common()]
        lines += [["peer SILICON", f"{n:,}", why] for why, n in g.refused.most_common()]
        out.say("### Steps refused", "", *table(["predictor", "n", "reason"], lines))

    drawn = collections.defaultdict(list)
    for o in ops:
        if o.pricing == first and o.peer_source == "measured" and not o.left_out:
            drawn[o.op_family].append((o.peer_ms, o.costexpr_ms))
    out.text("ops.svg", scatter(f"Time of operators over all layers, {first}", "peer's table (ms)", "predicted (ms)", dict(sorted(drawn.items()))))
    drawn = {gpu: [] for gpu in [*systems, *sorted({s.system for s in steps} - set(systems))]}
    for s in steps:
        if s.pricing == first and s.costexpr_ms:
            drawn[s.system].append((s.peer_ms, s.costexpr_ms))
    out.text("steps.svg", scatter(f"Time of prefill and decode steps, {first}", "peer's tables (ms)", "predicted (ms)", drawn))
    return {key: summary(errors) for key, errors in sorted(short.items())}, refused


# ------------------------------------------------------------------------------------------------------------------------ all of it

def short_tables(out, aggregated, op_families, intervals, pricings):
    """The table that fits a README."""
    if aggregated:
        d, lines = aggregated, []
        for n in d.predicted:
            lines.append([n, f"{len(d.predicted[n]):,}", *(triple(d.summary(n, m)) for m in METRICS)])
            if n.startswith("peer"):
                ours = "costexpr " + pricings[0]
                lines.append([f"{ours}, the same rows", f"{len(d.predicted[n].keys() & d.predicted[ours].keys()):,}", *(triple(d.both(ours, n, m)) for m in METRICS)])
        out.readme += [f"Error against {len(d.rows):,} measured deployments (aggregated serving), median / MAPE / p90:", "",
                       *table(["predictor", "answered", *(m.title for m in METRICS)], lines)]
    if intervals:
        out.readme += ["80 % intervals of TPOT: " + intervals, ""]
    if op_families:
        out.readme += [f"Error per operator, {pricings[0]}, against the peer's tables:", "",
                       *table(["op family", "there", "n", "median", "MAPE", "p90", "bias"], [[*key, *figures(s)] for key, s in op_families.items()])]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", metavar="COSTEXPR")
    parser.add_argument("data", metavar="DATA", type=pathlib.Path)
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("accuracy"), help="folder of the results (default: accuracy)")
    parser.add_argument("--pricing", default="calibrated,roofline", help="pricings to ask for, the one to look at first (default: calibrated,roofline)")
    parser.add_argument("--trust", default="AB", help="grades of sources to take (default: AB)")
    parser.add_argument("--mtp", default="none,unknown", help="rows with multi-token prediction in one of these states (default: none,unknown)")
    parser.add_argument("--vendor", default="nvidia", choices=("nvidia", "all"))
    parser.add_argument("--strict", action="store_true", help="exit status 1 when the program refuses a row")
    options = parser.parse_args()
    options.mtp = options.mtp.split(",")
    pricings = list(dict.fromkeys(p for p in options.pricing.split(",") if p))
    if not pricings:
        parser.error("--pricing names nothing")
    if not options.data.is_dir():
        parser.error(f"there is no folder {options.data}")
    if not (options.data / "measured" / "measured.csv").exists() and not (options.data / "golden").is_dir():
        parser.error(f"{options.data} has neither measured/measured.csv nor golden/")

    out = output(options.out)
    costexpr = program(options.program, str(options.data))
    out.say("# Accuracy", "", "An error is predicted / measured - 1: median, mean (MAPE) and 90 % quantile (p90) of its size, and its signed median (bias). The peer is PyPI "
            "aiconfigurator: SILICON answers from measured tables alone, HYBRID fills gaps with formulas, SOL is its roofline.", "")
    by_mode, refused, intervals, op_families, step_refusals = {}, [], {}, {}, []
    if (options.data / "measured" / "measured.csv").exists():
        for mode in MODES:
            d = by_mode[mode] = deployments(options.data, mode, options)
            for pricing in pricings:
                d.ask(costexpr, pricing)
            for peer in PEERS:
                path = options.data / "measured" / f"reference_{peer.lower()}.csv"
                if path.exists():
                    d.read_peer(path, peer)
            report_serving(d, out, pricings)
            intervals[mode] = report_intervals(d, out, pricings[0])
            refused += report_refusals(d, out)
        out.csv("refused.csv", ["mode", "predictor", "row_id", "system", "framework", "model", "reason"], refused)
    else:
        out.say("Measured serving: skipped, there is no measured/measured.csv.", "")
    if any((options.data / "golden").glob("d_modes_*.jsonl")):
        op_families, step_refusals = report_ops(golden(options.data), costexpr, out, pricings, by_mode["agg"].systems if by_mode else [])
    else:
        out.say("Operators: skipped, there is no golden/d_modes_*.jsonl.", "")
    short_tables(out, by_mode.get("agg"), op_families, intervals.get("agg"), pricings)
    out.text("accuracy.md", "\n".join(out.report))
    out.text("readme.md", "\n".join(out.readme))
    print("\n".join(out.report))
    print("\n".join(["# In short", "", *out.readme]))
    for failure in costexpr.failures[:10]:
        print("accuracy.py: " + failure, file=sys.stderr)
    first_refused = any(r[1] == "costexpr " + pricings[0] for r in refused) or any(r[0] == pricings[0] for r in step_refusals)
    return 1 if costexpr.failures or (options.strict and first_refused) else 0


if __name__ == "__main__":
    sys.exit(main())
