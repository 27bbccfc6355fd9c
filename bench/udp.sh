#!/usr/bin/env bash
# A UDP tunnel of a gateway and an agent of this machine beside the direct way to the same echo, in alternation.
#   bench/udp.sh [ROUNDS=3] [SECONDS=5] [BYTES=1200] [AT_A_TIME=64]
# Prints the round trip of a datagram of 64 bytes, the echoed datagrams (of BYTES) per second with AT_A_TIME under way, and how many were lost.

# shellcheck source=bench/lib.sh
. "$(dirname "$0")/lib.sh"
rounds=$(whole ROUNDS "${1:-3}" 1 100)
duration=$(whole SECONDS "${2:-5}" 1 600)
bytes=$(whole BYTES "${3:-1200}" 4 65507)
at_a_time=$(whole AT_A_TIME "${4:-64}" 1 10000)
[ $# -le 4 ] || misused "Too many arguments."
prepare awk:mawk
echoes=5000

target=$(free_port)
start_target udp-serve "$target"
echo_target=$started
start_gateway here
start_agent here bench
eventually 30 "the agent is connected" agents_connected here 1
tunnel=$(open_tunnel here bench "$target" protocol=udp)
ours="${server[here]} ${agent[bench]}"

for round in $(seq 0 "$rounds"); do
  [ "$round" != 1 ] || forget
  measure ours "$ours" $echoes "rtt rtt-p99 rtt-lost" udp-rtt "$tunnel" $echoes 64
  measure direct "$echo_target" $echoes "rtt rtt-p99 rtt-lost" udp-rtt "$target" $echoes 64
  measure ours "$ours" count "flood count lost" udp "$tunnel" "$duration" "$bytes" "$at_a_time"
  measure direct "$echo_target" count "flood count lost" udp "$target" "$duration" "$bytes" "$at_a_time"
done

report "UDP" << ROWS
round trip, p50|µs|rtt|direct|ratio|<|2.4|1.9
round trip, p99|µs|rtt-p99|direct|ratio|<|-|-
  lost|of $echoes|rtt-lost|direct|ours|<|-|-
  CPU of both ends, of the echo|µs each|rtt-cpu|direct|ratio|<|-|-|1000000
echoes of $bytes bytes, $at_a_time under way|per s|flood|direct|ratio|>|0.15|0.25
  lost||lost|direct|ours|<|-|-
  CPU of both ends, of the echo|µs each|flood-cpu|direct|ratio|<|-|-|1000000
ROWS
