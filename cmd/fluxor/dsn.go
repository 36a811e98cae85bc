// This file finds the DSN that a command line names, so that a password need not stand on it.

package main

import (
	"bufio"
	"errors"
	"io"
	"os"
	"regexp"
	"strings"

	dsntext "github.com/fluxor-db/fluxor/internal/dsn"
)

// dsnHelp is the part of a command's help on its argument DSN.
const dsnHelp = `DSN is what sql.Open("fluxor", DSN) takes, fluxor_ options included. A password on a command line can be seen by others on the machine, so DSN may also be

    env:NAME        the environment variable NAME
    dsn-file:PATH   the first line of a file
    -               the first line of standard input`

var envDSN = regexp.MustCompile(`^env:([A-Za-z_][A-Za-z0-9_]*)$`)

// dsn returns the DSN that the argument stands for. Its error is of usage,
// or that of the context.
func (e *env) dsn(arg string) (string, error) {
	if m := envDSN.FindStringSubmatch(arg); m != nil {
		if text := e.getenv(m[1]); text != "" {
			return text, nil
		}
		return "", usage("the environment variable %s, which DSN names, is not set", m[1])
	}
	if path, ok := strings.CutPrefix(arg, "dsn-file:"); ok {
		return e.dsnFile(path)
	}
	if arg == "-" {
		return e.firstLine("DSN", e.in, "standard input")
	}
	return arg, nil
}

// dsnFile reads the file. A DSN that stands where its path should is not shown.
func (e *env) dsnFile(path string) (string, error) {
	f, err := os.Open(path) //nolint:gosec // the user names it
	if err != nil {
		return "", usage("DSN: open %s: %w", shown(path), errors.Unwrap(err))
	}
	defer f.Close() //nolint:errcheck // it was only read
	return e.firstLine("DSN", f, path)
}

// shown is a word of the command line, fit to be shown.
func shown(word string) string {
	if len(dsntext.Recognize(word)) > 0 {
		return dsntext.Redact(word)
	}
	return word
}

// firstLine returns the first line without the blanks around it and the mark
// that some editors put at a file's begin. What is to stand there, and name is
// where that is. The goroutine ends with the read, which nothing can interrupt, or
// with the process.
func (e *env) firstLine(what string, r io.Reader, name string) (string, error) {
	type result struct {
		line string
		err  error
	}
	read := make(chan result, 1)
	go func() {
		line, err := bufio.NewReader(r).ReadString('\n')
		read <- result{line, err}
	}()
	select {
	case <-e.ctx.Done():
		return "", e.ctx.Err()
	case got := <-read:
		if got.err != nil && got.err != io.EOF {
			return "", usage("%s: %w", what, got.err)
		}
		line := strings.TrimSpace(strings.TrimPrefix(got.line, "\ufeff"))
		if line == "" {
			return "", usage("%s: the first line of %s is empty", what, name)
		}
		return line, nil
	}
}
