#!/bin/sh
# Installs what is missing on Debian 12, then configures, builds and tests.
#   tests/run.sh         g++ and clang 14, then clang 16, clang 19, the sanitizers, a minute of fuzzing, and the compile-time budgets
#   tests/run.sh --fast  g++ and clang 14 only
set -eu
cd "$(dirname "$0")/.."

matrix=1
case "${1-}" in
    --fast) matrix= ;;
    "") ;;
    *) echo "usage: tests/run.sh [--fast]" >&2; exit 2 ;;
esac

# check PRESET: a failure is noted, and the other presets still run
failed=
check() {
    echo "== $1"
    { cmake --preset "$1" && cmake --build --preset "$1" -j "$jobs" -- -k 0; } >"$log" 2>&1 ||
        { cat "$log"; failed="$failed $1(build)"; }
    ctest --preset "$1" -j "$jobs" || failed="$failed $1(tests)"
}

finish() {
    [ -z "$failed" ] || { echo "tests/run.sh: failed:$failed" >&2; exit 1; }
    exit 0
}

jobs=$(nproc)
log=$(mktemp)
trap 'rm -f "$log"' EXIT

tests/install.sh g++ clang-14 cmake ninja-build libboost-dev libfmt-dev libcli11-dev libcpp-httplib-dev libgtest-dev libbenchmark-dev \
    nlohmann-json3-dev valgrind pkg-config git python3
check gcc
check clang
[ -n "$matrix" ] || finish

tests/install.sh clang-16 clang-19 libclang-rt-16-dev libclang-rt-19-dev
check clang-16
check clang-19
check asan
check fuzz
echo "== compile time"
bench/compile_time/measure.sh || failed="$failed compile_time"
finish
