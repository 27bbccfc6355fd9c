#!/usr/bin/env bash
# Pushes one file to many agents of this machine, in alternation with scp and sftp, ten at a time, to as many places.
#   bench/push.sh [MIB=100] [AGENTS=10] [ROUNDS=3]
# MIB may be several sizes, such as 10,100. Prints MB/s summed over all targets, CPU seconds per GB of the whole machine (so let it do nothing else) and of
# the gateway alone. Agents write to disk and wait for it; scp and sftp do not wait. Each agent has a mount namespace, so that one path is another file for each;
# its data are in the same mount, so that what it received can be renamed into place.

# shellcheck source=bench/lib.sh
. "$(dirname "$0")/lib.sh"
IFS=, read -ra sizes <<< "${1:-100}"
for size in "${sizes[@]}"; do whole MIB "$size" 1 100000 > /dev/null; done
agents=$(whole AGENTS "${2:-10}" 1 500)
rounds=$(whole ROUNDS "${3:-3}" 1 100)
[ $# -le 3 ] || misused "Too many arguments."
prepare ssh:openssh-client sshd:openssh-server unshare:util-linux mount:mount cmp:diffutils
largest=$(printf '%s\n' "${sizes[@]}" | sort -n | tail -n 1)
free=$(df --output=avail -m . | tail -n 1)
[ "$free" -gt $((3 * largest * agents + 2 * largest + 1024)) ] || die "Not enough room in $(dirname "$work"): set TMPDIR to a folder with more."
scp_options=("${ssh_options[@]}" -c aes128-gcm@openssh.com)

start_gateway here
start_sshd
mkdir shared
ids=()
for i in $(seq "$agents"); do
  mkdir "received$i"
  # shellcheck disable=SC2016 # they are the inner shell's
  agent_data=$work/shared/data start_agent here "a$i" unshare --mount --propagation private sh -c 'mount --bind "$0" "$1" && shift && exec "$@"' "$work/received$i" "$work/shared"
  ids+=("a$i")
done
eventually $((30 + 2 * agents)) "all agents are connected" agents_connected here "$agents"

push() { push_file here "$work/file" "$work/shared/file" "${ids[@]}"; }
by_scp() { seq "$agents" | xargs -P 10 -I{} scp -q "${scp_options[@]}" -P "$sshd_port" file "127.0.0.1:$work/received{}/scp"; }
# shellcheck disable=SC2016 # it is the inner shell's
by_sftp() { seq "$agents" | xargs -P 10 -I{} sh -c 'echo "put file $0" | sftp -q -b - "$@" > sftp.log' "$work/received{}/sftp" "${scp_options[@]}" -P "$sshd_port" 127.0.0.1; }
machine_ticks() { awk '/^cpu / { print $2 + $3 + $4 + $7 + $8 }' /proc/stat; }
timed() { # who figure command…
  local who=$1 figure=$2 began ended before after gateway_before gateway_after; shift 2
  rm -f received*/"${who/ours/file}" # to free the space of an earlier round is no part of this one
  sync
  before=$(machine_ticks) gateway_before=$(cpu "${server[here]}") began=$(date +%s%N)
  "$@"
  ended=$(date +%s%N) gateway_after=$(cpu "${server[here]}") after=$(machine_ticks)
  note "$figure" "$who" "$(awk "BEGIN { print $gigabytes * 1e12 / ($ended - $began) }")"
  note "$figure-cpu" "$who" "$(seconds_per $((after - before)) "$gigabytes")"
  [ "$who" != ours ] || note "$figure-gateway" ours "$(seconds_per $((gateway_after - gateway_before)) "$gigabytes")"
}
all_three() { # figure
  timed ours "$1" push
  timed scp "$1" by_scp
  timed sftp "$1" by_sftp
}

for mib in "${sizes[@]}"; do
  head -c $((mib << 20)) /dev/urandom > file
  gigabytes=$(awk "BEGIN { print $mib * $agents * 1048576 / 1e9 }")
  for round in 1 2; do timed ours "warm-$mib" push; done # the agents compile their code meanwhile
  all_three "warm-$mib"
  for round in $(seq "$rounds"); do all_three "push-$mib"; done
  for i in $(seq "$agents"); do cmp file "received$i/file"; done
  for round in scp sftp; do cmp file "received1/$round"; done
done

for mib in "${sizes[@]}"; do
  speed='-|-' cpu='-|-' gateway='-|-'
  [ "$mib" -lt 100 ] || { cpu='4|2.6' gateway='1.0|0.65'; }
  [ "$agents" -lt 50 ] || case $mib in 10) speed='4|8' ;; 100) speed='1.5|2.8' ;; esac
  cat << ROWS
$mib MiB to $agents|MB/s|push-$mib|scp|ratio|>|$speed
$mib MiB to $agents|MB/s|push-$mib|sftp|ratio|>|-|-
  CPU of the machine|s/GB|push-$mib-cpu|scp|ours|<|$cpu
  CPU of the machine|s/GB|push-$mib-cpu|sftp|ours|<|-|-
  CPU of the gateway|s/GB|push-$mib-gateway|-|ours|<|$gateway
ROWS
done | report "Push"
