// This file writes the audit log: who did what, when, and what came of it, a JSON object a line, without arguments and literals.

package gateway

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

// waitingRecords is how many records may wait for the writer; then sessions wait
// for it as well: none is left out.
const waitingRecords = 1024

// auditAgain is how often a log that must be written and cannot be is tried.
const auditAgain = time.Second

// record is a line of the audit log.
type record struct {
	Time    time.Time         `json:"time"`
	Event   string            `json:"event"` // login, logout, or the type of the request
	Session string            `json:"session,omitempty"`
	User    string            `json:"user"`
	Address string            `json:"address"`
	DB      string            `json:"db"`
	App     string            `json:"app,omitempty"`
	Labels  map[string]string `json:"labels,omitempty"`
	// Op is the admin operation, where there is one of that name.
	Op string `json:"op,omitempty"`
	// Digest is the first 16 digits of the SHA-256 of Statement, which is the text
	// without its literals.
	Digest    string  `json:"digest,omitempty"`
	Statement string  `json:"statement,omitempty"`
	Rows      int64   `json:"rows"`
	Bytes     int64   `json:"bytes"`
	MS        float64 `json:"ms"`
	Cache     string  `json:"cache,omitempty"`
	// Outcome is "ok" or the kind of the error, Code the database's.
	Outcome string `json:"outcome"`
	Code    string `json:"code,omitempty"`
	// Reason is why the gateway ended the session, with the event logout.
	Reason string `json:"reason,omitempty"`
	// Lost is how many records should stand here and could not be written; the event
	// is eventLost then.
	Lost int64 `json:"lost,omitempty"`
}

// eventLost is the event of a record that stands for those that could not be
// written.
const eventLost = "lost"

// audit writes records in the order in which they come. Its zero value and nil
// write none.
type audit struct {
	to    io.Writer
	log   *slog.Logger
	start sync.Once
	lines chan entry
	done  chan struct{}
	lost  atomic.Int64 // records since the start
	must  bool         // no statement runs while records cannot be written
	fails atomic.Bool  // the last write failed

	mu     sync.RWMutex // protects closed; a record is handed over under it, so that close comes after
	closed bool
}

// entry is a line on its way to the writer.
type entry struct {
	line  []byte
	tried chan struct{} // is closed once it was written, or not; nil where nobody waits for that
}

func newAudit(c Config) *audit {
	if c.Audit == nil {
		return nil
	}
	return &audit{to: c.Audit, log: c.Logger, must: c.AuditRequired, lines: make(chan entry, waitingRecords), done: make(chan struct{})}
}

// errUnaudited refuses statements that nobody could look up.
var errUnaudited = refused{wire.ErrorOverloaded, "the audit log cannot be written, and the gateway is told to run nothing without it"}

// ready is an error where no statement may run.
func (a *audit) ready() error {
	if a != nil && a.must && a.fails.Load() {
		return errUnaudited
	}
	return nil
}

// AuditLost is how many records of the audit log could not be written since the
// start; 0 without one. It may be called from any goroutine.
func (s *Server) AuditLost() int64 {
	if s.audit == nil {
		return 0
	}
	return s.audit.lost.Load()
}

// add hands a record over. It waits where the writer is slow.
func (a *audit) add(r *record) {
	if a == nil {
		return
	}
	r.Time = time.Now().UTC()
	line, err := json.Marshal(r)
	if err != nil {
		a.log.Error("fluxor: a record of the audit log could not be made", slog.Any("error", err))
		return
	}
	e := entry{line: append(line, '\n')}
	if a.must {
		e.tried = make(chan struct{}) // the session's next statement is to know
	}
	if !a.hand(e) { // an operation that stood still, or a login at the admin pages
		a.lost.Add(1)
		a.log.Error("fluxor: a record came after the end of the audit log", slog.String("event", r.Event), slog.String("user", r.User), slog.String("op", r.Op))
	}
}

// hand has a record written; false where that is over.
func (a *audit) hand(e entry) bool {
	a.mu.RLock()
	defer a.mu.RUnlock()
	if a.closed {
		return false
	}
	a.start.Do(func() { go a.write() })
	a.lines <- e
	if a.must {
		<-e.tried
	}
	return true
}

