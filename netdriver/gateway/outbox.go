// This file writes a session's answers, each small one in one Write.

package gateway

import (
	"net"
	"sync"
	"time"

	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

// keptBuffer is the largest buffer that is kept for other requests, in bytes.
const keptBuffer = 128 << 10

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
