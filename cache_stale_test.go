// This file tests old answers that are shown on purpose: which, in whose place, and which never.

package fluxor_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fluxor-db/fluxor"
)

// stale is a cache that shows old answers in each case where it may.
var stale = fluxor.RuntimeConfig{CacheStaleWhileRevalidate: time.Hour, CacheStaleIfError: time.Hour}

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
