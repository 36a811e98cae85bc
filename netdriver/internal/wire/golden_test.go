// This file holds the table of values, with the text and the bytes of each, and runs it through both codecs.

package wire_test

import (
	"bytes"
	"database/sql/driver"
	"encoding/hex"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

// golden is one value: as a cell in a column of the kind, as an argument, and as
// a cell of either in binary form, in hexadecimal digits.
type golden struct {
	name      string
	kind      wire.Kind
	value     any
	cell, arg string
	binary    string
}

// place loads the zone of a place.
func place(name string) *time.Location {
	loc, err := time.LoadLocation(name)
	if err != nil {
		panic(err)
	}
	return loc
}

var (
	berlin = place("Europe/Berlin")
	noon   = time.Date(2024, 3, 1, 12, 0, 0, 0, time.UTC)
)

var goldens = []golden{
	{"NULL", wire.KindInt, nil, `null`, `null`, "00"},
	{"NULL in a column of text", wire.KindText, nil, `null`, `null`, "00"},
	{"false", wire.KindBool, false, `false`, `false`, "01"},
	{"true", wire.KindBool, true, `true`, `true`, "02"},
	{"0", wire.KindInt, int64(0), `0`, `0`, "0300"},
	{"-1", wire.KindInt, int64(-1), `-1`, `-1`, "0301"},
	{"2^53-1", wire.KindInt, int64(1<<53 - 1), `9007199254740991`, `9007199254740991`, "03feffffffffffff1f"},
	{"-(2^53-1)", wire.KindInt, int64(-1<<53 + 1), `-9007199254740991`, `-9007199254740991`, "03fdffffffffffff1f"},
	{"2^53", wire.KindInt, int64(1 << 53), `"9007199254740992"`, `{"i":"9007199254740992"}`, "038080808080808020"},
	{"-2^53", wire.KindInt, int64(-1 << 53), `"-9007199254740992"`, `{"i":"-9007199254740992"}`, "03ffffffffffffff1f"},
	{"the largest int64", wire.KindInt, int64(math.MaxInt64), `"9223372036854775807"`, `{"i":"9223372036854775807"}`, "03feffffffffffffffff01"},
	{"the smallest int64", wire.KindInt, int64(math.MinInt64), `"-9223372036854775808"`, `{"i":"-9223372036854775808"}`, "03ffffffffffffffffff01"},
	{"unsigned 0", wire.KindUint, uint64(0), `0`, `{"u":0}`, "0400"},
	{"unsigned 2^53-1", wire.KindUint, uint64(1<<53 - 1), `9007199254740991`, `{"u":9007199254740991}`, "04ffffffffffffff0f"},
	{"unsigned 2^53", wire.KindUint, uint64(1 << 53), `"9007199254740992"`, `{"u":"9007199254740992"}`, "048080808080808010"},
	{"the largest uint64", wire.KindUint, uint64(math.MaxUint64), `"18446744073709551615"`, `{"u":"18446744073709551615"}`, "04ffffffffffffffffff01"},

	{"0.0", wire.KindFloat, 0.0, `0.0`, `0.0`, "060000000000000000"},
	{"-0.0", wire.KindFloat, math.Copysign(0, -1), `-0.0`, `-0.0`, "060000000000000080"},
	{"1.5", wire.KindFloat, 1.5, `1.5`, `1.5`, "06000000000000f83f"},
	{"1e21", wire.KindFloat, 1e21, `1e+21`, `1e+21`, "0650efe2d6e41a4b44"},
	{"0.1", wire.KindFloat, 0.1, `0.1`, `0.1`, "069a9999999999b93f"},
	{"the largest float64", wire.KindFloat, math.MaxFloat64, `1.7976931348623157e+308`, `1.7976931348623157e+308`, "06ffffffffffffef7f"},
	{"the smallest float64", wire.KindFloat, math.SmallestNonzeroFloat64, `5e-324`, `5e-324`, "060100000000000000"},
	{"a float64 beyond 2^53", wire.KindFloat, float64(1 << 60), `1152921504606847000.0`, `1152921504606847000.0`, "06000000000000b043"},
	{"NaN", wire.KindFloat, math.NaN(), `{"f":"NaN"}`, `{"f":"NaN"}`, "06010000000000f87f"},
	{"+Inf", wire.KindFloat, math.Inf(1), `{"f":"Infinity"}`, `{"f":"Infinity"}`, "06000000000000f07f"},
	{"-Inf", wire.KindFloat, math.Inf(-1), `{"f":"-Infinity"}`, `{"f":"-Infinity"}`, "06000000000000f0ff"},
	{"float32 1.5", wire.KindFloat32, float32(1.5), `1.5`, `{"g":1.5}`, "050000c03f"},
	{"float32 0.1", wire.KindFloat32, float32(0.1), `0.1`, `{"g":0.1}`, "05cdcccc3d"},
	{"float32 -0", wire.KindFloat32, float32(math.Copysign(0, -1)), `-0.0`, `{"g":-0.0}`, "0500000080"},
	{"the largest float32", wire.KindFloat32, float32(math.MaxFloat32), `3.4028235e+38`, `{"g":3.4028235e+38}`, "05ffff7f7f"},
	{"the smallest float32", wire.KindFloat32, float32(math.SmallestNonzeroFloat32), `1e-45`, `{"g":1e-45}`, "0501000000"},
	{"float32 NaN", wire.KindFloat32, float32(math.NaN()), `{"g":"NaN"}`, `{"g":"NaN"}`, "050000c07f"},
	{"float32 +Inf", wire.KindFloat32, float32(math.Inf(1)), `{"g":"Infinity"}`, `{"g":"Infinity"}`, "050000807f"},

	{"a decimal keeps its digits", wire.KindDecimal, wire.Decimal("1.10"), `"1.10"`, `{"d":"1.10"}`, "0a04" + ascii("1.10")},
	{"a decimal of Oracle", wire.KindDecimal, wire.Decimal("-1E+125"), `"-1E+125"`, `{"d":"-1E+125"}`, "0a07" + ascii("-1E+125")},
	{"a decimal of 40 digits", wire.KindDecimal, wire.Decimal(strings.Repeat("1234567890", 4)), `"1234567890123456789012345678901234567890"`, `{"d":"1234567890123456789012345678901234567890"}`, "0a28" + ascii(strings.Repeat("1234567890", 4))},
	{"a decimal without digits", wire.KindDecimal, wire.Decimal(""), `""`, `{"d":""}`, "0a00"},

	{"an empty string", wire.KindString, "", `""`, `""`, "0700"},
	{"a string", wire.KindString, "legacy", `"legacy"`, `"legacy"`, "0706" + ascii("legacy")},
	{"a string of what needs escapes", wire.KindString, "\"\\\n\r\t\x01\x1f/", `"\"\\\n\r\t\u0001\u001f/"`, `"\"\\\n\r\t\u0001\u001f/"`, "0708" + ascii("\"\\\n\r\t\x01\x1f/")},
	{"a string with NULs", wire.KindString, "a\x00b\x00", `"a\u0000b\u0000"`, `"a\u0000b\u0000"`, "070461006200"},
	{"a string of one NUL", wire.KindString, "\x00", `"\u0000"`, `"\u0000"`, "070100"},
	{"a string beyond ASCII", wire.KindString, "Größe é\u2028", "\"Größe é\u2028\"", "\"Größe é\u2028\"", "070d" + ascii("Größe é\u2028")},
	{"a string beyond 16 bits", wire.KindString, "a😀b\U0010FFFF", `"a😀b` + "\U0010FFFF" + `"`, `"a😀b` + "\U0010FFFF" + `"`, "070a" + ascii("a😀b\U0010FFFF")},
	{"a string with the replacement character", wire.KindString, "\uFFFD", "\"\uFFFD\"", "\"\uFFFD\"", "0703efbfbd"},
	{"a string that is not UTF-8", wire.KindString, "\xff\xfea", `{"s64":"//5h"}`, `{"s64":"//5h"}`, "0703fffe61"},
	{"a string that encodes half a surrogate pair", wire.KindString, "\xed\xa0\xbd", `{"s64":"7aC9"}`, `{"s64":"7aC9"}`, "0703eda0bd"},
	{"a string that is cut within a character", wire.KindString, "12345678\xc3", `{"s64":"MTIzNDU2NzjD"}`, `{"s64":"MTIzNDU2NzjD"}`, "07093132333435363738c3"},
	{"a string of digits", wire.KindString, "42", `"42"`, `"42"`, "07023432"},

	{"text", wire.KindText, []byte("12.50"), `"12.50"`, `{"b":"MTIuNTA="}`, "0805" + ascii("12.50")},
	{"empty text", wire.KindText, []byte{}, `""`, `{"b":""}`, "0800"},
	{"text with NULs and escapes", wire.KindText, []byte("\x00\"\\é"), `"\u0000\"\\é"`, `{"b":"ACJcw6k="}`, "080500225cc3a9"},
	{"text that is not UTF-8", wire.KindText, []byte("\xffa"), `{"b":"/2E="}`, `{"b":"/2E="}`, "0802ff61"},
	{"no text, which is not NULL", wire.KindText, []byte(nil), `{"b":null}`, `{"b":null}`, "09"},
	{"bytes", wire.KindBytes, []byte("\x00\xff\x80"), `"AP+A"`, `{"b":"AP+A"}`, "080300ff80"},
	{"bytes that are text", wire.KindBytes, []byte("hello"), `"aGVsbG8="`, `{"b":"aGVsbG8="}`, "0805" + ascii("hello")},
	{"empty bytes", wire.KindBytes, []byte{}, `""`, `{"b":""}`, "0800"},
	{"no bytes, which is not NULL", wire.KindBytes, []byte(nil), `{"b":null}`, `{"b":null}`, "09"},

	{"a time in UTC", wire.KindTime, noon, `"2024-03-01T12:00:00Z"`, `{"t":"2024-03-01T12:00:00Z"}`, "0b00808d8ede0c00"},
	{"a time of nanoseconds", wire.KindTime, noon.Add(123456789), `"2024-03-01T12:00:00.123456789Z"`, `{"t":"2024-03-01T12:00:00.123456789Z"}`, "0b00808d8ede0c959aef3a"},
	{"a time of tenths", wire.KindTime, noon.Add(1e8), `"2024-03-01T12:00:00.1Z"`, `{"t":"2024-03-01T12:00:00.1Z"}`, "0b00808d8ede0c80c2d72f"},
	{"a time at an offset of 0 without a name", wire.KindTime, noon.In(time.FixedZone("", 0)), `"2024-03-01T12:00:00+00:00"`, `{"t":"2024-03-01T12:00:00+00:00"}`, "0b01808d8ede0c000000"},
	{"a time at an offset", wire.KindTime, noon.In(time.FixedZone("", 5*3600+45*60)), `"2024-03-01T17:45:00+05:45"`, `{"t":"2024-03-01T17:45:00+05:45"}`, "0b01808d8ede0c00b8c30200"},
	{"a time at a negative offset", wire.KindTime, noon.In(time.FixedZone("", -3*3600-30*60)), `"2024-03-01T08:30:00-03:30"`, `{"t":"2024-03-01T08:30:00-03:30"}`, "0b01808d8ede0c00efc40100"},
	{"a time in a place's winter", wire.KindTime, noon.In(berlin), `"2024-03-01T13:00:00+01:00[Europe/Berlin]"`, `{"t":"2024-03-01T13:00:00+01:00[Europe/Berlin]"}`, "0b02808d8ede0c00a03803434554" + "0d" + ascii("Europe/Berlin")},
	{"a time in a place's summer", wire.KindTime, noon.AddDate(0, 5, 0).In(berlin), `"2024-08-01T14:00:00+02:00[Europe/Berlin]"`, `{"t":"2024-08-01T14:00:00+02:00[Europe/Berlin]"}`, "0b0280e3dbea0c00c0700443455354" + "0d" + ascii("Europe/Berlin")},
	{"a time in London's winter", wire.KindTime, noon.In(place("Europe/London")), `"2024-03-01T12:00:00+00:00[Europe/London]"`, `{"t":"2024-03-01T12:00:00+00:00[Europe/London]"}`, "0b02808d8ede0c000003474d54" + "0d" + ascii("Europe/London")},
	{"a time in a fixed zone with a name", wire.KindTime, noon.In(time.FixedZone("CET", 3600)), `{"t":[1709294400,0,3600,"CET"]}`, `{"t":[1709294400,0,3600,"CET"]}`, "0b01808d8ede0c00a03803434554"},
	{"a time in a fixed zone called UTC", wire.KindTime, noon.In(time.FixedZone("UTC", 0)), `{"t":[1709294400,0,0,"UTC"]}`, `{"t":[1709294400,0,0,"UTC"]}`, "0b01808d8ede0c000003555443"},
	{"a time at an offset with seconds", wire.KindTime, noon.In(time.FixedZone("", 3601)), `{"t":[1709294400,0,3601,""]}`, `{"t":[1709294400,0,3601,""]}`, "0b01808d8ede0c00a23800"},
	{"a time in Berlin before there were zones", wire.KindTime, time.Date(1850, 1, 1, 0, 0, 0, 5, berlin), `{"t":[-3786828808,5,3208,"LMT","Europe/Berlin"]}`, `{"t":[-3786828808,5,3208,"LMT","Europe/Berlin"]}`, "0b028fb0b39b1c05903203" + ascii("LMT") + "0d" + ascii("Europe/Berlin")},
	{"a time at an offset beyond a day", wire.KindTime, noon.In(time.FixedZone("", 30*3600)), `{"t":[1709294400,0,108000,""]}`, `{"t":[1709294400,0,108000,""]}`, "0b01808d8ede0c00c0970d00"},
	{"the first second that text can show", wire.KindTime, time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC), `"0000-01-01T00:00:00Z"`, `{"t":"0000-01-01T00:00:00Z"}`, "0b00ffefa397cf0300"},
	{"the last second that text can show", wire.KindTime, time.Date(9999, 12, 31, 23, 59, 59, 999999999, time.UTC), `"9999-12-31T23:59:59.999999999Z"`, `{"t":"9999-12-31T23:59:59.999999999Z"}`, "0b00fe85a2ffdf0eff93ebdc03"},
	{"a time of a negative year", wire.KindTime, time.Date(-4712, 1, 1, 0, 0, 0, 0, time.UTC), `{"t":[-210863520000,0,0,"UTC","UTC"]}`, `{"t":[-210863520000,0,0,"UTC","UTC"]}`, "0b00ffe38f87a30c00"},
	{"a time of year 10000", wire.KindTime, time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC), `{"t":[253402300800,0,0,"UTC","UTC"]}`, `{"t":[253402300800,0,0,"UTC","UTC"]}`, "0b008086a2ffdf0e00"},
	{"a time that is in year 10000 only where it is shown", wire.KindTime, time.Date(10000, 1, 1, 0, 30, 0, 0, time.FixedZone("", 3600)), `{"t":[253402299000,0,3600,""]}`, `{"t":[253402299000,0,3600,""]}`, "0b01f0e9a1ffdf0e00a03800"},
	{"the zero time", wire.KindTime, time.Time{}, `"0001-01-01T00:00:00Z"`, `{"t":"0001-01-01T00:00:00Z"}`, "0b00ffdb8ff9ce0300"},
	{"the last instant of all", wire.KindTime, time.Unix(math.MaxInt64, 999999999).UTC(), `{"t":[9223372036854775807,999999999,0,"UTC","UTC"]}`, `{"t":[9223372036854775807,999999999,0,"UTC","UTC"]}`, "0b00feffffffffffffffff01ff93ebdc03"},
	{"the first instant of all", wire.KindTime, time.Unix(math.MinInt64, 0).UTC(), `{"t":[-9223372036854775808,0,0,"UTC","UTC"]}`, `{"t":[-9223372036854775808,0,0,"UTC","UTC"]}`, "0b00ffffffffffffffffff0100"},

	{"a cursor", wire.KindCursor, wire.Cursor(2), `2`, `{"c":2}`, "0c02"},

	{"a value of another kind than its column", wire.KindInt, "n/a", `{"s":"n/a"}`, `"n/a"`, "07036e2f61"},
	{"an integer in a column of floats", wire.KindFloat, int64(7), `{"i":7}`, `7`, "030e"},
	{"a large integer in a column of strings", wire.KindString, int64(math.MaxInt64), `{"i":"9223372036854775807"}`, `{"i":"9223372036854775807"}`, "03feffffffffffffffff01"},
	{"a float in a column of integers", wire.KindInt, 7.0, `{"f":7.0}`, `7.0`, "060000000000001c40"},
	{"a boolean in a column of integers", wire.KindInt, true, `{"o":true}`, `true`, "02"},
	{"bytes in a column of strings", wire.KindString, []byte("a"), `{"b":"YQ=="}`, `{"b":"YQ=="}`, "080161"},
	{"a string in a column of text", wire.KindText, "a", `{"s":"a"}`, `"a"`, "070161"},
	{"a decimal in a column of integers", wire.KindInt, wire.Decimal("1.5"), `{"d":"1.5"}`, `{"d":"1.5"}`, "0a03312e35"},
	{"a time in a column of strings", wire.KindString, noon, `{"t":"2024-03-01T12:00:00Z"}`, `{"t":"2024-03-01T12:00:00Z"}`, "0b00808d8ede0c00"},
	{"a float32 in a column of floats", wire.KindFloat, float32(0.5), `{"g":0.5}`, `{"g":0.5}`, "050000003f"},
	{"an unsigned number in a column of integers", wire.KindInt, uint64(math.MaxUint64), `{"u":"18446744073709551615"}`, `{"u":"18446744073709551615"}`, "04ffffffffffffffffff01"},
	{"a cursor in a column of integers", wire.KindInt, wire.Cursor(1), `{"c":1}`, `{"c":1}`, "0c01"},
	{"a value in a column of no kind", 0, uint64(1), `{"u":1}`, `{"u":1}`, "0401"},
}

