//go:build unix && cgo

// This file sends the queries of Oracle's catalog to the double of its client library, and checks what is made of the answers.

package catalog

import (
	"fmt"
	"strings"
	"testing"

	"github.com/fluxor-db/fluxor/internal/dbtest"
	"github.com/fluxor-db/fluxor/internal/sqltext"
	_ "github.com/godror/godror"
)

// oracle is a double with the parts of the dictionary that it lacks, empty: a
// table may take such a name.
func oracle(t *testing.T, statements ...string) *world {
	t.Helper()
	t.Parallel()
	double := dbtest.Oracle(t)
	double.Faults(t) // none, and not over a real dictionary
	w := connect(t, sqltext.Oracle, "godror", double.Logfmt("standaloneConnection=1"))
	w.does(
		"create table session_privs (privilege varchar2(40))",
		"create table all_tab_columns (owner varchar2(128), column_name varchar2(128))",
		"create table all_synonyms (owner varchar2(128), synonym_name varchar2(128), table_owner varchar2(128), table_name varchar2(128), db_link varchar2(128))",
		"create table all_constraints (owner varchar2(128), table_name varchar2(128), constraint_name varchar2(128), constraint_type varchar2(1), r_owner varchar2(128), r_constraint_name varchar2(128), delete_rule varchar2(9))",
		"create table all_policies (object_owner varchar2(128), object_name varchar2(128), pf_owner varchar2(128), package varchar2(128), function varchar2(128))",
		"create table all_source (owner varchar2(128), name varchar2(128), type varchar2(12), text varchar2(4000))",
		"create table all_dependencies (owner varchar2(128), name varchar2(128), type varchar2(19), referenced_owner varchar2(128), referenced_name varchar2(128), referenced_type varchar2(19), referenced_link_name varchar2(128))",
		"create table a (id number, name varchar2(10))", "create table other (id number)",
		"create table all_external_tables (owner varchar2(128), table_name varchar2(128))",
	)
	w.does(statements...)
	return w
}

// depends teaches the double that something of the account's depends on
// something: kind, name, kind, name.
func depends(words string) string {
	f := strings.Fields(words)
	return fmt.Sprintf("insert into all_dependencies values ('SCOTT', '%s', '%s', 'SCOTT', '%s', '%s', null)", f[1], f[0], f[3], f[2])
}

// source teaches it a line of code: kind, name, line.
func source(kind, name, text string) string {
	return fmt.Sprintf("insert into all_source values ('SCOTT', '%s', '%s', '%s')", name, kind, text)
}

func TestOracleTableIsItsOwnTag(t *testing.T) {
	w := oracle(t, "insert into all_tab_columns values ('SCOTT', 'NAME')")
	c := w.load()
	w.hits(c, "a", "a")
	w.misses(c, "a", "other")
	w.kept(c, "a", "")
	w.boundless(c, "a", "")
	w.calm(c, "a")
	if !c.Relation("a") || !c.Column("name") || c.Column("a") || c.Refuses() != "" || !c.Transactional([]string{"a"}) {
		t.Errorf("relations and columns are confused, or refused: %q", c.Refuses())
	}
}

func TestOracleViewIsReadAndWrittenThrough(t *testing.T) {
	w := oracle(t, "create function f(i number) return number is begin return i; end;", "create view v as select id from a", "create view clock as select sysdate as d from a", "create view call as select f(id) as d from a",
		depends("VIEW V TABLE A"), depends("VIEW CLOCK TABLE A"), depends("VIEW CALL TABLE A"), depends("VIEW CALL FUNCTION F"), source("FUNCTION", "F", "return 1"))
	c := w.load()
	w.hits(c, "a", "v")
	w.hits(c, "v", "a")
	w.misses(c, "other", "v")
	w.kept(c, "v", "")
	w.kept(c, "clock", "volatile-function")
	w.kept(c, "call", "opaque-view")
	w.calm(c, "clock")
}

