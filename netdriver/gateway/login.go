// This file is the login: what comes before it reaches no database, and all that fails sounds the same.

package gateway

import (
	"crypto/tls"
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

// errLogin is what a client hears of any login that failed.
var errLogin = errors.New("the login failed")

// login is the talk before a session.
type login struct {
	*link
	r     *wire.Reader
	out   *outbox
	state *tls.ConnectionState // nil without TLS

	users *directory // of the moment when the login began
	hello wire.Hello
	user  *User
	proof wire.Proof

	wanted []wish // of the session's connections
	place  place
}

// begin finds out whether the client speaks in frames or lines. Where there is no
// memory to read it, the client hears so.
func (n *login) begin() error {
	err := n.r.Accept()
	if n.out.Line = n.r.Line(); errors.Is(err, errMemory) {
		var first [1]byte
		_, _ = n.out.conn.Read(first[:])
		n.out.Line = first[0] == '{'
		n.refuse(err)
		n.end()
	}
	return err
}

// end has the client read why it is left.
func (n *login) end() {
	if n.out.finish() == nil {
		n.part()
	}
}

// run logs the client in; false where the connection is over.
func (n *login) run() bool {
	if err := n.read(wire.TypeHello, &n.hello); err != nil {
		return n.refuse(err)
	}
	if v := n.hello.Versions; v[0] > wire.Version || v[1] < wire.Version {
		return n.refuse(&wire.ProtocolError{Reason: "the gateway speaks version 1 of the protocol"})
	}
	who := guesser{n.address, n.hello.User}
	if err := n.known(who); err != nil {
		n.server.log.Warn("fluxor: a login failed", slog.String("address", n.address), slog.String("user", shortened(n.hello.User, mostName)))
		return n.refuse(err)
	}
	n.server.guesses.worked(who)
	n.shown.reads = n.user.ReadOnly
	return n.enter()
}

// known finds out whether the client is who it says it is, and may be here. Who
// failed too often is not listened to, and cannot tell.
func (n *login) known(who guesser) error {
	if n.server.guesses.refuses(who) {
		return errLogin
	}
	mech, err := n.mechanism()
	if err == nil {
		err = n.authenticate(mech)
	}
	if err == nil && !n.user.may(time.Now()) {
		err = errLogin
	}
	if errors.Is(err, errLogin) {
		n.server.guesses.failed(who)
	}
	return err
}

// enter makes the client, who is known now, a session.
func (n *login) enter() bool {
	n.offer = n.server.offer(n.hello.DB)
	if n.offer == nil || !n.user.allows(n.hello.DB) {
		return n.fail(wire.ErrorDenied, "the user may use no database of that name")
	}
	var err error
	if n.wanted, err = n.wishes(n.offer.Backend().Type); err != nil {
		return n.fail(wire.ErrorDenied, err.Error())
	}
	n.doing.pins = &n.offer.pins
	n.db, n.client = n.hello.DB, [2]string{n.hello.Client, n.hello.Session.App}
	if n.place, err = n.server.admitted(n.link, n.user.Name); err != nil {
		return n.fail(kindOfRefusal(err), err.Error())
	}
	n.user = n.link.user
	return true
}

// kindOfRefusal is the kind of what admitted says.
func kindOfRefusal(err error) wire.ErrorKind {
	switch {
	case errors.Is(err, errEnd), errors.Is(err, errDisabled):
		return wire.ErrorShutdown
	case errors.Is(err, errLogin):
		return wire.ErrorAuth
	}
	return wire.ErrorOverloaded
}

// read waits for a message of the login.
func (n *login) read(t wire.Type, into interface {
	Decode(body []byte, c wire.Codec) error
},
) error {
	m, err := n.r.Next()
	if err != nil {
		return err
	}
	if m.Type != t {
		return &wire.ProtocolError{Reason: "the login begins with hello, and goes on with response"}
	}
	return into.Decode(m.Body, m.Codec())
}

// refuse ends the connection with an error.
func (n *login) refuse(err error) bool {
	if errors.Is(err, errMemory) {
		return n.fail(wire.ErrorOverloaded, errMemory.Error())
	}
	var wrong *wire.ProtocolError
	if !errors.As(err, &wrong) {
		return n.fail(wire.ErrorAuth, errLogin.Error())
	}
	if wrong.TooLarge {
		return n.fail(wire.ErrorTooLarge, wrong.Error())
	}
	return n.fail(wire.ErrorProtocol, wrong.Error())
}

func (n *login) fail(kind wire.ErrorKind, text string) bool {
	n.auditFailure(kind)
	if kind == wire.ErrorOverloaded {
		n.server.log.Warn("fluxor: a client was refused", slog.String("address", n.address), slog.String("user", shortened(n.hello.User, mostName)), slog.String("reason", text))
	}
	n.out.add(wire.TypeError, 0, &wire.Error{Kind: kind, Message: text, Applied: wire.AppliedNo, Conn: wire.ConnLost, Retryable: kind == wire.ErrorOverloaded || kind == wire.ErrorShutdown})
	return false
}

// mechanism is how the client logs in: the first of its ways that the user has. A
// way that nobody has fails at its end.
func (n *login) mechanism() (string, error) {
	offered := n.offered()
	if len(offered) == 0 {
		return "", errLogin
	}
	if i := slices.IndexFunc(offered, n.has); i >= 0 {
		return offered[i], nil
	}
	return offered[0], nil
}

// offered are the ways that the client names and that fit the connection: first
// what it has begun already, then the stronger ones first.
func (n *login) offered() []string {
	begun := n.hello.Mech
	if begun == "" && n.hello.Token != "" {
		begun = wire.AuthToken
	}
	all := []string{begun, wire.AuthMTLS, wire.AuthSCRAMPlus, wire.AuthSCRAM, wire.AuthToken}
	if n.hello.Mech == "" { // a certificate was shown without being named
		all[0], all[1] = all[1], all[0]
	}
	can := append(slices.Clone(n.hello.Auth), n.hello.Mech)
	if len(n.hello.Auth) == 0 {
		can = append(can, begun)
	}
	return slices.DeleteFunc(all, func(m string) bool { return !slices.Contains(can, m) || !n.fits(m) })
}

// fits reports whether a mechanism can be used on this connection.
func (n *login) fits(mech string) bool {
	switch mech {
	case wire.AuthMTLS:
		return n.state != nil && len(n.state.VerifiedChains) > 0
	case wire.AuthSCRAMPlus:
		return n.state != nil && !n.r.Line()
	case wire.AuthSCRAM:
		return !n.r.Line()
	}
	return mech == wire.AuthToken
}

// has reports whether the user can log in by a mechanism that fits. For somebody
// unknown the answer is one that a user could have.
func (n *login) has(mech string) bool {
	if mech == wire.AuthMTLS {
		return n.users.certificate(n.hello.User, n.state.VerifiedChains[0][0]) != nil
	}
	w := n.users.ways(n.hello.User)
	if mech == wire.AuthToken {
		return w.token
	}
	return w.password
}

func (n *login) authenticate(mech string) error {
	switch mech {
	case wire.AuthMTLS:
		n.user = n.users.certificate(n.hello.User, n.state.VerifiedChains[0][0])
		if n.user == nil {
			return errLogin
		}
		n.shown.names = certificateNames(n.state.VerifiedChains[0][0])
		n.shown.until = certifiedUntil(n.state.VerifiedChains)
		return nil
	case wire.AuthToken:
		return n.byToken()
	case wire.AuthSCRAM:
		return n.bySCRAM(mech, mayBind)
	}
	return n.bySCRAM(mech, mustBind)
}

// byToken compares the token, which it asks for where hello had none.
func (n *login) byToken() error {
	token := n.hello.Token
	if token == "" {
		n.out.add(wire.TypeChallenge, 0, &wire.Challenge{Mech: wire.AuthToken})
		if err := n.out.finish(); err != nil {
			return err
		}
		var answer wire.Response
		if err := n.read(wire.TypeResponse, &answer); err != nil {
			return err
		}
		token = answer.Token
	}
	n.user = n.users.token(n.hello.User, string(token), time.Now())
	if n.user == nil {
		return errLogin
	}
	n.shown.token = HashToken(string(token)).SHA256
	return nil
}

// bySCRAM carries out the exchange; an unknown user's goes the same way to its
// end.
func (n *login) bySCRAM(mech string, bound binding) error {
	talk, err := n.users.conversation(n.hello.User, n.state, bound)
	if err != nil {
		return errLogin
	}
	said := n.hello.Data
	if n.hello.Mech != mech || len(said) == 0 {
		if said, err = n.ask(mech, nil); err != nil {
			return err
		}
	}
	reply, err := talk.Step(string(said))
	if err != nil {
		return errLogin
	}
	if said, err = n.ask(mech, wire.Proof(reply)); err != nil {
		return err
	}
	reply, err = talk.Step(string(said))
	n.user = n.users.byName[n.hello.User]
	if err != nil || !talk.Valid() || n.user == nil {
		return errLogin
	}
	n.shown.password = n.user.SCRAM.StoredKey
	n.proof = wire.Proof(reply)
	return nil
}

// ask sends a challenge and waits for its response.
func (n *login) ask(mech string, data wire.Proof) (wire.Proof, error) {
	n.out.add(wire.TypeChallenge, 0, &wire.Challenge{Mech: mech, Data: data})
	if err := n.out.finish(); err != nil {
		return nil, err
	}
	var answer wire.Response
	err := n.read(wire.TypeResponse, &answer)
	return slices.Clone(answer.Data), err
}
