#!/usr/bin/env bash
# The command line: help of every command, exit statuses, near misses, nothing on stdout but data.
set -uo pipefail
restock=$1
failures=0
check() { # what, wanted status, text that stderr or stdout must hold, arguments
    local what=$1 status=$2 text=$3 out
    shift 3
    out=$("$restock" "$@" 2>&1 </dev/null)
    local got=$?
    if [ "$got" != "$status" ] || ! grep -qF -- "$text" <<<"$out"; then
        echo "FAILED: $what: restock $*: exit $got (wanted $status), wanted text: $text" >&2
        head -n 5 <<<"$out" >&2
        failures=$((failures + 1))
    fi
}

check 'no command' 2 'usage: restock COMMAND'
check 'help' 0 'restock COMMAND --help' --help
check 'version' 0 'restock 0.' --version
check 'unknown command' 2 'did you mean simulate' simulat
commands=$("$restock" --help | sed -nE 's/^  ([a-z-]+) .*/\1/p')
for wanted in run demo simulate backtest topics inspect check-config dead-letters detect plan explain; do
    grep -qx -- "$wanted" <<<"$commands" || { echo "FAILED: --help does not name $wanted" >&2; failures=$((failures + 1)); }
done
for command in $commands; do
    check "help of $command" 0 "usage: restock $command" "$command" --help
    check "unknown option of $command" 2 '--no-such-option' "$command" --no-such-option
done
check 'near miss of an option' 2 'seconds' demo --second 3
check 'a number is no number' 2 'seconds' demo --seconds three
check 'option without its value' 2 'seconds' demo --seconds
check 'range' 2 '1 to 720' demo --speed 0
check 'unknown setting' 2 'workers' run --set worker=3
check 'value of a setting' 2 'time.bucket' check-config --set time.bucket=1y
check 'money' 2 'transfer-cost x: expected a number' plan --panel a --stock b --policy c --orders d --transfer-cost x
check 'what to explain' 2 'expected series SKU@LOCATION' explain A@main
check 'explain without a panel' 2 'go with --panel' explain series A --origin 2020-01-01
check 'explain of hours' 2 'only days and longer buckets' check-config --set forecasts.explain=on --set time.bucket=1h
check 'problems to solve' 2 '--cases and --out' policy
check 'missing file' 2 'no-such.yaml' run --config no-such.yaml
check 'neither files nor topics' 2 '--out' simulate
check 'roles' 2 'ingest' run --roles cooking

[ "$("$restock" check-config --template 2>/dev/null | head -c 1)" ] || { echo 'FAILED: template is empty' >&2; failures=$((failures + 1)); }
[ -z "$("$restock" run --config no-such.yaml 2>/dev/null)" ] || { echo 'FAILED: an error stands on stdout' >&2; failures=$((failures + 1)); }
for words in 'check-config --show --set registry.url=http://ali:hunter2@host:1' 'check-config --show --set kafka.sasl.password=hunter2' \
    'check-config --set registry.url=http://ali:hunter2@host:1 --connect --set kafka.bootstrap.servers=127.0.0.1:1 --set kafka.socket.timeout.ms=1000' \
    'check-config --set kafka.bootstrap.servers=sasl://ali:hunter2@127.0.0.1:1 --set kafka.no.such=http://ali:hunter2@x'; do
    # shellcheck disable=SC2086
    if timeout 60 "$restock" $words 2>&1 </dev/null | grep -q hunter2; then echo "FAILED: a password is shown by restock $words" >&2; failures=$((failures + 1)); fi
done
[ "$failures" = 0 ]
