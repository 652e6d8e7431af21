#!/bin/sh
# `costexpr serve`: started on a free port, asked, stopped by a signal.
set -eu
[ -n "${COSTEXPR_PROGRAM-}" ] || { echo "SKIPPED: the program is not built"; exit 77; }
command -v curl >/dev/null || { echo "SKIPPED: no curl"; exit 77; }
scratch=$(mktemp -d)
server=
finish() {
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    rm -rf "$scratch"
}
trap finish EXIT
fail() { echo "$*" >&2; exit 1; }

start() {
    rm -f "$scratch/out"
    "$COSTEXPR_PROGRAM" serve --port "$1" >"$scratch/out" 2>"$scratch/err" &
    server=$!
    for _ in $(seq 200); do
        grep -q "^costexpr: .* http://127.0.0.1:[0-9]*/models\$" "$scratch/out" 2>/dev/null && break
        kill -0 "$server" 2>/dev/null || break
        sleep 0.05
    done
    if grep -q 'built without cpp-httplib' "$scratch/err"; then server=; echo "SKIPPED: built without cpp-httplib"; exit 77; fi
    url=$(sed -n 's,.* \(http://127.0.0.1:[0-9]*\)/models$,\1,p' "$scratch/out")
    [ -n "$url" ] || fail "it does not say where it listens: $(cat "$scratch/err")"
}
stop() {
    kill "-$1" "$server"
    status=0
    wait "$server" || status=$?
    server=
    [ "$status" = 0 ] || fail "SIG$1 ends it with status $status"
}
# ask STATUS PATH: the answer goes to $scratch/body
ask() {
    status=$(curl -s --noproxy '*' --path-as-is -o "$scratch/body" -w '%{http_code} %{content_type}' "$url$2")
    [ "$status" = "$1 application/json" ] || fail "GET $2: $status instead of $1"
}

start 0
port=${url##*:}
ask 200 /models
[ "$(grep -c '"total_params"' "$scratch/body")" = "$("$COSTEXPR_PROGRAM" models --json | grep -c '"parameters"')" ] || fail "GET /models has not every embedded model"
grep '"total_params"' "$scratch/body" | tr -dc '0-9\n' | sort -nc || fail "GET /models is not sorted by size"
ask 200 /models/meta-llama_Llama-3.3-70B-Instruct
"$COSTEXPR_PROGRAM" layers --write meta-llama/Llama-3.3-70B-Instruct | cmp - "$scratch/body" || fail "the list of a model is not what layers --write prints"
ask 404 /models/no_such-model.1
grep -q '^{"error":\[{"code":"unknown_model",' "$scratch/body" || fail "an unknown model: $(cat "$scratch/body")"
for id in '' 'a%20b' '..%2F..%2Fetc%2Fpasswd' 'a/b' 'a%00b' '%22'; do
    ask 400 "/models/$id"
    grep -q '^{"error":\[{"code":"ill_formed",' "$scratch/body" || fail "an ill-formed id: $(cat "$scratch/body")"
done
ask 404 /
ask 404 /hardware
! timeout 20 "$COSTEXPR_PROGRAM" serve --port "$port" 2>"$scratch/error" || fail "a port that is taken is no error"
grep -q "cannot listen on 127.0.0.1:$port" "$scratch/error" || fail "a port that is taken: $(cat "$scratch/error")"
stop TERM
start 0
stop INT
! timeout 20 "$COSTEXPR_PROGRAM" serve --port 70000 >/dev/null 2>&1 || fail "a port beyond 65535 is no error"
