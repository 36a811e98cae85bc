// This file tests what of a transaction is repeated, how often and after which pauses, over drivers that answer what the test writes.

package fluxor_test

import (
	"context"
	"database/sql"
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/DATA-DOG/go-sqlmock"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/internal/dbtest"
)

// mockState is an error with a SQLSTATE.
type mockState string

func (m mockState) Error() string    { return "state " + string(m) }
func (m mockState) SQLState() string { return string(m) }

// mockRepeating is a database whose answers the test writes.
func mockRepeating(t *testing.T, name, options string) (*sql.DB, sqlmock.Sqlmock) {
	t.Helper()
	bare, mock, err := sqlmock.NewWithDSN(name)
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("fluxor", name+"?fluxor_driver=sqlmock"+options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = errors.Join(db.Close(), bare.Close()) })
	return db, mock
}

func TestWhatIsRepeatedAndHowOften(t *testing.T) {
	lost := &fluxor.IndeterminateError{Op: "commit", Cause: mockState("40001")}
	for name, row := range map[string]struct {
		statement, rollback, commit error
		options                     string
		attempts                    int
	}{
		"a deadlock":                                 {statement: mockState("40P01"), attempts: 4},
		"a serialization failure of the commit":      {commit: mockState("40001"), attempts: 4},
		"as often as the option says":                {statement: mockState("40001"), options: "&fluxor_max_retries=1", attempts: 2},
		"never where it is off":                      {statement: mockState("40001"), options: "&fluxor_max_retries=0", attempts: 1},
		"not a unique violation":                     {statement: mockState("23505"), attempts: 1},
		"not a commit whose answer is lost":          {commit: io.ErrUnexpectedEOF, attempts: 1},
		"not an indeterminate error, whatever it is": {commit: lost, attempts: 1},
		"not without a rollback":                     {statement: mockState("40001"), rollback: errors.New("no"), attempts: 1},
	} {
		t.Run(name, func(t *testing.T) {
			db, mock := mockRepeating(t, "repeat "+name, row.options+"&fluxor_retry_backoff=0")
			for range row.attempts {
				mock.ExpectBegin()
				exec := mock.ExpectExec("update")
				if row.statement != nil {
					exec.WillReturnError(row.statement)
					rollback := mock.ExpectRollback()
					if row.rollback != nil {
						rollback.WillReturnError(row.rollback)
					}
					continue
				}
				exec.WillReturnResult(sqlmock.NewResult(0, 1))
				mock.ExpectCommit().WillReturnError(row.commit)
			}
			attempts := 0
			err := fluxor.RunTx(t.Context(), db, nil, func(tx *sql.Tx) error {
				attempts++
				_, err := tx.ExecContext(t.Context(), "update t")
				return err
			})
			want := row.statement
			if want == nil {
				want = row.commit
			}
			if attempts != row.attempts || !errors.Is(err, want) {
				t.Errorf("%d attempts, want %d; %v", attempts, row.attempts, err)
			}
			if row.statement != nil && err != row.statement {
				t.Errorf("the driver's error came as %T", err)
			}
			_ = db.Close() // the mock does not expect it; nothing uses the mock afterwards
			if err := mock.ExpectationsWereMet(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestAForeignDatabaseIsRepeatedByTheUsualRules(t *testing.T) {
	bare, mock, err := sqlmock.New()
	if err != nil {
		t.Fatal(err)
	}
	defer bare.Close() //nolint:errcheck // a mock
	mock.ExpectBegin()
	mock.ExpectRollback()
	mock.ExpectBegin()
	mock.ExpectCommit()
	attempts := 0
	err = fluxor.RunTx(t.Context(), bare, nil, func(*sql.Tx) error {
		if attempts++; attempts == 1 {
			return mockState("40001")
		}
		return nil
	})
	if err != nil || attempts != 2 {
		t.Errorf("%d attempts, %v", attempts, err)
	}
	mock.ExpectClose()
}

// TestTheEndOfTheContextEndsTheRepetition counts on a clock of its own: the
// first pause is up to an hour.
func TestTheEndOfTheContextEndsTheRepetition(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, err := fluxor.WrapConnector(dbtest.Memory{}, fluxor.RuntimeConfig{RetryBackoff: 100 * time.Hour})
		if err != nil {
			t.Fatal(err)
		}
		db := sql.OpenDB(c)
		defer db.Close() //nolint:errcheck // in memory
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		attempts := 0
		err = fluxor.RunTx(ctx, db, nil, func(*sql.Tx) error {
			attempts++
			<-ctx.Done()
			return mockState("40001")
		})
		if attempts != 1 || err != error(mockState("40001")) {
			t.Errorf("%d attempts, %v", attempts, err)
		}
	})
}

func TestPausesAreRandomAndGrow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, err := fluxor.WrapConnector(dbtest.Memory{}, fluxor.RuntimeConfig{RetryBackoff: time.Second, MaxRetries: 6})
		if err != nil {
			t.Fatal(err)
		}
		db := sql.OpenDB(c)
		defer db.Close() //nolint:errcheck // in memory
		longest := []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 10 * time.Second, 10 * time.Second}
		seen := map[time.Duration]bool{}
		for range 20 {
			var starts []time.Time
			_ = fluxor.RunTx(t.Context(), db, nil, func(*sql.Tx) error {
				starts = append(starts, time.Now())
				return mockState("40001")
			})
			if len(starts) != 7 {
				t.Fatalf("%d attempts", len(starts))
			}
			for i, most := range longest {
				waited := starts[i+1].Sub(starts[i])
				if waited >= most {
					t.Errorf("pause %d was %v, want less than %v", i+1, waited, most)
				}
				seen[waited] = true
			}
		}
		if len(seen) < 100 {
			t.Errorf("of 120 pauses only %d differ", len(seen))
		}
	})
}