// goldenArgs are what only arguments can be.
var goldenArgs = []struct {
	name   string
	value  driver.NamedValue
	arg    string
	binary string
}{
	{"named", driver.NamedValue{Name: "id", Value: int64(7)}, `{"name":"id","v":7}`, "026964030e"},
	{"named, of a kind with a tag", driver.NamedValue{Name: "é", Value: wire.Decimal("1")}, `{"name":"é","v":{"d":"1"}}`, "02c3a90a0131"},
	{"out", driver.NamedValue{Value: wire.Out{Type: "int64"}}, `{"out":"int64"}`, "000d05" + ascii("int64") + "00"},
	{"in and out", driver.NamedValue{Value: wire.Out{Type: "string", InOut: true, In: "a"}}, `{"out":"string","in":"a"}`, "000d06" + ascii("string") + "01070161"},
	{"in as NULL, and out", driver.NamedValue{Value: wire.Out{Type: "[]byte", InOut: true}}, `{"out":"[]byte","in":null}`, "000d06" + ascii("[]byte") + "0100"},
	{"named out", driver.NamedValue{Name: "r", Value: wire.Out{Type: "float64"}}, `{"name":"r","v":{"out":"float64"}}`, "01720d07" + ascii("float64") + "00"},
	{"a list", driver.NamedValue{Value: wire.List{Values: []any{int64(1), nil, "a", uint64(2)}}}, `{"list":[1,null,"a",{"u":2}]}`, "000e0004" + "0302" + "00" + "070161" + "0402"},
	{"an empty list of a type", driver.NamedValue{Value: wire.List{Type: "int64", Values: []any{}}}, `{"list":[],"of":"int64"}`, "000e05" + ascii("int64") + "00"},
	{"a list in and out", driver.NamedValue{Value: wire.Out{Type: "[]string", InOut: true, In: wire.List{Values: []any{"a"}}}}, `{"out":"[]string","in":{"list":["a"]}}`, "000d08" + ascii("[]string") + "01" + "0e0001070161"},
}

