//go:build unix

// This file is the end of a test process: servers down, goroutines counted.

package dbtest

import (
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"
)

// Main runs a package's tests, fails them when goroutines are left, ends the
// shared servers and removes the databases of the Oracle double:
//
//	func TestMain(m *testing.M) { dbtest.Main(m) }
//
// It does not return. Without it the servers end as well, a moment after the
// process.
func Main(m *testing.M, options ...goleak.Option) {
	goleak.VerifyTestMain(m, append(options, goleak.Cleanup(func(code int) {
		ends := []func() error{removeOracle}
		for _, shared := range []*sharedServer{&sharedPostgres, &sharedMariaDB} {
			if shared.server != nil {
				ends = append(ends, shared.server.remove)
			}
		}
		for _, end := range ends {
			if err := end(); err != nil {
				fmt.Fprintln(os.Stderr, "dbtest:", err)
				code = max(code, 1)
			}
		}
		os.Exit(code)
	}))...)
}
