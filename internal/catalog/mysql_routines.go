// This file judges the routines of a MySQL or MariaDB server, and what its user may see of triggers.

package catalog

import (
	"regexp"
	"strings"

	"github.com/fluxor-db/fluxor/internal/sqltext"
)

// mysqlActs are the words behind which a body may do what no name shows.
var mysqlActs = set("prepare execute create alter drop truncate rename install uninstall xa")

// mysqlNatives are functions of the server's own, of one version or another, that are
// on no list and answer one thing now and another later, or change something. They
// are what a call without a schema means, whatever routines are called so.
var mysqlNatives = set(`asymmetric_encrypt asymmetric_sign benchmark binlog_gtid_pos create_asymmetric_priv_key create_dh_parameters
	default des_encrypt encrypt keyring_key_fetch keyring_key_generate keyring_key_remove keyring_key_store lastval load_file
	master_gtid_wait master_pos_wait nextval random_bytes service_get_read_locks service_get_write_locks service_release_locks setval
	source_pos_wait sys_guid version_tokens_delete version_tokens_edit version_tokens_lock_exclusive version_tokens_lock_shared
	version_tokens_set version_tokens_show version_tokens_unlock wait_for_executed_gtid_set wait_until_sql_thread_after_gtids
	wsrep_last_seen_gtid wsrep_last_written_gtid wsrep_sync_wait_upto_gtid`)

// mysqlBody notes what the text of a trigger or a routine of a schema may write.
func (l *loader) mysqlBody(i int32, schema, text string) {
	if _, acts := has(text, mysqlActs); acts {
		l.c.nodes[i].unbind("dynamic-sql")
		return
	}
	if why := l.hidden(schema, text); why != "" {
		l.c.nodes[i].unbind(why)
		return
	}
	l.body(i, text)
}

// mysqlRoutines loads the routines and returns the names of those that are
// proven pure. What they declare of themselves, nobody holds them to.
func (l *loader) mysqlRoutines() (proven []string, err error) {
	rows, err := l.rows(5, mysqlRoutines)
	if err != nil {
		return nil, err
	}
	for _, row := range rows { // before any body is read
		l.c.routine(l.name(row[1]))
		l.seen[mysqlCall{row[2], row[0], row[1]}.sight()] = true
	}
	pure := map[string]bool{}
	for _, row := range rows {
		name, body, sql := l.name(row[1]), row[3], row[4] == "SQL"
		i := l.c.routine(name)
		before, judged := pure[name]
		holds := (before || !judged) && row[2] == "FUNCTION" && sql && l.mysqlReturns(row[0], body)
		pure[name] = holds
		switch {
		case body == "" || !sql:
			l.c.nodes[i].unbind("hidden-routine")
		case holds:
			l.readThrough(i, body)
		default:
			l.mysqlBody(i, row[0], body)
		}
	}
	for name, holds := range pure {
		n := &l.c.nodes[l.c.routine(name)]
		switch {
		case mysqlNatives[name]:
			n.unkeep("opaque-function")
			n.unbind("built-in-function")
		case holds:
			proven = append(proven, name)
		default:
			n.unkeep("opaque-function")
		}
	}
	for _, row := range rows {
		if row[2] == "FUNCTION" {
			l.mysqlNamesake(l.name(row[1]))
		}
	}
	return proven, nil
}

// mysqlNamesake refuses a database with a function that a server older than the
// built-in one of its name calls in its place. Which of them this server has built
// in, it does not say.
func (l *loader) mysqlNamesake(name string) {
	if !strings.ContainsFunc(name, notInWord) {
		l.standsIn("overload", name, name, sqltext.Analyze(l.dialect, "select "+name+"('a')"))
	}
}

// mysqlReturns reports whether a body does no more than return what depends on its
// arguments and on tables that the user may see.
func (l *loader) mysqlReturns(schema, body string) bool {
	query, returns := returned(body)
	return returns && l.unkeptQuery("select "+query) == "" && l.hidden(schema, body) == ""
}

// returning is a body that returns one expression.
var returning = regexp.MustCompile(`(?is)^\s*(?:begin\s+)?return\s(.*?);?\s*(?:;\s*end\s*;?)?\s*$`)

// returned is the expression that a body returns, if that is all it does.
func returned(body string) (expression string, only bool) {
	m := returning.FindStringSubmatch(body)
	if m == nil {
		return "", false
	}
	return m[1], true
}

// grants are where a user may see triggers.
type grants []grant

// grant is a pattern of schemas and, unless it is "", one table.
type grant struct {
	schema *regexp.Regexp
	table  string
	taken  bool // it is a revocation
}

// privilege is a line of SHOW GRANTS.
var privilege = regexp.MustCompile("(?is)^(GRANT|REVOKE) (.*?) ON (?:TABLE )?(\\*|`(?:[^`]|``)*`)\\.(\\*|`(?:[^`]|``)*`) (?:TO|FROM) ")

// mysqlGrants asks where the user may see triggers: where not, they are not even
// counted.
func (l *loader) mysqlGrants() (all grants, err error) {
	rows, err := l.rows(1, "show grants")
	for _, row := range rows {
		m := privilege.FindStringSubmatch(row[0])
		if m == nil || !seesTriggers(m[2]) {
			continue
		}
		g := grant{schema: pattern(m[3]), taken: strings.EqualFold(m[1], "revoke")}
		if m[4] != "*" {
			g.table = strings.ToLower(unquote(m[4]))
		}
		all = append(all, g)
	}
	return all, err
}

// seesTriggers reports whether a list of privileges has the one for triggers.
func seesTriggers(list string) bool {
	for p := range strings.SplitSeq(strings.ToUpper(list), ",") {
		switch strings.TrimSpace(p) {
		case "TRIGGER", "ALL PRIVILEGES", "ALL":
			return true
		}
	}
	return false
}

func unquote(name string) string { return strings.ReplaceAll(strings.Trim(name, "`"), "``", "`") }

// pattern is the schemas that a grant is for, in which % and _ stand for others
// unless a backslash stands before them.
func pattern(quoted string) *regexp.Regexp {
	if quoted == "*" {
		return regexp.MustCompile("")
	}
	var b strings.Builder
	escaped := false
	for _, r := range strings.ToLower(unquote(quoted)) {
		switch {
		case r == '\\' && !escaped:
			escaped = true
			continue
		case r == '%' && !escaped:
			b.WriteString(".*")
		case r == '_' && !escaped:
			b.WriteString(".")
		default:
			b.WriteString(regexp.QuoteMeta(string(r)))
		}
		escaped = false
	}
	return regexp.MustCompile("(?s)^" + b.String() + "$")
}

// triggers reports whether the user may see the triggers of a table.
func (all grants) triggers(schema, table string) bool {
	schema, table = strings.ToLower(schema), strings.ToLower(table)
	sees := false
	for _, g := range all {
		if !g.schema.MatchString(schema) || g.table != "" && g.table != table {
			continue
		}
		if g.taken {
			return false
		}
		sees = true
	}
	return sees
}
