// This file fills templates: names of tables and views, values as literals or as arguments.

package difffuzz

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// kind is a type of column and its values.
type kind struct {
	decl     string
	literals []string
	args     []any // each a value for the type as well
}

// filler fills the templates that belong together: a name in braces means the
// same in all of them.
type filler struct {
	g      *generator
	chosen map[string]string
	args   []any
}

var (
	blank   = regexp.MustCompile(`\{[^{}]+\}`)
	deepest = 3 // braces within braces
)

// fill returns the template's text and its arguments.
func (f *filler) fill(template string) (string, []any) {
	f.args = nil
	text := template
	for range deepest {
		if !blank.MatchString(text) {
			break
		}
		text = blank.ReplaceAllStringFunc(text, func(b string) string { return f.value(b[1 : len(b)-1]) })
	}
	return text, f.args
}

// literally fills a template where arguments cannot stand.
func (f *filler) literally(template string) string {
	text, _ := f.fill(strings.ReplaceAll(template, "{?", "{"))
	return text
}

// value is what a blank stands for.
func (f *filler) value(name string) string {
	if strings.HasPrefix(name, "?") {
		return f.argument(name[1:])
	}
	if table, ok := strings.CutPrefix(name, "insert:"); ok {
		return f.insert(table)
	}
	if table, ok := strings.CutPrefix(name, "extra:"); ok {
		return f.extra(table)
	}
	if v, ok := f.chosen[name]; ok {
		return v
	}
	v := f.choose(name)
	f.chosen[name] = v
	return v
}

// choose is a new choice.
func (f *filler) choose(name string) string {
	g := f.g
	switch name {
	case "t":
		return one(g, tables)
	case "u": // another one
		for {
			if u := one(g, tables); u != f.chosen["t"] {
				return u
			}
		}
	case "p": // what foreign keys point to
		return one(g, tables[:3])
	case "v":
		return one(g, views)
	case "r", "q": // whatever can be read
		return one(g, slices.Concat(tables, views, tables, views, g.d.other, []string{"log1"}))
	case "end":
		return one(g, []string{"commit", "COMMIT", "/* the */ commit", "rollback", "commit work"})
	case "implicit": // commits of MariaDB that do not say so
		return one(g, []string{"begin", "lock tables log1 write", "set autocommit = 1", "analyze table log1", "truncate log1", "grant select on diffdb.* to fluxor@'%'", "flush tables", "drop table if exists nosuch", "create temporary table if not exists tmp8 (id int)"})
	case "when":
		return one(g, []string{"before", "after"})
	case "event":
		return one(g, []string{"insert", "update", "delete"})
	case "kind":
		return one(g, g.d.kinds).decl
	case "c":
		return fmt.Sprintf("c%d", 1+g.rng.IntN(5))
	}
	return f.literal(strings.TrimRight(name, "0123456789"))
}

// literal is a value by what it is for.
func (f *filler) literal(what string) string {
	switch what {
	case "id":
		return strconv.Itoa(1 + f.g.rng.IntN(9))
	case "n":
		return one(f.g, []string{"null", "0", "1", "2", "3", "5", "8", "-1"})
	case "s":
		return one(f.g, texts)
	}
	panic("no such blank: " + what)
}

// texts are literals, some of which look like something else.
var texts = []string{
	"''", "'a'", "'A'", "'b'", "'O''Brien'", "'/* fluxor:nocache */'", "'-- x'", "'{}'", "'t1; delete from t2'", "null", "'ü'",
}

// argument is a value as a literal, or as an argument.
func (f *filler) argument(what string) string {
	if what == "any" {
		return f.bind(one(f.g, odd))
	}
	if f.g.rng.IntN(2) == 0 {
		return f.literal(what)
	}
	switch what {
	case "id":
		return f.bind(one(f.g, []any{int64(1), int64(2), int64(3), int64(5), int64(8), int(4), number(2)}))
	case "n":
		return f.bind(one(f.g, []any{int64(0), int64(1), int64(2), nil, int32(3), number(5)}))
	case "s":
		return f.bind(one(f.g, []any{"", "a", "A", "1", nil, word("b"), "fluxor:nocache"}))
	}
	panic("no such blank: " + what)
}

// odd are arguments of which some are alike, but not the same.
var odd = []any{
	nil, "", "1", "true", "2026-10-25", int64(1), int64(math.MaxInt64), int64(math.MinInt64), uint64(1), uint64(1 << 63), true, false,
	1.0, 0.1, 0.0, math.Copysign(0, -1), math.NaN(), math.Inf(1), []byte("1"),
	[]byte{},
	[]byte(nil), number(1), word("1"), word(""),
	moment("2026-10-25T00:30:00Z"), moment("2026-10-25T02:30:00+02:00"), moment("2026-10-25T00:30:00.000001Z"),
	sql.NullString{},
	sql.NullString{String: "1", Valid: true},
	sql.NullInt64{Int64: 1, Valid: true},
	json.RawMessage("1"),
}

// bind adds an argument and returns its place in the text.
func (f *filler) bind(v any) string {
	f.args = append(f.args, v)
	if f.g.d.dollar {
		return fmt.Sprintf("$%d", len(f.args))
	}
	return "?"
}

// insert is a new row for a table.
func (f *filler) insert(table string) string {
	names, vals := []string{"n", "s"}, []string{f.argument("n"), f.argument("s")}
	if f.g.rng.IntN(5) > 0 {
		names, vals = append(names, "id"), append(vals, f.argument("id"))
	}
	if f.g.rng.IntN(2) == 0 {
		names, vals = append(names, "ref"), append(vals, f.argument("id"))
	}
	for _, c := range f.g.extras[table] {
		if f.g.rng.IntN(3) > 0 {
			names, vals = append(names, c.name), append(vals, f.of(c.kind))
		}
	}
	return fmt.Sprintf("insert into %s (%s) values (%s)", table, strings.Join(names, ", "), strings.Join(vals, ", "))
}

// of is a value of a kind.
func (f *filler) of(k kind) string {
	switch {
	case f.g.rng.IntN(8) == 0:
		return "null"
	case len(k.args) > 0 && f.g.rng.IntN(2) == 0:
		return f.bind(one(f.g, k.args))
	}
	return one(f.g, k.literals)
}

// extra sets one of a table's further columns.
func (f *filler) extra(table string) string {
	if len(f.g.extras[table]) == 0 {
		return "n = n"
	}
	c := one(f.g, f.g.extras[table])
	return c.name + " = " + f.of(c.kind)
}

// uploaded are rows of id, n, s.
func (g *generator) uploaded() (args []any) {
	for range 1 + g.rng.IntN(3) {
		args = append(args, int64(20+g.rng.IntN(20)), int64(g.rng.IntN(9)), one(g, []string{"a", "b", "up"}))
	}
	return args
}
