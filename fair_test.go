// This file tests waiting: its cost, and what session state survives it.

package fluxor_test

import (
	"context"
	"database/sql"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/internal/dbtest"
)

func TestTenThousandGoroutinesShareTwentyConnections(t *testing.T) {
	const goroutines, conns = 10_000, 20
	f := &dbtest.Fake{}
	db, c := wrap(t, f, fluxor.RuntimeConfig{MaxOpenConns: conns})
	holders := make([]*sql.Conn, conns)
	for i := range holders {
		holders[i], _ = db.Conn(t.Context())
		if err := holders[i].PingContext(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	var failed atomic.Int64
	var wg sync.WaitGroup
	for range goroutines {
		wg.Go(func() {
			if _, err := db.ExecContext(context.Background(), "update"); err != nil {
				failed.Add(1)
			}
		})
	}
	waitUntil(t, "all are in line", func() bool { return c.PoolStats().Waiting == goroutines })
	runtime.GC()
	runtime.ReadMemStats(&after)
	for _, h := range holders {
		_ = h.Close()
	}
	wg.Wait()
	if n := failed.Load(); n != 0 {
		t.Errorf("%d of %d calls failed", n, goroutines)
	}
	if f.Dials() > conns {
		t.Errorf("%d connections were opened, want at most %d", f.Dials(), conns)
	}
	heap := (after.HeapInuse - before.HeapInuse) / goroutines
	stack := (after.StackInuse - before.StackInuse) / goroutines
	t.Logf("%d waiting virtual connections: %d bytes of heap and %d of goroutine stack each", goroutines, heap, stack)
	if heap > 4096 {
		t.Errorf("a waiting virtual connection takes %d bytes of heap, want a few hundred for itself and its waiter", heap)
	}
}

// carry reports how often a second statement sees the session state of the
// first, with as many goroutines as given, none of which uses a sql.Conn.
func carryRate(t *testing.T, db *sql.DB, goroutines, rounds int, set, get func(ctx context.Context, db *sql.DB, v int) (bool, error)) float64 {
	t.Helper()
	var seen atomic.Int64
	var wg sync.WaitGroup
	for g := range goroutines {
		wg.Go(func() {
			for i := range rounds {
				v := g*rounds + i + 1
				if _, err := set(t.Context(), db, v); err != nil {
					t.Error(err)
					return
				}
				ok, err := get(t.Context(), db, v)
				if err != nil {
					t.Error(err)
					return
				}
				if ok {
					seen.Add(1)
				}
			}
		})
	}
	wg.Wait()
	return float64(seen.Load()) / float64(goroutines*rounds)
}

func TestSessionStateSurvivesAsOftenAsOnTheBareDriver(t *testing.T) {
	type pair struct {
		name     string
		set, get func(ctx context.Context, db *sql.DB, v int) (bool, error)
	}
	exec := func(format string) func(context.Context, *sql.DB, int) (bool, error) {
		return func(ctx context.Context, db *sql.DB, v int) (bool, error) {
			_, err := db.ExecContext(ctx, fmt.Sprintf(format, v))
			return err == nil, err
		}
	}
	query := func(q string) func(context.Context, *sql.DB, int) (bool, error) {
		return func(ctx context.Context, db *sql.DB, v int) (bool, error) {
			var got sql.NullString
			err := db.QueryRowContext(ctx, q).Scan(&got)
			return got.String == fmt.Sprint(v), err
		}
	}
	cases := map[string][]pair{
		"pq":    {{"SET then read", exec("set fluxor.v = '%d'"), query("select current_setting('fluxor.v', true)")}},
		"pgx":   {{"SET then read", exec("set fluxor.v = '%d'"), query("select current_setting('fluxor.v', true)")}},
		"mysql": {{"SET then read", exec("set @v = %d"), query("select @v")}, {"LAST_INSERT_ID", exec("insert into ids values (last_insert_id(%d))"), query("select last_insert_id()")}},
	}
	for _, b := range networkBackends {
		for _, p := range cases[b.name] {
			for _, goroutines := range []int{1, 8} {
				t.Run(fmt.Sprintf("%s/%s/%d", b.name, p.name, goroutines), func(t *testing.T) {
					target := b.share(t).NewDatabase(t)
					mustExec(t, b.raw(t, target), "create table ids (id int primary key"+map[bool]string{true: " auto_increment"}[b.name == "mysql"]+")")
					rate := func(db *sql.DB) float64 {
						defer mustExec(t, db, "delete from ids")
						holdConnections(t, db, goroutines) // a database that is in use, not one that starts
						return carryRate(t, db, goroutines, 2000/goroutines, p.set, p.get)
					}
					bare, through := rate(b.raw(t, target)), rate(b.fluxor(t, target))
					t.Logf("%s, %d goroutines: bare %.1f %%, Fluxor %.1f %%", p.name, goroutines, 100*bare, 100*through)
					slack := 0.0
					if goroutines > 1 {
						slack = 0.1 // what the scheduler does in between differs from run to run
					}
					if through < bare-slack {
						t.Errorf("Fluxor carries state in %.3f of the cases, bare in %.3f", through, bare)
					}
				})
			}
		}
	}
}
