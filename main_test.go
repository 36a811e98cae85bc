// This file is the test binary's entry: private servers end with it, and no goroutine may be left.

package fluxor_test

import (
	"log/slog"
	"os"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"

	"github.com/fluxor-db/fluxor/internal/dbtest"
)

func TestMain(m *testing.M) {
	_ = mysql.SetLogger(noMySQLLog{})              // the driver reports each cut connection on stderr
	slog.SetDefault(slog.New(slog.DiscardHandler)) // the faults are made on purpose
	for _, variable := range os.Environ() {
		if name, _, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "DB_") {
			_ = os.Unsetenv(name) // what DefaultConfig would read
		}
	}
	dbtest.Main(m)
}

type noMySQLLog struct{}

func (noMySQLLog) Print(...any) {}
