// This file runs a suite and reads what became of each test.

//go:build published

package published

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// outcome is one run of a suite: what became of each test, by package and name.
type outcome struct {
	tests    map[string]string   // "pass", "fail" or "skip"
	packages map[string]string   // the same for whole packages
	output   map[string][]string // by test; by package where no test is named
}

// event is one line of go test -json.
type event struct{ Action, Package, ImportPath, Test, Output string }

// command is go test on the suite's packages.
func (s suite) command(t *testing.T, root string, env []string, flags ...string) *exec.Cmd {
	t.Helper()
	args := append([]string{"test", "-race", "-p=2", "-vet=off", "-count=1", "-timeout=15m"}, flags...)
	for name := range s.left {
		args = append(args, "-skip=^"+name+"$")
	}
	if s.hosts != "" {
		args = append(args, "-ldflags=-X net.hostsFilePath="+s.hosts)
	}
	cmd := exec.CommandContext(t.Context(), "go", append(args, s.packages...)...)
	cmd.Dir = root
	cmd.Env = append(cleanEnvironment(), env...)
	return cmd
}

// size is how many tests the suite has, without their subtests and those that
// are left out.
func (s suite) size(t *testing.T, root string, env []string) int {
	t.Helper()
	out, err := s.command(t, root, env, "-list=^(Test|Example|Fuzz)").Output()
	if err != nil {
		t.Fatalf("go test -list: %v\n%s", err, out)
	}
	n := -len(s.left)
	for line := range strings.Lines(string(out)) {
		if strings.HasPrefix(line, "Test") || strings.HasPrefix(line, "Example") || strings.HasPrefix(line, "Fuzz") {
			n++
		}
	}
	return n
}

// run runs the suite's packages and returns when all have ended. A failing
// test is an outcome; a suite that cannot be built is an error.
func (s suite) run(t *testing.T, root string, env []string, flags ...string) outcome {
	t.Helper()
	cmd := s.command(t, root, env, append([]string{"-json"}, flags...)...)
	var complaints strings.Builder
	cmd.Stderr = &complaints
	pipe, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	o := outcome{map[string]string{}, map[string]string{}, map[string][]string{}}
	lines := bufio.NewScanner(pipe)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		o.read(lines.Bytes())
	}
	must(t, lines.Err())
	err = cmd.Wait() // 1 when a test failed
	if len(o.tests) == 0 || o.packages["build"] != "" {
		t.Fatalf("%s does not run with %q: %v\n%s%s", s.module, flags, err, &complaints, strings.Join(o.output["build"], ""))
	}
	return o
}

// read takes one event.
func (o outcome) read(line []byte) {
	var e event
	if json.Unmarshal(line, &e) != nil {
		return // the text of a program that writes past the testing package
	}
	name := e.Package
	if e.Test != "" {
		name += " " + e.Test
	}
	switch e.Action {
	case "build-output":
		o.output["build"] = append(o.output["build"], e.Output)
	case "build-fail":
		o.packages["build"] = "fail"
	case "output":
		o.output[name] = append(o.output[name], e.Output)
	case "pass", "fail", "skip":
		if e.Test == "" {
			o.packages[name] = e.Action
			return
		}
		if o.tests[name] != "fail" { // with -count one failure is enough
			o.tests[name] = e.Action
		}
	}
}

// counts is the summary of a run, for the report.
func (o outcome) counts() string {
	n := map[string]int{}
	for _, verdict := range o.tests {
		n[verdict]++
	}
	return fmt.Sprintf("%d pass, %d fail, %d skip", n["pass"], n["fail"], n["skip"])
}

// ended is how many tests came to an end, without their subtests.
func (o outcome) ended() int {
	n := 0
	for test := range o.tests {
		if _, name, _ := strings.Cut(test, " "); !strings.Contains(name, "/") {
			n++
		}
	}
	return n
}

// verdict is what became of a test; "no end" for one that a crash or a
// deadline kept from ending.
func (o outcome) verdict(test string) string { return cmp.Or(o.tests[test], "no end") }

// crashed are the packages that failed although none of their tests did:
// a data race outside tests, an exit, a panic of a goroutine.
func (o outcome) crashed() []string {
	var names []string
	for _, pkg := range slices.Sorted(maps.Keys(o.packages)) {
		if o.packages[pkg] != "fail" {
			continue
		}
		blamed := false
		for test, verdict := range o.tests {
			rest, ok := strings.CutPrefix(test, pkg+" ")
			blamed = blamed || verdict == "fail" && ok && !strings.Contains(rest, "/")
		}
		if !blamed {
			names = append(names, pkg)
		}
	}
	return names
}

// tail is the end of what a test printed.
func (o outcome) tail(test string) string {
	const most = 40
	lines := o.output[test]
	return strings.Join(lines[max(0, len(lines)-most):], "")
}

// said is all that a test and its subtests printed.
func (o outcome) said(test string) string {
	var b strings.Builder
	for name, lines := range o.output {
		if name == test || strings.HasPrefix(name, test+"/") {
			b.WriteString(strings.Join(lines, ""))
		}
	}
	return b.String()
}

// cleanEnvironment is the environment without what would steer the drivers.
func cleanEnvironment() []string {
	return slices.DeleteFunc(os.Environ(), func(pair string) bool {
		for _, prefix := range []string{"PG", "PQ", "MYSQL", "GOFLAGS=", "GODEBUG=", "FLUXOR", "DB_"} {
			if strings.HasPrefix(pair, prefix) {
				return true
			}
		}
		return false
	})
}
