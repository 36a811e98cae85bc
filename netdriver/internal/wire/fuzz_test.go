// This file holds what must be true of a decoder whatever bytes it is given.

package wire_test

import (
	"bytes"
	"database/sql/driver"
	"reflect"
	"runtime"
	"testing"

	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

// taken is how much memory f took.
func taken(f func()) int {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return int(after.TotalAlloc - before.TotalAlloc)
}

// A decoder takes at most 4 bytes for each byte of a body, perValue for each
// argument, element of a list or column besides, of which there can only be so
// many in a message, and a constant.
const (
	perValue = 768
	constant = 64 << 10
)

// values counts what may take perValue.
func values(m body) int {
	switch m := m.(type) {
	case *wire.Statement:
		return elements(m.Args)
	case *wire.End:
		return elements(m.Out)
	case *wire.Head:
		return len(m.Columns)
	case *wire.Prepared:
		return len(m.Columns)
	}
	return 0
}

func elements(args []driver.NamedValue) (n int) {
	for _, a := range args {
		v := a.Value
		if out, ok := v.(wire.Out); ok {
			v = out.In
		}
		if list, ok := v.(wire.List); ok {
			n += len(list.Values)
		}
		n++
	}
	return n
}

// within is a body with other bytes behind it that a decoder must not look at.
func within(b []byte, behind string) []byte {
	return append(bytes.Clone(b), behind...)[:len(b)]
}

// wrongly checks what a decoder says of a body that it refuses.
func wrongly(t *testing.T, b []byte, err error) {
	t.Helper()
	wrong, ok := err.(*wire.ProtocolError)
	if !ok || wrong.Offset < 0 || wrong.Offset > int64(len(b)) || wrong.Reason == "" || wrong.Err != nil {
		t.Errorf("%q: %#v", b, err)
	}
}

// read reads a body into m, and checks that it neither changed nor kept it, looked
// beyond it nor took too much memory.
func read(t *testing.T, m body, b []byte, c wire.Codec) bool {
	t.Helper()
	given := within(b, `"]}],"x":0}`)
	var err error
	memory := taken(func() { err = m.Decode(given, c) })
	if most := 4*len(b) + perValue*values(m) + constant; memory > most {
		t.Errorf("%d bytes were taken for %d, at most %d are allowed", memory, len(b), most)
	}
	if !bytes.Equal(given, b) {
		t.Errorf("%q became %q", b, given)
	}
	for i := range given {
		given[i] = 0xaa
	}
	other := fresh(m)
	if again := other.Decode(within(b, "\x00\x00\x00\x00"), c); (err == nil) != (again == nil) {
		t.Errorf("%q: %v, with other bytes behind it %v", b, err, again)
	}
	if err != nil {
		wrongly(t, b, err)
		return false
	}
	if got, want := m.Append(nil, wire.JSON), other.Append(nil, wire.JSON); !bytes.Equal(got, want) {
		t.Errorf("%q is read as %q, and as %q", b, got, want)
	}
	return true
}

// roundTrip checks that what a body is read as is written and read as the same,
// in each form that the message has.
func roundTrip(t *testing.T, m body, b []byte, c wire.Codec, forms ...wire.Codec) {
	t.Helper()
	if !read(t, m, b, c) {
		return
	}
	text := m.Append(nil, wire.JSON)
	for _, form := range forms {
		written := m.Append(nil, form)
		back := fresh(m)
		if err := back.Decode(written, form); err != nil {
			t.Fatalf("%q is written as %q: %v", b, written, err)
		}
		if again := back.Append(nil, form); !bytes.Equal(again, written) {
			t.Errorf("%q is written as %q, then as %q", b, written, again)
		}
		if other := back.Append(nil, wire.JSON); !bytes.Equal(other, text) {
			t.Errorf("%q comes back from %s as %q", text, form, other)
		}
	}
}

// seed adds the bodies of the table of messages that are of these types.
func seed(f *testing.F, c wire.Codec, like ...body) {
	f.Helper()
	for _, w := range messages {
		for _, m := range like {
			if reflect.TypeOf(m) == reflect.TypeOf(w.m) && (c == wire.JSON || w.binary != "") {
				f.Add(w.m.Append(nil, c))
			}
		}
	}
}

// seedArgs adds a statement for each value.
func seedArgs(f *testing.F, c wire.Codec) {
	f.Helper()
	for _, g := range goldens {
		f.Add((&wire.Statement{SID: 1, Args: []driver.NamedValue{{Value: g.value}}}).Append(nil, c))
	}
	for _, g := range goldenArgs {
		f.Add((&wire.Statement{SID: 1, Args: []driver.NamedValue{g.value}}).Append(nil, c))
	}
}
