// This file tests the query cache on real databases: what is found, what ends an answer, and what is left alone.

package fluxor_test

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"testing"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/internal/dbtest"
)

// shelf is a database behind a cache, with a table "items" of three rows.
type shelf struct {
	t  *testing.T
	b  networkBackend
	db *sql.DB
	c  *fluxor.Connector
	// bare leads to the same database without Fluxor.
	bare   *sql.DB
	target dbtest.Target
}

// onCaches runs a test on each driver, on all at once.
func onCaches(t *testing.T, options []string, test func(k *shelf)) {
	if len(options) == 0 {
		options = []string{"fluxor_cache=all"}
	}
	for _, b := range networkBackends {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			target := b.share(t).NewDatabase(t)
			bare := b.raw(t, target)
			mustExec(t, bare, "create table items (id int primary key, name varchar(20), price int)")
			mustExec(t, bare, "insert into items values (1, 'one', 10), (2, 'two', 20), (3, 'three', 30)")
			db := b.fluxor(t, target, options...)
			k := &shelf{t: t, b: b, db: db, c: poolOf(t, db), bare: bare, target: target}
			k.learned()
			test(k)
		})
	}
}

// querier is what a query is asked of.
type querier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// name asks for the name of an item and says where the answer came from.
func (k *shelf) name(q querier, id int) (name, status string) {
	k.t.Helper()
	ctx, info := fluxor.CacheInfo(k.t.Context())
	err := q.QueryRowContext(ctx, "select name from items where id = "+k.b.placeholder, id).Scan(&name)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		k.t.Fatal(err)
	}
	return name, strings.TrimSuffix(info.Status+" "+info.Why, " ")
}

// want checks what a query of the database says.
func (k *shelf) want(name, status string) {
	k.t.Helper()
	k.wantOf(k.db, name, status)
}

func (k *shelf) wantOf(q querier, name, status string) {
	k.t.Helper()
	if gotName, got := k.name(q, 1); gotName != name || !strings.HasPrefix(got, status) {
		k.t.Errorf("got %q (%s), want %q (%s)", gotName, got, name, status)
	}
}

func (k *shelf) exec(q interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}, text string, args ...any,
) {
	k.t.Helper()
	if _, err := q.ExecContext(k.t.Context(), text, args...); err != nil {
		k.t.Fatal(err)
	}
}

func TestAnAnswerIsFoundUntilItsTableIsWritten(t *testing.T) {
	onCaches(t, nil, func(k *shelf) {
		k.want("one", "miss not-there")
		k.want("one", "hit")
		k.exec(k.db, "update items set name = 'ONE' where id = 1")
		k.want("ONE", "miss")
		k.want("ONE", "hit")
	})
}

func TestARolledBackChangeIsNeverSeen(t *testing.T) {
	onCaches(t, nil, func(k *shelf) {
		k.want("one", "miss not-there")
		tx, err := k.db.BeginTx(t.Context(), nil)
		if err != nil {
			k.t.Fatal(err)
		}
		k.exec(tx, "update items set name = 'UNCOMMITTED' where id = 1")
		k.wantOf(tx, "UNCOMMITTED", "bypass in-transaction")
		if name, _ := k.name(k.db, 1); name != "one" {
			t.Errorf("another reader sees %q", name)
		}
		if err := tx.Rollback(); err != nil {
			k.t.Fatal(err)
		}
		if name, _ := k.name(k.db, 1); name != "one" {
			t.Errorf("after the rollback a reader sees %q", name)
		}
	})
}

func TestACommittedChangeIsSeenAtOnce(t *testing.T) {
	onCaches(t, nil, func(k *shelf) {
		k.want("one", "miss not-there")
		tx, err := k.db.BeginTx(t.Context(), nil)
		if err != nil {
			k.t.Fatal(err)
		}
		k.exec(tx, "update items set name = 'ONE' where id = 1")
		if err := tx.Commit(); err != nil {
			k.t.Fatal(err)
		}
		k.want("ONE", "miss")
		k.want("ONE", "hit")
	})
}

func TestATransactionByTextIsFollowed(t *testing.T) {
	onCaches(t, nil, func(k *shelf) {
		k.want("one", "miss not-there")
		c, err := k.db.Conn(t.Context())
		if err != nil {
			k.t.Fatal(err)
		}
		defer c.Close()
		k.exec(c, "begin")
		k.exec(c, "update items set name = 'ONE' where id = 1")
		k.wantOf(c, "ONE", "bypass session-state")
		if name, _ := k.name(k.db, 1); name != "one" {
			t.Errorf("another reader sees %q", name)
		}
		k.exec(c, "commit")
		k.want("ONE", "miss")
		k.want("ONE", "hit")
		k.wantOf(c, "ONE", "hit")
	})
}

