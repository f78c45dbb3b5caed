# A flipped bit in each file of a checkpoint, files that are cut short or gone: the server goes on exactly, or says
# FAILED and which file.

flip_bit() { # flip_bit FILE
    python3 - "$1" "$(random_below 1000000)" <<'PY'
import os, sys
path, at = sys.argv[1], int(sys.argv[2])
at %= os.path.getsize(path)
with open(path, "r+b") as f:
    f.seek(at)
    byte = f.read(1)[0]
    f.seek(at)
    f.write(bytes([byte ^ 1 << at % 8]))
PY
}
cut_file() { truncate -s -10 "$1"; }
remove_file() { rm "$1"; }
job_is_failed() { job_states | grep -q "^$1|FAILED|"; }
is_settled_or_failed() { job_is_failed "$1" || is_complete "$1"; }

# The memory job's server alone: a copy, on which nothing outside depends.
run_damage() { # run_damage COMMAND TARGET ID FILE
    local copy=$work/copy how=$1
    shift
    rm -rf "$copy"
    cp -a "$work/frozen" "$copy"
    $how "$copy/checkpoints/$2/$3"
    start_server "$copy" || { bad "$how of $3: the server does not start"; return; }
    wait_for 30 is_settled_or_failed "$1" || true
    if job_is_failed "$1"; then
        check "$how of $3: FAILED, and it says so" grep -q "$(basename "$3")" <(job_states | grep "^$1|")
    else
        check "$how of $3: goes on exactly" is_exact "$1"
    fi
    kill_server
}
# A job into a memory table that is killed at a point where a checkpoint is durable.
run_bits() { # run_bits POINT:COUNT
    local id newest files
    kill_server
    rm -rf "$work/lone" "$work/frozen"
    start_server "$work/lone" "$1" || { bad "bits: the server does not start"; return; }
    start_feeder "$end_time" # no window ends by them: nothing comes of them but further checkpoints
    sql -v kafka="127.0.0.1:$kafka_port" -f tests/faults/lone.sql -o /dev/null 2>>"$work/psql.log" || bad "bits: no job"
    wait_for 20 server_is_gone || { bad "bits: $1 was not passed within 20 s"; kill_server; }
    end_feeder
    id=$(ls "$work/lone/checkpoints")
    cp -a "$work/lone" "$work/frozen"
    newest=$(cd "$work/lone/checkpoints/$id" && ls -d ./*/manifest | cut -d / -f 2 | sort -n | tail -n 1)
    mapfile -t files < <(cd "$work/frozen/checkpoints/$id" && find "$newest" -type f | sort)
    [ "${#files[@]}" -ge 2 ] || bad "bits: checkpoint $newest has ${#files[@]} files"
    for file in "${files[@]}"; do run_damage flip_bit sums_memory "$id" "$file"; done
    # Of each kind of file one.
    for kind in outbox sst CURRENT MANIFEST- manifest; do
        file=$(printf '%s\n' "${files[@]}" | grep -m 1 "$kind") || continue
        run_damage cut_file sums_memory "$id" "$file"
        # One without a manifest never came to be.
        [ $kind = manifest ] || run_damage remove_file sums_memory "$id" "$file"
    done
}
