// This file begins and ends transactions and leases, and answers pings.

package gateway

import (
	"context"
	"database/sql/driver"
	"errors"
	"time"

	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

// begin begins a transaction. Its context lasts until the transaction ends, for
// drivers that end the one with the other.
func (s *session) begin(c *call, m *wire.Begin) error {
	if s.lease.tx != nil {
		return refused{wire.ErrorProtocol, "there is a transaction already"}
	}
	if err := s.start(c, 0); err != nil {
		return err
	}
	defer s.in.end()
	if m.TimeoutMS > 0 {
		limit := time.AfterFunc(time.Duration(m.TimeoutMS)*time.Millisecond, func() { c.cancel(context.DeadlineExceeded) })
		defer limit.Stop()
	}
	if err := s.admitWork(c); err != nil {
		c.cancel(nil)
		return err
	}
	tx, err := s.beginTx(c.ctx, s.lease.beginning(driver.TxOptions{Isolation: m.Isolation, ReadOnly: m.ReadOnly}))
	if err == nil && c.ctx.Err() != nil {
		err = context.Cause(c.ctx)
		if tx.Rollback() != nil { // the end of its time came with it
			s.lease.drop() // nobody knows what is open there
		}
	}
	if err != nil {
		s.lease.conclude(err)
		c.cancel(context.Cause(c.ctx))
		return err
	}
	s.lease.tx, s.lease.end, s.lease.failed, s.lease.gone, s.lease.over = tx, c.cancel, false, false, false
	return s.answer(c, &wire.End{})
}

func (s *session) beginTx(ctx context.Context, o driver.TxOptions) (tx driver.Tx, err error) {
	err = s.lease.again(ctx, func(conn driver.Conn) error {
		b, ok := conn.(driver.ConnBeginTx)
		if !ok {
			return errNoContext
		}
		tx, err = b.BeginTx(ctx, o)
		return err
	})
	return tx, err
}

// finishTx commits or rolls back. Nothing cancels that: its outcome would be
// unknown.
func (s *session) finishTx(c *call, t wire.Type) error {
	l := &s.lease
	if l.tx == nil {
		return refused{wire.ErrorProtocol, "there is no transaction"}
	}
	s.in.begin(c.id, 0, nil)
	defer s.in.end()
	c.sent = true
	err := l.finishTx(t)
	if c.done = err == nil; !c.done {
		return err
	}
	return s.answer(c, &wire.End{})
}

// finishTx ends the transaction; it is over whatever the answer is.
func (l *lease) finishTx(t wire.Type) (err error) {
	gone := l.gone
	if t == wire.TypeCommit {
		err = l.tx.Commit()
	} else {
		err = l.tx.Rollback()
	}
	if err != nil && l.steps && l.pin == "" {
		l.pin = txWords // nobody knows what is open now
	}
	l.tx, l.failed, l.gone, l.over, l.steps, l.ended = nil, false, false, false, false, false
	l.end(nil)
	l.end = nil
	if err != nil && t == wire.TypeRollback {
		l.drop() // nobody knows what is open there
		if gone {
			return nil // it went with its connection, and so did what it did
		}
		return err
	}
	l.conclude(err)
	return err
}

// reset ends what the session keeps: a transaction is rolled back, and a
// connection whose state is not known goes to nobody else.
func (s *session) reset(c *call, _ *wire.Empty) error {
	l := &s.lease
	s.in.begin(c.id, 0, nil)
	defer s.in.end()
	if l.tx != nil {
		_ = l.finishTx(wire.TypeRollback)
	}
	if l.pin != "" {
		l.drop()
	}
	l.release()
	return s.answer(c, &wire.End{})
}

// ping answers, and asks the database where that is asked for.
func (s *session) ping(c *call, m *wire.Ping) error {
	if m.DB {
		if err := s.start(c, m.TimeoutMS); err != nil {
			return err
		}
		defer s.finish(c)
		if err := s.admit(c); err != nil {
			return err
		}
		err := s.lease.again(c.ctx, func(conn driver.Conn) error {
			p, ok := conn.(driver.Pinger)
			if !ok {
				return errors.New("the database's connections cannot be asked")
			}
			return p.Ping(c.ctx)
		})
		s.lease.conclude(err)
		if err != nil {
			return err
		}
	}
	s.out.add(wire.TypePong, c.id, &wire.Empty{})
	return nil
}
