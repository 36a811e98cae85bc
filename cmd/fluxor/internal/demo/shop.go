// This file makes the two order databases, one for the bare driver and one for Fluxor, with the same rows.

package demo

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	_ "github.com/fluxor-db/fluxor"                // registers "fluxor"
	_ "github.com/fluxor-db/fluxor/drivers/sqlite" // brings the driver "sqlite"

	"github.com/fluxor-db/fluxor/cmd/fluxor/internal/term"
)

// size is how much of everything there is.
type size struct {
	customers, products int // in the shop
	workers             int // goroutines per side
	conns               int // connections per side
	turns, perTurn      int // turns per side, operations of one worker in a turn
	askTurns, asks      int // turns per way of asking, queries in a turn
	waiters             int // goroutines in line for one connection
	orders, lostOf      int // orders sent to the old server; every how manyth answer is lost
	statements          int // after the idle connections were cut

	rounds int           // of calls by which an old server's capacity is measured
	rush   time.Duration // for which more work comes than it bears
	outage time.Duration // for which it is silent
	scan   time.Duration // what a statement takes that finds no index
}

var sizes = map[Scale]size{
	Full: {
		customers: 2000, products: 1000, workers: 8, conns: 4, turns: 100, perTurn: 40, askTurns: 31, asks: 50, waiters: 60, orders: 40, lostOf: 4, statements: 400,
		rounds: 6, rush: 1200 * time.Millisecond, outage: 1200 * time.Millisecond, scan: 1500 * time.Millisecond,
	},
	Quick: {
		customers: 100, products: 50, workers: 4, conns: 2, turns: 10, perTurn: 30, askTurns: 11, asks: 20, waiters: 30, orders: 12, lostOf: 4, statements: 40,
		rounds: 4, rush: 800 * time.Millisecond, outage: 700 * time.Millisecond, scan: 800 * time.Millisecond,
	},
}

// seed makes every run the same.
const seed = 20260101

var schema = []string{
	"CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT NOT NULL, region TEXT NOT NULL)",
	"CREATE TABLE products (id INTEGER PRIMARY KEY, name TEXT NOT NULL, price INTEGER NOT NULL, stock INTEGER NOT NULL)",
	"CREATE TABLE orders (id INTEGER PRIMARY KEY, customer INTEGER NOT NULL REFERENCES customers (id))",
	`CREATE TABLE order_lines (order_id INTEGER NOT NULL REFERENCES orders (id), line INTEGER NOT NULL,
		product INTEGER NOT NULL REFERENCES products (id), quantity INTEGER NOT NULL, PRIMARY KEY (order_id, line))`,
	"CREATE INDEX orders_of_customer ON orders (customer)",
}

var regions = []string{"north", "east", "south", "west"}

// shop is one of the two databases.
type shop struct {
	label string
	dsn   string // for the bare driver
	db    *sql.DB
}

// dsn names an SQLite database file of the demo's.
func (s *stage) dsn(name string) string {
	path := filepath.ToSlash(filepath.Join(s.dir, name+".db"))
	if !strings.HasPrefix(path, "/") {
		path = "/" + path // a drive letter
	}
	file := url.URL{Scheme: "file", Path: path}
	return file.String() + "?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(OFF)&_txlock=immediate"
}

// create makes both databases.
func (s *stage) create(ctx context.Context) error {
	s.screen.Say(`SQLite files in a temporary directory: one behind sql.Open("sqlite", dsn), one behind sql.Open("fluxor", dsn).`)
	var err error
	if s.bare, err = openShop("database/sql", "sqlite", s.dsn("bare"), ""); err != nil {
		return err
	}
	s.bare.db.SetMaxOpenConns(s.size.conns)
	s.bare.db.SetMaxIdleConns(s.size.conns)
	if s.fluxor, err = openShop("Fluxor", "fluxor", s.dsn("fluxor"), fmt.Sprintf("&fluxor_max_open_conns=%d", s.size.conns)); err != nil {
		return err
	}
	s.unwatch = s.watch.show("orders", s.fluxor.db)
	bars := []term.Bar{{Label: s.bare.label}, {Label: s.fluxor.label}}
	for i, sh := range []*shop{s.bare, s.fluxor} {
		err := sh.fill(ctx, s.size, func(done, total int) {
			bars[i].Done, bars[i].Total = done, total
			bars[i].Note = comma(done) + " rows"
			s.screen.Draw(bars...)
		})
		if err != nil {
			return err
		}
	}
	s.screen.Settle()
	return nil
}

