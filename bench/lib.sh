# shellcheck shell=bash disable=SC2034 # its variables are for the scripts
# What the scripts of this folder have in common; sourced by them, with the script's arguments. Everything they start ends with them,
# everything they write is in a folder of its own that goes with them, except the figures in the file $BENCH_RESULTS, if that is set.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
script=$(cd "$(dirname "$0")" && pwd)/$(basename "$0")
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1
built=bin/Release/net10.0
traffic_program=(dotnet "$root/bench/Traffic/$built/RPort.Traffic.dll")
auth=admin:bench-password
groups=()                      # process groups to end
declare -A api door server pin # of each gateway: address of the API, URL for agents, process, fingerprint
declare -A agent               # of each agent: process

say() { printf '\n== %s\n' "$*"; }
die() { echo "$*" >&2; exit 1; }
help() { awk 'NR > 1 { if (!/^#/) exit; sub(/^# ?/, ""); print }' "$script"; }
misused() { echo "$*" >&2; help >&2; exit 2; }

# whole NAME VALUE LEAST MOST: prints the value, if it is a number in that range.
whole() {
  if ! [[ $2 =~ ^[0-9]{1,9}$ ]] || [ "$2" -lt "$3" ] || [ "$2" -gt "$4" ]; then misused "$1 is a whole number from $3 to $4, not '$2'."; fi
  echo "$2"
}

case "${1:-}" in -h | --help) help; exit 0 ;; esac

# What is measured is what is installed: the published programs, compiled ahead. $BENCH_GATEWAY and $BENCH_AGENT name others, as DLL or as executable.
publish_programs() {
  command -v dotnet > /dev/null || die "The .NET SDK is needed."
  [ -f "${traffic_program[1]}" ] || dotnet build "$root/bench/Traffic" -c Release --nologo -v q -clp:ErrorsOnly
  local published=$root/artifacts/published/publish project
  for project in Gateway Agent; do # with intermediate files of their own: the build in this tree stays as it is
    local variable=BENCH_${project^^}
    [ -n "${!variable:-}" ] || dotnet publish "$root/$project" -r linux-x64 --artifacts-path "$root/artifacts/published" --nologo -v q -clp:ErrorsOnly
  done
  export BENCH_GATEWAY=${BENCH_GATEWAY:-$published/Gateway/release_linux-x64/RPort.Gateway} BENCH_AGENT=${BENCH_AGENT:-$published/Agent/release_linux-x64/rport-agent}
  gateway_program=("$BENCH_GATEWAY") agent_program=("$BENCH_AGENT")
  [[ $BENCH_GATEWAY != *.dll ]] || gateway_program=(dotnet "$BENCH_GATEWAY")
  [[ $BENCH_AGENT != *.dll ]] || agent_program=(dotnet "$BENCH_AGENT")
}

# prepare COMMAND:PACKAGE…: what every script needs, and these.
prepare() {
  [ "$(id -u)" -eq 0 ] || die "Run as root: sshd and mount namespaces need it."
  publish_programs
  bash "$root/infra/build/install-packages.sh" curl:curl python3:python3 pgrep:procps "$@"
  work=$(mktemp -d)
  trap finish EXIT
  trap 'exit 130' INT TERM
  cd "$work"
}

finish() {
  local code=$? group
  case $code in
    0 | 2 | 130) ;;
    *) echo "$(basename "$script") failed ($code)" >&2; find "$work" -maxdepth 1 -name '*.log' -exec tail -n 5 {} + >&2 ;;
  esac
  for group in "${groups[@]}"; do kill -- "-$group" 2>/dev/null || true; done
  for group in "${groups[@]}"; do
    for _ in $(seq 50); do kill -0 -- "-$group" 2>/dev/null || break; sleep 0.1; done
    kill -9 -- "-$group" 2>/dev/null || true
  done
  wait 2>/dev/null || true
  rm -rf "$work"
}

# start NAME COMMAND…: in a process group of its own, with its output in NAME.log; $started is its process.
start() {
  local name=$1; shift
  setsid "$@" > "$work/$name.log" 2>&1 < /dev/null & started=$!
  groups+=("$started")
}

# eventually SECONDS WHAT COMMAND…: until the command succeeds.
eventually() {
  local deadline=$((SECONDS + $1)) what=$2; shift 2
  until "$@" 2>/dev/null; do
    [ $SECONDS -lt $deadline ] || die "It did not come to this: $what"
    sleep 0.2
  done
}

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
accepts() { (exec 3<> "/dev/tcp/127.0.0.1/$1"); }
field() { python3 -c 'import json, sys; print(json.load(sys.stdin)["data"][sys.argv[1]])' "$1"; }
call() { curl -sS -u "$auth" "$@"; }
traffic() { "${traffic_program[@]}" "$@"; }

# start_gateway NAME [--Section:Key=VALUE…]
start_gateway() {
  local name=$1 port scheme=ws; shift
  case "$*" in *Agents:CertificateFile*) scheme=wss ;; esac
  port=$(free_port)
  api[$name]=http://127.0.0.1:$(free_port) door[$name]=$scheme://127.0.0.1:$port
  start "gateway-$name" "${gateway_program[@]}" --Data:Folder="$work/data-$name" --Api:Address="${api[$name]#http://}" --Agents:Address="127.0.0.1:$port" \
    --Api:Auth="$auth" --Agents:Auth=fleet:bench-password --Files:MaxFilePushSize=$((8 << 30)) "$@"
  server[$name]=$started
  eventually 60 "the gateway is ready" curl -fs -o /dev/null "${api[$name]}/health/ready"
  pin[$name]=$(call "${api[$name]}/api/v1/status" | field fingerprint)
}

