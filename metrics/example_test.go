// This file shows a recorder and its snapshot.

package metrics_test

import (
	"fmt"
	"time"

	"github.com/fluxor-db/fluxor/metrics"
	"github.com/fluxor-db/fluxor/middleware"
)

func ExampleSnapshot() {
	recorder := metrics.NewRecorder(time.Second)
	recorder.Record(middleware.OpQuery, metrics.Success, 10*time.Millisecond)
	recorder.Record(middleware.OpExec, metrics.ServerError, 30*time.Millisecond)

	metrics := recorder.Snapshot()
	fmt.Printf("Total Queries: %d\n", metrics.TotalQueries)
	fmt.Printf("Success Rate: %.2f%%\n", metrics.SuccessRate)
	fmt.Printf("Average Query Time: %v\n", metrics.AverageQueryTime)
	// Output:
	// Total Queries: 2
	// Success Rate: 50.00%
	// Average Query Time: 20ms
}
