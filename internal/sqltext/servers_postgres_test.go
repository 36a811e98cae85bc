// This file holds PostgreSQL's words against a server.

package sqltext

import (
	"database/sql"
	"slices"
	"strings"
	"testing"

	"github.com/fluxor-db/fluxor/internal/dbtest"
	_ "github.com/lib/pq"
)

func postgresServer(t *testing.T) *sql.Conn {
	t.Helper()
	return connected(t, "postgres", dbtest.Postgres(t).NewDatabase(t).DSN())
}

// postgresSyntax are the names on the list that are grammar and no functions.
var postgresSyntax = strings.Fields("cast coalesce greatest grouping least nullif trim")

// postgresSettled are the stable functions whose answers depend on settings, and
// on the catalog, which DDL alone changes.
var postgresSettled = strings.Fields(`array_to_json array_to_string concat concat_ws convert convert_from convert_to
	date date_part date_trunc extract format generate_series json_agg json_build_array json_build_object json_object_agg
	json_populate_record json_populate_recordset json_to_record json_to_recordset jsonb_agg jsonb_build_array
	jsonb_build_object jsonb_object_agg jsonb_populate_record jsonb_populate_recordset jsonb_to_record jsonb_to_recordset
	jsonb_to_tsvector length make_timestamptz numeric phraseto_tsquery plainto_tsquery quote_literal quote_nullable
	row_to_json timestamp timestamptz timezone to_char to_date to_json to_jsonb to_number to_timestamp to_tsquery
	to_tsvector ts_headline websearch_to_tsquery`)

// volatility is the worst of a name's functions: v, s, i, or "" without any.
func volatility(t *testing.T, c *sql.Conn, name string) string {
	t.Helper()
	var worst string
	err := c.QueryRowContext(t.Context(), `select coalesce(max(provolatile), '') from pg_proc
		where proname = $1 and pronamespace = 'pg_catalog'::regnamespace`, name).Scan(&worst)
	if err != nil {
		t.Fatal(err)
	}
	return worst
}

func TestPostgresPureFunctionsAreNotVolatile(t *testing.T) {
	c := postgresServer(t)
	for _, name := range wordsWith(PostgreSQL, pure) {
		v := volatility(t, c, name)
		switch {
		case v == "" && !slices.Contains(postgresSyntax, name):
			t.Errorf("%s does not exist", name)
		case v == "v":
			t.Errorf("%s is volatile", name)
		case v == "s" && !slices.Contains(postgresSettled, name):
			t.Errorf("%s is stable only", name)
		}
	}
}

// postgresActing are the volatile functions on the other lists, which change
// nothing but the session's locks and transaction, or nothing at all.
var postgresActing = strings.Fields(`clock_timestamp gen_random_uuid pg_sleep pg_sleep_for pg_sleep_until random timeofday
	current_query currval lastval pg_advisory_lock pg_advisory_lock_shared pg_advisory_unlock pg_advisory_unlock_all
	pg_advisory_unlock_shared pg_advisory_xact_lock pg_advisory_xact_lock_shared pg_blocking_pids pg_database_size
	pg_indexes_size pg_is_in_recovery pg_notify pg_partition_ancestors pg_partition_tree pg_relation_size pg_sequence_last_value pg_table_size pg_tablespace_size
	pg_total_relation_size pg_try_advisory_lock pg_try_advisory_lock_shared pg_try_advisory_xact_lock
	pg_try_advisory_xact_lock_shared`)

func TestPostgresClockAndSessionFunctionsWriteNothing(t *testing.T) {
	c := postgresServer(t)
	for _, name := range slices.Concat(wordsWith(PostgreSQL, clock), wordsWith(PostgreSQL, session)) {
		v := volatility(t, c, name)
		switch bare := lookup(PostgreSQL, name)&bare != 0; {
		case v == "" && !bare:
			t.Errorf("%s does not exist", name)
		case v == "v" && !slices.Contains(postgresActing, name):
			t.Errorf("%s is volatile", name)
		}
	}
}

func TestPostgresReservedWordsNameNoTable(t *testing.T) {
	nameNoTable(t, postgresServer(t), PostgreSQL, "syntax error")
}

func TestPostgresOperatorsAreBuiltIn(t *testing.T) {
	c := postgresServer(t)
	for op := range postgresOperators {
		if op == ":" || op == "=>" || op == "!=" {
			continue // grammar; != is another spelling of <>
		}
		var n int
		err := c.QueryRowContext(t.Context(), `select count(*) filter (where provolatile <> 'v') - 1000 * count(*) filter (where provolatile = 'v')
			from pg_operator join pg_proc on pg_proc.oid = oprcode
			where oprname = $1 and oprnamespace = 'pg_catalog'::regnamespace`, op).Scan(&n)
		if err != nil {
			t.Fatal(err)
		}
		if n <= 0 {
			t.Errorf("%s: %d", op, n)
		}
	}
}

func TestPostgresKeywordsHideNoFunction(t *testing.T) {
	c := postgresServer(t)
	run(t, c, "create table z (i int)")
	run(t, c, "insert into z values (1)")
	names := slices.DeleteFunc(column(t, c, "select word from pg_get_keywords()"), func(name string) bool {
		return lookup(PostgreSQL, name)&function != 0
	})
	names = append(names, wordsWith(PostgreSQL, paren)...)
	for _, name := range names {
		if got := run(t, c, `create or replace function "`+name+`"(i int) returns int language plpgsql as $$ begin raise '`+alarm+`'; end $$`); got != "" {
			t.Fatal(got)
		}
	}
	if count := rings(t, c, PostgreSQL, names); count < 1000 {
		t.Errorf("the server called functions in %d texts only", count)
	}
}
