// This file is the test binary's entry: private servers end with it, and no goroutine may be left.

package neighbours

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/fluxor-db/fluxor/internal/dbtest"
)

func TestMain(m *testing.M) {
	// GORM starts one when it first prepares statements and never ends it.
	dbtest.Main(m, goleak.IgnoreTopFunction("gorm.io/gorm/internal/lru.NewLRU[...].func1"))
}