// write runs in a goroutine of its own until close.
func (a *audit) write() {
	defer close(a.done)
	look := time.NewTicker(auditAgain)
	defer look.Stop()
	gap := int64(0)
	for more := true; more; {
		var e entry
		select {
		case e, more = <-a.lines:
			if more {
				gap = a.put(e.line, gap)
			}
		case <-look.C:
			if a.must && gap > 0 && a.tell(gap) == nil {
				gap = 0 // else somebody would have to be refused to find out
			}
		}
		a.fails.Store(gap > 0)
		if e.tried != nil {
			close(e.tried)
		}
	}
	if gap > 0 {
		a.log.Error("fluxor: the audit log lacks its last records", slog.Int64("lost", gap))
	}
}

// put writes a record, and before it how many are lost since the last one: gap. It
// returns how many are now.
func (a *audit) put(line []byte, gap int64) int64 {
	if gap > 0 && a.tell(gap) != nil {
		a.lost.Add(1)
		return gap + 1
	}
	if _, err := a.to.Write(line); err != nil {
		a.log.Error("fluxor: the audit log cannot be written", slog.Any("error", err))
		a.lost.Add(1)
		return 1
	}
	return 0
}

// tell writes that records are missing.
func (a *audit) tell(gap int64) error {
	told, err := json.Marshal(&record{Time: time.Now().UTC(), Event: eventLost, Outcome: string(wire.ErrorInternal), Lost: gap})
	if err == nil {
		_, err = a.to.Write(append(told, '\n'))
	}
	if err == nil {
		a.log.Error("fluxor: the audit log is written again", slog.Int64("lost", gap))
	}
	return err
}

// close returns when all records are written.
func (a *audit) close() {
	if a == nil {
		return
	}
	a.mu.Lock()
	again := a.closed
	a.closed = true
	a.mu.Unlock()
	if !again {
		close(a.lines)
	}
	a.start.Do(func() { close(a.done) }) // nothing was ever written
	<-a.done
}

// audited are the requests that the log is about.
var audited = map[wire.Type]bool{
	wire.TypeQuery: true, wire.TypeExec: true, wire.TypePrepare: true, wire.TypeBegin: true, wire.TypeCommit: true,
	wire.TypeRollback: true, wire.TypeReset: true, wire.TypeAdmin: true,
}

// audit notes a request; f is the error that answered it, or nil.
func (s *session) audit(c *call, t wire.Type, f *wire.Error) {
	if s.server.audit == nil || !audited[t] {
		return
	}
	r := s.record(t.String())
	r.Op = c.op
	r.Rows, r.Bytes, r.MS, r.Cache = c.count, c.bytes, c.ms(), c.origin()
	if d, ok := s.lease.db.(describer); ok && c.text != "" {
		r.Statement = d.Fingerprint(c.text)
		sum := sha256.Sum256([]byte(r.Statement))
		r.Digest = hex.EncodeToString(sum[:8])
	}
	if f != nil {
		r.Outcome, r.Code = string(f.Kind), f.Code
	}
	s.server.audit.add(r)
}

// record is what all records of the session have.
func (s *session) record(event string) *record {
	return &record{
		Event: event, Session: s.id, User: s.owner.Name, Address: s.address, DB: s.hello.DB,
		App: s.hello.Session.App, Labels: s.hello.Session.Labels, Outcome: "ok",
	}
}

// auditVisit notes what a visitor of the admin pages asked for; err is why in vain,
// or nil.
func (s *Server) auditVisit(user, address, op string, began time.Time, err error) {
	r := &record{Event: wire.TypeAdmin.String(), Op: knownOp(op), User: user, Address: address, MS: since(began), Outcome: "ok"}
	var own refused
	switch {
	case err == nil:
	case errors.Is(err, ErrDenied):
		r.Outcome = string(wire.ErrorDenied)
	case errors.As(err, &own):
		r.Outcome = string(own.kind)
	default:
		r.Outcome = string(wire.ErrorInternal)
	}
	s.audit.add(r)
}

// auditFailure notes a login that failed. Strangers do not say how long its line is.
func (n *login) auditFailure(kind wire.ErrorKind) {
	user, db := shortened(n.hello.User, mostName), shortened(n.hello.DB, mostName)
	n.server.audit.add(&record{Event: "login", User: user, Address: n.address, DB: db, Outcome: string(kind)})
}
