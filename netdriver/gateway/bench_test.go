// This file compares a point query through the gateway with the same one on the connector that it serves.

package gateway_test

import (
	"context"
	"database/sql/driver"
	"io"
	"testing"

	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

// BenchmarkPoint asks for one row of three columns, over a driver that answers
// from memory: what is left is the gateway, the protocol and the loopback.
func BenchmarkPoint(b *testing.B) {
	row := []driver.Value{int64(7), "a name", 1.5}
	db := &faulty{query: func(context.Context, string) (driver.Rows, error) { return &cells{row: row}, nil }}
	b.Run("direct", func(b *testing.B) {
		conn, _ := db.Connect(b.Context())
		q, dest := conn.(driver.QueryerContext), make([]driver.Value, 3)
		b.ReportAllocs()
		for b.Loop() {
			rows, err := q.QueryContext(b.Context(), "select", nil)
			if err != nil {
				b.Fatal(err)
			}
			for err == nil {
				err = rows.Next(dest)
			}
			if err != io.EOF {
				b.Fatal(err)
			}
		}
	})
	for _, codec := range []string{"json", "bin1"} {
		b.Run(codec, func(b *testing.B) {
			c := login(b, serve(b, config(db)), func(h *wire.Hello) { h.Codecs = []string{codec} })
			m := wire.Statement{SQL: "select"}
			b.ReportAllocs()
			for b.Loop() {
				c.request(wire.TypeQuery, &m)
				for m := c.next(); m.Type != wire.TypeEnd; m = c.next() {
					continue
				}
			}
		})
	}
}
