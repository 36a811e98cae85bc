// This file tests transactions that run as a whole: their end whatever happens, and their repetition after real deadlocks.

package fluxor_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/internal/dbtest"
)

// transactional is a database with a table of two accounts.
type transactional struct {
	name string
	open func(testing.TB) *sql.DB
	arg  func(n int) string // the n-th placeholder
}

func question(int) string { return "?" }
func dollar(n int) string { return fmt.Sprintf("$%d", n) }
func sqliteFile(t testing.TB) *sql.DB {
	return openName(t, "sqlite-fluxor", dbtest.SQLite(t, "_txlock=immediate", "_pragma=busy_timeout(20)"))
}

func transactionals() []transactional {
	all := []transactional{{"sqlite", sqliteFile, question}}
	for _, b := range networkBackends {
		arg := dollar
		if b.name == "mysql" {
			arg = question
		}
		all = append(all, transactional{b.name, func(t testing.TB) *sql.DB {
			return b.fluxor(t, b.share(t).NewDatabase(t), "fluxor_max_retries=20", "fluxor_retry_backoff=5ms")
		}, arg})
	}
	return all
}

// accounts makes the table; its accounts 1 and 2 hold 100 each.
func (b transactional) accounts(t testing.TB) *sql.DB {
	t.Helper()
	db := b.open(t)
	mustExec(t, db, "create table account (id int primary key, cents int not null check (cents >= 0))")
	mustExec(t, db, "insert into account values (1, 100), (2, 100)")
	return db
}

func (b transactional) add(ctx context.Context, tx *sql.Tx, id, cents int) error {
	_, err := tx.ExecContext(ctx, "update account set cents = cents + "+b.arg(1)+" where id = "+b.arg(2), cents, id)
	return err
}

func balances(t testing.TB, db *sql.DB) string {
	t.Helper()
	var one, two int
	err := errors.Join(
		db.QueryRowContext(t.Context(), "select cents from account where id = 1").Scan(&one),
		db.QueryRowContext(t.Context(), "select cents from account where id = 2").Scan(&two))
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(one, " ", two)
}

func TestATransactionIsCommittedOrRolledBack(t *testing.T) {
	for _, b := range transactionals() {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			db := b.accounts(t)
			move := func(cents int, then func() error) error {
				return fluxor.RunTx(t.Context(), db, nil, func(tx *sql.Tx) error {
					if err := b.add(t.Context(), tx, 1, -cents); err != nil {
						return err
					}
					if err := b.add(t.Context(), tx, 2, cents); err != nil {
						return err
					}
					return then()
				})
			}
			if err := move(10, func() error { return nil }); err != nil || balances(t, db) != "90 110" {
				t.Errorf("committed: %v, %s", err, balances(t, db))
			}
			errNo := errors.New("no")
			if err := move(10, func() error { return errNo }); err != errNo || balances(t, db) != "90 110" {
				t.Errorf("refused by the function: %v, %s", err, balances(t, db))
			}
			if err := move(1000, func() error { return nil }); err == nil || balances(t, db) != "90 110" {
				t.Errorf("refused by the database: %v, %s", err, balances(t, db))
			}
			func() {
				defer func() {
					if r := recover(); r != "boom" {
						t.Errorf("recovered %v", r)
					}
				}()
				_ = move(10, func() error { panic("boom") })
			}()
			exited := make(chan struct{})
			go func() {
				defer close(exited)
				_ = move(10, func() error { runtime.Goexit(); return nil })
			}()
			<-exited
			if got := balances(t, db); got != "90 110" || poolOf(t, db).PoolStats().Used != 0 {
				t.Errorf("after a panic and a Goexit: %s, %+v", got, poolOf(t, db).PoolStats())
			}
		})
	}
}

