// This file loads the catalog of an SQLite database from the texts of its definitions.

package catalog

import (
	"strings"
)

func loadSQLite(l *loader) error {
	schemas, err := l.sqliteSchemas()
	if err != nil {
		return err
	}
	if err := l.sqliteServer(); err != nil {
		return err
	}
	var all []sqliteObject
	for _, schema := range schemas {
		objects, err := l.sqliteObjects(schema)
		if err != nil {
			return err
		}
		all = append(all, objects...)
		if err := l.sqliteColumns(schema); err != nil {
			return err
		}
	}
	l.sqliteRelations(all)
	for _, o := range all {
		l.sqliteHangs(o)
	}
	for _, schema := range schemas {
		if err := l.sqliteForeignKeys(schema); err != nil {
			return err
		}
	}
	return nil
}

// sqliteServer refuses connections that read what others have not committed.
func (l *loader) sqliteServer() error {
	on, err := l.value("pragma read_uncommitted")
	if on == "1" {
		l.refuse("read-uncommitted")
	}
	return err
}

// sqliteSchemas are the databases of the connection, each in quotes.
func (l *loader) sqliteSchemas() (quoted []string, err error) {
	rows, err := l.rows(3, "pragma database_list")
	for _, row := range rows {
		quoted = append(quoted, `"`+strings.ReplaceAll(row[1], `"`, `""`)+`"`)
	}
	return quoted, err
}

// sqliteFingerprint is the numbers that SQLite counts up with each definition.
// Those of temporary ones differ from connection to connection.
func sqliteFingerprint(l *loader) (string, error) {
	schemas, err := l.sqliteSchemas()
	if err != nil {
		return "", err
	}
	var all []string
	for _, schema := range schemas {
		if schema == `"temp"` {
			continue
		}
		version, err := l.value("pragma " + schema + ".schema_version")
		if err != nil {
			return "", err
		}
		all = append(all, schema+" "+version)
	}
	return strings.Join(all, ", "), nil
}

// sqliteObject is a row of sqlite_schema.
type sqliteObject struct {
	kind, name, table, sql string
	temporary              bool
}

func (l *loader) sqliteObjects(schema string) (objects []sqliteObject, err error) {
	rows, err := l.rows(4, "select type, name, tbl_name, coalesce(sql, '') from "+schema+`.sqlite_master
		where type in ('table', 'view', 'trigger') and name not like 'sqlite\_%' escape '\'`+limit)
	for _, row := range rows {
		objects = append(objects, sqliteObject{row[0], l.name(row[1]), l.name(row[2]), row[3], schema == `"temp"`})
	}
	return objects, err
}

// sqliteColumns notes the columns of tables and views. It does without those of
// views where one of them is broken: then they are names that nobody knows.
func (l *loader) sqliteColumns(schema string) error {
	of := func(kind string) error {
		return l.columns("select distinct lower(x.name) from " + schema + ".sqlite_master m, pragma_table_xinfo(m.name, " + literal(schema) + `) x
			where m.type = '` + kind + `' and m.sql not like 'create virtual%'` + limit)
	}
	_ = of("view")
	return of("table")
}

// literal makes a literal of a name in quotes.
func literal(quoted string) string {
	name := strings.ReplaceAll(quoted[1:len(quoted)-1], `""`, `"`)
	return "'" + strings.ReplaceAll(name, "'", "''") + "'"
}

// sqliteRelations makes the nodes of tables and views. A temporary one that
// hides a table belongs to its session.
func (l *loader) sqliteRelations(all []sqliteObject) {
	permanent := map[string]bool{}
	for _, o := range all {
		permanent[o.name] = permanent[o.name] || !o.temporary && o.kind != "trigger"
	}
	for _, o := range all {
		if o.kind == "trigger" {
			continue
		}
		n := l.c.relation(o.name)
		switch {
		case o.temporary && !permanent[o.name]:
			n.unkeep("temporary-table")
		case o.temporary:
		case o.kind == "view":
			n.unkeep(l.unkeptQuery(viewQuery(o.sql)))
		case sqliteVirtual(o.sql) && !sqliteModules[sqliteModule(o.sql)]:
			n.unkeep("virtual-table")
			n.unbind("virtual-table")
		}
	}
}

// sqliteModules are the virtual tables that keep what they show in tables of the
// same database, which are called after them, or take it from tables that they
// name.
var sqliteModules = set("fts3 fts4 fts5 rtree rtree_i32 geopoly fts4aux fts5vocab")

func sqliteVirtual(sql string) bool {
	return strings.HasPrefix(strings.ToLower(sql), "create virtual table")
}

// sqliteModule is the word behind USING.
func sqliteModule(sql string) string {
	words := strings.FieldsFunc(strings.ToLower(sql), notInWord)
	for i, w := range words {
		if w == "using" && i+1 < len(words) {
			return words[i+1]
		}
	}
	return ""
}

// sqliteHangs notes what an object's text names.
func (l *loader) sqliteHangs(o sqliteObject) {
	g := &l.c.graph
	switch {
	case o.kind == "view":
		l.view(o.name, o.sql, viewQuery(o.sql))
	case o.kind == "trigger":
		l.trigger(o.table, o.sql)
	case sqliteVirtual(o.sql):
		l.through(o.name, o.sql)
		for name, i := range g.relations {
			if strings.HasPrefix(name, o.name+"_") {
				g.readsToo(g.named(o.name), i)
				g.writesToo(g.named(o.name), i)
			}
		}
	}
}

// sqliteForeignKeys notes the actions of foreign keys, whether or not this
// connection holds them.
func (l *loader) sqliteForeignKeys(schema string) error {
	rows, err := l.rows(2, `select distinct f."table", m.name from `+schema+".sqlite_master m, pragma_foreign_key_list(m.name, "+literal(schema)+`) f
		where m.type = 'table' and m.sql not like 'create virtual%' and (f.on_update in ('CASCADE', 'SET NULL', 'SET DEFAULT')
		or f.on_delete in ('CASCADE', 'SET NULL', 'SET DEFAULT'))`+limit)
	for _, row := range rows {
		l.c.writesToo(l.c.named(l.name(row[0])), l.c.named(l.name(row[1])))
	}
	return err
}
