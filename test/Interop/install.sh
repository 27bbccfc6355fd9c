#!/usr/bin/env bash
# Installs what these tests run against: ssh, sftp, scp, ssh-keygen, sshd and sftp-server of OpenSSH. Says nothing when all of it is there.
set -euo pipefail

present() {
  command -v ssh sftp scp ssh-keygen >/dev/null && [ -x /usr/sbin/sshd ] && [ -x /usr/lib/openssh/sftp-server ]
}

present && exit 0
if ! command -v apt-get >/dev/null; then
  echo "No apt-get here: install the OpenSSH client, server and sftp-server by hand." >&2
  exit 1
fi

as_root=()
[ "$(id -u)" = 0 ] || as_root=(sudo -n)
install() {
  # The service is not started: the tests start daemons of their own on loopback.
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -qq --no-install-recommends openssh-client openssh-server openssh-sftp-server >/dev/null
}

install 2>/dev/null || { "${as_root[@]}" apt-get update -qq && install; }
present || { echo "OpenSSH was installed and is still not complete: sshd and sftp-server are expected under /usr." >&2; exit 1; }
