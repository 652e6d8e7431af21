#!/bin/sh
# `costexpr fit` and `estimate --mtp`: the keys of the JSON, and errors that say what is wrong.
set -eu
[ -n "${COSTEXPR_PROGRAM-}" ] || { echo "SKIPPED: the program is not built"; exit 77; }
fail() { echo "$1"; exit 1; }

fit=$("$COSTEXPR_PROGRAM" fit Qwen/Qwen3-32B --system h200_sxm --tp 4 --batch 64 --isl 8000 --osl 192 --chunk 8192 --json)
for key in fits max_context max_sequences max_prefill_chunk min_devices memory weights state activations communication reserved total capacity; do
    echo "$fit" | grep -q "\"$key\": " || fail "fit has no $key"
done
echo "$fit" | grep -q '"fits": true' || fail "64 sequences of 8,192 tokens fit on four H200"
# what it says is the most fits, and one more does not
most() { echo "$fit" | sed -n "s/^  \"$1\": \([0-9]*\),*$/\1/p"; }
fits() { "$COSTEXPR_PROGRAM" fit Qwen/Qwen3-32B --system h200_sxm --tp 4 --batch "$1" --isl "$2" --osl 1 --chunk "$3" --json | sed -n 's/^  "fits": \(.*\),$/\1/p'; }
context=$(most max_context)
[ "$(fits 64 $((context - 1)) 8192)" = true ] && [ "$(fits 64 "$context" 8192)" = false ] || fail "max_context is not the most"
sequences=$(most max_sequences)
[ "$(fits "$sequences" 8191 8192)" = true ] && [ "$(fits $((sequences + 1)) 8191 8192)" = false ] || fail "max_sequences is not the most"
chunk=$(most max_prefill_chunk)
[ "$(fits 64 8191 "$chunk")" = true ] && [ "$(fits 64 8191 $((chunk + 1)))" = false ] || fail "max_prefill_chunk is not the most"

# an embedded model with modules of multi-token prediction, and one without
with=$("$COSTEXPR_PROGRAM" estimate deepseek-ai/DeepSeek-V3 --system h200_sxm --tp 8 --ep 8 --batch 8 --osl 3 --mtp 2 --accepted 1.2 --json)
for key in drafts accepted verification_ms drafting_ms scaled_tpot_ms; do echo "$with" | grep -q "\"$key\": " || fail "estimate --mtp has no $key"; done
refused() {
    said=$("$COSTEXPR_PROGRAM" "$@" 2>&1) && fail "$* is not refused"
    echo "$said" | grep -q "$words" || fail "$*: $said"
}
words='no modules of multi-token prediction' refused estimate Qwen/Qwen3-32B --system h200_sxm --mtp 1 --accepted 0.5
words='accepted must be given' refused estimate deepseek-ai/DeepSeek-V3 --system h200_sxm --tp 8 --mtp 1
words='expected 0 to 1, found 2' refused estimate deepseek-ai/DeepSeek-V3 --system h200_sxm --tp 8 --mtp 1 --accepted 2
words='accepted without mtp' refused estimate deepseek-ai/DeepSeek-V3 --system h200_sxm --tp 8 --accepted 1
words='divisor' refused fit Qwen/Qwen3-32B --system h200_sxm --tp 3
words='no such system' refused fit Qwen/Qwen3-32B --system nothing
words='out of range' refused fit Qwen/Qwen3-32B --system h200_sxm --batch 0

# lines of requests take the same keys
echo '{"id": "a", "config": "deepseek-ai/DeepSeek-V3", "system": "h200_sxm", "tp": 8, "ep": 8, "batch": 8, "osl": 3, "mtp": 2, "accepted": 1.2}' |
    "$COSTEXPR_PROGRAM" estimate --jsonl | grep -q '"drafts":2' || fail "a line with mtp"
"$COSTEXPR_PROGRAM" estimate Qwen/Qwen3-32B --system h200_sxm --osl 1 --explain | grep -q 'FLOPs = 2 x 1024 tokens x 10240 outer x 5120 inner' || fail "estimate --explain"
