// This file lets the server cut idle connections and looks what the next statements do.

package demo

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fluxor-db/fluxor/cmd/fluxor/internal/legacy"
)

// idleConns is how many connections are open when the server cuts them.
const idleConns = 4

// arrival is the time that the end of a connection is given to travel. On a
// real network the cut lies minutes back.
const arrival = 100 * time.Millisecond

// afterCut is what the statements after the cut met with.
type afterCut struct {
	failed int   // calls that returned an error
	lost   int64 // statements sent into a dead connection
	rows   int   // stored
}

func (s *stage) idleCut(ctx context.Context) (err error) {
	s.screen.Say("The server ends %d idle connections, as a restart or a firewall does. Then come %d INSERTs.", idleConns, s.size.statements)
	server, err := legacy.Start(s.dsn("idle"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Close()) }()
	inner := legacy.NewConnector(server.Addr())
	db := sql.OpenDB(inner)
	db.SetMaxOpenConns(idleConns)
	db.SetMaxIdleConns(idleConns)
	bare, err := s.cutIdle(ctx, server, db, inner, "rows_bare")
	if err != nil {
		return err
	}
	inner = legacy.NewConnector(server.Addr())
	if db, err = throughWrap(inner); err != nil {
		return err
	}
	got, err := s.cutIdle(ctx, server, db, inner, "rows_fluxor")
	if err != nil {
		return err
	}
	s.tellIdle(bare, got)
	return nil
}

func (s *stage) tellIdle(bare, got afterCut) {
	n := s.size.statements
	s.screen.Say("database/sql sent %d of them into a dead connection and repeated them unasked. Fluxor looks at the socket first: %d.", bare.lost, got.lost)
	s.claim(Finding{
		ID: "idle_cut", What: fmt.Sprintf("%d idle connections cut, then %d INSERTs: errors", idleConns, n), Unit: "errors",
		Bare: float64(bare.failed), Fluxor: float64(got.failed), Held: got.failed == 0 && got.rows == n,
		Claim: "No statement fails after idle connections were cut, and every row is stored once.",
	})
	s.claim(Finding{
		ID: "idle_sent", What: "INSERTs sent into a dead connection", Unit: "statements",
		Bare: float64(bare.lost), Fluxor: float64(got.lost), Held: got.lost == 0,
		Claim: "Fluxor sends none into a dead connection.",
	})
}

// cutIdle opens idle connections, has the server end them, and runs the
// statements. It closes db.
func (s *stage) cutIdle(ctx context.Context, server *legacy.Server, db *sql.DB, inner *legacy.Connector, table string) (r afterCut, err error) {
	defer func() { err = errors.Join(err, db.Close()) }()
	if _, err := db.ExecContext(ctx, "CREATE TABLE "+table+" (number INTEGER NOT NULL)"); err != nil {
		return r, err
	}
	if err := openIdle(ctx, db, idleConns); err != nil {
		return r, err
	}
	server.CutAll()
	select {
	case <-ctx.Done():
		return r, ctx.Err()
	case <-time.After(arrival):
	}
	var failed atomic.Int64
	var wg sync.WaitGroup
	for w := range idleConns {
		wg.Go(func() {
			for i := w; i < s.size.statements; i += idleConns {
				if _, err := db.ExecContext(ctx, "INSERT INTO "+table+" (number) VALUES (?)", i); err != nil {
					failed.Add(1)
				}
			}
		})
	}
	wg.Wait()
	r.failed, r.lost = int(failed.Load()), inner.Lost()
	err = db.QueryRowContext(ctx, "SELECT count(*) FROM "+table).Scan(&r.rows)
	return r, err
}

// openIdle uses n connections at once and gives them back.
func openIdle(ctx context.Context, db *sql.DB, n int) error {
	var errs []error
	for range n {
		c, err := db.Conn(ctx)
		if err != nil {
			return err
		}
		defer c.Close() //nolint:errcheck // it goes back to the pool
		errs = append(errs, c.PingContext(ctx))
	}
	return errors.Join(errs...)
}
