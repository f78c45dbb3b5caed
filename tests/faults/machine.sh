# What the machine does to a server: syncs that fail, memory that is not there, a clock that jumps.  See preload.c.

build_preload() { cc -shared -fPIC -O1 -o "$work/preload.so" tests/faults/preload.c; }

# Starts the server with what preload.c is told.
start_with() { # start_with NAME=VALUE
    kill_server
    server_environment=("LD_PRELOAD=$work/preload.so" "$@")
    start_server
    local rc=$?
    server_environment=()
    return $rc
}
# Each sync that fails is told of, and then all is as before.
run_failed_sync() { # run_failed_sync PART-OF-PATH COUNT
    local before
    before=$(grep -c "^preload: EIO .*$1" "$work/server.log")
    start_with "FAULT_EIO=$1:$2" || { server_is_gone || bad "a sync of $1 fails: the server is not ready"; }
    if ! wait_for 15 sync_has_failed "$1" "$before"; then
        bad "a sync of $1 fails: there were not $2 within 15 s"
        return
    fi
    server_is_gone && start_server
    check "the $2th sync of $1 failed: all jobs run again" wait_for 30 states_are_running "$job_count"
}
sync_has_failed() { [ "$(grep -c "^preload: EIO .*$1" "$work/server.log")" -gt "$2" ]; }

# A server that finds no memory ends; a third end of its own within ten minutes would suspend the jobs.
run_no_memory() {
    local count=$((20000 + $(random_below 40000)))
    start_with "FAULT_MALLOC=$count"
    if wait_for 20 server_is_gone; then
        good "no memory at the ${count}th allocation: the server ends"
    else
        check "no memory at the ${count}th allocation: it was got over" \
            grep -q '^preload: no memory' "$work/server.log"
        kill_server
    fi
    start_server
    check "there is memory again: all jobs run" wait_for 30 states_are_running "$job_count"
}

# The wall clock jumps ahead and back: jobs that wait to start again do not wait for it.
run_clock_steps() {
    local seconds
    echo 0 >"$work/clock"
    start_with "FAULT_CLOCK=$work/clock" || bad "clock: the server is not ready"
    wait_for 30 states_are_running "$job_count"
    for seconds in 3600 -3600 0; do
        echo "$seconds" >"$work/clock"
        sleep 1
        postgres "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'sluice'" >/dev/null
        check "clock $seconds s off: jobs that fail run again" wait_for 15 has_restarted
    done
    kill_server
    start_server || bad "the server is not ready after the clock's steps"
}
# Those whose connection went, and all others.
has_restarted() {
    sleep 1
    states_are_running "$job_count"
}

run_machine() {
    build_preload || { bad "preload.c does not compile"; return; }
    run_failed_sync checkpoints/ $((10 + $(random_below 40)))
    run_failed_sync manifest $((2 + $(random_below 10)))
    run_failed_sync memory/ $((2 + $(random_below 10)))
    run_failed_sync files/ $((5 + $(random_below 40)))
    run_failed_sync journal $((5 + $(random_below 20)))
    run_failed_sync catalog.db $((1 + $(random_below 3)))
    run_no_memory
    run_clock_steps
}
