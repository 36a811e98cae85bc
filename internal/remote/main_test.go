// This file looks for goroutines that tests leave behind, and ends the servers that they share.

package remote_test

import (
	"testing"

	"github.com/fluxor-db/fluxor/internal/dbtest"
)

func TestMain(m *testing.M) { dbtest.Main(m) }
