// This file freezes real servers and proves that every kind of call comes back.

package fluxor_test

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/internal/dbtest"
)

// frozenContext is when the context of a call ends, frozenLimit when the call
// must be back.
const (
	frozenContext = time.Second
	frozenLimit   = 1250 * time.Millisecond
)

// frozenSetting is one way to reach a server, and to end what is asked of it.
type frozenSetting struct {
	name  string
	dsn   string
	begin func() (context.Context, context.CancelFunc)
	want  error // what errors are
}

func withDeadline() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), frozenContext)
}

func withCancel() (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(frozenContext, cancel)
	return ctx, cancel
}

func withNothing() (context.Context, context.CancelFunc) { return context.Background(), func() {} }

// meeting is a server about to be frozen, and who will call it.
type meeting struct {
	calls []frozenCall
	limit time.Duration
	with  [][]any // by setting and call
	dbs   []*sql.DB
}

// ready prepares every call in every setting.
func (m *meeting) ready(t *testing.T, alias string, settings []frozenSetting) {
	t.Helper()
	for i, set := range settings {
		m.dbs, m.with = append(m.dbs, openName(t, alias, set.dsn)), append(m.with, make([]any, len(m.calls)))
		for k, c := range m.calls {
			if c.ready != nil && (i == 0 || !c.once) {
				m.with[i][k] = c.ready(t, m.dbs[i])
			}
		}
	}
}

// hold freezes the server and makes the calls, all at once.
func (m *meeting) hold(t *testing.T, s *dbtest.Server, settings []frozenSetting) {
	t.Helper()
	var frozen, over sync.WaitGroup
	frozen.Add(1)
	late := dbtest.Lateness(t)
	for i, set := range settings {
		ctx, cancel := set.begin()
		t.Cleanup(cancel)
		began := time.Now()
		for k, c := range m.calls {
			if c.once && i > 0 {
				continue
			}
			if c.last != nil {
				m.with[i][k] = c.last(ctx, t, m.with[i][k])
			}
			over.Go(func() {
				frozen.Wait()
				start := began // of what the context bounds
				if ctx.Done() == nil {
					start = time.Now()
				}
				err := c.call(ctx, m.dbs[i], m.with[i][k])
				c.check(t, set, time.Since(start), m.limit+late(), err)
			})
		}
	}
	s.Freeze(t)
	frozen.Done()
	hang := time.AfterFunc(10*m.limit, func() {
		t.Error("some calls still hang: the server is killed to end them")
		s.Kill(t)
	})
	over.Wait()
	hang.Stop()
	t.Logf("the machine is up to %s late", late())
}

// check says how a call must end on a frozen server.
func (c frozenCall) check(t *testing.T, set frozenSetting, took, limit time.Duration, err error) {
	t.Logf("%-9s %-14s %7s %.120v", set.name, c.name, took.Round(time.Millisecond), err)
	if set.want != nil && !errors.Is(err, set.want) && (!c.loose || set.want != fluxor.ErrNetworkTimeout) {
		t.Errorf("%s, %s: err = %v, want %v", set.name, c.name, err, set.want)
	}
	if c.lost && !isIndeterminate(err) {
		t.Errorf("%s, %s: err = %v, want an indeterminate one", set.name, c.name, err)
	}
	if c.safe && isIndeterminate(err) {
		t.Errorf("%s, %s: err = %v, although repeating it is safe", set.name, c.name, err)
	}
	if took > limit {
		t.Errorf("%s, %s took %s, want at most %s", set.name, c.name, took, limit)
	}
}

func TestEveryCallOnAFrozenServerReturns(t *testing.T) {
	for _, b := range networkBackends {
		t.Run(b.name, func(t *testing.T) {
			s := b.start(t, dbtest.Options{TLS: true})
			defer s.Thaw()
			settings := []frozenSetting{
				{"plain", b.dsn(s.Target), withDeadline, context.DeadlineExceeded},
				{"cancelled", b.dsn(s.Target), withCancel, context.Canceled},
				{"TLS", b.dsn(s.Target, s.VerifyFull()...), withDeadline, context.DeadlineExceeded},
			}
			m := meeting{calls: frozenCalls(b), limit: frozenLimit}
			m.ready(t, b.alias, settings)
			m.hold(t, s, settings)
		})
	}
}

