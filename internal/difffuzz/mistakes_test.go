// This file proves the harness: it finds each mistake of a naive cache, and nothing in a cache without one.

package difffuzz

import (
	"testing"
	"time"
)

// most is how many programs a mistake may go unseen.
const most = 30

// harmless are mistakes that show nothing on a database: its driver has one
// protocol.
var harmless = map[mistake][]string{
	oneProtocol: {"pq", "pgx", "sqlite"},
}

func TestTheHarnessFindsEachMistakeOfANaiveCache(t *testing.T) {
	makers := map[*database]maker{}
	for _, d := range databases {
		makers[d] = d.start(t, d.name+"_naive")
	}
	for _, d := range databases {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			for _, m := range mistakes {
				w := &world{d: d, m: makers[d], naive: m}
				began := time.Now()
				seed, at, found := w.first(t, most)
				t.Logf("%-60s program %d, step %d, %v", m, seed, at, time.Since(began).Round(time.Millisecond))
				if found == "" {
					t.Errorf("not found in %d programs: %s", most, m)
				}
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
