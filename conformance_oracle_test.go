//go:build unix && cgo

// This file adds Oracle to the conformance suite's targets: godror over the double of Oracle's client library, or over a real server.

package fluxor_test

import (
	"testing"

	_ "github.com/fluxor-db/fluxor/drivers/oracle"
	"github.com/fluxor-db/fluxor/internal/dbtest"
	"github.com/fluxor-db/fluxor/internal/dbtest/conform"
)

func init() {
	registerTarget(conformanceTarget{
		name: "oracle", dialect: conform.Oracle, bare: "godror", alias: "oracle-fluxor",
		traits: []conform.Trait{conform.Sleeps},
		dsn:    func(t testing.TB) string { return dbtest.Oracle(t).Logfmt("standaloneConnection=1") },
	})
}
