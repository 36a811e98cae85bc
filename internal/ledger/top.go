// This file shows the ledger: statements in order, totals, and one statement as a line.

package ledger

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Statement is a page as it was at one moment. It is a plain value.
type Statement struct {
	// Fingerprint is the text without its literals; Verb its first word in
	// capitals, Tables those it names.
	Fingerprint string
	Verb        string
	Tables      []string
	// Count is how often it ran; of these Failed failed, Slow were slow, and
	// InTx were in a transaction. Rows were returned or affected in all.
	Count  int64
	Failed int64
	Slow   int64
	InTx   int64
	Rows   int64
	// Total is the time of all runs together and Max that of the longest,
	// which ended at MaxAt. P50 and P95 are right within a factor of 1.5.
	Total time.Duration
	Max   time.Duration
	MaxAt time.Time
	P50   time.Duration
	P95   time.Duration
	// First and Last are when it was seen.
	First time.Time
	Last  time.Time
	// Caller is a line of the application that ran it, sampled, such as
	// "shop/order.go:42 (shop.Save)"; "" where none was found.
	Caller string

	at uintptr // Caller's return address
}

// Mean is the average time of a run.
func (s Statement) Mean() time.Duration {
	if s.Count == 0 {
		return 0
	}
	return s.Total / time.Duration(s.Count)
}

// String is one line for people.
func (s Statement) String() string {
	text := s.Fingerprint
	if runes := []rune(text); len(runes) > 120 {
		text = string(runes[:117]) + "..."
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d runs, %v in all, p50 %v, p95 %v, longest %v, %d failed: %s", s.Count,
		s.Total.Round(time.Microsecond), s.P50.Round(time.Microsecond), s.P95.Round(time.Microsecond), s.Max.Round(time.Microsecond), s.Failed, text)
	if s.Caller != "" {
		b.WriteString(" at " + s.Caller)
	}
	return b.String()
}

// Order is what the top is the top of.
type Order func(a, b Statement) int

// ByTotal puts first what took most time together.
func ByTotal(a, b Statement) int { return cmp.Compare(b.Total, a.Total) }

// ByMean puts first what takes most time per run.
func ByMean(a, b Statement) int { return cmp.Compare(b.Mean(), a.Mean()) }

// ByMax puts first what took most time once.
func ByMax(a, b Statement) int { return cmp.Compare(b.Max, a.Max) }

// ByCount puts first what ran most often.
func ByCount(a, b Statement) int { return cmp.Compare(b.Count, a.Count) }

// ByFailed puts first what failed most often.
func ByFailed(a, b Statement) int { return cmp.Compare(b.Failed, a.Failed) }

// BySlow puts first what was slow most often.
func BySlow(a, b Statement) int { return cmp.Compare(b.Slow, a.Slow) }

// Top returns the first n statements by an order; equal ones stand in the order
// of their text. A negative n means all.
func (l *Ledger) Top(n int, by Order) []Statement {
	all := l.statements()
	slices.SortFunc(all, func(a, b Statement) int {
		return cmp.Or(by(a, b), strings.Compare(a.Fingerprint, b.Fingerprint))
	})
	if n >= 0 && n < len(all) {
		all = slices.Clone(all[:n])
	}
	for i := range all { // reading the tables of symbols takes its time
		all[i].Caller = place(all[i].at)
	}
	return all
}

// statements copies all pages, one stripe after the other.
func (l *Ledger) statements() []Statement {
	var all []Statement
	for i := range l.parts {
		s := &l.parts[i]
		s.mu.Lock()
		all = slices.Grow(all, len(s.pages))
		for _, p := range s.pages {
			all = append(all, p.statement())
		}
		s.mu.Unlock()
	}
	return all
}

// statement copies a page, its caller left out.
func (p *page) statement() Statement {
	s := p.figures.statement()
	s.Fingerprint, s.Verb, s.Tables, s.at = p.print, p.verb, p.tables, p.caller
	return s
}

func (f *figures) statement() Statement {
	return Statement{
		Count: f.count, Failed: f.failed, Slow: f.slow, InTx: f.inTx, Rows: f.rows,
		Total: f.sum, Max: f.max, MaxAt: moment(f.maxAt), P50: f.quantile(.5), P95: f.quantile(.95),
		First: moment(f.first), Last: moment(f.last),
	}
}

// moment is the time of a number; the zero time of 0.
func moment(nanoseconds int64) time.Time {
	if nanoseconds == 0 {
		return time.Time{}
	}
	return time.Unix(0, nanoseconds)
}

// Totals are sums over the whole ledger.
type Totals struct {
	// All is over everything that was ever recorded, Rest over what is no
	// longer told apart. Their Fingerprint is empty.
	All  Statement
	Rest Statement
	// Fingerprints are told apart at the moment; Dropped were given up.
	Fingerprints int
	Dropped      int64
}

// Totals sums up.
func (l *Ledger) Totals() Totals {
	var t Totals
	var all, rest figures
	for i := range l.parts {
		s := &l.parts[i]
		s.mu.Lock()
		for _, p := range s.pages {
			all.merge(&p.figures)
		}
		rest.merge(&s.rest)
		t.Fingerprints += len(s.pages)
		t.Dropped += s.dropped
		s.mu.Unlock()
	}
	all.merge(&rest)
	t.All, t.Rest = all.statement(), rest.statement()
	return t
}
