// This file tests that no jump of the clock on the wall shows an answer for longer, or for less, than it may be shown.

package fluxor_test

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/lib/pq"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/internal/dbtest"
)

// The times of these tests: what is to last outlives them, and what is to end does
// soon. In virtual time there is no monotonic clock, so that they run in real time.
const (
	lasting = time.Hour
	soon    = 30 * time.Millisecond
)

// clocked is a cache whose clock on the wall has jumped by some hours since it was
// opened and one answer of each kind was kept.
func clocked(t *testing.T, cfg fluxor.RuntimeConfig, by time.Duration) *aging {
	t.Helper()
	a := &aging{asked: new(atomic.Int64)}
	cfg.Cache, cfg.CacheCatalog = "all", -1
	cfg.InnerMiddleware = a.middlewares()
	a.db, a.c = wrapped(t, dbtest.Memory{As: &pq.Driver{}, Answer: a.answer}, cfg)
	a.want(t, a.byText(a.db), 7, "7:1 miss not-there")
	a.want(t, a.byText(a.db), nobody, "sql: no rows in result set miss not-there")
	if ahead := fluxor.JumpClock(a.c, by); ahead != by {
		t.Fatalf("the clock jumped by %v, want %v", ahead, by)
	}
	return a
}

// says is what a query of an id comes to, in the words of want.
func (a *aging) says(t *testing.T, id int) string {
	ctx, info := fluxor.CacheInfo(t.Context())
	var name string
	if err := a.byText(a.db)(ctx, id).Scan(&name); err != nil {
		name = err.Error()
	}
	return name + " " + info.Status + " " + info.Why
}

func TestAClockThatGoesAheadEndsNoAnswer(t *testing.T) {
	a := clocked(t, fluxor.RuntimeConfig{CacheTTL: lasting, CacheEmptyTTL: lasting}, 7*time.Hour)
	a.want(t, a.byText(a.db), 7, "7:1 hit ")
	a.want(t, a.byText(a.db), nobody, "sql: no rows in result set hit ")
}

func TestAClockThatGoesAheadEndsNoneThatIsShownOnPurpose(t *testing.T) {
	for _, cfg := range []fluxor.RuntimeConfig{
		{CacheTTL: time.Nanosecond, CacheStaleIfError: lasting}, {CacheTTL: time.Nanosecond, CacheStaleWhileRevalidate: lasting},
	} {
		a := clocked(t, cfg, 7*time.Hour)
		want := "7:1 stale expired"
		if cfg.CacheStaleIfError > 0 {
			a.through(away)
			want = "7:1 stale database-unavailable"
		}
		a.want(t, a.byText(a.db), 7, want)
		if s := a.c.CacheStats(); s.StaleMax > 10*time.Minute {
			t.Errorf("%s: it is said to be %v old", want, s.StaleMax)
		}
	}
}

func TestAClockThatGoesBackKeepsNoAnswer(t *testing.T) {
	a := clocked(t, fluxor.RuntimeConfig{CacheTTL: soon, CacheEmptyTTL: soon}, -7*time.Hour)
	waitUntil(t, "an answer is too old", func() bool { return a.says(t, 7) == "7:2 miss expired" })
	waitUntil(t, "no rows are too old", func() bool { return a.says(t, nobody) == "sql: no rows in result set miss expired" })
}

func TestAClockThatGoesBackKeepsNoneThatIsShownOnPurpose(t *testing.T) {
	a := clocked(t, fluxor.RuntimeConfig{CacheTTL: time.Nanosecond, CacheStaleIfError: soon}, -7*time.Hour)
	a.through(away)
	waitUntil(t, "it is too old to be shown in place of an error", func() bool {
		return a.says(t, 7) == fluxor.ErrCircuitOpen.Error()+" miss expired"
	})
	a = clocked(t, fluxor.RuntimeConfig{CacheTTL: time.Nanosecond, CacheStaleWhileRevalidate: soon}, -7*time.Hour)
	<-time.After(2 * soon)
	a.want(t, a.byText(a.db), 7, "7:2 miss expired") // not shown, and not asked for behind the caller
}
