// This file remembers what was found out about texts, within a bound.

package sqltext

import (
	"strings"
	"sync"
	"sync/atomic"
)

const (
	// longestMemo is the longest text that is remembered. Longer ones hold
	// their data, and come once.
	longestMemo = 8 << 10
	// halfMemo and halfBytes bound each of the two halves of a memo.
	halfMemo  = 2048
	halfBytes = 2 << 20
)

// Memo remembers the analyses of texts of one dialect: about 4,000 of them, or
// 4 MiB of text. It keeps two halves. New texts go into the young one; when that is full
// it becomes the old one, and what is asked for again moves back. A text that
// is used stays, and a flood of texts that come once passes through. It is safe
// for concurrent use.
type Memo struct {
	dialect Dialect
	halves  atomic.Pointer[halves]
	turn    sync.Mutex // held to exchange the halves; a leaf lock
}

// halves are the two generations of a memo.
type halves struct {
	young, old *half
}

// half is one generation: texts to their *Known.
type half struct {
	known sync.Map
	count atomic.Int64
	bytes atomic.Int64
}

// Known is a text's analysis, and its fingerprint and tables once somebody
// asked.
type Known struct {
	Statement
	dialect Dialect
	text    string
	wanted  atomic.Bool
	print   sync.Once
	printed string
	look    sync.Once
	tables  []string
	kept    atomic.Value
	planned atomic.Value
}

// Fingerprint returns the text's fingerprint. It is made once.
func (k *Known) Fingerprint() string {
	k.print.Do(func() { k.printed = Fingerprint(k.dialect, k.text) })
	return k.printed
}

// Tables returns the tables that the text names, as [Tables] finds them. They
// are looked for once.
func (k *Known) Tables() []string {
	k.look.Do(func() { k.tables = Tables(k.dialect, k.text) })
	return k.tables
}

// Text returns the text.
func (k *Known) Text() string { return k.text }

// Kept is what [Known.Keep] was last given; nil before.
func (k *Known) Kept() any { return k.kept.Load() }

// Keep lets whoever keeps books on statements find its page again without a
// search. All values must have one type, as for an [atomic.Value].
func (k *Known) Keep(v any) { k.kept.Store(v) }

// Planned is what [Known.Plan] was first given; nil before.
func (k *Known) Planned() any { return k.planned.Load() }

// Plan is Keep for whoever decides what becomes of statements. What it is first
// given stays, and is returned to all who come later with theirs.
func (k *Known) Plan(v any) any {
	if k.planned.CompareAndSwap(nil, v) {
		return v
	}
	return k.planned.Load()
}

// Again reports whether it was called before: the statement cache keeps what is
// used a second time.
func (k *Known) Again() bool { return k.wanted.Load() || k.wanted.Swap(true) }

// NewMemo returns an empty memo for texts of dialect d.
func NewMemo(d Dialect) *Memo {
	m := &Memo{dialect: d}
	m.halves.Store(&halves{young: &half{}, old: &half{}})
	return m
}

// Dialect returns the dialect of the memo's texts.
func (m *Memo) Dialect() Dialect { return m.dialect }

// Keeps reports whether the memo remembers texts of that length.
func (m *Memo) Keeps(text string) bool { return len(text) <= longestMemo }

// Of returns what is known of text, analyzing it if need be. The answer is
// shared and immutable.
func (m *Memo) Of(text string) *Known {
	h := m.halves.Load()
	if k, ok := h.young.known.Load(text); ok {
		return k.(*Known)
	}
	if len(text) > longestMemo {
		return m.analyze(text)
	}
	k, ok := h.old.known.Load(text)
	if !ok {
		own := strings.Clone(text) // a part of a long text would keep all of it
		k = m.analyze(own)
	}
	return m.add(h, k.(*Known))
}

func (m *Memo) analyze(text string) *Known {
	return &Known{Statement: Analyze(m.dialect, text), dialect: m.dialect, text: text}
}

// add puts k into the young half, unless another caller did.
func (m *Memo) add(h *halves, k *Known) *Known {
	if have, loaded := h.young.known.LoadOrStore(k.text, k); loaded {
		return have.(*Known)
	}
	if h.young.count.Add(1) >= halfMemo || h.young.bytes.Add(int64(len(k.text))) >= halfBytes {
		m.exchange(h)
	}
	return k
}

// exchange begins a new young half in the place of h's, once.
func (m *Memo) exchange(h *halves) {
	m.turn.Lock()
	defer m.turn.Unlock()
	if m.halves.Load() == h {
		m.halves.Store(&halves{young: &half{}, old: h.young})
	}
}
