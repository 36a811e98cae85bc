// This file tests that access to the driver's connection is admitted by the time at which it is asked for.

package fluxor_test

import (
	"database/sql"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fluxor-db/fluxor"
)

func TestRawOnAConnectionThatRestedIsAdmittedByTheTimeOfNow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := sql.OpenDB(wrapMemory(t, fluxor.RuntimeConfig{
			MaxRequestsPerSecond: 1000, RateLimitBurst: 10, BackpressureMode: "reject",
		}))
		defer db.Close()
		both := func() (first, second *sql.Conn) {
			var err error
			if first, err = db.Conn(t.Context()); err == nil {
				second, err = db.Conn(t.Context())
			}
			if err != nil {
				t.Fatal(err)
			}
			return first, second
		}
		ask := func(c *sql.Conn) {
			if _, err := c.ExecContext(t.Context(), "update t set n = 1"); err != nil {
				t.Fatal(err)
			}
		}
		one, other := both()
		ask(one)
		ask(other)
		_, _ = one.Close(), other.Close()
		<-time.After(time.Minute)
		one, other = both()
		defer one.Close()
		defer other.Close()
		ask(one)
		if err := fluxor.Raw(t.Context(), other, func(any) error { return nil }); err != nil {
			t.Errorf("the second operation in a minute is refused: %v", err)
		}
	})
}
