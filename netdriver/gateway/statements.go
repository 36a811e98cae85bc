// This file keeps a session's prepared statements by the numbers that the client gave them.

package gateway

import (
	"context"
	"database/sql/driver"

	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

// mostTexts is how many prepared statements a session may name at once.
const mostTexts = 1 << 16

// statements are those that a session prepared. The texts of all are kept, and of
// those that were used last also what the driver made of them.
type statements struct {
	most   int // how many of the driver's
	memory *budget
	byID   map[uint32]*prepared
	open   int
	clock  uint64
}

// prepared is one statement.
type prepared struct {
	text string
	st   driver.Stmt // nil where it is to be prepared anew
	turn int         // of the lease's connection that it belongs to
	used uint64
}

// put keeps a statement under a number, in the place of one that has it.
func (t *statements) put(sid uint32, p *prepared) error {
	t.remove(sid)
	if len(t.byID) >= mostTexts {
		return refused{wire.ErrorOverloaded, "the session has too many prepared statements"}
	}
	if err := t.memory.take(len(p.text)); err != nil {
		return err
	}
	if t.byID == nil {
		t.byID = map[uint32]*prepared{}
	}
	t.byID[sid] = p
	t.opened(p, p.st)
	return nil
}

// opened notes what the driver made of a statement, and makes room for it.
func (t *statements) opened(p *prepared, st driver.Stmt) {
	p.st = st
	t.open++
	t.touch(p)
	if t.open <= t.most {
		return
	}
	oldest := p
	for _, other := range t.byID {
		if other.st != nil && other.used < oldest.used {
			oldest = other
		}
	}
	t.shut(oldest)
}

func (t *statements) touch(p *prepared) {
	t.clock++
	p.used = t.clock
}

// shut closes the driver's statement; the text stays.
func (t *statements) shut(p *prepared) {
	if p.st != nil {
		_ = p.st.Close()
		p.st = nil
		t.open--
	}
}

func (t *statements) remove(sid uint32) {
	p := t.byID[sid]
	if p == nil {
		return
	}
	t.shut(p)
	delete(t.byID, sid)
	_ = t.memory.take(-len(p.text))
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
