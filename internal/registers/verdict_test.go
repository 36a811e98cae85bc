// This file plants violations and wants each found, and nothing where clients merely did something at the same time.

package registers

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor/internal/soak"
)

// A write from 10 to 20 into registers 0 and 1, one from 30 to 40 into register
// 0, one that failed and one of which nobody knows.
func writes() []Write {
	return []Write{
		{Value: 1, Registers: []int{0, 1}, Begin: 10, End: 20, Outcome: soak.Acked},
		{Value: 2, Registers: []int{0}, Begin: 30, End: 40, Outcome: soak.Acked},
		{Value: 3, Registers: []int{0}, Begin: 50, End: 60, Outcome: soak.Failed},
		{Value: 4, Registers: []int{0, 1}, Begin: 70, End: 80, Outcome: soak.Unknown},
	}
}

// of is a read of register 0, and of register 1 where there are two values.
func of(begin, end time.Duration, values ...int64) Read {
	r := Read{Begin: begin, End: end}
	for register, value := range values {
		r.Seen = append(r.Seen, Seen{register, value})
	}
	return r
}

func TestWhatMayBeSeenIsNoViolation(t *testing.T) {
	for _, c := range []struct {
		name  string
		reads []Read
	}{
		{"nothing was written yet", []Read{of(0, 5, 0, 0)}},
		{"a write under way is seen", []Read{of(11, 12, 1, 1)}},
		{"a write under way is not seen", []Read{of(11, 100, 0, 0)}},
		{"a write that ends as the read begins is not seen", []Read{of(20, 25, 0, 0)}},
		{"two reads at the same time differ", []Read{of(31, 35, 2), of(33, 36, 1)}},
		{"a read that begins as the other ends differs", []Read{of(31, 33, 2), of(33, 36, 1)}},
		{"an unknown write is never seen", []Read{of(90, 95, 2, 1)}},
		{"an unknown write is seen late, and stays", []Read{of(90, 95, 2, 1), of(96, 97, 4, 4), of(98, 99, 4, 4)}},
		{"a newer value hides the older of two registers", []Read{of(41, 42, 2, 1)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if v := Judge(writes(), c.reads); !v.Kept() {
				t.Error(v)
			}
		})
	}
}

func TestEachViolationThatIsPlantedIsFound(t *testing.T) {
	for _, c := range []struct {
		name  string
		reads []Read
		kind  Kind
		words string
	}{
		{"a commit is missing", []Read{of(41, 42, 1)}, Stale, "showed 1, although 2 was committed by 40ns"},
		{"all commits are missing", []Read{of(21, 22, 0)}, Stale, "showed 0, although 1 was committed by 20ns"},
		{"a commit is missing in the second register", []Read{of(21, 22, 1, 0)}, Stale, "register 1"},
		{"a value goes while its write is under way", []Read{of(31, 32, 2), of(33, 34, 1)}, Backwards, "showed 1, although a read had shown 2 by 32ns"},
		{"an unknown write goes after it was seen", []Read{of(90, 91, 4), of(92, 93, 2)}, Backwards, "showed 2, although a read had shown 4"},
		{"a value is rolled back after it was seen", []Read{of(52, 53, 3)}, RolledBack, "showed 3, whose write came to nothing by 60ns"},
		{"a value was rolled back before it was seen", []Read{of(100, 101, 3)}, RolledBack, "showed 3"},
		{"a value is seen before its commit is sent", []Read{of(25, 29, 2)}, Early, "showed 2, whose commit was sent at 30ns"},
		{"a value comes from nowhere", []Read{of(41, 42, 99)}, Unwritten, "showed 99"},
		{"a value is another register's", []Read{of(41, 42, 2, 2)}, Unwritten, "register 1"},
		{"half a write is seen", []Read{of(71, 72, 4, 1)}, Torn, "showed 4 in register 0, and in register 1 still 1"},
		{"a sum is too small", []Read{{Begin: 1, End: 2, Missing: 7}}, Torn, "lacks 7 of the sum"},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := Judge(writes(), c.reads)
			if v.Found[c.kind] != 1 {
				t.Errorf("want one %v, got %v", c.kind, v)
			}
			if text := v.String(); !strings.Contains(text, c.words) {
				t.Errorf("%q lacks %q", text, c.words)
			}
		})
	}
}

