// This file tests the query cache where it does without the schema, and servers of which nothing may be kept.

package fluxor_test

import (
	"testing"
)

func TestWithoutTheSchemaTooNothingIsKeptOfWhatIsNotCommitted(t *testing.T) {
	for option, why := range map[string]string{
		"tx_isolation=%27READ-UNCOMMITTED%27": "read-uncommitted", "autocommit=0": "autocommit-off", "completion_type=CHAIN": "chained-commits",
	} {
		onCaches(t, nil, func(k *shelf) {
			if k.b.name != "mysql" {
				return
			}
			db := k.b.fluxor(k.t, k.target, "fluxor_cache=all", "fluxor_cache_ttl=0", "fluxor_cache_catalog=0", option)
			k = &shelf{t: k.t, b: k.b, db: db, c: poolOf(k.t, db), bare: k.bare, target: k.target}
			tx := k.begin(k.db)
			k.exec(tx, updateItem)
			k.name(k.db, 1)
			waitUntil(k.t, "it is known what the server is", func() bool {
				_, how := k.name(k.db, 1)
				return how == "bypass "+why
			})
			if err := tx.Rollback(); err != nil {
				k.t.Fatal(err)
			}
			k.wantCount("select count(*) from items where name = 'NEW'", 0)
			k.wantOf(k.db, "one", "bypass "+why)
			if got := k.c.ExplainCache("select name from items").Why; got != why {
				k.t.Errorf("the reason is %q, want %q", got, why)
			}
		})
	}
}

func TestWithoutTheSchemaAnswersAreKeptOnceItIsKnownWhatTheServerIs(t *testing.T) {
	onCaches(t, nil, func(k *shelf) {
		db := k.b.fluxor(k.t, k.target, "fluxor_cache=all", "fluxor_cache_catalog=0")
		k = &shelf{t: k.t, b: k.b, db: db, c: poolOf(k.t, db), bare: k.bare, target: k.target}
		k.want("one", "bypass schema-unknown")
		waitUntil(k.t, "an answer is kept", func() bool {
			_, how := k.name(k.db, 1)
			return how == "hit"
		})
		k.exec(k.db, "create table other (id int)") // which the server's kind outlives
		k.want("one", "miss")
		k.want("one", "hit")
		if state := k.c.CacheStats().Schema; state != "off" {
			k.t.Errorf("the schema is %q", state)
		}
	})
}

func TestSQLitesSharedCacheThatReadsWhatIsNotCommittedIsNeverKeptWithoutTheSchemaEither(t *testing.T) {
	onSQLite(t, "wal", func(k *shelf) {
		db := openName(t, "sqlite-fluxor", k.b.dsn(k.target, "_pragma=read_uncommitted(1)", "fluxor_cache=all", "fluxor_cache_catalog=0"))
		k = &shelf{t: t, b: k.b, db: db, c: poolOf(t, db), bare: k.bare}
		waitUntil(t, "it is known what the server is", func() bool {
			_, how := k.name(k.db, 1)
			return how == "bypass read-uncommitted"
		})
	})
}
