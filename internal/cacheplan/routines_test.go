// This file tests what a text does once the routines that it calls are judged.

package cacheplan_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/fluxor-db/fluxor/internal/cache"
	"github.com/fluxor-db/fluxor/internal/cacheplan"
	"github.com/fluxor-db/fluxor/internal/cacherules"
	"github.com/fluxor-db/fluxor/internal/catalog"
	"github.com/fluxor-db/fluxor/internal/sqltext"
)

// tables is a schema of plain tables and of routines: what a routine's name stands
// for.
type tables map[string]catalog.Routine

// Relation reports whether a name is one of three tables', of which "old" is in an
// engine without rollback.
func (t tables) Relation(name string) bool {
	return slices.Contains([]string{"orders", "rates", "old"}, name)
}

func (t tables) Reads(names []string) (tags []string, why string) {
	for _, name := range names {
		if t.Relation(name) {
			tags = append(tags, name)
		}
	}
	return tags, ""
}

func (t tables) Writes(names []string) (tags []string, all bool, why string) {
	tags, _ = t.Reads(names)
	return tags, false, ""
}

func (t tables) Effects([]string) (tags []string, all bool, why string) { return nil, false, "" }

func (t tables) Transactional(names []string) bool { return !slices.Contains(names, "old") }

func (t tables) Routine(name string) (catalog.Routine, bool) {
	r, known := t[name]
	return r, known
}

func (t tables) Refuses() string { return "" }

// schema has routines whose names say what they do.
var schema = tables{
	"pure": {Pure: true, Reads: []string{"rates"}}, "writes": {Writes: []string{"orders"}}, "reads": {}, "wild": {All: true},
	"ages": {Writes: []string{"old"}}, "pkg": {Writes: []string{"orders"}}, "clean": {Pure: true},
}

const rules = `routine=r.rate pure reads=rates; routine=r.book writes=orders neutral; routine=r.log writes=orders; routine=r.note,note,writes neutral;
	routine=plain pure; routine=r.file writes=old neutral`

// planner makes plans in a world with the schema and the rules.
func planner(t *testing.T, d sqltext.Dialect, s cacheplan.Schema) *cacheplan.Planner {
	t.Helper()
	parsed, err := cacherules.Parse(rules)
	if err != nil {
		t.Fatal(err)
	}
	p := cacheplan.New(cacheplan.Config{Memo: sqltext.NewMemo(d), Versions: cache.New(), Mode: cacheplan.All, Rows: 10, Rules: parsed})
	if s != nil && !p.Learn(p.Since(), s) {
		t.Fatal("the schema was not learned")
	}
	return p
}

// outcome writes a plan in a few words: "reads ..." where answers are kept, else
// why not, what is changed, and what becomes of the session.
func outcome(plan *cacheplan.Plan) string {
	words := []string{plan.Verdict.String(), plan.Why}
	if plan.Serve {
		words[1] = "reads " + strings.Join(plan.Names, ",")
	}
	switch {
	case plan.Changes && plan.Written == nil:
		words = append(words, "writes all")
	case plan.Changes:
		words = append(words, "writes "+strings.Join(plan.Written, ","))
	}
	if plan.Changes && !plan.Undoable {
		words = append(words, "for good")
	}
	if plan.Reshapes {
		words = append(words, "reshapes")
	}
	return strings.Join(append(words, plan.Session.String()), "; ")
}

// anything is the outcome of a call that may do anything.
const anything = "FLUSH; unknown-function; writes all; for good; reshapes; unknown"

