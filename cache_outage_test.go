// This file tests the query cache while the database is gone, and where the answer to a write is lost.

package fluxor_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/internal/dbtest"
	"github.com/fluxor-db/fluxor/internal/faultproxy"
)

// onOwnServer runs a test on a server of its own, for each kind of it.
func onOwnServer(t *testing.T, options []string, test func(k *shelf, s *dbtest.Server)) {
	for _, b := range networkBackends {
		if b.name == "pgx" {
			continue // the same server as lib/pq's, and nothing here hangs on the driver
		}
		t.Run(b.name, func(t *testing.T) {
			s := b.start(t, dbtest.Options{})
			target := s.NewDatabase(t)
			bare := b.raw(t, target)
			mustExec(t, bare, "create table items (id int primary key, name varchar(20), price int)")
			mustExec(t, bare, "insert into items values (1, 'one', 10), (2, 'two', 20), (3, 'three', 30)")
			db := b.fluxor(t, target, append([]string{"fluxor_cache=all", "fluxor_connection_timeout=1s", "fluxor_network_timeout=1s"}, options...)...)
			k := &shelf{t: t, b: b, db: db, c: poolOf(t, db), bare: bare, target: target}
			k.learned()
			test(k, s)
		})
	}
}

// ask asks for the name of the first item; a failure is an answer here.
func (k *shelf) ask() (string, fluxor.CacheAnswer, error) {
	ctx, cancel := context.WithTimeout(k.t.Context(), 10*time.Second)
	defer cancel()
	ctx, info := fluxor.CacheInfo(ctx)
	var name string
	err := k.db.QueryRowContext(ctx, "select name from items where id = "+k.b.placeholder, 1).Scan(&name)
	return name, *info, err
}

func TestWhileTheDatabaseIsStoppedKeptAnswersAreServedAtOnce(t *testing.T) {
	onOwnServer(t, nil, func(k *shelf, s *dbtest.Server) {
		k.want("one", "miss")
		for _, stop := range []func(testing.TB){s.Freeze, s.Kill} {
			stop(k.t)
			took := make([]time.Duration, 0, 200)
			for range cap(took) {
				began := time.Now()
				name, info, err := k.ask()
				took = append(took, time.Since(began))
				if err != nil || name != "one" || info.Status != "hit" {
					k.t.Fatal(name, info, err)
				}
			}
			slices.Sort(took)
			if median := took[len(took)/2]; median > time.Millisecond {
				k.t.Errorf("the median of %d hits took %v", len(took), median)
			}
			k.t.Logf("median %v, longest %v", took[len(took)/2], took[len(took)-1])
			s.Thaw()
		}
		s.Restart(k.t)
		waitUntil(k.t, "the database is back", func() bool {
			_, err := k.db.ExecContext(k.t.Context(), updateItem)
			return err == nil
		})
		waitUntil(k.t, "no write is in doubt", func() bool { return k.c.CacheStats().Doubts == 0 })
		k.sees("NEW")
	})
}

func TestWithTheDatabaseGoneOldAnswersAreServedForTheirTime(t *testing.T) {
	onOwnServer(t, []string{"fluxor_cache_ttl=1ms", "fluxor_cache_stale_if_error=2s", "fluxor_cb_max_failures=2"}, func(k *shelf, s *dbtest.Server) {
		k.name(k.db, 1)
		s.Kill(k.t)
		began := time.Now()
		seen := 0
		for {
			name, info, err := k.ask()
			if err != nil {
				break
			}
			if name != "one" || info.Status != "stale" || info.Why != "database-unavailable" || info.Age <= 0 {
				k.t.Fatal(name, info)
			}
			seen++
		}
		if over := time.Since(began); over < time.Second || over > 20*time.Second {
			k.t.Errorf("old answers were served for %v, want about 2s", over)
		}
		if n := k.c.CacheStats().Stale; seen == 0 || n != int64(seen) {
			k.t.Errorf("%d old answers, %d counted", seen, n)
		}
		s.Restart(k.t)
		mustExec(k.t, k.b.raw(k.t, k.target), updateItem)
		waitUntil(k.t, "the new name is read", func() bool {
			name, info, err := k.ask()
			if err == nil && name == "one" {
				k.t.Fatal("the old name is back", info)
			}
			return name == "NEW"
		})
	})
}

func TestWhoIsRefusedGetsNoOldAnswer(t *testing.T) {
	onOwnServer(t, []string{"fluxor_cache_ttl=1ms", "fluxor_cache_stale_if_error=1h", "fluxor_conn_max_lifetime=1ms"}, func(k *shelf, s *dbtest.Server) {
		k.name(k.db, 1)
		admin := s.Admin(k.t)
		text := "alter user " + k.target.User + " password 'changed'"
		if k.b.name == "mysql" {
			text = "alter user '" + k.target.User + "'@'%' identified by 'changed'"
		}
		mustExec(k.t, admin, text)
		s.EndSessions(k.t, k.target.Database)
		waitUntil(k.t, "the login is refused", func() bool {
			_, _, err := k.ask()
			return err != nil
		})
		for range 3 {
			if name, info, err := k.ask(); err == nil {
				k.t.Errorf("%q, %+v", name, info)
			}
		}
	})
}