// ascii are the bytes of a text in hexadecimal digits.
func ascii(s string) string { return hex.EncodeToString([]byte(s)) }

// unhex are the bytes that hexadecimal digits spell, blanks left out.
func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatalf("%q: %v", s, err)
	}
	return b
}

// same says whether a value came back: the same type and bits, and of a time the
// same instant, offset and names of its zone.
func same(a, b any) bool {
	switch a := a.(type) {
	case float64:
		b, ok := b.(float64)
		return ok && (math.Float64bits(a) == math.Float64bits(b) || a != a && b != b)
	case float32:
		b, ok := b.(float32)
		return ok && (math.Float32bits(a) == math.Float32bits(b) || a != a && b != b)
	case []byte:
		b, ok := b.([]byte)
		return ok && bytes.Equal(a, b) && (a == nil) == (b == nil)
	case time.Time:
		b, ok := b.(time.Time)
		return ok && sameTime(a, b)
	}
	return reflect.DeepEqual(a, b)
}

func sameTime(a, b time.Time) bool {
	name, offset := a.Zone()
	otherName, otherOffset := b.Zone()
	return a.Equal(b) && offset == otherOffset && name == otherName &&
		a.Location().String() == b.Location().String()
}

// row puts one value through an encoder and a decoder of rows and returns it with
// the body.
func row(t testing.TB, kind wire.Kind, c wire.Codec, v any) (any, []byte) {
	t.Helper()
	cols := []wire.Column{{Name: "c", Kind: kind}}
	var e wire.RowsEncoder
	e.Reset(cols, c)
	body, err := e.AppendRow(e.Open(nil), []driver.Value{v})
	if err != nil {
		t.Fatal(err)
	}
	body = e.Close(body)
	var d wire.RowsDecoder
	d.Reset(cols, c, body)
	dest := []driver.Value{"untouched"}
	if more, err := d.Next(dest); !more || err != nil {
		t.Fatalf("%q: %v, %v", body, more, err)
	}
	if more, err := d.Next([]driver.Value{nil}); more || err != nil {
		t.Fatalf("%q: a second row: %v, %v", body, more, err)
	}
	return dest[0], body
}

