#!/bin/sh
# PostgreSQL as a container of the lab: the environment and arguments of the official image, on the address of its pod.
# usage: run.sh <image folder> [postgres] [-c name=value ...]
set -eu
image=$1
shift
if [ "${1:-}" = postgres ]; then shift; fi

data="${MATCHDAY_ROOT:-}${PGDATA:-/var/lib/postgresql/data/pgdata}"
user=${POSTGRES_USER:-postgres}
database=${POSTGRES_DB:-$user}
export LD_LIBRARY_PATH="$image/lib" PGTZ=UTC TZ=UTC
unset NODE_OPTIONS PGDATA

refuse() {
  echo "postgres: $1" >&2
  exit 1
}

make_cluster() {
  [ -n "${POSTGRES_PASSWORD:-}" ] || refuse 'POSTGRES_PASSWORD is not set and the volume is empty'
  # Made aside: a container that is killed meanwhile must not leave half a cluster behind.
  new="$data.new"
  rm -rf "$new"
  mkdir -p "$(dirname "$data")"
  umask 077
  password="${TMPDIR:-/tmp}/password"
  printf '%s\n' "$POSTGRES_PASSWORD" >"$password"
  "$image/bin/initdb" --pgdata="$new" --username="$user" --pwfile="$password" --auth=scram-sha-256 \
    --encoding=UTF8 --locale=C --no-instructions --no-sync >/dev/null
  rm -f "$password"
  # A pod's address is below 127.0.0.0/8 on this machine; its clients prove who they are by password.
  printf 'host all all 127.0.0.0/8 scram-sha-256\nhost replication all 127.0.0.0/8 scram-sha-256\n' >"$new/pg_hba.conf"
  if [ "$database" != postgres ]; then
    quoted=$(printf '%s' "$database" | sed 's/"/""/g')
    # A single-user server answers with a prompt, and keeps running after an error.
    printf 'CREATE DATABASE "%s"\n' "$quoted" |
      "$image/bin/postgres" --single -j -D "$new" -c exit_on_error=on postgres >/dev/null
  fi
  mv "$new" "$data"
}

if [ ! -s "$data/PG_VERSION" ]; then
  [ ! -d "$data" ] || rmdir "$data" 2>/dev/null || refuse "$data holds something that is no database cluster"
  make_cluster
fi
# What a server that was killed has left; the runtime starts no second one on this volume.
rm -f "$data/postmaster.pid"
unset POSTGRES_PASSWORD

exec "$image/bin/postgres" -D "$data" \
  -c listen_addresses="${MATCHDAY_NATIVE_ADDRESS:-127.0.0.1}" -c unix_socket_directories= \
  -c logging_collector=off -c log_timezone=UTC -c timezone=UTC "$@"
