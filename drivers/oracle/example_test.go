//go:build unix && cgo

// This file is the example of docs/ORACLE.md; it runs over the double.

package oracle_test

import (
	"context"
	"database/sql"
	"fmt"
	"log"

	_ "github.com/fluxor-db/fluxor"
	_ "github.com/fluxor-db/fluxor/drivers/oracle" // godror; needs cgo
)

func Example() {
	// It was sql.Open("godror", ...).
	db, err := sql.Open("fluxor", `user="scott" password="tiger" connectString="dbhost:1521/erp" timezone=UTC fluxor_preset=legacy`)
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	var n int
	if err := db.QueryRowContext(context.Background(), "SELECT :a + 1 FROM dual", sql.Named("a", 41)).Scan(&n); err != nil {
		log.Fatal(err)
	}
	fmt.Println(n)
	// Output: 42
}