func TestTheSettingsOfASessionAreItsOwn(t *testing.T) {
	setting := map[string][2]string{
		"pq":    {"set datestyle = 'SQL, DMY'", "select to_char(date '2026-01-02', 'YYYY') || cast(date '2026-01-02' as text) from items where id = $1"},
		"pgx":   {"set datestyle = 'SQL, DMY'", "select to_char(date '2026-01-02', 'YYYY') || cast(date '2026-01-02' as text) from items where id = $1"},
		"mysql": {"set sql_mode = 'PIPES_AS_CONCAT'", "select id || 5 from items where id = ?"},
	}
	onCaches(t, nil, func(k *shelf) {
		ask := func(q querier) (value, status string) {
			ctx, info := fluxor.CacheInfo(t.Context())
			if err := q.QueryRowContext(ctx, setting[k.b.name][1], 1).Scan(&value); err != nil {
				k.t.Fatal(err)
			}
			return value, info.Status
		}
		usual, _ := ask(k.db)
		c, err := k.db.Conn(t.Context())
		if err != nil {
			k.t.Fatal(err)
		}
		defer c.Close()
		k.exec(c, setting[k.b.name][0])
		other, status := ask(c)
		if other == usual || status == "hit" {
			t.Errorf("the session's own setting: %q (%s), usually %q", other, status, usual)
		}
		if again, status := ask(c); again != other || status == "stale" {
			t.Errorf("again: %q (%s), want %q", again, status, other)
		}
		if again, _ := ask(k.db); again != usual {
			t.Errorf("without the setting: %q, want %q", again, usual)
		}
	})
}

func TestARowThatAWriteReturnsEndsAnswers(t *testing.T) {
	onCaches(t, nil, func(k *shelf) {
		if k.b.name == "mysql" {
			k.exec(k.bare, "create table more (id int primary key)")
			k.wantCount("select count(*) from more", 0)
			var id int
			if err := k.db.QueryRowContext(t.Context(), "insert into more values (7) returning id").Scan(&id); err != nil || id != 7 {
				t.Fatal(id, err)
			}
			k.wantCount("select count(*) from more", 1)
			return
		}
		k.want("one", "miss not-there")
		var id int
		if err := k.db.QueryRowContext(t.Context(), "update items set name = 'ONE' where id = 1 returning id").Scan(&id); err != nil || id != 1 {
			t.Fatal(id, err)
		}
		k.want("ONE", "miss")
	})
}

func (k *shelf) wantCount(query string, want int) {
	k.t.Helper()
	var n int
	if err := k.db.QueryRowContext(k.t.Context(), query).Scan(&n); err != nil || n != want {
		k.t.Errorf("%s: %d (%v), want %d", query, n, err, want)
	}
}

func TestAContextLeavesTheCacheOutOrRenewsIt(t *testing.T) {
	onCaches(t, nil, func(k *shelf) {
		k.want("one", "miss not-there")
		k.exec(k.bare, "update items set name = 'ELSEWHERE' where id = 1")
		k.want("one", "hit")
		ask := func(ctx context.Context) (name, status string) {
			ctx, info := fluxor.CacheInfo(ctx)
			if err := k.db.QueryRowContext(ctx, "select name from items where id = "+k.b.placeholder, 1).Scan(&name); err != nil {
				k.t.Fatal(err)
			}
			return name, info.Status + " " + info.Why
		}
		if name, status := ask(fluxor.NoCache(t.Context())); name != "ELSEWHERE" || status != "bypass no-cache" {
			t.Errorf("NoCache: %q (%s)", name, status)
		}
		k.want("one", "hit")
		if name, status := ask(fluxor.Refresh(t.Context())); name != "ELSEWHERE" || status != "miss refresh" {
			t.Errorf("Refresh: %q (%s)", name, status)
		}
		k.want("ELSEWHERE", "hit")
	})
}

func TestAnswersAreEndedByHand(t *testing.T) {
	onCaches(t, nil, func(k *shelf) {
		for _, end := range []func(){
			func() { k.c.InvalidateTags("items") },
			func() { k.c.InvalidateStatement("select name from items where id = " + k.b.placeholder) },
			func() { k.c.InvalidateCache() },
		} {
			k.name(k.db, 1)
			k.want("one", "hit")
			end()
			if _, status := k.name(k.db, 1); !strings.HasPrefix(status, "miss") {
				t.Errorf("after the answers were ended: %s", status)
			}
		}
	})
}

