//go:build cgo

// This file runs the client without cgo against a gateway with godror, over the double of Oracle's client library.

package examples_test

import (
	"crypto/sha256"
	"encoding/hex"
	"testing"

	_ "github.com/fluxor-db/fluxor/drivers/oracle"
	"github.com/fluxor-db/fluxor/internal/dbtest"
	"github.com/fluxor-db/fluxor/internal/dbtest/gatewaytest"
	"github.com/fluxor-db/fluxor/netdriver/gateway"
	"github.com/fluxor-db/fluxor/netdriver/gateway/config"
)

func TestAClientWithoutOraclesLibraryUsesOracleThroughAGateway(t *testing.T) {
	hash := sha256.Sum256([]byte(gatewaytest.Token))
	vars := map[string]string{"ORACLE_DSN": dbtest.Oracle(t).DSN(), "APP_TOKEN_HASH": hex.EncodeToString(hash[:])}
	f, err := config.Load("oracle-gateway/gateway.yaml", func(name string) string { return vars[name] })
	if err != nil {
		t.Fatal(err)
	}
	c, err := f.Databases["erp"].Runtime(silent())
	if err != nil {
		t.Fatal(err)
	}
	served := f.Gateway()
	served.Databases = map[string]gateway.Database{"erp": connector(t, c)}
	served.Logger = silent()
	address := gatewaytest.Serve(t, served)
	const want = `refused: oracle ORA-00001 applied: no
total: 25 lines: 2
line: 1 Schraube M4 12.5
line: 2 Mutter M4 12.5
`
	if got := played(t, []string{"FLUXOR_DSN=tcp://app:" + gatewaytest.Token + "@" + address + "/erp"}, built(t)); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}
