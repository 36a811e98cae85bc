// This file helps the tests that hold the lists of words against real servers.

package sqltext

import (
	"database/sql"
	"slices"
	"strings"
	"testing"
)

// wordsWith are the words of a dialect that have all these flags.
func wordsWith(d Dialect, flags word) []string {
	var names []string
	for _, e := range vocabularies[d].known {
		if e.is&flags == flags {
			names = append(names, e.name)
		}
	}
	slices.Sort(names)
	return names
}

// connected returns the only connection of a database.
func connected(t *testing.T, driver, dsn string) *sql.Conn {
	t.Helper()
	db, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	c, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// run runs a statement, which may fail, and returns the error's text.
func run(t *testing.T, c *sql.Conn, text string) string {
	t.Helper()
	rows, err := c.QueryContext(t.Context(), text)
	if err == nil {
		for rows.Next() {
		}
		err = rows.Err()
		_ = rows.Close()
	}
	if err == nil {
		return ""
	}
	return err.Error()
}

// column returns the only column of a query's answer.
func column(t *testing.T, c *sql.Conn, query string) (values []string) {
	t.Helper()
	rows, err := c.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close() //nolint:errcheck // Err says what went wrong
	for rows.Next() {
		var v string
		if err := rows.Scan(&v); err != nil {
			t.Fatal(err)
		}
		values = append(values, v)
	}
	if err := rows.Err(); err != nil || len(values) == 0 {
		t.Fatalf("%d values, %v", len(values), err)
	}
	return values
}

// nameNoTable tries to make a table of each of the dialect's reserved words.
func nameNoTable(t *testing.T, c *sql.Conn, d Dialect, refusal string) {
	t.Helper()
	for _, name := range wordsWith(d, reserved) {
		if got := run(t, c, "create table "+name+" (i int)"); !strings.Contains(got, refusal) {
			t.Errorf("create table %s: %q", name, got)
		}
	}
}

// alarm is what the tests' own functions fail with when they are called.
const alarm = "the alarm rings"

// places are where a function of one argument may be called. %s is its name.
var places = []string{
	"select %s(1)",
	"select 1, %s(1)",
	"select %s (1) from z",
	"select 1 where %s(1) = 1",
	"select 1 where not %s(1) = 1",
	"select i from z order by %s(1)",
	"select i from z group by i, %s(1)",
	"select i from z where i between %s(1) and 2",
	"select i from z where i in (%s(1))",
	"select i from z where i in (1, %s(1))",
	"select i from z where exists (select %s(1))",
	"select case when %s(1) = 1 then 1 end from z",
	"select case i when %s(1) then 1 end from z",
	"select case when true then %s(1) else 2 end from z",
	"select case when false then 1 else %s(1) end from z",
	"select i from z where 'x' like 'x' escape %s(1)",
	"select i from z limit 1 offset %s(1)",
	"select i from z limit %s(1)",
	"select z.i from z join z y on %s(1) = 1",
	"select sum(i) over (partition by %s(1)) from z",
	"select sum(i) over (order by i rows %s(1) preceding) from z",
	"select count(*) from z having %s(1) = 1",
	"select distinct %s(1) from z",
	"select i + %s(1) from z",
	"select i = any (select %s(1)) from z",
	"with x as (select 1) select %s(1) from x",
	"with x as (select 1 as a) (select 1) union select %s(1)",
	"select distinct on (i) %s(1) from z",
	"select i from z fetch first %s(1) rows only",
	"select i from z where i::text at time zone %s(1) is null",
	"select i from z where i is not distinct from %s(1)",
	"values (%s(1))",
	"select max(with, %s(1)) from (select 1 as with)",
	"select i %s(1) from z",
	"select i as %s(1) from z",
	"select max(i) %s(1) from z",
	"select 1 from z %s(1)",
	"select 1 from z, %s(1)",
	"select 1 from z join %s(1) on true",
	"select i collate nocase, %s(1) from z",
	"select interval %s(1) day",
	"select row(1, %s(1))",
	"select array[1, %s(1)]",
	"select i from z where i between symmetric %s(1) and 2",
	"select overlay('x' placing %s(1)::text from 1) from z",
	"select substring('x' similar %s(1)::text escape '#') from z",
	"select substring('x' from %s(1) for 1) from z",
	"select i from z where i not in (%s(1))",
	"select (i) %s(1) from z",
	"select 1 from (select 1) %s(1)",
	"select i from z where (i) = any (array[%s(1)])",
}

// rings checks that no text is pure in which the server calls a function of
// the user's own. It returns how many of the texts called one.
func rings(t *testing.T, c *sql.Conn, d Dialect, names []string) (count int) {
	t.Helper()
	for _, name := range names {
		for _, place := range places {
			text := strings.Replace(place, "%s", name, 1)
			if !strings.Contains(run(t, c, text), alarm) {
				continue
			}
			count++
			s := Analyze(d, text)
			switch {
			case s.Verdict != Flush:
				t.Errorf("%s calls a function of the user's and is %s because of %s", text, s.Verdict, s.Reason)
			case s.Else != Else{} && !slices.Contains(s.Calls, name):
				t.Errorf("%s calls a function of the user's that is not among %q", text, s.Calls)
			}
		}
	}
	return count
}
