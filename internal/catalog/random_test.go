// This file makes random schemas, runs random changes, and holds the catalog against what really changed.

package catalog

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/fluxor-db/fluxor/internal/sqltext"
)

// schemas and changes are how many of them a random test makes.
const (
	schemas = 5
	changes = 40
)

// random is a world under construction. Every relation has the columns id and x.
type random struct {
	*world
	*rand.Rand
	relations []string
	tables    []string
}

// try runs a statement that may fail, as a foreign key may have it.
func (r *random) try(statement string) error {
	_, err := r.conn.ExecContext(r.Context(), statement)
	return err
}

func (r *random) pick(of []string) string { return of[r.IntN(len(of))] }

// table makes a table, which may hang on one of those before.
func (r *random) table(more string) {
	name := fmt.Sprintf("t%d", len(r.tables))
	columns := "id int primary key, x int, parent int"
	if len(r.tables) > 0 && r.IntN(3) > 0 {
		action := r.pick([]string{"on delete cascade", "on delete set null on update cascade", "on update cascade", ""})
		columns += ", foreign key (parent) references " + r.pick(r.tables) + "(id) " + action
	}
	r.does("create table " + name + " (" + columns + ")" + more)
	r.tables = append(r.tables, name)
	r.relations = append(r.relations, name)
}

// view makes a view of what there is.
func (r *random) view() {
	name := fmt.Sprintf("v%d", len(r.relations))
	of, and := r.pick(r.relations), r.pick(r.relations)
	r.does("create view " + name + " as " + r.pick([]string{
		"select id, x from " + of, "select id, x from " + of + " where x > 3",
		"select a.id, b.x from " + of + " a join " + and + " b on a.id = b.id",
		"select count(*) as id, sum(x) as x from " + of,
		"select id, x from " + of + " where id in (select x from " + and + ")",
	}))
	r.relations = append(r.relations, name)
}

// action is a statement of a trigger on a table: it changes one that comes
// later, so that no trigger leads back to itself.
func (r *random) action(table string) (statement string, ok bool) {
	at := slices.Index(r.tables, table)
	if at < 0 || at+1 == len(r.tables) {
		return "", false
	}
	to := r.pick(r.tables[at+1:])
	return r.pick([]string{
		"insert into " + to + " (id, x) values (1000 + (select count(*) from " + to + " as counted), 1)",
		"update " + to + " set x = x + 1", "delete from " + to + " where x > 7",
	}), true
}

// change is a random change of a random relation.
func (r *random) change() string {
	to := r.pick(r.relations)
	id := r.IntN(12)
	return r.pick([]string{
		fmt.Sprintf("insert into %s (id, x) values (%d, %d)", to, id, r.IntN(10)),
		fmt.Sprintf("update %s set x = %d where id < %d", to, r.IntN(10), id),
		fmt.Sprintf("update %s set id = id + 20 where id = %d", to, id),
		fmt.Sprintf("delete from %s where id = %d", to, id),
	})
}

// contents is what every relation shows.
func (r *random) contents() map[string]string {
	r.Helper()
	all := map[string]string{}
	for _, name := range r.relations {
		rows, err := r.query(r.Context(), "select id, x from "+name+" order by 1, 2")
		if err != nil {
			r.Fatal(err)
		}
		all[name] = fmt.Sprint(rows)
	}
	return all
}

// fill puts rows into the tables, and links them.
func (r *random) fill() {
	for _, table := range r.tables {
		for id := range 8 {
			if err := r.try(fmt.Sprintf("insert into %s (id, x, parent) values (%d, %d, %d)", table, id, r.IntN(10), r.IntN(8))); err != nil {
				_ = r.try(fmt.Sprintf("insert into %s (id, x) values (%d, %d)", table, id, r.IntN(10)))
			}
		}
	}
}

// holds runs changes and checks that the catalog names all that they change. It
// returns how many relations changed without being named.
func (r *random) holds() (indirect int) {
	r.Helper()
	c := r.load()
	before := r.contents()
	for range changes {
		statement := r.change()
		failed := r.try(statement)
		after := r.contents()
		names := sqltext.Analyze(r.dialect, statement).Tags
		for _, relation := range r.relations {
			if before[relation] == after[relation] {
				continue
			}
			if failed != nil && r.dialect == sqltext.PostgreSQL {
				r.Errorf("%s failed (%v) and changed %s", statement, failed, relation)
			}
			if !slices.Contains(names, relation) {
				indirect++
			}
			if shown, hit := meet(c, strings.Join(names, " "), relation); !hit {
				r.Errorf("%s changed %s, and the catalog does not know: %s", statement, relation, shown)
			}
		}
		before = after
	}
	return indirect
}

