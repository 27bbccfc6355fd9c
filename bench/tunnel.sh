#!/usr/bin/env bash
# A tunnel of a gateway and an agent of this machine beside `ssh -tt -R` of OpenSSH, in alternation, to the same target.
#   bench/tunnel.sh [ROUNDS=3] [MEGABYTES=1500] [CIPHER=aes128-gcm@openssh.com] [MAC=hmac-sha2-256]
# Prints MB/s and CPU seconds per GB (both ends of the tunnel) for 1 and 8 streams each way, round trips of one byte, and connections per second. With a
# cipher in counter mode, such as aes128-ctr, and its MAC: throughput only.

# shellcheck source=bench/lib.sh
. "$(dirname "$0")/lib.sh"
rounds=$(whole ROUNDS "${1:-3}" 1 100)
megabytes=$(whole MEGABYTES "${2:-1500}" 1 100000)
cipher=${3:-aes128-gcm@openssh.com} mac=${4:-hmac-sha2-256}
[ $# -le 4 ] || misused "Too many arguments."
prepare ssh:openssh-client sshd:openssh-server script:bsdutils
ssh -Q cipher | grep -qxF "$cipher" || misused "OpenSSH has no cipher '$cipher'."
ssh -Q mac | grep -qxF "$mac" || misused "OpenSSH has no MAC '$mac'."
case $cipher in *-ctr) bulk_only=1 name="$cipher $mac" ;; *) bulk_only='' name=$cipher ;; esac
echoes=5000 connections=4000 gigabytes=$(awk "BEGIN { print $megabytes / 1000 }")

target=$(free_port)
start_target serve "$target"
start_gateway here --Agents:Ciphers:0="$cipher" --Agents:Macs:0="$mac"
start_agent here bench
eventually 30 "the agent is connected" agents_connected here 1
tunnel=$(open_tunnel here bench "$target")
start_sshd
start_ssh_tunnel "$target" -c "$cipher" -m "$mac"

both() { # per figures argument…: the port goes behind the command
  measure ours "${server[here]} ${agent[bench]}" "$1" "$2" "$3" "$tunnel" "${@:4}"
  measure ssh "$ssh_ends" "$1" "$2" "$3" "$ssh_tunnel" "${@:4}"
}
for round in $(seq 0 "$rounds"); do
  [ "$round" != 1 ] || forget
  for streams in 1 8; do
    for way in down up; do both "$gigabytes" "$way-$streams" bulk $way $streams "$megabytes"; done
  done
  [ -z "$bulk_only" ] || continue
  both $echoes "rtt rtt-p99" rtt $echoes
  both $connections connections connections $connections 8
done

if [ -n "$bulk_only" ]; then throughput='-|-'; else throughput='0.7|1.0'; fi
{
  for streams in 1 8; do
    for way in down up; do
      case $way in down) words="to the user" ;; *) words="to the machine" ;; esac
      echo "$words, $streams stream(s)|MB/s|$way-$streams|ssh|ratio|>|$throughput"
      echo "  CPU of both ends|s/GB|$way-$streams-cpu|ssh|ratio|<|1.5|1.1"
    done
  done
  [ -n "$bulk_only" ] || cat << 'ROWS'
echo of one byte, p50|µs|rtt|ssh|ratio|<|1.2|1.0
echo of one byte, p99|µs|rtt-p99|ssh|ratio|<|1.4|1.0
  CPU of both ends|µs each|rtt-cpu|ssh|ratio|<|-|-|1000000
connections, 8 at a time|per s|connections|ssh|ratio|>|0.7|1.0
  CPU of both ends|ms each|connections-cpu|ssh|ratio|<|-|-|1000
ROWS
} | report "Tunnel, $name"
