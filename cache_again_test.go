// This file tests answers that are asked for again behind their callers, and the end of a query cache with its connector.

package fluxor_test

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/lib/pq"

	"github.com/fluxor-db/fluxor"
)

func TestAnOldAnswerIsAskedAgainOnceForManyCallers(t *testing.T) {
	onCaches(t, nil, func(k *shelf) {
		k, g := k.gated("fluxor_cache_ttl=1ms", "fluxor_cache_stale_while_revalidate=1h")
		done := k.crowd(1)
		close(g.open)
		done()
		<-g.came
		g.open = make(chan struct{}) // from now on they wait
		waitUntil(k.t, "the answer is old", func() bool { _, how := k.name(k.db, 1); return how == "stale expired" })
		<-g.came
		if got := k.crowd(200)(); got["one"] != 200 {
			k.t.Errorf("%v", got)
		}
		if n := g.asked.Load(); n != 2 {
			k.t.Errorf("%d queries, want 2: the first one and one behind the callers", n)
		}
		if n := k.c.CacheStats().Refreshed; n != 1 {
			k.t.Errorf("%d answers were asked again", n)
		}
		if err := k.db.Close(); err != nil { // ends the one under way
			k.t.Error(err)
		}
	})
}

func TestAnOvertakenAnswerIsNeverShownForBeingOld(t *testing.T) {
	onCaches(t, []string{"fluxor_cache=all", "fluxor_cache_ttl=1ms", "fluxor_cache_stale_while_revalidate=1h", "fluxor_cache_stale_if_error=1h"}, func(k *shelf) {
		for i := range 50 {
			k.name(k.db, 1)
			name := fmt.Sprint("n", i)
			k.exec(k.db, "update items set name = '"+name+"' where id = 1")
			for range 3 {
				if got, how := k.name(k.db, 1); got != name {
					k.t.Fatalf("%q (%s), want %q", got, how, name)
				}
			}
		}
	})
}

func TestAClosedConnectorKeepsNothing(t *testing.T) {
	onCaches(t, nil, func(k *shelf) {
		k.sees("one")
		if s := k.c.CacheStats(); s.Entries == 0 || s.Bytes == 0 {
			k.t.Errorf("%+v", s)
		}
		if err := k.db.Close(); err != nil {
			k.t.Fatal(err)
		}
		if s := k.c.CacheStats(); s.Entries != 0 || s.Bytes != 0 {
			k.t.Errorf("after Close: %d answers, %d bytes", s.Entries, s.Bytes)
		}
	})
}

func TestRowsThatAreUploadedEndAnswers(t *testing.T) {
	onCaches(t, nil, func(k *shelf) {
		for i, within := range []bool{false, true} {
			k.wantCount("select count(*) from items", 3+i)
			c := k.conn()
			if !within && k.b.name != "pq" { // which wants a transaction
				k.upload(c, nil, 10+i)
			} else {
				tx := k.begin(c)
				k.upload(c, tx, 10+i)
				k.wantCount("select count(*) from items", 3+i)
				k.commit(tx)
			}
			k.wantCount("select count(*) from items", 4+i)
			if err := c.Close(); err != nil {
				k.t.Error(err)
			}
		}
	})
}

// upload adds an item the way that each driver has for many.
func (k *shelf) upload(c *sql.Conn, tx *sql.Tx, id int) {
	k.t.Helper()
	var err error
	switch k.b.name {
	case "pq":
		var st *sql.Stmt
		st, err = tx.PrepareContext(k.t.Context(), pq.CopyIn("items", "id", "name", "price")) //lint:ignore SA1019 programs use it
		if err == nil {
			_, err = st.ExecContext(k.t.Context(), id, "up", 1)
		}
		if err == nil {
			_, err = st.ExecContext(k.t.Context())
		}
	case "pgx":
		err = fluxor.Raw(k.t.Context(), c, func(dc any) error {
			_, err := dc.(*stdlib.Conn).Conn().CopyFrom(k.t.Context(), pgx.Identifier{"items"}, []string{"id", "name", "price"}, pgx.CopyFromRows([][]any{{id, "up", 1}}))
			return err
		})
	default:
		name := k.target.Database
		mysql.RegisterReaderHandler(name, func() io.Reader { return strings.NewReader(fmt.Sprintf("%d\tup\t1\n", id)) })
		defer mysql.DeregisterReaderHandler(name)
		exec := c.ExecContext
		if tx != nil {
			exec = tx.ExecContext
		}
		_, err = exec(context.WithoutCancel(k.t.Context()), "load data local infile 'Reader::"+name+"' into table items")
	}
	if err != nil {
		k.t.Fatal(err)
	}
}

func TestUnderAWrapperThatHidesValidatorTheCacheIsRight(t *testing.T) {
	onCaches(t, nil, func(k *shelf) {
		db := sql.OpenDB(hiding{k.c})
		defer db.Close() //nolint:errcheck // it is the test's end
		w := *k
		w.db = db
		w.sees("one")
		w.exec(db, "update items set name = 'first' where id = 1")
		w.sees("first")
		tx := w.begin(db)
		w.exec(tx, updateItem)
		w.sees("first")
		w.commit(tx)
		w.sees("NEW")
		k.sees("NEW")
		if _, how := w.name(db, 1); how != "hit" {
			k.t.Errorf("%s", how)
		}
	})
}

func TestAReadThatIsCancelledWhileItIsReadAheadIsNotKept(t *testing.T) {
	onCaches(t, []string{"fluxor_cache=all", "fluxor_cache_max_rows=1000000", "fluxor_cache_max_bytes=1000000000"}, func(k *shelf) {
		k.exec(k.bare, "create table wide (id int primary key, filler varchar(2000))")
		k.exec(k.bare, "insert into wide select a.id + 3 * b.id + 9 * c.id + 27 * d.id, repeat('x', 2000) from items a, items b, items c, items d")
		k.exec(k.db, "create table noticed (n int)") // has the schema asked for again
		k.learned()
		k, _ = k.lossy("fluxor_cache_max_rows=1000000", "fluxor_cache_max_bytes=1000000000")
		const text = "select id, filler from wide order by id"
		for range 5 {
			ctx, cancel := context.WithCancel(k.t.Context())
			read := make(chan int, 1)
			go func() {
				n := 0
				rows, err := k.db.QueryContext(ctx, text)
				if err == nil {
					for rows.Next() {
						n++
					}
					if rows.Close() != nil || rows.Err() != nil {
						n = -1
					}
				}
				read <- n
			}()
			cancel()
			if n := <-read; n > 0 && n != 81 {
				k.t.Errorf("%d rows and no error", n)
			}
			k.wantCount("select count(*) from wide", 81)
			if got := strings.Count(k.all(k.db, text), "\n"); got != 81 {
				k.t.Errorf("%d rows, want 81", got)
			}
			k.c.InvalidateCache()
		}
		if n := k.c.PoolStats().Used; n != 0 {
			k.t.Errorf("%d connections are in use", n)
		}
	})
}
