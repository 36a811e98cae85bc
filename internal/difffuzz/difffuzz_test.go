// This file is the run: programs of fixed seeds and of one by chance, for a while or as long as is asked for.

package difffuzz

import (
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"
)

// The environment of a run.
const (
	durationVariable = "FLUXOR_DIFF"      // how long programs are made, as 30m; default 30s
	seedVariable     = "FLUXOR_DIFF_SEED" // the first program beyond the fixed ones; default: by chance, and printed
)

const (
	rounds     = 60               // of a program
	fixedSeeds = 3                // programs 1 to 3 are always played
	shrinking  = 90 * time.Second // the most that a failure is cut down for
	leastHits  = 0.2              // of the reads that could be hits
	mostErrors = 0.4              // of the reads: more would test refusals
)

func TestDifferentialFuzzFindsNoAnswerThatTheDatabaseWouldNotGive(t *testing.T) {
	duration, seed := settings(t)
	t.Logf("programs for %v; the same ones again: %s=%d", duration, seedVariable, seed)
	makers := map[*database]maker{}
	for _, d := range databases {
		makers[d] = d.start(t, d.name)
	}
	for _, d := range databases {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(d, makers[d], "")
			w.fuzz(t, duration, seed)
			t.Logf("%s", &w.count)
			if w.count.refusedReads > int(mostErrors*float64(w.count.reads)) {
				t.Errorf("%d of %d reads were refused: the programs are too often wrong", w.count.refusedReads, w.count.reads)
			}
			w.checkHits(t)
		})
	}
}

func settings(t *testing.T) (duration time.Duration, seed uint64) {
	t.Helper()
	duration, seed = 30*time.Second, rand.Uint64N(1<<40)+fixedSeeds
	var err error
	if text := os.Getenv(durationVariable); text != "" {
		if duration, err = time.ParseDuration(text); err != nil {
			t.Fatalf("%s: %v", durationVariable, err)
		}
	}
	if text := os.Getenv(seedVariable); text != "" {
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatalf("%s: %v", seedVariable, err)
		}
	}
	return duration, seed
}

// fuzz plays programs until the time is over or one finds something.
func (w *world) fuzz(t *testing.T, duration time.Duration, from uint64) {
	t.Helper()
	end := time.Now().Add(duration)
	for i := uint64(1); time.Now().Before(end) || i <= fixedSeeds; i++ {
		seed := i
		if i > fixedSeeds {
			seed = from + i - fixedSeeds - 1
		}
		if steps, found := w.seed(t, seed); found != "" {
			t.Fatal(w.d.report(seed, steps, found))
		}
	}
}

// seed plays one program, and returns the steps that are left of one that found
// something.
func (w *world) seed(t *testing.T, seed uint64) (left []step, found string) {
	t.Helper()
	steps := generate(w.d.dialect, seed, rounds)
	at, found, err := w.play(steps)
	if err == nil && found != "" {
		steps, found, err = shrink(w.play, steps, at, found, shrinking)
	}
	if err != nil {
		t.Fatal(err)
	}
	return steps, found
}

// checkHits demands that the cache was used.
func (w *world) checkHits(t *testing.T) {
	t.Helper()
	t.Logf("%d of %d repeatable reads were hits; the others: %v; %d writes, all answers ended by %v",
		w.books.hits, w.books.repeatable, w.books.missed, w.books.writes, w.books.flushes)
	if w.books.hits < int(leastHits*float64(w.books.repeatable)) {
		t.Errorf("%d hits are too few: what is compared is hardly the cache's", w.books.hits)
	}
}

// TestAProgramIsTheSameEachTime: what a failure prints must lead to it again.
func TestAProgramIsTheSameEachTime(t *testing.T) {
	for _, d := range databases {
		one, again, other := generate(d.dialect, 1, rounds), generate(d.dialect, 1, rounds), generate(d.dialect, 2, rounds)
		if listing(one) != listing(again) {
			t.Errorf("%s: seed 1 makes different programs", d.name)
		}
		if listing(one) == listing(other) {
			t.Errorf("%s: seeds 1 and 2 make the same program", d.name)
		}
	}
}
