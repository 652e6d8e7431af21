#!/bin/sh
# systems/support_matrix.csv is what the program prints now.
set -eu
[ -n "${COSTEXPR_PROGRAM-}" ] || { echo "SKIPPED: the program is not built"; exit 77; }
"$COSTEXPR_PROGRAM" support --csv | diff "$COSTEXPR_SOURCE/systems/support_matrix.csv" - >&2 ||
    { echo "systems/support_matrix.csv is stale: costexpr support --csv >systems/support_matrix.csv"; exit 1; }
