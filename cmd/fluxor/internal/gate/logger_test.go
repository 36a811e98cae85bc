// This file tests how the gateway's log is written.

package gate

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor/netdriver/gateway/config"
)

func TestTimesInTheLogHaveTheirUnit(t *testing.T) {
	t.Parallel()
	for format, want := range map[string][]string{
		"json": {`"took":"1.5s"`, `"in":{"took":"2ms"}`},
		"text": {"took=1.5s", "in.took=2ms"},
	} {
		var out bytes.Buffer
		logger(&out, config.Log{Level: "info", Format: format}).Info("x", slog.Duration("took", 1500*time.Millisecond), slog.Group("in", slog.Duration("took", 2*time.Millisecond)))
		for _, part := range want {
			if !strings.Contains(out.String(), part) {
				t.Errorf("%s: %q is not in %s", format, part, &out)
			}
		}
	}
}
