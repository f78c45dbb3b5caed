# Benchmarks of the streaming operators: decoded columns from datagen, into blackhole.  Sourced by tools/bench.
#
# A million rows a second of event time (of the interval join 100,000 a side, so that what it holds
# fits in memory), in order; a checkpoint a second; one slot.

# A table of $2 rows: k below $3, v below $4, $5 rows a millisecond.  The watermark is a millisecond behind:
# to OVER a row of the watermark's own time is late.
operator_source() { # name, rows, keys, values, density
    cat <<SQL
CREATE TABLE $1 (n BIGINT, k BIGINT, v BIGINT, ts AS TO_TIMESTAMP_LTZ(n / $5, 3), WATERMARK FOR ts AS ts - INTERVAL '0.001' SECOND) WITH ('connector'='datagen',
  'rows-per-second'='1000000000', 'number-of-rows'='$2', 'fields.n.kind'='sequence', 'fields.n.start'='0', 'fields.n.end'='$(($2 - 1))',
  'fields.k.min'='0', 'fields.k.max'='$(($3 - 1))', 'fields.v.min'='0', 'fields.v.max'='$(($4 - 1))');
SQL
}

operator_window() { # a windowing function's call → the query over it
    echo "SELECT window_start, k, SUM(v), COUNT(*) FROM TABLE($1) GROUP BY window_start, window_end, k"
}

operator_over() { # a frame → the query over it
    echo "SELECT k, v, SUM(v) OVER w, COUNT(*) OVER w FROM src WINDOW w AS (PARTITION BY k ORDER BY ts $1)"
}

operator_run() { # name, million rows, keys, values, sink's columns, query, target [, density]
    local count=$(($2 * 1000000)) density=${8:-1000}
    start_server --set execution.checkpointing.interval='1 s'
    sql -c "$(operator_source src "$count" "$3" "$4" "$density")" -c "CREATE TABLE out ($5) WITH ('connector'='blackhole')"
    [[ "$6" != *other* ]] || sql -c "$(operator_source other "$count" "$3" "$4" "$density")"
    [[ "$6" != *other* ]] || count=$((2 * count))
    query="INSERT INTO out $6"
    run_job "$count" | awk -v name="$1" -v target="$7" -v peak="$(resident_mb)" '{
        printf "  %-36s %8.2f M rows/s %8.2f M rows/CPU-s   target: %s\n", name, $1 / $2 / 1e6, $1 / $3 / 1e6, target }'
    stop_server
}

bench_operators() {
    local sums="k BIGINT, s BIGINT, c BIGINT" windows="w TIMESTAMP(3), k BIGINT, s BIGINT, c BIGINT" time="TABLE src, DESCRIPTOR(ts)"
    echo "== operators: parallelism 1, one slot"
    operator_run "GROUP BY, 10 K keys" 60 10000 1000 "$sums" "SELECT k, SUM(v), COUNT(*) FROM src GROUP BY k" 20
    operator_run "GROUP BY, 1 M keys" 40 1000000 1000 "$sums" "SELECT k, SUM(v), COUNT(*) FROM src GROUP BY k" 6
    operator_run "TUMBLE 10 s, 10 K keys" 60 10000 1000 "$windows" "$(operator_window "TUMBLE($time, INTERVAL '10' SECOND)")" 20
    operator_run "HOP 5 s of 10 s, 10 K keys" 60 10000 1000 "$windows" \
        "$(operator_window "HOP($time, INTERVAL '5' SECOND, INTERVAL '10' SECOND)")" 10
    operator_run "HOP 1 s of 10 s, 10 K keys" 60 10000 1000 "$windows" \
        "$(operator_window "HOP($time, INTERVAL '1' SECOND, INTERVAL '10' SECOND)")" 10
    operator_run "HOP 1 s of 600 s, 10 K keys" 60 10000 1000 "$windows" \
        "$(operator_window "HOP($time, INTERVAL '1' SECOND, INTERVAL '600' SECOND)")" 10
    operator_run "CUMULATE 1 s of 60 s, 10 K keys" 60 10000 1000 "$windows" \
        "$(operator_window "CUMULATE($time, INTERVAL '1' SECOND, INTERVAL '60' SECOND)")" -
    operator_run "SESSION 0.03 s, 10 K keys" 40 10000 1000 "$windows" \
        "$(operator_window "SESSION(TABLE src PARTITION BY k, DESCRIPTOR(ts), INTERVAL '0.03' SECOND)")" 4
    operator_run "SESSION 0.1 s, 100 K keys" 20 100000 1000 "$windows" \
        "$(operator_window "SESSION(TABLE src PARTITION BY k, DESCRIPTOR(ts), INTERVAL '0.1' SECOND)")" -
    operator_run "COUNT (DISTINCT), 1 M values" 30 10 1000000 "c BIGINT" "SELECT COUNT(DISTINCT v) FROM src" 6
    operator_run "Top-10 by key, 10 K keys" 40 10000 1000000 "k BIGINT, v BIGINT, rn BIGINT" \
        "SELECT k, v, rn FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY k ORDER BY v DESC) AS rn FROM src) WHERE rn <= 10" 3
    operator_run "deduplication, last of 1 M keys" 40 1000000 1000 "k BIGINT, v BIGINT" \
        "SELECT k, v FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY k ORDER BY ts DESC) AS rn FROM src) WHERE rn = 1" 5
    operator_run "OVER 100 rows, 10 K keys" 20 10000 1000 "k BIGINT, v BIGINT, s BIGINT, c BIGINT" "$(operator_over "ROWS 99 PRECEDING")" 3
    operator_run "OVER 0.5 s, 10 K keys" 20 10000 1000 "k BIGINT, v BIGINT, s BIGINT, c BIGINT" \
        "$(operator_over "RANGE BETWEEN INTERVAL '0.5' SECOND PRECEDING AND CURRENT ROW")" -
    operator_run "OVER all rows before, 10 K keys" 20 10000 1000 "k BIGINT, v BIGINT, s BIGINT, c BIGINT" \
        "$(operator_over "ROWS UNBOUNDED PRECEDING")" -
    operator_run "interval join, 10 s either way" 10 10000000 1000 "a BIGINT, b BIGINT" \
        "SELECT src.v, other.v FROM src JOIN other ON src.k = other.k AND src.ts BETWEEN other.ts - INTERVAL '10' SECOND AND other.ts + INTERVAL '10' SECOND" 3 100
}
