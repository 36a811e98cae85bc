// This file asks the database what its schema is, and again when it may have changed.

package fluxor

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fluxor-db/fluxor/internal/breaker"
	"github.com/fluxor-db/fluxor/internal/cache"
	"github.com/fluxor-db/fluxor/internal/cacheplan"
	"github.com/fluxor-db/fluxor/internal/catalog"
	"github.com/fluxor-db/fluxor/internal/sqltext"
)

// cacheCatalog is when the schema is asked for. It is asked behind a caller: until
// it is known, each answer depends on everything.
type cacheCatalog struct {
	off  atomic.Bool
	bare bool          // only what the server is is asked for
	next atomic.Int64  // when it is due, after the engine's epoch; 0 = now
	seen atomic.Int64  // when it was asked for last, after the epoch
	lost atomic.Bool   // the next connection may lead to another server
	turn chan struct{} // holds a token while it is asked for

	mu     sync.Mutex // protects what follows; a leaf
	server string     // which one was asked last; "" before the first, and where it has no name
	print  string     // the fingerprint of the schema that was learned last, from this server
	last   *catalog.Catalog
	fault  error // why it could not be asked for the last time
	told   bool  // the fault was logged
}

// catalogLimit is how long asking for the schema may take.
const catalogLimit = 30 * time.Second

// reshaped notes that a statement is over that may have changed the schema.
func (c *queryCache) reshaped() {
	c.planner.Forget()
	c.catalog.next.Store(0)
}

// looks notes that the schema is asked for at a time, and when the next time is.
func (e *engine) looks(at time.Duration) {
	a := &e.cache.catalog
	a.seen.Store(int64(at))
	a.next.Store(int64(at + e.lookEvery()))
}

// freshen has the schema asked for where that is due at a time. While the circuit
// breaker refuses it stays due.
func (e *engine) freshen(now time.Time) {
	a := &e.cache.catalog
	since := now.Sub(e.epoch)
	if a.off.Load() || int64(since) < a.next.Load() || e.breaker.State() != breaker.Closed {
		return
	}
	select {
	case a.turn <- struct{}{}:
	default:
		return
	}
	e.looks(since)
	if !e.cache.behind.run(func(ctx context.Context) {
		defer func() { <-a.turn }()
		ctx, cancel := context.WithTimeout(ctx, catalogLimit)
		defer cancel()
		_ = e.lookUp(ctx) // it was noted
	}) {
		<-a.turn
	}
}

// learnNow asks for the schema on behalf of a caller who waits for it.
func (e *engine) learnNow(ctx context.Context) error {
	c, a := e.cache, &e.cache.catalog
	select {
	case a.turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	case <-c.behind.ending.Done():
		return closed()
	}
	defer func() { <-a.turn }()
	ctx, cancel := context.WithTimeout(ctx, catalogLimit)
	defer cancel()
	defer context.AfterFunc(c.behind.ending, cancel)()
	e.looks(e.now().Sub(e.epoch))
	for !a.off.Load() {
		if err := e.lookUp(ctx); err != nil {
			return err
		}
		if a.bare {
			break
		}
		if c.planner.Schema() != nil { // else somebody changes it meanwhile
			return nil
		}
	}
	return errNoSchema
}

// errNoSchema is for a database whose schema is not asked for.
var errNoSchema = errors.New("fluxor: the schema is not asked for: fluxor_cache_catalog is 0, or the database lives in its connection")

// learn asks for the schema, or only whether it is what it was. Where it cannot be
// asked, what was known goes on: only somebody else can have changed it.
func (e *engine) learn(ctx context.Context) error {
	c, a, d := e.cache, &e.cache.catalog, sqltext.ForType(e.backend.Type)
	if err := e.learnWho(ctx); err != nil {
		return err
	}
	since := c.planner.Since()
	var schema *catalog.Catalog
	print, err := catalog.Fingerprint(ctx, d, e.readText)
	if err == nil {
		if schema = a.known(print); schema == nil {
			schema, err = catalog.Load(ctx, d, e.readText)
		}
	}
	if err != nil {
		e.unlearned(ctx, err)
		return err
	}
	changed := a.learned(print, schema)
	if now := c.planner.Schema(); now == nil || now != cacheplan.Schema(schema) {
		c.planner.Learn(since, schema)
	}
	if changed { // elsewhere, so nobody announced it; after the old world, see Planner.Current
		c.count.flushes.add("schema-changed")
		c.versions.Invalidate(cache.Everything())
	}
	return nil
}

