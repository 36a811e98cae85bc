// This file logs in: by token, by SCRAM, or by the client's certificate.

package netdriver

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/xdg-go/scram"

	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

// mostIterations bounds the work that a gateway may ask for a login.
const mostIterations = 1_000_000

// mostRounds bounds the challenges and notices of a login.
const mostRounds = 16

var loginLimits = wire.Limits{Frame: wire.LoginLimit, Message: wire.LoginLimit}

// login is the exchange from the preamble to the welcome. Who runs it bounds the
// connection.
type login struct {
	c     *Connector
	nc    net.Conn
	raw   net.Conn // nc, or what is below its TLS
	gate  *gate    // between them; nil for plaintext
	r     *wire.Reader
	tls   *tls.ConnectionState // nil for plaintext
	host  string
	token bool   // the token may be sent
	mech  string // what is under way
	talk  *scram.ClientConversation
	said  bool // the mechanism's first message was sent
	heard bool // the gateway has said something

	welcome wire.Welcome
}

func (l *login) run() error {
	hello, err := l.hello()
	if err != nil {
		return err
	}
	var b wire.Buffer
	b.B = append(b.B, wire.Preamble...)
	b.Add(wire.TypeHello, 0, hello, wire.JSON)
	if b.Len() > wire.LoginLimit {
		return errors.New("fluxor: what the DSN says of the session is too long for a login")
	}
	if _, err := l.nc.Write(b.Bytes()); err != nil {
		return err
	}
	for range mostRounds {
		done, err := l.step()
		if done || err != nil {
			return err
		}
	}
	return refuse("the gateway asks and asks, and the login does not end")
}

// refuse is the error of a gateway that does not keep to the protocol.
func refuse(reason string) error { return &wire.ProtocolError{Reason: reason} }

// offers are the ways to log in, the preferred one first.
func (l *login) offers() []string {
	cfg := &l.c.cfg
	var all []string
	if l.tls != nil && cfg.certified() && (cfg.Auth == AuthAuto || cfg.Auth == AuthMTLS) {
		all = append(all, wire.AuthMTLS)
	}
	if cfg.Token == "" || cfg.Auth == AuthMTLS {
		return all
	}
	if cfg.Auth != AuthToken && l.proves() {
		if l.tls != nil {
			all = append(all, wire.AuthSCRAMPlus)
		}
		all = append(all, wire.AuthSCRAM)
	}
	if cfg.Auth != AuthSCRAM && l.token {
		all = append(all, wire.AuthToken)
	}
	return all
}

// proves says whether SCRAM is to be offered. It does not take every token; such a one
// is shown, where it may be, and else the error of SCRAM is told.
func (l *login) proves() bool {
	_, err := l.c.scram()
	return err == nil || l.c.cfg.Auth == AuthSCRAM || !l.token
}

func (l *login) hello() (*wire.Hello, error) {
	cfg := &l.c.cfg
	m := &wire.Hello{
		Versions: [2]int64{wire.Version, wire.Version},
		Codecs:   cfg.codecs(),
		Client:   "fluxor-go/1",
		User:     cfg.User,
		DB:       cfg.Database,
		Auth:     l.offers(),
		Session:  wire.Session{TZ: cfg.TZ, App: cfg.App, Pool: cfg.Pool, Labels: cfg.Labels},
		Window:   int64(cfg.Window),
	}
	if len(m.Auth) == 0 {
		return m, nil
	}
	first := m.Auth[0]
	if l.c.byToken.Load() && slices.Contains(m.Auth, wire.AuthToken) {
		first = wire.AuthToken
	}
	r, err := l.begin(first)
	m.Mech, m.Data, m.Token = l.mech, r.Data, r.Token
	return m, err
}

func (c *Config) codecs() []string {
	switch c.Codec {
	case "json":
		return []string{wire.JSON.String()}
	case "binary":
		return []string{wire.Binary.String()}
	}
	return []string{wire.Binary.String(), wire.JSON.String()}
}

// begin takes a mechanism and makes its first message.
func (l *login) begin(mech string) (r wire.Response, err error) {
	l.mech, l.talk, l.said = mech, nil, true
	switch mech {
	case wire.AuthToken:
		r.Token = wire.Secret(l.c.cfg.Token)
	case wire.AuthSCRAM, wire.AuthSCRAMPlus:
		if l.talk, err = l.conversation(); err == nil {
			r.Data, err = l.answer("")
		}
	}
	return r, err
}

