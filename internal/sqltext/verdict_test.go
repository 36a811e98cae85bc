// This file tests the verdicts, one row per trap.

package sqltext_test

import (
	"testing"

	"github.com/fluxor-db/fluxor/internal/sqltext"
)

// verdicts are texts and what they do.
var verdicts = []struct {
	d    sqltext.Dialect
	text string
	want sqltext.Verdict
	why  sqltext.Reason
}{
	{sqltext.PostgreSQL, "select a, b from t where id = $1", sqltext.Pure, sqltext.OneRead},
	{sqltext.PostgreSQL, "WITH x AS (SELECT 1) (SELECT 1 AS a) ORDER BY 1, f('s')", sqltext.Flush, sqltext.UnknownFunction},
	{sqltext.PostgreSQL, "WITH x (a, b) AS (SELECT 1, 2), y AS (DELETE FROM z RETURNING *) SELECT * FROM x, y", sqltext.Write, sqltext.Changes},
	{sqltext.MySQL, `select * from t where x = 'it\'s'`, sqltext.Pure, sqltext.OneRead},
	{sqltext.Oracle, "select f from dual", sqltext.Flush, sqltext.UnknownFunction},
	{sqltext.SQLite, "insert or replace into t values (?1)", sqltext.Write, sqltext.Changes},
}

func TestEachTextHasItsVerdict(t *testing.T) {
	for _, row := range verdicts {
		t.Run(row.d.String()+"/"+row.text, func(t *testing.T) {
			s := sqltext.Analyze(row.d, row.text)
			if s.Verdict != row.want || s.Reason != row.why {
				t.Errorf("%s because of %s (%q at %d), want %s because of %s", s.Verdict, s.Reason, s.Word, s.At, row.want, row.why)
			}
		})
	}
}
