// This file asks a PostgreSQL server what changes with what, one kind of object for each test.

package catalog

import (
	"testing"

	"github.com/fluxor-db/fluxor/internal/dbtest"
	"github.com/fluxor-db/fluxor/internal/sqltext"
	_ "github.com/lib/pq"
)

// postgres is a database with two tables that have nothing to do with each
// other.
func postgres(t *testing.T, statements ...string) *world {
	t.Helper()
	t.Parallel()
	w := connect(t, sqltext.PostgreSQL, "postgres", dbtest.Postgres(t).NewDatabase(t).DSN())
	w.does("create table a (id int primary key, name text)", "create table other (id int primary key, x int)")
	w.does(statements...)
	return w
}

func TestPostgresTableIsItsOwnTag(t *testing.T) {
	w := postgres(t)
	c := w.load()
	w.hits(c, "a", "a")
	w.misses(c, "a", "other")
	w.kept(c, "a id name", "")
	w.calm(c, "a")
	if !c.Relation("a") || c.Relation("id") || !c.Column("name") || c.Column("a") || c.Refuses() != "" {
		t.Errorf("relations and columns are confused, or refused: %q", c.Refuses())
	}
	if tags, _ := c.Reads([]string{"a", "id", "new_table"}); len(tags) != 2 {
		t.Errorf("tags %q, want the table and the unknown name", tags)
	}
}

func TestPostgresViewIsReadThrough(t *testing.T) {
	w := postgres(t, "create view v as select id from a", "create view vv as select count(*) from v", "create view apart as select 1 from other")
	c := w.load()
	w.hits(c, "a", "v")
	w.hits(c, "a", "vv")
	w.misses(c, "a", "apart")
	w.kept(c, "vv", "")
	w.calm(c, "vv")
}

func TestPostgresWriteToAViewGoesToItsTable(t *testing.T) {
	w := postgres(t, "create view v as select * from a", "create view vv as select * from v")
	c := w.load()
	w.hits(c, "vv", "a")
	w.hits(c, "vv", "v")
	w.misses(c, "vv", "other")
	w.boundless(c, "vv", "")
}
