// This file holds the messages of the login.

package wire

import (
	"fmt"
	"math"
)

// Secret is a text that no log shows: any way to print it gives "***".
type Secret string

// Format implements fmt.Formatter.
func (Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("***")) }

// MarshalText implements encoding.TextMarshaler, for encoders of logs.
func (Secret) MarshalText() ([]byte, error) { return []byte("***"), nil }

// Proof is a message of a SASL mechanism. Like a Secret it is not to be shown.
type Proof []byte

// Format implements fmt.Formatter.
func (Proof) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("***")) }

// MarshalText implements encoding.TextMarshaler, for encoders of logs.
func (Proof) MarshalText() ([]byte, error) { return []byte("***"), nil }

// The ways to log in, as Hello.Auth and Challenge.Mech name them.
const (
	AuthSCRAMPlus = "scram-sha-256-plus" // channel binding tls-exporter
	AuthSCRAM     = "scram-sha-256"
	AuthToken     = "token"
	AuthMTLS      = "mtls"
)

// Hello is the client's first message.
type Hello struct {
	// Versions are the lowest and the highest version that the client speaks; where
	// it does not say, it speaks version 1.
	Versions [2]int64
	// Codecs are the codecs it understands, the preferred one first; none means
	// JSON.
	Codecs []string
	// Client is its name and version, for people.
	Client string
	// User and DB are who it is and the name of the database it wants.
	User, DB string
	// Auth are the ways in which it can log in, the preferred one first.
	Auth []string
	// Mech and Data are the first message of the way that the client thinks will
	// be taken, which saves a challenge; Token is it for AuthToken.
	Mech  string
	Data  Proof
	Token Secret
	// Session is what it asks of its session.
	Session Session
	// Window is how many bytes of rows it takes without crediting them; 0 means
	// DefaultWindow.
	Window int64
}

// Session is what a client asks of its session. Nothing of it reaches a database
// before the login is done.
type Session struct {
	// TZ is the time zone of the database's session, App the application's name.
	TZ, App string
	// Pool is "session" for a lease that lasts as long as the session; empty for
	// one that ends with each statement that is proven neutral.
	Pool string
	// Labels are shown beside the session.
	Labels map[string]string
}

func (m *Hello) members() []member {
	return []member{
		{"versions", &m.Versions, false},
		{"codecs", &m.Codecs, false},
		{"client", &m.Client, false},
		{"user", &m.User, false},
		{"db", &m.DB, false},
		{"auth", &m.Auth, false},
		{"mech", &m.Mech, false},
		{"data", (*[]byte)(&m.Data), false},
		{"token", &m.Token, false},
		{"session", []member{
			{"tz", &m.Session.TZ, false},
			{"app", &m.Session.App, false},
			{"pool", closed{&m.Session.Pool, []string{"", "session"}}, false},
			{"labels", &m.Session.Labels, false},
		}, false},
		{"window", &m.Window, false},
	}
}

// Append implements Body.
func (m *Hello) Append(dst []byte, _ Codec) []byte { return appendObject(dst, m.members()) }

// Decode reads a body; what was in m is replaced.
func (m *Hello) Decode(body []byte, _ Codec) error {
	*m = Hello{Versions: [2]int64{1, 1}}
	return decodeObject(body, m.members())
}

// Challenge is the server's part of a SASL exchange.
type Challenge struct {
	// Mech is the way to log in that is taken.
	Mech string
	// Data is the mechanism's message.
	Data Proof
}

func (m *Challenge) members() []member {
	return []member{{"mech", &m.Mech, true}, {"data", (*[]byte)(&m.Data), false}}
}

// Append implements Body.
func (m *Challenge) Append(dst []byte, _ Codec) []byte { return appendObject(dst, m.members()) }

// Decode reads a body; what was in m is replaced.
func (m *Challenge) Decode(body []byte, _ Codec) error {
	*m = Challenge{}
	return decodeObject(body, m.members())
}

// Response is the client's part of a SASL exchange, or its token. Within a
// session it renews a login that ends.
type Response struct {
	// Data is the mechanism's message.
	Data Proof
	// Token is it for AuthToken.
	Token Secret
}

func (m *Response) members() []member {
	return []member{{"data", (*[]byte)(&m.Data), false}, {"token", &m.Token, false}}
}

// Append implements Body.
func (m *Response) Append(dst []byte, _ Codec) []byte { return appendObject(dst, m.members()) }

// Decode reads a body; what was in m is replaced.
func (m *Response) Decode(body []byte, _ Codec) error {
	*m = Response{}
	return decodeObject(body, m.members())
}

// Welcome ends the login: what the session is like.
type Welcome struct {
	// Version and Codec are those of all that follows.
	Version int64
	Codec   string
	// Dialect is the database's: "postgres", "mysql", "oracle", "sqlite".
	Dialect string
	// Server is the gateway's name and version, for people.
	Server string
	// Session names the session, for logs and admin.
	Session string
	// MaxFrame and MaxMessage are the sizes that the gateway accepts, in bytes: at
	// least LoginLimit, less than 2 GiB; 0 means DefaultFrame and DefaultMessage.
	MaxFrame, MaxMessage int64
	// IdleMS ends a session that sends nothing for so long, in milliseconds; 0 is
	// never.
	IdleMS int64
	// Features are what the gateway can do beyond the least, by name.
	Features []string
	// ReadOnly says that the user may read only.
	ReadOnly bool
	// Data is the mechanism's last message: the server's proof of itself.
	Data Proof
}

func (m *Welcome) members() []member {
	return []member{
		{"version", &m.Version, true},
		{"codec", &m.Codec, true},
		{"dialect", &m.Dialect, true},
		{"server", &m.Server, false},
		{"session", &m.Session, false},
		{"max_frame", &m.MaxFrame, false},
		{"max_message", &m.MaxMessage, false},
		{"idle_ms", &m.IdleMS, false},
		{"features", &m.Features, false},
		{"read_only", &m.ReadOnly, false},
		{"data", (*[]byte)(&m.Data), false},
	}
}

// Append implements Body.
func (m *Welcome) Append(dst []byte, _ Codec) []byte { return appendObject(dst, m.members()) }

// Decode reads a body; what was in m is replaced.
func (m *Welcome) Decode(body []byte, _ Codec) error {
	*m = Welcome{}
	if err := decodeObject(body, m.members()); err != nil {
		return err
	}
	for _, size := range []int64{m.MaxFrame, m.MaxMessage} {
		if size != 0 && size < LoginLimit || size > math.MaxInt32 {
			return &ProtocolError{Reason: "a size of frames or messages out of range"}
		}
	}
	return nil
}
