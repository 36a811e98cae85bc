// This file proves, operation by operation, that a lease ends where no IsValid arrives, and that it does not end too early.

package compat

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fluxor-db/fluxor"
)

// one is a DSN of a file with one physical connection, which nobody waits for
// long.
func one(t *testing.T) string {
	return fmt.Sprintf("file:%s?fluxor_max_open_conns=1&fluxor_acquire_timeout=500ms", filepath.Join(t.TempDir(), "x.db"))
}

var operations = map[string]func(ctx context.Context, db *sql.DB) error{
	"exec":  func(ctx context.Context, db *sql.DB) error { _, err := db.ExecContext(ctx, "select 1"); return err },
	"query": func(ctx context.Context, db *sql.DB) error { return db.QueryRowContext(ctx, "select 1").Scan(new(int)) },
	"rows left early": func(ctx context.Context, db *sql.DB) error {
		rows, err := db.QueryContext(ctx, "select 1 union select 2")
		if err != nil {
			return err
		}
		rows.Next()
		return rows.Close()
	},
	"an error": func(ctx context.Context, db *sql.DB) error { _, _ = db.ExecContext(ctx, "nonsense"); return nil },
	"ping":     func(ctx context.Context, db *sql.DB) error { return db.PingContext(ctx) },
	"prepared": func(ctx context.Context, db *sql.DB) error {
		st, err := db.PrepareContext(ctx, "select ?")
		if err != nil {
			return err
		}
		defer st.Close()
		_, err = st.ExecContext(ctx, 1)
		return errors.Join(err, st.QueryRowContext(ctx, 1).Scan(new(int)))
	},
	"commit":   func(ctx context.Context, db *sql.DB) error { return inTx(ctx, db, (*sql.Tx).Commit) },
	"rollback": func(ctx context.Context, db *sql.DB) error { return inTx(ctx, db, (*sql.Tx).Rollback) },
}

func inTx(ctx context.Context, db *sql.DB, end func(*sql.Tx) error) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	st, err := tx.PrepareContext(ctx, "select ?")
	if err == nil {
		err = errors.Join(st.QueryRowContext(ctx, 1).Scan(new(int)), st.Close())
	}
	return errors.Join(err, end(tx))
}

func TestALeaseEndsWithItsOperation(t *testing.T) {
	for _, w := range foreign {
		for name, operation := range operations {
			t.Run(w.name+"/"+name, func(t *testing.T) {
				db := w.open(t, one(t))
				defer db.Close()
				for range 2 {
					if err := operation(t.Context(), db); err != nil {
						t.Fatal(err)
					}
					c, err := db.Conn(t.Context()) // takes the connection that may still hold the lease
					if err != nil {
						t.Fatal(err)
					}
					if _, err := db.ExecContext(t.Context(), "select 1"); err != nil { // on another one
						t.Errorf("after it: %v", err)
					}
					_ = c.Close()
				}
			})
		}
	}
}

func TestALeaseOfASessionDoesNotEndEarly(t *testing.T) {
	for _, w := range foreign {
		t.Run(w.name, func(t *testing.T) {
			db := w.open(t, one(t))
			defer db.Close()
			c, err := db.Conn(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			st, err := c.PrepareContext(t.Context(), "select ?")
			if err != nil {
				t.Fatal(err)
			}
			steps := map[string]func() error{
				"exec":      func() error { _, err := c.ExecContext(t.Context(), "select 1"); return err },
				"query":     func() error { return c.QueryRowContext(t.Context(), "select 1").Scan(new(int)) },
				"statement": func() error { _, err := st.ExecContext(t.Context(), 1); return err },
				"ping":      func() error { return c.PingContext(t.Context()) },
			}
			for name, step := range steps {
				if err := step(); err != nil {
					t.Fatal(name, err)
				}
				if _, err := db.ExecContext(t.Context(), "select 1"); !errors.Is(err, fluxor.ErrAcquireTimeout) {
					t.Errorf("after %s of a sql.Conn somebody else got its connection: %v", name, err)
				}
			}
			_ = st.Close()
			_ = c.Close()
		})
	}
}

func TestAHidingWrapperIsNamedOnce(t *testing.T) {
	for _, w := range foreign {
		if !w.hides || w.name == "dd-trace" || w.name == "ocsql" { // those two are opened with a logger of their own
			continue
		}
		t.Run(w.name, func(t *testing.T) {
			var log bytes.Buffer
			old := slog.Default()
			slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
			defer slog.SetDefault(old)
			db := w.open(t, filepath.Join(t.TempDir(), "x.db"))
			defer db.Close()
			for range 5 {
				if err := db.PingContext(t.Context()); err != nil {
					t.Fatal(err)
				}
				_, _ = db.Exec("select 1")
			}
			if n := strings.Count(log.String(), "hides driver.Validator"); n != 1 {
				t.Errorf("warned %d times:\n%s", n, log.String())
			}
		})
	}
}

func TestWrappersThatOpenByDSNShareThePhysicalConnections(t *testing.T) {
	for _, w := range foreign {
		t.Run(w.name, func(t *testing.T) {
			db := w.open(t, one(t))
			defer db.Close()
			a, err := db.Conn(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer a.Close()
			if _, err := a.ExecContext(t.Context(), "select 1"); err != nil {
				t.Fatal(err)
			}
			if _, err := db.ExecContext(t.Context(), "select 1"); !errors.Is(err, fluxor.ErrAcquireTimeout) {
				t.Errorf("a second physical connection although one is allowed: %v", err)
			}
		})
	}
}
