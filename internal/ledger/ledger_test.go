// This file tests what the ledger holds, what it gives up, and that nothing is lost.

package ledger_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/fluxor-db/fluxor/internal/ledger"
	"github.com/fluxor-db/fluxor/internal/sqltext"
)

// began is when the tests' executions begin to end.
var began = time.Unix(1_700_000_000, 0)

// only returns the only statement of a ledger.
func only(t *testing.T, l *ledger.Ledger) ledger.Statement {
	t.Helper()
	all := l.Top(-1, ledger.ByTotal)
	if len(all) != 1 {
		t.Fatalf("%d statements, want one: %v", len(all), all)
	}
	return all[0]
}

func TestStatementsThatDifferInLiteralsShareAPage(t *testing.T) {
	l := newLedger(ledger.Config{SlowAfter: 20 * time.Millisecond})
	l.Record("select a from t where b = 1", ledger.Execution{At: began, Took: 10 * time.Millisecond, Rows: 3})
	l.Record("SELECT a FROM t WHERE b = 'two'", ledger.Execution{At: began.Add(time.Second), Took: 30 * time.Millisecond, Failed: true, InTx: true})
	l.Record("select a from t where b = $1", ledger.Execution{At: began.Add(2 * time.Second), Took: 20 * time.Millisecond, InTx: true})
	s := only(t, l)
	got := fmt.Sprint(s.Fingerprint, "|", s.Verb, s.Tables, s.Count, s.Failed, s.Slow, s.InTx, s.Rows, s.Total, s.Mean(), s.Max, s.MaxAt.Sub(began), s.First.Sub(began), s.Last.Sub(began))
	want := "select a from t where b = ?|SELECT[t] 3 1 2 2 3 60ms 20ms 30ms 1s 0s 2s"
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestTheCallerIsTheLineOfTheApplication(t *testing.T) {
	l := newLedger(ledger.Config{})
	l.Record(everyday, run)
	if s := only(t, l); !strings.HasPrefix(s.Caller, "ledger/ledger_test.go:") || !strings.HasSuffix(s.Caller, "TestTheCallerIsTheLineOfTheApplication)") {
		t.Errorf("the caller is %q", s.Caller)
	}
}

func TestAGoroutineWithoutApplicationNamesNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLedger(ledger.Config{})
		go l.Record(everyday, run)
		synctest.Wait()
		if s := only(t, l); s.Count != 1 || s.Caller != "" {
			t.Errorf("%d runs by %q", s.Count, s.Caller)
		}
	})
}

func TestNoLiteralAndNoArgumentIsKept(t *testing.T) {
	for _, d := range []sqltext.Dialect{sqltext.Unknown, sqltext.PostgreSQL, sqltext.MySQL, sqltext.Oracle, sqltext.SQLite} {
		l := ledger.New(sqltext.NewMemo(d), ledger.Config{})
		texts := []string{
			"select 'hidden' from t where a = 'hidden' -- hidden",
			"insert into t values (4711, 'hidden'), (4711, 'hidden')",
			"select 'hidden and not closed",
			"select 1 /* hidden */ + 4711",
			"insert into t values ('" + strings.Repeat("hidden ", 4000) + "')",
		}
		if d == sqltext.Oracle { // a password is a name there
			texts = append(texts, "alter user x identified by hidden")
		}
		for _, text := range texts {
			l.Record(text, run)
		}
		if shown := fmt.Sprintf("%+v %v", l.Top(-1, ledger.ByTotal), l.Totals()); strings.Contains(shown, "hidden") || strings.Contains(shown, "4711") {
			t.Errorf("%v: %s", d, shown)
		}
	}
}

