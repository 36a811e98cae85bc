// This file tests the statement cache: what travels to the server, what empties it, and what it must not do.

package fluxor_test

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/internal/dbtest"
	"github.com/fluxor-db/fluxor/internal/dbtest/conform"
	"github.com/fluxor-db/fluxor/internal/faultproxy"
)

// keeping are the network backends whose statements the cache keeps.
func keeping() []networkBackend {
	return slices.DeleteFunc(slices.Clone(networkBackends), func(b networkBackend) bool { return b.name == "pgx" })
}

// watched opens a database with the statement cache behind a recorder of what
// is sent.
func watched(t *testing.T, b networkBackend, params ...string) (*sql.DB, func() []string) {
	dialect := conform.Postgres
	if b.bare == "mysql" {
		dialect = conform.MySQL
	}
	target := b.share(t).NewDatabase(t)
	w := conform.NewWire(t, dialect, target.Addr())
	db := b.fluxor(t, target.At(w.Addr), params...)
	db.SetMaxOpenConns(1)
	seen := 0
	return db, func() []string {
		t.Helper()
		conns := w.SoFar()
		if len(conns) == 0 {
			return nil
		}
		if len(conns) != 1 {
			t.Fatalf("%d connections, want 1", len(conns))
		}
		news := conns[0][seen:]
		seen = len(conns[0])
		return slices.DeleteFunc(slices.Clone(news), func(m string) bool { return m == "Sync" || m == "Flush" })
	}
}

// count is how many messages begin with a word.
func count(messages []string, word string) int {
	n := 0
	for _, m := range messages {
		if strings.HasPrefix(m, word) {
			n++
		}
	}
	return n
}

// preparing is the message that prepares.
func (b networkBackend) preparing() string {
	if b.bare == "mysql" {
		return "Prepare"
	}
	return "Parse"
}

func TestATextIsPreparedOnceMoreAtItsSecondUseAndNeverAgain(t *testing.T) {
	for _, b := range keeping() {
		t.Run(b.name, func(t *testing.T) {
			db, news := watched(t, b, "fluxor_stmt_cache_size=8")
			mustExec(t, db, "select 1")
			news()
			for i, want := range []int{1, 1, 0, 0, 0} {
				mustScan(t, db.QueryRow(b.arg, i))
				if got := count(news(), b.preparing()); got != want {
					t.Errorf("use %d: prepared %d times, want %d", i+1, got, want)
				}
				mustExec(t, db, "select 1") // ends the lease
				news()
			}
		})
	}
}

func TestWithoutTheOptionNothingIsKept(t *testing.T) {
	for _, b := range keeping() {
		for _, params := range [][]string{nil, {"fluxor_stmt_cache_size=0", "fluxor_preset=legacy"}} {
			t.Run(fmt.Sprint(b.name, params), func(t *testing.T) {
				db, news := watched(t, b, params...)
				for i := range 5 {
					mustScan(t, db.QueryRow(b.arg, i))
				}
				if got := count(news(), b.preparing()); got != 5 {
					t.Errorf("5 uses were prepared %d times", got)
				}
			})
		}
	}
}

func TestWhatTheDriverDoesNotPrepareIsNotKept(t *testing.T) {
	for _, row := range []struct{ backend, param string }{
		{"pq", "binary_parameters=yes"}, {"mysql", "interpolateParams=true"}, {"pgx", "default_query_exec_mode=simple_protocol"},
	} {
		t.Run(row.param, func(t *testing.T) {
			b := networkBackends[slices.IndexFunc(networkBackends, func(b networkBackend) bool { return b.name == row.backend })]
			sent := func(size string) []string {
				db, news := watched(t, b, row.param, "fluxor_stmt_cache_size="+size)
				for i := range 4 {
					mustScan(t, db.QueryRow(b.arg, i))
					_, _ = db.Exec(b.arg, i, i) // go-sql-driver leaves it to database/sql to prepare it and to count
				}
				mustExec(t, db, "select 'end'") // MySQL does not answer a Close; what it answers comes after it
				return news()
			}
			if got, want := sent("8"), sent("0"); !slices.Equal(got, want) {
				t.Errorf("with the cache %q, without it %q", got, want)
			}
		})
	}
}