// known returns the schema that was learned with a fingerprint.
func (a *cacheCatalog) known(print string) *catalog.Catalog {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.print != print {
		return nil
	}
	return a.last
}

// learned notes the schema, and reports whether another one was known.
func (a *cacheCatalog) learned(print string, schema *catalog.Catalog) (changed bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	changed = a.last != nil && a.last != schema
	a.print, a.last, a.fault, a.told = print, schema, nil, false
	return changed
}

// unlearned notes that the schema could not be asked for, and says so once. A
// database that cannot be reached is spoken of elsewhere.
func (e *engine) unlearned(ctx context.Context, err error) {
	a := &e.cache.catalog
	if errors.Is(err, catalog.ErrDialect) {
		a.off.Store(true)
	}
	a.mu.Lock()
	told := a.told || ctx.Err() != nil || e.breaker.State() != breaker.Closed
	a.fault, a.told = err, a.told || !told
	a.mu.Unlock()
	switch {
	case told:
	case a.bare:
		e.log.Warn("the query cache does not know whether the server is a standby or shows what is not committed, so that it keeps nothing", "error", e.shown(err))
	default:
		e.log.Warn("the query cache does not know the schema, so that each change ends all answers", "error", e.shown(err),
			"cure", "let the user read the catalog's views, or turn this off by fluxor_cache_catalog=0")
	}
}

// schemaState says what is known of the tables.
func (e *engine) schemaState() (state, fault string) {
	c, a := e.cache, &e.cache.catalog
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.fault != nil {
		fault = e.shown(a.fault)
	}
	switch {
	case a.off.Load(), a.bare:
		return "off", fault
	case c.planner.Schema() != nil:
		return "known", fault
	}
	return "unknown", fault
}

// readText runs a query of the cache's own, on the connection of the prober: one
// of the pool would be missing to a caller who finds the state of his session on it.
// It does not pass the chain.
func (e *engine) readText(ctx context.Context, text string) ([][]string, error) {
	if state := e.breaker.State(); state != breaker.Closed {
		return nil, fmt.Errorf("the circuit breaker is %v", state)
	}
	answer := make(chan [][]string, 1)
	err := e.prober.do(ctx, func(ctx context.Context, p *physical) error {
		rows, err := readTexts(ctx, p, text)
		answer <- rows
		return err
	})
	if err != nil {
		return nil, err // the answer may still be on its way
	}
	return <-answer, nil
}

// readTexts reads an answer as text, as one call where calls are made apart.
func readTexts(ctx context.Context, p *physical, text string) ([][]string, error) {
	if p.apart != nil {
		return apart(ctx, p, func(ctx context.Context) ([][]string, error) { return readTextsHere(ctx, p, text) })
	}
	bound := guard(p, ctx, 0)
	defer bound.Stop()
	return readTextsHere(ctx, p, text)
}

func readTextsHere(ctx context.Context, p *physical, text string) ([][]string, error) {
	si, err := p.prepare(ctx, text)
	if err != nil {
		return nil, err
	}
	defer si.Close() //nolint:errcheck // the answer is in already
	ps := p.describe("", si)
	r, err := ps.queryHere(ctx, nil)
	if err != nil {
		return nil, err
	}
	defer r.Close() //nolint:errcheck // as above
	dest := make([]driver.Value, len(r.Columns()))
	var rows [][]string
	for {
		switch err := r.Next(dest); {
		case err == io.EOF: //nolint:errorlint // the contract of driver.Rows is identity
			return rows, nil
		case err != nil:
			return nil, err
		}
		row := make([]string, len(dest))
		for i, v := range dest {
			row[i] = textOf(v)
		}
		rows = append(rows, row)
	}
}

// textOf writes a value as text; NULL is "".
func textOf(v driver.Value) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case []byte:
		return string(v)
	}
	return fmt.Sprint(v)
}
