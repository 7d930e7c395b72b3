#!/usr/bin/env bash
# Stops the gateway that start.sh started from FOLDER, and only that one. Stopping what does not run is no error.
#
# Usage: stop.sh [FOLDER]   (default: .cache/ceph-rgw of the repository)
set -euo pipefail

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)
folder=$(realpath -m "${1:-$repository/.cache/ceph-rgw}")
config=$folder/ceph.conf

# A number in a stale pid file may by now belong to somebody else's process; ours names our configuration.
is_ours() { tr '\0' '\n' <"/proc/$1/cmdline" 2>/dev/null | grep -qxF "$config"; }

stop_daemon() {
  local pid_file=$1 pid
  [ -s "$pid_file" ] || return 0
  pid=$(tr -d '[:space:]' <"$pid_file")
  if is_ours "$pid"; then
    kill "$pid" 2>/dev/null || true
    for _ in $(seq 50); do
      is_ours "$pid" || break
      sleep 0.1
    done
    # Nothing is kept, so a daemon that waits for another one that is gone need not finish.
    is_ours "$pid" && kill -9 "$pid" 2>/dev/null
  fi
  rm -f "$pid_file"
}

rm -f "$folder/environment"
for name in client.rgw osd.0 mon.a; do
  stop_daemon "$folder/run/$name.pid"
done
