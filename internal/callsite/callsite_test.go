// This file tests whose frame is whose.

package callsite

import (
	"runtime"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestWhoseAFrameIs(t *testing.T) {
	for function, want := range map[string]bool{
		"":                                false,
		"runtime.goexit":                  false,
		"database/sql.(*DB).QueryContext": false,
		"database/sql/driver.IsValue":     false,
		module + ".(*session).query":      false,
		module + "/internal/pool.(*Pool[...]).Acquire": false,
		module + "/metrics.New":                        false,
		module + "/cmd/fluxor.main":                    true,
		module + "/examples/demo.main":                 true,
		module + "er.Run":                              true,
		"main.main":                                    true,
		"example.com/shop/orders.(*Store).Find":        true,
	} {
		if got := Application(runtime.Frame{Function: function, File: "/src/x.go"}); got != want {
			t.Errorf("Application(%q) = %v", function, got)
		}
	}
	if !Application(runtime.Frame{Function: module + ".TestX", File: "/src/x_test.go"}) {
		t.Error("a test is no application")
	}
}

func TestTheCallerStandsAboveDatabaseSQL(t *testing.T) {
	for stack, want := range map[string]string{
		"pool fluxor app":                       "app",
		"fluxor wrapper sql sql app main":       "app",
		"fluxor middleware fluxor sql app":      "app",
		"fluxor sql valuer sql app":             "valuer",
		"fluxor wrapper sql":                    "wrapper",
		"fluxor wrapper middleware sql runtime": "wrapper",
		"fluxor sql runtime":                    "",
	} {
		names := map[string]string{
			"pool": module + "/internal/pool.x", "fluxor": module + ".x", "sql": "database/sql.(*DB).x", "runtime": "runtime.goexit",
		}
		var search Search
		got := ""
		for word := range strings.FieldsSeq(stack) {
			function, ok := names[word]
			if !ok {
				function = "example.com/" + word + ".x"
			}
			found, last := search.Look(runtime.Frame{Function: function, File: "/src/x.go"})
			if found {
				got = word
			}
			if last {
				break
			}
		}
		if got != want {
			t.Errorf("%s: %q, want %q", stack, got, want)
		}
	}
}

func TestFirstNamesTheCaller(t *testing.T) {
	var pcs [8]uintptr
	n := runtime.Callers(0, pcs[:]) // runtime.Callers comes first
	got := First(runtime.CallersFrames(pcs[:n]))
	if !strings.HasPrefix(got, "callsite/callsite_test.go:") || !strings.HasSuffix(got, "(callsite.TestFirstNamesTheCaller)") {
		t.Errorf("First() = %q", got)
	}
	if got := First(runtime.CallersFrames(nil)); got != "" {
		t.Errorf("First() of no stack = %q", got)
	}
}

func TestStackNamesTheCallerAndWhoCalledIt(t *testing.T) {
	outer := func() []string {
		var pcs [16]uintptr
		return Stack(runtime.CallersFrames(pcs[:runtime.Callers(0, pcs[:])]))
	}
	got := outer()
	if len(got) < 2 || !strings.Contains(got[0], "TestStackNamesTheCallerAndWhoCalledIt.func1)") || !strings.HasSuffix(got[1], "(callsite.TestStackNamesTheCallerAndWhoCalledIt)") {
		t.Errorf("Stack() = %q", got)
	}
	for _, place := range got {
		if strings.Contains(place, "runtime.") {
			t.Errorf("Stack() = %q, want the application's frames alone", got)
		}
	}
	if got := Stack(runtime.CallersFrames(nil)); got != nil {
		t.Errorf("Stack() of no stack = %q", got)
	}
}
