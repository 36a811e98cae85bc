// This file tests old answers that are shown on purpose: which, in whose place, and which never.

package fluxor_test

import (
	"bytes"
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lib/pq"

	"github.com/fluxor-db/fluxor"
)

// stale is a cache that shows old answers in each case where it may.
var stale = fluxor.RuntimeConfig{CacheStaleWhileRevalidate: time.Hour, CacheStaleIfError: time.Hour}

// away is the error of a database that cannot be asked.
func away(context.Context) error { return fluxor.ErrCircuitOpen }

func TestWhereTheCacheObservesNothingOldIsShown(t *testing.T) {
	cfg := stale
	cfg.Cache = "observe"
	age(t, cfg, func(t *testing.T, a *aging) {
		by := a.byText(a.db)
		a.want(t, by, 7, "7:1 miss not-there")
		pass(2 * time.Second)
		a.want(t, by, 7, "7:2 miss expired")
		a.want(t, by, 7, "7:3 miss observed")
		a.through(away)
		a.want(t, by, 7, fluxor.ErrCircuitOpen.Error()+" miss observed")
		pass(2 * time.Second)
		a.want(t, by, 7, fluxor.ErrCircuitOpen.Error()+" miss expired")
		a.notAgain(t)
	})
}

func TestWhatWouldBeFoundIsCountedAlsoAfterItWasTooOld(t *testing.T) {
	age(t, fluxor.RuntimeConfig{Cache: "observe"}, func(t *testing.T, a *aging) {
		a.want(t, a.byText(a.db), 7, "7:1 miss not-there")
		for n := range 3 {
			pass(2 * time.Second)
			a.want(t, a.byText(a.db), 7, fmt.Sprintf("7:%d miss expired", 5*n+2))
			for m := range 4 {
				a.want(t, a.byText(a.db), 7, fmt.Sprintf("7:%d miss observed", 5*n+m+3))
			}
		}
		if s := a.c.CacheStats(); s.Would != 12 || s.HitRatio() != 12.0/16 {
			t.Errorf("%d would be found, a share of %v", s.Would, s.HitRatio())
		}
	})
}

func TestAnAnswerThatIsOvertakenWhileTheDatabaseIsAwayIsNotShown(t *testing.T) {
	age(t, fluxor.RuntimeConfig{CacheStaleIfError: time.Hour, CacheAudit: 100}, func(t *testing.T, a *aging) {
		overtaken := func(ctx context.Context) error {
			mustExec(t, a.db, "update person set name = 'new' where id = 7")
			return away(ctx)
		}
		for _, why := range []string{"expired", "audit"} {
			a.below.Store(nil)
			a.want(t, a.byText(a.db), 7, map[string]string{"expired": "7:1 miss not-there", "audit": "7:2 miss not-there"}[why])
			if why == "expired" {
				pass(2 * time.Second)
			}
			a.through(overtaken)
			a.want(t, a.byText(a.db), 7, fluxor.ErrCircuitOpen.Error()+" miss "+why)
			a.want(t, a.byText(a.db), 7, fluxor.ErrCircuitOpen.Error()+" miss overtaken")
		}
	})
}

func TestAnAnswerThatWouldBeComparedIsShownWhileTheDatabaseIsAway(t *testing.T) {
	age(t, fluxor.RuntimeConfig{CacheAudit: 100}, func(t *testing.T, a *aging) {
		by := a.byText(a.db)
		a.want(t, by, 7, "7:1 miss not-there")
		a.through(away)
		a.want(t, by, 7, "7:1 hit database-unavailable")
		a.through(func(context.Context) error { return &pq.Error{Code: "42P01", Message: "no such table"} })
		a.want(t, by, 7, (&pq.Error{Code: "42P01", Message: "no such table"}).Error()+" miss audit")
		a.through(func(ctx context.Context) error {
			pass(2 * time.Second) // it is too old when the database is given up
			return away(ctx)
		})
		a.want(t, by, 7, fluxor.ErrCircuitOpen.Error()+" miss audit")
	})
}

