// This file holds the message that ends a request with an error.

package wire

// ErrorKind says for programs what went wrong. The set is closed.
type ErrorKind string

// The kinds of errors.
const (
	ErrorDB          ErrorKind = "db"           // the database's own, see Dialect and Code
	ErrorTimeout     ErrorKind = "timeout"      // the time given was over
	ErrorCanceled    ErrorKind = "canceled"     // the client canceled it
	ErrorPoolTimeout ErrorKind = "pool_timeout" // no connection to the database became free in time
	ErrorOverloaded  ErrorKind = "overloaded"   // a limit of the gateway is reached
	ErrorRateLimited ErrorKind = "rate_limited" // too many requests per second
	ErrorBreakerOpen ErrorKind = "breaker_open" // the database is taken to be down
	ErrorReadOnly    ErrorKind = "read_only"    // the user may read only
	ErrorDenied      ErrorKind = "denied"       // the user may not do this
	ErrorAuth        ErrorKind = "auth"         // the login failed
	ErrorTooLarge    ErrorKind = "too_large"    // a message or a value is too large
	ErrorProtocol    ErrorKind = "protocol"     // what was sent is not allowed
	ErrorShutdown    ErrorKind = "shutdown"     // the gateway ends
	ErrorConnLost    ErrorKind = "conn_lost"    // the connection to the database broke
	ErrorInternal    ErrorKind = "internal"     // the gateway's own fault
)

// Whether what an Error is about took effect.
const (
	AppliedNo      = "no"
	AppliedYes     = "yes"
	AppliedUnknown = "unknown"
)

// What became of the connection to the database, in an Error.
const (
	ConnOK   = "ok"
	ConnLost = "lost"
)

var (
	errorKinds = []string{
		string(ErrorDB), string(ErrorTimeout), string(ErrorCanceled), string(ErrorPoolTimeout), string(ErrorOverloaded),
		string(ErrorRateLimited), string(ErrorBreakerOpen), string(ErrorReadOnly), string(ErrorDenied), string(ErrorAuth),
		string(ErrorTooLarge), string(ErrorProtocol), string(ErrorShutdown), string(ErrorConnLost), string(ErrorInternal),
	}
	appliedStates = []string{AppliedNo, AppliedYes, AppliedUnknown}
	connStates    = []string{ConnOK, ConnLost}
)

// Error ends a request with an error.
type Error struct {
	// Kind is one of the kinds above.
	Kind ErrorKind
	// Dialect is the database's, Code its own code, SQLState the standard's.
	Dialect, Code, SQLState string
	// Native is what else the database's error carries, by its driver's names.
	Native map[string]string
	// Message is the text, as the driver gave it.
	Message string
	// Retryable says that the same request may succeed later.
	Retryable bool
	// Applied says whether it took effect; Conn what became of the connection.
	// Both are always told.
	Applied, Conn string
	// RetryAfterMS is when to try again, in milliseconds; 0 if that is unknown.
	RetryAfterMS int64
	// Tx and Pin are as in End.
	Tx  TxState
	Pin string
}

func (m *Error) members() []member {
	return []member{
		{"kind", closed{(*string)(&m.Kind), errorKinds}, true},
		{"dialect", &m.Dialect, false},
		{"code", &m.Code, false},
		{"sqlstate", &m.SQLState, false},
		{"native", &m.Native, false},
		{"message", &m.Message, true},
		{"retryable", &m.Retryable, false},
		{"applied", closed{&m.Applied, appliedStates}, true},
		{"retry_after_ms", &m.RetryAfterMS, false},
		{"tx", &m.Tx, false},
		{"conn", closed{&m.Conn, connStates}, true},
		{"pin", &m.Pin, false},
	}
}

// Append implements Body.
func (m *Error) Append(dst []byte, _ Codec) []byte { return appendObject(dst, m.members()) }

// Decode reads a body; what was in m is replaced. An unknown Kind, Applied or
// Conn is refused.
func (m *Error) Decode(body []byte, _ Codec) error {
	*m = Error{}
	return decodeObject(body, m.members())
}

// Error implements error, for logs. Clients make their own of it.
func (m *Error) Error() string { return "fluxor: " + string(m.Kind) + ": " + m.Message }
