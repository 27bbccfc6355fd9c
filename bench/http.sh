#!/usr/bin/env bash
# HTTP through a tunnel of a gateway and an agent of this machine beside `ssh -tt -R` of OpenSSH, in alternation, to the same web server.
#   bench/http.sh [ROUNDS=3] [SECONDS=5] [CONNECTIONS=32]
# Prints requests per second over connections kept alive, their latency, and the CPU per request of both ends of the tunnel; and what the web server
# does without any tunnel.

# shellcheck source=bench/lib.sh
. "$(dirname "$0")/lib.sh"
rounds=$(whole ROUNDS "${1:-3}" 1 100)
duration=$(whole SECONDS "${2:-5}" 1 600)
connections=$(whole CONNECTIONS "${3:-32}" 1 1000)
[ $# -le 3 ] || misused "Too many arguments."
prepare ssh:openssh-client sshd:openssh-server script:bsdutils

target=$(free_port)
start_target http-serve "$target"
web=$started
start_gateway here
start_agent here bench
eventually 30 "the agent is connected" agents_connected here 1
tunnel=$(open_tunnel here bench "$target")
start_sshd
start_ssh_tunnel "$target" -c aes128-gcm@openssh.com

for round in $(seq 0 "$rounds"); do
  [ "$round" != 1 ] || forget
  figures="http http-p50 http-p99 requests"
  measure ours "${server[here]} ${agent[bench]}" requests "$figures" http "$tunnel" "$connections" "$duration"
  measure ssh "$ssh_ends" requests "$figures" http "$ssh_tunnel" "$connections" "$duration"
  measure ours "$web" requests "direct direct-p50 direct-p99 requests" http "$target" "$connections" 1
done

report "HTTP, $connections connections" << 'ROWS'
requests|per s|http|ssh|ratio|>|0.65|1.0
latency, p50|µs|http-p50|ssh|ratio|<|-|-
latency, p99|µs|http-p99|ssh|ratio|<|-|-
  CPU of both ends|µs each|http-cpu|ssh|ratio|<|-|-|1000000
requests without a tunnel|per s|direct|-|ours|>|-|-
ROWS
