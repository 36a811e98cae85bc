// This file checks what a reader makes of a stream of frames, whole and broken.

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

// frames are messages in frames of at most most bytes.
func frames(most int, messages ...wire.Message) []byte {
	b := wire.Buffer{MaxFrame: most}
	for _, m := range messages {
		b.Begin(m.Type, m.Flags, m.ID)
		b.B = append(b.B, m.Body...)
		b.End()
	}
	return b.Bytes()
}

// message is one message.
func message(t wire.Type, flags wire.Flags, id uint32, body string) wire.Message {
	return wire.Message{Header: wire.Header{Type: t, Flags: flags, ID: id}, Body: []byte(body)}
}

// next reads a message that must come.
func next(t *testing.T, r *wire.Reader) wire.Message {
	t.Helper()
	m, err := r.Next()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// expect checks that exactly these messages come.
func expect(t *testing.T, r *wire.Reader, want ...wire.Message) {
	t.Helper()
	for i, w := range want {
		m := next(t, r)
		if m.Header != w.Header || !bytes.Equal(m.Body, w.Body) {
			t.Fatalf("message %d: got %+v of %d bytes, want %+v of %d", i, m.Header, len(m.Body), w.Header, len(w.Body))
		}
	}
	if m, err := r.Next(); err != io.EOF {
		t.Fatalf("after the last message: %+v, %v", m.Header, err)
	}
}

// refused checks that an error is the protocol's, and where.
func refused(t *testing.T, err error, offset int64, reason string) {
	t.Helper()
	var wrong *wire.ProtocolError
	if !errors.As(err, &wrong) {
		t.Fatalf("got %v, want a protocol error: %s", err, reason)
	}
	if wrong.Offset != offset || !strings.Contains(wrong.Reason, reason) {
		t.Errorf("got %v, want %s at byte %d", err, reason, offset)
	}
}

func TestMessagesComeBackFromTheirFrames(t *testing.T) {
	want := []wire.Message{
		message(wire.TypeHello, 0, 0, `{}`),
		message(wire.TypeRows, wire.FlagBinary, 1<<32-1, "\x01\x00"),
		message(wire.TypePong, 0, 7, ""),
	}
	stream := frames(0, want...)
	expect(t, wire.NewReader(bytes.NewReader(stream), wire.Limits{}), want...)
	expect(t, wire.NewReader(iotest.OneByteReader(bytes.NewReader(stream)), wire.Limits{}), want...)
	expect(t, wire.NewReader(iotest.DataErrReader(bytes.NewReader(stream)), wire.Limits{}), want...)
}

func TestAFrameIsLaidOutAsTheProtocolSays(t *testing.T) {
	got := frames(0, message(wire.TypeQuery, wire.FlagBinary, 0x01020304, "body"))
	if want := unhex(t, "0000000c 05 01 0000 01020304"+ascii("body")); !bytes.Equal(got, want) {
		t.Errorf("got %x, want %x", got, want)
	}
}

func TestALargeMessageIsTakenApartAndPutTogether(t *testing.T) {
	const most = 100
	for _, size := range []int{0, 91, 92, 93, 183, 184, 185, 920, 9001, 40_000} {
		want := []wire.Message{
			message(wire.TypeRows, wire.FlagBinary, 1, strings.Repeat("0123456789", size/10+1)[:size]),
			message(wire.TypeEnd, 0, 1, `{"more":false}`),
		}
		stream := frames(most, want...)
		if parts := max(1, (size+most-9)/(most-8)); len(stream) != size+12*parts+len(want[1].Body)+12 {
			t.Errorf("%d bytes took %d", size, len(stream))
		}
		limits := wire.Limits{Frame: most}
		expect(t, wire.NewReader(bytes.NewReader(stream), limits), want...)
		expect(t, wire.NewReader(iotest.HalfReader(bytes.NewReader(stream)), limits), want...)
	}
}

func TestAMessageTooLargeForOneFrameNamesItsSizeInEach(t *testing.T) {
	got := frames(12, message(wire.TypeQuery, wire.FlagBinary, 1, "123456789"))
	want := unhex(t, "0000000c 05 03 0000 00000001 31323334 0000000c 05 03 0000 00000001 35363738 00000009 05 01 0000 00000001 39")
	if !bytes.Equal(got, want) {
		t.Errorf("got %x, want %x", got, want)
	}
}

// hesitant gives one byte at a time, and a deadline's error before each.
type hesitant struct {
	r     io.Reader
	ready bool
}

func (h *hesitant) Read(b []byte) (int, error) {
	if h.ready = !h.ready; h.ready {
		return 0, os.ErrDeadlineExceeded
	}
	return h.r.Read(b[:1])
}

func TestAWaitThatADeadlineEndsGoesOnWhereItStopped(t *testing.T) {
	want := []wire.Message{
		message(wire.TypeRows, 0, 1, strings.Repeat("x", 300)),
		message(wire.TypeEnd, 0, 1, `{"more":false}`),
	}
	r := wire.NewReader(&hesitant{r: bytes.NewReader(frames(100, want...))}, wire.Limits{})
	for i := 0; i < len(want); {
		m, err := r.Next()
		if errors.Is(err, os.ErrDeadlineExceeded) {
			continue
		}
		if err != nil || m.Header != want[i].Header || !bytes.Equal(m.Body, want[i].Body) {
			t.Fatalf("message %d: %+v, %v", i, m, err)
		}
		i++
	}
}

func TestWhatTheProtocolDoesNotAllowIsRefusedWithItsPlace(t *testing.T) {
	first := "00000008 10 00 0000 00000001" // 12 bytes
	for _, row := range []struct {
		name, stream string
		offset       int64
		reason       string
	}{
		{"shorter than a header", "00000007 05 00 0000 00000001", 12, "shorter than its header"},
		{"no length", "00000000 05 00 0000 00000001", 12, "shorter than its header"},
		{"an unknown type", "00000008 63 00 0000 00000001", 16, "unknown type"},
		{"type 0", "00000008 00 00 0000 00000001", 16, "unknown type"},
		{"an unknown flag", "00000008 05 04 0000 00000001", 17, "flag"},
		{"a binary body of a type that has none", "00000008 01 01 0000 00000001", 17, "flag"},
		{"reserved bytes", "00000008 05 00 0001 00000001", 18, "reserved"},
		{"a frame over the limit", "000003e9 05 00 0000 00000001", 12, "a frame is too large"},
		{"the largest length", "ffffffff 05 00 0000 00000001", 12, "a frame is too large"},
		{"an empty part", "00000008 05 02 0000 00000001", 12, "empty"},
		{"another request within a message", "00000009 05 02 0000 00000001 61 00000009 05 00 0000 00000002 61", 29, "another begins"},
		{"another type within a message", "00000009 05 02 0000 00000001 61 00000009 06 00 0000 00000001 61", 29, "another begins"},
		{"another codec within a message", "00000009 05 02 0000 00000001 61 00000009 05 01 0000 00000001 61", 29, "another begins"},
		{"an end within a header", "00000008", 16, "ends within"},
		{"an end within a body", "0000000a 05 00 0000 00000001 61", 25, "ends within"},
		{"an end between parts", "00000009 05 02 0000 00000001 61", 25, "ends within"},
	} {
		r := wire.NewReader(bytes.NewReader(unhex(t, first+row.stream)), wire.Limits{Frame: 1000})
		next(t, r)
		_, err := r.Next()
		refused(t, err, row.offset, row.reason)
		var wrong *wire.ProtocolError
		if large := strings.Contains(row.reason, "too large"); errors.As(err, &wrong) && wrong.TooLarge != large {
			t.Errorf("%s: TooLarge is %v", row.name, wrong.TooLarge)
		}
		if cut := strings.Contains(row.reason, "ends within"); cut != errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%s: %v", row.name, err)
		}
	}
}

