// This file tests the query cache where many ask for the same at once, and where the one who asks for all gives up.

package fluxor_test

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/middleware"
)

// gate lets queries of one text through when it is opened, and counts them.
type gate struct {
	asked atomic.Int64
	came  chan struct{} // has one for each
	open  chan struct{}
	fail  atomic.Bool // the next one
}

var errGate = errors.New("the gate refuses")

func newGate() *gate { return &gate{came: make(chan struct{}, 2000), open: make(chan struct{})} }

func (g *gate) around(next middleware.Handler) middleware.Handler {
	return middleware.HandlerFunc(func(ctx context.Context, c *middleware.Call) error {
		if c.Op != middleware.OpQuery || len(c.Args) == 0 {
			return next.Handle(ctx, c)
		}
		g.asked.Add(1)
		g.came <- struct{}{}
		select {
		case <-g.open:
		case <-ctx.Done():
			return ctx.Err()
		}
		if g.fail.Swap(false) {
			return errGate
		}
		return next.Handle(ctx, c)
	})
}

// gated opens the shelf's database behind a gate.
func (k *shelf) gated(options ...string) (*shelf, *gate) {
	g := newGate()
	return k.with(fluxor.RuntimeConfig{InnerMiddleware: []middleware.Middleware{g.around}}, options...), g
}

// crowd has n readers ask for the first item, and returns what each of them got.
func (k *shelf) crowd(n int) (done func() map[string]int) {
	var wg sync.WaitGroup
	var mu sync.Mutex
	got := map[string]int{}
	for range n {
		wg.Go(func() {
			var name string
			err := k.db.QueryRowContext(k.t.Context(), "select name from items where id = "+k.b.placeholder, 1).Scan(&name)
			if err != nil {
				name = err.Error()
			}
			mu.Lock()
			defer mu.Unlock()
			got[name]++
		})
	}
	return func() map[string]int { wg.Wait(); return got }
}

func TestAThousandReadersOfOneAnswerAskOnce(t *testing.T) {
	onCaches(t, nil, func(k *shelf) {
		k, g := k.gated()
		done := k.crowd(1000)
		<-g.came
		close(g.open)
		if got := done(); got["one"] != 1000 {
			k.t.Errorf("%v", got)
		}
		if n := g.asked.Load(); n != 1 {
			k.t.Errorf("%d queries, want 1", n)
		}
	})
}

func TestALeaderWhoGivesUpFailsNobody(t *testing.T) {
	onCaches(t, nil, func(k *shelf) {
		k, g := k.gated()
		ctx, cancel := context.WithCancel(k.t.Context())
		led := make(chan error, 1)
		go func() {
			var name string
			led <- k.db.QueryRowContext(ctx, "select name from items where id = "+k.b.placeholder, 1).Scan(&name)
		}()
		<-g.came
		done := k.crowd(100)
		cancel()
		if err := <-led; !errors.Is(err, context.Canceled) {
			k.t.Errorf("the leader: %v", err)
		}
		<-g.came // another one asks
		close(g.open)
		if got := done(); got["one"] != 100 {
			k.t.Errorf("%v", got)
		}
	})
}

func TestALeaderWhoIsRefusedFailsHimselfAlone(t *testing.T) {
	onCaches(t, nil, func(k *shelf) {
		k, g := k.gated()
		g.fail.Store(true)
		done := k.crowd(50)
		<-g.came
		close(g.open)
		if got := done(); got["one"] != 49 || got[errGate.Error()] != 1 {
			k.t.Errorf("%v", got)
		}
	})
}

func TestAReaderWithTheOnlyConnectionWaitsForNobody(t *testing.T) {
	onCaches(t, nil, func(k *shelf) {
		k, g := k.gated("fluxor_max_open_conns=1")
		c := k.conn()
		k.exec(c, "update items set price = 10") // it holds the connection
		done := k.crowd(20)
		close(g.open)
		k.waiting()
		for range 2 {
			if name, _ := k.name(c, 1); name != "one" {
				k.t.Errorf("%q", name)
			}
		}
		if err := c.Close(); err != nil {
			k.t.Fatal(err)
		}
		if got := done(); got["one"] != 20 {
			k.t.Errorf("%v", got)
		}
	})
}

// waiting waits until somebody is waiting for a connection.
func (k *shelf) waiting() {
	k.t.Helper()
	waitUntil(k.t, "somebody waits", func() bool { return k.c.PoolStats().Waiting > 0 })
}

func TestASessionOfItsOwnReadsWhatTheBareDriverReads(t *testing.T) {
	onPostgres(t, func(k *shelf) {
		k.exec(k.db, "create schema other")
		k.exec(k.db, "create table other.items (id int primary key, name text)")
		k.exec(k.db, "insert into other.items values (1, 'other')")
		k.learned()
		bare, err := k.bare.Conn(k.t.Context())
		if err != nil {
			k.t.Fatal(err)
		}
		defer bare.Close() //nolint:errcheck // it is the test's end
		c := k.conn()
		for _, text := range []string{
			"select 1", "set search_path = other", "set search_path = public", "set search_path = 'other'", "reset search_path",
			"create table pg_temp.items as select 1 as id, 'temporary' as name", "drop table pg_temp.items",
			"create table pg_temp.items (id int, name text)", "insert into pg_temp.items values (1, 'temporary')", "drop table pg_temp.items",
			"create temp table items as select 1 as id, 'temporary' as name", "discard temp",
			"prepare p as select name from items", "begin", "set local search_path = other", "savepoint a", "rollback to a", "rollback",
			"do $$ begin perform set_config('search_path', 'other', false); end $$", "discard all",
			"begin", "declare c cursor for select name from items", "fetch c", "lock table items", "commit", "select pg_advisory_lock(1)", "listen x", "notify x", "unlisten *",
		} {
			for on, db := range map[string]*sql.Conn{"bare": bare, "Fluxor": c} {
				if _, err := db.ExecContext(k.t.Context(), text); err != nil {
					k.t.Fatalf("%s: %s: %v", on, text, err)
				}
			}
			var want string
			wantErr := bare.QueryRowContext(k.t.Context(), "select name from items where id = $1", 1).Scan(&want)
			for range 2 {
				var got string
				err := c.QueryRowContext(k.t.Context(), "select name from items where id = $1", 1).Scan(&got)
				if got != want || (err == nil) != (wantErr == nil) {
					k.t.Errorf("after %q: %q, %v; the bare driver: %q, %v", text, got, err, want, wantErr)
				}
			}
			if got, how := k.name(k.db, 1); got != "one" {
				k.t.Errorf("after %q another session reads %q (%s)", text, got, how)
			}
		}
	})
}

func TestAContextThatIsOverGetsNoKeptAnswer(t *testing.T) {
	onCaches(t, nil, func(k *shelf) {
		k.sees("one")
		c := k.conn()
		ctx, cancel := context.WithCancel(k.t.Context())
		cancel()
		_, err := c.QueryContext(ctx, "select name from items where id = "+k.b.placeholder, 1) //nolint:rowserrcheck,sqlclosecheck // there are none
		if !errors.Is(err, context.Canceled) {
			k.t.Errorf("%v", err)
		}
	})
}
