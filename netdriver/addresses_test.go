// This file tests how a connection is found among several gateways of which some are at fault.

package netdriver

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

// spot is what stands at an address.
type spot func(t *testing.T) (net.Conn, error)

// playing is a gateway that plays a script.
func playing(script func(*gateway)) spot {
	return func(t *testing.T) (net.Conn, error) {
		near, far := net.Pipe()
		go play(t, far, func(g *gateway) {
			_ = far.SetDeadline(time.Time{}) // the client's own patience is what counts
			script(g)
		})
		return near, nil
	}
}

// The spots. A frozen process is still connected to, and its kernel takes what is
// sent to it.
var (
	healthy  = playing(func(g *gateway) { g.enter(); g.drain() })
	frozen   = playing((*gateway).silent)
	resets   = playing(func(g *gateway) { _ = g.conn.Close() })
	draining = playing(func(g *gateway) {
		g.greet()
		g.send(wire.TypeError, 0, &wire.Error{Kind: wire.ErrorShutdown, Message: "the gateway ends", Applied: wire.AppliedNo, Conn: wire.ConnLost})
		g.drain()
	})
	refuses spot = func(*testing.T) (net.Conn, error) {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	}
	unresolved spot = func(*testing.T) (net.Conn, error) {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: "gw1.example", IsNotFound: true}}
	}
)

// street is gateways side by side, in the order of the DSN, and who was dialed.
type street struct {
	*Connector
	t      *testing.T
	spots  []spot
	dialed []int
}

func newStreet(t *testing.T, spots ...spot) *street {
	t.Helper()
	s := &street{t: t, spots: spots}
	cfg := Config{User: "app", Token: "token", Database: "erp", Auth: AuthToken}
	for i := range spots {
		cfg.Hosts = append(cfg.Hosts, fmt.Sprintf("127.0.0.1:%d", 1+i))
	}
	cfg.Dial = func(_ context.Context, _, addr string) (net.Conn, error) {
		at := slices.Index(cfg.Hosts, addr)
		s.dialed = append(s.dialed, at)
		return s.spots[at](t)
	}
	c, err := NewConnector(cfg)
	if err != nil {
		t.Fatal(err)
	}
	s.Connector = c
	return s
}

// enters connects within limit (0 is without one) and tells whom it asked, how long
// that took, and what came of it.
func (s *street) enters(limit time.Duration) (asked []int, took time.Duration, err error) {
	s.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	if limit > 0 {
		ctx, cancel = context.WithTimeout(context.Background(), limit)
	}
	defer cancel()
	s.dialed = nil
	began := time.Now()
	cn, err := s.Connect(ctx)
	took = time.Since(began)
	if err == nil {
		_ = cn.Close()
	}
	return s.dialed, took, err
}

// wants is enters, held against what is expected; ends is the error, nil for none.
func (s *street) wants(what string, limit time.Duration, asked []int, took time.Duration, ends error) {
	s.t.Helper()
	a, d, err := s.enters(limit)
	if !slices.Equal(a, asked) || d != took || !errors.Is(err, ends) {
		s.t.Errorf("%s: asked %v, in %v, %v; want %v, in %v, %v", what, a, d, err, asked, took, ends)
	}
}

func TestAFrozenGatewayCostsOneConnectionItsTimeAndTheNextOnesNothing(t *testing.T) {
	for name, row := range map[string]struct {
		limit, took time.Duration
		ends        error // of the first connection
	}{
		"without a deadline":                {0, defaultConnectTimeout, nil},
		"with a long one":                   {time.Minute, defaultConnectTimeout, nil},
		"with one for both gateways":        {4 * time.Second, 2 * time.Second, nil},
		"with one for hardly more than one": {leastShare + time.Millisecond, leastShare, nil},
		"with one that is for one alone":    {leastShare / 2, leastShare / 2, context.DeadlineExceeded},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStreet(t, frozen, healthy)
				asked := func(all ...int) []int {
					if row.ends != nil {
						return all[:1]
					}
					return all
				}
				s.wants("the first connection", row.limit, asked(0, 1), row.took, row.ends)
				for range 3 {
					s.wants("a later one", row.limit, []int{1}, 0, nil)
				}
				s.spots = []spot{healthy, frozen} // the other one froze
				s.wants("the first connection after the change", row.limit, asked(1, 0), row.took, row.ends)
				s.wants("a later one after the change", row.limit, []int{0}, 0, nil)
			})
		})
	}
}

func TestAConnectionIsFoundBehindGatewaysAtFault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStreet(t, refuses, resets, draining, unresolved, healthy, frozen)
		s.wants("the first connection", 0, []int{0, 1, 2, 3, 4}, 0, nil)
		s.wants("a later one", 0, []int{4}, 0, nil)
		s.spots[4] = refuses
		s.wants("the one after it ended too", 0, []int{4, 5, 0, 1, 2, 3}, defaultConnectTimeout, syscall.ECONNREFUSED)
		s.spots[2] = healthy
		s.wants("those that failed longest ago come first", 0, []int{4, 5, 0, 1, 2}, defaultConnectTimeout, nil)
		s.wants("and then nobody else", 0, []int{2}, 0, nil)
	})
}

func TestTheErrorOfAConnectionNamesEachGatewayAndItsFault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, _, err := newStreet(t, refuses, unresolved, draining, frozen).enters(0)
		for _, part := range []string{
			"127.0.0.1:1: dial tcp: connect: connection refused", "127.0.0.1:2: dial tcp: lookup gw1.example: no such host",
			"127.0.0.1:3: the gateway ends", "127.0.0.1:4: context deadline exceeded",
		} {
			if err == nil || !strings.Contains(err.Error(), part) {
				t.Errorf("%q is not in %v", part, err)
			}
		}
		var lookup *net.DNSError
		if !errors.As(err, &lookup) || errors.Is(err, driver.ErrBadConn) {
			t.Errorf("got %v", err)
		}
	})
}

// A caller that goes in the middle of a login leaves a doubt about that gateway,
// which one login elsewhere resolves: it is not forgotten for good.
func TestAGatewayThatACallerDidNotWaitForIsAskedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		late := playing(func(g *gateway) {
			g.greet()
			<-time.After(time.Second / 4)
			g.welcome(nil)
			g.drain()
		})
		s := newStreet(t, late, frozen)
		s.wants("one that waits", 0, []int{0}, time.Second/4, nil)
		s.wants("one that does not", time.Second/8, []int{0}, time.Second/8, context.DeadlineExceeded)
		s.wants("the other one is tried", time.Second/2, []int{1}, time.Second/2, context.DeadlineExceeded)
		s.wants("and left", time.Second/2, []int{0}, time.Second/4, nil)
		s.wants("for as long as it goes on", time.Second/2, []int{0}, time.Second/4, nil)
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if _, err := s.Connect(ctx); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		s.wants("who was gone before says nothing", time.Second/2, []int{0}, time.Second/4, nil)
	})
}