func TestAMessageOfManyPartsIsBoundedAsAWhole(t *testing.T) {
	body := strings.Repeat("x", 500)
	for _, row := range []struct {
		limit  int
		refuse bool
	}{{500, false}, {499, true}} {
		r := wire.NewReader(bytes.NewReader(frames(60, message(wire.TypeRows, 0, 9, body))), wire.Limits{Message: row.limit})
		m, err := r.Next()
		var wrong *wire.ProtocolError
		switch {
		case row.refuse && (!errors.As(err, &wrong) || !wrong.TooLarge || m.ID != 9):
			t.Errorf("limit %d: %+v, %v", row.limit, m.Header, err)
		case !row.refuse && (err != nil || string(m.Body) != body):
			t.Errorf("limit %d: %v", row.limit, err)
		}
	}
}

func TestMemoryIsTakenForWhatArrivedNotForWhatWasAnnounced(t *testing.T) {
	taken := 0
	limits := wire.Limits{Frame: 64 << 20, Message: 64 << 20, Grow: func(n int) error { taken += n; return nil }}
	stream := append(unhex(t, "03000000 21 00 0000 00000001"), make([]byte, 10_000)...) // 48 MiB announced
	r := wire.NewReader(bytes.NewReader(stream), limits)
	if _, err := r.Next(); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Fatal(err)
	}
	if taken > 2*len(stream) {
		t.Errorf("%d bytes were taken for %d", taken, len(stream))
	}
	r.Close()
	if taken != 0 {
		t.Errorf("%d bytes were not given back", taken)
	}
}

