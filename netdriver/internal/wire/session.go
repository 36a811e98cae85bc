// This file holds the messages that steer a session: transactions, prepared statements, credit, pings, admin, notices.

package wire

import (
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// Empty is the body of messages that say all by their type: commit, rollback,
// reset, cancel, pong.
type Empty struct{}

// Append implements Body.
func (*Empty) Append(dst []byte, _ Codec) []byte { return append(dst, '{', '}') }

// Decode reads a body.
func (*Empty) Decode(body []byte, _ Codec) error { return decodeObject(body, nil) }

// CloseStmt ends a prepared statement. It is not answered.
type CloseStmt struct {
	// SID is the statement's number.
	SID uint32
}

func (m *CloseStmt) members() []member { return []member{{"sid", &m.SID, true}} }

// Append implements Body.
func (m *CloseStmt) Append(dst []byte, _ Codec) []byte { return appendObject(dst, m.members()) }

// Decode reads a body; what was in m is replaced.
func (m *CloseStmt) Decode(body []byte, _ Codec) error {
	*m = CloseStmt{}
	return decodeObject(body, m.members())
}

// Begin begins a transaction.
type Begin struct {
	// Isolation is as in driver.TxOptions; 0 is the database's own.
	Isolation driver.IsolationLevel
	// ReadOnly asks for a transaction that only reads.
	ReadOnly bool
	// TimeoutMS is how long it may take to begin, in milliseconds; 0 is unbounded.
	TimeoutMS int64
}

func (m *Begin) members() []member {
	return []member{{"iso", &m.Isolation, false}, {"ro", &m.ReadOnly, false}, {"timeout_ms", &m.TimeoutMS, false}}
}

// Append implements Body.
func (m *Begin) Append(dst []byte, _ Codec) []byte { return appendObject(dst, m.members()) }

// Decode reads a body; what was in m is replaced.
func (m *Begin) Decode(body []byte, _ Codec) error {
	*m = Begin{}
	return decodeObject(body, m.members())
}

// isolations are the names of database/sql's levels, in their order.
var isolations = func() (names []string) {
	for l := sql.LevelDefault; l <= sql.LevelLinearizable; l++ {
		names = append(names, strings.ToLower(l.String()))
	}
	return names
}()

// isolationName is the name of a level; its number where it has none.
func isolationName(l driver.IsolationLevel) string {
	if l >= 0 && int(l) < len(isolations) {
		return isolations[l]
	}
	return strconv.Itoa(int(l))
}

// isolation reads the name of a level, or its number.
func (in *input) isolation() driver.IsolationLevel {
	at := in.i
	name := in.text()
	if i := slices.Index(isolations, name); i >= 0 {
		return driver.IsolationLevel(i)
	}
	n, err := strconv.ParseInt(name, 10, 32)
	if err != nil {
		in.refuse(at, "an unknown level of isolation")
	}
	return driver.IsolationLevel(n)
}

// Credit allows the server to send more rows of a request.
type Credit struct {
	// N is how many more bytes: those of the bodies of rows.
	N int64
}

func (m *Credit) members() []member { return []member{{"n", &m.N, true}} }

// Append implements Body.
func (m *Credit) Append(dst []byte, _ Codec) []byte { return appendObject(dst, m.members()) }

// Decode reads a body; what was in m is replaced.
func (m *Credit) Decode(body []byte, _ Codec) error {
	*m = Credit{}
	return decodeObject(body, m.members())
}

// Ping asks whether the gateway is there; a pong, which is Empty, or an error
// answers it.
type Ping struct {
	// DB asks for the database as well.
	DB bool
	// TimeoutMS is how long that may take, in milliseconds; 0 is unbounded.
	TimeoutMS int64
}

func (m *Ping) members() []member {
	return []member{{"db", &m.DB, false}, {"timeout_ms", &m.TimeoutMS, false}}
}

// Append implements Body.
func (m *Ping) Append(dst []byte, _ Codec) []byte { return appendObject(dst, m.members()) }

// Decode reads a body; what was in m is replaced.
func (m *Ping) Decode(body []byte, _ Codec) error {
	*m = Ping{}
	return decodeObject(body, m.members())
}

// Goaway asks the client to finish its transaction and to go elsewhere.
type Goaway struct {
	// Reason is why, such as "drain".
	Reason string
	// AfterMS is when the gateway ends the session, in milliseconds from now.
	AfterMS int64
}

func (m *Goaway) members() []member {
	return []member{{"reason", &m.Reason, false}, {"after_ms", &m.AfterMS, false}}
}

// Append implements Body.
func (m *Goaway) Append(dst []byte, _ Codec) []byte { return appendObject(dst, m.members()) }

// Decode reads a body; what was in m is replaced.
func (m *Goaway) Decode(body []byte, _ Codec) error {
	*m = Goaway{}
	return decodeObject(body, m.members())
}

// Notice tells something that is no error: a warning, or that the request waits.
type Notice struct {
	// Code says what it is for programs, such as "queued"; Message for people.
	Code, Message string
}

func (m *Notice) members() []member {
	return []member{{"code", &m.Code, true}, {"message", &m.Message, false}}
}

// Append implements Body.
func (m *Notice) Append(dst []byte, _ Codec) []byte { return appendObject(dst, m.members()) }

// Decode reads a body; what was in m is replaced.
func (m *Notice) Decode(body []byte, _ Codec) error {
	*m = Notice{}
	return decodeObject(body, m.members())
}

// Admin asks the gateway about itself, or to do something. An AdminAnswer or an
// error answers it.
type Admin struct {
	// Op is what is asked for, such as "metrics".
	Op string
	// Args are its arguments by name.
	Args map[string]string
}

func (m *Admin) members() []member { return []member{{"op", &m.Op, true}, {"args", &m.Args, false}} }

// Append implements Body.
func (m *Admin) Append(dst []byte, _ Codec) []byte { return appendObject(dst, m.members()) }

// Decode reads a body; what was in m is replaced.
func (m *Admin) Decode(body []byte, _ Codec) error {
	*m = Admin{}
	return decodeObject(body, m.members())
}

// AdminAnswer answers an Admin.
type AdminAnswer struct {
	// Data is any JSON. Append panics where it is none.
	Data json.RawMessage
}

func (m *AdminAnswer) members() []member { return []member{{"data", &m.Data, true}} }

// Append implements Body.
func (m *AdminAnswer) Append(dst []byte, _ Codec) []byte { return appendObject(dst, m.members()) }

// Decode reads a body; what was in m is replaced.
func (m *AdminAnswer) Decode(body []byte, _ Codec) error {
	*m = AdminAnswer{}
	return decodeObject(body, m.members())
}
