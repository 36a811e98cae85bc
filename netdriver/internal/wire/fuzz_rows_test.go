// This file looks for messages of rows, and times in them, that break what must be true of decoders.

package wire_test

import (
	"bytes"
	"database/sql/driver"
	"strings"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

// kindsOf makes kinds of columns of any text.
func kindsOf(text string) string {
	const all = "\x00oiugfdsxbtc"
	kinds := []byte(text[:min(len(text), 16)])
	for i, c := range kinds {
		if strings.IndexByte(all, c) < 0 {
			kinds[i] = all[int(c)%len(all)]
		}
	}
	return string(kinds)
}

// seedRows adds a row for each value of the table, and several.
func seedRows(f *testing.F, c wire.Codec) {
	f.Helper()
	for _, g := range goldens {
		_, b := row(f, g.kind, c, g.value)
		f.Add(string([]byte{byte(g.kind)}), b)
	}
	cols, rows := sample(3)
	f.Add("isdftbso", bodyOf(f, cols, c, rows...))
	f.Add("", []byte(`{"r":[[],[]]}`))
}

// fuzzRows reads a body of rows and writes each in both forms.
func fuzzRows(t *testing.T, kinds string, b []byte, c wire.Codec) {
	cols := columns(kindsOf(kinds))
	given := within(b, `"]}],"x":0}`)
	var d wire.RowsDecoder
	d.Reset(cols, c, given)
	for range len(b) + 1 {
		dest := make([]driver.Value, len(cols))
		var more bool
		var err error
		memory := taken(func() { more, err = d.Next(dest) })
		if most := 4*len(b) + perValue*len(cols) + constant; memory > most {
			t.Errorf("%d bytes were taken for %d, at most %d are allowed", memory, len(b), most)
		}
		if err != nil {
			wrongly(t, b, err)
		}
		if err != nil || !more {
			break
		}
		for _, form := range codecs {
			rows, err := rowsOf(new(wire.RowsDecoder), cols, form, bodyOf(t, cols, form, dest))
			if err != nil || len(rows) != 1 {
				t.Fatalf("%v in %s: %v, %v", dest, form, rows, err)
			}
			for i := range dest {
				if !same(dest[i], rows[0][i]) {
					t.Errorf("%#v came back from %s as %#v", dest[i], form, rows[0][i])
				}
			}
		}
	}
	if more, err := d.Next(make([]driver.Value, len(cols))); more {
		t.Errorf("%q has more rows than bytes, %v", b, err)
	}
	if !bytes.Equal(given, b) {
		t.Errorf("%q became %q", b, given)
	}
}

func FuzzJSONRow(f *testing.F) {
	seedRows(f, wire.JSON)
	f.Fuzz(func(t *testing.T, kinds string, b []byte) { fuzzRows(t, kinds, b, wire.JSON) })
}

func FuzzBinRow(f *testing.F) {
	seedRows(f, wire.Binary)
	f.Fuzz(func(t *testing.T, kinds string, b []byte) { fuzzRows(t, kinds, b, wire.Binary) })
}

// FuzzTime holds the reading of times against package time.
func FuzzTime(f *testing.F) {
	for _, text := range []string{
		"2024-03-01T12:00:00Z", "2024-02-30T12:00:00Z", "0000-01-01T00:00:00.000000001+23:59", "9999-12-31T23:59:59.999999999-00:01",
		"2024-03-01T12:00:00.5+01:00", "2024-03-01T24:00:00Z", "2024-03-01T12:00:00,5Z", "2024-03-01T12:00:00+1:00",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if strings.ContainsAny(text, "\"\\[") || strings.ToValidUTF8(text, "") != text {
			return
		}
		got, err := timeOf(t, `"`+text+`"`)
		want, other := time.Parse(time.RFC3339Nano, text)
		if err == nil && (other != nil || !got.Equal(want)) {
			t.Errorf("%q is read as %v, by package time as %v, %v", text, got, want, other)
		}
		day := len(text) > 6 && text[len(text)-5:len(text)-3] == "24" // RFC 3339 knows no zone a day away
		lenient := day || strings.Contains(text, ",") || len(text) > len("2024-03-01T12:00:00.123456789+01:00")
		if err != nil && other == nil && !lenient && want.Format(time.RFC3339Nano) == text {
			t.Errorf("%q is refused: %v", text, err)
		}
	})
}
