// This file shows instruments in a connector's chain; docs/METRICS.md quotes it.

package otel_test

import (
	"context"
	"database/sql"
	"fmt"
	"log"

	sdk "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/fluxor-db/fluxor"
	_ "github.com/fluxor-db/fluxor/drivers/sqlite"
	"github.com/fluxor-db/fluxor/metrics/otel"
)

func ExampleNew() {
	reader := sdk.NewManualReader()
	meterProvider := sdk.NewMeterProvider(sdk.WithReader(reader))
	config := fluxor.RuntimeConfig{DSN: ":memory:"}

	i, err := otel.New(meterProvider, nil, otel.Options{Pool: "orders", System: "sqlite"})
	if err != nil {
		log.Fatal(err)
	}
	defer i.Close()
	config.Middleware = append(config.Middleware, i.Middleware) // records db.client.operation.duration

	c, err := fluxor.NewConnector(config)
	if err != nil {
		log.Fatal(err)
	}
	if err := i.Observe(c); err != nil { // the rest
		log.Fatal(err)
	}

	db := sql.OpenDB(c)
	defer db.Close()
	var one int
	if err := db.QueryRow("select 1").Scan(&one); err != nil {
		log.Fatal(err)
	}
	var read metricdata.ResourceMetrics
	if err := reader.Collect(context.Background(), &read); err != nil {
		log.Fatal(err)
	}
	for _, m := range read.ScopeMetrics[0].Metrics {
		if data, ok := m.Data.(metricdata.Histogram[float64]); ok {
			fmt.Println(m.Name, data.DataPoints[0].Count)
		}
	}
	// Output:
	// db.client.operation.duration 1
	// db.client.connection.create_time 1
	// db.client.connection.wait_time 1
	// db.client.connection.use_time 1
}