func TestMemoryThatIsRefusedMayBeAskedForAgain(t *testing.T) {
	full := errors.New("the budget is used up")
	budget := 10_000
	limits := wire.Limits{Grow: func(n int) error {
		if n > budget {
			return full
		}
		budget -= n
		return nil
	}}
	want := message(wire.TypeRows, 0, 1, strings.Repeat("x", 50_000))
	r := wire.NewReader(bytes.NewReader(frames(0, want)), limits)
	if _, err := r.Next(); err != full {
		t.Fatalf("got %v, want %v", err, full)
	}
	budget = 1 << 20
	expect(t, r, want)
}

func TestALargeMessageLeavesNoMoreMemoryBehindThanIsKept(t *testing.T) {
	taken := 0
	grow := func(n int) error { taken += n; return nil }
	stream := frames(0, message(wire.TypeRows, 0, 1, strings.Repeat("x", 200_000)), message(wire.TypePong, 0, 2, "{}"))
	for _, keep := range []int{0, 64 << 10} {
		taken = 0
		r := wire.NewReader(bytes.NewReader(stream), wire.Limits{Grow: grow, Keep: keep})
		next(t, r)
		if taken < 200_000 {
			t.Errorf("only %d bytes for 200000", taken)
		}
		next(t, r)
		if want := max(keep, 4<<10); taken != want {
			t.Errorf("%d bytes are kept, want %d", taken, want)
		}
	}
}

func TestAPeekLeavesTheMessageUnread(t *testing.T) {
	want := []wire.Message{message(wire.TypeQuery, 0, 1, `{"sql":"x"}`), message(wire.TypeCancel, 0, 1, `{}`)}
	r := wire.NewReader(&hesitant{r: bytes.NewReader(frames(0, want...))}, wire.Limits{})
	for i := 0; i < len(want); {
		h, err := r.Peek()
		if errors.Is(err, os.ErrDeadlineExceeded) {
			continue
		}
		if err != nil || h != want[i].Header {
			t.Fatalf("got %+v, %v", h, err)
		}
		for {
			m, err := r.Next()
			if errors.Is(err, os.ErrDeadlineExceeded) {
				continue
			}
			if err != nil || m.Header != h || !bytes.Equal(m.Body, want[i].Body) {
				t.Fatalf("got %+v, %v", m, err)
			}
			break
		}
		i++
	}
}

