// This file plays a program on an empty database, and cuts one that finds something down to what is needed for it.

package difffuzz

import (
	"fmt"
	"time"
)

// world is where programs of one database are played.
type world struct {
	d     *database
	m     maker
	naive mistake // "": Fluxor's own cache
	count counts
	books books
}

func newWorld(d *database, m maker, naive mistake) *world {
	return &world{d: d, m: m, naive: naive, books: newBooks()}
}

// play plays a program on a database of its own.
func (w *world) play(steps []step) (at int, found string, err error) {
	name, dsn, remove, err := w.m.fresh()
	if err != nil {
		return 0, "", err
	}
	defer remove()
	var n *naive
	if w.naive != "" {
		n = newNaive(w.naive)
	}
	p, err := w.d.open(name, dsn, n)
	if err != nil {
		return 0, "", err
	}
	defer p.close()
	at, found = p.play(steps)
	p.books.flushes = p.connector.CacheStats().Flushes
	w.count.add(p.count)
	w.books.add(p.books)
	w.count.programs++
	return at, found, nil
}

// shrink leaves steps out as long as something is still found, within a time,
// and returns what is left and what it finds.
func shrink(play func([]step) (at int, found string, err error), steps []step, at int, found string, limit time.Duration) ([]step, string, error) {
	end := time.Now().Add(limit)
	steps = steps[:at+1]
	for size := len(steps) / 2; size > 0; {
		shorter := false
		for from := len(steps) - size; from >= 0; from -= size {
			if time.Now().After(end) {
				return steps, found, nil
			}
			without := append(append([]step{}, steps[:from]...), steps[from+size:]...)
			at, still, err := play(without)
			if err != nil {
				return steps, found, err
			}
			if still != "" {
				steps, found, shorter = without[:at+1], still, true
				from = min(from, len(steps))
			}
		}
		if !shorter || size > 1 {
			size /= 2
		}
	}
	return steps, found, nil
}

// report is what a failed program is told with.
func (d *database) report(seed uint64, steps []step, found string) string {
	return fmt.Sprintf("%s, seed %d, %d steps are left:\n%s\nthe last one: %s", d.name, seed, len(steps), listing(steps), found)
}
