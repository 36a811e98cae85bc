#!/usr/bin/env bash
# Runs every fuzz target of the repository for FUZZTIME each and stops at the first finding.
set -euo pipefail

targets=$(grep -rEo --include='*_test.go' '^func Fuzz[A-Za-z0-9_]*' . | sort -u)
if [ -z "$targets" ]; then
  echo "fuzz: no targets found" >&2
  exit 1
fi
count=0
while IFS=: read -r file declaration; do
  name=${declaration#func }
  count=$((count + 1))
  echo "fuzz: $name in $(dirname "$file"), ${FUZZTIME:=60s}"
  (cd "$(dirname "$file")" && ${GO:-go} test -run '^$' -fuzz "^$name\$" -fuzztime "$FUZZTIME" .)
done <<<"$targets"
echo "fuzz: $count targets, no finding"
