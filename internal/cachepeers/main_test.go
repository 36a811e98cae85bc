// This file is the test binary's entry: no goroutine may be left.

package cachepeers

import (
	"testing"

	"github.com/fluxor-db/fluxor/internal/dbtest"
)

func TestMain(m *testing.M) { dbtest.Main(m) }
