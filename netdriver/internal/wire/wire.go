// Package wire is the protocol between Fluxor's network driver and its gateway:
// frames, messages and values, version 1. docs/PROTOCOL.md describes it for
// those who write a client.
//
// A framed connection begins with [Preamble]; then both sides send frames, which
// a [Reader] puts together to messages and a [Buffer] takes apart. A connection
// whose first byte is '{' speaks the same messages as lines of JSON. Each message
// has a struct with Append and Decode. Bodies are JSON objects; those of
// statements, heads, rows and ends have a binary form besides ([Binary]).
//
// Decoders believe nothing: they refuse what the protocol does not allow with a
// [*ProtocolError], never panic, and take memory for what arrived, never for
// what was announced. No type of this package may be used by two goroutines at
// once.
package wire

import "fmt"

// Preamble is what a client sends first on a framed connection.
const Preamble = "FXP1"

// Version is the version of the protocol that this package speaks.
const Version = 1

// What both sides keep to unless the welcome says otherwise, in bytes.
const (
	LoginLimit     = 8 << 10   // a frame and a message before the login is done
	DefaultFrame   = 256 << 10 // a frame
	DefaultMessage = 64 << 20  // a message, all its frames together
	DefaultWindow  = 256 << 10 // rows sent and not credited
	LeastWindow    = 64 << 10  // the smallest window that a gateway may have instead of a larger one
	RowsTarget     = 32 << 10  // when a message of rows is large enough to be sent
)

// What one message may hold.
const (
	MaxArgs    = 65535   // arguments of a statement
	MaxColumns = 65535   // columns of a result set
	MaxListed  = 1 << 20 // elements of all lists together
	maxEntries = 256     // entries of a list or map in any other message
)

// Type says what a message is.
type Type uint8

// The types of messages. Those of the client are below 32, the server's above;
// both sides send none but their own, and the server alone TypePong.
const (
	TypeHello     Type = 1
	TypeChallenge Type = 2 // server
	TypeResponse  Type = 3
	TypeWelcome   Type = 4 // server
	TypeQuery     Type = 5
	TypeExec      Type = 6
	TypePrepare   Type = 7
	TypeCloseStmt Type = 8
	TypeBegin     Type = 9
	TypeCommit    Type = 10
	TypeRollback  Type = 11
	TypeReset     Type = 12
	TypeCancel    Type = 13
	TypeCredit    Type = 14
	TypePing      Type = 15
	TypePong      Type = 16 // server
	TypeAdmin     Type = 17
	TypeHead      Type = 32
	TypeRows      Type = 33
	TypeEnd       Type = 34
	TypeError     Type = 35
	TypeGoaway    Type = 36
	TypeNotice    Type = 37
	TypePrepared  Type = 38
	TypeAnswer    Type = 39
)

var typeNames = [...]string{
	TypeHello: "hello", TypeChallenge: "challenge", TypeResponse: "response", TypeWelcome: "welcome",
	TypeQuery: "query", TypeExec: "exec", TypePrepare: "prepare", TypeCloseStmt: "close_stmt",
	TypeBegin: "begin", TypeCommit: "commit", TypeRollback: "rollback", TypeReset: "reset",
	TypeCancel: "cancel", TypeCredit: "credit", TypePing: "ping", TypePong: "pong", TypeAdmin: "admin",
	TypeHead: "head", TypeRows: "rows", TypeEnd: "end", TypeError: "error", TypeGoaway: "goaway",
	TypeNotice: "notice", TypePrepared: "prepared", TypeAnswer: "answer",
}

// Known says whether the protocol has this type.
func (t Type) Known() bool { return int(t) < len(typeNames) && typeNames[t] != "" }

// String is the type's name, which is also its "type" in line mode.
func (t Type) String() string {
	if !t.Known() {
		return fmt.Sprintf("type %d", uint8(t))
	}
	return typeNames[t]
}

// typeOf finds a type by its name.
func typeOf(name []byte) (Type, bool) {
	for t, known := range typeNames {
		if known != "" && known == string(name) {
			return Type(t), true
		}
	}
	return 0, false
}

// binary says whether messages of the type have a binary form.
func (t Type) binary() bool {
	switch t {
	case TypeQuery, TypeExec, TypePrepare, TypePrepared, TypeHead, TypeRows, TypeEnd:
		return true
	}
	return false
}

// Flags says how a frame's body is to be read.
type Flags uint8

// The flags of a frame; all other bits are 0.
const (
	FlagBinary Flags = 1 // the body is in binary form
	FlagMore   Flags = 2 // the next frame goes on with the same message
)

// Codec is the form of a body.
type Codec uint8

// The codecs. Their names in hello and welcome are "json" and "bin1".
const (
	JSON   Codec = 0
	Binary Codec = 1
)

// String is the codec's name in hello and welcome.
func (c Codec) String() string {
	if c == Binary {
		return "bin1"
	}
	return "json"
}

// Flags are those of a frame whose body is in this form.
func (c Codec) Flags() Flags {
	if c == Binary {
		return FlagBinary
	}
	return 0
}

// Header is what a frame says of its message.
type Header struct {
	// Type says what the message is.
	Type Type
	// Flags are the frame's; a message that was put together has no FlagMore.
	Flags Flags
	// ID is the number of the request, which the client picks; 0 is the session.
	ID uint32
}

// Codec is the form of the message's body.
func (h Header) Codec() Codec {
	if h.Flags&FlagBinary != 0 {
		return Binary
	}
	return JSON
}

// Message is one message as it came.
type Message struct {
	Header
	// Body is valid until the next call of the reader.
	Body []byte
}

// ProtocolError says what of a peer's bytes the protocol does not allow. What
// follows in the stream cannot be trusted; retrying does not help.
type ProtocolError struct {
	// Offset is where, in bytes: from the start of the body for a message, from
	// the start of the stream for a frame or line.
	Offset int64
	// Reason is what is wrong there, for people.
	Reason string
	// TooLarge says that all that is wrong is the size.
	TooLarge bool
	// Err is the stream's error, where that is the reason.
	Err error
}

// Error implements error.
func (e *ProtocolError) Error() string {
	return fmt.Sprintf("fluxor: protocol: %s (at byte %d)", e.Reason, e.Offset)
}

// Unwrap is the stream's error, if there was one.
func (e *ProtocolError) Unwrap() error { return e.Err }
