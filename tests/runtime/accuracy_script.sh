#!/bin/sh
# bench/accuracy on rows written by hand: once beside a program that always says the same, where every figure can be worked out on paper, and
# once beside the real one.
set -eu
[ -n "${COSTEXPR_PROGRAM-}" ] || { echo "SKIPPED: the program is not built"; exit 77; }
command -v python3 >/dev/null || { echo "SKIPPED: there is no python3"; exit 77; }
fail() { echo "$1"; exit 1; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
run() { python3 "$COSTEXPR_SOURCE/bench/accuracy/accuracy.py" "$@" >"$work/said" 2>&1; }
data=$COSTEXPR_SOURCE/tests/data/accuracy
holds() { grep -qxF "$2" "$work/out/$1" || { cat "$work/out/$1"; fail "$1 has no line: $2"; }; }

# TPOT 12 ms of 9 to 15, TTFT 80 ms, 500 tokens/s; a step of 11 ms; and no model of nobody
op() { printf '{"name":"%s","op":"%s","layer":"%s","ms":%s}' "$1" "$2" "$3" "$4"; }
ops=$(op qkv gemm gqa 2.2),$(op attention attention gqa 3),$(op attention_all_reduce collective gqa 1)
ops=$ops,$(op mlp_all_reduce collective gated_mlp 0.5),$(op activation elementwise gated_mlp 1)
cat >"$work/program" <<END
#!/bin/sh
sed -n -e 's/.*"id": "\([0-9]*\)".*nobody.*/{"id":"\1","error":[{"code":"unknown_model","message":"there is no such model"}]}/p' -e t \
    -e 's/.*"id": "\([0-9]*\)".*"breakdown".*/{"id":"\1","ttft_ms":11,"tpot_ms":null,"prefill":{"ops":[$ops]}}/p' -e t \
    -e 's/.*"id": "\([0-9]*\)".*/{"id":"\1","tpot_ms":12,"tpot_low_ms":9,"tpot_high_ms":15,"ttft_ms":80,"tokens_s_per_gpu":500,"provenance":"specification"}/p'
END
chmod +x "$work/program"
run "$work/program" "$data" --out "$work/out" --pricing roofline || { cat "$work/said"; fail "exit status"; }
grep -q '^3 configurations, each once. Rows not asked: ' "$work/said" || { cat "$work/said"; fail "three aggregated rows"; }
for why in "1 the configuration stands there already" "1 source not trusted" "1 multi-token prediction" "1 lengths, batch or workers not published"; do
    grep -q "$why" "$work/said" || fail "no word of: $why"
done
# errors of +20 % and -40 %, of which the 90 % quantile of two is the smaller one
holds serving_aggregated_groups.csv "aggregated,tpot,all,costexpr roofline,2,30,30,20,-10"
holds serving_aggregated_groups.csv "aggregated,throughput,all,costexpr roofline,2,62.5,62.5,25,62.5"
holds serving_aggregated_groups.csv "aggregated,ttft,all,costexpr roofline,2,40,40,20,-40"
holds serving_aggregated_groups.csv "aggregated,tpot,answered by peer SILICON,costexpr roofline,1,20,20,20,20"
holds serving_aggregated_groups.csv "aggregated,tpot,answered by peer SILICON,peer SILICON,1,10,10,10,10"
holds serving_aggregated_groups.csv "aggregated,tpot,b200_sxm vllm Qwen/Qwen3-32B,costexpr roofline,1,40,40,40,-40"
holds serving_aggregated_groups.csv 'aggregated,throughput,"throughput measured, not derived from TTFT and TPOT",costexpr roofline,1,25,25,25,25'
holds serving_disaggregated_groups.csv "disaggregated,tpot,all,costexpr roofline,1,25,25,25,-25"
# 10 lies between 9 and 15, 20 does not
holds intervals_aggregated.csv "aggregated,all,2,50,0,50,50"
holds refused.csv "aggregated,costexpr roofline,no such model,h200_sxm,trtllm,nobody/nothing,unknown_model: there is no such model"
holds ops_groups.csv "measured,GEMM,h200_sxm,trtllm,roofline,1,10,10,10,10"
holds ops_groups.csv "measured,collectives,h200_sxm,trtllm,roofline,1,25,25,25,-25"
holds ops_groups.csv "in part measured,attention (prefill),h200_sxm,trtllm,roofline,1,25,25,25,-25"
grep -q '^roofline,.*,activation,,1,0,the peer has no such op$' "$work/out/ops.csv" || fail "an op that the peer has not"
holds steps.csv 'roofline,h200_sxm,trtllm,Qwen/Qwen3-32B,tp4,prefill,1 x 1024,11,10'
grep -q '| peer SILICON | 1 | MoE data missing |' "$work/said" || fail "the peer's refusal"
run "$work/program" "$data" --out "$work/out" --pricing roofline --strict && fail "--strict does not mind a refusal"
run "$work/program" "$work/nowhere" --out "$work/out" && fail "no data is no error"
run /bin/false "$data" --out "$work/out" && fail "a program that says nothing is no error"
grep -q 'requests without an answer' "$work/said" || fail "no word of missing answers"

run "$COSTEXPR_PROGRAM" "$data" --out "$work/real" --pricing roofline || { cat "$work/said"; fail "exit status beside the program"; }
grep -q '^aggregated,tpot,all,costexpr roofline,2,' "$work/real/serving_aggregated_groups.csv" || { cat "$work/said"; fail "the program answers two aggregated rows"; }
grep -q '^disaggregated,tpot,all,costexpr roofline,1,' "$work/real/serving_disaggregated_groups.csv" || fail "the program answers a disaggregated row"
grep -q '^measured,GEMM,h200_sxm,trtllm,roofline,2,' "$work/real/ops_groups.csv" || fail "the program prices the ops of a step"
# every role has a kind
if grep -q 'unknown:' "$work/real/ops.csv"; then grep 'unknown:' "$work/real/ops.csv"; fail "an op without a row in tests/data/peer_ops.csv"; fi
