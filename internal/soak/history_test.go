// This file plants violations and proves that the checkers find them, and nothing in a history without one.

package soak_test

import (
	"context"
	"database/sql/driver"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/fluxor-db/fluxor/internal/soak"
	"github.com/fluxor-db/fluxor/refusal"
)

// rows is a history in which row 1 was acknowledged, row 2 failed, row 3 is
// open for ever and row 4 is under way.
func rows() *soak.History {
	h := &soak.History{}
	for _, o := range []soak.Outcome{soak.Acked, soak.Failed, soak.Unknown} {
		h.End(h.Begin(), o, "")
	}
	h.Begin()
	return h
}

func TestAnAnswerThatIsPossibleIsNoViolation(t *testing.T) {
	for name, seen := range map[string][]int64{
		"only what was acknowledged":     {1},
		"the indeterminate one is there": {1, 3},
		"the one under way is there":     {4, 1},
		"both are there":                 {3, 4, 1},
	} {
		t.Run(name, func(t *testing.T) {
			h := rows()
			h.EndRead(h.BeginRead(1, 4), seen)
			h.End(4, soak.Acked, "")
			h.Close(append(slices.DeleteFunc(slices.Clone(seen), func(id int64) bool { return id == 4 }), 4))
			if v := h.Violations(); len(v) > 0 {
				t.Errorf("violations: %q", v)
			}
		})
	}
}

func TestEveryPlantedViolationIsFound(t *testing.T) {
	for _, c := range []struct {
		name string
		seen []int64
		want string
	}{
		{"an acknowledged row is lost", nil, "row 1 is missing"},
		{"an acknowledged row is there twice", []int64{1, 1}, "row 1 is there 2 times"},
		{"an indeterminate row is there twice", []int64{3, 1, 3}, "row 3 is there 2 times"},
		{"a row under way is there three times", []int64{4, 4, 1, 4}, "row 4 is there 3 times"},
		{"a row that failed for certain is there", []int64{1, 2}, "row 2 is there, but its write failed"},
		{"a row is there that nobody wrote", []int64{1, 9}, "row 9 was read, but nobody wrote it"},
		{"a row is there that was not asked for", []int64{1, 12}, "returned row 12"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := rows()
			h.EndRead(h.BeginRead(1, 10), c.seen)
			wantViolation(t, h, c.want)
		})
	}
}

func wantViolation(t *testing.T, h *soak.History, want string) {
	t.Helper()
	v := h.Violations()
	if len(v) != 1 || !strings.Contains(v[0], want) {
		t.Errorf("violations: %q, want one with %q", v, want)
	}
}

func TestARowThatWasReadMayNotFailForCertainLater(t *testing.T) {
	h := rows()
	h.EndRead(h.BeginRead(1, 4), []int64{1, 4})
	h.End(4, soak.Failed, "")
	wantViolation(t, h, "row 4 was read, but its write failed for certain")
}

func TestARowAcknowledgedWhileTheReadRanMayBeMissingFromIt(t *testing.T) {
	h := rows()
	r := h.BeginRead(1, 4)
	h.End(4, soak.Acked, "")
	h.EndRead(r, []int64{1})
	if v := h.Violations(); len(v) > 0 {
		t.Errorf("violations: %q", v)
	}
	h.EndRead(h.BeginRead(1, 4), []int64{1})
	wantViolation(t, h, "row 4 is missing")
}

func TestTheEndIsJudgedWholeAndNobodyMayBeUnderWay(t *testing.T) {
	h := rows()
	h.Close([]int64{1})
	wantViolation(t, h, "row 4: its writer never heard an end")

	h = rows()
	h.End(4, soak.Acked, "")
	h.Close([]int64{1})
	wantViolation(t, h, "row 4 is missing")
}

func TestAWriteThatEndsTwiceIsAViolation(t *testing.T) {
	h := rows()
	h.End(1, soak.Acked, "")
	wantViolation(t, h, "row 1 ended twice")
}

func TestOnlyTheFirstViolationsAreKeptInWords(t *testing.T) {
	h := &soak.History{}
	for range 50 {
		h.End(h.Begin(), soak.Acked, "")
	}
	h.Close(nil)
	if v := h.Violations(); len(v) != 21 || v[20] != "and 30 more" {
		t.Errorf("%d violations, the last %q", len(v), v[len(v)-1])
	}
}

func TestOnlyTheIndeterminateErrorLeavesAWriteOpen(t *testing.T) {
	lost := func(op string) error {
		return errors.Join(&refusal.IndeterminateError{Op: op, Cause: context.Canceled})
	}
	for _, c := range []struct {
		name             string
		err              error
		alone, committed soak.Outcome
	}{
		{"no error", nil, soak.Acked, soak.Acked},
		{"a lost statement", lost("exec"), soak.Unknown, soak.Failed},
		{"a lost commit", lost("commit"), soak.Unknown, soak.Unknown},
		{"a refusal", &refusal.Error{Sentinel: refusal.ErrCircuitOpen}, soak.Failed, soak.Failed},
		{"the context's end", context.DeadlineExceeded, soak.Failed, soak.Failed},
		{"nothing was sent", driver.ErrBadConn, soak.Failed, soak.Failed},
		{"a verdict", errors.New("duplicate key"), soak.Failed, soak.Failed},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := soak.OutcomeOf(c.err); got != c.alone {
				t.Errorf("in autocommit %v, want %v", got, c.alone)
			}
			if got := soak.OutcomeOfTransaction(c.err); got != c.committed {
				t.Errorf("of a transaction %v, want %v", got, c.committed)
			}
		})
	}
}

func TestABankThatMakesOrLosesMoneyIsFound(t *testing.T) {
	bank := soak.Bank{Accounts: 2, Opening: 100}
	journal := []soak.Transfer{{ID: 1, From: 1, To: 2, Amount: 30}, {ID: 2}}
	if err := errors.Join(bank.CheckSum(200), bank.Check(map[int64]int64{1: 70, 2: 130}, journal)); err != nil {
		t.Errorf("an honest bank: %v", err)
	}
	for name, balances := range map[string]map[int64]int64{
		"half a transfer":          {1: 70, 2: 100},
		"a transfer twice":         {1: 40, 2: 160},
		"a transfer that is lost":  {1: 100, 2: 100},
		"an account that is lost":  {1: 70},
		"an account more than was": {1: 70, 2: 130, 3: 0},
	} {
		if bank.Check(balances, journal) == nil {
			t.Errorf("%s is not found", name)
		}
	}
	if bank.CheckSum(199) == nil {
		t.Error("a sum that is too small is not found")
	}
}

func TestASeedDrawsTheSameFaultsAndEveryKind(t *testing.T) {
	one, two := rand.New(rand.NewPCG(7, 1)), rand.New(rand.NewPCG(7, 1))
	drawn := map[soak.Kind]int{}
	for range 200 {
		f, g := soak.Draw(one), soak.Draw(two)
		if f != g {
			t.Fatalf("%v and %v from one seed", f, g)
		}
		drawn[f.Kind]++
	}
	if len(drawn) != 10 {
		t.Errorf("of 200 faults only these kinds: %v", drawn)
	}
}
