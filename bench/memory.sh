#!/usr/bin/env bash
# Memory of an agent that is connected and idle: as the trimmed single file of README's publish command, and as `dotnet build` makes it.
#   bench/memory.sh [SETTLE=30]
# Prints resident and private memory in MB after SETTLE seconds, from /proc/PID/smaps_rollup.

# shellcheck source=bench/lib.sh
. "$(dirname "$0")/lib.sh"
settle=$(whole SETTLE "${1:-30}" 1 3600)
[ $# -le 1 ] || misused "Too many arguments."
prepare awk:mawk
[ -f "$root/Agent/$built/rport-agent.dll" ] || die "The agent is not built: dotnet build Agent -c Release"
start_gateway here
start_agent here trimmed
agent_program=(dotnet "$root/Agent/$built/rport-agent.dll")
start_agent here built
eventually 60 "both agents are connected" agents_connected here 2
sleep "$settle"
agents_connected here 2 || die "An agent lost its connection."

for id in built trimmed; do
  while read -r name kilobytes _; do
    case $name in
      Rss:) note "$id-rss" ours "$kilobytes" ;;
      Private_*) private=$((${private:-0} + kilobytes)) ;;
    esac
  done < "/proc/${agent[$id]}/smaps_rollup"
  note "$id-private" ours "$private"
  private=0
done
note size ours "$(stat -c %s "$BENCH_AGENT")"

report "Memory of an idle agent" << 'ROWS'
trimmed single file, resident|MB|trimmed-rss|-|ours|<|60|40|0.001024
  private|MB|trimmed-private|-|ours|<|-|-|0.001024
  the file|MB|size|-|ours|<|-|-|0.000001
as built, resident|MB|built-rss|-|ours|<|-|-|0.001024
  private|MB|built-private|-|ours|<|-|-|0.001024
ROWS
