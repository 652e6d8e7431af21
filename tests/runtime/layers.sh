#!/bin/sh
# The worked layer cases of the shared data, through `costexpr layers --jsonl`; and what the program says of layer lists.
set -eu
[ -n "${COSTEXPR_PROGRAM-}" ] || { echo "SKIPPED: the program is not built"; exit 77; }
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
fail() { echo "$*" >&2; exit 1; }

# a list that is written is read again, under its own name alone
"$COSTEXPR_PROGRAM" layers --write Qwen/Qwen3-30B-A3B >"$scratch/Qwen_Qwen3-30B-A3B.json"
"$COSTEXPR_PROGRAM" layers "$scratch/Qwen_Qwen3-30B-A3B.json" >"$scratch/table"
grep -q '^moe  *MoELayer  *48  *604241920  *29003612160 ' "$scratch/table" || fail "the table of a layer list has no row of its experts"
"$COSTEXPR_PROGRAM" layers --json "$scratch/Qwen_Qwen3-30B-A3B.json" | grep -q '"parameters": 30532122624,' || fail "--json has not the sum"
"$COSTEXPR_PROGRAM" layers Qwen/Qwen3-30B-A3B | cmp - "$scratch/table" || fail "a config and its layer list are not the same table"
cp "$scratch/Qwen_Qwen3-30B-A3B.json" "$scratch/other.json"
! "$COSTEXPR_PROGRAM" layers "$scratch/other.json" 2>"$scratch/error" || fail "a list in a file of another name is accepted"
grep -q '/model_id: "model_id" must be the name of the file (expected "other", found "Qwen_Qwen3-30B-A3B")' "$scratch/error" || fail "the error does not name the file"
# a line that is wrong is answered with its id, and the others all the same
printf '%s\n' '{"id": "a", "class": "NormLayer"}' '{"id": 7, "class": "NormLayer", "specs": {"hidden_size": 8}, "phase": "decode", "seq_len": 1}' 'no JSON' |
    "$COSTEXPR_PROGRAM" layers --jsonl >"$scratch/lines" && fail "wrong lines are no failure"
[ "$(grep -c '"error"' "$scratch/lines")" = 2 ] && grep -q '^{"id":"a","error":' "$scratch/lines" && grep -q '^{"id":"7","parameters":8,' "$scratch/lines" || fail "lines are not answered one by one"

[ -n "${COSTEXPR_SHARED-}" ] && [ -f "$COSTEXPR_SHARED/check/layers.py" ] || { echo "SKIPPED: no shared data"; exit 77; }
command -v python3 >/dev/null || { echo "SKIPPED: no python3"; exit 77; }
python3 "$COSTEXPR_SHARED/check/layers.py" "$COSTEXPR_PROGRAM" "$COSTEXPR_SHARED/data/layers/cases_shared.json"