func TestAStaleReadSaysForHowLongItWasStale(t *testing.T) {
	v := Judge(writes(), []Read{of(41, 42, 0), of(45, 46, 1)})
	if v.Oldest != 41-20 { // 1 was committed by 20 and is newer than 0
		t.Errorf("stale for %v at most", v.Oldest)
	}
}

func TestOnlyTheFirstViolationsOfAKindArePutInWords(t *testing.T) {
	v := Judge(writes(), slices.Repeat([]Read{of(41, 42, 1)}, 10))
	if v.Found[Stale] != 10 || len(v.Words) != mostWords {
		t.Errorf("%d stale, %d in words", v.Found[Stale], len(v.Words))
	}
}

func TestAHistoryJudgesTheLogsOfAllClients(t *testing.T) {
	h := NewHistory()
	reader, writer := h.NewLog(), h.NewLog()
	value, begin := h.NextValue(), h.Now()
	writer.Write(Write{Value: value, Registers: []int{0}, Begin: begin, End: begin, Outcome: soak.Acked})
	later := begin + 1
	reader.Read(Read{Begin: later, End: later, Seen: []Seen{{0, value}}})
	if v := h.Judge(); !v.Kept() {
		t.Error(v)
	}
	reader.Read(Read{Begin: later, End: later, Seen: []Seen{{0, 0}}})
	if v := h.Judge(); v.Found[Stale] != 1 {
		t.Error(v)
	}
	if h.NextValue() <= value {
		t.Error("the values do not grow")
	}
}

func TestTheQuickJudgementIsThatOfEachPairByItself(t *testing.T) {
	for seed := range uint64(500) {
		writes, reads := atRandom(rand.New(rand.NewPCG(seed, 6)))
		want := byPairs(writes, reads)
		got := Judge(writes, reads)
		if got.Found[Stale] != want[Stale] || got.Found[Backwards] != want[Backwards] {
			t.Fatalf("seed %d: %v, want %d stale and %d non-monotonic", seed, got, want[Stale], want[Backwards])
		}
	}
}

// atRandom is a history in which anything may be seen at any time.
func atRandom(rng *rand.Rand) (writes []Write, reads []Read) {
	span := func() (begin, end time.Duration) {
		begin = time.Duration(rng.IntN(100))
		return begin, begin + time.Duration(rng.IntN(20))
	}
	for value := range int64(20) {
		begin, end := span()
		w := Write{Value: value + 1, Begin: begin, End: end, Outcome: soak.Acked + soak.Outcome(rng.IntN(3))}
		w.Registers = rng.Perm(3)[:1+rng.IntN(3)]
		writes = append(writes, w)
	}
	for range 30 {
		begin, end := span()
		r := Read{Begin: begin, End: end}
		for _, register := range rng.Perm(3)[:1+rng.IntN(3)] {
			r.Seen = append(r.Seen, Seen{register, rng.Int64N(21)})
		}
		reads = append(reads, r)
	}
	return writes, reads
}

// byPairs is the promise as it is spelt.
func byPairs(writes []Write, reads []Read) (found [kinds]int) {
	for _, r := range reads {
		for _, s := range r.Seen {
			if slices.ContainsFunc(writes, func(w Write) bool {
				return w.Outcome == soak.Acked && w.End < r.Begin && w.Value > s.Value && slices.Contains(w.Registers, s.Register)
			}) {
				found[Stale]++
			}
			if slices.ContainsFunc(reads, func(o Read) bool {
				return o.End < r.Begin && slices.ContainsFunc(o.Seen, func(os Seen) bool { return os.Register == s.Register && os.Value > s.Value })
			}) {
				found[Backwards]++
			}
		}
	}
	return found
}
