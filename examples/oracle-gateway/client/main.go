// This file is a client of Oracle without cgo, Oracle's client library or its password: it talks to a gateway.

// Command client stores an order and asks for its total, through a gateway:
//
//	FLUXOR_DSN=tcp://app:TOKEN@gateway:7654/erp client
package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log"
	"os"

	"github.com/fluxor-db/fluxor/netdriver"
)

func main() {
	db, err := sql.Open("fluxor+tcp", os.Getenv("FLUXOR_DSN"))
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	if err := run(context.Background(), db); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, db *sql.DB) error {
	if _, err := db.ExecContext(ctx, `CREATE TABLE lines (id NUMBER(9) PRIMARY KEY, article VARCHAR2(40), price NUMBER(9,2))`); err != nil {
		return err
	}
	if err := order(ctx, db); err != nil {
		return err
	}
	var sum string
	var n int64
	// OUT parameters of a block, by name.
	_, err := db.ExecContext(ctx, `BEGIN SELECT SUM(price), COUNT(*) INTO :total, :cnt FROM lines WHERE price > :least; END;`,
		sql.Named("total", sql.Out{Dest: &sum}), sql.Named("cnt", sql.Out{Dest: &n}), sql.Named("least", 1))
	if err != nil {
		return err
	}
	fmt.Println("total:", sum, "lines:", n)

	rows, err := db.QueryContext(ctx, `SELECT id, article, price FROM lines WHERE id <= :1 ORDER BY id`, 9)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id int
		var article, price string
		if err := rows.Scan(&id, &article, &price); err != nil {
			return err
		}
		fmt.Println("line:", id, article, price)
	}
	return rows.Err()
}

// order stores two lines or none, and then meets Oracle's own error.
func order(ctx context.Context, db *sql.DB) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // after Commit it does nothing
	for i, article := range []string{"Schraube M4", "Mutter M4"} {
		if _, err := tx.ExecContext(ctx, `INSERT INTO lines VALUES (:1, :2, :3)`, i+1, article, "12.50"); err != nil {
			return err
		}
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, `INSERT INTO lines VALUES (1, 'twice', 0)`)
	var e *netdriver.Error
	if !errors.As(err, &e) {
		return fmt.Errorf("a second line 1: %w", err)
	}
	fmt.Println("refused:", e.Dialect, e.Code, "applied:", e.Applied)
	return nil
}
