// This file tests that a MySQL client reads its own last number on any connection, and nobody else's by any name.

package gateway_test

import (
	"database/sql"
	"database/sql/driver"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/fluxor-db/fluxor/internal/dbtest"
	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

const lastNumber = "select last_insert_id()"

// numbered serves one connection to a database whose table t draws its numbers.
func numbered(t *testing.T) *served {
	t.Helper()
	s := serve(t, config(connector(t, "mysql://"+dbtest.MariaDB(t).NewDatabase(t).DSN(), one)))
	owner := login(t, s)
	owner.must(
		"create table t (id bigint auto_increment primary key, v varchar(40), w float)",
		"create function f() returns bigint reads sql data return last_insert_id()",
		"create procedure p() select last_insert_id()",
	)
	_ = owner.conn.Close()
	return s
}

// reads checks what a client's last number is.
func (c *client) reads(t *testing.T, want string) {
	t.Helper()
	if got := shown(c.query(lastNumber).value(t)); got != want {
		t.Errorf("the last number is %s, want %s", got, want)
	}
}

func TestAClientReadsItsLastNumberOnAnyConnection(t *testing.T) {
	t.Parallel()
	s := numbered(t)
	a, b, c := login(t, s), login(t, s), login(t, s)
	between := func() { b.must("insert into t values (default, 'of another', 0.5)") }
	between()
	a.reads(t, "0")
	a.must("insert into t (v) values ('one')")
	between()
	a.reads(t, "2")
	b.reads(t, "3")
	a.must("insert into t (v, w) values ('x', null), (default, -0.5), ('x', 0.5)") // 4 to 6
	between()
	a.must("update t set v = 'changed' where id = 4", "delete from t where id = 5", "insert into t (v) select v from t where false")
	between()
	a.reads(t, "4")
	if a := a.exec("insert into t set v = ?, w = ?", "an argument", 7000.5); a.fail != nil {
		t.Fatal(a.fail)
	}
	between()
	a.must("insert into t (v) values (last_insert_id())")
	if got := shown(a.query("select v from t order by id desc limit 1").value(t)); got != "9" {
		t.Errorf("%s was stored, want 9", got)
	}
	between()
	a.must("replace into t values (null, 'x', 0.5)") // 13
	between()
	a.must("set @kept = last_insert_id()")
	if got := shown(a.query("select @kept").value(t)); got != "13" {
		t.Errorf("%s was kept, want 13", got)
	}
	a.do(wire.TypeReset, &wire.Empty{})
	between()
	a.do(wire.TypeBegin, &wire.Begin{})
	a.reads(t, "13")
	a.do(wire.TypeRollback, &wire.Empty{})
	c.reads(t, "0")
}

func TestArgumentsOfEveryKindOfNumberLeaveTheLastOneKnown(t *testing.T) {
	t.Parallel()
	s := numbered(t)
	a, b := login(t, s), login(t, s)
	for i, v := range []driver.Value{int64(7000), uint64(7000), float32(7000), 7000.5} {
		if r := a.exec("insert into t (w) values (?)", v); r.fail != nil {
			t.Fatal(r.fail)
		}
		b.must("insert into t (v) values ('of another')")
		a.reads(t, strconv.Itoa(2*i+1))
	}
}

func TestAConnOfDatabaseSQLReadsItsLastNumberWhateverOthersDo(t *testing.T) {
	t.Parallel()
	s := numbered(t)
	other := login(t, s)
	db, err := sql.Open("fluxor+tcp", "tcp://app:"+url.PathEscape(token)+"@"+s.address+"/erp?auth=token")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close() //nolint:errcheck // it is over
	conn, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close() //nolint:errcheck // as above
	if _, err := conn.ExecContext(t.Context(), "insert into t (v) values (?), (?)", "first", "second"); err != nil {
		t.Fatal(err)
	}
	other.must("insert into t (v) values ('of another')")
	var id int64
	if err := conn.QueryRowContext(t.Context(), lastNumber).Scan(&id); err != nil || id != 1 {
		t.Errorf("got %d, %v", id, err)
	}
}

// A driver tells the number that a statement put into the column itself as it does
// one that was drawn, and LAST_INSERT_ID() is the latter alone.
func TestANumberThatTheStatementGaveIsNotTakenForOneThatWasDrawn(t *testing.T) {
	t.Parallel()
	s := numbered(t)
	a, b := login(t, s), login(t, s)
	b.must("create table tiny (id tinyint auto_increment primary key)")
	b.do(wire.TypeReset, &wire.Empty{})
	for _, text := range []string{
		"insert into t (id) values (50)", "insert into t (id) values ('50')", "insert into t (id) values (49.6)", "insert into t (id) values (0x32)",
		"insert into t (id) values (5e1)", "insert into t (id) values (25 + 25)", "insert into t (id) select v from t where w = 1",
		"insert into t (id) values (25), (26) on duplicate key update id = 50", "insert ignore into t (id) values (50)",
		"insert into t values (50, 'x', 0.5) returning id",
	} {
		b.must("delete from t", "insert into t values (25, '50', 1)")
		a.query(text)
		b.must("insert into t (v) values ('of another')")
		if a := a.query(lastNumber); a.fail == nil {
			t.Errorf("after %s: %s", text, shown(a.sets[0][0][0]))
		}
	}
	for _, text := range []string{
		"insert into t (id) values (-50)", "insert ignore into tiny (id) values (300)", "insert into t (id) values (now())",
		"insert into t (id) values ('5\\60')", "insert into t (id) values (true)",
	} {
		a.must(text)
		b.must("insert into t (v) values ('of another')")
		if a := a.query(lastNumber); a.fail == nil {
			t.Errorf("after %s: %s", text, shown(a.sets[0][0][0]))
		}
		b.must("delete from t")
	}
	for _, v := range []driver.Value{int64(50), 49.7, "50", " 50 pieces", []byte("5e1"), "4.96e1"} {
		b.must("delete from t")
		if a := a.exec("insert ignore into t (id) values (?)", v); a.fail != nil {
			t.Fatal(a.fail)
		}
		b.must("insert into t (v) values ('of another')")
		a.query(lastNumber).refused(t, wire.ErrorDenied)
	}
}

// spellings are ways to read the last number.
var spellings = []string{
	lastNumber, "select `last_insert_id`()", "select LAST_INSERT_ID /* x */ ()", "select @@identity", "select @@session.identity", "select @@`identity`",
	"select @@local.last_insert_id", "select @@session.`last_insert_id`", "select @@local . /* x */ `Last_Insert_Id`", "select @@last_insert_id + 0",
	"show variables", "show session variables like 'last%'", "show local variables where variable_name = concat('iden', 'tity')",
	"select * from information_schema.session_variables where variable_name like '%dent%'",
	"select * from `INFORMATION_SCHEMA`.`Session_Variables` where variable_name like 'last%'",
	"select variable_name, session_value from information_schema.system_variables where variable_name like 'last%'",
	"execute immediate concat('select @@iden', 'tity')", "select f()", "call p()", "select f() from dual where @@identity >= 0",
	"select variable_value from information_schema.session_variables where variable_name like 'last_insert%' for update",
	"select variable_value from information_schema.session_variables where variable_name like 'identity' lock in share mode",
	"insert into kept (n) select variable_value from information_schema.session_variables where variable_name = 'identity' returning n",
	"select last_insert_id() for update", "select @mine := last_insert_id()",
	"begin not atomic select last_insert_id(); end",
}

func TestNoSpellingShowsTheLastNumberOfAnotherClient(t *testing.T) {
	t.Parallel()
	s := numbered(t)
	b := login(t, s)
	b.must("alter table t auto_increment = 47110815", "create table kept (n bigint)")
	b.do(wire.TypeReset, &wire.Empty{})
	for _, begun := range []bool{false, true} {
		for _, text := range spellings {
			b.must("insert into t (v) values ('of another')")
			c := login(t, s)
			if begun {
				c.do(wire.TypeBegin, &wire.Begin{})
			}
			a := c.query(text)
			if a.fail != nil {
				t.Errorf("%s: %v", text, a.fail)
			}
			for _, set := range a.sets {
				for _, row := range set {
					for _, v := range row {
						if strings.HasPrefix(shown(v), "471108") {
							t.Errorf("%s, begun %t: shows %v", text, begun, row)
						}
					}
				}
			}
			c.do(wire.TypeReset, &wire.Empty{})
			_ = c.conn.Close()
		}
	}
}

func TestWhatIsHiddenInTheDatabaseReadsTheClientsOwnNumber(t *testing.T) {
	t.Parallel()
	s := numbered(t)
	b := login(t, s)
	for _, text := range []string{"select f()", "call p()", "execute immediate concat('select @@iden', 'tity')"} {
		a := login(t, s)
		a.must("insert into t (v) values ('x')")
		own := shown(b.query("select max(id) from t").value(t))
		b.must("insert into t (v) values ('of another')")
		if got := shown(a.query(text).value(t)); got != own {
			t.Errorf("%s: %s, want %s", text, got, own)
		}
		a.do(wire.TypeReset, &wire.Empty{})
	}
}

func TestAnErrorMakesNoNumberOfAnotherClientTheSessionsOwn(t *testing.T) {
	t.Parallel()
	s := numbered(t)
	b := login(t, s)
	b.must("create table u (v int unique)", "insert into u values (1)", "alter table t auto_increment = 47110815")
	b.do(wire.TypeReset, &wire.Empty{})
	for _, text := range []string{"insert into u values (1)", "update t set nosuch = 1", "delete from nosuch", "insert into u values (?)"} {
		for _, begun := range []bool{false, true} {
			a := login(t, s)
			b.must("insert into t (v) values ('of another')")
			if begun {
				a.do(wire.TypeBegin, &wire.Begin{})
			}
			if a.exec(text).fail == nil {
				t.Fatalf("%s: no error", text)
			}
			if got := a.query(lastNumber); got.fail == nil && shown(got.sets[0][0][0]) != "0" {
				t.Errorf("%s, begun %t: %v is another's", text, begun, got.sets)
			}
			a.do(wire.TypeReset, &wire.Empty{})
			_ = a.conn.Close()
		}
	}
	a := login(t, s)
	a.do(wire.TypeBegin, &wire.Begin{})
	a.must("insert into t (v) values ('own')")
	a.exec("insert into u values (1)")
	a.reads(t, shown(a.query("select max(id) from t").value(t)))
}

func TestANumberThatOnlyAnotherConnectionKnowsIsNotReadAs0(t *testing.T) {
	t.Parallel()
	s := numbered(t)
	b := login(t, s)
	for _, begun := range []bool{false, true} {
		a := login(t, s)
		a.must("insert into t (v) select 'own'")
		b.must("insert into t (v) values ('of another')")
		if begun {
			a.do(wire.TypeBegin, &wire.Begin{})
		}
		if got := shown(a.query("select f()").value(t)); got != "0" {
			t.Errorf("a routine reads %s", got)
		}
		a.query(lastNumber).refused(t, wire.ErrorDenied)
		a.do(wire.TypeReset, &wire.Empty{})
		_ = a.conn.Close()
	}
}

// The idiom of MySQL's manual: the number comes with the answer, and nothing that an
// earlier statement left is read.
func TestAnUpsertThatSetsTheLastNumberRunsAgainWhateverOthersDo(t *testing.T) {
	t.Parallel()
	s := numbered(t)
	a, b := login(t, s), login(t, s)
	b.must("create table k (id bigint auto_increment primary key, v varchar(40) unique, n int)", "insert into k (v, n) values ('of another', 0)")
	b.do(wire.TypeReset, &wire.Empty{})
	for range 3 {
		for _, text := range []string{
			"insert into k (v, n) values ('x', 1) on duplicate key update id = last_insert_id(id), n = n + 1", "update k set n = last_insert_id(n + 100) where v = 'x'",
		} {
			r := a.exec(text)
			if r.fail != nil {
				t.Fatalf("%s: %v", text, r.fail)
			}
			a.reads(t, strconv.FormatInt(r.end.LastID.N, 10))
			b.must("insert into t (v) values ('of another')")
		}
	}
}

func TestANumberThatTheConnectionHadBeforeIsNotTakenForTheSessionsOwn(t *testing.T) {
	t.Parallel()
	s := numbered(t)
	a, b := login(t, s), login(t, s)
	for _, begun := range []bool{false, true} {
		for _, text := range []string{
			"insert into t (id) values (5000)", "insert into t (id) select 5000", "insert into t (id) values (1) on duplicate key update id = 5000",
			"update t set w = last_insert_id(7) where false", "insert into t (id) values (4000 + 1000)",
		} {
			b.must("delete from t", "insert into t (id) values (1)", "alter table t auto_increment = 700", "insert into t (v) values ('of another')")
			b.do(wire.TypeReset, &wire.Empty{})
			b.must("insert into t (v) values ('of another')")
			if begun {
				a.do(wire.TypeBegin, &wire.Begin{})
			}
			a.must(text)
			if got := a.query(lastNumber); got.fail == nil {
				t.Errorf("%s, begun %t: %s is another's", text, begun, shown(got.sets[0][0][0]))
			} else {
				got.refused(t, wire.ErrorDenied)
			}
			a.must("insert into t (v) values ('own')")
			a.reads(t, shown(a.query("select max(id) from t where v = 'own'").value(t)))
			a.do(wire.TypeReset, &wire.Empty{})
		}
	}
}

func TestWhatWasDrawnIsReadAfterwardsThoughItMayHaveBeenGiven(t *testing.T) {
	t.Parallel()
	s := numbered(t)
	a, b := login(t, s), login(t, s)
	for _, begun := range []bool{false, true} {
		for _, text := range []string{"insert into t (v) select 'own'", "insert into t (v) values (concat('o', 'wn'))", "insert into t (v, w) values ('own', NEXT)"} {
			b.must("insert into t (v) values ('of another')")
			own := shown(b.query("select max(id) + 1 from t").value(t))
			if begun {
				a.do(wire.TypeBegin, &wire.Begin{})
			}
			a.must(strings.Replace(text, "NEXT", own, 1))
			a.reads(t, own)
			a.do(wire.TypeCommit, &wire.Empty{})
			b.must("insert into t (v) values ('of another')")
			a.reads(t, own)
		}
	}
}

func TestWhoSetsTheNextNumberHasNotSetTheLastOne(t *testing.T) {
	t.Parallel()
	s := numbered(t)
	a, b := login(t, s), login(t, s)
	a.must("insert into t (v) values ('own')")
	b.must("insert into t (v) values ('of another')")
	for _, text := range []string{"set @identity = 7000", "set @last_insert_id := 7000", "set insert_id = 7000"} {
		a.must(text)
		a.reads(t, "1")
		if text != "set insert_id = 7000" {
			a.do(wire.TypeReset, &wire.Empty{})
			b.must("insert into t (v) values ('of another')")
		}
	}
	a.must("insert into t (v) values ('own')")
	a.reads(t, "7000")
	for _, text := range []string{"set @@session.identity = 7", "set identity = 7", "set @x = 1, identity = 7", "set last_insert_id = 7", "set session last_insert_id = 7"} {
		a.do(wire.TypeReset, &wire.Empty{})
		b.must("insert into t (v) values ('of another')")
		a.must(text)
		a.reads(t, "7")
	}
}
