// This file loads catalogs of answers that no server here gives: very large ones, broken ones, MySQL's.

package catalog

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor/internal/sqltext"
)

// answers are rows by a part of the query.
type answers map[string][][]string

func (a answers) query(_ context.Context, sql string) ([][]string, error) {
	for part, rows := range a {
		if strings.Contains(sql, part) {
			return rows, nil
		}
	}
	return nil, nil
}

// grown is the catalog's answers for a PostgreSQL schema of n tables with 15
// columns each, a view and a foreign key for every fourth.
func grown(n int) answers {
	relations, columns, edges := make([][]string, 0, n*5/4), make([][]string, 0, n*15), make([][]string, 0, n/2)
	for i := range n {
		table := fmt.Sprintf("table_number_%d", i)
		relations = append(relations, []string{table, "r", "p", "f", ""})
		for k := range 15 {
			columns = append(columns, []string{fmt.Sprintf("column_%d_of_%s", k, table)})
		}
		if i%4 == 3 {
			view := fmt.Sprintf("view_number_%d", i)
			relations = append(relations, []string{view, "v", "p", "f", " SELECT column_1 FROM " + table + ";"})
			edges = append(edges, []string{"view", view, table}, []string{"foreign key", fmt.Sprintf("table_number_%d", i-1), table})
		}
	}
	return answers{"server_version_num": {{"150000", "0"}}, "pg_get_viewdef": relations, "distinct lower(a.attname)": columns, "'foreign key'": edges}
}

