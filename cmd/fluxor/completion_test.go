// This file lets real shells use the completion scripts.

package main

import (
	"os/exec"
	"strings"
	"testing"
)

// completeBash returns what bash offers for a command line as readline splits it:
// the last word is the one under the cursor.
func completeBash(t *testing.T, script string, words ...string) []string {
	t.Helper()
	const ask = `
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_fluxor
printf '%s\n' "${COMPREPLY[@]}"`
	cmd := exec.CommandContext(t.Context(), "bash", append([]string{"--norc", "-euc", script + ask, "bash", "fluxor"}, words...)...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%q: %v\n%s", words, err, out)
	}
	return strings.Fields(string(out))
}

func TestBashCompletesCommandsFlagsAndValues(t *testing.T) {
	code, script, errOut := fluxor(t.Context(), "completion", "bash")
	if code != exitOK {
		t.Fatal(errOut)
	}
	for line, want := range map[string]string{
		"q":                    "query",
		"com":                  "completion",
		"-":                    "--help --version",
		"help q":               "query",
		"query --fo":           "--format",
		"query x.db sql --max": "--max-rows",
		"query --format ":      "table csv json jsonl",
		"query --format js":    "json jsonl",
		"query --format = js":  "json jsonl",
		"query --format =":     "table csv json jsonl",
		"query --send e":       "exec",
		"query --null ":        "",
		"query ":               "",
		"completion ":          "bash zsh fish",
		"completion z":         "zsh",
		"completion bash ":     "",
		"demo --p":             "--plain",
		"to":                   "top",
		"top --o":              "--once",
		"top --header ":        "",
		"demo --format ":       "",
		"nonsense --":          "",
		"gateway ":             "serve hash-token scram",
		"gateway h":            "hash-token",
		"gateway --c":          "--config --check",
		"gateway --config ":    "",
		"gateway scram --j":    "--json",
	} {
		got := strings.Join(completeBash(t, script, strings.Split(line, " ")...), " ")
		if got != want {
			t.Errorf("fluxor %s: got %q, want %q", line, got, want)
		}
	}
}

func TestEveryCommandIsCompleted(t *testing.T) {
	_, script, _ := fluxor(t.Context(), "completion", "bash")
	parser, err := newParser()
	if err != nil {
		t.Fatal(err)
	}
	offered := " " + strings.Join(completeBash(t, script, ""), " ") + " "
	for _, node := range parser.Model.Children {
		if !strings.Contains(offered, " "+node.Name+" ") {
			t.Errorf("%s is not in %s", node.Name, offered)
		}
	}
}

func TestEachShellAcceptsItsScript(t *testing.T) {
	for _, shell := range []string{"bash", "zsh", "fish"} {
		code, script, errOut := fluxor(t.Context(), "completion", shell)
		if code != exitOK || !strings.Contains(script, "jsonl") || !strings.Contains(script, "max-rows") || strings.Contains(script, "%!") {
			t.Errorf("%s: exit code %d, %s\n%s", shell, code, errOut, script)
		}
		if _, err := exec.LookPath(shell); err != nil {
			continue // what it must hold was checked above
		}
		cmd := exec.CommandContext(t.Context(), shell, "-n")
		cmd.Stdin = strings.NewReader(script)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", shell, err, out)
		}
	}
	if code, _, errOut := fluxor(t.Context(), "completion", "tcsh"); code != exitUsage || !strings.Contains(errOut, "bash") {
		t.Errorf("exit code %d, %s", code, errOut)
	}
}
