#!/usr/bin/env bash
# Echoes of single bytes through a tunnel, as of somebody who types, while a large file is pushed to the same agent; beside the same without a push.
#   bench/keystrokes.sh [MIB=1024] [PAUSE_MS=2] [ROUNDS=3]
# Prints the median and the 99th percentile of the echo, and what the push adds to it.

# shellcheck source=bench/lib.sh
. "$(dirname "$0")/lib.sh"
mib=$(whole MIB "${1:-1024}" 1 8192)
pause=$(whole PAUSE_MS "${2:-2}" 1 1000)
rounds=$(whole ROUNDS "${3:-3}" 1 100)
[ $# -le 3 ] || misused "Too many arguments."
prepare awk:mawk

target=$(free_port)
start_target serve "$target"
start_gateway here
start_agent here bench
eventually 30 "the agent is connected" agents_connected here 1
tunnel=$(open_tunnel here bench "$target")
head -c $((mib << 20)) /dev/urandom > file

typed() { # who command…: types until the command is done
  local who=$1 values; shift
  read -ra values <<< "$("$@" | traffic keystrokes "$tunnel" "$pause")"
  note echo "$who" "${values[0]}"
  note echo-p99 "$who" "${values[1]}"
  note echo-longest "$who" "${values[2]}"
  note echo-count "$who" "${values[3]}"
}
for round in $(seq 0 "$rounds"); do
  [ "$round" != 1 ] || forget
  typed idle sleep 5
  typed ours push_file here "$work/file" "$work/received" bench
done

report "Keystrokes during a push of $mib MiB" << 'ROWS'
echo of one byte, p50|ms|echo|idle|added|<|-|-|0.001
echo of one byte, p99|ms|echo-p99|idle|added|<|50|15|0.001
the longest echo|ms|echo-longest|idle|added|<|-|-|0.001
  echoes||echo-count|idle|ours|>|-|-
ROWS
