// This file holds the PostgreSQL snippets of docs/SEED-API.md; a test runs them on a private server.

package fluxor_test

import (
	"context"
	"fmt"
	"time"

	. "github.com/fluxor-db/fluxor"
	_ "github.com/fluxor-db/fluxor/drivers/postgres"
)

func Example_seedPostgres() {
	// Create configuration for PostgreSQL
	config := NewConfigBuilder().
		WithDatabaseType(DatabaseTypePostgreSQL).
		WithDSN(at("postgres://user:password@localhost:5432/dbname?sslmode=disable")).
		WithConnectionPool(50, 10).
		WithQuerySettings(200, 1*time.Second, 30*time.Second).
		Build()

	// Create and connect
	runtime := NewDBRuntime(config)
	if err := runtime.Connect(); err != nil {
		panic(err)
	}
	defer runtime.Disconnect()

	// Execute query
	ctx := context.Background()
	result, err := runtime.Exec(ctx, "SELECT 1")
	if err != nil {
		panic(err)
	}

	fmt.Printf("Query executed: %+v\n", result)
}

func Example_seedPostgresConfiguration() {
	// For PostgreSQL
	config := NewConfigBuilder().
		WithDatabaseType(DatabaseTypePostgreSQL).
		WithDSN(at("postgres://user:password@localhost:5432/dbname?sslmode=disable")).
		WithConnectionPool(50, 10).
		WithConnectionLifetime(30*time.Minute, 10*time.Minute).
		WithLeakDetection(true, 10*time.Minute).
		WithCircuitBreaker(5, 60*time.Second, 10*time.Second).
		WithRateLimit(1000).
		WithQuerySettings(200, 1*time.Second, 30*time.Second).
		WithRetryPolicy(3, 100*time.Millisecond).
		Build()

	connects(config)
}
