// This file tests that a long upload is no silence, and that one that stands still is.

package fluxor_test

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/internal/faultproxy"
)

// uploadModes make a driver send an argument as it is.
var uploadModes = map[string]string{
	"pq":    "binary_parameters=yes",
	"pgx":   "default_query_exec_mode=cache_statement",
	"mysql": "interpolateParams=true",
}

// blob is each server's type for bytes.
var blob = map[string]string{"pq": "bytea", "pgx": "bytea", "mysql": "longblob"}

func TestOnlyAnUploadThatStandsStillIsCut(t *testing.T) {
	const size, rate, quiet = 5 << 19, 1 << 20, time.Second
	for _, b := range networkBackends {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			target, direct, proxy := b.behindProxy(t, "n "+blob[b.name])
			db := b.fluxor(t, target, uploadModes[b.name], "fluxor_network_timeout="+quiet.String())
			if err := db.PingContext(t.Context()); err != nil {
				t.Fatal(err)
			}
			proxy.Throttle(faultproxy.ToServer, rate)
			insert, value := "insert into w values ("+b.placeholder+")", bytes.Repeat([]byte("x"), size)
			start := time.Now()
			_, err := db.Exec(insert, value)
			if took := time.Since(start); err != nil || took < 2*quiet {
				t.Errorf("an upload that never stood still: %v after %s, want more than %s", err, took, 2*quiet)
			}
			if rows, _ := countRows(t, direct); rows != 1 {
				t.Errorf("%d rows, want 1", rows)
			}

			before := proxy.Counters().BytesToServer
			done := make(chan error, 1)
			go func() {
				_, err := db.Exec(insert, value)
				done <- err
			}()
			waitUntil(t, "the upload is under way", func() bool { return proxy.Counters().BytesToServer > before+rate/10 })
			proxy.Throttle(faultproxy.ToServer, 1) // a byte per second is none: the proxy's buffer is full
			start = time.Now()
			err = <-done
			if !isIndeterminate(err) || !errors.Is(err, fluxor.ErrNetworkTimeout) {
				t.Errorf("an upload that stood still: err = %v, want an indeterminate one", err)
			}
			if took := time.Since(start); took < quiet/2 || took > 2*quiet {
				t.Errorf("it was cut after %s, want about %s", took, quiet)
			}
		})
	}
}
