// This file tests, over a driver in memory, calls that end at the same moment as their bound, breaks that block, and who gets what a call wrote.

package fluxor

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
	"weak"

	"github.com/fluxor-db/fluxor/backend"
	"github.com/fluxor-db/fluxor/internal/netshim"
)

// library is a connection of a driver within a library.
type library struct {
	driver.Conn
	exec func(ctx context.Context, args []driver.NamedValue) error
	rows *cursor
}

func (l *library) ExecContext(ctx context.Context, _ string, args []driver.NamedValue) (driver.Result, error) {
	return driver.ResultNoRows, l.exec(ctx, args)
}

var (
	errBroken = errors.New("broken off")
	errLate   = errors.New("the call timed out")
)

// physical makes a physical connection over l, which stop breaks off.
func (l *library) physical(t *testing.T, stop func(driver.Conn) error) *physical {
	t.Helper()
	line := netshim.NewLine()
	how := &backend.Detached{
		Break:    stop,
		Broken:   func(err error) bool { return errors.Is(err, errBroken) },
		TimedOut: func(err error) bool { return errors.Is(err, errLate) },
	}
	apart := newDetached(how, l, line)
	t.Cleanup(apart.calls.Close)
	p := newPhysical(l, line)
	p.apart = apart
	return p
}

// run makes a call as a session does.
func run(ctx context.Context, p *physical, args ...driver.NamedValue) error {
	defer guard(p, ctx, 0).Stop()
	_, err := p.exec(ctx, "", args)
	return err
}

func TestACallThatReturnsAtItsLastMomentDeliversWhatItWrote(t *testing.T) {
	delivered := 0
	for range 300 {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			l := &library{exec: func(_ context.Context, args []driver.NamedValue) error {
				<-time.After(time.Second + cancelGrace)
				*args[0].Value.(sql.Out).Dest.(*int) = 7
				return nil
			}}
			p, n := l.physical(t, nil), 0
			err := run(ctx, p, driver.NamedValue{Ordinal: 1, Value: sql.Out{Dest: &n}})
			if (err == nil) != (n == 7) {
				t.Fatalf("the call came to %v and delivered %d", err, n)
			}
			if err == nil {
				delivered++
			}
		})
	}
	if delivered == 0 || delivered == 300 {
		t.Errorf("%d of 300 calls were in time: they do not race", delivered)
	}
}

func TestABreakThatDoesNotReturnHoldsNobodyUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		hold := make(chan struct{})
		l := &library{exec: func(context.Context, []driver.NamedValue) error { <-hold; return errBroken }}
		var breaks atomic.Int32
		p := l.physical(t, func(driver.Conn) error { breaks.Add(1); <-hold; return nil })
		time.AfterFunc(time.Second, cancel)
		start := time.Now()
		if err := run(ctx, p); !errors.Is(err, driver.ErrBadConn) {
			t.Errorf("got %v", err)
		}
		if took := time.Since(start); took != time.Second+cancelGrace {
			t.Errorf("it returned after %v", took)
		}
		synctest.Wait()
		close(hold)
		p.apart.calls.Settle()
		if n := breaks.Load(); n != 1 {
			t.Errorf("the call was broken off %d times", n)
		}
	})
}

// A driver that saw the end would break the call off itself, and perhaps the
// next one.
func TestTheDriversContextDoesNotEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		l := &library{exec: func(given context.Context, _ []driver.NamedValue) error {
			own, _ := ctx.Deadline()
			if end, bounded := given.Deadline(); !bounded || !end.Equal(own) {
				t.Errorf("its deadline is %v, want %v", end, own)
			}
			<-ctx.Done()
			if given.Done() != nil || given.Err() != nil {
				t.Errorf("its end shows: %v", given.Err())
			}
			return errLate
		}}
		var late timedOut
		if err := run(ctx, l.physical(t, nil)); !errors.As(err, &late) {
			t.Errorf("got %v", err)
		}
	})
}

func TestACallIsOverWhenItsBreakIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		asked := make(chan struct{})
		over := false
		l := &library{exec: func(context.Context, []driver.NamedValue) error { <-asked; return errBroken }}
		p := l.physical(t, func(driver.Conn) error {
			close(asked)
			<-time.After(100 * time.Millisecond)
			over = true
			return nil
		})
		time.AfterFunc(time.Second, cancel)
		var off brokenOff
		if err := run(ctx, p); !errors.As(err, &off) || !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		if !over || p.broken {
			t.Errorf("the break is over: %t; the connection is given up: %t", over, p.broken)
		}
	})
}

