// This file holds the messages that name a statement: to run it, and to prepare it.

package wire

import (
	"database/sql/driver"
	"encoding/base64"
	"encoding/binary"
	"math"
	"slices"
)

// Statement is a query or an exec.
type Statement struct {
	// SQL is the text; empty where SID, if not 0, names a prepared statement.
	SQL string
	SID uint32
	// Args are the arguments with their names and ordinals, at most MaxArgs, each
	// one that CheckArg has nothing against.
	Args []driver.NamedValue
	// TimeoutMS is how long it may take, in milliseconds; 0 is unbounded.
	TimeoutMS int64
	// MaxRows ends the result early; 0 is unbounded.
	MaxRows int64
	// MaxStaleMS is how old an answer from the cache may be, in milliseconds; 0
	// leaves that to the gateway.
	MaxStaleMS int64
	// Tx says that the client is within a transaction: the gateway refuses it
	// where it is not.
	Tx bool

	zones zones
	tmp   []byte
}

// The members of a statement. In binary form they are the bits that say which
// are there.
const (
	statementSQL members = 1 << iota
	statementSID
	statementTimeout
	statementMaxRows
	statementMaxStale
	statementTx
	statementArgs  // JSON alone
	statementNamed // JSON alone
	statementCache // JSON alone
)

// has are the members that are not left out.
func (m *Statement) has() (set members) {
	if m.SQL != "" || m.SID == 0 {
		set |= statementSQL
	}
	if m.SID != 0 {
		set |= statementSID
	}
	if m.TimeoutMS > 0 {
		set |= statementTimeout
	}
	if m.MaxRows > 0 {
		set |= statementMaxRows
	}
	if m.MaxStaleMS > 0 {
		set |= statementMaxStale
	}
	if m.Tx {
		set |= statementTx
	}
	return set
}

// Append implements Body.
func (m *Statement) Append(dst []byte, c Codec) []byte {
	set := m.has()
	if c == Binary {
		return m.appendBinary(dst, set)
	}
	dst = append(dst, '{')
	if set&statementSQL != 0 {
		dst = append(appendSQL(dst, m.SQL), ',')
	}
	if set&statementSID != 0 {
		dst = append(appendNumberMember(append(dst, `"sid":`...), int64(m.SID)), ',')
	}
	if len(m.Args) > 0 {
		dst = append(m.appendArgs(dst), ',')
	}
	if set&statementTimeout != 0 {
		dst = append(appendNumberMember(append(dst, `"timeout_ms":`...), m.TimeoutMS), ',')
	}
	if set&statementMaxRows != 0 {
		dst = append(appendNumberMember(append(dst, `"max_rows":`...), m.MaxRows), ',')
	}
	if set&statementMaxStale != 0 {
		dst = append(appendNumberMember(append(dst, `"cache":{"max_stale_ms":`...), m.MaxStaleMS), '}', ',')
	}
	if set&statementTx != 0 {
		dst = append(dst, `"tx":true,`...)
	}
	dst[len(dst)-1] = '}' // sql or sid is always there
	return dst
}

// appendSQL appends the member that holds a text of SQL.
func appendSQL(dst []byte, sql string) []byte {
	start := len(dst)
	if dst, ok := appendQuoted(append(dst, `"sql":`...), sql); ok {
		return dst
	}
	dst = append(dst[:start], `"sql64":"`...)
	return append(base64.StdEncoding.AppendEncode(dst, []byte(sql)), '"')
}

func (m *Statement) appendArgs(dst []byte) []byte {
	dst = append(dst, `"args":[`...)
	for i := range m.Args {
		if i > 0 {
			dst = append(dst, ',')
		}
		if m.Args[i].Name == "" {
			dst = appendArg(dst, m.Args[i].Value)
			continue
		}
		dst = appendString(append(dst, `{"name":`...), m.Args[i].Name)
		dst = append(appendArg(append(dst, `,"v":`...), m.Args[i].Value), '}')
	}
	return append(dst, ']')
}

func (m *Statement) appendBinary(dst []byte, set members) []byte {
	dst = append(dst, byte(set))
	if set&statementSQL != 0 {
		dst = appendBlob(dst, m.SQL)
	}
	if set&statementSID != 0 {
		dst = binary.AppendUvarint(dst, uint64(m.SID))
	}
	if set&statementTimeout != 0 {
		dst = binary.AppendUvarint(dst, uint64(m.TimeoutMS))
	}
	if set&statementMaxRows != 0 {
		dst = binary.AppendUvarint(dst, uint64(m.MaxRows))
	}
	if set&statementMaxStale != 0 {
		dst = binary.AppendUvarint(dst, uint64(m.MaxStaleMS))
	}
	dst = binary.AppendUvarint(dst, uint64(len(m.Args)))
	for i := range m.Args {
		dst = appendArgBinary(appendBlob(dst, m.Args[i].Name), m.Args[i].Value)
	}
	return dst
}

