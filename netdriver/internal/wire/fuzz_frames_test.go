// This file looks for streams that break what must be true of a reader.

package wire_test

import (
	"bytes"
	"io"
	"testing"
	"testing/iotest"

	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

// fuzzLimits are small, so that they are met.
var fuzzLimits = wire.Limits{Frame: 10_000, Message: 20_000}

// stream are the messages of a stream, and how it ended.
func stream(r *wire.Reader) (messages []wire.Message, err error) {
	if err := r.Accept(); err != nil {
		return nil, err
	}
	for {
		m, err := r.Next()
		if err != nil {
			return messages, err
		}
		m.Body = bytes.Clone(m.Body)
		messages = append(messages, m)
	}
}

// fuzzStream reads a stream at once and in bytes, and writes what came of it.
func fuzzStream(t *testing.T, b []byte) {
	limits, memory, most := fuzzLimits, 0, 0
	limits.Grow = func(n int) error {
		memory += n
		most = max(most, memory)
		return nil
	}
	r := wire.NewReader(bytes.NewReader(b), limits)
	got, err := stream(r)
	if allowed := 4*len(b) + 2*wire.LoginLimit; most > allowed {
		t.Errorf("%d bytes were taken for %d", most, len(b))
	}
	if wrong, ok := err.(*wire.ProtocolError); err != io.EOF && (!ok || wrong.Offset < 0 || wrong.Offset > int64(len(b))) {
		t.Errorf("%q ends with %#v", b, err)
	}
	again, other := stream(wire.NewReader(iotest.OneByteReader(bytes.NewReader(b)), fuzzLimits))
	if len(again) != len(got) || err.Error() != other.Error() {
		t.Fatalf("%q: %d messages, %v; byte by byte %d, %v", b, len(got), err, len(again), other)
	}
	for i := range got {
		if got[i].Header != again[i].Header || !bytes.Equal(got[i].Body, again[i].Body) {
			t.Errorf("%q: message %d is %+v, byte by byte %+v", b, i, got[i], again[i])
		}
	}
	if r.Close(); memory != 0 {
		t.Errorf("%d bytes were not given back", memory)
	}
	if !r.Line() && len(got) > 0 {
		rewritten, err := stream(wire.NewReader(bytes.NewReader(append([]byte(wire.Preamble), frames(100, got...)...)), fuzzLimits))
		if err != io.EOF || len(rewritten) != len(got) {
			t.Fatalf("%q: %d of %d messages came back, %v", b, len(rewritten), len(got), err)
		}
		for i := range got {
			if got[i].Header != rewritten[i].Header || !bytes.Equal(got[i].Body, rewritten[i].Body) {
				t.Errorf("%q: message %d came back as %+v", b, i, rewritten[i])
			}
		}
	}
}

func FuzzFrame(f *testing.F) {
	f.Add([]byte(wire.Preamble))
	f.Add(append([]byte(wire.Preamble), frames(12, message(wire.TypeQuery, 0, 1, `{"sql":"x"}`), message(wire.TypePong, 0, 2, "{}"))...))
	f.Add(append([]byte(wire.Preamble), frames(0, message(wire.TypeRows, wire.FlagBinary, 1, "\x02\x03\x02"))...))
	f.Add([]byte(wire.Preamble + "\xff\xff\xff\xff\x05\x00\x00\x00\x00\x00\x00\x01"))
	f.Fuzz(fuzzStream)
}

func FuzzLine(f *testing.F) {
	for _, text := range []string{
		`{"type":"ping"}` + "\n", `{"type":"query","id":1,"sql":"x"}` + "\n\r\n" + `{"id":2,"type":"commit"}` + "\n",
		"{\"type\":\"ping\",\"x\":[[[]]]}\n", "{}\n", "{\n",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(fuzzStream)
}
