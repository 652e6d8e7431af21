# SPDX-License-Identifier: BSL-1.0
"""Fits the constants of the closed forms (systems/forms, include/costexpr/cost/forms) and writes systems/<gpu>.<framework>.json.

    python3 systems/calibrate.py                                    every constant, from the public operator tables
    python3 systems/calibrate.py --systems h200_sxm --ops gemm      a part of them; the other keys of a file stay
    python3 systems/calibrate.py --check                            whether the committed constants are what it makes
    python3 systems/calibrate.py --points                           the points on which the tests compare the C++ forms with these
    python3 systems/calibrate.py --measurements mine.csv --systems my_gpu --frameworks vllm

The tables are those of aiconfigurator-core 0.12.0 on PyPI (systems/data, Apache-2.0: kernels measured on the device itself). Packages that are
missing are installed into build/calibrate, a virtual environment of their own; --packages names a folder that has them.

A slice (one kernel or dtype of one op) is fitted on at most 2,000 of its rows, drawn with a fixed seed, by soft-L1 on the logarithm of
predicted / measured; the error that is printed and stored is that on all its other rows. Constants are rounded before it is measured.

Measurements of your own are CSV files with the columns op, milliseconds, those of the form (`--columns` prints them) and those that tell its
slices apart, where a column may be missing. They replace the slices of their ops in the file of the system and framework named; a system that
is not in this folder is named by the path of its JSON, with the key multiprocessors. At least 3 rows per constant of a form are needed; a third
of the rows is kept for the error. Such a file begins

    op,weights,rows,outer,inner,milliseconds
    gemm,bf16,1,4096,4096,0.0133
    gemm,bf16,512,4096,4096,0.0253

Files as pricing by tables reads them (op,dtype,shape,milliseconds: examples/own_measurements.csv) do for GEMM, attention, mixtures and all-reduce.

    python3 systems/calibrate.py --steps steps.csv --model Qwen/Qwen3-8B --systems h200_sxm --frameworks vllm --program build/gcc/costexpr

fits what the host adds to a step: steps.csv holds batch,new,past,ms of whole steps of the model; what they take beyond the device's time, as the
program prices it, becomes step_us and sequence_us of the framework's profile, by least squares of relative errors, neither below zero.
"""

import argparse
import json
import math
import os
import pathlib
import shutil
import subprocess
import sys

folder = pathlib.Path(__file__).resolve().parent
requirements = ("aiconfigurator-core==0.12.0", "pyarrow", "pandas", "scipy")
frameworks = {"trtllm": "1.3.0rc20", "sglang": "0.5.14", "vllm": "0.24.0"}
older = {"a100_sxm": {"trtllm": "1.0.0", "sglang": "0.5.10", "vllm": "0.14.0"}}
seed = 20240917
source = "aiconfigurator-core 0.12.0 (PyPI), systems/data: kernels measured on the device, Apache-2.0"


def enter_environment(packages):
    """Makes sure that the packages can be imported, in an environment of our own where they are missing."""
    if packages:
        sys.path.insert(0, str(packages))
    try:
        import pandas, pyarrow, scipy, aiconfigurator_core  # noqa: F401
        return
    except ImportError:
        pass
    place = folder.parent / "build" / "calibrate"
    python = place / "bin" / "python"
    if pathlib.Path(sys.prefix) == place:
        sys.exit(f"calibrate: {place} lacks {', '.join(requirements)}: delete it and start again")
    if not python.exists():
        for command in ([sys.executable, "-m", "venv", str(place)], [str(python), "-m", "pip", "install", "--quiet", *requirements]):
            if subprocess.run(command).returncode != 0:
                shutil.rmtree(place, ignore_errors=True)  # half of an environment would be taken for one
                sys.exit(f"calibrate: `{' '.join(command)}` failed; --packages names a folder that has {', '.join(requirements)}")
    os.execv(python, [str(python), *sys.argv])


def version_key(text):
    """Versions in their order: numbers as numbers."""
    digits = "".join(c if c.isdigit() else " " for c in text).split()
    return [int(d) for d in digits]


def read_frames(form, data, system, framework, version):
    """The tables of a form: of this version of the framework, else of the newest that has one. Returns frames and which versions they are of."""
    import pandas

    frames, versions = {}, {}
    for table in form.tables:
        group, file = table.split("/")
        found = {}
        for library in (form.measured_library,) if isinstance(form.measured_library, str) else form.measured_library or (framework,):
            found.update({path.parent.name: path for path in data.glob(f"{system}/{group}/{library}/*/{file}.parquet")})
        if not found:
            continue
        chosen = version if version in found else max(found, key=version_key)
        frames[table] = pandas.read_parquet(found[chosen])
        versions[table] = chosen
    return frames, versions


