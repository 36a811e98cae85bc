// This file checks messages of rows as a whole: several rows, several messages, broken ones.

package wire_test

import (
	"bytes"
	"database/sql/driver"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

// columns are columns of these kinds.
func columns(kinds string) []wire.Column {
	cols := make([]wire.Column, len(kinds))
	for i := range kinds {
		cols[i] = wire.Column{Name: fmt.Sprintf("c%d", i), Kind: wire.Kind(kinds[i])}
	}
	return cols
}

// bodyOf is a body of these rows.
func bodyOf(t testing.TB, cols []wire.Column, c wire.Codec, rows ...[]driver.Value) []byte {
	t.Helper()
	var e wire.RowsEncoder
	e.Reset(cols, c)
	body := e.Open(nil)
	for _, r := range rows {
		var err error
		if body, err = e.AppendRow(body, r); err != nil {
			t.Fatal(err)
		}
	}
	return e.Close(body)
}

// rowsOf are the rows of a body.
func rowsOf(d *wire.RowsDecoder, cols []wire.Column, c wire.Codec, body []byte) (rows [][]driver.Value, err error) {
	d.Reset(cols, c, body)
	for {
		dest := make([]driver.Value, len(cols))
		more, err := d.Next(dest)
		if !more || err != nil {
			return rows, err
		}
		rows = append(rows, dest)
	}
}

var codecs = []wire.Codec{wire.JSON, wire.Binary}

func TestRowsComeBackInTheirOrder(t *testing.T) {
	cols := columns("isb")
	want := [][]driver.Value{
		{int64(1), "one", []byte{1}},
		{nil, strings.Repeat("long", 1000), []byte{}},
		{int64(3), "", nil},
	}
	for _, c := range codecs {
		var d wire.RowsDecoder
		for n := range len(want) + 1 { // the decoder is used again
			rows, err := rowsOf(&d, cols, c, bodyOf(t, cols, c, want[:n]...))
			if err != nil || len(rows) != n || n > 0 && !reflect.DeepEqual(rows, want[:n]) {
				t.Errorf("%s, %d rows: %v, %v", c, n, rows, err)
			}
		}
	}
}

func TestRowsAreLaidOutAsTheProtocolSays(t *testing.T) {
	cols := columns("is")
	rows := [][]driver.Value{{int64(1), "a"}, {int64(-2), nil}}
	if got, want := string(bodyOf(t, cols, wire.JSON, rows...)), `{"r":[[1,"a"],[-2,null]]}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := bodyOf(t, cols, wire.Binary, rows...), unhex(t, "05 0302 070161 03 0303 00"); !bytes.Equal(got, want) {
		t.Errorf("got %x, want %x", got, want)
	}
}

func TestALongRowHasALongPrefix(t *testing.T) {
	for _, size := range []int{1, 124, 125, 126, 127, 16_379, 16_380, 16_381, 16_382, 1 << 21} {
		v := strings.Repeat("x", size)
		back, body := row(t, wire.KindString, wire.Binary, v)
		if back != v {
			t.Errorf("%d bytes came back as %d", size, len(back.(string)))
		}
		if size == 125 && !bytes.HasPrefix(body, unhex(t, "7f 077d78")) {
			t.Errorf("got %x", body[:4])
		}
		if size == 126 && !bytes.HasPrefix(body, unhex(t, "8001 077e78")) {
			t.Errorf("got %x", body[:5])
		}
	}
}

func TestWhatCameOutOfABodyDoesNotPointIntoIt(t *testing.T) {
	cols := columns("sxbdt")
	want := []driver.Value{"text", []byte("text"), []byte("\xff\x00"), wire.Decimal("12.5"), noon.In(berlin)}
	for _, c := range codecs {
		body := bodyOf(t, cols, c, want)
		rows, err := rowsOf(new(wire.RowsDecoder), cols, c, body)
		for i := range body {
			body[i] = 0xaa
		}
		if err != nil || len(rows) != 1 {
			t.Fatal(len(rows), err)
		}
		for i := range want {
			if !same(want[i], rows[0][i]) {
				t.Errorf("%s: %v came back as %v", c, want[i], rows[0][i])
			}
		}
	}
}

func TestARowThatCannotGoOverTheWireLeavesTheBodyAsItWas(t *testing.T) {
	cols := columns("ii")
	for _, c := range codecs {
		var e wire.RowsEncoder
		e.Reset(cols, c)
		body := e.Open(nil)
		for _, r := range [][]driver.Value{{int64(1), int32(2)}, {int64(1)}, {int64(1), wire.Decimal("\x00")}, {int64(1), wire.Cursor(-1)}} {
			after, err := e.AppendRow(body, r)
			if err == nil || len(after) != len(body) {
				t.Errorf("%s: %v: %v, %d bytes more", c, r, err, len(after)-len(body))
			}
			if len(r) == 2 && !strings.Contains(err.Error(), "column 2 (c1)") {
				t.Errorf("%s: %v", c, err)
			}
			body = after
		}
		body, _ = e.AppendRow(body, []driver.Value{int64(1), int64(2)})
		rows, err := rowsOf(new(wire.RowsDecoder), cols, c, e.Close(body))
		if want := [][]driver.Value{{int64(1), int64(2)}}; err != nil || !reflect.DeepEqual(rows, want) {
			t.Errorf("%s: %v, %v", c, rows, err)
		}
	}
}

func TestRowsOfALineAreRead(t *testing.T) {
	cols := columns("i")
	for _, body := range []string{
		`{"type":"rows","id":1,"r":[[1],[2]]}`,
		" { \"x\" : [ { } ] , \"r\" : [ [ 1 ] , [ 2 ] ] , \"id\" : 1 } ",
	} {
		rows, err := rowsOf(new(wire.RowsDecoder), cols, wire.JSON, []byte(body))
		if want := [][]driver.Value{{int64(1)}, {int64(2)}}; err != nil || !reflect.DeepEqual(rows, want) {
			t.Errorf("%s: %v, %v", body, rows, err)
		}
	}
}

func TestRowsThatDoNotFitTheirColumnsAreRefusedWithTheirPlace(t *testing.T) {
	for _, r := range []struct {
		codec  wire.Codec
		body   string
		offset int64
		reason string
	}{
		{wire.JSON, `{}`, 2, "without rows"},
		{wire.JSON, `{"r":[[1]]}`, 9, "fewer values"},
		{wire.JSON, `{"r":[[]]}`, 8, "fewer values"},
		{wire.JSON, `{"r":[[1,"a",2]]}`, 13, "more values"},
		{wire.JSON, `{"r":[[1,2]]}`, 9, "another kind"},
		{wire.JSON, `{"r":[["a","a"]]}`, 7, "another kind"},
		{wire.JSON, `{"r":[[1.0,"a"]]}`, 7, "another kind"},
		{wire.JSON, `{"r":[[true,"a"]]}`, 7, "its kind"},
		{wire.JSON, `{"r":[[1,{"name":"a","v":1}]]}`, 9, "unknown tag"},
		{wire.JSON, `{"r":[[1,{"out":"int64"}]]}`, 9, "unknown tag"},
		{wire.JSON, `{"r":[[1,{"s":"a","i":1}]]}`, 17, "expected }"},
		{wire.JSON, `{"r":[[1,{}]]}`, 9, "without a tag"},
		{wire.JSON, `{"r":[1]}`, 6, "expected ["},
		{wire.JSON, `{"r":[[1,"a"],]}`, 14, "expected ["},
		{wire.JSON, `{"r":[[1,"a"]}`, 13, "expected ]"},
		{wire.JSON, `{"r":[[1,"a"]]`, 14, "expected ,"},
		{wire.JSON, `{"r":[[1,"a"]],"r":[]}`, 19, "twice"},
		{wire.JSON, `{"r":[[1,"a"]]}x`, 15, "after the end"},
		{wire.JSON, `{"r":[]}x`, 8, "after the end"},
		{wire.JSON, `{"r":{}}`, 5, "expected ["},
		{wire.Binary, "\x02\x03\x02", 3, "too short"},
		{wire.Binary, "\x06\x03\x02\x07\x01a\x00", 6, "more values"},
		{wire.Binary, "\x05\x03\x02\x07\x01", 0, "longer than the body"},
		{wire.Binary, "\x04\x03\x02\x07\x02aa", 5, "longer than the body"}, // than the row
		{wire.Binary, "\x85\x00\x03\x02\x07\x01a", 0, "expected a number"},
		{wire.Binary, "\x03\x03\x02\x0d", 3, "unknown tag"},
		{wire.Binary, "\x03\x03\x02\x0e", 3, "unknown tag"},
	} {
		_, err := rowsOf(new(wire.RowsDecoder), columns("is"), r.codec, []byte(r.body))
		if err == nil {
			t.Errorf("%q was read", r.body)
			continue
		}
		refusedOf(t, r.body, err, r.offset, r.reason)
	}
}

func TestADecoderThatFailedGoesOnFailing(t *testing.T) {
	for c, body := range map[wire.Codec]string{wire.JSON: `{"r":[[1],["x"],[3]]}`, wire.Binary: "\x02\x03\x02\x01\x0f\x02\x03\x04"} {
		var d wire.RowsDecoder
		d.Reset(columns("i"), c, []byte(body))
		dest := make([]driver.Value, 1)
		if more, err := d.Next(dest); !more || err != nil {
			t.Fatalf("%s: %v, %v", c, more, err)
		}
		_, first := d.Next(dest)
		if _, again := d.Next(dest); first == nil || again == nil || first.Error() != again.Error() {
			t.Errorf("%s: %v, then %v", c, first, again)
		}
	}
}

func TestADestinationMustFitTheColumns(t *testing.T) {
	var d wire.RowsDecoder
	d.Reset(columns("i"), wire.JSON, []byte(`{"r":[[1]]}`))
	if _, err := d.Next(make([]driver.Value, 2)); err == nil {
		t.Error("two values were read of one column")
	}
}

func TestARowIsReadWithTheAllocationsThatItsValuesNeed(t *testing.T) {
	cols, rows := sample(302)
	dest := make([]driver.Value, len(cols))
	for _, c := range codecs {
		body := bodyOf(t, cols, c, rows[301])
		var d wire.RowsDecoder
		// An integer, a float and a time take one each; two texts, the decimal and 16
		// bytes take two, for what they hold and for themselves.
		const most = 3 + 2*4
		if allocs := testing.AllocsPerRun(100, func() {
			d.Reset(cols, c, body)
			if more, err := d.Next(dest); !more || err != nil {
				t.Fatal(more, err)
			}
		}); allocs > most {
			t.Errorf("%s: %v allocations, at most %d", c, allocs, most)
		}
	}
}

func TestARowIsWrittenWithoutAllocating(t *testing.T) {
	cols, row := sample(1)
	for _, c := range codecs {
		var e wire.RowsEncoder
		dst := make([]byte, 0, 4096)
		if allocs := testing.AllocsPerRun(100, func() {
			e.Reset(cols, c)
			dst, _ = e.AppendRow(e.Open(dst[:0]), row[0])
			dst = e.Close(dst)
		}); allocs != 0 {
			t.Errorf("%s: %v allocations", c, allocs)
		}
	}
}
