// This file is a session: one client that is logged in, its requests in their order, one after the other.

package gateway

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"slices"
	"time"

	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

// goawayGrace is how long an idle session stays after its goaway: a request that
// crosses it still hears that nothing ran.
const goawayGrace = time.Second

// errEnded is what a client hears whose login holds no more.
const errEnded = "the login has ended"

// features are what welcome says that the gateway can do.
var features = []string{"cancel", "credit", "outparams", "multi"}

// session is a client that is logged in. Its goroutine alone uses it.
type session struct {
	*link
	conn   net.Conn // the link's, or TLS over it
	hello  wire.Hello
	owner  *User
	proof  wire.Proof
	in     *inbox
	out    *outbox
	reader *wire.Reader
	lease  lease
	life   context.Context
	end    context.CancelCauseFunc
	window int64

	place
	placed  bool // the session is counted by the gates
	caches  bool // answers may be kept ones
	waiting waiting

	statements statements
	statement  wire.Statement // reused, as all below
	rows       stream

	seen    time.Time   // the end of the last request
	told    bool        // goaway was sent
	leaving time.Time   // when an idle session ends after it
	why     *wire.Error // why the gateway ends it; nil while it does not
}

func newSession(n *login, conn net.Conn) *session {
	srv := n.server
	s := &session{
		link: n.link, conn: conn, hello: n.hello, owner: n.user, proof: n.proof, out: n.out, reader: n.r, place: n.place,
	}
	s.waiting.s = s
	s.life, s.end = srv.within()
	s.lease = lease{
		db: n.offer.Database, whole: n.hello.Session.Pool == "session",
		reads: n.user.ReadOnly, wishes: n.wanted, waits: s.waiting.waits,
	}
	s.lease.about = s.lease.db.Backend()
	s.caches = keeps(s.lease.db)
	s.statements = statements{most: srv.cfg.Limits.Statements, room: srv.cfg.Limits.Texts, memory: &srv.memory}
	s.in = newInbox(conn, n.r, &srv.memory, func(p any) { s.link.report(p, s.id) })
	s.in.stall = srv.cfg.Timeouts.Write
	s.window = n.hello.Window
	or(&s.window, wire.DefaultWindow)
	s.window = min(s.window, srv.cfg.Limits.Window)
	return s
}

// run serves the session to its end.
func (s *session) run() {
	defer s.close()
	defer s.survive(s.id)
	_ = s.conn.SetDeadline(time.Time{})
	l := s.server.cfg.Limits
	s.reader.SetLimits(wire.Limits{Frame: l.Frame, Message: l.Message, Grow: s.server.memory.take})
	s.welcome(0)
	s.link.in.Store(s.in)
	s.link.wait.Store(&s.waiting)
	s.doing.end(time.Now(), wire.TxIdle, "")
	s.server.audit.add(s.record("login"))
	defer func() {
		r := s.logout()
		s.yield()
		s.server.audit.add(r) // the disk may stand still
	}()
	if s.out.finish() != nil {
		return
	}
	s.seen = time.Now()
	for s.step() {
		continue
	}
}

// yield gives back what others wait for. An open transaction is rolled back.
func (s *session) yield() {
	s.end(nil)
	s.lease.close()
	s.vacate()
}

// close ends all that the session holds.
func (s *session) close() {
	s.yield()
	s.statements.close()
	s.in.close()
	_ = s.out.finish()
}

func (s *session) welcome(id uint32) {
	l, t := s.server.cfg.Limits, s.server.cfg.Timeouts
	codec := wire.JSON
	for _, name := range s.hello.Codecs {
		if name == wire.JSON.String() || name == wire.Binary.String() && !s.out.Line {
			if name == wire.Binary.String() {
				codec = wire.Binary
			}
			break
		}
	}
	s.out.add(wire.TypeWelcome, id, &wire.Welcome{
		Version: wire.Version, Codec: codec.String(), Dialect: s.lease.dialect(), Server: s.server.cfg.Name, Session: s.id,
		MaxFrame: int64(l.Frame), MaxMessage: int64(l.Message), IdleMS: t.Idle.Milliseconds(), Features: features,
		ReadOnly: s.owner.ReadOnly, Data: s.proof,
	})
	s.out.codec = codec
}

// held reports whether the session keeps something that its end would lose.
func (s *session) held() bool { return s.lease.tx != nil || s.lease.pin != "" }

