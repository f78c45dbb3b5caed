# What the parts of tools/faults share: servers, input, waiting, judging.  Real time is used here only.

passed=0
failed=0
say() { echo "$(elapsed) $*"; }
elapsed() { printf '%3d s' "$SECONDS"; }
good() { passed=$((passed + 1)); say "ok   $*"; }
bad() { failed=$((failed + 1)); say "FAIL $*"; }
check() { # check WHAT COMMAND…
    local what=$1
    shift
    if "$@"; then good "$what"; else bad "$what"; fi
}
# Until the command succeeds, at most so many seconds.
wait_for() { # wait_for SECONDS COMMAND…
    local end=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$end" ] || return 1
        sleep 0.1
    done
}
# Below the ports that connections get, of which one could be taken meanwhile.
free_port() {
    local port
    for port in $(shuf -i 20000-32000 -n 100); do
        (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port"; return; }
    done
}
random_below() { echo $(((RANDOM * 32768 + RANDOM) % $1)); }
random_nap() { sleep "$(printf '%d.%03d' $(($1 / 1000)) $(($1 % 1000)))"; } # milliseconds

# --- the server under test ---

# State is in databases or in whole files, as the point needs it, else as chance has it.
state_threshold() { # state_threshold FAULT
    case $1 in
    state-ingested:*) echo 0 ;;
    state-written:*) echo '4 mb' ;;
    *) [ "$(random_below 2)" -eq 0 ] && echo 0 || echo '4 mb' ;;
    esac
}

server_pid=
slots=2
server_environment=() # NAME=VALUE…
start_server() { # start_server [DATA] [FAULT]; false: it is not ready within 10 s
    keep_broker
    rm -f "$work/server.pid" "$work/server.code"
    : >"$work/ready"
    {
        env SLUICE_FAULT="${2:-}" ${server_environment[@]+"${server_environment[@]}"} \
            "$work/sluiced" --data "${1:-$work/data}" --port "$sql_port" --http-port 0 --slots "$slots" \
            --set "sluice.state.database-threshold=$(state_threshold "${2:-}")" \
            >"$work/ready" 2>>"$work/server.log" &
        echo $! >"$work/server.pid"
        wait $!
        echo $? >"$work/server.code"
    } 2>/dev/null &
    disown
    until [ -s "$work/server.pid" ]; do sleep 0.01; done
    server_pid=$(cat "$work/server.pid")
    local end=$((SECONDS + 11))
    until grep -q '^ready' "$work/ready"; do
        kill -0 "$server_pid" 2>/dev/null || return 1
        [ "$SECONDS" -lt "$end" ] || return 1
        sleep 0.02
    done
}
server_runs() { kill -0 "$server_pid" 2>/dev/null; }
server_is_gone() { ! server_runs; }
kill_server() {
    [ -z "$server_pid" ] || kill -KILL "$server_pid" 2>/dev/null
    wait_for 10 server_is_gone
}
sql() { timeout 120 psql -X -q -A -t -F ' ' -v ON_ERROR_STOP=1 -h 127.0.0.1 -p "$sql_port" -U me -d me "$@"; }
postgres() { tools/postgres sql --port "$postgres_port" "$@"; }
job_id() { sql -F '|' -c 'SHOW JOBS' | awk -F '|' -v name="$1" '$2 == name { print $1 }'; }
job_states() { sql -F '|' -c 'SHOW JOBS' | cut -d '|' -f 2,3,7; }

# A broker that ended by itself is no fault of the server's: the log says how, and it starts anew.
keep_broker() {
    kill -0 "$(cat "$work/kafka/pid")" 2>/dev/null && return
    say "     the broker ended by itself:"
    tail -n 20 "$work/kafka/log" | cut -c 1-300 | sed 's/^/       /'
    tools/kafka start --port "$kafka_port" --dir "$work/kafka" 2>>"$work/kafka.log" ||
        bad "the broker does not start again"
    feed_on
}

# --- input ---

feeder_pid=
# Rows without end, from a number on: key, number, value, time; 5 ms of event time each, or all of one time.
make_rows() {
    exec awk -v time="$1" -v from="$2" 'BEGIN {
        for (i = from; ; i++) {
            k = "k" (i * 7919 % 53)
            printf "%s:%s,%d,%d,%.0f\n", k, k, i, i * 31 % 1000, time ? time : 1704067200000 + i * 5
            if (i % 50 == 49) { fflush(); system("sleep 0.05") }
        }
    }'
}
feed_kafka() {
    kcat -b "127.0.0.1:$kafka_port" -P -t in -K : -X enable.idempotence=true -X acks=all -X linger.ms=5 \
        -X message.timeout.ms=60000 -q 2>>"$work/feeder.log"
}
start_feeder() { # start_feeder [TIME [FROM]]
    { make_rows "${1:-0}" "${2:-0}" & echo $! >"$work/feeder.pid"; wait; } | feed_kafka &
    feeder_pid=$!
}
# It ends when it finds no broker.  A second has fewer than 1001 rows.
feed_on() { kill -0 "$feeder_pid" 2>/dev/null || start_feeder 0 $((SECONDS * 1001)); }
end_feeder() {
    kill "$(cat "$work/feeder.pid")" 2>/dev/null
    wait "$feeder_pid" 2>/dev/null
    feeder_pid=
}
end_time=1893456000000
# What was made goes out; then a row far ahead in each partition ends the windows.
end_input() {
    end_feeder
    for partition in 0 1 2 3; do
        echo "end,0,0,$end_time" |
            timeout 60 kcat -b "127.0.0.1:$kafka_port" -P -t in -p "$partition" -X acks=all 2>>"$work/feeder.log"
    done
}