func TestWhatMayChangeTheSessionEmptiesTheCache(t *testing.T) {
	changes := map[string]map[string]func(*testing.T, *sql.DB){
		"pq": {
			"SET":           func(t *testing.T, db *sql.DB) { mustExec(t, db, "set datestyle to iso") },
			"a function":    func(t *testing.T, db *sql.DB) { mustExec(t, db, "select set_config('search_path', 'public', false)") },
			"a table":       func(t *testing.T, db *sql.DB) { mustExec(t, db, "create temporary table x (id int)") },
			"DO":            func(t *testing.T, db *sql.DB) { mustExec(t, db, "do $$ begin end $$") },
			"two texts":     func(t *testing.T, db *sql.DB) { mustExec(t, db, "select 1; set role none") },
			"a transaction": setLocally,
		},
		"mysql": {
			"SET": func(t *testing.T, db *sql.DB) { mustExec(t, db, "set @x = 1") },
			"USE": func(t *testing.T, db *sql.DB) { mustExec(t, db, "use information_schema") },
			"a prepared SET": func(t *testing.T, db *sql.DB) {
				st, err := db.Prepare("set @x = ?")
				if err != nil {
					t.Fatal(err)
				}
				defer st.Close() //nolint:errcheck // the test is about what runs
				if _, err := st.Exec(1); err != nil {
					t.Error(err)
				}
			},
		},
	}
	for _, b := range keeping() {
		changes[b.name]["Raw"] = rawly
		changes[b.name]["nothing"] = func(t *testing.T, db *sql.DB) { mustScan(t, db.QueryRow("select 1")) }
		for name, change := range changes[b.name] {
			t.Run(b.name+"/"+name, func(t *testing.T) {
				db, news := watched(t, b, "fluxor_stmt_cache_size=8")
				use := func() int {
					news()
					mustScan(t, db.QueryRow(b.arg, 1))
					return count(news(), b.preparing())
				}
				use()
				use()
				if use() != 0 {
					t.Fatal("the text is not kept")
				}
				change(t, db)
				want := 1
				if name == "nothing" {
					want = 0
				}
				if got := use(); got != want {
					t.Errorf("after it the text was prepared %d times, want %d", got, want)
				}
				if got := use(); got != 0 {
					t.Errorf("later it was prepared %d times", got)
				}
			})
		}
	}
}

// setLocally changes the session for a transaction, in which a text is kept.
func setLocally(t *testing.T, db *sql.DB) {
	tx := begin(t, db)
	mustExec(t, tx, "set local search_path to pg_catalog")
	for range 3 {
		mustScan(t, tx.QueryRow("select $1::int", 1))
	}
	if err := tx.Commit(); err != nil {
		t.Error(err)
	}
}

// rawly hands out the driver's connection.
func rawly(t *testing.T, db *sql.DB) {
	c, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close() //nolint:errcheck // the test is about what Raw leaves
	if err := fluxor.Raw(t.Context(), c, func(any) error { return nil }); err != nil {
		t.Error(err)
	}
}

func TestACacheThatIsTooSmallStopsTakingTextsIn(t *testing.T) {
	const size, texts, rounds = 10, 11, 30
	for _, b := range keeping() {
		t.Run(b.name, func(t *testing.T) {
			db, news := watched(t, b, fmt.Sprintf("fluxor_stmt_cache_size=%d", size))
			var prepared, closed int
			for range rounds {
				for i := range texts {
					mustScan(t, db.QueryRow(fmt.Sprintf("%s -- %d", b.arg, i), i))
				}
				sent := news()
				prepared, closed = prepared+count(sent, b.preparing()), closed+count(sent, "Close")
			}
			// Bare prepares each use. Kept: what fits is prepared twice, and a
			// tenth of the uses may push something out.
			if limit := 2*texts + rounds*texts/5 + rounds; prepared > limit {
				t.Errorf("%d uses were prepared %d times, want at most %d", rounds*texts, prepared, limit)
			}
			t.Logf("%d uses, prepared %d times, %d closed", rounds*texts, prepared, closed)
		})
	}
}

func TestATextThatComesOnceIsNotKept(t *testing.T) {
	for _, b := range keeping() {
		t.Run(b.name, func(t *testing.T) {
			db, news := watched(t, b, "fluxor_stmt_cache_size=8")
			mustScan(t, db.QueryRow(b.arg, 1))
			mustScan(t, db.QueryRow(b.arg, 1))
			for i := range 50 {
				mustScan(t, db.QueryRow(fmt.Sprintf("%s -- once %d", b.arg, i), i))
			}
			news()
			mustScan(t, db.QueryRow(b.arg, 1))
			if got := count(news(), b.preparing()); got != 0 {
				t.Errorf("a flood of other texts pushed out one that is used: prepared %d times", got)
			}
		})
	}
}

