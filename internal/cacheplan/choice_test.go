// This file tests which rule a text falls under, and that what the schema lacks is not kept.

package cacheplan_test

import (
	"testing"

	"github.com/fluxor-db/fluxor/internal/cache"
	"github.com/fluxor-db/fluxor/internal/cacheplan"
	"github.com/fluxor-db/fluxor/internal/cacherules"
	"github.com/fluxor-db/fluxor/internal/sqltext"
)

// ruled makes plans by rules, in a world with the schema, or in none where it is
// nil.
func ruled(t *testing.T, d sqltext.Dialect, mode cacheplan.Mode, rules string, s cacheplan.Schema) *cacheplan.Planner {
	t.Helper()
	parsed, err := cacherules.Parse(rules)
	if err != nil {
		t.Fatal(err)
	}
	p := cacheplan.New(cacheplan.Config{Memo: sqltext.NewMemo(d), Versions: cache.New(), Mode: mode, Rows: 10, Rules: parsed})
	if s != nil {
		p.Learn(p.Since(), s)
	}
	return p
}

// twoTables are texts that read "orders", "old" or nothing besides "rates".
var twoTables = map[sqltext.Dialect][]string{
	sqltext.PostgreSQL: {
		"select * from (rates r join orders o on r.id = o.id)", "select * from (select 1) s, rates", "select * from generate_series(1, 3) g, rates r",
		"select * from orders o left join old x on o.id = x.id, rates", "select * from orders as o (a, b), rates",
		"with rates as (select * from rates) select * from rates",
	},
	sqltext.MySQL: {
		"select * from orders straight_join rates", "select * from orders use index (x), rates", "select * from (rates cross join orders)",
		"with rates as (select * from rates) select * from rates",
	},
	sqltext.Oracle: {"select * from orders partition (p), rates", "select * from rates cross apply orders"},
	sqltext.SQLite: {"select * from (rates join orders)", "select * from 'orders', 'rates'"},
}

func TestARuleSeesEachTableOfAText(t *testing.T) {
	for d, texts := range twoTables {
		for _, s := range []cacheplan.Schema{schema, nil} {
			off, some := ruled(t, d, cacheplan.All, "table=rates off", s), ruled(t, d, cacheplan.Rules, "table=orders,old ttl=1h", s)
			for _, text := range texts {
				if why := off.Of(text).Why; why != cacheplan.WhyRule {
					t.Errorf("%v: %s: kept although a rule forbids rates: %q", d, text, why)
				}
				if why := some.Of(text).Why; why != cacheplan.WhyNotAsked {
					t.Errorf("%v: %s: kept although no rule asks for rates: %q", d, text, why)
				}
			}
			for _, text := range []string{"select a from orders", "select o.b from orders o where o.c = 1"} {
				if !off.Of(text).Serve || !some.Of(text).Serve {
					t.Errorf("%v: %s: %q, %q", d, text, off.Of(text).Why, some.Of(text).Why)
				}
			}
		}
	}
}

func TestWhatTheSchemaLacksIsNotKept(t *testing.T) {
	for d, text := range map[sqltext.Dialect]string{
		sqltext.PostgreSQL: "select count(*) from tables",
		sqltext.MySQL:      "select count(*) from (processlist p join orders o)",
		sqltext.Oracle:     "select a from orders, sess",
		sqltext.SQLite:     "select a from made_lately",
	} {
		if got := planner(t, d, schema).Of(text); got.Serve || got.Why != cacheplan.WhyStrange {
			t.Errorf("%v: %s: %q", d, text, got.Why)
		}
		if got := planner(t, d, nil).Of(text); !got.Serve || got.Names != nil {
			t.Errorf("%v: %s: while nothing is known of the schema: %q, %q", d, text, got.Why, got.Names)
		}
	}
}

func TestOptionsOfASelectAreNoTables(t *testing.T) {
	for d, texts := range map[sqltext.Dialect][]string{
		sqltext.MySQL:      {"select straight_join a from orders", "select distinct straight_join a from orders straight_join rates"},
		sqltext.PostgreSQL: {"select * from rows from (generate_series(1, 3), generate_series(1, 2)) r, orders"},
	} {
		p := planner(t, d, schema)
		for _, text := range texts {
			if got := p.Of(text); !got.Serve {
				t.Errorf("%v: %s: not kept because of %q", d, text, got.Why)
			}
			if got := p.Of("insert into old " + text); got.Written == nil {
				t.Errorf("%v: insert into old %s: ends everything because of %q", d, text, got.Beyond)
			}
		}
	}
}

func TestWhileNothingIsKnownOfTheSchemaEachNameMayBeOfATableThatARuleForbids(t *testing.T) {
	const text, off = "select secret from orders", "table=secret off"
	if got := ruled(t, sqltext.PostgreSQL, cacheplan.All, off, nil).Of(text); got.Serve || got.Why != cacheplan.WhyRule {
		t.Errorf("without a schema: %q, want %q", got.Why, cacheplan.WhyRule)
	}
	if got := ruled(t, sqltext.PostgreSQL, cacheplan.All, off, schema).Of(text); !got.Serve {
		t.Errorf("the schema has no such table: %q", got.Why)
	}
	if got := ruled(t, sqltext.PostgreSQL, cacheplan.Rules, "table=secret", nil).Of(text); got.Serve {
		t.Error("a rule that keeps one table keeps another beside a name")
	}
}
