# Prints what the jobs are to make of the input topic (partition, key, seq, value, time in ms a line):
# with mode=rows the rows themselves, with mode=windows the sums of every second that is over.
BEGIN { FS = "," }
$1 == "end" { next }
mode == "rows" { print $1 "," $2 "," $3; next }
{
    id = $1 "," int($4 / 1000)
    if (!(id in n) || $4 < first[id]) first[id] = $4
    n[id]++
    sum[id] += $3
    split(id, part, ",")
    key[id] = part[1]
}
END { if (mode == "windows") for (id in n) print key[id] "," first[id] "," n[id] "," sum[id] }
