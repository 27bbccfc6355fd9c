#!/usr/bin/env bash
# Installs what the tests talk to: OpenSSH, a proxy, a clock that can be set and kubectl from Debian, Azurite from npm. Quiet where all is there.
# (kubectl has to be 1.21 or later, for `kubectl kustomize`; Debian 12's own is older.)
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
bash "$root/infra/build/install-packages.sh" ssh:openssh-client sftp:openssh-client sshd:openssh-server /usr/lib/openssh/sftp-server:openssh-sftp-server \
  tinyproxy:tinyproxy-bin rsync:rsync curl:curl faketime:faketime useradd:passwd openssl:openssl kubectl:kubernetes-client
azurite="$root/test/Testing/azurite"
if [ ! -x "$azurite/node_modules/.bin/azurite-blob" ]; then
  echo "npm install azurite"
  (cd "$azurite" && npm ci --no-audit --no-fund --loglevel=error)
fi