// apart counts pairs of relations of which one's writes miss the other's reads:
// a catalog that says "everything" would have none.
func (r *random) apart() (count int) {
	c := r.load()
	for _, a := range r.relations {
		for _, b := range r.relations {
			if _, hit := meet(c, a, b); !hit {
				count++
			}
		}
	}
	return count
}

// play runs a test over random schemas.
func play(t *testing.T, open func(t testing.TB) *world, build func(r *random)) {
	t.Helper()
	t.Parallel()
	indirect, apart := 0, 0
	for seed := range uint64(schemas) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			r := &random{world: open(t), Rand: rand.New(rand.NewPCG(seed, 7))} //nolint:gosec // repeatable
			build(r)
			r.fill()
			indirect += r.holds()
			apart += r.apart()
		})
	}
	if indirect < schemas*changes/4 || apart < schemas*10 {
		t.Errorf("%d relations changed without being named and %d pairs are apart: the schemas are too simple", indirect, apart)
	}
	t.Logf("%d relations changed without being named, %d pairs are apart", indirect, apart)
}

func TestPostgresRandomChangesAreKnown(t *testing.T) {
	play(t, postgresWorld, func(r *random) {
		for range 6 {
			r.table("")
		}
		r.does("create table part (id int, x int, parent int) partition by range (id)", "create table part_low partition of part for values from (-1) to (5)",
			"create table part_high partition of part for values from (5) to (9999)", "create table heir () inherits (t0)", "create sequence seq")
		r.relations = append(r.relations, "part", "part_low", "part_high", "heir")
		for range 6 {
			r.view()
		}
		for i, table := range r.tables {
			action, ok := r.action(table)
			if !ok || r.IntN(3) == 0 {
				continue
			}
			r.does(fmt.Sprintf("create function deep%d() returns void language plpgsql as $$ begin %s; end $$", i, action),
				fmt.Sprintf("create function note%d() returns trigger language plpgsql as $$ begin perform deep%d(); return null; end $$", i, i),
				fmt.Sprintf("create trigger tr%d after %s on %s for each %s execute function note%d()", i,
					r.pick([]string{"insert", "update", "delete", "insert or update or delete"}), table, r.pick([]string{"row", "statement"}), i))
		}
		r.does("create rule ru as on delete to part do also update t5 set x = x + 1",
			"create view routed as select id, x from t0", "create rule rv as on insert to routed do instead insert into part (id, x) values (new.id, new.x)")
		r.relations = append(r.relations, "routed")
	})
}

func TestMariaDBRandomChangesAreKnown(t *testing.T) {
	play(t, mariadbWorld, func(r *random) {
		for range 6 {
			r.table("")
		}
		r.does("create table my1 (id int, x int, key (id)) engine myisam", "create table my2 (id int, x int, key (id)) engine myisam",
			"create table merged (id int, x int, key (id)) engine merge union=(my1, my2) insert_method=last")
		r.relations = append(r.relations, "my1", "my2", "merged")
		for range 6 {
			r.view()
		}
		for i, table := range r.tables {
			action, ok := r.action(table)
			if !ok || r.IntN(3) == 0 {
				continue
			}
			r.does(fmt.Sprintf("create procedure deep%d() begin %s; end", i, action),
				fmt.Sprintf("create trigger tr%d after %s on %s for each row begin call deep%d(); insert into my1 select count(*) + 100, 1 from my1; end", i,
					r.pick([]string{"insert", "update", "delete"}), table, i))
		}
	})
}

func TestSQLiteRandomChangesAreKnown(t *testing.T) {
	play(t, sqliteWorld, func(r *random) {
		r.does("pragma foreign_keys = on", "pragma synchronous = off", "pragma journal_mode = memory")
		for range 6 {
			r.table("")
		}
		for range 6 {
			r.view()
		}
		for i, table := range r.tables {
			if action, ok := r.action(table); ok && r.IntN(3) > 0 {
				r.does(fmt.Sprintf("create trigger tr%d after %s on %s begin %s; end", i, r.pick([]string{"insert", "update", "delete"}), table, action))
			}
		}
		r.does("create view routed as select id, x from t0", "create trigger rv instead of insert on routed begin insert into t5 (id, x) values (new.id, new.x); end")
		r.relations = append(r.relations, "routed")
	})
}
