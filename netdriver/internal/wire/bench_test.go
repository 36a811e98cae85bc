// This file measures rows through both codecs, and encoding/json beside them.

package wire_test

import (
	"bytes"
	"database/sql/driver"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

// plainRows is a message of rows as encoding/json sees it.
type plainRows struct {
	R [][]any `json:"r"`
}

// plainAppend writes rows with encoding/json.
func plainAppend(rows [][]driver.Value) ([]byte, error) {
	m := plainRows{R: make([][]any, len(rows))}
	for i, r := range rows {
		m.R[i] = make([]any, len(r))
		for j, v := range r {
			m.R[i][j] = v
		}
	}
	return json.Marshal(m)
}

// plainDecode reads rows with encoding/json, makes values of each, and hands it
// over, as database/sql has a driver do: in the same slice.
func plainDecode(cols []wire.Column, body []byte, dest []driver.Value, row func()) error {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var m plainRows
	if err := d.Decode(&m); err != nil {
		return err
	}
	for _, r := range m.R {
		for j, cell := range r {
			var err error
			if dest[j], err = plainValue(cols[j].Kind, cell); err != nil {
				return err
			}
		}
		row()
	}
	return nil
}

func plainValue(k wire.Kind, cell any) (v driver.Value, err error) {
	switch cell := cell.(type) {
	case json.Number:
		if k == wire.KindInt {
			return cell.Int64()
		}
		return cell.Float64()
	case string:
		switch k {
		case wire.KindDecimal:
			return wire.Decimal(cell), nil
		case wire.KindBytes:
			return base64.StdEncoding.DecodeString(cell)
		case wire.KindTime:
			return time.Parse(time.RFC3339Nano, cell)
		}
	}
	return cell, nil
}

func TestThePeerOfTheBenchmarksReadsTheSameRows(t *testing.T) {
	cols, want := sample(10)
	body, err := plainAppend(want)
	if err != nil {
		t.Fatal(err)
	}
	var got [][]driver.Value
	dest := make([]driver.Value, len(cols))
	err = plainDecode(cols, body, dest, func() { got = append(got, slices.Clone(dest)) })
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, %v", got, err)
	}
	rows, err := rowsOf(new(wire.RowsDecoder), cols, wire.JSON, body)
	if err != nil || !reflect.DeepEqual(rows, want) {
		t.Errorf("got %v, %v", rows, err)
	}
}

// perRow reports what a row costs.
func perRow(b *testing.B, rows, size int) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*rows), "ns/row")
	b.ReportMetric(float64(size)/float64(rows), "B/row")
}

func BenchmarkEncodeRows(b *testing.B) {
	for _, n := range []int{1, 1000} {
		cols, rows := sample(n)
		for _, c := range codecs {
			b.Run(fmt.Sprintf("%s/%d", c, n), func(b *testing.B) {
				b.ReportAllocs()
				var e wire.RowsEncoder
				var dst []byte
				for b.Loop() {
					e.Reset(cols, c)
					dst = e.Open(dst[:0])
					for _, r := range rows {
						dst, _ = e.AppendRow(dst, r)
					}
					dst = e.Close(dst)
				}
				perRow(b, n, len(dst))
			})
		}
		b.Run(fmt.Sprintf("encoding-json/%d", n), func(b *testing.B) {
			b.ReportAllocs()
			var dst []byte
			for b.Loop() {
				dst, _ = plainAppend(rows)
			}
			perRow(b, n, len(dst))
		})
	}
}

func BenchmarkDecodeRows(b *testing.B) {
	for _, n := range []int{1, 1000} {
		cols, rows := sample(n)
		dest := make([]driver.Value, len(cols))
		for _, c := range codecs {
			body := bodyOf(b, cols, c, rows...)
			b.Run(fmt.Sprintf("%s/%d", c, n), func(b *testing.B) {
				b.ReportAllocs()
				var d wire.RowsDecoder
				for b.Loop() {
					d.Reset(cols, c, body)
					read := 0
					for more, err := d.Next(dest); more; more, err = d.Next(dest) {
						if read++; err != nil {
							b.Fatal(err)
						}
					}
					if read != n {
						b.Fatalf("%d rows of %d", read, n)
					}
				}
				perRow(b, n, len(body))
			})
		}
		body, err := plainAppend(rows)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprintf("encoding-json/%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				read := 0
				if err := plainDecode(cols, body, dest, func() { read++ }); err != nil || read != n {
					b.Fatal(read, err)
				}
			}
			perRow(b, n, len(body))
		})
	}
}

// BenchmarkPointAnswer writes and reads the whole answer to a query for one row.
func BenchmarkPointAnswer(b *testing.B) {
	cols, rows := sample(1)
	for _, c := range codecs {
		head, end := wire.Head{Columns: cols}, wire.End{Tx: wire.TxIdle, MS: 0.25}
		var e wire.RowsEncoder
		var buf wire.Buffer
		answer := func() {
			buf.Reset()
			buf.Add(wire.TypeHead, 1, &head, c)
			e.Reset(cols, c)
			buf.Begin(wire.TypeRows, c.Flags(), 1)
			buf.B, _ = e.AppendRow(e.Open(buf.B), rows[0])
			buf.B = e.Close(buf.B)
			buf.End()
			buf.Add(wire.TypeEnd, 1, &end, c)
		}
		b.Run(fmt.Sprintf("%s/write", c), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				answer()
			}
			b.ReportMetric(float64(buf.Len()), "B")
		})
		b.Run(fmt.Sprintf("%s/read", c), func(b *testing.B) {
			b.ReportAllocs()
			answer()
			src := bytes.NewReader(buf.Bytes())
			r := wire.NewReader(src, wire.Limits{})
			var h wire.Head
			var d wire.RowsDecoder
			var last wire.End
			dest := make([]driver.Value, 8)
			for b.Loop() {
				src.Reset(buf.Bytes())
				for {
					m, err := r.Next()
					if err != nil {
						break
					}
					switch m.Type {
					case wire.TypeHead:
						err = h.Decode(m.Body, m.Codec())
					case wire.TypeRows:
						d.Reset(h.Columns, m.Codec(), m.Body)
						_, err = d.Next(dest)
					case wire.TypeEnd:
						err = last.Decode(m.Body, m.Codec())
					}
					if err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}

func BenchmarkStatement(b *testing.B) {
	m := wire.Statement{
		SQL: "select id, name, total, changed from orders where customer = $1 and changed > $2", TimeoutMS: 3000,
		Args: []driver.NamedValue{{Ordinal: 1, Value: int64(70_001)}, {Ordinal: 2, Value: noon}},
	}
	for _, c := range codecs {
		body := m.Append(nil, c)
		b.Run(fmt.Sprintf("%s/write", c), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				body = m.Append(body[:0], c)
			}
		})
		b.Run(fmt.Sprintf("%s/read", c), func(b *testing.B) {
			b.ReportAllocs()
			var back wire.Statement
			for b.Loop() {
				if err := back.Decode(body, c); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
