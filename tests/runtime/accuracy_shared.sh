#!/bin/sh
# bench/accuracy on the shared data: it runs through and writes every file, as CSV and SVG that can be read.
set -eu
[ -n "${COSTEXPR_PROGRAM-}" ] || { echo "SKIPPED: the program is not built"; exit 77; }
command -v python3 >/dev/null || { echo "SKIPPED: there is no python3"; exit 77; }
data=${COSTEXPR_SHARED-}/data
{ [ -f "$data/measured/measured.csv" ] && [ -d "$data/golden" ]; } || { echo "SKIPPED: no shared data (COSTEXPR_SHARED)"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 "$COSTEXPR_SOURCE/bench/accuracy/accuracy.py" "$COSTEXPR_PROGRAM" "$data" --out "$work/out" >"$work/said" || { echo "exit status $?"; exit 1; }
sed -n '/^# In short/,$p' "$work/said"
python3 - "$work/out" <<'END'
import csv, pathlib, sys, xml.dom.minidom
out = pathlib.Path(sys.argv[1])
modes = ("aggregated", "disaggregated")
names = ["accuracy.md", "readme.md", "refused.csv", "ops.csv", "ops_groups.csv", "steps.csv", "steps_refused.csv", "ops.svg", "steps.svg"]
names += [f"{what}_{mode}.svg" for what in ("tpot", "throughput", "ttft") for mode in modes]
names += [name for mode in modes for name in (f"serving_{mode}.csv", f"serving_{mode}_groups.csv", f"intervals_{mode}.csv")]
for name in names:
    text = (out / name).read_text(encoding="utf-8")
    assert text, name + " is empty"
    if name.endswith(".svg"):
        xml.dom.minidom.parseString(text)
    if name.endswith(".csv"):
        assert len({len(row) for row in csv.reader(text.splitlines())}) == 1, name + " has rows of several lengths"
unknown = {r["kind"] for r in csv.DictReader((out / "ops.csv").open()) if r["kind"].startswith("unknown:")}
assert not unknown, f"ops without a row in tests/data/peer_ops.csv: {unknown}"
END