def rounded(x):
    return float(f"{x:.6g}")


def fit(form, key, rows, device):
    """The constants of one slice, rounded, and |predicted / measured - 1| with sign on the rows that were not used."""
    import numpy
    from scipy.optimize import least_squares

    rows = rows.reset_index(drop=True)
    rows = rows[(rows["ms"] > 0) & numpy.isfinite(rows["ms"])].reset_index(drop=True)
    used = numpy.zeros(len(rows), bool)
    drawn = numpy.random.default_rng(seed).permutation(len(rows))[: min(form.most_rows, max(len(rows) * 2 // 3, 1))]
    used[drawn] = True
    sample = rows.iloc[drawn]

    bounds = form.bounds_of(key, rows, device)
    free = [name for name, (low, _, high) in bounds.items() if low < high]
    fixed = {name: low for name, (low, _, high) in bounds.items() if low >= high}
    low, start, high = (numpy.array([bounds[name][i] for name in free], float) for i in range(3))
    scale = numpy.where(start > 0, start, numpy.maximum(high / 10, 1e-12))

    def solve(begin, chosen, part, evaluations):
        logarithm = numpy.log(part["ms"].to_numpy(float))

        def residual(x):
            ms = form.milliseconds({**key, **fixed, **chosen, **dict(zip(free, x * scale))}, part, device)
            return numpy.log(numpy.maximum(ms, 1e-9)) - logarithm

        found = least_squares(residual, numpy.clip(begin, low + 1e-9 * scale, high - 1e-9 * scale) / scale, bounds=(low / scale, high / scale),
                              loss="soft_l1", f_scale=0.05, max_nfev=evaluations, ftol=1e-5, xtol=1e-5)
        return found.cost / len(part), found.x * scale, chosen

    # every choice from two starts on a few rows, the best then on all
    combinations = [{}]
    for name, values in form.choices.items():
        combinations = [{**c, name: v} for c in combinations for v in values]
    lower = numpy.sqrt(numpy.maximum(low, scale / 20) * numpy.maximum(start, scale / 20))
    few = sample.iloc[:500]
    tried = [solve(begin, chosen, few, 40) for chosen in combinations for begin in (start, lower)]
    _, begin, chosen = min(tried, key=lambda t: t[0])
    _, found, chosen = solve(begin, chosen, sample, 60)
    best = {**fixed, **chosen, **dict(zip(free, found))}
    tiny = dict(zip(free, 1e-6 * scale))  # a constant at its bound of zero is zero
    constants = {name: best[name] if name in form.choices else 0.0 if abs(best[name]) < tiny.get(name, 0) else rounded(best[name])
                 for name in [*bounds, *form.choices]}
    return constants, rows, ~used


def error_of(signed):
    import numpy

    size = numpy.abs(signed)
    return {"median": rounded4(numpy.median(size)), "p90": rounded4(numpy.quantile(size, 0.9)), "bias": rounded4(numpy.median(signed)), "rows": len(signed)}


def rounded4(x):
    return float(f"{x:.4g}")


def calibrate(form, slices, device, label):
    """All slices of one op: the entries of the file, and the signed errors pooled."""
    import numpy

    entries, pooled = [], []
    for key, rows in slices:
        if len(rows) < 3 * len(form.bounds):
            print(f"{label} {form.op} {key}: {len(rows)} rows are too few, left out", flush=True)
            continue
        constants, rows, others = fit(form, key, rows, device)
        tested = rows[others]
        signed = form.milliseconds({**key, **constants}, tested, device) / tested["ms"].to_numpy(float) - 1
        error = error_of(signed)
        entries.append({**key, **constants, "error": error})
        pooled.append(signed)
        shown = " ".join(f"{k}={v:.4g}" if isinstance(v, float) else f"{k}={v}" for k, v in constants.items())
        print(f"{label} {form.op} {'/'.join(str(v) for v in key.values() if v != '')}: median {error['median']:.3f} p90 {error['p90']:.3f} "
              f"bias {error['bias']:+.3f} rows {error['rows']}  {shown}", flush=True)
    return entries, numpy.concatenate(pooled) if pooled else numpy.zeros(0)


def written(document, ops):
    """The text of a file: one line per slice, keys in a fixed order."""
    heads = ["system", "framework", "version", "multiprocessors", "source"]
    parts = [f"  {json.dumps(h)}: {json.dumps(document[h])}" for h in heads]
    for op in ops:
        lines = ",\n".join("    " + json.dumps(entry) for entry in document.get(op, []))
        parts.append(f"  {json.dumps(op)}: [\n{lines}{chr(10) if lines else ''}  ]")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--packages", type=pathlib.Path, help="folder with the packages (site-packages)")
    parser.add_argument("--systems", help="comma separated; all with tables")
    parser.add_argument("--frameworks", default=",".join(frameworks))
    parser.add_argument("--ops", help="comma separated; all")
    parser.add_argument("--check", action="store_true", help="compare with the committed files instead of writing them")
    parser.add_argument("--points", action="store_true", help="write tests/data/calibrated_points.<op>.csv")
    parser.add_argument("--columns", action="store_true", help="print what a file of measurements holds")
    parser.add_argument("--measurements", type=pathlib.Path, nargs="+", help="CSV files of your own")
    parser.add_argument("--steps", type=pathlib.Path, help="CSV of whole steps: batch,new,past,ms")
    parser.add_argument("--model", help="of --steps: a config.json or the name of an embedded model")
    parser.add_argument("--tp", type=int, default=1, help="of --steps: tensor parallel degree")
    parser.add_argument("--program", type=pathlib.Path, help="of --steps: costexpr, as it was built")
    parser.add_argument("--output", type=pathlib.Path, default=folder, help="folder of the files written")
    options = parser.parse_args()
    enter_environment(options.packages)
    if options.steps:
        return fit_host(options)

    import aiconfigurator_core
    import numpy

    sys.path.insert(0, str(folder))
    from forms import forms, ops
    from forms.common import Device

    options.output.mkdir(parents=True, exist_ok=True)
    chosen = {op: form for op, form in forms().items() if not options.ops or op in options.ops.split(",")}
    if options.columns:
        for op, form in chosen.items():
            print(f"{op}: {', '.join(form.key)}; {', '.join(form.columns)}; milliseconds")
        return 0
    data = pathlib.Path(aiconfigurator_core.__file__).parent / "systems" / "data"
    if options.points:
        for form in chosen.values():
            write_points(form, data, folder.parent / "tests" / "data")
        return 0
    systems = options.systems.split(",") if options.systems else sorted(p.name for p in data.iterdir() if any(p.iterdir()))
    totals, differing, gaps = {}, [], []
    for system in systems:
        device = Device(system)
        paths = {framework: options.output / f"{device.name}.{framework}.json" for framework in {**frameworks, **dict.fromkeys(options.frameworks.split(","))}}
        siblings = {framework: json.loads(path.read_text()) for framework, path in paths.items() if path.exists()}
        for framework in options.frameworks.split(","):
            version = older.get(system, frameworks).get(framework, frameworks.get(framework, ""))
            path = paths[framework]
            committed = path.read_text() if path.exists() else ""
            document = siblings.setdefault(framework, {})
            stated = document.get("version", version) if options.ops else version  # a part of the ops leaves what the others are of
            document.update(system=device.name, framework=framework, version=max(stated, version, key=version_key), multiprocessors=device.multiprocessors, source=[source])
            made = False
            for op, form in chosen.items():
                form.siblings = siblings
                if options.measurements:
                    slices = measured_slices(form, options.measurements)
                else:
                    form.made = document  # a measured module is taken apart by what was fitted before
                    frames, versions = read_frames(form, data, system, framework, version)
                    if form.measured_library is None and versions and version not in versions.values():
                        document["version"] = max([document["version"], *versions.values()], key=version_key)
                    slices = form.slices(frames, device) if frames else []
                if not options.measurements and not frames:
                    gaps.append(f"{system}.{framework} {op}")
                entries, signed = calibrate(form, slices, device, f"{system}.{framework}")
                if entries or not options.measurements:
                    document[op] = entries
                made = made or bool(entries) and (form.measured_library is None or options.measurements is not None)  # a library alone makes no framework
                if len(signed):
                    totals.setdefault((op, system), []).append(signed)
            if not made and not committed:
                continue
            text = written(document, ops)
            if options.check:
                if not close(text, committed):
                    differing.append(path.name)
            else:
                path.write_text(text)
    print("\nErrors on the rows that were not fitted: median, p90, bias, rows")
    for (op, system), signed in sorted(totals.items()):
        error = error_of(numpy.concatenate(signed))
        print(f"{op:20} {system:20} {100 * error['median']:6.1f} % {100 * error['p90']:6.1f} % {100 * error['bias']:+6.1f} % {error['rows']:8}")
    if gaps:
        print("no measurements:", ", ".join(gaps))
    if differing:
        print("differ from what is committed:", ", ".join(differing))
    return 1 if differing else 0


# Columns of the device in a file of points, before the constants and the columns of the form.
rates = ("fp32", "bf16", "int8", "fp8", "fp4", "memory", "node", "multiprocessors")


def write_points(form, data, output):
    """Some rows of some slices with what the committed constants give for them: the C++ form must give the same."""
    import csv
    import numpy
    from forms.common import Device

    table = []
    for system in ("h200_sxm", "b200_sxm", "l40s"):
        device = Device(system)
        facts = [*(1 / device.seconds_per_flop[m] if m in device.seconds_per_flop else 0 for m in rates[:5]), 1 / device.seconds_per_byte,
                 1 / device.seconds_per_node_byte, device.multiprocessors]
        for framework, version in frameworks.items():
            path = folder / f"{system}.{framework}.json"
            entries = json.loads(path.read_text()).get(form.op, []) if path.exists() else []
            form.made = json.loads(path.read_text()) if path.exists() else {}
            frames, _ = read_frames(form, data, system, framework, version)
            found = {tuple(key.values()): rows for key, rows in form.slices(frames, device)} if frames and entries else {}
            for entry in entries[:: max(1, len(entries) // 5)]:
                rows = found.get(tuple(entry[name] for name in form.key))
                if rows is None:
                    continue
                rows = rows.iloc[numpy.random.default_rng(seed).permutation(len(rows))[:2]]
                rows = rows.drop(columns="beside", errors="ignore")  # the form alone, without the rest of a measured module
                for (_, row), ms in zip(rows.iterrows(), form.milliseconds(entry, rows, device)):
                    table.append({**dict(zip(rates, facts)), **{k: v for k, v in entry.items() if k != "error"},
                                  **{k: row[k] for k in form.columns}, "seconds": repr(float(ms) * 1e-3)})
    if table:
        with open(output / f"calibrated_points.{form.op}.csv", "w", newline="") as file:
            writer = csv.DictWriter(file, table[0].keys(), lineterminator="\n")
            writer.writeheader()
            writer.writerows({k: str(v).lower() if isinstance(v, bool) else v for k, v in row.items()} for row in table[:40])


def fit_host(options):
    """What the host adds to a step: measured steps less the device's time, a + b batch with neither below zero."""
    import numpy
    import pandas
    import scipy.optimize

    if not (options.model and options.systems and options.program):
        sys.exit("calibrate: --steps needs --model, --systems (one), --frameworks (one) and --program")
    try:
        steps = pandas.read_csv(options.steps)[["batch", "new", "past", "ms"]].astype(float)
    except (OSError, ValueError, KeyError) as problem:
        sys.exit(f"calibrate: {options.steps}: batch, new, past and ms are wanted in every row: {problem}")
    framework = options.frameworks.split(",")[0]
    asked = []
    for batch, new, past, _ in steps.itertuples(index=False):
        decode = new == 1
        asked.append(json.dumps({"config": options.model, "system": options.systems, "framework": framework, "tp": options.tp, "batch": int(batch),
                                 "mode": "decode" if decode else "prefill", "isl": int(past if decode else past + new), "prefix": 0 if decode else int(past), "osl": 1}))
    answers = subprocess.run([str(options.program), "estimate", "--jsonl"], input="\n".join(asked), capture_output=True, text=True).stdout.splitlines()
    device = []
    for line in answers:
        answer = json.loads(line)
        if "error" in answer:
            sys.exit(f"calibrate: {answer['error'][0]['message']}")
        device.append(answer["tpot_ms"] if answer["tpot_ms"] is not None else answer["ttft_ms"])
    device, measured = numpy.array(device), steps["ms"].to_numpy()
    terms = numpy.column_stack([numpy.ones(len(steps)), steps["batch"]])
    (step_ms, sequence_ms), _ = scipy.optimize.nnls(terms / measured[:, None], (measured - device) / measured)  # relative errors count alike
    off = lambda predicted: 100 * numpy.median(numpy.abs(predicted / measured - 1))
    print(f"{len(steps)} steps: device alone {off(device):.1f} % off in the median, with the host {off(device + step_ms + sequence_ms * steps['batch']):.1f} %")
    path = options.output / f"{framework}.framework.json"
    source = path if path.exists() else folder / path.name
    profile = json.loads(source.read_text())
    profile.update(step_us=round(1e3 * step_ms, 3), sequence_us=round(1e3 * sequence_ms, 3))
    options.output.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(profile, indent=2) + "\n")
    print(f"{path}: step_us {profile['step_us']}, sequence_us {profile['sequence_us']}")
    return 0


def by_shape(frame):
    """A file for pricing by tables as one for fitting: what the pairs of its shapes say of the columns of the forms."""
    if "shape" not in frame.columns:
        return frame
    sizes = frame["shape"].map(lambda text: dict(pair.split("=", 1) for pair in str(text).split()))
    rows = []
    for op, dtype, size, ms in zip(frame["op"], frame["dtype"], sizes, frame["milliseconds"]):
        n = {k: float(v) for k, v in size.items() if v.replace(".", "", 1).isdigit()}
        row = {"op": op, "milliseconds": ms, "weights": dtype}
        if op == "gemm":
            row.update(rows=n["m"], outer=n["n"], inner=n["k"])
        elif op in ("prefill_attention", "decode_attention"):
            new, batch = n.get("new", 1.0), n.get("batch", 1.0)
            past = n.get("past", n.get("context", new) - new)
            row.update(arithmetic=dtype, cached=size.get("cache", dtype), windowed="window" in size, sequences=batch, tokens=batch * new, heads=n["heads"],
                       pairs=batch * (new * past + new * (new + 1) / 2), context=batch * (past + new), whole=batch * (past + new),
                       causal=batch * (new * past + new * (new + 1) / 2), kv_heads=n.get("kv_heads", n["heads"]), dim=n["head_dim"])
        elif op == "moe":
            ranks, matrices, local = n.get("ep", 1.0), n.get("matrices", 3.0), n["experts"] / n.get("ep", 1.0)
            choices = n["tokens"] * n["top_k"]
            row.update(tokens=n["tokens"], choices=choices, rows=choices / ranks, active=local * (1 - (1 - n["top_k"] / n["experts"]) ** n["tokens"]), local=local,
                       hidden=n["hidden"], inner=n["inner"], projections=matrices, matrices=matrices)
        elif op == "all_reduce":
            row.update(pattern=op, devices=n["devices"], bytes=n["bytes"])
        rows.append(row)
    import pandas

    return pandas.DataFrame(rows).astype({name: str for name in ("weights", "arithmetic", "cached", "pattern", "windowed") if any(name in r for r in rows)})


def measured_slices(form, paths):
    """The rows of a form among a user's measurements."""
    import pandas

    try:
        frame = pandas.concat([by_shape(pandas.read_csv(path, dtype={name: str for name in form.key}, comment="#")) for path in paths], ignore_index=True)
    except (OSError, ValueError, KeyError) as problem:
        sys.exit(f"calibrate: measurements cannot be read: {problem}")
    for name in ("op", "milliseconds"):
        if name not in frame.columns:
            sys.exit(f"calibrate: {', '.join(str(p) for p in paths)}: the column {name} is missing")
    frame = frame[frame["op"] == form.op].rename(columns={"milliseconds": "ms"})
    if frame.empty:
        return
    frame = frame.assign(**{name: frame[other] for name, other in form.standing.items() if name not in frame.columns and other in frame.columns})
    for name in (*form.columns, "ms"):
        values = pandas.to_numeric(frame[name], errors="coerce") if name in frame.columns else pandas.Series([float("nan")])
        if not (values >= 0).all():
            sys.exit(f"calibrate: {form.op}: the column {name} is missing or holds something else than numbers of at least 0")
    for name in form.key:
        default = form.defaults.get(name, "")
        given = frame[name] if name in frame.columns else pandas.Series([None] * len(frame), index=frame.index)
        read = (lambda text: text in ("1", "true", "True")) if isinstance(default, bool) else type(default)
        frame[name] = [default if pandas.isna(value) else read(value) for value in given]
    for values, rows in frame.groupby(list(form.key), sort=False):
        yield dict(zip(form.key, (v.item() if hasattr(v, "item") else v for v in values))), rows


def close(made, committed):
    """Whether two files hold the same slices with errors that agree to half a per cent: the last digits of constants may differ by machine."""
    if made == committed:
        return True
    if not committed:
        return False
    ours, theirs = json.loads(made), json.loads(committed)
    for op, entries in ours.items():
        if not isinstance(entries, list) or op == "source":
            continue
        others = theirs.get(op, [])
        if len(entries) != len(others):
            return False
        for one, other in zip(entries, others):
            if one.keys() != other.keys() or any(one[k] != other[k] for k in one if isinstance(one[k], str)):
                return False
            if any(abs(one["error"][k] - other["error"][k]) > 0.005 for k in ("median", "bias")):
                return False
    return True


if __name__ == "__main__":
    sys.exit(main())
