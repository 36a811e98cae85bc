// This file cuts connections on real servers and proves that no write is sent twice and that stale connections are not noticed.

package fluxor_test

import (
	"cmp"
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor/internal/dbtest"
	"github.com/fluxor-db/fluxor/internal/faultproxy"
)

// lostReplies is how many INSERTs each combination loses the reply of: four
// combinations, so 1,000 for each driver. FLUXOR_LOST_REPLIES is another number.
func lostReplies(t *testing.T) int {
	t.Helper()
	text := cmp.Or(os.Getenv("FLUXOR_LOST_REPLIES"), "250")
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("FLUXOR_LOST_REPLIES=%s is no number of replies", text)
	}
	return n
}

func TestAWriteWhoseReplyIsLostIsNeverSentAgain(t *testing.T) {
	for _, b := range networkBackends {
		for name, end := range map[string]faultproxy.End{"FIN": faultproxy.FIN, "RST": faultproxy.RST} {
			for _, args := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s/%s/args=%t", b.name, name, args), func(t *testing.T) {
					t.Parallel()
					loseReplies(t, b, end, args)
				})
			}
		}
	}
}

func loseReplies(t *testing.T, b networkBackend, end faultproxy.End, args bool) {
	target, direct, proxy := b.behindProxy(t, "n int")
	db := b.fluxor(t, target, "fluxor_cb_max_failures=0") // every single call fails here
	before := proxy.Counters().Cuts
	want, lost := lostReplies(t), 0
	for i := range want {
		proxy.CutOnReply(1, end, insertInto)
		query, vals := fmt.Sprintf("insert into w values (%d)", i), []any(nil)
		if args {
			query, vals = "insert into w values ("+b.placeholder+")", []any{i}
		}
		_, err := db.ExecContext(t.Context(), query, vals...)
		if !isIndeterminate(err) {
			t.Fatalf("insert %d: err = %v, want an indeterminate one", i, err)
		}
		lost++
	}
	rows, distinct := countRows(t, direct)
	if cuts := int(proxy.Counters().Cuts - before); cuts != want {
		t.Errorf("the proxy cut %d replies, want %d", cuts, want)
	}
	if rows != want || distinct != want {
		t.Errorf("%d rows, %d distinct, want %d of each", rows, distinct, want)
	}
	t.Logf("%d replies lost: %d rows, %d duplicates, %d reported as indeterminate", want, rows, rows-distinct, lost)
}

func TestConnectionsTheServerKilledWhileIdleAreNotNoticed(t *testing.T) {
	const idle, statements = 8, 1000
	for _, b := range networkBackends {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			s := b.share(t)
			target := s.NewDatabase(t)
			db := b.fluxor(t, target)
			db.SetMaxIdleConns(idle)
			mustExec(t, db, "create table w (n int)")
			failed := 0
			for round := range 10 {
				holdConnections(t, db, idle)
				holdConnections(t, db, idle) // go-sql-driver looks at a connection from its second use on, and Fluxor no more
				s.EndSessions(t, target.Database)
				for i := range statements / 10 {
					if _, err := db.ExecContext(t.Context(), fmt.Sprintf("insert into w values (%d)", round*100+i)); err != nil {
						t.Log(err)
						failed++
					}
				}
			}
			var rows int
			if err := db.QueryRowContext(t.Context(), "select count(*) from w").Scan(&rows); err != nil {
				t.Fatal(err)
			}
			if failed != 0 || rows != statements {
				t.Errorf("%d of %d statements failed, %d rows", failed, statements, rows)
			}
		})
	}
}

func TestARunawayStatementIsKilledOnce(t *testing.T) {
	for _, b := range networkBackends {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			s := b.share(t)
			target := s.NewDatabase(t)
			db := b.fluxor(t, target)
			done := make(chan error, 1)
			go func() {
				_, err := db.ExecContext(t.Context(), b.slow)
				done <- err
			}()
			waitUntil(t, "the statement runs", func() bool { return running(t, s, b, target.Database) > 0 })
			<-time.After(1100 * time.Millisecond) // who is younger is sent again
			s.EndSessions(t, target.Database)
			if err := <-done; err == nil {
				t.Error("the killed statement succeeded")
			}
			if n := running(t, s, b, target.Database); n != 0 {
				t.Errorf("%d statements run after the kill", n)
			}
		})
	}
}

// TestAWriteThatItsContextCutsInTheMiddleOfItsRowsIsIndeterminate asks the
// driver's rows, because database/sql's own Rows.Err says the context's error.
func TestAWriteThatItsContextCutsInTheMiddleOfItsRowsIsIndeterminate(t *testing.T) {
	for _, b := range networkBackends[:2] { // MariaDB sends such rows only when the statement is over
		for _, deadline := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s/deadline=%t", b.name, deadline), func(t *testing.T) {
				s := b.start(t, dbtest.Options{})
				db := b.fluxor(t, s.Target)
				mustExec(t, db, "create table w (n int, x text)")
				c := heldConn(t, db).(*sql.Conn)
				ctx, cancel := context.WithCancel(context.Background())
				if deadline {
					ctx, cancel = context.WithTimeout(context.Background(), time.Second)
				}
				defer cancel()
				err := c.Raw(func(dc any) error {
					rows, err := dc.(driver.QueryerContext).QueryContext(ctx, "insert into w select i, repeat('x', 1000) from generate_series(1, 30000) i returning x", nil)
					if err != nil {
						return err
					}
					defer rows.Close()
					s.Freeze(t)
					defer s.Thaw()
					if !deadline {
						cancel()
					}
					for dest := make([]driver.Value, 1); err == nil; {
						err = rows.Next(dest)
					}
					return err
				})
				if !isIndeterminate(err) || !errors.Is(err, ctx.Err()) {
					t.Errorf("err = %T %v, want an indeterminate one", err, err)
				}
			})
		}
	}
}
