#!/bin/sh
# `costexpr estimate --mode aggregated` and `disaggregated`, with the pricings that it may ask for.
set -eu
[ -n "${COSTEXPR_PROGRAM-}" ] || { echo "SKIPPED: the program is not built"; exit 77; }
fail() { echo "$1"; exit 1; }
cd "$COSTEXPR_SOURCE"

ask() { "$COSTEXPR_PROGRAM" estimate "$@" --json; }
value() { sed -n "s/^  \"$1\": \([0-9.e+-]*\),*$/\1/p"; }
served() { ask Qwen/Qwen3-32B --system h200_sxm --framework vllm --tp 4 --isl 1024 --osl 256 --mode aggregated "$@"; }
one=$(served --batch 1 | value tpot_ms)
many=$(served --batch 64 | value tpot_ms)
awk -v a="$one" -v b="$many" 'BEGIN { exit !(a > 0 && b > 1.2 * a && b < 64 * a) }' || fail "64 sequences take $many ms a token, one takes $one"
# lengths drawn from 0.8 to 1.0 of the nominal ones are shorter
awk -v a="$(served --batch 8 | value request_ms)" -v b="$(served --batch 8 --length-spread 0.8 1.0 | value request_ms)" 'BEGIN { exit !(b < 0.95 * a && b > 0.8 * a) }' || fail "lengths are not spread"
# the band stands around the value; without measurements there is none
served --batch 8 | awk -F'[:,]' '/"tpot_ms"/ { t = $2 } /"tpot_low_ms"/ { l = $2; h = $4 } /"tpot_high_ms"/ { h = $2 } END { exit !(l < t && t < h) }' || fail "the band does not hold the value"
served --batch 8 --pricing roofline | grep -q tpot_low && fail "a roofline has no band"
# a batch that is not given is the part of the sequences in flight that a rank gets
[ "$(served --concurrency 8 | value tpot_ms)" = "$(served --batch 8 | value tpot_ms)" ] || fail "concurrency alone does not give the batch"
# more than fits waits: the first token is late, the others are not
served --batch 100000 | grep -q '"fits": true' || fail "what does not fit is not held back"
# experts in a layout that cannot be are priced as attention's degrees say, with a word
served --batch 4 | grep -q 'experts as' && fail "a dense model has no experts to warn of"
ask Qwen/Qwen3-30B-A3B --system h200_sxm --tp 4 --moe-tp 1 --ep 1 --mode aggregated | grep -q 'experts as moe_tp 4 x ep 1' || fail "no word about the experts"
ask Qwen/Qwen3-30B-A3B --system h200_sxm --tp 4 --moe-tp 1 --ep 1 >/dev/null 2>&1 && fail "a static step with that layout is refused"
# weights in fp4 are unpacked where the device has no such arithmetic, and the answer says so
ask Qwen/Qwen3-8B --system h100_sxm --weights nvfp4 --osl 2 | grep -q 'linear layers run as nvfp4_wo, not nvfp4' || fail "no word about weights only"
# a system without constants of its own takes its generation's
ask Qwen/Qwen3-8B --system h100_pcie --osl 2 | grep -q '"provenance": "extrapolated"' || fail "taken over, and not said"
ask Qwen/Qwen3-8B --system h100_sxm --osl 2 | grep -q '"provenance": "calibrated"' || fail "not calibrated"
# disaggregated: twice the decode workers give no more than twice the tokens
pools() { ask Qwen/Qwen3-32B --system h200_sxm --isl 4096 --osl 256 --mode disaggregated --prefill-tp 2 --prefill-workers 4 --decode-tp 2 --decode-batch 32 "$@"; }
few=$(pools --decode-workers 1 | value requests_s)
more=$(pools --decode-workers 2 | value requests_s)
awk -v a="$few" -v b="$more" 'BEGIN { exit !(b >= a && b <= 2.0001 * a) }' || fail "two decode workers: $more requests a second, one: $few"
[ "$(pools --decode-workers 2 | value gpus)" = 12 ] || fail "the devices of both pools"
# one's own points
"$COSTEXPR_PROGRAM" estimate Qwen/Qwen3-8B --system h200_sxm --osl 2 --points examples/own_measurements.csv | grep -q 'out, table' || fail "points are not taken"
said=$("$COSTEXPR_PROGRAM" estimate Qwen/Qwen3-8B --system h200_sxm --pricing table 2>&1) && fail "a table without points is refused"
echo "$said" | grep -q 'pricing table needs measured points' || fail "$said"
