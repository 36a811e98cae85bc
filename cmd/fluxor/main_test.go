// This file runs whole command lines and checks output and exit code.

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"strings"
	"syscall"
	"testing"
	"unicode/utf8"

	"github.com/fluxor-db/fluxor/cmd/fluxor/internal/demo"
	"github.com/fluxor-db/fluxor/internal/dbtest"
)

// childVariable makes the test binary be the command.
const childVariable = "FLUXOR_TEST_COMMAND"

func TestMain(m *testing.M) {
	if os.Getenv(childVariable) != "" {
		main()
	}
	dbtest.Main(m)
}

// fluxor runs a command line as main does.
func fluxor(ctx context.Context, args ...string) (code int, out, errOut string) {
	return outside{}.run(ctx, args...)
}

// outside is what a command line finds beyond its arguments.
type outside struct {
	in   string
	vars map[string]string
}

func (o outside) run(ctx context.Context, args ...string) (code int, out, errOut string) {
	var written, said bytes.Buffer
	e := &env{ctx: ctx, in: strings.NewReader(o.in), out: &written, errOut: &said, getenv: func(name string) string { return o.vars[name] }}
	code = run(e, args)
	return code, written.String(), said.String()
}

// ownTemp gives the test a temporary directory of its own, to see what is left.
func ownTemp(t *testing.T) (left func() int) {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	return func() int {
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		return len(entries)
	}
}

func TestDemoHoldsItsClaimsInPlainText(t *testing.T) {
	left := ownTemp(t)
	code, out, errOut := fluxor(t.Context(), "demo", "--quick", "--plain")
	if code != exitOK || errOut != "" {
		t.Fatalf("exit code %d, %s\n%s", code, errOut, out)
	}
	if strings.ContainsAny(out, "\x1b\r") {
		t.Error("plain output has escape codes")
	}
	for line := range strings.Lines(out) {
		if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > 80 {
			t.Errorf("%d columns: %q", n, line)
		}
	}
	for _, want := range []string{"100 %", "ops/s", "Summary", "was sent but its answer was lost", "All 32 claims held"} {
		if !strings.Contains(out, want) {
			t.Errorf("the output lacks %q:\n%s", want, out)
		}
	}
	if left() > 0 {
		t.Error("the demo left files behind")
	}
}

func TestDemoSpeaksJSON(t *testing.T) {
	ownTemp(t)
	code, out, errOut := fluxor(t.Context(), "demo", "--quick", "--json")
	if code != exitOK || errOut != "" {
		t.Fatalf("exit code %d, %s\n%s", code, errOut, out)
	}
	var sum demo.Summary
	if err := json.Unmarshal([]byte(out), &sum); err != nil {
		t.Fatalf("%v in\n%s", err, out)
	}
	if !sum.OK || len(sum.NextSteps) == 0 || sum.Seconds <= 0 {
		t.Errorf("got %+v", sum)
	}
	found := make(map[string]demo.Finding)
	for _, f := range sum.Findings {
		found[f.ID] = f
		if !f.Held || f.Claim == "" || f.What == "" || f.Unit == "" {
			t.Errorf("got %+v", f)
		}
	}
	if f := found["write_once"]; f.Bare <= f.Fluxor || f.Fluxor != 12 {
		t.Errorf("write_once: %v rows bare, %v through Fluxor; want more and 12", f.Bare, f.Fluxor)
	}
	if f := found["fairness"]; f.Fluxor != 0 {
		t.Errorf("fairness: %v inversions, want none", f.Fluxor)
	}
	for _, id := range []string{"write_told", "full_pool", "overload_refused", "outage_refused", "slow_timeout"} {
		if !strings.HasPrefix(found[id].CallerSees, "fluxor: ") {
			t.Errorf("%s: the caller sees %q", id, found[id].CallerSees)
		}
	}
}

func TestInterruptedDemoEndsCleanly(t *testing.T) {
	left := ownTemp(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	code, out, errOut := fluxor(ctx, "demo", "--json")
	if code != exitInterrupted || !strings.Contains(errOut, "interrupted") {
		t.Errorf("exit code %d, %q; want %d", code, errOut, exitInterrupted)
	}
	var sum demo.Summary
	if err := json.Unmarshal([]byte(out), &sum); err != nil || sum.OK || sum.Error == "" || strings.Contains(out, "null") {
		t.Errorf("got %v, %s", err, out)
	}
	if left() > 0 {
		t.Error("the demo left files behind")
	}
}

func TestHelpShowsCommandsAndExamples(t *testing.T) {
	for _, args := range [][]string{nil, {"--help"}, {"help"}, {"help", "demo"}, {"demo", "--help"}, {"version", "--help"}} {
		code, out, errOut := fluxor(t.Context(), args...)
		if code != exitOK || errOut != "" || !strings.Contains(out, "Examples:") || !strings.Contains(out, "fluxor demo") && !strings.Contains(out, "fluxor version") {
			t.Errorf("%v: exit code %d, %s\n%s", args, code, errOut, out)
		}
	}
}

func TestWrongUsageSaysWhereHelpIs(t *testing.T) {
	for _, args := range [][]string{{"demmo"}, {"demo", "--fast"}, {"demo", "extra"}} {
		code, out, errOut := fluxor(t.Context(), args...)
		if code != exitUsage || out != "" || !strings.Contains(errOut, "fluxor --help") {
			t.Errorf("%v: exit code %d, %q, %q", args, code, out, errOut)
		}
	}
}

// full is a disk without room.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, syscall.ENOSPC }

func TestHelpThatCannotBeWrittenIsNoWrongUsage(t *testing.T) {
	for _, args := range [][]string{{"--help"}, {"demo", "--help"}, {"version"}} {
		var errOut bytes.Buffer
		code := run(&env{ctx: t.Context(), out: full{}, errOut: &errOut, getenv: os.Getenv}, args)
		if code != exitFailed || !strings.Contains(errOut.String(), "no space left") || strings.Contains(errOut.String(), "--help") {
			t.Errorf("%v: exit code %d, %q", args, code, errOut.String())
		}
	}
}

func TestVersionNamesTheToolchain(t *testing.T) {
	for _, args := range [][]string{{"version"}, {"--version"}} {
		if code, out, _ := fluxor(t.Context(), args...); code != exitOK || !strings.HasPrefix(out, "fluxor ") || !strings.Contains(out, "go1.") {
			t.Errorf("%v: exit code %d, %q", args, code, out)
		}
	}
	code, out, _ := fluxor(t.Context(), "version", "--json")
	var b build
	if err := json.Unmarshal([]byte(out), &b); code != exitOK || err != nil || b.Version == "" || b.Platform == "" {
		t.Errorf("exit code %d, %v, %q", code, err, out)
	}
}
