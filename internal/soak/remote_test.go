// This file puts a gateway between the clients and Fluxor: what is broken then is also the way between them.

package soak_test

import (
	"context"
	"database/sql"
	"testing"

	"github.com/fluxor-db/fluxor/internal/dbtest"
	"github.com/fluxor-db/fluxor/internal/dbtest/gatewaytest"
	"github.com/fluxor-db/fluxor/internal/faultproxy"
	"github.com/fluxor-db/fluxor/netdriver"
)

// openRemote opens the database as programs do that know a gateway, which is run
// with a bank's policies.
func (w *world) openRemote(options string) {
	w.t.Helper()
	w.connector = w.connect(w.policies(w.target.At(w.proxy.Addr())))
	w.t.Cleanup(func() { _ = w.connector.Close() })
	var err error
	if w.way, err = faultproxy.Start(gatewaytest.Serve(w.t, gatewaytest.Config(w.connector))); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = w.way.Close() })
	if w.db, err = sql.Open(netdriver.Name, gatewaytest.DSN(w.way.Addr(), options)); err != nil {
		w.t.Fatal(err)
	}
	w.db.SetMaxIdleConns(clientsPerDatabase)
	w.t.Cleanup(func() { _ = w.db.Close() })
}

func TestUnderRandomFaultsEveryAnswerThroughAGatewayIsTrue(t *testing.T) {
	t.Parallel()
	duration, seed := settings(t)
	duration /= 4
	t.Logf("faults for %v; the same ones again: %s=%d", duration, seedVariable, seed)
	codecs := map[string]string{"pgx": "binary", "mysql": "json"}
	for i, d := range databases {
		codec, is := codecs[d.name]
		if !is {
			continue // lib/pq's server is pgx's
		}
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, d, d.start(t, dbtest.Options{Settings: d.settings}))
			w.openRemote("connect_timeout=2s&network_timeout=" + networkTimeout.String() + "&codec=" + codec)
			ctx, cancel := context.WithTimeout(t.Context(), duration)
			defer cancel()
			w.run(ctx, seed, uint64(len(databases)+i))
			w.checkHealth()
			w.checkRows()
		})
	}
}
