#!/usr/bin/env bash
# restock demo: starts without anything, serves page, metrics, health and API, accounts for every line, ends on time with a report.
set -uo pipefail
restock=$1
dir=$(mktemp -d)
trap 'kill $pid 2>/dev/null; rm -rf "$dir"' EXIT
fail() { echo "FAILED: $*" >&2; tail -n 20 "$dir/err" >&2; exit 1; }
get() { # path: body on stdout, status in $dir/code; without curl, which a bare system lacks
    exec 3<>"/dev/tcp/127.0.0.1/$port" || return 1
    printf 'GET %s HTTP/1.0\r\n\r\n' "$1" >&3
    local line body=
    read -r line <&3; echo "$line" | cut -d' ' -f2 > "$dir/code"
    while IFS= read -r line <&3; do [ "$line" = $'\r' ] && body=1 && break; done
    [ -n "$body" ] && cat <&3
    exec 3>&-
}

"$restock" demo --seconds 16 --products 60 --orders-per-day 60 --set http.listen=127.0.0.1:0 > "$dir/out" 2> "$dir/err" & pid=$!
for _ in $(seq 100); do
    port=$(sed -nE 's|^live page +http://127\.0\.0\.1:([0-9]+)/.*|\1|p' "$dir/err")
    [ -n "$port" ] && break
    sleep 0.1
done
[ -n "$port" ] || fail "no address of the live page"
get /readyz > "$dir/ready"
[ "$(cat "$dir/code")" = 503 ] && [ -s "$dir/ready" ] || fail "/readyz before the groups are joined: wanted 503 with a reason"
for _ in $(seq 120); do get /readyz > "$dir/ready"; [ "$(cat "$dir/code")" = 200 ] && break; sleep 0.1; done
[ "$(cat "$dir/code")" = 200 ] || fail "never ready: $(cat "$dir/ready")"
sleep 5
get / | grep -q '<title>restock</title>' || fail "no page"
get /healthz | grep -q '^ok$' || fail "/healthz"
get /nothing > /dev/null; [ "$(cat "$dir/code")" = 404 ] || fail "/nothing: wanted 404"
get /metrics > "$dir/metrics"
for name in 'restock_lines_total{outcome="applied"}' 'restock_series{stock="unknown"}' restock_txn_commit_seconds_count \
    restock_watermark_lag_seconds restock_build_info restock_consumer_lag restock_state_bytes; do
    grep -qF "$name" "$dir/metrics" || fail "/metrics lacks $name"
done
if grep -vE '^(#|[a-z_]+(\{.*\})? -?[0-9.e+-]+$)' "$dir/metrics"; then fail "/metrics: a line is not in Prometheus' form"; fi
get /status | grep -q '"ready":true' || fail "/status"
get '/api/v1/replenishments?state=PROPOSED&limit=1' | grep -q '"state":"PROPOSED"' || fail "no proposals"
get '/api/v1/keys?part=SKU-000001' | grep -q 'SKU-000001|main' || fail "no forecast of the first product"
get '/api/v1/series?sku=SKU-000001&location=main' > "$dir/series"
grep -q '"buckets":\[' "$dir/series" && grep -q '"quantiles":\[' "$dir/series" || fail "series without ring or forecast"
get '/api/v1/series?sku=none&location=none' > /dev/null; [ "$(cat "$dir/code")" = 404 ] || fail "an unknown series: wanted 404"
printf 'POST / HTTP/1.0\r\nContent-Length: 3\r\n\r\nabc' > /dev/tcp/127.0.0.1/"$port" # refused, and no harm
wait "$pid" || fail "exit status $?"
report=$(tail -n 1 "$dir/out")
awk -F'[:,{}]' '{ for (i = 1; i < NF; i++) { gsub(/"/, "", $i); v[$i] = $(i + 1) } }
    END { exit !(v["read"] > 1000 && v["read"] == v["applied"] + v["duplicate"] + v["late"] + v["filtered"] + v["dead_letter"] && v["late"] == 0 && v["forecasts"] > 0) }' <<<"$report" ||
    fail "report: $report"
