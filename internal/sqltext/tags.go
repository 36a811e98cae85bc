// This file makes tags of names: in lower case, without quotes, each once.

package sqltext

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// longestName is where PostgreSQL cuts a name. Others refuse one that is too
// long.
const longestName = 63

// fewNames are so many that looking through all of them is as quick as a map.
const fewNames = 48

// names are names in the order in which they came, each once.
type names struct {
	list []string
	seen map[string]bool // nil while there are few
}

// tag adds a name to the statement's. One that is not in UTF-8 has other bytes
// in a text of another character set, so that no tag stands for it.
func (j *judge) tag(name string) {
	if strings.Contains(name, broken) {
		j.doubt(Charset, -1)
	}
	if j.d == PostgreSQL && len(name) > longestName {
		name = cut(name)
	}
	j.tags.add(name)
}

// broken is what lower makes of bytes that are not UTF-8.
const broken = string(utf8.RuneError)

// add adds a name.
func (n *names) add(name string) {
	if n.has(name) {
		return
	}
	n.list = append(n.list, name)
	if n.seen != nil {
		n.seen[name] = true
	}
}

// has reports whether a name is among them.
func (n *names) has(name string) bool {
	if len(n.list) <= fewNames {
		return slices.Contains(n.list, name)
	}
	if n.seen == nil {
		n.seen = make(map[string]bool, 2*len(n.list))
		for _, known := range n.list {
			n.seen[known] = true
		}
	}
	return n.seen[name]
}

// with adds other names.
func (n *names) with(others []string) {
	for _, name := range others {
		n.add(name)
	}
}

// system reports whether a name is of the server's own tables, or of a schema of
// them: they change with other tables, with time or with who asks.
func system(d Dialect, name string) bool {
	switch d {
	case PostgreSQL:
		return strings.HasPrefix(name, "pg_") && name != "pg_catalog" || name == "information_schema"
	case MySQL:
		return name == "information_schema" || name == "performance_schema" || name == "mysql" || name == "sys"
	case Oracle:
		return systemOracle(name)
	}
	return strings.HasPrefix(name, "sqlite_") || name == "dbstat"
}

// systemOracle is system for Oracle. A name that begins with user_ may be a
// column of the program's, such as user_id.
func systemOracle(name string) bool {
	prefix, rest, _ := strings.Cut(name, "_")
	switch prefix {
	case "all", "dba", "cdb":
		return rest != ""
	case "user":
		return strings.HasSuffix(rest, "s") || slices.Contains(userViews, rest)
	}
	return strings.Contains(name, "$") || name == "sys"
}

var (
	// userViews are Oracle's views of user_ whose names do not end in s.
	userViews = strings.Fields(`audit_object audit_session audit_statement audit_trail col_privs_made col_privs_recd
		free_space object_size recyclebin scheduler_job_log source tab_privs_made tab_privs_recd`)
	// otherViews are those with names that a column may have as well.
	otherViews = strings.Fields(`cat cols dict dict_columns dictionary global_name ind nls_database_parameters
		nls_instance_parameters nls_session_parameters obj product_component_version recyclebin role_role_privs
		role_sys_privs role_tab_privs seq session_context session_privs session_roles syn table_privileges tabs
		unified_audit_trail flashback_transaction_query`)
)

// cut shortens a name as PostgreSQL does, to whole characters.
func cut(name string) string {
	end := longestName
	for end > 0 && !utf8.RuneStart(name[end]) {
		end--
	}
	return name[:end]
}

// lower is s in lower case, the way that all spellings of a name come to one.
func lower(s string) string { return strings.ToLower(s) }

// unquoted is what stands in the quotes of a name or a literal, in lower case.
func unquoted(written string) string {
	q := written[:1]
	inner := written[1 : len(written)-1]
	if q != "[" && strings.Contains(inner, q) {
		inner = strings.ReplaceAll(inner, q+q, q)
	}
	return lower(inner)
}
