#!/bin/sh
# From a fresh Debian 12 to numbers: installs what is missing, builds the program with g++, and asks it about an embedded model
# and about a config.json.
#   examples/quickstart.sh [CONFIG]
set -eu
cd "$(dirname "$0")/.."

model=Qwen/Qwen3-32B
config=${1-model_configs/$(echo "$model" | sed 's,/,--,')_config.json}
system=h200_sxm
deployment="--system $system --tp 2 --batch 16 --isl 2048 --osl 256"

tests/install.sh g++ cmake ninja-build libboost-dev libfmt-dev libcli11-dev libcpp-httplib-dev pkg-config
cmake --preset gcc >/dev/null
cmake --build --preset gcc --target costexpr_program

show() {
    echo
    echo "\$ costexpr $*"
    build/gcc/costexpr "$@"
}
show inspect "$model"
# shellcheck disable=SC2086 # options, one word each
show estimate "$config" $deployment --breakdown
