// This file puts two gateways before the order database and lets services reach it that have no driver of it.

package demo

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	mathrand "math/rand/v2"
	"net"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/netdriver"
	"github.com/fluxor-db/fluxor/netdriver/gateway"
)

// What the act is made of.
const (
	services, perService = 3, 6       // programs, and connections of each
	serviceUser          = "orders"   // at the gateway
	firstRemoteOrder     = 10_000_000 // beyond the numbers of the other acts
)

// served is what came of the services' work.
type served struct {
	sessions, conns int  // at the gateways together, and at the database
	acknowledged    int  // orders whose commit was answered
	stored          int  // of them in the table, with their lines
	failed          int  // calls that heard an error
	drained         bool // a gateway was, meanwhile, and ended by itself
	bareSees, sees  string
	remote          *netdriver.Error // of the order that exists already
}

// heard counts what the services' calls returned.
type heard struct{ acknowledged, failed atomic.Int64 }

// note counts a failure, and reports whether there was none.
func (h *heard) note(err error) bool {
	if err != nil {
		h.failed.Add(1)
	}
	return err == nil
}

func (s *stage) service(ctx context.Context) (err error) {
	c, err := fluxor.FromDB(s.fluxor.db)
	if err != nil {
		return err
	}
	gateways, address, err := startGateways(c, 2)
	defer func() { err = errors.Join(err, closeGateways(gateways)) }()
	if err != nil {
		return err
	}
	defer s.watch.serve(gateways)()
	shown := address
	shown.User = url.User(serviceUser)
	s.screen.Say("Two gateways before the order database, %s. %d services of %d connections each reach it with sql.Open(%q, %q): no driver of the database, no password of its, one line changed. While they work, one gateway is drained.",
		address.Host, services, perService, netdriver.Name, shown.String())
	var r served
	if err := s.serve(ctx, &r, c, gateways, address); err != nil {
		return err
	}
	s.tellService(r)
	return nil
}

// startGateways serves the connector at so many addresses of this machine, which
// the DSN names. What it returns has to be closed, also beside an error.
func startGateways(c *fluxor.Connector, count int) (gateways []*gateway.Server, dsn url.URL, err error) {
	var secret [16]byte
	_, _ = rand.Read(secret[:]) // it never fails
	token := fmt.Sprintf("%x", secret)
	var addresses []string
	for range count {
		g, err := gateway.New(gateway.Config{
			Databases: map[string]gateway.Database{"orders": c},
			Users:     []gateway.User{{Name: serviceUser, Tokens: []gateway.Token{gateway.HashToken(token)}}},
			Logger:    slog.New(slog.DiscardHandler),
		})
		if err != nil {
			return gateways, dsn, err
		}
		gateways = append(gateways, g)
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return gateways, dsn, err
		}
		go func() { _ = g.Serve(l) }() // until Close
		addresses = append(addresses, l.Addr().String())
	}
	return gateways, url.URL{Scheme: "tcp", User: url.UserPassword(serviceUser, token), Host: strings.Join(addresses, ","), Path: "/orders"}, nil
}

func closeGateways(gateways []*gateway.Server) (err error) {
	for _, g := range gateways {
		err = errors.Join(err, g.Close())
	}
	return err
}

// serve lets the services work, drains a gateway when half is done, and looks at
// what is stored through the bare driver.
func (s *stage) serve(ctx context.Context, r *served, c *fluxor.Connector, gateways []*gateway.Server, dsn url.URL) error {
	half := make(chan struct{})
	drained := make(chan error, 1)
	go func() {
		select {
		case <-half:
			r.sessions = gateways[0].Sessions() + gateways[1].Sessions()
			r.conns = c.Stats().OpenConnections
			drained <- gateways[0].Shutdown(ctx)
		case <-ctx.Done():
			drained <- ctx.Err()
		}
	}()
	dbs, err := openServices(dsn)
	defer closeServices(dbs)
	if err != nil {
		return err
	}
	var h heard
	s.workRemotely(ctx, &h, dbs, half)
	r.acknowledged, r.failed = int(h.acknowledged.Load()), int(h.failed.Load())
	if err := <-drained; err != nil {
		return err
	}
	r.drained = true
	if err := s.orderTwice(ctx, r, dbs[0]); err != nil {
		return err
	}
	return s.countRemote(ctx, r)
}

