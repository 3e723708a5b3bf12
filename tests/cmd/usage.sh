#!/usr/bin/env bash
# What a stranger types first: help, mistakes, exit statuses, the report line. usage: usage.sh RESTOCK
set -uo pipefail
restock=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
wrong=0

expect() { # status, pattern on stdout or stderr, command ...
    local status=$1 pattern=$2
    shift 2
    "$@" >"$folder/said" 2>&1
    local found=$?
    if [ "$found" != "$status" ] || ! grep -qE -- "$pattern" "$folder/said"; then
        echo "expected status $status and '$pattern', found $found from: $*"
        head -n 5 "$folder/said"
        wrong=$((wrong + 1))
    fi
}

expect 0 'usage: restock COMMAND' "$restock" --help
expect 2 'usage: restock COMMAND' "$restock"
expect 0 '^restock [0-9]' "$restock" --version
expect 2 'did you mean backtest' "$restock" backtst
for command in $("$restock" --help | sed -nE 's/^  ([a-z-]+) .*/\1/p'); do
    expect 0 "usage: restock $command" "$restock" "$command" --help
    expect 2 'there is no option --frobnicate' "$restock" "$command" --frobnicate
done
expect 2 'did you mean --panel-out' "$restock" backtest --panel-oot x
expect 2 'give either --orders' "$restock" backtest
expect 2 'needs --map' "$restock" backtest --orders x.csv
expect 1 'no-such-file' "$restock" backtest --panel "$folder/no-such-file.csv"
expect 2 'expected a whole number' "$restock" backtest --shards many --panel x

# Configuration: all mistakes at once, with their places.
printf 'time: {bukket: 1d}\nworkers: many\nkafka: {enable.auto.commit: true}\n' >"$folder/bad.yaml"
expect 2 'bad.yaml:1:8: time.bukket: .*did you mean time.bucket' "$restock" check-config --config "$folder/bad.yaml"
expect 2 'bad.yaml:2:10: workers: expected whole number' "$restock" check-config --config "$folder/bad.yaml"
printf 'kafka: {enable.auto.commit: true}\n' >"$folder/bad.yaml"
expect 2 'bad.yaml:1:.*enable.auto.commit' "$restock" check-config --config "$folder/bad.yaml"
expect 0 'ok' "$restock" check-config
expect 0 'workers: 3' env RESTOCK__WORKERS=3 "$restock" check-config --show
expect 0 'workers: 4' env RESTOCK__WORKERS=3 "$restock" check-config --show --set workers=4
expect 2 'RESTOCK__WORKERS: .*whole number' env RESTOCK__WORKERS=few "$restock" check-config
expect 2 'Europe/Lodnon' "$restock" check-config --set time.zone=Europe/Lodnon

# Files: a shop that is the same for the same seed, and its way through the pipeline.
expect 0 'messages' "$restock" simulate --out "$folder/one" --days 40 --products 30 --orders-per-day 50 --seed 7
expect 0 'messages' "$restock" simulate --out "$folder/two" --days 40 --products 30 --orders-per-day 50 --seed 7
cmp -s "$folder/one/orders.jsonl" "$folder/two/orders.jsonl" || { echo "one seed gave two shops"; wrong=$((wrong + 1)); }
cmp -s "$folder/one/stock.jsonl" "$folder/two/stock.jsonl" || { echo "one seed gave two stocks"; wrong=$((wrong + 1)); }

printf 'series,time,value\n' >"$folder/panel.csv"
for day in $(seq -w 1 28); do printf 'a,2024-02-%s,%d\n' "$day" $((10#$day % 5)); done >>"$folder/panel.csv"
"$restock" backtest --panel "$folder/panel.csv" --origins 2024-02-25 --horizon 7 --sums 7 --forecasts "$folder/f.csv" \
    --panel-out "$folder/out.csv" >"$folder/report" 2>/dev/null || { echo "backtest failed"; wrong=$((wrong + 1)); }
tail -n 1 "$folder/report" | grep -q '^{"lines":{"read":[0-9]*,"applied":' || { echo "no report line"; wrong=$((wrong + 1)); }
[ "$(wc -l <"$folder/f.csv")" = 9 ] || { echo "expected 7 steps and 1 sum, found: $(wc -l <"$folder/f.csv") lines"; wrong=$((wrong + 1)); }
grep -q '^a,2024-02-27,2$' "$folder/out.csv" || { echo "the panel that comes out is not the one that went in"; wrong=$((wrong + 1)); }
printf 'series,time,value\na,2024-02-01,x\n' >"$folder/panel.csv"
expect 1 'panel.csv:2: value: expected a number' "$restock" backtest --panel "$folder/panel.csv"

[ "$wrong" -eq 0 ] || { echo "$wrong wrong"; exit 1; }