# --- judging ---

consume() { # consume TOPIC: by partition, in order
    timeout 120 kcat -b "127.0.0.1:$kafka_port" -C -X fetch.wait.max.ms=10 -t "$1" -o beginning -e -q -X isolation.level=read_committed -f '%p %s\n' |
        sort -s -n -k 1,1 | cut -d ' ' -f 2-
}
expect() {
    keep_broker
    consume in >"$work/input"
    for mode in rows windows; do
        awk -v mode=$mode -f tests/faults/judge.awk "$work/input" >"$work/$mode.expected"
    done
    sort -o "$work/windows.expected" "$work/windows.expected"
    sort "$work/rows.expected" >"$work/rows.sorted"
}
read_target() { # read_target rows_kafka …: in its order
    case $1 in
    *_memory) sql -c "COPY $1 TO STDOUT WITH (FORMAT csv, ROW_KIND true)" | sed 's/^+I,//' ;;
    *_kafka) consume "${1%_kafka}" ;;
    *_files) # lane by lane, as the parts were made; a drain ends the last row's window, too
        find "$work/files/${1%_files}" -name 'part-*' | sort -V | xargs -r cat | grep -v '^end,' ;;
    rows_postgres) postgres "SELECT concat_ws(',', k, s, v) FROM rows ORDER BY place" ;;
    sums_postgres) postgres "SELECT concat_ws(',', k, t, n, total) FROM sums ORDER BY place" ;;
    latest_postgres | again_postgres) postgres "SELECT concat_ws(',', k, s, v) FROM ${1%_postgres}" ;;
    esac
}
expected_of() {
    case $1 in
    rows_*) cat "$work/rows.sorted" ;;
    sums_*) cat "$work/windows.expected" ;;
    again_files) cat "$work/rows.sorted" ;;
    latest_* | again_*) awk -F , '{ last[$1] = $0 } END { for (k in last) print last[k] }' "$work/rows.expected" | sort ;;
    esac
}
is_complete() { # as many rows as there are to be, or more; of tables that are updated the last ones
    case $1 in latest_* | again_*) is_exact "$1"; return ;; esac
    [ "$(read_target "$1" | wc -l)" -ge "$(expected_of "$1" | wc -l)" ]
}
is_exact() {
    read_target "$1" >"$work/$1.found"
    is_found_exact "$1"
}
is_found_exact() {
    case $1 in
    again_files) sort -u "$work/$1.found" >"$work/$1.sorted" ;; # at least once, that is
    *) sort "$work/$1.found" >"$work/$1.sorted" ;;
    esac
    expected_of "$1" >"$work/$1.expected"
    comm -23 "$work/$1.expected" "$work/$1.sorted" >"$work/$1.lost"
    comm -13 "$work/$1.expected" "$work/$1.sorted" >"$work/$1.extra"
    compared_rows[$1]=$(wc -l <"$work/$1.expected")
    lost_rows[$1]=$(wc -l <"$work/$1.lost")
    extra_rows[$1]=$(wc -l <"$work/$1.extra")
    if [ -s "$work/$1.lost" ] || [ -s "$work/$1.extra" ]; then
        say "     $1: ${lost_rows[$1]} lost, ${extra_rows[$1]} twice or wrong"
        head -n 3 "$work/$1.lost" | sed 's/^/       lost  /'
        head -n 3 "$work/$1.extra" | sed 's/^/       extra /'
        return 1
    fi
    case $1 in latest_* | again_*) return 0 ;; esac
    awk -f tests/faults/order.awk "$work/$1.found"
}
# Whoever judges has to see a row that is lost, one that is there twice, and two that changed places.
try_judge() { # try_judge TARGET COMMAND…: what it makes of a good target is refused
    read_target "$1" | "${@:2}" >"$work/$1.found"
    ! (is_found_exact "$1" >/dev/null)
}
try_judges() {
    local target
    for target in rows_memory rows_files; do
        try_judge $target sed 100d && try_judge $target sed 100p &&
            try_judge $target awk 'NR == 100 { kept = $0; next } { print } NR == 700 { print kept }' || return 1
    done
}
declare -A compared_rows lost_rows extra_rows
# What was compared, a line a sink.
report() {
    local sink name rows sums lost extra
    for sink in memory kafka postgres files; do
        rows=0 sums=0 lost=0 extra=0
        for name in "${!compared_rows[@]}"; do
            case $name in
            sums_$sink) sums=$((sums + ${compared_rows[$name]})) ;;
            *_$sink) rows=$((rows + ${compared_rows[$name]})) ;;
            *) continue ;;
            esac
            lost=$((lost + ${lost_rows[$name]})) extra=$((extra + ${extra_rows[$name]}))
        done
        say "$sink: $rows rows and $sums sums compared, $lost lost, $extra twice or wrong"
    done
}
# The files' jobs come to their end: no part is open, and nothing else of the jobs is left.
drain_files() {
    local target
    for target in "$@"; do
        sql -c "STOP JOB '$(job_id "$target")' WITH SAVEPOINT WITH DRAIN" -o /dev/null 2>>"$work/psql.log" || return 1
    done
    job_states >/dev/null # what jobs reported is dealt with then
    [ -z "$(find "$work/files" -type f -name '.*')" ]
}
judge() { # judge TARGET…
    expect
    for target in "$@"; do
        if wait_for 60 is_complete "$target"; then
            check "$target: $(expected_of "$target" | wc -l) rows, none lost, none twice, in order" is_exact "$target"
        else
            bad "$target: $(read_target "$target" | wc -l) of $(expected_of "$target" | wc -l) rows after 60 s"
            is_exact "$target"
            job_states | sed 's/^/       /'
        fi
    done
}
