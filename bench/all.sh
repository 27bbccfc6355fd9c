#!/usr/bin/env bash
# All measurements of this folder, one after the other, and one table of them: ours, the peer's, the ratio, what is demanded, and whether it is reached.
#   bench/all.sh [--quick]
# About a quarter of an hour on two cores that do nothing else; --quick takes small sizes and one round, to see that all of it works. The figures go to
# artifacts/bench/ as JSON, with date, machine and commit. Exit code 1 when a measurement failed; a goal that is missed is no failure.

# shellcheck source=bench/lib.sh
. "$(dirname "$0")/lib.sh"
steps=("tunnel.sh 3 1500" "tunnel.sh 2 1000 aes128-ctr" "wss.sh 2 1000" "http.sh 3 5" "udp.sh 3 3" "keystrokes.sh 1024 2 2" "push.sh 10,100 10 2" "push.sh 10,100 50 1" "memory.sh 30")
case "${1:-}" in
  '') ;;
  --quick) steps=("tunnel.sh 1 200" "tunnel.sh 1 100 aes128-ctr" "wss.sh 1 100" "http.sh 1 1" "udp.sh 1 1" "keystrokes.sh 64 2 1" "push.sh 10,20 3 1" "memory.sh 5") ;;
  *) misused "'$1' is no option." ;;
esac
[ $# -le 1 ] || misused "Too many arguments."

publish_programs
step=
export BENCH_RESULTS BENCH_BUSY BENCH_FAILED=
BENCH_RESULTS=$(mktemp)
trap '[ -z "$step" ] || { kill "$step" 2>/dev/null; wait "$step" || true; }; rm -f "$BENCH_RESULTS"' EXIT
trap 'exit 130' INT TERM

commit=$(git -C "$root" rev-parse --short HEAD 2>/dev/null || echo unknown)
[ -z "$(git -C "$root" status --porcelain 2>/dev/null)" ] || commit+=-changed
file=$root/artifacts/bench/$(date -u +%Y%m%dT%H%M%SZ)-$commit.json
mkdir -p "$(dirname "$file")"

processors() { awk '/^cpu / { total = 0; for (i = 2; i <= 9; i++) total += $i; print $5 + $6, total }' /proc/stat; }
read -r idle_before total_before <<< "$(processors)"
sleep 5
read -r idle total <<< "$(processors)"
BENCH_BUSY=$(awk "BEGIN { print 1 - ($idle - $idle_before) / ($total - $total_before) }")
say "Others use $(awk "BEGIN { printf \"%.0f\", 100 * $BENCH_BUSY }") % of the processors"

for words in "${steps[@]}"; do
  say "bench/$words"
  began=$SECONDS
  # shellcheck disable=SC2086 # a command and its arguments
  "$root/bench/"$words & step=$!
  wait "$step" || BENCH_FAILED+=" ${words// /_}"
  step=
  echo "$((SECONDS - began)) s"
done

say "All, after $((SECONDS / 60)) min $((SECONDS % 60)) s"
python3 "$root/bench/report.py" document "$BENCH_RESULTS" "$file" "$commit"
echo "${file#"$root/"}"
[ -z "$BENCH_FAILED" ] || die "Failed:$BENCH_FAILED"
