//go:build unix && cgo

// This file holds the statements of docs/SEED-API.md in Oracle's own words; they run over the double.

package oracle_test

import (
	"context"
	"fmt"
	"log"

	. "github.com/fluxor-db/fluxor"
)

// users is a connected runtime on a database of its own with a table of users.
func users(service string) *DBRuntime {
	runtime := NewDBRuntime(NewConfigBuilder().WithDSN("user/password@localhost:1521/" + service).Build())
	if err := runtime.Connect(); err != nil {
		log.Fatal(err)
	}
	for _, text := range []string{"CREATE TABLE users (id NUMBER(9), name VARCHAR2(40), last_login DATE)", "INSERT INTO users (id, name) VALUES (1, 'Jane')"} {
		if _, err := runtime.Exec(context.Background(), text); err != nil {
			log.Fatal(err)
		}
	}
	return runtime
}

func Example_seedOracleStatements() {
	runtime := users("seed_statements")
	defer runtime.Disconnect()

	ctx := context.Background()
	result, err := runtime.Exec(ctx, "INSERT INTO users (name) VALUES (:1)", "John")
	if err != nil {
		log.Fatal(err)
	}

	fmt.Println(result.RowsAffected())

	stmt, err := runtime.Prepare(ctx, "SELECT name FROM users WHERE id = :1")
	if err != nil {
		log.Fatal(err)
	}
	defer stmt.Close()

	row := stmt.QueryRow(1)
	var name string
	if err := row.Scan(&name); err != nil {
		log.Fatal(err)
	}

	fmt.Println(name)
	// Output:
	// 1 <nil>
	// Jane
}

func Example_seedOracleTransaction() {
	runtime, ctx := users("seed_transaction"), context.Background()
	defer runtime.Disconnect()

	executor := NewQueryExecutor(runtime)
	err := executor.Transaction(ctx, func(tx *AdvancedTx) error {
		_, err := tx.Exec(ctx, "INSERT INTO users (name) VALUES (:1)", "John")
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, "UPDATE users SET last_login = SYSDATE WHERE name = :1", "John")
		return err
	})

	var n int
	_ = runtime.QueryRow(ctx, "SELECT count(*) FROM users WHERE last_login IS NOT NULL").Scan(&n)
	fmt.Println(n, err)
	// Output: 1 <nil>
}
