// This file is the runs: nothing is stale without a cache and with Fluxor's, and the judgement finds what naive caches show.

package registers_test

import (
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor/internal/registers"
)

// The environment of a run over Fluxor's cache.
const (
	readsVariable   = "FLUXOR_REGISTERS"         // reads of each database; default 50,000
	spacingVariable = "FLUXOR_REGISTERS_SPACING" // reads for each write; default 80
)

// lag is that of a network. While a commit's reply is on its way others see it.
const lag = time.Millisecond

// doubt is how long a lost write keeps its tables out of the cache: longer than
// a server works on a statement whose client is gone.
const doubt = 2 * time.Second

// wantedHits is the percentage of all reads, those included that pass the cache
// by, that Fluxor's cache has to answer. A short run may have fewer: its storms and
// what they leave in doubt take as long, during which a starved machine reads less.
const (
	wantedHits = 40
	shortHits  = 30
	shortRun   = 200_000
)

func TestACachedReadIsNeverStale(t *testing.T) {
	l := load{reads: number(t, readsVariable, 50_000), spacing: number(t, spacingVariable, 80), lag: lag, doubt: doubt}
	l.storms = max(2, l.reads/25_000)
	for _, d := range databases {
		t.Run(d.name, func(t *testing.T) {
			w := newWorld(t, d)
			w.open(d.cached(w.target.At(w.proxy.Addr()), l.doubt))
			v := w.run(l)
			least := float64(wantedHits)
			if l.reads < shortRun {
				least = shortHits
			}
			w.judge(v, least)
		})
	}
}

// judge demands that the promise was kept in a run that proves something.
func (w *world) judge(v registers.Verdict, leastHits float64) {
	w.t.Helper()
	w.t.Logf("%s\n  %+v", w.summary(), w.connector.CacheStats())
	if !v.Kept() {
		w.t.Error(v)
	}
	if hits := w.count.percent(&w.count.hits); hits < leastHits {
		w.t.Errorf("%.1f %% of the reads were hits, want at least %.0f %%", hits, leastHits)
	}
	if w.count.doubtful.Load() == 0 {
		w.t.Error("no write was indeterminate: a run without lost answers proves little")
	}
}

func TestWithoutACacheNothingIsStale(t *testing.T) {
	for _, d := range databases {
		t.Run(d.name, func(t *testing.T) {
			w := newWorld(t, d)
			w.open(d.policies(w.target.At(w.proxy.Addr())))
			v := w.run(load{reads: 5000, spacing: 10, storms: 2, lag: lag})
			t.Log(w.summary())
			if !v.Kept() {
				t.Error(v)
			}
		})
	}
}

func TestTheJudgementSeesThroughNaiveCaches(t *testing.T) {
	for _, c := range []struct {
		name   string
		before bool
	}{
		{"an answer is deleted when a write of it is over", false},
		{"an answer is deleted before a write of it is sent", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, databases[0])
			w.keeper = &naive{before: c.before, kept: map[string]kept{}}
			w.open(w.policies(w.target.At(w.proxy.Addr())))
			v := w.run(load{reads: 10_000, spacing: 10, lag: lag})
			t.Log(w.summary(), v)
			if v.Found[registers.Stale] == 0 || v.Found[registers.Backwards] == 0 {
				t.Error("nothing is stale, or nothing non-monotonic")
			}
		})
	}
}

// MariaDB carries out what a lost client sent, and logs on quickly enough for
// readers to keep an answer before that.
func TestAWindowOfDoubtThatIsTooShortIsFound(t *testing.T) {
	l := load{reads: 10_000, spacing: 200, storms: 20, lag: lag, doubt: 20 * time.Millisecond}
	w := newWorld(t, databases[2])
	w.open(w.cached(w.target.At(w.proxy.Addr()), l.doubt))
	v := w.run(l)
	t.Log(w.summary(), v)
	if v.Found[registers.Backwards] == 0 {
		t.Error("no read went back behind another")
	}
}

// number is a number of the environment.
func number(t *testing.T, variable string, otherwise int64) int64 {
	t.Helper()
	text := os.Getenv(variable)
	if text == "" {
		return otherwise
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 1 {
		t.Fatalf("%s=%s: want a number from 1 on", variable, text)
	}
	return n
}
