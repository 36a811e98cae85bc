//go:build unix && cgo

// This file adds Oracle to the databases: godror over the double of Oracle's client library, or over a real server.

package conform

import (
	"testing"

	"github.com/fluxor-db/fluxor/internal/dbtest"
)

var oracleDatabases = []Database{{
	Name: "oracle", Dialect: Oracle, Driver: "godror", Fluxor: "oracle-fluxor",
	Traits: []Trait{Sleeps},
	DSN:    func(t testing.TB) string { return dbtest.Oracle(t).Logfmt("standaloneConnection=1") },
}}
