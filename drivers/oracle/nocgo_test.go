//go:build !cgo

// This file tests what a program without cgo is told; make check runs it.

package oracle_test

import (
	"database/sql"
	"strings"
	"testing"

	_ "github.com/fluxor-db/fluxor"
	_ "github.com/fluxor-db/fluxor/drivers/oracle"
	"github.com/fluxor-db/fluxor/internal/dbtest"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

func TestWithoutCgoEveryDSNOfOraclesIsRefusedWithTheReason(t *testing.T) {
	for driver, dsns := range map[string][]string{
		"fluxor":        {"u/secret@h:1521/s", "oracle://u:secret@h/s", `user=u password=secret connectString="h/s"`, "u/secret@h/orcl.db?fluxor_driver=godror", "u/secret@h/s?fluxor_type=oracle"},
		"oracle-fluxor": {"u/secret@h:1521/s", "secret"},
	} {
		for _, dsn := range dsns {
			_, err := sql.Open(driver, dsn)
			if err == nil || !strings.HasPrefix(err.Error(), "fluxor: Oracle's driver godror needs cgo, and this program was built without it; build it with CGO_ENABLED=1") {
				t.Errorf("%s under %s: got %v", dsn, driver, err)
			}
		}
	}
}