func TestOracleSynonymIsFollowed(t *testing.T) {
	w := oracle(t, "insert into all_synonyms values ('PUBLIC', 'S', 'SCOTT', 'A', null)", "insert into all_synonyms values ('SCOTT', 'SS', 'SCOTT', 'S', null)",
		"insert into all_synonyms values ('SCOTT', 'FAR', null, 'X', 'LINK')", "insert into all_synonyms values ('SCOTT', 'GONE', 'HR', 'HIDDEN', null)")
	c := w.load()
	w.hits(c, "a", "s")
	w.hits(c, "s", "a")
	w.kept(c, "s", "")
	w.kept(c, "far", "remote")
	w.boundless(c, "far", "remote")
	w.kept(c, "gone", "opaque-view")
}

func TestOracleTriggerIsFollowedThroughPackages(t *testing.T) {
	w := oracle(t, "create table third (i number)", "create trigger t after insert on a for each row begin insert into other values (1); end;",
		"create procedure p is begin null; end;", source("TRIGGER", "T", "p;"), source("PROCEDURE", "P", "insert"),
		depends("TRIGGER T TABLE OTHER"), depends("TRIGGER T PROCEDURE P"), depends("PROCEDURE P TABLE THIRD"))
	c := w.load()
	w.hits(c, "a", "other")
	w.hits(c, "a", "third")
	w.misses(c, "other", "a")
	w.boundless(c, "a", "")
	if r, known := c.Routine("p"); !known || r.Pure || len(r.Writes) != 1 {
		t.Errorf("p is %+v", r)
	}
}

func TestOracleTriggerMayChangeAnythingWhereItsCodeDoesNotShowWhat(t *testing.T) {
	for why, line := range map[string]string{
		"dynamic-sql":     source("TRIGGER", "T", "Execute Immediate x"),
		"hidden-routine":  "delete from all_source",
		"unknown-routine": "insert into all_dependencies values ('SCOTT', 'T', 'TRIGGER', 'SYS', 'DBMS_JOB', 'PACKAGE', null)",
	} {
		t.Run(why, func(t *testing.T) {
			statements := []string{"create trigger t after insert on a for each row begin insert into other values (1); end;", line}
			if why == "unknown-routine" {
				statements = append(statements, source("TRIGGER", "T", "x"))
			}
			w := oracle(t, statements...)
			c := w.load()
			w.boundless(c, "a", why)
			w.boundless(c, "other", "")
		})
	}
}

func TestOracleTriggerThatCommitsForItselfIsNotUndone(t *testing.T) {
	w := oracle(t, "create trigger t after insert on a for each row begin insert into other values (1); end;",
		source("TRIGGER", "T", "pragma autonomous_transaction;"), depends("TRIGGER T TABLE OTHER"))
	c := w.load()
	if c.Transactional([]string{"a"}) || !c.Transactional([]string{"other"}) {
		t.Error("a rollback undoes the wrong table")
	}
}

func TestOracleTriggersOnTablesOfOthersAreHiddenWithoutThePrivilege(t *testing.T) {
	w := oracle(t, "create table all_objects (owner varchar2(128), object_name varchar2(128), object_id number, object_type varchar2(23), last_ddl_time date, temporary varchar2(1))",
		"insert into all_objects values ('HR', 'PEOPLE', 1, 'TABLE', sysdate, 'N')", "insert into all_objects values ('SCOTT', 'A', 2, 'TABLE', sysdate, 'N')",
		"insert into all_objects values ('HR', 'PACK', 3, 'PACKAGE', sysdate, 'N')", "insert into all_objects values ('SCOTT', 'MINE', 4, 'PACKAGE', sysdate, 'N')",
		"insert into all_objects values ('SCOTT', 'GTT', 5, 'TABLE', sysdate, 'Y')")
	c := w.load()
	w.boundless(c, "people", "hidden-triggers")
	w.boundless(c, "a", "")
	w.kept(c, "gtt", "temporary-table")
	if r, _ := c.Routine("pack"); !r.All || r.Why != "hidden-routine" {
		t.Errorf("pack is %+v", r)
	}
	if r, _ := c.Routine("mine"); r.All {
		t.Errorf("mine is %+v", r)
	}
	before := w.print()
	w.does("insert into session_privs values ('CREATE ANY TRIGGER')")
	w.boundless(w.load(), "people", "")
	if w.print() == before {
		t.Error("the fingerprint does not see the privilege")
	}
}

