//go:build unix && cgo

// This file holds the Oracle snippets of docs/SEED-API.md; they run over the double.

package oracle_test

import (
	"context"
	"fmt"
	"time"

	. "github.com/fluxor-db/fluxor"
	_ "github.com/fluxor-db/fluxor/drivers/oracle"
)

func Example_seedOracle() {
	// Create configuration for Oracle
	config := NewConfigBuilder().
		WithDatabaseType(DatabaseTypeOracle).
		WithDSN("user/password@localhost:1521/XE").
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
	result, err := runtime.Exec(ctx, "SELECT 1 FROM DUAL")
	if err != nil {
		panic(err)
	}

	fmt.Printf("Query executed: %+v\n", result)
}

func Example_seedOracleConfiguration() {
	// For Oracle
	config := NewConfigBuilder().
		WithDatabaseType(DatabaseTypeOracle).
		WithDSN("user/password@localhost:1521/XE").
		WithConnectionPool(50, 10).
		WithConnectionLifetime(30*time.Minute, 10*time.Minute).
		WithLeakDetection(true, 10*time.Minute).
		WithCircuitBreaker(5, 60*time.Second, 10*time.Second).
		WithRateLimit(1000).
		WithQuerySettings(200, 1*time.Second, 30*time.Second).
		WithRetryPolicy(3, 100*time.Millisecond).
		Build()

	runtime := NewDBRuntime(config)
	fmt.Println(runtime.Connect(), runtime.Disconnect())
	// Output: <nil> <nil>
}