// The driver itself breaks off a call that a timeout of its own ends, and does
// not wait for that.
func TestACallThatTheDriversClockEndsMayHaveTakenEffect(t *testing.T) {
	l := &library{exec: func(context.Context, []driver.NamedValue) error { return context.DeadlineExceeded }}
	p := l.physical(t, nil)
	var late timedOut
	if err := run(t.Context(), p); !errors.As(err, &late) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	if !p.broken {
		t.Error("the connection is kept")
	}
}

// The library's own timeout ends the call at last, although the break came before.
func TestACallThatTimesOutDuringItsBreakTimedOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		asked := make(chan struct{})
		l := &library{exec: func(context.Context, []driver.NamedValue) error { <-asked; return errLate }}
		p := l.physical(t, func(driver.Conn) error { close(asked); return nil })
		var late timedOut
		if err := run(ctx, p); !errors.As(err, &late) || !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, errLate) {
			t.Errorf("got %v", err)
		}
		if !p.broken {
			t.Error("the break may hit the next call on the connection, which is kept")
		}
	})
}

// cursor is rows of one column, without an end.
type cursor struct {
	next   func() driver.Value
	closed chan struct{}
}

func (c *cursor) Columns() []string { return []string{"c"} }

func (c *cursor) Next(dest []driver.Value) error { dest[0] = c.next(); return nil }

func (c *cursor) Close() error { close(c.closed); return nil }

// reading reads c on p under ctx.
func (c *cursor) reading(ctx context.Context, p *physical) *reading {
	return &reading{p: p, inner: c, span: p.apart.begin(ctx)}
}

func TestARowCostsNothingAndIsNotKept(t *testing.T) {
	p := (&library{}).physical(t, nil)
	row := driver.Value("large")
	r := (&cursor{next: func() driver.Value { return row }}).reading(t.Context(), p)
	defer guard(p, t.Context(), 0).Stop()
	dest := make([]driver.Value, 1)
	allocs := testing.AllocsPerRun(100, func() {
		if err := r.nextApart(dest); err != nil || dest[0] != row {
			t.Errorf("read %v, %v", dest[0], err)
		}
	})
	if allocs >= 1 {
		t.Errorf("%v allocations a row", allocs)
	}
	if kept := r.fetching.row[0]; kept != nil {
		t.Errorf("the reading keeps %v", kept)
	}
}

func TestRowsThatNobodyWaitedForAreClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		within, hold := &cursor{closed: make(chan struct{})}, make(chan struct{})
		c := &cursor{next: func() driver.Value { <-hold; return within }}
		p := (&library{}).physical(t, nil)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		r := c.reading(ctx, p)
		defer guard(p, ctx, 0).Stop()
		dest := make([]driver.Value, 1)
		if err := r.nextApart(dest); !errors.Is(err, driver.ErrBadConn) {
			t.Fatal(err)
		}
		dest[0] = nil
		close(hold)
		<-within.closed
		p.apart.calls.Settle()
		if dest[0] != nil {
			t.Error("the call that was left wrote to its caller")
		}
	})
}

func TestAnAnswerThatNobodyWaitedForIsClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hold, late := make(chan struct{}), &cursor{closed: make(chan struct{})}
		p := (&library{}).physical(t, nil)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		defer guard(p, ctx, 0).Stop()
		_, err := p.queryApart(ctx, nil, func(context.Context, []driver.NamedValue) (driver.Rows, error) {
			<-hold
			return late, nil
		})
		if !errors.Is(err, driver.ErrBadConn) {
			t.Fatal(err)
		}
		close(hold)
		<-late.closed
	})
}

// question is a statement that returns c.
type question struct {
	driver.Stmt
	c *cursor
}

func (q question) NumInput() int { return 0 }

func (q question) QueryContext(context.Context, []driver.NamedValue) (driver.Rows, error) {
	return q.c, nil
}

func (q question) Close() error { return nil }

func (l *library) PrepareContext(context.Context, string) (driver.Stmt, error) {
	return question{c: l.rows}, nil
}

