//go:build unix && cgo

// This file disturbs a busy database by all that Oracle answers when it is in trouble, and counts what its callers hear and what was written.

package oracle_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/backend"
	"github.com/fluxor-db/fluxor/internal/dbtest"
)

// trouble is what is done to the server while callers are at work.
type trouble struct {
	rules []string        // in force by turns, with pauses
	class []backend.Class // the classes of the errors that callers may hear
}

var troubles = map[string]trouble{
	"sessions are killed":  {[]string{"kill"}, []backend.Class{backend.ClassDead, backend.ClassFatal}},
	"ORA-03113":            {[]string{"execute error=3113 count=3"}, []backend.Class{backend.ClassDead}},
	"ORA-03113 afterwards": {[]string{"execute error=3113 after count=3"}, []backend.Class{backend.ClassDead}},
	"ORA-12541":            {[]string{"kill", "connect error=12541"}, []backend.Class{backend.ClassUnavailable, backend.ClassDead, backend.ClassFatal}},
	"ORA-00018":            {[]string{"kill", "limit sessions=2"}, []backend.Class{backend.ClassTooMany, backend.ClassDead, backend.ClassFatal}},
	"ORA-12519":            {[]string{"kill", "connect error=12519 count=5"}, []backend.Class{backend.ClassTooMany, backend.ClassDead, backend.ClassFatal}},
	"ORA-01033":            {[]string{"kill", "login error=1033"}, []backend.Class{backend.ClassUnavailable, backend.ClassDead, backend.ClassFatal}},
}

const (
	callers    = 16
	statements = 800 // half of them write
)

// tally is what came of the statements.
type tally struct {
	mu       sync.Mutex
	acked    map[int]bool
	unknown  map[int]bool
	failed   int
	reads    int
	heard    map[string]int
	badConns int
	strange  []string
}

func TestABusyDatabaseInTrouble(t *testing.T) {
	for name, trouble := range troubles {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := dbtest.Oracle(t)
			db := fluxorOn(t, d.Logfmt("fluxor_max_open_conns=4", "fluxor_acquire_timeout=20s"))
			mustExec(t, db, "create table w (n number(9))")
			stop := disturb(t, d, trouble.rules)
			got := work(t, db, trouble.class)
			stop()
			d.Faults(t)
			got.check(t, db)
			t.Logf("%d statements: %d writes acknowledged, %d of unknown outcome, %d reads, %d errors: %v",
				statements, len(got.acked), len(got.unknown), got.reads, got.failed, got.heard)
		})
	}
}

// disturb has the trouble come and go until stop is called.
func disturb(t *testing.T, d *dbtest.OracleDatabase, rules []string) (stop func()) {
	end, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for i := 0; ; i++ {
			if i%2 == 0 {
				d.Faults(t, rules...)
			} else {
				d.Faults(t)
			}
			select {
			case <-end:
				return
			case <-time.After(40 * time.Millisecond):
			}
		}
	}()
	return func() {
		close(end)
		<-done
	}
}

// work has all callers work, and looks at what they hear.
func work(t *testing.T, db *sql.DB, classes []backend.Class) *tally {
	t.Helper()
	got := &tally{acked: map[int]bool{}, unknown: map[int]bool{}, heard: map[string]int{}}
	var next atomic.Int64
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			for {
				n := int(next.Add(1)) - 1
				if n >= statements {
					return
				}
				ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
				if n%2 == 0 {
					_, err := db.ExecContext(ctx, "insert into w values (:1)", n)
					got.wrote(n, err, classes)
				} else {
					var read int
					got.read(db.QueryRowContext(ctx, "select :1 from dual", n).Scan(&read), read == n, classes)
				}
				cancel()
			}
		})
	}
	wg.Wait()
	return got
}

func (got *tally) wrote(n int, err error, classes []backend.Class) {
	got.mu.Lock()
	defer got.mu.Unlock()
	var lost *fluxor.IndeterminateError
	switch {
	case err == nil:
		got.acked[n] = true
	case errors.As(err, &lost):
		got.unknown[n] = true
		got.hears(err, classes)
	default:
		got.hears(err, classes)
	}
}

func (got *tally) read(err error, right bool, classes []backend.Class) {
	got.mu.Lock()
	defer got.mu.Unlock()
	if err != nil {
		got.hears(err, classes)
		return
	}
	got.reads++
	if !right {
		got.strange = append(got.strange, "a read got another's row")
	}
}

// hears notes an error.
func (got *tally) hears(err error, classes []backend.Class) {
	got.failed++
	if errors.Is(err, driver.ErrBadConn) {
		got.badConns++
	}
	var lost *fluxor.IndeterminateError
	class := backend.Oracle(err)
	fits := errors.Is(err, fluxor.ErrAcquireTimeout) || errors.As(err, &lost)
	for _, c := range classes {
		fits = fits || class == c
	}
	text := err.Error()
	if i := strings.Index(text, "ORA-"); i >= 0 && len(text) >= i+9 {
		text = text[i : i+9]
	}
	if errors.As(err, &lost) {
		text = "unknown outcome"
	}
	got.heard[text]++
	if !fits {
		got.strange = append(got.strange, fmt.Sprintf("class %d: %v", class, err))
	}
}

// check compares what the callers heard with what the table holds.
func (got *tally) check(t *testing.T, db *sql.DB) {
	t.Helper()
	if got.badConns > 0 {
		t.Errorf("%d callers heard driver.ErrBadConn", got.badConns)
	}
	for _, s := range got.strange {
		t.Error(s)
	}
	rows, err := db.QueryContext(t.Context(), "select n, count(*) from w group by n")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close() //nolint:errcheck // Err tells
	there := map[int]int{}
	for rows.Next() {
		var n, times int
		if err := rows.Scan(&n, &times); err != nil {
			t.Fatal(err)
		}
		there[n] = times
		if times > 1 {
			t.Errorf("%d was written %d times", n, times)
		}
		if !got.acked[n] && !got.unknown[n] {
			t.Errorf("%d was written, and its caller heard that it was not", n)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	for n := range got.acked {
		if there[n] == 0 {
			t.Errorf("%d was acknowledged and is not there", n)
		}
	}
}

func TestAWrongPasswordIsTriedOnce(t *testing.T) {
	d := dbtest.Oracle(t)
	trips := d.Trips(t)
	d.Password = "wrong"
	db := fluxorOn(t, d.Logfmt())
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			err := db.PingContext(t.Context())
			if backend.Oracle(err) != backend.ClassLogin {
				t.Errorf("got %v, want ORA-01017", err)
			}
		})
	}
	wg.Wait()
	connects := 0
	for _, trip := range trips() {
		if trip.Op == "connect" {
			connects++
		}
	}
	if connects != 1 {
		t.Errorf("%d callers made %d attempts to log in, want 1", callers, connects)
	}
}
