// This file loses replies in every mode in which a driver can send a statement.

package fluxor_test

import (
	"context"
	"database/sql"
	"errors"
	"testing"

	"github.com/fluxor-db/fluxor/internal/faultproxy"
)

// modes are the ways of a driver to send a statement with an argument.
var modes = map[string][]string{
	"pq": {"binary_parameters=no", "binary_parameters=yes", "fluxor_stmt_cache_size=8"},
	"pgx": {
		"default_query_exec_mode=cache_statement", "default_query_exec_mode=cache_describe",
		"default_query_exec_mode=describe_exec", "default_query_exec_mode=exec",
		"default_query_exec_mode=simple_protocol",
	},
	"mysql": {"interpolateParams=false", "interpolateParams=true", "multiStatements=true", "rejectReadOnly=true", "interpolateParams=true&multiStatements=true", "fluxor_stmt_cache_size=8"},
}

// A way is one kind of handle that a statement is run through. ready returns
// what runs it once, and what is to be closed after it.
type way struct {
	name   string
	ready  func(ctx context.Context, db *sql.DB, insert string) (run func(n int) error, done func() error, err error)
	undone bool // what was sent is rolled back
}

func nothing() error { return nil }

var ways = []way{
	{name: "db", ready: func(ctx context.Context, db *sql.DB, insert string) (func(int) error, func() error, error) {
		return func(n int) error { _, err := db.ExecContext(ctx, insert, n); return err }, nothing, nil
	}},
	{name: "statement", ready: func(ctx context.Context, db *sql.DB, insert string) (func(int) error, func() error, error) {
		st, err := db.PrepareContext(ctx, insert)
		if err != nil {
			return nil, nil, err
		}
		return func(n int) error { _, err := st.ExecContext(ctx, n); return err }, st.Close, nil
	}},
	{name: "transaction", undone: true, ready: func(ctx context.Context, db *sql.DB, insert string) (func(int) error, func() error, error) {
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			return nil, nil, err
		}
		return func(n int) error { _, err := tx.ExecContext(ctx, insert, n); return err }, tx.Rollback, nil
	}},
	{name: "connection", ready: func(ctx context.Context, db *sql.DB, insert string) (func(int) error, func() error, error) {
		c, err := db.Conn(ctx)
		if err == nil {
			err = c.PingContext(ctx)
		}
		if err != nil {
			return nil, nil, err
		}
		return func(n int) error { _, err := c.ExecContext(ctx, insert, n); return err }, c.Close, nil
	}},
	{name: "query", ready: func(ctx context.Context, db *sql.DB, insert string) (func(int) error, func() error, error) {
		return func(n int) error {
			rows, err := db.QueryContext(ctx, insert, n)
			if err != nil {
				return err
			}
			for rows.Next() {
			}
			return errors.Join(rows.Err(), rows.Close())
		}, nothing, nil
	}},
}

func TestNoModeOfADriverSendsAWriteTwice(t *testing.T) {
	for _, b := range networkBackends {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			target, direct, proxy := b.behindProxy(t, "n int")
			for _, mode := range modes[b.name] {
				t.Run(mode, func(t *testing.T) {
					mustExec(t, direct, "delete from w")
					before := proxy.Counters().Cuts
					sent, stay := loseRepliesInAllWays(t, b.fluxor(t, target, mode), proxy, "insert into w values ("+b.placeholder+")")
					rows, distinct := countRows(t, direct)
					if cuts := proxy.Counters().Cuts - before; rows != stay || distinct != stay || cuts != int64(sent) {
						t.Errorf("%d rows, %d distinct, %d replies lost; want %d of each, and %d lost", rows, distinct, cuts, stay, sent)
					}
				})
			}
		})
	}
}

// loseRepliesInAllWays returns how many statements it sent, and how many of
// them take effect.
func loseRepliesInAllWays(t *testing.T, db *sql.DB, proxy *faultproxy.Proxy, insert string) (sent, stay int) {
	const losses = 5
	t.Helper()
	for _, w := range ways {
		for i := range losses {
			run, done, err := w.ready(t.Context(), db, insert)
			if err != nil {
				t.Fatal(err)
			}
			proxy.CutOnReply(1, []faultproxy.End{faultproxy.FIN, faultproxy.RST}[i%2], insertInto)
			if err := run(sent); !isIndeterminate(err) {
				t.Errorf("%s, loss %d: err = %v, want an indeterminate one", w.name, i, err)
			}
			proxy.Pass()
			_ = done() // a transaction whose connection is lost says so again
			sent++
			if !w.undone {
				stay++
			}
		}
	}
	return sent, stay
}
