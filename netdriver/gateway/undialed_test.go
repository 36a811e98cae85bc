// This file tests what a client hears of a database that cannot be reached.

package gateway_test

import (
	"strings"
	"testing"

	"github.com/fluxor-db/fluxor"
	_ "github.com/fluxor-db/fluxor/drivers/mysql"
	_ "github.com/fluxor-db/fluxor/drivers/pgx"
	_ "github.com/fluxor-db/fluxor/drivers/postgres"
	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

func TestADatabaseThatCannotBeDialedMayBeAskedAgainLater(t *testing.T) {
	t.Parallel()
	hasty := func(c *fluxor.RuntimeConfig) { c.CircuitBreakerMaxFailures, c.MaxRetries = -1, -1 }
	for name, one := range map[string]struct{ dsn, dialect string }{
		"pgx":   {"postgres://app:secret@127.0.0.1:1/erp?sslmode=disable&fluxor_driver=pgx", "postgres"},
		"pq":    {"postgres://app:secret@127.0.0.1:1/erp?sslmode=disable&fluxor_driver=postgres", "postgres"},
		"mysql": {"app:secret@tcp(127.0.0.1:1)/erp", "mysql"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := login(t, serve(t, config(connector(t, one.dsn, hasty))))
			for what, a := range map[string]*answer{
				"query": c.query("select 1"), "exec": c.exec("insert into t values (1)"), "several": c.exec("call a(); call b()"),
				"begin": c.do(wire.TypeBegin, &wire.Begin{}), "prepare": c.do(wire.TypePrepare, &wire.Prepare{SID: 1, SQL: "select 1"}),
				"ping": c.do(wire.TypePing, &wire.Ping{DB: true}),
			} {
				f := a.refused(t, wire.ErrorDB)
				if f.Dialect != one.dialect || f.Code != "" || !f.Retryable || f.Applied != wire.AppliedNo || f.Conn != wire.ConnOK || !strings.HasSuffix(f.Message, "dial tcp 127.0.0.1:1: connect: connection refused") {
					t.Errorf("%s: got %+v", what, f)
				}
			}
		})
	}
}
