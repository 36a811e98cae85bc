// This file loads the catalog of a MySQL or MariaDB server from its information_schema.

package catalog

import "strings"

func loadMySQL(l *loader) error {
	mariadb, err := l.mysqlServer()
	if err != nil {
		return err
	}
	merges, err := l.mysqlRelations()
	if err != nil {
		return err
	}
	if err := l.columns(mysqlColumns); err != nil {
		return err
	}
	if err := l.mysqlForeignKeys(); err != nil { // with the parents that bodies name
		return err
	}
	proven, err := l.mysqlRoutines()
	if err != nil {
		return err
	}
	l.mysqlMerges(merges)
	for _, step := range []func() error{
		func() error { return l.mysqlViews(proven) },
		l.mysqlTriggers,
	} {
		if err := step(); err != nil {
			return err
		}
	}
	if mariadb {
		return l.mariadbVirtualColumns()
	}
	return l.mysqlUsage()
}

// mysqlServer looks at the server's settings: where sessions read what nobody
// committed, or begin transactions by themselves, nothing may be kept.
func (l *loader) mysqlServer() (mariadb bool, err error) {
	rows, err := l.mysqlSettings()
	for _, row := range rows {
		switch strings.ToLower(row[0]) {
		case "version":
			mariadb = strings.Contains(strings.ToLower(row[1]), "mariadb")
		case "autocommit":
			if row[1] == "OFF" {
				l.refuse("autocommit-off")
			}
		case "completion_type":
			if row[1] == "CHAIN" {
				l.refuse("chained-commits")
			}
		default:
			if row[1] == "READ-UNCOMMITTED" {
				l.refuse("read-uncommitted")
			}
		}
	}
	return mariadb, err
}

// mysqlSettings are names and values: those of this session, which is like others
// that began when it did, and those of sessions to come.
func (l *loader) mysqlSettings() (all [][]string, err error) {
	for _, scope := range []string{"session", "global"} {
		rows, err := l.rows(2, "show "+scope+` variables where variable_name in ('version', 'tx_isolation', 'transaction_isolation', 'autocommit', 'completion_type')`)
		if err != nil {
			return nil, err
		}
		all = append(all, rows...)
	}
	return all, nil
}

// mysqlEngines are those that keep a table's rows where only statements on this
// server change them. All others may lead anywhere.
var mysqlEngines = set("innodb myisam aria archive csv blackhole rocksdb tokudb mrg_myisam")

// merge is a table that is made of others.
type merge struct{ schema, name string }

// mysqlRelations loads tables, views and sequences.
func (l *loader) mysqlRelations() (merges []merge, err error) {
	rows, err := l.rows(5, mysqlRelations)
	if err != nil {
		return nil, err
	}
	grants, err := l.mysqlGrants()
	if err != nil {
		return nil, err
	}
	l.seen = make(map[string]bool, len(rows))
	for _, row := range rows {
		schema, name, kind, engine := row[0], row[1], row[2], strings.ToLower(row[3])
		l.seen[sight(schema, name)] = true
		n := l.c.relation(l.name(name))
		n.lasting = n.lasting || kind != "VIEW" && row[4] != "YES"
		switch {
		case kind == "VIEW":
			continue
		case kind == "SEQUENCE":
			n.unkeep("sequence")
		case kind == "TEMPORARY":
			n.unkeep("temporary-table")
		case engine == "memory":
			n.unkeep("memory-table") // a restart empties it
		case !mysqlEngines[engine]:
			n.unkeep("foreign-engine")
			n.unbind("foreign-engine")
		case engine == "mrg_myisam":
			merges = append(merges, merge{schema, name})
		}
		if !grants.triggers(schema, name) {
			n.unbind("hidden-triggers")
		}
	}
	return merges, nil
}

// mostMerges bounds the queries for tables that are made of others: where there
// are more, each of them is opaque.
const mostMerges = 100

