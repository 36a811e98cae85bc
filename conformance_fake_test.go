// This file compares the calls that reach a driver of each shape with those that the bare driver gets from database/sql.

package fluxor_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/internal/dbtest"
	"github.com/fluxor-db/fluxor/internal/dbtest/conform"
)

// fakeUse is a way to use a database; it returns what the caller saw.
type fakeUse struct {
	name string
	use  func(ctx context.Context, db *sql.DB) []any
	// early is true where database/sql refuses before Fluxor is called: the
	// driver then gets less than bare.
	early bool
}

// runs are the ways to run a text with arguments.
func runs(ctx context.Context, db *sql.DB, args ...any) []any {
	var seen []any
	_, err := db.ExecContext(ctx, "x", args...)
	seen = append(seen, err)
	rows, err := db.QueryContext(ctx, "q", args...)
	if err == nil {
		seen = append(seen, rows.Next(), rows.Next(), rows.Close())
	}
	seen = append(seen, err, db.QueryRowContext(ctx, "r", args...).Scan(new(int)))
	tx, err := db.BeginTx(ctx, nil)
	seen = append(seen, err)
	if err == nil {
		_, err = tx.ExecContext(ctx, "t", args...)
		seen = append(seen, err, tx.Commit())
	}
	c, err := db.Conn(ctx)
	seen = append(seen, err)
	if err == nil {
		_, err = c.ExecContext(ctx, "c", args...)
		st, prepareErr := c.PrepareContext(ctx, "p")
		seen = append(seen, err, prepareErr)
		if prepareErr == nil {
			_, err = st.ExecContext(ctx, args...)
			seen = append(seen, err, st.Close())
		}
		seen = append(seen, c.Close())
	}
	return seen
}

func with(name string, args ...any) fakeUse {
	return fakeUse{name: name, use: func(ctx context.Context, db *sql.DB) []any { return runs(ctx, db, args...) }}
}

var fakeUses = []fakeUse{
	with("no arguments"),
	with("integers", 1, int8(2), uint64(1<<63), new(4)),
	with("nil and pointers", nil, (*int)(nil), new("s")),
	with("a name", sql.Named("n", 5)),
	{name: "a bad name", early: true, use: func(ctx context.Context, db *sql.DB) []any { return runs(ctx, db, sql.Named("1", 5)) }},
	with("an out value", sql.Out{Dest: new(int)}),
	with("an array", []string{"a", "b"}),
	with("an option", dbtest.Option(func() {}), 7),
	with("a named option", sql.Named("o", dbtest.Option(func() {})), 7), // the next argument inherits the name
	with("only an option", dbtest.Option(func() {})),
	with("a channel", make(chan int)),
	with("a failing valuer", failing{}),
	{name: "ping", use: func(ctx context.Context, db *sql.DB) []any { return []any{db.PingContext(ctx), db.PingContext(ctx)} }},
	{name: "transaction options", use: func(ctx context.Context, db *sql.DB) []any {
		var seen []any
		for _, o := range []sql.TxOptions{{Isolation: sql.LevelSerializable}, {ReadOnly: true}, {}} {
			tx, err := db.BeginTx(ctx, &o)
			seen = append(seen, err)
			if err == nil {
				seen = append(seen, tx.Rollback(), tx.Commit())
			}
		}
		return seen
	}},
	{name: "a statement", use: func(ctx context.Context, db *sql.DB) []any {
		st, err := db.PrepareContext(ctx, "p")
		if err != nil {
			return []any{err}
		}
		_, err = st.ExecContext(ctx, 1)
		_, err2 := st.ExecContext(ctx, 1, 2)
		return []any{err, err2, st.QueryRowContext(ctx, "x").Scan(new(int))}
	}},
	{name: "a context that is over", use: func(ctx context.Context, db *sql.DB) []any {
		_, err := db.ExecContext(ctx, "first")
		over, cancel := context.WithCancel(ctx)
		cancel()
		return append(runs(over, db, 1), err, db.PingContext(over))
	}},
	{name: "a bad connection in Raw", use: func(ctx context.Context, db *sql.DB) []any {
		c, err := db.Conn(ctx)
		if err != nil {
			return []any{err}
		}
		_, err = c.ExecContext(ctx, "x")
		_, after := c.ExecContext(ctx, "y")
		return []any{err, after, c.Close(), db.PingContext(ctx)}
	}},
}

type failing struct{}

var errFailing = errors.New("no value")

func (failing) Value() (driver.Value, error) { return nil, errFailing }

func TestADriverGetsTheCallsThatItGetsBare(t *testing.T) {
	skip := func(_ context.Context, _ int, call string) error {
		if strings.HasPrefix(call, "exec ") || strings.HasPrefix(call, "query ") {
			return driver.ErrSkip
		}
		return nil
	}
	refuse := func(_ context.Context, _ int, call string) error {
		if strings.Contains(call, "prepare") || strings.Contains(call, "begin") || strings.Contains(call, "ping") || strings.HasPrefix(call, "exec") {
			return errFailing
		}
		return nil
	}
	for _, shape := range []struct {
		name   string
		shape  dbtest.Shape
		onCall func(context.Context, int, string) error
	}{
		{"full", dbtest.Full, nil},
		{"mandatory", dbtest.Mandatory, nil},
		{"godror", dbtest.Godror, nil},
		{"full that skips the fast paths", dbtest.Full, skip},
		{"full that refuses", dbtest.Full, refuse},
		{"godror that refuses", dbtest.Godror, refuse},
	} {
		for _, u := range fakeUses {
			t.Run(shape.name+"/"+u.name, func(t *testing.T) {
				bare := &dbtest.Fake{Shape: shape.shape, OnCall: shape.onCall}
				inner := &dbtest.Fake{Shape: shape.shape, OnCall: shape.onCall}
				db := sql.OpenDB(bare)
				defer db.Close()
				through, _ := wrap(t, inner, fluxor.RuntimeConfig{})
				want, got := describeSeen(u.use(t.Context(), db)), describeSeen(u.use(t.Context(), through))
				if diff := cmp.Diff(want, got); diff != "" && !(u.early && strings.Contains(shape.name, "refuses")) {
					t.Errorf("the caller sees, -bare +fluxor:\n%s", diff)
				}
				if u.early {
					conform.MustBeListed("early refusal")
					return
				}
				if diff := cmp.Diff(bare.Log(), inner.Log()); diff != "" {
					t.Errorf("the driver gets, -bare +fluxor:\n%s", diff)
				}
			})
		}
	}
}

// describeSeen writes errors with their types.
func describeSeen(seen []any) []string {
	out := make([]string, len(seen))
	for i, v := range seen {
		out[i] = fmt.Sprintf("%T %v", v, v)
		if err, ok := v.(error); ok && errors.Is(err, errFailing) {
			out[i] += " is errFailing"
		}
	}
	return slices.Clip(out)
}
