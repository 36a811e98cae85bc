// This file tests the query cache between middlewares that change texts, arguments and rows.

package fluxor_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"io"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/middleware"
)

// around is a middleware that does something before each operation.
func around(do func(c *middleware.Call)) middleware.Middleware {
	return func(next middleware.Handler) middleware.Handler {
		return middleware.HandlerFunc(func(ctx context.Context, c *middleware.Call) error {
			do(c)
			return next.Handle(ctx, c)
		})
	}
}

// with opens the shelf's database again, behind middlewares.
func (k *shelf) with(cfg fluxor.RuntimeConfig, options ...string) *shelf {
	k.t.Helper()
	cfg.DSN = k.b.dsn(k.target, append([]string{"fluxor_driver=" + k.b.bare, "fluxor_cache=all"}, options...)...)
	c, err := fluxor.NewConnector(cfg)
	if err != nil {
		k.t.Fatal(err)
	}
	db := sql.OpenDB(c)
	k.t.Cleanup(func() { _ = db.Close() })
	other := &shelf{t: k.t, b: k.b, db: db, c: c, bare: k.bare, target: k.target}
	other.learned()
	return other
}

func TestATextThatIsChangedAboveTheCacheIsKeptAsItIsSent(t *testing.T) {
	onCaches(t, nil, func(k *shelf) {
		k = k.with(fluxor.RuntimeConfig{Middleware: []middleware.Middleware{around(func(c *middleware.Call) {
			c.SQL = strings.Replace(c.SQL, "from things", "from items", 1)
		})}})
		var name string
		for range 2 {
			if err := k.db.QueryRowContext(k.t.Context(), "select name from things where id = "+k.b.placeholder, 1).Scan(&name); err != nil || name != "one" {
				k.t.Errorf("%q, %v", name, err)
			}
		}
		k.want("one", "hit")
	})
}

func TestWhatIsChangedBelowTheCacheIsNotKept(t *testing.T) {
	onCaches(t, nil, func(k *shelf) {
		k = k.with(fluxor.RuntimeConfig{InnerMiddleware: []middleware.Middleware{around(func(c *middleware.Call) {
			if len(c.Args) > 0 {
				c.Args[0].Value = c.Args[0].Value.(int) + 1
			}
		})}})
		special := k.conn()
		for _, late := range []bool{false, true} {
			if late {
				k.exec(special, map[string]string{"mysql": "set time_zone = '+00:00'"}[k.b.name]+map[bool]string{true: "set timezone = 'UTC'"}[k.b.name != "mysql"])
			}
			for range 2 {
				for id, want := range map[int]string{1: "two", 2: "three"} {
					if name, how := k.name(k.db, id); name != want || how == "hit" {
						k.t.Errorf("late %t: %d is %q (%s), want %q", late, id, name, how, want)
					}
				}
			}
		}
	})
}

func TestAPreparedStatementIsKeptAsWhatWasPrepared(t *testing.T) {
	onCaches(t, nil, func(k *shelf) {
		k = k.with(fluxor.RuntimeConfig{Middleware: []middleware.Middleware{around(func(c *middleware.Call) {
			if c.Prepared {
				c.SQL = strings.Replace(c.SQL, "name", "price", 1) // which has no effect
			}
		})}})
		st, err := k.db.PrepareContext(k.t.Context(), "select name from items where id = "+k.b.placeholder)
		if err != nil {
			k.t.Fatal(err)
		}
		defer st.Close()
		var name string
		if err := st.QueryRowContext(k.t.Context(), 1).Scan(&name); err != nil || name != "one" {
			k.t.Fatal(name, err)
		}
		var price string
		if err := k.db.QueryRowContext(k.t.Context(), "select price from items where id = "+k.b.placeholder, 1).Scan(&price); err != nil || price != "10" {
			k.t.Errorf("the price is %q, %v", price, err)
		}
	})
}

func TestAnAnswerIsAskedAgainAsItWasSent(t *testing.T) {
	onCaches(t, nil, func(k *shelf) {
		var passed, below atomic.Int64
		k = k.with(fluxor.RuntimeConfig{
			Middleware: []middleware.Middleware{around(func(c *middleware.Call) {
				passed.Add(1)
				c.SQL = strings.Replace(c.SQL, "select name", "select concat('x', name)", 1)
			})},
			InnerMiddleware: []middleware.Middleware{around(func(*middleware.Call) { below.Add(1) })},
		}, "fluxor_cache_ttl=1ms", "fluxor_cache_stale_while_revalidate=1h")
		if name, _ := k.name(k.db, 1); name != "xone" {
			k.t.Fatal(name)
		}
		mustExec(k.t, k.bare, updateItem)
		before := passed.Load()
		asked := int64(0)
		waitUntil(k.t, "the new name is found", func() bool {
			asked++
			name, _ := k.name(k.db, 1)
			return name == "xNEW"
		})
		if n := passed.Load() - before; n != asked {
			k.t.Errorf("%d operations passed the middleware, want the callers' %d", n, asked)
		}
	})
}

// tenantKey is where a context has the tenant whose rows a caller may see.
type tenantKey struct{}

