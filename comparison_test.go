// This file measures what docs/COMPARISON.md says of the bare drivers.

package fluxor_test

import (
	"testing"

	"github.com/fluxor-db/fluxor/internal/faultproxy"
)

// TestTheBareDriversSendAWriteTwice: once it fails, a driver has mended this, and
// the pages that say so must follow.
func TestTheBareDriversSendAWriteTwice(t *testing.T) {
	for _, b := range networkBackends {
		want := 2
		if b.name == "mysql" {
			want = 1
		}
		target, direct, proxy := b.behindProxy(t, "n int")
		db := b.raw(t, target)
		proxy.CutOnReply(1, faultproxy.FIN, insertInto)
		_, err := db.ExecContext(t.Context(), "insert into w values (1)")
		if rows, _ := countRows(t, direct); rows != want || (err == nil) != (want == 2) {
			t.Errorf("%s: %d rows, %v, want %d", b.name, rows, err, want)
		}
	}
}
