#!/usr/bin/env bash
# Installs what the tests talk to: OpenSSH, a proxy and a clock that can be set from Debian, Azurite from npm. Quiet where all is there.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
missing=()
need() { command -v "$1" >/dev/null || [ -x "/usr/sbin/$1" ] || missing+=("$2"); }
need ssh openssh-client
need sftp openssh-client
need sshd openssh-server
[ -x /usr/lib/openssh/sftp-server ] || missing+=(openssh-sftp-server)
need tinyproxy tinyproxy-bin
need rsync rsync
need curl curl
need faketime faketime
need useradd passwd
if [ ${#missing[@]} -gt 0 ]; then
  sudo=; [ "$(id -u)" -eq 0 ] || sudo=sudo
  echo "apt-get install ${missing[*]}"
  $sudo apt-get update -qq
  # A server package must not start a service on this machine: policy-rc.d says no while we install.
  guard=/usr/sbin/policy-rc.d
  if [ ! -e $guard ]; then printf '#!/bin/sh\nexit 101\n' | $sudo tee $guard >/dev/null; $sudo chmod +x $guard; trap '$sudo rm -f $guard' EXIT; fi
  $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi
azurite="$root/test/Testing/azurite"
if [ ! -x "$azurite/node_modules/.bin/azurite-blob" ]; then
  echo "npm install azurite"
  (cd "$azurite" && npm ci --no-audit --no-fund --loglevel=error)
fi
