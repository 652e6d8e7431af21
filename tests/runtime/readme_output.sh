#!/bin/sh
# Every `$ costexpr …` block of README.md is what the program prints.
set -eu
[ -n "${COSTEXPR_PROGRAM-}" ] || { echo "SKIPPED: the program is not built"; exit 77; }
cd "$COSTEXPR_SOURCE"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
awk -v dir="$scratch" '/^```/ { inside = !inside; n += inside; next } inside { print > (dir "/" n) }' "$COSTEXPR_SOURCE/README.md"
checked=0
for block in "$scratch"/*; do
    command=$(sed -n '1s/^\$ costexpr //p' "$block")
    [ -n "$command" ] || continue
    # shellcheck disable=SC2086 # a command line
    { echo "\$ costexpr $command"; "$COSTEXPR_PROGRAM" $command; } | diff "$block" - || { echo "README.md does not show what costexpr $command prints"; exit 1; }
    checked=$((checked + 1))
done
[ "$checked" -gt 0 ]
