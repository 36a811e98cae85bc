// This file loads the catalog of a PostgreSQL database: relations, and what hangs on them.

package catalog

import (
	"fmt"
	"strconv"

	"github.com/fluxor-db/fluxor/internal/sqltext"
)

func loadPostgres(l *loader) error {
	version, err := l.postgresServer()
	if err != nil {
		return err
	}
	views, err := l.postgresRelations()
	if err != nil {
		return err
	}
	if err := l.columns(postgresColumns); err != nil {
		return err
	}
	if err := l.postgresEdges(); err != nil { // with the types that bodies name
		return err
	}
	proven, err := l.postgresRoutines(version)
	if err != nil {
		return err
	}
	for _, v := range views {
		l.c.relation(v.name).unkeep(l.unkeptQuery(standIn(v.text, proven)))
		if _, runs := has(v.text, postgresRunning); runs {
			l.c.readsToo(l.c.named(v.name), l.c.unknownRoutine())
		}
	}
	return l.postgresHidden()
}

// postgresServer returns the server's version, and refuses a standby, which
// shows writes later than they are answered.
func (l *loader) postgresServer() (version int, err error) {
	rows, err := l.rows(2, "select current_setting('server_version_num'), pg_is_in_recovery()::int::text")
	if err != nil {
		return 0, err
	}
	if len(rows) != 1 {
		return 0, fmt.Errorf("catalog: %d rows, not one", len(rows))
	}
	if rows[0][1] == "1" {
		l.refuse("standby")
	}
	return strconv.Atoi(rows[0][0])
}

// columns notes the names that a query returns.
func (l *loader) columns(sql string) error {
	rows, err := l.rows(1, sql)
	for _, row := range rows {
		l.c.column(l.name(row[0]))
	}
	return err
}

// definition is a name and its text.
type definition struct{ name, text string }

// postgresRelations loads the relations. A materialized view is a table: what
// it shows changes with REFRESH alone. It returns the views.
func (l *loader) postgresRelations() (views []definition, err error) {
	rows, err := l.rows(5, postgresRelations)
	if err != nil {
		return nil, err
	}
	permanent := map[string]bool{}
	for _, row := range rows {
		permanent[l.name(row[0])] = permanent[l.name(row[0])] || row[2] != "t"
	}
	for _, row := range rows {
		name, kind, persistence := l.name(row[0]), row[1], row[2]
		n := l.c.relation(name)
		switch persistence {
		case "t":
			if !permanent[name] { // else the session that has one bypasses the cache
				n.unkeep("temporary-table")
			}
			continue
		case "u":
			n.unkeep("unlogged-table") // a crash empties it
		}
		if row[3] != "f" {
			n.unkeep("row-security")
		}
		switch kind {
		case "f":
			n.unkeep("foreign-table")
			n.unbind("foreign-table") // which may lead back into this database
		case "S":
			n.unkeep("sequence") // it moves without a statement that names it, and rollbacks do not count
			n.lasting = true
		case "v":
			views = append(views, definition{name, row[4]})
		}
	}
	return views, nil
}

// postgresEdges loads what hangs on what. Each row is a kind and two names.
func (l *loader) postgresEdges() error {
	rows, err := l.rows(3, postgresEdges)
	if err != nil {
		return err
	}
	for _, row := range rows {
		l.postgresEdge(row[0], l.name(row[1]), l.name(row[2]))
	}
	return nil
}

func (l *loader) postgresEdge(kind, from, to string) {
	g := &l.c.graph
	switch kind {
	case "view", "inherits": // read and written through
		a, b := g.named(from), g.named(to)
		g.readsToo(a, b)
		g.writesToo(a, b)
	case "foreign key", "rule":
		g.writesToo(g.named(from), g.named(to))
	case "view calls", "policy calls", "type calls":
		g.readsToo(g.named(from), g.routine(to))
	case "column type":
		a, b := g.named(from), g.named(to)
		g.readsToo(a, b)
		g.writesToo(a, b)
	case "table calls", "type fills":
		g.writesToo(g.named(from), g.routine(to))
	case "routine calls":
		a, b := g.routine(from), g.routine(to)
		g.readsToo(a, b)
		g.writesToo(a, b)
	case "routine reads":
		g.readsToo(g.routine(from), g.named(to))
	}
}

// postgresHidden refuses a database in which a text that looks pure may call a
// routine of the user's own: by an operator or the order of a type, by a cast, by the name
// of a built-in function or of one that newer servers have, or by the form in which a
// type is shown. It may read and write whatever it likes. A built-in function that
// no text is pure with may be what a text calls by the name of the user's own.
func (l *loader) postgresHidden() error {
	rows, err := l.rows(3, postgresHidden)
	if err != nil {
		return err
	}
	for _, row := range rows {
		kind, name := row[0], row[1]
		var s sqltext.Statement
		switch kind {
		case "operator":
			s = sqltext.Analyze(l.dialect, "select 1 "+name+" 2")
		case "overload", "namesake":
			s = sqltext.Analyze(l.dialect, "select "+name+"('a')")
			if kind == "overload" && s.Verdict == sqltext.Flush {
				n := &l.c.nodes[l.c.routine(l.name(name))]
				n.unkeep("opaque-function")
				n.unbind("built-in-function")
			}
		default:
			s = sqltext.Statement{Verdict: sqltext.Pure, Stable: true}
		}
		l.standsIn(kind, name, l.name(row[2]), s)
	}
	return nil
}
