// This file tests what the query cache takes a write for that waits, is given up, panics or is refused in a way of the driver's own.

package fluxor_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/internal/faultproxy"
	"github.com/fluxor-db/fluxor/middleware"
)

// count asks how many rows a table has, and says where the answer came from.
func (k *shelf) count(q querier, table string) (n int, status string) {
	k.t.Helper()
	ctx, info := fluxor.CacheInfo(k.t.Context())
	if err := q.QueryRowContext(ctx, "select count(*) from "+table).Scan(&n); err != nil {
		k.t.Fatal(err)
	}
	return n, info.Status
}

// learnedAnew waits until the schema is known, without a query of the cache's.
func (k *shelf) learnedAnew() {
	k.t.Helper()
	if err := k.c.LearnSchema(k.t.Context()); err != nil {
		k.t.Fatal(err)
	}
}

func TestAWriteThatWaitsForAChangeOfTheSchemaIsSeenWhereItSetsOffTheNewTrigger(t *testing.T) {
	for _, inTx := range []bool{false, true} {
		onCaches(t, nil, func(k *shelf) {
			if k.b.name == "mysql" {
				return // its DDL commits by itself
			}
			k.exec(k.bare, "create table log (n int)")
			k.exec(k.db, "create function logs() returns trigger language plpgsql as $$ begin insert into log values (1); perform pg_advisory_xact_lock(1); return new; end $$")
			k.learned()
			lock := k.conn2()
			k.exec(lock, "select pg_advisory_lock(1)")
			ddl := k.begin(k.db)
			k.exec(ddl, "create trigger logs after update on items for each row execute function logs()")
			k.learnedAnew()
			done := make(chan error, 1)
			go func() { done <- k.update(inTx) }()
			k.blocked()
			k.commit(ddl)
			k.learnedAnew()
			k.waits("advisory")
			for range 2 {
				if n, how := k.count(k.db, "log"); n != 0 || how == "hit" && !inTx {
					k.t.Errorf("while the write is under way: %d (%s)", n, how)
				}
			}
			k.exec(lock, "select pg_advisory_unlock(1)")
			if err := <-done; err != nil {
				k.t.Fatal(err)
			}
			k.wantCount("select count(*) from log", 1)
			k.count(k.db, "log")
			if n, how := k.count(k.db, "log"); n != 1 || how != "hit" {
				k.t.Errorf("after the write: %d (%s)", n, how)
			}
		})
	}
}

// conn2 takes a connection that Fluxor does not know.
func (k *shelf) conn2() *sql.Conn {
	k.t.Helper()
	c, err := k.bare.Conn(k.t.Context())
	if err != nil {
		k.t.Fatal(err)
	}
	k.t.Cleanup(func() { _ = c.Close() })
	return c
}

// update updates the first item, within a transaction or not.
func (k *shelf) update(inTx bool) error {
	if !inTx {
		_, err := k.db.ExecContext(k.t.Context(), updateItem)
		return err
	}
	tx, err := k.db.BeginTx(k.t.Context(), nil)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(k.t.Context(), updateItem)
	return errors.Join(err, tx.Commit())
}

// waits waits until a session of PostgreSQL's waits for a lock of a kind.
func (k *shelf) waits(kind string) {
	k.t.Helper()
	waitUntil(k.t, "a session waits for a lock", func() bool {
		var n int
		err := k.bare.QueryRowContext(k.t.Context(), "select count(*) from pg_locks where locktype = '"+kind+"' and not granted").Scan(&n)
		return err == nil && n > 0
	})
}

func TestAWriteThatWaitsForAConnectionIsAnnouncedByTheSchemaThatItMeets(t *testing.T) {
	onSQLite(t, "wal", func(k *shelf) {
		k.exec(k.bare, "create table log (n int)")
		k = k.with(fluxor.RuntimeConfig{}, "fluxor_max_open_conns=1")
		c := k.conn()
		k.exec(c, "update items set price = 6 where id = 1") // it holds the one connection
		done := make(chan error, 1)
		go func() {
			var id int
			done <- k.db.QueryRowContext(t.Context(), "update items set price = 7 where id = 1 returning id").Scan(&id)
		}()
		waitUntil(t, "the write waits", func() bool { return k.c.PoolStats().Waiting > 0 })
		k.exec(k.bare, "create trigger logs after update on items begin insert into log values (new.id); end")
		k.learnedAnew()
		if n, how := k.count(c, "log"); n != 0 || how != "miss" {
			t.Errorf("%d rows (%s)", n, how)
		}
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		k.wantCount("select count(*) from log", 1)
	})
}

func TestACallOfTheDriversOwnConnectionThatIsGivenUpMayTakeEffectLater(t *testing.T) {
	swallows := func(err error) error {
		if err == nil {
			return errors.New("the call was not given up")
		}
		return nil
	}
	tells := func(err error) error { return err }
	for _, say := range []func(error) error{tells, swallows} {
		onCaches(t, []string{"fluxor_cache=all", "fluxor_cache_doubt=2s"}, func(k *shelf) {
			if k.b.name == "pq" {
				return // which has the server's word that the statement is cancelled
			}
			k.sees("one")
			lock := k.begin2()
			ctx, cancel := context.WithTimeout(k.t.Context(), 300*time.Millisecond)
			defer cancel()
			c := k.conn()
			_ = fluxor.Raw(ctx, c, func(dc any) error {
				_, err := dc.(driver.ExecerContext).ExecContext(ctx, updateItem, nil)
				return say(err)
			})
			_ = c.Close()
			k.doubted(func() { _ = lock.Rollback() })
		})
	}
}

