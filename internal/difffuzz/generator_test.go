// This file makes a program from a seed: tables and what hangs on them, then writes and reads in turn.

package difffuzz

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// dialect is what a generator knows of a kind of database.
type dialect struct {
	dollar bool // arguments are $1, $2; else ?
	kinds  []kind
	// table returns what makes one of the tables anew.
	table func(g *generator, name string) []string
	first []string // runs before the tables are made
	setup []string // runs after
	mend  []string // runs after a table was made anew: what its end took with it
	other []string // tables of another schema
	// views are the queries that a view may be; each has the columns id, n, s, ref.
	views    []string
	makeView string // makes {v} of {query}, new or again
	writes   []recipe
	sessions []recipe // for held connections alone
	reads    []shape
	starts   []string // texts that begin a transaction
}

// recipe is a few lines that do something together, each a template with a verb
// before it where it is not exec's.
type recipe struct {
	weight int
	lines  []string
}

// shape is the template of a read.
type shape struct {
	weight int
	verb   verb
	text   string
}

// query is a read that a program comes back to.
type query struct {
	do   verb
	text string
	args []any
}

// The tables of each program, and the views over them.
var (
	tables = []string{"t1", "t2", "t3", "t4", "t5"}
	views  = []string{"v1", "v2", "v3", "v4"}
	held   = []string{"a", "b"}
)

// favourites is how many reads a program comes back to.
const favourites = 14

// generator makes one program.
type generator struct {
	rng    *rand.Rand
	d      *dialect
	steps  []step
	there  int                 // how many tables foreign keys can point to, but for the table's own
	extras map[string][]column // what the tables have beside id, n, s and ref
	known  []query
	tx     map[string]verb  // of a held connection: begin, exec for one begun by text
	stmts  map[string]query // the prepared reads
	noted  map[string]query // the prepared writes
}

// column is one that a table may have.
type column struct {
	name string
	kind kind
}

// generate makes the program of a seed; length is how many times something is
// written.
func generate(d *dialect, seed uint64, length int) []step {
	g := &generator{
		rng: rand.New(rand.NewPCG(seed, 0)), d: d, extras: map[string][]column{},
		tx: map[string]verb{}, stmts: map[string]query{}, noted: map[string]query{},
	}
	g.setUp()
	for range length {
		g.round()
	}
	for _, q := range g.known {
		g.ask(pool, q)
	}
	return g.steps
}

// setUp makes the tables, fills them, and chooses the reads.
func (g *generator) setUp() {
	g.lines(pool, g.d.first)
	for i, t := range tables {
		g.there = i
		g.makeTable(pool, t)
	}
	g.lines(pool, g.d.setup)
	for _, v := range views {
		g.makeView(pool, v)
	}
	for _, t := range tables {
		for range 3 {
			g.lines(pool, []string{"{insert:" + t + "}"})
		}
	}
	g.add(step{on: pool, do: evict})
	g.add(step{on: pool, do: settle})
	for range favourites {
		g.known = append(g.known, g.newRead())
	}
	for _, on := range held {
		g.add(step{on: on, do: read, text: "select 1"})
	}
}

// round writes something and reads a few times.
func (g *generator) round() {
	switch on := g.place(); {
	case on != pool && (g.tx[on] != "" && g.rng.IntN(3) == 0 || g.rng.IntN(4) == 0):
		g.endOrBegin(on)
	case on != pool && g.tx[on] == "" && g.rng.IntN(3) == 0:
		g.transaction(on)
		return
	case on != pool && g.rng.IntN(2) == 0:
		g.lines(on, g.pick(g.d.sessions).lines)
		q := one(g, []query{one(g, g.known), {do: read, text: "select * from t1"}, {do: read, text: "select n, s from t2"}})
		g.ask(pool, q)
		g.ask(on, q)
	case g.rng.IntN(8) == 0:
		g.prepares(on)
	case g.rng.IntN(14) == 0:
		g.makeAnew(on, one(g, tables))
	case g.rng.IntN(8) == 0:
		g.makeView(on, one(g, views))
	case g.rng.IntN(2) == 0:
		g.lines(on, g.pick(changes).lines)
	default:
		g.lines(on, g.pick(g.d.writes).lines)
	}
	g.refresh()
	for range 2 + g.rng.IntN(4) {
		g.readOnce()
	}
}

// refresh replaces the pool's connections, now and then, where the last statement
// on them may have left something in the session, and lets the cache learn a
// schema that may have changed: it may give up such a connection for good, and
// end everything as long as it does not know the schema. Hardly anything would be
// compared.
func (g *generator) refresh() {
	last := g.steps[len(g.steps)-1]
	word, _, _ := strings.Cut(last.text, " ")
	plain := last.compares() || last.do == execStmt || slices.Contains([]string{"insert", "update", "delete", "replace"}, word)
	if last.on == pool && !plain && g.rng.IntN(3) > 0 {
		g.add(step{on: pool, do: evict})
	}
	if g.rng.IntN(4) > 0 { // which takes no time where the schema is known
		g.add(step{on: pool, do: settle})
	}
}

