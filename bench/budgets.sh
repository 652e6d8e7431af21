# Sourced by measure.sh and instructions.sh: compares measurements with budgets.csv.
# judge: reads "name metric value [kind]" lines, prints them with their budgets, fails where one is exceeded by more than 10 %.
# A budget for name.kind goes before one for name. Lines without a budget are only printed.
judge() {
    awk -v budgets="$(dirname "$0")/../budgets.csv" '
        BEGIN {
            while ((getline line < budgets) > 0)
                if (line !~ /^(#|name,|$)/) { split(line, f, ","); limit[f[1] "," f[2]] = f[3] }
            printf "%-28s %-16s %12s %12s\n", "name", "metric", "value", "budget"
        }
        {
            name = $4 == "" ? $1 : $1 "." $4
            key = (name "," $2) in limit ? name "," $2 : $1 "," $2
            budget = key in limit ? limit[key] : "-"
            over = budget != "-" && $3 > 1.1 * budget
            printf "%-28s %-16s %12.6g %12s%s\n", name, $2, $3, budget, over ? "  OVER" : ""
            failed = failed || over
        }
        END { exit failed }'
}
