# Fails where the rows of a key are not in the order in which they came in (key, seq, … a line).
BEGIN { FS = "," }
($1 in last) && $2 + 0 <= last[$1] { printf "key %s: %s behind %.0f\n", $1, $2, last[$1]; bad = 1; exit 1 }
{ last[$1] = $2 + 0 }
