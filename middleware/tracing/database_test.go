// This file makes spans of what database/sql does over a real driver.

package tracing_test

import (
	"database/sql"
	"slices"
	"strings"
	"testing"

	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/fluxor-db/fluxor"
	_ "github.com/fluxor-db/fluxor/drivers/sqlite"
	"github.com/fluxor-db/fluxor/middleware"
	"github.com/fluxor-db/fluxor/middleware/tracing"
)

func TestEachOperationOfADatabaseHasItsSpan(t *testing.T) {
	recorder := tracetest.NewSpanRecorder()
	provider := sdk.NewTracerProvider(sdk.WithSpanProcessor(recorder))
	c, err := fluxor.NewConnector(fluxor.RuntimeConfig{
		DSN:        ":memory:",
		Middleware: []middleware.Middleware{tracing.New(provider, tracing.Options{System: "sqlite"})},
	})
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(c)
	defer db.Close()
	use(t, db)
	var got []string
	for _, s := range recorder.Ended() {
		line := s.Name()
		for _, kv := range s.Attributes() {
			if kv.Key == "error.type" || kv.Key == "db.response.status_code" {
				line += " " + kv.Value.AsString()
			}
		}
		got = append(got, line)
	}
	want := []string{
		"CREATE t", "BEGIN", "INSERT t", "COMMIT", "INSERT t 1555 1555", "SELECT t",
	}
	if !slices.Equal(got, want) {
		t.Errorf("spans %q, want %q", got, want)
	}
	for _, s := range recorder.Ended() {
		if strings.Contains(s.Name(), "SELECT") && !s.EndTime().After(s.StartTime()) {
			t.Errorf("%s took no time", s.Name())
		}
	}
}

// use runs a few statements, the second insert against the primary key.
func use(t *testing.T, db *sql.DB) {
	t.Helper()
	ctx := t.Context()
	if _, err := db.ExecContext(ctx, "create table t (i integer primary key)"); err != nil {
		t.Fatal(err)
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.ExecContext(ctx, "insert into t values (?)", 1); err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(ctx, "insert into t values (?)", 1); err == nil {
		t.Error("the primary key holds two rows")
	}
	var n int
	if err := db.QueryRowContext(ctx, "select i from t").Scan(&n); err != nil || n != 1 {
		t.Errorf("got %d, %v", n, err)
	}
}
