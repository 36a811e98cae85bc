// This file is the test binary's entry: no goroutine may be left.

package compat

import (
	"testing"

	"github.com/fluxor-db/fluxor/internal/dbtest"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	// OpenCensus starts a worker when its package is imported and never ends it.
	dbtest.Main(m, goleak.IgnoreTopFunction("go.opencensus.io/stats/view.(*worker).start"))
}
