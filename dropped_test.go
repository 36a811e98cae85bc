// This file tests that rows which are dropped without Close are reported as soon as that is certain.

package fluxor_test

import (
	"context"
	"database/sql"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/internal/dbtest"
)

// drops opens a database whose leaks go to a channel; no lease is too long.
func drops(t *testing.T) (*sql.DB, <-chan fluxor.LeakReport) {
	t.Helper()
	reports := make(chan fluxor.LeakReport, 16)
	c, err := fluxor.NewConnector(fluxor.RuntimeConfig{
		DatabaseType: fluxor.DatabaseTypePostgreSQL, DSN: dbtest.Postgres(t).NewDatabase(t).DSN(), LeakStack: "always",
		LeakDetectionThreshold: time.Hour, OnLeak: func(r fluxor.LeakReport) { reports <- r },
	})
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(c)
	t.Cleanup(func() { _ = db.Close() })
	return db, reports
}

// report collects garbage until a leak is reported, or rounds times.
func report(reports <-chan fluxor.LeakReport, rounds int) (fluxor.LeakReport, bool) {
	for range rounds {
		runtime.GC()
		select {
		case r := <-reports:
			return r, true
		case <-time.After(5 * time.Millisecond):
		}
	}
	return fluxor.LeakReport{}, false
}

const threeRows = "select generate_series(1, 3) where 'secret' <> ''"

func TestRowsThatAreDroppedAreReported(t *testing.T) {
	for name, drop := range map[string]func(ctx context.Context, db *sql.DB) error{
		"unread": func(ctx context.Context, db *sql.DB) error {
			_, err := db.QueryContext(ctx, threeRows) //nolint:sqlclosecheck,rowserrcheck // that is what is tested
			return err
		},
		"half read": func(ctx context.Context, db *sql.DB) error {
			rows, err := db.QueryContext(ctx, threeRows) //nolint:sqlclosecheck,rowserrcheck // as above
			if err == nil {
				rows.Next()
			}
			return err
		},
		"of a row that nobody scanned": func(ctx context.Context, db *sql.DB) error {
			return db.QueryRowContext(ctx, threeRows).Err()
		},
		"on a connection that is dropped, too": func(ctx context.Context, db *sql.DB) error {
			conn, err := db.Conn(ctx)
			if err != nil {
				return err
			}
			_, err = conn.QueryContext(ctx, threeRows) //nolint:sqlclosecheck,rowserrcheck // as above
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			db, reports := drops(t)
			if err := drop(context.Background(), db); err != nil {
				t.Fatal(err)
			}
			r, ok := report(reports, 400)
			if !ok || !r.Dropped || r.Ended || !strings.Contains(r.Place, "dropped_test.go:") || len(r.Stack) == 0 || r.Stack[0] != r.Place || !strings.HasPrefix(r.Fingerprint, "select generate_series(") || strings.Contains(r.Fingerprint, "secret") {
				t.Fatalf("reported: %t, %+v", ok, r)
			}
			c, err := fluxor.FromDB(db)
			if err != nil {
				t.Fatal(err)
			}
			if all := c.Leaks(); len(all) != 1 || !all[0].Dropped {
				t.Errorf("the list says %+v", all)
			}
			if text := c.Diagnostics().String(); !strings.Contains(text, "rows were dropped without Close") {
				t.Errorf("the diagnostics say\n%s", text)
			}
			if again, ok := report(reports, 5); ok {
				t.Errorf("reported again: %+v", again)
			}
		})
	}
}

// Who keeps rows that he closed does not keep those that he dropped.
func TestDroppedRowsAreReportedWhateverBecomesOfClosedOnes(t *testing.T) {
	db, reports := drops(t)
	db.SetMaxOpenConns(1)
	closed, err := db.QueryContext(context.Background(), threeRows)
	if err != nil {
		t.Fatal(err)
	}
	if err := closed.Close(); err != nil {
		t.Fatal(err)
	}
	if err := closed.Err(); err != nil {
		t.Fatal(err)
	}
	if _, err := db.QueryContext(context.Background(), threeRows); err != nil { //nolint:sqlclosecheck,rowserrcheck // that is what is tested
		t.Fatal(err)
	}
	if r, ok := report(reports, 400); !ok || !r.Dropped {
		t.Errorf("reported: %t, %+v", ok, r)
	}
	if _, err := closed.Columns(); err == nil {
		t.Error("closed rows have columns")
	}
	runtime.KeepAlive(closed)
}

func TestRowsThatSomebodyMayCloseAreNotReported(t *testing.T) {
	db, reports := drops(t)
	bounded, cancel := context.WithCancel(t.Context())
	for name, use := range map[string]func() error{
		"closed": func() error {
			rows, err := db.Query(threeRows)
			if err != nil {
				return err
			}
			return rows.Close()
		},
		"read to the end": func() error {
			rows, err := db.Query(threeRows) //nolint:sqlclosecheck // the end closes them
			if err != nil {
				return err
			}
			for rows.Next() {
			}
			return rows.Err()
		},
		"of a context that ends": func() error {
			_, err := db.QueryContext(bounded, threeRows) //nolint:sqlclosecheck,rowserrcheck // the context closes them
			return err
		},
		"of a transaction that ends": func() error {
			tx, err := db.Begin()
			if err != nil {
				return err
			}
			if _, err := tx.Query(threeRows); err != nil { //nolint:sqlclosecheck,rowserrcheck // the transaction closes them
				return err
			}
			return tx.Rollback()
		},
	} {
		if err := use(); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if r, ok := report(reports, 20); ok {
			t.Errorf("%s: %+v", name, r)
		}
	}
	cancel()
	if r, ok := report(reports, 20); ok {
		t.Errorf("after the context: %+v", r)
	}
}
