#!/bin/sh
# normalise.sh PROGRAM SOURCE_DIR: writes the config of every released model in SOURCE_DIR (<Org>--<Model>_config.json) reduced into
# this folder, and names on standard error those that cannot be read or belong to no registered architecture. PROGRAM is the target
# `normalise`. Then build the target `single_include`, which embeds what lies here.
# Models that SOURCE_DIR does not hold: those of the shape of one that it holds are listed below; the others are written by hand.
set -eu
[ $# -eq 2 ] || { echo "usage: normalise.sh PROGRAM SOURCE_DIR" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)

written=0
left_out=0
for config in "$2"/*--*_config.json; do
    case $config in *_hf_quant_config.json | */transformers-default--*) continue ;; esac
    if "$1" "$config" "$here"; then written=$((written + 1)); else left_out=$((left_out + 1)); fi
done

# A name, and the model whose layers, context and stored precision it shares to the last key.
while read -r name like; do
    if [ -f "$here/${like}_config.json" ]; then
        cp "$here/${like}_config.json" "$here/${name}_config.json"
        written=$((written + 1))
    else
        echo "${name}: nothing to follow, ${like} is not there" >&2
        left_out=$((left_out + 1))
    fi
done <<'END'
deepseek-ai--DeepSeek-R1-0528 deepseek-ai--DeepSeek-R1
deepseek-ai--DeepSeek-V3-0324 deepseek-ai--DeepSeek-V3
meta-llama--Llama-3.1-405B meta-llama--Meta-Llama-3.1-405B
meta-llama--Llama-3.1-405B-Instruct meta-llama--Meta-Llama-3.1-405B
meta-llama--Llama-3.1-70B meta-llama--Meta-Llama-3.1-70B
meta-llama--Llama-3.1-70B-Instruct meta-llama--Meta-Llama-3.1-70B
meta-llama--Llama-3.1-8B meta-llama--Meta-Llama-3.1-8B
meta-llama--Llama-3.1-8B-Instruct meta-llama--Meta-Llama-3.1-8B
meta-llama--Llama-3.2-1B meta-llama--Llama-3.2-1B-Instruct
meta-llama--Llama-3.2-3B meta-llama--Llama-3.2-3B-Instruct
meta-llama--Meta-Llama-3-70B-Instruct meta-llama--Meta-Llama-3-70B
mistralai--Mixtral-8x7B-Instruct-v0.1 mistralai--Mixtral-8x7B-v0.1
END
echo "$written written, $left_out left out" >&2
