#!/usr/bin/env bash
# Asks the package registry in use, once, whether it holds Orleans, and writes the answer where Directory.Build.props reads it.
# Remove artifacts/registry.props to ask again. A set FullRegistry (environment or -p:) wins over the file.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
answer="$root/artifacts/registry.props"
[ -f "$answer" ] && exit 0
mkdir -p "$root/artifacts"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
version=${OrleansVersion:-10.4.2}
cat > "$scratch/probe.csproj" <<XML
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup><TargetFramework>net10.0</TargetFramework></PropertyGroup>
  <ItemGroup><PackageReference Include="Microsoft.Orleans.Sdk" Version="[$version]" /></ItemGroup>
</Project>
XML
if timeout 120 dotnet restore "$scratch/probe.csproj" --nologo -v q >"$scratch/log" 2>&1; then full=true; else full=false; fi
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
echo "Package registry: $([ $full = true ] && echo 'holds Orleans, real packages are used' || echo 'has no Orleans, the single-process stand-in is used')"
