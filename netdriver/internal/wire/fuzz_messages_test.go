// This file looks for bodies of messages that break what must be true of decoders.

package wire_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

func FuzzHello(f *testing.F) {
	seed(f, wire.JSON, new(wire.Hello))
	f.Fuzz(func(t *testing.T, b []byte) { roundTrip(t, new(wire.Hello), b, wire.JSON, wire.JSON) })
}

// FuzzLogin reads what else is read before anybody is known: the parts of a SASL
// exchange, on either side.
func FuzzLogin(f *testing.F) {
	seed(f, wire.JSON, new(wire.Challenge), new(wire.Response), new(wire.Welcome))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, m := range []body{new(wire.Challenge), new(wire.Response), new(wire.Welcome)} {
			roundTrip(t, m, b, wire.JSON, wire.JSON)
		}
	})
}

func FuzzControl(f *testing.F) {
	all := []body{
		new(wire.CloseStmt), new(wire.Begin), new(wire.Empty), new(wire.Credit), new(wire.Ping),
		new(wire.Admin), new(wire.AdminAnswer), new(wire.Goaway), new(wire.Notice),
	}
	seed(f, wire.JSON, all...)
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, m := range all {
			roundTrip(t, fresh(m), b, wire.JSON, wire.JSON)
		}
	})
}

func FuzzStatement(f *testing.F) {
	seed(f, wire.JSON, new(wire.Statement))
	seedArgs(f, wire.JSON)
	f.Add([]byte(`{"sql":"x","named":{"b":1,"a":{"out":"int64"}},"args":["p"]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		roundTrip(t, new(wire.Statement), b, wire.JSON, wire.JSON, wire.Binary)
	})
}

func FuzzBinStatement(f *testing.F) {
	seed(f, wire.Binary, new(wire.Statement))
	seedArgs(f, wire.Binary)
	f.Fuzz(func(t *testing.T, b []byte) {
		roundTrip(t, new(wire.Statement), b, wire.Binary, wire.Binary)
	})
}

func FuzzPrepare(f *testing.F) {
	like := []body{new(wire.Prepare), new(wire.Prepared)}
	seed(f, wire.JSON, like...)
	seed(f, wire.Binary, like...)
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, m := range like {
			roundTrip(t, fresh(m), b, wire.JSON, wire.JSON, wire.Binary)
			roundTrip(t, fresh(m), b, wire.Binary, wire.Binary)
		}
	})
}

func FuzzHead(f *testing.F) {
	seed(f, wire.JSON, new(wire.Head))
	f.Fuzz(func(t *testing.T, b []byte) { roundTrip(t, new(wire.Head), b, wire.JSON, wire.JSON, wire.Binary) })
}

func FuzzBinHead(f *testing.F) {
	seed(f, wire.Binary, new(wire.Head))
	f.Fuzz(func(t *testing.T, b []byte) { roundTrip(t, new(wire.Head), b, wire.Binary, wire.Binary) })
}

func FuzzEnd(f *testing.F) {
	seed(f, wire.JSON, new(wire.End))
	f.Fuzz(func(t *testing.T, b []byte) { roundTrip(t, new(wire.End), b, wire.JSON, wire.JSON, wire.Binary) })
}

func FuzzBinEnd(f *testing.F) {
	seed(f, wire.Binary, new(wire.End))
	f.Fuzz(func(t *testing.T, b []byte) { roundTrip(t, new(wire.End), b, wire.Binary, wire.Binary) })
}

func FuzzError(f *testing.F) {
	seed(f, wire.JSON, new(wire.Error))
	f.Fuzz(func(t *testing.T, b []byte) { roundTrip(t, new(wire.Error), b, wire.JSON, wire.JSON) })
}

// FuzzJSON holds the reading of JSON against encoding/json: nothing is read that
// is no JSON, and of what is, nothing is refused but what this package says.
func FuzzJSON(f *testing.F) {
	for _, text := range []string{
		`null`, `[1,-0,1.5e+3,"a\u00e9\ud83d\ude00\/",{"":{}}]`, `"\ud83d"`, "\"\xff\"", `[[[[]]]]`, `01`, `1.`, `"\x"`, ` [ true , false ] `, `{"a":1,}`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		body := append(append([]byte(`{"x":`), text...), '}')
		err := new(wire.Empty).Decode(body, wire.JSON)
		valid := json.Valid(body)
		if err == nil && (!valid || !utf8.Valid(text)) {
			t.Errorf("%q is read", text)
		}
		surrogate := bytes.Contains(bytes.ToLower(text), []byte(`\ud`))
		if err != nil && valid && utf8.Valid(text) && !surrogate && strings.Count(string(text), "[")+strings.Count(string(text), "{") < 60 {
			t.Errorf("%q: %v", text, err)
		}
	})
}

// FuzzText holds the reading and writing of strings against encoding/json.
func FuzzText(f *testing.F) {
	for _, text := range []string{"", "plain", "\"\\\n\x00", "é😀", "\xff", "12345678\xc3", "aaaaaaa\"", "\u2028"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		written := (&wire.Notice{Code: text}).Append(nil, wire.JSON)
		var plain struct{ Code string }
		if err := json.Unmarshal(written, &plain); err != nil || plain.Code != strings.ToValidUTF8(text, "\uFFFD") {
			t.Errorf("%q is written as %q: %q, %v", text, written, plain.Code, err)
		}
		quoted, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		var m wire.Notice
		if err := m.Decode(append(append([]byte(`{"code":`), quoted...), '}'), wire.JSON); err != nil || utf8.ValidString(text) && m.Code != text {
			t.Errorf("%q is read as %q, %v", quoted, m.Code, err)
		}
	})
}
