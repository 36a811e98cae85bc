// This file tests what a diagnosis says of a query cache.

package health

import (
	"strings"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor/metrics"
)

// cacheSection is what a diagnosis says of a cache.
func cacheSection(c *metrics.Cache) string {
	_, rest, _ := strings.Cut(Diagnostics{Cache: c}.String(), "\ncache     ")
	part, _, _ := strings.Cut(rest, "\nslowest ")
	return part
}

func TestADiagnosisSaysWhatTheCacheAnswersAndWhyNot(t *testing.T) {
	got := cacheSection(&metrics.Cache{
		Mode: "all", Hits: 6000, Joined: 300, Stale: 17, StaleOnError: 7, StaleMax: 95 * time.Second,
		Misses:   map[string]int64{"not-there": 3000, "expired": 900, "audit": 50, "being-written": 40, "refresh": 20, "overtaken": 2, "none": 0},
		Bypasses: map[string]int64{"in-transaction": 12}, Flushes: map[string]int64{"unknown-effect": 2},
		Kept: 3900, Dropped: 31, TooManyRows: 3, TooBig: 2, NotPlain: 1, Evicted: 7,
		Entries: 812, Dead: 90, Bytes: 13<<20 + 1<<19, Budget: 64 << 20, Doubts: 1, Sessions: 2,
		Audits: 50, Mismatches: 3, Schema: "unknown", SchemaFault: "permission\ndenied",
	})
	const want = `all: answered 61.2 % of 10322 queries: 6000 from memory, 300 with another caller's answer, 17 with an old one (7 because the database could not be asked; the oldest was 1m35s old)
          812 answers take 13.5 MiB of 64.0 MiB, about 90 of them dead weight, 7 evicted; 3900 kept, 31 overtaken while they came, 6 did not fit
          asked the database 4012 times: not-there 3000, expired 900, audit 50, being-written 40, others 22
          had no part in 12 times: in-transaction 12
          ended all answers 2 times: unknown-effect 2
          1 versions in doubt, 2 connections with a state of their own; schema unknown: permission denied
          3 of 50 audited answers were WRONG: somebody changes tables without this connector`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestADiagnosisOfACacheThatIsQuietIsShort(t *testing.T) {
	for name, row := range map[string]struct {
		c    *metrics.Cache
		want string
	}{
		"none": {nil, "off"},
		"off":  {&metrics.Cache{Mode: "off"}, "off"},
		"new": {
			&metrics.Cache{Mode: "hint", Bytes: 2048, Budget: 700, Schema: "known"},
			"hint: answered 0.0 % of 0 queries: 0 from memory, 0 with another caller's answer, 0 with an old one\n" +
				"          0 answers take 2.0 KiB of 700 bytes, about 0 of them dead weight, 0 evicted; 0 kept, 0 overtaken while they came, 0 did not fit\n" +
				"          0 versions in doubt, 0 connections with a state of their own; schema known",
		},
		"observing": {
			&metrics.Cache{Mode: "observe", Would: 3, Misses: map[string]int64{"observed": 3, "not-there": 1}, Budget: 1 << 10, Schema: "off"},
			"observes: it would have answered 75.0 % of 4 queries\n" +
				"          0 answers take 0 bytes of 1.0 KiB, about 0 of them dead weight, 0 evicted; 0 kept, 0 overtaken while they came, 0 did not fit\n" +
				"          asked the database 4 times: observed 3, not-there 1\n" +
				"          0 versions in doubt, 0 connections with a state of their own; schema off",
		},
	} {
		if got := cacheSection(row.c); got != row.want {
			t.Errorf("%s: got\n%s\nwant\n%s", name, got, row.want)
		}
	}
	if got := cacheSection(&metrics.Cache{Mode: "all", Audits: 9}); !strings.HasSuffix(got, "\n          all of 9 audited answers were right") {
		t.Errorf("got\n%s", got)
	}
}
