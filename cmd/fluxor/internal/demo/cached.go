// This file lets the query cache answer: how fast, what it shows of writes and rollbacks, during an outage, and of changes that it cannot know of.

package demo

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/fluxor-db/fluxor"
)

// cacheShown is what the act has seen.
type cacheShown struct {
	bare, kept *asker
	hits       int64 // of kept
	writes     int   // each followed by two reads
	stale      int   // reads after a write that did not see it
	rollbacks  int   // each with a read before and after
	dirty      int   // reads that saw what was rolled back
	asked      int   // during the outage
	answered   int   // of those, marked as stale
	refused    int   // the same without the cache
	changes    int   // made without the connector
	found      int64 // of those, by the audit
}

// cached plays the act on the order database that Fluxor filled.
func (s *stage) cached(ctx context.Context) error {
	s.screen.Say("The query of before with fluxor_cache=all: the first answer to each order is kept, and shown until something that it depends on is written through this connector, for 30 s at most.")
	got := cacheShown{writes: s.size.asks, rollbacks: s.size.asks, asked: s.size.asks, changes: 5}
	bare, err := openShop("", "sqlite", s.fluxor.dsn, "")
	if err != nil {
		return err
	}
	defer bare.db.Close() //nolint:errcheck // nothing depends on it
	bare.db.SetMaxOpenConns(1)
	steps := []struct {
		cfg  fluxor.RuntimeConfig
		play func(ctx context.Context, bare *sql.DB, k *keeping, got *cacheShown) error
	}{
		{fluxor.RuntimeConfig{}, s.keep},
		{fluxor.RuntimeConfig{}, write},
		{fluxor.RuntimeConfig{CacheTTL: time.Nanosecond, CacheStaleIfError: 10 * time.Minute}, goWithout},
		{fluxor.RuntimeConfig{CacheAudit: 100}, audit},
	}
	for _, step := range steps {
		if err := s.keeping(ctx, step.cfg, func(k *keeping) error { return step.play(ctx, bare.db, k, &got) }); err != nil {
			return err
		}
	}
	s.tellCached(got)
	return nil
}

// keeping is a database behind a cache.
type keeping struct {
	db *sql.DB
	c  *fluxor.Connector
}

// keeping opens the shop behind a cache of its own.
func (s *stage) keeping(ctx context.Context, cfg fluxor.RuntimeConfig, play func(*keeping) error) error {
	cfg.DSN, cfg.Cache, cfg.MaxOpenConns, cfg.Logger = s.fluxor.dsn, "all", 2, slog.New(slog.DiscardHandler)
	c, err := fluxor.NewConnector(cfg)
	if err != nil {
		return err
	}
	db := sql.OpenDB(c)
	defer db.Close() //nolint:errcheck // nothing depends on it
	if err := c.LearnSchema(ctx); err != nil {
		return err
	}
	return play(&keeping{db, c})
}

// keep asks the same few orders again and again, and takes turns with the bare
// driver.
func (s *stage) keep(ctx context.Context, bare *sql.DB, k *keeping, got *cacheShown) error {
	orders, err := numbers(ctx, bare)
	if err != nil {
		return err
	}
	got.bare, got.kept = &asker{label: s.bare.label, ask: asText(bare)}, &asker{label: s.fluxor.label, ask: asText(k.db)}
	if err := s.askInTurns(ctx, []*asker{got.bare, got.kept}, orders[:min(len(orders), s.size.asks)]); err != nil {
		return err
	}
	got.hits = k.c.CacheStats().Hits
	return nil
}

// price is that of a product, and where it came from.
func (k *keeping) price(ctx context.Context, product int) (cents int, status string, err error) {
	ctx, info := fluxor.CacheInfo(ctx)
	err = k.db.QueryRowContext(ctx, "SELECT price FROM products WHERE id = ?", product).Scan(&cents)
	return cents, info.Status, err
}

// write changes a price and reads it, and changes it in a transaction that is
// rolled back.
func write(ctx context.Context, _ *sql.DB, k *keeping, got *cacheShown) error {
	for n := range got.writes {
		if _, err := k.db.ExecContext(ctx, "UPDATE products SET price = ? WHERE id = 1", 100+n); err != nil {
			return err
		}
		for range 2 {
			cents, _, err := k.price(ctx, 1)
			if err != nil {
				return err
			}
			if cents != 100+n {
				got.stale++
			}
		}
	}
	for range got.rollbacks {
		if err := takeBack(ctx, k, got); err != nil {
			return err
		}
	}
	return nil
}