// begin2 locks the first item beside Fluxor.
func (k *shelf) begin2() *sql.Tx {
	k.t.Helper()
	tx := k.begin(k.bare)
	k.exec(tx, "select id from items where id = 1 for update")
	return tx
}

func TestAPanicWithTheDriversOwnConnectionLeavesWhatItDidInDoubt(t *testing.T) {
	onCaches(t, []string{"fluxor_cache=all", "fluxor_cache_doubt=1s"}, func(k *shelf) {
		k.sees("one")
		c := k.conn()
		func() {
			defer func() { _ = recover() }()
			_ = fluxor.Raw(k.t.Context(), c, func(any) error { panic("a bug of the application's") })
		}()
		k.doubted(func() {})
	})
}

func TestAPanicBehindAWritingQueryLeavesItInDoubtForItsTime(t *testing.T) {
	for name, above := range map[string]bool{"Middleware": true, "InnerMiddleware": false} {
		onCaches(t, nil, func(k *shelf) {
			var armed atomic.Bool
			ms := []middleware.Middleware{func(next middleware.Handler) middleware.Handler {
				return middleware.HandlerFunc(func(ctx context.Context, c *middleware.Call) error {
					err := next.Handle(ctx, c)
					if armed.CompareAndSwap(true, false) {
						panic("a bug of the application's")
					}
					return err
				})
			}}
			cfg := fluxor.RuntimeConfig{InnerMiddleware: ms}
			if above {
				cfg = fluxor.RuntimeConfig{Middleware: ms}
			}
			k = k.with(cfg, "fluxor_cache_doubt=1s")
			k.sees("one")
			text := "insert into items values (9, 'nine', 9) returning id"
			armed.Store(true)
			func() {
				defer func() { _ = recover() }()
				_, _ = k.all(k.db, text), k.t
				k.t.Errorf("%s: there was no panic", name)
			}()
			k.doubted(func() {})
		})
	}
}

func TestACommitThatPostgreSQLTurnsIntoARollbackLeavesNothingInDoubt(t *testing.T) {
	onCaches(t, nil, func(k *shelf) {
		if k.b.name == "mysql" {
			return
		}
		k.sees("one")
		tx := k.begin(k.db)
		k.exec(tx, updateItem)
		if _, err := tx.ExecContext(k.t.Context(), "insert into items values (2, 'again', 1)"); err == nil {
			k.t.Fatal("a second item 2")
		}
		if err := tx.Commit(); err == nil {
			k.t.Fatal("the commit was answered")
		}
		if n := k.c.CacheStats().Doubts; n != 0 {
			k.t.Errorf("%d versions are in doubt", n)
		}
		k.want("one", "hit")
	})
}

func TestAReadThatWritesThroughAViewIsInDoubtWhereItsAnswerIsLost(t *testing.T) {
	onCaches(t, nil, func(k *shelf) {
		for _, text := range map[bool][]string{
			false: {"create function f() returns int language sql as $$ " + updateItem + "; select 1 $$", "create view v as select f() as n"},
			true:  {"create function f() returns int modifies sql data begin " + updateItem + "; return 1; end", "create view v as select f() as n"},
		}[k.b.name == "mysql"] {
			k.exec(k.bare, text)
		}
		k, proxy := k.lossy("fluxor_cache_doubt=2s", "fluxor_connection_timeout=500ms")
		k.sees("one")
		proxy.CutOnReply(1, faultproxy.RST, has("from v"))
		proxy.RefuseNew()
		if _, err := k.db.ExecContext(k.t.Context(), "select n from v"); err == nil {
			k.t.Fatal("the read was answered")
		}
		if k.c.CacheStats().Doubts == 0 {
			k.t.Error("nothing is in doubt")
		}
		if err := proxy.AcceptNew(); err != nil {
			k.t.Fatal(err)
		}
		k.doubted(func() {})
		k.sees("NEW")
	})
}

func TestWithCommitsThatBeginTheNextTransactionNothingIsKept(t *testing.T) {
	onCaches(t, nil, func(k *shelf) {
		if k.b.name != "mysql" {
			return
		}
		db := k.b.fluxor(k.t, k.target, "fluxor_cache=all", "completion_type=CHAIN")
		k = &shelf{t: k.t, b: k.b, db: db, c: poolOf(k.t, db), bare: k.bare, target: k.target}
		k.learnedAnew()
		k.sees("one")
		c := k.conn()
		for _, text := range []string{"begin", "commit", updateItem} {
			k.exec(c, text)
		}
		k.sees("one")
		k.exec(c, "begin")
		k.sees("NEW")
		if why := k.c.ExplainCache("select name from items").Why; why != "chained-commits" {
			k.t.Errorf("the reason is %q", why)
		}
	})
}
