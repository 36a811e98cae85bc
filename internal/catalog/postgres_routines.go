// This file judges the routines of a PostgreSQL database by their language, their volatility and their bodies.

package catalog

import (
	"slices"
	"strings"
)

// postgresRoutine is a function or a procedure.
type postgresRoutine struct {
	name, language, volatility, body, library string
	builtin, attribute, extension             bool
	defaults                                  string // of its arguments
}

// harmlessLibraries are those whose functions, volatile ones too, change no
// table.
var harmlessLibraries = set(`uuid-ossp pgcrypto citext hstore pg_trgm btree_gist btree_gin ltree _int isn fuzzystrmatch
	unaccent cube seg earthdistance moddatetime insert_username tsm_system_rows tsm_system_time postgis-3`)

// postgresRuns are the built-in functions that run a text, or write.
const postgresRuns = `query_to_xml query_to_xmlschema query_to_xml_and_xmlschema cursor_to_xml cursor_to_xmlschema table_to_xml
	table_to_xmlschema table_to_xml_and_xmlschema schema_to_xml schema_to_xmlschema schema_to_xml_and_xmlschema database_to_xml
	database_to_xmlschema database_to_xml_and_xmlschema ts_stat ts_rewrite lo_import lo_create lo_creat lo_unlink lo_put lo_from_bytea
	lo_open lowrite lo_truncate lo_truncate64 lo_export`

var (
	postgresRunning = set(postgresRuns)
	// postgresActs are the words in a body of SQL or PL/pgSQL behind which it may
	// do what no name shows: run a text, change definitions, follow foreign keys
	// that have no action.
	postgresActs = set(postgresRuns + " execute truncate refresh create alter drop import")
)

// postgresRoutines loads the routines and returns the names of those that are
// proven pure and that no built-in function has.
func (l *loader) postgresRoutines(version int) (proven []string, err error) {
	body := "coalesce(pg_get_function_sqlbody(p.oid), p.prosrc)"
	if version < 140000 {
		body = "p.prosrc"
	}
	rows, err := l.rows(9, strings.Replace(postgresRoutines, "BODY", body, 1))
	if err != nil {
		return nil, err
	}
	all := make([]postgresRoutine, len(rows))
	for i, row := range rows {
		all[i] = postgresRoutine{l.name(row[0]), row[1], row[2], row[3], row[4], row[5] == "1", row[6] == "1", row[7] == "1", row[8]}
		l.c.routine(all[i].name)
	}
	for _, r := range all {
		l.postgresWrites(r)
	}
	return l.postgresProve(all), nil
}

// postgresWrites notes what a call of a routine may write. One that is not
// volatile runs no statement that writes, but may call one that does.
func (l *loader) postgresWrites(r postgresRoutine) {
	i := l.c.routine(r.name)
	n := &l.c.nodes[i]
	if r.trusted() {
		return
	}
	switch r.language {
	case "c":
		if r.volatility != "i" && !harmlessLibraries[r.library] {
			n.unbind("unknown-routine")
		}
		return
	case "internal": // another name of a built-in one
		if postgresActs[r.body] {
			n.unbind("dynamic-sql")
		}
		return
	case "sql", "plpgsql":
	default:
		n.unbind("unknown-routine")
		return
	}
	_, acts := has(r.body, postgresActs)
	if acts || len(r.body) > mostText || strings.Contains(strings.ToLower(r.body), `u&"`) { // which spells names in numbers
		n.unbind("dynamic-sql")
		return
	}
	relations, ok := l.names(r.body, l.c.relations)
	routines, okToo := l.names(r.body, l.c.routines)
	if !ok || !okToo {
		n.unbind("dynamic-sql")
		return
	}
	for _, to := range relations {
		l.c.readsToo(i, to)
		if r.volatility == "v" {
			l.c.writesToo(i, to)
		}
	}
	for _, to := range routines {
		if to != i {
			l.c.readsToo(i, to)
			l.c.writesToo(i, to)
		}
	}
}

// trusted reports whether an extension says that the answer depends on the
// arguments alone: administrators install them.
func (r postgresRoutine) trusted() bool {
	return r.extension && r.volatility == "i" && r.language == "sql"
}

// postgresProve finds the routines whose calls are pure. All of a name have to
// be. It goes through them again as long as it finds more.
func (l *loader) postgresProve(all []postgresRoutine) (proven []string) {
	pure := map[string]bool{}
	for {
		before := len(pure)
		next := map[string]bool{}
		for _, r := range all {
			holds, judged := next[r.name]
			next[r.name] = (holds || !judged) && l.postgresPure(r, proven)
		}
		for name, holds := range next {
			if holds {
				pure[name] = true
			}
		}
		proven = l.replaceable(all, pure)
		if len(pure) == before {
			break
		}
	}
	for _, r := range all {
		if !pure[r.name] {
			l.c.nodes[l.c.routine(r.name)].unkeep("opaque-function")
		}
		if !pure[r.name] && r.attribute {
			l.attribute(r.name)
		}
	}
	return proven
}

// replaceable are the names of pure routines that no built-in function has.
func (l *loader) replaceable(all []postgresRoutine, pure map[string]bool) (names []string) {
	for _, r := range all {
		if pure[r.name] && !r.builtin && !slices.Contains(names, r.name) {
			names = append(names, r.name)
		}
	}
	return names
}

// postgresPure reports whether a body shows that its answer depends on its
// arguments and the relations in it alone. What C says of itself is believed. A
// default is a part of the call.
func (l *loader) postgresPure(r postgresRoutine, proven []string) bool {
	if r.defaults != "" && l.unkeptQuery(standIn("select "+r.defaults, proven)) != "" {
		return false
	}
	switch r.language {
	case "internal", "c":
		return r.volatility == "i"
	case "sql":
		return r.trusted() || l.unkeptQuery(standIn(sqlBody(r.body), proven)) == ""
	}
	return false
}

// sqlBody is the query in the body of a function.
func sqlBody(body string) string {
	body = strings.TrimSpace(body)
	if inner, ok := strings.CutPrefix(body, "BEGIN ATOMIC"); ok {
		return strings.TrimSuffix(inner, "END")
	}
	if inner, ok := strings.CutPrefix(body, "RETURN "); ok {
		return "SELECT " + inner
	}
	return body
}

// attribute notes that a.name may call the routine for a row of a.
func (l *loader) attribute(name string) {
	i := l.c.named(name)
	l.c.readsToo(i, l.c.routine(name))
}