func takeBack(ctx context.Context, k *keeping, got *cacheShown) error {
	tx, err := k.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // it is over by then, unless something failed
	if _, err := tx.ExecContext(ctx, "UPDATE products SET price = -1 WHERE id = 1"); err != nil {
		return err
	}
	for _, then := range []func() error{tx.Rollback, func() error { return nil }} {
		cents, _, err := k.price(ctx, 1)
		if err != nil {
			return err
		}
		if cents < 0 {
			got.dirty++
		}
		if err := then(); err != nil {
			return err
		}
	}
	return nil
}

// goWithout takes the program off the database, as an outage does, and goes on
// asking.
func goWithout(ctx context.Context, _ *sql.DB, k *keeping, got *cacheShown) error {
	for n := range got.asked {
		if _, _, err := k.price(ctx, n); err != nil {
			return err
		}
	}
	if err := k.c.ForceCircuitBreaker(fluxor.CircuitBreakerForcedOpen); err != nil {
		return err
	}
	for n := range got.asked {
		if _, status, err := k.price(ctx, n); err == nil && status == "stale" {
			got.answered++
		}
		if _, _, err := k.price(fluxor.NoCache(ctx), n); err != nil {
			got.refused++
		}
	}
	return nil
}

// audit changes prices behind the connector's back.
func audit(ctx context.Context, bare *sql.DB, k *keeping, got *cacheShown) error {
	for n := range got.changes {
		if _, _, err := k.price(ctx, n); err != nil {
			return err
		}
		if _, err := bare.ExecContext(ctx, "UPDATE products SET price = price + 1 WHERE id = ?", n); err != nil {
			return err
		}
		if _, _, err := k.price(ctx, n); err != nil {
			return err
		}
	}
	got.found = k.c.CacheStats().Mismatches
	return nil
}

func (s *stage) tellCached(got cacheShown) {
	took, kept := got.bare.median(), got.kept.median()
	s.screen.Say("A query takes %.0f µs with database/sql, and %.1f µs where its answer is kept.", took, kept)
	s.claim(Finding{
		ID: "cache_answers", What: "answers to one query, from memory but for the first of each order", Unit: "answers",
		Bare: float64(len(got.bare.answers)), Fluxor: float64(len(got.kept.answers)),
		Held:  got.hits > 0 && slices.Equal(got.bare.answers, got.kept.answers),
		Claim: fmt.Sprintf("Answers from memory are those of the database; %s were found there.", comma(int(got.hits))),
	})
	s.claim(Finding{
		ID: "cache_time", What: "microseconds a query, median of the turns", Unit: "microseconds",
		Bare: took, Fluxor: kept, Held: kept > 0 && kept < took,
		Claim:    "An answer from memory takes less time than the bare driver's.",
		bareText: fmt.Sprintf("%.0f", took), fluxorText: fmt.Sprintf("%.1f (1/%.0f)", kept, took/max(kept, 1e-9)),
	})
	s.claim(Finding{
		ID: "cache_write", What: fmt.Sprintf("%d writes: reads after them that missed one", got.writes), Unit: "reads",
		Fluxor: float64(got.stale), Held: got.writes > 0 && got.stale == 0,
		Claim: "A read that begins after a write has returned sees it.",
	})
	s.claim(Finding{
		ID: "cache_rollback", What: fmt.Sprintf("%d rollbacks: reads that saw what was taken back", got.rollbacks), Unit: "reads",
		Fluxor: float64(got.dirty), Held: got.rollbacks > 0 && got.dirty == 0,
		Claim: "What is rolled back was never seen.",
	})
	s.claim(Finding{
		ID: "cache_outage", What: fmt.Sprintf("breaker open, %d queries: answers, marked as stale", got.asked), Unit: "answers",
		Fluxor: float64(got.answered), Held: got.answered > 0 && got.answered == got.asked && got.refused == got.asked,
		Claim:    "With fluxor_cache_stale_if_error queries are answered while the breaker is open; without the cache all are refused.",
		bareText: "none",
	})
	s.claim(Finding{
		ID: "cache_audit", What: fmt.Sprintf("%d changes by others: found by the audit", got.changes), Unit: "changes",
		Fluxor: float64(got.found), Held: got.changes > 0 && got.found == int64(got.changes),
		Claim:    "fluxor_cache_audit=100 finds each change that somebody else made.",
		bareText: "no cache",
	})
}
