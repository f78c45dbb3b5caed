# kill -9 at random moments, and at every named point of the checkpoint and publish protocols by turns.

fault_points() { grep -rhoE 'sl_fault_point\("[a-z-]+"\)' src | sed 's/.*"\(.*\)".*/\1/' | sort; }

declare -A kills_at
kill_at_random() {
    local after=$((100 + $(random_below 900)))
    random_nap "$after"
    kill_server
    say "kill $1: after $after ms"
}
# A channel is written only of rows that a barrier overtakes, of which the paced input may have none:
# a job without a pace has them at every barrier.
start_flood() { sql -f tests/faults/flood.sql -o /dev/null 2>>"$work/psql.log"; }
end_flood() {
    local id
    kill_server
    start_server || return 1
    id=$(job_id flood)
    [ -z "$id" ] || sql -c "STOP JOB '$id'" -o /dev/null 2>>"$work/psql.log" || return 1
    kill_server
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
    local points point count began=$SECONDS
    mapfile -t points < <(fault_points)
    kill_server
    for i in $(seq "$1"); do
        point=
        count=$((1 + $(random_below 10)))
        # Two of three are at points.
        [ $((i % 3)) -eq 0 ] || point=${points[next_point++ % ${#points[@]}]}
        # What seldom comes by.
        case $point in channels-written | *-fenced | file-opened | file-journal-re* | file-directory-made) count=1 ;; esac
        if ! start_server "$work/data" "${point:+$point:$count}" && ! { [ -n "$point" ] && server_is_gone; }; then
            bad "kill $i: the server is not ready again within 10 s"
            kill_server
            continue
        fi
        [ "$point" != channels-written ] || start_flood
        if [ -n "$point" ]; then kill_at_point "$i" "$point" "$count"; else kill_at_random "$i"; fi
        [ "$point" != channels-written ] || end_flood || bad "kill $i: its job without a pace does not end"
        kills_at[${point:-random}]=$((${kills_at[${point:-random}]:-0} + 1))
        passed=$((passed + 1))
    done
    report_kills $((SECONDS - began))
    start_server || bad "the server is not ready again within 10 s"
}
report_kills() { # report_kills SECONDS
    local point sum=0
    for point in $(printf '%s\n' "${!kills_at[@]}" | sort); do
        say "kills: ${kills_at[$point]} at $point"
        sum=$((sum + ${kills_at[$point]}))
    done
    say "kills: $sum within $1 s, at ${#kills_at[@]} places"
}