func TestAValidationQueryWhoseRowsDoNotComeHoldsNobodyUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hold := make(chan struct{})
		l := &library{rows: &cursor{next: func() driver.Value { <-hold; panic("read") }, closed: make(chan struct{})}}
		p, e := l.physical(t, nil), &engine{}
		e.set.ValidationQuery = "select 1 from dual"
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		if err := e.validate(ctx, p); !errors.Is(err, driver.ErrBadConn) {
			t.Errorf("got %v", err)
		}
		if took := time.Since(start); took != time.Second+cancelGrace {
			t.Errorf("it returned after %v", took)
		}
		close(hold)
	})
}

func TestTheDriverGetsWhatItsCallersVariablesHold(t *testing.T) {
	n, s, none := 7, append(make([]string, 0, 5), "a", "b"), []int(nil)
	args := []driver.NamedValue{
		{Ordinal: 1, Value: sql.Out{Dest: &n, In: true}},
		{Ordinal: 2, Value: sql.Out{Dest: &s, In: true}},
		{Ordinal: 3, Value: sql.Out{Dest: &none}},
		{Ordinal: 4, Value: sql.Out{}},
		{Ordinal: 5, Value: "plain"},
	}
	mine, deliver := ownArgs(args)
	ownN := mine[0].Value.(sql.Out).Dest.(*int)
	ownS := mine[1].Value.(sql.Out).Dest.(*[]string)
	if *ownN != 7 || !slices.Equal(*ownS, s) || cap(*ownS) != 5 || *mine[2].Value.(sql.Out).Dest.(*[]int) != nil || mine[4].Value != "plain" {
		t.Errorf("the driver gets %d, %q of %d, %v", *ownN, *ownS, cap(*ownS), mine)
	}
	*ownN, (*ownS)[0] = 8, "c"
	*ownS = append(*ownS, "d")
	if n != 7 || s[0] != "a" || s[:3][2] != "" {
		t.Errorf("the driver wrote to its caller: %d, %q", n, s[:3])
	}
	if deliver(); n != 8 || !slices.Equal(s, []string{"c", "b", "d"}) || none != nil {
		t.Errorf("delivered %d, %q, %v", n, s, none)
	}
}

func (c *cursor) HasNextResultSet() bool { return true }

func (c *cursor) NextResultSet() error { c.next(); return nil }

func TestRowsAreClosedAfterTheirCallThatWasLeft(t *testing.T) {
	for name, call := range map[string]func(r *reading, c *cursor) error{
		"Next":          func(r *reading, _ *cursor) error { return r.nextApart(make([]driver.Value, 1)) },
		"NextResultSet": func(r *reading, c *cursor) error { return r.nextResultSet(c) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				hold := make(chan struct{})
				c := &cursor{next: func() driver.Value { <-hold; return nil }, closed: make(chan struct{})}
				p := (&library{}).physical(t, nil)
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				r := c.reading(ctx, p)
				defer guard(p, ctx, 0).Stop()
				if err := call(r, c); !errors.Is(err, driver.ErrBadConn) {
					t.Fatal(err)
				}
				if err := r.closeInner(); err != nil {
					t.Error(err)
				}
				synctest.Wait()
				select {
				case <-c.closed:
					t.Error("closed beside the call")
				default:
				}
				close(hold)
				<-c.closed
			})
		})
	}
}

func TestACallUnderAContextThatHasEndedIsNotMade(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	l := &library{exec: func(context.Context, []driver.NamedValue) error { t.Error("it was made"); return nil }}
	p := l.physical(t, nil)
	cancel()
	_, err := p.exec(ctx, "", nil)
	if off := (brokenOff{}); !errors.As(err, &off) || !errors.Is(err, context.Canceled) || p.line.Sent() {
		t.Errorf("got %v; sent: %t", err, p.line.Sent())
	}
}

func TestAContextDoesNotKeepTheCallsThatWereMadeUnderIt(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	p := (&library{}).physical(t, func(driver.Conn) error { return nil })
	sp := p.apart.begin(ctx)
	sp.close()
	call := weak.Make(sp)
	sp = nil //nolint:ineffassign // the last reference of this function's
	runtime.GC()
	if call.Value() != nil {
		t.Error("it keeps one")
	}
}
