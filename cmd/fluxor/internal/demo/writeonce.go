// This file loses the answers to some writes and counts what was stored.

package demo

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/cmd/fluxor/internal/legacy"
)

// stored is what came of sending orders to a server that loses answers.
type stored struct {
	lost     int // answers
	rows     int // in the table
	distinct int // orders in the table
	failed   int // calls that returned an error
	unknown  int // of them *fluxor.IndeterminateError
	sees     error
}

func (s *stage) writeOnce(ctx context.Context) (err error) {
	n := s.size.orders
	s.screen.Say("An old database server behind a socket; its driver, like lib/pq, reports a lost answer as driver.ErrBadConn. %d orders are sent. Of every %dth the server stores the row and then ends the connection in place of an answer.",
		n, s.size.lostOf)
	server, err := legacy.Start(s.dsn("legacy"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Close()) }()
	bare, err := s.sendOrders(ctx, server, sql.OpenDB(legacy.NewConnector(server.Addr())), "orders_bare")
	if err != nil {
		return err
	}
	if bare.lost == 0 || bare.rows == n {
		return errors.New("the server lost no answer that database/sql noticed, so nothing is shown")
	}
	wrapped, err := throughWrap(legacy.NewConnector(server.Addr()))
	if err != nil {
		return err
	}
	got, err := s.sendOrders(ctx, server, wrapped, "orders_fluxor")
	if err != nil {
		return err
	}
	s.tellWriteOnce(n, bare, got)
	return nil
}

// throughWrap puts Fluxor over a connector that was made by hand.
func throughWrap(inner *legacy.Connector) (*sql.DB, error) {
	return throughWrapAs(inner, fluxor.RuntimeConfig{MaxOpenConns: idleConns})
}

// throughWrapAs puts Fluxor over a connector with options, and with its log off
// unless they name one: the demo breaks connections on purpose.
func throughWrapAs(inner *legacy.Connector, cfg fluxor.RuntimeConfig) (*sql.DB, error) {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	inner.Dial = fluxor.WatchDial(inner.Dial)
	c, err := fluxor.WrapConnector(inner, cfg)
	if err != nil {
		return nil, err
	}
	return sql.OpenDB(c), nil
}

func (s *stage) tellWriteOnce(n int, bare, got stored) {
	s.screen.Say("database/sql ran each INSERT without an answer again: %d orders sent, %d rows stored, %d errors. Nobody is told.", n, bare.rows, bare.failed)
	s.screen.Say("Fluxor saw that the statement had left: %d orders sent, %d rows stored, %d errors, which say:", n, got.rows, got.failed)
	sees := ""
	if got.sees != nil {
		sees = got.sees.Error()
		s.screen.Quote(sees)
	}
	s.claim(Finding{
		ID: "write_once", What: fmt.Sprintf("%d orders, %d answers lost: rows stored", n, got.lost), Unit: "rows",
		Bare: float64(bare.rows), Fluxor: float64(got.rows), Held: got.rows == n && got.distinct == n,
		Claim: "Through Fluxor every order is stored exactly once.",
	})
	s.claim(Finding{
		ID: "write_told", What: "lost answers of which the program was told", Unit: "errors",
		Bare: float64(bare.failed), Fluxor: float64(got.failed), Held: got.unknown == got.lost && got.failed == got.lost,
		Claim:      "Each lost answer is an *fluxor.IndeterminateError, and nothing else is an error.",
		CallerSees: sees,
	})
}

// sendOrders sends orders to the server, which loses the answer to some, in
// good order and as a crash by turns. It closes db.
func (s *stage) sendOrders(ctx context.Context, server *legacy.Server, db *sql.DB, table string) (r stored, err error) {
	defer func() { err = errors.Join(err, db.Close()) }()
	if _, err := db.ExecContext(ctx, "CREATE TABLE "+table+" (row INTEGER PRIMARY KEY, number INTEGER NOT NULL, item TEXT NOT NULL)"); err != nil {
		return r, err
	}
	for number := 1; number <= s.size.orders; number++ {
		if number%s.size.lostOf == 0 {
			server.LoseAnswer([]legacy.Cut{legacy.CutFIN, legacy.CutRST}[r.lost%2])
			r.lost++
		}
		_, err := db.ExecContext(ctx, "INSERT INTO "+table+" (number, item) VALUES (?, ?)", number, fmt.Sprintf("item %d", number))
		if ctx.Err() != nil {
			return r, ctx.Err()
		}
		r.count(err)
	}
	err = db.QueryRowContext(ctx, "SELECT count(*), count(DISTINCT number) FROM "+table).Scan(&r.rows, &r.distinct)
	return r, err
}

// count notes what a call returned.
func (r *stored) count(err error) {
	if err == nil {
		return
	}
	r.failed++
	var unknown *fluxor.IndeterminateError
	if errors.As(err, &unknown) {
		r.unknown++
	}
	if r.sees == nil {
		r.sees = err
	}
}
