#!/bin/bash
# Instructions per evaluation: runs a benchmark under callgrind and prints, for each function whose name begins with eval_ and that is
# not inlined, its inclusive instructions over its calls; of a pair eval_x and eval_x_by_hand the ratio too.
#   KIND=gcc bench/runtime/instructions.sh BINARY [ARGUMENT...]     default argument: --benchmark_min_time=0.001
# KIND says which budgets hold (x.gcc, x.clang), beside those for both.
set -eu
[ $# != 0 ] || { echo "usage: $0 BINARY [ARGUMENT...]" >&2; exit 2; }
# shellcheck source=bench/budgets.sh
. "$(dirname "$0")/../budgets.sh"
command -v valgrind >/dev/null || { echo "valgrind is not there, skipped"; exit 77; }
binary=$1; shift
[ $# != 0 ] || set -- --benchmark_min_time=0.001

out=$(mktemp)
trap 'rm -f "$out" "$out.log"' EXIT
valgrind --tool=callgrind --callgrind-out-file="$out" --compress-strings=no --compress-pos=no "$binary" "$@" >"$out.log" 2>&1 ||
    { cat "$out.log"; exit 1; }

# A call record is `cfn=NAME`, then `calls=COUNT …`, then `POSITION INCLUSIVE_COST`.
awk -v kind="${KIND-}" '
    /^cfn=/ { name = ""; if (match($0, /[=: ]eval_[A-Za-z0-9_]*/)) name = substr($0, RSTART + 1, RLENGTH - 1) }
    cost_follows { if (name != "") cost[name] += $2; cost_follows = 0 }
    /^calls=/ { if (name != "") { split(substr($0, 7), f, " "); calls[name] += f[1] }; cost_follows = 1 }
    END {
        for (name in calls) {
            each = cost[name] / calls[name]
            print name, "instructions", each, kind
            hand = name "_by_hand"
            if (hand in calls) print name, "over_hand", each / (cost[hand] / calls[hand]), kind
        }
    }
' "$out" | sort | judge
