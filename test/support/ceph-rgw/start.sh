#!/usr/bin/env bash
# Starts Ceph's S3 gateway on loopback, data in memory, and prints what the integration tests need to use it:
#
#   eval "$(test/support/ceph-rgw/start.sh)" && npm run test:integration
#   test/support/ceph-rgw/stop.sh
#
# Usage: start.sh [FOLDER]   (default: .cache/ceph-rgw of the repository)
# A gateway that already runs from FOLDER is left running, and its lines are printed again.
# Installs the Debian packages when they are missing, for which it must be root.
set -euo pipefail

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)
folder=${1:-$repository/.cache/ceph-rgw}
folder=$(realpath -m "$folder")
mkdir -p "$folder"
config=$folder/ceph.conf
environment=$folder/environment

say() { echo "ceph-rgw: $*" >&2; }

die() {
  say "$*"
  exit 1
}

install_packages() {
  local missing=()
  command -v radosgw >/dev/null || missing+=(radosgw)
  command -v ceph-mon >/dev/null || missing+=(ceph-mon)
  command -v ceph-osd >/dev/null || missing+=(ceph-osd)
  command -v ceph >/dev/null || missing+=(ceph-common)
  command -v curl >/dev/null || missing+=(curl)
  [ ${#missing[@]} -eq 0 ] && return
  say "installing ${missing[*]} ..."
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -q >&2 || die 'apt-get update failed'
  apt-get install -y -q --no-install-recommends "${missing[@]}" >&2 || die 'the packages could not be installed'
}

# The kernel hands out a port that is free now; the gap until it is used is accepted in a test tool. Python is there:
# Ceph's own packages depend on it.
free_port() {
  python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

uuid() { cat /proc/sys/kernel/random/uuid; }

# Waits until a command succeeds. Usage: wait_for SECONDS WHAT COMMAND...
wait_for() {
  local deadline=$((SECONDS + $1)) what=$2
  shift 2
  until "$@" >/dev/null 2>&1; do
    [ "$SECONDS" -lt "$deadline" ] || die "$what did not come up; see the logs in $folder/log"
    sleep 0.1
  done
}

answers() { curl -s -o /dev/null --max-time 2 "$1"; }

is_running() {
  [ -s "$environment" ] || return 1
  local endpoint
  endpoint=$(sed -n 's/^export S3_TEST_ENDPOINT=//p' "$environment")
  [ -n "$endpoint" ] && answers "$endpoint"
}

write_config() {
  local mon_port=$1 rgw_port=$2
  # Crash-safety and authentication between the daemons are switched off: everything lives in memory, on loopback, for
  # one test run. Paxos' default pauses would make the start ten times as long; `crc` is what radosgw needs to connect
  # at all without cephx; `tcp_nodelay` saves 40 ms a request. What was deleted is done away with at once, and not after
  # two hours, in which large uploads would fill the memory and new ones then wait for ever.
  cat >"$config" <<CONF
[global]
fsid = $(uuid)
mon host = v2:127.0.0.1:$mon_port
public network = 127.0.0.0/8
auth cluster required = none
auth service required = none
auth client required = none
ms bind msgr1 = false
ms bind ipv6 = false
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 4
osd pool default pgp num = 4
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
mon allow pool size one = true
mon warn on pool no redundancy = false
run dir = $folder/run
admin socket = $folder/run/\$name.asok
pid file = $folder/run/\$name.pid
log file = $folder/log/\$name.log
crash dir = $folder/crash
keyring = /dev/null

[mon]
mon data = $folder/mon
mon data avail crit = 0
mon cluster log file = $folder/log/cluster.log
paxos propose interval = 0.05
paxos min wait = 0.01

[osd]
osd data = $folder/osd
osd objectstore = memstore
memstore device bytes = 6442450944

[client]
ms mon client mode = crc

[client.rgw]
ms mon client mode = crc
rgw data = $folder/rgw
rgw frontends = beast endpoint=127.0.0.1:$rgw_port tcp_nodelay=1
rgw gc obj min wait = 1
rgw gc processor period = 5
rgw gc processor max time = 60
CONF
}

start_daemons() {
  local mon_port=$1 rgw_port=$2 osd_uuid fsid
  fsid=$(sed -n 's/^fsid = //p' "$config")
  osd_uuid=$(uuid)
  say 'starting the monitor ...'
  monmaptool --create --clobber --fsid "$fsid" --addv a "[v2:127.0.0.1:$mon_port]" "$folder/monmap" >&2
  ceph-mon -c "$config" -i a --mkfs --monmap "$folder/monmap" >&2
  ceph-mon -c "$config" -i a >&2
  say 'starting the object store ...'
  timeout 60 ceph -c "$config" osd new "$osd_uuid" >&2
  ceph-osd -c "$config" -i 0 --mkfs --osd-uuid "$osd_uuid" >&2
  ceph-osd -c "$config" -i 0 >&2
  wait_for 60 'the object store' sh -c "timeout 10 ceph -c '$config' osd stat | grep -q '1 up'"
  say 'starting the gateway ...'
  radosgw -c "$config" -n client.rgw >&2
  wait_for 60 'the gateway' answers "http://127.0.0.1:$rgw_port"
}

create_user() {
  local access_key=$1 secret_key=$2
  timeout 60 radosgw-admin -c "$config" user create --uid=tests --display-name=Tests \
    --access-key="$access_key" --secret-key="$secret_key" >/dev/null 2>"$folder/log/user-create.log" ||
    die "the user could not be created; see $folder/log/user-create.log"
}

if is_running; then
  say "already running from $folder"
  cat "$environment"
  exit 0
fi

install_packages
"$repository/test/support/ceph-rgw/stop.sh" "$folder"
rm -rf "$folder/mon" "$folder/osd" "$folder/rgw" "$folder/log" "$folder/run" "$folder/crash"
mkdir -p "$folder/mon" "$folder/osd" "$folder/rgw" "$folder/log" "$folder/run" "$folder/crash"

mon_port=$(free_port)
rgw_port=$(free_port)
access_key=TESTS$(uuid | tr -d - | tr a-f A-F | cut -c1-15)
secret_key=$(uuid | tr -d -)
write_config "$mon_port" "$rgw_port"
start_daemons "$mon_port" "$rgw_port"
create_user "$access_key" "$secret_key"

cat >"$environment" <<ENVIRONMENT
export S3_TEST_ENDPOINT=http://127.0.0.1:$rgw_port
export S3_TEST_ACCESS_KEY_ID=$access_key
export S3_TEST_SECRET_ACCESS_KEY=$secret_key
export S3_TEST_REGION=us-east-1
ENVIRONMENT
chmod 600 "$environment"
say "ready on http://127.0.0.1:$rgw_port, logs in $folder/log"
cat "$environment"
