// This file checks the beginning of connections and line mode.

package wire_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

// accepted is a reader over a client's stream after its beginning.
func accepted(t *testing.T, stream string) *wire.Reader {
	t.Helper()
	r := wire.NewReader(iotest.OneByteReader(strings.NewReader(stream)), wire.Limits{})
	if err := r.Accept(); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestTheFirstByteDecidesTheMode(t *testing.T) {
	framed := accepted(t, wire.Preamble+string(frames(0, message(wire.TypePing, 0, 1, "{}"))))
	if framed.Line() {
		t.Error("a preamble began line mode")
	}
	expect(t, framed, message(wire.TypePing, 0, 1, "{}"))

	line := `{"type":"ping","id":3}`
	lines := accepted(t, line+"\n")
	if !lines.Line() {
		t.Error("a brace did not begin line mode")
	}
	expect(t, lines, message(wire.TypePing, 0, 3, line))
}

// counting counts the bytes that were read from it, one at a time.
type counting struct {
	r io.Reader
	n int
}

func (c *counting) Read(b []byte) (int, error) {
	n, err := c.r.Read(b[:1])
	c.n += n
	return n, err
}

func TestABeginningThatIsNoneIsRefusedAtItsFirstWrongByte(t *testing.T) {
	for stream, wrong := range map[string]int{"GET / HTTP/1.1\r\n": 1, "\x16\x03\x01\x02": 1, "FXP2": 4, "FX{}": 3, "[]": 1, " {}": 1} {
		c := &counting{r: strings.NewReader(stream)}
		err := wire.NewReader(c, wire.Limits{}).Accept()
		refused(t, err, int64(wrong-1), "neither")
		if c.n != wrong {
			t.Errorf("%q: %d bytes were read, want %d", stream, c.n, wrong)
		}
	}
	if err := wire.NewReader(strings.NewReader(""), wire.Limits{}).Accept(); err != io.EOF {
		t.Errorf("an empty stream: %v", err)
	}
	if err := wire.NewReader(strings.NewReader("FX"), wire.Limits{}).Accept(); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("half a preamble: %v", err)
	}
}

func TestAnAcceptThatADeadlineEndsGoesOn(t *testing.T) {
	r := wire.NewReader(&hesitant{r: strings.NewReader(wire.Preamble)}, wire.Limits{})
	tries := 0
	for err := r.Accept(); err != nil; err = r.Accept() {
		if tries++; !errors.Is(err, os.ErrDeadlineExceeded) || tries > 10 {
			t.Fatal(err)
		}
	}
	if r.Line() || r.Buffered() != 0 {
		t.Errorf("line mode %v, %d bytes left", r.Line(), r.Buffered())
	}
}

func TestLinesAreMessages(t *testing.T) {
	stream := "{\"type\":\"query\",\"id\":1,\"sql\":\"select 1\"}\n" +
		"\n \t\r\n" + // blank lines are passed over
		" { \"sql\" : \"select 2\" , \"id\" : 4294967295 , \"type\" : \"exec\" }\r\n" +
		"{\"type\":\"commit\"}\n"
	for _, src := range []io.Reader{strings.NewReader(stream), iotest.OneByteReader(strings.NewReader(stream))} {
		expect(
			t, wire.NewLineReader(src, wire.Limits{}),
			message(wire.TypeQuery, 0, 1, `{"type":"query","id":1,"sql":"select 1"}`),
			message(wire.TypeExec, 0, 1<<32-1, " { \"sql\" : \"select 2\" , \"id\" : 4294967295 , \"type\" : \"exec\" }\r"),
			message(wire.TypeCommit, 0, 0, `{"type":"commit"}`),
		)
	}
}

func TestABodyOfALineDecodesAsThatOfAFrame(t *testing.T) {
	r := wire.NewLineReader(strings.NewReader(`{"id":1,"type":"query","args":[7],"sql":"select $1"}`+"\n"), wire.Limits{})
	var s wire.Statement
	if err := s.Decode(next(t, r).Body, wire.JSON); err != nil {
		t.Fatal(err)
	}
	if s.SQL != "select $1" || len(s.Args) != 1 || s.Args[0].Value != int64(7) {
		t.Errorf("got %+v", s)
	}
}

