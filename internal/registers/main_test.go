// This file is the test binary's entry: private servers end with it, and no goroutine may be left.

package registers_test

import (
	"log/slog"
	"testing"

	"github.com/go-sql-driver/mysql"

	"github.com/fluxor-db/fluxor/internal/dbtest"
)

func TestMain(m *testing.M) {
	_ = mysql.SetLogger(&mysql.NopLogger{})        // the driver reports each cut connection on stderr
	slog.SetDefault(slog.New(slog.DiscardHandler)) // the faults are made on purpose
	dbtest.Main(m)
}
