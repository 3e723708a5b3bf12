#!/usr/bin/env bash
# The HTTP port against what does not belong: wrong paths, methods and parameters, a port that is taken, none at all.
set -uo pipefail
restock=$1
dir=$(mktemp -d)
pid=
trap 'kill $pid 2>/dev/null; rm -rf "$dir"' EXIT
fail() { echo "FAILED: $*" >&2; tail -n 20 "$dir/err" >&2; exit 1; }
ask() { # method path: code in $code, body in $dir/body
    exec 3<>"/dev/tcp/127.0.0.1/$port" || fail "the port is gone before $1 ${2:0:60}"
    printf '%s %s HTTP/1.0\r\n\r\n' "$1" "$2" >&3
    local line
    read -r _ code _ <&3
    while IFS= read -r line <&3; do [ "$line" = $'\r' ] && break; done
    cat <&3 > "$dir/body"
    exec 3>&-
}
wants() { # code method path
    ask "$2" "$3"
    [ "$code" = "$1" ] || fail "$2 ${3:0:60}: wanted $1, found $code"
}

timeout 60 "$restock" demo --products 20 --orders-per-day 20 --listen 127.0.0.1:0 > "$dir/out" 2> "$dir/err" & pid=$!
for _ in $(seq 100); do
    port=$(sed -nE 's|^live page +http://127\.0\.0\.1:([0-9]+)/.*|\1|p' "$dir/err")
    [ -n "$port" ] && break
    sleep 0.1
done
[ -n "$port" ] || fail "no address of the live page"

long=$(printf 'a%.0s' $(seq 2000))
for path in /../etc/passwd /%2e%2e/etc/passwd //etc/passwd /page.html /api/v1 /api/v1/ "/$long"; do wants 404 GET "$path"; done
for method in POST PUT DELETE; do wants 405 "$method" /status; done
wants 200 HEAD /status
[ ! -s "$dir/body" ] || fail "HEAD has a body"
for path in / /metrics /healthz /status /api/v1/status /api/v1/shards /api/v1/alerts /api/v1/proposals /api/v1/forecasts /api/v1/keys \
    '/api/v1/alerts?limit=-1' '/api/v1/alerts?limit=99999999999999999999' '/api/v1/forecasts?limit=x' "/api/v1/keys?part=$long"; do
    wants 200 GET "$path"
    [ -s "$dir/body" ] || fail "$path is empty"
done
for path in /api/v1/series '/api/v1/series?sku=%00%ff&location=%22' "/api/v1/series?sku=$long&location=x"; do wants 404 GET "$path"; done
printf '\0\377 not HTTP\r\n\r\n' > "/dev/tcp/127.0.0.1/$port"

for _ in $(seq 200); do ask GET '/api/v1/forecasts?limit=1'; grep -q '"quantiles"' "$dir/body" && break; sleep 0.1; done
grep -q '^\[{.*}\]$' "$dir/body" || fail "no forecast"
wants 200 GET '/api/v1/forecasts?limit=0'
[ "$(cat "$dir/body")" = '[]' ] || fail "limit=0 lists something"
wants 200 GET /api/v1/shards
grep -q '^\[{"shard":' "$dir/body" || fail "no shards: $(cat "$dir/body")"
value() { awk -v name="$1" 'index($0, name) == 1 { sum += $NF } END { print sum + 0 }' "$dir/body"; }
wants 200 GET /metrics
# Counts are told a moment after the events that they count.
for _ in $(seq 50); do [ "$(value restock_forecasts_total)" -gt 0 ] && break; sleep 0.1; wants 200 GET /metrics; done
for name in 'restock_input_records_total{topic="orders"}' restock_late_records_total '# TYPE restock_dlq_records_total' '# TYPE restock_filtered_total' \
    'restock_process_latency_seconds_bucket{role="plan",le="0.001"}' 'restock_process_latency_seconds_count{role="ingest"}' \
    'restock_event_to_output_seconds_bucket{role="plan",le="+Inf"}' restock_txn_commit_seconds_count restock_txn_commits_total \
    restock_txn_aborts_total 'restock_watermark_lag_seconds{shard="0"}' 'restock_consumer_lag{topic="orders",partition="0"}' \
    'restock_consumer_lag{topic="restock.lines",partition="0"}' 'restock_restore_remaining_records{shard="0"}' restock_state_skus \
    restock_state_bytes restock_rebalances_total restock_forecasts_total 'restock_alerts_total{type="spike"}' \
    'restock_alerts_total{type="stockout"}' restock_anomaly_realised_over_budgeted restock_anomaly_judged_total restock_kafka_rtt_seconds restock_build_info; do
    grep -qF -- "$name" "$dir/body" || fail "/metrics lacks $name"
done
[ "$(value restock_forecasts_total)" -gt 0 ] && [ "$(value 'restock_process_latency_seconds_count{role="plan"}')" -gt 0 ] &&
    [ "$(value 'restock_event_to_output_seconds_count{role="plan"}')" -ge "$(value restock_forecasts_total)" ] ||
    fail "what came out was not measured"
[ -z "$(grep '^# TYPE' "$dir/body" | cut -d' ' -f3 | sort | uniq -d)" ] || fail "/metrics: a name is declared twice"

"$restock" demo --seconds 1 --listen "127.0.0.1:$port" > "$dir/out2" 2> "$dir/err2" || fail "a taken port ended the program"
grep -q "cannot listen on 127.0.0.1:$port" "$dir/err2" || fail "a taken port is not told"
"$restock" demo --seconds 1 --listen nonsense > "$dir/out2" 2> "$dir/err2"
[ $? = 2 ] && grep -q 'http.listen' "$dir/err2" || fail "an address that is none: wanted exit status 2 and http.listen named"

kill -TERM $pid
wait $pid || fail "SIGTERM: exit status $?"
tail -n 1 "$dir/out" | grep -q '^{"lines":{"read":' || fail "no report after SIGTERM"
