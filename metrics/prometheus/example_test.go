// This file shows a collector in a registry; docs/METRICS.md quotes it.

package prometheus_test

import (
	"fmt"
	"log"
	"time"

	client "github.com/prometheus/client_golang/prometheus"

	"github.com/fluxor-db/fluxor/metrics"
	"github.com/fluxor-db/fluxor/metrics/prometheus"
	"github.com/fluxor-db/fluxor/middleware"
)

func ExampleCollector() {
	source := metrics.NewRecorder(time.Second) // or anything else with Snapshot() metrics.Snapshot
	source.Record(middleware.OpQuery, metrics.Success, 3*time.Millisecond)
	registry := client.NewRegistry()

	c := prometheus.NewCollector(prometheus.Options{})
	if err := c.Add("orders", "postgres", source); err != nil {
		log.Fatal(err)
	}
	registry.MustRegister(c)

	families, err := registry.Gather()
	fmt.Println(families[len(families)-1].GetName(), err)
	// Output: fluxor_slow_queries_total <nil>
}
