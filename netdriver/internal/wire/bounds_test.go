// This file checks how much a message may hold, and what memory it takes to read it.

package wire_test

import (
	"database/sql/driver"
	"strings"
	"testing"

	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

func TestMoreArgumentsThanAStatementMayHaveAreRefused(t *testing.T) {
	args := make([]driver.NamedValue, wire.MaxArgs)
	for _, c := range []wire.Codec{wire.JSON, wire.Binary} {
		m := wire.Statement{SID: 1, Args: args}
		var back wire.Statement
		if err := back.Decode(m.Append(nil, c), c); err != nil || len(back.Args) != wire.MaxArgs {
			t.Errorf("%s: %d arguments, %v", c, len(back.Args), err)
		}
		m.Args = append(args, driver.NamedValue{})
		if err := back.Decode(m.Append(nil, c), c); err == nil {
			t.Errorf("%s: %d arguments were read", c, len(back.Args))
		}
	}
}

func TestMoreColumnsThanAResultMayHaveAreRefused(t *testing.T) {
	m := wire.Head{Columns: make([]wire.Column, wire.MaxColumns)}
	for _, c := range codecs {
		var back wire.Head
		if err := back.Decode(m.Append(nil, c), c); err != nil || len(back.Columns) != wire.MaxColumns {
			t.Errorf("%s: %d columns, %v", c, len(back.Columns), err)
		}
		more := wire.Head{Columns: make([]wire.Column, wire.MaxColumns+1)}
		if err := back.Decode(more.Append(nil, c), c); err == nil {
			t.Errorf("%s: %d columns were read", c, len(back.Columns))
		}
	}
}

func TestMoreElementsOfListsThanAMessageMayHaveAreRefused(t *testing.T) {
	list := wire.List{Values: make([]any, wire.MaxListed)}
	if err := wire.CheckArg(list); err != nil {
		t.Fatal(err)
	}
	if err := wire.CheckArg(wire.List{Values: make([]any, wire.MaxListed+1)}); err == nil {
		t.Error("a list of one more goes over the wire")
	}
	for _, c := range codecs {
		m := wire.Statement{SID: 1, Args: []driver.NamedValue{{Value: list}}}
		var back wire.Statement
		if err := back.Decode(m.Append(nil, c), c); err != nil || len(back.Args[0].Value.(wire.List).Values) != wire.MaxListed {
			t.Errorf("%s: %v", c, err)
		}
		m.Args = append(m.Args, driver.NamedValue{Value: wire.List{Values: []any{nil}}})
		if err := back.Decode(m.Append(nil, c), c); err == nil {
			t.Errorf("%s: one more was read", c)
		}
	}
}

func TestALongTextWithAnEscapeTakesNoMoreMemoryThanItIsLong(t *testing.T) {
	text := `{"code":"\n` + strings.Repeat("x", 4<<20) + `"}`
	var m wire.Notice
	memory := taken(func() {
		if err := m.Decode([]byte(text), wire.JSON); err != nil {
			t.Error(err)
		}
	})
	if memory > 4*len(text) {
		t.Errorf("%d bytes were taken for %d", memory, len(text))
	}
}