func TestCallsWithoutContextOnAFrozenServerAreBounded(t *testing.T) {
	const bound = time.Second
	bounds := []string{"fluxor_network_timeout=1s", "fluxor_close_timeout=1s", "fluxor_connection_timeout=1s"}
	for _, b := range networkBackends {
		t.Run(b.name, func(t *testing.T) {
			s := b.start(t, dbtest.Options{TLS: true})
			defer s.Thaw()
			settings := []frozenSetting{
				{"plain", b.dsn(s.Target, bounds...), withNothing, fluxor.ErrNetworkTimeout},
				{"TLS", b.dsn(s.Target, append(s.VerifyFull(), bounds...)...), withNothing, fluxor.ErrNetworkTimeout},
			}
			if b.name == "mysql" {
				tcp4 := strings.Replace(settings[0].dsn, "@tcp(", "@tcp4(", 1)
				settings = append(settings, frozenSetting{"tcp4", tcp4, withNothing, fluxor.ErrNetworkTimeout})
			}
			m := meeting{calls: append(frozenCalls(b), closings(b)...), limit: bound + time.Second/2}
			m.ready(t, b.alias, settings)
			c := heldConn(t, m.dbs[0]).(*sql.Conn)
			m.hold(t, s, settings)
			start := time.Now()
			err := c.Close()
			for _, db := range m.dbs {
				err = errors.Join(err, db.Close())
			}
			if took := time.Since(start); took > m.limit {
				t.Errorf("closing all took %s: %v", took, err)
			}
		})
	}
}

func begin(t *testing.T, db *sql.DB) *sql.Tx {
	t.Helper()
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	return tx
}

func openRows(t *testing.T, db *sql.DB, query string) *sql.Rows {
	t.Helper()
	rows, err := db.Query(query)
	if err != nil || !rows.Next() {
		t.Fatal(err, rows.Err())
	}
	return rows
}

func TestACommitWhoseAnswerIsLostIsIndeterminate(t *testing.T) {
	for _, b := range networkBackends {
		t.Run(b.name, func(t *testing.T) {
			s := b.start(t, dbtest.Options{})
			db := b.fluxor(t, s.Target, "fluxor_network_timeout=300ms")
			tx := begin(t, db)
			s.Freeze(t)
			err := tx.Commit()
			s.Thaw()
			var lost *fluxor.IndeterminateError
			if !errors.As(err, &lost) || !errors.Is(err, fluxor.ErrNetworkTimeout) {
				t.Errorf("err = %v, want an indeterminate one", err)
			}
			if err := db.PingContext(t.Context()); err != nil {
				t.Errorf("after the thaw: %v", err)
			}
		})
	}
}

// TestClosingOnAFrozenServerIsBoundedByTheCloseTimeoutAlone: no context and no
// network timeout helps what has to end after them.
func TestClosingOnAFrozenServerIsBoundedByTheCloseTimeoutAlone(t *testing.T) {
	const limit = time.Second
	for _, b := range networkBackends {
		t.Run(b.name, func(t *testing.T) {
			s := b.start(t, dbtest.Options{})
			db := b.fluxor(t, s.Target, "fluxor_close_timeout=1s")
			idle := b.fluxor(t, s.Target, "fluxor_close_timeout=1s")
			idle.SetMaxIdleConns(3)
			holdConnections(t, idle, 3)
			rows := openRows(t, db, b.many)
			plain := begin(t, db)
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			ended, err := db.BeginTx(ctx, nil)
			if err != nil {
				t.Fatal(err)
			}
			s.Freeze(t)
			defer s.Thaw()
			var wg sync.WaitGroup
			for name, end := range map[string]func() error{
				"Rows.Close":                   rows.Close,
				"Rollback":                     plain.Rollback,
				"Rollback after the context":   func() error { cancel(); return ended.Rollback() },
				"DB.Close of idle connections": idle.Close,
			} {
				wg.Go(func() {
					done := make(chan error, 1)
					start := time.Now()
					go func() { done <- end() }()
					select {
					case err := <-done:
						t.Logf("%-28s %7s %v", name, time.Since(start).Round(time.Millisecond), err)
					case <-time.After(2 * limit):
						t.Errorf("%s does not return within twice the close timeout", name)
					}
				})
			}
			wg.Wait()
		})
	}
}
