// This file asks the same question over and over, as a text to the bare driver and to Fluxor's statement cache, and of a statement prepared by hand.

package demo

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"github.com/fluxor-db/fluxor/cmd/fluxor/internal/term"
)

// question is what an order's page in a shop shows. To prepare it takes SQLite
// longer than to answer it.
const question = `SELECT c.name, c.region, count(*), sum(l.quantity * p.price),
		(SELECT count(*) FROM orders e WHERE e.customer = o.customer AND e.id < o.id),
		(SELECT d.name FROM order_lines m JOIN products d ON d.id = m.product WHERE m.order_id = o.id ORDER BY d.price DESC, d.id LIMIT 1)
	FROM orders o JOIN customers c ON c.id = o.customer
	JOIN order_lines l ON l.order_id = o.id JOIN products p ON p.id = l.product
	WHERE o.id = ? GROUP BY o.id`

// bill is the answer.
type bill struct {
	name, region  string
	lines, total  int64
	earlierOrders int64
	dearest       string
}

// asker is one way to ask.
type asker struct {
	label   string
	ask     func(ctx context.Context, order int) *sql.Row
	done    int
	took    []float64 // microseconds a question, turn by turn
	answers []bill
}

// prepared lets three ways of asking take turns: the bare driver, Fluxor with
// its statement cache, and the bare driver with a statement prepared by hand.
func (s *stage) prepared(ctx context.Context) error {
	s.screen.Say("One query with an argument, a join of all four tables, for %s orders; each side has one connection, and they take turns. SQLite's driver prepares the text for each run. With fluxor_stmt_cache_size=100 Fluxor keeps it prepared; a program can do so itself, with db.Prepare.",
		comma(s.size.asks*s.size.askTurns))
	bare, err := openShop("", "sqlite", s.bare.dsn, "")
	if err != nil {
		return err
	}
	defer bare.db.Close() //nolint:errcheck // it was only read
	wrapped, err := openShop("", "fluxor", s.fluxor.dsn, "&fluxor_max_open_conns=1&fluxor_stmt_cache_size=100")
	if err != nil {
		return err
	}
	defer wrapped.db.Close() //nolint:errcheck // it was only read
	bare.db.SetMaxOpenConns(1)
	byHand, err := bare.db.PrepareContext(ctx, question)
	if err != nil {
		return err
	}
	defer byHand.Close() //nolint:errcheck // it was only read
	askers := []*asker{
		{label: s.bare.label, ask: asText(bare.db)},
		{label: s.fluxor.label, ask: asText(wrapped.db)},
		{label: "by hand", ask: func(ctx context.Context, order int) *sql.Row { return byHand.QueryRowContext(ctx, order) }},
	}
	orders, err := numbers(ctx, bare.db)
	if err != nil {
		return err
	}
	if err := s.askInTurns(ctx, askers, orders); err != nil {
		return err
	}
	s.tellPrepared(askers[0], askers[1], askers[2])
	return nil
}

// asText sends the question as a text.
func asText(db *sql.DB) func(context.Context, int) *sql.Row {
	return func(ctx context.Context, order int) *sql.Row { return db.QueryRowContext(ctx, question, order) }
}

// numbers are those of the orders in the shop.
func numbers(ctx context.Context, db *sql.DB) (orders []int, err error) {
	rows, err := db.QueryContext(ctx, "SELECT id FROM orders ORDER BY id")
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // Err below says it
	for rows.Next() {
		var order int
		if err := rows.Scan(&order); err != nil {
			return nil, err
		}
		orders = append(orders, order)
	}
	return orders, rows.Err()
}

// askInTurns lets each asker ask for the same orders. Before the first turn
// each asks twice: connections open, and a text that comes once is not kept.
func (s *stage) askInTurns(ctx context.Context, askers []*asker, orders []int) error {
	for _, a := range askers {
		if err := a.turn(ctx, []int{orders[0], orders[0]}); err != nil {
			return err
		}
		a.done, a.took = 0, nil
	}
	began := time.Now()
	for turn := 0; turn < s.size.askTurns && time.Since(began) < workLimit; turn++ {
		part := make([]int, s.size.asks)
		for i := range part {
			part[i] = orders[(turn*len(part)+i)%len(orders)]
		}
		for i := range askers {
			if err := askers[(turn+i)%len(askers)].turn(ctx, part); err != nil {
				return err
			}
		}
		s.drawAskers(askers)
	}
	s.screen.Settle()
	return nil
}

func (s *stage) drawAskers(askers []*asker) {
	bars := make([]term.Bar, len(askers))
	for i, a := range askers {
		bars[i] = term.Bar{Label: a.label, Done: a.done, Total: s.size.askTurns * s.size.asks, Note: fmt.Sprintf("%.0f µs a query", a.median())}
	}
	s.screen.Draw(bars...)
}

// turn asks for some orders.
func (a *asker) turn(ctx context.Context, orders []int) error {
	began := time.Now()
	for _, order := range orders {
		var b bill
		if err := a.ask(ctx, order).Scan(&b.name, &b.region, &b.lines, &b.total, &b.earlierOrders, &b.dearest); err != nil {
			return fmt.Errorf("%s: order %d: %w", a.label, order, err)
		}
		a.answers = append(a.answers, b)
	}
	a.took = append(a.took, float64(time.Since(began).Nanoseconds())/1000/float64(len(orders)))
	a.done += len(orders)
	return nil
}

// median is that of the turns.
func (a *asker) median() float64 {
	if len(a.took) == 0 {
		return 0
	}
	return slices.Sorted(slices.Values(a.took))[len(a.took)/2]
}

func (s *stage) tellPrepared(bare, wrapped, byHand *asker) {
	took, kept := bare.median(), wrapped.median()
	s.screen.Say("A query takes %.0f µs with database/sql and %.0f µs through Fluxor; %.0f µs where the program prepares by hand.", took, kept, byHand.median())
	s.claim(Finding{
		ID: "statement_answers", What: "answers to one query, repeated with other arguments", Unit: "answers",
		Bare: float64(len(bare.answers)), Fluxor: float64(len(wrapped.answers)),
		Held:  len(bare.answers) > 0 && slices.Equal(wrapped.answers, bare.answers) && slices.Equal(byHand.answers, bare.answers),
		Claim: "Statements that are kept prepared give the same answers.",
	})
	s.claim(Finding{
		ID: "statement_time", What: "microseconds a query, median of the turns", Unit: "microseconds",
		Bare: took, Fluxor: kept, Held: kept > 0 && kept < took,
		Claim:    "With the statement cache a repeated query takes less time than over the bare driver.",
		bareText: fmt.Sprintf("%.0f", took), fluxorText: fmt.Sprintf("%.0f (%.2fx)", kept, kept/max(took, 1e-9)),
	})
}
