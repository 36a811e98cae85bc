// This file tells people and programs that a command line is wrong.

package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// refused is the JSON document of a wrong command line.
type refused struct {
	OK        bool     `json:"ok"` // false
	Error     string   `json:"error"`
	NextSteps []string `json:"next_steps"`
}

// refuse tells what is wrong with the words of a command line. A DSN that
// stands where none is expected is not shown.
func (e *env) refuse(args []string, err error) int {
	text := err.Error()
	header := false
	for _, arg := range args {
		header = header && !strings.HasPrefix(arg, "-") || strings.HasPrefix(arg, "--header")
		if len(arg) > 1 {
			text = strings.ReplaceAll(text, arg, fit(arg, header))
		}
	}
	fmt.Fprintf(e.errOut, "fluxor: %s\nRun \"fluxor --help\" for commands and examples.\n", text)
	return e.tell(args, errors.New(text), exitUsage)
}

// fit is a word fit to be shown. What stands behind --header may be a secret,
// also where quotes around it are missing.
func fit(word string, header bool) string {
	if header && word != "--header" {
		return "..."
	}
	return shown(word)
}

// tell repeats for a program that asked for JSON why nothing was done: wrong
// usage is found before anything is written. It returns the exit code.
func (e *env) tell(args []string, err error, code int) int {
	if code != exitUsage || !asksJSON(args) {
		return code
	}
	if err := writeJSON(e.out, refused{Error: err.Error(), NextSteps: []string{"fluxor --help"}}); err != nil {
		return e.fail(exitFailed, err)
	}
	return code
}

// asksJSON reports whether a command line, which may be wrong, wants one JSON
// document.
func asksJSON(args []string) bool {
	if end := slices.Index(args, "--"); end >= 0 {
		args = args[:end]
	}
	format := slices.Index(args, "--format") + 1
	return slices.Contains(args, "--json") || slices.Contains(args, "--format=json") || format > 0 && format < len(args) && args[format] == "json"
}
