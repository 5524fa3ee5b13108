#!/bin/sh
# PostgreSQL as a container of the lab. It takes the environment and arguments of the official image and listens on its pod's address.
# usage: run.sh <image folder> <node> [postgres] [-c name=value ...]
set -eu
image=$1
node=$2
shift 2
if [ "${1:-}" = postgres ]; then shift; fi

data="${MATCHDAY_ROOT:-}${PGDATA:-/var/lib/postgresql/data/pgdata}"
scripts="${MATCHDAY_ROOT:-}/docker-entrypoint-initdb.d"
export LD_LIBRARY_PATH="$image/lib" TZ=UTC
unset NODE_OPTIONS PGDATA

refuse() {
  echo "postgres: $1" >&2
  exit 1
}

# A new database cluster is a copy of the template in the image: initdb takes a second and needs a name for its user, which a pod's user
# seldom has. The copy is made in a temporary folder, so that a container that is killed meanwhile leaves no half of it.
make_cluster() {
  [ -n "${POSTGRES_PASSWORD:-}" ] || refuse 'POSTGRES_PASSWORD is not set and the volume is empty'
  new="$data.new"
  rm -rf "$new"
  mkdir -p "$(dirname "$data")"
  mkdir -m 700 "$new"
  # Started early: Node loads its code while the template is copied. Then it waits for the server.
  (cd "$new" && exec "$node" "$image/setup.cjs" /proc/self/cwd "$scripts") &
  setup=$!
  if ! (umask 077 && cp -R "$image/template/." "$new"); then
    kill "$setup" || :
    refuse 'the template of the database cluster could not be copied'
  fi
  # The socket is in the cluster's private folder, under a name that stays short however deep the folder is (a path may have 107 bytes).
  "$image/bin/postgres" -D "$new" -c listen_addresses= -c unix_socket_directories=/proc/self/cwd -c fsync=off \
    -c dynamic_shared_memory_type=mmap >&2 &
  server=$!
  status=0
  wait "$setup" || status=$?
  kill -INT "$server"
  wait "$server" || status=$?
  [ "$status" = 0 ] || refuse 'the new database cluster could not be set up'
  # Pod addresses are in 127.0.0.0/8 on this machine; clients authenticate with a password.
  for database in all replication; do
    printf 'host %s postgres all reject\nhost %s all 127.0.0.0/8 scram-sha-256\n' "$database" "$database"
  done >"$new/pg_hba.conf"
  mv "$new" "$data"
}

if [ ! -s "$data/PG_VERSION" ]; then
  [ ! -d "$data" ] || rmdir "$data" 2>/dev/null || refuse "$data holds something that is not a database cluster"
  make_cluster
fi
# A server that was killed leaves this file; the runtime starts no second server on this volume.
rm -f "$data/postmaster.pid"
unset POSTGRES_PASSWORD

# A program that is not Node can't resolve the names of other pods. Where a keeper names the leader that a standby dials, the standby dials
# the relay beside it instead: its port 15432 leads to that host (the pod's annotation `matchday.dev/outbound: "15432=<host>:5432"`).
if [ -n "${PGHOST:-}" ]; then
  export PGHOST="${MATCHDAY_NATIVE_ADDRESS:-127.0.0.1}" PGPORT=15432
fi

# Shared memory for parallel queries lies in the data folder: in /dev/shm, the default, segments of a killed server would stay for ever.
# The port is given because the server would read PGPORT for its own.
exec "$image/bin/postgres" -D "$data" -c port=5432 -c listen_addresses="${MATCHDAY_NATIVE_ADDRESS:-127.0.0.1}" -c unix_socket_directories= \
  -c dynamic_shared_memory_type=mmap "$@"
