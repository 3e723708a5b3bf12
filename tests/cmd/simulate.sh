#!/usr/bin/env bash
# restock simulate: the same bytes for a seed, other ones for another, every line is JSON, truth covers what was sold.
set -euo pipefail
restock=$1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
fail() { echo "FAILED: $*" >&2; exit 1; }

for run in a b; do
    "$restock" simulate --out "$dir/$run" --products 40 --days 60 --orders-per-day 80 --anomalies 100 --seed 3 > "$dir/$run.out" 2> /dev/null
done
"$restock" simulate --out "$dir/c" --products 40 --days 60 --orders-per-day 80 --anomalies 100 --seed 4 > /dev/null 2>&1
diff -r "$dir/a" "$dir/b" || fail "two runs of one seed differ"
! cmp -s "$dir/a/orders.jsonl" "$dir/c/orders.jsonl" || fail "another seed gives the same shop"
for file in orders stock items; do
    [ -s "$dir/a/$file.jsonl" ] || fail "$file.jsonl is empty"
    if grep -qvE '^\{.*\}$' "$dir/a/$file.jsonl"; then fail "$file.jsonl holds a line that is no object"; fi
done
messages=$(cat "$dir"/a/*.jsonl | wc -l)
grep -q "\"messages\":$messages}" "$dir/a.out" || fail "the report does not count $messages messages"
[ "$(wc -l < "$dir/a/labels.csv")" -gt 1 ] || fail "no labels"
[ "$(wc -l < "$dir/a/truth.csv")" = $((40 * 60 + 1)) ] || fail "truth.csv: wanted a row per product and day"
# event times never go back, but for repeated deliveries
grep -o '"event_time":[0-9]*' "$dir/a/orders.jsonl" | cut -d: -f2 | awk 'NR > 1 && $1 + 2000 < last { exit 1 } { last = $1 }' || fail "orders are not in order of time"
# sold and not cancelled never exceeds what was asked for (what is cancelled is not asked for), and both are in the same ballpark
asked=$(tail -n +2 "$dir/a/truth.csv" | awk -F, '{ n += $3 } END { print n }')
sold=$(sort -u "$dir/a/orders.jsonl" | grep -v '"kind":"RETURN"' | grep -oE '"quantity":-?[0-9]+' | cut -d: -f2 | awk '{ n += $1 } END { print n }')
awk -v s="$sold" -v a="$asked" 'BEGIN { exit !(s <= a * 1.01 && s > a / 2) }' || fail "sold $sold of $asked asked for"
for kind in ORDER CANCEL RETURN; do grep -q "\"kind\":\"$kind\"" "$dir/a/orders.jsonl" || fail "no $kind"; done
grep -q '"line_no":3' "$dir/a/orders.jsonl" || fail "no order has three lines"
grep -q '"promotion":true' "$dir/a/orders.jsonl" || fail "no promotion"
