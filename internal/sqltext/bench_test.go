// This file measures what judging a text costs, new and remembered.

package sqltext_test

import (
	"testing"

	"github.com/fluxor-db/fluxor/internal/sqltext"
)

// everyday are each dialect's everyday statements, of which the first 20 are
// measured.
var everyday = []struct {
	d    sqltext.Dialect
	rows []trap
}{
	{sqltext.PostgreSQL, everydayPostgres},
	{sqltext.MySQL, everydayMySQL},
	{sqltext.Oracle, everydayOracle},
	{sqltext.SQLite, everydaySQLite},
}

// BenchmarkAnalyze is the mean over everyday statements, as if each were new.
func BenchmarkAnalyze(b *testing.B) {
	for _, e := range everyday {
		b.Run(e.d.String(), func(b *testing.B) {
			rows := e.rows[:min(20, len(e.rows))]
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				sqltext.Analyze(e.d, rows[i%len(rows)].text)
			}
		})
	}
}

// BenchmarkFingerprint is the same for fingerprints.
func BenchmarkFingerprint(b *testing.B) {
	for _, e := range everyday {
		b.Run(e.d.String(), func(b *testing.B) {
			rows := e.rows[:min(20, len(e.rows))]
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				sqltext.Fingerprint(e.d, rows[i%len(rows)].text)
			}
		})
	}
}

// BenchmarkRemembered is the mean for texts that the memo knows.
func BenchmarkRemembered(b *testing.B) {
	for _, e := range everyday {
		b.Run(e.d.String(), func(b *testing.B) {
			rows := e.rows[:min(20, len(e.rows))]
			m := sqltext.NewMemo(e.d)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				m.Of(rows[i%len(rows)].text)
			}
		})
	}
}

// BenchmarkRememberedByMany is the same from all processors at once.
func BenchmarkRememberedByMany(b *testing.B) {
	m := sqltext.NewMemo(sqltext.PostgreSQL)
	rows := everydayPostgres[:20]
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for i := 0; pb.Next(); i++ {
			m.Of(rows[i%len(rows)].text)
		}
	})
}
