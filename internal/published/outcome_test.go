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
	"regexp"
	"slices"
	"strings"
	"testing"
)

// outcome is one run of a suite: what became of each test, by package and name.
type outcome struct {
	tests    map[string]string   // "pass", "fail" or "skip"
	packages map[string]string   // the same for whole packages
	output   map[string][]string // by test; by package where no test is named
	running  map[string]bool     // the tests that have begun and not ended
}

// event is one line of go test -json.
type event struct{ Action, Package, ImportPath, Test, Output string }

// command is go test on the suite's packages.
func (s suite) command(t *testing.T, root string, env []string, flags ...string) *exec.Cmd {
	t.Helper()
	args := append([]string{"test", "-race", "-p=2", "-vet=off", "-count=1", "-timeout=" + cmp.Or(s.timeout, "15m")}, flags...)
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

// names are the suite's tests, without their subtests and those that are left
// out.
func (s suite) names(t *testing.T, root string, env []string, flags ...string) []string {
	t.Helper()
	out, err := s.command(t, root, env, append([]string{"-list=^(Test|Example|Fuzz)"}, flags...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("go test -list: %v\n%s", err, out)
	}
	var names []string
	for line := range strings.Lines(string(out)) {
		name := strings.TrimSpace(line)
		if s.left[name] == "" && aTest.MatchString(name) {
			names = append(names, name)
		}
	}
	return names
}

// aTest is what go test -list prints for a test that it runs.
var aTest = regexp.MustCompile(`^(Test|Example|Fuzz)\w*$`)

// runAll runs the suite's packages. Where a test of a suite that restarts ends
// its process, those that had not ended run in a further one; where none of them
// ends there either, those that it was running have failed.
func (s suite) runAll(t *testing.T, root string, names, env []string, flags ...string) outcome {
	t.Helper()
	o := s.run(t, root, env, flags...)
	for before := len(names) + 1; s.restarts; {
		left := o.left(names)
		switch {
		case len(left) == 0:
			return o
		case len(left) < before:
			before = len(left)
			o.add(s.run(t, root, env, slices.Concat(flags, []string{"-run=" + exactly(left)})...))
		case len(o.running) > 0:
			o.blame()
		default:
			return o
		}
	}
	return o
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
	o := outcome{map[string]string{}, map[string]string{}, map[string][]string{}, map[string]bool{}}
	lines := bufio.NewScanner(pipe)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		o.read(lines.Bytes())
	}
	must(t, lines.Err())
	err = cmd.Wait() // 1 when a test failed
	if len(o.tests)+len(o.running) == 0 || o.packages["build"] != "" {
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
	case "run", "cont":
		o.running[name] = true
	case "pause":
		delete(o.running, name)
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
		delete(o.running, name)
		if o.tests[name] != "fail" { // with -count one failure is enough
			o.tests[name] = e.Action
		}
	}
}

// blame has the tests fail that were running when the last process ended.
func (o outcome) blame() {
	for test := range o.running {
		o.tests[test] = "fail"
	}
	clear(o.running)
}

// left are those of the named tests that have not ended.
func (o outcome) left(names []string) []string {
	ended := map[string]bool{}
	for test := range o.tests {
		_, name, _ := strings.Cut(test, " ")
		ended[name] = true
	}
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool { return ended[name] })
}

// add takes what a further process found.
func (o outcome) add(further outcome) {
	maps.Copy(o.tests, further.tests)
	clear(o.running)
	maps.Copy(o.running, further.running)
	for pkg, verdict := range further.packages {
		if o.packages[pkg] != "fail" {
			o.packages[pkg] = verdict
		}
	}
	for name, lines := range further.output {
		o.output[name] = append(o.output[name], lines...)
	}
}

// counts is the summary of a run, for the report.
func (o outcome) counts() string {
	n := map[string]int{}
	for _, verdict := range o.tests {
		n[verdict]++
	}
	return fmt.Sprintf("%d pass, %d fail, %d skip (without subtests %d, %d, %d)",
		n["pass"], n["fail"], n["skip"], o.ended("pass"), o.ended("fail"), o.ended("skip"))
}

// ended is how many tests came to one of the given ends, without their subtests.
func (o outcome) ended(verdicts ...string) int {
	n := 0
	for test, verdict := range o.tests {
		if _, name, _ := strings.Cut(test, " "); !strings.Contains(name, "/") && slices.Contains(verdicts, verdict) {
			n++
		}
	}
	return n
}

// places are the lines of the sources that a test named in what it printed.
func (o outcome) places(test string) []string {
	named := aPlace.FindAllString(strings.Join(o.output[test], ""), -1)
	slices.Sort(named)
	return slices.Compact(named)
}

var aPlace = regexp.MustCompile(`\w+_test\.go:\d+`)

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
		for _, prefix := range []string{"PG", "PQ", "MYSQL", "GODROR", "OCISIM", "ORACLE", "TNS", "NLS", "GOFLAGS=", "GODEBUG=", "FLUXOR", "DB_"} {
			if strings.HasPrefix(pair, prefix) {
				return true
			}
		}
		return false
	})
}
