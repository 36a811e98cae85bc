// This file reaches a host at one of the addresses of its name, and notices machines that vanish.

package netdriver

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/fluxor-db/fluxor/internal/netshim"
)

const (
	// aliveAfter and askEvery are when the kernel asks a silent gateway, askTries how
	// often in vain.
	aliveAfter, askEvery, askTries = 15 * time.Second, 15 * time.Second, 9
	// unheardFor is how long what was sent may stay without an acknowledgement: a
	// gateway whose machine vanished is noticed as soon where a request is under way,
	// which hinders the questions, as where none is.
	unheardFor = aliveAfter + askTries*askEvery
)

// Of the addresses that are shunned so many are remembered, each for so long: a gateway
// that is well again gets its share of the connections.
const (
	mostShunned = 64
	shunnedFor  = time.Minute
)

// errShunned is of a name all of whose addresses were tried.
var errShunned = errors.New("the address did not let us in before")

// shunned are the addresses of names that were reached and did not let us in, and
// when. A dialer goes to the next address of a name where one refuses, and not where
// a frozen gateway says nothing.
type shunned struct {
	mu  sync.Mutex // protects all; nothing else is done under it
	all map[string]time.Time
}

func (s *shunned) has(address string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	since, is := s.all[address]
	return is && time.Since(since) < shunnedFor
}

// some says whether there are any.
func (s *shunned) some() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, since := range s.all {
		if time.Since(since) < shunnedFor {
			return true
		}
	}
	return false
}

func (s *shunned) add(address string) {
	if s.has(address) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all == nil || len(s.all) >= mostShunned {
		s.all = map[string]time.Time{}
	}
	s.all[address] = time.Now()
}

func (s *shunned) remove(addresses ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, address := range addresses {
		delete(s.all, address)
	}
}

// named says whether a host may have several addresses of which we choose.
func (c *Connector) named(host string) bool {
	name, _, _ := net.SplitHostPort(host)
	_, err := netip.ParseAddr(name)
	return err != nil && c.cfg.Dial == nil
}

// reach is the dial function for one host. It passes over the addresses of its name that
// were tried, and takes another one that is not shunned first: there is time then for
// those that are, which may be well again. All of them have another chance where they
// are needed: one that is still at fault is shunned anew, and the next caller finds the
// others.
func (c *Connector) reach(host string, tried []string) netshim.DialFunc {
	if c.cfg.Dial != nil {
		return c.cfg.Dial
	}
	if !c.named(host) {
		return c.attentive(nil).DialContext
	}
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		first, cancel := ctx, context.CancelFunc(func() {})
		if c.shunned.some() {
			deadline, _ := ctx.Deadline() // its share's
			first, cancel = context.WithTimeout(ctx, time.Until(deadline)/2)
		}
		defer cancel()
		passed := &shunning{of: &c.shunned, tried: tried}
		nc, err := c.attentive(passed).DialContext(first, network, addr)
		if err == nil || ctx.Err() != nil {
			return nc, err
		}
		again := passed.untried()
		if len(again) > 0 || first.Err() != nil {
			nc, err = c.attentive(&shunning{of: &shunned{}, tried: tried}).DialContext(ctx, network, addr)
		}
		switch {
		case err == nil: // what was reached may still be at fault
			c.shunned.remove(slices.DeleteFunc(again, func(a string) bool { return a == nc.RemoteAddr().String() })...)
		case len(tried) > 0:
			err = errShunned
		}
		return nc, err
	}
}

// shunning passes over addresses that are shunned or were tried, and notes which.
type shunning struct {
	of    *shunned
	tried []string
	mu    sync.Mutex // protects seen: a dialer may try two addresses at once
	seen  []string
}

func (s *shunning) check(address string) error {
	if s == nil || !s.of.has(address) && !slices.Contains(s.tried, address) {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen = append(s.seen, address)
	return errShunned
}

// untried are those of them that were not tried.
func (s *shunning) untried() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(s.seen), func(a string) bool { return slices.Contains(s.tried, a) })
}

// attentive is a dialer that passes over addresses, and has the kernel ask whether
// the gateway is still there. A process that is frozen is: only the caller's time ends
// a wait for that.
func (c *Connector) attentive(over *shunning) *net.Dialer {
	return &net.Dialer{
		Resolver:        c.resolver,
		KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: aliveAfter, Interval: askEvery, Count: askTries},
		Control: func(_, address string, raw syscall.RawConn) error {
			if err := over.check(address); err != nil {
				return err
			}
			bounded(raw, unheardFor)
			return nil
		},
	}
}
