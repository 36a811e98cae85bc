// This file runs transactions: it ends them whatever happens, and repeats those that the database undid because of others.

package fluxor

import (
	"context"
	"database/sql"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/fluxor-db/fluxor/backend"
)

// AdvancedTx is the transaction that [QueryExecutor.Transaction] hands to its
// function, which neither commits nor rolls back: that follows from what the
// function returns.
type AdvancedTx struct{ tx *sql.Tx }

// Exec is [sql.Tx.ExecContext].
func (t *AdvancedTx) Exec(ctx context.Context, query string, args ...any) (sql.Result, error) {
	return t.tx.ExecContext(ctx, query, args...)
}

// Query is [sql.Tx.QueryContext].
func (t *AdvancedTx) Query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return t.tx.QueryContext(ctx, query, args...)
}

// QueryRow is [sql.Tx.QueryRowContext].
func (t *AdvancedTx) QueryRow(ctx context.Context, query string, args ...any) *sql.Row {
	return t.tx.QueryRowContext(ctx, query, args...)
}

// Prepare is [sql.Tx.PrepareContext].
func (t *AdvancedTx) Prepare(ctx context.Context, query string) (*sql.Stmt, error) {
	return t.tx.PrepareContext(ctx, query)
}

// Tx returns the *sql.Tx, for libraries that want one. It must not be committed
// or rolled back.
func (t *AdvancedTx) Tx() *sql.Tx { return t.tx }

// QueryExecutor runs transactions on a runtime. It is safe for concurrent use.
type QueryExecutor struct{ r *DBRuntime }

// NewQueryExecutor returns an executor for a runtime, which may be connected
// later.
func NewQueryExecutor(r *DBRuntime) *QueryExecutor { return &QueryExecutor{r} }

// Transaction is [RunTx] with the database's usual isolation.
func (e *QueryExecutor) Transaction(ctx context.Context, fn func(tx *AdvancedTx) error) error {
	db := e.r.DB()
	if db == nil {
		return ErrNotConnected
	}
	return RunTx(ctx, db, nil, func(tx *sql.Tx) error { return fn(&AdvancedTx{tx}) })
}

// RunTx runs fn within a transaction: it commits where fn returns nil, and rolls
// back where fn returns an error or panics. A transaction that the database
// refused because of what others did meanwhile (a deadlock, a serialization
// failure, a lock wait that timed out) is rolled back and begun anew, with the
// whole of fn, after a random pause: at most MaxRetries times, while ctx lasts.
// So fn must have no effect outside of the transaction that may not come twice,
// should return the errors that it gets, and leaves the end of the transaction
// to RunTx.
//
// Nothing is repeated once Commit was sent and its answer lost: that is an
// *[IndeterminateError], as it is. The last error is returned as the driver gave
// it. db need not be Fluxor's; for another one the pauses are those of the
// presets.
func RunTx(ctx context.Context, db *sql.DB, opts *sql.TxOptions, fn func(*sql.Tx) error) error {
	how := repeats(db)
	for attempt := 0; ; attempt++ {
		undone, err := runTx(ctx, db, opts, fn)
		if err == nil || !undone || attempt >= how.most || !how.again(err) {
			return err
		}
		if !pause(ctx, how.backoff, attempt) {
			return err
		}
	}
}

// repetition is how a database's transactions are repeated.
type repetition struct {
	most    int
	backoff time.Duration
	knows   func(error) bool
}

func repeats(db *sql.DB) repetition {
	if c, err := FromDB(db); err == nil {
		return repetition{c.main.set.MaxRetries, c.main.set.RetryBackoff, c.main.backend.RetryTx}
	}
	usual := presets[presetTransparent]
	return repetition{usual.MaxRetries, usual.RetryBackoff, backend.RetryTx}
}

// again reports whether the transaction that failed with err may succeed when
// it is begun anew.
func (r repetition) again(err error) bool {
	return !errors.As(err, new(*IndeterminateError)) && r.knows(err)
}

// runTx runs fn once. undone says that the transaction is known to have left
// nothing behind.
func runTx(ctx context.Context, db *sql.DB, opts *sql.TxOptions, fn func(*sql.Tx) error) (undone bool, err error) {
	tx, err := db.BeginTx(ctx, opts)
	if err != nil {
		return true, err
	}
	returned := false
	defer func() {
		if !returned {
			_ = tx.Rollback() // fn panicked, and the panic goes on
		}
	}()
	err = fn(tx)
	returned = true
	if err != nil {
		return tx.Rollback() == nil, err
	}
	return true, tx.Commit() // a commit that the database refused undid all; one whose answer is lost says so
}

// longestPause bounds what doubling makes of a pause.
const longestPause = 10 * time.Second

// pause waits for a random part of the backoff, doubled with each attempt, so
// that those who met each other meet less often. It reports whether ctx lasted.
func pause(ctx context.Context, backoff time.Duration, attempt int) bool {
	if ctx.Err() != nil {
		return false
	}
	longest := min(backoff<<min(attempt, 20), longestPause)
	if longest <= 0 {
		return true
	}
	timer := time.NewTimer(rand.N(longest))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
