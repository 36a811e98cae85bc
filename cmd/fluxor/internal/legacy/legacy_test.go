// This file checks that the old server loses answers as told and that its driver misleads database/sql as real ones do.

package legacy

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func start(t *testing.T) (*Server, *Connector, *sql.DB) {
	t.Helper()
	file := url.URL{Scheme: "file", Path: filepath.ToSlash(filepath.Join(t.TempDir(), "old.db"))}
	server, err := Start(file.String() + "?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() }) // an error means that the test has closed it
	c := NewConnector(server.Addr())
	db := sql.OpenDB(c)
	t.Cleanup(func() { _ = db.Close() })
	if _, err := db.ExecContext(t.Context(), "CREATE TABLE t (a, b, c, d)"); err != nil {
		t.Fatal(err)
	}
	return server, c, db
}

func count(t *testing.T, db *sql.DB) (n int) {
	t.Helper()
	if err := db.QueryRowContext(t.Context(), "SELECT count(*) FROM t").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestDatabaseSQLRunsAnInsertWithoutAnswerAgain(t *testing.T) {
	for name, how := range map[string]Cut{"FIN": CutFIN, "RST": CutRST} {
		t.Run(name, func(t *testing.T) {
			server, c, db := start(t)
			server.LoseAnswer(how)
			if _, err := db.ExecContext(t.Context(), "INSERT INTO t (a) VALUES (?)", 1); err != nil {
				t.Errorf("got %v, want the silent repetition", err)
			}
			if n := count(t, db); n != 2 {
				t.Errorf("%d rows, want 2", n)
			}
			if c.Lost() != 1 {
				t.Errorf("%d lost, want 1", c.Lost())
			}
		})
	}
}

func TestValuesComeBackAsTheyWent(t *testing.T) {
	_, _, db := start(t)
	res, err := db.ExecContext(t.Context(), "INSERT INTO t VALUES (?, ?, ?, ?)", int64(1)<<62, 1.5, "ä\n\"", nil)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := res.RowsAffected(); n != 1 || err != nil {
		t.Errorf("%d rows affected, %v; want 1", n, err)
	}
	var a, b, c, d any
	if err := db.QueryRowContext(t.Context(), "SELECT * FROM t").Scan(&a, &b, &c, &d); err != nil {
		t.Fatal(err)
	}
	if a != int64(1)<<62 || b != 1.5 || c != "ä\n\"" || d != nil {
		t.Errorf("got %v %v %q %v", a, b, c, d)
	}
}

func TestServersErrorLeavesTheConnectionUsable(t *testing.T) {
	_, c, db := start(t)
	db.SetMaxOpenConns(1)
	_, err := db.ExecContext(t.Context(), "SELECT nonsense FROM nowhere")
	var verdict *Error
	if !errors.As(err, &verdict) {
		t.Fatalf("got %v, want the server's error", err)
	}
	if n := count(t, db); n != 0 || c.Lost() != 0 {
		t.Errorf("%d rows, %d lost; want none", n, c.Lost())
	}
}

func TestTransactionOfALostClientIsUndone(t *testing.T) {
	server, _, db := start(t)
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.ExecContext(t.Context(), "INSERT INTO t (a) VALUES (1)"); err != nil {
		t.Fatal(err)
	}
	server.CutAll()
	if err := tx.Commit(); err == nil {
		t.Error("a commit on a cut connection succeeded")
	}
	if n := count(t, db); n != 0 {
		t.Errorf("%d rows, want none", n)
	}
}

func TestPreparedStatementRunsMoreThanOnce(t *testing.T) {
	_, _, db := start(t)
	st, err := db.PrepareContext(t.Context(), "INSERT INTO t (a) VALUES (?)")
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close() //nolint:errcheck // nothing is sent
	for i := range 3 {
		if _, err := st.ExecContext(t.Context(), i); err != nil {
			t.Fatal(err)
		}
	}
	if n := count(t, db); n != 3 {
		t.Errorf("%d rows, want 3", n)
	}
}

// until polls what only the server knows.
func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(10 * time.Second); !holds(); <-tick.C {
		if time.Now().After(end) {
			t.Fatalf("waited in vain until %s", what)
		}
	}
}

func TestBareConnectionWaitsAsLongAsTheServerTakes(t *testing.T) {
	server, c, db := start(t)
	server.SetPace(Pace{Scanned: "FROM t", Scan: 400 * time.Millisecond})
	began := time.Now()
	if n := count(t, db); n != 0 || c.Lost() != 0 || time.Since(began) < 400*time.Millisecond {
		t.Errorf("%d rows, %d lost, after %v; want the first answer, late", n, c.Lost(), time.Since(began))
	}
	if _, err := db.ExecContext(t.Context(), "SELECT 1"); err != nil || time.Since(began) > 10*time.Second {
		t.Errorf("%v: another statement is slow, too", err)
	}
}

func TestStatementOfAClientThatLeftEndsOnTheServer(t *testing.T) {
	server, _, db := start(t)
	server.SetPace(Pace{Each: time.Hour})
	ctx, leave := context.WithCancel(t.Context())
	var done sync.WaitGroup
	done.Go(func() { _, _ = db.ExecContext(ctx, "DELETE FROM t") })
	until(t, "the server works", func() bool { return server.Working() == 1 })
	leave()
	until(t, "it works no more", func() bool { return server.Working() == 0 })
	done.Wait()
}

func TestServerWorksOnNoMoreStatementsThanItHasPlaces(t *testing.T) {
	server, _, db := start(t)
	server.SetPace(Pace{AtOnce: 2, Each: 20 * time.Millisecond})
	began := time.Now()
	most, over := 0, make(chan struct{})
	var done sync.WaitGroup
	for range 8 {
		done.Go(func() { _, _ = db.ExecContext(t.Context(), "SELECT 1") })
	}
	go func() { done.Wait(); close(over) }()
	until(t, "all are served", func() bool {
		most = max(most, server.Working())
		select {
		case <-over:
			return true
		default:
			return false
		}
	})
	if most != 2 || time.Since(began) < 80*time.Millisecond {
		t.Errorf("%d at once, %v for eight; want 2 and at least 80ms", most, time.Since(began))
	}
}

func TestFrozenServerAnswersNothingUntilItThaws(t *testing.T) {
	server, _, db := start(t)
	server.Freeze()
	server.Freeze() // it is frozen already
	limited, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := db.PingContext(limited); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a frozen server answers: %v", err)
	}
	time.AfterFunc(20*time.Millisecond, server.Thaw)
	if n := count(t, db); n != 0 {
		t.Errorf("%d rows", n)
	}
	server.Thaw() // it answers already
}

func TestFrozenServerCanBeClosed(t *testing.T) {
	server, _, db := start(t)
	server.Freeze()
	var done sync.WaitGroup
	done.Go(func() { _ = db.PingContext(t.Context()) })
	if err := server.Close(); err != nil {
		t.Error(err)
	}
	_ = db.Close() // else the ping is repeated
	done.Wait()
}
