# What fails around the server: brokers and databases that stop, and the server itself standing still.

states_are_running() {
    keep_broker
    [ "$(job_states | grep -c '|RUNNING|')" -ge "$1" ]
}

run_broker_stop() {
    sql -v kafka="127.0.0.1:$kafka_port" -f tests/faults/drained.sql -o /dev/null 2>>"$work/psql.log" ||
        bad "broker stopped: no job to drain"
    wait_for 30 states_are_running $((job_count + 1))
    tools/kafka stop --port "$kafka_port" --dir "$work/kafka" 2>>"$work/kafka.log"
    sleep 2
    check "broker stopped: the server answers" sql -c 'SHOW JOBS' -o /dev/null
    check "broker stopped: a job that reads from it is drained" \
        sql -c "STOP JOB '$(job_id drained)' WITH SAVEPOINT WITH DRAIN" -o /dev/null
    tools/kafka start --port "$kafka_port" --dir "$work/kafka" 2>>"$work/kafka.log" ||
        bad "the broker does not start again"
    feed_on
    check "broker started: all jobs run again" wait_for 30 states_are_running "$job_count"
}
run_postgres_stop() { # how
    tools/postgres "$1" --port "$postgres_port" --dir "$work/postgres" 2>>"$work/postgres.log"
    sleep 2
    check "PostgreSQL away ($1): the server answers" sql -c 'SHOW JOBS' -o /dev/null
    tools/postgres start --port "$postgres_port" --dir "$work/postgres" 2>>"$work/postgres.log" ||
        bad "PostgreSQL does not start again"
    check "PostgreSQL started: all jobs run again" wait_for 30 states_are_running "$job_count"
}

# The database drops our connections again and again, also within transactions and commits.
run_lost_connections() {
    for _ in $(seq 30); do
        postgres "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'sluice'" >/dev/null
        random_nap "$(random_below 200)"
    done
    check "PostgreSQL dropped connections 30 times: all jobs run again" wait_for 30 states_are_running "$job_count"
}

# The database takes what it is sent and answers nothing: a stop does not wait for it.
run_frozen_stop() {
    local backends code started
    backends=$(postgres "SELECT pid FROM pg_stat_activity WHERE application_name = 'sluice'")
    kill -STOP $backends
    sleep 1
    started=$SECONDS
    kill -TERM "$server_pid"
    wait_for 20 test -s "$work/server.code"
    code=$(cat "$work/server.code")
    check "PostgreSQL frozen: the server stops within 10 s (code $code after $((SECONDS - started)) s)" \
        [ "$code" -eq 0 -a $((SECONDS - started)) -le 10 ]
    kill -CONT $backends
    start_server || bad "the server is not ready after a stop"
}

server_stands() { grep -q '^State:.*stopped' "/proc/$server_pid/status"; }

# The server stands still with a transaction open, for longer than the broker lets it be.
run_standstill() { # POINT SECONDS
    kill_server
    start_server "$work/data" "$1:3:stop"
    if ! wait_for 15 server_stands; then
        bad "standstill: $1 was not passed 3 times within 15 s"
        return
    fi
    sleep "$2"
    kill -CONT "$server_pid"
    check "stood still for $2 s at $1: all jobs run again" wait_for 30 states_are_running "$job_count"
}

# Somebody else locks rows in the other order: one of the two is rolled back, and tries again.
run_deadlocks() {
    local before
    before=$(postgres "SELECT deadlocks FROM pg_stat_database WHERE datname = 'sluice'")
    for _ in 1 2 3; do
        postgres "BEGIN; UPDATE latest SET v = v WHERE k = 'k52'; SELECT pg_sleep(0.7);
                  UPDATE latest SET v = v WHERE k <> 'k52'; COMMIT" >/dev/null 2>&1
    done
    check "deadlocks with somebody else: all jobs run again" wait_for 30 states_are_running "$job_count"
    wait_for 5 eval '[ "$(postgres "SELECT deadlocks FROM pg_stat_database WHERE datname = '"'sluice'"'")" -gt "$before" ]' ||
        bad "there was no deadlock"
}
