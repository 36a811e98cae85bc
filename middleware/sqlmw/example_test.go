// This file shows an interceptor of ngrok/sqlmw at work inside Fluxor.

package sqlmw_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"log"

	ngrok "github.com/ngrok/sqlmw"

	"github.com/fluxor-db/fluxor"
	_ "github.com/fluxor-db/fluxor/drivers/sqlite"
	"github.com/fluxor-db/fluxor/middleware"
	"github.com/fluxor-db/fluxor/middleware/sqlmw"
)

// tracing is written for sqlmw.Driver.
type tracing struct{ ngrok.NullInterceptor }

func (tracing) ConnQueryContext(ctx context.Context, c driver.QueryerContext, query string, args []driver.NamedValue) (context.Context, driver.Rows, error) {
	rows, err := c.QueryContext(ctx, query, args)
	fmt.Println(query, "arguments:", len(args), "error:", err)
	return ctx, rows, err
}

func Example() {
	c, err := fluxor.NewConnector(fluxor.RuntimeConfig{
		DSN:        ":memory:",
		Middleware: []middleware.Middleware{sqlmw.Use(tracing{})},
	})
	if err != nil {
		log.Fatal(err)
	}
	db := sql.OpenDB(c)
	defer db.Close()
	var n int
	if err := db.QueryRow("select 40 + ?", 2).Scan(&n); err != nil {
		log.Fatal(err)
	}
	fmt.Println(n)
	// Output:
	// select 40 + ? arguments: 1 error: <nil>
	// 42
}
