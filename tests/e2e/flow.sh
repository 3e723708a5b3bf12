# Shared by the end-to-end scripts: a broker, a site of topics, restock processes on it. Source it with RESTOCK and BUS set.
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
ROOT=$(cd "$HERE/../.." && pwd)
WORK=$(mktemp -d)
SESSION_S=6
declare -A MEMBER=()

fail() { echo "FAIL $*" >&2; exit 1; }

cleanup() {
    local status=$?
    for pid in "${MEMBER[@]}"; do kill -CONT "$pid" 2>/dev/null || true; kill -KILL "$pid" 2>/dev/null || true; done
    for folder in "$WORK"/broker*; do "$HERE/broker" thaw "$folder" 2>/dev/null || true; "$HERE/broker" kill "$folder" 2>/dev/null || true; done
    if [ $status -eq 0 ] || [ -z "${KEEP:-}" ]; then rm -rf "$WORK"; else echo "kept: $WORK" >&2; fi
    exit $status
}
trap cleanup EXIT
trap 'exit 1' INT TERM

# site NAME BOOTSTRAP MODE PARTITIONS: configuration and topics; the configuration's path is $WORK/NAME.yaml
site() {
    cat > "$WORK/$1.yaml" <<CONF
application: $1
state_folder: $WORK
kafka: {bootstrap.servers: "$2", session.timeout.ms: ${SESSION_S}000, heartbeat.interval.ms: 1000}
topics: {orders: $1.orders, stock: $1.stock, items: $1.items, feedback: $1.feedback, lines: $1.lines, state: $1.state, forecasts: $1.forecasts,
         alerts: $1.alerts, replenishments: $1.replenishments, dead_letters: $1.dead-letters}
inputs: {orders: {format: json, map: $ROOT/config/maps/online-retail.yaml}, stock: {format: json}, items: {format: json}}
output: {format: json}
time: {mode: replay, bucket: ${BUCKET:-1d}, zone: Europe/London, allowed_lateness: 1h, idle_timeout: 30s}
forecasts: {emit: ${EMIT:-always}}
http: {listen: "127.0.0.1:0"}
CONF
    "$BUS" create "$2" "$1.orders" "$3"
    local input
    for input in stock items feedback; do "$BUS" create "$2" "$1.$input" 1; done
    # Every value is compared in the end: a campaign of an hour must not find its topics compacted.
    local output
    for output in forecasts alerts replenishments; do "$BUS" create "$2" "$1.$output" 8 cleanup.policy=delete; done
    "$RESTOCK" topics apply --config "$WORK/$1.yaml" > "$WORK/$1.topics" 2>&1 || fail "topics apply: $(cat "$WORK/$1.topics")"
}

# until_end NAME [MORE...]: runs to the end of the inputs; prints the report
until_end() {
    local name=$1
    shift
    timeout 300 "$RESTOCK" run --config "$WORK/$name.yaml" --until-end "$@" > "$WORK/$name.out" 2>> "$WORK/$name.err" ||
        fail "run --until-end of $name ended with $?: $(tail -3 "$WORK/$name.err")"
    tail -1 "$WORK/$name.out"
}

number() { sed -n "s/.*\"$1\":\\([0-9]*\\).*/\\1/p"; }

# dump_all NAME BOOTSTRAP FOLDER TOPIC...
dump_all() {
    local name=$1 bootstrap=$2 folder=$3
    shift 3
    mkdir -p "$folder"
    local topic
    for topic in "$@"; do "$BUS" dump "$bootstrap" "$name.$topic" > "$folder/$topic"; done
}
