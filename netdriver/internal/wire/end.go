// This file holds the message that ends a result set, or a request.

package wire

import (
	"bytes"
	"database/sql/driver"
	"encoding/binary"
	"math"
	"strconv"
)

// TxState says where a session stands after an answer.
type TxState byte

// The states of a session; 0 where it was not told.
const (
	TxIdle   TxState = 'I' // in no transaction
	TxOpen   TxState = 'T' // in a transaction
	TxFailed TxState = 'E' // in a transaction that can only be rolled back
)

func (t TxState) valid() bool { return t == 0 || t == TxIdle || t == TxOpen || t == TxFailed }

// appendMember appends the member "tx", unless it is unset.
func (t TxState) appendMember(dst []byte) []byte {
	if t == 0 {
		return dst
	}
	return append(append(dst, `,"tx":"`...), byte(t), '"')
}

// txMember reads the value of a member "tx".
func (in *input) txMember() TxState {
	raw := in.quoted()
	if len(raw) != 1 {
		in.refuse(in.i, "an unknown state of a transaction")
		return 0
	}
	return in.txState(TxState(raw[0]))
}

// txState checks a state.
func (in *input) txState(t TxState) TxState {
	if !t.valid() {
		in.refuse(in.i, "an unknown state of a transaction")
		return 0
	}
	return t
}

// Count is a number that a driver may not tell.
type Count struct {
	// Known says that N is told. Else Err is the driver's text on why not, if it
	// was asked.
	Known bool
	N     int64
	Err   string
}

// End ends a result set, or answers what has none.
type End struct {
	// Affected and LastID are those of driver.Result.
	Affected, LastID Count
	// Out are the values of out parameters by the names or ordinals of their
	// arguments, each one that CheckArg has nothing against.
	Out []driver.NamedValue
	// More says that another result set follows; else the request is over.
	More bool
	// Tx is where the session stands.
	Tx TxState
	// Cache tells how the answer came about, such as "hit"; empty without a cache.
	Cache string
	// MS is how long it took in the gateway, in milliseconds; at least 0.
	MS float64
	// Pin is the reason why the session keeps its lease until a reset; empty if it
	// does not.
	Pin string

	zones zones
}

// Final says whether the message ends a request; false for an end in JSON that
// does not begin with that word.
func (m Message) Final() bool {
	switch {
	case m.Type != TypeEnd:
		return m.Type == TypeError
	case m.Codec() == Binary:
		return len(m.Body) > 0 && members(m.Body[0])&endMore == 0
	}
	return bytes.HasPrefix(m.Body, []byte(`{"more":false`))
}

// Pins says whether a message that ends a request tells of a pin; it may say so of one
// in JSON that does not, and of one that cannot be read.
func (m Message) Pins() bool {
	if m.Codec() != Binary {
		return bytes.Contains(m.Body, []byte(`"pin":`))
	}
	in := input{b: m.Body}
	set := members(in.readByte())
	_ = in.readByte() // the transaction
	for _, number := range []members{endAffected, endLastID} {
		if set&number != 0 {
			_ = in.varint()
		} else {
			_ = in.blob()
		}
	}
	_ = in.blob() // the cache
	return len(in.blob()) > 0 || in.fail != nil
}

// Append implements Body.
func (m *End) Append(dst []byte, c Codec) []byte {
	if c == Binary {
		return m.appendBinary(dst)
	}
	dst = strconv.AppendBool(append(dst, `{"more":`...), m.More)
	if m.Affected.Known {
		dst = appendInt(append(dst, `,"affected":`...), KindInt, m.Affected.N)
	}
	dst = appendMember(dst, `,"no_affected":`, m.Affected.Err)
	if m.LastID.Known {
		dst = append(dst, `,"last_id":"`...)
		dst = append(strconv.AppendInt(dst, m.LastID.N, 10), '"')
	}
	dst = appendMember(dst, `,"no_last_id":`, m.LastID.Err)
	if len(m.Out) > 0 {
		dst = m.appendOut(dst)
	}
	dst = appendMember(m.Tx.appendMember(dst), `,"cache":`, m.Cache)
	if m.MS > 0 && m.MS <= math.MaxFloat64 {
		dst = appendNumber(append(dst, `,"ms":`...), m.MS, 64)
	}
	return append(appendMember(dst, `,"pin":`, m.Pin), '}')
}

func (m *End) appendOut(dst []byte) []byte {
	dst = append(dst, `,"out":`...)
	for i := range m.Out {
		separator := byte(',')
		if i == 0 {
			separator = '{'
		}
		dst = append(appendString(append(dst, separator), outKey(m.Out[i])), ':')
		dst = appendArg(dst, m.Out[i].Value)
	}
	return append(dst, '}')
}

// outKey is the name of an out parameter, or its ordinal where it has no name or
// one that could be an ordinal.
func outKey(v driver.NamedValue) string {
	if _, number := ordinal([]byte(v.Name)); number || v.Name == "" {
		return strconv.Itoa(v.Ordinal)
	}
	return v.Name
}

// ordinal is the ordinal that a key spells.
func ordinal(key []byte) (n int, ok bool) {
	u, ok := parseUint(key)
	return int(u), ok && u > 0 && u <= MaxArgs
}

// The members of an end. In binary form the first are the bits that say what is
// there, or true.
const (
	endMore members = 1 << iota
	endAffected
	endLastID
	endNoAffected // JSON alone
	endNoLastID   // JSON alone
	endOut        // JSON alone
	endTx         // JSON alone
	endCache      // JSON alone
	endMS         // JSON alone
	endPin        // JSON alone
)

