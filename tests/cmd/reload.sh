#!/usr/bin/env bash
# SIGHUP: what may change follows, what may not is named and stays, a wrong file changes nothing, and the process goes on.
set -uo pipefail
restock=$1
dir=$(mktemp -d)
pid=
trap 'kill $pid 2>/dev/null; rm -rf "$dir"' EXIT
fail() { echo "FAILED: $*" >&2; tail -n 20 "$dir/err" >&2; exit 1; }
configure() { # log level, budget, further lines
    cat > "$dir/restock.yaml" <<YAML
kafka: {bootstrap.servers: "127.0.0.1:1"}
state_folder: $dir
http: {listen: ""}
shutdown_timeout: 1s
log: {level: $1, format: json}
alerts: {budget_per_day: $2}
$3
YAML
}
told() { # text, seconds
    for _ in $(seq $((10 * $2))); do grep -qF -- "$1" "$dir/err" && return; sleep 0.1; done
    fail "not told: $1"
}

configure info 10 ""
"$restock" run --config "$dir/restock.yaml" > "$dir/out" 2> "$dir/err" & pid=$!
told '"message":"started"' 10
configure warn 3 'suppliers: {acme: {weekdays: [mon]}}'
kill -HUP $pid
told 'these options changed but need a restart; going on with the old ones","options":"alerts.budget_per_day suppliers"' 10
told '"message":"configuration read again"' 10
grep -q '"follows":"log.level"' "$dir/err" || fail "log.level did not follow"
configure warn 3 'alerts: {budget_per_day: many}'
kill -HUP $pid
told 'the configuration is wrong; going on with the old one' 10
configure info 10 ""
kill -HUP $pid
told '"follows":"nothing has changed"' 10
kill -0 $pid || fail "the process is gone"
kill -TERM $pid
wait $pid
[ $? -le 1 ] || fail "exit status after SIGTERM without a broker"
