// This file holds the rows that benchmarks write and read.

package wire_test

import (
	"database/sql/driver"
	"encoding/binary"
	"fmt"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

// sample is n rows of eight columns: an integer, a text, a decimal, a float, a
// time, 16 bytes, a text that may be NULL, a boolean.
func sample(n int) ([]wire.Column, [][]driver.Value) {
	cols := columns("isdftbso")
	start := time.Date(2024, 3, 1, 10, 0, 0, 123456000, time.UTC)
	rows := make([][]driver.Value, n)
	for i := range rows {
		id := make([]byte, 16)
		binary.BigEndian.PutUint64(id, uint64(i)*0x9e3779b97f4a7c15)
		binary.BigEndian.PutUint64(id[8:], uint64(i)*0xc2b2ae3d27d4eb4f)
		var note any
		if i%3 > 0 {
			note = fmt.Sprintf("note %d", i)
		}
		rows[i] = []driver.Value{
			int64(i) * 1009, fmt.Sprintf("customer-%06d", i), wire.Decimal(fmt.Sprintf("%d.%02d", i*37, i%100)), float64(i) * 1.37,
			start.Add(time.Duration(i) * time.Second), id, note, i%2 == 0,
		}
	}
	return cols, rows
}

// tzdata are the rules of a zone of CET without any change.
func tzdata(t *testing.T) []byte {
	t.Helper()
	head := unhex(t, "545a6966 00 000000000000000000000000000000 00000000 00000000 00000000 00000000 00000001 00000004")
	return append(head, unhex(t, "00000e10 00 00 43455400")...)
}
