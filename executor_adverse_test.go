// This file tests transactions whose function, server or network does what it should not.

package fluxor_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/internal/dbtest"
	"github.com/fluxor-db/fluxor/internal/faultproxy"
)

func TestAFunctionThatEndsItsTransactionIsNotRepeated(t *testing.T) {
	for _, b := range transactionals() {
		ends := map[string]struct {
			end  func(*sql.Tx) error
			want string
		}{
			"a commit":   {(*sql.Tx).Commit, "90 100"},
			"a rollback": {(*sql.Tx).Rollback, "100 100"},
		}
		for name, row := range ends {
			for _, returned := range []error{nil, mockState("40001")} {
				t.Run(fmt.Sprintf("%s/%s/%v", b.name, name, returned), func(t *testing.T) {
					t.Parallel()
					db := b.accounts(t)
					attempts := 0
					err := fluxor.RunTx(t.Context(), db, nil, func(tx *sql.Tx) error {
						attempts++
						if err := b.add(t.Context(), tx, 1, -10); err != nil {
							return err
						}
						return errors.Join(row.end(tx), returned)
					})
					if err == nil || attempts != 1 || balances(t, db) != row.want {
						t.Errorf("%d attempts, %v, %s", attempts, err, balances(t, db))
					}
				})
			}
		}
	}
}

func commits(request []byte) bool { return bytes.Contains(bytes.ToLower(request), []byte("commit")) }

func TestACommitWhoseAnswerIsLostIsNotRepeated(t *testing.T) {
	for _, b := range networkBackends {
		for name, end := range map[string]faultproxy.End{"FIN": faultproxy.FIN, "RST": faultproxy.RST} {
			t.Run(b.name+"/"+name, func(t *testing.T) {
				t.Parallel()
				target, direct, proxy := b.behindProxy(t, "n int")
				db := b.fluxor(t, target, "fluxor_cb_max_failures=0")
				for n := range 50 {
					proxy.CutOnReply(1, end, commits)
					attempts, err := insertInTx(t, db, n)
					if !isIndeterminate(err) || attempts != 1 {
						t.Fatalf("%d attempts: %v", attempts, err)
					}
				}
				if rows, distinct := countRows(t, direct); rows != 50 || distinct != 50 {
					t.Errorf("%d rows, %d distinct, want 50", rows, distinct)
				}
			})
		}
	}
}

// insertInTx inserts n by RunTx, and counts how often its function ran.
func insertInTx(t *testing.T, db *sql.DB, n int) (attempts int, err error) {
	t.Helper()
	err = fluxor.RunTx(t.Context(), db, nil, func(tx *sql.Tx) error {
		attempts++
		_, err := tx.ExecContext(t.Context(), fmt.Sprintf("insert into w values (%d)", n))
		return err
	})
	return attempts, err
}

func TestATransactionBeginsAnewOnAConnectionThatLives(t *testing.T) {
	for _, b := range networkBackends {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			s := b.share(t)
			target := s.NewDatabase(t)
			db := b.fluxor(t, target)
			mustExec(t, db, "create table w (n int)")
			for n := range 20 {
				holdConnections(t, db, 4)
				s.EndSessions(t, target.Database)
				attempts, err := insertInTx(t, db, n)
				if err != nil || attempts != 1 {
					t.Fatalf("%d attempts: %v", attempts, err)
				}
			}
			if rows, distinct := countRows(t, db); rows != 20 || distinct != 20 {
				t.Errorf("%d rows, %d distinct, want 20", rows, distinct)
			}
		})
	}
}

// TestASessionThatEndsWithinATransactionCostsItWhole: whatever ran before is
// undone, nothing of it runs on another connection, nobody repeats it.
func TestASessionThatEndsWithinATransactionCostsItWhole(t *testing.T) {
	for _, b := range networkBackends {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			s := b.share(t)
			target := s.NewDatabase(t)
			db := b.fluxor(t, target)
			mustExec(t, db, "create table w (n int)")
			attempts := 0
			err := fluxor.RunTx(t.Context(), db, nil, func(tx *sql.Tx) error {
				attempts++
				mustExec(t, tx, "insert into w values (1)")
				s.EndSessions(t, target.Database)
				_, first := tx.ExecContext(t.Context(), "insert into w values (2)")
				_, second := tx.ExecContext(t.Context(), "insert into w values (3)")
				if first == nil || second == nil {
					t.Errorf("a statement succeeded after its session's end: %v, %v", first, second)
				}
				return nil // which swallows them
			})
			rows, _ := countRows(t, db)
			if err == nil || attempts != 1 || rows != 0 {
				t.Errorf("%d attempts, %d rows: %v", attempts, rows, err)
			}
		})
	}
}

