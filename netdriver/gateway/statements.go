// This file keeps a session's prepared statements by the numbers that the client gave them.

package gateway

import (
	"cmp"
	"context"
	"database/sql/driver"
	"slices"

	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

// costOf is what a prepared statement is taken to need beside its text, in bytes.
const costOf = 256

// statements are those that a session prepared. The texts of all are kept, and of
// those that were used last also what the driver made of them.
type statements struct {
	most   int // how many of the driver's
	room   int // bytes for all texts
	memory *budget
	byID   map[uint32]*prepared
	taken  int         // bytes of room and memory
	open   []*prepared // those of which the driver's is kept
	clock  uint64
}

// prepared is one statement.
type prepared struct {
	text string
	st   driver.Stmt // nil where it is to be prepared anew
	turn int         // of the lease's connection that it belongs to
	used uint64
}

// cost is what the statement takes.
func (p *prepared) cost() int { return len(p.text) + costOf }

// reserve makes sure, before a text is prepared under a number, that it can be kept,
// and takes the memory for it. A lone one always fits.
func (t *statements) reserve(sid uint32, p *prepared) error {
	others, n := t.taken, len(t.byID)
	if former := t.byID[sid]; former != nil {
		others, n = others-former.cost(), n-1
	}
	if n > 0 && others+p.cost() > t.room {
		return refused{wire.ErrorOverloaded, "the session's prepared statements take more than limits.texts allows; close those that are not needed"}
	}
	if err := t.memory.take(p.cost()); err != nil {
		return err
	}
	t.taken += p.cost()
	return nil
}

// refund gives back what reserve took for a text that is not kept.
func (t *statements) refund(p *prepared) {
	t.taken -= p.cost()
	_ = t.memory.take(-p.cost())
}

// put keeps a statement, for which reserve made room, under a number, in the place
// of one that has it.
func (t *statements) put(sid uint32, p *prepared) {
	t.remove(sid)
	if t.byID == nil {
		t.byID = map[uint32]*prepared{}
	}
	t.byID[sid] = p
	t.opened(p, p.st)
}

// opened notes what the driver made of a statement, and makes room for it.
func (t *statements) opened(p *prepared, st driver.Stmt) {
	p.st = st
	t.open = append(t.open, p)
	t.touch(p)
	if len(t.open) > t.most {
		t.shut(slices.MinFunc(t.open, func(a, b *prepared) int { return cmp.Compare(a.used, b.used) }))
	}
}

func (t *statements) touch(p *prepared) {
	t.clock++
	p.used = t.clock
}

// shut closes the driver's statement; the text stays.
func (t *statements) shut(p *prepared) {
	if i := slices.Index(t.open, p); i >= 0 {
		_ = p.st.Close()
		p.st = nil
		t.open = slices.Delete(t.open, i, i+1)
	}
}

func (t *statements) remove(sid uint32) {
	p := t.byID[sid]
	if p == nil {
		return
	}
	t.shut(p)
	delete(t.byID, sid)
	t.refund(p)
}

func (t *statements) close() {
	for sid := range t.byID {
		t.remove(sid)
	}
}

// ready is the driver's statement of p on the lease's connection.
func (t *statements) ready(ctx context.Context, l *lease, p *prepared) (driver.Stmt, error) {
	if p.st != nil && p.turn == l.turn && l.conn != nil {
		t.touch(p)
		return p.st, nil
	}
	t.shut(p)
	st, err := l.prepare(ctx, p.text)
	if err != nil {
		return nil, err
	}
	p.turn = l.turn
	t.opened(p, st)
	return st, nil
}
