# kill -9 at random moments, and at every named point of the checkpoint and publish protocols by turns.

fault_points() { grep -rhoE 'sl_fault_point\("[a-z-]+"\)' src | sed 's/.*"\(.*\)".*/\1/' | sort; }

kill_at_random() {
    local after=$((100 + $(random_below 1900)))
    random_nap "$after"
    kill_server
    say "kill $1: after $after ms"
}
# The server runs with the point armed until it dies of it.
kill_at_point() { # kill_at_point NUMBER POINT COUNT
    if wait_for 15 server_is_gone; then
        say "kill $1: at $2, the ${3}th time"
    else
        bad "kill $1: $2 was not passed $3 times within 15 s"
        kill_server
    fi
}
run_kills() {
    local points point count
    mapfile -t points < <(fault_points)
    kill_server
    for i in $(seq "$1"); do
        point=
        count=$((1 + $(random_below 30)))
        # Two of three are at points.
        [ $((i % 3)) -eq 0 ] || point=${points[next_point++ % ${#points[@]}]}
        case $point in *-fenced) count=$((1 + $(random_below 2))) ;; esac
        if ! start_server "$work/data" "${point:+$point:$count}" && ! { [ -n "$point" ] && server_is_gone; }; then
            bad "kill $i: the server is not ready again within 10 s"
            kill_server
            continue
        fi
        if [ -n "$point" ]; then kill_at_point "$i" "$point" "$count"; else kill_at_random "$i"; fi
        passed=$((passed + 1))
    done
    start_server || bad "the server is not ready again within 10 s"
}
