#!/usr/bin/env bash
# restock detect: scores row by row, the same scores for a file that is cut, mistakes named by line, nothing left behind.
set -euo pipefail
restock=$1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
fail() { echo "FAILED: $*" >&2; exit 1; }

awk 'BEGIN { print "timestamp,value"; srand(7)
    for (i = 0; i < 3000; i++) {
        t = i * 300; value = 50 + 20 * sin(i * 6.2831853 / 288) + 2 * rand()
        if (i == 2500) value = 150
        printf "2014-04-%02d %02d:%02d:00,%.4f\n", 1 + int(t / 86400), int(t / 3600) % 24, int(t / 60) % 60, value
    } }' > "$dir/series.csv"

"$restock" detect --series "$dir/series.csv" --out "$dir/scores.csv" 2> "$dir/log" || fail "exit status $?"
[ "$(head -1 "$dir/scores.csv")" = "timestamp,value,anomaly_score" ] || fail "header"
[ "$(wc -l < "$dir/scores.csv")" = 3001 ] || fail "rows"
cut -d, -f1,2 "$dir/scores.csv" | tail -n +2 | cmp - <(tail -n +2 "$dir/series.csv") || fail "the rows are not those of the series"
awk -F, 'NR == 2502 { exit !($3 >= 0.33) }' "$dir/scores.csv" || fail "the jump is not found"
[ "$(awk -F, 'NR > 1 && $3 >= 0.33' "$dir/scores.csv" | wc -l)" -le 6 ] || fail "too many alarms"

head -2000 "$dir/series.csv" > "$dir/cut.csv" # no look ahead: a cut file has the same scores
"$restock" detect --series "$dir/cut.csv" --out "$dir/cut_scores.csv" 2> "$dir/log"
head -2000 "$dir/scores.csv" | cmp - "$dir/cut_scores.csv" || fail "scores depend on later rows"

printf 'timestamp,value\n2014-04-01 00:00:00,1\n2014-04-01 00:05:00,\n2014-04-01 00:10:00,x\n' > "$dir/bad.csv"
status=0
"$restock" detect --series "$dir/bad.csv" --out "$dir/bad_scores.csv" 2> "$dir/log" || status=$?
[ $status = 1 ] || fail "a bad value: exit status $status"
grep -q 'bad.csv:4' "$dir/log" || fail "the line is not named"
[ ! -e "$dir/bad_scores.csv" ] || fail "half a file is left behind"

printf 'time,count\n' > "$dir/head.csv"
! "$restock" detect --series "$dir/head.csv" --out "$dir/x" 2> "$dir/log" || fail "a wrong header passes"
: > "$dir/empty.csv"
! "$restock" detect --series "$dir/empty.csv" --out "$dir/x" 2> "$dir/log" || fail "an empty file passes"
status=0
"$restock" detect --series "$dir/series.csv" 2> "$dir/log" || status=$?
[ $status = 2 ] || fail "no --out: exit status $status"
echo ok
