// This file tests which texts hold a time that is read when they are prepared.

package sqltext_test

import (
	"testing"

	"github.com/fluxor-db/fluxor/internal/sqltext"
)

func TestALiteralThatNamesAMomentIsFrozenWhenPrepared(t *testing.T) {
	for text, want := range map[string]bool{
		"select * from t where at < 'now'":                      true,
		"select 'today'::date from t where id = $1":             true,
		"insert into t values ($1, timestamp 'TOMORROW 10:00')": true,
		"select $$yesterday$$::date":                            true,
		`select E'\x6eow'::timestamptz`:                         true,
		"select 'no'\n'w'::timestamptz":                         true,
		"select now(), current_date":                            false,
		"select 'nowhere' from t where at < $1":                 false,
		"select 1; select 'now'::date":                          true,
	} {
		if got := sqltext.Analyze(sqltext.PostgreSQL, text).Frozen; got != want {
			t.Errorf("%q: frozen %t, want %t", text, got, want)
		}
	}
	if sqltext.Analyze(sqltext.SQLite, "select datetime('now')").Frozen {
		t.Error("SQLite reads it at each run")
	}
}
