// This file makes tags of names: in lower case, without quotes, each once.

package sqltext

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// longestName is where PostgreSQL cuts a name; elsewhere names are shorter
// or as long, and that two of them may share a tag costs little.
const longestName = 63

// tag adds a name to the statement's. One that is not in UTF-8 has other bytes
// in a text of another character set, so that no tag stands for it.
func (j *judge) tag(name string) {
	if strings.Contains(name, broken) {
		j.doubt(Charset, -1)
	}
	j.tags = addTag(j.tags, name)
}

// broken is what lower makes of bytes that are not UTF-8.
const broken = string(utf8.RuneError)

// addTag adds a name to tags, once.
func addTag(tags []string, name string) []string {
	if len(name) > longestName {
		name = cut(name)
	}
	if slices.Contains(tags, name) {
		return tags
	}
	return append(tags, name)
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
		return strings.Contains(name, "v$") || strings.HasPrefix(name, "all_") || strings.HasPrefix(name, "dba_") ||
			strings.HasPrefix(name, "user_") && strings.HasSuffix(name, "s")
	}
	return strings.HasPrefix(name, "sqlite_") || name == "dbstat"
}

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
