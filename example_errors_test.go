// This file shows Fluxor's own errors, and how they are told from the driver's.

package fluxor_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log"

	"github.com/DATA-DOG/go-sqlmock"
	"modernc.org/sqlite"

	"github.com/fluxor-db/fluxor"
)

func ExampleIndeterminateError() {
	// A mock in place of a server that loses the answer to the first INSERT.
	bare, mock, err := sqlmock.NewWithDSN("payments")
	if err != nil {
		log.Fatal(err)
	}
	defer bare.Close()
	mock.ExpectExec("insert into payment").WillReturnError(io.ErrUnexpectedEOF)
	db, err := sql.Open("fluxor", "payments?fluxor_driver=sqlmock")
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()

	_, err = db.Exec("insert into payment (id, cents) values (?, ?)", "2026-0117", 4990)
	var lost *fluxor.IndeterminateError
	if errors.As(err, &lost) {
		fmt.Println(lost.Op, lost.SQLState(), errors.Is(err, io.ErrUnexpectedEOF))
	}
	fmt.Println(err)
	// Output:
	// exec 08007 true
	// fluxor: exec was sent but its answer was lost, so it may or may not have taken effect; check before repeating it: unexpected EOF
}

// A pool without a free connection answers when the acquire timeout is over,
// also where the context has no deadline, and says who holds the connections.
func ExampleRefusalError() {
	db, err := sql.Open("fluxor", ":memory:?fluxor_max_open_conns=1&fluxor_acquire_timeout=20ms")
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	rows, err := db.Query("select 1 union all select 2")
	if err != nil {
		log.Fatal(err)
	}
	defer rows.Close()

	_, err = db.Exec("select 3") // needs a second connection
	var refused *fluxor.RefusalError
	if errors.Is(err, fluxor.ErrAcquireTimeout) && errors.As(err, &refused) {
		fmt.Println(refused.Policy, "refused: nothing was sent, repeating is safe")
	}
	// Output: pool refused: nothing was sent, repeating is safe
}

// The driver's own errors arrive as they are, in their own type.
func Example_driverErrors() {
	db, err := sql.Open("fluxor", ":memory:")
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	_, err = db.Exec("create table t (n int check (n > 0)); insert into t values (0)")
	if verdict, ok := err.(*sqlite.Error); ok { // the driver's type itself, not only through errors.As
		fmt.Println(verdict)
	}
	// Output: constraint failed: CHECK constraint failed: n > 0 (275)
}

func ExampleFromDB() {
	db, err := sql.Open("fluxor", ":memory:?fluxor_max_open_conns=4")
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec("create table t (n int)"); err != nil {
		log.Fatal(err)
	}
	c, err := fluxor.FromDB(db)
	if err != nil {
		log.Fatal(err)
	}
	s := c.PoolStats() // db.Stats counts the virtual connections
	fmt.Println(s.MaxOpen, s.Open, s.Idle, s.Dials)
	// Output: 4 1 1 1
}

func ExampleRaw() {
	db, err := sql.Open("fluxor", ":memory:")
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	ctx := context.Background()
	c, err := db.Conn(ctx)
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	if _, err := c.ExecContext(ctx, "create table t (n int)"); err != nil {
		log.Fatal(err)
	}
	err = fluxor.Raw(ctx, c, func(driverConn any) error {
		file, err := driverConn.(interface{ Serialize() ([]byte, error) }).Serialize()
		if err == nil {
			fmt.Printf("%s\n", file[:15])
		}
		return err
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output: SQLite format 3
}

// Before the maintenance of a database a program is taken off it: what has begun
// may end, and nothing else begins.
func ExampleConnector_ForceCircuitBreaker() {
	db, err := sql.Open("fluxor", ":memory:?fluxor_max_open_conns=1")
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	c, err := fluxor.FromDB(db)
	if err != nil {
		log.Fatal(err)
	}
	tx, err := db.Begin()
	if err != nil {
		log.Fatal(err)
	}
	if err := c.ForceCircuitBreaker(fluxor.CircuitBreakerForcedOpen); err != nil {
		log.Fatal(err)
	}
	_, err = db.Exec("create table t (n int)")
	fmt.Println(err, errors.Is(err, fluxor.ErrCircuitOpen))
	_, err = tx.Exec("create table t (n int)")
	fmt.Println(err, tx.Commit())

	err = c.ForceCircuitBreaker(fluxor.CircuitBreakerAuto)
	fmt.Println(err, c.CircuitBreakerState())
	// Output:
	// fluxor: the circuit breaker is forced open true
	// <nil> <nil>
	// <nil> closed
}
