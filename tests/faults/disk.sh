# A full disk: the server's data on a small tmpfs in a mount namespace of its own.

# The namespace ends with its last process: what the server left is copied out before.
disk_run() {
    exec unshare -m bash -c '
        mount -t tmpfs -o size="$3m" tmpfs "$1/mount" && cp -a "$1/data/." "$1/mount/" || exit 1
        "$1/sluiced" --data "$1/mount" --port "$2" --http-port 0 --slots "$4" >"$1/ready" 2>>"$1/server.log" &
        echo $! >"$1/disk.pid"
        wait 2>/dev/null
        rm -rf "$1/data" && cp -a "$1/mount" "$1/data"' disk "$work" "$sql_port" \
        $((160 + 2 * $(du -sm "$work/data" | cut -f 1))) "$slots" # the guard wants 64 MB free
}
disk_is_full() { job_states | grep -qE '\|held: |No space left'; }

run_full_disk() {
    local wrapper
    if ! unshare -m true 2>/dev/null; then
        bad "full disk: no mount namespace can be made here"
        return
    fi
    kill_server
    mkdir -p "$work/mount"
    : >"$work/ready"
    disk_run 2>/dev/null &
    wrapper=$!
    if ! wait_for 10 grep -q '^ready' "$work/ready"; then
        bad "full disk: no server on a tmpfs"
        return
    fi
    server_pid=$(cat "$work/disk.pid")
    sleep 1
    local ballast=/proc/$server_pid/root$work/mount/ballast
    dd if=/dev/zero of="$ballast" bs=64k status=none 2>/dev/null
    check "full disk: it is noticed" wait_for 15 disk_is_full
    sleep 1
    check "full disk: the server answers" sql -c 'SHOW JOBS' -o /dev/null
    job_states | sort -u | head -n 3 | sed 's/^/       /'
    rm -f "$ballast"
    check "there is room again: all jobs run" wait_for 30 states_are_running "$job_count"
    sleep 1
    kill -KILL "$server_pid"
    wait "$wrapper" 2>/dev/null
    rm -f "$work/data/ballast"
    start_server || bad "the server is not ready after the full disk"
}
