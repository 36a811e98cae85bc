//go:build unix && cgo

// This file measures what the double costs, which is part of every measurement over it.

package ocisim_test

import (
	"database/sql"
	"testing"

	"github.com/fluxor-db/fluxor/internal/dbtest"
)

func benchmarked(b *testing.B) *sql.DB {
	b.Helper()
	db, err := sql.Open("godror", dbtest.Oracle(b).Logfmt("standaloneConnection=1"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = db.Close() })
	if _, err := db.ExecContext(b.Context(), "create table t (id number(9))"); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	return db
}

func BenchmarkQuery(b *testing.B) {
	db := benchmarked(b)
	for b.Loop() {
		var n int
		if err := db.QueryRowContext(b.Context(), "select 1 from dual").Scan(&n); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkInsert(b *testing.B) {
	db := benchmarked(b)
	for b.Loop() {
		if _, err := db.ExecContext(b.Context(), "insert into t values (:1)", 1); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkConnect(b *testing.B) {
	db := benchmarked(b)
	db.SetMaxIdleConns(-1)
	for b.Loop() {
		if err := db.PingContext(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}