# start_agent GATEWAY ID [COMMAND…]: the words before the agent's own, such as env NAME=VALUE. $agent_data: its data folder, where not agent-ID.
start_agent() {
  local gateway=$1 id=$2; shift 2
  start "agent-$id" "$@" "${agent_program[@]}" --server "${door[$gateway]}" --fingerprint "${pin[$gateway]}" --auth fleet:bench-password --id "$id" \
    --data-dir "${agent_data:-$work/agent-$id}" --set Client:AllowRoot=true
  agent[$id]=$started
}

# agents_connected GATEWAY COUNT
agents_connected() { [ "$(call "${api[$1]}/api/v1/status" | field clients_connected)" = "$2" ]; }

# open_tunnel GATEWAY ID PORT [PARAMETERS]: a tunnel to that port of the agent's machine; prints the gateway's.
open_tunnel() { call -X PUT "${api[$1]}/api/v1/clients/$2/tunnels?remote=127.0.0.1:$3&check_port=0&skip-idle-timeout=true${4:+&$4}" | field lport; }

# start_target COMMAND PORT: of the traffic program.
start_target() {
  start "$1" "${traffic_program[@]}" "$1" "$2"
  [ "$1" = udp-serve ] || eventually 30 "the target listens" accepts "$2"
}

# start_sshd [OPTION…]: $sshd_port, $sshd, and the client's key in userkey.
start_sshd() {
  ssh-keygen -q -t ecdsa -N '' -f hostkey
  ssh-keygen -q -t ecdsa -N '' -f userkey
  mkdir -p /run/sshd
  sshd_port=$(free_port)
  start sshd /usr/sbin/sshd -D -f /dev/null -p "$sshd_port" -h "$work/hostkey" -o ListenAddress=127.0.0.1 -o AuthorizedKeysFile="$work/userkey.pub" -o StrictModes=no \
    -o PidFile=none -o PermitRootLogin=yes -o UsePAM=no -o MaxStartups=100 -o Subsystem="sftp internal-sftp"
  sshd=$started
  eventually 30 "sshd listens" accepts "$sshd_port"
}
ssh_options=(-F none -i userkey -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -o Compression=no)

# start_ssh_tunnel PORT [OPTION…]: `ssh -R` to that port; $ssh_tunnel is the port, $ssh_ends the processes. Needs start_sshd.
start_ssh_tunnel() {
  local target=$1; shift
  ssh_tunnel=$(free_port)
  # With a terminal ssh switches Nagle off on its link; without it every small packet waits.
  start ssh script -qfc "exec ssh -tt ${ssh_options[*]} $* -R 127.0.0.1:$ssh_tunnel:127.0.0.1:$target -p $sshd_port 127.0.0.1 'sleep 86400'" /dev/null
  eventually 30 "ssh -R listens" accepts "$ssh_tunnel"
  local client session
  client=$(pgrep -P "$started")
  session=$(pgrep -P "$sshd")
  ssh_ends="$client $session"
}

# cpu PROCESS…: the CPU time they have used so far, in clock ticks.
cpu() { local process; for process in "$@"; do cat "/proc/$process/stat"; done | sed 's/.*) //' | awk '{ t += $12 + $13 } END { print t }'; }
# seconds_per TICKS PER: a share of CPU time.
seconds_per() { awk -v ticks="$1" -v hz="$(getconf CLK_TCK)" -v per="$2" 'BEGIN { print ticks / hz / per }'; }

# note FIGURE WHO VALUE: one measured value.
note() { echo "$1 $2 $3" >> "$work/figures"; }
# Rounds that only warmed up do not count.
forget() { rm -f "$work/figures"; }

# measure WHO "PROCESSES" PER FIGURES TRAFFIC-ARGUMENT…: notes the numbers the traffic program prints under the names in FIGURES ("-" for none), and what
# the processes used per PER (a number; or the name of a printed figure) as FIRST-cpu.
measure() {
  local who=$1 processes=$2 per=$3 before after i; shift 3
  local names values line
  read -ra names <<< "$1"; shift
  # shellcheck disable=SC2086
  before=$(cpu $processes)
  line=$(traffic "$@")
  # shellcheck disable=SC2086
  after=$(cpu $processes)
  read -ra values <<< "$line"
  for i in "${!names[@]}"; do
    [ "${names[i]}" = - ] || note "${names[i]}" "$who" "${values[i]}"
    [ "${names[i]}" != "$per" ] || per=${values[i]}
  done
  note "${names[0]}-cpu" "$who" "$(seconds_per $((after - before)) "$per")"
}

# report TITLE: reads rows (see report.py), prints the table.
report() { python3 "$root/bench/report.py" rows "$1" "$work/figures" "${BENCH_RESULTS:-}"; }

# push_file GATEWAY FILE DESTINATION ID…: returns when every agent has it.
push_file() {
  local gateway=$1 file=$2 destination=$3 id targets=(); shift 3
  for id in "$@"; do targets+=(-F "client_id=$id"); done
  id=$(call "${targets[@]}" -F "upload=@$file" -F "dest=$destination" -F force=true "${api[$gateway]}/api/v1/files" | field uuid)
  python3 "$root/bench/pushed.py" "${api[$gateway]}" "$auth" "$id"
}
