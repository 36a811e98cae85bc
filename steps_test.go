// This file tests what a middleware sees beyond single operations: connections being opened.

package fluxor_test

import (
	"context"
	"database/sql/driver"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/internal/dbtest"
	"github.com/fluxor-db/fluxor/middleware"
)

// opening is a handler that notes when connections are opened.
type opening struct {
	middleware.Handler
	name  string
	order *[]string
}

func (o opening) Connect(ctx context.Context, next driver.Connector) (driver.Conn, error) {
	*o.order = append(*o.order, o.name)
	return next.Connect(ctx)
}

func TestMiddlewaresTakePartInOpeningConnections(t *testing.T) {
	var order []string
	open := func(name string) middleware.Middleware {
		return func(next middleware.Handler) middleware.Handler { return opening{next, name, &order} }
	}
	plain := func(next middleware.Handler) middleware.Handler { return middleware.HandlerFunc(next.Handle) }
	f := &dbtest.Fake{}
	db, _ := wrap(t, f, fluxor.RuntimeConfig{
		Middleware:      []middleware.Middleware{open("first"), plain, open("second")},
		InnerMiddleware: []middleware.Middleware{open("inner")},
	})
	if len(order) != 0 {
		t.Errorf("%q before the first use", order)
	}
	mustExec(t, db, "e")
	mustExec(t, db, "e")
	if diff := cmp.Diff([]string{"first", "second", "inner"}, order); diff != "" {
		t.Error(diff)
	}
}
