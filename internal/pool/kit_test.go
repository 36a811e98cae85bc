// This file holds what the pool's tests share: a server in memory and short ways to borrow.

package pool

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

// learnedByNew tells whether the program's first New looked for goroutine
// numbers.
var learnedByNew bool

func TestMain(m *testing.M) {
	New(Config[*wire]{})
	learnedByNew = numberAt.Load() != 0
	goleak.VerifyTestMain(m)
}

var (
	errRefused = errors.New("password authentication failed")
	errTooMany = errors.New("sorry, too many clients already")
	errDown    = errors.New("connection refused")
	errOdd     = errors.New("odd")
)

// wire is a physical connection of the fake server.
type wire struct {
	id     int
	dead   atomic.Bool
	busy   atomic.Bool // somebody works with it
	closed atomic.Bool
}

// server opens and closes wires. Its functions may be replaced before use.
type server struct {
	mu     sync.Mutex
	dialed int
	live   int
	pings  int

	onDial  func(ctx context.Context, n int) error // n counts from 1
	onClose func(w *wire)
	onPing  func(ctx context.Context, w *wire) error
}

func (s *server) dial(ctx context.Context) (*wire, error) {
	s.mu.Lock()
	s.dialed++
	n := s.dialed
	s.mu.Unlock()
	if s.onDial != nil {
		if err := s.onDial(ctx, n); err != nil {
			return nil, err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.live++
	return &wire{id: n}, nil
}

func (s *server) close(w *wire) error {
	if s.onClose != nil {
		s.onClose(w)
	}
	if w.closed.Swap(true) {
		panic("a connection was closed twice")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.live--
	return nil
}

func (s *server) peek(w *wire) error {
	if w.dead.Load() {
		return errDown
	}
	return nil
}

func (s *server) ping(ctx context.Context, w *wire) error {
	s.mu.Lock()
	s.pings++
	s.mu.Unlock()
	if s.onPing != nil {
		return s.onPing(ctx, w)
	}
	return s.peek(w)
}

func (s *server) dials() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.dialed
}

func (s *server) alive() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.live
}

func (s *server) pinged() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.pings
}

func classify(err error) DialVerdict {
	switch {
	case errors.Is(err, errRefused):
		return LoginRefused
	case errors.Is(err, errTooMany):
		return TooMany
	case errors.Is(err, errDown):
		return Unavailable
	}
	return Fail
}

// open returns a pool over s that is closed with the test; change edits its
// configuration.
func open(t testing.TB, s *server, change func(c *Config[*wire])) *Pool[*wire] {
	t.Helper()
	c := Config[*wire]{Dial: s.dial, Close: s.close, Peek: s.peek, Ping: s.ping, Classify: classify, MaxIdle: -1, CloseTimeout: 5 * time.Second}
	if change != nil {
		change(&c)
	}
	p := New(c)
	t.Cleanup(func() {
		if err := p.Close(context.Background()); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return p
}

// borrow acquires or fails the test.
func borrow(t testing.TB, p *Pool[*wire]) *Conn[*wire] {
	t.Helper()
	c, err := p.Acquire(context.Background(), nil)
	if err != nil {
		t.Fatalf("acquire: %v", err)
	}
	return c
}

// bubble runs a test in a bubble of its own time.
func bubble(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, f)
}

// outcome is what an Acquire in another goroutine returned, and when.
type outcome struct {
	c    *Conn[*wire]
	err  error
	took time.Duration
}

// ask acquires in a goroutine that ends with the Acquire.
func ask(ctx context.Context, p *Pool[*wire]) <-chan outcome {
	got := make(chan outcome, 1)
	go func() {
		began := time.Now()
		c, err := p.Acquire(ctx, nil)
		got <- outcome{c, err, time.Since(began)}
	}()
	return got
}

// pass lets time pass in a bubble.
func pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

func within(t *testing.T, what string, got, low, high time.Duration) {
	t.Helper()
	if got < low || got > high {
		t.Errorf("%s took %v, want %v to %v", what, got, low, high)
	}
}
