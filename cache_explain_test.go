// This file tests what the cache says of statements, and waiting for the schema.

package fluxor_test

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"testing"

	"github.com/fluxor-db/fluxor"
	_ "github.com/fluxor-db/fluxor/drivers/sqlite"
	"github.com/fluxor-db/fluxor/internal/dbtest"
)

func TestALearnedSchemaSaysWhatAStatementDependsOnAndEnds(t *testing.T) {
	onCaches(t, nil, func(k *shelf) {
		k.exec(k.bare, "create view cheap as select id, name from items where price < 15")
		k.exec(k.db, "drop table if exists nothing")
		if before := k.c.ExplainCache("select name from cheap"); before.Kept || before.Why != "schema-unknown" || before.Schema != "unknown" {
			t.Errorf("after a change of the schema: %+v", before)
		}
		if err := k.c.LearnSchema(t.Context()); err != nil {
			k.t.Fatal(err)
		}
		read := k.c.ExplainCache("select name from cheap")
		if !read.Kept || read.ReadsAll || !slices.Contains(read.Reads, "items") || !slices.Contains(read.Reads, "cheap") || read.Schema != "known" {
			t.Errorf("a read of a view: %+v", read)
		}
		write := k.c.ExplainCache("delete from items")
		if write.Kept || write.Why != "changes-tables" || write.WritesAll || !slices.Contains(write.Writes, "items") {
			t.Errorf("a write: %+v", write)
		}
		if strange := k.c.ExplainCache("select 1 from nowhere"); strange.Kept || strange.Why != "unknown-table" {
			t.Errorf("a read of an unknown table: %+v", strange)
		}
		if none := k.c.ExplainCache("select 1"); none.ReadsAll || len(none.Reads) != 0 {
			t.Errorf("a read of no table: %+v", none)
		}
		k.exec(k.bare, "drop view cheap")
		if err := k.c.LearnSchema(t.Context()); err != nil {
			k.t.Fatal(err)
		}
		if gone := k.c.ExplainCache("select name from cheap"); gone.Kept || gone.Why != "unknown-table" {
			t.Errorf("after a change elsewhere and another look: %+v", gone)
		}
	})
}

func TestHintsAndRulesAreNamedByWhatTheyDecide(t *testing.T) {
	c := cacheOver(t, fluxor.RuntimeConfig{
		DSN: "postgres://127.0.0.1:1/none", Cache: "rules", CacheCatalog: -1,
		CacheRules: "table=*_log off; table=orders ttl=10s rows=200 stale_if_error=1m swr=5s",
	})
	for text, want := range map[string]fluxor.CacheVerdict{
		"select a from orders":                                         {Kept: true, By: "table=orders ttl=10s rows=200 stale_if_error=1m swr=5s"},
		"select a from entry_log":                                      {Why: "rule-forbids", By: "table=*_log off"},
		"select a from other":                                          {Why: "not-asked-for"},
		"select a from other /* fluxor:cache ttl=2s */":                {Kept: true, By: "fluxor:cache ttl=2s"},
		"select a from orders -- fluxor:nocache":                       {Why: "hint-forbids", By: "fluxor:nocache"},
		"select a from orders /* fluxor:cache ttl=soon */":             {Why: "bad-hint"},
		"select a from orders where f(a) = 1 /* fluxor:cache rows=1*/": {Why: "unknown-function", By: "fluxor:cache rows=1"},
	} {
		got := c.ExplainCache(text)
		if got.Kept != want.Kept || got.Why != want.Why || got.By != want.By {
			t.Errorf("%s:\ngot  %+v\nwant %+v", text, got, want)
		}
		if got.Why != "" && (got.Reason == "" || got.Reason == got.Why) {
			t.Errorf("%s: %s has no words", text, got.Why)
		}
	}
	v := c.ExplainCache("select a from orders")
	if v.TTL.Seconds() != 10 || v.EmptyTTL.Seconds() != 5 || v.Rows != 200 || v.StaleIfError.Minutes() != 1 || v.StaleWhileRevalidate.Seconds() != 5 {
		t.Errorf("the terms of the rule: %+v", v)
	}
}

// cacheOver is a connector for a database that is not there.
func cacheOver(t *testing.T, cfg fluxor.RuntimeConfig) *fluxor.Connector {
	t.Helper()
	c, err := fluxor.NewConnector(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func TestASchemaThatCannotBeLearnedSaysWhy(t *testing.T) {
	off := cacheOver(t, fluxor.RuntimeConfig{DSN: "postgres://127.0.0.1:1/none"})
	if err := off.LearnSchema(t.Context()); err == nil || !off.ExplainCache("select a from b").Kept {
		t.Errorf("where the cache is off: %v", err)
	}
	unasked := cacheOver(t, fluxor.RuntimeConfig{DSN: "postgres://127.0.0.1:1/none", Cache: "all", CacheCatalog: -1})
	if err := unasked.LearnSchema(t.Context()); err == nil || unasked.ExplainCache("select a from b").Schema != "off" {
		t.Errorf("where the schema is not asked for: %v", err)
	}
	refused := cacheOver(t, fluxor.RuntimeConfig{DSN: "postgres://127.0.0.1:1/none?sslmode=disable", Cache: "all"})
	if err := refused.LearnSchema(t.Context()); err == nil || refused.CacheStats().SchemaFault == "" {
		t.Errorf("where nobody listens: %v, %+v", err, refused.CacheStats())
	}
	if err := refused.Close(); err != nil {
		t.Fatal(err)
	}
	if err := refused.LearnSchema(t.Context()); !errors.Is(err, fluxor.ErrClosed) {
		t.Errorf("of a closed connector: %v", err)
	}
}

func TestWhoWaitsForTheSchemaOfAFrozenServerGoesWhenHisContextEnds(t *testing.T) {
	s := dbtest.StartPostgres(t, dbtest.Options{})
	c := cacheOver(t, fluxor.RuntimeConfig{DSN: s.DSN(), Cache: "all"})
	if err := c.LearnSchema(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.Freeze(t)
	defer s.Thaw()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 2)
	for range 2 { // the second waits for the first
		go func() { done <- c.LearnSchema(ctx) }()
	}
	cancel()
	for range 2 {
		if err := <-done; err == nil {
			t.Error("the schema came from a frozen server")
		}
	}
}

func TestTheSchemaOfSQLiteIsLearnedFromItsFile(t *testing.T) {
	c := cacheOver(t, fluxor.RuntimeConfig{DSN: filepath.Join(t.TempDir(), "erp.db"), Cache: "all"})
	if err := c.LearnSchema(t.Context()); err != nil {
		t.Fatal(err)
	}
	if v := c.ExplainCache("select 1"); v.Schema != "known" || v.ReadsAll {
		t.Errorf("%+v", v)
	}
	pinned := cacheOver(t, fluxor.RuntimeConfig{DSN: ":memory:", Cache: "all"})
	if v := pinned.ExplainCache("select 1"); v.Kept || v.Why != "database-in-connection" || v.Schema != "off" {
		t.Errorf("in memory: %+v", v)
	}
}