func openShop(label, driverName, dsn, options string) (*shop, error) {
	db, err := sql.Open(driverName, dsn+options)
	if err != nil {
		return nil, err
	}
	return &shop{label: label, dsn: dsn, db: db}, nil
}

func (s *stage) closeShops() {
	if s.unwatch != nil {
		s.unwatch()
	}
	for _, sh := range []*shop{s.bare, s.fluxor} {
		if sh != nil {
			_ = sh.db.Close()
		}
	}
}

// fill creates the tables and their first rows, a hundred to a transaction.
func (sh *shop) fill(ctx context.Context, sz size, progress func(done, total int)) error {
	for _, text := range schema {
		if _, err := sh.db.ExecContext(ctx, text); err != nil {
			return err
		}
	}
	const batch = 100
	rng := rand.New(rand.NewPCG(seed, 0))
	total := sz.customers + sz.products
	for done := 0; done < total; {
		until := min(done+batch, total)
		err := inTx(ctx, sh.db, func(tx *sql.Tx) error {
			for ; done < until; done++ {
				if err := insertRow(ctx, tx, rng, done, sz); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		progress(done, total)
	}
	return nil
}

func insertRow(ctx context.Context, tx *sql.Tx, rng *rand.Rand, n int, sz size) error {
	if n < sz.customers {
		_, err := tx.ExecContext(ctx, "INSERT INTO customers (id, name, region) VALUES (?, ?, ?)",
			n, fmt.Sprintf("Customer %d", n), regions[rng.IntN(len(regions))])
		return err
	}
	n -= sz.customers
	_, err := tx.ExecContext(ctx, "INSERT INTO products (id, name, price, stock) VALUES (?, ?, ?, ?)",
		n, fmt.Sprintf("Product %d", n), 100+rng.IntN(9900), 1_000_000)
	return err
}

func inTx(ctx context.Context, db *sql.DB, do func(*sql.Tx) error) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := do(tx); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}

// checksum reads every row of a shop through the bare driver, whoever wrote
// it, and returns a short digest and the number of rows.
func (sh *shop) checksum(ctx context.Context) (digest string, rows int, err error) {
	db, err := sql.Open("sqlite", sh.dsn)
	if err != nil {
		return "", 0, err
	}
	defer db.Close() //nolint:errcheck // it was only read
	sum := sha256.New()
	for _, text := range []string{
		"SELECT id, name, region, 0 FROM customers ORDER BY id",
		"SELECT id, name, price, stock FROM products ORDER BY id",
		"SELECT id, customer, 0, 0 FROM orders ORDER BY id",
		"SELECT order_id, line, product, quantity FROM order_lines ORDER BY order_id, line",
	} {
		n, err := each(ctx, db, text, func(row [4]string) { fmt.Fprintf(sum, "%q\n", row) })
		if err != nil {
			return "", 0, err
		}
		rows += n
	}
	return hex.EncodeToString(sum.Sum(nil))[:12], rows, nil
}

func each(ctx context.Context, db *sql.DB, text string, do func([4]string)) (n int, err error) {
	rows, err := db.QueryContext(ctx, text)
	if err != nil {
		return 0, err
	}
	defer rows.Close() //nolint:errcheck // Err below says it
	var row [4]string
	for ; rows.Next(); n++ {
		if err := rows.Scan(&row[0], &row[1], &row[2], &row[3]); err != nil {
			return 0, err
		}
		do(row)
	}
	return n, rows.Err()
}
