// This file tests that what a client's own statements left half unsaid is not read as another client's.

package gateway_test

import (
	"testing"

	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

// Nobody tells of a query whether it has drawn a number, and most that change
// something have not.
func TestANumberThatAQueryMayHaveDrawnIsNotReadAsAnotherClients(t *testing.T) {
	t.Parallel()
	a, b := toMySQL(t)
	a.must("create table u (id int primary key)", "alter table t auto_increment = 7000")
	for _, text := range []string{
		"delete from u", "update u set id = 1", "insert ignore into u values (1)", "replace into u values (1) returning id",
	} {
		for _, transaction := range []bool{false, true} {
			a.do(wire.TypeReset, &wire.Empty{})
			a.must("insert into t values (default, 'of another', 0.5)")
			if transaction {
				b.do(wire.TypeBegin, &wire.Begin{})
			}
			b.query("select 1")
			if got := b.query(text); got.fail != nil {
				t.Fatalf("%s: %+v", text, got.fail)
			}
			if got := b.query(lastNumber); got.fail == nil && shown(got.value(t)) != "0" {
				t.Errorf("%s, in a transaction: %t: the number %s is another's", text, transaction, shown(got.value(t)))
			}
			b.do(wire.TypeReset, &wire.Empty{})
		}
	}
}

func TestANumberThatAQueryDrewOnAConnectionOfTheSessionsOwnIsRead(t *testing.T) {
	t.Parallel()
	for _, keep := range []bool{false, true} {
		s := numbered(t)
		a := login(t, s)
		a.must("create table mine (id int auto_increment primary key)", "alter table t auto_increment = 7000", "insert into t values (default, 'of another', 0.5)")
		a.do(wire.TypeReset, &wire.Empty{})
		b := login(t, s, func(h *wire.Hello) {
			if keep {
				whole(h)
			}
		})
		if !keep {
			b.do(wire.TypeBegin, &wire.Begin{})
		}
		b.query("insert into mine values (default) returning id")
		b.reads(t, "1")
		b.query("delete from mine")
		b.reads(t, "1")
	}
}

func TestANumberIsReadThatWasDrawnByAStatementWhoseRowsNobodyTook(t *testing.T) {
	t.Parallel()
	a, b := toMySQL(t)
	for _, transaction := range []bool{false, true} {
		a.do(wire.TypeReset, &wire.Empty{})
		a.must("insert into t values (default, 'of another', 0.5)")
		own := shown(a.query("select max(id) + 1 from t").value(t))
		if transaction {
			b.do(wire.TypeBegin, &wire.Begin{})
		}
		b.must("insert into t (v) values ('own') returning id")
		if got := b.query(lastNumber); got.fail == nil || transaction {
			if shown(got.value(t)) != own {
				t.Errorf("in a transaction: %t: %s was read, want %s", transaction, shown(got.value(t)), own)
			}
		}
		b.do(wire.TypeCommit, &wire.Empty{})
	}
}

func TestNoRowCountOfAnotherClientIsReadByWhatIsHidden(t *testing.T) {
	t.Parallel()
	a, b := toMySQL(t)
	a.must("create function g() returns bigint reads sql data return found_rows()", "create function w() returns text reads sql data begin get diagnostics @n = number; return @n; end")
	for _, transaction := range []bool{false, true} {
		a.do(wire.TypeReset, &wire.Empty{})
		b.must("insert into t values (default, 'own', 0.5)")
		a.query("select v from q")
		if transaction {
			b.do(wire.TypeBegin, &wire.Begin{})
		}
		b.must("insert ignore into q values (1)")
		if got := shown(b.query("select g()").value(t)); got == "3" {
			t.Errorf("in a transaction: %t: %s rows are another's", transaction, got)
		}
		b.do(wire.TypeReset, &wire.Empty{})
	}
	a.query("select v from q")
	b.do(wire.TypeBegin, &wire.Begin{})
	b.must("insert ignore into q values (1)")
	if got := shown(b.query("select w()").value(t)); got != "1" {
		t.Errorf("%s of the session's own 1 warning are there", got)
	}
}

// What a session's earlier procedure drew is known to nobody once its connection is
// gone; what the next one draws is.
func TestANumberIsReadThatAProcedureDrewInATransaction(t *testing.T) {
	t.Parallel()
	for _, keep := range []bool{false, true} {
		s := numbered(t)
		a := login(t, s)
		a.must("create procedure draws() insert into t (v) values ('own')")
		_ = a.conn.Close()
		b := login(t, s, func(h *wire.Hello) {
			if keep {
				whole(h)
			}
		})
		for range 3 {
			b.query("call draws()")
			b.do(wire.TypeReset, &wire.Empty{})
			b.do(wire.TypeBegin, &wire.Begin{})
			b.query(lastNumber).refused(t, wire.ErrorDenied)
			b.query("call draws()")
			own := shown(b.query("select max(id) from t").value(t))
			if got := shown(b.query("call p()").value(t)); got != own {
				t.Errorf("a procedure reads %s, want %s", got, own)
			}
			b.reads(t, own)
			b.do(wire.TypeCommit, &wire.Empty{})
			b.do(wire.TypeReset, &wire.Empty{})
		}
	}
}
