// This file measures what the ledger costs per execution.

package ledger_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor/internal/ledger"
	"github.com/fluxor-db/fluxor/internal/sqltext"
)

// run is an ordinary execution.
var run = ledger.Execution{At: time.Unix(1_700_000_000, 0), Took: 3 * time.Millisecond, Rows: 2}

func newLedger(c ledger.Config) *ledger.Ledger {
	return ledger.New(sqltext.NewMemo(sqltext.PostgreSQL), c)
}

const everyday = "select id, name, price from product where id = $1"

func BenchmarkRecordKnownText(b *testing.B) {
	l := newLedger(ledger.Config{})
	b.ReportAllocs()
	for b.Loop() {
		l.Record(everyday, run)
	}
}

// The part of it that the memo takes.
func BenchmarkFloorMemo(b *testing.B) {
	m := sqltext.NewMemo(sqltext.PostgreSQL)
	b.ReportAllocs()
	for b.Loop() {
		m.Of(everyday)
	}
}

func BenchmarkRecordFromManyGoroutines(b *testing.B) {
	l := newLedger(ledger.Config{})
	texts := make([]string, 32)
	for i := range texts {
		texts[i] = fmt.Sprintf("select id, name, price from product%d where id = $1", i)
	}
	b.ReportAllocs()
	b.SetParallelism(4) // eight goroutines on two processors
	b.RunParallel(func(pb *testing.PB) {
		for i := 0; pb.Next(); i++ {
			l.Record(texts[i%len(texts)], run)
		}
	})
}

// A text that nobody saw before, of a fingerprint that is known.
func BenchmarkRecordNewTextOfAKnownFingerprint(b *testing.B) {
	l := newLedger(ledger.Config{})
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		l.Record(fmt.Sprintf("select id, name, price from product where id = %d", i), run)
	}
}

// A fingerprint that nobody saw before, when the ledger is full.
func BenchmarkRecordNewFingerprint(b *testing.B) {
	l := newLedger(ledger.Config{})
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		l.Record(fmt.Sprintf("select id, name, price from product%d", i), run)
	}
}

func BenchmarkTopTen(b *testing.B) {
	l := newLedger(ledger.Config{})
	for i := range 2000 {
		l.Record(fmt.Sprintf("select id, name, price from product%d", i), run)
	}
	b.ReportAllocs()
	for b.Loop() {
		l.Top(10, ledger.ByTotal)
	}
}
