#!/usr/bin/env bash
# Builds everything, installs what the tests need, runs all tests. Last line: "N passed, N failed[, N skipped]".
#   ./test.sh                 everything
#   ./test.sh Ssh.Tests …     only these projects under test/
set -uo pipefail
cd "$(dirname "$0")"
root=$PWD
# What is built is exactly what the lock files name.
export RestoreLockedMode=true
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 MSBUILDDISABLENODEREUSE=1
say() { printf '\n== %s\n' "$*"; }
failed_line() { echo "$*"; echo "0 passed, 1 failed"; exit 1; }

command -v dotnet >/dev/null || failed_line "The .NET SDK (10.0 or later) is needed: https://dotnet.microsoft.com"
command -v npm >/dev/null || failed_line "node with npm is needed"

say "Build, and beside it the tools the tests run against"
bash infra/build/install-test-tools.sh & tools=$!
bash infra/build/build.sh RPort.sln -c Release -v q || failed_line "The build failed."
wait $tools || failed_line "The test tools could not be installed."

if [ $# -eq 0 ]; then
  say "Format"
  dotnet format RPort.sln --no-restore --verify-no-changes || failed_line "dotnet format would change files."
fi

results="$root/artifacts/test-results"
rm -rf "$results"; mkdir -p "$results"
passed=0 failed=0 skipped=0
count() { # trx attribute
  sed -n 's/.*<Counters [^>]*\b'"$2"'="\([0-9]*\)".*/\1/p' "$1" | head -n 1
}
projects=("$@")
[ ${#projects[@]} -gt 0 ] || mapfile -t projects < <(cd test && ls -d */ | tr -d / | while read -r p; do
  grep -q '<IsTestProject>false' "$p/$p.csproj" 2>/dev/null || echo "$p"; done)
for project in "${projects[@]}"; do
  [ -f "test/$project/$project.csproj" ] || { echo "no test project named $project"; failed=$((failed + 1)); continue; }
  say "$project"
  started=$SECONDS
  timeout --kill-after=20 1500 dotnet test "test/$project" -c Release --no-build --nologo \
    --logger "trx;LogFileName=$project.trx" --logger "console;verbosity=minimal" --results-directory "$results" --blame-hang-timeout 8m
  code=$?
  trx="$results/$project.trx"
  if [ -f "$trx" ]; then
    p=$(count "$trx" passed); f=$(count "$trx" failed); t=$(count "$trx" total)
    passed=$((passed + p)); failed=$((failed + f)); skipped=$((skipped + t - p - f))
    [ "$t" -gt 0 ] || { echo "$project holds no test"; failed=$((failed + 1)); }
    [ $code -eq 0 ] || [ "$f" -gt 0 ] || { echo "$project ended with code $code"; failed=$((failed + 1)); }
  else
    echo "$project gave no result (code $code)"; failed=$((failed + 1))
  fi
  echo "$project took $((SECONDS - started)) s"
done

echo
if [ $skipped -gt 0 ]; then echo "$passed passed, $failed failed, $skipped skipped"; else echo "$passed passed, $failed failed"; fi
[ $failed -eq 0 ]