func TestAnOldAnswerIsShownInThePlaceOfNoAnswerAlone(t *testing.T) {
	age(t, fluxor.RuntimeConfig{CacheStaleIfError: time.Hour}, func(t *testing.T, a *aging) {
		a.want(t, a.byText(a.db), 7, "7:1 miss not-there")
		pass(2 * time.Second)
		for err, shown := range map[*pq.Error]bool{
			{Code: "53300", Message: "it grants no connection"}:  true,
			{Code: "57P03", Message: "it starts"}:                true,
			{Code: "42P01", Message: "there is no such table"}:   false,
			{Code: "53100", Message: "its disk is full"}:         false,
			{Code: "28P01", Message: "that is not the password"}: false,
		} {
			a.through(func(context.Context) error { return err })
			want := "7:1 stale database-unavailable"
			if !shown {
				want = err.Error() + " miss expired"
			}
			a.want(t, a.byText(a.db), 7, want)
		}
	})
}

func TestAnOldAnswerIsAskedAgainWithTheBytesItWasAskedWith(t *testing.T) {
	cfg := stale
	cfg.MaxOpenConns = 1
	age(t, cfg, func(t *testing.T, a *aging) {
		by, id := a.byText(a.db), []byte("a")
		a.want(t, by, id, "a:1 miss not-there")
		pass(2 * time.Second)
		c, err := a.db.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := c.PingContext(t.Context()); err != nil { // it holds the connection
			t.Fatal(err)
		}
		a.want(t, by, id, "a:1 stale expired")
		synctest.Wait()
		copy(id, "b") // the call is over: they are the caller's
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		a.want(t, by, []byte("a"), "a:2 hit ")
	})
}

func TestWhatCannotBeAskedAgainAlikeIsAskedForWhenItIsOld(t *testing.T) {
	age(t, fluxor.RuntimeConfig{CacheStaleWhileRevalidate: time.Hour}, func(t *testing.T, a *aging) {
		st, err := a.db.PrepareContext(t.Context(), nameOf)
		if err != nil {
			t.Fatal(err)
		}
		defer st.Close()
		id := 8
		a.want(t, st.QueryRowContext, 7, "7:1 miss not-there")
		a.want(t, a.byText(a.db), &id, "8:2 miss not-there")
		pass(2 * time.Second)
		a.want(t, st.QueryRowContext, 7, "7:3 miss expired")
		a.want(t, a.byText(a.db), &id, "8:4 miss expired") // the caller may change what it points to
		a.notAgain(t)
	})
}

func TestWhileASessionWasToldSomethingOldAnswersAreAskedForBeforeTheyAreShown(t *testing.T) {
	age(t, fluxor.RuntimeConfig{CacheStaleWhileRevalidate: time.Hour}, func(t *testing.T, a *aging) {
		told, err := a.db.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer told.Close()
		a.want(t, a.byText(a.db), 7, "7:1 miss not-there")
		if _, err := told.ExecContext(t.Context(), "set timezone = 'UTC'"); err != nil {
			t.Fatal(err)
		}
		a.want(t, a.byText(told), 7, "7:2 miss not-there")
		pass(2 * time.Second)
		a.want(t, a.byText(told), 7, "7:3 miss expired")
		a.want(t, a.byText(a.db), 7, "7:4 miss expired") // behind its caller it might be asked on a session that was told something
		a.want(t, a.byText(told), 7, "7:3 hit ")
		a.want(t, a.byText(a.db), 7, "7:4 hit ")
		a.notAgain(t)
	})
}

// notAgain checks that nothing was asked behind a caller.
func (a *aging) notAgain(t *testing.T) {
	t.Helper()
	synctest.Wait()
	if n := a.c.CacheStats().Refreshed; n != 0 {
		t.Errorf("%d answers were asked again", n)
	}
}

