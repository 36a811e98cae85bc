// This file knows what the sessions do, for those who look from outside, and ends them for operators.

package gateway

import (
	"fmt"
	"maps"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

// activity is what a session does. The session writes it, anybody reads.
type activity struct {
	requests atomic.Int64
	failed   atomic.Int64 // of them
	in, out  atomic.Int64 // bytes of the protocol
	since    atomic.Int64 // of what it does now, in Unix nanoseconds
	busy     atomic.Bool
	tx       atomic.Bool
	pin      atomic.Pointer[string] // nil is none
	pins     *pins                  // of the database; set before there is a session

	mu   sync.Mutex // protects said; a leaf
	said said
}

// pins counts how often sessions began to keep their connection, by why.
type pins struct {
	mu    sync.Mutex // protects count; a leaf
	count map[string]int64
}

func (p *pins) add(why string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.count == nil {
		p.count = map[string]int64{}
	}
	p.count[why]++
}

// counts is a copy.
func (p *pins) counts() map[string]int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := make(map[string]int64, len(p.count))
	maps.Copy(all, p.count)
	return all
}

// said is the text of the last statement, as it came. Of one that is too long to be
// shown only the size is kept.
type said struct {
	text string
	size int
}

// metered is a client's connection, whose bytes are counted.
type metered struct {
	net.Conn
	doing *activity
}

func (c *metered) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.doing.in.Add(int64(n))
	return n, err
}

func (c *metered) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	c.doing.out.Add(int64(n))
	return n, err
}

// about says which text a call is about.
func (a *activity) about(c *call, text string) {
	c.text = text
	now := said{text, len(text)}
	if now.size > mostRead {
		now.text = ""
	}
	a.mu.Lock()
	a.said = now
	a.mu.Unlock()
}

// last is what about said last.
func (a *activity) last() said {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.said
}

// begin says that a request runs.
func (a *activity) begin(now time.Time) {
	a.since.Store(now.UnixNano())
	a.requests.Add(1)
	a.busy.Store(true)
}

// end says that the session waits for the next one, and what it keeps meanwhile.
func (a *activity) end(now time.Time, tx wire.TxState, pin string) {
	a.since.Store(now.UnixNano())
	a.busy.Store(false)
	a.tx.Store(tx != wire.TxIdle)
	if old := a.pin.Load(); pin == "" && old != nil {
		a.pin.Store(nil)
	} else if pin != "" && (old == nil || *old != pin) {
		a.pin.Store(&pin)
		a.pins.add(pin)
	}
}

// The states of a Client, of Client.State. A session that runs a request within a
// transaction is active, one that keeps a connection for both reasons in transaction.
const (
	ClientActive = "active"         // a request runs
	ClientIdle   = "idle"           // it keeps nothing
	ClientInTx   = "in transaction" // it keeps a connection to the database for a transaction
	ClientPinned = "pinned"         // it keeps one for what a statement may have left there
)

// Client is a session at one moment. It is a plain value, and the operation clients
// answers with its JSON.
type Client struct {
	// Session names the session; User, Database and Address are whose it is, which
	// one it uses and where it comes from.
	Session  string `json:"session"`
	User     string `json:"user"`
	Database string `json:"database"`
	Address  string `json:"address"`
	// Program and Application are what the client says of itself.
	Program     string `json:"program"`
	Application string `json:"application"`
	// State is one of the states, since when it is so; Pin is why the session keeps a
	// connection outside a transaction, "" where it does not.
	State string    `json:"state"`
	Since time.Time `json:"since"`
	Pin   string    `json:"pin"`
	// Connected is when it logged in, Requests how many it has sent since, Failed how
	// many of those an error answered.
	Connected time.Time `json:"connected"`
	Requests  int64     `json:"requests"`
	Failed    int64     `json:"failed"`
	// BytesIn came from the client and BytesOut went to it, the login included and
	// what TLS adds left out.
	BytesIn  int64 `json:"bytes_in"`
	BytesOut int64 `json:"bytes_out"`
	// Statement is the last one, which runs where the session is active: without
	// arguments and literals, and cut where it is very long. "" is none, or one of a
	// Database that cannot tell a text's literals.
	Statement string `json:"statement"`
	// Leaving says that it was asked to go.
	Leaving bool `json:"leaving"`
}

// Clients are the sessions, the oldest first. It may be called from any
// goroutine.
func (s *Server) Clients() []Client {
	looked := s.looked()
	all := make([]Client, len(looked))
	for i, l := range looked {
		all[i] = l.Client
		all[i].Statement = l.statement()
	}
	slices.SortFunc(all, func(a, b Client) int {
		if c := a.Connected.Compare(b.Connected); c != 0 {
			return c
		}
		return strings.Compare(a.Session, b.Session)
	})
	return all
}

// look is a session as it was looked at, with its last text as it came.
type look struct {
	Client
	db   Database
	said said
}

// looked are the sessions. Texts are read without the server's lock, which others
// wait for.
func (s *Server) looked() []look {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]look, 0, len(s.links))
	for k := range s.links {
		if k.user != nil {
			all = append(all, look{k.describe(), k.offer.Database, k.doing.last()})
		}
	}
	return all
}

const (
	// mostRead is the longest text, in bytes, that is read to be shown.
	mostRead = 64 << 10
	// mostShown is how much of a statement is shown, in bytes.
	mostShown = 2000
)

// statement is the text as it may be shown.
func (l *look) statement() string {
	d, ok := l.db.(describer)
	switch {
	case !ok || l.said.size == 0:
		return ""
	case l.said.size > mostRead:
		return fmt.Sprintf("a text of %d bytes", l.said.size)
	}
	return shortened(d.Fingerprint(l.said.text), mostShown)
}

// shortened is a text in so many bytes, and dots where there is more of it.
func shortened(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "..."
}

// describe is the session of a connection.
func (k *link) describe() Client {
	c := Client{
		Session: k.id, User: k.user.Name, Database: k.db, Address: k.address, Program: k.client[0], Application: k.client[1],
		State: ClientIdle, Since: time.Unix(0, k.doing.since.Load()).UTC(), Connected: k.since.UTC(), Requests: k.doing.requests.Load(),
		Failed: k.doing.failed.Load(), BytesIn: k.doing.in.Load(), BytesOut: k.doing.out.Load(), Leaving: k.draining.Load(),
	}
	if c.Since.Before(c.Connected) {
		c.Since = c.Connected
	}
	if pin := k.doing.pin.Load(); pin != nil {
		c.Pin, c.State = *pin, ClientPinned
	}
	if k.doing.tx.Load() {
		c.State = ClientInTx
	}
	if k.doing.busy.Load() {
		c.State = ClientActive
	}
	return c
}

// kill ends the sessions of whom is true, with what they run, and returns how
// many those are.
func (s *Server) kill(whom func(*link) bool) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for k := range s.links {
		if k.user != nil && whom(k) {
			n++
			k.kill()
		}
	}
	return n
}

// kill ends the session: a statement that runs is canceled, a transaction rolled
// back. A client that reads nothing does not hold it up.
func (k *link) kill() {
	k.killed.Store(true)
	if in := k.in.Load(); in != nil {
		in.kill()
	}
	_ = k.conn.SetWriteDeadline(time.Now().Add(parting)) // after in.kill, from where on no credit makes it later
}
