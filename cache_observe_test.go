// This file tests what the query cache counts on real databases: old answers, dead weight, what made room.

package fluxor_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestWhereTheCacheIsOffNobodyShowsOne(t *testing.T) {
	onCachesOff(t, func(k *shelf) {
		mustExec(k.t, k.db, "select 1")
		if s := k.c.CacheStats(); s.Mode != "off" || s.On() || k.c.Metrics().Cache != nil {
			k.t.Errorf("got %+v", s)
		}
		if text := k.c.Diagnostics().String(); !strings.Contains(text, "\ncache     off\n") {
			k.t.Errorf("the diagnosis says\n%s", text)
		}
	})
}

// onCachesOff runs a test on each driver without a cache.
func onCachesOff(t *testing.T, test func(k *shelf)) {
	for _, b := range networkBackends {
		t.Run(b.name, func(t *testing.T) {
			db := b.fluxor(t, b.share(t).NewDatabase(t))
			test(&shelf{t: t, b: b, db: db, c: poolOf(t, db)})
		})
	}
}

// TestOldAnswersAreCountedWithTheirAge takes the database away from a cache that
// may show old answers then.
func TestOldAnswersAreCountedWithTheirAge(t *testing.T) {
	for _, b := range networkBackends {
		t.Run(b.name, func(t *testing.T) {
			target, direct, proxy := b.behindProxy(t, "n int")
			mustExec(t, direct, "create table items (id int primary key, name varchar(20))")
			mustExec(t, direct, "insert into items values (1, 'one')")
			db := b.fluxor(t, target, "fluxor_cache=all", "fluxor_cache_ttl=300ms", "fluxor_cache_stale_if_error=10m")
			k := &shelf{t: t, b: b, db: db, c: poolOf(t, db)}
			k.learned()
			k.want("one", "")
			if err := proxy.Close(); err != nil {
				t.Fatal(err)
			}
			waitUntil(t, "an old answer is shown", func() bool {
				name, status := k.name(db, 1)
				return name == "one" && status == "stale database-unavailable"
			})
			k.want("one", "stale")
			s := k.c.CacheStats()
			if s.Stale < 2 || s.StaleOnError != s.Stale || s.StaleMax < 270*time.Millisecond || s.StaleAge < 2*270*time.Millisecond {
				t.Errorf("%d old answers, %d because of an error, %v old together, the oldest %v", s.Stale, s.StaleOnError, s.StaleAge, s.StaleMax)
			}
			if text := k.c.Diagnostics().String(); !strings.Contains(text, fmt.Sprintf("%d with an old one (%d because the database could not be asked", s.Stale, s.Stale)) {
				t.Errorf("the diagnosis says\n%s", text)
			}
		})
	}
}

func TestAnswersThatAreShownWhileTheyAreAskedAgainAreCountedWithTheirAge(t *testing.T) {
	onCaches(t, []string{"fluxor_cache=all", "fluxor_cache_ttl=50ms", "fluxor_cache_stale_while_revalidate=10m"}, func(k *shelf) {
		k.want("one", "")
		waitUntil(k.t, "an old answer is shown", func() bool {
			_, status := k.name(k.db, 1)
			return status == "stale expired"
		})
		if s := k.c.CacheStats(); s.Stale == 0 || s.StaleOnError != 0 || s.Refreshed == 0 || s.StaleMax < 45*time.Millisecond || s.StaleAge < s.StaleMax {
			k.t.Errorf("%+v", s)
		}
	})
}

func TestASmallCacheCountsWhatMadeRoomAndWhatIsDead(t *testing.T) {
	onCaches(t, []string{"fluxor_cache=all", "fluxor_cache_size=64KiB"}, func(k *shelf) {
		ask := func(n int) {
			k.wantCount(fmt.Sprintf("select count(*) + %d from items", n), n+3)
		}
		for n := range 300 {
			ask(n)
		}
		s := k.c.CacheStats()
		if s.Evicted == 0 || s.Bytes > s.Budget || s.Dead != 0 || int64(s.Entries)+s.Evicted > s.Kept {
			k.t.Errorf("%+v", s)
		}
		mustExec(k.t, k.db, "update items set price = 7")
		if after := k.c.CacheStats(); after.Dead == 0 || after.Dead != after.Entries {
			k.t.Errorf("after a write: %d of %d answers are dead", after.Dead, after.Entries)
		}
	})
}
