// This file tests by which packages Oracle's pure Go drivers are known.

package backend

import "testing"

func TestOraclesPureGoDriversAreKnownByTheirPackages(t *testing.T) {
	for pkg, want := range map[string]bool{
		"github.com/sijms/go-ora/v2": true, "github.com/sijms/go-ora/v3": true, "github.com/oracle/go-oracledb/v26/driver": true,
		"github.com/sijms/go-orange": false, "github.com/godror/godror": false, "": false,
	} {
		if got := describeOracle(Backend{}, "", pkg); (got.Type == "oracle") != want || got.ErrBadConnLies != want {
			t.Errorf("%s: got %+v", pkg, got)
		}
	}
}
