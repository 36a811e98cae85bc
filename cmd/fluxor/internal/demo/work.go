// This file runs the same mixed workload on both databases, in turns, and compares what came of it.

package demo

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fluxor-db/fluxor/cmd/fluxor/internal/term"
)

// workLimit ends the workload on a slow machine. Both sides have then done the
// same turns.
const workLimit = 10 * time.Second

// slowest is the part of the bare driver's speed that Fluxor has to reach. It
// is meant to catch a fault, not to measure: make bench does that.
const slowest = 0.5

// side is one of the two in the comparison.
type side struct {
	*shop
	size  size
	done  int          // operations
	rates []float64    // operations per second, turn by turn
	sum   atomic.Int64 // of the prices read

	// till lets one order in at a time. SQLite has one writer anyway and lets
	// the others ask again after a sleep; that chance would be all that the
	// comparison shows. It is held while an order is stored.
	till sync.Mutex
}

// work lets both sides take turns, so that neither disturbs the other and
// whatever slows the machine down hits both.
func (s *stage) work(ctx context.Context) error {
	s.screen.Say("%d goroutines on %d connections a side: point reads, orders in transactions, a sales report. The sides take turns; what is drawn at random comes from a fixed seed.",
		s.size.workers, s.size.conns)
	bare, wrapped := &side{shop: s.bare, size: s.size}, &side{shop: s.fluxor, size: s.size}
	for turn, began := 0, time.Now(); due(turn, bare, wrapped) && time.Since(began) < workLimit; turn++ {
		if err := pair(ctx, bare, wrapped, turn); err != nil {
			return err
		}
		if turn < s.size.turns {
			s.screen.Draw(bare.bar(), wrapped.bar())
		}
	}
	s.screen.Settle()
	return s.compare(ctx, bare, wrapped)
}

// due reports whether another turn is due: beyond the planned ones where the
// speeds differ too much, since on a busy machine a few turns may all have hit
// one side.
func due(turn int, bare, wrapped *side) bool {
	planned := bare.size.turns
	return turn < planned || turn < 4*planned && !speed(bare.rate(), wrapped.rate()).Held
}

// pair runs one turn of each.
func pair(ctx context.Context, bare, wrapped *side, turn int) error {
	order := []*side{bare, wrapped}
	if turn%2 == 1 {
		slices.Reverse(order)
	}
	for _, sd := range order {
		began := time.Now()
		if err := sd.turn(ctx, turn); err != nil {
			return fmt.Errorf("%s: %w", sd.label, err)
		}
		n := sd.size.workers * sd.size.perTurn
		sd.done += n
		sd.rates = append(sd.rates, float64(n)/max(time.Since(began).Seconds(), 1e-9))
	}
	return nil
}

func (s *stage) compare(ctx context.Context, bare, wrapped *side) error {
	bareSum, bareRows, err := bare.checksum(ctx)
	if err != nil {
		return err
	}
	sum, rows, err := wrapped.checksum(ctx)
	if err != nil {
		return err
	}
	same := sum == bareSum && rows == bareRows && wrapped.sum.Load() == bare.sum.Load()
	s.claim(Finding{
		ID: "same_rows", What: fmt.Sprintf("rows after %s operations, and their checksum", comma(bare.done)), Unit: "rows",
		Bare: float64(bareRows), Fluxor: float64(rows), Held: same,
		Claim:    "Both databases hold the same rows, and the same values were read.",
		bareText: comma(bareRows) + " " + bareSum, fluxorText: comma(rows) + " " + sum,
	})
	s.claim(speed(bare.rate(), wrapped.rate()))
	return nil
}

// speed compares the two rates; what it says of their ratio follows from the
// rates that it shows.
func speed(bare, wrapped float64) Finding {
	ratio := wrapped / max(bare, 1e-9)
	return Finding{
		ID: "speed", What: "operations per second, median of the turns", Unit: "operations per second",
		Bare: bare, Fluxor: wrapped, Held: ratio >= slowest,
		Claim:      fmt.Sprintf("Through Fluxor the work runs at %.2f of the bare speed (at least %.1f here; make bench measures).", ratio, slowest),
		fluxorText: fmt.Sprintf("%s (%.2fx)", comma(int(wrapped)), ratio),
	}
}