func TestTheLedgerIsBoundAndLosesNoTotal(t *testing.T) {
	l := newLedger(ledger.Config{Size: 320})
	valuable := ledger.Execution{At: began, Took: time.Second, Rows: 1}
	for i := range 40 {
		l.Record(fmt.Sprintf("select a from valuable%d", i), valuable)
	}
	for i := range 20_000 {
		l.Record(fmt.Sprintf("select a from once%d", i), ledger.Execution{At: began.Add(time.Duration(i)), Took: time.Microsecond, Rows: 2, Failed: i%1000 == 0})
	}
	totals := l.Totals()
	if totals.Fingerprints > 320 || totals.Dropped != int64(20_040-totals.Fingerprints) {
		t.Errorf("%d fingerprints, %d dropped", totals.Fingerprints, totals.Dropped)
	}
	all := totals.All
	if all.Count != 20_040 || all.Rows != 40_040 || all.Failed != 20 || all.Total != 40*time.Second+20_000*time.Microsecond {
		t.Errorf("totals are %+v", all)
	}
	sum := totals.Rest.Count
	for _, s := range l.Top(-1, ledger.ByTotal) {
		sum += s.Count
	}
	if sum != 20_040 {
		t.Errorf("pages and rest hold %d executions", sum)
	}
	if all.Max != time.Second || !all.First.Equal(began) || !all.Last.Equal(began.Add(19_999)) {
		t.Errorf("longest %v, first %v, last %v", all.Max, all.First, all.Last)
	}
	kept := 0
	for _, s := range l.Top(40, ledger.ByTotal) {
		if s.Total == time.Second {
			kept++
		}
	}
	if kept != 40 {
		t.Errorf("%d of the 40 valuable ones are kept", kept)
	}
}

func TestANewStatementHasTimeToProveItsWorth(t *testing.T) {
	l := newLedger(ledger.Config{})
	for i := range 3000 {
		l.Record(fmt.Sprintf("select a from old%d", i), ledger.Execution{At: began, Took: 10 * time.Millisecond})
	}
	for i := range 500 { // each tenth new statement is the one that matters
		l.Record("select a from newcomer", ledger.Execution{At: began, Took: time.Millisecond})
		for j := range 9 {
			l.Record(fmt.Sprintf("select a from once%d", i*9+j), ledger.Execution{At: began, Took: time.Microsecond})
		}
	}
	for _, s := range l.Top(-1, ledger.ByCount) {
		if s.Fingerprint == "select a from newcomer" {
			if s.Count < 450 {
				t.Errorf("its page holds %d of 500", s.Count)
			}
			return
		}
	}
	t.Error("it has no page")
}

func TestAPageThatWasGivenUpBeginsAnew(t *testing.T) {
	l := newLedger(ledger.Config{Size: 16})
	text := "select a from again"
	l.Record(text, ledger.Execution{At: began, Took: time.Nanosecond})
	for i := range 500 {
		l.Record(fmt.Sprintf("select a from other%d", i), ledger.Execution{At: began, Took: time.Second})
	}
	l.Record(text, ledger.Execution{At: began, Took: time.Hour})
	s := l.Top(1, ledger.ByTotal)[0]
	if s.Fingerprint != text || s.Count != 1 {
		t.Errorf("the first is %v", s)
	}
	if got := l.Totals().All.Count; got != 502 {
		t.Errorf("%d executions in all", got)
	}
}

func TestTwoLedgersShareAMemo(t *testing.T) {
	memo := sqltext.NewMemo(sqltext.PostgreSQL)
	a, b := ledger.New(memo, ledger.Config{}), ledger.New(memo, ledger.Config{})
	for range 3 {
		a.Record(everyday, run)
		b.Record(everyday, run)
		b.Record(everyday, run)
	}
	if x, y := only(t, a).Count, only(t, b).Count; x != 3 || y != 6 {
		t.Errorf("%d and %d, want 3 and 6", x, y)
	}
}

func TestALongFingerprintIsCut(t *testing.T) {
	l := newLedger(ledger.Config{})
	for tail := range 3 {
		l.Record("select "+strings.Repeat("ä, ", 2000)+fmt.Sprintf("x%d from t", tail), run)
	}
	s := only(t, l)
	if len(s.Fingerprint) > 2100 || !utf8.ValidString(s.Fingerprint) || !strings.HasSuffix(s.Fingerprint, " ...") {
		t.Errorf("%d bytes, ends in %q", len(s.Fingerprint), s.Fingerprint[len(s.Fingerprint)-10:])
	}
	if line := s.String(); len(line) > 400 || !utf8.ValidString(line) {
		t.Errorf("its line is %q", line)
	}
}