func (m *End) appendBinary(dst []byte) []byte {
	var set members
	if m.More {
		set |= endMore
	}
	if m.Affected.Known {
		set |= endAffected
	}
	if m.LastID.Known {
		set |= endLastID
	}
	dst = m.Affected.appendBinary(append(dst, byte(set), byte(m.Tx)))
	dst = m.LastID.appendBinary(dst)
	dst = appendBlob(appendBlob(dst, m.Cache), m.Pin)
	ms := m.MS
	if !(ms > 0 && ms <= math.MaxFloat64) {
		ms = 0
	}
	dst = binary.LittleEndian.AppendUint64(dst, math.Float64bits(ms))
	dst = binary.AppendUvarint(dst, uint64(len(m.Out)))
	for i := range m.Out {
		dst = binary.AppendUvarint(dst, uint64(m.Out[i].Ordinal))
		dst = appendArgBinary(appendBlob(dst, m.Out[i].Name), m.Out[i].Value)
	}
	return dst
}

func (c Count) appendBinary(dst []byte) []byte {
	if c.Known {
		return appendVarint(dst, c.N)
	}
	return appendBlob(dst, c.Err)
}

// Decode reads a body; what was in m is replaced, and Out reuses its memory.
func (m *End) Decode(body []byte, c Codec) error {
	clear(m.Out)
	*m = End{Out: m.Out[:0], zones: m.zones}
	in := input{b: body, zones: &m.zones}
	if c == Binary {
		m.decodeBinary(&in)
		return in.doneBinary()
	}
	var seen members
	for key, more := in.firstMember(); more; key, more = in.nextMember() {
		m.member(&in, &seen, key)
	}
	if seen&endAffected != 0 && seen&endNoAffected != 0 || seen&endLastID != 0 && seen&endNoLastID != 0 {
		in.refuse(in.i, "a number that is told and is not")
	}
	return in.done()
}

func (m *End) member(in *input, seen *members, key []byte) {
	switch string(key) {
	case "more":
		in.once(seen, endMore)
		m.More = in.boolean()
	case "affected":
		in.once(seen, endAffected)
		m.Affected.N, m.Affected.Known = in.anyInteger(), true
	case "no_affected":
		in.once(seen, endNoAffected)
		m.Affected.Err = in.text()
	case "last_id":
		in.once(seen, endLastID)
		m.LastID.N, m.LastID.Known = in.anyInteger(), true
	case "no_last_id":
		in.once(seen, endNoLastID)
		m.LastID.Err = in.text()
	case "out":
		in.once(seen, endOut)
		m.outs(in)
	case "tx":
		in.once(seen, endTx)
		m.Tx = in.txMember()
	case "cache":
		in.once(seen, endCache)
		m.Cache = in.text()
	case "ms":
		in.once(seen, endMS)
		m.MS = in.milliseconds()
	case "pin":
		in.once(seen, endPin)
		m.Pin = in.text()
	default:
		in.skip()
	}
}

// anyInteger reads an int64 as a number or as a string.
func (in *input) anyInteger() int64 {
	n, _ := in.bare(KindInt).(int64)
	return n
}

// milliseconds reads a number that is not negative.
func (in *input) milliseconds() float64 {
	at := in.i
	v, _ := in.bare(KindFloat).(float64)
	if v < 0 {
		in.refuse(at, "a time below 0")
	}
	return v
}

func (m *End) outs(in *input) {
	known := map[string]bool{}
	for key, more := in.firstMember(); more; key, more = in.nextMember() {
		var out driver.NamedValue
		if n, ok := ordinal(key); ok {
			out.Ordinal = n
		} else {
			out.Name = string(key)
		}
		_, out.Value = in.argument(false, false)
		m.addOut(in, known, out)
	}
}

// addOut adds an out parameter: each has a name or an ordinal, and its own.
func (m *End) addOut(in *input, known map[string]bool, out driver.NamedValue) {
	key := outKey(out)
	if _, number := ordinal([]byte(out.Name)); number || key == "0" || known[key] || len(known) == MaxArgs {
		in.refuse(in.i, "an out parameter without a name or twice, or too many")
		return
	}
	known[key] = true
	m.Out = append(m.Out, out)
}

func (m *End) decodeBinary(in *input) {
	at := in.i
	set := members(in.readByte())
	if set > endMore|endAffected|endLastID {
		in.refuse(at, "an end with unknown members")
	}
	m.More = set&endMore != 0
	m.Tx = in.txState(TxState(in.readByte()))
	m.Affected = in.count(set&endAffected != 0)
	m.LastID = in.count(set&endLastID != 0)
	m.Cache, m.Pin = string(in.blob()), string(in.blob())
	if b := in.bytes(8); b != nil {
		m.MS = math.Float64frombits(binary.LittleEndian.Uint64(b))
	}
	if !(m.MS >= 0 && m.MS <= math.MaxFloat64) {
		in.refuse(at, "a time below 0 or without a number")
	}
	known := map[string]bool{}
	for range in.upTo(MaxArgs) {
		out := driver.NamedValue{Ordinal: int(in.upTo(MaxArgs)), Name: string(in.blob())}
		out.Value = in.binaryArg(false)
		if in.fail != nil {
			return
		}
		m.addOut(in, known, out)
	}
}

// count reads a number, or why there is none.
func (in *input) count(known bool) Count {
	if known {
		return Count{Known: true, N: in.varint()}
	}
	return Count{Err: string(in.blob())}
}
