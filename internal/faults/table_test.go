// This file plays the faults and prints the table of what came of them.

package faults

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"
)

// TestFaults plays the faults of a scene one after the other, and the scenes
// of all drivers side by side: most of the time goes by in waiting.
func TestFaults(t *testing.T) {
	var table table
	table.scenes(t, alone)
	table.scenes(t, cut, busy, frozen, gone)
	t.Log("\n" + table.String())
}

// scenes plays some scenes of all drivers, side by side, when the servers of
// all have started: that takes all the machine has.
func (b *table) scenes(t *testing.T, scenes ...scene) {
	var chains, starting sync.WaitGroup
	for _, s := range stages {
		for _, on := range scenes {
			starting.Add(1)
			chains.Go(func() {
				started := sync.OnceFunc(starting.Done)
				defer started()
				t.Run(s.label+" "+string(on), func(t *testing.T) {
					next := s.start(on)(t)
					started()
					starting.Wait()
					b.chain(t, s.dialect, next, on)
				})
			})
		}
	}
	chains.Wait()
}

// chain plays those faults of a driver that belong to a scene.
func (b *table) chain(t *testing.T, d dialect, next func() server, on scene) {
	t.Helper()
	for _, f := range faults {
		if f.on == on && (f.drivers == nil || slices.Contains(f.drivers, d.label)) {
			t.Run(fmt.Sprintf("%d %s", f.number, f.what), func(t *testing.T) { b.perform(t, f, d, next()) })
		}
	}
}

// row is a line of the table.
type row struct {
	fault
	driver, bare, fluxor string
	met                  bool
}

// table are the rows of all drivers.
type table struct {
	mu   sync.Mutex // protects rows
	rows []row
}

// perform plays a fault and notes what came of it, also where the play fails.
func (b *table) perform(t *testing.T, f fault, d dialect, s server) {
	t.Helper()
	p := &play{T: t, dialect: d, server: s, row: row{fault: f, driver: d.label}}
	defer func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.rows = append(b.rows, p.row)
	}()
	for _, side := range sides {
		p.at[side] = s.place(t, d, side)
	}
	f.play(p)
	if p.row.bare == "" || p.row.fluxor == "" {
		t.Error("a side of the play has no result")
	}
}

func (b *table) String() string {
	var text bytes.Buffer
	w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "fault\tdriver\tbare\tFluxor\tmust\tmet")
	for _, f := range faults {
		for _, r := range b.rows {
			if r.number == f.number && r.what == f.what {
				fmt.Fprintf(w, "%d %s\t%s\t%s\t%s\t%s\t%s\n", r.number, r.what, r.driver, r.bare, r.fluxor, r.must, r.verdict())
			}
		}
	}
	_ = w.Flush()
	return strings.TrimRight(text.String(), "\n")
}

// verdict says whether Fluxor did what it must do.
func (r *row) verdict() string {
	switch {
	case r.met:
		return "yes"
	case r.instead != "":
		return "no, but " + r.instead
	}
	return "NO"
}