func TestALongLeaseLeavesFewStatementsOnTheServer(t *testing.T) {
	const size = 5
	server := dbtest.Postgres(t)
	db := openName(t, "postgres-fluxor", server.NewDatabase(t).URL(fmt.Sprintf("fluxor_stmt_cache_size=%d", size)))
	c, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close() //nolint:errcheck // ends with the test
	for range 10 {
		for range 3 {
			for i := range size {
				mustScan(t, c.QueryRowContext(t.Context(), fmt.Sprintf("select $1::int + %d", i), i))
			}
		}
		mustExec(t, c, "set datestyle to iso")
	}
	var n int
	if err := c.QueryRowContext(t.Context(), "select count(*) from pg_prepared_statements").Scan(&n); err != nil {
		t.Fatal(err)
	}
	if n > 3*size {
		t.Errorf("the session has %d prepared statements, of which the cache keeps at most %d", n, size)
	}
}

func TestAServerFullOfStatementsIsLeftAlone(t *testing.T) {
	server := dbtest.StartMariaDB(t, dbtest.Options{})
	mustExec(t, server.Admin(t), "set global max_prepared_stmt_count = 3")
	db := openName(t, "mysql-fluxor", server.NewDatabase(t).DSN("fluxor_stmt_cache_size=8"))
	db.SetMaxOpenConns(1)
	for range 3 {
		for i := range 6 {
			mustScan(t, db.QueryRow(fmt.Sprintf("select ? + %d", i), 1))
		}
	}
	for range 2 {
		mustScan(t, db.QueryRow("select ? + 100", 1))
	}
	var name string
	var n int
	if err := db.QueryRow("show global status like 'Prepared_stmt_count'").Scan(&name, &n); err != nil || n != 0 {
		t.Errorf("%d statements are left on the server (%v), want none", n, err)
	}
}

func TestAWriteThroughAKeptStatementIsNeverSentTwice(t *testing.T) {
	for _, b := range keeping() {
		t.Run(b.name, func(t *testing.T) {
			target, direct, proxy := b.behindProxy(t, "n int")
			db := b.fluxor(t, target, "fluxor_stmt_cache_size=8")
			db.SetMaxOpenConns(1)
			insert := "insert into w values (" + b.placeholder + ")"
			const losses = 20
			for i := range losses {
				for k := range 3 {
					if _, err := db.Exec(insert, 10*i+k); err != nil {
						t.Fatal(err)
					}
				}
				proxy.CutOnReply(1, []faultproxy.End{faultproxy.FIN, faultproxy.RST}[i%2], nil)
				if _, err := db.Exec(insert, 10*i+3); !isIndeterminate(err) {
					t.Errorf("loss %d: err = %v, want an indeterminate one", i, err)
				}
				proxy.Pass()
			}
			if rows, distinct := countRows(t, direct); rows != 4*losses || distinct != 4*losses {
				t.Errorf("%d rows, %d distinct, want %d", rows, distinct, 4*losses)
			}
		})
	}
}

// Bare, lib/pq prepares and runs in two steps, and a change between them is
// an error too. So the next change waits until every reader is past the last.
func TestAKeptStatementServesManyConnectionsWhileTablesChange(t *testing.T) {
	const readers, changes = 8, 20
	for _, b := range keeping() {
		t.Run(b.name, func(t *testing.T) {
			target := b.share(t).NewDatabase(t)
			direct, db := b.raw(t, target), b.fluxor(t, target, "fluxor_stmt_cache_size=8", "fluxor_max_open_conns=4")
			mustExec(t, direct, "create table w (id int, v int)")
			mustExec(t, direct, "insert into w values (1, 1)")
			progress := make([]chan struct{}, readers)
			ctx, stop := context.WithCancel(t.Context())
			var all sync.WaitGroup
			for i := range progress {
				progress[i] = make(chan struct{})
				all.Go(func() { readOn(ctx, t, db, "select * from w where id = "+b.placeholder, progress[i]) })
			}
			for i := range changes {
				for range 3 {
					for _, p := range progress {
						<-p
					}
				}
				mustExec(t, direct, fmt.Sprintf("alter table w add column c%d int", i))
			}
			stop()
			all.Wait()
		})
	}
}

// readOn queries until ctx ends and reports each query.
func readOn(ctx context.Context, t *testing.T, db *sql.DB, query string, done chan<- struct{}) {
	for {
		rows, err := db.Query(query, 1)
		if err != nil {
			t.Error(err)
		} else {
			for rows.Next() {
			}
			if err := rows.Err(); err != nil {
				t.Error(err)
			}
		}
		select {
		case done <- struct{}{}:
		case <-ctx.Done():
			return
		}
	}
}