// lossy opens the shelf's database behind a proxy.
func (k *shelf) lossy(options ...string) (*shelf, *faultproxy.Proxy) {
	k.t.Helper()
	proxy, err := k.b.proxy(k.target.Addr())
	if err != nil {
		k.t.Fatal(err)
	}
	k.t.Cleanup(func() { _ = proxy.Close() })
	target := k.target.At(proxy.Addr())
	db := k.b.fluxor(k.t, target, append([]string{"fluxor_cache=all"}, options...)...)
	other := &shelf{t: k.t, b: k.b, db: db, c: poolOf(k.t, db), bare: k.bare, target: target}
	other.learned()
	return other, proxy
}

// has tells a proxy which requests hold a text.
func has(text string) func([]byte) bool {
	return func(request []byte) bool { return strings.Contains(strings.ToLower(string(request)), text) }
}

func TestAWriteWhoseAnswerIsLostIsSeenWhenItTakesEffect(t *testing.T) {
	onCaches(t, nil, func(k *shelf) {
		k, proxy := k.lossy("fluxor_cache_doubt=2s")
		k.sees("one")
		lock, err := k.bare.BeginTx(k.t.Context(), nil)
		if err != nil {
			k.t.Fatal(err)
		}
		k.exec(lock, "select id from items where id = 1 for update") // it goes on when its client is gone
		failed := make(chan error, 1)
		go func() {
			_, err := k.db.ExecContext(k.t.Context(), updateItem)
			failed <- err
		}()
		k.blocked()
		proxy.KillAll(faultproxy.RST)
		if err := <-failed; err == nil {
			k.t.Fatal("the write was answered")
		}
		k.doubted(func() {
			if err := lock.Rollback(); err != nil {
				k.t.Fatal(err)
			}
		})
	})
}

func TestACommitWhoseAnswerIsLostIsSeen(t *testing.T) {
	onCaches(t, nil, func(k *shelf) {
		k, proxy := k.lossy("fluxor_cache_doubt=2s")
		k.sees("one")
		tx := k.begin(k.db)
		k.exec(tx, updateItem)
		proxy.CutOnReply(1, faultproxy.RST, has("commit"))
		if err := tx.Commit(); err == nil {
			k.t.Fatal("the commit was answered")
		}
		k.doubted(func() {})
		k.sees("NEW")
	})
}

// doubted checks that nothing is kept while a write is in doubt, which may go on
// once it is let, and that what is kept afterwards is true.
func (k *shelf) doubted(let func()) {
	k.t.Helper()
	for range 3 {
		if _, how := k.name(k.db, 1); how == "hit" {
			k.t.Errorf("in doubt: %s", how)
		}
	}
	if k.c.CacheStats().Doubts == 0 {
		k.t.Error("nothing is in doubt")
	}
	let()
	waitUntil(k.t, "the doubt is over", func() bool { return k.c.CacheStats().Doubts == 0 })
	var now string
	if err := k.bare.QueryRowContext(k.t.Context(), "select name from items where id = 1").Scan(&now); err != nil {
		k.t.Fatal(err)
	}
	k.sees(now)
	k.want(now, "hit")
}

// blocked waits until a statement on the server waits for a lock.
func (k *shelf) blocked() {
	k.t.Helper()
	text := "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
	if k.b.name == "mysql" {
		text = "select count(*) from information_schema.processlist where db = database() and info like 'update items%' and time_ms > 50"
	}
	waitUntil(k.t, "a statement waits for a lock", func() bool {
		var n int
		if err := k.bare.QueryRowContext(k.t.Context(), text).Scan(&n); err != nil {
			k.t.Fatal(err)
		}
		return n > 0
	})
}

func TestAReadThatIsCutIsNotKept(t *testing.T) {
	onCaches(t, nil, func(k *shelf) {
		k, proxy := k.lossy()
		proxy.CutInReply(1, faultproxy.RST, has("from items where name"), func(reply []byte) []byte { return reply[:len(reply)/2] })
		text := "select id from items where name <> 'x' order by id"
		read := func() (n int, err error) {
			rows, err := k.db.QueryContext(k.t.Context(), text)
			if err != nil {
				return 0, err
			}
			defer rows.Close() //nolint:errcheck // Err says it
			for rows.Next() {
				n++
			}
			return n, rows.Err()
		}
		if n, err := read(); err == nil && n != 3 {
			k.t.Errorf("%d rows and no error", n)
		}
		for range 2 {
			if n, err := read(); err != nil || n != 3 {
				k.t.Errorf("%d rows, %v", n, err)
			}
		}
	})
}
