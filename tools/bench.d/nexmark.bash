# The public benchmark's queries (tests/nexmark) over its generator, into blackhole.  Sourced by tools/bench.
#
# As Flink was measured: RocksDB, a checkpoint a second, the rate only sets how dense event time is.

# query, million events for some ten seconds, goal and Flink's figure, thousand events a CPU-second
nexmark_table="q0 60 6000 1078
q1 60 6000 1018
q2 80 8000 1119
q11 15 1500 113
q12 40 4000 423
q14 50 5000 1001
q15 20 2000 208
q16 4 400 25
q17 30 3000 403
q18 8 600 93
q19 8 800 92
q21 25 2500 362
q22 40 4000 700"

nexmark_tables() {
    sql -v options="'events.num'='$1', 'next-event.rate'='$rate', 'base-time'='2015-07-15 00:00:00'" -f tests/nexmark/tables.sql
}

# Lists the checkpoints while the job runs, for it leaves none behind; the last ones stay in a file.
nexmark_watch() { # until process $1 ends
    : >"$work/checkpoints"
    while kill -0 "$1" 2>/dev/null; do
        sql -At -c "SHOW CHECKPOINTS" >"$work/listed"
        [ ! -s "$work/listed" ] || cp "$work/listed" "$work/checkpoints"
        sleep 0.5
    done
    wait "$1"
}

# Of these: `bytes mean-ms longest-ms`.
nexmark_checkpoints() {
    awk -F'|' '$4 == "COMPLETED" { n++; sum += $6; if ($6 > most) most = $6; if ($10 > size) size = $10 }
        END { printf "%.0f %.0f %.0f\n", size, (n ? sum / n : 0), most }' "$work/checkpoints"
}

nexmark_query() { # name, events; prints `events wall CPU peak-MB state-bytes checkpoint-ms longest-ms`
    local count=$2 ticks_before ticks_after before after
    start_server --set execution.checkpointing.interval="$checkpoint"
    nexmark_tables "$count"
    { echo "SET 'table.dml-sync' = 'true'; SET 'parallelism.default' = '$parallelism';" && cat "tests/nexmark/$1.sql"; } >"$work/query.sql"
    ticks_before=$(ticks "$server")
    before=$EPOCHREALTIME
    sql -v sink="'connector' = 'blackhole'" -f "$work/query.sql" >/dev/null &
    nexmark_watch $!
    after=$EPOCHREALTIME
    ticks_after=$(ticks "$server")
    echo "$(spent "$count" "$after $before" "$ticks_after $ticks_before") $(resident_mb) $(nexmark_checkpoints)"
    stop_server
}

bench_nexmark() {
    local query millions goal flink count json=build/nexmark.json
    echo "== nexmark: parallelism $parallelism, $rate events a second of event time, a checkpoint every $checkpoint"
    printf '  %-5s %9s %9s %9s %12s %9s %9s %9s %16s\n' query 'M events' 'K/s' 'K/CPU-s' 'goal K/CPU-s' Flink 'peak MB' 'state MB' 'checkpoint ms'
    : >"$work/nexmark"
    while read -r query millions goal flink; do
        [[ ",$queries," = *",$query,"* ]] || continue
        count=${events:-$((millions * 1000000))}
        nexmark_query "$query" "$count" >"$work/figures"
        echo "$query $goal $flink $(cat "$work/figures")" | tee -a "$work/nexmark" | awk '
            { printf "  %-5s %9.1f %9.0f %9.0f %12d %9d %9d %9.1f %9.0f, %5.0f\n", $1, $4 / 1e6, $4 / $5 / 1e3, $4 / $6 / 1e3, $2, $3, $7, $8 / 1e6, $9, $10 }'
    done <<<"$nexmark_table"
    awk -v machine="$(machine)" -v parallelism="$parallelism" -v rate="$rate" -v checkpoint="$checkpoint" '
        BEGIN { printf "{\"machine\": \"%s\", \"parallelism\": %d, \"rate\": %.0f, \"checkpoint\": \"%s\", \"queries\": [", machine, parallelism, rate, checkpoint }
        { printf "%s\n  {\"query\": \"%s\", \"events\": %.0f, \"eventsPerSecond\": %.0f, \"eventsPerCpuSecond\": %.0f, \"goal\": %d, \"flink\": %d, \"peakMb\": %d, \"stateBytes\": %.0f, \"checkpointMs\": %.0f, \"checkpointLongestMs\": %.0f}", (NR > 1 ? "," : ""), $1, $4, $4 / $5, $4 / $6, $2 * 1000, $3 * 1000, $7, $8, $9, $10 }
        END { print "\n]}" }' "$work/nexmark" >"$json"
    awk '{ n++; ours += log($4 / $6 / 1e3); goal += log($2); flink += log($3) }
        END { if (n) printf "  geometric means, K/CPU-s: %.0f, goal %.0f, Flink %.0f; written to '"$json"'\n", exp(ours / n), exp(goal / n), exp(flink / n) }' "$work/nexmark"
}