func TestNothingIsLostWhenManyRecordAtOnce(t *testing.T) {
	l := newLedger(ledger.Config{Size: 64})
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := range 3_000 {
				l.Record(fmt.Sprintf("select %d from t%d", i%7, (i*w)%300), run)
				if i%500 == 0 {
					l.Top(3, ledger.ByCount)
					l.Totals()
				}
			}
		})
	}
	wg.Wait()
	totals := l.Totals()
	if totals.All.Count != 24_000 || totals.All.Total != 24_000*run.Took || totals.Fingerprints > 64 {
		t.Errorf("%d executions, %v, %d fingerprints", totals.All.Count, totals.All.Total, totals.Fingerprints)
	}
}

func TestAKnownTextAllocatesNothing(t *testing.T) {
	l := newLedger(ledger.Config{})
	for range 100 {
		l.Record(everyday, run)
	}
	if n := testing.AllocsPerRun(1000, func() { l.Record(everyday, run) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestQuantilesAreWithinAFactor(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // the same data in each run
	l := newLedger(ledger.Config{})
	var exact []time.Duration
	for range 5_000 {
		took := time.Duration(math.Pow(10, 3.5+7*r.Float64()))
		exact = append(exact, took)
		l.Record(everyday, ledger.Execution{At: began, Took: took})
	}
	slices.Sort(exact)
	s := only(t, l)
	for _, q := range []struct{ got, want time.Duration }{{s.P50, exact[2499]}, {s.P95, exact[4749]}} {
		if off := float64(q.got) / float64(q.want); off > 1.5 || off < 1/1.5 {
			t.Errorf("got %v, exactly %v", q.got, q.want)
		}
	}
}

func TestQuantilesAtTheEndsAreSensible(t *testing.T) {
	l := newLedger(ledger.Config{})
	l.Record(everyday, ledger.Execution{At: began, Took: -time.Second})
	if s := only(t, l); s.P50 != 0 || s.Total != 0 {
		t.Errorf("of a negative time: %v", s)
	}
	l.Record(everyday, ledger.Execution{At: began, Took: time.Hour})
	if s := only(t, l); s.P95 != time.Hour {
		t.Errorf("of an hour: %v", s.P95)
	}
	if got := newLedger(ledger.Config{}).Totals(); got.All.P50 != 0 || !got.All.First.IsZero() || got.All.Mean() != 0 {
		t.Errorf("of nothing: %+v", got)
	}
}

func TestTheTopIsInTheOrderAskedFor(t *testing.T) {
	l := newLedger(ledger.Config{SlowAfter: 40 * time.Millisecond})
	record := func(table string, times int, e ledger.Execution) {
		for range times {
			l.Record("select a from "+table, e)
		}
	}
	record("often", 100, ledger.Execution{At: began, Took: time.Millisecond})
	record("total", 5, ledger.Execution{At: began, Took: 39 * time.Millisecond})
	record("slow", 3, ledger.Execution{At: began, Took: 50 * time.Millisecond})
	record("longest", 1, ledger.Execution{At: began, Took: 80 * time.Millisecond})
	record("longest", 1, ledger.Execution{At: began, Took: 2 * time.Millisecond})
	record("failed", 2, ledger.Execution{At: began, Took: time.Microsecond, Failed: true})
	for want, order := range map[string]ledger.Order{
		"often": ledger.ByCount, "total": ledger.ByTotal, "longest": ledger.ByMax, "failed": ledger.ByFailed, "slow": ledger.BySlow,
	} {
		if got := l.Top(2, order); len(got) != 2 || got[0].Tables[0] != want {
			t.Errorf("want %s first, got %v", want, got)
		}
	}
	if got := l.Top(1, ledger.ByMean)[0].Tables[0]; got != "slow" {
		t.Errorf("by mean %s is first", got)
	}
	if got := l.Top(0, ledger.ByTotal); len(got) != 0 {
		t.Errorf("the first none are %v", got)
	}
}

func TestAStatementReadsAsOneLine(t *testing.T) {
	s := ledger.Statement{
		Fingerprint: "select ?", Count: 2, Failed: 1, Total: 3 * time.Millisecond, Max: 2 * time.Millisecond,
		P50: time.Millisecond, P95: 2 * time.Millisecond, Caller: "shop/order.go:42 (shop.Save)",
	}
	want := "2 runs, 3ms in all, p50 1ms, p95 2ms, longest 2ms, 1 failed: select ? at shop/order.go:42 (shop.Save)"
	if got := s.String(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
