// This file tests the order of the chain and the end of a call.

package middleware_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"go.uber.org/goleak"

	"github.com/fluxor-db/fluxor/middleware"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// named notes its name on the way down and, in brackets, on the way up.
func named(log *[]string, name string) middleware.Middleware {
	return func(next middleware.Handler) middleware.Handler {
		return middleware.HandlerFunc(func(ctx context.Context, c *middleware.Call) error {
			*log = append(*log, name)
			defer func() { *log = append(*log, "("+name+")") }()
			return next.Handle(ctx, c)
		})
	}
}

func TestTheFirstMiddlewareIsTheOutermost(t *testing.T) {
	var log []string
	failed := errors.New("from the session")
	h := middleware.Chain(named(&log, "a"), named(&log, "b"))
	var c middleware.Call
	c.Bind(middleware.HandlerFunc(func(context.Context, *middleware.Call) error {
		log = append(log, "session")
		return failed
	}))
	if err := h.Handle(t.Context(), &c); err != failed { //nolint:errorlint // the very value must come through
		t.Errorf("err = %v, want the session's own", err)
	}
	if want := []string{"a", "b", "session", "(b)", "(a)"}; !slices.Equal(log, want) {
		t.Errorf("order %v, want %v", log, want)
	}
}

type doner struct {
	name string
	log  *[]string
}

func (d doner) Done(_ *middleware.Call, err error) {
	*d.log = append(*d.log, d.name+": "+err.Error())
}

func TestDonersRunOnceAndInReverse(t *testing.T) {
	var log []string
	var c middleware.Call
	c.OnDone(doner{"first", &log})
	c.OnDone(doner{"second", &log})
	c.Finish(errors.New("end"))
	c.Finish(errors.New("again"))
	if want := []string{"second: end", "first: end"}; !slices.Equal(log, want) {
		t.Errorf("got %v, want %v", log, want)
	}
}

func TestACallCanServeAgain(t *testing.T) {
	var log []string
	var c middleware.Call
	c.OnDone(doner{"d", &log})
	end := errors.New("end")
	c.Finish(end)
	if n := testing.AllocsPerRun(100, func() {
		c.OnDone(doner{"d", &log})
		c.Finish(end)
		log = log[:0]
	}); n > 2 { // the doner itself becomes an interface, its text is new
		t.Errorf("registering a doner again allocates %v", n)
	}
}

func TestEveryOpHasAName(t *testing.T) {
	for op := middleware.OpPing; op <= middleware.OpRollback; op++ {
		if op.String() == "" || op.String() == "unknown" {
			t.Errorf("op %d has no name", op)
		}
	}
	if got := middleware.Op(99).String(); got != "unknown" {
		t.Errorf("an op of the future is called %q", got)
	}
}