func TestTheLastMessageIsToldWhereWhatWasReadEndsWithIt(t *testing.T) {
	first := frames(0, message(wire.TypeHead, 0, 1, `{}`))
	two := frames(0, message(wire.TypeRows, 0, 1, `{"r":[]}`), message(wire.TypeEnd, 0, 1, `{"more":false}`))
	for name, row := range map[string]struct {
		behind []byte
		want   bool
	}{
		"two messages":        {two, true},
		"a piece of the last": {two[:len(two)-1], false},
		"a piece of a header": {append(two[:len(two):len(two)], two[:5]...), false},
		"nothing":             {nil, false},
		"parts":               {frames(9, message(wire.TypeEnd, 0, 1, `{"more":false}`)), false},
		"a frame of no size":  {make([]byte, 12), false},
	} {
		r := wire.NewReader(bytes.NewReader(append(first[:len(first):len(first)], row.behind...)), wire.Limits{})
		next(t, r)
		m, ok := r.Last()
		if ok != row.want || ok != m.Final() || ok && string(m.Body) != `{"more":false}` {
			t.Errorf("%s: %v, a %s of %q", name, ok, m.Type, m.Body)
		}
		if got := r.Buffered(); got != len(row.behind) {
			t.Errorf("%s: %d bytes are left, want %d", name, got, len(row.behind))
		}
	}
}

func TestAMessageThatEndsARequestSaysSoInBothForms(t *testing.T) {
	for _, c := range []wire.Codec{wire.JSON, wire.Binary} {
		for _, more := range []bool{true, false} {
			m := message(wire.TypeEnd, c.Flags(), 1, string((&wire.End{More: more, Tx: wire.TxIdle}).Append(nil, c)))
			if m.Final() == more {
				t.Errorf("%s: more %v, final %v", c, more, m.Final())
			}
		}
	}
	if !message(wire.TypeError, 0, 1, `{}`).Final() || message(wire.TypeRows, 0, 1, `{"more":false}`).Final() {
		t.Error("an error ends a request, rows do not")
	}
}

func TestAMessageThatEndsARequestSaysInBothFormsWhetherItPins(t *testing.T) {
	count := wire.Count{Known: true, N: 1 << 40}
	for _, c := range []wire.Codec{wire.JSON, wire.Binary} {
		for _, pin := range []string{"", "lock"} {
			for _, end := range []wire.End{{}, {Affected: count}, {LastID: count, Cache: "hit"}, {Affected: wire.Count{Err: "no"}, LastID: count, MS: 1.5}} {
				end.Pin = pin
				if m := message(wire.TypeEnd, c.Flags(), 1, string(end.Append(nil, c))); m.Pins() != (pin != "") {
					t.Errorf("%s: %+v: it pins: %v", c, end, m.Pins())
				}
			}
		}
	}
	if !message(wire.TypeEnd, wire.FlagBinary, 1, "\x00I\x09").Pins() || message(wire.TypeError, 0, 1, `{}`).Pins() {
		t.Error("half an end may pin, an error without the word does not")
	}
}

func TestLimitsChangeBetweenMessages(t *testing.T) {
	stream := frames(0, message(wire.TypeHello, 0, 0, "{}"), message(wire.TypeQuery, 0, 1, strings.Repeat("x", 9000)))
	r := wire.NewReader(bytes.NewReader(stream), wire.Limits{Frame: wire.LoginLimit, Message: wire.LoginLimit})
	next(t, r)
	if _, err := r.Next(); err == nil {
		t.Fatal("a frame above the limit came through")
	}
	r = wire.NewReader(bytes.NewReader(stream), wire.Limits{Frame: wire.LoginLimit, Message: wire.LoginLimit})
	next(t, r)
	r.SetLimits(wire.Limits{})
	if m := next(t, r); len(m.Body) != 9000 {
		t.Errorf("got %d bytes", len(m.Body))
	}
}

func TestABrokenConnectionReportsItsOwnError(t *testing.T) {
	broken := errors.New("connection reset")
	r := wire.NewReader(io.MultiReader(bytes.NewReader([]byte{0, 0}), iotest.ErrReader(broken)), wire.Limits{})
	if _, err := r.Next(); err != broken {
		t.Errorf("got %v, want %v", err, broken)
	}
}

// silent reads nothing and says nothing.
type silent struct{}

func (silent) Read([]byte) (int, error) { return 0, nil }

func TestAConnectionThatGivesNeitherBytesNorErrorsIsGivenUp(t *testing.T) {
	if _, err := wire.NewReader(silent{}, wire.Limits{}).Next(); err != io.ErrNoProgress {
		t.Errorf("got %v", err)
	}
}
