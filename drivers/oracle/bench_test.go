//go:build unix && cgo

// This file measures what Fluxor adds to godror's calls, over the double.

package oracle_test

import (
	"context"
	"database/sql"
	"testing"

	"github.com/fluxor-db/fluxor/internal/dbtest"
)

// BenchmarkOracle reports the time of each operation under both drivers; the
// double answers in some 40 µs, a server on a network in a millisecond.
func BenchmarkOracle(b *testing.B) {
	for _, cancellable := range []bool{false, true} {
		for _, op := range operations {
			for _, driver := range []string{"godror", "oracle-fluxor"} {
				b.Run(op.name+map[bool]string{false: "", true: ", cancellable"}[cancellable]+"/"+driver, func(b *testing.B) {
					d := dbtest.Oracle(b)
					db, err := sql.Open(driver, d.Logfmt("standaloneConnection=1"))
					if err != nil {
						b.Fatal(err)
					}
					defer db.Close() //nolint:errcheck // a benchmark
					db.SetMaxOpenConns(1)
					ctx := context.Background()
					if cancellable {
						ctx = b.Context()
					}
					mustExec(b, db, "create table w (n number(9))")
					mustExec(b, db, "insert into w values (:1)", []int{0, 1, 2, 3, 4, 5, 6})
					b.ReportAllocs()
					for b.Loop() {
						if err := op.do(ctx, db); err != nil {
							b.Fatal(err)
						}
					}
				})
			}
		}
	}
}