func TestAPanicBehindACallerIsLoggedAndAskedAgain(t *testing.T) {
	var log bytes.Buffer
	cfg := stale
	cfg.Logger = slog.New(slog.NewTextHandler(&log, nil))
	age(t, cfg, func(t *testing.T, a *aging) {
		by := a.byText(a.db)
		a.want(t, by, 7, "7:1 miss not-there")
		pass(2 * time.Second)
		a.through(func(ctx context.Context) error {
			_ = ctx.Value(aging{}).(string) // the caller's, which nobody has here
			return nil
		})
		a.want(t, by, 7, "7:1 stale expired")
		synctest.Wait()
		if !strings.Contains(log.String(), "panic") || !strings.Contains(log.String(), "cache_stale_test.go") {
			t.Errorf("the log says\n%s", log.String())
		}
		a.below.Store(nil)
		a.want(t, by, 7, "7:1 stale expired")
		synctest.Wait()
		a.want(t, by, 7, "7:2 hit ")
	})
}

func TestCloseWaitsNoLongerThanItMayForWhatRunsBehindCallers(t *testing.T) {
	cfg := stale
	cfg.CloseTimeout = time.Second
	age(t, cfg, func(t *testing.T, a *aging) {
		a.want(t, a.byText(a.db), 7, "7:1 miss not-there")
		pass(2 * time.Second)
		let := make(chan struct{})
		a.through(func(context.Context) error { <-let; return nil }) // it does not look at its context
		a.want(t, a.byText(a.db), 7, "7:1 stale expired")
		began := time.Now()
		err := a.db.Close()
		if took := time.Since(began); took > 3*time.Second || err == nil || !strings.Contains(err.Error(), "close timeout") {
			t.Errorf("Close took %v: %v", took, err)
		}
		close(let)
		synctest.Wait()
		if s := a.c.CacheStats(); s.Entries != 0 {
			t.Errorf("%d answers are kept in the end", s.Entries)
		}
	})
}

func TestFewAreAskedAgainAtOnce(t *testing.T) {
	const most, ids = 16, 50
	age(t, stale, func(t *testing.T, a *aging) {
		by := a.byText(a.db)
		for id := range ids {
			a.want(t, by, id, fmt.Sprintf("%d:%d miss not-there", id, id+1))
		}
		pass(2 * time.Second)
		let := make(chan struct{})
		a.through(func(context.Context) error { <-let; return nil })
		all := func() {
			for id := range ids {
				ctx, info := fluxor.CacheInfo(t.Context())
				var name string
				if err := by(ctx, id).Scan(&name); err != nil || info.Status != "stale" && info.Status != "hit" {
					t.Errorf("%d: %q, %+v, %v", id, name, *info, err)
				}
			}
			synctest.Wait()
		}
		all()
		all()
		if n := a.c.CacheStats().Refreshed; n != most {
			t.Errorf("%d are asked again at once, want %d", n, most)
		}
		close(let)
		for range ids / most {
			synctest.Wait()
			all()
		}
		if n := a.asked.Load(); n != 2*ids {
			t.Errorf("the database was asked %d times, want %d", n, 2*ids)
		}
	})
}

func TestAnAnswerThatBreaksOffBetweenItsRowsGivesWayToTheOldOne(t *testing.T) {
	age(t, fluxor.RuntimeConfig{CacheStaleIfError: time.Hour}, func(t *testing.T, a *aging) {
		by, name := a.byText(a.db), "x"
		a.want(t, by, name, name+":1 miss not-there")
		pass(2 * time.Second)
		lost, refused := error(driver.ErrBadConn), error(&pq.Error{Severity: "ERROR", Code: "22012"})
		a.breaks.Store(&lost)
		a.want(t, by, name, name+":1 stale database-unavailable")
		a.breaks.Store(&refused)
		ctx, info := fluxor.CacheInfo(t.Context())
		var got string
		rows, err := a.db.QueryContext(ctx, nameOf, name)
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			_ = rows.Scan(&got)
		}
		if !errors.Is(rows.Err(), refused) || info.Status != "miss" {
			t.Errorf("where the server refused a row: %q %s, %v", got, info.Status, rows.Err())
		}
		_ = rows.Close()
		a.breaks.Store(nil)
		a.want(t, by, name, name+":4 miss expired")
	})
}