// rate is the median of the turns' rates.
func (sd *side) rate() float64 {
	if len(sd.rates) == 0 {
		return 0
	}
	return slices.Sorted(slices.Values(sd.rates))[len(sd.rates)/2]
}

func (sd *side) bar() term.Bar {
	return term.Bar{
		Label: sd.label, Done: sd.done, Total: sd.size.turns * sd.size.perTurn * sd.size.workers,
		Note: comma(int(sd.rate())) + " ops/s",
	}
}

// turn runs all workers once and waits for them.
func (sd *side) turn(ctx context.Context, turn int) error {
	errs := make([]error, sd.size.workers)
	var wg sync.WaitGroup
	for w := range errs {
		wg.Go(func() { errs[w] = sd.worker(ctx, turn*sd.size.workers+w) })
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// worker does one worker's part of a turn. Its orders' numbers and everything
// else it does follow from share alone, so that the outcome is the same in
// whatever order the workers run.
func (sd *side) worker(ctx context.Context, share int) error {
	rng := rand.New(rand.NewPCG(seed, uint64(share)+1))
	for i := range sd.size.perTurn {
		if err := sd.any(ctx, rng, share*sd.size.perTurn+i); err != nil {
			return err
		}
	}
	return nil
}

// any reads, orders under the number id, or reports.
func (sd *side) any(ctx context.Context, rng *rand.Rand, id int) error {
	switch n := rng.IntN(100); {
	case n < 75:
		return sd.read(ctx, rng)
	case n < 98:
		return sd.order(ctx, rng, id)
	default:
		return sd.report(ctx)
	}
}

// read looks a product up.
func (sd *side) read(ctx context.Context, rng *rand.Rand) error {
	var name string
	var price int64
	err := sd.db.QueryRowContext(ctx, "SELECT name, price FROM products WHERE id = ?", rng.IntN(sd.size.products)).Scan(&name, &price)
	sd.sum.Add(price)
	return err
}

// order stores an order of one to three lines and takes the goods from stock.
func (sd *side) order(ctx context.Context, rng *rand.Rand, id int) error {
	customer, lines := rng.IntN(sd.size.customers), 1+rng.IntN(3)
	sd.till.Lock()
	defer sd.till.Unlock()
	return inTx(ctx, sd.db, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, "INSERT INTO orders (id, customer) VALUES (?, ?)", id, customer); err != nil {
			return err
		}
		for line := range lines {
			product, quantity := rng.IntN(sd.size.products), 1+rng.IntN(5)
			if _, err := tx.ExecContext(ctx, "INSERT INTO order_lines (order_id, line, product, quantity) VALUES (?, ?, ?, ?)", id, line, product, quantity); err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, "UPDATE products SET stock = stock - ? WHERE id = ?", quantity, product); err != nil {
				return err
			}
		}
		return nil
	})
}

// report adds up what the latest orders brought in each region. What it finds
// depends on how far the other workers are; that it can be read to its end
// does not.
func (sd *side) report(ctx context.Context) error {
	rows, err := sd.db.QueryContext(ctx, `SELECT c.region, count(DISTINCT o.id), sum(l.quantity * p.price)
		FROM orders o JOIN customers c ON c.id = o.customer JOIN order_lines l ON l.order_id = o.id
		JOIN products p ON p.id = l.product
		WHERE o.id > (SELECT max(id) FROM orders) - 500 GROUP BY c.region ORDER BY c.region`)
	if err != nil {
		return err
	}
	defer rows.Close() //nolint:errcheck // Err below says it
	for rows.Next() {
		var region string
		var orders, sales int64
		if err := rows.Scan(&region, &orders, &sales); err != nil {
			return err
		}
	}
	return rows.Err()
}
