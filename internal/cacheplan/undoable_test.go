// This file tests which changes are said to be taken back by a rollback.

package cacheplan_test

import (
	"testing"

	"github.com/fluxor-db/fluxor/internal/cacheplan"
	"github.com/fluxor-db/fluxor/internal/sqltext"
)

// hooked is a schema in which code hangs on "orders" of which nobody knows what it
// changes, and a view calls a routine that writes "rates".
type hooked struct{ tables }

func (hooked) Writes([]string) (tags []string, all bool, why string) {
	return nil, true, "unknown-routine"
}

func (hooked) Effects([]string) (tags []string, all bool, why string) {
	return []string{"rates"}, false, ""
}

func (hooked) Transactional(names []string) bool { return len(names) == 1 && names[0] == "rates" }

func TestWhatUnknownCodeWritesIsNotTakenBack(t *testing.T) {
	for _, d := range []sqltext.Dialect{sqltext.PostgreSQL, sqltext.MySQL, sqltext.Oracle, sqltext.SQLite} {
		for _, row := range []struct {
			name, text string
			schema     cacheplan.Schema
		}{
			{"code that is not known", "update orders set a = 1", hooked{}},
			{"a table that is not known", "update strange set a = 1", schema},
			{"a schema that is not known", "update orders set a = 1", nil},
		} {
			got := planner(t, d, row.schema).Of(row.text)
			if !got.Changes || got.Written != nil || got.Undoable {
				t.Errorf("%v: %s: changes %v, %q, undoable %v", d, row.name, got.Changes, got.Written, got.Undoable)
			}
		}
		if got := planner(t, d, hooked{}).Of("select a from orders"); !got.Changes || got.Undoable != (d != sqltext.Oracle) {
			t.Errorf("%v: a view that calls a routine: changes %v, undoable %v", d, got.Changes, got.Undoable)
		}
	}
}
