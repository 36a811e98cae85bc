// This file checks that the demo can fail: what the bare driver does would not pass for Fluxor.

package demo

import (
	"bytes"
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/cmd/fluxor/internal/term"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// told returns which claims held after f spoke.
func told(f func(*stage)) map[string]bool {
	s := &stage{screen: term.New(new(bytes.Buffer), term.Plain), size: sizes[Quick]}
	f(s)
	held := make(map[string]bool)
	for _, finding := range s.findings {
		held[finding.ID] = finding.Held
	}
	return held
}

func TestBareOutcomesWouldNotPassForFluxors(t *testing.T) {
	t.Parallel()
	twice := stored{lost: 3, rows: 15, distinct: 12}
	blind := afterCut{lost: 4, rows: 40}
	held := told(func(s *stage) {
		s.tellWriteOnce(12, twice, twice)
		s.tellIdle(blind, blind)
		s.tellFairness(3, []int{2, 1, 0}, []int{0, 2, 1})
		s.tellFullPool(context.DeadlineExceeded, nestedLimit, context.DeadlineExceeded, nestedLimit)
		bare := &asker{took: []float64{30, 31, 29}}
		s.tellPrepared(bare, bare, bare)
		s.tellCached(cacheShown{bare: bare, kept: bare, writes: 1, stale: 1, rollbacks: 1, dirty: 1, asked: 1, refused: 1, changes: 1})
		flooded := rush{span: time.Second, inTime: 50, served: []time.Duration{time.Second}}
		s.tellOverload(capacity{perSecond: 200}, flooded, flooded)
		hung := outage{failed: []time.Duration{outageLimit}}
		s.tellOutage(hung, hung)
		s.tellLeak(leaks{})
		slow := slowness{took: time.Second, working: 1}
		s.tellSlow(slow, slow)
		s.tellService(served{sessions: 18, conns: 18, acknowledged: 9, stored: 10, failed: 1, drained: true, bareSees: "boom", sees: "boom: unknown"})
	})
	for _, id := range []string{
		"write_once", "write_told", "idle_sent", "fairness", "full_pool", "statement_answers", "statement_time",
		"cache_answers", "cache_time", "cache_write", "cache_rollback", "cache_outage", "cache_audit",
		"overload_goodput", "overload_wait", "overload_refused", "outage_wait", "outage_refused", "outage_over",
		"leak_named", "leak_ended", "leak_dropped", "slow_timeout", "slow_server", "slow_named",
		"gateway_conns", "gateway_rows", "gateway_drain", "gateway_error",
	} {
		if ok, checked := held[id]; ok || !checked {
			t.Errorf("%s: held %v, checked %v; want a claim that fails", id, ok, checked)
		}
	}
}

func TestLostWriteAndFailedStatementBreakTheirClaims(t *testing.T) {
	t.Parallel()
	held := told(func(s *stage) {
		s.tellWriteOnce(12, stored{}, stored{lost: 3, rows: 11, distinct: 11, failed: 3, unknown: 3})
		s.tellIdle(afterCut{}, afterCut{failed: 1, rows: 39})
	})
	if held["write_once"] || held["idle_cut"] {
		t.Errorf("got %v, want write_once and idle_cut to fail", held)
	}
}

func TestOneOtherAnswerBreaksTheClaim(t *testing.T) {
	t.Parallel()
	answered := func(total int64) *asker {
		return &asker{took: []float64{float64(total)}, answers: []bill{{name: "Customer 1", total: 50}, {name: "Customer 2", total: total}}}
	}
	for _, row := range []struct {
		fluxor, byHand int64
		held           bool
	}{{30, 30, true}, {29, 30, false}, {30, 29, false}} {
		held := told(func(s *stage) { s.tellPrepared(answered(30), answered(row.fluxor), answered(row.byHand)) })
		if held["statement_answers"] != row.held {
			t.Errorf("%+v: got %v", row, held)
		}
	}
	if held := told(func(s *stage) { s.tellPrepared(answered(30), answered(29), answered(29)) }); !held["statement_time"] {
		t.Errorf("less time does not pass: %v", held)
	}
}

func TestOtherErrorsThanIndeterminateOnesBreakTheClaim(t *testing.T) {
	t.Parallel()
	var r stored
	r.count(nil)
	r.count(&fluxor.IndeterminateError{Op: "exec"})
	r.count(errors.New("something else"))
	if r.failed != 2 || r.unknown != 1 {
		t.Errorf("got %d failed, %d unknown; want 2 and 1", r.failed, r.unknown)
	}
	r.lost, r.rows, r.distinct = 2, 12, 12
	if held := told(func(s *stage) { s.tellWriteOnce(12, stored{}, r) }); held["write_told"] {
		t.Error("write_told held with an error of another kind")
	}
}

func TestClaimThatDoesNotHoldFailsTheRun(t *testing.T) {
	var out bytes.Buffer
	s := &stage{screen: term.New(&out, term.Plain)}
	sum, err := s.run(t.Context(), []chapter{{"Only", func(s *stage, _ context.Context) error {
		s.claim(Finding{ID: "wrong", What: "w", Claim: "c"})
		return nil
	}}})
	if err != nil || sum.OK || sum.Verdict() == nil {
		t.Errorf("got %v, ok %v, verdict %v; want a summary that says no", err, sum.OK, sum.Verdict())
	}
	if !strings.Contains(out.String(), "1 of 1 claims did not hold: wrong") {
		t.Errorf("the output does not say so:\n%s", out.String())
	}
}

func TestChapterThatCannotRunEndsTheDemo(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	boom := errors.New("boom")
	s := &stage{screen: term.New(new(bytes.Buffer), term.Plain)}
	sum, err := s.run(t.Context(), []chapter{{"Only", func(s *stage, _ context.Context) error {
		return errors.Join(os.WriteFile(s.dir+"/x", nil, 0o600), boom)
	}}})
	if !errors.Is(err, boom) || sum.OK || sum.Error == "" {
		t.Errorf("got %v, %+v; want the error and a summary that says it", err, sum)
	}
	if left, err := os.ReadDir(os.Getenv("TMPDIR")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestNumberThatNeverComesEndsWithTheContextAndIsNamed(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	err := until(ctx, "goroutines in line", func() int64 { return 3 }, 4)
	if !errors.Is(err, context.DeadlineExceeded) || !strings.HasPrefix(err.Error(), "goroutines in line: got 3, want 4: ") {
		t.Errorf("got %v", err)
	}
}

func TestShownRatioIsThatOfTheShownRates(t *testing.T) {
	t.Parallel()
	bare := &side{rates: []float64{17000, 9000, 17356}}
	wrapped := &side{rates: []float64{16660, 20000, 100}}
	f := speed(bare.rate(), wrapped.rate())
	if f.Bare != 17000 || f.Fluxor != 16660 || f.fluxorText != "16,660 (0.98x)" || !strings.Contains(f.Claim, "0.98 of the bare speed") || !f.Held {
		t.Errorf("got %+v", f)
	}
	if f := speed(1000, 499); f.Held {
		t.Errorf("half the speed passes: %+v", f)
	}
}

func TestTurnsGoOnWhereTheSpeedsDifferTooMuch(t *testing.T) {
	t.Parallel()
	plan := size{turns: 3}
	bare := &side{size: plan, rates: []float64{1000}}
	for _, row := range []struct {
		turn int
		rate float64
		want bool
	}{{2, 900, true}, {3, 900, false}, {3, 100, true}, {11, 100, true}, {12, 100, false}} {
		if got := due(row.turn, bare, &side{size: plan, rates: []float64{row.rate}}); got != row.want {
			t.Errorf("%+v: got %t", row, got)
		}
	}
}

func TestDemoThatEndsEarlyHasAListOfFindings(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	s := &stage{screen: term.New(new(bytes.Buffer), term.Plain)}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	sum, err := s.run(ctx, chapters)
	if err == nil || sum.Findings == nil {
		t.Errorf("got %v, findings %v; want an error and an empty list", err, sum.Findings)
	}
}

func TestInversionsAreCountedByPairs(t *testing.T) {
	t.Parallel()
	if n := inversions([]int{2, 0, 1}); n != 2 {
		t.Errorf("got %d, want 2", n)
	}
	if n := place([]int{2, 0, 1}, 0); n != 2 {
		t.Errorf("got place %d, want 2", n)
	}
}

func TestNumbersHaveTheirThousandsSetApart(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", -1234567: "-1,234,567"} {
		if got := comma(n); got != want {
			t.Errorf("%d: got %s, want %s", n, got, want)
		}
	}
}
