// This file writes a session's answers, each small one in one Write.

package gateway

import (
	"fmt"
	"maps"
	"net"
	"sync"
	"time"

	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

// keptBuffer is the largest buffer that is kept for other requests, in bytes.
const keptBuffer = 128 << 10

// mostBody is the largest message in bytes that goes to a client: all clients take
// it, with the frames that it is taken apart into.
const mostBody = wire.DefaultMessage - 2*wire.RowsTarget

// mostText is how much is left of each text of an error that is larger.
const mostText = 64 << 10

// buffers are those that no request uses: idle sessions hold none.
var buffers = sync.Pool{New: func() any { return &buffer{make([]byte, 0, 4<<10)} }}

// buffer is the memory of an answer. It is a pointer's target, so that giving it
// back takes none.
type buffer struct{ b []byte }

// outbox collects what goes to the client. The session alone uses it.
type outbox struct {
	wire.Buffer
	conn   net.Conn
	stall  time.Duration // how long a write may take
	memory *budget
	from   *buffer // B's; nil without one
	taken  int     // bytes of the budget
	codec  wire.Codec
	fail   error // of an earlier write; nothing goes out after it
}

// open takes a buffer.
func (o *outbox) open() {
	if o.from == nil {
		o.from = buffers.Get().(*buffer)
		o.B = o.from.b[:0]
	}
}

// add adds a whole message.
func (o *outbox) add(t wire.Type, id uint32, body wire.Body) {
	o.open()
	o.Add(t, id, body, o.codec)
}

// put adds a whole message that may be large. After an error, because a client would
// not take it or the memory for it is not there, nothing was added.
func (o *outbox) put(t wire.Type, id uint32, body wire.Body) error {
	o.open()
	before := len(o.B)
	o.add(t, id, body)
	err := o.account()
	if size := len(o.B) - before; size > mostBody {
		err = refused{wire.ErrorTooLarge, fmt.Sprintf("the answer has a part of %d bytes, a client takes %d", size, mostBody)}
	}
	if err != nil {
		o.B = o.B[:before]
	}
	return err
}

// putError adds an error, whose texts are cut where it would be too large.
func (o *outbox) putError(id uint32, m *wire.Error) {
	if o.put(wire.TypeError, id, m) == nil {
		return
	}
	short := *m
	short.Message, short.Native = cut(m.Message), maps.Clone(m.Native)
	for name, text := range short.Native {
		short.Native[name] = cut(text)
	}
	o.add(wire.TypeError, id, &short)
}

// cut is the beginning of a text that is too long for a message.
func cut(text string) string {
	if len(text) <= mostText {
		return text
	}
	return fmt.Sprintf("%s (and so on: %d bytes)", text[:mostText], len(text))
}

// account asks for the memory that the buffer has grown to.
func (o *outbox) account() error {
	if grown := cap(o.B) - o.taken; grown > 0 {
		if err := o.memory.take(grown); err != nil {
			return err
		}
		o.taken += grown
	}
	return nil
}

// flush writes what was collected.
func (o *outbox) flush() error {
	if o.fail == nil && o.Len() > 0 {
		_ = o.conn.SetWriteDeadline(time.Now().Add(o.stall))
		_, o.fail = o.conn.Write(o.Bytes())
	}
	o.Reset()
	return o.fail
}

// finish writes what was collected and gives the buffer back.
func (o *outbox) finish() error {
	err := o.flush()
	if o.from != nil && cap(o.B) <= keptBuffer {
		o.from.b = o.B[:0]
		buffers.Put(o.from)
	}
	o.B, o.from = nil, nil
	_ = o.memory.take(-o.taken)
	o.taken = 0
	return err
}
