// This file tests the query cache where a transaction begins, ends or goes on by other means than Begin and Commit.

package fluxor_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"testing"

	"github.com/fluxor-db/fluxor"
)

// conn takes a connection for as long as the test lasts.
func (k *shelf) conn() *sql.Conn {
	k.t.Helper()
	c, err := k.db.Conn(k.t.Context())
	if err != nil {
		k.t.Fatal(err)
	}
	k.t.Cleanup(func() { _ = c.Close() })
	return c
}

// beginner is a database or a connection.
type beginner interface {
	BeginTx(ctx context.Context, opts *sql.TxOptions) (*sql.Tx, error)
}

// begin begins a transaction that is rolled back if nobody ends it.
func (k *shelf) begin(on beginner) *sql.Tx {
	k.t.Helper()
	tx, err := on.BeginTx(k.t.Context(), nil)
	if err != nil {
		k.t.Fatal(err)
	}
	k.t.Cleanup(func() { _ = tx.Rollback() })
	return tx
}

// commit commits.
func (k *shelf) commit(tx *sql.Tx) {
	k.t.Helper()
	if err := tx.Commit(); err != nil {
		k.t.Fatal(err)
	}
}

// sees checks what a reader sees of the first item, twice: the second time it may
// be kept.
func (k *shelf) sees(name string) {
	k.t.Helper()
	for range 2 {
		if got, how := k.name(k.db, 1); got != name {
			k.t.Errorf("a reader sees %q (%s), want %q", got, how, name)
		}
	}
}

const updateItem = "update items set name = 'NEW' where id = 1"

func TestWhatTheDriversOwnConnectionWritesInATransactionIsSeenAfterItsCommit(t *testing.T) {
	onCaches(t, nil, func(k *shelf) {
		k.sees("one")
		c := k.conn()
		tx := k.begin(c)
		if err := fluxor.Raw(k.t.Context(), c, func(dc any) error {
			_, err := dc.(driver.ExecerContext).ExecContext(k.t.Context(), updateItem, nil)
			return err
		}); err != nil {
			k.t.Fatal(err)
		}
		k.sees("one")
		k.commit(tx)
		k.sees("NEW")
	})
}

