// This file is the test binary's entry: private servers end with it, and no goroutine may be left.

package difffuzz

import (
	"flag"
	"log/slog"
	"strconv"
	"testing"

	"github.com/go-sql-driver/mysql"

	"github.com/fluxor-db/fluxor/internal/dbtest"
)

func TestMain(m *testing.M) {
	_ = mysql.SetLogger(&mysql.NopLogger{})
	slog.SetDefault(slog.New(slog.DiscardHandler)) // refused statements are part of the programs
	// The runs wait for their servers more than they work: all databases at
	// once, also on two processors. A flag of the command line wins.
	_ = flag.Set("test.parallel", strconv.Itoa(len(databases)))
	dbtest.Main(m)
}
