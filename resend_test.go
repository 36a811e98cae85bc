// This file counts on real servers how often a statement is sent whose answer is lost: a read as often as the options say, anything else once.

package fluxor_test

import (
	"bytes"
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor/internal/faultproxy"
)

func readsMarked(request []byte) bool { return bytes.Contains(request, []byte("as marked")) }

func TestAReadWhoseAnswerIsLostIsSentAsOftenAsTheOptionsSay(t *testing.T) {
	for _, b := range networkBackends[:2] { // go-sql-driver says of none that it may be
		for retries, want := range map[int]uint64{0: 1, 1: 2, 3: 4} {
			t.Run(fmt.Sprintf("%s/%d", b.name, retries), func(t *testing.T) {
				t.Parallel()
				target, _, proxy := b.behindProxy(t, "n int")
				db := b.fluxor(t, target, fmt.Sprintf("fluxor_max_retries=%d", retries), "fluxor_retry_backoff=10ms")
				if err := db.PingContext(t.Context()); err != nil {
					t.Fatal(err)
				}
				before := proxy.Counters().Cuts
				proxy.CutOnReply(100, faultproxy.FIN, readsMarked)
				if _, err := db.ExecContext(t.Context(), "select 1 as marked"); !isIndeterminate(err) {
					t.Errorf("got %v", err)
				}
				if got := uint64(proxy.Counters().Cuts - before); got != want {
					t.Errorf("it was sent %d times, want %d", got, want)
				}
			})
		}
	}
}

func TestAReadIsSentAgainWithinTheBudgetAndTheContext(t *testing.T) {
	b := networkBackends[1]
	target, _, proxy := b.behindProxy(t, "n int")
	db := b.fluxor(t, target, "fluxor_retry_backoff=1h", "fluxor_cb_max_failures=0")
	if err := db.PingContext(t.Context()); err != nil {
		t.Fatal(err)
	}
	proxy.CutOnReply(100, faultproxy.FIN, readsMarked)
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	before := proxy.Counters().Cuts
	if _, err := db.ExecContext(ctx, "select 1 as marked"); !isIndeterminate(err) {
		t.Errorf("got %v", err)
	}
	if got := proxy.Counters().Cuts - before; got != 1 {
		t.Errorf("it was sent %d times although the context ends before the pause does", got)
	}
	quick := b.fluxor(t, target, "fluxor_retry_backoff=1ms", "fluxor_cb_max_failures=0")
	before = proxy.Counters().Cuts
	proxy.CutOnReply(1000, faultproxy.FIN, readsMarked)
	const reads = 200
	for range reads {
		_, _ = quick.ExecContext(t.Context(), "select 1 as marked")
	}
	again := int(proxy.Counters().Cuts-before) - reads
	if most := 50 + reads/10; again < 50 || again > most {
		t.Errorf("%d repeats of %d reads, want no more than %d", again, reads, most)
	}
}
