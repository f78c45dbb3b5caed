# Benchmarks of state: checkpoints, restores, memory, exactly-once.  Sourced by tools/bench.
#
# The jobs never end; they are watched from outside for $seconds each.

# A table `src` whose column k is 0 … $1 - 1 in turn first, then what the expression $2 says (over the random
# columns few, below $3, and percent); so that every key is there before a job is watched.
state_source() {
    cat <<SQL
CREATE TABLE src (
  n BIGINT, few BIGINT, many BIGINT, percent INT, v BIGINT, k AS CASE WHEN n < $1 THEN n ELSE $2 END,
  ts TIMESTAMP(3), WATERMARK FOR ts AS ts
) WITH ('connector'='datagen', 'rows-per-second'='1000000000',
        'fields.n.kind'='sequence', 'fields.n.start'='0', 'fields.n.end'='1000000000000',
        'fields.few.min'='0', 'fields.few.max'='$(($3 - 1))', 'fields.many.min'='0', 'fields.many.max'='$(($1 - 1))',
        'fields.percent.min'='0', 'fields.percent.max'='99', 'fields.v.min'='0', 'fields.v.max'='1000');
SQL
}

# Starts the job over src: the aggregates $1 (of BIGINT) by key, with a checkpoint every $2.  The window holds
# all time.
state_job() {
    sql >/dev/null <<SQL
SET 'execution.checkpointing.interval'='$2';
CREATE TABLE sums (k BIGINT, $(sed 's/[A-Z]*(v)/& BIGINT/g; s/[()]/_/g' <<<"$1")) WITH ('connector'='blackhole');
INSERT INTO sums SELECT k, $1
  FROM TABLE(TUMBLE(TABLE src, DESCRIPTOR(ts), INTERVAL '36500' DAY)) GROUP BY window_start, window_end, k;
SQL
}

job_rows() { sql -At -c "SHOW TASKS FOR JOB '$job'" | awk -F'|' '{ if ($5 > most) most = $5; if ($6 > most) most = $6 } END { printf "%.0f\n", most }'; }
resident_mb() { awk '/^VmHWM/ { printf "%d\n", $2 / 1024 }' "/proc/$server/status"; }

wait_for_rows() { # until the job has read so many
    job=$(sql -At -c "SHOW JOBS" | tail -n 1 | cut -d'|' -f1)
    until [ "$(job_rows)" -ge "$1" ]; do sleep 0.2; done
}

watch_job() { # prints rows, wall seconds, CPU seconds
    local rows_before rows_after ticks_before ticks_after before after
    rows_before=$(job_rows)
    ticks_before=$(ticks "$server")
    before=$EPOCHREALTIME
    sleep "$seconds"
    rows_after=$(job_rows)
    ticks_after=$(ticks "$server")
    after=$EPOCHREALTIME
    spent $((rows_after - rows_before)) "$after $before" "$ticks_after $ticks_before"
}

show_watched() { # `rows wall CPU` on standard input, under the name $1
    awk -v name="$1" '{ printf "  %-40s %8.2f M rows/s %8.2f M rows/CPU-s\n", name, $1 / $2 / 1e6, $1 / $3 / 1e6 }'
}

# A job is watched: name, source, aggregates, interval, rows before it is watched; the server's options follow.
watch_one() {
    local name=$1 source=$2 aggregates=$3 interval=$4 rows_before=$5
    shift 5
    start_server "$@"
    sql -c "$source"
    state_job "$aggregates" "$interval"
    wait_for_rows "$rows_before"
    sleep 10 # the first checkpoints write what was loaded
    watch_job >"$work/watched"
    show_watched "$name" <"$work/watched"
    peak=$(resident_mb)
}

# The last two lines that were watched, one over the other: rows/s and CPU a row.
ratio() {
    awk -v what="$1" 'NR == 1 { rate = $1 / $2; cost = $3 / $1 }
        NR == 2 { printf "  %-40s %8.2f of the rows/s %6.2f x the CPU a row   target: %s\n", "ratio", $1 / $2 / rate, $3 / $1 / cost, what }' \
        "$work/pair"
}

# --- checkpoints ---

bench_checkpoints() {
    local large=4gb million ten_million
    million=$(state_source 1000000 many 1000000)
    ten_million=$(state_source 10000000 few 100000)
    echo "== checkpoints: SUM by key, $seconds s each, a checkpoint a second against none"
    watch_one "1 M keys, none" "$million" "SUM(v)" 0 1000000 --set taskmanager.memory.managed.size=$large
    cp "$work/watched" "$work/pair"
    stop_server
    watch_one "1 M keys, all dirty, a second" "$million" "SUM(v)" '1 s' 1000000 --set taskmanager.memory.managed.size=$large
    cat "$work/watched" >>"$work/pair"
    ratio "0.80, 1.60 x"
    stop_server
    watch_one "10 M keys, none" "$ten_million" "SUM(v)" 0 10000000 --set taskmanager.memory.managed.size=$large
    cp "$work/watched" "$work/pair"
    stop_server
    watch_one "10 M keys, 100,000 dirty, a second" "$ten_million" "SUM(v)" '1 s' 10000000 --set taskmanager.memory.managed.size=$large
    cat "$work/watched" >>"$work/pair"
    ratio "0.95"
    stop_server
}

