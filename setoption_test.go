// This file tests options that programs write by name.

package fluxor_test

import (
	"strings"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor"
)

func TestAnOptionIsWrittenByItsNameAsInADSN(t *testing.T) {
	var c fluxor.RuntimeConfig
	for name, value := range map[string]string{"max_open_conns": "7", "query_timeout": "0", "enable_leak_detection": "false", "preset": "legacy"} {
		if err := c.SetOption(name, value); err != nil {
			t.Error(err)
		}
	}
	if c.MaxOpenConns != 7 || c.QueryTimeout != -1 || c.Preset != "legacy" || c.AcquireTimeout != time.Duration(0) {
		t.Errorf("got %v", c)
	}
	for name, want := range map[string]string{"max_open_conn": "did you mean fluxor_max_open_conns", "max_open_conns": "want a whole number"} {
		if err := c.SetOption(name, "x"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", name, err, want)
		}
	}
}
