#!/usr/bin/env bash
# Finds the PostgreSQL, MariaDB and PgBouncer binaries that the tests start privately, Node.js and Python for clients of the gateway, Chromium,
# which looks at the admin page, and the compiler and SQLite that the double of Oracle's client library is built with; installs them with
# apt-get where it may. `servers.sh redis` asks for Redis as well, which benchmarks
# start beside them.
set -euo pipefail
shopt -s nullglob

# first prints the first of its arguments that can be run; a bare name is looked up in PATH.
first() {
  local candidate
  for candidate in "$@"; do
    if command -v "$candidate" 2>/dev/null; then return 0; fi
  done
  return 1
}

find_postgres() { first postgres /usr/lib/postgresql/*/bin/postgres /usr/pgsql-*/bin/postgres /usr/local/pgsql/bin/postgres; }

find_mariadb() {
  first mariadb-install-db mysql_install_db /usr/local/mysql/scripts/mariadb-install-db >/dev/null &&
    first mariadbd mysqld /usr/sbin/mariadbd /usr/sbin/mysqld /usr/local/mysql/bin/mariadbd
}

find_pgbouncer() { first pgbouncer /usr/sbin/pgbouncer /usr/local/sbin/pgbouncer; }

find_redis() { first redis-server /usr/sbin/redis-server /usr/local/bin/redis-server; }

find_chromium() { first chromium chromium-browser google-chrome google-chrome-stable; }

# has_sqlite compiles nothing but SQLite's header.
has_sqlite() { echo '#include <sqlite3.h>' | gcc -E - >/dev/null 2>&1; }

missing=()
find_postgres >/dev/null || missing+=(postgresql)
find_mariadb >/dev/null || missing+=(mariadb-server)
find_pgbouncer >/dev/null || missing+=(pgbouncer)
first gcc >/dev/null || missing+=(gcc libc6-dev)
find_chromium >/dev/null || missing+=(chromium fonts-liberation)
has_sqlite || missing+=(libsqlite3-dev)
first node >/dev/null || missing+=(nodejs)
first python3 >/dev/null || missing+=(python3)
[ "${1:-}" != redis ] || find_redis >/dev/null || missing+=(redis-server)

if [ ${#missing[@]} -gt 0 ]; then
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "servers: what is to run needs ${missing[*]}: install these packages (Debian, as root: scripts/servers.sh${1:+ $1})" >&2
    exit 1
  fi
  echo "servers: installing ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  trap 'echo "servers: apt-get could not install ${missing[*]}: look at its output above, or install these packages by hand" >&2' ERR
  apt-get update -qq
  if [[ " ${missing[*]} " == *" postgresql "* ]] && [ ! -e /etc/postgresql-common/createcluster.conf ]; then
    # The tests make their own clusters; the package need not leave one that runs.
    apt-get install -y -qq --no-install-recommends postgresql-common >/dev/null
    [ ! -e /etc/postgresql-common/createcluster.conf ] ||
      sed -i 's/^#\?create_main_cluster.*/create_main_cluster = false/' /etc/postgresql-common/createcluster.conf
  fi
  apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
  trap - ERR
  # The benchmarks start a Redis of their own; the one that the package starts is stopped, now and for good.
  if [[ " ${missing[*]} " == *" redis-server "* ]]; then
    service redis-server stop >/dev/null 2>&1 || true
    ! command -v systemctl >/dev/null || systemctl disable --quiet redis-server 2>&1 || true
  fi
fi

echo "servers: $("$(find_postgres)" --version)"
echo "servers: $("$(find_mariadb)" --version)"
echo "servers: $("$(find_pgbouncer)" --version | head -n 1)"
echo "servers: Node.js $(node --version), $(python3 --version)"
echo "servers: $("$(find_chromium)" --version 2>/dev/null)"
[ "${1:-}" != redis ] || echo "servers: $("$(find_redis)" --version)"
echo "servers: $(gcc --version | head -n 1), SQLite $(sed -n 's/^#define SQLITE_VERSION  *"\(.*\)"/\1/p' "$(echo '#include <sqlite3.h>' | gcc -E - | grep -m 1 -o '/[^"]*sqlite3\.h')")"
