// This file holds the comparison: each published suite bare twice, then under Fluxor.

//go:build published

package published

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/fluxor-db/fluxor/internal/dbtest"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

// suite is a published test suite and how its driver is re-pointed.
type suite struct {
	module     string   // its import path
	driver     string   // folder of the package that registers the driver
	packages   []string // whose tests run
	templates  string   // folder in testdata
	edits      []edit
	hosts      string            // file of host names that the suite expects to resolve; "" for the system's
	left       map[string]string // tests that run neither bare nor under Fluxor, and why
	exceptions map[string]exception
}

// compare runs the suite three times and fails on every test that passes in
// both bare runs but not under Fluxor, unless it is an exception. fresh makes
// the database that one run uses, and returns the environment that leads to it.
func (s suite) compare(t *testing.T, fresh func(t *testing.T) []string) {
	t.Helper()
	root := s.makeTree(t)
	first := s.run(t, root, fresh(t))
	second := s.run(t, root, fresh(t))
	under := s.run(t, root, fresh(t), "-tags=fluxor")
	if size := s.size(t, root, fresh(t)); first.ended() != size || second.ended() != size {
		t.Fatalf("%s has %d tests, but bare only %d and %d came to an end: %q", s.module, size, first.ended(), second.ended(), first.crashed())
	}
	r := judge(first, second, under, s.exceptions)
	if len(r.breaks) > 0 {
		r.doubt(s.run(t, root, fresh(t), "-count=30", "-run="+pattern(r.breaks)))
	}
	t.Logf("%s\n"+
		"bare, first run:  %s\nbare, second run: %s\nunder Fluxor:     %s\n"+
		"breaks: %d\nexceptions: %d %q\nflaky bare: %d %q\nfail bare: %d %q",
		s.module, first.counts(), second.counts(), under.counts(),
		len(r.breaks), len(r.excepted), r.excepted, len(r.flaky), r.flaky, len(r.failing), r.failing)
	for _, test := range r.breaks {
		t.Errorf("%s: bare %s, under Fluxor %s:\n%s", test, first.verdict(test), under.verdict(test), under.tail(test))
	}
	for _, pkg := range under.crashed() {
		if !slices.Contains(first.crashed(), pkg) {
			t.Errorf("package %s fails under Fluxor outside its tests:\n%s", pkg, under.tail(pkg))
		}
	}
	for _, name := range r.stale {
		t.Errorf("%s passes: it is no exception any more", name)
	}
}

// result is what the comparison found, as full test names.
type result struct {
	breaks, excepted, flaky, failing []string
	stale                            []string // exceptions that excused nothing
}

// judge compares the runs. Only what ends the same way twice bare is compared.
func judge(first, second, under outcome, exceptions map[string]exception) result {
	var r result
	used := map[string]bool{}
	for _, test := range slices.Sorted(maps.Keys(first.tests)) {
		bare, through := first.verdict(test), under.verdict(test)
		name := excuse(test, under, exceptions)
		switch {
		case bare != second.verdict(test):
			r.flaky = append(r.flaky, test)
		case bare == "fail":
			r.failing = append(r.failing, test)
		case bare == through:
		case name != "":
			used[name] = true
			r.excepted = append(r.excepted, test)
		default:
			r.breaks = append(r.breaks, test)
		}
	}
	for name, e := range exceptions {
		if !used[name] && !e.sometimes {
			r.stale = append(r.stale, name)
		}
	}
	return r
}

// doubt looks at further bare runs of the tests that broke: one that fails in
// any of them is flaky.
func (r *result) doubt(bare outcome) {
	r.breaks = slices.DeleteFunc(r.breaks, func(test string) bool {
		shaky := bare.tests[test] == "fail"
		if shaky {
			r.flaky = append(r.flaky, test)
		}
		return shaky
	})
}

// pattern is what go test -run takes to run the given tests.
func pattern(tests []string) string {
	var names []string
	for _, test := range tests {
		_, name, _ := strings.Cut(test, " ")
		name, _, _ = strings.Cut(name, "/")
		names = append(names, name)
	}
	return "^(" + strings.Join(slices.Compact(names), "|") + ")$"
}

// excuse is the exception for a test that failed: under its own name, under
// that of a test above it, or, for a test that fails because of its subtest,
// below it. It excuses one way of failing only.
func excuse(test string, under outcome, exceptions map[string]exception) string {
	pkg, own, _ := strings.Cut(test, " ")
	for name, e := range exceptions {
		related := own == name || strings.HasPrefix(own, name+"/") || strings.HasPrefix(name, own+"/")
		if related && strings.Contains(under.said(pkg+" "+name), e.says) {
			return name
		}
	}
	return ""
}
