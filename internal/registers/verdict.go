// This file judges reads and writes of registers: what was stale, what went back, what should never have been seen.

package registers

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/fluxor-db/fluxor/internal/soak"
)

// Kind is a way to break the promise.
type Kind int

// The kinds.
const (
	Stale      Kind = iota // a read lacks what was committed before it began
	Backwards              // a read lacks what another read had shown before it began
	RolledBack             // a read shows what was never committed
	Early                  // a read was over before that was sent which would have shown its value
	Unwritten              // a read shows what nobody wrote
	Torn                   // a read shows several moments at once
	kinds
)

// String is the kind in words.
func (k Kind) String() string {
	return [...]string{"stale", "non-monotonic", "rolled back", "uncommitted", "never written", "torn"}[k]
}

// mostWords is how many violations of each kind a verdict keeps in words.
const mostWords = 3

// Verdict is what was found. The zero value is that of a promise that was kept.
type Verdict struct {
	// Found is how often each kind was found, by Kind: in a read at most once for
	// each of its registers.
	Found [kinds]int
	// Oldest is the longest time that a commit had been answered before a read
	// began that lacks it.
	Oldest time.Duration
	// Words are the first violations of each kind.
	Words []string
}

// Kept reports whether nothing was found.
func (v Verdict) Kept() bool { return v.Found == [kinds]int{} }

// String is the counts in one line, and the words below.
func (v Verdict) String() string {
	var b strings.Builder
	for k, n := range v.Found {
		fmt.Fprintf(&b, "%d %v, ", n, Kind(k))
	}
	fmt.Fprintf(&b, "stale for %v at most", v.Oldest.Round(time.Microsecond))
	for _, w := range v.Words {
		b.WriteString("\n  " + w)
	}
	return b.String()
}

func (v *Verdict) violate(k Kind, format string, args ...any) {
	v.Found[k]++
	if v.Found[k] <= mostWords {
		v.Words = append(v.Words, k.String()+": "+fmt.Sprintf(format, args...))
	}
}

// Judge holds reads against writes and against each other. Two of them are in
// order where the one ended before the other began; all else is at the same
// time, and may be seen in any order. It takes n log n steps for n values seen
// and written.
func Judge(writes []Write, reads []Read) Verdict {
	var v Verdict
	byValue := make(map[int64]*Write, len(writes))
	commits, views := map[int][]moment{}, map[int][]view{}
	for i := range writes {
		w := &writes[i]
		byValue[w.Value] = w
		for _, register := range w.Registers {
			if w.Outcome == soak.Acked {
				commits[register] = append(commits[register], moment{w.End, w.Value})
			}
		}
	}
	for i := range reads {
		r := &reads[i]
		v.judgeValues(r, byValue)
		v.judgeMoment(r, byValue)
		for _, s := range r.Seen {
			views[s.Register] = append(views[s.Register], view{r, s.Value})
		}
	}
	for _, register := range slices.Sorted(maps.Keys(views)) {
		v.judgeOrder(register, commits[register], views[register])
	}
	return v
}

// judgeValues judges whether what a read shows was there to be seen.
func (v *Verdict) judgeValues(r *Read, byValue map[int64]*Write) {
	for _, s := range r.Seen {
		if s.Value == 0 {
			continue
		}
		w := byValue[s.Value]
		switch {
		case w == nil || !slices.Contains(w.Registers, s.Register):
			v.violate(Unwritten, "register %d: a read %v showed %d, which nobody wrote there", s.Register, r, s.Value)
		case w.Outcome == soak.Failed:
			v.violate(RolledBack, "register %d: a read %v showed %d, whose write came to nothing by %v", s.Register, r, s.Value, w.End)
		case r.End < w.Begin:
			v.violate(Early, "register %d: a read %v showed %d, whose commit was sent at %v", s.Register, r, s.Value, w.Begin)
		}
	}
}

// judgeMoment judges whether what a read shows was there at one moment: with a
// write in one register its effect on the others is there as well.
func (v *Verdict) judgeMoment(r *Read, byValue map[int64]*Write) {
	if r.Missing != 0 {
		v.violate(Torn, "a read %v lacks %d of the sum", r, r.Missing)
	}
	if len(r.Seen) < 2 {
		return
	}
	for _, s := range r.Seen {
		w := byValue[s.Value]
		if w == nil {
			continue
		}
		for _, other := range r.Seen {
			if other.Value < w.Value && slices.Contains(w.Registers, other.Register) {
				v.violate(Torn, "a read %v showed %d in register %d, and in register %d still %d", r, s.Value, s.Register, other.Register, other.Value)
			}
		}
	}
}

// moment is from when on a value has to be seen.
type moment struct {
	at    time.Duration
	value int64
}

// view is one value of a read.
type view struct {
	read  *Read
	value int64
}

// judgeOrder judges all reads of one register.
func (v *Verdict) judgeOrder(register int, commits []moment, views []view) {
	shown := make([]moment, len(views))
	for i, s := range views {
		shown[i] = moment{s.read.End, s.value}
	}
	committed, seen := ladder(commits), ladder(shown)
	for _, s := range views {
		if want, ok := missed(committed, s); ok {
			v.Oldest = max(v.Oldest, s.read.Begin-since(committed, s.value))
			v.violate(Stale, "register %d: a read %v showed %d, although %d was committed by %v", register, s.read, s.value, want.value, want.at)
		}
		if want, ok := missed(seen, s); ok {
			v.violate(Backwards, "register %d: a read %v showed %d, although a read had shown %d by %v", register, s.read, s.value, want.value, want.at)
		}
	}
}

// ladder puts moments in order and leaves out those whose value is no news: what
// remains grows in time and in value.
func ladder(moments []moment) []moment {
	slices.SortFunc(moments, func(a, b moment) int { return int(a.at - b.at) })
	steps := moments[:0]
	for _, m := range moments {
		if len(steps) == 0 || m.value > steps[len(steps)-1].value {
			steps = append(steps, m)
		}
	}
	return steps
}

// missed is the step that a read had to show when it began, if it shows less.
func missed(steps []moment, s view) (want moment, ok bool) {
	i, _ := slices.BinarySearchFunc(steps, s.read.Begin, func(m moment, begin time.Duration) int { return int(m.at - begin) })
	if i == 0 || steps[i-1].value <= s.value {
		return moment{}, false
	}
	return steps[i-1], true
}

// since is from when on more than a value was to be seen.
func since(steps []moment, value int64) time.Duration {
	i, _ := slices.BinarySearchFunc(steps, value+1, func(m moment, v int64) int { return int(m.value - v) })
	return steps[i].at
}

// String is when the read was.
func (r *Read) String() string { return fmt.Sprintf("from %v to %v", r.Begin, r.End) }
