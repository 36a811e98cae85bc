// This file records executions of statements, each on the page of its fingerprint.

// Package ledger keeps books on statements: how often each ran, how long it
// took, how often it failed, who ran it. Statements that differ in literals
// alone share a page, which is found by their fingerprint. The ledger never
// sees an argument, and keeps no literal.
//
// It is bounded. When it is full the page that is worth least is given up for a
// new one, and its totals go to the rest: sums over the ledger stay right.
package ledger

import (
	"hash/maphash"
	"strings"
	"sync"
	"time"

	"github.com/fluxor-db/fluxor/internal/sqltext"
)

const (
	// DefaultSize is how many fingerprints a ledger holds unless told.
	DefaultSize = 1000
	// stripes are parts with a lock of their own.
	stripes = 16
	// longestText is how much of a text is read: the memo keeps no longer one.
	longestText = 8 << 10
	// longestPrint and mostTables bound what a page holds of its statement.
	longestPrint = 2 << 10
	mostTables   = 16
)

// Config says how a ledger is kept. The zero value is valid.
type Config struct {
	// Size is how many fingerprints it holds at most, rounded up to a multiple
	// of 16; 0 means DefaultSize.
	Size int
	// SlowAfter is from when on an execution counts as slow; 0 means never.
	SlowAfter time.Duration
}

// Ledger keeps books. All its methods may be called at once.
type Ledger struct {
	memo      *sqltext.Memo
	slowAfter time.Duration
	seed      maphash.Seed
	parts     [stripes]stripe
}

// stripe holds the pages of some fingerprints.
type stripe struct {
	mu      sync.Mutex // protects all below, the pages too; a leaf lock
	pages   map[string]*page
	most    int
	written int64 // pages that were begun
	rest    figures
	dropped int64 // pages that were given up

	_ [64]byte // the next lock is not on this one's cache line
}

// New returns an empty ledger for the texts of memo's dialect. The memo may
// serve others as well.
func New(memo *sqltext.Memo, c Config) *Ledger {
	if c.Size <= 0 {
		c.Size = DefaultSize
	}
	l := &Ledger{memo: memo, slowAfter: c.SlowAfter, seed: maphash.MakeSeed()}
	for i := range l.parts {
		l.parts[i].pages = map[string]*page{}
		l.parts[i].most = (c.Size + stripes - 1) / stripes
	}
	return l
}

// Execution is what is recorded of one run of a statement.
type Execution struct {
	// At is when it ended, Took how long the caller waited.
	At   time.Time
	Took time.Duration
	// Rows were returned or affected.
	Rows int64
	// Failed says that it ended with an error, InTx that it ran in a
	// transaction.
	Failed bool
	InTx   bool
}

// Record notes one run of text. It is called on the goroutine that ran it, so
// that the caller can be sampled. For a known text it allocates nothing, but
// when it samples.
func (l *Ledger) Record(text string, e Execution) {
	l.RecordKnown(l.memo.Of(text[:min(len(text), longestText)]), e)
}

// RecordKnown is Record for a text of the ledger's memo.
func (l *Ledger) RecordKnown(k *sqltext.Known, e Execution) {
	p := l.open(k)
	slow := l.slowAfter > 0 && e.Took >= l.slowAfter
	p.figures.add(e, slow)
	sample := p.figures.sampled()
	p.in.mu.Unlock()
	if sample {
		p.notePlace()
	}
}

// open returns the page of a text with its stripe locked.
func (l *Ledger) open(k *sqltext.Known) *page {
	if p, ok := k.Kept().(*page); ok && p.of == l {
		p.in.mu.Lock()
		if !p.gone {
			return p
		}
		p.in.mu.Unlock()
	}
	return l.find(k)
}

// find looks for the page by its fingerprint, and begins it if there is none.
func (l *Ledger) find(k *sqltext.Known) *page {
	text, verb, tables := printOf(k), strings.Clone(k.Verb), k.Tables()
	in := &l.parts[maphash.String(l.seed, text)%stripes]
	in.mu.Lock()
	p := in.pages[text]
	if p == nil {
		p = &page{of: l, in: in, print: text, verb: verb, tables: tables[:min(len(tables), mostTables)]}
		in.beginLocked(p)
	}
	k.Keep(p)
	return p
}

// printOf is the fingerprint, cut where it is too long to be read.
func printOf(k *sqltext.Known) string {
	text := k.Fingerprint()
	if len(text) <= longestPrint {
		return text
	}
	return strings.ToValidUTF8(strings.Clone(text[:longestPrint]), "") + " ..."
}

// beginLocked makes room for a page and puts it in.
func (s *stripe) beginLocked(p *page) {
	if len(s.pages) >= s.most {
		s.dropLocked(s.leastLocked())
	}
	s.written++
	p.number = s.written
	s.pages[p.print] = p
}

// leastLocked is the page that is worth least. The newest quarter is left out:
// those had no time to prove their worth.
func (s *stripe) leastLocked() *page {
	var least *page
	young := s.written - int64(s.most/4)
	for _, p := range s.pages {
		if p.number <= young && (least == nil || p.figures.worth() < least.figures.worth()) {
			least = p
		}
	}
	return least
}

// dropLocked gives a page up.
func (s *stripe) dropLocked(p *page) {
	p.gone = true
	s.rest.merge(&p.figures)
	s.dropped++
	delete(s.pages, p.print)
}
