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
	timeout    string            // of one process; "" for 15m
	restarts   bool              // some tests end their process; the others go on in a further one
	floor      int               // how many tests, without subtests, must pass bare for a comparison that says something
	exceptions map[string]exception
}

// compare runs the suite three times and fails on every test that passes in
// both bare runs but not under Fluxor, unless it is an exception. fresh makes
// the database that one run uses, and returns the environment that leads to it.
func (s suite) compare(t *testing.T, fresh func(t *testing.T) []string) {
	t.Helper()
	s.compareIn(t, s.makeTree(t), fresh)
}

// compareIn compares in a tree that is there already.
func (s suite) compareIn(t *testing.T, root string, fresh func(t *testing.T) []string) {
	t.Helper()
	names := s.names(t, root, fresh(t))
	first := s.runAll(t, root, names, fresh(t))
	second := s.runAll(t, root, names, fresh(t))
	under := s.runAll(t, root, names, fresh(t), "-tags=fluxor")
	if a, b := first.ended(anyEnd...), second.ended(anyEnd...); a != len(names) || b != len(names) {
		t.Fatalf("%s has %d tests, but bare only %d and %d came to an end: %q", s.module, len(names), a, b, first.crashed())
	}
	if n := first.ended("pass"); n < s.floor {
		t.Errorf("bare only %d tests pass, not %d: the rest compares too little", n, s.floor)
	}
	r := judge(first, second, under, s.exceptions)
	if len(r.breaks) > 0 {
		r.doubt(s.run(t, root, fresh(t), "-count=30", "-run="+pattern(r.breaks)))
	}
	t.Logf("%s\n"+
		"bare, first run:  %s\nbare, second run: %s\nunder Fluxor:     %s\n"+
		"left out: %d %q\nbreaks: %d\nexceptions: %d %q\nflaky bare: %d %q\nfail bare: %d %q\nfail at another line: %d %q",
		s.module, first.counts(), second.counts(), under.counts(), len(s.left), s.left,
		len(r.breaks), len(r.excepted), s.short(r.excepted), len(r.flaky), s.short(r.flaky),
		len(r.failing), s.short(r.failing), len(r.elsewhere), s.short(r.elsewhere))
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

// short are the tests' names without the module's own.
func (s suite) short(tests []string) []string {
	var names []string
	for _, test := range tests {
		names = append(names, strings.TrimPrefix(test, s.module+" "))
	}
	return names
}

// result is what the comparison found, as full test names.
type result struct {
	breaks, excepted, flaky, failing []string
	elsewhere                        []string // of the failing: bare at the same lines twice, under Fluxor at others
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
			if at := first.places(test); slices.Equal(at, second.places(test)) && !slices.Equal(at, under.places(test)) {
				r.elsewhere = append(r.elsewhere, test)
			}
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

// anyEnd are the verdicts.
var anyEnd = []string{"pass", "fail", "skip"}

// pattern is what go test -run takes to run the given tests.
func pattern(tests []string) string {
	var names []string
	for _, test := range tests {
		_, name, _ := strings.Cut(test, " ")
		name, _, _ = strings.Cut(name, "/")
		names = append(names, name)
	}
	return exactly(slices.Compact(names))
}

// exactly is what go test -run takes to run the tests of these names.
func exactly(names []string) string { return "^(" + strings.Join(names, "|") + ")$" }

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