// statement puts arguments through a statement and returns them with the body.
func statement(t testing.TB, c wire.Codec, args ...driver.NamedValue) ([]driver.NamedValue, []byte) {
	t.Helper()
	m := wire.Statement{SQL: "x", Args: args}
	body := m.Append(nil, c)
	var back wire.Statement
	if err := back.Decode(body, c); err != nil {
		t.Fatalf("%q: %v", body, err)
	}
	return back.Args, body
}

func TestEachValueOfTheTableComesBackFromACellOfJSON(t *testing.T) {
	for _, g := range goldens {
		back, body := row(t, g.kind, wire.JSON, g.value)
		if want := `{"r":[[` + g.cell + `]]}`; string(body) != want {
			t.Errorf("%s: got %s, want %s", g.name, body, want)
		}
		if !same(g.value, back) {
			t.Errorf("%s: %#v came back as %#v", g.name, g.value, back)
		}
	}
}

func TestEachValueOfTheTableComesBackFromACellInBinary(t *testing.T) {
	for _, g := range goldens {
		back, body := row(t, g.kind, wire.Binary, g.value)
		if want := unhex(t, g.binary); !bytes.Equal(body[1:], want) {
			t.Errorf("%s: got %x, want %x", g.name, body[1:], want)
		}
		if !same(g.value, back) {
			t.Errorf("%s: %#v came back as %#v", g.name, g.value, back)
		}
	}
}

