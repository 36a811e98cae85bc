// This file tests that no place at the concurrency limit is lost and none given twice, whatever happens to operations.

package fluxor

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor/internal/dbtest"
	"github.com/fluxor-db/fluxor/middleware"
)

// mishaps is a driver and a middleware that now and then fail in every way.
type mishaps struct {
	mu     sync.Mutex
	random *rand.Rand
}

func (m *mishaps) draw(n int) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.random.IntN(n)
}

func (m *mishaps) happen(ctx context.Context) error {
	switch m.draw(30) {
	case 0:
		return driver.ErrBadConn
	case 1:
		panic("boom")
	case 2:
		return errors.New("odd")
	case 3:
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Duration(m.draw(3)) * time.Millisecond):
		}
	case 4:
		return driver.ErrSkip
	}
	return nil
}

func (m *mishaps) around(next middleware.Handler) middleware.Handler {
	return middleware.HandlerFunc(func(ctx context.Context, c *middleware.Call) error {
		if c.Op == middleware.OpCommit || c.Op == middleware.OpRollback {
			return next.Handle(ctx, c)
		}
		if m.draw(20) == 0 {
			panic("before")
		}
		err := next.Handle(ctx, c)
		switch m.draw(40) {
		case 0:
			panic("after")
		case 1:
			return errors.New("refused behind")
		}
		return err
	})
}

// act uses a database in one of the ways in which a program may. Left out is a
// prepared statement of a *sql.DB: once it is prepared on a connection, a panic in
// its run leaves that connection with database/sql for ever, as a bare one.
func (m *mishaps) act(ctx context.Context, db *sql.DB) {
	defer func() { _ = recover() }()
	switch m.draw(7) {
	case 0:
		_, _ = db.ExecContext(ctx, "x")
	case 1:
		if rows, err := db.QueryContext(ctx, "x"); err == nil {
			defer rows.Close() //nolint:errcheck // what is left of it is what counts
			rows.Next()
		}
	case 2:
		if tx, err := db.BeginTx(ctx, nil); err == nil {
			defer tx.Rollback() //nolint:errcheck // as above
			_, _ = tx.ExecContext(ctx, "x")
			_ = tx.Commit()
		}
	case 3:
		if c, err := db.Conn(ctx); err == nil {
			defer c.Close() //nolint:errcheck // as above
			_ = Raw(ctx, c, func(any) error { return m.happen(ctx) })
			_, _ = c.ExecContext(ctx, "x")
		}
	case 4:
		_ = RunTx(ctx, db, nil, func(tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, "x")
			return errors.Join(err, m.happen(ctx))
		})
	case 5:
		_ = db.PingContext(ctx)
	default:
		_ = db.QueryRowContext(ctx, "x").Scan(new(int))
	}
}

func TestNoPlaceIsLostInThousandsOfMishaps(t *testing.T) {
	for _, mode := range []string{backpressureBlock, backpressureTimeout, backpressureReject} {
		for _, shape := range []dbtest.Shape{dbtest.Full, dbtest.Mandatory, dbtest.Godror} {
			t.Run(fmt.Sprint(mode, " ", shape), func(t *testing.T) {
				t.Parallel()
				m := &mishaps{random: rand.New(rand.NewPCG(uint64(shape), uint64(len(mode))))} //nolint:gosec // a repeatable choice
				fake := &dbtest.Fake{Shape: shape, OnCall: func(ctx context.Context, _ int, call string) error {
					if call == "commit" || call == "rollback" {
						return nil
					}
					return m.happen(ctx)
				}}
				c, err := WrapConnector(fake, RuntimeConfig{
					MaxOpenConns: 3, MaxConcurrentConnections: 4, BackpressureMode: mode, BackpressureTimeout: 2 * time.Millisecond,
					BackpressureQueue: 3, LeakStack: "always", LeakDetectionThreshold: time.Second, CircuitBreakerMaxFailures: -1, RetryBackoff: time.Millisecond,
					Middleware: []middleware.Middleware{m.around},
				})
				if err != nil {
					t.Fatal(err)
				}
				db := sql.OpenDB(c)
				defer db.Close() //nolint:errcheck // checked below
				var all sync.WaitGroup
				for range 6 {
					all.Go(func() {
						for range 300 {
							ctx, cancel := context.WithTimeout(t.Context(), time.Duration(m.draw(8))*time.Millisecond)
							m.act(ctx, db)
							cancel()
						}
					})
				}
				all.Wait()
				crowd := c.main.crowd
				over := time.After(10 * time.Second) // database/sql ends transactions in the background
				for crowd.Stats().InUse > 0 || crowd.Stats().Waiting > 0 || c.PoolStats().Used > 0 {
					select {
					case <-over:
						t.Fatalf("%+v, %+v", crowd.Stats(), c.Leaks())
					case <-time.After(time.Millisecond):
					}
				}
			})
		}
	}
}
