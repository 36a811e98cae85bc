// This file measures what the wrappers cost over a driver that does almost nothing, the bare driver beside them in the same run.

package compat

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"testing"

	"github.com/XSAM/otelsql"
	"github.com/ngrok/sqlmw"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/internal/dbtest"
)

// peers are the wrappers beside the bare driver.
var peers = []struct {
	name string
	open func() *sql.DB
}{
	{"raw", func() *sql.DB { return sql.OpenDB(dbtest.Memory{}) }},
	{"fluxor", func() *sql.DB {
		return sql.OpenDB(must(fluxor.WrapConnector(dbtest.Memory{}, fluxor.RuntimeConfig{})))
	}},
	{"sqlmw", func() *sql.DB { return sql.OpenDB(sqlmwConnector()) }},
	{"otelsql", func() *sql.DB { return otelsql.OpenDB(dbtest.Memory{}) }},
}

// sqlmwConnector puts sqlmw with its null interceptor over the driver.
func sqlmwConnector() driver.Connector {
	d := sqlmw.Driver(dbtest.Memory{}.Driver(), sqlmw.NullInterceptor{})
	return must(d.(driver.DriverContext).OpenConnector("memory"))
}

// workloads are the four calls of the bar; the argument makes database/sql
// convert one.
var workloads = []struct {
	name string
	run  func(ctx context.Context, db *sql.DB, st *sql.Stmt) error
}{
	{"QueryRow", func(ctx context.Context, db *sql.DB, _ *sql.Stmt) error {
		var id int64
		var name string
		var body []byte
		return db.QueryRowContext(ctx, "select", 7).Scan(&id, &name, &body)
	}},
	{"Prepared", func(ctx context.Context, _ *sql.DB, st *sql.Stmt) error {
		var id int64
		var name string
		var body []byte
		return st.QueryRowContext(ctx, 7).Scan(&id, &name, &body)
	}},
	{"Exec", func(ctx context.Context, db *sql.DB, _ *sql.Stmt) error {
		_, err := db.ExecContext(ctx, "update", 7)
		return err
	}},
	{"Tx", func(ctx context.Context, db *sql.DB, _ *sql.Stmt) error {
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		return tx.Commit()
	}},
}

func BenchmarkPeers(b *testing.B) {
	for _, w := range workloads {
		for _, p := range peers {
			b.Run(w.name+"/"+p.name, func(b *testing.B) {
				db := p.open()
				defer db.Close()
				st := must(db.PrepareContext(b.Context(), "select"))
				defer st.Close()
				ctx := context.Background()
				b.ReportAllocs()
				for b.Loop() {
					if err := w.run(ctx, db, st); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
