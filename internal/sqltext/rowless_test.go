// This file tests which statements are taken for some without rows.

package sqltext

import (
	"strings"
	"testing"
)

func TestOnlyASinglePlainChangeIsKnownToReturnNoRows(t *testing.T) {
	everywhere := []Dialect{Unknown, PostgreSQL, MySQL, Oracle, SQLite}
	for _, row := range []struct {
		text string
		in   []Dialect
		want bool
	}{
		{"INSERT INTO t VALUES (1)", everywhere, true},
		{"insert", everywhere, true},
		{"\n-- note\n/* a\n; select */ update t set n = 1 ; ;", everywhere, true},
		{"insert into t values ('returning; select 1')", everywhere, true},
		{"insert into t values (1); -- done", everywhere, true},
		{"insert into t values (1) Returning n", everywhere, false},
		{"insert into t output inserted.n values (1)", everywhere, false},
		{"insert into t values (1); select 1", everywhere, false},
		{"select 1", everywhere, false},
		{"inserted", everywhere, false},
		{"(insert)", everywhere, false},
		{`"insert" into t`, everywhere, false},
		{"insert into t values ('", everywhere, false},
		{"", everywhere, false},
		{"--", everywhere, false},
		{strings.Repeat(" ", maxText) + "insert", everywhere, false},
		{"# note\ninsert into t values (1)", []Dialect{MySQL}, true},
		{"/*!50000 insert */ into t values (1)", []Dialect{MySQL}, false},
		{"do $$ begin perform 1; end $$", []Dialect{PostgreSQL}, true},
		{`insert into t values ('it\'s')`, []Dialect{MySQL, PostgreSQL}, true},
		{`insert into t values ('\'); select 1; -- ')`, []Dialect{MySQL, PostgreSQL}, false},
		{`insert into t values ('\'); select ('`, []Dialect{MySQL, PostgreSQL}, false},
		{"insert", []Dialect{dialects}, false},
	} {
		for _, d := range row.in {
			if got := Rowless(d, row.text); got != row.want {
				t.Errorf("%d: %.80q: got %v", d, row.text, got)
			}
		}
	}
}
