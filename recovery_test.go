// This file tests which errors pass, and that the recovery asks as often as it may and no oftener.

package fluxor_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/internal/dbtest"
	"github.com/fluxor-db/fluxor/middleware"
)

func TestTheRecoveryTellsWhatPasses(t *testing.T) {
	rt := runtimeOn(t, fluxor.DatabaseTypePostgreSQL, dbtest.Postgres(t).NewDatabase(t).URL())
	recovery := fluxor.NewErrorRecovery(rt)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for name, row := range map[string]struct {
		err    error
		passes bool
	}{
		"nothing":                 {nil, true},
		"a lost connection":       {fmt.Errorf("load: %w", driver.ErrBadConn), true},
		"an end of stream":        {io.ErrUnexpectedEOF, true},
		"a server that stops":     {mockState("57P01"), true},
		"a server that starts":    {mockState("57P03"), true},
		"a server that is full":   {mockState("53300"), true},
		"a deadlock":              {mockState("40P01"), true},
		"a full pool":             {&fluxor.RefusalError{Policy: "pool", Sentinel: fluxor.ErrAcquireTimeout}, true},
		"a syntax error":          {mockState("42601"), false},
		"a unique violation":      {mockState("23505"), false},
		"a refused login":         {mockState("28P01"), false},
		"no rows":                 {sql.ErrNoRows, false},
		"an unknown outcome":      {&fluxor.IndeterminateError{Op: "exec", Cause: io.ErrUnexpectedEOF}, false},
		"a closed connector":      {&fluxor.RefusalError{Policy: "pool", Sentinel: fluxor.ErrClosed}, false},
		"an end of the context":   {context.Canceled, false},
		"a full pool and its end": {&fluxor.RefusalError{Policy: "pool", Sentinel: fluxor.ErrAcquireTimeout, Cause: context.DeadlineExceeded}, false},
	} {
		want := row.err
		if row.passes {
			want = nil
		}
		if got := recovery.HandleError(t.Context(), row.err); got != want {
			t.Errorf("%s: got %v", name, got)
		}
		if got := recovery.HandleError(ended, row.err); got != row.err {
			t.Errorf("%s, after the end of the context: got %v", name, got)
		}
	}
	if err := rt.Disconnect(); err != nil {
		t.Fatal(err)
	}
	if got := recovery.HandleError(t.Context(), io.ErrUnexpectedEOF); got != io.ErrUnexpectedEOF {
		t.Errorf("not connected: got %v", got)
	}
}

func TestTheRecoveryWaitsForAServerToComeBack(t *testing.T) {
	server := dbtest.StartPostgres(t, dbtest.Options{})
	rt := fluxor.NewDBRuntime(fluxor.NewConfigBuilder().WithDSN(server.URL()).WithRetryPolicy(1000, 1).Build())
	if err := rt.Connect(); err != nil {
		t.Fatal(err)
	}
	defer rt.Disconnect() //nolint:errcheck // the server is gone soon
	server.Stop(t)
	_, err := rt.Exec(t.Context(), "select 1")
	if err == nil {
		t.Fatal("the server answered after its end")
	}
	before := poolOf(t, rt.DB()).PoolStats().DialErrors
	short, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if got := fluxor.NewErrorRecovery(rt).HandleError(short, err); got != err || poolOf(t, rt.DB()).PoolStats().DialErrors == before {
		t.Errorf("while it is down: got %v after %d dials", got, poolOf(t, rt.DB()).PoolStats().DialErrors-before)
	}
	recovered := make(chan error)
	go func() { recovered <- fluxor.NewErrorRecovery(rt).HandleError(t.Context(), err) }()
	server.Restart(t)
	if got := <-recovered; got != nil {
		t.Errorf("after the restart: got %v", got)
	}
}

func TestTheRecoveryAsksAtMostMaxRetriesTimes(t *testing.T) {
	for retries, want := range map[int]int{0: 0, 1: 1, 4: 4} {
		asked, deaf := 0, false
		silence := func(next middleware.Handler) middleware.Handler {
			return middleware.HandlerFunc(func(ctx context.Context, c *middleware.Call) error {
				if deaf && c.Op == middleware.OpPing {
					asked++
					return io.ErrUnexpectedEOF
				}
				return next.Handle(ctx, c)
			})
		}
		rt := fluxor.NewDBRuntime(fluxor.NewConfigBuilder().WithDSN(":memory:").WithRetryPolicy(retries, 1).WithMiddleware(silence).Build())
		if err := rt.Connect(); err != nil {
			t.Fatal(err)
		}
		deaf = true
		if got := fluxor.NewErrorRecovery(rt).HandleError(t.Context(), driver.ErrBadConn); got != driver.ErrBadConn || asked != want {
			t.Errorf("asked %d times, want %d; %v", asked, want, got)
		}
		if err := rt.Disconnect(); err != nil {
			t.Error(err)
		}
	}
}