func TestLinesThatAreNoMessagesAreRefusedWithTheirPlace(t *testing.T) {
	first := `{"type":"ping"}` + "\n" // 16 bytes
	for _, row := range []struct {
		line   string
		offset int64
		reason string
	}{
		{`{"id":1}` + "\n", 24, "without a type"},
		{`{"type":"select"}` + "\n", 24, "unknown type"},
		{`{"type":"type 5"}` + "\n", 24, "unknown type"},
		{`{"type":""}` + "\n", 24, "unknown type"},
		{`{"type":"ping","type":"ping"}` + "\n", 38, "twice"},
		{`{"type":"ping","id":1,"id":1}` + "\n", 43, "twice"},
		{`{"type":"ping","id":-1}` + "\n", 36, "out of range"},
		{`{"type":"ping","id":4294967296}` + "\n", 36, "out of range"},
		{`{"type":"ping","id":"1"}` + "\n", 36, "expected a number"},
		{`{"type":5}` + "\n", 24, "expected a string"},
		{`{"type":"ping"} {}` + "\n", 32, "after the end"},
		{`[1]` + "\n", 16, "expected {"},
		{`{"type":"ping"`, 30, "ends within"},
		{`{"type":"ping","x":"` + strings.Repeat("y", 100) + `"}` + "\n", 16, "too long"},
		{`{"type":"ping","x":"` + strings.Repeat("y", 100), 16, "too long"},
	} {
		r := wire.NewLineReader(strings.NewReader(first+row.line), wire.Limits{Message: 100})
		next(t, r)
		_, err := r.Next()
		refused(t, err, row.offset, row.reason)
	}
}

func TestALineIsPeekedAtAndStaysUnread(t *testing.T) {
	line := `{"type":"query","id":1,"sql":"x"}`
	r := wire.NewLineReader(&hesitant{r: strings.NewReader(line + "\n")}, wire.Limits{})
	h, err := r.Peek()
	for errors.Is(err, os.ErrDeadlineExceeded) {
		h, err = r.Peek()
	}
	if want := (wire.Header{Type: wire.TypeQuery, ID: 1}); err != nil || h != want {
		t.Fatalf("got %+v, %v", h, err)
	}
	if m := next(t, r); string(m.Body) != line {
		t.Errorf("got %q", m.Body)
	}
}

func TestMessagesBecomeLines(t *testing.T) {
	b := wire.Buffer{Line: true, MaxFrame: 10}
	b.Add(wire.TypeQuery, 1, &wire.Statement{SQL: "select\n1"}, wire.Binary)
	b.Add(wire.TypeCommit, 2, &wire.Empty{}, wire.Binary)
	want := `{"type":"query","id":1,"sql":"select\n1"}` + "\n" + `{"type":"commit","id":2}` + "\n"
	if string(b.Bytes()) != want {
		t.Errorf("got %q, want %q", b.Bytes(), want)
	}
	expect(
		t, wire.NewLineReader(bytes.NewReader(b.Bytes()), wire.Limits{}),
		message(wire.TypeQuery, 0, 1, `{"type":"query","id":1,"sql":"select\n1"}`),
		message(wire.TypeCommit, 0, 2, `{"type":"commit","id":2}`),
	)
}

func TestEachTypeHasANameThatLinesKnow(t *testing.T) {
	known := 0
	for n := range 256 {
		typ := wire.Type(n)
		_, err := wire.NewLineReader(strings.NewReader(`{"type":"`+typ.String()+"\"}\n"), wire.Limits{}).Next()
		if typ.Known() != (err == nil) {
			t.Errorf("%s: known %v, %v", typ, typ.Known(), err)
		}
		if typ.Known() {
			known++
		}
	}
	if known != 25 {
		t.Errorf("%d types are known", known)
	}
}

func TestABodyThatCannotBeFinishedIsTakenBack(t *testing.T) {
	for _, line := range []bool{false, true} {
		b := wire.Buffer{Line: line}
		b.Add(wire.TypePong, 1, &wire.Empty{}, wire.JSON)
		before := b.Len()
		b.Begin(wire.TypeRows, 0, 2)
		b.B = append(b.B, `{"r":[[`...)
		b.Abandon()
		if b.Len() != before {
			t.Errorf("line %v: %q", line, b.Bytes())
		}
	}
}

func TestOnlyTypesWithABinaryFormTakeIt(t *testing.T) {
	var b wire.Buffer
	b.Add(wire.TypeBegin, 1, &wire.Begin{ReadOnly: true}, wire.Binary)
	b.Add(wire.TypeQuery, 2, &wire.Statement{SQL: "x"}, wire.Binary)
	r := wire.NewReader(bytes.NewReader(b.Bytes()), wire.Limits{})
	if m := next(t, r); m.Codec() != wire.JSON || string(m.Body) != `{"ro":true}` {
		t.Errorf("begin: %+v %q", m.Header, m.Body)
	}
	if m := next(t, r); m.Codec() != wire.Binary {
		t.Errorf("query: %+v %q", m.Header, m.Body)
	}
	if b.Reset(); b.Len() != 0 {
		t.Errorf("%d bytes after Reset", b.Len())
	}
}
