# Two servers with copies of one data directory, jobs of other widths, jobs without end of failing, many jobs.

copy_sql() { psql -X -q -A -t -F '|' -h 127.0.0.1 -p "$copy_port" -U me -d me "$@"; }
copy_is_refused() { # no exactly-once job of the copy goes on into a target that both have
    copy_sql -c 'SHOW JOBS' | grep -E '\|(rows|sums|latest)_(kafka|postgres|files)\|' >"$work/copy.jobs"
    ! grep -vqE "\|FAILED\|.*(another server|has not published)|is another server's" "$work/copy.jobs" &&
        [ "$(wc -l <"$work/copy.jobs")" -eq 7 ]
}
run_second_server() {
    local copy_port copy_pid
    kill_server
    rm -rf "$work/second"
    cp -a "$work/data" "$work/second"
    start_server || bad "second server: the first is not ready"
    wait_for 30 states_are_running "$job_count"
    sleep 2 # it publishes
    copy_port=$(free_port)
    "$work/sluiced" --data "$work/second" --port "$copy_port" --http-port 0 --slots "$slots" \
        >/dev/null 2>>"$work/second.log" &
    copy_pid=$!
    check "a second server with a copy of the data: its jobs are refused" wait_for 30 copy_is_refused
    kill -KILL "$copy_pid"
    wait "$copy_pid" 2>/dev/null
    check "without it all jobs of the first run" wait_for 30 states_are_running "$job_count"
}

# From 2 to 4, 8 and 3 subtasks; a kill right behind each.
run_rescale() {
    local parallelism name
    kill_server
    slots=8
    start_server || bad "rescale: the server is not ready"
    for parallelism in 4 8 3; do
        wait_for 30 states_are_running "$job_count"
        for name in rows_memory sums_memory rows_postgres sums_postgres latest_postgres; do
            sql -c "ALTER JOB '$(job_id $name)' SET ('parallelism' = '$parallelism')" -o /dev/null 2>>"$work/psql.log" ||
                bad "rescale: $name to $parallelism: $(tail -n 1 "$work/psql.log")"
        done
        random_nap "$(random_below 500)"
        kill_server
        start_server || bad "rescale: the server is not ready with $parallelism subtasks"
    done
    check "five jobs from 2 to 4, 8 and 3 subtasks: all jobs run" wait_for 30 states_are_running "$job_count"
}

# A job that fails again and again harms no other, and can be stopped.
run_failing_job() {
    local restarts
    : >"$work/no" # a file where its directory would be
    sql -v path="$work/no/such" -f tests/faults/failing.sql -o /dev/null 2>>"$work/psql.log" ||
        bad "failing job: $(tail -n 1 "$work/psql.log")"
    sleep 2
    restarts=$(sql -F '|' -c 'SHOW JOBS' | awk -F '|' '$2 == "failing" { print $6 }')
    check "a job failed $restarts times: the others run" eval '[ "${restarts:-0}" -ge 10 ] && states_are_running "$job_count"'
    check "… and it can be stopped" sql -c "STOP JOB '$(job_id failing)'" -o /dev/null
    rm -f "$work/no"
}

# So many jobs on a server of their own: all are there again after a kill.
many_are_complete() { [ "$(sql -c "SET 'execution.runtime-mode' = 'batch'" -c 'SELECT COUNT(*) FROM many')" = "$many" ]; }
run_many_jobs() {
    many=300
    kill_server
    rm -rf "$work/many"
    start_server "$work/many" || { bad "many jobs: the server is not ready"; return; }
    {
        echo "SET 'execution.checkpointing.interval' = '1 s';"
        echo "CREATE TABLE one (id INT) WITH ('connector'='memory');"
        echo "CREATE TABLE many (id INT, job INT) WITH ('connector'='memory');"
        for i in $(seq $many); do echo "INSERT INTO many SELECT id, $i FROM one;"; done
    } | sql -o /dev/null 2>>"$work/psql.log"
    kill_server
    start_server "$work/many" || bad "many jobs: the server is not ready again"
    sql -c "INSERT INTO one VALUES (1)" -o /dev/null
    check "$many jobs start together: each has done its work within 30 s" wait_for 30 many_are_complete
    check "… and runs" states_are_running "$many"
    kill_server
    rm -rf "$work/many"
    start_server || bad "the server is not ready after the many jobs"
}