// mysqlMerges asks what tables are made of, which is shown nowhere else, and not
// where one of those is gone.
func (l *loader) mysqlMerges(merges []merge) {
	for _, m := range merges {
		name := l.name(m.name)
		text := ""
		if len(merges) <= mostMerges {
			text = l.mysqlMadeOf(m)
		}
		if text == "" {
			l.c.relation(name).unkeep("opaque-view")
			l.c.relation(name).unbind("opaque-view")
		}
		l.through(name, text)
	}
}

// mysqlMadeOf is the text of a table; "" where the server does not show it. A
// connection that is lost fails the next query as well.
func (l *loader) mysqlMadeOf(m merge) string {
	rows, err := l.rows(2, "show create table "+backquoted(m.schema)+"."+backquoted(m.name))
	if err != nil || len(rows) != 1 {
		return ""
	}
	return rows[0][1]
}

func backquoted(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" }

// mysqlViews loads the views. The server keeps their texts with every name in
// quotes and with its schema. Who may not see a text gets an empty one, and a
// table or a routine in it that is not known is hidden as well. A read may change
// anything where it calls such a routine.
func (l *loader) mysqlViews(proven []string) error {
	rows, err := l.rows(2, mysqlViews)
	if err != nil {
		return err
	}
	for _, row := range rows {
		name, text := l.name(row[0]), row[1]
		l.view(name, text, text)
		n := l.c.relation(name)
		n.unkeep(l.unkeptQuery(standIn(text, proven)))
		hidden := l.hidden("", text)
		if text == "" || hidden != "" {
			n.unkeep("opaque-view")
			n.unbind("opaque-view")
		}
		if hidden == "hidden-routine" {
			l.c.readsToo(l.c.named(name), l.c.unknownRoutine())
		}
	}
	return nil
}

func (l *loader) mysqlTriggers() error {
	rows, err := l.rows(3, mysqlTriggers)
	for _, row := range rows {
		l.mysqlBody(l.c.named(l.name(row[1])), row[0], row[2])
	}
	return err
}

// mysqlForeignKeys follows foreign keys to the tables that their actions change.
// A parent that the user may not see may have parents that he does not see
// either, up to any table.
func (l *loader) mysqlForeignKeys() error {
	rows, err := l.rows(3, mysqlForeignKeys)
	g := &l.c.graph
	var hidden []int32
	for _, row := range rows {
		parent := g.named(l.name(row[1]))
		g.writesToo(parent, g.named(l.name(row[2])))
		if !l.seen[sight(row[0], row[1])] {
			hidden = append(hidden, parent)
		}
	}
	for _, s := range g.walk(hidden, asWrite) {
		g.nodes[s.node].unkeep("hidden-table")
	}
	return err
}

// mariadbVirtualColumns looks at columns that are computed when they are read:
// MariaDB lets them read the clock.
func (l *loader) mariadbVirtualColumns() error {
	rows, err := l.rows(2, mariadbVirtualColumns)
	for _, row := range rows {
		if why := l.unkeptQuery("select " + row[1]); why != "" {
			l.c.relation(l.name(row[0])).unkeep("virtual-column")
		}
	}
	return err
}

// mysqlUsage loads what MySQL's own books say of its views.
func (l *loader) mysqlUsage() error {
	tables, err := l.rows(2, mysqlTableUsage)
	if err != nil {
		return err
	}
	g := &l.c.graph
	for _, row := range tables {
		a, b := g.named(l.name(row[0])), g.named(l.name(row[1]))
		g.readsToo(a, b)
		g.writesToo(a, b)
	}
	routines, err := l.rows(3, mysqlRoutineUsage)
	for _, row := range routines {
		i := g.unknownRoutine()
		if l.seen[mysqlCall{"FUNCTION", row[1], row[2]}.sight()] {
			i = g.routine(l.name(row[2]))
		}
		g.readsToo(g.named(l.name(row[0])), i)
	}
	return err
}