// Decode reads a body; what was in m is replaced, and Args reuses its memory: a
// connection best keeps one Statement for all.
func (m *Statement) Decode(body []byte, c Codec) error {
	clear(m.Args)
	*m = Statement{Args: m.Args[:0], zones: m.zones, tmp: m.tmp}
	in := input{b: body, tmp: m.tmp, zones: &m.zones}
	if c == Binary {
		m.decodeBinary(&in)
		return in.doneBinary()
	}
	err := m.decodeJSON(&in)
	m.tmp = in.tmp
	return err
}

// mostArgs is room for how many arguments stays with a Statement that forgets.
const mostArgs = 64

// Forget lets the text go, the arguments, and what large ones took, for a
// connection that waits.
func (m *Statement) Forget() {
	clear(m.Args)
	m.SQL, m.Args = "", m.Args[:0]
	if cap(m.Args) > mostArgs {
		m.Args = nil
	}
	if cap(m.tmp) > firstRead {
		m.tmp = nil
	}
}

func (m *Statement) decodeJSON(in *input) error {
	var seen members
	body, named := in.b, 0
	for key, more := in.firstMember(); more; key, more = in.nextMember() {
		if string(key) == "named" {
			in.once(&seen, statementNamed)
			named = in.i
			in.skip()
			continue
		}
		m.member(in, &seen, key)
	}
	if seen&(statementSQL|statementSID) == 0 {
		in.refuse(in.i, "a statement needs sql or sid")
	}
	if err := in.done(); err != nil || named == 0 {
		return err
	}
	in.b, in.i = body, named // after args, wherever it stands
	m.named(in)
	if in.fail != nil {
		return in.fail
	}
	return nil
}

func (m *Statement) member(in *input, seen *members, key []byte) {
	switch string(key) {
	case "sql":
		in.once(seen, statementSQL)
		m.SQL = in.text()
	case "sql64":
		in.once(seen, statementSQL)
		m.SQL = in.text64()
	case "sid":
		in.once(seen, statementSID)
		m.SID = uint32(in.between(1, math.MaxUint32))
	case "args":
		in.once(seen, statementArgs)
		m.args(in)
	case "timeout_ms":
		in.once(seen, statementTimeout)
		m.TimeoutMS = in.natural()
	case "max_rows":
		in.once(seen, statementMaxRows)
		m.MaxRows = in.natural()
	case "cache":
		in.once(seen, statementCache)
		m.cache(in)
	case "tx":
		in.once(seen, statementTx)
		m.Tx = in.boolean()
	default:
		in.skip()
	}
}

// text64 reads a string in base64.
func (in *input) text64() string {
	at := in.i
	return string(in.base64(at, in.quoted()))
}

func (m *Statement) cache(in *input) {
	var seen members
	for key, more := in.firstMember(); more; key, more = in.nextMember() {
		if string(key) != "max_stale_ms" {
			in.skip()
			continue
		}
		in.once(&seen, statementMaxStale)
		m.MaxStaleMS = in.natural()
	}
}

func (m *Statement) args(in *input) {
	for more := in.firstElement(); more; more = in.nextElement() {
		name, v := in.argument(true, true)
		m.add(in, name, v)
	}
}

// add adds an argument.
func (m *Statement) add(in *input, name string, v any) {
	if len(m.Args) == MaxArgs {
		in.refuse(in.i, "too many arguments")
		return
	}
	m.Args = append(m.Args, driver.NamedValue{Name: name, Ordinal: len(m.Args) + 1, Value: v})
}

// named reads the object whose keys are the names of arguments.
func (m *Statement) named(in *input) {
	known := map[string]bool{}
	for key, more := in.firstMember(); more; key, more = in.nextMember() {
		name := string(key)
		if known[name] || name == "" {
			in.refuse(in.i, "a named argument without a name, or twice")
			return
		}
		known[name] = true
		_, v := in.argument(false, true)
		m.add(in, name, v)
	}
}

// atOnce is for how many arguments there is room before they are read: a number
// that a few bytes announce may not cost more.
const atOnce = 64

func (m *Statement) decodeBinary(in *input) {
	at := in.i
	set := members(in.readByte())
	if set >= statementArgs || set&(statementSQL|statementSID) == 0 {
		in.refuse(at, "a statement with unknown members, or without sql or sid")
	}
	if set&statementSQL != 0 {
		m.SQL = string(in.blob())
	}
	if set&statementSID != 0 {
		if m.SID = uint32(in.upTo(math.MaxUint32)); m.SID == 0 {
			in.refuse(at, "no statement has the number 0")
		}
	}
	if set&statementTimeout != 0 {
		m.TimeoutMS = in.naturalBinary()
	}
	if set&statementMaxRows != 0 {
		m.MaxRows = in.naturalBinary()
	}
	if set&statementMaxStale != 0 {
		m.MaxStaleMS = in.naturalBinary()
	}
	m.Tx = set&statementTx != 0
	count := in.upTo(MaxArgs)
	m.Args = slices.Grow(m.Args, int(min(count, atOnce)))
	for range count {
		name := string(in.blob())
		v := in.binaryArg(true)
		if in.fail != nil {
			return
		}
		m.add(in, name, v)
	}
}
