// This file tests by which codes errors are known, which rules name them, and which of them let a transaction be run again.

package backend

import (
	"errors"
	"fmt"
	"slices"
	"testing"
)

// stated is an error with a SQLSTATE, as lib/pq's and pgx's.
type stated string

func (s stated) Error() string    { return "state " + string(s) }
func (s stated) SQLState() string { return string(s) }

func TestATransactionIsRunAgainForWhatOtherTransactionsDid(t *testing.T) {
	postgres := Backend{Type: "postgres"}
	oracle := Backend{Type: "oracle", ErrorCodes: ORACode}
	byText := describeOracle(Backend{}, "oracle", "")
	for name, row := range map[string]struct {
		b    Backend
		err  error
		want bool
	}{
		"serialization failure":     {postgres, stated("40001"), true},
		"deadlock":                  {postgres, fmt.Errorf("transfer: %w", stated("40P01")), true},
		"lock timeout":              {postgres, stated("55P03"), true},
		"unknown completion":        {postgres, stated("40003"), false},
		"indeterminate":             {postgres, stated("08007"), false},
		"unique violation":          {postgres, stated("23505"), false},
		"a driver nobody described": {Backend{}, stated("40001"), true},
		"Oracle's deadlock":         {oracle, numbered(60), true},
		"Oracle's serialization":    {oracle, numbered(8177), true},
		"Oracle's lock, not waited": {oracle, numbered(54), true},
		"Oracle's lock timeout":     {oracle, numbered(30006), true},
		"a distributed lock":        {oracle, numbered(2049), true},
		"Oracle's unique violation": {oracle, numbered(1), false},
		"ODPI-C's own":              {oracle, numbered(0), false},
		"go-ora's deadlock":         {byText, errors.New("ORA-00060: deadlock detected"), true},
		"go-ora's syntax error":     {byText, errors.New("ORA-00942: no such table"), false},
		"no code at all":            {oracle, errors.New("EOF"), false},
	} {
		if got := row.b.RetryTx(row.err); got != row.want {
			t.Errorf("%s: got %t, want %t", name, got, row.want)
		}
	}
}

func TestErrorsAreKnownByTheirCodes(t *testing.T) {
	for want, err := range map[string]error{
		"57P01": stated("57P01"), "": stated("     x"), "ORA-00600": numbered(600),
	} {
		codes := StateCode(err)
		if len(codes) == 0 {
			codes = ORACode(err)
		}
		if want == "" && len(codes) == 0 {
			continue
		}
		if !slices.Equal(codes, []string{want}) {
			t.Errorf("%v: got %q, want %q", err, codes, want)
		}
	}
}

func TestRulesNameErrorsByAnyOfTheirCodes(t *testing.T) {
	rules, err := ParseRules(" evict=ora-600, 57P01 ;ignore=1020")
	if err != nil {
		t.Fatal(err)
	}
	if !Names(rules.Evict, ORACode(numbered(600))) || !Names(rules.Evict, StateCode(stated("57P01"))) || !Names(rules.Ignore, []string{"HY000", "1020"}) {
		t.Errorf("a code is not found in %v", rules)
	}
	if Names(rules.Evict, StateCode(stated("57P02"))) || Names(rules.Retry, []string{"1020"}) || Names(rules.Evict, nil) {
		t.Errorf("a code is found that does not stand in %v", rules)
	}
}

func FuzzRules(f *testing.F) {
	for _, text := range []string{"", "evict=ORA-00600,57P01;retry=1020;ignore=P0001", "evict=", "=;", "evict=1;evict=2", "retry=ORA-1,ORA-00001"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		rules, err := ParseRules(text)
		if err != nil {
			return
		}
		again, err := ParseRules(rules.String())
		if err != nil || again.String() != rules.String() {
			t.Errorf("%q became %v, then %v, %v", text, rules, again, err)
		}
	})
}
