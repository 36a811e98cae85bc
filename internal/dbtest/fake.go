// This file is a fake driver that records what reaches it and can be shaped like godror or like a driver with the mandatory methods only.

package dbtest

import (
	"context"
	"database/sql/driver"
	"fmt"
	"slices"
	"sync"
)

// Shape is the set of optional interfaces that a fake connection offers.
type Shape int

// The shapes.
const (
	// Full offers every optional interface.
	Full Shape = iota
	// Mandatory offers only what driver.Conn and driver.Stmt demand.
	Mandatory
	// Godror offers what godror's connections do: contexts everywhere, but no
	// Execer, no Queryer and no checker on the connection; its statements
	// check and convert, and count one placeholder.
	Godror
)

// Fake is a driver and a connector. Its fields may be set before use; the
// hooks may be called from many goroutines. The zero value works.
type Fake struct {
	// Shape is the interfaces offered.
	Shape Shape
	// OnConnect is asked before each connection is made; nil means yes.
	OnConnect func(ctx context.Context, n int) error
	// OnCall is asked before each call on a connection, with the connection's
	// number and the call as it stands in Log; nil means yes.
	OnCall func(ctx context.Context, conn int, call string) error
	// OnRow is asked before each row; nil means one row and the end.
	OnRow func(conn, row int) error
	// OnValid answers IsValid; nil means valid.
	OnValid func(conn int) bool

	mu    sync.Mutex // protects the fields below; no hook runs under it
	log   []string
	conns int
	live  int
}

// Connect makes a connection, numbered from 1.
func (f *Fake) Connect(ctx context.Context) (driver.Conn, error) {
	f.mu.Lock()
	f.conns++
	n := f.conns
	f.mu.Unlock()
	if f.OnConnect != nil {
		if err := f.OnConnect(ctx, n); err != nil {
			return nil, err
		}
	}
	f.record(n, "connect")
	f.mu.Lock()
	f.live++
	f.mu.Unlock()
	base := &fakeConn{f: f, n: n}
	switch f.Shape {
	case Mandatory:
		return base, nil
	case Godror:
		return &godrorConn{base}, nil
	}
	return &fullConn{godrorConn{base}}, nil
}

// Driver returns f.
func (f *Fake) Driver() driver.Driver { return f }

// Open makes a connection whatever the name is.
func (f *Fake) Open(string) (driver.Conn, error) { return f.Connect(context.Background()) }

// Log returns what reached the driver so far, each entry "connection call".
func (f *Fake) Log() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.log)
}

// ClearLog forgets the log.
func (f *Fake) ClearLog() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.log = nil
}

// Dials returns how many connections were asked for.
func (f *Fake) Dials() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.conns
}

// Live returns how many connections are open.
func (f *Fake) Live() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.live
}

func (f *Fake) record(conn int, call string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.log = append(f.log, fmt.Sprintf("%d %s", conn, call))
}

func (f *Fake) call(ctx context.Context, conn int, call string) error {
	f.record(conn, call)
	if f.OnCall != nil {
		return f.OnCall(ctx, conn, call)
	}
	return nil
}

func (f *Fake) closed(conn int) {
	f.record(conn, "close")
	f.mu.Lock()
	defer f.mu.Unlock()
	f.live--
}
