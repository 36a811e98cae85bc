// This file runs a tool's scenarios over each way to open a backend and compares what they saw with the bare driver.

package neighbours

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// tool is something above database/sql; H is its handle for a database.
type tool[H any] struct {
	name string
	// open is what a program writes to get the handle, which is closed with
	// the test.
	open func(t *testing.T, w way) H
	// more are further ways to open a backend.
	more      func(t *testing.T, b backend) []way
	scenarios []scenario[H]
}

// scenario is one use of a tool. It builds on those before it.
type scenario[H any] struct {
	name string
	run  func(n *notes, h H)
}

// run compares the tool on every backend.
func (tl tool[H]) run(t *testing.T) {
	for _, b := range backends {
		t.Run(b.name, func(t *testing.T) { tl.compare(t, b) })
	}
}

func (tl tool[H]) compare(t *testing.T, b backend) {
	ways := b.ways(t)
	if tl.more != nil {
		ways = append(ways, tl.more(t, b)...)
	}
	handles := make([]H, len(ways))
	for i, w := range ways {
		handles[i] = tl.open(t, w)
	}
	observed := 0
	for _, s := range tl.scenarios {
		t.Run(s.name, func(t *testing.T) {
			var bare *notes
			for i, w := range ways {
				seen := watch(t, w, func(n *notes) { s.run(n, handles[i]) })
				if bare == nil {
					bare = seen
					continue
				}
				observed += len(seen.lines)
				if diff := cmp.Diff(bare.lines, seen.lines); diff != "" {
					t.Errorf("-bare +%s:\n%s", w.how, diff)
				}
			}
		})
	}
	t.Logf("%s over %s: %d scenarios, %d observations compared in %d ways to open it", tl.name, b.name, len(tl.scenarios), observed, len(ways)-1)
}

// watch runs one scenario over one way.
func watch(t *testing.T, w way, run func(*notes)) *notes {
	t.Helper()
	n := &notes{way: w}
	t.Run(w.how, func(t *testing.T) {
		n.T = t
		run(n)
		if len(n.lines) == 0 {
			t.Error("the scenario observed nothing")
		}
	})
	return n
}

// notes are what a scenario saw over one way.
type notes struct {
	*testing.T
	way   way
	lines []string
}

func (n *notes) note(format string, args ...any) {
	n.lines = append(n.lines, fmt.Sprintf(format, args...))
}

// see notes a value, which has to be the same on every run.
func (n *notes) see(what string, value any) {
	n.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		n.Fatal(err)
	}
	n.note("%s: %T %s", what, value, text)
}

// want notes a value and says which it has to be, also on the bare driver.
func (n *notes) want(what string, got, want any) {
	n.Helper()
	n.see(what, got)
	if diff := cmp.Diff(want, got); diff != "" {
		n.Errorf("%s: -want +got\n%s", what, diff)
	}
}

// row notes values together with their types, in the order of their names.
func (n *notes) row(what string, row map[string]any) {
	n.Helper()
	for _, name := range slices.Sorted(maps.Keys(row)) {
		n.see(what+" "+name, row[name])
	}
}

// ok ends the scenario when something failed that must not.
func (n *notes) ok(what string, err error) {
	n.Helper()
	if err != nil {
		n.Fatalf("%s: %v", what, err)
	}
	n.note("%s: ok", what)
}

// fails notes an error: its text, the types in its chain, and that it is each
// of the given ones.
func (n *notes) fails(what string, err error, is ...error) {
	n.Helper()
	n.note("%s: %s", what, strings.ReplaceAll(fmt.Sprint(err), n.way.database(), "DATABASE"))
	for e := err; e != nil; e = errors.Unwrap(e) {
		n.note("%s: of type %T", what, e)
	}
	n.ends(what, err, is...)
}

// ends is fails for an error whose text and type the README lets differ.
func (n *notes) ends(what string, err error, is ...error) {
	n.Helper()
	n.note("%s: failed", what)
	if err == nil {
		n.Errorf("%s: no error", what)
	}
	for _, target := range is {
		if !errors.Is(err, target) {
			n.Errorf("%s: %v (%T) is not %v", what, err, err, target)
		}
	}
}
