#!/bin/bash
# What it costs to compile: user and system seconds, the least of five (a busy machine only adds), also as a ratio to
# `#include <boost/hana.hpp>` in the same run.
#   bench/compile_time/measure.sh [FILE.cpp...]     default: all beside this script, and 1, 10 and 40 embedded models
#   COMPILERS="g++ clang++-19" bench/compile_time/measure.sh
# A first line `// flags: -O2` in a file sets its flags. The single header is made afresh.
set -eu
here=$(dirname "$0")
# shellcheck source=bench/budgets.sh
. "$here/../budgets.sh"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir "$scratch/include"
cmake "-DOUT=$scratch/include" -P "$here/../../single_include/amalgamate.cmake"

# models COUNT: a file that names so many models, spread over the embedded ones
models() {
    echo '#include <costexpr.hpp>'
    sed -n 's/^    {\("[^"]*"\), m[0-9].*/\1/p' "$here/../../include/costexpr/embedded/models.hpp" | awk -v wanted="$1" '
        { name[NR - 1] = $0 }
        END {
            for (i = 0; i < wanted && i < NR; ++i)
                printf "static_assert(costexpr::model<%s>.parameters() > 0);\n", name[int(i * NR / wanted)]
        }'
}

if [ $# = 0 ]; then
    for count in 1 10 40; do models $count >"$scratch/models_$count.cpp"; done
    set -- "$here"/*.cpp "$scratch"/models_{1,10,40}.cpp
fi
echo '#include <boost/hana.hpp>' >"$scratch/hana.cpp"

# seconds COMPILER FILE
TIMEFORMAT='%3U %3S'
seconds() {
    local flags
    flags=$(sed -n '1s,^// flags: ,,p' "$2")
    local command=("$1" -std=c++20 $flags -I "$scratch/include" -c "$2" -o "$scratch/out.o")
    "${command[@]}" || return 1
    for _ in 1 2 3 4 5; do
        { time "${command[@]}"; } 2>&1
    done | awk '{print $1 + $2}' | sort -n | sed -n 1p
}

status=0
for compiler in ${COMPILERS:-g++ clang++-14 clang++-19}; do
    command -v "$compiler" >/dev/null || { echo "$compiler: not there, skipped"; continue; }
    case $compiler in *clang*) kind=clang ;; *) kind=gcc ;; esac
    echo "== $compiler"
    hana=$(seconds "$compiler" "$scratch/hana.cpp")
    {
        echo "hana seconds $hana $kind"
        for file; do
            time=$(seconds "$compiler" "$file")
            echo "$(basename "$file" .cpp) seconds $time $kind"
        done
    } >"$scratch/table"
    awk -v hana="$hana" -v kind="$kind" '
        { print; if ($1 != "hana") print $1, "hana_ratio", $3 / hana, kind; time[$1] = $3 }
        END {
            if ("models_40" in time && "models_1" in time) {
                model = (time["models_40"] - time["models_1"]) / 39
                print "model", "milliseconds", 1000 * model, kind
                print "model", "hana_ratio", model / hana, kind
            }
        }' "$scratch/table" | judge || status=1
done
exit $status
