// This file proves the harness: it finds each mistake of a naive cache, and nothing in a cache without one.

package difffuzz

import (
	"slices"
	"testing"
	"time"
)

// most is how many programs a mistake may go unseen.
const most = 30

// harmless are mistakes that hardly show on a database: PostgreSQL infers the
// types of arguments, and its drivers send text for them.
var harmless = map[mistake][]string{untyped: {"pq"}}

// kinds are one driver for each kind of database.
func kinds() (one []*database) {
	for _, d := range databases {
		if d.name != "pgx" {
			one = append(one, d)
		}
	}
	return one
}

func TestTheHarnessFindsEachMistakeOfANaiveCacheAndNothingElse(t *testing.T) {
	makers := map[*database]maker{}
	for _, d := range kinds() {
		makers[d] = d.start(t, d.name+"_naive")
	}
	for _, d := range kinds() {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			for _, m := range mistakes {
				if slices.Contains(harmless[m], d.name) {
					continue
				}
				began := time.Now()
				seed, at, found := newWorld(d, makers[d], m).first(t, most)
				t.Logf("%-60s program %d, step %d, %v", m, seed, at, time.Since(began).Round(time.Millisecond))
				if found == "" {
					t.Errorf("not found in %d programs: %s", most, m)
				}
			}
			if seed, _, found := newWorld(d, makers[d], none).first(t, 3); found != "" {
				t.Errorf("a cache that keeps nothing beyond a write is found wrong, seed %d: %s", seed, found)
			}
		})
	}
}

// first is the first program that finds something.
func (w *world) first(t *testing.T, most uint64) (seed uint64, at int, found string) {
	t.Helper()
	for seed = 1; seed <= most; seed++ {
		at, found, err := w.play(generate(w.d.dialect, seed, rounds))
		if err != nil {
			t.Fatal(err)
		}
		if found != "" {
			return seed, at, found
		}
	}
	return 0, 0, ""
}

// TestAFailureIsCutDownToAFewSteps: the list is to be read by somebody.
func TestAFailureIsCutDownToAFewSteps(t *testing.T) {
	d := databases[len(databases)-1]
	w := newWorld(d, d.start(t, d.name), forgetful)
	steps, found := w.seed(t, 1)
	if found == "" || len(steps) > 10 {
		t.Errorf("%d steps are left, want at most 10:\n%s", len(steps), w.d.report(1, steps, found))
	}
	if at, again, err := w.play(steps); err != nil || again == "" || at != len(steps)-1 {
		t.Errorf("what is left finds %q at step %d, %v", again, at, err)
	}
}