// openServices is a pool of connections for each service. What it returns has to be
// closed, also beside an error.
func openServices(dsn url.URL) (dbs []*sql.DB, err error) {
	for i := range services {
		dsn.RawQuery = fmt.Sprintf("app=service-%d", i+1)
		db, err := sql.Open(netdriver.Name, dsn.String())
		if err != nil {
			return dbs, err
		}
		db.SetMaxOpenConns(perService)
		db.SetMaxIdleConns(perService)
		dbs = append(dbs, db)
	}
	return dbs, nil
}

func closeServices(dbs []*sql.DB) {
	for _, db := range dbs {
		_ = db.Close()
	}
}

// workRemotely has each service read and order on all its connections at once,
// and closes half when every worker has done half of its part.
func (s *stage) workRemotely(ctx context.Context, h *heard, dbs []*sql.DB, half chan<- struct{}) {
	var working, halfway sync.WaitGroup
	halfway.Add(len(dbs) * perService)
	for i := range len(dbs) * perService {
		sd := &side{shop: &shop{label: "service", db: dbs[i%len(dbs)]}, size: s.size}
		working.Go(func() { sd.remote(ctx, h, i, halfway.Done) })
	}
	halfway.Wait()
	close(half)
	working.Wait()
}

// remote does one worker's part: it reads, and orders every second time.
func (sd *side) remote(ctx context.Context, h *heard, worker int, atHalf func()) {
	random := mathrand.New(mathrand.NewPCG(seed, uint64(worker))) //nolint:gosec // which rows are asked for is no secret
	id := firstRemoteOrder + worker*sd.size.perTurn
	for i := range sd.size.perTurn {
		if i == sd.size.perTurn/2 {
			atHalf()
		}
		if i%2 == 0 {
			h.note(sd.read(ctx, random))
			continue
		}
		if h.note(sd.order(ctx, random, id+i)) {
			h.acknowledged.Add(1)
		}
	}
}

// orderTwice gives out a number that exists, directly and through the gateway
// that is left: the database refuses both.
func (s *stage) orderTwice(ctx context.Context, r *served, db *sql.DB) error {
	const order = "INSERT INTO orders (id, customer) SELECT min(id), 0 FROM orders"
	_, bare := s.bare.db.ExecContext(ctx, order)
	_, err := db.ExecContext(ctx, order)
	if err == nil || bare == nil {
		return fmt.Errorf("an order was stored twice: directly %v, through the gateway %v", bare, err)
	}
	r.bareSees, r.sees = bare.Error(), err.Error()
	errors.As(err, &r.remote)
	return ctx.Err()
}

// countRemote counts the services' orders that are stored, with the bare driver.
func (s *stage) countRemote(ctx context.Context, r *served) error {
	db, err := sql.Open("sqlite", s.fluxor.dsn)
	if err != nil {
		return err
	}
	defer db.Close() //nolint:errcheck // it was only read
	return db.QueryRowContext(ctx, "SELECT count(DISTINCT order_id) FROM order_lines WHERE order_id >= ?", firstRemoteOrder).Scan(&r.stored)
}

func (s *stage) tellService(r served) {
	s.claim(Finding{
		ID: "gateway_conns", What: fmt.Sprintf("connections to the database for %d of clients", services*perService), Unit: "connections",
		Bare: services * perService, Fluxor: float64(r.conns), Held: r.sessions == services*perService && r.conns <= s.size.conns,
		Claim:    fmt.Sprintf("%d connections of clients share %d to the database.", r.sessions, r.conns),
		bareText: fmt.Sprintf("%d, one each", services*perService),
	})
	s.claim(Finding{
		ID: "gateway_rows", What: "orders of the services that are stored", Unit: "orders",
		Bare: float64(r.acknowledged), Fluxor: float64(r.stored), Held: r.acknowledged > 0 && r.stored == r.acknowledged,
		Claim: "Each order that a service heard was stored is stored, and no other.",
	})
	s.claim(Finding{
		ID: "gateway_drain", What: "errors that services heard of a gateway's drain", Unit: "errors",
		Bare: 0, Fluxor: float64(r.failed), Held: r.drained && r.failed == 0,
		Claim:    "A gateway is drained under load, and no service hears of it.",
		bareText: "no gateway",
	})
	s.claim(Finding{
		ID: "gateway_error", What: "an error of the database's has the driver's words", Unit: "errors",
		Bare: 1, Fluxor: boolean(r.sees == r.bareSees), Held: r.sees == r.bareSees && r.remote != nil && r.remote.Applied == netdriver.AppliedNo && r.remote.Dialect == "sqlite",
		Claim:      "A service hears what the driver says, with its code, and that nothing took effect.",
		CallerSees: r.sees,
	})
}

func boolean(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