func TestOracleForeignKeysPoliciesAndExternalTablesAreKnown(t *testing.T) {
	w := oracle(t, "create table child (i number)", "create table secret (i number)", "create table ext (i number)",
		"insert into all_constraints values ('SCOTT', 'A', 'PK', 'P', null, null, null)",
		"insert into all_constraints values ('SCOTT', 'CHILD', 'FK', 'R', 'SCOTT', 'PK', 'CASCADE')",
		"insert into all_constraints values ('SCOTT', 'OTHER', 'FK2', 'R', 'SCOTT', 'PK', 'NO ACTION')",
		"insert into all_policies values ('SCOTT', 'SECRET', 'SCOTT', null, 'F')", "insert into all_external_tables values ('SCOTT', 'EXT')")
	c := w.load()
	w.hits(c, "a", "child")
	w.misses(c, "a", "other")
	w.kept(c, "secret", "row-security")
	w.kept(c, "ext", "foreign-table")
}

func TestOracleFingerprintChangesWithDefinitionsAlsoInTheSameSecond(t *testing.T) {
	w := oracle(t)
	w.changes("create table b (i number)", "create or replace view v as select 1 as x from dual", "create or replace view v as select 2 as x from dual",
		"create or replace view v as select 3 as x from dual", "alter table b add (k number)", "drop view v", "drop table b")
}

func TestOracleFingerprintChangesWhereThePrimaryBecomesAStandby(t *testing.T) {
	w := oracle(t)
	if print := w.print(); !strings.HasSuffix(print, " PRIMARY") {
		t.Errorf("the role is not in it: %s", print)
	}
}

func TestOracleSynonymOfTheServersOwnIsNotKept(t *testing.T) {
	w := oracle(t, "insert into all_synonyms values ('SCOTT', 'SESS', 'SYS', 'V_$SESSION', null)", "insert into all_synonyms values ('SCOTT', 'AROUND', 'PUBLIC', 'V$SESSION', null)",
		"insert into all_synonyms values ('PUBLIC', 'DUAL', 'SYS', 'DUAL', null)", "insert into all_synonyms values ('SYS', 'A', 'SYS', 'SOMETHING', null)",
		"insert into all_synonyms values ('SCOTT', 'EARLY', 'PUBLIC', 'LATER', null)", "insert into all_synonyms values ('PUBLIC', 'LATER', 'SCOTT', 'A', null)",
		"create view over as select 1 as x from dual", depends("VIEW OVER SYNONYM SESS"))
	c := w.load()
	w.kept(c, "sess", "system-table")
	w.boundless(c, "sess", "")
	w.kept(c, "around", "opaque-view")
	w.kept(c, "over", "system-table")
	w.kept(c, "a", "")
	w.kept(c, "dual", "")
	if c.Relation("dual") {
		t.Error("a public synonym of the server's own is a relation")
	}
	w.hits(c, "a", "early")
}

func TestOracleViewOfTheServersOwnIsNotKept(t *testing.T) {
	w := oracle(t, "create view audited as select id from a", "create view one as select 1 as x from dual",
		"insert into all_dependencies values ('SCOTT', 'AUDITED', 'VIEW', 'SYS', 'UNIFIED_AUDIT_TRAIL', 'VIEW', null)",
		"insert into all_dependencies values ('SCOTT', 'ONE', 'VIEW', 'SYS', 'DUAL', 'TABLE', null)")
	c := w.load()
	w.kept(c, "audited", "system-table")
	w.kept(c, "one", "")
}

func TestOracleCodeInAnotherLanguageMayChangeAnything(t *testing.T) {
	w := oracle(t, "create trigger t after insert on a for each row begin insert into other values (1); end;", source("TRIGGER", "T", "begin jp; end;"),
		"create procedure jp is begin insert into other values (1); end;", source("PROCEDURE", "JP", "procedure jp as Language"), depends("TRIGGER T PROCEDURE JP"),
		"create procedure ep is begin insert into other values (1); end;", source("PROCEDURE", "EP", "is external library l"),
		depends("PROCEDURE EP LIBRARY L"), "create procedure own is begin null; end;", source("PROCEDURE", "OWN", "x.language_id := sys_language;"))
	c := w.load()
	w.boundless(c, "a", "hidden-routine")
	for _, name := range []string{"jp", "ep"} {
		if r, _ := c.Routine(name); !r.All || r.Why != "hidden-routine" {
			t.Errorf("%s is %+v", name, r)
		}
	}
	if r, _ := c.Routine("own"); r.All {
		t.Errorf("own is %+v", r)
	}
}

