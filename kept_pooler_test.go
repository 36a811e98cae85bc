// This file tests what the statement cache does behind a pooler: nothing while it is off, the documented danger where sessions are lent by transaction.

package fluxor_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/fluxor-db/fluxor/internal/dbtest"
)

// The workload behind a pooler: more goroutines than the pooler has sessions.
const (
	pooledWorkers = 8
	pooledRounds  = 40
	poolSessions  = "default_pool_size=3"
)

// stored is a row that the workload left.
type stored struct {
	id, owner int
	note      string
}

// pooledWork lets goroutines insert, change and read rows of their own, each
// statement with arguments, some in transactions, and returns the table.
func pooledWork(t *testing.T, db *sql.DB) []stored {
	t.Helper()
	db.SetMaxOpenConns(pooledWorkers)
	mustExec(t, db, "create table pooled (id int primary key, owner int not null, note text not null)")
	var all sync.WaitGroup
	for owner := range pooledWorkers {
		all.Go(func() {
			for round := range pooledRounds {
				if err := pooledRound(t.Context(), db, owner, owner*pooledRounds+round); err != nil {
					t.Errorf("goroutine %d, round %d: %v", owner, round, err)
					return
				}
			}
		})
	}
	all.Wait()
	rows, err := db.Query("select id, owner, note from pooled where owner >= $1 order by id", 0)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close() //nolint:errcheck // Err below says it
	var table []stored
	for rows.Next() {
		var r stored
		if err := rows.Scan(&r.id, &r.owner, &r.note); err != nil {
			t.Fatal(err)
		}
		table = append(table, r)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	mustExec(t, db, "drop table pooled")
	return table
}

// pooledRound stores one row and reads it, at once and in a transaction.
func pooledRound(ctx context.Context, db *sql.DB, owner, id int) error {
	if _, err := db.ExecContext(ctx, "insert into pooled (id, owner, note) values ($1, $2, $3)", id, owner, fmt.Sprint("new ", id)); err != nil {
		return err
	}
	if err := reads(ctx, db, "select owner, note from pooled where id = $1", id, stored{id, owner, fmt.Sprint("new ", id)}); err != nil {
		return err
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // after a commit it has nothing to do
	if _, err := tx.ExecContext(ctx, "update pooled set note = $2 where id = $1", id, fmt.Sprint("changed ", id)); err != nil {
		return err
	}
	if err := reads(ctx, tx, "select owner, note from pooled where id = $1 for update", id, stored{id, owner, fmt.Sprint("changed ", id)}); err != nil {
		return err
	}
	return tx.Commit()
}

// reads compares the row that a query finds for an id.
func reads(ctx context.Context, db interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}, query string, id int, want stored,
) error {
	got := stored{id: id}
	if err := db.QueryRowContext(ctx, query, id).Scan(&got.owner, &got.note); err != nil {
		return err
	}
	if got != want {
		return fmt.Errorf("%s: got %v, want %v", query, got, want)
	}
	return nil
}

func TestWithoutTheCacheAPoolerByTransactionIsAsSafeAsBare(t *testing.T) {
	behind := dbtest.StartPgBouncer(t, dbtest.Postgres(t).NewDatabase(t), dbtest.PoolTransaction, poolSessions)
	want := pooledWork(t, openName(t, "postgres", behind.URL("binary_parameters=yes")))
	if len(want) != pooledWorkers*pooledRounds {
		t.Fatalf("bare: %d rows, want %d", len(want), pooledWorkers*pooledRounds)
	}
	for _, params := range [][]string{
		nil,
		{"fluxor_preset=legacy", "fluxor_stmt_cache_size=0"},
		{"fluxor_stmt_cache_size=8"}, // nothing is kept where lib/pq prepares nothing
	} {
		got := pooledWork(t, openName(t, "postgres-fluxor", behind.URL(append(params, "binary_parameters=yes")...)))
		if !slices.Equal(got, want) {
			t.Errorf("%v: the tables differ:\n%v\n%v", params, got, want)
		}
	}
}

func TestWithTheCacheAPoolerBySessionIsAsSafeAsBare(t *testing.T) {
	behind := dbtest.StartPgBouncer(t, dbtest.Postgres(t).NewDatabase(t), dbtest.PoolSession, "default_pool_size=8")
	bare := openName(t, "postgres", behind.URL())
	want := pooledWork(t, bare)
	if err := bare.Close(); err != nil { // it has all sessions
		t.Fatal(err)
	}
	for range 2 { // the second time the sessions had statements of the first
		db := openName(t, "postgres-fluxor", behind.URL("fluxor_stmt_cache_size=8"))
		if got := pooledWork(t, db); !slices.Equal(got, want) {
			t.Errorf("the tables differ:\n%v\n%v", got, want)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// asker is a program with one client connection and one query, which it sends
// twice in a transaction, so that the cache keeps it.
type asker struct {
	db            *sql.DB
	tx            *sql.Tx
	query, answer string
	pid           int // of the server session that serves the transaction
}

func newAsker(t *testing.T, behind *dbtest.Server, word string) *asker {
	t.Helper()
	a := &asker{
		db:    openName(t, "postgres-fluxor", behind.URL("fluxor_stmt_cache_size=8", "fluxor_max_open_conns=1")),
		query: "select '" + word + " of ' || $1::text", answer: word + " of 7",
	}
	a.tx = begin(t, a.db)
	if err := a.tx.QueryRow("select pg_backend_pid()").Scan(&a.pid); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if got, err := text(a.tx.QueryRow(a.query, "7")); err != nil || got != a.answer {
			t.Fatalf("%s: %q, %v", a.query, got, err)
		}
	}
	return a
}

func text(row *sql.Row) (s string, err error) {
	err = row.Scan(&s)
	return s, err
}

// Behind a pooler that lends by transaction, two programs that keep statements
// name them alike, "1", in whatever session serves them. Once another client
// holds the session in which one of them prepared, that one is served by the
// other's session, and runs the other's statement: no error, another answer.
// That is why the option must be 0 there, and fluxor doctor finds FX-1803.
func TestWithTheCacheAPoolerByTransactionGivesAnothersAnswer(t *testing.T) {
	behind := dbtest.StartPgBouncer(t, dbtest.Postgres(t).NewDatabase(t), dbtest.PoolTransaction, "default_pool_size=2")
	one := newAsker(t, behind, "price")
	two := newAsker(t, behind, "stock")
	if one.pid == two.pid {
		t.Fatalf("two transactions in one session, %d", one.pid)
	}
	if err := errors.Join(one.tx.Commit(), two.tx.Commit()); err != nil {
		t.Fatal(err)
	}
	other := begin(t, openName(t, "postgres", behind.URL()))
	defer other.Rollback() //nolint:errcheck // it only holds a session
	var held int
	if err := other.QueryRow("select pg_backend_pid()").Scan(&held); err != nil {
		t.Fatal(err)
	}
	displaced, owner := one, two
	if held == two.pid {
		displaced, owner = two, one
	}
	got, err := text(displaced.db.QueryRow(displaced.query, "7"))
	if got != owner.answer || err != nil {
		t.Errorf("%s: got %q, %v; the documented danger is %q without an error", displaced.query, got, err, owner.answer)
	}
}