// TestASwallowedRefusalIsNoCommit: PostgreSQL has undone everything, and says so
// at the commit.
func TestASwallowedRefusalIsNoCommit(t *testing.T) {
	for _, b := range transactionals()[1:3] {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			db := b.accounts(t)
			err := fluxor.RunTx(t.Context(), db, nil, func(tx *sql.Tx) error {
				_ = b.add(t.Context(), tx, 1, -10)
				_, _ = tx.ExecContext(t.Context(), "do $$ begin raise exception 'x' using errcode = '40P01'; end $$")
				_ = b.add(t.Context(), tx, 2, 10)
				return nil
			})
			if err == nil || balances(t, db) != "100 100" {
				t.Errorf("%v, %s", err, balances(t, db))
			}
		})
	}
}

// TestWhatTheServerCallsALockIsRepeated has real conflicts beside the deadlock.
func TestWhatTheServerCallsALockIsRepeated(t *testing.T) {
	all := transactionals()
	for name, row := range map[string]struct {
		b     transactional
		first string
	}{
		"PostgreSQL's lock timeout":        {all[1], "set local lock_timeout = '20ms'"},
		"PostgreSQL's, by pgx":             {all[2], "set local lock_timeout = '20ms'"},
		"MariaDB's lock timeout":           {all[3], "set innodb_lock_wait_timeout = 0"},
		"MariaDB's record that is changed": {all[3], "set innodb_snapshot_isolation = on, innodb_lock_wait_timeout = 0"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := row.b.accounts(t)
			other, err := db.BeginTx(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			attempts := 0
			err = fluxor.RunTx(t.Context(), db, nil, func(tx *sql.Tx) error {
				attempts++
				mustExec(t, tx, row.first)
				cents := 0
				if err := tx.QueryRowContext(t.Context(), "select cents from account where id = 1").Scan(&cents); err != nil {
					return err
				}
				if attempts == 1 {
					if err := row.b.add(t.Context(), other, 1, 5); err != nil {
						t.Error(err)
					}
					if name == "MariaDB's record that is changed" {
						_ = other.Commit()
					}
				}
				err := row.b.add(t.Context(), tx, 1, -10)
				_ = other.Commit()
				return err
			})
			if err != nil || attempts != 2 || balances(t, db) != "95 100" {
				t.Errorf("%d attempts, %v, %s", attempts, err, balances(t, db))
			}
		})
	}
}

// TestACommitThatTheServerRefusesIsUndone: under FLUSH TABLES WITH READ LOCK
// MariaDB's COMMIT waits for lock_wait_timeout and fails with 1205.
func TestACommitThatTheServerRefusesIsUndone(t *testing.T) {
	s := dbtest.StartMariaDB(t, dbtest.Options{})
	b := transactional{"mysql", func(t testing.TB) *sql.DB {
		return networkBackends[2].fluxor(t, s.NewDatabase(t), "fluxor_max_open_conns=1", "fluxor_retry_backoff=1ms")
	}, question}
	db := b.accounts(t)
	admin := session(t, s.Admin(t))
	attempts := 0
	err := fluxor.RunTx(t.Context(), db, nil, func(tx *sql.Tx) error {
		attempts++
		mustExec(t, tx, "set lock_wait_timeout = 1")
		if attempts == 2 {
			mustExec(t, admin, "unlock tables")
		}
		err := b.add(t.Context(), tx, 1, -10)
		if attempts == 1 {
			mustExec(t, admin, "flush tables with read lock")
		}
		return err
	})
	if err != nil || attempts != 2 || balances(t, db) != "90 100" {
		t.Errorf("%d attempts, %v, %s", attempts, err, balances(t, db))
	}
}

func TestABeginThatTheContextEndsLeavesNoTransactionOpen(t *testing.T) {
	for _, b := range networkBackends {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			target := b.share(t).NewDatabase(t)
			db := b.fluxor(t, target, "fluxor_max_open_conns=2", "fluxor_cb_max_failures=0")
			mustExec(t, db, "create table w (n int)")
			for n := range 200 {
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(n)*20*time.Microsecond)
				_ = fluxor.RunTx(ctx, db, nil, func(tx *sql.Tx) error {
					_, err := tx.ExecContext(ctx, fmt.Sprintf("insert into w values (%d)", n))
					return errors.Join(err, errors.New("never"))
				})
				cancel()
				mustExec(t, db, fmt.Sprintf("insert into w values (%d)", 1000+n))
			}
			if rows, _ := countRows(t, b.raw(t, target)); rows != 200 {
				t.Errorf("%d rows are there for others, want the 200 outside of transactions", rows)
			}
		})
	}
}
