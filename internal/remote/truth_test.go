// This file tests that what a client is told of its writes is true, whenever its contexts end.

package remote_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/internal/dbtest/conform"
	"github.com/fluxor-db/fluxor/internal/dbtest/gatewaytest"
	"github.com/fluxor-db/fluxor/netdriver"
)

// ledger is a table "written" of numbers, and what those who wrote them were told.
type ledger struct {
	t      *testing.T
	db     *sql.DB
	insert string
	last   atomic.Int64

	mu   sync.Mutex // protects told
	told map[int64]netdriver.Applied
}

func ledgerOn(t *testing.T, d conform.Database) *ledger {
	t.Helper()
	c, err := fluxor.NewConnector(fluxor.RuntimeConfig{Driver: d.Driver, DSN: d.DSN(t), Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	l := &ledger{t: t, db: open(t, netdriver.Name, gatewaytest.DSN(gatewaytest.Serve(t, gatewaytest.Config(c)), "")), told: map[int64]netdriver.Applied{}}
	l.db.SetMaxOpenConns(4)
	l.insert = "insert into written values (?)"
	if d.Dialect == conform.Postgres {
		l.insert = "insert into written values ($1)"
	}
	for _, text := range []string{"drop table if exists written", "create table written (n bigint)"} { // where a number may stand twice
		if _, err := l.db.ExecContext(t.Context(), text); err != nil {
			t.Fatal(err)
		}
	}
	return l
}

// tell notes what the writer of n was told.
func (l *ledger) tell(n int64, err error) {
	told := netdriver.AppliedYes
	if err != nil {
		told = netdriver.AppliedNo
	}
	var e *netdriver.Error
	if errors.As(err, &e) {
		told = e.Applied
	}
	if told != netdriver.AppliedNo && errors.Is(err, driver.ErrBadConn) {
		l.t.Errorf("database/sql would write again after %v", err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.told[n] = told
}

// write writes the next number, in one of the ways that there are.
func (l *ledger) write(ctx context.Context) {
	n := l.last.Add(1)
	switch rand.IntN(3) {
	case 0:
		_, err := l.db.ExecContext(ctx, l.insert, n)
		l.tell(n, err)
	case 1:
		st, err := l.db.PrepareContext(ctx, l.insert)
		if err == nil {
			_, err = st.ExecContext(ctx, n)
			_ = st.Close()
		}
		l.tell(n, err)
	case 2:
		l.tell(n, l.transaction(ctx, n))
	}
}

// transaction writes n beside open rows; its error is that of the commit, or one of
// which it is certain that nothing came.
func (l *ledger) transaction(ctx context.Context, n int64) error {
	tx, err := l.db.BeginTx(ctx, nil)
	if err != nil {
		return nothing{err}
	}
	rows, err := tx.QueryContext(ctx, "select n from written")
	if err == nil {
		_ = rows.Next()
		_, err = tx.ExecContext(ctx, l.insert, n)
		_ = rows.Close()
	}
	if err != nil || rows.Err() != nil {
		_ = tx.Rollback()
		return nothing{err}
	}
	return tx.Commit()
}

// nothing is an error of a transaction that was not committed.
type nothing struct{ error }

// agrees compares what was told with what is there.
func (l *ledger) agrees() {
	rows, err := l.db.QueryContext(l.t.Context(), "select n from written")
	if err != nil {
		l.t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	there := map[int64]int{}
	for rows.Next() {
		var n int64
		if err := rows.Scan(&n); err != nil {
			l.t.Fatal(err)
		}
		there[n]++
	}
	if rows.Err() != nil {
		l.t.Fatal(rows.Err())
	}
	for n, told := range l.told {
		if times := there[n]; times > 1 || times == 1 && told == netdriver.AppliedNo || times == 0 && told == netdriver.AppliedYes {
			l.t.Errorf("%d is there %d times, and its writer was told %q", n, times, told)
		}
	}
}

func TestRemoteWritersAreToldTheTruthWheneverTheirContextsEnd(t *testing.T) {
	for _, d := range databases() {
		if d.Dialect != conform.Postgres && d.Dialect != conform.MySQL {
			continue
		}
		t.Run(d.Name, func(t *testing.T) {
			l := ledgerOn(t, d)
			var writers sync.WaitGroup
			for range 8 {
				writers.Go(func() {
					for range 30 {
						ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
						if rand.IntN(2) == 0 {
							time.AfterFunc(time.Duration(rand.IntN(5000))*time.Microsecond, cancel)
						}
						l.write(ctx)
						cancel()
					}
				})
			}
			writers.Wait()
			l.agrees()
		})
	}
}
