// This file holds what the tests of this package share: virtual time, a database that can be sick, and the leak check.

package breaker

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var errDown = errors.New("the database is down")

// bubble runs a test in virtual time. It fails if a goroutine of the breaker's
// is left when f returns.
func bubble(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, f)
}

// pass lets virtual time go by and everybody act on it.
func pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

// database is what a probe asks.
type database struct {
	mu     sync.Mutex
	err    error         // what it answers
	takes  time.Duration // how long it takes; it ends early with the context
	asked  []time.Time
	during func() // called while it is asked
}

func (d *database) is(err error, takes time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.err, d.takes = err, takes
}

func (d *database) times() []time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.asked
}

func (d *database) probe(ctx context.Context) error {
	d.mu.Lock()
	d.asked = append(d.asked, time.Now())
	err, takes, during := d.err, d.takes, d.during
	d.mu.Unlock()
	if during != nil {
		during()
	}
	select {
	case <-time.After(takes):
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// open returns a breaker that is ended with the test.
func open(t testing.TB, cfg Config) *Breaker {
	b := New(cfg)
	t.Cleanup(b.Close)
	return b
}

// call makes n calls that take no time and end with o.
func call(t testing.TB, b *Breaker, o Outcome, n int) {
	t.Helper()
	for range n {
		ticket, _, ok := b.Allow()
		if !ok {
			t.Fatalf("a call was refused: %+v", b.Snapshot())
		}
		b.Report(ticket, Result{Outcome: o, End: time.Now(), Err: errDown})
	}
}

func stateIs(t testing.TB, b *Breaker, want State) {
	t.Helper()
	if got := b.State(); got != want {
		t.Fatalf("the breaker is %v, want %v: %+v", got, want, b.Snapshot())
	}
	if _, _, ok := b.Allow(); ok != (want == Closed) {
		t.Fatalf("%v, and Allow says %v", want, ok)
	}
}
