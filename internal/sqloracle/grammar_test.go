// This file writes statements by a grammar, so that many of the texts that are tried are valid.

package sqloracle

import (
	"flag"
	"math/rand/v2"
	"strings"
	"testing"
)

// grammar writes a statement as its program, a string of bytes, decides. A
// program that is over decides for the first and simplest way.
type grammar struct {
	program []byte
	words   []string // names, keywords among them
	mysql   bool
	depth   int
	out     strings.Builder
}

// statement is the text that a program makes.
func statement(program []byte, words []string, mysql bool) string {
	g := &grammar{program: program, words: words, mysql: mysql}
	switch g.pick(12) {
	default:
		g.query()
	case 1:
		g.write("insert into", g.name)
		g.maybe("(a, b)")
		g.query()
		g.maybe("on conflict (a) do update set (a, b) =", g.row)
	case 2:
		g.write("update", g.name)
		g.write("set a =", g.expr)
		g.where()
	case 3:
		g.write("delete from", g.name)
		g.where()
	case 4:
		g.query()
		g.write(";")
		g.query()
	case 5:
		g.write("explain")
		g.query()
	}
	return g.out.String()
}

// pick takes a decision out of n.
func (g *grammar) pick(n int) int {
	if len(g.program) == 0 {
		return 0
	}
	b := g.program[0]
	g.program = g.program[1:]
	return int(b) % n
}

// write writes a text and then what parts write.
func (g *grammar) write(text string, parts ...func()) {
	switch s := g.out.String(); {
	case s == "", g.pick(20) == 1 && !joins(s[len(s)-1], text[0]):
	case g.pick(20) == 1:
		g.out.WriteString("/* ' */")
	default:
		g.out.WriteByte(' ')
	}
	g.out.WriteString(text)
	for _, part := range parts {
		part()
	}
}

