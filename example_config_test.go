// This file shows the ways to open a database: by DSN, by alias, by configuration, over a connector or a mock.

package fluxor_test

import (
	"context"
	"database/sql"
	"fmt"
	"log"
	"time"

	"github.com/DATA-DOG/go-sqlmock"
	"github.com/go-sql-driver/mysql"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/middleware"
)

func Example_sqlite() {
	db, err := sql.Open("fluxor", ":memory:?fluxor_max_open_conns=1&fluxor_acquire_timeout=2s")
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	var sum int
	if err := db.QueryRow("select ? + ?", 40, 2).Scan(&sum); err != nil {
		log.Fatal(err)
	}
	fmt.Println(sum)
	// Output: 42
}

func Example_alias() {
	// Under an alias every DSN goes to that one driver, also one that fits no known form.
	db, err := sql.Open("sqlite-fluxor", "file::memory:?_pragma=foreign_keys(1)")
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	var on int
	if err := db.QueryRow("pragma foreign_keys").Scan(&on); err != nil {
		log.Fatal(err)
	}
	fmt.Println(on)
	// Output: 1
}

func Example_misspeltOption() {
	_, err := sql.Open("fluxor", "postgres://app:secret@legacy/erp?fluxor_max_open_con=20&fluxor_preset=legacy")
	fmt.Println(err.Error()[:80])
	_, err = sql.Open("fluxor", "postgres://app:secret@legacy/erp?fluxor_acquire_timeout=soon")
	fmt.Println(err)
	// Output:
	// fluxor: unknown option fluxor_max_open_con=20; did you mean fluxor_max_open_conn
	// fluxor: option fluxor_acquire_timeout=soon: want a duration such as 30s, 500ms or 10m; 0 means off
}

func ExampleNewConnector() {
	c, err := fluxor.NewConnector(fluxor.RuntimeConfig{
		DSN:            "file::memory:?cache=shared",
		MaxOpenConns:   20,
		AcquireTimeout: 2 * time.Second,
		NetworkTimeout: -1, // off
	})
	if err != nil {
		log.Fatal(err)
	}
	db := sql.OpenDB(c)
	defer db.Close()

	var answer string
	if err := db.QueryRow("select 'yes'").Scan(&answer); err != nil {
		log.Fatal(err)
	}
	fmt.Println(answer, c.Stats().MaxOpenConnections)
	// Output: yes 20
}

func ExampleRuntimeConfig() {
	cfg := fluxor.RuntimeConfig{
		DSN:          "postgres://app:secret@legacy/erp",
		Preset:       "legacy",
		MaxOpenConns: 20,
	}
	fmt.Println(cfg)
	// Output: fluxor.RuntimeConfig{Preset: legacy, MaxOpenConns: 20, DSN: postgres://app:***@legacy/erp}
}

// A middleware sees each operation once, however often Fluxor had to try.
func ExampleRuntimeConfig_middleware() {
	trace := func(next middleware.Handler) middleware.Handler {
		return middleware.HandlerFunc(func(ctx context.Context, c *middleware.Call) error {
			err := next.Handle(ctx, c)
			fmt.Println(c.Op, "error:", err)
			return err
		})
	}
	c, err := fluxor.NewConnector(fluxor.RuntimeConfig{DSN: ":memory:", Middleware: []middleware.Middleware{trace}})
	if err != nil {
		log.Fatal(err)
	}
	db := sql.OpenDB(c)
	defer db.Close()
	tx, err := db.Begin()
	if err != nil {
		log.Fatal(err)
	}
	_, _ = tx.Exec("create table t (n int)")
	_ = tx.Commit()
	// Output:
	// begin error: <nil>
	// exec error: <nil>
	// commit error: <nil>
}

func ExampleRunTx() {
	ctx := context.Background()
	db, err := sql.Open("fluxor", ":memory:")
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec("create table account (id int, cents int); insert into account values (1, 9990), (2, 0)"); err != nil {
		log.Fatal(err)
	}

	err = fluxor.RunTx(ctx, db, nil, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "update account set cents = cents - ? where id = ?", 4990, 1)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "update account set cents = cents + ? where id = ?", 4990, 2)
		return err
	})

	var one, two int
	_ = db.QueryRow("select min(cents), max(cents) from account").Scan(&two, &one)
	fmt.Println(two, one, err)
	// Output: 4990 5000 <nil>
}

// A driver whose configuration is code is wrapped as a connector; its dial
// function is wrapped as well, so that Fluxor can watch the wire.
func ExampleWrapConnector() {
	cfg := mysql.NewConfig()
	cfg.Net, cfg.Addr, cfg.DBName = "tcp", "legacy:3306", "erp"
	cfg.DialFunc = fluxor.WatchDial(cfg.DialFunc)
	inner, err := mysql.NewConnector(cfg)
	if err != nil {
		log.Fatal(err)
	}
	c, err := fluxor.WrapConnector(inner, fluxor.RuntimeConfig{MaxOpenConns: 20})
	if err != nil {
		log.Fatal(err)
	}
	db := sql.OpenDB(c)
	defer db.Close()
}

// Any driver that database/sql knows can be wrapped by its name, a mock too.
func Example_mock() {
	bare, mock, err := sqlmock.NewWithDSN("orders")
	if err != nil {
		log.Fatal(err)
	}
	defer bare.Close()
	mock.ExpectQuery("select total").WithArgs(7).WillReturnRows(sqlmock.NewRows([]string{"total"}).AddRow(4990))

	db, err := sql.Open("fluxor", "orders?fluxor_driver=sqlmock")
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	var total int
	if err := db.QueryRow("select total from orders where id = ?", 7).Scan(&total); err != nil {
		log.Fatal(err)
	}
	fmt.Println(total, mock.ExpectationsWereMet())
	// Output: 4990 <nil>
}
