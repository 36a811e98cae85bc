// This file tests what a connector says of itself, and the probe over a connection of its own.

package fluxor_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/health"
	"github.com/fluxor-db/fluxor/internal/dbtest"
	"github.com/fluxor-db/fluxor/middleware"
)

func TestAFullPoolDoesNotHideTheDatabasesHealth(t *testing.T) {
	for _, b := range networkBackends {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			db := b.fluxor(t, b.share(t).NewDatabase(t), "fluxor_max_open_conns=1")
			holder, err := db.Conn(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer holder.Close() //nolint:errcheck // the test is over
			if err := holder.PingContext(t.Context()); err != nil {
				t.Fatal(err)
			}
			c := poolOf(t, db)
			for range 3 {
				if s := health.Check(t.Context(), c); !s.Healthy {
					t.Errorf("got %+v", s)
				}
			}
			if s := c.PoolStats(); s.Dials != 1 || s.Open != 1 {
				t.Errorf("the probe used the pool: %+v", s)
			}
		})
	}
}

func TestAProbeSurvivesTheLossOfItsConnection(t *testing.T) {
	for _, b := range networkBackends {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			server := b.share(t)
			target := server.NewDatabase(t)
			c := poolOf(t, b.fluxor(t, target))
			for range 2 {
				if err := c.Probe(t.Context()); err != nil {
					t.Fatal(err)
				}
				server.EndSessions(t, target.Database)
			}
			if err := c.Probe(t.Context()); err != nil {
				t.Errorf("after the session's end: %v", err)
			}
		})
	}
}

func TestAProbeOfAFrozenServerEndsWithItsContext(t *testing.T) {
	for _, b := range networkBackends {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			server := b.start(t, dbtest.Options{})
			c := poolOf(t, b.fluxor(t, server.Target))
			if err := c.Probe(t.Context()); err != nil {
				t.Fatal(err)
			}
			server.Freeze(t)
			defer server.Thaw()
			var all sync.WaitGroup
			for range 3 {
				all.Go(func() {
					ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
					defer cancel()
					began := time.Now()
					s := health.Check(ctx, c)
					if took := time.Since(began); s.Healthy || took > time.Second {
						t.Errorf("after %v: %+v", took, s)
					}
				})
			}
			all.Wait()
			server.Thaw()
			waitUntil(t, "the probe succeeds again", func() bool { return c.Probe(t.Context()) == nil })
		})
	}
}

func TestARefusedLoginIsNotProbedAgain(t *testing.T) {
	for _, b := range networkBackends {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			target := b.share(t).NewDatabase(t)
			proxy, err := b.proxy(target.Addr())
			if err != nil {
				t.Fatal(err)
			}
			defer proxy.Close() //nolint:errcheck // the test is over
			c := poolOf(t, b.fluxor(t, target.At(proxy.Addr()).As(target.User, "wrong")))
			first := c.Probe(t.Context())
			_ = proxy.Close()
			if second := c.Probe(t.Context()); first == nil || second != first {
				t.Errorf("got %v, then %v", first, second)
			}
		})
	}
}

func TestAClosedConnectorIsNotProbed(t *testing.T) {
	c, err := fluxor.NewConnector(fluxor.RuntimeConfig{DSN: dbtest.SQLite(t)})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(c.Probe(t.Context()), c.Close(), c.Close()); err != nil {
		t.Fatal(err)
	}
	if err := c.Probe(t.Context()); !errors.Is(err, fluxor.ErrClosed) {
		t.Errorf("got %v", err)
	}
}

// TestADatabaseInAConnectionIsNotProbed: another connection would make another
// database.
func TestADatabaseInAConnectionIsNotProbed(t *testing.T) {
	for dsn, want := range map[string]int{":memory:": 0, dbtest.SQLite(t): 1} {
		var opened []string
		note := func(next middleware.Handler) middleware.Handler { return opening{next, "one", &opened} }
		c, err := fluxor.NewConnector(fluxor.RuntimeConfig{DSN: dsn, InnerMiddleware: []middleware.Middleware{note}})
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(c.Probe(t.Context()), c.Probe(t.Context()), c.Close()); err != nil || len(opened) != want {
			t.Errorf("%s: %d connections were opened, want %d; %v", dsn, len(opened), want, err)
		}
	}
}

func TestDiagnosticsShowTheConfigurationWithoutItsPassword(t *testing.T) {
	target := dbtest.Postgres(t).NewDatabase(t)
	rt := fluxor.NewDBRuntime(fluxor.NewConfigBuilder().WithDSN(target.URL("fluxor_max_open_conns=20")).WithBackpressure("reject", 0).Build())
	if err := rt.Connect(); err != nil {
		t.Fatal(err)
	}
	defer rt.Disconnect() //nolint:errcheck // the test is over
	if text := fluxor.GetDiagnostics(rt).String(); !strings.Contains(text, "health    unknown: nobody asked yet\n") {
		t.Errorf("before a check:\n%s", text)
	}
	if s := rt.HealthCheck(t.Context()); !s.Healthy {
		t.Errorf("got %+v", s)
	}
	text := fluxor.GetDiagnostics(rt).String()
	for _, line := range []string{
		"database  postgres, through the driver postgres\n",
		"health    healthy: the database answered in ", " (asked 0s ago)\nbreaker   closed for 0s: it is new\n          opened 0 times, refused 0 calls; 0 failures in a row\n",
		"pool      1 open (0 used, 1 idle), limit 20, 0 dialing, 0 waiting; at most 1 used at once\n",
		"limits    operations per second: limit 1000, 0 queued; 1 admitted, 0 refused; mode reject\n",
		"          operations at once: limit 100, 0 in use, 0 queued; 1 admitted, 0 refused; mode reject\n",
		"config    fluxor_preset=legacy\n", "          fluxor_query_timeout=30s\n", "          fluxor_max_open_conns=20\n",
	} {
		if !strings.Contains(text, line) {
			t.Errorf("%q is missing in\n%s", line, text)
		}
	}
	if strings.Contains(text, target.Host) || strings.Contains(text, "close_timeout") {
		t.Errorf("too much is told in\n%s", text)
	}
}

func TestTheMonitorSeesAnOutageAndItsEnd(t *testing.T) {
	server := dbtest.StartMariaDB(t, dbtest.Options{})
	rt := runtimeOn(t, fluxor.DatabaseTypeMySQL, server.DSN())
	monitor := fluxor.NewMonitor(rt, 10*time.Millisecond)
	changes := make(chan health.Event, 100)
	monitor.AddCallback(fluxor.DefaultLoggingCallback)
	monitor.AddCallback(func(e health.Event) {
		if e.Changed() {
			changes <- e
		}
	})
	monitor.Start(t.Context())
	defer monitor.Stop()
	expect := func(want health.Reason) {
		t.Helper()
		select {
		case e := <-changes:
			if e.Reason != want || monitor.Status().Healthy != (want == health.ReasonOK) {
				t.Errorf("got %+v, want %s", e, want)
			}
		case <-time.After(20 * time.Second):
			t.Fatalf("waited too long for %s", want)
		}
	}
	expect(health.ReasonOK)
	server.Stop(t)
	expect(health.ReasonNoAnswer)
	server.Restart(t)
	expect(health.ReasonOK)
}
