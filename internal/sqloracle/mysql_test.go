// This file compares verdicts with the trees of TiDB's parser, which reads MySQL.

package sqloracle

import (
	"slices"
	"strings"
	"testing"

	"github.com/pingcap/tidb/pkg/parser"
	"github.com/pingcap/tidb/pkg/parser/ast"
	_ "github.com/pingcap/tidb/pkg/parser/test_driver"

	"github.com/fluxor-db/fluxor/internal/sqltext"
)

func TestTablesAgreeWithTiDBParser(t *testing.T) {
	parsed := 0
	for _, text := range seeds(t, "mysql") {
		t.Run(text, func(t *testing.T) {
			if compareMySQL(t, text) {
				parsed++
			}
		})
	}
	if parsed < 60 {
		t.Errorf("only %d texts were accepted by the parser", parsed)
	}
}

func TestMixturesAgreeWithTiDBParser(t *testing.T) {
	valid := mixtures(*texts, seeds(t, "mysql"), func(text string) bool { return compareMySQL(t, text) })
	if valid < *texts/40 {
		t.Errorf("%d of %d texts are valid", valid, *texts)
	}
}

func FuzzMySQL(f *testing.F) { fuzzMixtures(f, "mysql", compareMySQL) }

// tidbParse returns nothing for a text that TiDB refuses, or whose numbers its
// parser's stand-ins for values do not take: they panic.
func tidbParse(text string) (stmts []ast.StmtNode) {
	defer func() {
		if recover() != nil {
			stmts = nil
		}
	}()
	stmts, _, err := parser.New().Parse(text, "utf8mb4", "")
	if err != nil {
		return nil
	}
	return stmts
}

// compareMySQL holds a text's verdict against its tree, and reports whether it
// has one.
func compareMySQL(t *testing.T, text string) bool {
	t.Helper()
	if strings.ContainsRune(text, 0) || len(text) > 8000 {
		return false
	}
	stmts := tidbParse(text)
	if len(stmts) == 0 {
		return false
	}
	s := sqltext.Analyze(sqltext.MySQL, text)
	seen := &visits{}
	for _, stmt := range stmts {
		switch stmt.(type) {
		case *ast.SelectStmt, *ast.SetOprStmt:
		case *ast.InsertStmt, *ast.UpdateStmt, *ast.DeleteStmt:
			seen.changes = true
		default:
			seen.other = true
		}
		stmt.Accept(seen)
	}
	if s.Verdict == sqltext.Pure && (len(stmts) != 1 || seen.changes || seen.other || len(seen.harm) > 0) {
		t.Errorf("%q is pure, but has %d statements, changes: %v, others: %v, %q", text, len(stmts), seen.changes, seen.other, seen.harm)
	}
	if s.Stable && len(seen.unstable) > 0 {
		t.Errorf("%q is stable, but has %q", text, seen.unstable)
	}
	if s.Verdict == sqltext.Write && seen.other {
		t.Errorf("%q is a write, but has other statements", text)
	}
	if s.Verdict == sqltext.Pure || s.Verdict == sqltext.Write {
		for _, table := range seen.tables {
			if !slices.Contains(s.Tags, table) {
				t.Errorf("%q has the table %q, which is not among the tags %q", text, table, s.Tags)
			}
		}
	}
	return true
}

// visits are what was found in a tree.
type visits struct {
	changes, other bool
	harm, unstable []string
	tables         []string
}

// Enter notes a node.
func (v *visits) Enter(n ast.Node) (ast.Node, bool) {
	switch node := n.(type) {
	case *ast.SelectStmt:
		if node.LockInfo != nil && node.LockInfo.LockType != ast.SelectLockNone {
			v.harm = append(v.harm, "a lock")
		}
		if node.SelectIntoOpt != nil {
			v.harm = append(v.harm, "INTO")
		}
		if node.SelectStmtOpts != nil && node.CalcFoundRows {
			v.harm = append(v.harm, "SQL_CALC_FOUND_ROWS")
		}
	case *ast.VariableExpr:
		v.harm = append(v.harm, "@"+node.Name)
	case *ast.FuncCallExpr:
		v.call(node.Schema.L, node.FnName.L)
	case *ast.TableName:
		v.tables = append(v.tables, node.Name.L)
	}
	return n, false
}

// Leave goes on.
func (v *visits) Leave(n ast.Node) (ast.Node, bool) { return n, true }

// called are the functions that the parser puts in the place of operators and
// keywords.
var called = []string{"date_add", "date_sub", "json_extract", "json_unquote", "json_memberof", "current_timestamp", "current_date", "current_time", "localtime", "localtimestamp", "utc_timestamp", "utc_date", "utc_time", "current_user", "current_role", "char_func"}

// call notes a function's name.
func (v *visits) call(schema, name string) {
	probe := sqltext.Analyze(sqltext.MySQL, "select "+name+"(1)")
	switch {
	case slices.Contains(called, name) && schema == "", strings.HasPrefix(name, "'tidb"):
	case schema != "" || probe.Verdict != sqltext.Pure:
		v.harm = append(v.harm, "function "+schema+"."+name)
	}
	if probe.Verdict == sqltext.Pure && !probe.Stable {
		v.unstable = append(v.unstable, name)
	}
}

