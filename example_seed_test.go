// This file holds the snippets of docs/SEED-API.md that hold for every database; they run on SQLite.

package fluxor_test

import (
	"context"
	"fmt"
	"log"
	"time"

	. "github.com/fluxor-db/fluxor"
	_ "github.com/fluxor-db/fluxor/drivers/sqlite"
)

// shop is a connected runtime with a table of users.
func shop() *DBRuntime {
	runtime := NewDBRuntime(NewConfigBuilder().WithDSN("file:shop?mode=memory&cache=shared").Build())
	if err := runtime.Connect(); err != nil {
		log.Fatal(err)
	}
	for _, text := range []string{"CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT, last_login TEXT)", "INSERT INTO users (name) VALUES ('Jane')"} {
		if _, err := runtime.Exec(context.Background(), text); err != nil {
			log.Fatal(err)
		}
	}
	return runtime
}

func Example_seedDefaultConfig() {
	config := DefaultConfig()

	fmt.Println(config)
	// Output: fluxor.RuntimeConfig{Preset: legacy}
}

func Example_seedQuery() {
	runtime, ctx := shop(), context.Background()
	defer runtime.Disconnect()

	rows, err := runtime.Query(ctx, "SELECT id, name FROM users")
	if err != nil {
		log.Fatal(err)
	}
	defer rows.Close()

	for rows.Next() {
		var id int
		var name string
		if err := rows.Scan(&id, &name); err != nil {
			log.Fatal(err)
		}
		fmt.Printf("User %d: %s\n", id, name)
	}

	// Output: User 1: Jane
}

func Example_seedHealth() {
	runtime, ctx := shop(), context.Background()
	defer runtime.Disconnect()

	health := CheckHealth(ctx, runtime)
	if !health.Healthy {
		log.Printf("Database unhealthy: %s", health.Message)
	}

	fmt.Println(health.Reason)
	// Output: ok
}

func Example_seedDiagnostics() {
	runtime := shop()
	defer runtime.Disconnect()

	diagnostics := GetDiagnostics(runtime)
	fmt.Println(diagnostics.String())
}

func Example_seedMonitor() {
	runtime, ctx := shop(), context.Background()
	defer runtime.Disconnect()

	monitor := NewMonitor(runtime, 30*time.Second)
	monitor.AddCallback(DefaultLoggingCallback)
	monitor.Start(ctx)
	defer monitor.Stop()
}

func Example_seedMetrics() {
	runtime := shop()
	defer runtime.Disconnect()

	metrics := runtime.Metrics()
	fmt.Printf("Total Queries: %d\n", metrics.TotalQueries)
	fmt.Printf("Success Rate: %.2f%%\n", metrics.SuccessRate)
	fmt.Printf("Average Query Time: %v\n", metrics.AverageQueryTime)
}

func Example_seedBreaker() {
	runtime := shop()
	defer runtime.Disconnect()

	state := runtime.CircuitBreakerState()
	// Returns: "closed", "open", or "half-open"

	fmt.Println(state)
	// Output: closed
}

func Example_seedLeakDetection() {
	config := NewConfigBuilder().
		WithLeakDetection(true, 10*time.Minute).
		Build()

	fmt.Println(config)
	// Output: fluxor.RuntimeConfig{Preset: legacy, EnableLeakDetection: true, LeakDetectionThreshold: 10m0s}
}

func Example_seedRateLimit() {
	config := NewConfigBuilder().
		WithRateLimit(1000). // 1000 requests per second
		Build()

	fmt.Println(config)
	// Output: fluxor.RuntimeConfig{Preset: legacy, MaxRequestsPerSecond: 1000}
}

func Example_seedRecovery() {
	runtime, ctx := shop(), context.Background()
	defer runtime.Disconnect()
	err := runtime.QueryRow(ctx, "SELECT 1").Scan(new(int))

	recovery := NewErrorRecovery(runtime)
	if err := recovery.HandleError(ctx, err); err != nil {
		log.Fatal(err)
	}

	fmt.Println("recovered")
	// Output: recovered
}
