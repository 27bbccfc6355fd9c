#!/usr/bin/env bash
# Installs the Debian packages of commands (or files) that are missing: install-packages.sh COMMAND:PACKAGE… Quiet where all is there.
set -euo pipefail
missing=()
for pair in "$@"; do
  command=${pair%%:*} package=${pair#*:}
  command -v "$command" >/dev/null || [ -x "/usr/sbin/$command" ] || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0
sudo=; [ "$(id -u)" -eq 0 ] || sudo=sudo
echo "apt-get install ${missing[*]}"
$sudo apt-get update -qq
# A server package must not start a service on this machine: policy-rc.d says no while we install.
guard=/usr/sbin/policy-rc.d
if [ ! -e $guard ]; then
  printf '#!/bin/sh\nexit 101\n' | $sudo tee $guard >/dev/null
  $sudo chmod +x $guard
  trap '$sudo rm -f $guard' EXIT
fi
$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
