#!/usr/bin/env bash
# Runs the benchmarks COUNT times, one round after the other so that a busy moment hits all alike, and prints the medians.
set -euo pipefail

go=${GO:-go}
out=$(mktemp)
trap 'rm -f "$out"' EXIT

: "${BENCH:=.}"
# Only where a benchmark has such a name: building all the others takes longer than to measure.
dirs=$(grep -rHoE --include='*_test.go' '^func Benchmark\w+' . | while IFS=: read -r file function; do
  if [[ ${function#func } =~ ${BENCH%%/*} ]]; then dirname "$file"; fi
done | sort -u)
if [ -z "$dirs" ]; then
  echo "bench: no benchmark is called $BENCH" >&2
  exit 1
fi
for round in $(seq "${COUNT:=6}"); do
  for dir in $dirs; do
    echo "bench: round $round of $COUNT, $dir" >&2
    (cd "$dir" && $go test -run '^$' -bench "$BENCH" -benchtime "${BENCHTIME:-0.5s}" -benchmem .) | tee -a "$out"
  done
done
$go tool -modfile=tools/go.mod benchstat fluxor="$out"
