// This file is a cache in virtual time, whose answers grow old, for tests.

package fluxor_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lib/pq"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/internal/dbtest"
	"github.com/fluxor-db/fluxor/middleware"
)

// aging is a cache in virtual time whose answers live for a second, over a database
// that answers with the argument and the number of the question.
type aging struct {
	db    *sql.DB
	c     *fluxor.Connector
	asked *atomic.Int64

	// below, if there is one, is what a query comes through below the cache.
	below atomic.Pointer[func(ctx context.Context) error]

	breaks atomic.Pointer[error] // what comes behind the first row; nil is its end
}

// nobody is an argument for which there are no rows.
const nobody = -1

// nameOf is what is asked of it.
const nameOf = "select name from person where id = $1"

// age runs a test in a bubble.
func age(t *testing.T, cfg fluxor.RuntimeConfig, test func(t *testing.T, a *aging)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		a := &aging{asked: new(atomic.Int64)}
		cfg.CacheTTL, cfg.CacheCatalog = time.Second, -1
		if cfg.Cache == "" {
			cfg.Cache = "all"
		}
		cfg.InnerMiddleware = a.middlewares()
		a.db, a.c = wrapped(t, dbtest.Memory{As: &pq.Driver{}, Answer: a.answer}, cfg)
		test(t, a)
		_ = a.db.Close()
	})
}

// middlewares are below the cache.
func (a *aging) middlewares() []middleware.Middleware {
	return []middleware.Middleware{func(next middleware.Handler) middleware.Handler {
		return middleware.HandlerFunc(func(ctx context.Context, c *middleware.Call) error {
			if below := a.below.Load(); below != nil && c.Op == middleware.OpQuery {
				if err := (*below)(ctx); err != nil {
					return err
				}
			}
			return next.Handle(ctx, c)
		})
	}}
}

func (a *aging) answer(args []driver.NamedValue) *dbtest.MemoryAnswer {
	id := args[0].Value
	if b, ok := id.([]byte); ok {
		id = string(b)
	}
	if id == int64(nobody) {
		return &dbtest.MemoryAnswer{Columns: []string{"name"}}
	}
	answer := &dbtest.MemoryAnswer{Columns: []string{"name"}, Rows: [][]driver.Value{{fmt.Sprintf("%v:%d", id, a.asked.Add(1))}}}
	if err := a.breaks.Load(); err != nil {
		answer.Err = *err
	}
	return answer
}

// through has queries come through f from now on.
func (a *aging) through(f func(ctx context.Context) error) { a.below.Store(&f) }

// rower is a database, a connection or a statement with its text.
type rower func(ctx context.Context, args ...any) *sql.Row

func (a *aging) byText(q querier) rower {
	return func(ctx context.Context, args ...any) *sql.Row { return q.QueryRowContext(ctx, nameOf, args...) }
}

// want checks what a query says, and where its answer came from.
func (a *aging) want(t *testing.T, by rower, id any, want string) {
	t.Helper()
	ctx, info := fluxor.CacheInfo(t.Context())
	var name string
	err := by(ctx, id).Scan(&name)
	if err != nil {
		name = err.Error()
	}
	if got := name + " " + info.Status + " " + info.Why; got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// asks asks for a name in the background, and says what came and from where.
func (a *aging) asks(t *testing.T, id int) <-chan string {
	got := make(chan string, 1)
	go func() {
		ctx, info := fluxor.CacheInfo(t.Context())
		var name string
		err := a.byText(a.db)(ctx, id).Scan(&name)
		got <- fmt.Sprint(name, " ", info.Status, " ", info.Age, " ", err)
	}()
	synctest.Wait()
	return got
}

// wantOf checks what came.
func wantOf(t *testing.T, got <-chan string, want string) {
	t.Helper()
	if got := <-got; got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}