func TestOracleTriggerThatRunsDDLMayChangeAnything(t *testing.T) {
	w := oracle(t, "create trigger t after insert on a for each row begin insert into other values (1); end;",
		source("TRIGGER", "T", "dbms_utility.exec_ddl_statement(''truncate table other'');"),
		"insert into all_dependencies values ('SCOTT', 'T', 'TRIGGER', 'SYS', 'DBMS_UTILITY', 'PACKAGE', null)")
	w.boundless(w.load(), "a", "dynamic-sql")
}

func TestOracleCodeOfAnotherOwnerIsHiddenAlsoWhereOnesOwnHasItsName(t *testing.T) {
	w := oracle(t, "create table all_objects (owner varchar2(128), object_name varchar2(128), object_id number, object_type varchar2(23), last_ddl_time date, temporary varchar2(1))",
		"insert into all_objects values ('SCOTT', 'A', 1, 'TABLE', sysdate, 'N')", "insert into all_objects values ('SCOTT', 'OTHER', 2, 'TABLE', sysdate, 'N')",
		"insert into all_objects values ('SCOTT', 'T', 3, 'TRIGGER', sysdate, 'N')", source("TRIGGER", "T", "null;"),
		"insert into all_objects values ('SCOTT', 'F', 4, 'FUNCTION', sysdate, 'N')", source("FUNCTION", "F", "null;"),
		"insert into all_objects values ('HR', 'F', 5, 'FUNCTION', sysdate, 'N')",
		"create table all_triggers (owner varchar2(128), trigger_name varchar2(128), table_name varchar2(128), table_owner varchar2(128))",
		"insert into all_triggers values ('SCOTT', 'T', 'OTHER', 'SCOTT')", "insert into all_triggers values ('CORE', 'T', 'A', 'SCOTT')")
	c := w.load()
	w.boundless(c, "a", "hidden-routine")
	w.boundless(c, "other", "")
	if r, _ := c.Routine("f"); !r.All || r.Why != "hidden-routine" {
		t.Errorf("f is %+v", r)
	}
}

func TestOracleRoutineThatTheAccountDoesNotSeeIsNotOneOfItsNameThatItSees(t *testing.T) {
	w := oracle(t, "create procedure p is begin null; end;", source("PROCEDURE", "P", "null;"), "create function f(i number) return number is begin return i; end;",
		source("FUNCTION", "F", "return 1;"), "create view v as select id from a", "create view own as select id from a", "create table guarded (i number)",
		"create trigger t after insert on a for each row begin insert into other values (1); end;", source("TRIGGER", "T", "core.p;"), depends("VIEW OWN FUNCTION F"),
		"insert into all_dependencies values ('SCOTT', 'T', 'TRIGGER', 'CORE', 'P', 'PROCEDURE', null)",
		"insert into all_dependencies values ('SCOTT', 'V', 'VIEW', 'CORE', 'F', 'FUNCTION', null)",
		"insert into all_policies values ('SCOTT', 'GUARDED', 'CORE', null, 'F')",
		"create table labelled (i number)", "insert into all_policies values ('SCOTT', 'LABELLED', 'LBACSYS', 'LBAC', 'F')",
		"insert into all_synonyms values ('SCOTT', 'S', 'CORE', 'P', null)", "insert into all_synonyms values ('SCOTT', 'MINE', 'SCOTT', 'P', null)")
	c := w.load()
	w.boundless(c, "a", "unknown-routine")
	w.kept(c, "v", "opaque-function")
	w.calm(c, "own")
	w.calm(c, "labelled")
	for _, name := range []string{"v", "guarded"} {
		if _, all, why := c.Effects([]string{name}); !all || why != "unknown-routine" {
			t.Errorf("a read of %s changes anything: %v because of %q", name, all, why)
		}
	}
	if r, known := c.Routine("s"); known && !r.All {
		t.Errorf("the synonym of a routine that is not seen is %+v", r)
	}
	if r, known := c.Routine("mine"); !known || r.All {
		t.Errorf("the synonym of one that is seen is %+v, %v", r, known)
	}
}