// joins reports whether two characters would make one token.
func joins(a, b byte) bool {
	letter := func(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_' || c == '$' }
	sign := func(c byte) bool { return strings.IndexByte("+-*/<>=~!@#%^&|`?:.", c) >= 0 }
	return letter(a) && (letter(b) || b >= '0' && b <= '9' || b == '\'') || sign(a) && sign(b)
}

// maybe writes in one of three cases.
func (g *grammar) maybe(text string, parts ...func()) {
	if g.pick(3) == 1 {
		g.write(text, parts...)
	}
}

// list writes one to three times.
func (g *grammar) list(one func()) {
	one()
	for range g.pick(3) {
		g.write(",")
		one()
	}
}

// enclosed writes in parentheses.
func (g *grammar) enclosed(one func()) {
	g.write("(")
	one()
	g.write(")")
}

func (g *grammar) name() {
	w := g.words[(g.pick(256)<<8+g.pick(256))%len(g.words)]
	switch g.pick(8) {
	case 1:
		w = strings.ToUpper(w)
	case 2:
		if !g.mysql {
			w = `"` + w + `"`
		}
	}
	g.write(w)
}

func (g *grammar) where() {
	if g.pick(2) == 1 {
		g.write("where")
		g.expr()
	}
}

func (g *grammar) row() { g.enclosed(func() { g.list(g.expr) }) }

// query writes a query with all that may stand around it.
func (g *grammar) query() {
	if g.depth++; g.depth > 4 {
		g.write("select 1")
		g.depth--
		return
	}
	defer func() { g.depth-- }()
	if g.pick(4) == 1 {
		g.heads()
	}
	g.block()
	if g.pick(5) == 1 {
		g.write([]string{"union all", "except", "intersect", "union"}[g.pick(4)])
		g.block()
	}
	g.maybe("order by", func() { g.list(g.expr) })
	g.maybe("limit", g.expr)
	g.maybe("offset", g.expr)
	if g.pick(6) == 1 {
		g.write([]string{"for update", "for share", "fetch first 1 rows only", "for no key update", "lock in share mode"}[g.pick(5)])
	}
	if g.pick(12) == 1 {
		g.write([]string{"into outfile '/x'", "into @x"}[g.pick(2)])
	}
}

// heads writes common table expressions.
func (g *grammar) heads() {
	g.write("with")
	g.maybe("recursive")
	g.list(func() {
		g.name()
		g.maybe("(a, b)")
		g.write([]string{"as", "as materialized", "as not materialized"}[g.pick(3)])
		g.enclosed(func() {
			switch g.pick(6) {
			default:
				g.query()
			case 1:
				g.write("delete from", g.name)
				g.write("returning *")
			case 2:
				g.write("insert into", g.name)
				g.write("values (1) returning *")
			}
		})
	})
}

// block writes one SELECT, or what stands for it.
func (g *grammar) block() {
	switch g.pick(9) {
	case 1:
		g.enclosed(g.query)
		return
	case 2:
		g.write("values", g.row)
		return
	case 3:
		g.write("table", g.name)
		return
	}
	g.write("select")
	switch g.pick(6) {
	case 1:
		g.write("distinct")
	case 2:
		g.write("distinct on", g.row)
	}
	g.list(g.item)
	if g.pick(12) == 1 {
		g.write("into", g.name)
	}
	if g.pick(6) != 1 {
		g.write("from")
		g.list(g.source)
	}
	g.where()
	g.maybe("group by", func() { g.list(g.expr) })
	g.maybe("having", g.expr)
	if g.pick(8) == 1 {
		g.write("window w as (partition by a order by", g.expr)
		g.write(")")
	}
}

// item writes a column of the answer.
func (g *grammar) item() {
	g.expr()
	switch g.pick(4) {
	case 1:
		g.write("as", g.name)
	case 2:
		g.name()
	}
}

// source writes what a query reads from.
func (g *grammar) source() {
	switch g.pick(8) {
	case 1:
		g.enclosed(g.query)
		g.name()
		return
	case 2:
		g.name()
		g.row()
		return
	case 3:
		g.name()
		g.write(".")
		g.name()
	case 4:
		g.write("lateral", func() { g.enclosed(g.query) })
	default:
		g.name()
	}
	switch g.pick(5) {
	case 1:
		g.write("as", g.name)
	case 2:
		g.name()
		g.maybe("(a, b)")
	}
	if g.pick(4) == 1 {
		g.write([]string{"join", "left join", "cross join", "natural join", "right outer join", "straight_join"}[g.pick(6)])
		g.source()
		g.maybe("on", g.expr)
		g.maybe("using (a)")
	}
}

// expr writes a value.
func (g *grammar) expr() {
	if g.depth++; g.depth > 9 {
		g.write("1")
		g.depth--
		return
	}
	defer func() { g.depth-- }()
	switch g.pick(24) {
	case 0:
		g.write("a")
	case 1:
		g.write([]string{"1", "'x'", "1.5", "1e5", ".5", "$1", "null", "'it''s'", "$$x$$", "e'\\''", "0x1f", "1.", "?", `"x"`, "N'x'", "@x", "@@x"}[g.pick(17)])
	case 2, 3, 4:
		g.name()
		g.row()
	case 5:
		g.expr()
		g.write([]string{"+", "-", "=", "||", "<>", "and", "or", "like", "ilike", "is distinct from", "->>", "@>", "similar to", "collate", "regexp", "div", ":="}[g.pick(17)])
		g.expr()
	case 6:
		g.enclosed(g.query)
	case 7:
		g.write("case when", g.expr)
		g.write("then", g.expr)
		g.write("else", g.expr)
		g.write("end")
	case 8:
		g.expr()
		g.write("in", g.row)
	case 9:
		g.write("exists", func() { g.enclosed(g.query) })
	case 10:
		g.write("cast (", g.expr)
		g.write("as", g.name)
		g.write(")")
	case 11, 12:
		g.name()
	case 13:
		g.name()
		g.write(".")
		g.name()
		if g.pick(3) == 1 {
			g.row()
		}
	default:
		g.exprWithClauses()
	}
}

// exprWithClauses writes a value with words of its own.
func (g *grammar) exprWithClauses() {
	switch g.pick(11) {
	case 0:
		g.name()
		g.row()
		g.maybe("filter (where", g.expr, func() { g.write(")") })
		g.maybe("over (partition by", g.expr, func() { g.write("rows 1 preceding)") })
	case 1:
		g.expr()
		g.write("between", g.expr)
		g.write("and", g.expr)
	case 2:
		g.expr()
		g.write("like 'x' escape", g.expr)
	case 3:
		g.write([]string{"array[", "row("}[g.pick(2)], func() { g.list(g.expr) })
		g.write([]string{"]", ")"}[g.pick(2)])
	case 4:
		g.expr()
		g.write("at time zone", g.expr)
	case 5:
		g.expr()
		g.write("::", g.name)
	case 6:
		g.write("not", g.expr)
	case 7:
		g.write([]string{"extract(year from", "trim(both from", "substring(a from", "position(a in"}[g.pick(4)], g.expr)
		g.write(")")
	case 8:
		g.write("substring(a from 1 for", g.expr)
		g.write(")")
	case 9:
		g.write("operator(pg_catalog.+)", g.expr)
	case 10:
		g.write("a = any", func() { g.enclosed(g.query) })
	}
}

// texts and seed are for a longer search than a test's: go test -texts 1000000.
var (
	texts = flag.Int("texts", 2000, "how many texts of the grammar to try")
	seed  = flag.Uint64("seed", 1, "where their programs begin")
)

// validOf counts the programs of n, the same ones each time, that fits is true
// for.
func validOf(n int, fits func(program []byte) bool) (count int) {
	r := rand.New(rand.NewPCG(*seed, 2)) //nolint:gosec // no secret
	for range n {
		program := make([]byte, 20+r.IntN(100))
		for i := range program {
			program[i] = byte(r.Uint32())
		}
		if fits(program) {
			count++
		}
	}
	return count
}

// mixtures counts the texts of n, mixed of others, that fits is true for.
func mixtures(n int, from []string, fits func(text string) bool) int {
	m := newMixer(from)
	return validOf(n, func(program []byte) bool {
		changes := 4 * (1 + int(program[5])%3)
		return fits(m.mix(from[(int(program[0])<<8+int(program[1]))%len(from)], program[6:6+changes]))
	})
}

// programs gives a fuzz target some to start from.
func programs(f *testing.F) {
	f.Helper()
	validOf(2000, func(program []byte) bool {
		if program[0]%16 == 0 {
			f.Add(program)
		}
		return true
	})
}
