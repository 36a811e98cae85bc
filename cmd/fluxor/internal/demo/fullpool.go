// This file runs a query inside the rows of another on a pool of one connection and shows what the caller is told.

package demo

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/fluxor-db/fluxor"
)

// nestedLimit is how long each side may wait: as a context's deadline for
// database/sql, which has no limit of its own, as an option for Fluxor.
const nestedLimit = 300 * time.Millisecond

func (s *stage) fullPool(ctx context.Context) error {
	s.screen.Say("A query inside the loop over another query's rows, where there is one connection: the inner one waits for the outer one, which waits for the inner one.")
	bare, err := openShop("", "sqlite", s.bare.dsn, "")
	if err != nil {
		return err
	}
	defer bare.db.Close() //nolint:errcheck // it was only read
	bare.db.SetMaxOpenConns(1)
	limited, cancel := context.WithTimeout(ctx, nestedLimit)
	defer cancel()
	bareTook, bareErr := nested(limited, bare.db)

	wrapped, err := openShop("", "fluxor", s.fluxor.dsn, fmt.Sprintf("&fluxor_max_open_conns=1&fluxor_acquire_timeout=%s", nestedLimit))
	if err != nil {
		return err
	}
	defer wrapped.db.Close() //nolint:errcheck // it was only read
	took, got := nested(ctx, wrapped.db)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if bareErr == nil || got == nil {
		return errors.New("the inner query did not have to wait, so nothing is shown")
	}
	s.tellFullPool(bareErr, bareTook, got, took)
	return nil
}

func (s *stage) tellFullPool(bareErr error, bareTook time.Duration, got error, took time.Duration) {
	s.screen.Say("database/sql waits for ever; here a context with a deadline ended that after %.1f s:", bareTook.Seconds())
	s.screen.Quote(bareErr.Error())
	s.screen.Say("Fluxor, with fluxor_acquire_timeout=%s and no deadline, after %.1f s:", nestedLimit, took.Seconds())
	s.screen.Quote(got.Error())
	s.claim(Finding{
		ID: "full_pool", What: "full pool, nested query: errors that name the cause", Unit: "errors",
		Bare: namesCause(bareErr), Fluxor: namesCause(got), Held: namesCause(got) == 1 && took < patience,
		Claim:    "Without a deadline the caller gets an error in time that says what holds the connection.",
		bareText: "0, it hangs", fluxorText: fmt.Sprintf("%.0f, after %.1f s", namesCause(got), took.Seconds()), CallerSees: got.Error(),
	})
}

// namesCause counts 1 for an error from which a program and a person can tell
// that the pool is full.
func namesCause(err error) float64 {
	if errors.Is(err, fluxor.ErrAcquireTimeout) && strings.Contains(err.Error(), "connection") {
		return 1
	}
	return 0
}

// nested returns how long the inner query took, and what it says.
func nested(ctx context.Context, db *sql.DB) (time.Duration, error) {
	outer, err := db.QueryContext(ctx, "SELECT id FROM customers ORDER BY id LIMIT 2")
	if err != nil {
		return 0, err
	}
	defer outer.Close() //nolint:errcheck // the inner query is what counts
	for outer.Next() {
		var customer, orders int
		if err := outer.Scan(&customer); err != nil {
			return 0, err
		}
		began := time.Now()
		if err := db.QueryRowContext(ctx, "SELECT count(*) FROM orders WHERE customer = ?", customer).Scan(&orders); err != nil {
			return time.Since(began), err
		}
	}
	return 0, outer.Err()
}
