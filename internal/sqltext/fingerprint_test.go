// This file tests fingerprints by example.

package sqltext_test

import (
	"strings"
	"testing"

	"github.com/fluxor-db/fluxor/internal/sqltext"
)

func TestFingerprints(t *testing.T) {
	for _, row := range []struct {
		d          sqltext.Dialect
		text, want string
	}{
		{sqltext.PostgreSQL, "SELECT  a,b FROM T -- note\n WHERE c='x' AND d = 5;", "select a, b from t where c = ? and d = ?"},
		{sqltext.PostgreSQL, "select a from t where b in (1, 2, 3)", "select a from t where b in (?, ...)"},
		{sqltext.PostgreSQL, "select a from t where b in ($1,$2)", "select a from t where b in (?, ...)"},
		{sqltext.PostgreSQL, "insert into t (a, b) values (1, 'x'), (2, 'y'), (3, 'z')", "insert into t(a, b) values (?, ...), ..."},
		{sqltext.PostgreSQL, "select count(*), f (1), \"A\".b from s.t", `select count(*), f(?), "A".b from s.t`},
		{sqltext.PostgreSQL, "select 0x1f, 0o17, 0b1_1, 1_000, 1.5e-3, .5, 0xg", "select ?, ... xg"},
		{sqltext.PostgreSQL, "select $$secret$$, e'\\'secret', u&'s' , b'1', a::int, -1", "select ?, ..., a :: int, - ?"},
		{sqltext.PostgreSQL, "select 'secret", "select ..."},
		{sqltext.PostgreSQL, "", ""},
		{sqltext.MySQL, "select \"secret\", `A`, 0x1f, x'41', 1a from t # note", "select ?, `A`, ?, ..., 1a from t"},
		{sqltext.MySQL, "select 1--2", "select ? - - ?"},
		{sqltext.SQLite, "select [A b], \"C\" from t where x = ?1 and y = :z and q = 0x1F", `select [A b], "C" from t where x = ? and y = ? and q = ?`},
		{sqltext.Oracle, "select q'[secret]', 1.5f, :1 from dual", "select ?, ... from dual"},
		{sqltext.Oracle, "alter user Scott IDENTIFIED /* x */ by Tiger replace \"Lion\"", "alter user scott identified by ..."},
		{sqltext.Oracle, "create user a identified by", "create user a identified by ..."},
		{sqltext.Oracle, "select identified from by", "select identified from by"},
		{sqltext.MySQL, "create user a identified by 'secret'", "create user a identified by ?"},
		{sqltext.MySQL, "set password for a = \"secret\"", "set password for a = ?"},
		{sqltext.MySQL, `insert into t values ('C:\', 'secret word')`, "insert into t values (?, ...)"},
		{sqltext.MySQL, `insert into t values ('it\'s')`, "insert into t values (?)"},
		{sqltext.PostgreSQL, `insert into t values ('\'secret word')`, "insert into t values (?)"},
		{sqltext.Unknown, "  SELECT 'secret'", "SELECT ..."},
		{sqltext.Unknown, "select'secret'", "select ..."},
		{sqltext.Unknown, "'secret'", " ..."},
		{sqltext.PostgreSQL, "insert into t values ('" + strings.Repeat("x", 4<<20) + "')", "insert ..."},
	} {
		if got := sqltext.Fingerprint(row.d, row.text); got != row.want {
			t.Errorf("%s: %.80s becomes %q, want %q", row.d, row.text, got, row.want)
		}
	}
}