// conversation begins SCRAM. Where the client could bind the channel and the
// gateway did not ask for it, SCRAM tells the gateway so, which then notices if
// somebody between them has taken the offer away.
func (l *login) conversation() (*scram.ClientConversation, error) {
	client, err := l.c.scram()
	switch {
	case err != nil:
		return nil, fmt.Errorf("fluxor: user or token cannot be used for SCRAM: %w", err)
	case l.tls == nil:
		return client.NewConversation(), nil
	case l.mech == wire.AuthSCRAM:
		return client.NewConversationAdvertisingChannelBinding(), nil
	}
	binding, err := scram.NewTLSExporterBinding(l.tls)
	if err != nil {
		return nil, err
	}
	return client.NewConversationWithChannelBinding(binding), nil
}

func (l *login) answer(challenge string) (wire.Proof, error) {
	text, err := l.talk.Step(challenge)
	return wire.Proof(text), err
}

// step takes the gateway's next message.
func (l *login) step() (done bool, err error) {
	m, err := l.r.Next()
	if err != nil {
		return false, err
	}
	l.heard = true
	switch m.Type {
	case wire.TypeNotice:
		return false, nil
	case wire.TypeError:
		return false, l.refused(m)
	case wire.TypeChallenge:
		return false, l.challenged(m)
	case wire.TypeWelcome:
		return true, l.welcomed(m)
	}
	return false, refuse("a " + m.Type.String() + " within the login")
}

func (l *login) refused(m wire.Message) error {
	var body wire.Error
	if err := body.Decode(m.Body, m.Codec()); err != nil {
		return err
	}
	if why := l.withheld(); why != "" && body.Kind == wire.ErrorAuth {
		body.Message += "; " + why
	}
	return fromWire("login", &body, nil)
}

// withheld says why the token was not offered where the options leave the way open;
// "" where it was, or they do not. The gateway cannot tell: it may know the user by the
// token alone.
func (l *login) withheld() string {
	cfg := &l.c.cfg
	if cfg.Token == "" || cfg.Auth != AuthAuto || l.token {
		return ""
	}
	return "the token itself was not offered, only proofs of it, because of " + cfg.exposes(l.host)
}

func (l *login) challenged(m wire.Message) error {
	var ask wire.Challenge
	if err := ask.Decode(m.Body, m.Codec()); err != nil {
		return err
	}
	r, err := l.respond(&ask)
	if err != nil {
		return err
	}
	var b wire.Buffer
	b.Add(wire.TypeResponse, 0, &r, wire.JSON)
	_, err = l.nc.Write(b.Bytes())
	return err
}

// respond goes on with the mechanism, or takes the one that the gateway wants.
func (l *login) respond(ask *wire.Challenge) (wire.Response, error) {
	if ask.Mech != l.mech || !l.said {
		if !slices.Contains(l.offers(), ask.Mech) {
			return wire.Response{}, refuse("the gateway wants a way to log in that was not offered")
		}
		return l.begin(ask.Mech)
	}
	if l.talk == nil || l.talk.Done() {
		return wire.Response{}, refuse("the gateway asks for more than the login has")
	}
	if iterations(string(ask.Data)) > mostIterations {
		return wire.Response{}, refuse(fmt.Sprintf("the gateway asks for more than %d rounds of SCRAM", mostIterations))
	}
	data, err := l.answer(string(ask.Data))
	return wire.Response{Data: data}, err
}

// iterations is how many rounds SCRAM's first message of the server asks for; 0
// if it does not say so in a way that SCRAM would take.
func iterations(message string) int {
	for part := range strings.SplitSeq(message, ",") {
		if digits, ok := strings.CutPrefix(part, "i="); ok {
			n, err := strconv.Atoi(digits)
			if errors.Is(err, strconv.ErrRange) {
				return mostIterations + 1
			}
			return n
		}
	}
	return 0
}

// welcomed ends the login. A gateway that was shown a proof must give its own.
func (l *login) welcomed(m wire.Message) error {
	if err := l.welcome.Decode(m.Body, m.Codec()); err != nil {
		return err
	}
	if l.talk != nil {
		if _, err := l.answer(string(l.welcome.Data)); err != nil || !l.talk.Valid() {
			return refuse("the gateway did not prove that it knows the user")
		}
	}
	switch {
	case l.welcome.Version != wire.Version:
		return refuse("the gateway speaks another version of the protocol")
	case !slices.Contains(l.c.cfg.codecs(), l.welcome.Codec):
		return refuse("the gateway has chosen a codec that was not offered")
	}
	return nil
}
