#!/usr/bin/env bash
# A tunnel of this machine's gateway and agent beside `ssh -R` of OpenSSH, in alternation, to the same target.
#   bench/tunnel.sh [ROUNDS=3] [MEGABYTES=1500] [CIPHER=aes128-gcm@openssh.com]
# Prints medians: MB/s and CPU seconds per GB (both ends of the tunnel) for 1 and 8 streams each way, round trips, connections per second; and the
# ratios. Needs python3 and OpenSSH with sshd; run as root. Build first.
set -euo pipefail
cd "$(dirname "$0")/.."
rounds=${1:-3} megabytes=${2:-1500} cipher=${3:-aes128-gcm@openssh.com}
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1
gateway=$PWD/Gateway/bin/Release/net10.0/RPort.Gateway.dll
agent=$PWD/Agent/bin/Release/net10.0/rport-agent.dll
traffic=$PWD/bench/traffic.py
[ -f "$gateway" ] && [ -f "$agent" ] || { echo "Build first: ./run, or dotnet build -c Release"; exit 1; }
work=$(mktemp -d)
pids=()
finish() { for pid in "${pids[@]}"; do kill -- "$pid" 2>/dev/null || true; done; wait 2>/dev/null || true; rm -rf "$work"; }
trap finish EXIT
port() { python3 -c 'import socket; s=socket.socket(); s.bind(("127.0.0.1",0)); print(s.getsockname()[1])'; }
api=$(port) door=$(port) ssh=$(port) target=$(port) reverse=$(port)
cd "$work"

setsid python3 "$traffic" serve "$target" & pids+=("-$!")
dotnet "$gateway" --Data:Folder="$work/data" --Api:Address=127.0.0.1:$api --Agents:Address=127.0.0.1:$door --Api:Auth=admin:bench-password \
  --Agents:Auth=fleet:bench-password > server.log 2>&1 & server=$!; pids+=($server)
call() { curl -sS -u admin:bench-password "$@"; }
until curl -fs -o /dev/null http://127.0.0.1:$api/health/ready; do kill -0 $server; sleep 0.2; done
field() { python3 -c "import json,sys; print(json.load(sys.stdin)['data']['$1'])"; }
pin=$(call http://127.0.0.1:$api/api/v1/status | field fingerprint)
dotnet "$agent" --server ws://127.0.0.1:$door --fingerprint "$pin" --auth fleet:bench-password --id bench --data-dir "$work/agent" --set Client:AllowRoot=true > agent.log 2>&1 & client=$!; pids+=($client)
until [ "$(call http://127.0.0.1:$api/api/v1/status | field clients_connected)" = 1 ]; do sleep 0.2; done
tunnel=$(call -X PUT "http://127.0.0.1:$api/api/v1/clients/bench/tunnels?remote=127.0.0.1:$target&check_port=0&skip-idle-timeout=true" | field lport)

ssh-keygen -q -t ecdsa -N '' -f hostkey; ssh-keygen -q -t ecdsa -N '' -f userkey
mkdir -p /run/sshd
/usr/sbin/sshd -D -f /dev/null -p "$ssh" -h "$work/hostkey" -o ListenAddress=127.0.0.1 -o AuthorizedKeysFile="$work/userkey.pub" -o StrictModes=no -o PidFile=none \
  -o PermitRootLogin=yes -o UsePAM=no > sshd.log 2>&1 & daemon=$!; pids+=($daemon)
sleep 1
# A terminal makes ssh switch Nagle off on its link; without it every small packet waits.
setsid script -qfc "exec ssh -tt -F none -c $cipher -i $work/userkey -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR \
  -R 127.0.0.1:$reverse:127.0.0.1:$target -p $ssh 127.0.0.1 'sleep 86400'" /dev/null < /dev/null > ssh.log 2>&1 & pids+=("-$!")
until python3 -c "import socket; socket.create_connection(('127.0.0.1', $reverse), 1)" 2>/dev/null; do sleep 0.2; done
ends() { pgrep -d ' ' -f "ssh -tt -F none -c $cipher -i $work" | xargs -n1 | while read -r p; do [ "$(cat "/proc/$p/comm")" = ssh ] && echo "$p"; done; pgrep -P "$daemon"; pgrep -P "$(pgrep -P "$daemon" | head -1)" || true; }
theirs=$(ends | sort -u | xargs)
ours="$server $client"

cpu() { cat $(printf '/proc/%s/stat ' $1) | awk '{ t += $14 + $15 } END { print t }'; }
measure() { # who pids port label command…
  local who=$1 pids=$2 port=$3 label=$4 before after; shift 4
  before=$(cpu "$pids"); local result; result=$(python3 "$traffic" "$1" "$port" "${@:2}"); after=$(cpu "$pids")
  echo "$label $who $result $((after - before))" >> figures
}
both() { # label command…
  measure ours "$ours" "$tunnel" "$@"
  measure ssh "$theirs" "$reverse" "$@"
}
for round in $(seq 0 "$rounds"); do
  [ "$round" = 1 ] && rm -f figures # round 0 warms both up
  for streams in 1 8; do for way in D U; do both "bulk-$way-$streams" bulk $way $streams "$megabytes"; done; done
  both rtt rtt 5000
  both connections connections 4000 8
done
python3 - "$megabytes" <<'P'
import collections, statistics, sys
gb = int(sys.argv[1]) / 1000
rows = collections.defaultdict(list)
for line in open("figures"):
    label, who, *values = line.split()
    rows[label, who].append([float(v) for v in values])
median = lambda label, who, i: statistics.median(row[i] for row in rows[label, who])
print(f"{'':30}{'tunnel':>12}{'ssh -R':>12}{'ratio':>8}")
def show(name, ours, theirs): print(f"{name:30}{ours:12.2f}{theirs:12.2f}{ours / theirs:8.2f}")
for streams in (1, 8):
    for way, words in (("D", "to the user"), ("U", "to the machine")):
        label = f"bulk-{way}-{streams}"
        show(f"{words}, {streams} streams, MB/s", median(label, "ours", 0), median(label, "ssh", 0))
        show("  CPU-s per GB", median(label, "ours", 1) / 100 / gb, median(label, "ssh", 1) / 100 / gb)
show("round trip p50, µs", median("rtt", "ours", 0), median("rtt", "ssh", 0))
show("  p99, µs", median("rtt", "ours", 1), median("rtt", "ssh", 1))
show("connections/s, 8 at a time", median("connections", "ours", 0), median("connections", "ssh", 0))
show("  CPU ms per connection", median("connections", "ours", 1) * 10 / 4000, median("connections", "ssh", 1) * 10 / 4000)
P
