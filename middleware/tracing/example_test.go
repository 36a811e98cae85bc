// This file shows spans in a connector's chain; docs/METRICS.md quotes it.

package tracing_test

import (
	"database/sql"
	"fmt"
	"log"

	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/middleware/tracing"
)

func ExampleNew() {
	recorder := tracetest.NewSpanRecorder()
	tracerProvider := sdk.NewTracerProvider(sdk.WithSpanProcessor(recorder))
	config := fluxor.RuntimeConfig{DSN: ":memory:"}

	spans := tracing.New(tracerProvider, tracing.Options{System: "sqlite", Namespace: "erp"})
	config.Middleware = append(config.Middleware, spans)

	c, err := fluxor.NewConnector(config)
	if err != nil {
		log.Fatal(err)
	}
	db := sql.OpenDB(c)
	defer db.Close()
	if _, err := db.Exec("create table orders (id integer primary key)"); err != nil {
		log.Fatal(err)
	}
	fmt.Println(recorder.Ended()[0].Name())
	// Output: CREATE orders
}