// byTenant puts the context's tenant in the place of a query's argument, and the
// argument back when the query is over.
func byTenant(next middleware.Handler) middleware.Handler {
	return middleware.HandlerFunc(func(ctx context.Context, c *middleware.Call) error {
		if id, ok := ctx.Value(tenantKey{}).(int64); ok && len(c.Args) == 1 {
			was := c.Args
			defer func() { c.Args = was }()
			c.Args = []driver.NamedValue{{Ordinal: 1, Value: id}}
		}
		return next.Handle(ctx, c)
	})
}

func TestAnArgumentThatIsChangedBelowTheCacheIsKeptForNobodyElse(t *testing.T) {
	onCaches(t, nil, func(k *shelf) {
		k = k.with(fluxor.RuntimeConfig{InnerMiddleware: []middleware.Middleware{byTenant}})
		for id, want := range []string{1: "one", 2: "two", 3: "three"} {
			if want == "" {
				continue
			}
			ctx := context.WithValue(t.Context(), tenantKey{}, int64(id))
			var name string
			if err := k.db.QueryRowContext(ctx, "select name from items where id = "+k.b.placeholder, 0).Scan(&name); err != nil || name != want {
				t.Errorf("tenant %d sees %q, %v, want %q", id, name, err, want)
			}
		}
	})
}

// maskedRows are one row that hides a name.
type maskedRows struct{ read bool }

func (r *maskedRows) Columns() []string { return []string{"name"} }
func (r *maskedRows) Close() error      { return nil }

func (r *maskedRows) Next(dest []driver.Value) error {
	if r.read {
		return io.EOF
	}
	r.read, dest[0] = true, "****"
	return nil
}

// masked answers the queries of a context with a tenant by itself.
func masked(next middleware.Handler) middleware.Handler {
	return middleware.HandlerFunc(func(ctx context.Context, c *middleware.Call) error {
		if c.Op == middleware.OpQuery && ctx.Value(tenantKey{}) != nil {
			c.Rows = &maskedRows{}
			return nil
		}
		return next.Handle(ctx, c)
	})
}

func TestAnAnswerThatAMiddlewareGivesBelowTheCacheIsNotKept(t *testing.T) {
	onCaches(t, nil, func(k *shelf) {
		k = k.with(fluxor.RuntimeConfig{InnerMiddleware: []middleware.Middleware{masked}})
		c := k.conn()
		k.exec(c, "update items set price = 11 where id = 1") // so that the session has a lease
		ctx := context.WithValue(t.Context(), tenantKey{}, true)
		var name string
		if err := c.QueryRowContext(ctx, "select name from items where id = "+k.b.placeholder, 1).Scan(&name); err != nil || name != "****" {
			t.Errorf("the middleware's answer is %q, %v", name, err)
		}
		k.want("one", "")
	})
}

func TestAnAnswerThatIsAskedForPastTheCacheAfterAFailureIsTheDatabases(t *testing.T) {
	onCaches(t, nil, func(k *shelf) {
		var free func()
		again := func(next middleware.Handler) middleware.Handler {
			return middleware.HandlerFunc(func(ctx context.Context, c *middleware.Call) error {
				err := next.Handle(ctx, c)
				if err == nil || free == nil {
					return err
				}
				free()
				return next.Handle(fluxor.NoCache(ctx), c)
			})
		}
		k = k.with(fluxor.RuntimeConfig{Middleware: []middleware.Middleware{again}}, "fluxor_max_open_conns=1", "fluxor_acquire_timeout=1s")
		c := k.conn()
		k.exec(c, map[bool]string{true: "set time_zone = '+00:00'", false: "set timezone = 'UTC'"}[k.b.name == "mysql"])
		k.wantOf(c, "one", "miss")
		k.exec(k.bare, updateItem) // another program
		free = func() { _ = c.Close() }
		k.want("NEW", "bypass")
	})
}

// TestWhatRefreshReadIsKeptWhereItWaitedForItsConnection: a read that began later
// and was sent before it does not stand in its way.
func TestWhatRefreshReadIsKeptWhereItWaitedForItsConnection(t *testing.T) {
	onCaches(t, nil, func(k *shelf) {
		k = k.with(fluxor.RuntimeConfig{}, "fluxor_max_open_conns=1", "fluxor_cache_ttl=60s")
		c := k.conn()
		k.exec(c, "select 1") // it has the only connection
		fresh := make(chan string)
		go func() {
			var name string
			err := k.db.QueryRowContext(fluxor.Refresh(k.t.Context()), "select name from items where id = "+k.b.placeholder, 1).Scan(&name)
			if err != nil {
				k.t.Error(err)
			}
			fresh <- name
		}()
		waitUntil(k.t, "the refresh waits", func() bool { return k.c.PoolStats().Waiting > 0 })
		k.wantOf(c, "one", "miss")
		k.exec(k.bare, updateItem) // another program
		_ = c.Close()
		if name := <-fresh; name != "NEW" {
			k.t.Errorf("the refresh read %q", name)
		}
		k.want("NEW", "hit")
	})
}