// readOnce reads one of the favourites, or a new one in the place of one.
func (g *generator) readOnce() {
	i := g.rng.IntN(len(g.known))
	switch g.rng.IntN(12) {
	case 0:
		g.known[i] = g.newRead()
	case 1:
		g.known[i] = g.respelt(g.known[i])
	case 2:
		if name := g.anyOf(g.stmts); name != "" {
			g.add(step{on: g.placeOf(name), do: readStmt, name: name, args: g.stmts[name].args})
			return
		}
	}
	on := g.place()
	if g.rng.IntN(8) == 0 {
		g.add(step{on: on, do: peek, text: g.known[i].text, args: g.known[i].args})
	}
	g.ask(on, g.known[i])
	if g.rng.IntN(4) == 0 {
		g.ask(on, g.twin(g.known[i]))
	}
}

func (g *generator) ask(on string, q query) {
	g.add(step{on: on, do: q.do, text: q.text, args: q.args})
}

func (g *generator) add(s step) { g.steps = append(g.steps, s) }

// place is where something happens: mostly the pool.
func (g *generator) place() string {
	if g.rng.IntN(10) < 7 {
		return pool
	}
	return one(g, held)
}

// lines adds the steps of a recipe, with one choice for each name in braces.
func (g *generator) lines(on string, lines []string) {
	f := filler{g: g, chosen: map[string]string{}}
	for _, line := range lines {
		s := step{on: on, do: exec}
		if head, rest, ok := strings.Cut(line, ": "); ok && slices.Contains(verbs, verb(head)) {
			s.do, line = verb(head), rest
		}
		if rest, ok := strings.CutPrefix(line, "seen: "); ok { // by everybody else
			s.on, s.do, line = pool, read, rest
			if g.rng.IntN(2) == 0 {
				g.add(step{on: pool, do: settle})
			}
		}
		if s.on == pool && (s.do == raw || s.do == upload) {
			s.on = one(g, held)
		}
		s.text, s.args = f.fill(line)
		if s.do == upload {
			s.args = g.uploaded()
		}
		if s.do == upload && g.tx[s.on] == exec {
			continue // lib/pq's COPY begins a transaction, and breaks the one that is there
		}
		g.add(s)
		g.notes(s)
	}
}

// verbs are those that a line of a recipe may begin with.
var verbs = []verb{run, read, ordered, fresh, raw, upload, reset}

// notes follows what a text does to the connection's transaction.
func (g *generator) notes(s step) {
	switch word, _, _ := strings.Cut(s.text, " "); {
	case s.do == reset:
		delete(g.tx, s.on)
		for _, m := range []map[string]query{g.stmts, g.noted} {
			for name := range m {
				if strings.HasPrefix(name, s.on+"-") {
					delete(m, name)
				}
			}
		}
	case s.on != pool && (word == "begin" || word == "start") && g.tx[s.on] == "":
		g.tx[s.on] = exec
	}
}

// makeTable drops a table and makes it with other columns.
func (g *generator) makeTable(on, name string) {
	g.extras[name] = nil
	letter := "c"
	if name == "t5" { // it may inherit from another
		letter = "d"
	}
	for i := range 1 + g.rng.IntN(4) {
		g.extras[name] = append(g.extras[name], column{fmt.Sprintf("%s%d", letter, i+1), one(g, g.d.kinds)})
	}
	for _, text := range g.d.table(g, name) {
		g.add(step{on: on, do: exec, text: text})
	}
}

// makeAnew makes a table anew, and some of what its end took with it.
func (g *generator) makeAnew(on, name string) {
	g.makeTable(on, name)
	g.lines(on, g.d.mend)
	for _, v := range views {
		if g.rng.IntN(3) > 0 {
			g.makeView(on, v)
		}
	}
}

// target is a table that a foreign key of one may point to.
func (g *generator) target(name string) string {
	return one(g, append([]string{name}, tables[:min(g.there, 3)]...))
}

// makeView makes a view, or makes it another one.
func (g *generator) makeView(on, name string) {
	f := filler{g: g, chosen: map[string]string{"v": name, "w": g.below(name)}}
	f.chosen["query"] = f.literally(one(g, g.d.views))
	for line := range strings.SplitSeq(g.d.makeView, "; ") {
		g.add(step{on: on, do: exec, text: f.literally(line)})
	}
}

// below is what a view may look at without looking at itself.
func (g *generator) below(view string) string {
	return one(g, append(tables[:len(tables):len(tables)], views[:slices.Index(views, view)]...))
}

func one[T any](g *generator, of []T) T { return of[g.rng.IntN(len(of))] }

func (g *generator) pick(of []recipe) recipe {
	all := 0
	for _, r := range of {
		all += r.weight
	}
	n := g.rng.IntN(all)
	for _, r := range of {
		if n -= r.weight; n < 0 {
			return r
		}
	}
	return of[0]
}
