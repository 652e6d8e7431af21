#!/bin/sh
# `costexpr estimate --cp` and `fit --cp`: a layout whose ranks share the tokens of a sequence is priced, and refused with its reason.
set -eu
[ -n "${COSTEXPR_PROGRAM-}" ] || { echo "SKIPPED: the program is not built"; exit 77; }
fail() { echo "$1"; exit 1; }

estimate() { "$COSTEXPR_PROGRAM" estimate Qwen/Qwen3-32B --system h200_sxm --tp 2 --isl 32768 --osl 3 "$@"; }
value() { sed -n "s/^  \"$1\": \([0-9.e+-]*\),*$/\1/p"; }
whole=$(estimate --json | value ttft_ms)
shared=$(estimate --cp 4 --json | value ttft_ms)
awk -v a="$whole" -v b="$shared" 'BEGIN { exit !(4 * b > a && 3.6 * b < a) }' || fail "four ranks do not share a prompt: $whole ms, $shared ms"
[ "$(estimate --cp 4 --json | value gpus)" = 8 ] || fail "cp does not count as devices"
estimate --cp 4 | grep -q 'tp 2, pp 1, dp 1, ep 1, cp 4' || fail "the layout is not printed"
estimate --cp 4 --json --breakdown | grep -q '"name": "context_exchange"' || fail "no exchange in the breakdown"
estimate --cp 4 --explain | grep -q 'wire = 32768 keys x 1024 width x 2 bytes x 0.75 of the ring' || fail "the exchange is not explained"

refused() {
    said=$("$COSTEXPR_PROGRAM" "$@" 2>&1) && fail "$* is not refused"
    echo "$said" | grep -q "$words" || fail "$*: $said"
}
words='a state passes from each token to the next' refused estimate ai21labs/Jamba-v0.1 --system h200_sxm --tp 2 --cp 2
words='a divisor of tp x dp x cp = 4' refused fit Qwen/Qwen3-30B-A3B --system h200_sxm --tp 2 --cp 2 --ep 8
words='so that moe_tp x ep = tp x dp x cp, or tp x dp' refused estimate Qwen/Qwen3-30B-A3B --system h200_sxm --tp 2 --cp 4 --ep 2 --moe-tp 2
"$COSTEXPR_PROGRAM" estimate Qwen/Qwen3-30B-A3B --system h200_sxm --tp 2 --cp 4 --ep 8 --moe-tp 1 --osl 2 --json >/dev/null || fail "experts over all ranks"
echo '{"id": "a", "config": "Qwen/Qwen3-32B", "system": "h200_sxm", "tp": 2, "cp": 4, "osl": 2}' | "$COSTEXPR_PROGRAM" estimate --jsonl | grep -q '"gpus":8' || fail "a line with cp"