# --- restore ---

bench_restore() {
    local before after aggregates="SUM(v), MIN(v), MAX(v), COUNT(v), AVG(v)"
    echo "== restore: 10 M keys with five aggregates, 100,000 keys change between checkpoints"
    start_server --set taskmanager.memory.managed.size=4gb
    sql -c "$(state_source 10000000 few 100000)"
    state_job "$aggregates" '1 s'
    wait_for_rows 20000000
    sleep 12
    # The first ones after the load write all that was loaded.
    sql -At -c "SHOW CHECKPOINTS" | awk -F'|' '$4 == "COMPLETED"' | head -n 8 | awk -F'|' '
        { if ($8 > freeze) freeze = $8; if ($9 > write) write = $9; size = $10 > size ? $10 : size; changed = $11; sum += $9 }
        END { printf "  state in the checkpoint %.2f GB, changed %.1f MB\n", size / 1e9, changed / 1e6
              printf "  write, mean %.0f ms, longest %d ms   target: 100 ms\n", sum / NR, write
              printf "  the slot stood still, longest %d ms   target: 5 ms\n", freeze }'
    kill -KILL "$server"
    wait "$server" || true
    before=$EPOCHREALTIME
    start_again --set taskmanager.memory.managed.size=4gb
    wait_for_first_row
    after=$EPOCHREALTIME
    awk -v wall="$after $before" 'BEGIN { split(wall, w, " ")
        printf "  exec after kill -9 to the first row       %.2f s   target: 1 s\n", w[1] - w[2] }'
    stop_server
}

# A row counts when its batch is read, and a batch is read when the one before it was processed.
wait_for_first_row() {
    until [ "$(job_rows)" -gt 4096 ]; do sleep 0.02; done
}

# --- memory ---

bench_memory() {
    local uniform skewed limit=$((256 * 5 / 4 + 60))
    uniform=$(state_source 10000000 many 100000)
    skewed=$(state_source 10000000 'CASE WHEN percent = 0 THEN many ELSE few END' 100000)
    echo "== memory: 10 M keys, 256 MB a slot, a checkpoint a second, $seconds s each"
    watch_one "random keys, 256 MB" "$uniform" "SUM(v)" '1 s' 10000000 --set taskmanager.memory.managed.size=256mb
    printf '  %-40s target: 0.15 M rows/s;  peak of memory %d MB, target: %d MB\n' '' "$peak" "$limit"
    stop_server
    watch_one "99 % of the rows to 1 %, all in memory" "$skewed" "SUM(v)" '1 s' 10000000 --set taskmanager.memory.managed.size=4gb
    cp "$work/watched" "$work/pair"
    stop_server
    watch_one "99 % of the rows to 1 %, 256 MB" "$skewed" "SUM(v)" '1 s' 10000000 --set taskmanager.memory.managed.size=256mb
    cat "$work/watched" >>"$work/pair"
    ratio "0.80"
    stop_server
}

# --- exactly once ---

bench_exactly_once() {
    local count=${rows:-12000000} guarantee
    echo "== exactly-once: $count JSON bids of 250 bytes in 4 partitions, a window of 10 s by channel, JSON into 4 partitions"
    produce "$count"
    start_server
    sql -c "$(bids)"
    for guarantee in at-least-once exactly-once; do
        tools/kafka create-topic "$topic-$guarantee" --partitions 4 --port "${brokers##*:}" --dir "$work/kafka"
        sql -c "CREATE TABLE \"$guarantee\" (window_start TIMESTAMP(3), window_end TIMESTAMP(3), channel STRING, n BIGINT, total BIGINT, top BIGINT)
            WITH ('connector'='kafka', 'topic'='$topic-$guarantee', 'properties.bootstrap.servers'='$brokers',
                  'format'='json', 'sink.delivery-guarantee'='$guarantee')"
    done
    for _ in $(seq "$runs"); do
        for guarantee in at-least-once exactly-once; do
            query="INSERT INTO \"$guarantee\" ${windowed/MINUTES/\'10\' SECOND}"
            run_job "$count" >>"$work/$guarantee"
        done
    done
    for guarantee in at-least-once exactly-once; do rates "$guarantee" <"$work/$guarantee"; done
    paste "$work/exactly-once" "$work/at-least-once" | awk '{ printf "%.3f\n", $5 / $2 }' | median |
        awk '{ printf "  ratio, median %.2f of the rows/s   target: 0.80\n", $1 }'
    stop_server
}
