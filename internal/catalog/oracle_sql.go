// This file holds the queries of Oracle's catalog and its fingerprint; no server was asked, only a double of its client library.

package catalog

import (
	"strconv"
	"strings"
)

// oracleOwn are the accounts whose objects are the server's own.
var oracleOwn = "('" + strings.Join(strings.Fields(`ANONYMOUS APPQOSSYS AUDSYS CTXSYS DBSFWUSER DBSNMP DGPDB_INT DIP DVF DVSYS EXFSYS
	FLOWS_FILES GGSYS GSMADMIN_INTERNAL GSMCATUSER GSMUSER LBACSYS MDDATA MDSYS OJVMSYS OLAPSYS ORACLE_OCM ORDDATA ORDPLUGINS ORDSYS
	OUTLN REMOTE_SCHEDULER_AGENT SI_INFORMTN_SCHEMA SYS SYS$UMF SYSBACKUP SYSDG SYSKM SYSRAC WMSYS XDB XS$NULL`), "', '") + "')"

// oracleRows bounds a query with its conditions; limit would have to follow it.
var oracleRows = " and rownum <= " + strconv.Itoa(mostRows+1)

var (
	// oracleServer: account, role, whether it sees all triggers.
	oracleServer = `select user, sys_context('USERENV', 'DATABASE_ROLE'), (select count(*) from session_privs
		where privilege = 'CREATE ANY TRIGGER') from dual`

	// oracleObjects: owner, name, kind, whether it is temporary.
	oracleObjects = `select owner, object_name, object_type, temporary from all_objects where object_type in ('TABLE', 'VIEW', 'MATERIALIZED VIEW',
		'SYNONYM', 'TRIGGER', 'FUNCTION', 'PROCEDURE', 'PACKAGE', 'PACKAGE BODY', 'TYPE', 'TYPE BODY') and owner <> 'PUBLIC'
		and owner not in ` + oracleOwn + oracleRows

	oracleColumns = "select distinct lower(column_name) from all_tab_columns where owner not in " + oracleOwn + oracleRows

	// oracleSources: owner, kind, name, whether it runs texts (1), is unreadable or
	// only names code in another language (2), whether it commits for itself. A
	// line has no more than a part of a statement.
	oracleSources = `select owner, type, name, max(case when upper(text) like '%WRAPPED%'
		or replace(replace(upper(text), 'LANGUAGE_', ''), '_LANGUAGE', '') like '%LANGUAGE%' then 2 when upper(text) like '%IMMEDIATE%'
		or upper(text) like '%DBMS_SQL%' or upper(text) like '%EXEC_DDL%' then 1 else 0 end),
		max(case when upper(text) like '%AUTONOMOUS_TRANSACTION%' then 1 else 0 end)
		from all_source where owner not in ` + oracleOwn + " group by owner, type, name"

	// oracleSynonyms: name, what it stands for, the database of that, whether it
	// is known, whether it is the server's own.
	oracleSynonyms = `select s.synonym_name, s.table_name, s.db_link, (select count(*) from all_objects o
		where o.owner = s.table_owner and o.object_name = s.table_name), case when s.table_owner in ` + oracleOwn + ` then 1 else 0 end
		from all_synonyms s where s.owner not in ` + oracleOwn + " and (s.owner <> 'PUBLIC' or s.table_owner is null or s.table_owner not in " +
		oracleOwn + ")" + oracleRows

	// oracleDependencies: kind, name, kind and name of what it depends on, whether
	// that is the server's own, its database, its owner.
	oracleDependencies = `select type, name, referenced_type, referenced_name, case when referenced_owner in ` + oracleOwn + ` then 1 else 0 end,
		referenced_link_name, referenced_owner from all_dependencies where referenced_type in ('TABLE', 'VIEW', 'MATERIALIZED VIEW', 'SYNONYM', 'FUNCTION',
		'PROCEDURE', 'PACKAGE', 'TYPE', 'LIBRARY') and owner not in ` + oracleOwn + oracleRows

	// oracleViews: name, text.
	oracleViews = "select view_name, text from all_views where owner not in " + oracleOwn + oracleRows

	// oracleTriggers: owner, name, table.
	oracleTriggers = "select owner, trigger_name, table_name from all_triggers where table_name is not null and table_owner not in " + oracleOwn + oracleRows

	// oracleForeignKeys: parent, child. Oracle has no actions for updates.
	oracleForeignKeys = `select p.table_name, c.table_name from all_constraints c join all_constraints p on p.owner = c.r_owner
		and p.constraint_name = c.r_constraint_name where c.constraint_type = 'R' and c.delete_rule in ('CASCADE', 'SET NULL')
		and c.owner not in ` + oracleOwn + oracleRows

	// oraclePolicies: table, function or its package, the owner of that, whether it
	// is the server's own.
	oraclePolicies = "select object_name, nvl(package, function), pf_owner, case when pf_owner in " + oracleOwn + " then 1 else 0 end from all_policies where object_owner not in " + oracleOwn + oracleRows

	oracleExternal = "select table_name from all_external_tables where owner not in " + oracleOwn + oracleRows

	// oraclePrint: a definition has a time of whole seconds. While the latest is
	// young, the clock stands for what may still come in the same second.
	oraclePrint = `select count(*) || ' ' || sum(object_id) || ' ' || round(sum((last_ddl_time - date '2000-01-01') * 86400)) || ' ' ||
		max(to_char(last_ddl_time, 'YYYYMMDDHH24MISS')) || ' ' || case when max(last_ddl_time) > sysdate - 3 / 86400
		then to_char(systimestamp, 'HH24MISSFF6') else '-' end || ' ' || (select count(*) from all_policies) || ' ' ||
		(select count(*) from session_privs where privilege = 'CREATE ANY TRIGGER') || ' ' || sys_context('USERENV', 'DATABASE_ROLE')
		from all_objects where owner not in ` + oracleOwn
)

func oracleFingerprint(l *loader) (string, error) { return l.value(oraclePrint) }