// deadline is until when the next request must begin.
func (s *session) deadline() time.Time {
	t := s.server.cfg.Timeouts
	d := s.seen.Add(t.Idle)
	if s.held() {
		d = s.seen.Add(t.IdleInTx)
	} else if s.told {
		d = s.leaving
	}
	return earlier(d, s.loginEnds())
}

// step serves one request; false ends the session.
func (s *session) step() bool {
	if s.draining.Load() && !s.told {
		s.goaway()
	}
	if s.revoked.Load() {
		return s.giveUp(0, wire.ErrorAuth, errEnded)
	}
	if s.killed.Load() {
		return s.giveUp(0, wire.ErrorShutdown, errKilled.Error())
	}
	if s.ending.Load() {
		return s.giveUp(0, wire.ErrorShutdown, errEnd.Error())
	}
	q, err := s.in.next(s.deadline())
	if s.late(err) {
		q, err = s.in.next(time.Now().Add(lastLook))
	}
	if err != nil {
		return s.interrupted(err)
	}
	defer s.in.free(q)
	return s.serve(q)
}

// lastLook is how much longer a session is heard whose time is over: what came while
// the process stood still is there already, and was in time.
const lastLook = 100 * time.Millisecond

// late says whether a read failed because the session asked for nothing for too long.
func (s *session) late(err error) bool {
	now := time.Now()
	return errors.Is(err, os.ErrDeadlineExceeded) && !now.Before(s.deadline()) && !s.ended(now)
}

// goaway asks the client to go.
func (s *session) goaway() {
	var after int64
	if ns := s.link.until.Load(); ns != 0 {
		after = max(time.Until(time.Unix(0, ns)).Milliseconds(), 0)
	}
	s.told, s.leaving = true, time.Now().Add(goawayGrace)
	s.out.add(wire.TypeGoaway, 0, &wire.Goaway{Reason: "drain", AfterMS: after})
	_ = s.out.finish()
}

// interrupted says whether the session goes on after a read that failed.
func (s *session) interrupted(err error) bool {
	if now := time.Now(); errors.Is(err, os.ErrDeadlineExceeded) {
		switch {
		case now.Before(s.deadline()):
			return true // it was nudged
		case s.ended(now):
			return s.giveUp(0, wire.ErrorAuth, errEnded)
		}
		return s.overdue()
	}
	var wrong *wire.ProtocolError
	switch {
	case errors.As(err, &wrong) && wrong.Err == nil:
		kind := wire.ErrorProtocol
		if wrong.TooLarge {
			kind = wire.ErrorTooLarge
		}
		return s.giveUp(0, kind, wrong.Error())
	case errors.Is(err, errMemory):
		return s.giveUp(0, wire.ErrorOverloaded, err.Error())
	}
	return false
}

// giveUp answers with an error of a request that did not run, and ends the session.
func (s *session) giveUp(id uint32, kind wire.ErrorKind, text string) bool {
	return s.leave(id, ending(kind, text))
}

// ending is an error that ends a session, and of which nothing ran.
func ending(kind wire.ErrorKind, text string) *wire.Error {
	return &wire.Error{
		Kind: kind, Message: text, Applied: wire.AppliedNo, Conn: wire.ConnLost, Tx: wire.TxIdle,
		Retryable: kind == wire.ErrorShutdown || kind == wire.ErrorOverloaded,
	}
}

// leave answers with an error and ends the session. A client that does not take it
// soon is not waited for; where all are to end, nor is a request on its way.
func (s *session) leave(id uint32, m *wire.Error) bool {
	s.ends(m)
	s.out.Reset()
	s.out.stall = min(s.out.stall, parting)
	s.out.putError(id, m)
	if s.out.finish() == nil {
		s.yield()
		if !s.ending.Load() && (id != 0 || !s.told) {
			s.part()
		}
	}
	return false
}

// working are the requests that a session which is to end begins no more.
var working = []wire.Type{wire.TypeQuery, wire.TypeExec, wire.TypePrepare, wire.TypeBegin}

