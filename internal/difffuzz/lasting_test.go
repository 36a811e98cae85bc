// This file makes what lasts over several steps: transactions and prepared statements.

package difffuzz

import (
	"fmt"
	"slices"
	"strings"
)

// transaction reads on the pool what a transaction changes, while it is open and
// after its end.
func (g *generator) transaction(on string) {
	f := filler{g: g, chosen: map[string]string{}}
	text, args := f.fill("select * from {t}")
	seen := query{read, text, args}
	g.ask(pool, seen)
	start, end := step{on: on, do: begin}, step{on: on, do: one(g, []verb{commit, commit, rollback})}
	if g.rng.IntN(2) == 0 {
		start, end = step{on: on, do: exec, text: one(g, g.d.starts)}, step{on: on, do: exec, text: string(end.do)}
	}
	g.add(start)
	if g.rng.IntN(3) == 0 { // the schema that the cache learns now is not yet the new one
		g.lines(on, g.pick(g.d.writes).lines)
		g.add(step{on: pool, do: settle})
	}
	for range 1 + g.rng.IntN(2) {
		text, args := f.fill(one(g, []string{"update {t} set n = {?n}", "delete from {t} where id = {?id}", "{insert:{t}}", "update {t} set s = {?s} where id < {?id}"}))
		g.add(step{on: on, do: exec, text: text, args: args})
		g.ask(one(g, []string{pool, pool, on}), seen)
	}
	g.add(end)
	g.ask(pool, seen)
}

// endOrBegin ends the transaction of a held connection, or begins one.
func (g *generator) endOrBegin(on string) {
	switch g.tx[on] {
	case begin:
		g.add(step{on: on, do: []verb{commit, rollback}[g.rng.IntN(2)]})
		delete(g.tx, on)
	case exec:
		g.add(step{on: on, do: exec, text: one(g, []string{"commit", "rollback", "COMMIT"})})
		delete(g.tx, on)
	default:
		if g.rng.IntN(2) == 0 {
			kind := one(g, []string{"", "", "", "serializable", "repeatable read", "read only"})
			g.add(step{on: on, do: begin, text: kind})
			g.tx[on] = begin
			return
		}
		g.add(step{on: on, do: exec, text: one(g, g.d.starts)})
		g.tx[on] = exec
	}
}

// prepares makes, runs or ends a prepared statement.
func (g *generator) prepares(on string) {
	name := fmt.Sprintf("%s-%d", on, g.rng.IntN(3))
	switch g.rng.IntN(5) {
	case 0, 1:
		q := one(g, g.known)
		g.add(step{on: on, do: prepare, name: name, text: q.text})
		g.stmts[name] = q
		delete(g.noted, name)
	case 2:
		f := filler{g: g, chosen: map[string]string{}}
		text, args := f.fill(one(g, []string{"{insert:{t}}", "update {t} set n = {?n} where id = {?id}", "delete from {t} where id = {?id}"}))
		g.add(step{on: on, do: prepare, name: name, text: text})
		g.noted[name] = query{text: text, args: args}
		delete(g.stmts, name)
	case 3:
		if name := g.anyOf(g.noted); name != "" {
			g.add(step{on: g.placeOf(name), do: execStmt, name: name, args: g.noted[name].args})
		}
	case 4:
		g.add(step{on: on, do: closeStmt, name: name})
		delete(g.stmts, name)
		delete(g.noted, name)
	}
}

// placeOf is where a prepared statement can run.
func (g *generator) placeOf(name string) string {
	on, _, _ := strings.Cut(name, "-")
	return on
}

// anyOf is one of the names, by the seed; "" of none.
func (g *generator) anyOf(m map[string]query) string {
	var names []string
	for name := range m {
		names = append(names, name)
	}
	if len(names) == 0 {
		return ""
	}
	slices.Sort(names)
	return one(g, names)
}
