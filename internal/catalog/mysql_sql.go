// This file holds the queries of MySQL's and MariaDB's catalog.

package catalog

import (
	"strconv"
	"strings"
)

// mysqlUser leaves the server's own schemas out.
const mysqlUser = ` not in ('information_schema', 'performance_schema', 'mysql', 'sys')`

var cutText = func(column string) string {
	return "coalesce(left(" + column + ", " + strconv.Itoa(mostText+1) + "), '')"
}

var (
	// mysqlRelations: schema, name, kind, engine, whether that rolls back.
	mysqlRelations = `select t.table_schema, t.table_name, t.table_type, coalesce(t.engine, ''), coalesce(e.transactions, '')
		from information_schema.tables t left join information_schema.engines e on e.engine = t.engine
		where t.table_schema` + mysqlUser + limit

	mysqlColumns = "select distinct lower(column_name) from information_schema.columns where table_schema" + mysqlUser + limit

	// mysqlViews: name, text.
	mysqlViews = "select table_name, " + cutText("view_definition") + " from information_schema.views where table_schema" + mysqlUser + limit

	// mysqlTriggers: schema, table, text.
	mysqlTriggers = "select trigger_schema, event_object_table, " + cutText("action_statement") + " from information_schema.triggers where trigger_schema" + mysqlUser + limit

	// mysqlForeignKeys: the parent's schema, parent, child.
	mysqlForeignKeys = `select distinct unique_constraint_schema, referenced_table_name, table_name from information_schema.referential_constraints
		where (delete_rule in ('CASCADE', 'SET NULL', 'SET DEFAULT') or update_rule in ('CASCADE', 'SET NULL', 'SET DEFAULT'))
		and constraint_schema` + mysqlUser + limit

	// mysqlRoutines: schema, name, kind, text, language.
	mysqlRoutines = "select routine_schema, routine_name, routine_type, " + cutText("routine_definition") +
		`, case when coalesce(external_language, 'SQL') = 'SQL' and routine_body = 'SQL' then 'SQL' else 'other' end
		from information_schema.routines where routine_schema` + mysqlUser + limit

	// mariadbVirtualColumns: table, expression.
	mariadbVirtualColumns = "select table_name, " + cutText("generation_expression") + ` from information_schema.columns
		where extra like '%VIRTUAL%' and table_schema` + mysqlUser + limit

	// mysqlTableUsage and mysqlRoutineUsage: view, what it uses, a routine with its schema.
	mysqlTableUsage   = "select view_name, table_name from information_schema.view_table_usage where view_schema" + mysqlUser + limit
	mysqlRoutineUsage = "select table_name, specific_schema, specific_name from information_schema.view_routine_usage where table_schema" + mysqlUser + limit
)

// mysqlDefinitions are the tables that hold definitions, and what of them
// counts. The times in them are of whole seconds, so that texts are compared.
var mysqlDefinitions = []struct{ table, columns, schema string }{
	{"columns", `table_schema, table_name, ordinal_position, column_name, column_type, collation_name, is_nullable, column_default, extra,
		generation_expression`, "table_schema"},
	{"views", "table_schema, table_name, view_definition, definer, security_type, check_option", "table_schema"},
	{"triggers", "trigger_schema, trigger_name, event_object_table, event_manipulation, action_timing, action_order, action_statement, created", "trigger_schema"},
	{"routines", "routine_schema, specific_name, routine_type, dtd_identifier, routine_definition, security_type, last_altered", "routine_schema"},
	{"referential_constraints", "constraint_schema, constraint_name, table_name, referenced_table_name, update_rule, delete_rule", "constraint_schema"},
	{"user_privileges", "grantee, privilege_type", ""},
	{"schema_privileges", "grantee, table_schema, privilege_type", ""},
	{"table_privileges", "grantee, table_schema, table_name, privilege_type", ""},
}

// sum counts rows and puts what of them counts together.
func sum(columns string) string {
	return "concat(count(*), ':', coalesce(bit_xor(cast(conv(left(md5(concat_ws('|', " + columns + ")), 16), 16, 10) as unsigned)), 0))"
}

// mysqlSums: one cell of all sums, and how many tables are made of others.
var mysqlSums = func() string {
	sums := []string{"t.definitions"}
	for _, d := range mysqlDefinitions {
		where := ""
		if d.schema != "" {
			where = " where " + d.schema + mysqlUser
		}
		sums = append(sums, "(select "+sum(d.columns)+" from information_schema."+d.table+where+")")
	}
	return "select concat_ws(' ', " + strings.Join(sums, ", ") + "), t.merges from (select " +
		sum("table_schema, table_name, table_type, engine, create_options") + ` as definitions,
		coalesce(sum(engine = 'MRG_MyISAM'), 0) as merges from information_schema.tables where table_schema` + mysqlUser + ") t"
}()

// mysqlMade: schema, name.
var mysqlMade = "select table_schema, table_name from information_schema.tables where engine = 'MRG_MyISAM' and table_schema" + mysqlUser +
	" order by 1, 2" + limit