func TestWhatTheDriversOwnConnectionWritesInATransactionByTextIsSeenAfterItsCommit(t *testing.T) {
	onCaches(t, nil, func(k *shelf) {
		k.sees("one")
		c := k.conn()
		if err := fluxor.Raw(k.t.Context(), c, func(dc any) error {
			for _, text := range []string{"begin", updateItem} {
				if _, err := dc.(driver.ExecerContext).ExecContext(k.t.Context(), text, nil); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			k.t.Fatal(err)
		}
		k.sees("one")
		k.exec(c, "commit")
		k.sees("NEW")
	})
}

func TestWritesAfterACommitByTextWithinATransactionAreSeenAtOnce(t *testing.T) {
	for _, end := range []string{"commit", "rollback"} {
		onCaches(t, nil, func(k *shelf) {
			k.sees("one")
			tx := k.begin(k.db)
			k.exec(tx, end)
			k.exec(tx, updateItem)
			k.sees("NEW")
			_ = tx.Rollback() // which some drivers refuse
			k.sees("NEW")
		})
	}
}

func TestWritesAfterARollbackByTextAreSeenAtOnceWhateverItsCommentSays(t *testing.T) {
	onCaches(t, nil, func(k *shelf) {
		k.sees("one")
		tx := k.begin(k.db)
		k.exec(tx, "rollback -- back to the start")
		k.exec(tx, updateItem)
		k.sees("NEW")
		_ = tx.Rollback()
		k.sees("NEW")
	})
}

func TestWritesAfterAnImplicitCommitAreSeenAtOnce(t *testing.T) {
	onCaches(t, nil, func(k *shelf) {
		if k.b.name != "mysql" {
			return
		}
		k.sees("one")
		tx := k.begin(k.db)
		k.exec(tx, "create table other (id int)")
		k.exec(tx, updateItem)
		k.sees("NEW")
		k.commit(tx)
		k.sees("NEW")
	})
}

func TestATransactionThatIsBegunWithinOneByTextCommitsBoth(t *testing.T) {
	onCaches(t, nil, func(k *shelf) {
		if k.b.name == "pq" { // which refuses to begin
			return
		}
		k.sees("one")
		c := k.conn()
		k.exec(c, "begin")
		k.exec(c, updateItem)
		k.sees("one")
		tx := k.begin(c) // MariaDB commits here
		k.commit(tx)
		k.sees("NEW")
	})
}

func TestWithoutAutocommitWritesAreSeenOnceTheNextTransactionBegins(t *testing.T) {
	onCaches(t, nil, func(k *shelf) {
		if k.b.name != "mysql" {
			return
		}
		k.sees("one")
		c := k.conn()
		k.exec(c, "set autocommit = 0")
		k.exec(c, updateItem)
		k.sees("one")
		tx := k.begin(c)
		k.sees("NEW")
		k.commit(tx)
		k.sees("NEW")
	})
}

func TestACommitThatBeginsTheNextTransactionIsFollowed(t *testing.T) {
	onCaches(t, nil, func(k *shelf) {
		if k.b.name != "mysql" {
			return
		}
		k.sees("one")
		c := k.conn()
		k.exec(c, "set completion_type = 'CHAIN'")
		k.commit(k.begin(c))
		k.exec(c, updateItem)
		k.sees("one")
		tx := k.begin(c)
		k.sees("NEW")
		k.commit(tx)
		k.sees("NEW")
	})
}

func TestWritesAfterADeadlockWithinATransactionAreSeenAtOnce(t *testing.T) {
	onCaches(t, nil, func(k *shelf) {
		if k.b.name != "mysql" {
			return
		}
		k.sees("one")
		tx := k.begin(k.db)
		k.exec(tx, "update items set price = 0 where id = 2")
		k.deadlock(tx)
		k.exec(tx, updateItem) // the server has rolled the transaction back
		k.sees("NEW")
		_ = tx.Rollback()
		k.sees("NEW")
	})
}

// deadlock makes the transaction, which has locked item 2, the victim of one.
func (k *shelf) deadlock(tx *sql.Tx) {
	k.t.Helper()
	other, err := k.bare.BeginTx(k.t.Context(), nil)
	if err != nil {
		k.t.Fatal(err)
	}
	defer other.Rollback() //nolint:errcheck // it is over then
	k.exec(other, "update items set price = 1 where id in (1, 3)")
	k.exec(other, "insert into items values (8, 'heavy', 8), (9, 'heavy', 9)") // who wrote more is no victim
	done := make(chan error, 1)
	go func() {
		_, err := other.ExecContext(k.t.Context(), "update items set price = 1 where id = 2")
		done <- err
	}()
	k.blocked()
	if _, err := tx.ExecContext(k.t.Context(), "update items set price = 2 where id = 3"); err == nil {
		k.t.Fatal("there was no deadlock")
	}
	if err := <-done; err != nil {
		k.t.Fatal(err)
	}
}

func TestATransactionPreparedInOneSessionAndCommittedInAnotherIsSeen(t *testing.T) {
	onCaches(t, nil, func(k *shelf) {
		if k.b.name != "mysql" { // PostgreSQL has them off
			for _, text := range []string{"prepare transaction 'x'", "commit prepared 'x'", "rollback prepared 'x'"} {
				if v := k.c.ExplainCache(text); !v.WritesAll {
					k.t.Errorf("%s: %+v", text, v)
				}
			}
			return
		}
		k.sees("one")
		c := k.conn()
		for _, text := range []string{"xa start 'x'", updateItem, "xa end 'x'", "xa prepare 'x'"} {
			k.exec(c, text)
		}
		_ = c.Raw(func(any) error { return driver.ErrBadConn }) // its session ends
		k.sees("one")
		waitUntil(k.t, "the session is over", func() bool {
			_, err := k.db.ExecContext(k.t.Context(), "xa commit 'x'")
			return err == nil
		})
		k.sees("NEW")
	})
}