// mysqlNames are names for the grammar.
var mysqlNames = strings.Fields(`a b t u f max count lower now nextval last_insert_id get_lock concat rand uuid replace insert
	accessible account action add admin after against aggregate algorithm all alter always analyze and any as asc ascii
	asensitive at atomic authors auto autoextend_size auto_increment avg avg_row_length backup before begin between
	bigint binary binlog bit blob block body bool boolean both btree by byte cache call cascade cascaded case
	catalog_name chain change changed channel char character charset check checkpoint checksum cipher class_origin
	client clob close coalesce code collate collation column columns column_add column_check column_create column_delete
	column_get column_name comment commit committed compact completion compressed concurrent condition connection
	consistent constraint constraint_catalog constraint_name constraint_schema contains context continue contributors
	convert cpu create cross cube current current_date current_pos current_role current_time current_timestamp
	current_user cursor cursor_name cycle data database databases datafile date datetime day day_hour day_microsecond
	day_minute day_second deallocate dec decimal declare default definer delayed delay_key_write delete delete_domain_id
	desc describe des_key_file deterministic diagnostics directory disable discard disk distinct distinctrow div do
	double do_domain_ids drop dual dumpfile duplicate dynamic each else elseif elsif empty enable enclosed end ends
	engine engines enum error errors escape escaped event events every examined except exception exchange exclude
	execute exists exit expansion expire explain export extended extent_size false fast faults federated fetch fields
	file first fixed float float4 float8 flush following follows for force foreign format found from full fulltext
	function general generated get get_format global goto grant grants group handler hard hash having help high_priority
	history host hosts hour hour_microsecond hour_minute hour_second id identified if ignore ignored ignore_domain_ids
	ignore_server_ids immediate import in increment index indexes infile initial_size inner inout insensitive insert
	insert_method install int int1 int2 int3 int4 int8 integer intersect interval into invisible invoker io io_thread
	ipc is isolation isopen issuer iterate join json json_table key keys key_block_size kill language last lastval
	last_value leading leave leaves left less level like limit linear lines list load local localtime localtimestamp
	lock locked locks logfile logs long longblob longtext loop low_priority master master_connect_retry master_delay
	master_demote_to_replica master_demote_to_slave master_gtid_pos master_heartbeat_period master_host master_log_file
	master_log_pos master_password master_port master_server_id master_ssl master_ssl_ca master_ssl_capath
	master_ssl_cert master_ssl_cipher master_ssl_crl master_ssl_crlpath master_ssl_key master_ssl_verify_server_cert
	master_user master_use_gtid match maxvalue max_connections_per_hour max_queries_per_hour max_rows max_size
	max_statement_time max_updates_per_hour max_user_connections medium mediumblob mediumint mediumtext memory merge
	message_text microsecond middleint migrate minus minute minute_microsecond minute_second minvalue min_rows mod mode
	modifies modify monitor month mutex mysql mysql_errno name names national natural nchar nested never next nextval no
	nocache nocycle nodegroup nomaxvalue nominvalue none not notfound nowait no_wait no_write_to_binlog null number
	numeric nvarchar of offset old_password on one online only open optimize option optionally options or order
	ordinality others out outer outfile over overlaps owner package pack_keys page page_checksum parser parse_vcol_expr
	partial partition partitioning partitions password path period persistent phase plugin plugins port portion precedes
	preceding precision prepare preserve prev previous primary privileges procedure process processlist profile profiles
	proxy purge quarter query quick raise range raw read reads read_only read_write real rebuild recover recursive
	redofile redo_buffer_size redundant references ref_system_id regexp relay relaylog relay_log_file relay_log_pos
	relay_thread release reload remove rename reorganize repair repeat repeatable replace replay replica replicas
	replication replica_pos require reset resignal restart restore restrict resume return returned_sqlstate returning
	returns reuse reverse revoke right rlike role rollback rollup routine row rowcount rownum rows rowtype row_count
	row_format row_number rtree savepoint schedule schema schemas schema_name second second_microsecond security select
	sensitive separator sequence serial serializable server session set setval share show shutdown signal signed simple
	skip slave slaves slave_pos slow smallint snapshot socket soft some soname sounds source spatial specific sql
	sqlexception sqlstate sqlwarning sql_big_result sql_buffer_result sql_cache sql_calc_found_rows sql_no_cache
	sql_small_result sql_thread sql_tsi_day sql_tsi_hour sql_tsi_minute sql_tsi_month sql_tsi_quarter sql_tsi_second
	sql_tsi_week sql_tsi_year ssl stage start starting starts statement stats_auto_recalc stats_persistent
	stats_sample_pages status stop storage stored straight_join string subclass_origin subject subpartition
	subpartitions super suspend swaps switches sysdate system system_time table tables tablespace table_checksum
	table_name temporary temptable terminated text than then threads ties time timestamp timestampadd timestampdiff
	tinyblob tinyint tinytext to trailing transaction transactional trigger triggers true truncate type unbounded
	uncommitted undefined undo undofile undo_buffer_size unicode uninstall union unique unknown unlock unsigned until
	update upgrade usage use user user_resources use_frm using utc_date utc_time utc_timestamp value values varbinary
	varchar varchar2 varcharacter variables varying versioning via view virtual visible wait warnings week weight_string
	when where while window with within without work wrapper write x509 xa xml xor year year_month zerofill`)

func TestGrammarOfMySQLIsMostlyValid(t *testing.T) {
	if valid := validOf(*texts, func(program []byte) bool { return compareMySQL(t, statement(program, mysqlNames, true)) }); valid < *texts/20 {
		t.Errorf("%d of %d texts are valid", valid, *texts)
	}
}

func FuzzMySQLGrammar(f *testing.F) {
	programs(f)
	f.Fuzz(func(t *testing.T, program []byte) {
		compareMySQL(t, statement(program, mysqlNames, true))
	})
}