// TestADeadlockRepeatsTheWholeFunction makes one: two transactions change the
// two accounts in opposite order, and each waits at first until the other has
// changed its own.
func TestADeadlockRepeatsTheWholeFunction(t *testing.T) {
	for _, b := range transactionals()[1:] {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			db := b.accounts(t)
			var attempts atomic.Int64
			var met sync.WaitGroup
			met.Add(2)
			transfer := func(from, to int) error {
				first := true
				return fluxor.RunTx(t.Context(), db, nil, func(tx *sql.Tx) error {
					attempts.Add(1)
					err := b.add(t.Context(), tx, from, -10)
					if first {
						first = false
						met.Done()
						met.Wait()
					}
					if err != nil {
						return err
					}
					return b.add(t.Context(), tx, to, 10)
				})
			}
			errs := make(chan error, 2)
			go func() { errs <- transfer(1, 2) }()
			go func() { errs <- transfer(2, 1) }()
			if err := errors.Join(<-errs, <-errs); err != nil {
				t.Errorf("a deadlock reached the caller: %v", err)
			}
			if n := attempts.Load(); n < 3 || balances(t, db) != "100 100" {
				t.Errorf("%d attempts, %s", n, balances(t, db))
			}
		})
	}
}

func TestSerializationFailuresRepeatUntilAllAreThrough(t *testing.T) {
	const workers, rounds = 4, 10
	for _, b := range transactionals() {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			db := b.accounts(t)
			opts := &sql.TxOptions{Isolation: sql.LevelSerializable}
			if b.name == "sqlite" {
				opts = nil // it knows no other
			}
			c := poolOf(t, db)
			var attempts atomic.Int64
			errs := make(chan error, workers)
			increment := func() error {
				return fluxor.RunTx(t.Context(), db, opts, func(tx *sql.Tx) error {
					attempts.Add(1)
					var cents int
					if err := tx.QueryRowContext(t.Context(), "select cents from account where id = 1").Scan(&cents); err != nil {
						return err
					}
					_, err := tx.ExecContext(t.Context(), "update account set cents = "+b.arg(1)+" where id = 1", cents+1)
					return err
				})
			}
			for range workers {
				go func() {
					var failed error
					for range rounds {
						failed = errors.Join(failed, untilThrough(increment))
					}
					errs <- failed
				}()
			}
			for range workers {
				if err := <-errs; err != nil {
					t.Error(err)
				}
			}
			if got := balances(t, db); got != fmt.Sprint(100+workers*rounds, " 100") || c.PoolStats().Used != 0 {
				t.Errorf("got %s after %d attempts, %+v", got, attempts.Load(), c.PoolStats())
			}
		})
	}
}

// untilThrough is for a crowd in which even twenty repetitions may be too few.
func untilThrough(do func() error) error {
	var err error
	for range 20 {
		if err = do(); err == nil || !strings.Contains(err.Error(), "serializ") && !strings.Contains(err.Error(), "lock") {
			return err
		}
	}
	return err
}

// TestALockWaitThatTimedOutIsRolledBackBeforeItIsRepeated: MySQL undoes the
// statement alone (1205), so that what the attempt had done before would stay.
func TestALockWaitThatTimedOutIsRolledBackBeforeItIsRepeated(t *testing.T) {
	b := transactionals()[3]
	db := b.accounts(t)
	holder, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.add(t.Context(), holder, 2, 1); err != nil {
		t.Fatal(err)
	}
	attempts := 0
	err = fluxor.RunTx(t.Context(), db, nil, func(tx *sql.Tx) error {
		if attempts++; attempts == 2 {
			_ = holder.Rollback()
		}
		if _, err := tx.ExecContext(t.Context(), "set innodb_lock_wait_timeout = 1"); err != nil {
			return err
		}
		if err := b.add(t.Context(), tx, 1, -10); err != nil {
			return err
		}
		return b.add(t.Context(), tx, 2, 10)
	})
	if err != nil || attempts != 2 || balances(t, db) != "90 110" {
		t.Errorf("%d attempts, %v, %s", attempts, err, balances(t, db))
	}
}
