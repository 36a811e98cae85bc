// This file is the test binary's entry: no goroutine and no server may be left.

package prometheus_test

import (
	"testing"

	"github.com/fluxor-db/fluxor/internal/dbtest"
)

func TestMain(m *testing.M) { dbtest.Main(m) }
