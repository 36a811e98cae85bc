// This file is the test binary's entry: private servers end with it, and no goroutine may be left.

package overload_test

import (
	"log/slog"
	"testing"

	"github.com/fluxor-db/fluxor/internal/dbtest"
)

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler))
	dbtest.Main(m)
}