func TestRawAccessEndsAllAnswers(t *testing.T) {
	onCaches(t, nil, func(k *shelf) {
		k.want("one", "miss not-there")
		c, err := k.db.Conn(t.Context())
		if err != nil {
			k.t.Fatal(err)
		}
		if err := fluxor.Raw(t.Context(), c, func(any) error {
			k.exec(k.bare, "update items set name = 'RAW' where id = 1")
			if name, _ := k.name(k.db, 1); name != "RAW" {
				t.Errorf("while the driver's connection is lent, a reader sees %q", name)
			}
			return nil
		}); err != nil {
			k.t.Fatal(err)
		}
		if name, _ := k.name(k.db, 1); name != "RAW" {
			t.Errorf("a reader sees %q", name)
		}
		k.learned()
		k.wantOf(c, "RAW", "bypass session-state")
		if err := c.Close(); err != nil {
			k.t.Fatal(err)
		}
	})
}

func TestAPreparedStatementIsAnsweredWithoutAConnection(t *testing.T) {
	onCaches(t, nil, func(k *shelf) {
		st, err := k.db.PrepareContext(t.Context(), "select name from items where id = "+k.b.placeholder)
		if err != nil {
			k.t.Fatal(err)
		}
		defer st.Close()
		for range 3 {
			var name string
			if err := st.QueryRowContext(t.Context(), 1).Scan(&name); err != nil || name != "one" {
				t.Fatal(name, err)
			}
		}
		if s := k.c.CacheStats(); s.Hits != 2 {
			t.Errorf("%d hits, want 2: %+v", s.Hits, s)
		}
		k.c.Suspend()
		defer k.c.Resume()
		var name string
		if err := st.QueryRowContext(t.Context(), 1).Scan(&name); err != nil || name != "one" {
			t.Errorf("while no connection is given out: %q, %v", name, err)
		}
	})
}

func TestAnAnswerTooBigIsHandedOutWholeAndNotKept(t *testing.T) {
	onCaches(t, []string{"fluxor_cache=all", "fluxor_cache_max_rows=2"}, func(k *shelf) {
		for range 2 {
			rows, err := k.db.QueryContext(t.Context(), "select id, name from items order by id")
			if err != nil {
				k.t.Fatal(err)
			}
			var got []string
			for rows.Next() {
				var id int
				var name string
				if err := rows.Scan(&id, &name); err != nil {
					k.t.Fatal(err)
				}
				got = append(got, name)
			}
			if err := errors.Join(rows.Err(), rows.Close()); err != nil || strings.Join(got, " ") != "one two three" {
				t.Errorf("got %q, %v", got, err)
			}
		}
		if s := k.c.CacheStats(); s.Hits != 0 || s.Kept > 1 || s.TooManyRows != 2 { // the one kept is learned's
			t.Errorf("%+v", s)
		}
	})
}

func TestAnObservingCacheServesNothing(t *testing.T) {
	onCaches(t, []string{"fluxor_cache=observe"}, func(k *shelf) {
		k.want("one", "miss not-there")
		k.want("one", "miss observed")
		k.exec(k.bare, "update items set name = 'ELSEWHERE' where id = 1")
		k.want("ELSEWHERE", "miss observed")
		k.exec(k.db, "update items set name = 'ONE' where id = 1")
		k.want("ONE", "miss")
		if s := k.c.CacheStats(); s.Would != 2 || s.Hits != 0 {
			t.Errorf("%+v", s)
		}
	})
}

func TestAnAuditNamesWhatSomebodyElseChanged(t *testing.T) {
	onCaches(t, []string{"fluxor_cache=all", "fluxor_cache_audit=100"}, func(k *shelf) {
		k.want("one", "miss not-there")
		k.want("one", "miss audit")
		k.exec(k.bare, "update items set name = 'ELSEWHERE' where id = 1")
		k.want("ELSEWHERE", "miss audit")
		if s := k.c.CacheStats(); s.Audits != 2 || s.Mismatches != 1 {
			t.Errorf("%+v", s)
		}
	})
}

func TestTwoAnswersOfOneTextAndOtherArgumentsAreTwo(t *testing.T) {
	onCaches(t, nil, func(k *shelf) {
		for range 2 {
			for id, want := range map[int]string{1: "one", 2: "two", 3: "three"} {
				if name, _ := k.name(k.db, id); name != want {
					t.Errorf("item %d is %q", id, name)
				}
			}
		}
		if s := k.c.CacheStats(); s.Hits != 3 {
			t.Errorf("%+v", s)
		}
	})
}

func TestAnAbsentRowIsAnAnswerToo(t *testing.T) {
	onCaches(t, nil, func(k *shelf) {
		for range 2 {
			if name, _ := k.name(k.db, 99); name != "" {
				t.Errorf("there is an item %q", name)
			}
		}
		k.exec(k.db, "insert into items values (99, 'new', 1)")
		if name, _ := k.name(k.db, 99); name != "new" {
			t.Errorf("the new item is %q", name)
		}
	})
}
