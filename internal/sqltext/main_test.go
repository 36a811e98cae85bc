// This file is the test binary's entry: private servers end with it, and no goroutine may be left.

package sqltext_test

import (
	"testing"

	"github.com/fluxor-db/fluxor/internal/dbtest"
)

func TestMain(m *testing.M) { dbtest.Main(m) }