func TestLargeSchemaLoadsWithinFiftyMegabytes(t *testing.T) {
	a := grown(20_000)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	start := time.Now()
	c, err := Load(t.Context(), sqltext.PostgreSQL, a.query)
	took := time.Since(start)
	if err != nil {
		t.Fatal(err)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	mebibytes := float64(after.HeapAlloc-before.HeapAlloc) / (1 << 20)
	t.Logf("20,000 tables, 300,000 columns: %v, %.1f MiB beside the rows", took, mebibytes)
	if mebibytes > 50 || took > 20*time.Second {
		t.Errorf("it took %v and %.1f MiB", took, mebibytes)
	}
	if tags, why := c.Reads([]string{"view_number_19999", "column_3_of_table_number_7"}); len(tags) != 2 || why != "" {
		t.Errorf("the view reads %v, %q", tags, why)
	}
	runtime.KeepAlive(a)
}

func TestSchemaThatIsTooLargeIsRefused(t *testing.T) {
	t.Parallel()
	many := make([][]string, mostRows+1)
	for i := range many {
		many[i] = []string{"c"}
	}
	for what, a := range map[string]answers{
		"rows":  {"server_version_num": {{"150000", "0"}}, "distinct lower(a.attname)": many},
		"bytes": {"server_version_num": {{"150000", "0"}}, "distinct lower(a.attname)": {{strings.Repeat("x", mostBytes+1)}}},
	} {
		if _, err := Load(t.Context(), sqltext.PostgreSQL, a.query); !errors.Is(err, ErrTooLarge) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestEveryQueryThatFailsFailsTheLoad(t *testing.T) {
	t.Parallel()
	refusal := errors.New("the server is gone")
	one := map[sqltext.Dialect]answers{
		sqltext.PostgreSQL: {"server_version_num": {{"150000", "0"}}},
		sqltext.MySQL:      {"show session variables": {{"version", "8.0.36"}}},
		sqltext.SQLite:     {"database_list": {{"0", "main", ""}}, "read_uncommitted": {{"0"}}, "schema_version": {{"1"}}},
		sqltext.Oracle:     {"DATABASE_ROLE": {{"SCOTT", "PRIMARY", "0"}}},
	}
	for d, a := range one {
		asked := 0
		failing := func(at int) Query {
			asked = 0
			return func(ctx context.Context, sql string) ([][]string, error) {
				if asked++; asked == at {
					return nil, refusal
				}
				return a.query(ctx, sql)
			}
		}
		if _, err := Load(t.Context(), d, failing(0)); err != nil {
			t.Errorf("%s: %v", d, err)
		}
		for at, n := 1, asked; at <= n; at++ {
			if _, err := Load(t.Context(), d, failing(at)); !errors.Is(err, refusal) && !(d == sqltext.SQLite && at == 4) { // broken views are left out
				t.Errorf("%s: query %d of %d failed, and the load: %v", d, at, n, err)
			}
		}
		if _, err := Fingerprint(t.Context(), d, failing(1)); !errors.Is(err, refusal) {
			t.Errorf("%s: the fingerprint's error is %v", d, err)
		}
	}
}

func TestOddAnswersAreErrors(t *testing.T) {
	t.Parallel()
	for what, a := range map[string]answers{
		"no row":       {},
		"two rows":     {"server_version_num": {{"150000", "0"}, {"150000", "0"}}},
		"no number":    {"server_version_num": {{"new", "0"}}},
		"a column off": {"server_version_num": {{"150000"}}},
	} {
		if _, err := Load(t.Context(), sqltext.PostgreSQL, a.query); err == nil {
			t.Errorf("%s is no error", what)
		}
	}
	if _, err := Load(t.Context(), sqltext.Unknown, answers{}.query); !errors.Is(err, ErrDialect) {
		t.Errorf("an unknown dialect: %v", err)
	}
	if _, err := Fingerprint(t.Context(), sqltext.Unknown, answers{}.query); !errors.Is(err, ErrDialect) {
		t.Errorf("an unknown dialect: %v", err)
	}
}

func TestStandbyRefusesTheDatabase(t *testing.T) {
	t.Parallel()
	for d, a := range map[sqltext.Dialect]answers{
		sqltext.PostgreSQL: {"server_version_num": {{"150000", "1"}}},
		sqltext.Oracle:     {"DATABASE_ROLE": {{"SCOTT", "PHYSICAL STANDBY", "0"}}},
	} {
		c, err := Load(t.Context(), d, a.query)
		if err != nil {
			t.Fatal(err)
		}
		if c.Refuses() != "standby" {
			t.Errorf("%s: refused because of %q", d, c.Refuses())
		}
	}
}

func TestWhatAServerIsIsAskedForWithoutItsCatalog(t *testing.T) {
	t.Parallel()
	asked := 0
	for d, a := range map[sqltext.Dialect]answers{
		sqltext.PostgreSQL: {"server_version_num": {{"150000", "1"}}},
		sqltext.Oracle:     {"DATABASE_ROLE": {{"PHYSICAL STANDBY"}}},
		sqltext.MySQL:      {"session variables": {{"autocommit", "OFF"}}, "global variables": {}},
		sqltext.SQLite:     {"read_uncommitted": {{"1"}}},
	} {
		want := map[sqltext.Dialect]string{sqltext.MySQL: "autocommit-off", sqltext.SQLite: "read-uncommitted"}[d]
		if want == "" {
			want = "standby"
		}
		asked = 0
		why, err := Refusal(t.Context(), d, func(ctx context.Context, text string) ([][]string, error) {
			asked++
			return a.query(ctx, text)
		})
		most := map[sqltext.Dialect]int{sqltext.MySQL: 2}[d] // of the session and of those to come
		if err != nil || why != want || asked > max(most, 1) {
			t.Errorf("%s: %q, %v after %d queries, want %q after one", d, why, err, asked, want)
		}
	}
	if _, err := Refusal(t.Context(), sqltext.Unknown, answers{}.query); !errors.Is(err, ErrDialect) {
		t.Errorf("an unknown dialect: %v", err)
	}
}

func TestMySQLsBooksOnViewsAreRead(t *testing.T) {
	t.Parallel()
	text := "select `d`.`v`.`id` AS `id` from `d`.`v`"
	a := answers{
		"show session variables": {{"version", "8.0.36"}}, "show grants": {{"GRANT ALL PRIVILEGES ON `d`.* TO `u`@`%`"}},
		"information_schema.engines": {{"d", "a", "BASE TABLE", "InnoDB", "YES"}, {"d", "v", "VIEW", "", ""}, {"d", "u", "VIEW", "", ""}, {"d", "w", "VIEW", "", ""}, {"d", "far", "BASE TABLE", "FEDERATED", "NO"}},
		"information_schema.views":   {{"u", text}, {"v", "select `d`.`a`.`id` AS `id`,`d`.`f`() AS `f` from `d`.`a`"}, {"w", ""}},
		"view_table_usage":           {{"u", "v"}, {"v", "a"}}, "view_routine_usage": {{"v", "d", "f"}, {"w", "core", "f"}},
		"information_schema.routines": {{"d", "f", "FUNCTION", "return 1", "SQL"}},
	}
	c, err := Load(t.Context(), sqltext.MySQL, a.query)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{TB: t}
	w.hits(c, "a", "u")
	w.hits(c, "u", "a")
	w.kept(c, "u", "")
	w.kept(c, "far", "foreign-engine")
	w.boundless(c, "far", "foreign-engine")
	w.calm(c, "v")
	if _, all, why := c.Effects([]string{"w"}); !all || why != "unknown-routine" {
		t.Errorf("a view calls a routine that is not seen: %v because of %q", all, why)
	}
}

func TestGrantsSayWhichTriggersAreSeen(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"GRANT ALL PRIVILEGES ON *.* TO `u`@`%`":                                  "app.t app.x ap_p.t",
		"GRANT SELECT, TRIGGER ON `app`.* TO `u`@`%`":                             "app.t app.x",
		"GRANT TRIGGER ON `a__`.* TO `u`@`%`":                                     "app.t app.x",
		"GRANT TRIGGER ON `ap\\_p`.* TO `u`@`%`":                                  "ap_p.t",
		"GRANT TRIGGER ON `app`.`t` TO `u`@`%`":                                   "app.t",
		"GRANT SELECT ON *.* TO `u`@`%`":                                          "",
		"GRANT `role`@`%` TO `u`@`%`":                                             "",
		"GRANT TRIGGER ON *.* TO `u`@`%`\nREVOKE TRIGGER ON `app`.* FROM `u`@`%`": "ap_p.t",
	} {
		var rows [][]string
		for l := range strings.SplitSeq(line, "\n") {
			rows = append(rows, []string{l})
		}
		l := &loader{ctx: t.Context(), query: answers{"show grants": rows}.query, dialect: sqltext.MySQL}
		all, err := l.mysqlGrants()
		if err != nil {
			t.Fatal(err)
		}
		var seen []string
		for _, at := range []string{"app.t", "app.x", "ap_p.t"} {
			schema, table, _ := strings.Cut(at, ".")
			if all.triggers(schema, table) {
				seen = append(seen, at)
			}
		}
		if got := strings.Join(seen, " "); got != want {
			t.Errorf("%s: %q, want %q", line, got, want)
		}
	}
}

func TestTimeGrowsWithTheNamesOfAText(t *testing.T) {
	t.Parallel()
	names := make([]string, 0, 400_000)
	for i := range cap(names) {
		names = append(names, fmt.Sprintf("literal-%d", i/2))
	}
	c := &Catalog{graph: newGraph()}
	start := time.Now()
	tags, _, _ := c.Writes(names)
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("%v for %d names", took, len(names))
	}
	if len(tags) != len(names)/2 || tags[1] != "literal-1" {
		t.Errorf("%d tags, the second one %q", len(tags), tags[1])
	}
}
