# Fluxor-DB: the commands of daily work. `make` lists them.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

GO ?= go
# Packages built and tested at a time; raise it on a machine with more cores.
P ?= 2
# What each fuzz target gets.
FUZZTIME ?= 60s
# Runs per benchmark, interleaved, and how long each run is.
COUNT ?= 6
BENCHTIME ?= 0.5s
BENCH ?= .
# For how long `make soak` breaks databases.
SOAK ?= 10m
# How many reads of each database `make soak` holds against the cache's promise.
REGISTERS ?= 1000000
# For how long `make diff` makes programs.
DIFF ?= 30m
# Arguments for `make demo`.
ARGS ?=

# The modules of the suite: the root and, where they exist, the module that runs
# other projects' code over Fluxor, the one that compares its cache with others, and
# the one that looks at the admin page with a browser.
MODULES := . $(patsubst %/go.mod,%,$(wildcard internal/compat/go.mod internal/cachepeers/go.mod internal/browser/go.mod))

# The tags of builds that leave a half of the cache's protocol out, which a test
# of internal/registers makes and has to notice.
MUTANTS := fluxor_mutant_pending fluxor_mutant_versions

# The conformance suite is half of what the root package's tests take, and waits for
# servers most of that time: it runs beside the others, and then the other modules do.
CONFORMANCE := ^TestFluxorBehavesAsTheBareDriver$$

# The version stamp needs a git that trusts the checkout; nothing here uses it.
export GOFLAGS := $(GOFLAGS) -buildvcs=false

# The tests over the double of Oracle's client library, with sanitizers in its C.
sanitized = echo "test: the C of internal/ocisim, sanitized"; \
	FLUXOR_OCISIM_SANITIZE=1 $(GO) test -timeout 5m -p 1 \
		-exec "env ASAN_OPTIONS=detect_leaks=0 LD_PRELOAD=$$(gcc -print-file-name=libasan.so)" ./internal/ocisim ./drivers/oracle

tool = $(GO) tool -modfile=$(CURDIR)/tools/go.mod

.PHONY: help demo test asan published check fmt format vet lint house pure tidy isolate bench fuzz soak gateway-soak remote diff oracle servers

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

demo: ## see what Fluxor does, on a database of its own
	@$(GO) run ./cmd/fluxor demo $(ARGS)

test: servers ## run all tests with the race detector, on private database servers
	@( $(GO) test -race -timeout 25m -run '$(CONFORMANCE)' .; \
		for module in $(filter-out .,$(MODULES)); do \
			echo "test: module $$module"; \
			(cd $$module && $(GO) test -race -p 1 -timeout 25m ./...); \
		done; \
		$(sanitized) ) & beside=$$!; \
	trap 'kill $$beside 2>/dev/null || true' EXIT; \
	echo "test: module ."; \
	$(GO) test -race -p $(P) -timeout 25m -skip '$(CONFORMANCE)' ./...; \
	wait $$beside
	@echo "test: all passed"

asan: servers ## run the tests over Oracle's double with AddressSanitizer and UndefinedBehaviorSanitizer in it
	@$(sanitized)

published: servers ## run the test suites that lib/pq, go-sql-driver, pgx and godror publish through Fluxor (minutes)
	@$(GO) test -tags published -count=1 -timeout 40m -parallel 3 -v ./internal/published

check: format vet lint house pure tidy isolate ## hold every rule that needs no database
	@echo "check: all rules hold"

fmt: ## format the code
	@$(tool) gofumpt -w .

format:
	@echo "check: format"
	@unformatted=$$($(tool) gofumpt -l .); \
	if [ -n "$$unformatted" ]; then echo "$$unformatted"; echo "not formatted: run make fmt"; exit 1; fi

vet:
	@echo "check: vet"
	@for module in $(MODULES); do (cd $$module && $(GO) vet ./...); done
	@for mutant in $(MUTANTS); do $(GO) vet -tags $$mutant ./internal/cache ./internal/registers; done

lint:
	@echo "check: staticcheck"
	@for module in $(MODULES); do (cd $$module && $(tool) staticcheck ./...); done
	@for mutant in $(MUTANTS); do $(tool) staticcheck -tags $$mutant ./internal/cache; done

house:
	@echo "check: house rules"
	@$(GO) test -count=1 ./internal/house

pure:
	@echo "check: builds without cgo"
	@CGO_ENABLED=0 $(GO) build ./...
	@CGO_ENABLED=0 $(GO) test ./drivers/oracle

tidy:
	@echo "check: go.mod"
	@for module in $(MODULES) tools; do (cd $$module && $(GO) mod tidy -diff) || { echo "$$module/go.mod is not tidy: run go mod tidy there"; exit 1; }; done

isolate:
	@echo "check: a PostgreSQL program lists no other driver, no exporter, no page and no terminal"
	@scripts/isolate.sh

bench: ## compare Fluxor with the bare drivers, other wrappers and Redis
	@scripts/servers.sh redis
	@BENCH='$(BENCH)' BENCHTIME=$(BENCHTIME) COUNT=$(COUNT) scripts/bench.sh

fuzz: ## run each fuzz target for FUZZTIME (60s)
	@FUZZTIME=$(FUZZTIME) scripts/fuzz.sh

soak: servers ## break real databases for SOAK (10m) under clients and check every answer, then REGISTERS (1000000) reads through the cache, and a tenth of them through a gateway
	@FLUXOR_SOAK=$(SOAK) $(GO) test -race -count=1 -timeout 0 -v -run UnderRandomFaults ./internal/soak
	@FLUXOR_LOST_REPLIES=1000 $(GO) test -count=1 -timeout 0 -v -run ReplyIsLostIsNeverSentAgain .
	@FLUXOR_REGISTERS=$(REGISTERS) $(GO) test -count=1 -timeout 0 -v -run IsNeverStale ./internal/registers

gateway-soak: servers ## storms of cancels, kills and disconnects on the gateway, the long form (about half an hour)
	@FLUXOR_GATEWAY_SOAK=1 $(GO) test -race -count=1 -timeout 0 -v -p 1 -run 'Cancels|Disconnects|Killed|Reloads|IdleSessions|TheTimeOf' ./netdriver/gateway

remote: servers ## run every case of the conformance suite through a gateway, on each driver and in both forms of the protocol (minutes)
	@FLUXOR_REMOTE=all $(GO) test -race -count=1 -timeout 20m -v -run Remote ./internal/remote

diff: servers ## play random programs for DIFF (30m) and compare each read through the query cache with the database's, and a sixth of that through a gateway
	@FLUXOR_DIFF=$(DIFF) $(GO) test -count=1 -timeout 0 -v -run Differential ./internal/difffuzz

oracle: ## compare verdicts on statements with PostgreSQL's and TiDB's parsers and SQLite (minutes to build at first)
	@cd internal/sqloracle && $(GO) mod tidy -diff && $(GO) vet ./... && $(GO) test -count=1 ./...

servers: ## find PostgreSQL, MariaDB, PgBouncer, Chromium, Node.js and Python, install them where that is allowed
	@scripts/servers.sh
