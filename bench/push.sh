#!/usr/bin/env bash
# Pushes one file to many agents of this machine, and the same file by scp ten at a time to as many places, in alternation.
#   bench/push.sh [MIB=100] [AGENTS=10] [ROUNDS=3]
# Prints per round: MB/s summed over all targets, whole-machine CPU seconds per GB, and the ratio to scp. Needs root (mount namespaces, sshd).
set -euo pipefail
cd "$(dirname "$0")/.."
mib=${1:-100} agents=${2:-10} rounds=${3:-3}
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1
gateway=$PWD/Gateway/bin/Release/net10.0/RPort.Gateway.dll
agent=$PWD/Agent/bin/Release/net10.0/rport-agent.dll
[ -f "$gateway" ] && [ -f "$agent" ] || { echo "Build first: ./run, or dotnet build -c Release"; exit 1; }
work=$(mktemp -d)
pids=()
finish() { for pid in "${pids[@]}"; do kill -9 "$pid" 2>/dev/null || true; done; wait 2>/dev/null || true; rm -rf "$work"; }
trap finish EXIT
port() { python3 -c 'import socket; s=socket.socket(); s.bind(("127.0.0.1",0)); print(s.getsockname()[1])'; }
api=$(port) door=$(port) ssh=$(port)
head -c $((mib << 20)) /dev/urandom > "$work/file"

cd "$work"
dotnet "$gateway" --Data:Folder="$work/data" --Api:Address=127.0.0.1:$api --Agents:Address=127.0.0.1:$door --Api:Auth=admin:bench-password \
  --Agents:Auth=fleet:bench-password --Files:MaxFilePushSize=$((8 << 30)) > server.log 2>&1 & pids+=($!)
server=$!
call() { curl -sS -u admin:bench-password "$@"; }
until curl -fs -o /dev/null http://127.0.0.1:$api/health/ready; do kill -0 $server; sleep 0.2; done
pin=$(call http://127.0.0.1:$api/api/v1/status | python3 -c 'import json,sys; print(json.load(sys.stdin)["data"]["fingerprint"])')
mkdir -p shared
targets=()
for i in $(seq "$agents"); do
  mkdir -p "agent$i" "received$i"
  unshare --mount --propagation private sh -c 'mount --bind "$0" "$1" && shift && exec "$@"' "$work/received$i" "$work/shared" \
    dotnet "$agent" --server ws://127.0.0.1:$door --fingerprint "$pin" --auth fleet:bench-password --id "a$i" --data-dir "$work/agent$i" --set Client:AllowRoot=true > "agent$i.log" 2>&1 & pids+=($!)
  targets+=(-F "client_id=a$i")
done
connected() { call http://127.0.0.1:$api/api/v1/status | python3 -c 'import json,sys; print(json.load(sys.stdin)["data"]["clients_connected"])'; }
until [ "$(connected)" = "$agents" ]; do sleep 0.5; done

ssh-keygen -q -t ed25519 -N '' -f hostkey
ssh-keygen -q -t ed25519 -N '' -f userkey
mkdir -p /run/sshd
cp userkey.pub authorized; chmod 600 authorized
/usr/sbin/sshd -f /dev/null -p $ssh -h "$work/hostkey" -o ListenAddress=127.0.0.1 -o AuthorizedKeysFile="$work/authorized" -o StrictModes=no -o PidFile=none \
  -o PermitRootLogin=yes -o UsePAM=no -o MaxStartups=100 -o Subsystem="sftp internal-sftp" -D > sshd.log 2>&1 & pids+=($!)
sleep 1

cpu_of() { awk '{print $14+$15}' "/proc/$1/stat"; }
ticks() { awk '/^cpu /{print $2+$3+$4}' /proc/stat; }
measure() { # name command…
  local name=$1; shift
  local c0 t0 c1 t1 g0 g1
  sync; c0=$(ticks); g0=$(cpu_of "$server"); t0=$(date +%s.%N); "$@"; t1=$(date +%s.%N); c1=$(ticks); g1=$(cpu_of "$server")
  python3 - "$name" "$t0" "$t1" "$c0" "$c1" "$mib" "$agents" "$(getconf CLK_TCK)" "$g0" "$g1" <<'PY'
import sys
name, t0, t1, c0, c1, mib, n, hz, g0, g1 = sys.argv[1:]
total = int(mib) * int(n) * 1048576 / 1e6
wall, cpu = float(t1) - float(t0), (int(c1) - int(c0)) / int(hz)
print(f"{name:6} {total/wall:8.0f} MB/s {cpu/(total/1000):6.2f} CPU-s/GB, of these the gateway {(int(g1) - int(g0)) / int(hz) / (total / 1000):5.2f}  {wall:6.2f} s", flush=True)
open("figures", "a").write(f"{name} {total/wall} {cpu/(total/1000)}\n")
PY
}
push() {
  local id state=
  id=$(call "${targets[@]}" -F upload=@file -F dest="$work/shared/file" -F force=true http://127.0.0.1:$api/api/v1/files | python3 -c 'import json,sys; print(json.load(sys.stdin)["data"]["uuid"])')
  while :; do
    state=$(call "http://127.0.0.1:$api/api/v1/files/$id")
    case "$state" in *'"pending"'*) ;; *) break ;; esac
    sleep 0.05
  done
  [ "$(grep -o '"success"' <<< "$state" | wc -l)" = "$agents" ] || { echo "not all succeeded: $state"; exit 1; }
}
copy() {
  seq "$agents" | xargs -P 10 -I{} scp -q -i userkey -P $ssh -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -c aes128-gcm@openssh.com file "127.0.0.1:$work/received{}/copied"
}
push; copy # warm
for _ in $(seq "$rounds"); do measure rport push; measure scp copy; done
for i in $(seq "$agents"); do cmp file "received$i/file"; done
python3 - <<'PY'
import statistics
rows = [line.split() for line in open("figures")]
mb = {n: statistics.median(float(r[1]) for r in rows if r[0] == n) for n in ("rport", "scp")}
cpu = {n: statistics.median(float(r[2]) for r in rows if r[0] == n) for n in ("rport", "scp")}
print(f"median: {mb['rport']:.0f} against {mb['scp']:.0f} MB/s = {mb['rport']/mb['scp']:.2f} x scp; {cpu['rport']:.2f} against {cpu['scp']:.2f} CPU-s/GB")
PY
