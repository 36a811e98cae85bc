#!/usr/bin/env bash
# Proves that a program which imports fluxor and drivers/postgres builds no other database's driver and no exporter, and needs no cgo.
set -euo pipefail

foreign='godror|go-sql-driver|modernc\.org/sqlite|jackc/pgx|go-ora|go-oracledb|ngrok/sqlmw|prometheus|opentelemetry'
program() { CGO_ENABLED=${1} ${GO:-go} list -deps . ./drivers/postgres; }

for cgo in 0 1; do
  packages=$(program $cgo)
  if found=$(grep -E "$foreign" <<<"$packages"); then
    echo "a PostgreSQL program (CGO_ENABLED=$cgo) lists:"
    echo "$found"
    exit 1
  fi
  grep -qx 'github.com/lib/pq' <<<"$packages" || { echo "drivers/postgres lists no lib/pq: the check looks at the wrong program"; exit 1; }
done
