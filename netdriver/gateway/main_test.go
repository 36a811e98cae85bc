// This file looks for goroutines that tests leave behind, ends the servers that they share, and is the gateway that a test kills.

package gateway_test

import (
	"os"
	"testing"

	"github.com/fluxor-db/fluxor/internal/dbtest"
)

func TestMain(m *testing.M) {
	if dsn := os.Getenv(childDSN); dsn != "" {
		child(dsn)
		return
	}
	dbtest.Main(m)
}
