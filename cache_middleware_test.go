// This file tests the query cache between middlewares that change texts, arguments and rows.

package fluxor_test

import (
	"context"
	"database/sql"
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
