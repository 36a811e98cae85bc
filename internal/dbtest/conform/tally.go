// This file counts what a run of the conformance suite did, and which exceptions it had a use for.

package conform

import (
	"fmt"
	"slices"
	"strings"
	"sync"
)

// Tally counts what a conformance run did. It is safe for concurrent use.
type Tally struct {
	// Targets is how many targets there are; a run with a filter has fewer.
	Targets int

	mu      sync.Mutex // protects the fields below; a leaf lock
	begun   int
	planned int
	done    int
	compare int
	lines   int
	excused map[string]int
	cases   map[[2]string]bool // exceptions and the cases that had a use for them
	tried   map[[2]string]bool // differences and the cases that might have had one
}

func (s *Tally) begin() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.begun++
}

func (s *Tally) plan() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.planned++
}

func (s *Tally) ran() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.done++
}

func (s *Tally) add(target, name string, lines int, excused []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.compare++
	s.lines += lines
	if s.excused == nil {
		s.excused, s.cases = map[string]int{}, map[[2]string]bool{}
	}
	for _, exception := range excused {
		s.excused[exception+" ("+target+")"]++
		s.cases[[2]string{exception, name}] = true
	}
}

// Complete reports whether no target and no case was filtered out.
func (s *Tally) Complete() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.begun == s.Targets && s.done == s.planned
}

// Used reports whether the named exception excused a line.
func (s *Tally) Used(name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.used(name)
}

func (s *Tally) used(name string) bool {
	for key, n := range s.excused {
		if n > 0 && strings.HasPrefix(key, name+" (") {
			return true
		}
	}
	return false
}

// try notes that c ran on a handle with differences.
func (s *Tally) try(c Case, all []Difference) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.tried == nil {
		s.tried = map[[2]string]bool{}
	}
	for _, d := range all {
		if d.in(c) {
			s.tried[[2]string{d.Name, c.Name}] = true
		}
	}
}

// Unused names the cases of a difference that ran and had no use for it; its name
// alone where it holds in any case and none had.
func (s *Tally) Unused(d Difference) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var names []string
	if len(d.Cases) == 0 && !s.used(d.Name) {
		names = append(names, d.Name)
	}
	for _, c := range d.Cases {
		if at := [2]string{d.Name, c}; s.tried[at] && !s.cases[at] {
			names = append(names, d.Name+": "+c)
		}
	}
	return names
}

// String is the report: the counts, and each exception with its own.
func (s *Tally) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := fmt.Sprintf("%d cases in the suite; %d run on a target, %d transcripts compared with the bare driver's, %d lines; %d exceptions",
		len(Cases()), s.done, s.compare, s.lines, len(Exceptions))
	names := make([]string, 0, len(s.excused))
	for name := range s.excused {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		out += fmt.Sprintf("\n  %4d lines: %s", s.excused[name], name)
	}
	return out
}
