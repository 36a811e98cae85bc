//go:build unix && cgo

// This file holds what the tests of this package share.

package oracle_test

import (
	"testing"
	"time"
)

// time2024 is a moment of summer in a zone.
func time2024(t *testing.T, zone string) time.Time {
	t.Helper()
	loc, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	return time.Date(2024, 7, 1, 12, 30, 15, 0, loc)
}
