// This file loads the catalog of an Oracle database from its dictionary.

package catalog

import "fmt"

func loadOracle(l *loader) error {
	account, err := l.oracleServer()
	if err != nil {
		return err
	}
	units, err := l.oracleObjects(account)
	if err != nil {
		return err
	}
	if err := l.columns(oracleColumns); err != nil {
		return err
	}
	if err := l.oracleSources(units); err != nil {
		return err
	}
	for _, step := range []func() error{
		l.oracleSynonyms, l.oracleDependencies, l.oracleViews, func() error { return l.oracleTriggers(units) }, l.oracleForeignKeys,
		l.oraclePolicies, l.oracleExternal,
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// oracleAccount is who asks.
type oracleAccount struct {
	name        string
	allTriggers bool // he sees those on the tables of others
}

func (l *loader) oracleServer() (a oracleAccount, err error) {
	rows, err := l.rows(3, oracleServer)
	if err != nil {
		return a, err
	}
	if len(rows) != 1 {
		return a, fmt.Errorf("catalog: %d rows, not one", len(rows))
	}
	l.oracleRole(rows[0][1])
	return oracleAccount{rows[0][0], rows[0][2] != "0"}, nil
}

// oracleRole refuses a database that is no primary one.
func (l *loader) oracleRole(role string) {
	if role != "PRIMARY" {
		l.refuse("standby")
	}
}

// oracleUnit is a piece of code.
type oracleUnit struct{ owner, kind, name string }

// oracleTrigger is what a trigger is called among the routines.
func oracleTrigger(name string) string { return "trigger " + name }

// oracleObjects makes the nodes. It returns the code of which the source has to
// be seen, and is not yet. A package's body may be hidden where its head is not.
func (l *loader) oracleObjects(account oracleAccount) (units map[oracleUnit]bool, err error) {
	rows, err := l.rows(4, oracleObjects)
	units, l.seen = map[oracleUnit]bool{}, map[string]bool{}
	for _, row := range rows {
		owner, name, kind, temporary := row[0], l.name(row[1]), row[2], row[3] == "Y"
		mine := owner == account.name
		l.seen[sight(owner, name)] = true
		switch kind {
		case "TABLE", "VIEW", "MATERIALIZED VIEW":
			n := l.c.relation(name)
			if temporary {
				n.unkeep("temporary-table")
			}
			if !mine && !account.allTriggers {
				n.unbind("hidden-triggers")
			}
		case "SYNONYM":
			l.c.relation(name)
		case "TRIGGER":
			units[oracleUnit{owner, kind, oracleTrigger(name)}] = false
			l.c.routine(oracleTrigger(name))
		case "PACKAGE", "TYPE":
			l.c.nodes[l.c.routine(name)].unkeep("opaque-function")
			if !mine {
				units[oracleUnit{owner, kind + " BODY", name}] = false
			}
		case "FUNCTION", "PROCEDURE", "PACKAGE BODY", "TYPE BODY":
			l.c.nodes[l.c.routine(name)].unkeep("opaque-function")
			units[oracleUnit{owner, kind, name}] = false
		}
	}
	return units, err
}

// oracleSources looks for what no book shows: texts that are run, transactions
// that a rollback does not undo, and code that cannot be seen or is elsewhere. It
// notes which units are seen.
func (l *loader) oracleSources(units map[oracleUnit]bool) error {
	rows, err := l.rows(5, oracleSources)
	for _, row := range rows {
		kind, name := row[1], l.name(row[2])
		if kind == "TRIGGER" {
			name = oracleTrigger(name)
		}
		units[oracleUnit{row[0], kind, name}] = true
		n := &l.c.nodes[l.c.routine(name)]
		switch row[3] {
		case "1":
			n.unbind("dynamic-sql")
		case "2":
			n.unbind("hidden-routine")
		}
		n.lasting = n.lasting || row[4] == "1"
	}
	for unit, seen := range units {
		if !seen {
			l.c.nodes[l.c.routine(unit.name)].unbind("hidden-routine")
		}
	}
	return err
}

// oracleSynonyms follows synonyms to relations and to routines. What one stands
// for and is not known, is hidden, or nothing that has rows of its own. What the
// server's own tables show changes by itself; public synonyms of those are no
// relations, like the tables.
func (l *loader) oracleSynonyms() error {
	rows, err := l.rows(5, oracleSynonyms)
	g := &l.c.graph
	for _, row := range rows {
		g.relation(l.name(row[0])) // before any is followed
	}
	for _, row := range rows {
		name, to := l.name(row[0]), l.name(row[1])
		n := g.relation(name)
		_, routine := g.routines[to]
		switch {
		case row[2] != "":
			n.unkeep("remote")
			n.unbind("remote")
		case row[4] == "1":
			n.unkeep("system-table")
			continue
		case row[3] == "0":
			n.unkeep("opaque-view")
			n.unbind("opaque-view")
		case routine:
			i, j := g.routine(name), g.routine(to)
			g.readsToo(i, j)
			g.writesToo(i, j)
		case !l.c.Relation(to):
			n.unkeep("opaque-view")
		}
		if name != to && l.c.Relation(to) {
			i, j := g.named(name), g.named(to)
			g.readsToo(i, j)
			g.writesToo(i, j)
		}
	}
	return err
}

// oracleHarmless are the packages of the server's own that change nothing.
var oracleHarmless = set("standard dbms_standard dbms_output dbms_lob dbms_utility utl_raw utl_i18n plitblm dual dbms_application_info")

// oracleDependencies loads what hangs on what: of code, the static part.
func (l *loader) oracleDependencies() error {
	rows, err := l.rows(7, oracleDependencies)
	for _, row := range rows {
		l.oracleDependency(row[0], l.name(row[1]), row[2], row[6], l.name(row[3]), row[4] == "1", row[5] != "")
	}
	return err
}

func (l *loader) oracleDependency(kind, name, toKind, owner, to string, systems, remote bool) {
	g := &l.c.graph
	i := l.oracleNode(kind, name)
	code := toKind == "FUNCTION" || toKind == "PROCEDURE" || toKind == "PACKAGE" || toKind == "TYPE"
	switch n := &g.nodes[i]; {
	case remote:
		n.unkeep("remote")
		n.unbind("remote")
		return
	case toKind == "LIBRARY":
		n.unbind("hidden-routine")
		return
	case systems:
		switch {
		case code && toKind != "TYPE" && !oracleHarmless[to]:
			j := g.unknownRoutine()
			g.readsToo(i, j)
			g.writesToo(i, j)
		case !code && kind == "VIEW" && to != "dual":
			n.unkeep("system-table")
		}
		return
	case code:
		j := l.oracleRoutine(owner, to)
		g.readsToo(i, j)
		g.writesToo(i, j)
		return
	}
	j := g.named(to)
	g.readsToo(i, j)
	if kind != "MATERIALIZED VIEW" && kind != "TABLE" {
		g.writesToo(i, j)
	}
	if k, both := g.routines[to]; both { // what the synonym of a routine stands for
		g.readsToo(i, k)
		g.writesToo(i, k)
	}
}

// oracleRoutine is the node of code of an owner's: that of its name, if the account sees
// it.
func (l *loader) oracleRoutine(owner, name string) int32 {
	if !l.seen[sight(owner, name)] {
		return l.c.unknownRoutine()
	}
	return l.c.routine(name)
}

// oracleNode is the node of an object.
func (l *loader) oracleNode(kind, name string) int32 {
	switch kind {
	case "VIEW", "MATERIALIZED VIEW", "TABLE":
		return l.c.named(name)
	case "TRIGGER":
		return l.c.routine(oracleTrigger(name))
	}
	return l.c.routine(name)
}

// oracleViews judges the texts of views.
func (l *loader) oracleViews() error {
	rows, err := l.rows(2, oracleViews)
	for _, row := range rows {
		l.c.relation(l.name(row[0])).unkeep(l.unkeptQuery(row[1]))
	}
	return err
}

// oracleTriggers hangs triggers on their tables. One on the account's own table
// may be another's, whose code it does not see.
func (l *loader) oracleTriggers(units map[oracleUnit]bool) error {
	rows, err := l.rows(3, oracleTriggers)
	for _, row := range rows {
		name, table := oracleTrigger(l.name(row[1])), l.c.named(l.name(row[2]))
		l.c.writesToo(table, l.c.routine(name))
		if !units[oracleUnit{row[0], "TRIGGER", name}] {
			l.c.nodes[table].unbind("hidden-routine")
		}
	}
	return err
}

func (l *loader) oracleForeignKeys() error {
	rows, err := l.rows(2, oracleForeignKeys)
	for _, row := range rows {
		l.c.writesToo(l.c.named(l.name(row[0])), l.c.named(l.name(row[1])))
	}
	return err
}

// oraclePolicies are functions that add conditions to every query of a table.
func (l *loader) oraclePolicies() error {
	rows, err := l.rows(4, oraclePolicies)
	for _, row := range rows {
		i := l.c.named(l.name(row[0]))
		l.c.nodes[i].unkeep("row-security")
		if row[3] != "1" {
			l.c.readsToo(i, l.oracleRoutine(row[2], l.name(row[1])))
		}
	}
	return err
}

func (l *loader) oracleExternal() error {
	rows, err := l.rows(1, oracleExternal)
	for _, row := range rows {
		l.c.relation(l.name(row[0])).unkeep("foreign-table")
	}
	return err
}