func TestEachValueOfTheTableComesBackAsAnArgument(t *testing.T) {
	for _, g := range goldens {
		for _, c := range []wire.Codec{wire.JSON, wire.Binary} {
			args, body := statement(t, c, driver.NamedValue{Value: g.value})
			want := []byte(`{"sql":"x","args":[` + g.arg + `]}`)
			if c == wire.Binary {
				want = unhex(t, "01 0178 01 00"+g.binary)
			}
			if !bytes.Equal(body, want) {
				t.Errorf("%s: got %q, want %q", g.name, body, want)
			}
			if len(args) != 1 || !same(g.value, args[0].Value) || args[0].Name != "" || args[0].Ordinal != 1 {
				t.Errorf("%s in %s: %#v came back as %#v", g.name, c, g.value, args)
			}
		}
	}
}

func TestNamesOutParametersAndListsComeBack(t *testing.T) {
	for _, g := range goldenArgs {
		for _, c := range []wire.Codec{wire.JSON, wire.Binary} {
			args, body := statement(t, c, g.value)
			want := []byte(`{"sql":"x","args":[` + g.arg + `]}`)
			if c == wire.Binary {
				want = unhex(t, "01 0178 01"+g.binary)
			}
			if !bytes.Equal(body, want) {
				t.Errorf("%s: got %q, want %q", g.name, body, want)
			}
			g.value.Ordinal = 1
			if len(args) != 1 || !reflect.DeepEqual(args[0], g.value) {
				t.Errorf("%s in %s: %#v came back as %#v", g.name, c, g.value, args)
			}
		}
	}
}

func TestTheTableHoldsEachKind(t *testing.T) {
	held := map[wire.Kind]bool{}
	for _, g := range goldens {
		held[g.kind] = true
		if g.value != nil && wire.KindOf(g.value) == 0 {
			t.Errorf("%s: %T has no kind", g.name, g.value)
		}
	}
	for _, k := range []byte("oiugfdsxbtc") {
		if !held[wire.Kind(k)] {
			t.Errorf("no value of kind %c", k)
		}
	}
}