// judgements are texts and their outcomes.
var judgements = map[sqltext.Dialect][][2]string{
	sqltext.PostgreSQL: {
		{"select r.rate(1), a from orders", "PURE; reads orders,rates; leaves"},
		{"select rate(1)", anything},
		{"select any.plain(1) from orders", "PURE; reads orders; leaves"},
		{"select pure(1) from orders", "PURE; reads orders,rates; leaves"},
		{"select s.pure(plain(1))", "PURE; reads rates; leaves"},
		{"select pg_catalog.pure(1)", anything},
		{"select d.s.pure(1)", anything},
		{"select pure(now())", "PURE; reads-clock; leaves"},
		{"select pure(1), unknown(2)", anything},
		{"select pure(1), wild(2)", anything},
		{"select reads(1)", "PURE; impure-routine; unknown"},
		{"select writes(1)", "PURE; impure-routine; writes orders; leaves"},
		{"select ages(1)", "PURE; impure-routine; writes old; for good; unknown"},
		{"select r.note(1)", "FLUSH; unknown-function; writes all; for good; reshapes; leaves"},
		{"select r.note(1), unknown(1)", anything},
		{"call r.book(1)", "SESSION; calls; writes orders; for good; leaves"},
		{"call r.log(1)", "SESSION; calls; writes orders; for good; unknown"},
		{"call r.rate(1)", "SESSION; calls; leaves"},
		{"call ages(1)", "SESSION; calls; writes old; for good; unknown"},
		{"call p(1)", "FLUSH; unknown-statement; writes all; for good; reshapes; unknown"},
		{"insert into orders values (pure(1))", "WRITE; changes-tables; writes orders; leaves"},
		{"insert into rates values (r.book(1))", "WRITE; changes-tables; writes orders,rates; leaves"},
		{"insert into rates values (reads(1))", "WRITE; changes-tables; writes rates; unknown"},
		{"insert into strange values (r.book(1))", "WRITE; changes-tables; writes all; for good; leaves"},
		{"select pure(current_user)", "SESSION; session; leaves"},
		{"select pure(1) from orders for update", "WRITE; locking-read; leaves"},
		{"select pure('now')", "PURE; reads-clock; leaves"},
		{"create table t (a int default 1 check (a > 0))", "FLUSH; unknown-statement; writes all; for good; reshapes; leaves"},
		{"alter table t add column a int default pure(1)", "FLUSH; unknown-statement; writes all; for good; reshapes; leaves"},
		{"alter table t add column a int default reads(1)", "FLUSH; unknown-statement; writes all; for good; reshapes; unknown"},
		{"create temp table t (a int)", "FLUSH; unknown-statement; writes all; for good; reshapes; unknown"},
		{"update old set a = 1", "WRITE; changes-tables; writes old; for good; leaves"},
		{"update orders set a = 1", "WRITE; changes-tables; writes orders; leaves"},
		{"do $$ begin perform pure(1); end $$", "FLUSH; unknown-statement; writes all; for good; reshapes; unknown"},
	},
	sqltext.MySQL: {
		{"select pure(1)", "PURE; reads rates; leaves"},
		{"select pkg.pure(1)", "FLUSH; unknown-function; writes all; for good; reshapes; unknown"},
		{"select sys.pure(1)", "FLUSH; unknown-function; writes all; for good; reshapes; unknown"},
		{"select ages(1)", "PURE; impure-routine; writes old; for good; unknown"},
		{"call r.book(?)", "SESSION; calls; writes orders; for good; leaves"},
		{"call r.file(?)", "SESSION; calls; writes old; for good; leaves"},
		{"call ages(?)", "FLUSH; unknown-statement; writes all; for good; reshapes; unknown"},
		{"call writes(?)", "SESSION; calls; writes orders; for good; leaves"},
		{"call pure(?)", "SESSION; calls; leaves"},
		{"call note(?)", "FLUSH; unknown-statement; writes all; for good; reshapes; leaves"},
		{"call r.book(@a)", "SESSION; calls; writes orders; for good; unknown"},
	},
	sqltext.Oracle: {
		{"select r.rate(:1) from dual", "PURE; reads rates; leaves"},
		{"select r.rate from dual", "PURE; reads rates; leaves"},
		{"select pure(:1) from dual", "PURE; reads rates; leaves"},
		{"select pkg.pure(:1) from dual", "PURE; impure-routine; writes orders; for good; unknown"},
		{"select s.pkg.pure(:1) from dual", "PURE; impure-routine; writes orders; for good; unknown"},
		{"select clean.pure(:1) from dual", "PURE; reads rates; leaves"},
		{"select clean.wild(:1) from dual", anything},
		{"select id, pure from orders", "PURE; reads orders,rates; leaves"},
		{"select id, writes from orders", "PURE; impure-routine; writes orders; for good; leaves"},
		{"select id from orders where wild = 1", "FLUSH; unknown-function; writes all; for good; reshapes; leaves"},
		{"update rates set v = writes", "WRITE; changes-tables; writes orders,rates; for good; leaves"},
		{"select other.pure(:1) from dual", anything},
		{"begin r.book(:1, 'x'); r.rate(:2); end;", "SESSION; calls; writes orders; for good; leaves"},
		{"begin pkg.x(:1); end;", "FLUSH; unknown-statement; writes all; for good; reshapes; unknown"},
		{"begin :1 := r.rate(:2); end;", "SESSION; calls; leaves"},
		{"update old set v = 1", "WRITE; changes-tables; writes old; for good; leaves"},
		{"begin r.book(:1); commit; end;", "FLUSH; unknown-statement; writes all; for good; reshapes; unknown"},
	},
	sqltext.SQLite: {
		{"select plain(?) from orders", "PURE; reads orders; leaves"},
		{"select other(?) from orders", anything},
	},
}

func TestATextIsJudgedByItsRoutines(t *testing.T) {
	for d, rows := range judgements {
		p := planner(t, d, schema)
		for _, row := range rows {
			if got := outcome(p.Of(row[0])); got != row[1] {
				t.Errorf("%s: %s:\n got %s\nwant %s", d, row[0], got, row[1])
			}
		}
	}
}

func TestWithoutASchemaTheRulesAloneSayWhatRoutinesDo(t *testing.T) {
	p := planner(t, sqltext.PostgreSQL, nil)
	for text, want := range map[string]string{
		"select r.rate(1) from orders": "PURE; reads ; leaves",
		"select pure(1) from orders":   "FLUSH; unknown-function; writes all; for good; reshapes; unknown",
		"call r.book(1)":               "SESSION; calls; writes all; for good; leaves",
	} {
		if got := outcome(p.Of(text)); got != want {
			t.Errorf("%s:\n got %s\nwant %s", text, got, want)
		}
	}
}

func TestAPlanOfARoutineIsMadeAnewInAnotherWorld(t *testing.T) {
	p := planner(t, sqltext.PostgreSQL, schema)
	if !p.Of("select pure(1)").Serve {
		t.Fatal("a pure routine's answer is not kept")
	}
	p.Forget()
	if p.Of("select pure(1)").Serve {
		t.Error("it is kept although nothing is known of the routine")
	}
	p.Learn(p.Since(), tables{"pure": {All: true}})
	if p.Of("select pure(1)").Serve {
		t.Error("it is kept although the routine may change anything now")
	}
}