// serve carries out a request; false ends the session.
func (s *session) serve(q request) (more bool) {
	now := time.Now()
	c := call{id: q.ID, began: now, canceled: q.canceled}
	defer s.caught(&c, q.Type, &more)
	switch {
	case q.ID == 0 && q.Type != wire.TypeResponse:
		return s.giveUp(0, wire.ErrorProtocol, "a request has the number 0")
	case s.ended(now) && q.Type != wire.TypeResponse:
		return s.giveUp(q.ID, wire.ErrorAuth, errEnded)
	case s.told && !s.held() && slices.Contains(working, q.Type):
		return s.giveUp(q.ID, wire.ErrorShutdown, errEnd.Error())
	}
	s.doing.begin(now)
	err := s.carryOut(&c, q)
	s.vacate()
	var wrong *wire.ProtocolError
	if errors.As(err, &wrong) {
		kind := wire.ErrorProtocol
		if wrong.TooLarge {
			kind = wire.ErrorTooLarge
		}
		s.doing.failed.Add(1)
		s.audit(&c, q.Type, &wire.Error{Kind: kind})
		return s.giveUp(q.ID, kind, wrong.Error())
	}
	var failed *wire.Error
	if err != nil {
		s.doing.failed.Add(1)
		failed = s.fault(&c, err)
		if failed.Conn == wire.ConnLost && errors.Is(c.cause(), errAnew) {
			s.audit(&c, q.Type, failed)
			return s.leave(q.ID, failed)
		}
		s.out.putError(q.ID, failed)
	}
	s.audit(&c, q.Type, failed)
	s.seen = time.Now()
	s.doing.end(s.seen, s.lease.state(), s.lease.pin)
	return s.out.finish() == nil
}

// caught turns a panic into an error of this request and the session's end. What
// the database was asked before may have been done.
func (s *session) caught(c *call, t wire.Type, more *bool) {
	if p := recover(); p != nil {
		s.link.report(p, s.id)
		s.in.abandon()
		m := ending(wire.ErrorInternal, errPanic.Error())
		if c.sent {
			m.Applied = wire.AppliedUnknown
		}
		s.doing.failed.Add(1)
		s.audit(c, t, m)
		*more = s.leave(c.id, m)
	}
}

// carryOut does what a request asks for and puts the answer into the outbox; an
// error is the answer where it returns one.
func (s *session) carryOut(c *call, q request) error {
	switch q.Type {
	case wire.TypeQuery, wire.TypeExec:
		defer s.statement.Forget()
		if err := s.statement.Decode(q.body, q.Codec()); err != nil {
			return err
		}
		if q.Type == wire.TypeQuery {
			return s.query(c, &s.statement)
		}
		return s.exec(c, &s.statement)
	case wire.TypePrepare:
		return decoded(s.prepare, c, q, &wire.Prepare{})
	case wire.TypeCloseStmt:
		return decoded(s.closeStmt, c, q, &wire.CloseStmt{})
	case wire.TypeBegin:
		return decoded(s.begin, c, q, &wire.Begin{})
	case wire.TypeCommit, wire.TypeRollback:
		return decoded(func(c *call, _ *wire.Empty) error { return s.finishTx(c, q.Type) }, c, q, &wire.Empty{})
	case wire.TypeReset:
		return decoded(s.reset, c, q, &wire.Empty{})
	case wire.TypePing:
		return decoded(s.ping, c, q, &wire.Ping{})
	case wire.TypeCancel:
		return decoded(func(*call, *wire.Empty) error { return nil }, c, q, &wire.Empty{})
	case wire.TypeCredit:
		return decoded(func(*call, *wire.Credit) error { return nil }, c, q, &wire.Credit{})
	case wire.TypeResponse:
		return decoded(s.renew, c, q, &wire.Response{})
	case wire.TypeAdmin:
		return decoded(s.admin, c, q, &wire.Admin{})
	}
	return &wire.ProtocolError{Reason: "a client does not send " + q.Type.String() + " here"}
}

// decoded reads a request's body and carries it out.
func decoded[M interface {
	Decode(body []byte, c wire.Codec) error
}](do func(*call, M) error, c *call, q request, m M) error {
	if err := m.Decode(q.body, q.Codec()); err != nil {
		return err
	}
	return do(c, m)
}

// renew prolongs a login by a token. Who fails too often is not listened to, as at
// a login.
func (s *session) renew(c *call, m *wire.Response) error {
	u := s.server.heard(guesser{s.address, s.owner.Name}, func(d *directory, now time.Time) *User {
		return d.token(s.owner.Name, string(m.Token), now)
	})
	if u == nil || !s.server.renewed(s.link, string(m.Token)) {
		s.server.log.Warn("fluxor: a login failed", slog.String("address", s.address), slog.String("user", s.owner.Name))
		return refused{wire.ErrorAuth, errLogin.Error()}
	}
	codec := s.out.codec
	s.proof = nil
	s.welcome(c.id)
	s.out.codec = codec
	return nil
}
