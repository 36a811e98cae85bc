// This file is the test binary's entry: no goroutine may be left.

package cacheplan_test

import (
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
