// This file tests answers that no client would take: each is an error, and the session goes on.

package gateway_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor/backend"
	"github.com/fluxor-db/fluxor/netdriver/gateway"
	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

// calling is a database of which a test says what a call gives back.
type calling struct {
	gateway.Database
	exec  func(args []driver.NamedValue) error
	query func(text string) (driver.Rows, error)
}

func (c *calling) Connect(context.Context) (driver.Conn, error) { return &callingConn{of: c}, nil }
func (c *calling) Backend() backend.Backend                     { return backend.Backend{Type: "postgres"} }
func (c *calling) LeavesSession(string) (bool, string)          { return true, "" }

type callingConn struct {
	driver.Conn
	of *calling
}

func (c *callingConn) ExecContext(_ context.Context, _ string, args []driver.NamedValue) (driver.Result, error) {
	return driver.RowsAffected(1), c.of.exec(args)
}

func (c *callingConn) QueryContext(_ context.Context, text string, _ []driver.NamedValue) (driver.Rows, error) {
	return c.of.query(text)
}

func (c *callingConn) Close() error { return nil }

// headed are rows under columns of these names.
type headed struct {
	cells
	names []string
}

func (r *headed) Columns() []string { return r.names }

// tooLarge answers with what is too large.
func tooLarge(text string) (driver.Rows, error) {
	switch text {
	case "name":
		return &headed{names: []string{strings.Repeat("n", wire.DefaultMessage)}}, nil
	case "columns":
		return &headed{names: make([]string, wire.MaxColumns+1)}, nil
	}
	return nil, errors.New(strings.Repeat("e", wire.DefaultMessage))
}

func TestAnAnswerThatNoClientWouldTakeIsAnErrorAndTheSessionGoesOn(t *testing.T) {
	t.Parallel()
	s := serve(t, config(&calling{query: tooLarge, exec: func(args []driver.NamedValue) error {
		b := make([]byte, wire.DefaultMessage/2)
		for _, a := range args {
			*a.Value.(sql.Out).Dest.(*[]byte) = b //nolint:forcetypeassert // as they are sent below
		}
		return nil
	}}))
	c := login(t, s, func(h *wire.Hello) { h.Codecs = []string{"bin1"} })
	out := wire.Out{Type: "[]byte"}
	if f := c.exec("call", out, out).refused(t, wire.ErrorTooLarge); f.Applied != wire.AppliedYes || f.Conn != wire.ConnOK || !strings.Contains(f.Message, "67043328") {
		t.Errorf("got %+v", f)
	}
	if f := c.query("columns").refused(t, wire.ErrorTooLarge); !strings.Contains(f.Message, "65535") {
		t.Errorf("got %+v", f)
	}
	if f := c.query("name").refused(t, wire.ErrorTooLarge); f.Conn != wire.ConnOK {
		t.Errorf("got %+v", f)
	}
	if f := c.query("error").refused(t, wire.ErrorDB); !strings.HasPrefix(f.Message, "eee") || !strings.HasSuffix(f.Message, "67108864 bytes)") {
		t.Errorf("got %d bytes", len(f.Message))
	}
	if a := c.do(wire.TypePing, &wire.Ping{}); a.fail != nil {
		t.Error(a.fail)
	}
}

func TestAPointerAmongOutParametersIsNullBothWays(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	s := serve(t, config(&calling{exec: func(args []driver.NamedValue) error {
		n, text, when := args[0].Value.(sql.Out).Dest.(**int), args[1].Value.(sql.Out).Dest.(**string), args[2].Value.(sql.Out).Dest.(**time.Time) //nolint:forcetypeassert // as they are sent below
		if *n == nil {
			*n, *text, *when = new(7), new("back"), &at
			return nil
		}
		if **n != 7 || **text != "back" || !(*when).Equal(at) {
			return errors.New("other values came")
		}
		*n, *text, *when = nil, nil, nil
		return nil
	}}))
	for _, codec := range []string{"json", "binary"} {
		db := throughDriver(t, s, "&codec="+codec)
		var n *int
		var text *string
		var when *time.Time
		outs := []any{sql.Out{Dest: &n, In: true}, sql.Out{Dest: &text, In: true}, sql.Out{Dest: &when, In: true}}
		if _, err := db.ExecContext(t.Context(), "call", outs...); err != nil || n == nil || *n != 7 || *text != "back" || !when.Equal(at) {
			t.Fatalf("%s: got %v, %v, %v, %v", codec, n, text, when, err)
		}
		if _, err := db.ExecContext(t.Context(), "call", outs...); err != nil || n != nil || text != nil || when != nil {
			t.Errorf("%s: got %v, %v, %v, %v", codec, n, text, when, err)
		}
	}
}
