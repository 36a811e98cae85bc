// This file tests what a text does to the transaction and to the session's settings, also where its comments speak of something else.

package cacheplan_test

import (
	"testing"

	"github.com/fluxor-db/fluxor/internal/cacheplan"
	"github.com/fluxor-db/fluxor/internal/sqltext"
)

func TestAWordInACommentEndsAndBeginsNothing(t *testing.T) {
	for d, texts := range map[sqltext.Dialect]map[string]cacheplan.Control{
		sqltext.PostgreSQL: {
			"rollback":                           cacheplan.Ends,
			"rollback -- back to the start":      cacheplan.Ends,
			"rollback /* to */ work":             cacheplan.Ends,
			"/* to */ rollback":                  cacheplan.Ends,
			"commit -- and chain the next":       cacheplan.Ends,
			"commit and chain":                   cacheplan.Turns,
			"rollback to a":                      cacheplan.Stays,
			"rollback /* back */ to savepoint a": cacheplan.Stays,
			"ROLLBACK TRANSACTION TO a":          cacheplan.Stays,
			"rollback work to savepoint \"to\"":  cacheplan.Stays,
			"rollback work and chain":            cacheplan.Turns,
		},
		sqltext.MySQL: {
			"rollback # to":                       cacheplan.Ends,
			"rollback work to savepoint a -- ...": cacheplan.Stays,
		},
		sqltext.Oracle: {
			"rollback -- to": cacheplan.Ends,
			"rollback to a":  cacheplan.Stays,
		},
		sqltext.SQLite: {
			"rollback transaction /* to */": cacheplan.Ends,
			"rollback transaction to a":     cacheplan.Stays,
		},
	} {
		p := planner(t, d, schema)
		for text, want := range texts {
			if got := p.Of(text).Transaction; got != want {
				t.Errorf("%v: %q: %d, want %d", d, text, got, want)
			}
		}
	}
}

// leaves holds what texts do to the session against what is expected.
func leaves(t *testing.T, d sqltext.Dialect, effects map[string]cacheplan.Effect) {
	t.Helper()
	p := planner(t, d, schema)
	for text, want := range effects {
		if got := p.Of(text).Session; got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}

func TestASettingOfTheClockIsAnotherEachTime(t *testing.T) {
	leaves(t, sqltext.MySQL, map[string]cacheplan.Effect{
		"set system_versioning_asof = current_timestamp":     cacheplan.Unsettles,
		"set session system_versioning_asof = LOCALTIME":     cacheplan.Unsettles,
		"set time_zone = '+00:00', timestamp = utc_time":     cacheplan.Unsettles,
		"set system_versioning_asof = '2026-01-02 03:04:05'": cacheplan.Sets,
	})
}

func TestASettingIsLocalByItsOwnWordsAlone(t *testing.T) {
	leaves(t, sqltext.PostgreSQL, map[string]cacheplan.Effect{
		"set local search_path to app":               cacheplan.SetsLocally,
		"set /* here */ local search_path to app":    cacheplan.SetsLocally,
		"-- local settings\nset search_path to app":  cacheplan.Sets,
		"/* local */ set search_path to app":         cacheplan.Sets,
		"set search_path to app -- not local":        cacheplan.Sets,
		"set session search_path to local":           cacheplan.Sets,
		"set datestyle = 'SQL, DMY' /* for local */": cacheplan.Sets,
	})
}
