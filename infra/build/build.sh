#!/usr/bin/env bash
# `dotnet build` of what is named, with one compiler process for all projects, which halves the time. That process is ours alone and ends with this script:
# the one the SDK would share between builds stays for ten minutes after them.
#   infra/build/build.sh RPort.sln -c Release -v q
set -uo pipefail
compiler="rport-build-$$-$RANDOM"
end_compiler() {
  for process in /proc/[0-9]*; do
    if { tr '\0' ' ' < "$process/cmdline"; } 2>/dev/null | grep -qF -- "-pipename:$compiler"; then kill "${process#/proc/}" 2>/dev/null; fi
  done
}
trap end_compiler EXIT
projects=()
for built in "$@"; do
  case "$built" in -*) break ;; esac
  shift
  projects+=("$built")
done
[ ${#projects[@]} -gt 0 ] || { echo "Name what to build: infra/build/build.sh PROJECT… [OPTION…]" >&2; exit 2; }
for project in "${projects[@]}"; do
  dotnet build "$project" --nologo -p:UseSharedCompilation=true -p:SharedCompilationId="$compiler" "$@" || exit 1
done
