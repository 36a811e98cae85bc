#!/usr/bin/env bash
# Proves that a program which imports fluxor and drivers/postgres builds no other database's driver, no exporter, no HTTP page and nothing for terminals, and needs no cgo.
set -euo pipefail

others='godror|go-sql-driver|modernc\.org/sqlite|jackc/pgx|go-ora|go-oracledb|ngrok/sqlmw|prometheus|opentelemetry|charm\.land|charmbracelet'
foreign="$others|fluxor/admin"
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

# The same look at the exporters finds what it must not find above, and nothing of the other one.
lists() { ${GO:-go} list -deps "./$1" | grep -E "$2" >/dev/null; } # not -q: it would end go list early
lists metrics/prometheus 'prometheus/client_golang' && lists metrics/otel 'opentelemetry\.io/otel' && lists middleware/tracing 'opentelemetry\.io/otel' ||
  { echo "an exporter lists no library: the check looks for the wrong names"; exit 1; }
! lists metrics/prometheus 'opentelemetry' || { echo "metrics/prometheus lists OpenTelemetry"; exit 1; }
# Likewise for the terminal: the command alone lists what draws there, and the handler that it watches does not.
lists cmd/fluxor 'charm\.land/bubbletea' && lists cmd/fluxor 'charmbracelet/x/ansi' || { echo "cmd/fluxor lists nothing for terminals: the check looks for the wrong names"; exit 1; }
! lists admin "$others|lib/pq" || { echo "admin lists more than it needs"; exit 1; }
# The client of a gateway brings no driver and needs no cgo; who wants a driver's errors asks for them.
lists netdriver/pqerr 'lib/pq' || { echo "netdriver/pqerr lists no lib/pq: the check looks for the wrong names"; exit 1; }
if CGO_ENABLED=0 ${GO:-go} list -deps ./netdriver | grep -E "$foreign|lib/pq|fluxor-db/fluxor$"; then
  echo "netdriver lists more than a client needs"
  exit 1
fi
# Files of settings are read by the gateway's command alone.
lists netdriver/gateway/config 'goccy/go-yaml' || { echo "netdriver/gateway/config lists no go-yaml: the check looks for the wrong names"; exit 1; }
! lists netdriver/gateway "$others|lib/pq|goccy" || { echo "netdriver/gateway lists more than it needs"; exit 1; }
for package in metrics/otel middleware/tracing; do
  ! lists $package 'github.com/prometheus|otel/sdk' || { echo "$package lists Prometheus or OpenTelemetry's SDK"; exit 1; }
done
