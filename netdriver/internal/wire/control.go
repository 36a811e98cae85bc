// This file writes and reads the messages that are JSON in either codec, by tables of their members.

package wire

import (
	"bytes"
	"database/sql/driver"
	"encoding/base64"
	"encoding/json"
	"maps"
	"math"
	"slices"
	"strconv"
)

// member is one member of a message: its name, and where its value is.
type member struct {
	name string
	// at is a *bool, *int64 (never negative), *uint32 (a statement's number),
	// *[2]int64 (a range), *string, *Secret, closed, *TxState,
	// *driver.IsolationLevel, *[]byte (in base64), *[]string, *map[string]string,
	// *json.RawMessage, or []member for an object.
	at any
	// always says that the member is written even where its value is zero, and
	// must be there.
	always bool
}

// closed is a text that must be one of a few.
type closed struct {
	at  *string
	set []string
}

// appendObject appends an object.
func appendObject(dst []byte, ms []member) []byte {
	dst = append(dst, '{')
	start := len(dst)
	for _, m := range ms {
		if !m.always && m.zero() {
			continue
		}
		if len(dst) > start {
			dst = append(dst, ',')
		}
		dst = append(append(append(dst, '"'), m.name...), '"', ':')
		dst = m.append(dst)
	}
	return append(dst, '}')
}

// zero says whether the member need not be written.
func (m member) zero() bool {
	switch at := m.at.(type) {
	case *bool:
		return !*at
	case *int64:
		return *at == 0
	case *uint32:
		return *at == 0
	case *[2]int64:
		return *at == [2]int64{}
	case *TxState:
		return *at == 0
	case *driver.IsolationLevel:
		return *at == 0
	case *string:
		return *at == ""
	case closed:
		return *at.at == ""
	case *Secret:
		return *at == ""
	case *[]byte:
		return len(*at) == 0
	case *[]string:
		return len(*at) == 0
	case *map[string]string:
		return len(*at) == 0
	case *json.RawMessage:
		return len(*at) == 0
	case []member:
		return !slices.ContainsFunc(at, func(m member) bool { return !m.zero() })
	}
	panic("wire: a member of an unknown type")
}

func (m member) append(dst []byte) []byte {
	switch at := m.at.(type) {
	case *bool:
		return strconv.AppendBool(dst, *at)
	case *int64:
		return strconv.AppendInt(dst, *at, 10)
	case *uint32:
		return strconv.AppendUint(dst, uint64(*at), 10)
	case *[2]int64:
		dst = strconv.AppendInt(append(dst, '['), at[0], 10)
		return append(strconv.AppendInt(append(dst, ','), at[1], 10), ']')
	case *TxState:
		return append(dst, '"', byte(*at), '"')
	case *driver.IsolationLevel:
		return appendString(dst, isolationName(*at))
	case *string:
		return appendString(dst, *at)
	case closed:
		return appendString(dst, *at.at)
	case *Secret:
		return appendString(dst, string(*at))
	case *[]byte:
		return append(base64.StdEncoding.AppendEncode(append(dst, '"'), *at), '"')
	case *[]string:
		return appendStrings(dst, *at)
	case *map[string]string:
		return appendMap(dst, *at)
	case *json.RawMessage:
		return appendRaw(dst, *at)
	case []member:
		return appendObject(dst, at)
	}
	panic("wire: a member of an unknown type")
}

func appendStrings(dst []byte, texts []string) []byte {
	dst = append(dst, '[')
	for i, text := range texts {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendString(dst, text)
	}
	return append(dst, ']')
}

// appendMap appends a map in the order of its keys.
func appendMap(dst []byte, texts map[string]string) []byte {
	dst = append(dst, '{')
	for i, key := range slices.Sorted(maps.Keys(texts)) {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(appendString(dst, key), ':')
		dst = appendString(dst, texts[key])
	}
	return append(dst, '}')
}

// appendRaw appends JSON without blanks, since a line break would end a line.
func appendRaw(dst []byte, raw json.RawMessage) []byte {
	b := bytes.NewBuffer(dst)
	if err := json.Compact(b, raw); err != nil {
		panic("wire: what was to be sent as JSON is none: " + err.Error())
	}
	return b.Bytes()
}

// decodeObject reads a body.
func decodeObject(body []byte, ms []member) error {
	in := input{b: body}
	in.object(ms)
	return in.done()
}

// object reads an object.
func (in *input) object(ms []member) {
	var seen members
	for key, more := in.firstMember(); more; key, more = in.nextMember() {
		i := slices.IndexFunc(ms, func(m member) bool { return m.name == string(key) })
		if i < 0 {
			in.skip()
			continue
		}
		in.once(&seen, 1<<i)
		in.member(ms[i])
	}
	for i, m := range ms {
		if m.always && seen&(1<<i) == 0 {
			in.refuse(in.i, "a message without "+m.name)
		}
	}
}

func (in *input) member(m member) {
	switch at := m.at.(type) {
	case *bool:
		*at = in.boolean()
	case *int64:
		*at = in.natural()
	case *uint32:
		*at = uint32(in.between(1, math.MaxUint32))
	case *[2]int64:
		*at = in.span()
	case *TxState:
		*at = in.txMember()
	case *driver.IsolationLevel:
		*at = in.isolation()
	case *string:
		*at = in.text()
	case closed:
		in.closed(at)
	case *Secret:
		*at = Secret(in.text())
	case *[]byte:
		from := in.i
		*at = in.base64(from, in.quoted())
	case *[]string:
		*at = in.strings()
	case *map[string]string:
		*at = in.texts()
	case *json.RawMessage:
		in.space()
		from, all := in.i, in.b
		if in.skip(); in.fail == nil {
			*at = bytes.Clone(all[from:in.i])
		}
	case []member:
		in.object(at)
	default:
		panic("wire: a member of an unknown type")
	}
}

// span reads a range of two numbers from 1 on.
func (in *input) span() (r [2]int64) {
	at, n := in.i, 0
	for more := in.firstElement(); more; more = in.nextElement() {
		r[min(n, 1)] = in.natural()
		n++
	}
	if n != len(r) || r[0] < 1 || r[0] > r[1] {
		in.refuse(at, "expected a range of two numbers")
	}
	return r
}

func (in *input) closed(c closed) {
	at := in.i
	text := in.text()
	if !slices.Contains(c.set, text) {
		in.refuse(at, "a text that is none of those allowed")
	}
	*c.at = text
}

// strings reads a list of texts.
func (in *input) strings() (texts []string) {
	for more := in.firstElement(); more; more = in.nextElement() {
		if len(texts) == maxEntries {
			in.refuse(in.i, "too many elements")
			break
		}
		texts = append(texts, in.text())
	}
	return texts
}

// texts reads an object of texts.
func (in *input) texts() map[string]string {
	texts := map[string]string{}
	for key, more := in.firstMember(); more; key, more = in.nextMember() {
		name := string(key)
		if _, twice := texts[name]; twice || len(texts) == maxEntries {
			in.refuse(in.i, "a key twice, or too many")
			break
		}
		texts[name] = in.text()
	}
	if len(texts) == 0 {
		return nil
	}
	return texts
}
