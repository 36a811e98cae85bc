// This file is the package's example: a program after the change of one word, and the one error worth knowing.

package fluxor_test

import (
	"context"
	"database/sql"
	"errors"
	"log"

	"github.com/fluxor-db/fluxor"
	_ "github.com/fluxor-db/fluxor/drivers/postgres" // lib/pq; or drivers/pgx, drivers/mysql, drivers/oracle, drivers/sqlite
)

func Example() {
	// It was sql.Open("postgres", ...). The DSN stays; options of Fluxor's may be added to it.
	db, err := sql.Open("fluxor", "postgres://app:secret@legacy/erp?sslmode=require&fluxor_max_open_conns=20")
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	if err := pay(context.Background(), db, "2026-0117", 4990); err != nil {
		log.Print(err)
	}
}

// pay stores a payment once. The id is the table's primary key.
func pay(ctx context.Context, db *sql.DB, id string, cents int64) error {
	_, err := db.ExecContext(ctx, "insert into payment (id, cents) values ($1, $2)", id, cents)
	var lost *fluxor.IndeterminateError
	if errors.As(err, &lost) {
		// Sent, but the answer was lost. Only you know that sending this one again is safe, and how.
		_, err = db.ExecContext(ctx, "insert into payment (id, cents) values ($1, $2) on conflict do nothing", id, cents)
	}
	return err
}
