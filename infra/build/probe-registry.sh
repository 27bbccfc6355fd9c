#!/usr/bin/env bash
# Asks the package registry in use, once, whether it holds all that the build with real Orleans packages needs, and writes the answer where
# Directory.Build.props reads it. A registry that holds a part of it is of no use: the question is put by restoring the whole solution that way, beside the tree.
# Remove artifacts/registry.props to ask again. A set FullRegistry (environment or -p:) wins over the file.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
answer="$root/artifacts/registry.props"
[ -f "$answer" ] && exit 0
mkdir -p "$root/artifacts"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
if timeout 300 dotnet restore "$root/RPort.sln" -p:FullRegistry=true --artifacts-path "$scratch/artifacts" --nologo -v q > "$scratch/log" 2>&1; then full=true; else full=false; fi
if [ "$full" = false ] && ! grep -qE 'NU110[0-3]' "$scratch/log"; then
  echo "probe-registry: the registry did not answer, so this build uses standins/; the question is asked again next time:" >&2
  tail -n 3 "$scratch/log" >&2
  exit 0
fi
cat > "$answer" <<XML
<Project>
  <PropertyGroup>
    <FullRegistry Condition="'\$(FullRegistry)' == ''">$full</FullRegistry>
  </PropertyGroup>
</Project>
XML
echo "Package registry: $([ $full = true ] && echo 'holds Orleans, real packages are used' || echo 'lacks Orleans or a part of it, the single-process stand-in is used')"
